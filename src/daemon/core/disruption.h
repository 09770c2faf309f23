/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether the machine was disrupted between two looks at it, so that its free-running clock may
 * have jumped. Pure: what was read comes in, a verdict goes out.
 *
 * A virtual machine that was paused or migrated, or went on from a snapshot, does not know it by
 * its own clocks: they all stand still together. Who tells it is the hypervisor (VMClock), another
 * clock source, or that the daemon was due to run long ago. Dropping the past is always sound, and
 * costs a new start; so each sign alone is enough. What an honest kernel does to its clocks must be
 * no sign: they are steered against each other, quickly, but never at once.
 *
 * Suspension is looked for elsewhere (noon_clock_check()): the kernel counts it.
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
	NOON_DISRUPTION_GENERATION,  /**< VMClock: another machine than before, from a snapshot */
	NOON_DISRUPTION_CLOCKSOURCE, /**< the clocks are made from other hardware, of another rate
				      */
	NOON_DISRUPTION_CLOCKS,	     /**< CLOCK_BOOTTIME jumped against CLOCK_MONOTONIC_RAW, or lost
				      *   time that it had counted while suspended */
	NOON_DISRUPTION_GAP, /**< the daemon was to run long ago: paused, migrated, or stopped */
};

/** What it was concluded from, for people. */
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
	int64_t due_ns; /**< CLOCK_BOOTTIME at which the daemon was to run again; 0: not known */
	bool begun;
};

/**
 * Compare a look with the one before it, and remember it. The first one is compared with nothing.
 * What a look does not know (no VM clock, no clock source) is compared once it does again.
 * @param[out] ret  always filled; sign NONE when all is well
 */
void noon_disruption_judge(struct noon_disruption *d, const struct noon_disruption_look *now,
			   struct noon_disruption_seen *ret);

/** Say that the daemon is to run again `within` ns after the last look. */
void noon_disruption_expect(struct noon_disruption *d, noon_dur within);

/** Write what was seen as a sentence without its end, as "the kernel's clock source changed ...".
 */
void noon_disruption_say(const struct noon_disruption_seen *s, char *out, size_t n);

#endif
