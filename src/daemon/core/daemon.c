/* SPDX-License-Identifier: Apache-2.0
 *
 * From an event to the clock, the page and the servers.
 */
#include "daemon/core/daemon.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/core/daemon_priv.h"
#include "daemon/core/store.h"
#include "daemon/report/log.h"
#include "daemon/report/status.h"
#include "daemon/source/cycles.h"
#include "daemon/source/duplicates.h"
#include "platform/notify.h"

/* Page, server snapshot and the checks of the clock are renewed at this interval. */
#define TICK NOON_S(1)

static const char *source_name(const struct noon_daemon *d, uint32_t index)
{
	for (size_t i = 0; i < d->conf.n_sources; i++)
		if (d->source[i].up && d->source[i].index == index)
			return d->conf.source[i].host;
	return "-";
}

/* Findings start rarely: the engine reports each once when it starts. */
static void take_findings(struct noon_daemon *d, struct noon_actions *out)
{
	for (size_t i = 0; i < out->n; i++) {
		const struct noon_action *a = &out->a[i];

		if (a->kind == NOON_ACTION_FINDING)
			noon_events_add_finding(&d->events, &a->finding,
						source_name(d, a->finding.source));
	}
	noon_actions_reset(out);
}

/* A transmitter of ours found something on the path to a receiver: report it; our own clock is not
 * affected. */
static void on_receiver_finding(void *arg, const char *who, const struct noon_finding *f)
{
	struct noon_daemon *d = arg;

	noon_events_add_finding(&d->events, f, who);
}

static void read_clock(const struct noon_daemon *d, struct noon_reading *ret)
{
	if (noon_daemon_has_sources(d))
		noon_steering_reading(&d->steering, ret);
	else
		noon_steering_local_reading(d->clock, ret);
}

static void tell_state(struct noon_daemon *d, const struct noon_reading *r)
{
	struct noon_alert_receivers receivers;
	char text[64];

	if (r->state == d->alert.state)
		return;
	noon_events_add_state(&d->events, r->state);
	noon_services_receivers(&d->services, &receivers);
	noon_alert_state(&d->alert, r, &receivers);
	noon_tsa_service_tell_state(d->services.tsa, r->state, r->bound);
	(void)snprintf(text, sizeof(text), "STATUS=%s", noon_state_word(r->state));
	noon_notify(text);
}

/* Page and servers must not continue with dropped data, whoever detected the disruption. */
static void publish_restart(struct noon_daemon *d)
{
	struct noon_reading r;

	noon_engine_reading(d->engine, noon_clock_now(d->clock), &r);
	tell_state(d, &r);
	noon_daemon_publish(d, &r);
}

static void on_disrupted(struct noon_daemon *d, const struct noon_disruption_seen *seen,
			 noon_time now)
{
	char what[192];

	noon_disruption_say(seen, what, sizeof(what));
	noon_log(NOON_LOG_WARNING,
		 "%s: the clock may have jumped; what was measured before is dropped, and the "
		 "daemon "
		 "starts again by itself",
		 what);
	noon_tsa_service_tell(d->services.tsa, "the machine was disrupted");
	noon_engine_on_discontinuity(d->engine, now, NOON_DISCONTINUITY_DISRUPTED, &d->actions);
}

static void on_suspended(struct noon_daemon *d, noon_dur size, noon_time now)
{
	noon_log(NOON_LOG_WARNING, "the machine was suspended for %.3f s", noon_dur_to_s(size));
	noon_tsa_service_tell(d->services.tsa, "the machine was suspended");
	noon_engine_on_discontinuity(d->engine, now, NOON_DISCONTINUITY_SUSPENDED, &d->actions);
}

static void on_stepped(struct noon_daemon *d, noon_dur size, noon_time now)
{
	noon_log(NOON_LOG_WARNING, "somebody else stepped the clock by %.9f s",
		 noon_dur_to_s(size));
	noon_tsa_service_tell(d->services.tsa, "stepped by somebody else");
	noon_engine_on_discontinuity(d->engine, now, NOON_DISCONTINUITY_STEPPED, &d->actions);
}

