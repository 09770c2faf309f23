/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/tunnel/tunnels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "daemon/report/log.h"
#include "store/tunnel_file.h"

/* How often it is looked whether the other end is there. */
#define WATCH NOON_S(1)

/* ---- edges ---- */

/* One association goes over into the next: what is learned does not depend on it. */
static struct noon_edge_key key_of(const struct noon_daemon_tunnel *t,
				   const struct noon_tunnel_edge *e)
{
	return (struct noon_edge_key){
		.direction = e->inbound ? NOON_EDGE_INGRESS : NOON_EDGE_EGRESS,
		.message = e->message & 0x0f,
		.size = noon_edge_size_class(e->n),
		.gap = noon_edge_gap_class(e->gap),
		.cipher = (uint8_t)t->conf->key_len,
	};
}

void noon_tunnels_on_edge(void *arg, const struct noon_tunnel_edge *e)
{
	struct noon_daemon_tunnel *t = arg;
	const struct noon_edge_key key = key_of(t, e);

	(void)noon_edge_table_add(t->edges, &key, e->took, noon_mono_now());
}

static noon_dur estimate(void *arg, const struct noon_tunnel_edge *e)
{
	struct noon_daemon_tunnel *t = arg;
	const struct noon_edge_key key = key_of(t, e);

	t->egress = noon_edge_table_estimate(t->edges, &key, noon_mono_now());
	return t->egress.correction;
}

/* ---- epochs ---- */

static bool reserve(void *arg, uint64_t epoch)
{
	struct noon_daemon_tunnel *t = arg;
	char why[NOON_TUNNEL_WHY_MAX] = "";
	const noon_err err =
		noon_tunnel_epochs_write(t->epochs, &t->secret, t->conf->is_initiator, epoch, why);

	if (err && !t->reserve_failed)
		noon_log(
			NOON_LOG_ERROR,
			"tunnel %s: no epochs can be reserved; when those that are have been used, "
			"or the other end goes on, nothing passes any more: %s",
			t->conf->name, why);
	else if (!err && t->reserve_failed)
		noon_log(NOON_LOG_NOTICE, "tunnel %s: epochs are reserved again", t->conf->name);
	t->reserve_failed = err != NOON_OK;
	return !err;
}

/* ---- the other end ---- */

/* Once: the two configurations may not agree, which nothing else would say. */
static void tell_never_up(struct noon_daemon_tunnel *t)
{
	const struct noon_tunnel *const m = &t->link.machine;

	t->silence_told = true;
	if (m->now.epoch == 0)
		noon_log(NOON_LOG_WARNING,
			 "tunnel %s: nothing authentic from the other end since the start; "
			 "noonmark tunnel status tells what came; both ends need the same secret "
			 "and options, and one role each",
			 t->conf->name);
}

/* Once for each time that sending begins to fail. */
static void watch_sends(struct noon_daemon_tunnel *t)
{
	const struct noon_tunnel_link *const l = &t->link;
	const bool is_failing = l->n_failed > t->n_failed;

	if (is_failing && !t->was_failing)
		noon_log(NOON_LOG_WARNING, "tunnel %s: a packet of %zu bytes could not be sent: %s",
			 t->conf->name, l->last_size, strerror(l->last_sys));
	t->was_failing = is_failing;
	t->n_failed = l->n_failed;
	if (l->machine.refused > 0 && !t->was_refused)
		noon_log(NOON_LOG_WARNING,
			 "tunnel %s: a datagram was not sent: larger than a cell, or no keys are "
			 "left; noonmark tunnel status counts them as refused",
			 t->conf->name);
	t->was_refused = l->machine.refused > 0;
}

