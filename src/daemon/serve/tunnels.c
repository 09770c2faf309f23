/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/serve/tunnels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/report/log.h"
#include "store/tunnel_file.h"

/* How often it is looked whether the other end is there. */
#define WATCH NOON_S(1)

/* ---- edges ---- */

static void on_edge(void *arg, const struct noon_tunnel_edge *e)
{
	struct noon_daemon_tunnel *t = arg;
	const struct noon_edge_key key = {
		.direction = e->inbound ? NOON_EDGE_INGRESS : NOON_EDGE_EGRESS,
		.message = e->message & 0x0f,
		.size = noon_edge_size_class(e->n),
		.gap = noon_edge_gap_class(e->gap),
		.cipher = (uint8_t)t->conf->key_len,
	};

	/* One association goes over into the next: what is learned does not depend on it. */
	(void)noon_edge_table_add(t->edges, &key, e->took, noon_mono_now());
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
	if (m->heard < m->conf.first)
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
	else if (!is_up && !t->silence_told &&
		 noon_time_diff(noon_mono_now(), m->last_heard) > t->conf->dead_after)
		tell_never_up(t);
	t->was_up = is_up;
	watch_sends(t);
	noon_loop_arm(t->link.loop, &t->watch, WATCH);
}

/* ---- configuration ---- */

static void set_addr(struct noon_ip *ip, const struct noon_addr *from, const struct noon_addr *to)
{
	if (to->u.sa.sa_family == AF_INET) {
		ip->version = 4;
		memcpy(ip->src, &from->u.v4.sin_addr, 4);
		memcpy(ip->dst, &to->u.v4.sin_addr, 4);
	} else {
		ip->version = 6;
		memcpy(ip->src, &from->u.v6.sin6_addr, 16);
		memcpy(ip->dst, &to->u.v6.sin6_addr, 16);
	}
}

/* Expedited forwarding, as event messages of PTP have. */
#define TOS (46 << 2)
#define TTL 64

static struct noon_tunnel_link_conf link_conf(const struct noon_daemon_tunnel *t, uint64_t reserved)
{
	const struct noon_config_tunnel *c = t->conf;
	struct noon_tunnel_link_conf l = {
		.machine = {.secret = t->secret,
			    .is_initiator = c->is_initiator,
			    .key_len = c->key_len,
			    .extended = c->extended,
			    .ah = c->ah,
			    .udp = c->udp,
			    .outer = {.ttl = TTL, .tos = TOS},
			    .inner = {.ttl = TTL, .tos = TOS},
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
		.family = c->peer.len > 0 ? c->peer.u.sa.sa_family : c->local.u.sa.sa_family,
	};

