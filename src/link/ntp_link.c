/* SPDX-License-Identifier: Apache-2.0 */
#include "link/ntp_link.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Datagrams handled per wake-up; the rest waits for the next. */
#define BATCH 16

/* Ports that nobody is at home on (RFC 6335, section 6). */
#define PORT_FIRST 49152

static void close_socket(struct noon_ntp_link *l)
{
	if (l->watch.fd < 0)
		return;
	noon_loop_del(l->loop, &l->watch);
	(void)close(l->watch.fd);
	l->watch.fd = -1;
}

static void on_ready(void *arg, unsigned what);

/* A fresh port here too: an answer to an earlier request that somebody held back is for none. */
static void send_in_tunnel(struct noon_ntp_link *l, const struct noon_action *a)
{
	const uint64_t drawn = noon_rng_u64(l->client.conf.rng);
	const struct noon_tunnel_message m = {
		.user = &l->tunnel_user,
		.udp = {.src = (uint16_t)(PORT_FIRST + drawn % (UINT16_MAX - PORT_FIRST + 1)),
			.dst = noon_addr_port(&l->peer)},
		.data = a->send,
		.wants_stamp = true,
		.token = a->token};

	l->tunnel_port = m.udp.src;
	l->token = a->token;
	l->last_sys = 0;
	l->stamping = l->tunnel->raw.stamping;
	l->sent = noon_instant_now();
	if (noon_tunnel_link_send(l->tunnel, &m))
		l->last_sys = l->tunnel->last_sys; /* counts as a miss at the time-out */
}

/* C3: a fresh socket, and with it a fresh random port, for each request. The previous socket stays
 * open until then, so that late and duplicate answers are seen and counted. */
static void send_request(struct noon_ntp_link *l, const struct noon_action *a)
{
	int fd;

	close_socket(l);
	l->last_sys = 0;
	l->token = a->token;
	if (noon_udp_connect(&l->peer, l->local.len > 0 ? &l->local : NULL, &fd, &l->stamping,
			     &l->last_sys))
		return; /* counts as a miss at the time-out */
	/* Without hardware stamps the kernel's are still delivered. */
	if (l->hw != NULL && noon_hwstamp_want(fd))
		l->hw = NULL;
	l->watch = (struct noon_fd_watch){
		.fd = fd, .want = NOON_READABLE, .ready = on_ready, .arg = l};
	if (noon_loop_add(l->loop, &l->watch)) {
		(void)close(fd);
		l->watch.fd = -1;
		l->last_sys = ENOMEM;
		return;
	}
	l->sent = noon_instant_now();
	l->card = noon_hwstamp_look(l->hw);
	if (noon_udp_send(fd, a->send, NULL, NULL))
		l->last_sys = errno;
}

/* Without a peer the machine may only request a key exchange, which provides one. */
static bool may_run(const struct noon_ntp_link *l)
{
	return l->peer.len > 0 || (l->client.conf.nts && l->client.session.n_cookies == 0);
}

static void arm(void *arg)
{
	struct noon_ntp_link *l = arg;
	const noon_time deadline = noon_ntp_client_deadline(&l->client);

	if (!may_run(l) || noon_time_is_never(deadline)) {
		noon_loop_disarm(&l->timer);
		return;
	}
	noon_loop_arm(l->loop, &l->timer, noon_time_diff(deadline, noon_clock_now(l->clock)));
}

static void carry_out(void *arg, const struct noon_action *a)
{
	struct noon_ntp_link *l = arg;

	switch (a->kind) {
	case NOON_ACTION_SEND:
		if (l->tunnel != NULL)
			send_in_tunnel(l, a);
		else
			send_request(l, a);
		break;
	case NOON_ACTION_SAMPLE:
		l->on_sample(l->arg, &a->sample);
		break;
	case NOON_ACTION_MISS:
		l->on_miss(l->arg);
		break;
	case NOON_ACTION_CONNECT:
		l->on_connect(l->arg);
		break;
	case NOON_ACTION_FINDING:
	case NOON_ACTION_DECLARE:
	case NOON_ACTION_ARM:
	case NOON_ACTION_CLOSE:
		break;
	}
}

/* A card's stamp is converted to CLOCK_REALTIME first. Returns false if that fails. */
static bool stamp_of(struct noon_ntp_link *l, enum noon_stamp kind, int64_t ns,
		     struct noon_link_stamp *ret)
{
	*ret = (struct noon_link_stamp){.kind = kind, .real_ns = ns, .since = l->sent};
	if (kind != NOON_STAMP_HARDWARE)
		return true;
	return l->hw != NULL &&
	       noon_hwstamp_to_real(l->hw, &l->card, ns, &ret->real_ns, &ret->err) == NOON_OK;
}

