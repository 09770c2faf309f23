/* SPDX-License-Identifier: Apache-2.0
 *
 * Asking a PTP transmitter by unicast negotiation.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ask/asker_priv.h"

/* A question is short: what was granted is given back at its end. */
#define DURATION 60

static void take_sample(void *arg, const struct noon_sample *s)
{
	struct noon_asker *a = arg;

	a->on_sample(a->arg, s);
}

/* What came instead of an exchange, if anything came. */
static const char *why_missed(const struct noon_asker *a)
{
	const struct noon_ptp_receiver *m = &a->ptp.machine;

	for (unsigned i = 0; i < NOON_PTP_LEASES; i++)
		if (m->lease[i].denied)
			return "the transmitter denied a grant";
	if (m->counters.n[NOON_VERDICT_TIMESCALE] > 0)
		return "its timescale is arbitrary, or its UTC offset is not to be believed";
	if (m->counters.n[NOON_VERDICT_ACCURACY] > 0)
		return "it claims no accuracy";
	if (m->counters.n[NOON_VERDICT_STEPS] > 0)
		return "it is behind boundary clocks whose error nobody states";
	for (unsigned v = NOON_VERDICT_ACCEPTED + 1; v < NOON_VERDICTS; v++)
		if (m->counters.n[v] > 0 && v != NOON_VERDICT_MODE)
			return noon_verdict_word((enum noon_verdict)v);
	return m->state == NOON_PTP_LISTENING ? "no Announce" : "no answer";
}

static void take_miss(void *arg)
{
	struct noon_asker *a = arg;

	a->on_miss(a->arg, why_missed(a));
}

/* The interval of the profiles that is next to what was asked for. */
static int8_t log_of(noon_dur interval)
{
	const double log2_s = round(log2(noon_dur_to_s(interval)));

	if (log2_s < NOON_PTP_LOG_MIN)
		return NOON_PTP_LOG_MIN;
	if (log2_s > NOON_PTP_LOG_MAX)
		return NOON_PTP_LOG_MAX;
	return (int8_t)log2_s;
}

static noon_err open_port(struct noon_asker *a, const char **ret_why)
{
	struct noon_ptp_socket_conf conf = {
		.family = a->conf.family == AF_INET6 ? AF_INET6 : AF_INET,
		.ttl = 1,
		.event_port = NOON_PTP_EVENT_PORT,
		.general_port = NOON_PTP_GENERAL_PORT,
	};
	const char *what = "";
	int sys = 0;
	noon_err err;

	(void)snprintf(conf.interface, sizeof(conf.interface), "%s", a->conf.ptp->interface);
	err = noon_ptp_link_open(&a->port, a->loop, &conf, NULL, &what, &sys);
	if (err) {
		(void)snprintf(a->why, sizeof(a->why), "%s%s%s", what, sys != 0 ? ": " : "",
			       sys != 0 ? strerror(sys) : "");
		*ret_why = a->why;
	}
	return err ? err : noon_ptp_link_start(&a->port);
}

static noon_err load_keys(struct noon_asker *a, struct noon_ptp_policy *policy,
			  const char **ret_why)
{
	const struct noon_asker_ptp *c = a->conf.ptp;
	noon_err err;

	if (c->sa_file == NULL)
		return NOON_OK;
	*ret_why = a->why;
	err = noon_ptp_key_file_read(c->sa_file, &a->keys, a->why);
	err = err ? err : noon_ptp_key_file_check(c->sa_file, &a->keys, c->spp, c->key_id, a->why);
	*policy = (struct noon_ptp_policy){.keys = &a->keys, .spp = c->spp, .key_id = c->key_id};
	return err;
}

noon_err noon_asker_ptp_init(struct noon_asker *a, const char **ret_why)
{
	const struct noon_asker_ptp *c = a->conf.ptp;
	struct noon_ptp_receiver_conf m = noon_ptp_receiver_conf_default();
	noon_err err;

	a->port.event.fd = -1;
	a->port.general.fd = -1;
	a->port.sockets.event = -1;
	a->port.sockets.general = -1;
	m.rng = &a->entropy.rng;
	m.source = a->conf.source;
	noon_rng_fill(m.rng, m.port.self.clock, sizeof(m.port.self.clock));
	m.port.self.port = 1;
	m.port.domain = c->domain;
	m.unicast = true;
	m.log_announce = -1;
	m.log_sync = log_of(a->conf.interval);
	m.log_delay = m.log_sync;
	m.duration_s = DURATION;
	m.arbitrary_is_utc = c->arbitrary_is_utc;
	m.accuracy = c->accuracy;
	m.accuracy_per_step = c->accuracy_per_step;
	m.max_layover = NOON_S(64);
	err = load_keys(a, &m.policy, ret_why);
	m.policy.in_tunnel = c->tunnel != NULL;
	if (!err)
		err = c->tunnel != NULL ? noon_asker_tunnel_open(a, ret_why)
					: open_port(a, ret_why);
	a->ptp.on_sample = take_sample;
	a->ptp.on_miss = take_miss;
	a->ptp.arg = a;
	err = err ? err : noon_ptp_receiver_link_init(&a->ptp, &a->port, a->clock, &m);
	if (!err && c->utc_offset > 0)
		noon_ptp_receiver_set_tai(&a->ptp.machine, true, c->utc_offset);
	return err;
}

static void on_up(struct noon_asker *a)
{
	noon_ptp_receiver_link_start(&a->ptp, &a->transmitter);
}

void noon_asker_ptp_start(struct noon_asker *a, const struct noon_addr *peer)
{
	a->transmitter = *peer;
	if (a->conf.ptp->tunnel != NULL)
		noon_asker_tunnel_start(a, on_up);
	else
		on_up(a);
}

void noon_asker_ptp_fini(struct noon_asker *a)
{
	noon_ptp_receiver_link_fini(&a->ptp);
	if (a->port.loop != NULL)
		noon_ptp_link_close(&a->port);
	noon_asker_tunnel_fini(a);
	noon_ptp_keys_fini(&a->keys);
}
