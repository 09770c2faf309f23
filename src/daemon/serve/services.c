/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/serve/services.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "daemon/core/store.h"

void noon_services_init(struct noon_services *s, struct noon_config *conf)
{
	memset(s, 0, sizeof(*s));
	s->conf = conf;
	noon_served_init(&s->served);
}

static noon_err open_servers(struct noon_services *s, struct noon_loop *loop,
			     struct noon_entropy *entropy)
{
	struct noon_config *c = s->conf;
	struct noon_secret_nts_master master;
	noon_err err = NOON_OK;

	if (c->tsa.enabled)
		err = noon_tsa_service_new(&c->tsa, &s->served, &s->tsa);
	if (err || !c->server.enabled)
		return err;
	if (!c->ke.enabled)
		return noon_ntp_service_new(&c->server, loop, &s->served, NULL, 0, &s->ntp);
	err = noon_store_master(c->state_dir, &entropy->rng, &master);
	if (!err && c->ke.certificate[0] == '\0')
		err = noon_store_certificate(
			c->state_dir, noon_clock_read(CLOCK_REALTIME) / NOON_NS_PER_SEC, &c->ke);
	err = err ? err
		  : noon_ntp_service_new(&c->server, loop, &s->served, &master, c->ke.rotate,
					 &s->ntp);
	err = err ? err : noon_ke_service_new(&c->ke, loop, &s->served, &master, &s->ke);
	noon_wipe(&master, sizeof(master));
	return err;
}

/* They have sockets below 1024. */
static noon_err open_one_way(struct noon_services *s, struct noon_loop *loop)
{
	const struct noon_config *c = s->conf;
	noon_err err = NOON_OK;

	if (c->daytime.enabled)
		err = noon_one_way_service_new(&c->daytime, loop, &s->served, &s->daytime);
	if (!err && c->time.enabled)
		err = noon_one_way_service_new(&c->time, loop, &s->served, &s->time);
	return err;
}

noon_err noon_services_open(struct noon_services *s, struct noon_loop *loop,
			    struct noon_entropy *entropy, const struct noon_hwstamp *hw)
{
	noon_err err = open_servers(s, loop, entropy);

	err = err ? err : open_one_way(s, loop);
	noon_key_exchanges_init(&s->exchanges, loop, &entropy->rng, &s->served,
				s->conf->no_cert_time_check);
	s->tunnels.exchanges = &s->exchanges;
	s->ports.exchanges = &s->exchanges;
	s->tunnels.loop = loop;
	s->tunnels.rng = &entropy->rng;
	err = err ? err : noon_tunnels_open(&s->tunnels, s->conf);
	err = err ? err : noon_tunnels_serve_ntp(&s->tunnels, &s->conf->server, &s->served);
	s->ports.tunnels = &s->tunnels;
	s->ports.loop = loop;
	s->ports.rng = &entropy->rng;
	s->ports.hw = hw;
	return err;
}

noon_err noon_services_open_ptp(struct noon_services *s)
{
	noon_err err = NOON_OK;

	for (size_t i = 0; i < s->conf->n_transmitters && !err; i++)
		err = noon_ptp_service_new(s->conf, &s->conf->transmitter[i], &s->ports, &s->served,
					   &s->ptp[i]);
	return err;
}

noon_err noon_services_start(struct noon_services *s)
{
	noon_err err = NOON_OK;

	if (s->ntp != NULL)
		err = noon_ntp_service_start(s->ntp);
	if (!err && s->ke != NULL)
		err = noon_ke_service_start(s->ke);
	if (!err && s->tsa != NULL)
		err = noon_tsa_service_start(s->tsa);
	if (!err && s->daytime != NULL)
		err = noon_one_way_service_start(s->daytime);
	if (!err && s->time != NULL)
		err = noon_one_way_service_start(s->time);
	return err;
}

noon_err noon_services_start_ptp(struct noon_services *s, struct noon_clock *clock,
				 struct noon_rng *rng, const struct noon_services_ptp_host *host)
{
	noon_err err = noon_tunnels_start(&s->tunnels);

	for (size_t i = 0; i < s->conf->n_transmitters && !err; i++) {
		s->ptp[i]->on_finding = host->on_finding;
		s->ptp[i]->on_alarm = host->on_alarm;
		s->ptp[i]->arg = host->arg;
		err = noon_ptp_service_start(s->ptp[i], clock, rng);
	}
	err = err ? err : noon_ptp_ports_start(&s->ports);
	return err ? err : noon_key_exchanges_start(&s->exchanges, clock);
}

void noon_services_tell_ptp(struct noon_services *s, const struct noon_ptp_served *what)
{
	for (size_t i = 0; i < s->conf->n_transmitters; i++)
		if (s->ptp[i] != NULL && s->ptp[i]->clock != NULL)
			noon_ptp_service_tell(s->ptp[i], what);
}

void noon_services_receivers(const struct noon_services *s, struct noon_alert_receivers *ret)
{
	size_t n = 0;

	*ret = (struct noon_alert_receivers){0};
	for (size_t i = 0; i < s->conf->n_transmitters; i++) {
		const struct noon_ptp_service *p = s->ptp[i];

		for (size_t k = 0; p != NULL && k < p->conf->n_watch; k++) {
			ret->findings |= p->watch[k].findings.active;
			if ((p->alarms >> k & 1) && n < sizeof(ret->alarmed))
				n += (size_t)snprintf(ret->alarmed + n, sizeof(ret->alarmed) - n,
						      "%s ", p->conf->watch[k].guard.name);
		}
	}
}

bool noon_services_accept(struct noon_services *s, const char *identity)
{
	bool any = false;

	for (size_t i = 0; i < NOON_CONFIG_TRANSMITTERS_MAX; i++)
		if (s->ptp[i] != NULL)
			any = noon_ptp_service_accept(s->ptp[i], identity) || any;
	return any;
}

void noon_services_reload(struct noon_services *s)
{
	if (s->ke != NULL)
		noon_ke_service_reload(s->ke);
	noon_tsa_service_reload(s->tsa);
	for (size_t i = 0; i < s->conf->n_transmitters; i++)
		noon_ptp_service_reload(s->ptp[i], s->conf);
	noon_key_exchanges_reload(&s->exchanges);
	(void)!noon_ptp_ports_reload(&s->ports); /* logged */
}

noon_err noon_services_reload_keys(struct noon_services *s)
{
	return s->ports.n_files == 0 ? NOON_ERR_EMPTY : noon_ptp_ports_reload(&s->ports);
}

void noon_services_end_ptp(struct noon_services *s)
{
	noon_key_exchanges_fini(&s->exchanges);
	for (size_t i = 0; i < NOON_CONFIG_TRANSMITTERS_MAX; i++) {
		noon_ptp_service_free(s->ptp[i]);
		s->ptp[i] = NULL;
	}
	noon_ptp_ports_fini(&s->ports);
	noon_tunnels_fini(&s->tunnels);
}

void noon_services_fini(struct noon_services *s)
{
	noon_tsa_service_free(s->tsa);
	noon_ke_service_free(s->ke);
	noon_one_way_service_free(s->daytime);
	noon_one_way_service_free(s->time);
	noon_ntp_service_free(s->ntp);
	noon_served_fini(&s->served);
}
