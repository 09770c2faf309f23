/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/tap/tap_ntp.h"

#include <assert.h>
#include <string.h>

#include "base/hash.h"
#include "wire/ntp.h"

#define MODE_CONTROL 6
#define MODE_PRIVATE 7

void noon_tap_ntp_init(struct noon_tap_ntp *t, struct noon_tap_ntp_ask *asks, size_t n)
{
	assert(n > 0 && n % NOON_TAP_NTP_WAYS == 0);
	t->asks = asks;
	t->n = n;
	for (size_t i = 0; i < n; i++)
		asks[i].used = false;
}

static bool same_end(const struct noon_frame_end *a, const struct noon_frame_end *b)
{
	return a->port == b->port && memcmp(a->addr, b->addr, sizeof(a->addr)) == 0;
}

static bool same_ask(const struct noon_tap_ntp_ask *a, const struct noon_tap_ntp_ask *b)
{
	return a->used && a->transmit == b->transmit && a->version == b->version &&
	       same_end(&a->client, &b->client) && same_end(&a->server, &b->server);
}

/* The first of the places where a request may be. */
static struct noon_tap_ntp_ask *ways_of(const struct noon_tap_ntp *t,
					const struct noon_tap_ntp_ask *ask)
{
	uint8_t b[8 + 2 + 16];
	uint64_t ways = t->n / NOON_TAP_NTP_WAYS;

	for (size_t i = 0; i < 8; i++)
		b[i] = (uint8_t)(ask->transmit >> 8 * i & 0xff);
	b[8] = (uint8_t)(ask->client.port >> 8);
	b[9] = (uint8_t)(ask->client.port & 0xff);
	memcpy(b + 10, ask->client.addr, 16);
	return &t->asks[noon_hash64(noon_bytes_of(b, sizeof(b))) % ways * NOON_TAP_NTP_WAYS];
}

static struct noon_tap_ntp_ask *find(const struct noon_tap_ntp *t,
				     const struct noon_tap_ntp_ask *ask)
{
	struct noon_tap_ntp_ask *way = ways_of(t, ask);

	for (size_t i = 0; i < NOON_TAP_NTP_WAYS; i++)
		if (same_ask(&way[i], ask))
			return &way[i];
	return NULL;
}

/* A place for a request: a free one, or that of the oldest, which has no answer then. */
static struct noon_tap_ntp_ask *place(const struct noon_tap_ntp *t,
				      const struct noon_tap_ntp_ask *ask,
				      struct noon_tap_counts *counts)
{
	struct noon_tap_ntp_ask *way = ways_of(t, ask);
	struct noon_tap_ntp_ask *oldest = way;

	for (size_t i = 0; i < NOON_TAP_NTP_WAYS; i++) {
		if (!way[i].used)
			return &way[i];
		if (noon_time_before(way[i].t1, oldest->t1))
			oldest = &way[i];
	}
	noon_tap_count(counts, NOON_TAP_COUNT_NO_ANSWER);
	return oldest;
}

static void on_request(struct noon_tap_ntp *t, const struct noon_tap_ntp_ask *ask,
		       struct noon_tap_counts *counts)
{
	noon_tap_count(counts, NOON_TAP_COUNT_NTP_QUERIES);
	if (find(t, ask) == NULL)
		*place(t, ask, counts) = *ask;
}

/* A time of the server: that era which is nearest to the capture's time. */
static noon_time server_time(noon_ntp_ts ts, noon_time near)
{
	return noon_ntp_ts_to_time(ts, near);
}

static bool on_answer(struct noon_tap_ntp *t, const struct noon_tap_ntp_ask *want,
		      const struct noon_ntp_header *h, struct noon_tap_counts *counts,
		      struct noon_tap_exchange *ret)
{
	struct noon_tap_ntp_ask *ask = find(t, want);
	struct noon_tap_exchange e = {.kind = NOON_TAP_NTP, .version = want->version};

	noon_tap_count(counts, NOON_TAP_COUNT_NTP_ANSWERS);
	if (ask == NULL) {
		noon_tap_count(counts, NOON_TAP_COUNT_NO_QUERY);
		return false;
	}
	e.client = ask->client;
	e.server = ask->server;
	e.tq = ask->t1;
	e.tr = want->t1;
	e.first = server_time(h->receive, e.tr);
	e.last = server_time(h->transmit, e.tr);
	e.resolution = 1; /* below 1 ns the conversion truncates */
	e.leap = h->leap;
	e.stratum = h->stratum;
	e.precision = h->precision;
	e.root_delay = noon_ntp_short_to_dur(h->root_delay);
	e.root_disp = noon_ntp_short_to_dur(h->root_disp);
	e.ref_id = h->ref_id;
	e.miss = h->stratum == 0 ? NOON_TAP_MISS_KISS : NOON_TAP_MISS_NONE;
	ask->used = false;
	if (noon_time_before(e.tr, e.tq) ||
	    (e.miss == NOON_TAP_MISS_NONE &&
	     (h->receive == 0 || h->transmit == 0 || noon_time_before(e.last, e.first)))) {
		noon_tap_count(counts, NOON_TAP_COUNT_CONTRADICTORY);
		return false;
	}
	*ret = e;
	return true;
}

bool noon_tap_ntp_packet(struct noon_tap_ntp *t, const struct noon_frame *f, bool to_server,
			 noon_time at, struct noon_tap_counts *counts,
			 struct noon_tap_exchange *ret)
{
	struct noon_tap_ntp_ask ask = {.used = true, .version = f->version, .t1 = at};
	struct noon_rd rd = noon_rd_bytes(f->payload);
	struct noon_ntp_header h;
	uint8_t mode;

	ask.client = to_server ? f->src : f->dst;
	ask.server = to_server ? f->dst : f->src;
	mode = f->payload.n > 0 ? f->payload.p[0] & 7 : 0;
	if (mode == MODE_CONTROL || mode == MODE_PRIVATE) {
		noon_tap_count(counts, NOON_TAP_COUNT_NTP_CONTROL);
	} else if (noon_ntp_header_get(&rd, &h)) {
		noon_tap_count(counts, NOON_TAP_COUNT_NTP_MALFORMED);
	} else if (mode == NOON_NTP_MODE_CLIENT && to_server) {
		ask.transmit = h.transmit;
		on_request(t, &ask, counts);
	} else if (mode == NOON_NTP_MODE_SERVER && (!to_server || f->src.port == f->dst.port)) {
		ask.client = f->dst;
		ask.server = f->src;
		ask.transmit = h.origin;
		return on_answer(t, &ask, &h, counts, ret);
	} else {
		noon_tap_count(counts, NOON_TAP_COUNT_NTP_MODES);
	}
	return false;
}

void noon_tap_ntp_end(struct noon_tap_ntp *t, struct noon_tap_counts *counts)
{
	for (size_t i = 0; i < t->n; i++) {
		if (t->asks[i].used)
			noon_tap_count(counts, NOON_TAP_COUNT_NO_ANSWER);
		t->asks[i].used = false;
	}
}
