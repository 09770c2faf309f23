/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/ptp/ptp_auth.h"

#include <string.h>

#include "wire/ptp_tlv.h"

/* Messages of one type that a sender may send in a second (the profiles' highest rate), and twice
 * that for unevenness. */
#define RATE_MAX 256

void noon_ptp_replay_reset(struct noon_ptp_replay *r)
{
	memset(r, 0, sizeof(*r));
}

void noon_ptp_replay_forget(struct noon_ptp_replay *r, const struct noon_ptp_identity *sender)
{
	for (size_t i = 0; i < NOON_PTP_STREAMS_MAX; i++)
		if (noon_ptp_identity_equal(&r->stream[i].sender, sender))
			r->stream[i].used = false;
}

/* The stream of a message, or the one that makes room for it. */
static struct noon_ptp_stream *stream_of(struct noon_ptp_replay *r, const struct noon_ptp_header *h)
{
	const bool unicast = (h->flags & NOON_PTP_FLAG_UNICAST) != 0;
	struct noon_ptp_stream *oldest = &r->stream[0];

	for (size_t i = 0; i < NOON_PTP_STREAMS_MAX; i++) {
		struct noon_ptp_stream *s = &r->stream[i];

		if (s->used && s->type == h->type && s->unicast == unicast &&
		    noon_ptp_identity_equal(&s->sender, &h->source))
			return s;
		if (!s->used || (oldest->used && noon_time_before(s->at, oldest->at)))
			oldest = s;
	}
	oldest->used = false;
	oldest->sender = h->source;
	oldest->type = h->type;
	oldest->unicast = unicast;
	return oldest;
}

/* How far a stream may have advanced by `now`. */
static noon_dur reach(const struct noon_ptp_stream *s, uint16_t window, noon_time now)
{
	const noon_dur silent = noon_time_diff(now, s->at);
	const noon_dur reach = (noon_dur)window + 1;

	return silent > 0 ? reach + silent / (NOON_NS_PER_SEC / RATE_MAX) : reach;
}

static bool is_late(uint16_t window, uint16_t behind)
{
	return behind <= window && behind < 64;
}

/* An overtaken one: not seen yet? */
static enum noon_verdict take_late(struct noon_ptp_stream *s, uint16_t behind)
{
	const uint64_t bit = UINT64_C(1) << behind;

	if ((s->seen & bit) != 0)
		return NOON_VERDICT_REPLAY;
	s->seen |= bit;
	return NOON_VERDICT_ACCEPTED;
}

static enum noon_verdict advance(struct noon_ptp_replay *r, const struct noon_ptp_header *h,
				 uint16_t window, noon_time now)
{
	struct noon_ptp_stream *s = stream_of(r, h);
	const uint16_t ahead = (uint16_t)(h->sequence - s->sequence);
	const uint16_t behind = (uint16_t)(s->sequence - h->sequence);

	if (s->used && is_late(window, behind))
		return take_late(s, behind);
	if (s->used && ahead > reach(s, window, now))
		return NOON_VERDICT_REPLAY;
	/* Of a new stream nothing came before. */
	s->seen = !s->used ? UINT64_MAX : ahead < 64 ? s->seen << ahead | 1 : 1;
	s->used = true;
	s->sequence = h->sequence;
	s->at = now;
	return NOON_VERDICT_ACCEPTED;
}

/* A key and its number. */
struct signer {
	struct noon_mac *mac; /* NULL: there is none */
	uint8_t spp;
	uint32_t id;
};

static struct signer signer_of(const struct noon_ptp_policy *p, const uint8_t *clock)
{
	struct noon_ptp_pair *pair;
	struct noon_ptp_key *key;
	struct noon_ptp_sa *sa;

	if (p->pairs != NULL) {
		pair = clock == NULL ? NULL : noon_ptp_pairs_for(p->pairs, clock);
		return pair == NULL ? (struct signer){.mac = NULL}
				    : (struct signer){&pair->mac, p->pairs->spp, pair->id};
	}
	sa = noon_ptp_keys_sa(p->keys, p->spp);
	key = sa == NULL ? NULL : noon_ptp_sa_key(sa, p->key_id);
	return key == NULL ? (struct signer){.mac = NULL}
			   : (struct signer){&key->mac, p->spp, key->id};
}

noon_err noon_ptp_auth_seal_for(const struct noon_ptp_policy *p, const uint8_t *clock,
				struct noon_wr *wr)
{
	struct signer by;
	struct noon_wr w = *wr;
	size_t tag;

