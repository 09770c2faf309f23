/* SPDX-License-Identifier: Apache-2.0
 *
 * Putting the parts together, and the walk from an event to the clock, the page and the servers.
 */
#include "daemon/core/daemon.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crypto/aead.h"
#include "daemon/core/store.h"
#include "daemon/report/alert.h"
#include "daemon/report/log.h"
#include "daemon/report/publish.h"
#include "daemon/serve/services.h"
#include "daemon/source/duplicates.h"
#include "engine/clock/line.h"
#include "noonmark/clock.h"
#include "platform/clock/tai.h"
#include "platform/file.h"
#include "platform/notify.h"
#include "platform/sandbox.h"

/* Page, server snapshot and the checks of the clock are renewed this often. */
#define TICK NOON_S(1)

bool noon_daemon_has_sources(const struct noon_daemon *d)
{
	return d->conf.n_sources > 0;
}

static struct noon_daemon_event *next_event(struct noon_daemon *d)
{
	struct noon_daemon_event *e = &d->event[d->n_events++ % NOON_DAEMON_EVENTS];

	memset(e, 0, sizeof(*e));
	e->real_ns = noon_clock_read(CLOCK_REALTIME);
	return e;
}

static const char *source_name(const struct noon_daemon *d, uint32_t index)
{
	for (size_t i = 0; i < d->conf.n_sources; i++)
		if (d->source[i].up && d->source[i].index == index)
			return d->conf.source[i].host;
	return "-";
}

static void log_finding(const struct noon_finding *f, const char *source)
{
	const char *word = noon_finding_word(f->kind);
	const char *text = noon_finding_text(f->kind);

	if (f->kind == NOON_FINDING_WANDER)
		noon_log(NOON_LOG_WARNING, "finding %s: %s (%.3g ppm against %.3g ppm)", word, text,
			 f->evidence.value * 1e6, f->evidence.limit * 1e6);
	else if (f->evidence.statistic == NULL)
		noon_log(NOON_LOG_WARNING, "finding %s: %s (source %s, value %.9f s, limit %.9f s)",
			 word, text, source, noon_dur_to_s(f->value), noon_dur_to_s(f->threshold));
	else
		noon_log(NOON_LOG_WARNING,
			 "finding %s: %s (source %s, statistic %s %.6g against %.6g over %u "
			 "exchanges, estimated delay %.9f s)",
			 word, text, source, f->evidence.statistic, f->evidence.value,
			 f->evidence.limit, f->evidence.samples, noon_dur_to_s(f->value));
}

/* Findings begin seldom: the engine reports each once when it begins. */
static void take_findings(struct noon_daemon *d, struct noon_actions *out)
{
	for (size_t i = 0; i < out->n; i++) {
		const struct noon_action *a = &out->a[i];

		if (a->kind != NOON_ACTION_FINDING)
			continue;
		next_event(d)->finding = a->finding;
		log_finding(&a->finding, source_name(d, a->finding.source));
	}
	noon_actions_reset(out);
}

/* A transmitter of ours found something on the way to a receiver: it is told, and changes nothing
 * about our own clock. */
static void on_receiver_finding(void *arg, const char *who, const struct noon_finding *f)
{
	struct noon_daemon *d = arg;
	struct noon_daemon_event *e = next_event(d);

	e->finding = *f;
	e->who = who;
	log_finding(f, who);
}

static struct noon_clock_line clock_line(const struct noon_line *l)
{
	return (struct noon_clock_line){
		.h0 = l->h0,
		.corr0 = l->corr0,
		.rate = l->rate,
		.slew = l->slew,
		.slew_end = l->slew_end,
	};
}

/* The line has been shifted by a leap second. */
static void leap(struct noon_daemon *d, noon_dur shift)
{
	const struct noon_line line = noon_engine_line(d->engine);
	const struct noon_clock_line to = clock_line(&line);
	noon_err err;

	d->steps++;
	if (d->conf.clock.kind == NOON_CLOCK_KIND_SYSTEM_READ_ONLY) {
		noon_clock_steer(d->clock, &to);
		return;
	}
	err = noon_clock_leap(d->clock, &to, shift);
	if (!err)
		return;
	noon_log(NOON_LOG_ERROR, "cannot carry the leap second out: %s", noon_err_text(err));
	noon_clock_steer(d->clock, &to);
}

