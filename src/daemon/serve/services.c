/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/serve/services.h"

#include <time.h>

#include "daemon/core/daemon.h"
#include "daemon/core/store.h"

static noon_err make_servers(struct noon_daemon *d)
{
	struct noon_secret_nts_master master;
	noon_err err = NOON_OK;

	if (d->conf.tsa.enabled)
		err = noon_tsa_service_new(&d->conf.tsa, &d->served, &d->tsa);
	if (err || !d->conf.server.enabled)
		return err;
	if (!d->conf.ke.enabled)
		return noon_ntp_service_new(&d->conf.server, d->loop, &d->served, NULL, 0, &d->ntp);
	err = noon_store_master(d->conf.state_dir, &d->entropy.rng, &master);
	if (!err && d->conf.ke.certificate[0] == '\0')
		err = noon_store_certificate(d->conf.state_dir,
					     noon_clock_read(CLOCK_REALTIME) / NOON_NS_PER_SEC,
					     &d->conf.ke);
	err = err ? err
		  : noon_ntp_service_new(&d->conf.server, d->loop, &d->served, &master,
					 d->conf.ke.rotate, &d->ntp);
	err = err ? err : noon_ke_service_new(&d->conf.ke, d->loop, &d->served, &master, &d->ke);
	noon_wipe(&master, sizeof(master));
	return err;
}

/* They have sockets below 1024. */
static noon_err make_one_way(struct noon_daemon *d)
{
	noon_err err = NOON_OK;

	if (d->conf.daytime.enabled)
		err = noon_one_way_service_new(&d->conf.daytime, d->loop, &d->served, &d->daytime);
	if (!err && d->conf.time.enabled)
		err = noon_one_way_service_new(&d->conf.time, d->loop, &d->served, &d->time);
	return err;
}

static noon_err start_one_way(struct noon_daemon *d)
{
	noon_err err = NOON_OK;

	if (d->daytime != NULL)
		err = noon_one_way_service_start(d->daytime);
	if (!err && d->time != NULL)
		err = noon_one_way_service_start(d->time);
	return err;
}

/* Sockets below 1024 and files that only root reads. */
static noon_err open_ptp(struct noon_daemon *d)
{
	noon_err err = NOON_OK;

	d->ports.loop = d->loop;
	d->ports.rng = &d->entropy.rng;
	d->ports.hw = d->has_hw ? &d->hw : NULL;
	for (size_t i = 0; i < d->conf.n_sources && !err; i++)
		err = noon_daemon_source_open(&d->source[i], &d->conf.source[i], &d->ports);
	for (size_t i = 0; i < d->conf.n_transmitters && !err; i++)
		err = noon_ptp_service_new(&d->conf, &d->conf.transmitter[i], &d->ports, &d->served,
					   &d->ptp[i]);
	return err;
}

noon_err noon_services_open(struct noon_daemon *d)
{
	noon_err err = make_servers(d);

	err = err ? err : make_one_way(d);
	return err ? err : open_ptp(d);
}

noon_err noon_services_start(struct noon_daemon *d)
{
	noon_err err = NOON_OK;

	if (d->ntp != NULL)
		err = noon_ntp_service_start(d->ntp);
	if (!err && d->ke != NULL)
		err = noon_ke_service_start(d->ke);
	if (!err && d->tsa != NULL)
		err = noon_tsa_service_start(d->tsa);
	return err ? err : start_one_way(d);
}
