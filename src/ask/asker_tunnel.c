/* SPDX-License-Identifier: Apache-2.0
 *
 * Asking a PTP transmitter through a timing tunnel.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ask/asker_priv.h"
#include "link/tunnel_ke_link.h"
#include "link/tunnel_link.h"
#include "store/tunnel_file.h"

_Static_assert(NOON_ASKER_WHY_MAX >= NOON_TUNNEL_WHY_MAX, "what the store says fits");

/* A question lasts for minutes at most. */
#define LIFETIME NOON_S(3600)

struct noon_asker_tunnel_end {
	const struct noon_asker_tunnel *conf; /**< borrowed */
	struct noon_tunnel_link link;
	struct noon_tunnel_link_conf link_conf; /**< its secret is wiped */
	struct noon_secret_tunnel secret;
	struct noon_tls_ctx *tls;
	struct noon_tunnel_ke_link ke;
	void (*on_up)(struct noon_asker *a);
};

__attribute__((format(printf, 2, 3))) static noon_err refuse(struct noon_asker *a,
							     const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(a->why, sizeof(a->why), format, args);
	va_end(args);
	return NOON_ERR_RANGE;
}

static noon_err take_address(struct noon_asker *a, const char *option, const char *text,
			     struct noon_addr *ret)
{
	if (text == NULL || noon_addr_parse(text, 0, ret) || noon_addr_port(ret) != 0)
		return refuse(a, "--%s: expected an address such as 192.0.2.1", option);
	return NOON_OK;
}

static noon_err take_addresses(struct noon_asker *a, struct noon_asker_tunnel_end *x)
{
	const struct noon_asker_tunnel *c = x->conf;
	struct noon_tunnel_link_conf *const l = &x->link_conf;
	struct noon_addr inner = {.len = 0}, inner_peer = {.len = 0};
	noon_err err = take_address(a, "tunnel", c->peer, &l->peer);

	err = err ? err : take_address(a, "tunnel-local", c->local, &l->local);
	err = err ? err
		  : take_address(a, "tunnel-inner", c->inner != NULL ? c->inner : c->local, &inner);
	if (!err && noon_addr_parse(a->conf.host, 0, &inner_peer))
		err = refuse(a,
			     "%s: expected ptp://ADDRESS, that of the other end inside the "
			     "tunnel",
			     a->conf.host);
	if (err)
		return err;
	if (l->local.u.sa.sa_family != l->peer.u.sa.sa_family ||
	    inner.u.sa.sa_family != inner_peer.u.sa.sa_family)
		return refuse(a, "--tunnel-local, --tunnel-inner: expected addresses of the "
				 "families of the other end's");
	l->family = l->peer.u.sa.sa_family;
	noon_tunnel_link_addresses(&l->machine.outer, &l->local, &l->peer);
	noon_tunnel_link_addresses(&l->machine.inner, &inner, &inner_peer);
	if (c->udp) {
		noon_addr_set_port(&l->local, c->udp_port);
		noon_addr_set_port(&l->peer, c->udp_port);
	}
	return NOON_OK;
}

static void fill(struct noon_asker_tunnel_end *x)
{
	const struct noon_asker_tunnel *c = x->conf;
	struct noon_tunnel_conf *const m = &x->link_conf.machine;

	m->exchanged = c->key_file == NULL;
	m->is_initiator = !c->responds;
	m->key_len = (size_t)c->key_len;
	m->extended = !c->short_numbers;
	m->ah = c->ah;
	m->udp = c->udp;
	m->outer.ttl = m->inner.ttl = NOON_TUNNEL_LINK_TTL;
	m->outer.tos = m->inner.tos = NOON_TUNNEL_LINK_TOS;
	m->port[0] = NOON_PTP_EVENT_PORT;
	m->port[1] = NOON_PTP_GENERAL_PORT;
	m->ports = 2;
	m->lifetime = LIFETIME;
	m->grace = NOON_S(10);
	m->dead_after = NOON_S(30);
}

static bool reserve(void *arg, uint64_t epoch)
{
	struct noon_asker *a = arg;
	const struct noon_asker_tunnel_end *x = a->tunnel;

	return noon_tunnel_epochs_write(x->conf->epochs, &x->secret, !x->conf->responds, epoch,
					a->why) == NOON_OK;
}

/* A secret of a file: what was used of it is on disk, and what is used now will be. */
static noon_err take_secret(struct noon_asker *a, struct noon_asker_tunnel_end *x)
{
	const struct noon_asker_tunnel *c = x->conf;
	struct noon_tunnel_conf *const m = &x->link_conf.machine;
	uint64_t reserved = 0;
	noon_err err;

	if (c->epochs == NULL)
		return refuse(a, "--key-file needs --epochs FILE, which says what was used of the "
				 "secret; a running daemon has its own");
	err = noon_tunnel_key_read(c->key_file, &x->secret, a->why);
	err = err ? err
		  : noon_tunnel_epochs_read(c->epochs, &x->secret, !c->responds, &reserved, a->why);
	if (err)
		return err;
	m->secret = x->secret;
	m->first = reserved + 1;
	m->reserved = reserved + NOON_TUNNEL_RESERVE;
	return reserve(a, m->reserved) ? NOON_OK : NOON_ERR_OS;
}