/* Check for steps and disruptions of the clock or of the scale of the stamps, and handle them.
 * Returns whether all measurements and outstanding requests were dropped. */
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
	/* A hypervisor may report what the kernel has counted. */
	if (is == NOON_CLOCK_SUSPENDED)
		on_suspended(d, size, now);
	else if (disrupted)
		on_disrupted(d, &seen, now);
	take_findings(d, &d->actions);
	if (is != NOON_CLOCK_SUSPENDED && !disrupted)
		return false;
	publish_restart(d);
	/* Outstanding requests were sent before: their times are on two scales. */
	for (size_t i = 0; i < d->conf.n_sources; i++)
		noon_daemon_source_woke(&d->source[i]);
	return true;
}

static void check_local(struct noon_daemon *d)
{
	const struct noon_local_clock_seen seen =
		noon_local_clock_check(&d->local, d->clock, &d->machine);

	if (seen.stepped != NULL)
		noon_tsa_service_tell(d->services.tsa, seen.stepped);
	if (seen.disrupted != NULL)
		noon_tsa_service_tell(d->services.tsa, seen.disrupted);
}

static void tell_recovery(struct noon_daemon *d, const struct noon_reading *r)
{
	struct noon_recovery_report now;
	struct noon_alert_receivers receivers;

	if (!noon_daemon_has_sources(d))
		return;
	noon_engine_recovery(d->engine, noon_clock_now(d->clock), &now);
	if (!noon_recovery_log(&d->told_recovery, &now, d->conf.engine.wander))
		return;
	noon_services_receivers(&d->services, &receivers);
	noon_alert_finding(&d->alert, r, &receivers);
}

static void tell_receivers(struct noon_daemon *d, const struct noon_reading *r)
{
	struct noon_alert_receivers receivers;

	if (!d->receivers_changed)
		return;
	d->receivers_changed = false;
	noon_services_receivers(&d->services, &receivers);
	noon_alert_receivers_changed(&d->alert, r, &receivers);
}

static void tell_limit(struct noon_daemon *d, const struct noon_reading *r)
{
	const struct noon_limits_input in = noon_daemon_limits(d, r);

	noon_alert_limit(&d->alert, &in);
}

static noon_dur until_next(struct noon_daemon *d, const struct noon_reading *r)
{
	const struct noon_line line = noon_engine_line(d->engine);
	const noon_time engine = noon_engine_deadline(d->engine);
	/* An event must not postpone the tick: events may be more frequent than ticks. */
	noon_time due = noon_time_min(noon_time_add(r->h, TICK), d->tick_at);

	/* The maps are straight lines: renew them where the line bends. */
	if (noon_time_before(r->h, line.slew_end))
		due = noon_time_min(due, line.slew_end);
	if (!noon_time_is_never(engine) && noon_time_before(r->h, engine))
		due = noon_time_min(due, engine);
	return noon_time_before(r->h, due) ? noon_time_diff(due, r->h) : 0;
}

static bool tell_tai(void *arg, int16_t *ret)
{
	const struct noon_daemon *d = arg;

	*ret = d->tai.offset;
	return d->tai.known;
}

/* Determine TAI - UTC, and pass future leap seconds to the engine. */
static void find_timescale(struct noon_daemon *d)
{
	noon_timescale_find(&d->tai, &d->conf, noon_clock_disciplined(d->clock));
	noon_engine_set_leap_list(d->engine, &d->tai.leap);
}

/* The engine has carried a leap second out. */
static void on_leap(struct noon_daemon *d)
{
	const noon_dur shift = d->engine->leap_shift;

	d->leaps = d->engine->leaps;
	noon_log(NOON_LOG_NOTICE, "leap second: the UTC count moves by %+.0f s",
		 noon_dur_to_s(shift));
	noon_tsa_service_tell(d->services.tsa, shift < 0 ? "a leap second was inserted"
							 : "a leap second was left out");
	noon_steering_leap(&d->steering, shift);
}

/* TAI - UTC changes with a leap second. */
static void steer(struct noon_daemon *d)
{
	const bool leapt = d->engine->leaps != d->leaps;

	if (leapt)
		on_leap(d);
	if (noon_steering_follow(&d->steering))
		noon_tsa_service_tell(d->services.tsa, "stepped");
	if (leapt)
		find_timescale(d);
}

