/* SPDX-License-Identifier: Apache-2.0
 *
 * One end of a path that carries event messages of PTP, in the clear or in a timing tunnel, with
 * every stamp that there is: bench/tunnel makes tables of them.
 *
 * Use: bench_tunnel_ends a|b LOCAL PEER plain|esp|ah SECRET [NAME=VALUE...]
 *
 * End "a" sends a Sync by the plan; end "b" answers each with a Delay_Req of the same size after a
 * random time below half of the interval. Both run the code of the daemon: link/ptp_link on sockets
 * or on link/tunnel_link. At the end each prints a line per message, times in ns of CLOCK_REALTIME:
 *
 *     out SEQUENCE PHASE READING DEPARTURE ESTIMATE      t, t' (0: no stamp), estimated t' - t
 *     in SEQUENCE PHASE ARRIVAL DELIVERED                t2' (0: no stamp), t2
 *     refreshes N
 *
 * bench_tunnel_ends sizes LOCAL PEER esp|ah SECRET [NAME=VALUE...] seals messages of each type
 * instead, and prints "size TYPE BYTES" of each outer packet.
 *
 * Options: plan=RATE:COUNT:SIZE[:fresh],... (end "a"; rates per second; fresh: estimates start from
 * nothing at both ends), cell=BYTES, random=BYTES, packets=N of an association,
 * warm=none|seal|cover before each message, lock=1 (mlockall), fifo=PRIORITY.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "crypto/gcm.h"
#include "estimate/edge/edge_table.h"
#include "link/ptp_link.h"
#include "platform/clock/clock.h"

#define RECORDS	   (1 << 17)
#define PHASES	   512
#define SIZE_LEAST 44
#define SIZE_MOST  1000
#define SEALS	   2000		/* of each type */
#define START	   NOON_MS(600) /* until both ends are there */
#define SILENCE	   NOON_MS(400) /* and two intervals, after which end "b" is done */
#define EVENT_PORT NOON_PTP_EVENT_PORT

struct phase {
	double rate;
	unsigned count;
	size_t size;
	bool fresh;
};

struct record {
	bool out;
	uint32_t sequence;
	uint32_t phase;
	int64_t at;    /* out: t; in: t2 */
	int64_t stamp; /* out: t'; in: t2'; 0: none */
	noon_dur estimate;
};

/* What a message of ours says behind its type. */
struct body {
	uint8_t type;
	bool fresh;
	uint32_t sequence, phase;
	int64_t interval_ns;
};

struct end {
	bool is_a;
	bool plain, ah;
	size_t cell, random;
	uint64_t packets;
	enum { COLD, SEAL, COVER } warm;
	struct noon_addr local, peer;
	struct noon_loop *loop;
	struct noon_rng rng;
	struct noon_tunnel_link tunnel;
	struct noon_ptp_link link;
	struct noon_ptp_user user;
	struct noon_timer timer;
	struct noon_gcm scratch;
	struct noon_edge_table edges;
	struct phase plan[PHASES];
	size_t phases, phase;
	unsigned sent;	  /* of the phase */
	struct body next; /* end "b" */
	size_t next_size;
	uint32_t sequence;
	noon_time due;
	struct record *record;
	size_t n;
};

static _Noreturn void fail(const char *what)
{
	(void)fprintf(stderr, "bench_tunnel_ends: %s\n", what);
	exit(1);
}

static void expect(noon_err err, const char *what)
{
	if (err)
		fail(what);
}

/* ---- estimates, as daemon/serve/tunnels makes them ---- */

static struct noon_edge_key key_of(const struct noon_tunnel_edge *e)
{
	return (struct noon_edge_key){
		.direction = e->inbound ? NOON_EDGE_INGRESS : NOON_EDGE_EGRESS,
		.message = e->message & 0x0f,
		.size = noon_edge_size_class(e->n),
		.gap = noon_edge_gap_class(e->gap),
	};
}

static void on_edge(void *arg, const struct noon_tunnel_edge *e)
{
	struct end *x = arg;
	const struct noon_edge_key key = key_of(e);

	(void)noon_edge_table_add(&x->edges, &key, e->took, noon_mono_now());
}

static noon_dur estimate(void *arg, const struct noon_tunnel_edge *e)
{
	struct end *x = arg;
	const struct noon_edge_key key = key_of(e);

	return noon_edge_table_estimate(&x->edges, &key, noon_mono_now()).correction;
}

