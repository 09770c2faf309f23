/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "proto/tap/tap_priv.h"
#include "wire/http_head.h"

#define TLS_FIRST 0x14 /* content types of TLS records (RFC 8446, section 5.1) */
#define TLS_LAST  0x17

static void give_asks(struct noon_tap *t, struct noon_tap_flow *f)
{
	while (f->first != NOON_TAP_NONE) {
		const uint32_t next = t->asks.asks[f->first].next;

		if (t->asks.asks[f->first].tsp)
			noon_tap_count(&t->counts, NOON_TAP_COUNT_NO_ANSWER);
		noon_tap_asks_give(&t->asks, f->first);
		f->first = next;
	}
	f->last = NOON_TAP_NONE;
	f->coming = NOON_TAP_NONE;
	f->waiting = 0;
}

void noon_tap_dialogue_shut(struct noon_tap *t, struct noon_tap_flow *f)
{
	if (f->state != NOON_TAP_FLOW_OPEN)
		return;
	give_asks(t, f);
	for (unsigned i = 0; i < 2; i++) {
		noon_tap_stream_fini(&f->stream[i], &t->pool);
		noon_tap_http_reset(&f->http[i], &t->pool);
	}
	f->state = NOON_TAP_FLOW_SHUT;
}

static void give_up(struct noon_tap *t, struct noon_tap_flow *f, enum noon_tap_count why)
{
	noon_tap_count(&t->counts, why);
	noon_tap_dialogue_shut(t, f);
}

static void add_ask(struct noon_tap_flow *f, struct noon_tap_asks *asks, uint32_t i)
{
	if (f->last == NOON_TAP_NONE)
		f->first = i;
	else
		asks->asks[f->last].next = i;
	f->last = i;
	f->waiting++;
}

/* Take a request out of those that wait; `prev` is the one before it, or NOON_TAP_NONE. */
static void remove_ask(struct noon_tap_flow *f, struct noon_tap_asks *asks, uint32_t prev,
		       uint32_t i)
{
	const uint32_t next = asks->asks[i].next;

	if (prev == NOON_TAP_NONE)
		f->first = next;
	else
		asks->asks[prev].next = next;
	if (f->last == i)
		f->last = prev;
	if (f->coming == i)
		f->coming = NOON_TAP_NONE;
	f->waiting--;
	noon_tap_asks_give(asks, i);
}

static void drop_oldest(struct noon_tap *t, struct noon_tap_flow *f)
{
	if (t->asks.asks[f->first].tsp)
		noon_tap_count(&t->counts, NOON_TAP_COUNT_NO_ANSWER);
	remove_ask(f, &t->asks, NOON_TAP_NONE, f->first);
}

static struct noon_bytes copy_chain(struct noon_tap *t, const struct noon_tap_http *h)
{
	noon_tap_chain_copy(&t->pool, &h->chain, t->scratch);
	return noon_bytes_of(t->scratch, h->chain.n);
}

static void set_framing(struct noon_tap *t, struct noon_tap_http *h,
			const struct noon_http_head *head, bool keep)
{
	noon_tap_http_body(h, &t->pool, head->chunked ? NOON_TAP_BY_CHUNKS : NOON_TAP_BY_LENGTH,
			   head->has_length ? head->length : 0, keep);
}

static bool on_request_head(struct noon_tap *t, struct noon_tap_flow *f, struct noon_tap_http *h)
{
	const struct noon_bytes text = copy_chain(t, h);
	struct noon_http_head head;
	struct noon_bytes method;
	bool tsp;
	uint32_t i;

	if (noon_http_head_read(text, &head))
		return false;
	method = noon_http_span_of(text.p, head.method);
	tsp = noon_http_is(method, "POST") &&
	      noon_http_is_nocase(noon_http_span_of(text.p, head.type), NOON_TSP_QUERY_TYPE);
	/* Without an order, what waits the longest may never be answered. */
	if (!f->ordered && f->waiting == NOON_TAP_WAITING_MAX)
		drop_oldest(t, f);
	i = f->waiting < NOON_TAP_WAITING_MAX ? noon_tap_asks_take(&t->asks) : NOON_TAP_NONE;
	f->coming = i;
	if (i == NOON_TAP_NONE) {
		f->ordered = false;
	} else {
		t->asks.asks[i].head = noon_http_is(method, "HEAD");
		t->asks.asks[i].connect = noon_http_is(method, "CONNECT");
		add_ask(f, &t->asks, i);
	}
	set_framing(t, h, &head, tsp);
	return true;
}