	memcpy(l.machine.port, c->port, sizeof(l.machine.port));
	set_addr(&l.machine.outer, &c->local, &c->peer);
	set_addr(&l.machine.inner, &c->inner_local, &c->inner_peer);
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
static noon_err read_epochs(struct noon_daemon_tunnel *t, const char *state_dir, uint64_t *reserved)
{
	char why[NOON_TUNNEL_WHY_MAX];
	noon_err err;

	(void)snprintf(t->epochs, sizeof(t->epochs), "%s/%s.tunnel", state_dir, t->conf->name);
	err = noon_tunnel_epochs_read(t->epochs, &t->secret, t->conf->is_initiator, reserved, why);
	if (err)
		noon_log(NOON_LOG_ERROR, "tunnel %s: %s", t->conf->name, why);
	return err;
}

/* The same secret in two tunnels would use its keys twice with the same numbers. */
static noon_err check_secret(const struct noon_tunnels *all, const struct noon_daemon_tunnel *t)
{
	for (size_t i = 0; i < all->n; i++) {
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

static noon_err open_link(struct noon_tunnels *all, struct noon_daemon_tunnel *t, uint64_t reserved)
{
	const struct noon_tunnel_host host = {.reserve = reserve, .on_edge = on_edge, .arg = t};
	struct noon_tunnel_link_conf conf = link_conf(t, reserved);
	const char *why = "";
	int sys = 0;
	const noon_err err =
		noon_tunnel_link_open(&t->link, all->loop, &conf, &host, all->rng, &why, &sys);

	noon_wipe(&conf, sizeof(conf));
	if (err)
		noon_log(NOON_LOG_ERROR, "tunnel %s: %s%s%s%s", t->conf->name, why,
			 sys != 0 ? ": " : "", sys != 0 ? strerror(sys) : "",
			 err == NOON_ERR_PERM ? " (CAP_NET_RAW is needed)" : "");
	return err;
}

static void tunnel_free(struct noon_daemon_tunnel *t)
{
	noon_loop_disarm(&t->watch);
	free(t->edges);
	noon_wipe(t, sizeof(*t));
	free(t);
}

static noon_err open_one(struct noon_tunnels *all, const struct noon_config_tunnel *conf,
			 const char *state_dir)
{
	const struct noon_edge_conf edges = noon_edge_conf_default();
	struct noon_daemon_tunnel *t = calloc(1, sizeof(*t));
	uint64_t reserved = 0;
	noon_err err;

	if (t == NULL)
		return NOON_ERR_OS;
	t->conf = conf;
	t->watch = (struct noon_timer){.fire = on_watch, .arg = t};
	t->edges = calloc(1, sizeof(*t->edges));
	err = t->edges == NULL ? NOON_ERR_OS : noon_edge_table_init(t->edges, &edges);
	err = err ? err : read_secret(t);
	err = err ? err : check_secret(all, t);
	err = err ? err : read_epochs(t, state_dir, &reserved);
	err = err ? err : open_link(all, t, reserved);
	if (err) {
		tunnel_free(t);
		return err;
	}
	all->tunnel[all->n++] = t;
	return NOON_OK;
}

noon_err noon_tunnels_open(struct noon_tunnels *t, const struct noon_config *conf)
{
	noon_err err = NOON_OK;

	for (size_t i = 0; i < conf->n_tunnels && !err; i++)
		err = open_one(t, &conf->tunnel[i], conf->state_dir);
	return err;
}

noon_err noon_tunnels_take(struct noon_tunnels *t, const char *name, const char *section,
			   struct noon_daemon_tunnel **ret)
{
	for (size_t i = 0; i < t->n; i++) {
		if (strcmp(t->tunnel[i]->conf->name, name) != 0)
			continue;
		if (t->tunnel[i]->is_used) {
			noon_log(NOON_LOG_ERROR, "%s: tunnel %s is another section's", section,
				 name);
			return NOON_ERR_STATE;
		}
		t->tunnel[i]->is_used = true;
		*ret = t->tunnel[i];
		return NOON_OK;
	}
	noon_log(NOON_LOG_ERROR, "%s: there is no tunnel %s", section, name);
	return NOON_ERR_NOT_FOUND;
}

noon_err noon_tunnels_start(struct noon_tunnels *t)
{
	for (size_t i = 0; i < t->n; i++) {
		struct noon_daemon_tunnel *const one = t->tunnel[i];
		noon_err err;

		/* Not before: starts that fail would use up epochs, and the other end looks no more
		 * than NOON_TUNNEL_SEARCH of them ahead. */
		if (!reserve(one, one->link.machine.conf.reserved))
			return NOON_ERR_OS;
		err = noon_tunnel_link_start(&one->link);
		if (err)
			return err;
		if (!one->is_used)
			noon_log(NOON_LOG_WARNING, "tunnel %s: no section uses it",
				 one->conf->name);
		on_watch(one);
	}
	return NOON_OK;
}

void noon_tunnels_fini(struct noon_tunnels *t)
{
	for (size_t i = 0; i < t->n; i++) {
		noon_tunnel_link_close(&t->tunnel[i]->link);
		tunnel_free(t->tunnel[i]);
	}
	t->n = 0;
}
