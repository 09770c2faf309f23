/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "proto/tunnel/tunnel_priv.h"

static uint64_t epoch_of(const uint32_t spi[NOON_TUNNEL_AHEAD], uint64_t from, uint32_t wanted)
{
	/* 0 stands where there is none, and is never sent (RFC 4303, section 2.1). */
	for (size_t i = 0; i < NOON_TUNNEL_AHEAD && wanted != 0; i++)
		if (spi[i] == wanted)
			return from + i;
	return 0;
}

static bool has_ended(const struct noon_tunnel *t, uint32_t spi)
{
	for (size_t i = 0; i < NOON_TUNNEL_AHEAD; i++)
		if (t->ended[i] == spi)
			return true;
	return false;
}

static struct noon_tunnel_half *half_of(struct noon_tunnel *t, uint32_t spi)
{
	struct noon_tunnel_half *const halves[] = {&t->now, &t->next, &t->before, &t->fresh_in};

	for (size_t i = 0; i < sizeof(halves) / sizeof(halves[0]); i++)
		if (halves[i]->epoch > 0 && halves[i]->sa.form.spi == spi)
			return halves[i];
	return NULL;
}

/* From now on the fresh secret is the one; what was derived from the one before lives on in
 * `before` alone. */
static void take_fresh(struct noon_tunnel *t)
{
	t->conf.secret = t->fresh;
	noon_wipe(&t->fresh, sizeof(t->fresh));
	t->fresh_from = 0;
	noon_tunnel_half_end(&t->fresh_in);
}

/* The other end is heard with a higher epoch: take `half` for the one in force. */
static void advance(struct noon_tunnel *t, struct noon_tunnel_half *half, noon_time now)
{
	const struct noon_tunnel_half taken = *half;

	*half = (struct noon_tunnel_half){0};
	noon_tunnel_half_end(&t->before);
	t->before = t->now;
	t->before_until = noon_time_add(now, t->conf.grace);
	t->now = taken;
	t->heard = taken.epoch;
	if (t->fresh_from > 0 && t->heard >= t->fresh_from)
		take_fresh(t);
	t->search_from = 0;
	t->spi_set++;
	if (noon_tunnel_half_make(t, &t->next, true, t->heard + 1) ||
	    noon_tunnel_spis(t, t->heard + 1, t->ahead)) {
		/* A later epoch is searched; SPIs of another one would lead to the wrong keys. */
		noon_tunnel_half_end(&t->next);
		memset(t->ahead, 0, sizeof(t->ahead));
	}
	if (t->heard > t->out.epoch && noon_tunnel_switch(t, t->heard, now) == NOON_OK)
		t->followed++;
}

static bool addr_equal(const uint8_t *a, const uint8_t *b, uint8_t version)
{
	return memcmp(a, b, noon_ip_addr_len(version)) == 0;
}

/* What came out must be timing traffic from the other end system to this one. */
static enum noon_tunnel_verdict unwrap(const struct noon_tunnel *t,
				       const struct noon_sa_opened *opened,
				       struct noon_tunnel_datagram *ret)
{
	const struct noon_tunnel_conf *c = &t->conf;
	struct noon_rd rd = noon_rd_bytes(opened->inner);
	struct noon_bytes payload;
	bool is_timing = false;

	if (opened->next != (c->inner.version == 4 ? NOON_IP_PROTO_IP4 : NOON_IP_PROTO_IP6))
		return NOON_TUNNEL_SELECTOR;
	if (noon_ip_get(&rd, &ret->ip, &payload) || ret->ip.version != c->inner.version)
		return NOON_TUNNEL_INNER;
	if (ret->ip.proto != NOON_IP_PROTO_UDP ||
	    !addr_equal(ret->ip.src, c->inner.dst, c->inner.version) ||
	    !addr_equal(ret->ip.dst, c->inner.src, c->inner.version))
		return NOON_TUNNEL_SELECTOR;
	if (noon_udp_get(payload, &ret->ip, &ret->udp, &ret->data))
		return NOON_TUNNEL_INNER;
	for (size_t i = 0; i < c->ports; i++)
		is_timing = is_timing || c->port[i] == ret->udp.dst || c->port[i] == ret->udp.src;
	return is_timing ? NOON_TUNNEL_ACCEPTED : NOON_TUNNEL_SELECTOR;
}

