/* SPDX-License-Identifier: Apache-2.0
 *
 * The time as servers give it out: one snapshot, written by the main loop, read by workers.
 *
 * A snapshot maps CLOCK_REALTIME (the scale of the kernel's stamps) to the disciplined clock and
 * says how far that may be from UTC, now and later. CLOCK_REALTIME may be stepped or slewed by
 * anybody between two snapshots; CLOCK_MONOTONIC_RAW may not. So before a snapshot is used it is
 * renewed: what the one clock did is judged by the other.
 */
#ifndef NOON_DAEMON_SERVED_H
#define NOON_DAEMON_SERVED_H

#include <pthread.h>

#include "platform/clock/clock.h"
#include "platform/clock/vmclock.h"
#include "proto/ntp/ntp_server.h"

struct noon_served_state {
	struct noon_clock_map map;  /**< CLOCK_REALTIME -> C */
	struct noon_clock_map line; /**< CLOCK_MONOTONIC_RAW -> C as it should go on */
	bool real_is_c;		    /**< C is CLOCK_REALTIME itself */
	bool is_local;	      /**< C is declared correct by configuration: there are no sources */
	bool is_ok;	      /**< sources answer; a local clock: it lost no time */
	noon_time ok_until;   /**< C from which on it is ok no more, unless renewed */
	noon_time leap_from;  /**< around the leap second that is due or was the last one: */
	noon_time leap_until; /**< noon_leap_plan_window() */
	noon_time leap_at;    /**< UTC from which on the leap second that is due may have taken
			       *   effect: from there on there is no time to give, until the
			       *   snapshot is renewed; NOON_TIME_NEVER: none */
	noon_dur asleep;      /**< noon_clock_asleep() at the time */
	struct noon_vmclock_state vmclock; /**< as of what was measured; valid if has_vmclock */
	bool has_vmclock;
	struct noon_ntp_server_clock clock; /**< root_disp as of map.to0 */
	noon_freq disp_rate;		    /**< growth of the bound, fractional */
	noon_time void_after;		    /**< C from which on there is no time to give */
};

struct noon_served {
	pthread_mutex_t lock;
	const struct noon_vmclock *vmclock; /**< looked at by whoever reads; NULL: none */
	struct noon_served_state state;
};

void noon_served_init(struct noon_served *s);
void noon_served_fini(struct noon_served *s);
void noon_served_put(struct noon_served *s, const struct noon_served_state *state);
/** Copy the snapshot out. */
void noon_served_get(struct noon_served *s, struct noon_served_state *ret);
/**
 * Bring a snapshot up to `now`: the map is drawn again through the line or, where CLOCK_REALTIME is
 * the served clock, root_disp grows by how far that has left the line. Growth and ends are judged
 * by the line, which nobody can step. There is no time to give if the machine slept in between.
 */
void noon_served_renew(struct noon_served_state *s, const struct noon_instant *now,
		       noon_dur asleep);
/** Copy the snapshot out, brought up to this moment. There is no time to give if the hypervisor has
 *  told of a disruption since. @param[out] ret_now  the moment; C is
 *  noon_clock_map_apply(&ret->map, ret_now->real_ns). Thread: any. */
void noon_served_read(struct noon_served *s, struct noon_served_state *ret,
		      struct noon_instant *ret_now);
/** What to say of the clock at C = now. */
struct noon_ntp_server_clock noon_served_clock_at(const struct noon_served_state *s, noon_time now);

#endif
