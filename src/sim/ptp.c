/* SPDX-License-Identifier: Apache-2.0
 *
 * A path of PTP: proto/ptp_transmitter on the server, proto/ptp_receiver on the client, and what
 * daemon/serve/ptp_service.c and link/ptp_receiver_link.c do around them, here with simulated
 * packets.
 *
 * Multicast on a network of two, one transmitter for each path. Messages are real and sealed; the
 * attackers have no key.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/world_priv.h"

#define TAI_OFFSET  37
#define CLASS_6	    6	 /* synchronised to a reference (IEEE 1588-2019, Table 4) */
#define SOURCE_GNSS 0x20 /* Table 6 */

/* Any key will do: no attacker has it. */
static const char sa_file[] =
	"[security_association]\nspp 1\nseqid_window 3\n"
	"1 SHA256-128 HEX:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n";

static struct noon_sim_machine *server_of(struct noon_world *w, uint32_t path)
{
	return &w->node[w->s->path[path].server];
}

static noon_time server_h(struct noon_world *w, uint32_t path)
{
	return noon_osc_h(&server_of(w, path)->osc, w->now);
}

static struct noon_ptp_identity identity(uint32_t path, uint8_t port)
{
	return (struct noon_ptp_identity){.clock = {0, 0, 0, 0xff, 0xfe, 0, (uint8_t)path, port},
					  .port = 1};
}

/* All attackers on the path. */
static struct noon_peer peer_of(unsigned dir)
{
	return (struct noon_peer){.n = 1, .key = {(uint8_t)(1 + dir)}};
}

static noon_err parse_keys(const struct noon_sim_path *conf, struct noon_ptp_keys *keys)
{
	struct noon_ptp_keys_fault fault;

	if (!conf->sa)
		return NOON_OK;
	return noon_ptp_keys_parse(noon_bytes_of(sa_file, sizeof(sa_file) - 1), keys, &fault);
}

static struct noon_ptp_policy policy_of(const struct noon_sim_path *conf,
					struct noon_ptp_keys *keys)
{
	return (struct noon_ptp_policy){
		.keys = conf->sa ? keys : NULL, .spp = 1, .in_tunnel = conf->tunnel};
}

static noon_err make_receiver(struct noon_world *w, uint32_t path, uint32_t source)
{
	const struct noon_sim_path *conf = &w->s->path[path];
	struct noon_sim_machine *m = &w->node[conf->client];
	struct noon_sim_ptp *p = w->assoc[path].ptp;
	struct noon_ptp_receiver_conf c = noon_ptp_receiver_conf_default();
	noon_err err = parse_keys(conf, &p->rx_keys);

	c.rng = &m->rng;
	c.source = source;
	c.port.self = identity(path, 1);
	c.policy = policy_of(conf, &p->rx_keys);
	c.log_announce = 0;
	c.log_sync = c.log_delay = conf->source.poll_min;
	err = err ? err : noon_ptp_receiver_init(&p->rx, &c, noon_osc_h(&m->osc, w->now));
	if (!err)
		noon_ptp_receiver_set_tai(&p->rx, true, TAI_OFFSET);
	return err;
}

static noon_err make_transmitter(struct noon_world *w, uint32_t path)
{
	const struct noon_sim_path *conf = &w->s->path[path];
	struct noon_sim_ptp *p = w->assoc[path].ptp;
	struct noon_ptp_transmitter_conf c = noon_ptp_transmitter_conf_default();
	noon_err err = parse_keys(conf, &p->tx_keys);

	c.rng = &server_of(w, path)->rng;
	c.port.self = identity(path, 2);
	c.policy = policy_of(conf, &p->tx_keys);
	c.multicast = c.always = true;
	c.unicast = false;
	c.log_announce = 0;
	c.log_sync = c.log_delay = conf->source.poll_min;
	return err ? err : noon_ptp_transmitter_init(&p->tx, &c, server_h(w, path));
}

/* State of the served clock, as noon_ptp_service_tell() has it. */
static void renew_quality(struct noon_world *w, uint32_t path)
{
	struct noon_sim_machine *m = server_of(w, path);
	struct noon_ptp_quality q = {
		.valid = true,
		.clock_class = CLASS_6,
		.bound = m->conf->local_bound,
		.variance = UINT16_MAX,
		.time_source = SOURCE_GNSS,
		.tai_known = true,
		.tai_offset = TAI_OFFSET,
	};
	struct noon_reading r;

	if (m->engine != NULL) {
		noon_engine_reading(m->engine, server_h(w, path), &r);
		q.valid = r.certain && noon_sat_add(r.bound, r.hidden) <= NOON_SIM_SERVE_LIMIT;
		q.bound = r.bound;
		q.leap = r.leap;
	}
	noon_ptp_transmitter_set_quality(&w->assoc[path].ptp->tx, &q, server_h(w, path));
}

