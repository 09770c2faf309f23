/* SPDX-License-Identifier: Apache-2.0 */
#include "link/tunnel_link.h"

#include <errno.h>
#include <string.h>

#include "proto/ptp/ptp_port.h"

/* Packets handled per wake-up; the rest waits for the next. */
#define BATCH 64

/* What SOL_UDP carries that is no ESP: a keepalive is one byte (RFC 3948, section 2.3). */
#define KEEPALIVE_LEN 1

/* A type that PTP has not. */
#define OTHER_MESSAGE 0x0f

/* A disk that is full is not asked for each packet. */
#define RESERVE_AGAIN NOON_S(1)

static noon_time now(void)
{
	return noon_mono_now();
}

/* Whoever knows our packets by their SPI hears of a new one before it is used. */
static void tell_spis(struct noon_tunnel_link *l)
{
	const struct noon_tunnel_half *const in_use[] = {&l->machine.before, &l->machine.now};
	const struct noon_tunnel_half *const out = &l->machine.out;
	struct noon_tunnel_spis s = {.out = out->epoch > 0 ? out->sa.form.spi : 0};

	if (l->host.on_spis == NULL || (l->told_out == s.out && l->told_set == l->machine.spi_set))
		return;
	l->told_out = s.out;
	l->told_set = l->machine.spi_set;
	if (out->epoch > 0 && out->sa.form.ah)
		s.out_ah = out->sa.form.ah_spi;
	s.n = noon_tunnel_spis_in(&l->machine, s.in);
	/* Those that the kernel has are not for our filter. */
	for (size_t i = 0; l->machine.conf.by_kernel && i < 2; i++)
		if (in_use[i]->epoch > 0)
			s.in[s.n++] = in_use[i]->sa.form.spi;
	l->host.on_spis(l->host.arg, &s);
}

/* After each call of the machine: epochs it wants on disk, SPIs it expects, its next deadline. */
void noon_tunnel_link_settle(struct noon_tunnel_link *l)
{
	const uint64_t epoch = noon_tunnel_wants_reserved(&l->machine);
	uint32_t spi[NOON_TUNNEL_SPIS_MAX];

	if (epoch > 0 && !noon_time_before(now(), l->reserve_at)) {
		if (l->host.reserve(l->host.arg, epoch))
			noon_tunnel_reserved(&l->machine, epoch);
		else
			l->reserve_at = noon_time_add(now(), RESERVE_AGAIN);
	}
	if (l->spi_set != l->machine.spi_set &&
	    noon_raw_ip_filter(&l->raw, spi, noon_tunnel_spis_in(&l->machine, spi)) == NOON_OK)
		l->spi_set = l->machine.spi_set;
	tell_spis(l);
	if (l->host.on_settled != NULL)
		l->host.on_settled(l->host.arg);
	noon_loop_arm(l->loop, &l->timer, noon_time_diff(noon_tunnel_deadline(&l->machine), now()));
}

static noon_dur gap_to(noon_time last, noon_time at)
{
	return noon_time_is_never(last) ? NOON_DUR_MAX : noon_time_diff(at, last);
}

static noon_dur gap_since(noon_time *last)
{
	const noon_time at = now();
	const noon_dur gap = gap_to(*last, at);

	*last = at;
	return gap;
}

/* ---- out ---- */

static void take_departures(struct noon_tunnel_link *l);

static noon_err send_outer(struct noon_tunnel_link *l, struct noon_bytes packet,
			   const struct noon_tunnel_sent *what)
{
	struct noon_addr to = l->peer;

	if (to.len == 0)
		return NOON_ERR_STATE;
	tell_spis(l);
	if (l->raw.kind != NOON_RAW_UDP)
		noon_addr_set_port(&to, 0);
	l->sent[l->next_id % NOON_TUNNEL_LINK_SENT] = *what;
	l->sent[l->next_id % NOON_TUNNEL_LINK_SENT].id = l->next_id;
	if (noon_udp_send(l->raw.fd, packet, &to, NULL) == NOON_OK) {
		l->next_id++;
		return NOON_OK;
	}
	l->last_sys = errno;
	l->last_size = packet.n;
	l->n_failed++;
	take_departures(l); /* of before: their numbers come again */
	memset(l->sent, 0, sizeof(l->sent));
	l->next_id = 0;
	noon_raw_ip_recount(&l->raw);
	return NOON_ERR_OS;
}