static void steer(struct noon_daemon *d)
{
	const struct noon_line line = noon_engine_line(d->engine);
	const struct noon_clock_line to = clock_line(&line);
	noon_err err;

	/* A clock that somebody else steers only gets to know the line: readings say how far it is
	 * off. */
	if (line.steps == d->steps || d->conf.clock.kind == NOON_CLOCK_KIND_SYSTEM_READ_ONLY) {
		d->steps = line.steps;
		noon_clock_steer(d->clock, &to);
		return;
	}
	d->steps = line.steps;
	err = noon_clock_step(d->clock, &to);
	if (err) {
		noon_log(NOON_LOG_ERROR, "cannot step the clock: %s", noon_err_text(err));
		noon_clock_steer(d->clock, &to);
		return;
	}
	noon_log(NOON_LOG_NOTICE, "clock stepped");
	noon_tsa_service_tell(d->tsa, "stepped");
}

/* A clock without sources is taken as it is: nothing is known of it. */
static void local_reading(struct noon_daemon *d, struct noon_reading *r)
{
	const noon_time h = noon_clock_now(d->clock);

	memset(r, 0, sizeof(*r));
	r->state = NOON_STATE_UNSYNCHRONISED;
	r->h = h;
	r->corr = noon_time_diff(noon_clock_disciplined(d->clock), h);
	r->bound = NOON_DUR_MAX;
	r->void_after = h;
}

/* How far the clock is from the line it is steered along: a clock that is only steered by its
 * frequency, or that somebody else steps, is never quite on it. A virtual clock is its line. Best
 * of three, since the program may be interrupted between two reads. The error of the best, ns, is
 * half of the time it took for the instant, and half for reading a card's clock in it. */
static noon_dur off_line(struct noon_daemon *d, noon_dur *ret_err)
{
	const struct noon_line line = noon_engine_line(d->engine);
	noon_dur least = NOON_DUR_MAX;
	noon_dur off = 0;

	*ret_err = 0;
	if (d->conf.clock.kind == NOON_CLOCK_KIND_VIRTUAL)
		return 0;
	for (int i = 0; i < 3; i++) {
		const noon_time before = noon_clock_now(d->clock);
		const noon_time c = noon_clock_disciplined(d->clock);
		const noon_dur took = noon_time_diff(noon_clock_now(d->clock), before);
		const noon_time h = noon_time_add(before, took / 2);

		if (took >= least)
			continue;
		least = took;
		off = noon_time_diff(c, h) - noon_line_at(&line, h);
	}
	*ret_err = noon_sat_add(least, 1);
	return off;
}

static void tell_state(struct noon_daemon *d, const struct noon_reading *r)
{
	struct noon_daemon_event *e;
	char text[64];

	if (r->state == d->state)
		return;
	e = next_event(d);
	e->is_state = true;
	e->state = r->state;
	noon_alert_state(d, r);
	noon_tsa_service_tell_state(d->tsa, r->state, r->bound);
	d->state = r->state;
	(void)snprintf(text, sizeof(text), "STATUS=%s", noon_state_word(r->state));
	noon_notify(text);
}

/* Transmitters of PTP, once a second and after each event. */
static void tend_ptp(struct noon_daemon *d, const struct noon_reading *r)
{
	noon_time until;
	const struct noon_ptp_served what = {
		.has_sources = noon_daemon_has_sources(d),
		.may_serve = noon_daemon_has_sources(d) ? noon_publish_may_serve(d, r, &until)
							: !d->overslept,
		.at = r,
		.tai_known = d->tai.known,
		.tai_offset = d->tai.offset,
	};

	for (size_t i = 0; i < d->conf.n_transmitters; i++)
		if (d->ptp[i] != NULL && d->ptp[i]->clock != NULL)
			noon_ptp_service_tell(d->ptp[i], &what);
}

