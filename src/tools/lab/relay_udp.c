/* SPDX-License-Identifier: Apache-2.0
 *
 * UDP: a flow per client address, packets held in a heap until they are due.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/lab/relay.h"

#define FLOWS_MAX  512
#define HELD_MAX   4096
#define PACKET_MAX 2048
#define MEMORY	   32	       /* packets kept for replay, per direction */
#define FLOW_IDLE  NOON_S(120) /* a flow without traffic for this long may be reused */
#define BATCH	   32

struct flow {
	struct noon_relay_udp *udp;
	struct noon_addr client;
	struct noon_fd_watch watch; /* connected to the server; fd -1 when unused */
	noon_time used;
};

struct packet {
	noon_time due;
	uint64_t order; /* of arrival, so that equal times keep their order */
	uint32_t flow;
	enum noon_way way;
	size_t n;
	uint8_t p[PACKET_MAX];
};

struct noon_relay_udp {
	struct noon_relay *relay;
	struct noon_addr to;
	struct noon_addr client; /* the only client, for a relay between two; else len 0 */
	struct noon_fd_watch watch;
	struct noon_timer timer;
	struct flow flow[FLOWS_MAX];
	uint64_t order;
	size_t n_held;
	struct packet *held[HELD_MAX]; /* binary heap, earliest first */
	size_t n_seen[NOON_WAYS];
	struct packet *seen[NOON_WAYS][MEMORY];
};

static bool earlier(const struct packet *a, const struct packet *b)
{
	if (a->due.ns != b->due.ns)
		return a->due.ns < b->due.ns;
	return a->order < b->order;
}

static void swap(struct packet **a, struct packet **b)
{
	struct packet *t = *a;

	*a = *b;
	*b = t;
}

