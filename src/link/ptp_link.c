/* SPDX-License-Identifier: Apache-2.0 */
#include "link/ptp_link.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <string.h>

#include "proto/ptp/ptp_port.h"

/* Datagrams handled per wake-up; the rest waits for the next. */
#define BATCH 64

struct noon_peer noon_ptp_peer_of(const struct noon_addr *a)
{
	struct noon_peer p = {.n = 0};

	if (a->u.sa.sa_family == AF_INET) {
		p.n = 4;
		memcpy(p.key, &a->u.v4.sin_addr, 4);
	} else if (a->u.sa.sa_family == AF_PACKET) {
		struct sockaddr_ll ll;

		memcpy(&ll, &a->u, sizeof(ll));
		p.n = 6;
		memcpy(p.key, ll.sll_addr, 6);
	} else if (a->u.sa.sa_family == AF_INET6) {
		p.n = 20;
		memcpy(p.key, &a->u.v6.sin6_addr, 16);
		memcpy(p.key + 16, &a->u.v6.sin6_scope_id, 4);
	}
	return p;
}

void noon_ptp_peer_addr(const struct noon_peer *peer, uint16_t port, struct noon_addr *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (peer->n == 4) {
		ret->u.v4.sin_family = AF_INET;
		memcpy(&ret->u.v4.sin_addr, peer->key, 4);
		ret->len = sizeof(ret->u.v4);
	} else if (peer->n == 20) {
		ret->u.v6.sin6_family = AF_INET6;
		memcpy(&ret->u.v6.sin6_addr, peer->key, 16);
		memcpy(&ret->u.v6.sin6_scope_id, peer->key + 16, 4);
		ret->len = sizeof(ret->u.v6);
	}
	noon_addr_set_port(ret, port);
}

/* Messages from now on are stamped after this. */
static void look(struct noon_ptp_link *l)
{
	l->looked = noon_instant_now();
	l->card_looked = noon_hwstamp_look(l->hw);
}

/* Messages in the sockets may have been stamped before `now`, but not before the last look. */
static void look_again(struct noon_ptp_link *l, const struct noon_instant *now,
		       const struct noon_hwstamp_look *card)
{
	l->looked = *now;
	l->card_looked = *card;
}

/* A card's stamp is converted to CLOCK_REALTIME; false if that fails. */
static bool to_real(const struct noon_ptp_link *l, enum noon_stamp stamp,
		    const struct noon_hwstamp_look *since, int64_t *ns, noon_dur *ret_err)
{
	*ret_err = 0;
	if (stamp != NOON_STAMP_HARDWARE)
		return true;
	return l->hw != NULL && noon_hwstamp_to_real(l->hw, since, *ns, ns, ret_err) == NOON_OK;
}

/* Since the one before, ns. */
static noon_dur gap_since(noon_time *last)
{
	const noon_time at = noon_mono_now();
	const noon_dur gap = noon_time_is_never(*last) ? NOON_DUR_MAX : noon_time_diff(at, *last);

	*last = at;
	return gap;
}

static void tell_egress(struct noon_ptp_link *l, const struct noon_ptp_sent *s,
			const struct noon_ptp_departure *d)
{
	const struct noon_tunnel_edge e = {
		.message = s->message,
		.n = s->n,
		.took = noon_sat_sub(d->stamp.real_ns, s->before.real_ns),
		.gap = s->gap};

	if (l->on_edge != NULL && d->stamp.kind == NOON_STAMP_KERNEL)
		l->on_edge(l->edge_arg, &e);
}

static void tell_ingress(struct noon_ptp_link *l, const struct noon_ptp_arrival *a)
{
	struct noon_tunnel_edge e;

	if (l->on_edge == NULL)
		return;
	e = (struct noon_tunnel_edge){
		.inbound = true,
		.message = a->data.n > 0 ? a->data.p[0] : 0,
		.n = a->data.n,
		.took = noon_sat_sub(noon_instant_now().real_ns, a->stamp.real_ns),
		.gap = gap_since(&l->last_in)};
	if (a->stamp.kind == NOON_STAMP_KERNEL)
		l->on_edge(l->edge_arg, &e);
}