noon_err noon_tunnel_link_attach(struct noon_tunnel_link *l, const struct noon_tunnel_user *user)
{
	for (size_t i = 0; i < NOON_TUNNEL_LINK_USERS; i++) {
		if (l->user[i] != NULL)
			continue;
		l->user[i] = user;
		return NOON_OK;
	}
	return NOON_ERR_FULL;
}

void noon_tunnel_link_detach(struct noon_tunnel_link *l, const struct noon_tunnel_user *user)
{
	for (size_t i = 0; i < NOON_TUNNEL_LINK_USERS; i++)
		if (l->user[i] == user)
			l->user[i] = NULL;
	for (size_t i = 0; i < NOON_TUNNEL_LINK_SENT; i++)
		if (l->sent[i].user == user)
			l->sent[i].user = NULL;
}

static void send_covers(struct noon_tunnel_link *l)
{
	for (size_t i = 0; i < l->actions.n; i++) {
		/* Its departure is counted by the kernel and wanted by nobody. */
		const struct noon_tunnel_sent what = {.used = false};

		if (l->actions.a[i].kind == NOON_ACTION_SEND &&
		    send_outer(l, l->actions.a[i].send, &what) == NOON_OK)
			l->last_out = now();
	}
}

void noon_tunnel_link_warm_up(struct noon_tunnel_link *l)
{
	if (!l->warm_up)
		return;
	noon_actions_reset(&l->actions);
	noon_tunnel_cover(&l->machine, now(), &l->actions);
	send_covers(l);
}

struct noon_tunnel_egress noon_tunnel_link_egress(const struct noon_tunnel_link *l, uint8_t message,
						  size_t n)
{
	const enum noon_tunnel_correction c =
		noon_tunnel_correction_of(l->correction, &l->stamping);
	const struct noon_tunnel_edge e = {
		.message = message, .n = n, .gap = gap_to(l->last_out, now())};
	struct noon_tunnel_egress x = {.unstamped = c != NOON_TUNNEL_EXACT};

	/* In automatic mode it stands in for a stamp that is lost, and for one-step messages. */
	if (l->host.estimate != NULL && l->correction != NOON_TUNNEL_EXACT &&
	    l->correction != NOON_TUNNEL_NONE)
		x.later = l->host.estimate(l->host.arg, &e);
	return x;
}

/* Edges are learned by PTP's type of message; all else is of one kind. */
static uint8_t message_of(const struct noon_udp *udp, struct noon_bytes data)
{
	const bool is_ptp = udp->dst == NOON_PTP_EVENT_PORT || udp->dst == NOON_PTP_GENERAL_PORT;

	return is_ptp && data.n > 0 ? data.p[0] : OTHER_MESSAGE;
}

static noon_err send_datagram(struct noon_tunnel_link *l, const struct noon_tunnel_message *m)
{
	uint8_t room[NOON_TUNNEL_PACKET_MAX];
	struct noon_wr wr = noon_wr_over(room, sizeof(room));
	struct noon_tunnel_sealed sealed;
	struct noon_tunnel_sent what = {.used = true,
					.wants_stamp = m->wants_stamp,
					.user = m->user,
					.token = m->token,
					.message = message_of(&m->udp, m->data),
					.n = m->data.n,
					.gap = gap_since(&l->last_out),
					.handed = m->handed != NULL ? *m->handed
								    : noon_instant_now()};
	noon_err err = noon_tunnel_seal(&l->machine, &m->udp, m->data, now(), &wr, &sealed);

	err = err ? err : send_outer(l, noon_wr_written(&wr), &what);
	if (!err && m->wants_stamp) {
		l->n_sent++;
		noon_tunnel_stamping_sent(&l->stamping);
	}
	noon_tunnel_link_settle(l);
	return err;
}

noon_err noon_tunnel_link_send(struct noon_tunnel_link *l, const struct noon_tunnel_message *m)
{
	/* Where sizes tell nothing, pairs must not either: each message has its cover packet. */
	if (!m->wants_stamp && l->machine.conf.padding.mode == NOON_PADDING_CELL)
		noon_tunnel_link_warm_up(l);
	return send_datagram(l, m);
}