	if (!noon_ptp_policy_has_keys(p)) {
		noon_ptp_finish(wr);
		return NOON_OK;
	}
	by = signer_of(p, clock);
	if (by.mac == NULL)
		return NOON_ERR_NOT_FOUND;
	tag = noon_mac_tag_len(by.mac->id);
	if (noon_ptp_auth_tlv_begin(&w, by.spp, by.id, tag))
		return NOON_ERR_FULL;
	/* messageLength counts the check value too, and is covered by it. */
	w.p += tag;
	noon_ptp_finish(&w);
	w.p -= tag;
	if (noon_mac_sign(by.mac, noon_wr_written(&w), w.p))
		return NOON_ERR_CRYPTO;
	w.p += tag;
	*wr = w;
	return NOON_OK;
}

noon_err noon_ptp_auth_seal(const struct noon_ptp_policy *p, struct noon_wr *wr)
{
	return noon_ptp_auth_seal_for(p, NULL, wr);
}

/* Find the AUTHENTICATION TLV; the chain has been checked, so it is the last. */
static bool find(struct noon_bytes tlvs, struct noon_ptp_tlv *ret)
{
	struct noon_rd rd = noon_rd_bytes(tlvs);

	while (noon_ptp_tlv_get(&rd, ret) == NOON_OK)
		if (ret->type == NOON_PTP_TLV_AUTHENTICATION)
			return true;
	return false;
}

/* Everything before the check value is covered. */
static bool is_signed(struct noon_mac *mac, const struct noon_ptp_auth_tlv *a,
		      struct noon_bytes whole)
{
	const size_t n = (size_t)(a->icv.p - whole.p);

	return noon_mac_verify(mac, noon_bytes_of(whole.p, n), a->icv) == NOON_OK;
}

/* By any key of the association. */
static enum noon_verdict verify(const struct noon_ptp_policy *p, const struct noon_ptp_auth_tlv *a,
				const struct noon_ptp_message *m, uint16_t *ret_window)
{
	struct noon_ptp_sa *sa = noon_ptp_keys_sa(p->keys, p->spp);
	struct noon_ptp_key *key = sa == NULL ? NULL : noon_ptp_sa_key(sa, a->key_id);

	if (a->spp != p->spp || a->key_id == 0 || key == NULL || a->indicator != 0)
		return NOON_VERDICT_KEY_ID;
	*ret_window = sa->window;
	return is_signed(&key->mac, a, m->whole) ? NOON_VERDICT_ACCEPTED : NOON_VERDICT_AUTH;
}

/* By a pair, which speaks for its own receiver only. */
static enum noon_verdict verify_pair(const struct noon_ptp_policy *p,
				     const struct noon_ptp_auth_tlv *a,
				     const struct noon_ptp_message *m, noon_time now)
{
	struct noon_ptp_pair *pair = noon_ptp_pairs_find(p->pairs, a->key_id, now);

	if (a->spp != p->pairs->spp || pair == NULL || a->indicator != 0 ||
	    memcmp(pair->clock, m->h.source.clock, sizeof(pair->clock)) != 0)
		return NOON_VERDICT_KEY_ID;
	if (!is_signed(&pair->mac, a, m->whole))
		return NOON_VERDICT_AUTH;
	pair->heard = true;
	return NOON_VERDICT_ACCEPTED;
}

enum noon_verdict noon_ptp_auth_open(const struct noon_ptp_policy *p, struct noon_ptp_replay *r,
				     struct noon_ptp_message *m, noon_time now)
{
	const bool has_keys = noon_ptp_policy_has_keys(p);
	uint16_t window = NOON_PTP_WINDOW;
	struct noon_ptp_auth_tlv a;
	struct noon_ptp_tlv tlv;
	enum noon_verdict v;
	bool found;

	if (noon_ptp_tlv_check(m->tlvs))
		return NOON_VERDICT_EXT_FORMAT;
	found = find(m->tlvs, &tlv);
	if (has_keys && !found)
		return NOON_VERDICT_NO_AUTH;
	if (found)
		m->tlvs.n = (size_t)(tlv.at - m->tlvs.p);
	if (!has_keys)
		return NOON_VERDICT_ACCEPTED;
	if (noon_ptp_auth_tlv_get(&tlv, &a))
		return NOON_VERDICT_EXT_FORMAT;
	v = p->pairs != NULL ? verify_pair(p, &a, m, now) : verify(p, &a, m, &window);
	return v == NOON_VERDICT_ACCEPTED ? advance(r, &m->h, window, now) : v;
}