/* Tell the machine that sent message `id`. */
static void departed(struct noon_ptp_link *l, uint32_t id, struct noon_ptp_departure *d)
{
	struct noon_ptp_sent *s = &l->sent[id % NOON_PTP_LINK_SENT];

	if (!s->used || s->id != id ||
	    !to_real(l, d->stamp.kind, &s->card, &d->stamp.real_ns, &d->stamp.err))
		return;
	s->used = false;
	d->token = s->token;
	d->stamp.since = s->before;
	l->n_stamped++;
	tell_egress(l, s, d);
	s->user->on_sent(s->user->arg, d);
}

static void take_departures(struct noon_ptp_link *l)
{
	struct noon_ptp_departure d;
	uint32_t id;

	for (int i = 0; i < BATCH; i++) {
		if (noon_udp_recv_sent(l->sockets.event, &id, &d.stamp.real_ns, &d.stamp.kind))
			return;
		departed(l, id, &d);
	}
}

static void arrived(struct noon_ptp_link *l, const struct noon_ptp_arrival *a, bool is_event)
{
	if (is_event) {
		l->n_arrived++;
		l->n_arrived_stamped += a->stamp.kind != NOON_STAMP_USER;
	}
	for (size_t k = 0; k < l->n_users; k++)
		l->user[k]->on_packet(l->user[k]->arg, a);
}

static bool is_admitted(const struct noon_ptp_link *l, const struct noon_peer *peer)
{
	return l->only.n == 0 ||
	       (l->only.n == peer->n && memcmp(l->only.key, peer->key, peer->n) == 0);
}

static void take_arrivals(struct noon_ptp_link *l, int fd)
{
	uint8_t buf[NOON_PTP_MESSAGE_MAX];
	struct noon_datagram d;

	for (int i = 0; i < BATCH; i++) {
		struct noon_ptp_arrival a = {
			.stamp = {.kind = NOON_STAMP_USER, .since = l->looked}};
		const noon_err err = noon_udp_recv(fd, buf, sizeof(buf), &d);

		/* An ICMP error is read and ignored: anybody can forge one. */
		if (err == NOON_ERR_EMPTY)
			return;
		if (err || d.truncated)
			continue;
		a.data = noon_bytes_of(buf, d.n);
		a.peer = noon_ptp_peer_of(&d.peer);
		if (!is_admitted(l, &a.peer))
			continue;
		a.stamp.real_ns = d.stamp_ns;
		if (d.stamp != NOON_STAMP_USER &&
		    to_real(l, d.stamp, &l->card_looked, &a.stamp.real_ns, &a.stamp.err))
			a.stamp.kind = d.stamp;
		if (fd == l->sockets.event)
			tell_ingress(l, &a);
		arrived(l, &a, fd == l->sockets.event);
	}
}

/* Event messages first, and departures before arrivals: an answer needs its request's stamp, a
 * Follow_Up its Sync. */
static void on_ready(void *arg, unsigned what)
{
	struct noon_ptp_link *l = arg;

	/* Taken before emptying them: later arrivals are stamped after this. */
	const struct noon_instant now = noon_instant_now();
	const struct noon_hwstamp_look card = noon_hwstamp_look(l->hw);

	(void)what;
	take_departures(l);
	take_arrivals(l, l->sockets.event);
	take_arrivals(l, l->sockets.general);
	look_again(l, &now, &card);
}

/* ---- in a tunnel ---- */

static bool takes(void *arg, const struct noon_udp *udp)
{
	(void)arg;
	return udp->dst == NOON_PTP_EVENT_PORT || udp->dst == NOON_PTP_GENERAL_PORT;
}

static void on_tunnel_datagram(void *arg, const struct noon_tunnel_arrival *t)
{
	struct noon_ptp_link *l = arg;
	const struct noon_tunnel_datagram *const d = t->datagram;
	struct noon_ptp_arrival a = {.data = d->data, .stamp = t->stamp};

	/* The other end system, as its machines know it. */
	a.peer.n = d->ip.version == 4 ? 4 : 20;
	memcpy(a.peer.key, d->ip.src, d->ip.version == 4 ? 4 : 16);
	arrived(l, &a, d->udp.dst == NOON_PTP_EVENT_PORT);
}