/* Page and servers must not go on with what has just been dropped, whoever found that out. */
static void tell_new_start(struct noon_daemon *d)
{
	struct noon_reading r;

	noon_engine_reading(d->engine, noon_clock_now(d->clock), &r);
	tell_state(d, &r);
	noon_publish(d, &r);
	tend_ptp(d, &r);
}

static void on_disrupted(struct noon_daemon *d, const struct noon_disruption_seen *seen,
			 noon_time now)
{
	char what[192];

	noon_disruption_say(seen, what, sizeof(what));
	noon_log(NOON_LOG_WARNING,
		 "%s: the clock may have jumped; what was measured before is dropped, and the "
		 "daemon "
		 "starts anew by itself",
		 what);
	noon_tsa_service_tell(d->tsa, "the machine was disrupted");
	noon_engine_on_discontinuity(d->engine, now, NOON_DISCONTINUITY_DISRUPTED, &d->actions);
}

static void on_suspended(struct noon_daemon *d, noon_dur size, noon_time now)
{
	noon_log(NOON_LOG_WARNING, "the machine was suspended for %.3f s", noon_dur_to_s(size));
	noon_tsa_service_tell(d->tsa, "the machine was suspended");
	noon_engine_on_discontinuity(d->engine, now, NOON_DISCONTINUITY_SUSPENDED, &d->actions);
}

static void on_stepped(struct noon_daemon *d, noon_dur size, noon_time now)
{
	noon_log(NOON_LOG_WARNING, "somebody else stepped the clock by %.9f s",
		 noon_dur_to_s(size));
	noon_tsa_service_tell(d->tsa, "stepped by somebody else");
	noon_engine_on_discontinuity(d->engine, now, NOON_DISCONTINUITY_STEPPED, &d->actions);
}

/* Look for what breaks the scale of the stamps or the clock, and draw the consequences. Returns
 * whether all that was measured, or was under way, has been dropped. */
static bool check_clock(struct noon_daemon *d)
{
	noon_dur size = 0;
	const noon_time now = noon_clock_now(d->clock);
	const enum noon_clock_event is = noon_clock_check(d->clock, &size);
	struct noon_disruption_seen seen;
	const bool disrupted = noon_machine_watch_look(&d->machine, &seen);

	if (is == NOON_CLOCK_STEADY && !disrupted)
		return false;
	if (is == NOON_CLOCK_STEPPED)
		on_stepped(d, size, now);
	/* A hypervisor may tell of what the kernel has counted. */
	if (is == NOON_CLOCK_SUSPENDED)
		on_suspended(d, size, now);
	else if (disrupted)
		on_disrupted(d, &seen, now);
	take_findings(d, &d->actions);
	if (is != NOON_CLOCK_SUSPENDED && !disrupted)
		return false;
	tell_new_start(d);
	/* What is under way was sent before: its times are on two scales. */
	for (size_t i = 0; i < d->conf.n_sources; i++)
		noon_daemon_source_woke(&d->source[i]);
	return true;
}

void noon_daemon_reading(struct noon_daemon *d, struct noon_reading *ret)
{
	noon_time h;
	noon_dur off;
	noon_dur err;

	if (!noon_daemon_has_sources(d)) {
		local_reading(d, ret);
		return;
	}
	/* Whoever asks right after the machine woke up, or after a step, must not get an old
	 * answer. */
	(void)check_clock(d);
	h = noon_clock_now(d->clock);
	noon_engine_reading(d->engine, h, ret);
	if (ret->bound == NOON_DUR_MAX)
		return;
	off = off_line(d, &err);
	ret->corr += off;
	ret->lower -= off + err;
	ret->upper += err - off;
	ret->terms.slewing += noon_dur_abs(off);
	ret->terms.quantisation += err;
	ret->bound = noon_sat_add(ret->bound, noon_sat_add(noon_dur_abs(off), err));
	if (noon_sat_add(ret->bound, ret->hidden) > d->conf.engine.alert_limit &&
	    ret->state != NOON_STATE_UNSYNCHRONISED) {
		ret->state = NOON_STATE_ALARM;
		ret->void_after = h;
	}
}

