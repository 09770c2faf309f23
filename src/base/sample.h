/* SPDX-License-Identifier: Apache-2.0
 *
 * One completed two-way exchange: what every client machine yields and every estimator takes.
 *
 * t1 and t4 are readings of the free-running local clock (never corrected by the discipline,
 * so the past needs no rewriting when the clock is steered); t2 and t3 are the server's. Either way
 * may come first: NTP's order is t1, t2, t3, t4; PTP's is t3 (Sync leaves), t4 (it arrives), t1
 * (Delay_Req leaves), t2 (it arrives), IEEE 1588's t1, t2, t3, t4.
 */
#ifndef NOON_BASE_SAMPLE_H
#define NOON_BASE_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

/** Where a timestamp was taken, best last. */
enum noon_stamp {
	NOON_STAMP_USER,     /**< by the program around the system call */
	NOON_STAMP_KERNEL,   /**< by the kernel's network stack */
	NOON_STAMP_HARDWARE, /**< by the network card */
};

enum noon_leap {
	NOON_LEAP_NONE = 0,
	NOON_LEAP_INSERT = 1,  /**< last minute of the day has 61 seconds */
	NOON_LEAP_DELETE = 2,  /**< last minute of the day has 59 seconds */
	NOON_LEAP_UNKNOWN = 3, /**< the server is not synchronised */
};

struct noon_sample {
	noon_time t1;	/**< request left, local free-running clock */
	noon_time t2;	/**< request arrived, server clock */
	noon_time t3;	/**< reply left, server clock */
	noon_time t4;	/**< reply arrived, local free-running clock */
	noon_dur shift; /**< by which the offset is guessed to differ from the middle of what the
			 *   times prove, ns: it moves the estimate, never the interval */
	noon_dur stamp_err;  /**< e: sum of timestamp errors of a one-way difference, >= 0 */
	noon_dur server_err; /**< E_s: |server - UTC| as the server claims, >= 0 */
	noon_dur root_delay; /**< >= 0; already part of server_err */
	noon_dur root_disp;  /**< >= 0; already part of server_err */
	uint32_t ref_id;     /**< reference identifier of the server */
	uint32_t source;     /**< index of the source in the engine */
	enum noon_leap leap;
	enum noon_stamp tx_stamp;
	enum noon_stamp rx_stamp;
	uint8_t stratum;    /**< 1..15 */
	int8_t precision;   /**< log2 s, as the server claims */
	bool authenticated; /**< every field above was covered by an authenticator */
	bool replayable; /**< the reply is not bound to a fresh nonce: a replay would be accepted */
};

/*@ requires \valid_read(s);
    assigns \nothing; */
/** Return the estimate of the offset reference - local at the middle of the exchange, ns: the
 * middle of the times (unshifted by minima), and what is guessed beyond them. */
static inline noon_dur noon_sample_offset(const struct noon_sample *s)
{
	const noon_dur up = noon_time_diff(s->t2, s->t1);
	const noon_dur down = noon_time_diff(s->t3, s->t4);

	return noon_sat_add(up / 2 + down / 2 + (up % 2 + down % 2) / 2, s->shift);
}

/*@ requires \valid_read(s);
    assigns \nothing;
    ensures within_range: \abs(s->t4.ns - s->t1.ns) <= INT64_MAX &&
      \abs(s->t3.ns - s->t2.ns) <= INT64_MAX &&
      \abs((s->t4.ns - s->t1.ns) - (s->t3.ns - s->t2.ns)) <= INT64_MAX ==>
      \result == (s->t4.ns - s->t1.ns) - (s->t3.ns - s->t2.ns); */
/** Return the round-trip time less the layover, ns: (t4 - t1) - (t3 - t2). May be negative. */
static inline noon_dur noon_sample_rtt(const struct noon_sample *s)
{
	return noon_sat_sub(noon_time_diff(s->t4, s->t1), noon_time_diff(s->t3, s->t2));
}

#endif
