/* SPDX-License-Identifier: Apache-2.0 */
#include "link/observe_link.h"

#include <string.h>
#include <unistd.h>

#include "platform/net/witness.h"
#include "proto/ptp/ptp_port.h"

/* How often it is looked; the sockets keep what comes meanwhile. */
#define LOOK NOON_MS(100)

/* A stamp is older than its packet's place in the socket. What is younger than this may still be
 * overtaken. */
#define SETTLED NOON_MS(2)

static bool add(struct noon_observe_link *l, struct noon_observe_side *s, struct noon_bytes packet,
		int64_t at)
{
	const struct noon_observer_conf *const c = &l->observer.conf;
	struct noon_observed p;

	if (!(s == &l->inside ? noon_observe_inside(c, packet, &p)
			      : noon_observe_outside(c, packet, &p)))
		return true;
	if (s->n == NOON_OBSERVE_PENDING)
		return false;
	p.n = packet.n;
	p.at = at;
	s->p[s->n++] = p;
	return true;
}

static void read_side(struct noon_observe_link *l, struct noon_observe_side *s)
{
	uint8_t buf[NOON_TUNNEL_PACKET_MAX];
	struct noon_datagram d;

	for (int i = 0; s->fd >= 0 && i < 2 * NOON_OBSERVE_PENDING; i++) {
		const noon_err err = noon_udp_recv(s->fd, buf, sizeof(buf), &d);

		if (err == NOON_ERR_EMPTY)
			return;
		if (err || d.truncated)
			continue;
		if (d.stamp == NOON_STAMP_USER || !add(l, s, noon_bytes_of(buf, d.n), d.stamp_ns))
			l->n_dropped++;
	}
}

static void each(void *arg, const struct noon_observed_edge *e)
{
	struct noon_observe_link *l = arg;
	const struct noon_tunnel_edge edge = {.inbound = e->inbound,
					      .message = e->message,
					      .n = e->n,
					      .took = e->took,
					      .gap = e->gap};

	if (l->host.on_edge != NULL)
		l->host.on_edge(l->host.arg, &edge);
}

static void drop(struct noon_observe_side *s, size_t n)
{
	memmove(s->p, s->p + n, (s->n - n) * sizeof(s->p[0]));
	s->n -= n;
}

/* Both sides in the order of their stamps. */
static void merge(struct noon_observe_link *l, int64_t until)
{
	struct noon_observe_side *const out = &l->outside;
	struct noon_observe_side *const in = &l->inside;
	size_t i = 0;
	size_t k = 0;

	for (;;) {
		const bool has_out = i < out->n && out->p[i].at <= until;
		const bool has_in = k < in->n && in->p[k].at <= until;

		if (has_in && (!has_out || in->p[k].at <= out->p[i].at))
			noon_observer_take(&l->observer, &in->p[k++], each, l);
		else if (has_out)
			noon_observer_take(&l->observer, &out->p[i++], each, l);
		else
			break;
	}
	drop(out, i);
	drop(in, k);
}

static void on_timer(void *arg)
{
	struct noon_observe_link *l = arg;
	const struct noon_instant now = noon_instant_now();

	read_side(l, &l->outside);
	read_side(l, &l->inside);
	merge(l, noon_sat_sub(now.real_ns, SETTLED));
	noon_loop_arm(l->loop, &l->timer, LOOK);
}

static void set_ends(struct noon_ip *ret, const struct noon_addr *src, const struct noon_addr *dst)
{
	if (dst->u.sa.sa_family == AF_INET) {
		ret->version = 4;
		memcpy(ret->src, &src->u.v4.sin_addr, 4);
		memcpy(ret->dst, &dst->u.v4.sin_addr, 4);
	} else {
		ret->version = 6;
		memcpy(ret->src, &src->u.v6.sin6_addr, 16);
		memcpy(ret->dst, &dst->u.v6.sin6_addr, 16);
	}
}

static noon_err find_devices(struct noon_observe_link *l, const struct noon_observe_conf *conf,
			     const char **ret_why)
{
	struct noon_addr local = conf->local;

	*ret_why = "there has to be a route to peer";
	if (local.len == 0 && noon_source_to(&conf->peer, &local))
		return NOON_ERR_NOT_FOUND;
	*ret_why = "local has to be an address of this host";
	if (noon_device_of(&local, l->outside.device))
		return NOON_ERR_NOT_FOUND;
	*ret_why =
		"inner-local has to be an address of this host: the tunnel has to be there first";
	if (noon_device_of(&conf->inner_local, l->inside.device))
		return NOON_ERR_NOT_FOUND;
	l->is_tun = noon_device_is_tun(l->inside.device);
	set_ends(&l->observer.conf.outer, &local, &conf->peer);
	set_ends(&l->observer.conf.inner, &conf->inner_local, &conf->inner_peer);
	l->observer.conf.event_port = NOON_PTP_EVENT_PORT;
	l->observer.conf.general_port = NOON_PTP_GENERAL_PORT;
	return NOON_OK;
}

noon_err noon_observe_link_open(struct noon_observe_link *l, struct noon_loop *loop,
				const struct noon_observe_conf *conf,
				const struct noon_tunnel_host *host, const char **ret_why,
				int *ret_sys)
{
	noon_err err;

	memset(l, 0, sizeof(*l));
	l->loop = loop;
	l->host = *host;
	l->timer = (struct noon_timer){.fire = on_timer, .arg = l};
	l->outside.fd = l->inside.fd = -1;
	*ret_sys = 0;
	err = find_devices(l, conf, ret_why);
	err = err ? err
		  : noon_witness_open(l->outside.device, conf->peer.u.sa.sa_family, true,
				      &l->outside.fd, ret_why, ret_sys);
	/* Elsewhere a packet is not seen before encryption, and the stamps are taken behind it. */
	if (!err && l->is_tun)
		err = noon_witness_open(l->inside.device, conf->inner_peer.u.sa.sa_family, false,
					&l->inside.fd, ret_why, ret_sys);
	if (err)
		noon_observe_link_close(l);
	return err;
}

void noon_observe_link_start(struct noon_observe_link *l)
{
	noon_loop_arm(l->loop, &l->timer, LOOK);
}

void noon_observe_link_close(struct noon_observe_link *l)
{
	if (l->loop == NULL)
		return;
	noon_loop_disarm(&l->timer);
	if (l->outside.fd >= 0)
		(void)close(l->outside.fd);
	if (l->inside.fd >= 0)
		(void)close(l->inside.fd);
	l->loop = NULL;
}

bool noon_observe_link_is_up(const struct noon_observe_link *l, noon_dur within)
{
	const int64_t since = noon_sat_sub(noon_instant_now().real_ns, within);

	return l->observer.out.last_outside > since && l->observer.in.last_outside > since;
}
