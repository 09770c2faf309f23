/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/core/disruption.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* How fast an honest kernel may move CLOCK_MONOTONIC against CLOCK_MONOTONIC_RAW: 10 % by its tick
 * (ADJ_TICK), 12.5 % by its phase-locked loop at the shortest time constant (MAXPHASE of 0.5 s,
 * SHIFT_PLL of 2), 500 ppm each by frequency and adjtime(3). 1 / 25 %. */
#define FASTEST_SLEW 4

/* In addition: ticks that the kernel accounts late. No benign jump is known; a jump below this must
 * be detected by the sources. */
#define JUMP_MIN NOON_MS(100)

/* On a busy machine a process may wait this long although nothing happened to the clock. */
#define GAP_MIN NOON_S(10)

/* Return for how long the machine was suspended between two looks, ns; < 0: less than recorded. */
static noon_dur slept_of(const struct noon_machine_clocks *a, const struct noon_machine_clocks *b)
{
	return noon_sat_sub(noon_sat_sub(b->boot_ns, b->mono_ns),
			    noon_sat_sub(a->boot_ns, a->mono_ns));
}

/* Return how far CLOCK_BOOTTIME jumped against CLOCK_MONOTONIC_RAW, apart from suspension and
 * possible steering; ns. */
static noon_dur jump_of(const struct noon_machine_clocks *a, const struct noon_machine_clocks *b)
{
	const noon_dur raw = noon_sat_sub(b->raw_ns, a->raw_ns);
	const noon_dur asleep = slept_of(a, b);
	const noon_dur read = noon_sat_add(noon_sat_add(a->err, b->err), JUMP_MIN);
	const noon_dur allowed = noon_sat_add(noon_dur_abs(raw) / FASTEST_SLEW, read);
	const noon_dur moved = noon_sat_sub(noon_sat_sub(b->mono_ns, a->mono_ns), raw);

	/* Suspension only accumulates: counted time does not decrease. */
	if (asleep < -read)
		return asleep;
	if (raw < 0)
		return raw;
	return noon_dur_abs(moved) > allowed ? moved : 0;
}

/* A suspended machine executes nothing: suspension postpones the due time. */
static void add_suspension(struct noon_disruption *d, const struct noon_machine_clocks *now)
{
	const noon_dur slept = slept_of(&d->last.clocks, now);

	if (d->due_ns != 0 && slept > 0)
		d->due_ns = noon_sat_add(d->due_ns, slept);
}

static void judge_vmclock(const struct noon_vmclock_state *a, const struct noon_vmclock_state *b,
			  struct noon_disruption_seen *ret)
{
	const bool marker = a->marker != b->marker;

	ret->sign = marker ? NOON_DISRUPTION_MARKER : NOON_DISRUPTION_GENERATION;
	ret->before = marker ? a->marker : a->generation;
	ret->after = marker ? b->marker : b->generation;
}

/* The clearest sign comes first: it is the one reported. */
static void compare(const struct noon_disruption *d, const struct noon_disruption_look *now,
		    struct noon_disruption_seen *ret)
{
	const struct noon_disruption_look *last = &d->last;
	const noon_dur jump = jump_of(&last->clocks, &now->clocks);
	const noon_dur late = d->due_ns != 0 ? noon_sat_sub(now->clocks.boot_ns, d->due_ns) : 0;

	if (last->has_vmclock && now->has_vmclock &&
	    noon_vmclock_differs(&last->vmclock, &now->vmclock)) {
		judge_vmclock(&last->vmclock, &now->vmclock, ret);
	} else if (last->clocksource[0] != '\0' && now->clocksource[0] != '\0' &&
		   strcmp(last->clocksource, now->clocksource) != 0) {
		ret->sign = NOON_DISRUPTION_CLOCKSOURCE;
		(void)snprintf(ret->from, sizeof(ret->from), "%s", last->clocksource);
		(void)snprintf(ret->now_is, sizeof(ret->now_is), "%s", now->clocksource);
	} else if (jump != 0) {
		ret->sign = NOON_DISRUPTION_CLOCKS;
		ret->size = jump;
	} else if (late > GAP_MIN) {
		ret->sign = NOON_DISRUPTION_GAP;
		ret->size = late;
	}
}

void noon_disruption_judge(struct noon_disruption *d, const struct noon_disruption_look *now,
			   struct noon_disruption_seen *ret)
{
	const struct noon_disruption_look before = d->last;

	memset(ret, 0, sizeof(*ret));
	if (d->begun) {
		add_suspension(d, &now->clocks);
		compare(d, now, ret);
	}
	d->last = *now;
	d->begun = true;
	if (ret->sign != NOON_DISRUPTION_NONE)
		d->due_ns = 0;
	if (!now->has_vmclock) {
		d->last.vmclock = before.vmclock;
		d->last.has_vmclock = before.has_vmclock;
	}
	if (now->clocksource[0] == '\0')
		memcpy(d->last.clocksource, before.clocksource, sizeof(before.clocksource));
}

void noon_disruption_expect(struct noon_disruption *d, noon_dur within)
{
	d->due_ns = noon_sat_add(d->last.clocks.boot_ns, within);
}

void noon_disruption_say(const struct noon_disruption_seen *s, char *out, size_t n)
{
	switch (s->sign) {
	case NOON_DISRUPTION_MARKER:
		(void)snprintf(out, n,
			       "the hypervisor says that the clock was disrupted (VM clock, marker "
			       "%" PRIu64 " after %" PRIu64 ")",
			       s->after, s->before);
		break;
	case NOON_DISRUPTION_GENERATION:
		(void)snprintf(out, n,
			       "the machine goes on from a snapshot (VM clock, generation "
			       "%" PRIu64 " after %" PRIu64 ")",
			       s->after, s->before);
		break;
	case NOON_DISRUPTION_CLOCKSOURCE:
		(void)snprintf(out, n, "the kernel's clock source changed from %s to %s", s->from,
			       s->now_is);
		break;
	case NOON_DISRUPTION_CLOCKS:
		(void)snprintf(out, n,
			       "CLOCK_BOOTTIME jumped by %.3f s against CLOCK_MONOTONIC_RAW",
			       noon_dur_to_s(s->size));
		break;
	case NOON_DISRUPTION_GAP:
		(void)snprintf(out, n,
			       "the daemon did not get to run for %.0f s (a paused machine, a "
			       "stopped process)",
			       noon_dur_to_s(s->size));
		break;
	case NOON_DISRUPTION_NONE:
		(void)snprintf(out, n, "nothing");
		break;
	}
}
