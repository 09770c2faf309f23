/* SPDX-License-Identifier: Apache-2.0 */
#include "ptp_world.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/aead.h"

#define EPOCH INT64_C(1790000000000000000)

/* Between the departure of a packet and the report of its stamp. */
#define REPORT NOON_US(30)

static noon_time local(const struct node *d, noon_time t)
{
	const double since = (double)(t.ns - EPOCH);

	return (noon_time){t.ns - EPOCH + d->offset + (int64_t)(since * d->rate)};
}

/* The true time of a local one, within the rounding. */
static noon_time truth(const struct node *d, noon_time h)
{
	const double since = (double)(h.ns - d->offset) / (1.0 + d->rate);

	return noon_time_is_never(h) ? h : (noon_time){EPOCH + (int64_t)since + 1};
}

static noon_time served(const struct node *d, noon_time t)
{
	return noon_time_add(t, d->error);
}

struct noon_peer net_peer(unsigned node)
{
	return (struct noon_peer){.n = 1, .key = {(uint8_t)(node + 1)}};
}

struct net *net_new(uint64_t seed)
{
	struct net *n = calloc(1, sizeof(*n));

	assert(n != NULL && noon_aead_global_init() == NOON_OK);
	n->t = (noon_time){EPOCH};
	n->rng = noon_rng_seeded(seed);
	n->delay = NOON_US(20);
	n->jitter = NOON_US(2);
	return n;
}

void net_free(struct net *n)
{
	for (unsigned i = 0; i < NODES; i++)
		noon_ptp_keys_fini(&n->node[i].keys);
	free(n);
}

void net_keys(struct node *d, const char *text)
{
	struct noon_ptp_keys_fault fault;

	noon_ptp_keys_fini(&d->keys);
	if (text != NULL &&
	    noon_ptp_keys_parse(noon_bytes_of(text, strlen(text)), &d->keys, &fault) != NOON_OK)
		abort();
}

static unsigned add(struct net *n, const char *keys, struct noon_ptp_port *port,
		    struct noon_ptp_policy *policy)
{
	unsigned i = 0;
	struct node *d;

	while (n->node[i].used)
		i++;
	assert(i < NODES);
	d = &n->node[i];
	d->used = true;
	d->sent_at = NOON_TIME_NEVER;
	d->report_at = NOON_TIME_NEVER;
	d->rng = noon_rng_seeded(noon_rng_u64(&n->rng));
	net_keys(d, keys);
	policy->keys = keys == NULL ? NULL : &d->keys;
	policy->spp = 1;
	port->self = (struct noon_ptp_identity){
		.clock = {0, 0, 0, 0xff, 0xfe, 0, 0, (uint8_t)(i + 1)}, .port = 1};
	return i;
}

unsigned net_transmitter(struct net *n, struct noon_ptp_transmitter_conf conf, noon_dur error,
			 const char *keys)
{
	const unsigned i = add(n, keys, &conf.port, &conf.policy);
	struct node *d = &n->node[i];

	d->is_transmitter = true;
	d->error = error;
	conf.rng = &d->rng;
	if (noon_ptp_transmitter_init(&d->tx, &conf, local(d, n->t)))
		abort();
	return i;
}

unsigned net_receiver(struct net *n, struct noon_ptp_receiver_conf conf, double rate_ppm,
		      const char *keys)
{
	const unsigned i = add(n, keys, &conf.port, &conf.policy);
	struct node *d = &n->node[i];
	struct noon_engine_conf ec = noon_engine_conf_default();
	struct noon_source_conf sc = noon_source_conf_default();

	d->offset = NOON_S(5000);
	d->rate = rate_ppm * 1e-6;
	d->rtt_min = NOON_DUR_MAX;
	d->rtt_max = -NOON_DUR_MAX;
	conf.rng = &d->rng;
	sc.require_auth = keys != NULL;
	sc.poll_min = sc.poll_max = conf.log_delay < -4 ? -4 : conf.log_delay;
	ec.alert_limit = NOON_US(100);
	ec.wander = 1e-6; /* the clocks here do not wander at all */
	ec.start.h0 = local(d, n->t);
	ec.start.corr0 = n->t.ns - ec.start.h0.ns + NOON_MS(3);
	if (noon_engine_init(&d->engine, &ec) ||
	    noon_engine_add_source(&d->engine, &sc, &d->source))
		abort();
	conf.source = d->source;
	if (noon_ptp_receiver_init(&d->rx, &conf, local(d, n->t)))
		abort();
	noon_ptp_receiver_set_tai(&d->rx, true, TAI);
	return i;
}

void net_serve(struct net *n, unsigned node, noon_dur bound)
{
	const struct noon_ptp_quality q = {
		.valid = true,
		.clock_class = 6,
		.bound = bound,
		.variance = 0xffff,
		.time_source = 0x20,
		.tai_known = true,
		.tai_offset = TAI,
	};

	noon_ptp_transmitter_set_quality(&n->node[node].tx, &q, local(&n->node[node], n->t));
}