/* Once for each time that the kernel begins to refuse something. */
static void watch_kernel(struct noon_daemon_tunnel *t)
{
	const struct noon_kernel_link *const k = &t->kernel;

	if (k->failing != NULL && t->kernel_told == NULL)
		noon_log(NOON_LOG_ERROR, "tunnel %s: %s in the kernel: %s", t->conf->name,
			 k->failing, strerror(k->sys));
	else if (k->failing == NULL && t->kernel_told != NULL)
		noon_log(NOON_LOG_NOTICE, "tunnel %s: the kernel has its associations again",
			 t->conf->name);
	t->kernel_told = k->failing;
	if (k->n_lost > t->lost_told)
		noon_log(NOON_LOG_WARNING,
			 "tunnel %s: somebody else removed an association from the kernel (ip xfrm "
			 "state flush?): the next epoch begins",
			 t->conf->name);
	t->lost_told = k->n_lost;
	if (k->n_opened > t->opened_told)
		noon_log(NOON_LOG_ERROR,
			 "tunnel %s: somebody else removed its policies from the kernel (ip xfrm "
			 "policy flush?): its ports were open for a moment",
			 t->conf->name);
	t->opened_told = k->n_opened;
}

/* Of a tunnel of others. */
static void on_watch_observed(void *arg)
{
	struct noon_daemon_tunnel *t = arg;
	const struct noon_observe_link *const l = &t->observed;
	const bool is_up = noon_observe_link_is_up(l, t->conf->dead_after);

	if (is_up && !t->was_up)
		noon_log(NOON_LOG_NOTICE, "tunnel %s: IPsec packets are seen both ways on %s",
			 t->conf->name, l->outside.device);
	else if (!is_up && t->was_up)
		noon_log(NOON_LOG_WARNING, "tunnel %s: no IPsec packets for %.0f s", t->conf->name,
			 noon_dur_to_s(t->conf->dead_after));
	t->was_up = is_up;
	noon_loop_arm(l->loop, &t->watch, WATCH);
}

static void on_watch(void *arg)
{
	struct noon_daemon_tunnel *t = arg;
	const struct noon_tunnel *const m = &t->link.machine;
	const bool is_up = noon_tunnel_is_up(m, noon_mono_now());

	if (is_up && !t->was_up)
		noon_log(NOON_LOG_NOTICE, "tunnel %s: up, epoch %llu, SPI %08x in and %08x out",
			 t->conf->name, (unsigned long long)m->heard, m->now.sa.form.spi,
			 m->out.sa.form.spi);
	else if (!is_up && t->was_up)
		noon_log(NOON_LOG_WARNING,
			 "tunnel %s: nothing authentic from the other end for %.0f s",
			 t->conf->name, noon_dur_to_s(t->conf->dead_after));
	else if (!is_up && !t->silence_told && m->has_keys &&
		 noon_time_diff(noon_mono_now(), m->last_heard) > t->conf->dead_after)
		tell_never_up(t);
	t->was_up = is_up;
	watch_sends(t);
	watch_kernel(t);
	noon_loop_arm(t->link.loop, &t->watch, WATCH);
}

/* ---- configuration ---- */

static struct noon_tunnel_link_conf link_conf(const struct noon_daemon_tunnel *t, uint64_t reserved)
{
	const struct noon_config_tunnel *c = t->conf;
	struct noon_tunnel_link_conf l = {
		.machine = {.secret = t->secret,
			    .exchanged = c->exchange.certificate[0] != '\0',
			    .is_initiator = c->is_initiator,
			    .key_len = c->key_len,
			    .extended = c->extended,
			    .ah = c->ah,
			    .udp = c->udp,
			    .by_kernel = c->backend == NOON_TUNNEL_BY_KERNEL,
			    .outer = {.ttl = NOON_TUNNEL_LINK_TTL, .tos = NOON_TUNNEL_LINK_TOS},
			    .inner = {.ttl = NOON_TUNNEL_LINK_TTL, .tos = NOON_TUNNEL_LINK_TOS},
			    .ports = c->ports,
			    .padding = c->padding,
			    .lifetime = c->lifetime,
			    .packets = c->packets,
			    .bytes = c->bytes,
			    .jitter = c->jitter,
			    .grace = c->grace,
			    .dead_after = c->dead_after,
			    .cover = c->cover,
			    .first = reserved + 1,
			    .reserved = reserved + NOON_TUNNEL_RESERVE},
		.local = c->local,
		.peer = c->peer,
		.correction = c->correction,
		.warm_up = c->warm_up,
		.family = c->peer.len > 0 ? c->peer.u.sa.sa_family : c->local.u.sa.sa_family,
	};

