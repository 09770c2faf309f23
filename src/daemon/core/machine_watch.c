/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/core/machine_watch.h"

#include <string.h>

#include "daemon/report/log.h"
#include "platform/clock/clock.h"

/* The clock source is a file of sysfs; it changes rarely. */
#define SOURCE_EVERY NOON_S(4)

/* A VM clock that is being written for this long is logged. */
#define WRITING_MOST NOON_S(10)

void noon_machine_watch_open(struct noon_machine_watch *w, const struct noon_config_clock *conf)
{
	const char *why = "";
	noon_err err;

	memset(w, 0, sizeof(*w));
	w->conf = conf;
	w->vmclock.fd = -1;
	w->writing_since = NOON_TIME_NEVER;
	if (conf->vmclock[0] == '\0')
		return;
	err = noon_vmclock_open(conf->vmclock, &w->vmclock, &why);
	/* Most machines have none, and it is not configured. */
	if (err == NOON_ERR_NOT_FOUND && strcmp(conf->vmclock, NOON_VMCLOCK_PATH) == 0)
		return;
	if (err)
		noon_log(NOON_LOG_WARNING,
			 "vmclock %s: %s: not used; a paused or migrated machine is found out by "
			 "other signs",
			 conf->vmclock, why);
	else
		noon_log(NOON_LOG_NOTICE, "vmclock %s: the hypervisor tells of disruptions",
			 conf->vmclock);
}

/* One that is being written all the time is unusable, but may recover. */
static void tell_writing(struct noon_machine_watch *w, noon_err err)
{
	const noon_time now = noon_mono_now();

	if (err != NOON_ERR_STATE)
		w->writing_since = NOON_TIME_NEVER;
	else if (noon_time_is_never(w->writing_since))
		w->writing_since = now;
	if (w->told_writing || noon_time_is_never(w->writing_since) ||
	    noon_time_diff(now, w->writing_since) < WRITING_MOST)
		return;
	noon_log(NOON_LOG_WARNING, "vmclock %s: being written all the time: cannot be read",
		 w->conf->vmclock);
	w->told_writing = true;
}

static void look_at_vmclock(struct noon_machine_watch *w, struct noon_disruption_look *l)
{
	noon_err err;

	if (w->vmclock.page == NULL || w->vmclock_off)
		return;
	err = noon_vmclock_look(&w->vmclock, &l->vmclock);
	l->has_vmclock = !err;
	tell_writing(w, err);
	if (!err || err == NOON_ERR_STATE)
		return;
	noon_log(NOON_LOG_WARNING, "vmclock %s: is no VM clock any more (%s): not used",
		 w->conf->vmclock, noon_err_text(err));
	w->vmclock_off = true;
}

static void look_at_source(struct noon_machine_watch *w, struct noon_disruption_look *l)
{
	const noon_time now = noon_mono_now();

	if (w->conf->clocksource[0] != '\0' && !noon_time_before(now, w->source_at)) {
		w->source_at = noon_time_add(now, SOURCE_EVERY);
		if (noon_machine_clocksource(w->conf->clocksource, w->source))
			w->source[0] = '\0';
	}
	memcpy(l->clocksource, w->source, sizeof(l->clocksource));
}

bool noon_machine_watch_look(struct noon_machine_watch *w, struct noon_disruption_seen *ret)
{
	struct noon_disruption_look l;

	memset(&l, 0, sizeof(l));
	look_at_vmclock(w, &l);
	look_at_source(w, &l);
	l.clocks = noon_machine_clocks_now();
	noon_disruption_judge(&w->disruption, &l, ret);
	return ret->sign != NOON_DISRUPTION_NONE;
}

void noon_machine_watch_expect(struct noon_machine_watch *w, noon_dur within)
{
	noon_disruption_expect(&w->disruption, within);
}

void noon_machine_watch_close(struct noon_machine_watch *w)
{
	noon_vmclock_close(&w->vmclock);
}