static void on_tunnel_sent(void *arg, uint32_t id, const struct noon_link_stamp *stamp)
{
	struct noon_ptp_departure d = {.stamp = *stamp};

	departed(arg, id, &d);
}

static void init(struct noon_ptp_link *l, struct noon_loop *loop)
{
	memset(l, 0, sizeof(*l));
	l->loop = loop;
	l->sockets.event = -1;
	l->sockets.general = -1;
	l->event.fd = -1;
	l->general.fd = -1;
	l->last_out = l->last_in = NOON_TIME_NEVER;
}

noon_err noon_ptp_link_open_tunnel(struct noon_ptp_link *l, struct noon_loop *loop,
				   struct noon_tunnel_link *tunnel)
{
	noon_err err;

	init(l, loop);
	l->sockets.event_port = NOON_PTP_EVENT_PORT;
	l->sockets.general_port = NOON_PTP_GENERAL_PORT;
	l->tunnel = tunnel;
	l->tunnel_user = (struct noon_tunnel_user){.takes = takes,
						   .on_datagram = on_tunnel_datagram,
						   .on_sent = on_tunnel_sent,
						   .arg = l};
	err = noon_tunnel_link_attach(tunnel, &l->tunnel_user);
	look(l);
	return err;
}

noon_err noon_ptp_link_open(struct noon_ptp_link *l, struct noon_loop *loop,
			    const struct noon_ptp_socket_conf *conf, const struct noon_hwstamp *hw,
			    const char **ret_why, int *ret_sys)
{
	init(l, loop);
	const noon_err err = noon_ptp_sockets_open(conf, &l->sockets, ret_why, ret_sys);

	if (err)
		return err;
	/* Without hardware stamps the kernel's are still delivered. */
	if (hw != NULL && noon_hwstamp_want(l->sockets.event) == NOON_OK)
		l->hw = hw;
	look(l);
	return NOON_OK;
}

noon_err noon_ptp_link_start(struct noon_ptp_link *l)
{
	noon_err err;

	if (l->tunnel != NULL)
		return NOON_OK;
	l->event = (struct noon_fd_watch){
		.fd = l->sockets.event, .want = NOON_READABLE, .ready = on_ready, .arg = l};
	l->general = l->event;
	l->general.fd = l->sockets.general;
	err = noon_loop_add(l->loop, &l->event);
	err = err ? err : noon_loop_add(l->loop, &l->general);
	look(l);
	return err;
}

noon_err noon_ptp_link_attach(struct noon_ptp_link *l, struct noon_ptp_user *user)
{
	if (l->n_users == NOON_PTP_LINK_USERS)
		return NOON_ERR_FULL;
	l->user[l->n_users++] = user;
	return NOON_OK;
}

static void address(const struct noon_ptp_link *l, const struct noon_peer *peer, uint16_t port,
		    struct noon_addr *ret)
{
	*ret = l->sockets.group;
	/* On Ethernet there are no ports, and the peer differs from the group in its address only.
	 */
	if (ret->u.sa.sa_family == AF_PACKET) {
		if (peer->n == 6)
			memcpy((uint8_t *)&ret->u + offsetof(struct sockaddr_ll, sll_addr),
			       peer->key, 6);
		return;
	}
	if (peer->n > 0)
		noon_ptp_peer_addr(peer, port, ret);
	else
		noon_addr_set_port(ret, port);
}

void noon_ptp_link_read(struct noon_ptp_link *l, const struct noon_instant *at)
{
	l->has_reading = true;
	l->reading = *at;
}

void noon_ptp_link_warm_up(struct noon_ptp_link *l)
{
	if (l->tunnel != NULL)
		noon_tunnel_link_warm_up(l->tunnel);
}

