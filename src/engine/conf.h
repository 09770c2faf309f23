/* SPDX-License-Identifier: Apache-2.0
 *
 * What an operator decides: limits of the engine and of each source, with their defaults.
 *
 * Every field is an assumption or a policy. The assumptions (max_rate_error, wander, max_liars,
 * the minima, the server's own error) are what a stated bound rests on; the policies only decide
 * how soon and how smoothly things happen.
 */
#ifndef NOON_ENGINE_CONF_H
#define NOON_ENGINE_CONF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/time.h"
#include "engine/clock/line.h"
#include "estimate/bound/minima.h"

#define NOON_SOURCES_MAX     16	  /**< sources of one engine */
#define NOON_ALERT_LIMIT_MIN 100  /**< ns */
#define NOON_POLL_LOG2_MIN   (-4) /**< 62.5 ms */
#define NOON_POLL_LOG2_MAX   17	  /**< 36.4 h */

struct noon_engine_conf {
	noon_dur alert_limit;	  /**< L, ns, >= NOON_ALERT_LIMIT_MIN; default 100 ms */
	noon_freq max_rate_error; /**< assumption: |rate error of h| at all times; default 500e-6 */
	noon_freq wander;	  /**< assumption: two mean rates of h within any span of
				   *   2 max_age differ by at most this; default 7e-6 */
	noon_freq holdover; /**< assumption: the same for spans of a poll interval or more, once
			     *   an exchange is overdue; raised by itself to twice of what
			     *   is seen; at most wander counts; default 1e-6 */
	noon_dur max_age;   /**< exchanges older than this are dropped, ns; default 4 h */
	int max_liars;	    /**< assumption: at most f sources lie; or -1 (default):
			     *   (n - 1) / 2 of the n that may vote, silent ones included */
	noon_dur step_threshold; /**< before the first OK, a larger correction is stepped, ns;
				  *   default 1 ms; NOON_DUR_MAX: never */
	noon_freq slew_rate;	 /**< largest slew beside the frequency; default 500e-6 */
	unsigned clear_after;	 /**< good exchanges in a row that end an ALARM; default 4 */
	unsigned holdover_polls; /**< HOLDOVER after this many polls without a good exchange;
				  *   default 3 */
	noon_dur readmit_after;	 /**< authenticated sources that agree with one another for so long
				  *   are believed again after a contradiction with their past, ns;
				  *   0: only when an operator accepts them; default 300 s
				  *   (engine/recovery.h) */
	noon_dur readmit_lone_after; /**< the same for one source alone, where none may lie, and for
				      *   sources without authentication, ns; default 900 s */
	bool step_at_start;	     /**< false: slew even before the first OK; default true */
	struct noon_line start;	     /**< the clock before anything is known: e.g. corr0 =
				      *   wall clock - h and rate from the last run; default zeros */
};

struct noon_source_conf {
	noon_dur m_f;		      /**< least delay client to server, ns, >= 0 */
	noon_dur m_r;		      /**< least delay server to client, ns, >= 0 */
	enum noon_minima_kind minima; /**< where m_f and m_r come from; shown, never used */
	noon_dur light;		      /**< the fastest path there can be to the server, ns, >= 0:
				       *   light on the straight line, or in the fastest medium that
				       *   an attacker is said to have; 0: not known. Tells how much
				       *   a minimum may hide (engine/conditions.h) */
	noon_dur extra_err;	      /**< added to the server's claimed error, ns, >= 0 */
	int8_t poll_min;	      /**< log2 s, >= NOON_POLL_LOG2_MIN; default 4 */
	int8_t poll_max;	      /**< log2 s, >= poll_min, <= NOON_POLL_LOG2_MAX; default 10 */
	uint8_t burst;		      /**< exchanges at start, 0 for none; default 8 */
	noon_dur burst_interval;      /**< between exchanges of a burst, ns; default 2 s */
	bool require_auth;	      /**< refuse unauthenticated samples; default true */
	bool noselect;		      /**< measured and reported, never votes; default false */
};

/** What a path faster than the minima assume could advance a packet by, ns, >= 0 (condition 2):
 *  each minimum less light on the straight line, all of it where the distance is not known. */
struct noon_hidden {
	noon_dur f; /**< to the server: how far the upper edges may be too low */
	noon_dur r; /**< from the server: how far the lower edges may be too high */
};

struct noon_hidden noon_source_hidden(const struct noon_source_conf *conf);

/** Return the defaults of noonmarkd.conf(5). */
struct noon_engine_conf noon_engine_conf_default(void);
struct noon_source_conf noon_source_conf_default(void);

/**
 * Check that every field is in its range.
 * @retval NOON_OK
 * @retval NOON_ERR_RANGE  some field is not
 */
NOON_MUST_USE noon_err noon_engine_conf_check(const struct noon_engine_conf *conf);
NOON_MUST_USE noon_err noon_source_conf_check(const struct noon_source_conf *conf);

#endif