/* What a contradiction comes from is concluded some exchanges after the state has changed. */
static void tell_recovery(struct noon_daemon *d, const struct noon_reading *r)
{
	struct noon_recovery_report now;

	if (!noon_daemon_has_sources(d))
		return;
	noon_engine_recovery(d->engine, noon_clock_now(d->clock), &now);
	if (noon_recovery_log(&d->told_recovery, &now, d->conf.engine.wander))
		noon_alert_finding(d, r);
}

static noon_dur until_next(struct noon_daemon *d, const struct noon_reading *r)
{
	const struct noon_line line = noon_engine_line(d->engine);
	const noon_time engine = noon_engine_deadline(d->engine);
	/* An event must not put off the tick: they may come faster than ticks do. */
	noon_time due = noon_time_min(noon_time_add(r->h, TICK), d->tick_at);

	/* The maps are straight lines: renew them where the line bends. */
	if (noon_time_before(r->h, line.slew_end))
		due = noon_time_min(due, line.slew_end);
	if (!noon_time_is_never(engine) && noon_time_before(r->h, engine))
		due = noon_time_min(due, engine);
	return noon_time_before(r->h, due) ? noon_time_diff(due, r->h) : 0;
}

static void tell_receivers(struct noon_daemon *d, const struct noon_reading *r)
{
	if (!d->receivers_changed)
		return;
	d->receivers_changed = false;
	noon_alert_receivers(d, r);
}

static bool tell_tai(void *arg, int16_t *ret)
{
	const struct noon_daemon *d = arg;

	*ret = d->tai.offset;
	return d->tai.known;
}

/* Look TAI - UTC up, and tell the engine what is known of leap seconds to come. */
static void find_timescale(struct noon_daemon *d)
{
	noon_timescale_find(&d->tai, &d->conf, noon_clock_disciplined(d->clock));
	noon_engine_set_leap_list(d->engine, &d->tai.leap);
}

/* The engine has carried a leap second out: TAI - UTC changed with it. */
static void on_leap(struct noon_daemon *d)
{
	const noon_dur shift = d->engine->leap_shift;

	d->leaps = d->engine->leaps;
	noon_log(NOON_LOG_NOTICE, "leap second: the UTC count moves by %+.0f s",
		 noon_dur_to_s(shift));
	noon_tsa_service_tell(d->tsa, shift < 0 ? "a leap second was inserted"
						: "a leap second was left out");
	leap(d, shift);
	steer(d);
	find_timescale(d);
}

/* After anything that may have changed what the engine thinks. */
static void refresh(struct noon_daemon *d)
{
	struct noon_reading r;

	if (noon_daemon_has_sources(d) && d->engine->leaps != d->leaps)
		on_leap(d);
	else if (noon_daemon_has_sources(d))
		steer(d);
	noon_daemon_reading(d, &r);
	tell_state(d, &r);
	tell_recovery(d, &r);
	noon_alert_limit(d, &r);
	tell_receivers(d, &r);
	noon_publish(d, &r);
	tend_ptp(d, &r);
	if (!d->ready) {
		d->ready = true;
		noon_notify("READY=1");
	}
	noon_loop_arm(d->loop, &d->tick, until_next(d, &r));
	noon_machine_watch_expect(&d->machine, TICK);
}

static void on_receiver_alarm(void *arg)
{
	struct noon_daemon *d = arg;

	d->receivers_changed = true;
	refresh(d);
}

/* After an event: where the engine wants all sources soon, their timers have to know. */
static void follow_hurry(struct noon_daemon *d)
{
	const uint32_t hurries = noon_engine_hurries(d->engine);

	if (hurries == d->hurries)
		return;
	d->hurries = hurries;
	for (size_t i = 0; i < d->conf.n_sources; i++)
		noon_daemon_source_hurry(&d->source[i]);
}

static void on_event(void *arg, struct noon_actions *out)
{
	struct noon_daemon *d = arg;

	follow_hurry(d);
	take_findings(d, out);
	refresh(d);
}

/* Before it votes: with the first exchange of a second name the machine would have two votes. And
 * one that lasted through a disruption says nothing: it is not to be the first of the new start. */
