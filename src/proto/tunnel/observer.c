/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/tunnel/observer.h"

#include <string.h>

/* One is always on its way, for so long: it is not the one that came out. */
#define LOST NOON_MS(500)

/* After something that does not add up. */
#define DISTRUST NOON_S(3)

/* RFC 3948. */
#define ENCAP_PORT 4500

static bool is_between(const struct noon_ip *ends, const struct noon_ip *ip, bool *ret_inbound)
{
	const size_t n = noon_ip_addr_len(ends->version);

	if (ip->version != ends->version)
		return false;
	*ret_inbound = memcmp(ip->src, ends->dst, n) == 0 && memcmp(ip->dst, ends->src, n) == 0;
	return *ret_inbound ||
	       (memcmp(ip->src, ends->src, n) == 0 && memcmp(ip->dst, ends->dst, n) == 0);
}

/* ---- what was seen ---- */

/* Of a UDP datagram, whose checksum may still have to be filled in by the device. */
static noon_err ports_of(struct noon_rd *rd, struct noon_udp *ret)
{
	uint32_t length_and_checksum;
	noon_err err = noon_rd_u16(rd, &ret->src);

	err = err ? err : noon_rd_u16(rd, &ret->dst);
	return err ? err : noon_rd_u32(rd, &length_and_checksum);
}

/* @return whether there is an SPI: ESP in UDP has none that is 0, which marks IKE. */
static bool spi_of(const struct noon_ip *ip, struct noon_bytes payload, uint32_t *ret)
{
	struct noon_rd rd = noon_rd_bytes(payload);
	struct noon_udp udp;
	uint32_t ah;

	switch (ip->proto) {
	case NOON_IP_PROTO_ESP:
		return noon_rd_u32(&rd, ret) == NOON_OK;
	case NOON_IP_PROTO_AH:
		return noon_rd_u32(&rd, &ah) == NOON_OK && noon_rd_u32(&rd, ret) == NOON_OK;
	case NOON_IP_PROTO_UDP:
		return ports_of(&rd, &udp) == NOON_OK &&
		       (udp.src == ENCAP_PORT || udp.dst == ENCAP_PORT) &&
		       noon_rd_u32(&rd, ret) == NOON_OK && *ret != 0;
	default:
		return false;
	}
}

bool noon_observe_outside(const struct noon_observer_conf *c, struct noon_bytes packet,
			  struct noon_observed *ret)
{
	struct noon_rd rd = noon_rd_bytes(packet);
	struct noon_observed p = {.inside = false};
	struct noon_bytes payload;
	struct noon_ip ip;

	if (noon_ip_get(&rd, &ip, &payload) || !is_between(&c->outer, &ip, &p.inbound) ||
	    !spi_of(&ip, payload, &p.spi))
		return false;
	*ret = p;
	return true;
}

static uint8_t message_of(const struct noon_observer_conf *c, const struct noon_ip *ip,
			  struct noon_bytes payload)
{
	struct noon_rd rd = noon_rd_bytes(payload);
	struct noon_udp udp;
	uint8_t first;

	if (ip->proto != NOON_IP_PROTO_UDP || ports_of(&rd, &udp) || noon_rd_u8(&rd, &first) ||
	    (udp.dst != c->event_port && udp.dst != c->general_port))
		return NOON_OBSERVED_OTHER;
	return first & 0x0f;
}

bool noon_observe_inside(const struct noon_observer_conf *c, struct noon_bytes packet,
			 struct noon_observed *ret)
{
	struct noon_rd rd = noon_rd_bytes(packet);
	struct noon_observed p = {.inside = true};
	struct noon_bytes payload;
	struct noon_ip ip;

	if (noon_ip_get(&rd, &ip, &payload) || !is_between(&c->inner, &ip, &p.inbound))
		return false;
	p.message = message_of(c, &ip, payload);
	*ret = p;
	return true;
}

/* ---- pairs ---- */

static void doubt(struct noon_observed_way *w, int64_t at)
{
	w->unmatched += w->n;
	w->n = 0;
	w->n_held = 0;
	w->distrust_until = noon_sat_add(at, DISTRUST);
}

/* A packet begins its way: into encryption, or into decryption. */
static void begin(struct noon_observed_way *w, const struct noon_observed *p,
		  noon_observed_fn *each, void *arg)
{
	if (w->n > 0 && p->at - w->busy_since > LOST)
		doubt(w, p->at);
	/* Nothing is on its way: what was matched until now was right. */
	if (w->n == 0) {
		for (size_t i = 0; i < w->n_held; i++)
			each(arg, &w->held[i]);
		w->n_held = 0;
		w->busy_since = p->at;
	}
	if (w->n == NOON_OBSERVER_WAITING)
		doubt(w, p->at);
	w->waiting[(w->first + w->n++) % NOON_OBSERVER_WAITING] = *p;
}

static void hold(struct noon_observed_way *w, const struct noon_observed *from,
		 const struct noon_observed *to, noon_dur gap)
{
	const struct noon_observed *const inside = from->inside ? from : to;
	const struct noon_observed *const outside = from->inside ? to : from;

	if (inside->message == NOON_OBSERVED_OTHER || w->n_held == NOON_OBSERVER_WAITING ||
	    from->at < w->distrust_until)
		return;
	w->held[w->n_held++] = (struct noon_observed_edge){.inbound = from->inbound,
							   .message = inside->message,
							   .n = outside->n,
							   .took = to->at - from->at,
							   .gap = gap};
}

/* A packet ends its way. */
static void end(struct noon_observed_way *w, const struct noon_observed *p)
{
	const struct noon_observed *from = &w->waiting[w->first];
	noon_dur gap = NOON_DUR_MAX;

	if (w->n == 0 || p->at <= from->at || p->at - from->at > LOST) {
		w->unmatched++;
		doubt(w, p->at);
		return;
	}
	if (w->last > 0)
		gap = from->at - w->last;
	w->last = from->at;
	w->matched++;
	hold(w, from, p, gap);
	w->first = (w->first + 1) % NOON_OBSERVER_WAITING;
	w->n--;
}

static void count(struct noon_observed_way *w, const struct noon_observed *p)
{
	if (p->inside) {
		w->inside++;
		w->others += p->message == NOON_OBSERVED_OTHER;
		return;
	}
	w->outside++;
	w->last_outside = p->at;
	w->spis += w->spi != p->spi && w->spi != 0;
	w->spi = p->spi;
}

void noon_observer_take(struct noon_observer *o, const struct noon_observed *p,
			noon_observed_fn *each, void *arg)
{
	struct noon_observed_way *const w = p->inbound ? &o->in : &o->out;

	count(w, p);
	if (p->inside != p->inbound)
		begin(w, p, each, arg);
	else
		end(w, p);
}

bool noon_observed_is_exclusive(const struct noon_observed_way *w, int64_t now)
{
	return w->matched > 0 && now >= w->distrust_until;
}