static void begin_anew(struct end *x)
{
	const struct noon_edge_conf conf = noon_edge_conf_default();

	expect(noon_edge_table_init(&x->edges, &conf), "estimates");
}

static bool reserve(void *arg, uint64_t epoch)
{
	(void)arg;
	(void)epoch;
	return true;
}

/* ---- messages ---- */

static void put(const struct body *b, uint8_t *to)
{
	memcpy(to, b, sizeof(*b));
	to[0] = b->type;
}

static struct record *note(struct end *x, bool out, const struct body *b)
{
	struct record *const r = &x->record[x->n];

	if (x->n + 1 < RECORDS)
		x->n++;
	*r = (struct record){.out = out, .sequence = b->sequence, .phase = b->phase};
	return r;
}

/* Bring code and tables into the caches, or the whole way of a packet. */
static void warm_up(struct end *x)
{
	static const uint8_t nonce[NOON_GCM_NONCE];
	uint8_t text[SIZE_LEAST + NOON_GCM_TAG] = {0};

	if (x->warm == SEAL)
		expect(noon_gcm_seal(&x->scratch, nonce, noon_bytes_of(NULL, 0), text, SIZE_LEAST),
		       "a seal");
	noon_ptp_link_warm_up(&x->link);
}

static void send_message(struct end *x, const struct body *b, size_t size)
{
	uint8_t text[SIZE_MOST] = {0};
	struct noon_action a = {.kind = NOON_ACTION_SEND,
				.send = noon_bytes_of(text, size),
				.peer = noon_ptp_peer_of(&x->peer)};
	struct record *r;

	if (b->fresh)
		begin_anew(x);
	put(b, text);
	warm_up(x);
	const struct noon_ptp_egress e = noon_ptp_link_egress(&x->link, b->type);
	const struct noon_instant at = noon_instant_now();

	r = note(x, true, b);
	r->at = at.real_ns;
	r->estimate = e.later;
	a.token = (uint32_t)(r - x->record);
	noon_ptp_link_read(&x->link, &at);
	noon_ptp_link_send(&x->link, &x->user, &a);
}

static void on_sent(void *arg, const struct noon_ptp_departure *d)
{
	struct end *x = arg;

	x->record[d->token].stamp = d->stamp.real_ns;
}

static void on_packet(void *arg, const struct noon_ptp_arrival *a)
{
	const struct noon_instant now = noon_instant_now();
	struct end *x = arg;
	struct record *r;
	struct body b;

	if (a->data.n < SIZE_LEAST || (a->data.p[0] & 0x0f) > NOON_PTP_DELAY_REQ)
		return;
	memcpy(&b, a->data.p, sizeof(b));
	r = note(x, false, &b);
	r->at = now.real_ns;
	r->stamp = a->stamp.kind == NOON_STAMP_USER ? 0 : a->stamp.real_ns;
	if (x->is_a)
		return;
	x->next = b;
	x->next.type = NOON_PTP_DELAY_REQ;
	x->next_size = a->data.n;
	noon_loop_arm(x->loop, &x->timer,
		      (noon_dur)(noon_rng_unit(&x->rng) * (double)b.interval_ns / 2));
}

/* ---- the plan ---- */

static void on_timer_b(struct end *x)
{
	if (x->next_size == 0) {
		noon_loop_stop(x->loop);
		return;
	}
	send_message(x, &x->next, x->next_size);
	x->next_size = 0;
	noon_loop_arm(x->loop, &x->timer, SILENCE + 2 * x->next.interval_ns);
}

static void on_timer_a(struct end *x)
{
	const struct phase *const p = &x->plan[x->phase];
	const noon_dur interval = (noon_dur)(1e9 / p->rate);
	const struct body b = {.type = NOON_PTP_SYNC,
			       .fresh = p->fresh && x->sent == 0,
			       .sequence = x->sequence++,
			       .phase = (uint32_t)x->phase,
			       .interval_ns = interval};

	if (x->phase == x->phases) {
		noon_loop_stop(x->loop);
		return;
	}
	send_message(x, &b, p->size);
	if (++x->sent == p->count) {
		x->sent = 0;
		x->phase++;
	}
	x->due = noon_time_add(x->due, x->phase == x->phases ? SILENCE + interval : interval);
	noon_loop_arm(x->loop, &x->timer, noon_time_diff(x->due, noon_mono_now()));
}