static bool on_exchange(void *arg, const struct noon_daemon_source *s)
{
	struct noon_daemon *d = arg;

	if (check_clock(d))
		return false;
	noon_duplicates_find(d, (size_t)(s - d->source));
	return true;
}

static void on_ke(void *arg)
{
	struct noon_daemon *d = arg;

	d->ke_done++;
}

/* The kernel carries out the leap seconds of its own clock; what is served has to know when. */
static void follow_kernel_leap(struct noon_daemon *d)
{
	const struct noon_leap_vote said = {noon_tai_kernel_leap(), false};
	const struct noon_leap_list none = NOON_LEAP_LIST_NONE;
	const noon_time now = noon_clock_disciplined(d->clock);
	noon_dur shift;

	(void)noon_leap_plan_take(&d->local_leap, now, &shift);
	noon_leap_plan_announce(&d->local_leap, &said, &none,
				(struct noon_interval){now.ns, now.ns});
}

/* Of the signs of disruption those that say that the clock jumped count for a clock without
 * sources. It is taken as it is, and that the daemon did not run changes nothing about it. */
static bool has_jumped(struct noon_daemon *d, char *what, size_t n)
{
	struct noon_disruption_seen seen;

	if (!noon_machine_watch_look(&d->machine, &seen) || seen.sign == NOON_DISRUPTION_GAP ||
	    seen.sign == NOON_DISRUPTION_CLOCKSOURCE)
		return false;
	noon_disruption_say(&seen, what, n);
	return true;
}

/* Without sources nothing tells a virtual clock how long the machine slept: it has no time to give
 * any more. CLOCK_REALTIME was set right by the kernel, which also knows of leap seconds, and
 * carries them out. */
static void check_local(struct noon_daemon *d)
{
	const bool real = d->clock->ops->real_is_disciplined;
	noon_dur size = 0;
	const enum noon_clock_event is = noon_clock_check(d->clock, &size);
	char what[192] = "";
	const bool jumped = has_jumped(d, what, sizeof(what));

	if (real)
		follow_kernel_leap(d);
	if (is == NOON_CLOCK_STEPPED)
		noon_tsa_service_tell(d->tsa, "stepped by somebody else");
	if (jumped)
		noon_tsa_service_tell(d->tsa, "the machine was disrupted");
	if (real && jumped)
		noon_log(NOON_LOG_WARNING, "%s: CLOCK_REALTIME is served as it stands", what);
	if ((is != NOON_CLOCK_SUSPENDED && !jumped) || real || d->overslept)
		return;
	d->overslept = true;
	if (is == NOON_CLOCK_SUSPENDED)
		noon_log(NOON_LOG_WARNING,
			 "the machine was suspended for %.3f s: the virtual clock has lost them "
			 "and is served no more",
			 noon_dur_to_s(size));
	else
		noon_log(NOON_LOG_WARNING, "%s: the virtual clock is served no more", what);
}

static void on_tick(void *arg)
{
	struct noon_daemon *d = arg;

	d->tick_at = noon_time_add(noon_clock_now(d->clock), TICK);
	find_timescale(d);
	for (size_t i = 0; i < d->conf.n_sources; i++)
		noon_daemon_source_tick(&d->source[i],
					d->guard[i] == NULL
						? NOON_PTP_VERDICT_NONE
						: (uint8_t)noon_daemon_guard_state(d->guard[i]));
	if (noon_daemon_has_sources(d)) {
		(void)check_clock(d);
		noon_engine_on_timer(d->engine, noon_clock_now(d->clock), &d->actions);
		follow_hurry(d);
		take_findings(d, &d->actions);
	} else {
		check_local(d);
	}
	noon_alert_tend(d);
	refresh(d);
}

noon_err noon_daemon_step(struct noon_daemon *d)
{
	noon_err err;

	if (!noon_daemon_has_sources(d))
		return NOON_ERR_EMPTY;
	(void)check_clock(d);
	err = noon_engine_step(d->engine, noon_clock_now(d->clock));
	if (err)
		return err;
	/* The real clock may be off the line even where the line needs no step. */
	const struct noon_line line = noon_engine_line(d->engine);
	const struct noon_clock_line to = clock_line(&line);

	d->steps = line.steps;
	err = noon_clock_step(d->clock, &to);
	refresh(d);
	return err;
}

