/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/source/ptp_source.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/report/log.h"

/* Between attempts to resolve a name that failed. */
#define RETRY_RESOLVE NOON_S(30)

static void on_sample(void *arg, const struct noon_sample *x)
{
	struct noon_daemon_source *s = arg;

	if (!s->told_stamps) {
		s->told_stamps = true;
		if (x->tx_stamp == NOON_STAMP_USER || x->rx_stamp == NOON_STAMP_USER)
			noon_log(NOON_LOG_WARNING,
				 "source %s: no kernel time stamps on %s: the program's own are "
				 "used, the bound is wider",
				 s->conf->host,
				 x->tx_stamp == NOON_STAMP_USER ? "Delay_Req" : "Sync");
	}
	s->misses = 0;
	if (s->host->on_exchange(s->host->arg, s))
		noon_engine_on_sample(s->host->engine, x, noon_clock_now(s->host->clock),
				      &s->events);
	s->host->on_event(s->host->arg, &s->events);
}

static void on_miss(void *arg)
{
	struct noon_daemon_source *s = arg;

	s->misses++;
	noon_engine_on_miss(s->host->engine, s->index, noon_clock_now(s->host->clock), &s->events);
	s->host->on_event(s->host->arg, &s->events);
}

static void on_declared(void *arg, const struct noon_declared *d)
{
	struct noon_daemon_source *s = arg;

	if (noon_engine_declare(s->host->engine, s->index, d, noon_clock_now(s->host->clock),
				&s->events))
		s->host->on_event(s->host->arg, &s->events);
}

static void resolve(struct noon_daemon_source *s);

static void on_retry(void *arg)
{
	resolve(arg);
}

static void on_resolved(void *arg, const struct noon_addr *list, size_t n, const char *why)
{
	struct noon_daemon_source *s = arg;

	s->resolve = NULL;
	if (n == 0) {
		noon_log(NOON_LOG_WARNING, "source %s: transmitter %s: %s", s->conf->host,
			 s->conf->ptp.transmitter, why);
		noon_loop_arm(s->host->loop, &s->retry, RETRY_RESOLVE);
		return;
	}
	noon_ptp_receiver_link_start(s->ptp, &list[0]);
}

static void resolve(struct noon_daemon_source *s)
{
	if (s->resolve == NULL)
		s->resolve =
			noon_resolve_start(s->host->loop, s->conf->ptp.transmitter,
					   NOON_PTP_EVENT_PORT, s->conf->family, on_resolved, s);
}

noon_err noon_ptp_source_open(struct noon_daemon_source *s, struct noon_ptp_ports *ports)
{
	const struct noon_config_ptp_port *conf = &s->conf->ptp.port;
	const noon_err err = noon_ptp_ports_open(ports, conf, s->conf->host, &s->port);

	return err ? err : noon_ptp_ports_keys(ports, conf, s->conf->host, &s->keys);
}

noon_err noon_ptp_source_init(struct noon_daemon_source *s)
{
	const struct noon_config_ptp_receiver *c = &s->conf->ptp;
	struct noon_ptp_receiver_conf machine = c->machine;
	noon_err err;

	s->ptp = calloc(1, sizeof(*s->ptp));
	if (s->ptp == NULL)
		return NOON_ERR_OS;
	s->retry = (struct noon_timer){.fire = on_retry, .arg = s};
	s->ptp->on_sample = on_sample;
	s->ptp->on_miss = on_miss;
	s->ptp->on_declared = on_declared;
	s->ptp->arg = s;
	err = noon_engine_add_source(s->host->engine, &s->conf->engine, &s->index);
	machine.rng = s->host->rng;
	machine.source = s->index;
	machine.port = noon_ptp_ports_identity(s->port);
	machine.port.sdo_id = c->port.sdo_id;
	machine.port.domain = c->port.domain;
	machine.policy = (struct noon_ptp_policy){
		.keys = s->keys, .spp = c->port.spp, .key_id = c->port.key_id};
	err = err ? err
		  : noon_ptp_receiver_link_init(s->ptp, &s->port->link, s->host->clock, &machine);
	if (err) {
		free(s->ptp);
		s->ptp = NULL;
		return err;
	}
	s->up = true;
	noon_ptp_source_tick(s, NOON_PTP_VERDICT_NONE);
	if (machine.unicast)
		resolve(s);
	else
		noon_ptp_receiver_link_start(s->ptp, NULL);
	return NOON_OK;
}

void noon_ptp_source_tick(struct noon_daemon_source *s, uint8_t guard)
{
	int16_t offset = 0;
	const bool known = s->host->tai(s->host->arg, &offset);

	noon_ptp_receiver_set_tai(&s->ptp->machine, known, offset);
	noon_ptp_receiver_set_verdict(&s->ptp->machine, guard);
}

void noon_ptp_source_tell(struct noon_daemon_source *s, const struct noon_reading *r)
{
	struct noon_ptp_utc utc;

	if (!s->up || s->ptp == NULL)
		return;
	utc = (struct noon_ptp_utc){
		.known = r->bound != NOON_DUR_MAX,
		.h = r->h,
		.until = r->rates_until,
		.lower = noon_sat_add(r->corr, r->lower),
		.upper = noon_sat_add(r->corr, r->upper),
		.offset = noon_sat_add(r->lower, noon_sat_sub(r->upper, r->lower) / 2),
		.lower_rate = r->lower_rate,
		.upper_rate = r->upper_rate,
		.max_rate = s->host->engine->conf.max_rate_error,
		.state = (uint8_t)r->state,
	};
	noon_ptp_receiver_set_utc(&s->ptp->machine, &utc);
}

void noon_ptp_source_fini(struct noon_daemon_source *s)
{
	noon_ptp_receiver_link_fini(s->ptp);
	free(s->ptp);
	s->ptp = NULL;
	s->up = false;
}
