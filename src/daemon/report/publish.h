/* SPDX-License-Identifier: Apache-2.0
 *
 * Publication of a reading: the shared page, the snapshot of the servers, the kernel.
 *
 * Pure: the state of one moment in, the data to be written out. The bound is widened here for the
 * time since the reading was taken.
 */
#ifndef NOON_DAEMON_PUBLISH_H
#define NOON_DAEMON_PUBLISH_H

#include "base/page.h"
#include "daemon/serve/served.h"
#include "engine/clock/leap.h"
#include "engine/engine.h"
#include "noonmark/clock.h"
#include "platform/clock/clock.h"

/** A publisher that renews less often has stopped: three ticks of the daemon, and a margin for a
 *  busy machine. */
#define NOON_PUBLISH_FRESH NOON_S(5)

/** The state to be published. It is valid from `now` on, and renewed within a second. */
struct noon_publish_input {
	const struct noon_reading *reading; /**< taken a moment ago; borrowed */
	bool has_sources; /**< false: the local clock is served as it is, with unknown error */
	bool lost_time;	  /**< a clock without sources lost time, or may have: it is not served */

	/* The clock. */
	struct noon_clock_map raw;  /**< CLOCK_MONOTONIC_RAW -> C on its line */
	struct noon_clock_map real; /**< CLOCK_REALTIME -> C */
	bool real_is_c;		    /**< C is CLOCK_REALTIME itself */
	noon_dur off_line;	    /**< C of the reading less its line, at the reading, ns */
	noon_dur age; /**< of the reading at raw.from0: h then less reading->h, ns; at most */
	struct noon_instant now;
	noon_dur age_now;	       /**< of the reading at `now`, ns, signed */
	noon_dur asleep;	       /**< noon_clock_asleep() at the last check of the clock */
	noon_dur asleep_now;	       /**< ... and now, read after real_ahead */
	noon_dur real_ahead;	       /**< noon_clock_real_ahead() */
	noon_freq max_rate_error;      /**< of h, fractional, >= 0 */
	enum noon_clock_reason reason; /**< why the state is not OK */

	/* The served time. */
	bool may_serve;	       /**< noon_publish_may_serve(); with sources only */
	noon_time serve_until; /**< noon_publish_serve_until(); with sources only */
	uint8_t stratum;       /**< of what is served; 0: it is not served */
	uint32_t ref_id;
	noon_dur local_bound;		   /**< declared error of a clock without sources, ns */
	struct noon_vmclock_state vmclock; /**< valid if has_vmclock */
	bool has_vmclock;

	const struct noon_leap_plan *leap; /**< borrowed */
	int16_t tai; /**< TAI - UTC by the list of leap seconds, s; 0: not known from there */
};

/*@ requires \valid_read(in) && \valid_read(in->reading) && \valid(ret);
    requires \separated(ret, in, in->reading);
    requires -1 < in->raw.osc < 1 && 0 <= in->age && in->max_rate_error >= 0;
    requires in->reading->rate_bound >= 0 && in->raw.from0 <= INT64_MAX - NOON_PUBLISH_FRESH;
    assigns *ret;
    ensures known: ret->has_time != 0 <==> in->reading->bound != NOON_DUR_MAX;
    ensures ok: ret->status == NOON_CLOCK_OK <==> in->reading->state == NOON_STATE_OK;
    // A UTC that the reading, grown by its rate for its age, allows is between what is published.
    ensures truth: \let at = in->raw.to0.ns + in->off_line;
      \let grown = in->age * in->reading->rate_bound;
      ret->has_time != 0 && \abs(at) < (1 << 60) && \abs(in->reading->lower) < (1 << 60) &&
      \abs(in->reading->upper) < (1 << 60) && grown < (1 << 60) ==>
	\forall integer utc;
	  at + in->reading->lower - grown <= utc <= at + in->reading->upper + grown ==>
	  ret->earliest0 <= utc <= ret->latest0;
    // Their end is not late, on an oscillator that runs fast by osc.
    ensures end: \let left = in->reading->void_after.ns - in->reading->h.ns - in->age;
      ret->has_time != 0 && in->reading->void_after.ns != INT64_MAX && 0 <= left &&
      in->reading->void_after.ns - in->reading->h.ns <= INT64_MAX ==>
	(ret->void_after - in->raw.from0) * (1 + in->raw.osc) <= left; */
/** Fill the body of the shared page. */
void noon_publish_page(const struct noon_publish_input *in, struct noon_page_body *ret);

/** Fill the snapshot of the servers. */
void noon_publish_served(const struct noon_publish_input *in, struct noon_served_state *ret);

/** Fill the kernel's claim of its clock; with sources only. */
void noon_publish_claim(const struct noon_publish_input *in, struct noon_clock_claim *ret);

/*@ requires \valid_read(r);
    assigns \nothing;
    ensures \result ==> r->certain != 0 && r->terms.leap == 0;
    ensures \result && limit < INT64_MAX ==> r->bound + r->hidden <= limit; */
/**
 * Tell whether a daemon with sources may serve time: the time is certain, and the bound plus the
 * hidden advance is within serve-limit. The state, which concerns the alert limit, does not matter;
 * a violated assumption does.
 *
 * @param limit  serve-limit, ns
 */
bool noon_publish_may_serve(const struct noon_reading *r, noon_dur limit);

/** Return the instant of h up to which noon_publish_may_serve() stays true for a reading of this
 *  engine; before r->h: it is not. */
noon_time noon_publish_serve_until(const struct noon_engine *e, const struct noon_reading *r,
				   noon_dur limit);

#endif