/* Open with an association that is ready. */
static enum noon_tunnel_verdict open_with(struct noon_tunnel *t, struct noon_tunnel_half *half,
					  const struct noon_sa_outer *o, noon_time now,
					  uint8_t *room, struct noon_tunnel_datagram *ret)
{
	struct noon_sa_opened opened;
	enum noon_tunnel_verdict v;

	if (!noon_tunnel_reserve(t, half->epoch))
		return NOON_TUNNEL_UNRESERVED;
	v = noon_sa_open(&half->sa, o, room, &opened);
	if (v != NOON_TUNNEL_ACCEPTED)
		return v;
	t->last_heard = now;
	ret->spi = o->esp.spi;
	ret->seq = opened.seq;
	if (half->epoch > t->heard)
		advance(t, half, now);
	if (opened.next == NOON_IP_PROTO_NONE)
		return NOON_TUNNEL_COVER;
	return unwrap(t, &opened, ret);
}

/* Open with an association further ahead, if there is one of this SPI. */
static enum noon_tunnel_verdict open_ahead(struct noon_tunnel *t, const struct noon_sa_outer *o,
					   noon_time now, uint8_t *room,
					   struct noon_tunnel_datagram *ret)
{
	struct noon_tunnel_half half = {0};
	enum noon_tunnel_verdict v;
	uint64_t epoch = t->has_keys ? epoch_of(t->ahead, t->heard + 1, o->esp.spi) : 0;

	if (epoch == 0 && t->search_from > 0)
		epoch = epoch_of(t->search, t->search_from, o->esp.spi);
	if (epoch == 0)
		return has_ended(t, o->esp.spi) ? NOON_TUNNEL_EXPIRED : NOON_TUNNEL_SPI;
	if (noon_tunnel_half_make(t, &half, true, epoch))
		return NOON_TUNNEL_SPI;
	v = open_with(t, &half, o, now, room, ret);
	noon_tunnel_half_end(&half); /* emptied if it was taken */
	return v;
}

enum noon_tunnel_verdict noon_tunnel_on_packet(struct noon_tunnel *t, const struct noon_rx *rx,
					       uint8_t *room, struct noon_tunnel_datagram *ret)
{
	struct noon_sa_outer o;
	struct noon_tunnel_half *half;
	enum noon_tunnel_verdict v = noon_sa_outer_of(rx->data, t->conf.udp, &o);

	if (v == NOON_TUNNEL_ACCEPTED) {
		half = half_of(t, o.esp.spi);
		v = half != NULL ? open_with(t, half, &o, rx->now, room, ret)
				 : open_ahead(t, &o, rx->now, room, ret);
	}
	/* What the kernel opens is counted by it. */
	t->verdicts[v] += !(t->conf.by_kernel && v == NOON_TUNNEL_ACCEPTED);
	return v;
}

void noon_tunnel_follow(struct noon_tunnel *t, uint64_t epoch, noon_time now)
{
	if (t->next.epoch == epoch)
		advance(t, &t->next, now);
	else if (t->fresh_in.epoch == epoch)
		advance(t, &t->fresh_in, now);
}

size_t noon_tunnel_spis_in(const struct noon_tunnel *t, uint32_t *spi)
{
	const struct noon_tunnel_half *const halves[] = {&t->before, &t->now};
	size_t n = 0;

	for (size_t i = 0; i < sizeof(halves) / sizeof(halves[0]); i++)
		if (halves[i]->epoch > 0 && !t->conf.by_kernel)
			spi[n++] = halves[i]->sa.form.spi;
	if (t->fresh_in.epoch > 0)
		spi[n++] = t->fresh_in.sa.form.spi;
	if (t->now.epoch == 0 && t->conf.exchanged)
		return n; /* nothing is ahead of what was never heard */
	/* The first one ahead is that of `next`. */
	memcpy(spi + n, t->ahead, sizeof(t->ahead));
	n += NOON_TUNNEL_AHEAD;
	if (t->search_from > 0) {
		memcpy(spi + n, t->search, sizeof(t->search));
		n += NOON_TUNNEL_AHEAD;
	}
	return n;
}
