/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/tap/tap_stream.h"

#include <assert.h>
#include <string.h>

#define FAR (1 << 30) /* a distance that no window has (RFC 7323, section 2.3) */

/* How far a is ahead of b; sequence numbers wrap (RFC 9293, section 3.4). */
static int32_t ahead(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

static uint32_t length(const struct noon_tap_piece *in)
{
	return (uint32_t)in->bytes.n + in->missing;
}

static void drop_front(struct noon_tap_piece *in, uint32_t n)
{
	const uint32_t data = n < in->bytes.n ? n : (uint32_t)in->bytes.n;

	/* NULL + 0 is not defined. */
	if (data > 0)
		in->bytes.p += data;
	in->bytes.n -= data;
	in->missing -= n - data;
	in->seq += n;
	in->begins = false;
}

static void clear(struct noon_tap_piece *in)
{
	in->bytes.n = 0;
	in->missing = 0;
}

void noon_tap_stream_init(struct noon_tap_stream *s)
{
	memset(s, 0, sizeof(*s));
	s->first = NOON_TAP_NONE;
	s->lent = NOON_TAP_NONE;
}

static void release(struct noon_tap_stream *s, struct noon_tap_pool *p)
{
	if (s->lent != NOON_TAP_NONE)
		noon_tap_pool_give(p, s->lent);
	s->lent = NOON_TAP_NONE;
}

/* The first block leaves the chain of those that are kept. */
static uint32_t pop(struct noon_tap_stream *s, const struct noon_tap_pool *p)
{
	const uint32_t block = s->first;

	s->first = p->blocks[block].next;
	s->held--;
	return block;
}

void noon_tap_stream_fini(struct noon_tap_stream *s, struct noon_tap_pool *p)
{
	release(s, p);
	while (s->first != NOON_TAP_NONE)
		noon_tap_pool_give(p, pop(s, p));
	noon_tap_stream_init(s);
}

void noon_tap_stream_start(struct noon_tap_stream *s, uint32_t seq)
{
	s->known = true;
	s->next = seq;
}

static void give_up_to(struct noon_tap_stream *s, uint32_t seq)
{
	if (!s->has_gap || ahead(seq, s->gap_to) > 0)
		s->gap_to = seq;
	s->has_gap = true;
}

void noon_tap_stream_acked(struct noon_tap_stream *s, uint32_t ack)
{
	/* FIN takes a number of its own. */
	if (s->has_fin && ack == s->fin + 1)
		ack = s->fin;
	if (s->known && ahead(ack, s->next) > 0 && ahead(ack, s->next) < FAR)
		give_up_to(s, ack);
}

void noon_tap_stream_fin(struct noon_tap_stream *s, uint32_t seq)
{
	if (!s->has_fin)
		s->fin = seq;
	s->has_fin = true;
}

bool noon_tap_stream_ended(const struct noon_tap_stream *s)
{
	return s->known && s->has_fin && ahead(s->fin, s->next) <= 0;
}

int noon_tap_stream_turn(const struct noon_tap_stream *s, const struct noon_tap_piece *in)
{
	if (!s->known || length(in) == 0)
		return 0;
	if (ahead(in->seq + length(in), s->next) <= 0)
		return -1;
	return ahead(in->seq, s->next) > 0 ? 1 : 0;
}

/* Keep the first n bytes of `in` between two blocks. */
static bool keep(struct noon_tap_stream *s, struct noon_tap_pool *p, struct noon_tap_piece *in,
		 uint32_t n, uint32_t *prev)
{
	const bool hole = in->bytes.n == 0;
	uint32_t i = s->held < NOON_TAP_HELD_MAX ? noon_tap_pool_take(p) : NOON_TAP_NONE;
	struct noon_tap_block *b;

	if (i == NOON_TAP_NONE)
		return false;
	b = &p->blocks[i];
	if (!hole) {
		n = n < in->bytes.n ? n : (uint32_t)in->bytes.n;
		n = n < NOON_TAP_BLOCK_LEN ? n : NOON_TAP_BLOCK_LEN;
		memcpy(b->p, in->bytes.p, n);
	}
	b->hole = hole;
	b->seq = in->seq;
	b->n = n;
	b->at = in->at;
	b->begins = in->begins;
	b->next = *prev == NOON_TAP_NONE ? s->first : p->blocks[*prev].next;
	if (*prev == NOON_TAP_NONE)
		s->first = i;
	else
		p->blocks[*prev].next = i;
	*prev = i;
	s->held++;
	drop_front(in, n);
	return true;
}

/* Keep what is not kept already, for when its turn comes. Returns false if there was no room. */
static bool keep_all(struct noon_tap_stream *s, struct noon_tap_pool *p, struct noon_tap_piece *in)
{
	uint32_t prev = NOON_TAP_NONE;
	uint32_t at = s->first;

	while (length(in) > 0) {
		const struct noon_tap_block *b = at == NOON_TAP_NONE ? NULL : &p->blocks[at];
		int32_t before = b == NULL ? INT32_MAX : ahead(b->seq, in->seq);

		if (b != NULL && ahead(b->seq + b->n, in->seq) <= 0) {
			prev = at;
			at = b->next;
		} else if (before <= 0) {
			const uint32_t over = b->seq + b->n - in->seq;

			drop_front(in, over < length(in) ? over : length(in));
		} else {
			const uint32_t n =
				(uint32_t)before < length(in) ? (uint32_t)before : length(in);

			if (!keep(s, p, in, n, &prev))
				return false;
		}
	}
	return true;
}

/* A block whose turn it is; what of it has come out already is left off. */
static bool take_block(struct noon_tap_stream *s, struct noon_tap_pool *p,
		       struct noon_tap_piece *out)
{
	while (s->first != NOON_TAP_NONE && ahead(p->blocks[s->first].seq, s->next) <= 0) {
		const uint32_t i = pop(s, p);
		const struct noon_tap_block *b = &p->blocks[i];
		const uint32_t old = s->next - b->seq;

		if (old >= b->n) {
			noon_tap_pool_give(p, i);
			continue;
		}
		s->lent = i;
		*out = (struct noon_tap_piece){.seq = s->next, .at = b->at};
		out->begins = b->begins && old == 0;
		if (b->hole)
			out->missing = b->n - old;
		else
			out->bytes = noon_bytes_of(b->p + old, b->n - old);
		s->next += b->n - old;
		return true;
	}
	return false;
}

/* How many bytes may come out before a block does. */
static uint32_t room(const struct noon_tap_stream *s, const struct noon_tap_pool *p, uint32_t n)
{
	const int32_t to_block =
		s->first == NOON_TAP_NONE ? INT32_MAX : ahead(p->blocks[s->first].seq, s->next);

	return (uint32_t)to_block < n ? (uint32_t)to_block : n;
}

/* What of the segment is in its turn. */
static bool take_segment(struct noon_tap_stream *s, struct noon_tap_pool *p,
			 struct noon_tap_piece *in, struct noon_tap_piece *out)
{
	const int32_t d = ahead(in->seq, s->next);
	uint32_t n;

	if (d < 0) {
		const uint32_t old = (uint32_t) - (int64_t)d;

		drop_front(in, old < length(in) ? old : length(in));
	}
	if (length(in) == 0 || d > 0)
		return false;
	n = room(s, p, in->bytes.n > 0 ? (uint32_t)in->bytes.n : in->missing);
	*out = *in;
	out->bytes.n = in->bytes.n > 0 ? n : 0;
	out->missing = in->bytes.n > 0 ? 0 : n;
	drop_front(in, n);
	s->next += n;
	return true;
}

/* Bytes that will not come. */
static bool take_gap(struct noon_tap_stream *s, const struct noon_tap_pool *p,
		     const struct noon_tap_piece *in, struct noon_tap_piece *out)
{
	uint32_t n;

	if (!s->has_gap)
		return false;
	s->has_gap = ahead(s->gap_to, s->next) > 0;
	if (!s->has_gap)
		return false;
	n = room(s, p, s->gap_to - s->next);
	if (length(in) > 0 && in->seq - s->next < n)
		n = in->seq - s->next;
	*out = (struct noon_tap_piece){.seq = s->next, .missing = n, .at = in->at};
	s->next += n;
	return true;
}

bool noon_tap_stream_next(struct noon_tap_stream *s, struct noon_tap_pool *p,
			  struct noon_tap_piece *in, struct noon_tap_piece *out)
{
	release(s, p);
	if (!s->known) {
		if (length(in) == 0)
			return false;
		noon_tap_stream_start(s, in->seq);
	}
	if (ahead(in->seq, s->next) > FAR)
		clear(in);
	for (;;) {
		if (take_block(s, p, out) || take_segment(s, p, in, out) || take_gap(s, p, in, out))
			return true;
		if (s->first == NOON_TAP_NONE)
			s->held_since = in->at;
		if (length(in) == 0) {
			if (s->first == NOON_TAP_NONE ||
			    noon_time_diff(in->at, s->held_since) <= NOON_TAP_HOLE_MAX)
				return false;
			give_up_to(s, p->blocks[s->first].seq);
		} else if (!keep_all(s, p, in)) {
			/* With nothing kept there is no room for anything: what comes is lost. */
			give_up_to(s, s->first == NOON_TAP_NONE ? in->seq + length(in)
								: p->blocks[s->first].seq);
			if (s->first == NOON_TAP_NONE)
				clear(in);
		}
	}
}
