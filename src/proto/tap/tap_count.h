/* SPDX-License-Identifier: Apache-2.0
 *
 * What a tap counts: everything that it could not make an exchange of is in one of these.
 */
#ifndef NOON_PROTO_TAP_COUNT_H
#define NOON_PROTO_TAP_COUNT_H

#include <stdint.h>

#include "wire/ip/frame.h"

/* Name, word for JSON, sentence for people. */
#define NOON_TAP_COUNT_LIST(X)                                                                    \
	X(NTP_QUERIES, "ntp_queries", "NTP requests")                                             \
	X(NTP_ANSWERS, "ntp_answers", "NTP answers")                                              \
	X(TSP_QUERIES, "tsp_queries", "time-stamp queries")                                       \
	X(TSP_ANSWERS, "tsp_answers", "time-stamp replies")                                       \
	X(EXCHANGES, "exchanges", "exchanges that prove an interval")                             \
	X(MISSES, "misses", "answers without a time")                                             \
	X(NO_ANSWER, "queries_without_answer", "queries without an answer")                       \
	X(NO_QUERY, "answers_without_query", "answers whose query was not seen")                  \
	X(AMBIGUOUS, "ambiguous", "answers that could be of several queries: not used")           \
	X(CONTRADICTORY, "contradictory",                                                         \
	  "answers that do not fit their query, or came before it: not used")                     \
	X(NTP_MODES, "ntp_other_modes", "NTP packets of other modes: symmetric, broadcast")       \
	X(NTP_CONTROL, "ntp_control", "NTP packets of mode 6 or 7")                               \
	X(NTP_MALFORMED, "ntp_malformed", "packets of the NTP port that are none, or incomplete") \
	X(TSP_MALFORMED, "tsp_malformed", "time-stamp queries that cannot be read")               \
	X(FLOWS, "tcp_flows", "TCP connections")                                                  \
	X(FLOWS_TLS, "tls_flows", "TCP connections with TLS, which cannot be read")               \
	X(FLOWS_OTHER, "other_flows",                                                             \
	  "TCP connections that are not HTTP/1.x, or turn into something else")                   \
	X(FLOWS_MALFORMED, "malformed_flows", "TCP connections given up: faulty HTTP")            \
	X(FLOWS_MIDDLE, "joined_flows", "TCP connections that had begun before the capture")      \
	X(FLOWS_EVICTED, "evicted_flows", "TCP connections forgotten for lack of room")           \
	X(GAPS, "gaps", "places where the capture lacks bytes of a connection")                   \
	X(RETRANSMITTED, "retransmitted", "TCP segments seen before")                             \
	X(HELD, "out_of_order", "TCP segments that came before their turn")                       \
	X(TRUNCATED, "truncated", "frames that the capture holds in part (snap length)")

enum noon_tap_count {
#define NOON_TAP_COUNT_ENUM(name, word, text) NOON_TAP_COUNT_##name,
	NOON_TAP_COUNT_LIST(NOON_TAP_COUNT_ENUM)
#undef NOON_TAP_COUNT_ENUM
		NOON_TAP_COUNTS,
};

struct noon_tap_counts {
	uint64_t frames[NOON_FRAME_VERDICTS]; /**< by verdict */
	uint64_t n[NOON_TAP_COUNTS];
};

static inline void noon_tap_count(struct noon_tap_counts *c, enum noon_tap_count which)
{
	c->n[which]++;
}

/** The word of a counter, and its sentence; static; any value. */
const char *noon_tap_count_word(enum noon_tap_count which);
const char *noon_tap_count_text(enum noon_tap_count which);

#endif