static void take_departures(struct noon_tunnel_link *l)
{
	struct noon_link_stamp stamp = {0};
	uint32_t id;

	for (int i = 0; i < BATCH; i++) {
		if (noon_udp_recv_sent(l->raw.fd, &id, &stamp.real_ns, &stamp.kind))
			return;
		struct noon_tunnel_sent *const s = &l->sent[id % NOON_TUNNEL_LINK_SENT];

		if (!s->used || s->id != id)
			continue;
		s->used = false;
		stamp.since = s->handed;
		l->n_stamped += s->wants_stamp;
		noon_tunnel_stamping_came(&l->stamping);
		if (l->host.on_edge != NULL) {
			const struct noon_tunnel_edge e = {
				.message = s->message,
				.n = s->n,
				.took = noon_sat_sub(stamp.real_ns, s->handed.real_ns),
				.gap = s->gap};

			l->host.on_edge(l->host.arg, &e);
		}
		if (s->wants_stamp && s->user != NULL)
			s->user->on_sent(s->user->arg, s->token, &stamp);
	}
}

/* ---- in ---- */

/* Raw sockets of IPv6 give packets without their header: put one there with what AH authenticates.
 */
static struct noon_bytes with_header(struct noon_tunnel_link *l, const struct noon_datagram *d)
{
	struct noon_wr wr = noon_wr_over(l->in, NOON_IP6_HEADER_LEN);
	struct noon_ip ip = {.version = 6,
			     .proto = l->raw.kind == NOON_RAW_AH ? NOON_IP_PROTO_AH
								 : NOON_IP_PROTO_ESP};

	memcpy(ip.src, &d->peer.u.v6.sin6_addr, sizeof(ip.src));
	memcpy(ip.dst, &d->local.u.v6.sin6_addr, sizeof(ip.dst));
	if (noon_ip_put(&wr, &ip, d->n))
		return noon_bytes_of(l->in, 0);
	return noon_bytes_of(l->in, NOON_IP6_HEADER_LEN + d->n);
}

static enum noon_tunnel_verdict give(struct noon_tunnel_link *l, struct noon_bytes packet,
				     struct noon_tunnel_datagram *ret)
{
	const noon_time at = now();
	const struct noon_rx rx = {.data = packet, .at = at, .now = at};
	enum noon_tunnel_verdict v = noon_tunnel_on_packet(&l->machine, &rx, l->opened, ret);

	noon_tunnel_link_settle(l);
	if (v == NOON_TUNNEL_UNRESERVED && noon_tunnel_wants_reserved(&l->machine) == 0) {
		l->machine.verdicts[v]--; /* it is counted again */
		v = noon_tunnel_on_packet(&l->machine, &rx, l->opened, ret);
	}
	return v;
}

static void deliver(struct noon_tunnel_link *l, const struct noon_tunnel_datagram *d,
		    const struct noon_datagram *outer)
{
	const struct noon_instant opened = noon_instant_now();
	struct noon_tunnel_arrival a = {
		.datagram = d,
		.stamp = {.kind = outer->stamp, .real_ns = outer->stamp_ns, .since = l->looked}};

	l->n_arrived++;
	l->n_arrived_stamped += outer->stamp != NOON_STAMP_USER;
	if (l->host.on_edge != NULL && outer->stamp != NOON_STAMP_USER) {
		const struct noon_tunnel_edge e = {
			.inbound = true,
			.message = message_of(&d->udp, d->data),
			.n = d->data.n,
			.took = noon_sat_sub(opened.real_ns, outer->stamp_ns),
			.gap = gap_since(&l->last_in)};

		l->host.on_edge(l->host.arg, &e);
	}
	for (size_t i = 0; i < NOON_TUNNEL_LINK_USERS; i++) {
		const struct noon_tunnel_user *const user = l->user[i];

		if (user == NULL || !user->takes(user->arg, &d->udp))
			continue;
		user->on_datagram(user->arg, &a);
		return;
	}
}

/* Behind an address translation the other end's port may change. Only the newest packet tells: one
 * that somebody held back and sends from elsewhere leads nowhere. */
static bool is_newest(const struct noon_tunnel_link *l, const struct noon_tunnel_datagram *d)
{
	const struct noon_tunnel_half *const in = &l->machine.now;

	return in->epoch > 0 && d->spi == in->sa.form.spi && d->seq == in->sa.replay.top;
}

