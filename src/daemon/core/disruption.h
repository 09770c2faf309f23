/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether the machine was disrupted between two looks at it, so that its free-running clock may
 * have jumped. Pure: readings in, verdict out.
 *
 * A virtual machine that was paused, migrated or restored from a snapshot cannot tell by its own
 * clocks: they all stop together. The signs are the hypervisor's (VMClock), another clock source,
 * or a daemon that runs long after it was due. Dropping the past is always sound and costs a
 * restart; so each sign alone is enough. Normal kernel steering must not be a sign: it moves the
 * clocks against each other, quickly, but never at once.
 *
 * Suspension is detected elsewhere (noon_clock_check()): the kernel counts it.
 */
#ifndef NOON_DAEMON_DISRUPTION_H
#define NOON_DAEMON_DISRUPTION_H

#include "platform/clock/machine.h"
#include "platform/clock/vmclock.h"

/** A machine at one instant. */
struct noon_disruption_look {
	struct noon_machine_clocks clocks;
	struct noon_vmclock_state vmclock; /**< valid if has_vmclock */
	bool has_vmclock;
	char clocksource[NOON_CLOCKSOURCE_MAX]; /**< "": not known */
};

enum noon_disruption_sign {
	NOON_DISRUPTION_NONE,
	NOON_DISRUPTION_MARKER,	     /**< VMClock: the hypervisor says so */
	NOON_DISRUPTION_GENERATION,  /**< VMClock: restored from a snapshot as another machine */
	NOON_DISRUPTION_CLOCKSOURCE, /**< the clocks are derived from other hardware, of another
				      *   rate */
	NOON_DISRUPTION_CLOCKS,	     /**< CLOCK_BOOTTIME jumped against CLOCK_MONOTONIC_RAW, or lost
				      *   counted time of suspension */
	NOON_DISRUPTION_GAP,	     /**< the daemon ran late: paused, migrated, or stopped */
};

/** The evidence, for messages. */
struct noon_disruption_seen {
	enum noon_disruption_sign sign;
	noon_dur size;			   /**< CLOCKS: the jump; GAP: how late; ns */
	uint64_t before, after;		   /**< MARKER, GENERATION */
	char from[NOON_CLOCKSOURCE_MAX];   /**< CLOCKSOURCE */
	char now_is[NOON_CLOCKSOURCE_MAX]; /**< CLOCKSOURCE */
};

/** All state; zeros before the first look. */
struct noon_disruption {
	struct noon_disruption_look last;
	int64_t due_ns; /**< CLOCK_BOOTTIME at which the daemon was due to run; 0: not known */
	bool begun;
};

/**
 * Compare a look with the one before it, and remember it. The first one is compared with nothing.
 * Unknown values (no VM clock, no clock source) are compared once known again.
 * @param[out] ret  always filled; sign NONE when all is well
 */
void noon_disruption_judge(struct noon_disruption *d, const struct noon_disruption_look *now,
			   struct noon_disruption_seen *ret);

/** Record that the daemon is due to run `within` ns after the last look. */
void noon_disruption_expect(struct noon_disruption *d, noon_dur within);

/** Describe the evidence as a sentence without its end, as "the kernel's clock source changed
 *  ...". */
void noon_disruption_say(const struct noon_disruption_seen *s, char *out, size_t n);

#endif