/* After any event that may change the engine's view; the clock has been checked. */
static void refresh(struct noon_daemon *d)
{
	struct noon_reading r;

	if (noon_daemon_has_sources(d))
		steer(d);
	read_clock(d, &r);
	tell_state(d, &r);
	tell_recovery(d, &r);
	tell_limit(d, &r);
	tell_receivers(d, &r);
	noon_daemon_publish(d, &r);
	if (!d->ready) {
		d->ready = true;
		noon_notify("READY=1");
	}
	noon_loop_arm(d->loop, &d->tick, until_next(d, &r));
	noon_machine_watch_expect(&d->machine, TICK);
}

/* A client that asks right after a resume or a step must not get an old answer. */
static void check_and_refresh(struct noon_daemon *d)
{
	if (noon_daemon_has_sources(d))
		(void)check_clock(d);
	refresh(d);
}

static void on_receiver_alarm(void *arg)
{
	struct noon_daemon *d = arg;

	d->receivers_changed = true;
	check_and_refresh(d);
}

/* After an event: update the timers when the engine wants all sources soon. */
static void follow_poll_requests(struct noon_daemon *d)
{
	const uint32_t poll_requests = noon_engine_poll_requests(d->engine);

	if (poll_requests == d->poll_requests)
		return;
	d->poll_requests = poll_requests;
	for (size_t i = 0; i < d->conf.n_sources; i++)
		noon_daemon_source_poll_soon(&d->source[i]);
}

static void on_event(void *arg, struct noon_actions *out)
{
	struct noon_daemon *d = arg;

	follow_poll_requests(d);
	take_findings(d, out);
	check_and_refresh(d);
}

/* Before the exchange is used: a machine with a second name would have two votes. An exchange that
 * spans a disruption is invalid: it must not be the first after the restart. */
static bool on_exchange(void *arg, const struct noon_daemon_source *s)
{
	struct noon_daemon *d = arg;

	if (check_clock(d))
		return false;
	noon_duplicates_find(d->source, d->conf.n_sources, (size_t)(s - d->source));
	return true;
}

static void on_ke(void *arg)
{
	struct noon_daemon *d = arg;

	d->ke_done++;
}

static void on_tick(void *arg)
{
	struct noon_daemon *d = arg;

	d->tick_at = noon_time_add(noon_clock_now(d->clock), TICK);
	find_timescale(d);
	for (size_t i = 0; i < d->conf.n_sources; i++)
		noon_daemon_source_tick(&d->source[i]);
	if (noon_daemon_has_sources(d)) {
		(void)check_clock(d);
		noon_engine_on_timer(d->engine, noon_clock_now(d->clock), &d->actions);
		follow_poll_requests(d);
		take_findings(d, &d->actions);
	} else {
		check_local(d);
	}
	noon_alert_tend(&d->alert);
	refresh(d);
}

static json_t *control_status(void *arg)
{
	struct noon_daemon *d = arg;
	struct noon_reading r;

	if (noon_daemon_has_sources(d))
		(void)check_clock(d);
	read_clock(d, &r);
	const struct noon_status_input in = {
		.limits = noon_daemon_limits(d, &r),
		.clock = d->clock,
		.engine = d->engine,
		.source = d->source,
		.services = &d->services,
		.events = &d->events,
	};
	return noon_status_json(&in);
}

static noon_err control_step(void *arg)
{
	struct noon_daemon *d = arg;
	noon_err err;

	if (!noon_daemon_has_sources(d))
		return NOON_ERR_EMPTY;
	(void)check_clock(d);
	err = noon_engine_step(d->engine, noon_clock_now(d->clock));
	if (err)
		return err;
	/* The real clock may be off the line even if the line was not stepped. */
	err = noon_steering_step(&d->steering);
	check_and_refresh(d);
	return err;
}

static noon_err control_accept(void *arg, const char *name)
{
	struct noon_daemon *d = arg;
	const noon_time now = noon_clock_now(d->clock);

	if (name == NULL) {
		noon_engine_accept(d->engine, NOON_SOURCE_NONE, now);
		(void)noon_services_accept(&d->services, NULL);
		return NOON_OK;
	}
	if (noon_services_accept(&d->services, name))
		return NOON_OK;
	for (size_t i = 0; i < d->conf.n_sources; i++) {
		if (strcmp(d->conf.source[i].host, name) != 0 || !d->source[i].up)
			continue;
		noon_engine_accept(d->engine, d->source[i].index, now);
		return NOON_OK;
	}
	return NOON_ERR_NOT_FOUND;
}