static void take_one(struct noon_tunnel_link *l, const struct noon_datagram *d)
{
	const bool bare = l->raw.kind != NOON_RAW_UDP && !l->raw.has_header;
	struct noon_tunnel_datagram opened;
	enum noon_tunnel_verdict v;

	v = give(l, bare ? with_header(l, d) : noon_bytes_of(l->in + NOON_IP6_HEADER_LEN, d->n),
		 &opened);
	if (l->raw.kind == NOON_RAW_UDP && (v == NOON_TUNNEL_ACCEPTED || v == NOON_TUNNEL_COVER) &&
	    is_newest(l, &opened))
		l->peer = d->peer;
	if (v == NOON_TUNNEL_ACCEPTED)
		deliver(l, &opened, d);
}

static void take_arrivals(struct noon_tunnel_link *l)
{
	struct noon_datagram d;

	for (int i = 0; i < BATCH; i++) {
		const noon_err err = noon_udp_recv(l->raw.fd, l->in + NOON_IP6_HEADER_LEN,
						   NOON_TUNNEL_PACKET_MAX, &d);

		if (err == NOON_ERR_EMPTY)
			return;
		if (!err && !d.truncated && d.n > KEEPALIVE_LEN)
			take_one(l, &d);
	}
}

/* Departures before arrivals: an answer needs its request's stamp. */
static void on_ready(void *arg, unsigned what)
{
	struct noon_tunnel_link *l = arg;
	/* Taken before emptying the socket: later arrivals are stamped after this. */
	const struct noon_instant at = noon_instant_now();

	(void)what;
	take_departures(l);
	take_arrivals(l);
	l->looked = at;
}

static void on_timer(void *arg)
{
	struct noon_tunnel_link *l = arg;

	noon_actions_reset(&l->actions);
	noon_tunnel_on_timer(&l->machine, now(), &l->actions);
	send_covers(l);
	noon_tunnel_link_settle(l);
}

void noon_tunnel_link_addresses(struct noon_ip *ip, const struct noon_addr *from,
				const struct noon_addr *to)
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

noon_err noon_tunnel_link_open(struct noon_tunnel_link *l, struct noon_loop *loop,
			       const struct noon_tunnel_link_conf *conf,
			       const struct noon_tunnel_host *host, struct noon_rng *rng,
			       const char **ret_why, int *ret_sys)
{
	const struct noon_tunnel_conf *const m = &conf->machine;
	const struct noon_raw_ip_conf raw = {.kind = m->udp  ? NOON_RAW_UDP
						     : m->ah ? NOON_RAW_AH
							     : NOON_RAW_ESP,
					     .local = conf->local,
					     .family = conf->family};
	noon_err err;

	memset(l, 0, sizeof(*l));
	l->loop = loop;
	l->host = *host;
	l->peer = conf->peer;
	l->correction = conf->correction;
	l->warm_up = conf->warm_up;
	l->raw.fd = -1;
	l->watch.fd = -1;
	l->last_out = l->last_in = NOON_TIME_NEVER;
	l->timer = (struct noon_timer){.fire = on_timer, .arg = l};
	*ret_why = "the configuration makes no sense";
	*ret_sys = 0;
	err = noon_tunnel_init(&l->machine, m, now(), rng);
	if (err)
		return err;
	l->spi_set = l->told_set = l->machine.spi_set - 1;
	err = noon_raw_ip_open(&raw, &l->raw, ret_why, ret_sys);
	if (err)
		noon_tunnel_fini(&l->machine);
	return err;
}

noon_err noon_tunnel_link_start(struct noon_tunnel_link *l)
{
	noon_err err;

	l->watch = (struct noon_fd_watch){
		.fd = l->raw.fd, .want = NOON_READABLE, .ready = on_ready, .arg = l};
	err = noon_loop_add(l->loop, &l->watch);
	l->looked = noon_instant_now();
	if (!err)
		on_timer(l);
	return err;
}

void noon_tunnel_link_close(struct noon_tunnel_link *l)
{
	if (l->watch.fd >= 0)
		noon_loop_del(l->loop, &l->watch);
	noon_loop_disarm(&l->timer);
	noon_raw_ip_close(&l->raw);
	noon_tunnel_fini(&l->machine);
	l->watch.fd = -1;
}
