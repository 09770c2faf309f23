/* SPDX-License-Identifier: Apache-2.0
 *
 * TCP: pieces are held in order, delayed, and may be corrupted; a lost or truncated piece closes
 * the connection, since a stream cannot lose bytes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "platform/net/tcp.h"
#include "platform/net/tcp_listener.h"
#include "tools/lab/relay.h"

#define PIECE_MAX	3072
#define BACKLOG_MAX	64 /* pieces held per direction of a connection */
#define CONNECTIONS_MAX 64
#define ACCEPT_BATCH	16 /* connections taken in one wake-up */

struct piece {
	struct piece *next;
	noon_time due;
	size_t n; /* 0: the end of the stream */
	uint8_t p[PIECE_MAX];
};

struct pair;

/* One end of a connection, and the pieces on their way to the other end. */
struct half {
	struct pair *pair;
	enum noon_way way; /* of the received pieces */
	struct noon_tcp tcp;
	struct noon_timer timer;
	size_t n_held;
	struct piece *first;
	struct piece **last;
	noon_time last_due;
};

struct pair {
	struct noon_relay_tcp *relay;
	bool in_use;
	bool dead; /* to be freed by the reaper */
	struct half half[NOON_WAYS];
};

struct noon_relay_tcp {
	struct noon_relay *relay;
	struct noon_addr to;
	struct noon_tcp_listener listener;
	struct noon_timer reaper;
	struct pair pair[CONNECTIONS_MAX];
};

/* Callbacks run inside the streams, so a pair is freed by the loop, not by them. */
static void mark_dead(struct pair *p)
{
	if (p->dead)
		return;
	p->dead = true;
	noon_loop_arm(p->relay->relay->loop, &p->relay->reaper, 0);
}

static void pair_clear(struct pair *p)
{
	for (size_t i = 0; i < NOON_WAYS; i++) {
		struct half *h = &p->half[i];

		noon_tcp_close(&h->tcp);
		noon_loop_disarm(&h->timer);
		while (h->first != NULL) {
			struct piece *next = h->first->next;

			free(h->first);
			h->first = next;
		}
	}
	memset(p->half, 0, sizeof(p->half));
	p->in_use = false;
	p->dead = false;
}

static void on_reaper(void *arg)
{
	struct noon_relay_tcp *t = arg;

	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		if (t->pair[i].dead)
			pair_clear(&t->pair[i]);
	noon_tcp_listener_resume(&t->listener);
}

static void arm(struct half *h)
{
	if (h->first != NULL)
		noon_loop_arm(h->pair->relay->relay->loop, &h->timer,
			      noon_time_diff(h->first->due, noon_mono_now()));
}

static void on_due(void *arg)
{
	struct half *h = arg;
	struct half *other = &h->pair->half[h->way == NOON_FORWARD ? NOON_REVERSE : NOON_FORWARD];

	while (h->first != NULL && !noon_time_before(noon_mono_now(), h->first->due)) {
		struct piece *p = h->first;

		h->first = p->next;
		if (h->first == NULL)
			h->last = &h->first;
		h->n_held--;
		if (p->n == 0)
			noon_tcp_finish(&other->tcp);
		else if (noon_tcp_send(&other->tcp, noon_bytes_of(p->p, p->n)))
			mark_dead(h->pair);
		free(p);
	}
	arm(h);
}

static void hold(struct half *h, struct noon_bytes data, noon_dur delay)
{
	struct piece *p = h->n_held < BACKLOG_MAX ? malloc(sizeof(*p)) : NULL;

	if (p == NULL || data.n > sizeof(p->p)) {
		h->pair->relay->relay->counters[h->way].overflowed++;
		free(p);
		mark_dead(h->pair);
		return;
	}
	p->next = NULL;
	p->n = data.n;
	if (data.n > 0)
		memcpy(p->p, data.p, data.n);
	p->due = noon_time_add(noon_mono_now(), delay);
	/* A stream is delivered in order. */
	if (noon_time_before(p->due, h->last_due))
		p->due = h->last_due;
	h->last_due = p->due;
	*h->last = p;
	h->last = &p->next;
	h->n_held++;
	on_due(h);
}

