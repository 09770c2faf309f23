/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/tap/tap.h"

#include <string.h>

#include "proto/tap/tap_priv.h"

noon_err noon_tap_init(struct noon_tap *t, const struct noon_tap_conf *conf,
		       const struct noon_tap_room *room)
{
	const size_t max = UINT32_MAX - 1;

	if (room->n_flows == 0 || room->n_flows > max || room->n_blocks == 0 ||
	    room->n_blocks > max || room->n_asks == 0 || room->n_asks > max ||
	    room->n_ntp_asks == 0 || room->n_ntp_asks % NOON_TAP_NTP_WAYS != 0 ||
	    conf->tap_unit < 1 || conf->tap_delay < 0 || conf->ntp_ports > NOON_TAP_PORTS_MAX ||
	    conf->tsp_ports > NOON_TAP_PORTS_MAX)
		return NOON_ERR_RANGE;
	memset(t, 0, sizeof(*t));
	t->conf = *conf;
	t->scratch = room->scratch;
	noon_tap_flows_init(&t->flows, room->flows, room->n_flows);
	noon_tap_pool_init(&t->pool, room->blocks, room->n_blocks);
	noon_tap_asks_init(&t->asks, room->asks, room->n_asks);
	noon_tap_ntp_init(&t->ntp, room->ntp_asks, room->n_ntp_asks);
	return NOON_OK;
}

void noon_tap_tell(struct noon_tap *t, struct noon_tap_exchange *e)
{
	noon_dur lower;
	noon_dur upper;

	e->tap_unit = t->conf.tap_unit;
	e->tap_delay = t->conf.tap_delay;
	noon_tap_exchange_interval(e, &lower, &upper);
	/* The server claims to have taken longer than query and answer were apart. */
	if (e->miss == NOON_TAP_MISS_NONE && lower > upper) {
		noon_tap_count(&t->counts, NOON_TAP_COUNT_CONTRADICTORY);
		return;
	}
	noon_tap_count(&t->counts, e->miss == NOON_TAP_MISS_NONE ? NOON_TAP_COUNT_EXCHANGES
								 : NOON_TAP_COUNT_MISSES);
	t->conf.on_exchange(t->conf.arg, e);
}

static bool is_port(const uint16_t *ports, unsigned n, uint16_t port)
{
	for (unsigned i = 0; i < n; i++)
		if (ports[i] == port)
			return true;
	return false;
}

static void on_udp(struct noon_tap *t, const struct noon_frame *f, noon_time at)
{
	const bool to = is_port(t->conf.ntp_port, t->conf.ntp_ports, f->dst.port);
	struct noon_tap_exchange e;

	if ((to || is_port(t->conf.ntp_port, t->conf.ntp_ports, f->src.port)) &&
	    noon_tap_ntp_packet(&t->ntp, f, to, at, &t->counts, &e))
		noon_tap_tell(t, &e);
}

/* Begin to follow a connection. @param from  who sent a SYN; 2: it had begun before */
static void open_flow(struct noon_tap *t, struct noon_tap_flow *f, unsigned client)
{
	const bool sought = client == NOON_TAP_ROLE_UNKNOWN;

	noon_tap_count(&t->counts, NOON_TAP_COUNT_FLOWS);
	if (sought)
		noon_tap_count(&t->counts, NOON_TAP_COUNT_FLOWS_MIDDLE);
	f->state = NOON_TAP_FLOW_OPEN;
	f->client = (uint8_t)client;
	f->ordered = !sought;
	f->spoke = false;
	f->first = NOON_TAP_NONE;
	f->last = NOON_TAP_NONE;
	f->coming = NOON_TAP_NONE;
	f->waiting = 0;
	for (unsigned i = 0; i < 2; i++) {
		f->has_syn[i] = false;
		noon_tap_stream_init(&f->stream[i]);
		noon_tap_http_init(&f->http[i], i != client, sought);
	}
}

static struct noon_tap_flow *add_flow(struct noon_tap *t, const struct noon_tap_key *key)
{
	struct noon_tap_flow *old = noon_tap_flows_full(&t->flows);

	if (old != NULL) {
		if (old->state == NOON_TAP_FLOW_OPEN)
			noon_tap_count(&t->counts, NOON_TAP_COUNT_FLOWS_EVICTED);
		noon_tap_dialogue_shut(t, old);
		noon_tap_flows_drop(&t->flows, old);
	}
	return noon_tap_flows_add(&t->flows, key);
}

/* Find the connection of a segment. A SYN with another number than before begins a new one between
 * the same ends; one whose beginning was not seen is followed from its first data on. */