static void take_sent_stamps(struct noon_ntp_link *l)
{
	struct noon_link_stamp stamp;
	enum noon_stamp kind;
	noon_time sent;
	int64_t ns;
	uint32_t id;

	while (noon_udp_recv_sent(l->watch.fd, &id, &ns, &kind) == NOON_OK)
		if (stamp_of(l, kind, ns, &stamp) &&
		    noon_stamp_departure(l->clock, &stamp, &sent) == NOON_OK)
			noon_ntp_client_on_sent(&l->client, l->token, sent, kind, &l->pump.wanted);
}

static void take_reply(struct noon_ntp_link *l, const uint8_t *buf, const struct noon_datagram *d)
{
	struct noon_rx rx = {.data = noon_bytes_of(buf, d->n), .now = noon_clock_now(l->clock)};
	struct noon_link_stamp stamp;

	if (!stamp_of(l, d->stamp, d->stamp_ns, &stamp))
		stamp.kind = NOON_STAMP_USER;
	noon_stamp_arrival(l->clock, &stamp, &rx);
	noon_ntp_client_on_packet(&l->client, &rx, &l->pump.wanted);
}

static void on_ready(void *arg, unsigned what)
{
	struct noon_ntp_link *l = arg;
	uint8_t buf[NOON_NTP_PACKET_MAX + 1];
	struct noon_datagram d;
	const int fd = l->watch.fd;

	(void)what;
	take_sent_stamps(l);
	for (int i = 0; i < BATCH && l->watch.fd == fd; i++) {
		const noon_err err = noon_udp_recv(fd, buf, sizeof(buf), &d);

		/* An ICMP error is read and ignored: anybody can forge one. */
		if (err)
			break;
		take_reply(l, buf, &d);
		noon_pump_run(&l->pump);
	}
}

/* ---- in a tunnel ---- */

static bool takes(void *arg, const struct noon_udp *udp)
{
	const struct noon_ntp_link *l = arg;

	return l->tunnel_port != 0 && udp->dst == l->tunnel_port &&
	       udp->src == noon_addr_port(&l->peer);
}

static void on_tunnel_sent(void *arg, uint32_t token, const struct noon_link_stamp *stamp)
{
	struct noon_ntp_link *l = arg;
	noon_time sent;

	if (token == l->token && noon_stamp_departure(l->clock, stamp, &sent) == NOON_OK)
		noon_ntp_client_on_sent(&l->client, token, sent, stamp->kind, &l->pump.wanted);
	noon_pump_run(&l->pump);
}

static void on_tunnel_datagram(void *arg, const struct noon_tunnel_arrival *t)
{
	struct noon_ntp_link *l = arg;
	struct noon_rx rx = {.data = t->datagram->data, .now = noon_clock_now(l->clock)};

	noon_stamp_arrival(l->clock, &t->stamp, &rx);
	noon_ntp_client_on_packet(&l->client, &rx, &l->pump.wanted);
	noon_pump_run(&l->pump);
}

noon_err noon_ntp_link_open_tunnel(struct noon_ntp_link *l, struct noon_tunnel_link *tunnel)
{
	l->tunnel = tunnel;
	l->hw = NULL;
	l->tunnel_user = (struct noon_tunnel_user){.takes = takes,
						   .on_datagram = on_tunnel_datagram,
						   .on_sent = on_tunnel_sent,
						   .arg = l};
	return noon_tunnel_link_attach(tunnel, &l->tunnel_user);
}

static void on_timer(void *arg)
{
	noon_ntp_link_kick(arg);
}

void noon_ntp_link_kick(struct noon_ntp_link *l)
{
	if (l->watch.fd >= 0)
		take_sent_stamps(l);
	if (may_run(l))
		noon_ntp_client_on_timer(&l->client, noon_clock_now(l->clock), &l->pump.wanted);
	noon_pump_run(&l->pump);
}

void noon_ntp_link_kick_soon(struct noon_ntp_link *l)
{
	noon_loop_arm(l->loop, &l->timer, 0);
}

void noon_ntp_link_forget(struct noon_ntp_link *l)
{
	noon_ntp_client_forget(&l->client);
	noon_ntp_link_kick(l);
}

noon_err noon_ntp_link_init(struct noon_ntp_link *l, struct noon_loop *loop,
			    struct noon_clock *clock, const struct noon_ntp_client_conf *conf)
{
	l->loop = loop;
	l->clock = clock;
	l->watch.fd = -1;
	l->local.len = 0;
	l->tunnel = NULL;
	l->tunnel_port = 0;
	l->timer = (struct noon_timer){.fire = on_timer, .arg = l};
	noon_pump_init(&l->pump, carry_out, arm, l);
	return noon_ntp_client_init(&l->client, conf, noon_clock_now(clock));
}

void noon_ntp_link_start(struct noon_ntp_link *l, const struct noon_addr *peer)
{
	l->peer = *peer;
	arm(l);
}

void noon_ntp_link_fini(struct noon_ntp_link *l)
{
	close_socket(l);
	if (l->tunnel != NULL)
		noon_tunnel_link_detach(l->tunnel, &l->tunnel_user);
	noon_loop_disarm(&l->timer);
	noon_ntp_client_fini(&l->client);
}
