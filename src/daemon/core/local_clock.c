/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/core/local_clock.h"

#include "base/leap.h"
#include "daemon/report/log.h"
#include "platform/clock/tai.h"

void noon_local_clock_init(struct noon_local_clock *l)
{
	*l = (struct noon_local_clock){.lost_time = false};
	noon_leap_plan_init(&l->leap);
}

/* The kernel carries out the leap seconds of its own clock; the served time has to follow. */
static void follow_kernel_leap(struct noon_local_clock *l, struct noon_clock *c)
{
	const struct noon_leap_vote vote = {noon_tai_kernel_leap(), false};
	const struct noon_leap_list none = NOON_LEAP_LIST_NONE;
	const noon_time now = noon_clock_disciplined(c);
	noon_dur shift;

	(void)noon_leap_plan_take(&l->leap, now, &shift);
	noon_leap_plan_announce(&l->leap, &vote, &none, (struct noon_interval){now.ns, now.ns});
}

/* For a clock without sources only signs of a jump of the clock count. It is served as it is,
 * whether or not the daemon ran meanwhile. */
static bool has_jumped(struct noon_machine_watch *machine, char *what, size_t n)
{
	struct noon_disruption_seen seen;

	if (!noon_machine_watch_look(machine, &seen) || seen.sign == NOON_DISRUPTION_GAP ||
	    seen.sign == NOON_DISRUPTION_CLOCKSOURCE)
		return false;
	noon_disruption_say(&seen, what, n);
	return true;
}

/* Without sources a virtual clock cannot know how long the machine was suspended: it is not served
 * any more. The kernel corrects CLOCK_REALTIME, and carries out leap seconds. */
static void lose_time(struct noon_local_clock *l, bool suspended, noon_dur size, const char *what)
{
	l->lost_time = true;
	if (suspended)
		noon_log(NOON_LOG_WARNING,
			 "the machine was suspended for %.3f s: the virtual clock has lost them "
			 "and is served no more",
			 noon_dur_to_s(size));
	else
		noon_log(NOON_LOG_WARNING, "%s: the virtual clock is served no more", what);
}

struct noon_local_clock_seen noon_local_clock_check(struct noon_local_clock *l,
						    struct noon_clock *c,
						    struct noon_machine_watch *machine)
{
	const bool real = c->ops->real_is_disciplined;
	noon_dur size = 0;
	const enum noon_clock_event is = noon_clock_check(c, &size);
	const bool suspended = is == NOON_CLOCK_SUSPENDED;
	char what[192] = "";
	const bool jumped = has_jumped(machine, what, sizeof(what));

	if (real)
		follow_kernel_leap(l, c);
	if (real && jumped)
		noon_log(NOON_LOG_WARNING, "%s: CLOCK_REALTIME is served as it is", what);
	if ((suspended || jumped) && !real && !l->lost_time)
		lose_time(l, suspended, size, what);
	return (struct noon_local_clock_seen){
		.stepped = is == NOON_CLOCK_STEPPED ? "stepped by somebody else" : NULL,
		.disrupted = jumped ? "the machine was disrupted" : NULL,
	};
}