static struct noon_tap_flow *flow_of(struct noon_tap *t, const struct noon_tap_key *key,
				     unsigned from, const struct noon_frame *s)
{
	const bool syn = (s->flags & NOON_TCP_SYN) != 0;
	const bool first = syn && (s->flags & NOON_TCP_ACK) == 0;
	struct noon_tap_flow *f = noon_tap_flows_find(&t->flows, key);
	const bool known = f != NULL;

	if (!known && !syn && s->payload.n == 0)
		return NULL;
	if (!known)
		f = add_flow(t, key);
	if (syn && !(f->has_syn[from] && f->syn[from] == s->seq)) {
		/* The answer to a SYN that was seen is of the same connection. */
		if (first || f->state != NOON_TAP_FLOW_OPEN || f->has_syn[from] ||
		    !f->has_syn[1 - from]) {
			noon_tap_dialogue_shut(t, f);
			open_flow(t, f, first ? from : 1 - from);
		}
		f->has_syn[from] = true;
		f->syn[from] = s->seq;
		noon_tap_stream_start(&f->stream[from], s->seq + 1);
		if (!first && !f->stream[1 - from].known)
			noon_tap_stream_start(&f->stream[1 - from], s->ack);
	} else if (!known) {
		open_flow(t, f, NOON_TAP_ROLE_UNKNOWN);
	}
	return f->state == NOON_TAP_FLOW_OPEN ? f : NULL;
}

static void read_stream(struct noon_tap *t, struct noon_tap_flow *f, unsigned from,
			struct noon_tap_piece in)
{
	struct noon_tap_stream *s = &f->stream[from];
	struct noon_tap_piece out;

	while (f->state == NOON_TAP_FLOW_OPEN && noon_tap_stream_next(s, &t->pool, &in, &out))
		noon_tap_dialogue_piece(t, f, from, out);
	if (f->state == NOON_TAP_FLOW_OPEN && noon_tap_stream_ended(s))
		noon_tap_dialogue_close(t, f, from);
}

static void count_turn(struct noon_tap *t, const struct noon_tap_stream *s,
		       const struct noon_tap_piece *in)
{
	const int turn = noon_tap_stream_turn(s, in);

	if (turn != 0)
		noon_tap_count(&t->counts,
			       turn < 0 ? NOON_TAP_COUNT_RETRANSMITTED : NOON_TAP_COUNT_HELD);
}

/* What the other end's acknowledgement says was not captured. */
static void read_ack(struct noon_tap *t, struct noon_tap_flow *f, unsigned from, uint32_t ack,
		     noon_time at)
{
	struct noon_tap_stream *s = &f->stream[from];

	noon_tap_stream_acked(s, ack);
	if (s->has_gap)
		read_stream(t, f, from, (struct noon_tap_piece){.seq = s->next, .at = at});
}

static void on_segment(struct noon_tap *t, const struct noon_frame *s, noon_time at)
{
	const bool syn = (s->flags & NOON_TCP_SYN) != 0;
	struct noon_tap_piece in = {s->seq + syn, s->payload, s->missing, true, at};
	unsigned from;
	const struct noon_tap_key key = noon_tap_key_of(s, &from);
	struct noon_tap_flow *f = flow_of(t, &key, from, s);

	if (f == NULL)
		return;
	if ((s->flags & NOON_TCP_ACK) != 0)
		read_ack(t, f, 1 - from, s->ack, at);
	count_turn(t, &f->stream[from], &in);
	if ((s->flags & NOON_TCP_FIN) != 0)
		noon_tap_stream_fin(&f->stream[from], in.seq + (uint32_t)s->payload.n + s->missing);
	if (f->state == NOON_TAP_FLOW_OPEN)
		read_stream(t, f, from, in);
	if (f->state == NOON_TAP_FLOW_OPEN &&
	    ((s->flags & NOON_TCP_RST) != 0 ||
	     (noon_tap_stream_ended(&f->stream[0]) && noon_tap_stream_ended(&f->stream[1]))))
		noon_tap_dialogue_shut(t, f);
}

static void on_tcp(struct noon_tap *t, const struct noon_frame *f, noon_time at)
{
	const uint16_t *ports = t->conf.tsp_port;
	const unsigned n = t->conf.tsp_ports;

	if (n == 0 || is_port(ports, n, f->dst.port) || is_port(ports, n, f->src.port))
		on_segment(t, f, at);
}

void noon_tap_on_frame(struct noon_tap *t, int link_type, struct noon_bytes bytes, size_t wire_n,
		       noon_time at)
{
	struct noon_frame f;
	const enum noon_frame_verdict v = noon_frame_read(link_type, bytes, wire_n, &f);

	t->counts.frames[v]++;
	if (v == NOON_FRAME_CUT || (v == NOON_FRAME_OK && f.missing > 0))
		noon_tap_count(&t->counts, NOON_TAP_COUNT_TRUNCATED);
	if (v != NOON_FRAME_OK)
		return;
	if (f.tcp)
		on_tcp(t, &f, at);
	else
		on_udp(t, &f, at);
}

void noon_tap_end(struct noon_tap *t)
{
	struct noon_tap_flow *f;

	while (t->flows.oldest != NOON_TAP_NONE) {
		f = &t->flows.flows[t->flows.oldest];
		noon_tap_dialogue_shut(t, f);
		noon_tap_flows_drop(&t->flows, f);
	}
	noon_tap_ntp_end(&t->ntp, &t->counts);
}