	memcpy(l.machine.port, c->port, sizeof(l.machine.port));
	noon_tunnel_link_addresses(&l.machine.outer, &c->local, &c->peer);
	noon_tunnel_link_addresses(&l.machine.inner, &c->inner_local, &c->inner_peer);
	if (c->udp) {
		noon_addr_set_port(&l.local, c->udp_port);
		noon_addr_set_port(&l.peer, c->udp_port);
	}
	return l;
}

static noon_err read_secret(struct noon_daemon_tunnel *t)
{
	char why[NOON_TUNNEL_WHY_MAX];
	const noon_err err = noon_tunnel_key_read(t->conf->key_file, &t->secret, why);

	if (err)
		noon_log(NOON_LOG_ERROR, "tunnel %s: %s", t->conf->name, why);
	return err;
}

/* Find up to which epoch earlier runs may have used the secret. */
static noon_err read_epochs(struct noon_daemon_tunnel *t, uint64_t *reserved)
{
	char why[NOON_TUNNEL_WHY_MAX];
	const noon_err err = noon_tunnel_epochs_read(t->epochs, &t->secret, t->conf->is_initiator,
						     reserved, why);

	if (err)
		noon_log(NOON_LOG_ERROR, "tunnel %s: %s", t->conf->name, why);
	return err;
}

/* The same secret in two tunnels would use its keys twice with the same numbers. */
static noon_err check_secret(const struct noon_tunnels *all, const struct noon_daemon_tunnel *t)
{
	for (size_t i = 0; i < all->n; i++) {
		if (all->tunnel[i]->conf->backend == NOON_TUNNEL_BY_OTHERS)
			continue;
		if (!noon_equal_ct(&all->tunnel[i]->secret, &t->secret, sizeof(t->secret)))
			continue;
		noon_log(NOON_LOG_ERROR,
			 "tunnel %s: its key-file has the secret of tunnel %s: each needs one of "
			 "its own (noonmark tunnel keygen)",
			 t->conf->name, all->tunnel[i]->conf->name);
		return NOON_ERR_STATE;
	}
	return NOON_OK;
}

/* A configured secret, and what of it may have been used. */
static noon_err read_keys(const struct noon_tunnels *all, struct noon_daemon_tunnel *t,
			  uint64_t *reserved)
{
	noon_err err = read_secret(t);

	err = err ? err : check_secret(all, t);
	return err ? err : read_epochs(t, reserved);
}

/* A number that the tunnel has in every run, and no other tunnel of this machine: that of its file
 * of epochs, which one daemon has. Linux gives itself small ones, as IKE daemons do. */
#define REQID UINT32_C(0x6e000000)

static uint32_t reqid_of(const struct noon_daemon_tunnel *t)
{
	const uint32_t hash = noon_hash32(noon_bytes_of(t->epochs, strlen(t->epochs)));

	return REQID | (((hash >> 24) ^ hash) & UINT32_C(0xffffff) & ~NOON_KERNEL_REQID_PARTS);
}

/* Of a link that could not be opened. needs: of a user without privileges */
static void log_open(const struct noon_daemon_tunnel *t, noon_err err, const char *why, int sys,
		     const char *needs)
{
	noon_log(NOON_LOG_ERROR, "tunnel %s: %s%s%s%s", t->conf->name, why, sys != 0 ? ": " : "",
		 sys != 0 ? strerror(sys) : "", err == NOON_ERR_PERM ? needs : "");
}

static noon_err open_kernel(struct noon_tunnels *all, struct noon_daemon_tunnel *t,
			    const struct noon_tunnel_link_conf *link,
			    const struct noon_tunnel_host *host, const char **why, int *sys)
{
	struct noon_kernel_link_conf conf = {.link = *link,
					     .inner_local = t->conf->inner_local,
					     .inner_peer = t->conf->inner_peer,
					     .reqid = reqid_of(t)};
	noon_err err;

	if (t->conf->padding.mode == NOON_PADDING_CELL)
		conf.cell = (uint32_t)t->conf->padding.min;
	err = noon_kernel_link_open(&t->kernel, &t->link, all->loop, &conf, host, all->rng, why,
				    sys);
	noon_wipe(&conf, sizeof(conf));
	if (!err && t->kernel.n_stale > 0)
		noon_log(NOON_LOG_NOTICE,
			 "tunnel %s: %zu states and policies of an earlier run were removed from "
			 "the kernel",
			 t->conf->name, t->kernel.n_stale);
	return err;
}