static void on_request(struct noon_tap *t, struct noon_tap_flow *f, struct noon_tap_http *h)
{
	struct noon_tap_ask none;
	struct noon_tap_ask *ask = f->coming == NOON_TAP_NONE ? &none : &t->asks.asks[f->coming];

	ask->tq = h->last_at;
	f->coming = NOON_TAP_NONE;
	if (!h->keep)
		return;
	noon_tap_count(&t->counts, NOON_TAP_COUNT_TSP_QUERIES);
	if (h->damaged || !noon_tap_ask_read(ask, copy_chain(t, h)))
		noon_tap_count(&t->counts, NOON_TAP_COUNT_TSP_MALFORMED);
	else if (ask == &none)
		noon_tap_count(&t->counts, NOON_TAP_COUNT_NO_ANSWER);
}

/* The framing of a response (RFC 9112, section 6.3). */
static void frame_response(struct noon_tap *t, struct noon_tap_flow *f, struct noon_tap_http *h,
			   const struct noon_http_head *head)
{
	const struct noon_tap_ask *ask =
		f->ordered && f->first != NOON_TAP_NONE ? &t->asks.asks[f->first] : NULL;
	const bool to_head = ask != NULL && ask->head;
	/* What answers a query is looked at whatever its type says. */
	const bool keep = f->tsp_reply || (ask != NULL && ask->tsp && head->status == 200);

	if (head->status < 200 || head->status == 204 || head->status == 304 || to_head)
		noon_tap_http_body(h, &t->pool, NOON_TAP_BY_LENGTH, 0, false);
	else if (head->chunked || head->has_length)
		set_framing(t, h, head, keep);
	else
		noon_tap_http_body(h, &t->pool, NOON_TAP_BY_CLOSE, 0, keep);
}

static bool on_response_head(struct noon_tap *t, struct noon_tap_flow *f, struct noon_tap_http *h)
{
	const struct noon_bytes text = copy_chain(t, h);
	const bool to_connect =
		f->ordered && f->first != NOON_TAP_NONE && t->asks.asks[f->first].connect;
	struct noon_http_head head;

	if (noon_http_response_head_read(text, &head))
		return false;
	/* 101, and success of CONNECT: what follows is another protocol. */
	if (head.status == 101 || (to_connect && head.status >= 200 && head.status < 300)) {
		f->spoke = false;
		return false;
	}
	f->response = head.status;
	f->tsp_reply =
		noon_http_is_nocase(noon_http_span_of(text.p, head.type), NOON_TSP_REPLY_TYPE);
	frame_response(t, f, h, &head);
	return true;
}

/* What is known of an exchange without its reply. */
static struct noon_tap_exchange begin_exchange(const struct noon_tap_flow *f,
					       const struct noon_tap_http *h,
					       const struct noon_tap_ask *ask)
{
	struct noon_tap_exchange e = {.kind = NOON_TAP_TSP, .version = f->key.version};

	e.client = f->key.end[f->client];
	e.server = f->key.end[1 - f->client];
	e.tq = ask->tq;
	e.tr = noon_time_is_never(h->body_at) ? h->last_at : h->body_at;
	e.http = f->response;
	return e;
}

static void tell_reply(struct noon_tap *t, const struct noon_tap_flow *f,
		       const struct noon_tap_http *h, const struct noon_tap_ask *ask,
		       const struct noon_tap_reply *r)
{
	struct noon_tap_exchange e = begin_exchange(f, h, ask);

	noon_tap_reply_tell(r, &e);
	if (r->miss == NOON_TAP_MISS_NONE && noon_time_before(e.tr, e.tq))
		noon_tap_count(&t->counts, NOON_TAP_COUNT_CONTRADICTORY);
	else
		noon_tap_tell(t, &e);
}