static void on_timer(void *arg)
{
	struct end *x = arg;

	if (x->is_a)
		on_timer_a(x);
	else
		on_timer_b(x);
}

/* ---- start ---- */

static void open_tunnel(struct end *x, const char *secret)
{
	const struct noon_tunnel_host host = {
		.reserve = reserve, .on_edge = on_edge, .estimate = estimate, .arg = x};
	struct noon_tunnel_link_conf c = {
		.machine = {.is_initiator = x->is_a,
			    .key_len = 16,
			    .extended = true,
			    .ah = x->ah,
			    .ports = 2,
			    .port = {NOON_PTP_EVENT_PORT, NOON_PTP_GENERAL_PORT},
			    .lifetime = NOON_S(3600),
			    .packets = x->packets,
			    .grace = NOON_S(10),
			    .dead_after = NOON_S(30),
			    .first = 1,
			    .reserved = UINT32_MAX},
		.local = x->local,
		.peer = x->peer,
		.family = AF_INET,
		.warm_up = x->warm == COVER,
	};
	const char *why = "";
	int sys;

	if (x->cell > 0)
		c.machine.padding = (struct noon_padding){NOON_PADDING_CELL, x->cell, 0};
	else if (x->random > 0)
		c.machine.padding = (struct noon_padding){NOON_PADDING_RANDOM, 0, x->random};
	c.machine.outer = c.machine.inner = (struct noon_ip){.ttl = 64, .tos = 46 << 2};
	noon_tunnel_link_addresses(&c.machine.outer, &x->local, &x->peer);
	noon_tunnel_link_addresses(&c.machine.inner, &x->local, &x->peer);
	memcpy(&c.machine.secret, secret,
	       strlen(secret) < sizeof(c.machine.secret) ? strlen(secret)
							 : sizeof(c.machine.secret));
	if (noon_tunnel_link_open(&x->tunnel, x->loop, &c, &host, &x->rng, &why, &sys))
		fail(why);
	expect(noon_ptp_link_open_tunnel(&x->link, x->loop, &x->tunnel), "the tunnel is full");
	expect(noon_tunnel_link_start(&x->tunnel), "the tunnel does not start");
}

static void open_plain(struct end *x)
{
	const struct noon_ptp_socket_conf conf = {.family = AF_INET,
						  .address = x->local,
						  .event_port = NOON_PTP_EVENT_PORT,
						  .general_port = NOON_PTP_GENERAL_PORT};
	const char *why = "";
	int sys;

	if (noon_ptp_link_open(&x->link, x->loop, &conf, NULL, &why, &sys))
		fail(why);
}

static void read_plan(struct end *x, char *text)
{
	for (char *save, *p = strtok_r(text, ",", &save); p != NULL;
	     p = strtok_r(NULL, ",", &save)) {
		struct phase *const f = &x->plan[x->phases];
		char fresh[8] = "";

		if (x->phases + 1 == PHASES ||
		    sscanf(p, "%lf:%u:%zu:%7s", &f->rate, &f->count, &f->size, fresh) < 3 ||
		    f->size < SIZE_LEAST || f->size > SIZE_MOST || f->count == 0)
			fail("expected plan=RATE:COUNT:SIZE[:fresh],...");
		f->fresh = strcmp(fresh, "fresh") == 0;
		x->phases++;
	}
}

static void be_real_time(int priority)
{
	const struct sched_param p = {.sched_priority = priority};

	if (sched_setscheduler(0, SCHED_FIFO, &p))
		fail("SCHED_FIFO is not allowed");
}

static void read_option(struct end *x, char *text)
{
	char *value = strchr(text, '=');

	if (value == NULL)
		fail("expected NAME=VALUE");
	*value++ = '\0';
	if (strcmp(text, "plan") == 0)
		read_plan(x, value);
	else if (strcmp(text, "cell") == 0)
		x->cell = strtoul(value, NULL, 10);
	else if (strcmp(text, "random") == 0)
		x->random = strtoul(value, NULL, 10);
	else if (strcmp(text, "packets") == 0)
		x->packets = strtoul(value, NULL, 10);
	else if (strcmp(text, "warm") == 0)
		x->warm = strcmp(value, "seal") == 0	? SEAL
			  : strcmp(value, "cover") == 0 ? COVER
							: COLD;
	else if (strcmp(text, "fifo") == 0)
		be_real_time(atoi(value));
	else if (strcmp(text, "lock") == 0 && mlockall(MCL_CURRENT | MCL_FUTURE) == 0)
		return;
	else
		fail("no such option, or not allowed");
}