static void on_data(void *arg, struct noon_bytes data)
{
	struct half *h = arg;
	struct noon_relay *r = h->pair->relay->relay;
	const struct noon_fate f =
		noon_impair_draw(&r->impair[h->way], r->rng, noon_mono_now(), data.n);
	uint8_t copy[PIECE_MAX];

	r->counters[h->way].packets++;
	r->counters[h->way].bytes += data.n;
	if (f.drop || f.truncate || data.n > sizeof(copy)) {
		r->counters[h->way].dropped++;
		mark_dead(h->pair);
		return;
	}
	memcpy(copy, data.p, data.n);
	if (f.flip) {
		const uint64_t bit = noon_rng_u64(r->rng) % (data.n * 8);

		r->counters[h->way].flipped++;
		copy[bit / 8] = (uint8_t)(copy[bit / 8] ^ 1U << bit % 8);
	}
	hold(h, noon_bytes_of(copy, data.n), f.delay);
}

static void on_end(void *arg, int sys)
{
	struct half *h = arg;

	if (sys != 0 || !noon_tcp_is_open(&h->pair->half[h->way == NOON_FORWARD ? 1 : 0].tcp)) {
		mark_dead(h->pair);
		return;
	}
	hold(h, noon_bytes_of(NULL, 0), h->pair->relay->relay->impair[h->way].delay);
}

static void half_init(struct pair *p, enum noon_way way)
{
	struct half *h = &p->half[way];

	memset(h, 0, sizeof(*h));
	h->pair = p;
	h->way = way;
	h->last = &h->first;
	h->last_due = NOON_TIME_FIRST;
	h->timer = (struct noon_timer){.fire = on_due, .arg = h};
	h->tcp.watch.fd = -1;
	h->tcp.on_data = on_data;
	h->tcp.on_end = on_end;
	h->tcp.arg = h;
}

static void pair_begin(struct noon_relay_tcp *t, struct pair *p, int fd)
{
	int sys;

	p->relay = t;
	p->in_use = true;
	half_init(p, NOON_FORWARD);
	half_init(p, NOON_REVERSE);
	if (noon_tcp_take(&p->half[NOON_FORWARD].tcp, t->relay->loop, fd) ||
	    noon_tcp_connect(&p->half[NOON_REVERSE].tcp, t->relay->loop, &t->to, &sys))
		pair_clear(p);
}

static void on_connection(void *arg, int fd, const struct noon_addr *peer)
{
	struct noon_relay_tcp *t = arg;

	(void)peer;
	for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
		if (t->pair[i].in_use)
			continue;
		pair_begin(t, &t->pair[i], fd);
		return;
	}
	(void)close(fd);
}

noon_err noon_relay_tcp_new(struct noon_relay *r, const struct noon_addr *listen,
			    const struct noon_addr *to, struct noon_relay_tcp **ret, int *ret_sys)
{
	struct noon_relay_tcp *t = calloc(1, sizeof(*t));
	int fd = -1;

	if (t == NULL)
		return NOON_ERR_OS;
	t->relay = r;
	t->to = *to;
	t->reaper = (struct noon_timer){.fire = on_reaper, .arg = t};
	if (noon_tcp_listen(listen, &fd, ret_sys)) {
		free(t);
		return NOON_ERR_OS;
	}
	t->listener = (struct noon_tcp_listener){
		.fd = fd, .batch = ACCEPT_BATCH, .on_connection = on_connection, .arg = t};
	if (noon_tcp_listener_start(&t->listener, r->loop)) {
		*ret_sys = ENOMEM;
		noon_tcp_listener_close(&t->listener);
		free(t);
		return NOON_ERR_OS;
	}
	*ret = t;
	return NOON_OK;
}

void noon_relay_tcp_free(struct noon_relay_tcp *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		if (t->pair[i].in_use)
			pair_clear(&t->pair[i]);
	noon_loop_disarm(&t->reaper);
	noon_tcp_listener_close(&t->listener);
	free(t);
}
