/* SPDX-License-Identifier: Apache-2.0
 *
 * A timing tunnel around a path of PTP: proto/tunnel at both ends, so that attackers see ESP
 * packets.
 *
 * Stamps are those of the encrypted packets, as link/tunnel_link gives them: encryption takes no
 * time here.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/world_priv.h"

#define LIFETIME NOON_S(600) /* of an association, shortened at random: several in a run */

/* A client that starts again goes on behind all epochs that it may have used. */
#define EPOCHS_APART 100000

static void set_addresses(struct noon_ip *ip, uint8_t network, unsigned end)
{
	*ip = (struct noon_ip){.version = 4,
			       .ttl = 64,
			       .src = {10, network, 0, (uint8_t)(1 + end)},
			       .dst = {10, network, 0, (uint8_t)(2 - end)}};
}

static noon_err make_end(struct noon_world *w, uint32_t path, unsigned end)
{
	const struct noon_sim_path *p = &w->s->path[path];
	struct noon_sim_tunnel *t = w->assoc[path].tunnel;
	struct noon_tunnel_conf c = {
		.secret = {{1, (uint8_t)path}}, /* any will do: no attacker has it */
		.is_initiator = end == 0,
		.key_len = 16,
		.extended = true,
		.ports = 2,
		.port = {NOON_PTP_EVENT_PORT, NOON_PTP_GENERAL_PORT},
		.lifetime = LIFETIME,
		.jitter = 0.1,
		.grace = NOON_S(10),
		.dead_after = NOON_S(30),
		.first = w->assoc[path].tunnels * EPOCHS_APART + 1,
		.reserved = (w->assoc[path].tunnels + 1) * EPOCHS_APART,
	};

	if (p->cell > 0)
		c.padding = (struct noon_padding){NOON_PADDING_CELL, p->cell, 0};
	set_addresses(&c.outer, 1, end);
	set_addresses(&c.inner, 2, end);
	return noon_tunnel_init(&t->end[end], &c, w->now, &w->node[p->client].rng);
}

noon_err noon_sim_tunnel_init(struct noon_world *w, uint32_t path)
{
	struct noon_sim_assoc *a = &w->assoc[path];
	noon_err err;

	a->tunnel = calloc(1, sizeof(*a->tunnel));
	if (a->tunnel == NULL)
		abort();
	err = make_end(w, path, 0);
	err = err ? err : make_end(w, path, 1);
	a->tunnels++;
	return err;
}

void noon_sim_tunnel_fini(struct noon_sim_tunnel *t)
{
	if (t == NULL)
		return;
	noon_tunnel_fini(&t->end[0]);
	noon_tunnel_fini(&t->end[1]);
	free(t);
}

/* Let an end do what is due. What it would send means nothing and is not needed here. */
static void tick(struct noon_world *w, struct noon_tunnel *end)
{
	struct noon_actions *const as = &w->tunnel_actions;

	while (!noon_time_before(w->now, noon_tunnel_deadline(end))) {
		const noon_time before = noon_tunnel_deadline(end);

		noon_actions_reset(as);
		noon_tunnel_on_timer(end, w->now, as);
		if (noon_tunnel_deadline(end).ns == before.ns)
			return;
	}
}

void noon_sim_tunnel_seal(struct noon_world *w, struct noon_flight *f)
{
	struct noon_sim_tunnel *const t = w->assoc[f->path].tunnel;
	const struct noon_udp udp = {NOON_PTP_EVENT_PORT, NOON_PTP_EVENT_PORT};
	uint8_t room[NOON_TUNNEL_PACKET_MAX];
	struct noon_wr wr = noon_wr_over(room, sizeof(room));
	struct noon_tunnel_sealed sealed;

	if (t == NULL)
		return;
	tick(w, &t->end[f->dir]);
	f->lost |= noon_tunnel_seal(&t->end[f->dir], &udp, noon_bytes_of(f->buf, f->n), w->now, &wr,
				    &sealed) != NOON_OK;
	if (f->lost)
		return;
	f->n = noon_wr_len(&wr);
	assert(f->n <= sizeof(f->buf));
	memcpy(f->buf, room, f->n);
}

/* What came of a packet, in the words of machines that authenticate by themselves. */
static enum noon_verdict verdict_of(enum noon_tunnel_verdict v)
{
	return v == NOON_TUNNEL_REPLAY ? NOON_VERDICT_REPLAY : NOON_VERDICT_AUTH;
}

bool noon_sim_tunnel_open(struct noon_world *w, struct noon_flight *f)
{
	struct noon_sim_tunnel *const t = w->assoc[f->path].tunnel;
	const struct noon_rx rx = {
		.data = noon_bytes_of(f->buf, f->n), .at = w->now, .now = w->now};
	uint8_t room[NOON_TUNNEL_PACKET_MAX];
	struct noon_tunnel_datagram d;
	enum noon_tunnel_verdict v;

	if (t == NULL)
		return true;
	tick(w, &t->end[1 - f->dir]);
	v = noon_tunnel_on_packet(&t->end[1 - f->dir], &rx, room, &d);
	if (v != NOON_TUNNEL_ACCEPTED) {
		w->node[w->s->path[f->path].client].tally.verdicts[verdict_of(v)]++;
		return false;
	}
	assert(d.data.n <= sizeof(f->buf));
	f->n = d.data.n;
	memcpy(f->buf, d.data.p, f->n);
	return true;
}
