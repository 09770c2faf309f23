/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <string.h>

#include "proto/tunnel/tunnel_priv.h"

/* Inner bytes of a cover packet where nothing else decides: a Sync in UDP over IPv4. */
#define COVER_LEN 72

/* After keys could not be derived. */
#define RETRY NOON_S(1)

noon_err noon_tunnel_switch(struct noon_tunnel *t, uint64_t epoch, noon_time now)
{
	const double share = 1 - t->conf.jitter * noon_rng_unit(t->rng);
	struct noon_tunnel_half half = {0};
	const noon_err err = noon_tunnel_half_make(t, &half, false, epoch);

	if (err)
		return err;
	noon_tunnel_half_end(&t->out);
	t->out = half;
	t->out_until = noon_time_add(now, (noon_dur)((double)t->conf.lifetime * share));
	t->refreshes++;
	/* In time, so that a refresh need not wait for the disk. */
	(void)noon_tunnel_reserve(t, epoch + 2);
	return NOON_OK;
}

static bool is_worn(const struct noon_tunnel *t)
{
	return t->out.sa.seq >= t->conf.packets ||
	       (t->conf.bytes > 0 && t->out.sa.bytes >= t->conf.bytes);
}

void noon_tunnel_refresh(struct noon_tunnel *t, noon_time now)
{
	const uint64_t next = t->out.epoch + 1;
	const bool known = t->heard >= t->out.epoch;

	if (t->out.epoch == 0)
		return;
	/* Epochs of a fresh secret are not this one's: the other end has it, and is about to go on.
	 */
	if (t->fresh_from > t->out.epoch && next >= t->fresh_from)
		return;
	/* Without an answer in this epoch the next one waits, unless a limit of the keys is
	 * reached. */
	if (!is_worn(t) && (!known || noon_time_before(now, t->out_until)))
		return;
	if (noon_tunnel_reserve(t, next) && noon_tunnel_switch(t, next, now))
		t->out_until = noon_time_add(now, RETRY);
}

static bool is_port(const struct noon_tunnel_conf *c, uint16_t port)
{
	for (size_t i = 0; i < c->ports; i++)
		if (c->port[i] == port)
			return true;
	return false;
}

/* The inner packet. */
static noon_err wrap(const struct noon_tunnel *t, const struct noon_udp *udp,
		     struct noon_bytes data, struct noon_wr *wr)
{
	struct noon_ip ip = t->conf.inner;
	noon_err err;

	ip.proto = NOON_IP_PROTO_UDP;
	if (data.n > NOON_TUNNEL_PACKET_MAX)
		return NOON_ERR_RANGE;
	err = noon_ip_put(wr, &ip, NOON_UDP_HEADER_LEN + data.n);
	err = err ? err : noon_udp_put(wr, &ip, udp, data);
	return err ? NOON_ERR_RANGE : NOON_OK;
}

static noon_err seal(struct noon_tunnel *t, struct noon_bytes inner, uint8_t next, noon_time now,
		     struct noon_wr *wr)
{
	size_t pad = 0;
	noon_err err = t->out.epoch == 0
			       ? NOON_ERR_STATE
			       : noon_padding_len(&t->conf.padding, inner.n, t->rng, &pad);

	assert(!t->conf.by_kernel); /* which counts with the same keys */
	if (err)
		return err;
	if (noon_sa_outer_len(&t->out.sa, inner.n + pad) > NOON_TUNNEL_PACKET_MAX)
		return NOON_ERR_RANGE;
	if (is_worn(t))
		noon_tunnel_refresh(t, now);
	if (is_worn(t))
		return NOON_ERR_STATE;
	err = noon_sa_seal(&t->out.sa, inner, next, pad, wr);
	if (!err)
		t->last_sent = now;
	return err;
}

noon_err noon_tunnel_seal(struct noon_tunnel *t, const struct noon_udp *udp, struct noon_bytes data,
			  noon_time now, struct noon_wr *wr, struct noon_tunnel_sealed *ret)
{
	const uint8_t next = t->conf.inner.version == 4 ? NOON_IP_PROTO_IP4 : NOON_IP_PROTO_IP6;
	uint8_t room[NOON_TUNNEL_PACKET_MAX];
	struct noon_wr inner = noon_wr_over(room, sizeof(room));
	noon_err err = NOON_ERR_PERM;

	if (is_port(&t->conf, udp->src) || is_port(&t->conf, udp->dst))
		err = wrap(t, udp, data, &inner);
	err = err ? err : seal(t, noon_wr_written(&inner), next, now, wr);
	noon_wipe(room, sizeof(room));
	if (err) {
		/* Before the first key exchange there is nothing to refuse with. */
		t->refused += t->has_keys;
		return err;
	}
	t->sent++;
	*ret = (struct noon_tunnel_sealed){t->out.sa.form.spi, t->out.sa.seq};
	return NOON_OK;
}

void noon_tunnel_cover(struct noon_tunnel *t, noon_time now, struct noon_actions *out)
{
	const size_t n =
		t->conf.padding.mode == NOON_PADDING_CELL ? t->conf.padding.min : COVER_LEN;
	const uint8_t nothing[NOON_PADDING_MAX] = {0};
	struct noon_wr wr = noon_actions_room(out);

	t->last_sent = now; /* one that fails is due again at its time, not at once */
	if (seal(t, noon_bytes_of(nothing, n), NOON_IP_PROTO_NONE, now, &wr))
		return;
	noon_actions_send(out, &wr, 0);
	t->covers++;
}