/* Put a new baseline into force; one that cannot be read leaves the old one. */
static void reload_guard(struct noon_daemon *d, size_t i)
{
	struct noon_daemon_guard *old = d->guard[i];
	struct noon_daemon_guard *new;

	if (!d->source[i].up || noon_daemon_guard_new(&d->conf, &d->conf.source[i].guard, &new) ||
	    new == NULL)
		return;
	if (old != NULL && strcmp(old->digest, new->digest) == 0) {
		free(new);
		return;
	}
	noon_log(NOON_LOG_NOTICE, "source %s: new baseline %.16s of %zu exchanges",
		 d->conf.source[i].host, new->digest, new->count);
	noon_engine_set_guard(d->engine, d->source[i].index, &new->guard);
	d->guard[i] = new;
	free(old);
}

void noon_daemon_reload(struct noon_daemon *d)
{
	if (d->ke != NULL)
		noon_ke_service_reload(d->ke);
	noon_tsa_service_reload(d->tsa);
	for (size_t i = 0; i < d->conf.n_sources; i++)
		reload_guard(d, i);
	for (size_t i = 0; i < d->conf.n_transmitters; i++)
		noon_ptp_service_reload(d->ptp[i], &d->conf);
	(void)!noon_ptp_ports_reload(&d->ports); /* logged */
}

noon_err noon_daemon_reload_keys(struct noon_daemon *d)
{
	return d->ports.n_files == 0 ? NOON_ERR_EMPTY : noon_ptp_ports_reload(&d->ports);
}

static noon_err make_clock(struct noon_daemon *d)
{
	const struct noon_config_clock *c = &d->conf.clock;
	struct noon_phc_device dev;
	noon_err err = NOON_ERR_UNSUPPORTED;

	switch (c->kind) {
	case NOON_CLOCK_KIND_VIRTUAL:
		err = noon_clock_virtual_new(&c->virt, &d->clock);
		break;
	case NOON_CLOCK_KIND_SYSTEM:
		err = noon_clock_system_new(true, &d->clock);
		break;
	case NOON_CLOCK_KIND_SYSTEM_READ_ONLY:
		err = noon_clock_system_new(false, &d->clock);
		break;
	case NOON_CLOCK_KIND_PHC:
		err = noon_phc_device_open(c->device, &dev);
		err = err ? err : noon_clock_phc_new(&dev, &d->clock);
		break;
	}
	if (err)
		noon_log(NOON_LOG_ERROR, "cannot use the clock%s%s: %s",
			 c->kind == NOON_CLOCK_KIND_PHC ? " " : "",
			 c->kind == NOON_CLOCK_KIND_PHC ? c->device : "", noon_err_text(err));
	return err;
}

/* Their absence is told and survived: the kernel's stamps are there. */
static void open_hwstamps(struct noon_daemon *d)
{
	const char *why = "";
	const char *name = d->conf.hwtimestamp;
	noon_err err;

	if (name[0] == '\0')
		return;
	err = noon_hwstamp_open(name, &d->hw, &why);
	d->has_hw = !err;
	if (err)
		noon_log(NOON_LOG_WARNING,
			 "hwtimestamp %s: %s (%s): using the kernel's time stamps", name, why,
			 noon_err_text(err));
}

static noon_err make_engine(struct noon_daemon *d)
{
	struct noon_engine_conf conf = d->conf.engine;
	const noon_time h = noon_clock_now(d->clock);
	noon_freq drift = 0;
	noon_err err;

	d->engine = calloc(1, sizeof(*d->engine));
	if (d->engine == NULL)
		return NOON_ERR_OS;
	conf.start.h0 = h;
	conf.start.slew_end = h;
	conf.start.corr0 = noon_time_diff(noon_clock_disciplined(d->clock), h);
	if (d->conf.clock.kind != NOON_CLOCK_KIND_VIRTUAL &&
	    noon_store_read_drift(d->conf.state_dir, &drift) == NOON_OK)
		conf.start.rate = -drift;
	err = noon_engine_init(d->engine, &conf);
	if (err)
		noon_log(NOON_LOG_ERROR, "engine: %s", noon_err_text(err));
	return err;
}