/* Sync or Delay_Req: event messages of the end-to-end mechanism. */
static size_t kind_of(uint8_t type)
{
	return type == NOON_PTP_DELAY_REQ;
}

struct noon_ptp_egress noon_ptp_link_egress(const struct noon_ptp_link *l, uint8_t type)
{
	const size_t n = l->last_len[kind_of(type)];
	struct noon_tunnel_egress e;

	if (l->tunnel == NULL)
		return (struct noon_ptp_egress){.unstamped = false};
	e = noon_tunnel_link_egress(l->tunnel, type, n);
	return (struct noon_ptp_egress){.unstamped = e.unstamped, .later = e.later};
}

static noon_err send_datagram(struct noon_ptp_link *l, bool is_event, uint32_t id,
			      const struct noon_action *a, const struct noon_addr *to)
{
	const uint16_t port = is_event ? l->sockets.event_port : l->sockets.general_port;
	const struct noon_udp udp = {port, port};

	if (l->tunnel != NULL) {
		const struct noon_tunnel_message m = {
			.user = &l->tunnel_user,
			.udp = udp,
			.data = a->send,
			.handed = is_event && l->has_reading ? &l->reading : NULL,
			.wants_stamp = is_event,
			.token = id};

		if (is_event)
			l->last_len[kind_of(a->send.p[0] & 0x0f)] = a->send.n;
		return noon_tunnel_link_send(l->tunnel, &m);
	}
	return noon_udp_send(is_event ? l->sockets.event : l->sockets.general, a->send, to, NULL);
}

static void send_event(struct noon_ptp_link *l, struct noon_ptp_user *user,
		       const struct noon_action *a, const struct noon_addr *to)
{
	const uint32_t id = l->next_id;
	struct noon_ptp_sent *s = &l->sent[id % NOON_PTP_LINK_SENT];

	*s = (struct noon_ptp_sent){
		.used = true,
		.id = id,
		.token = a->token,
		.user = user,
		.before = l->has_reading && l->tunnel != NULL ? l->reading : noon_instant_now(),
		.card = noon_hwstamp_look(l->hw),
		.message = a->send.p[0],
		.n = a->send.n,
		.gap = gap_since(&l->last_out)};
	if (send_datagram(l, true, id, a, to) == NOON_OK) {
		l->next_id++;
		l->n_sent++;
		return;
	}
	l->last_sys = errno;
	l->n_failed++;
	if (l->tunnel != NULL)
		return;
	memset(l->sent, 0, sizeof(l->sent));
	l->next_id = 0;
	noon_ptp_sockets_recount(&l->sockets, l->hw != NULL);
}

void noon_ptp_link_send(struct noon_ptp_link *l, struct noon_ptp_user *user,
			const struct noon_action *a)
{
	const bool event = noon_ptp_is_event(a->send.p[0] & 0x0f);
	struct noon_addr to;

	address(l, &a->peer, event ? l->sockets.event_port : l->sockets.general_port, &to);
	/* A tunnel has one other end. */
	if (to.len == 0 && l->tunnel == NULL)
		return;
	if (event) {
		send_event(l, user, a, &to);
	} else if (send_datagram(l, false, 0, a, &to)) {
		l->last_sys = errno;
		l->n_failed++;
	}
}

void noon_ptp_link_probe(struct noon_ptp_link *l, struct noon_ptp_user *user,
			 const struct noon_action *a)
{
	static const struct noon_peer everybody = {.n = 0};
	struct noon_addr to;

	address(l, &everybody, l->sockets.event_port, &to);
	if (to.len > 0)
		send_event(l, user, a, &to);
}

void noon_ptp_link_close(struct noon_ptp_link *l)
{
	if (l->tunnel != NULL)
		noon_tunnel_link_detach(l->tunnel, &l->tunnel_user);
	if (l->event.fd >= 0)
		noon_loop_del(l->loop, &l->event);
	if (l->general.fd >= 0)
		noon_loop_del(l->loop, &l->general);
	noon_ptp_sockets_close(&l->sockets);
	l->event.fd = -1;
	l->general.fd = -1;
}