static void on_spis(void *arg, const struct noon_tunnel_spis *spis)
{
	struct noon_daemon_tunnel *t = arg;

	noon_spi_socket_tell(&t->spis, spis);
}

static noon_err open_link(struct noon_tunnels *all, struct noon_daemon_tunnel *t, uint64_t reserved)
{
	const struct noon_tunnel_host host = {.reserve = reserve,
					      .on_edge = noon_tunnels_on_edge,
					      .estimate = estimate,
					      .on_spis = t->spis.fd >= 0 ? on_spis : NULL,
					      .arg = t};
	struct noon_tunnel_link_conf conf = link_conf(t, reserved);
	const char *why = "";
	int sys = 0;
	const bool by_kernel = t->conf->backend == NOON_TUNNEL_BY_KERNEL;
	const noon_err err = by_kernel ? open_kernel(all, t, &conf, &host, &why, &sys)
				       : noon_tunnel_link_open(&t->link, all->loop, &conf, &host,
							       all->rng, &why, &sys);

	noon_wipe(&conf, sizeof(conf));
	if (err)
		log_open(t, err, why, sys,
			 by_kernel ? " (CAP_NET_ADMIN and CAP_NET_RAW are needed)"
				   : " (CAP_NET_RAW is needed)");
	return err;
}

static noon_err open_observed(struct noon_tunnels *all, struct noon_daemon_tunnel *t)
{
	const struct noon_tunnel_host host = {.on_edge = noon_tunnels_on_edge, .arg = t};
	const struct noon_observe_conf conf = {.local = t->conf->local,
					       .peer = t->conf->peer,
					       .inner_local = t->conf->inner_local,
					       .inner_peer = t->conf->inner_peer};
	const char *why = "";
	int sys = 0;
	const noon_err err =
		noon_observe_link_open(&t->observed, all->loop, &conf, &host, &why, &sys);

	t->watch.fire = on_watch_observed;
	if (err)
		log_open(t, err, why, sys, " (CAP_NET_RAW is needed)");
	else if (t->observed.is_tun)
		noon_log(NOON_LOG_WARNING,
			 "tunnel %s: %s is a TUN device: stamps are taken before encryption, and "
			 "after decryption, which is measured and not corrected",
			 t->conf->name, t->observed.inside.device);
	return err;
}

static noon_err open_ours(struct noon_tunnels *all, struct noon_daemon_tunnel *t)
{
	uint64_t reserved = 0;
	noon_err err = NOON_OK;

	if (t->conf->key_file[0] != '\0')
		err = read_keys(all, t, &reserved);
	return err ? err : open_link(all, t, reserved);
}

static void tunnel_free(struct noon_daemon_tunnel *t)
{
	noon_loop_disarm(&t->watch);
	noon_spi_socket_close(&t->spis);
	free(t->edges);
	noon_wipe(t, sizeof(*t));
	free(t);
}

static noon_err open_one(struct noon_tunnels *all, const struct noon_config_tunnel *conf,
			 const char *state_dir)
{
	const struct noon_edge_conf edges = noon_edge_conf_default();
	struct noon_daemon_tunnel *t = calloc(1, sizeof(*t));
	noon_err err;

	if (t == NULL)
		return NOON_ERR_OS;
	t->conf = conf;
	(void)snprintf(t->epochs, sizeof(t->epochs), "%s/%s.tunnel", state_dir, conf->name);
	t->watch = (struct noon_timer){.fire = on_watch, .arg = t};
	t->spis.fd = -1;
	t->edges = calloc(1, sizeof(*t->edges));
	err = t->edges == NULL ? NOON_ERR_OS : noon_edge_table_init(t->edges, &edges);
	if (!err && conf->spi_socket[0] != '\0')
		err = noon_spi_socket_open(&t->spis, conf->name, conf->spi_socket);
	if (!err && conf->backend == NOON_TUNNEL_BY_OTHERS)
		err = open_observed(all, t);
	else if (!err)
		err = open_ours(all, t);
	if (err) {
		tunnel_free(t);
		return err;
	}
	all->tunnel[all->n++] = t;
	if (conf->exchange.certificate[0] == '\0')
		return NOON_OK;
	return noon_tunnel_secrets_open(&t->secrets, conf, &t->link, all->exchanges);
}

