/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/tunnel/tunnel_ntp.h"

#include <string.h>

#define NTP_PORT 123

/* A reply is never longer than its request, and NTS is not answered here. */
#define REPLY_MAX 512

static bool takes(void *arg, const struct noon_udp *udp)
{
	(void)arg;
	return udp->dst == NTP_PORT;
}

static void on_request(void *arg, const struct noon_tunnel_arrival *a)
{
	struct noon_tunnel_ntp *n = arg;
	const struct noon_tunnel_datagram *const d = a->datagram;
	struct noon_tunnel_message back = {.user = &n->user,
					   .udp = {.src = d->udp.dst, .dst = d->udp.src}};
	struct noon_served_state state;
	struct noon_instant now;
	uint8_t raw[REPLY_MAX];
	struct noon_wr reply = noon_wr_over(raw, sizeof(raw));
	noon_time received;
	noon_time c;

	noon_served_read(n->served, &state, &now);
	/* A step since the stamp: it is not known which of them the request came after. */
	if (!noon_instant_is_steady(&a->stamp.since, &now))
		state.clock.has_time = false;
	c = noon_clock_map_apply(&state.map, now.real_ns);
	received = a->stamp.kind == NOON_STAMP_USER
			   ? c
			   : noon_served_arrival(&state, a->stamp.real_ns, now.real_ns);
	n->server.clock = noon_served_clock_at(&state, c);
	(void)noon_ntp_server_reply(&n->server, d->data, received, c, &reply);
	back.data = noon_wr_written(&reply);
	/* One that cannot be sent is lost like any other, and counted by the link. */
	if (back.data.n > 0)
		(void)!noon_tunnel_link_send(n->link, &back);
}

static void on_sent(void *arg, uint32_t token, const struct noon_link_stamp *stamp)
{
	(void)arg;
	(void)token;
	(void)stamp;
}

noon_err noon_tunnel_ntp_open(struct noon_tunnel_ntp *n, struct noon_tunnel_link *link,
			      struct noon_served *served, struct noon_rng *rng)
{
	noon_err err;

	memset(n, 0, sizeof(*n));
	n->served = served;
	n->user = (struct noon_tunnel_user){
		.takes = takes, .on_datagram = on_request, .on_sent = on_sent, .arg = n};
	err = noon_ntp_server_init(&n->server, rng, NULL);
	if (err)
		return err;
	err = noon_tunnel_link_attach(link, &n->user);
	if (err)
		noon_ntp_server_fini(&n->server);
	else
		n->link = link;
	return err;
}

void noon_tunnel_ntp_close(struct noon_tunnel_ntp *n)
{
	if (n->link == NULL)
		return;
	noon_tunnel_link_detach(n->link, &n->user);
	noon_ntp_server_fini(&n->server);
	n->link = NULL;
}