static void print(const struct end *x)
{
	for (size_t i = 0; i < x->n; i++) {
		const struct record *const r = &x->record[i];

		if (r->out)
			printf("out %u %u %lld %lld %lld\n", r->sequence, r->phase,
			       (long long)r->at, (long long)r->stamp, (long long)r->estimate);
		else
			printf("in %u %u %lld %lld\n", r->sequence, r->phase, (long long)r->stamp,
			       (long long)r->at);
	}
	printf("refreshes %llu\n", (unsigned long long)x->tunnel.machine.refreshes);
}

/* What our own messages are long, without the TLVs that some have. */
static void print_sizes(struct end *x)
{
	static const struct {
		const char *type;
		size_t n;
	} messages[] = {{"Sync", 44},	    {"Delay_Req", 44}, {"Follow_Up", 44},
			{"Delay_Resp", 54}, {"Announce", 64},  {"Signaling", 76}};
	static const uint8_t text[SIZE_MOST];
	const struct noon_udp udp = {EVENT_PORT, EVENT_PORT};

	for (size_t i = 0; i < SEALS * sizeof(messages) / sizeof(messages[0]); i++) {
		const size_t k = i % (sizeof(messages) / sizeof(messages[0]));
		uint8_t room[NOON_TUNNEL_PACKET_MAX];
		struct noon_wr wr = noon_wr_over(room, sizeof(room));
		struct noon_tunnel_sealed sealed;

		expect(noon_tunnel_seal(&x->tunnel.machine, &udp,
					noon_bytes_of(text, messages[k].n), noon_mono_now(), &wr,
					&sealed),
		       "a seal");
		printf("size %s %zu\n", messages[k].type, noon_wr_len(&wr));
	}
}

static void run(struct end *x)
{
	expect(noon_ptp_link_attach(&x->link, &x->user), "no user");
	expect(noon_ptp_link_start(&x->link), "the port does not start");
	x->due = noon_time_add(noon_mono_now(), START);
	noon_loop_arm(x->loop, &x->timer, x->is_a ? START : START + NOON_S(3));
	expect(noon_loop_run(x->loop), "the loop");
	print(x);
}

int main(int argc, char **argv)
{
	static struct end x;
	static const uint8_t key[16];

	if (argc < 6 || noon_addr_parse(argv[2], EVENT_PORT, &x.local) ||
	    noon_addr_parse(argv[3], EVENT_PORT, &x.peer))
		fail("expected a|b LOCAL PEER plain|esp|ah SECRET [NAME=VALUE...]");
	x.is_a = argv[1][0] == 'a';
	x.plain = strcmp(argv[4], "plain") == 0;
	x.ah = strcmp(argv[4], "ah") == 0;
	x.record = calloc(RECORDS, sizeof(*x.record));
	if (x.record == NULL)
		fail("no memory");
	memset(x.record, 0xff, RECORDS * sizeof(*x.record)); /* no page fault at the first use */
	for (int i = 6; i < argc; i++)
		read_option(&x, argv[i]);
	begin_anew(&x);
	x.rng = noon_rng_seeded((uint64_t)noon_mono_now().ns);
	x.user = (struct noon_ptp_user){.on_packet = on_packet, .on_sent = on_sent, .arg = &x};
	x.timer = (struct noon_timer){.fire = on_timer, .arg = &x};
	expect(noon_gcm_init(&x.scratch, noon_bytes_of(key, sizeof(key))), "AES-GCM");
	expect(noon_loop_new(NOON_LOOP_EVENT, &x.loop), "no loop");
	if (x.plain)
		open_plain(&x);
	else
		open_tunnel(&x, argv[5]);
	if (strcmp(argv[1], "sizes") == 0)
		print_sizes(&x);
	else
		run(&x);
	noon_ptp_link_close(&x.link);
	if (!x.plain)
		noon_tunnel_link_close(&x.tunnel);
	noon_gcm_fini(&x.scratch);
	noon_loop_free(x.loop);
	free(x.record);
	return 0;
}
