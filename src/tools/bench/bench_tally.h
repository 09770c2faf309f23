/* SPDX-License-Identifier: Apache-2.0
 *
 * Results of a load on a server, and their output.
 */
#ifndef NOON_TOOLS_BENCH_TALLY_H
#define NOON_TOOLS_BENCH_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/histogram.h"

struct noon_bench_tally {
	const char *what;  /**< "nts", "ntp" or "ntske" */
	char server[64];   /**< address and port */
	double rate;	   /**< requested, per second; 0: closed loop */
	unsigned sockets;  /**< 0: not of UDP */
	unsigned window;   /**< of a closed loop */
	size_t bytes;	   /**< of a request; 0: not of UDP */
	uint64_t sent;	   /**< requests, or handshakes started */
	uint64_t answered; /**< with time, or with keys */
	uint64_t in_time;  /**< of these, before sending stopped */
	uint64_t bad;	   /**< answered without time (kiss code), or handshake failed */
	uint64_t lost;	   /**< no answer within the time-out */
	uint64_t refused;  /**< reported by ICMP */
	char why[320];	   /**< the first error */
	double seconds;	   /**< duration of sending */
	bool has_cpu;
	double cpu_s; /**< of the server, until the last answer */
	struct noon_histogram latency;
	noon_time shown;     /**< last line of progress */
	uint64_t shown_done; /**< answers by then */
};

/** Share of requests without an answer with time, 0..1. */
double noon_bench_tally_loss(const struct noon_bench_tally *t);
/** Once a second, on a terminal: a line of progress on stderr. */
void noon_bench_tally_progress(struct noon_bench_tally *t, noon_time now);
/** Print the table, or one JSON object. */
void noon_bench_tally_print(const struct noon_bench_tally *t, bool json);

#endif
