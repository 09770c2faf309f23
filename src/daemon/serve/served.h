/* SPDX-License-Identifier: Apache-2.0
 *
 * The time for servers: one snapshot, written by the main loop, read by workers.
 *
 * A snapshot maps CLOCK_REALTIME (the scale of the kernel's stamps) to the disciplined clock and
 * says how far that may be from UTC, now and later. Other programs may step or slew CLOCK_REALTIME
 * between two snapshots, but not CLOCK_MONOTONIC_RAW. So a snapshot is renewed before use: the one
 * clock is checked against the other.
 */
#ifndef NOON_DAEMON_SERVED_H
#define NOON_DAEMON_SERVED_H

#include <pthread.h>

#include "platform/clock/clock.h"
#include "platform/clock/vmclock.h"
#include "proto/ntp/ntp_server.h"

struct noon_served_state {
	struct noon_clock_map map;  /**< CLOCK_REALTIME -> C */
	struct noon_clock_map line; /**< CLOCK_MONOTONIC_RAW -> C, extrapolated */
	bool real_is_c;		    /**< C is CLOCK_REALTIME itself */
	bool is_local;	      /**< C is declared correct by configuration: there are no sources */
	bool is_ok;	      /**< sources answer; a local clock: it lost no time */
	noon_time ok_until;   /**< C at which ok ends, unless renewed */
	noon_time leap_from;  /**< around the pending or the last leap second: */
	noon_time leap_until; /**< noon_leap_plan_window() */
	noon_time leap_at;    /**< UTC from which the pending leap second may have taken effect:
			       *   time is not served from there until the snapshot is renewed;
			       *   NOON_TIME_NEVER: none */
	noon_dur asleep;      /**< noon_clock_asleep() at the time */
	struct noon_vmclock_state vmclock; /**< at the measurement; valid if has_vmclock */
	bool has_vmclock;
	struct noon_ntp_server_clock clock; /**< root_disp as of map.to0 */
	noon_freq disp_rate;		    /**< growth of the bound, fractional */
	noon_time void_after;		    /**< C from which time is not served any more */
};

struct noon_served {
	pthread_mutex_t lock;
	const struct noon_vmclock *vmclock; /**< read by the readers themselves; NULL: none */
	struct noon_served_state state;
};

void noon_served_init(struct noon_served *s);
void noon_served_fini(struct noon_served *s);
void noon_served_put(struct noon_served *s, const struct noon_served_state *state);
/** Copy the snapshot. */
void noon_served_get(struct noon_served *s, struct noon_served_state *ret);
/**
 * Update a snapshot to `now`: the map is recomputed from the line or, where CLOCK_REALTIME is the
 * served clock, root_disp grows by its distance from the line. Growth and ends follow the line,
 * which no program can step. Time is not served if the machine was suspended in between.
 */
void noon_served_renew(struct noon_served_state *s, const struct noon_instant *now,
		       noon_dur asleep);
/** Copy the snapshot, updated to this moment. Time is not served if the hypervisor has reported a
 *  disruption since. @param[out] ret_now  the moment; C is
 *  noon_clock_map_apply(&ret->map, ret_now->real_ns). Thread: any. */
void noon_served_read(struct noon_served *s, struct noon_served_state *ret,
		      struct noon_instant *ret_now);
/**
 * Return when a request arrived, C. A client's bound holds if this is late, not if it is early: so
 * the steering of CLOCK_REALTIME since the stamp is added, and an implausible stamp is replaced by
 * now.
 * @param stamp_ns  of the kernel, CLOCK_REALTIME
 * @param real_ns   now, CLOCK_REALTIME
 */
noon_time noon_served_arrival(const struct noon_served_state *s, int64_t stamp_ns, int64_t real_ns);
/** What to announce of the clock at C = now. */
struct noon_ntp_server_clock noon_served_clock_at(const struct noon_served_state *s, noon_time now);

#endif