noon_err noon_tunnels_open(struct noon_tunnels *t, const struct noon_config *conf)
{
	noon_err err = NOON_OK;

	for (size_t i = 0; i < conf->n_tunnels && !err; i++)
		err = open_one(t, &conf->tunnel[i], conf->state_dir);
	return err;
}

noon_err noon_tunnels_take(struct noon_tunnels *t, const char *name, enum noon_tunnel_use use,
			   const char *section, struct noon_daemon_tunnel **ret)
{
	for (size_t i = 0; i < t->n; i++) {
		if (strcmp(t->tunnel[i]->conf->name, name) != 0)
			continue;
		if (t->tunnel[i]->is_used[use]) {
			noon_log(NOON_LOG_ERROR, "%s: tunnel %s is another section's", section,
				 name);
			return NOON_ERR_STATE;
		}
		t->tunnel[i]->is_used[use] = true;
		*ret = t->tunnel[i];
		return NOON_OK;
	}
	noon_log(NOON_LOG_ERROR, "%s: there is no tunnel %s", section, name);
	return NOON_ERR_NOT_FOUND;
}

noon_err noon_tunnels_serve_ntp(struct noon_tunnels *t, const struct noon_config_server *conf,
				struct noon_served *served)
{
	struct noon_daemon_tunnel *one = NULL;
	noon_err err = NOON_OK;

	for (size_t i = 0; i < conf->n_tunnels && !err; i++) {
		err = noon_tunnels_take(t, conf->tunnel[i], NOON_TUNNEL_FOR_NTP_SERVER, "server",
					&one);
		err = err ? err : noon_tunnel_ntp_open(&one->ntp, &one->link, served, t->rng);
	}
	return err;
}

static bool is_used(const struct noon_daemon_tunnel *t)
{
	bool any = false;

	for (int i = 0; i < NOON_TUNNEL_USES; i++)
		any = any || t->is_used[i];
	return any;
}

noon_err noon_tunnels_start(struct noon_tunnels *t)
{
	for (size_t i = 0; i < t->n; i++) {
		struct noon_daemon_tunnel *const one = t->tunnel[i];
		noon_err err;

		if (one->conf->backend == NOON_TUNNEL_BY_OTHERS) {
			noon_observe_link_start(&one->observed);
			on_watch_observed(one);
			continue;
		}
		/* Not before: starts that fail would use up epochs, and the other end looks no more
		 * than NOON_TUNNEL_SEARCH of them ahead. */
		if (one->secrets.exchange == NULL && !reserve(one, one->link.machine.conf.reserved))
			return NOON_ERR_OS;
		err = noon_tunnel_link_start(&one->link);
		if (err)
			return err;
		if (!is_used(one) && one->conf->backend == NOON_TUNNEL_BY_KERNEL)
			noon_log(NOON_LOG_NOTICE,
				 "tunnel %s: no section uses it: its ports are for other programs",
				 one->conf->name);
		else if (!is_used(one))
			noon_log(NOON_LOG_WARNING, "tunnel %s: no section uses it",
				 one->conf->name);
		on_watch(one);
	}
	return NOON_OK;
}

void noon_tunnels_fini(struct noon_tunnels *t)
{
	for (size_t i = 0; i < t->n; i++) {
		noon_tunnel_ntp_close(&t->tunnel[i]->ntp);
		noon_kernel_link_close(&t->tunnel[i]->kernel);
		noon_observe_link_close(&t->tunnel[i]->observed);
		if (t->tunnel[i]->conf->backend == NOON_TUNNEL_BY_USER)
			noon_tunnel_link_close(&t->tunnel[i]->link);
		tunnel_free(t->tunnel[i]);
	}
	t->n = 0;
}