static noon_err take_certificate(struct noon_asker *a, struct noon_asker_tunnel_end *x)
{
	const struct noon_asker_tunnel *c = x->conf;
	const struct noon_tls_mutual m = {
		.chain = {.path = c->certificate}, .key = {.path = c->key}, .ca = {.path = c->ca}};
	struct noon_tls_why why = {.text = ""};
	noon_err err;

	if (c->certificate == NULL || c->key == NULL || c->ca == NULL)
		return refuse(a, "--tunnel needs --key-file and --epochs, or --certificate, "
				 "--certificate-key and --peer-certificates");
	if (c->responds)
		return refuse(a, "--role: in a key exchange this end is the initiator");
	err = noon_tls_mutual_ctx_new(&m, &x->tls, &why);
	return err ? refuse(a, "%s", why.text) : NOON_OK;
}

static noon_err open_end(struct noon_asker *a, struct noon_asker_tunnel_end *x)
{
	const struct noon_tunnel_host host = {.reserve = reserve, .arg = a};
	const char *what = "";
	int sys = 0;
	noon_err err = noon_tunnel_link_open(&x->link, a->loop, &x->link_conf, &host,
					     &a->entropy.rng, &what, &sys);

	noon_wipe(&x->link_conf.machine.secret, sizeof(x->link_conf.machine.secret));
	if (err)
		return refuse(a, "--tunnel: %s%s%s", what, sys != 0 ? ": " : "",
			      sys != 0 ? strerror(sys) : "");
	err = noon_ptp_link_open_tunnel(&a->port, a->loop, &x->link);
	err = err ? err : noon_tunnel_link_start(&x->link);
	return err ? refuse(a, "--tunnel: %s", noon_err_text(err)) : NOON_OK;
}

noon_err noon_asker_tunnel_open(struct noon_asker *a, const char **ret_why)
{
	struct noon_asker_tunnel_end *x = calloc(1, sizeof(*x));
	noon_err err;

	*ret_why = a->why;
	if (x == NULL)
		return refuse(a, "out of memory");
	x->conf = a->conf.ptp->tunnel;
	x->link.raw.fd = x->link.watch.fd = -1;
	x->ke.tcp.watch.fd = -1;
	a->tunnel = x;
	fill(x);
	err = take_addresses(a, x);
	if (!err)
		err = x->conf->key_file != NULL ? take_secret(a, x) : take_certificate(a, x);
	return err ? err : open_end(a, x);
}

static void on_result(void *arg, const struct noon_tunnel_ke_result *r)
{
	struct noon_asker *a = arg;
	struct noon_asker_tunnel_end *const x = a->tunnel;

	(void)!noon_tunnel_rekey(&x->link.machine, &r->secret, r->epoch, true, noon_mono_now());
	noon_tunnel_link_settle(&x->link);
}

static void on_end(void *arg, enum noon_ntske_outcome outcome, const char *why)
{
	struct noon_asker *a = arg;

	if (outcome == NOON_KE_DONE && a->tunnel->link.machine.has_keys)
		a->tunnel->on_up(a);
	else
		a->on_fail(a->arg, "key exchange of the tunnel", why);
}

void noon_asker_tunnel_start(struct noon_asker *a, void (*on_up)(struct noon_asker *a))
{
	struct noon_asker_tunnel_end *const x = a->tunnel;
	const struct noon_tunnel_conf *const m = &x->link.machine.conf;
	const struct noon_tunnel_ke_host host = {
		.on_result = on_result, .on_end = on_end, .arg = a};
	struct noon_tunnel_ke_conf c = {
		.tls = x->tls,
		.peer = {.host = x->conf->name != NULL ? x->conf->name : x->conf->peer,
			 .time_s = noon_clock_read(CLOCK_REALTIME) / NOON_NS_PER_SEC,
			 .no_time_check = a->conf.no_time_check},
		.asks = true,
		.terms = noon_tunnel_ke_terms_of(m),
		.floor = noon_tunnel_epoch_floor(&x->link.machine)};
	struct noon_addr local = x->link_conf.local;
	struct noon_addr peer = x->link_conf.peer;

	x->on_up = on_up;
	if (x->tls == NULL) {
		on_up(a);
		return;
	}
	noon_addr_set_port(&local, 0);
	noon_addr_set_port(&peer, x->conf->port);
	noon_tunnel_ke_link_ask(&x->ke, a->loop, &c, &host, &local, &peer);
}

void noon_asker_tunnel_fini(struct noon_asker *a)
{
	struct noon_asker_tunnel_end *const x = a->tunnel;

	if (x == NULL)
		return;
	noon_tunnel_ke_link_stop(&x->ke);
	if (x->link.loop != NULL)
		noon_tunnel_link_close(&x->link);
	noon_tls_ctx_free(x->tls);
	noon_wipe(x, sizeof(*x));
	free(x);
	a->tunnel = NULL;
}