static bool heap_push(struct noon_relay_udp *u, struct packet *p)
{
	size_t i = u->n_held;

	if (i == HELD_MAX)
		return false;
	u->held[u->n_held++] = p;
	while (i > 0 && earlier(u->held[i], u->held[(i - 1) / 2])) {
		swap(&u->held[i], &u->held[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	return true;
}

static struct packet *heap_pop(struct noon_relay_udp *u)
{
	struct packet *top = u->held[0];
	size_t i = 0;

	u->held[0] = u->held[--u->n_held];
	for (;;) {
		size_t least = i;

		for (size_t child = 2 * i + 1; child <= 2 * i + 2; child++)
			if (child < u->n_held && earlier(u->held[child], u->held[least]))
				least = child;
		if (least == i)
			return top;
		swap(&u->held[i], &u->held[least]);
		i = least;
	}
}

static void deliver(struct noon_relay_udp *u, const struct packet *p)
{
	const struct flow *f = &u->flow[p->flow];
	const struct noon_bytes data = noon_bytes_of(p->p, p->n);

	if (u->client.len > 0) {
		(void)!noon_udp_send(u->watch.fd, data,
				     p->way == NOON_FORWARD ? &u->to : &u->client, NULL);
		return;
	}
	if (f->watch.fd < 0)
		return;
	/* A datagram that cannot be sent is lost, as on any network. */
	if (p->way == NOON_FORWARD)
		(void)!noon_udp_send(f->watch.fd, data, NULL, NULL);
	else
		(void)!noon_udp_send(u->watch.fd, data, &f->client, NULL);
}

static void arm(struct noon_relay_udp *u)
{
	if (u->n_held > 0)
		noon_loop_arm(u->relay->loop, &u->timer,
			      noon_time_diff(u->held[0]->due, noon_mono_now()));
}

static void on_timer(void *arg)
{
	struct noon_relay_udp *u = arg;

	while (u->n_held > 0 && !noon_time_before(noon_mono_now(), u->held[0]->due)) {
		struct packet *p = heap_pop(u);

		deliver(u, p);
		free(p);
	}
	arm(u);
}

static void hold(struct noon_relay_udp *u, const struct packet *p, noon_dur delay)
{
	struct packet *copy = malloc(sizeof(*copy));

	if (copy != NULL) {
		*copy = *p;
		copy->due = noon_time_add(noon_mono_now(), delay);
		copy->order = u->order++;
		if (heap_push(u, copy))
			return;
		free(copy);
	}
	u->relay->counters[p->way].overflowed++;
}

static void remember(struct noon_relay_udp *u, const struct packet *p)
{
	struct packet **slot = &u->seen[p->way][u->n_seen[p->way]++ % MEMORY];

	if (*slot == NULL)
		*slot = malloc(sizeof(**slot));
	if (*slot != NULL)
		**slot = *p;
}

static void replay(struct noon_relay_udp *u, enum noon_way way)
{
	const size_t n = u->n_seen[way] < MEMORY ? u->n_seen[way] : MEMORY;
	const struct packet *old;

	if (n == 0)
		return;
	old = u->seen[way][noon_rng_u64(u->relay->rng) % n];
	if (old != NULL)
		hold(u, old, 0);
}

/* All impairments of one packet. */
static void take(struct noon_relay_udp *u, struct packet *p)
{
	struct noon_relay *r = u->relay;
	struct noon_way_counters *c = &r->counters[p->way];
	const struct noon_fate f =
		noon_impair_draw(&r->impair[p->way], r->rng, noon_mono_now(), p->n);

	c->packets++;
	c->bytes += p->n;
	remember(u, p);
	if (f.replay) {
		c->replayed++;
		replay(u, p->way);
	}
	if (f.drop) {
		c->dropped++;
		return;
	}
	if (f.truncate && p->n > 0) {
		c->truncated++;
		p->n = noon_rng_u64(r->rng) % p->n;
	}
	if (f.flip && p->n > 0) {
		const uint64_t bit = noon_rng_u64(r->rng) % (p->n * 8);

		c->flipped++;
		p->p[bit / 8] = (uint8_t)(p->p[bit / 8] ^ 1U << bit % 8);
	}
	if (f.duplicate) {
		c->duplicated++;
		hold(u, p, f.delay);
	}
	if (f.delay == 0 && !f.duplicate)
		deliver(u, p);
	else
		hold(u, p, f.delay);
}

static void receive(struct noon_relay_udp *u, int fd, struct packet *p, uint32_t flow)
{
	struct noon_datagram d;

	p->flow = flow;
	p->way = NOON_REVERSE;
	for (int i = 0; i < BATCH && noon_udp_recv(fd, p->p, sizeof(p->p), &d) == NOON_OK; i++) {
		p->n = d.n;
		take(u, p);
	}
}

static void on_reply(void *arg, unsigned what)
{
	struct flow *f = arg;
	struct packet p;

	(void)what;
	f->used = noon_mono_now();
	receive(f->udp, f->watch.fd, &p, (uint32_t)(f - f->udp->flow));
	arm(f->udp);
}

static void flow_close(struct flow *f)
{
	if (f->watch.fd < 0)
		return;
	noon_loop_del(f->udp->relay->loop, &f->watch);
	(void)close(f->watch.fd);
	f->watch.fd = -1;
}

/* The flow of a client; a new one replaces the longest idle one. */
static struct flow *flow_of(struct noon_relay_udp *u, const struct noon_addr *client)
{
	struct flow *oldest = &u->flow[0];
	int sys;
	int fd;

	for (size_t i = 0; i < FLOWS_MAX; i++) {
		struct flow *f = &u->flow[i];

		if (f->watch.fd >= 0 && noon_addr_equal(&f->client, client))
			return f;
		if (f->watch.fd < 0 || noon_time_before(f->used, oldest->used))
			oldest = oldest->watch.fd < 0 ? oldest : f;
	}
	flow_close(oldest);
	if (noon_udp_connect(&u->to, NULL, &fd, NULL, &sys))
		return NULL;
	oldest->client = *client;
	oldest->watch = (struct noon_fd_watch){
		.fd = fd, .want = NOON_READABLE, .ready = on_reply, .arg = oldest};
	if (noon_loop_add(u->relay->loop, &oldest->watch)) {
		(void)close(fd);
		oldest->watch.fd = -1;
		return NULL;
	}
	return oldest;
}

/* Between two: the sender determines the direction. */
static void on_either(void *arg, unsigned what)
{
	struct noon_relay_udp *u = arg;
	struct noon_datagram d;
	struct packet p = {.flow = 0};

	(void)what;
	for (int i = 0; i < BATCH; i++) {
		if (noon_udp_recv(u->watch.fd, p.p, sizeof(p.p), &d))
			break;
		p.n = d.n;
		if (noon_addr_equal(&d.peer, &u->to))
			p.way = NOON_REVERSE;
		else if (noon_addr_equal(&d.peer, &u->client))
			p.way = NOON_FORWARD;
		else
			continue;
		take(u, &p);
	}
	arm(u);
}

static void on_request(void *arg, unsigned what)
{
	struct noon_relay_udp *u = arg;
	struct noon_datagram d;
	struct packet p;

	(void)what;
	p.way = NOON_FORWARD;
	for (int i = 0; i < BATCH; i++) {
		struct flow *f;

		if (noon_udp_recv(u->watch.fd, p.p, sizeof(p.p), &d))
			break;
		f = flow_of(u, &d.peer);
		if (f == NULL)
			continue;
		f->used = noon_mono_now();
		p.flow = (uint32_t)(f - u->flow);
		p.n = d.n;
		take(u, &p);
	}
	arm(u);
}

static noon_err make(struct noon_relay *r, const struct noon_addr *listen,
		     const struct noon_addr *to, const struct noon_addr *client,
		     struct noon_relay_udp **ret, int *ret_sys)
{
	struct noon_relay_udp *u = calloc(1, sizeof(*u));
	int fd = -1;

	if (u == NULL)
		return NOON_ERR_OS;
	u->relay = r;
	u->to = *to;
	u->timer = (struct noon_timer){.fire = on_timer, .arg = u};
	for (size_t i = 0; i < FLOWS_MAX; i++) {
		u->flow[i].udp = u;
		u->flow[i].watch.fd = -1;
	}
	if (noon_udp_bind(listen, false, &fd, NULL, ret_sys)) {
		free(u);
		return NOON_ERR_OS;
	}
	if (client != NULL)
		u->client = *client;
	u->watch = (struct noon_fd_watch){.fd = fd,
					  .want = NOON_READABLE,
					  .ready = client != NULL ? on_either : on_request,
					  .arg = u};
	if (noon_loop_add(r->loop, &u->watch)) {
		*ret_sys = ENOMEM;
		(void)close(fd);
		free(u);
		return NOON_ERR_OS;
	}
	*ret = u;
	return NOON_OK;
}

noon_err noon_relay_udp_new(struct noon_relay *r, const struct noon_addr *listen,
			    const struct noon_addr *to, struct noon_relay_udp **ret, int *ret_sys)
{
	return make(r, listen, to, NULL, ret, ret_sys);
}

noon_err noon_relay_between_new(struct noon_relay *r, const struct noon_addr *listen,
				const struct noon_addr *server, const struct noon_addr *client,
				struct noon_relay_udp **ret, int *ret_sys)
{
	return make(r, listen, server, client, ret, ret_sys);
}

void noon_relay_udp_free(struct noon_relay_udp *u)
{
	if (u == NULL)
		return;
	noon_loop_disarm(&u->timer);
	for (size_t i = 0; i < FLOWS_MAX; i++)
		flow_close(&u->flow[i]);
	noon_loop_del(u->relay->loop, &u->watch);
	(void)close(u->watch.fd);
	while (u->n_held > 0)
		free(u->held[--u->n_held]);
	for (size_t w = 0; w < NOON_WAYS; w++)
		for (size_t i = 0; i < MEMORY; i++)
			free(u->seen[w][i]);
	free(u);
}