static noon_err control_reload_keys(void *arg)
{
	struct noon_daemon *d = arg;

	return noon_services_reload_keys(&d->services);
}

static const struct noon_control_ops control_ops = {
	.status = control_status,
	.step = control_step,
	.accept = control_accept,
	.reload_keys = control_reload_keys,
};

noon_err noon_daemon_new(const struct noon_config *conf, enum noon_loop_backend backend,
			 struct noon_daemon **ret)
{
	struct noon_daemon *d = calloc(1, sizeof(*d));
	noon_err err;

	*ret = NULL;
	if (d == NULL)
		return NOON_ERR_OS;
	d->conf = *conf;
	d->lock_state.fd = -1;
	d->lock_page.fd = -1;
	d->tick = (struct noon_timer){.fire = on_tick, .arg = d};
	noon_actions_reset(&d->actions);
	noon_entropy_init(&d->entropy);
	noon_services_init(&d->services, &d->conf);
	noon_local_clock_init(&d->local);
	noon_alert_init(&d->alert, conf->hook, conf->engine.alert_limit);
	err = noon_daemon_setup(d, backend, &control_ops);
	if (err)
		noon_daemon_free(d);
	else
		*ret = d;
	return err;
}

static void fill_host(struct noon_daemon *d)
{
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
}

noon_err noon_daemon_start(struct noon_daemon *d)
{
	const struct noon_services_ptp_host ptp = {
		.on_finding = on_receiver_finding,
		.on_alarm = on_receiver_alarm,
		.arg = d,
	};
	noon_err err;

	fill_host(d);
	find_timescale(d);
	check_and_refresh(d);
	err = noon_services_start(&d->services);
	for (size_t i = 0; i < d->conf.n_sources && !err; i++)
		err = noon_daemon_source_start(&d->source[i], &d->host);
	err = err ? err : noon_daemon_cycles_start(d->source, d->conf.n_sources);
	err = err ? err : noon_services_start_ptp(&d->services, d->clock, &d->entropy.rng, &ptp);
	if (err)
		noon_log(NOON_LOG_ERROR, "cannot start: %s", noon_err_text(err));
	else
		check_and_refresh(d);
	return err;
}

struct noon_loop *noon_daemon_loop(struct noon_daemon *d)
{
	return d->loop;
}

const char *noon_daemon_clock_name(const struct noon_daemon *d)
{
	return d->clock->ops->name;
}

void noon_daemon_reload(struct noon_daemon *d)
{
	for (size_t i = 0; i < d->conf.n_sources; i++)
		noon_daemon_source_reload(&d->source[i], &d->conf);
	noon_services_reload(&d->services);
}

static void save(struct noon_daemon *d)
{
	struct noon_reading r;

	for (size_t i = 0; i < d->conf.n_sources; i++)
		noon_daemon_source_save(&d->source[i]);
	if (!noon_daemon_has_sources(d) || d->conf.clock.kind == NOON_CLOCK_KIND_VIRTUAL)
		return;
	(void)check_clock(d);
	read_clock(d, &r);
	if (r.state == NOON_STATE_OK && noon_store_save_drift(d->conf.state_dir, r.freq_error))
		noon_log(NOON_LOG_WARNING, "%s/drift: cannot write: %s", d->conf.state_dir,
			 strerror(errno));
}

void noon_daemon_free(struct noon_daemon *d)
{
	if (d == NULL)
		return;
	if (d->engine != NULL && d->clock != NULL)
		save(d);
	for (size_t i = 0; i < d->conf.n_sources; i++)
		noon_daemon_source_fini(&d->source[i]);
	noon_services_end_ptp(&d->services);
	noon_control_free(d->control);
	noon_page_writer_free(d->page);
	if (d->loop != NULL)
		noon_loop_disarm(&d->tick);
	noon_services_fini(&d->services);
	noon_machine_watch_close(&d->machine);
	noon_clock_free(d->clock);
	noon_entropy_fini(&d->entropy);
	noon_loop_free(d->loop);
	noon_alert_fini(&d->alert);
	free(d->engine);
	noon_lock_release(&d->lock_page);
	noon_lock_release(&d->lock_state);
	free(d);
}