/* The response to a request in its order. */
static void on_answer(struct noon_tap *t, struct noon_tap_flow *f, const struct noon_tap_http *h,
		      const struct noon_tap_ask *ask)
{
	struct noon_tap_exchange e;
	struct noon_tap_reply r;

	if (!ask->tsp)
		return;
	if (!h->keep || f->response != 200) {
		e = begin_exchange(f, h, ask);
		e.miss = f->response != 200 ? NOON_TAP_MISS_HTTP : NOON_TAP_MISS_MALFORMED;
		noon_tap_tell(t, &e);
		return;
	}
	r.miss = NOON_TAP_MISS_MALFORMED;
	if (h->damaged)
		memset(&r.response, 0, sizeof(r.response));
	else
		noon_tap_reply_read(copy_chain(t, h), t->scratch + NOON_TAP_BODY_MAX, &r);
	if (r.miss != NOON_TAP_MISS_NONE || noon_tap_ask_fits(ask, &r.info)) {
		tell_reply(t, f, h, ask, &r);
		return;
	}
	/* Either the server answered another query than this one, or the order is not what it
	 * seems: from here on only the nonce counts. */
	noon_tap_count(&t->counts, NOON_TAP_COUNT_CONTRADICTORY);
	f->ordered = false;
}

/* The request that a token answers, when the order is not known: the only one with this digest and
 * this nonce. */
static uint32_t find_ask(const struct noon_tap *t, const struct noon_tap_flow *f,
			 const struct noon_tst_info *info, uint32_t *ret_prev, unsigned *ret_n)
{
	uint32_t found = NOON_TAP_NONE;
	uint32_t prev = NOON_TAP_NONE;

	*ret_n = 0;
	for (uint32_t i = f->first; i != NOON_TAP_NONE; i = t->asks.asks[i].next) {
		if (t->asks.asks[i].tsp && noon_tap_ask_fits(&t->asks.asks[i], info)) {
			found = i;
			*ret_prev = prev;
			++*ret_n;
		}
		prev = i;
	}
	return found;
}

static void on_answer_out_of_order(struct noon_tap *t, struct noon_tap_flow *f,
				   const struct noon_tap_http *h)
{
	struct noon_tap_reply r;
	uint32_t prev = NOON_TAP_NONE;
	uint32_t i;
	unsigned n;

	if (!h->keep)
		return;
	if (!h->damaged)
		noon_tap_reply_read(copy_chain(t, h), t->scratch + NOON_TAP_BODY_MAX, &r);
	if (h->damaged || r.miss != NOON_TAP_MISS_NONE) {
		noon_tap_count(&t->counts, NOON_TAP_COUNT_NO_QUERY);
		return;
	}
	i = find_ask(t, f, &r.info, &prev, &n);
	if (n == 0) {
		noon_tap_count(&t->counts, NOON_TAP_COUNT_NO_QUERY);
	} else if (n > 1 || r.info.nonce.n == 0) {
		/* Without a nonce a query of the same digest may have gone missing. */
		noon_tap_count(&t->counts, NOON_TAP_COUNT_AMBIGUOUS);
	} else {
		tell_reply(t, f, h, &t->asks.asks[i], &r);
		remove_ask(f, &t->asks, prev, i);
	}
}

static void on_response(struct noon_tap *t, struct noon_tap_flow *f, struct noon_tap_http *h)
{
	if (f->response < 200)
		return;
	if (h->keep)
		noon_tap_count(&t->counts, NOON_TAP_COUNT_TSP_ANSWERS);
	if (f->ordered && f->first == NOON_TAP_NONE)
		f->ordered = false;
	if (f->ordered) {
		const uint32_t i = f->first;

		on_answer(t, f, h, &t->asks.asks[i]);
		remove_ask(f, &t->asks, NOON_TAP_NONE, i);
	} else {
		on_answer_out_of_order(t, f, h);
	}
}