static noon_err make_dir(const char *path, bool is_file)
{
	char dir[NOON_CONFIG_PATH_MAX];
	char *slash;

	(void)snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (is_file) {
		if (slash == NULL || slash == dir)
			return NOON_OK;
		*slash = '\0';
	}
	/* The folder of the control socket hides it; the page's must be reachable. */
	if (noon_dir_make(dir, 0755)) {
		noon_log(NOON_LOG_ERROR, "%s: cannot make the directory: %s", dir, strerror(errno));
		return NOON_ERR_OS;
	}
	return NOON_OK;
}

static noon_err make_dirs(const struct noon_config *c)
{
	noon_err err = make_dir(c->state_dir, false);

	/* Keys are kept there; the default of a user without privileges lies below /tmp, where
	 * anybody could have made it first. */
	if (!err && !noon_sandbox_is_ours(c->state_dir, c->user)) {
		noon_log(NOON_LOG_ERROR,
			 "%s: not used: other users can write there, or it is theirs or a link",
			 c->state_dir);
		err = NOON_ERR_PERM;
	}
	if (!err && c->control[0] != '\0')
		err = make_dir(c->control, true);
	if (!err && c->page[0] != '\0')
		err = make_dir(c->page, true);
	return err;
}

static noon_err take_lock(struct noon_lock *l, const char *what, const char *suffix)
{
	char path[NOON_CONFIG_PATH_MAX + 32];
	long holder = 0;
	noon_err err;

	(void)snprintf(path, sizeof(path), "%s%s", what, suffix);
	err = noon_lock_take(path, l, &holder);
	if (err == NOON_ERR_STATE)
		noon_log(NOON_LOG_ERROR, "%s: in use by another noonmarkd (process %ld)", what,
			 holder);
	else if (err)
		noon_log(NOON_LOG_ERROR, "%s: cannot lock: %s", path, strerror(errno));
	return err;
}

/* Before anything that a daemon shares is touched, so that a second one started by mistake leaves
 * clock, page and socket of the first alone. */
static noon_err take_locks(struct noon_daemon *d)
{
	noon_err err = make_dirs(&d->conf);

	err = err ? err : take_lock(&d->lock_state, d->conf.state_dir, "/lock");
	if (!err && d->conf.page[0] != '\0')
		err = take_lock(&d->lock_page, d->conf.page, ".lock");
	return err;
}

static noon_err make_files(struct noon_daemon *d)
{
	const struct noon_config *c = &d->conf;
	noon_err err = NOON_OK;

	if (c->page[0] != '\0') {
		err = noon_page_writer_new(c->page, &d->page);
		if (err)
			noon_log(NOON_LOG_ERROR, "%s: cannot share the clock page: %s", c->page,
				 strerror(errno));
	}
	if (!err && c->control[0] != '\0')
		err = noon_control_new(c->control, d, &d->control);
	return err;
}

noon_err noon_daemon_init(struct noon_daemon *d, const struct noon_config *conf,
			  enum noon_loop_backend backend)
{
	noon_err err;

	memset(d, 0, sizeof(*d));
	d->conf = *conf;
	d->lock_state.fd = -1;
	d->lock_page.fd = -1;
	d->tick = (struct noon_timer){.fire = on_tick, .arg = d};
	d->started_ns = noon_clock_read(CLOCK_REALTIME);
	(void)snprintf(d->hook.path, sizeof(d->hook.path), "%s", conf->hook);
	noon_actions_reset(&d->actions);
	noon_entropy_init(&d->entropy);
	noon_served_init(&d->served);
	noon_leap_plan_init(&d->local_leap);
	err = noon_aead_global_init();
	err = err ? err : noon_loop_new(backend, &d->loop);
	if (err) {
		noon_log(NOON_LOG_ERROR, "cannot start: %s", noon_err_text(err));
		return err;
	}
	err = take_locks(d);
	if (err)
		return err;
	open_hwstamps(d);
	noon_machine_watch_open(&d->machine, &d->conf.clock);
	d->served.vmclock = &d->machine.vmclock;
	err = make_clock(d);
	err = err ? err : make_engine(d);
	for (size_t i = 0; i < conf->n_sources && !err; i++)
		err = noon_daemon_guard_new(&d->conf, &d->conf.source[i].guard, &d->guard[i]);
	err = err ? err : make_files(d);
	return err ? err : noon_services_open(d);
}