static void arm(struct noon_world *w, uint32_t path)
{
	struct noon_sim_ptp *p = w->assoc[path].ptp;
	const noon_time next = noon_ptp_transmitter_deadline(&p->tx);
	noon_time at;

	if (noon_time_is_never(next))
		return;
	at = noon_osc_when(&server_of(w, path)->osc, next, w->now);
	if (at.ns == p->wake_at.ns && noon_time_before(w->now, at))
		return;
	p->wake_at = at;
	noon_sim_at(w, at, NOON_SIM_TRANSMIT, path, NULL);
}

noon_err noon_sim_ptp_init(struct noon_world *w, uint32_t path, uint32_t source)
{
	struct noon_sim_ptp *p = calloc(1, sizeof(*p));
	noon_err err;

	if (p == NULL)
		abort();
	w->assoc[path].ptp = p;
	p->wake_at = NOON_TIME_NEVER;
	noon_actions_reset(&p->out);
	err = make_receiver(w, path, source);
	err = err ? err : make_transmitter(w, path);
	if (!err && w->s->path[path].tunnel)
		err = noon_sim_tunnel_init(w, path);
	if (err)
		return err;
	renew_quality(w, path);
	arm(w, path);
	return NOON_OK;
}

void noon_sim_ptp_fini(struct noon_sim_ptp *p)
{
	if (p == NULL)
		return;
	noon_ptp_keys_fini(&p->rx_keys);
	noon_ptp_keys_fini(&p->tx_keys);
	free(p);
}

/* The stamp of a departure comes after the packet has left. */
static void send(struct noon_world *w, uint32_t path, const struct noon_action *a)
{
	struct noon_sim_machine *m = server_of(w, path);
	struct noon_sim_ptp *p = w->assoc[path].ptp;
	struct noon_flight *f = noon_sim_flight_new(w, path, 1);

	f->sent = w->now;
	f->n = a->send.n;
	assert(f->n > 0 && f->n <= sizeof(f->buf));
	memcpy(f->buf, a->send.p, f->n);
	if (noon_ptp_is_event(f->buf[0] & 15)) {
		/* The bound holds if t1 is early. */
		p->sent = noon_time_add(noon_sim_server_time(w, w->s->path[path].server, w->now),
					-m->stamp_err);
		p->sent_token = a->token;
		noon_sim_at(w, noon_time_add(w->now, NOON_SIM_LATENCY), NOON_SIM_SENT, path, NULL);
	}
	noon_sim_tunnel_seal(w, f);
	noon_sim_send(w, f);
}

/* Its round-trip times are dropped: the transmitter has no guard here. */
static void carry_out(struct noon_world *w, uint32_t path)
{
	struct noon_sim_ptp *p = w->assoc[path].ptp;

	for (size_t i = 0; i < p->out.n; i++)
		if (p->out.a[i].kind == NOON_ACTION_SEND)
			send(w, path, &p->out.a[i]);
	noon_actions_reset(&p->out);
	arm(w, path);
}

void noon_sim_ptp_transmit(struct noon_world *w, uint32_t path)
{
	struct noon_sim_ptp *p = w->assoc[path].ptp;

	if (p->wake_at.ns != w->now.ns)
		return; /* rescheduled meanwhile */
	renew_quality(w, path);
	noon_ptp_transmitter_on_timer(&p->tx, server_h(w, path),
				      noon_sim_server_time(w, w->s->path[path].server, w->now),
				      &p->out);
	carry_out(w, path);
}

void noon_sim_ptp_sent(struct noon_world *w, uint32_t path)
{
	struct noon_sim_ptp *p = w->assoc[path].ptp;

	noon_ptp_transmitter_on_sent(&p->tx, p->sent_token, p->sent, NOON_STAMP_KERNEL, &p->out);
	carry_out(w, path);
}

void noon_sim_ptp_arrival(struct noon_world *w, const struct noon_flight *f)
{
	struct noon_sim_machine *m = server_of(w, f->path);
	struct noon_sim_ptp *p = w->assoc[f->path].ptp;
	const noon_time at = noon_sim_server_time(w, w->s->path[f->path].server, f->arrived);
	const struct noon_rx rx = {
		.data = noon_bytes_of(f->buf, f->n),
		.at = noon_time_add(at, m->stamp_err), /* the bound holds if t4 is late */
		.now = server_h(w, f->path),
		.stamp = NOON_STAMP_KERNEL,
		.peer = peer_of(0),
	};

	renew_quality(w, f->path);
	noon_ptp_transmitter_on_packet(&p->tx, &rx, &p->out);
	carry_out(w, f->path);
}

struct noon_peer noon_sim_ptp_peer(void)
{
	return peer_of(1);
}
