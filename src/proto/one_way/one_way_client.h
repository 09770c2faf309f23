/* SPDX-License-Identifier: Apache-2.0
 *
 * What one answer of the daytime or the time protocol proves: a sample whose server says one of
 * the instants between two, nothing more.
 *
 * A question leaves at T1, the answer arrives at T4, both by our clock; it says second S. A server
 * that cuts the fraction off read its clock in [S, S + 1] at some time from T1 to T4, so its clock
 * less ours lies in [S - T4, S + 1 - T1], and a tick of 10 ms above that: inetd and its like ask
 * the kernel with time(2), which turns to the next second only with the tick. Nothing on the wire
 * says how far its clock is from UTC, which question is answered, or who answers: nothing here is
 * ever authenticated.
 */
#ifndef NOON_PROTO_ONE_WAY_CLIENT_H
#define NOON_PROTO_ONE_WAY_CLIENT_H

#include "base/sample.h"
#include "wire/daytime.h"
#include "wire/one_way.h"

/** How the server came from its clock to the second that it says. */
enum noon_one_way_rounding {
	NOON_ONE_WAY_UNKNOWN,  /**< cut off or to the nearest: from S - 0.5 s to S + 1.01 s */
	NOON_ONE_WAY_TRUNCATE, /**< cut off: from S to S + 1.01 s */
	NOON_ONE_WAY_NEAREST,  /**< to the nearest: from S - 0.5 s to S + 0.51 s */
	NOON_ONE_WAY_EXACT,    /**< sent msADV before S: S - msADV +- its unit */
};

struct noon_one_way_client_conf {
	enum noon_one_way_protocol protocol;
	const struct noon_daytime_dialect *dialect; /**< of daytime; NULL: to be found out */
	enum noon_one_way_rounding rounding;
	uint32_t source; /**< for noon_sample.source */
};

/** What it said, besides the sample. */
struct noon_one_way_answer {
	struct noon_daytime said;		    /**< of RFC 868 only `utc` */
	const struct noon_daytime_dialect *dialect; /**< NULL: RFC 868 */
	noon_time earliest;			    /**< server's clock as it answered */
	noon_time latest;
};

/**
 * Judge an answer.
 *
 * @param reply  all of it; borrowed for the call
 * @param t1     before the question left or the connection was begun, free-running local clock
 * @param t4     after the last byte came, same clock, >= t1; roughly UTC: what is ambiguous (the
 *               turn of RFC 868, a year of two digits) is taken to be near it
 * @param[out] ret_sample  unauthenticated, replayable, without stratum; untouched unless NOON_OK
 * @param[out] ret_answer  untouched unless NOON_OK
 * @param[out] ret_why     on failure a clause for people, static
 * @retval NOON_OK
 * @retval NOON_ERR_EMPTY, NOON_ERR_SHORT, NOON_ERR_LONG, NOON_ERR_FORMAT, NOON_ERR_RANGE
 *                          it is not an answer, as in wire/one_way.h and wire/daytime.h
 * @retval NOON_ERR_STATE   the server says that its time must not be used
 * @retval NOON_ERR_UNSUPPORTED  it says a leap second, or has no msADV to be exact by
 */
NOON_MUST_USE noon_err noon_one_way_client_take(const struct noon_one_way_client_conf *conf,
						struct noon_bytes reply, noon_time t1, noon_time t4,
						struct noon_sample *ret_sample,
						struct noon_one_way_answer *ret_answer,
						const char **ret_why);

#endif