noon_err noon_daemon_start(struct noon_daemon *d)
{
	noon_err err;

	d->host = (struct noon_source_host){
		.loop = d->loop,
		.clock = d->clock,
		.hw = d->has_hw ? &d->hw : NULL,
		.engine = d->engine,
		.rng = &d->entropy.rng,
		.state_dir = d->conf.state_dir,
		.ke_done = &d->ke_done,
		.no_cert_time_check = d->conf.no_cert_time_check,
		.on_exchange = on_exchange,
		.on_event = on_event,
		.on_ke = on_ke,
		.tai = tell_tai,
		.arg = d,
	};
	find_timescale(d);
	refresh(d);
	err = noon_services_start(d);
	for (size_t i = 0; i < d->conf.n_sources && !err; i++) {
		err = noon_daemon_source_init(&d->source[i], &d->host);
		if (!err && d->guard[i] != NULL)
			noon_engine_set_guard(d->engine, d->source[i].index, &d->guard[i]->guard);
	}
	for (size_t i = 0; i < d->conf.n_transmitters && !err; i++) {
		d->ptp[i]->on_finding = on_receiver_finding;
		d->ptp[i]->on_alarm = on_receiver_alarm;
		d->ptp[i]->arg = d;
		err = noon_ptp_service_start(d->ptp[i], d->clock, &d->entropy.rng);
	}
	err = err ? err : noon_ptp_ports_start(&d->ports);
	if (err)
		noon_log(NOON_LOG_ERROR, "cannot start: %s", noon_err_text(err));
	else
		refresh(d);
	return err;
}

static void save(struct noon_daemon *d)
{
	struct noon_reading r;

	for (size_t i = 0; i < d->conf.n_sources; i++)
		noon_daemon_source_save(&d->source[i]);
	if (!noon_daemon_has_sources(d) || d->conf.clock.kind == NOON_CLOCK_KIND_VIRTUAL)
		return;
	noon_daemon_reading(d, &r);
	if (r.state == NOON_STATE_OK && noon_store_save_drift(d->conf.state_dir, r.freq_error))
		noon_log(NOON_LOG_WARNING, "%s/drift: cannot write: %s", d->conf.state_dir,
			 strerror(errno));
}

void noon_daemon_fini(struct noon_daemon *d)
{
	if (d->engine != NULL && d->clock != NULL)
		save(d);
	for (size_t i = 0; i < d->conf.n_sources; i++)
		noon_daemon_source_fini(&d->source[i]);
	for (size_t i = 0; i < d->conf.n_transmitters; i++)
		noon_ptp_service_free(d->ptp[i]);
	noon_ptp_ports_fini(&d->ports);
	noon_control_free(d->control);
	noon_tsa_service_free(d->tsa);
	noon_ke_service_free(d->ke);
	noon_one_way_service_free(d->daytime);
	noon_one_way_service_free(d->time);
	noon_ntp_service_free(d->ntp);
	noon_page_writer_free(d->page);
	if (d->loop != NULL)
		noon_loop_disarm(&d->tick);
	noon_served_fini(&d->served);
	noon_machine_watch_close(&d->machine);
	noon_clock_free(d->clock);
	noon_entropy_fini(&d->entropy);
	noon_loop_free(d->loop);
	noon_hook_end(&d->hook);
	for (size_t i = 0; i < NOON_SOURCES_MAX; i++)
		free(d->guard[i]);
	free(d->engine);
	noon_lock_release(&d->lock_page);
	noon_lock_release(&d->lock_state);
	memset(d, 0, sizeof(*d));
}
