/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/source/ptp_source.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/report/log.h"
#include "daemon/report/status_ptp.h"
#include "daemon/report/status_tunnel.h"

/* Between attempts to resolve a name that failed. */
#define RETRY_RESOLVE NOON_S(30)

static void on_sample(void *arg, const struct noon_sample *x)
{
	struct noon_daemon_source *s = arg;

	noon_source_take_sample(s, x, "Delay_Req", "Sync");
	s->host->on_event(s->host->arg, &s->events);
}

static void on_miss(void *arg)
{
	struct noon_daemon_source *s = arg;

	noon_source_take_miss(s);
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
	noon_ptp_receiver_link_start(s->u.ptp.link, &list[0]);
	if (s->u.ptp.taker.exchange != NULL)
		noon_key_exchange_ask(s->u.ptp.taker.exchange, &list[0]);
}

static void resolve(struct noon_daemon_source *s)
{
	if (s->resolve == NULL)
		s->resolve =
			noon_resolve_start(s->host->loop, s->conf->ptp.transmitter,
					   NOON_PTP_EVENT_PORT, s->conf->family, on_resolved, s);
}

static noon_err open_port(struct noon_daemon_source *s, struct noon_ptp_ports *ports)
{
	const struct noon_config_ptp_port *conf = &s->conf->ptp.port;
	noon_err err = noon_ptp_ports_open(ports, conf, s->conf->host, &s->u.ptp.port);

	err = err ? err : noon_ptp_ports_keys(ports, conf, s->conf->host, &s->u.ptp.keys);
	err = err ? err
		  : noon_ptp_taker_open(&s->u.ptp.taker, conf, s->conf->host, ports->exchanges);
	if (!err && s->u.ptp.taker.exchange != NULL)
		s->u.ptp.keys = &s->u.ptp.taker.keys;
	return err;
}

static void on_keys(void *arg)
{
	struct noon_daemon_source *s = arg;

	noon_ptp_receiver_link_kick(s->u.ptp.link);
}

static void tell_tai(struct noon_daemon_source *s)
{
	int16_t offset = 0;
	const bool known = s->host->tai(s->host->arg, &offset);

	noon_ptp_receiver_set_tai(&s->u.ptp.link->machine, known, offset);
}

static void tick(struct noon_daemon_source *s)
{
	tell_tai(s);
	noon_ptp_receiver_set_verdict(&s->u.ptp.link->machine,
				      s->guard == NULL
					      ? NOON_PTP_VERDICT_NONE
					      : (uint8_t)noon_daemon_guard_state(s->guard));
}

static noon_err start(struct noon_daemon_source *s)
{
	const struct noon_config_ptp_receiver *c = &s->conf->ptp;
	struct noon_ptp_receiver_conf machine = c->machine;
	noon_err err;

	s->u.ptp.link = calloc(1, sizeof(*s->u.ptp.link));
	if (s->u.ptp.link == NULL)
		return NOON_ERR_OS;
	s->retry = (struct noon_timer){.fire = on_retry, .arg = s};
	s->u.ptp.link->on_sample = on_sample;
	s->u.ptp.link->on_miss = on_miss;
	s->u.ptp.link->on_declared = on_declared;
	s->u.ptp.link->arg = s;
	s->u.ptp.taker.machine = &s->u.ptp.link->machine;
	s->u.ptp.taker.on_keys = on_keys;
	s->u.ptp.taker.arg = s;
	err = noon_engine_add_source(s->host->engine, &s->conf->engine, &s->index);
	machine.rng = s->host->rng;
	machine.source = s->index;
	machine.port = noon_ptp_ports_identity(s->u.ptp.port);
	machine.port.sdo_id = c->port.sdo_id;
	machine.port.domain = c->port.domain;
	machine.policy = (struct noon_ptp_policy){.keys = s->u.ptp.keys,
						  .spp = c->port.spp,
						  .key_id = c->port.key_id,
						  .in_tunnel = c->port.in_tunnel};
	err = err ? err
		  : noon_ptp_receiver_link_init(s->u.ptp.link, &s->u.ptp.port->link, s->host->clock,
						&machine);
	if (err) {
		free(s->u.ptp.link);
		s->u.ptp.link = NULL;
		return err;
	}
	tick(s);
	if (machine.unicast)
		resolve(s);
	else
		noon_ptp_receiver_link_start(s->u.ptp.link, NULL);
	return NOON_OK;
}

static void resumed(struct noon_daemon_source *s)
{
	noon_ptp_receiver_link_forget(s->u.ptp.link);
}

static void tell(struct noon_daemon_source *s, const struct noon_reading *r)
{
	const struct noon_ptp_utc utc = {
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
	noon_ptp_receiver_set_utc(&s->u.ptp.link->machine, &utc);
}

static void stop(struct noon_daemon_source *s)
{
	noon_ptp_receiver_link_fini(s->u.ptp.link);
	free(s->u.ptp.link);
	noon_ptp_taker_close(&s->u.ptp.taker);
}

static void identity(const struct noon_daemon_source *s, struct noon_source_identity *ret)
{
	const struct noon_ptp_foreign *f = noon_ptp_receiver_parent(&s->u.ptp.link->machine);

	if (f == NULL)
		return;
	ret->transmitter = f->peer;
	ret->domain = s->conf->ptp.port.domain;
	memcpy(ret->clock, f->set.sender.clock, sizeof(ret->clock));
}

static uint32_t ref_id(const struct noon_daemon_source *s, const struct noon_sample *last)
{
	(void)s;
	return last->ref_id;
}

static void traffic(const struct noon_daemon_source *s, struct noon_source_traffic *ret)
{
	const struct noon_ptp_receiver *m = &s->u.ptp.link->machine;

	noon_ptp_peer_addr(&m->conf.peer, NOON_PTP_EVENT_PORT, &ret->peer);
	ret->sent = m->n_requests;
	ret->counters = &m->counters;
}

static void status(const struct noon_daemon_source *s, json_t *o)
{
	json_t *ptp = noon_status_ptp_receiver(&s->u.ptp.link->machine, s->u.ptp.port,
					       noon_clock_now(s->host->clock));

	(void)json_object_set_new(o, "nts", json_null());
	if (ptp != NULL && s->u.ptp.taker.exchange != NULL)
		(void)json_object_set_new(
			ptp, "exchange",
			noon_status_exchange(s->u.ptp.taker.exchange, noon_mono_now()));
	(void)json_object_set_new(o, "ptp", ptp);
}

const struct noon_source_ops noon_ptp_source_ops = {
	.open = open_port,
	.start = start,
	.tick = tick,
	.resumed = resumed,
	.tell = tell,
	.stop = stop,
	.identity = identity,
	.ref_id = ref_id,
	.traffic = traffic,
	.status = status,
};