void net_inject(struct net *n, unsigned from, unsigned to, const uint8_t *data, size_t len,
		noon_dur delay)
{
	for (unsigned i = 0; i < PACKETS; i++) {
		struct packet *p = &n->packet[i];

		if (p->used)
			continue;
		assert(len <= sizeof(p->data));
		*p = (struct packet){.used = true,
				     .at = noon_time_add(n->t, delay),
				     .from = from,
				     .to = to,
				     .n = len};
		memcpy(p->data, data, len);
		return;
	}
	abort();
}

/* Put a packet on the way to one node, through the attacker's hands. */
static void transmit(struct net *n, unsigned from, unsigned to, struct noon_bytes data)
{
	struct packet p = {.used = true, .from = from, .to = to, .n = data.n};

	assert(data.n <= sizeof(p.data));
	memcpy(p.data, data.p, data.n);
	p.at = noon_time_add(n->t,
			     n->delay + (noon_dur)((double)n->jitter * noon_rng_exp(&n->rng)));
	if (n->meddle != NULL && !n->meddle(n, &p))
		return;
	net_inject(n, from, to, p.data, p.n, noon_time_diff(p.at, n->t));
}

static void send(struct net *n, unsigned from, const struct noon_action *a)
{
	struct node *d = &n->node[from];

	n->seen[a->send.p[0] & 15]++;
	for (unsigned to = 0; to < NODES; to++) {
		const struct noon_peer peer = net_peer(to);

		if (to != from && n->node[to].used &&
		    (a->peer.n == 0 || noon_peer_equal(&a->peer, &peer)))
			transmit(n, from, to, a->send);
	}
	if (!noon_ptp_is_event(a->send.p[0] & 15) || d->no_stamps)
		return;
	d->sent_at = d->is_transmitter ? served(d, n->t) : local(d, n->t);
	d->sent_token = a->token;
	d->report_at = noon_time_add(n->t, REPORT);
}

static void take_sample(struct net *n, struct node *d, const struct noon_sample *s)
{
	const noon_dur rtt = noon_sample_rtt(s);

	d->samples++;
	d->rtt_min = rtt < d->rtt_min ? rtt : d->rtt_min;
	d->rtt_max = rtt > d->rtt_max ? rtt : d->rtt_max;
	if (d->is_transmitter)
		return;
	noon_actions_reset(&n->of_engine);
	noon_engine_on_sample(&d->engine, s, local(d, n->t), &n->of_engine);
}

static void carry_out(struct net *n, unsigned i, const struct noon_actions *as)
{
	struct node *d = &n->node[i];

	for (size_t k = 0; k < as->n; k++)
		switch (as->a[k].kind) {
		case NOON_ACTION_SEND:
			send(n, i, &as->a[k]);
			break;
		case NOON_ACTION_SAMPLE:
			take_sample(n, d, &as->a[k].sample);
			break;
		case NOON_ACTION_MISS:
			d->misses++;
			noon_actions_reset(&n->of_engine);
			noon_engine_on_miss(&d->engine, d->source, local(d, n->t), &n->of_engine);
			break;
		case NOON_ACTION_DECLARE:
			noon_actions_reset(&n->of_engine);
			(void)noon_engine_declare(&d->engine, d->source, &as->a[k].declared,
						  local(d, n->t), &n->of_engine);
			break;
		case NOON_ACTION_FINDING:
			d->findings++;
			break;
		case NOON_ACTION_CONNECT:
		case NOON_ACTION_ARM:
		case NOON_ACTION_CLOSE:
			break;
		}
}

static void deliver(struct net *n, struct packet *p)
{
	struct node *d = &n->node[p->to];
	const noon_time h = local(d, n->t);
	struct noon_rx rx = {.data = noon_bytes_of(p->data, p->n),
			     .at = d->is_transmitter ? served(d, n->t) : h,
			     .now = h,
			     .stamp_err = 2,
			     .stamp = NOON_STAMP_KERNEL,
			     .peer = net_peer(p->from)};

	noon_actions_reset(&n->out);
	if (d->is_transmitter)
		noon_ptp_transmitter_on_packet(&d->tx, &rx, &n->out);
	else
		noon_ptp_receiver_on_packet(&d->rx, &rx, &n->out);
	p->used = false;
	carry_out(n, p->to, &n->out);
}

static void report(struct net *n, unsigned i)
{
	struct node *d = &n->node[i];
	const noon_time sent = d->sent_at;

	d->report_at = NOON_TIME_NEVER;
	noon_actions_reset(&n->out);
	if (d->is_transmitter)
		noon_ptp_transmitter_on_sent(&d->tx, d->sent_token, sent, NOON_STAMP_KERNEL,
					     &n->out);
	else
		noon_ptp_receiver_on_sent(&d->rx, d->sent_token, noon_time_add(sent, -2),
					  NOON_STAMP_KERNEL, &n->out);
	carry_out(n, i, &n->out);
}