/* In a connection whose beginning was not seen, who sends what a client sends is the client. */
static void find_roles(struct noon_tap_flow *f, unsigned from, const struct noon_tap_piece *piece)
{
	if (f->client != NOON_TAP_ROLE_UNKNOWN || !piece->begins)
		return;
	if (noon_tap_http_is_start(piece->bytes, false))
		f->client = (uint8_t)from;
	else if (noon_tap_http_is_start(piece->bytes, true))
		f->client = (uint8_t)(1 - from);
	else
		return;
	f->http[f->client].response = false;
	f->http[1 - f->client].response = true;
}

static bool is_tls(const struct noon_tap_flow *f, const struct noon_tap_http *h,
		   const struct noon_tap_piece *piece)
{
	const struct noon_bytes b = piece->bytes;

	if (f->spoke || b.p[0] < TLS_FIRST || b.p[0] > TLS_LAST || (b.n > 1 && b.p[1] != 3))
		return false;
	return h->phase == NOON_TAP_START ||
	       (h->phase == NOON_TAP_SEEK && piece->begins && b.n > 1);
}

/* Take one step's outcome. Returns false if the flow was given up. */
static bool take_step(struct noon_tap *t, struct noon_tap_flow *f, struct noon_tap_http *h,
		      enum noon_tap_step step)
{
	bool good = true;

	if (step == NOON_TAP_HEAD) {
		good = h->response ? on_response_head(t, f, h) : on_request_head(t, f, h);
		f->spoke = f->spoke || good;
	} else if (step == NOON_TAP_DONE) {
		if (h->response)
			on_response(t, f, h);
		else
			on_request(t, f, h);
		noon_tap_http_reset(h, &t->pool);
	} else {
		good = step != NOON_TAP_BAD;
	}
	if (!good)
		give_up(t, f,
			f->spoke ? NOON_TAP_COUNT_FLOWS_MALFORMED : NOON_TAP_COUNT_FLOWS_OTHER);
	return good;
}

static void read_on(struct noon_tap *t, struct noon_tap_flow *f, unsigned from,
		    struct noon_tap_piece piece)
{
	struct noon_tap_http *h = &f->http[from];
	enum noon_tap_step step;

	do
		step = noon_tap_http_step(h, &t->pool, &piece);
	while (take_step(t, f, h, step) && step != NOON_TAP_MORE);
}

static void read_gap(struct noon_tap *t, struct noon_tap_flow *f, unsigned from, uint32_t n)
{
	struct noon_tap_http *h = &f->http[from];

	noon_tap_count(&t->counts, NOON_TAP_COUNT_GAPS);
	if (noon_tap_http_gap(h, &t->pool, n)) {
		/* It may be the end of a message. */
		read_on(t, f, from, (struct noon_tap_piece){.at = h->last_at});
		return;
	}
	f->ordered = false;
	if (!h->response && f->coming != NOON_TAP_NONE)
		f->coming = NOON_TAP_NONE;
}

void noon_tap_dialogue_piece(struct noon_tap *t, struct noon_tap_flow *f, unsigned from,
			     struct noon_tap_piece piece)
{
	if (piece.bytes.n == 0) {
		read_gap(t, f, from, piece.missing);
		return;
	}
	if (is_tls(f, &f->http[from], &piece)) {
		give_up(t, f, NOON_TAP_COUNT_FLOWS_TLS);
		return;
	}
	find_roles(f, from, &piece);
	if (f->client != NOON_TAP_ROLE_UNKNOWN)
		read_on(t, f, from, piece);
}

void noon_tap_dialogue_close(struct noon_tap *t, struct noon_tap_flow *f, unsigned from)
{
	struct noon_tap_http *h = &f->http[from];

	if (f->client != NOON_TAP_ROLE_UNKNOWN && noon_tap_http_close(h))
		(void)take_step(t, f, h, NOON_TAP_DONE);
}
