/* SPDX-License-Identifier: Apache-2.0
 *
 * Server of the daytime and the time protocol: a function of the clock, the instant and the
 * configuration. What the request says does not matter (RFC 867, RFC 868), so it is no argument.
 *
 * These replies cannot say how wrong they may be. So whoever has no time, or not well enough, says
 * nothing: "If the server is unable to determine the time at its site, it should discard the
 * arriving datagram and make no reply" (RFC 868).
 *
 * A reply may be longer than its request, which may be empty, but never longer than
 * NOON_ONE_WAY_REPLY_MAX: with the headers of IP and UDP at most 92 bytes for 28 (IPv4). What a
 * forged sender can turn on somebody else is that, within the limit of requests per address.
 */
#ifndef NOON_PROTO_ONE_WAY_SERVER_H
#define NOON_PROTO_ONE_WAY_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/sample.h"
#include "base/verdict.h"
#include "wire/daytime.h"
#include "wire/one_way.h"

#define NOON_ONE_WAY_REPLY_MAX NOON_DAYTIME_OUT_MAX /**< bytes */

struct noon_one_way_server_conf {
	enum noon_one_way_protocol protocol;
	const struct noon_daytime_dialect *dialect; /**< of daytime; static */
	char label[NOON_DAYTIME_LABEL_MAX + 1];	    /**< of the dialect "nist" */
	noon_dur bound_max;			    /**< a wider bound is no time to give, >= 0 */
};

/** What is known of the clock now. */
struct noon_one_way_clock {
	bool has_time;	     /**< false: nothing is said */
	noon_dur bound;	     /**< |clock - UTC|, >= 0 */
	enum noon_leap leap; /**< announced for the end of the day */
	/** While UTC may be in here, a count of seconds may mean two instants, or none: the second
	 *  before a leap second and the leap second. NOON_TIME_NEVER: none is near. */
	noon_time leap_from;
	noon_time leap_until;
};

/**
 * Write the reply of this moment: the second that is current at `now`, the fraction cut off.
 *
 * @param now       UTC by the served clock
 * @param[out] out  appended to; nothing is written unless the verdict is ACCEPTED
 * @return NOON_VERDICT_ACCEPTED
 * @return NOON_VERDICT_NO_TIME  no time, a bound above the limit, a leap second, or a date that
 *                               cannot be said in the dialect
 * @return NOON_VERDICT_LONG     no room in `out` for NOON_ONE_WAY_REPLY_MAX bytes
 */
enum noon_verdict noon_one_way_server_reply(const struct noon_one_way_server_conf *conf,
					    const struct noon_one_way_clock *clock, noon_time now,
					    struct noon_wr *out);

/**
 * Tell whether a datagram from this port may get a reply. Ports below 1024 are other services of
 * this kind: two that answer each other, brought together by one forged datagram, never stop.
 */
bool noon_one_way_server_may_answer(uint16_t port);

#endif