static noon_time deadline(struct node *d)
{
	if (d->is_transmitter)
		return truth(d, noon_ptp_transmitter_deadline(&d->tx));
	return truth(d, noon_time_min(noon_ptp_receiver_deadline(&d->rx),
				      noon_engine_deadline(&d->engine)));
}

static void fire(struct net *n, unsigned i)
{
	struct node *d = &n->node[i];
	const noon_time h = local(d, n->t);

	noon_actions_reset(&n->out);
	if (d->is_transmitter) {
		noon_ptp_transmitter_on_timer(&d->tx, h, served(d, n->t), &n->out);
	} else {
		noon_actions_reset(&n->of_engine);
		noon_engine_on_timer(&d->engine, h, &n->of_engine);
		noon_ptp_receiver_on_timer(&d->rx, h, &n->out);
	}
	carry_out(n, i, &n->out);
}

/* As the daemon does after each event. */
static void tell_utc(struct node *d, const struct noon_reading *r)
{
	const struct noon_ptp_utc utc = {
		.known = r->bound != NOON_DUR_MAX,
		.h = r->h,
		.until = r->rates_until,
		.lower = noon_sat_add(noon_sat_add(r->corr, r->lower), d->astray),
		.upper = noon_sat_add(noon_sat_add(r->corr, r->upper), d->astray),
		.lower_rate = r->lower_rate,
		.upper_rate = r->upper_rate,
		.max_rate = d->engine.conf.max_rate_error,
		.state = (uint8_t)r->state,
	};

	noon_ptp_receiver_set_utc(&d->rx, &utc);
}

static void check(struct net *n, struct node *d)
{
	const noon_time h = local(d, n->t);
	struct noon_reading r;
	noon_dur err;

	noon_engine_reading(&d->engine, h, &r);
	err = noon_dur_abs(noon_time_diff(n->t, noon_time_add(h, r.corr)));
	d->checks++;
	/* The world rounds h to a nanosecond. */
	d->violations += r.bound != NOON_DUR_MAX && err > r.bound + 2;
	d->harmed += (r.state == NOON_STATE_OK || r.state == NOON_STATE_HOLDOVER) &&
		     err > d->engine.conf.alert_limit;
	d->alarmed |= r.state == NOON_STATE_ALARM;
	tell_utc(d, &r);
}

/* The next thing to happen: a packet, a report or a deadline. */
static noon_time next(struct net *n, unsigned *ret_node, struct packet **ret_packet,
		      bool *ret_report)
{
	noon_time at = NOON_TIME_NEVER;

	*ret_packet = NULL;
	*ret_node = NODES;
	*ret_report = false;
	for (unsigned i = 0; i < PACKETS; i++)
		if (n->packet[i].used && noon_time_before(n->packet[i].at, at)) {
			at = n->packet[i].at;
			*ret_packet = &n->packet[i];
		}
	for (unsigned i = 0; i < NODES; i++) {
		if (!n->node[i].used)
			continue;
		if (noon_time_before(n->node[i].report_at, at)) {
			at = n->node[i].report_at;
			*ret_packet = NULL;
			*ret_node = i;
			*ret_report = true;
		}
		if (noon_time_before(deadline(&n->node[i]), at)) {
			at = deadline(&n->node[i]);
			*ret_packet = NULL;
			*ret_node = i;
			*ret_report = false;
		}
	}
	return at;
}

void net_run(struct net *n, double seconds)
{
	const noon_time end = noon_time_add(n->t, noon_dur_from_s(seconds));

	for (;;) {
		struct packet *p;
		unsigned i;
		bool is_report;
		const noon_time at = next(n, &i, &p, &is_report);

		if (noon_time_before(end, at))
			break;
		n->t = noon_time_before(at, n->t) ? n->t : at;
		if (p != NULL)
			deliver(n, p);
		else if (is_report)
			report(n, i);
		else
			fire(n, i);
		for (unsigned k = 0; k < NODES; k++)
			if (n->node[k].used && !n->node[k].is_transmitter)
				check(n, &n->node[k]);
	}
	n->t = end;
}

struct noon_reading net_reading(struct net *n, unsigned node)
{
	struct noon_reading r;

	noon_engine_reading(&n->node[node].engine, local(&n->node[node], n->t), &r);
	return r;
}

uint64_t net_verdict(const struct net *n, unsigned node, enum noon_verdict v)
{
	const struct node *d = &n->node[node];

	return d->is_transmitter ? d->tx.counters.n[v] : d->rx.counters.n[v];
}
