/* SPDX-License-Identifier: Apache-2.0
 *
 * Good and bad answers to a client under test (RFC 8915, section 5.7).
 */
#include <openssl/rand.h>
#include <string.h>

#include "check/client/client_server_priv.h"

static struct noon_ntp_header header_for(const struct noon_check_client_question *q)
{
	const noon_time now = noon_check_client_clock(CLOCK_REALTIME);

	return (struct noon_ntp_header){
		.version = 4,
		.mode = NOON_NTP_MODE_SERVER,
		.stratum = 1,
		.poll = q->header.poll,
		.precision = -20,
		.root_disp = 10,
		.ref_id = 0x47505300,
		.origin = q->header.transmit,
		.receive = noon_ntp_ts_from_time(now),
		.reference = noon_ntp_ts_from_time((noon_time){now.ns - NOON_S(10)}),
		.transmit = noon_ntp_ts_from_time(now),
	};
}

static void reply(const struct noon_check_client_server *s,
		  const struct noon_check_client_question *q, struct noon_wr *wr)
{
	(void)sendto(s->ntp_fd, wr->start, noon_wr_len(wr), 0, q->peer, q->len);
}

static struct noon_bytes other_uid(uint8_t room[NOON_CHECK_CLIENT_UID])
{
	(void)RAND_bytes(room, NOON_CHECK_CLIENT_UID);
	return noon_bytes_of(room, NOON_UID_MIN);
}

/* A cookie in the ciphertext; one of no bytes is only a head. */
static bool put_cookie(struct noon_check_client_server *s,
		       const struct noon_check_client_question *q, enum noon_check_client_step step,
		       enum noon_check_client_bait bait, struct noon_wr *wr)
{
	uint8_t huge[NOON_CHECK_CLIENT_HUGE] = {0};
	const struct noon_check_client_cookie *c;

	if (step == NOON_STEP_ZERO)
		return !noon_wr_u16(wr, NOON_EXT_COOKIE) && !noon_wr_u16(wr, 4);
	c = noon_check_client_cookie_make(s, q->key, bait);
	memcpy(huge, c->p, sizeof(c->p));
	return !noon_ntp_ext_put(
		wr, NOON_EXT_COOKIE,
		noon_bytes_of(huge, step == NOON_STEP_HUGE ? sizeof(huge) : sizeof(c->p)));
}

static bool seal(struct noon_check_client_server *s, const struct noon_check_client_question *q,
		 struct noon_bytes plain, struct noon_wr *wr)
{
	const struct noon_check_client_ke *ke = &s->ke[q->key];
	const struct noon_bytes ad = noon_wr_written(wr);
	uint8_t nonce[NOON_AEAD_NONCE_MAX];
	const struct noon_bytes iv = noon_bytes_of(nonce, noon_aead_nonce_len(ke->aead));
	struct noon_aead aead = {.handle = NULL};
	bool ok;

	(void)RAND_bytes(nonce, sizeof(nonce));
	ok = !noon_ntp_auth_begin(wr, iv, plain.n + NOON_AEAD_TAG) &&
	     !noon_aead_init(&aead, ke->aead,
			     noon_bytes_of(ke->s2c, noon_aead_key_len(ke->aead))) &&
	     !noon_aead_seal(&aead, iv, ad, plain, wr);
	noon_aead_fini(&aead);
	return ok;
}

/* Time with an authenticator and cookies: as many as requested, or one bait, or a single one when
 * the cookies are to run out. */
static void send_sealed(struct noon_check_client_server *s,
			const struct noon_check_client_question *q,
			enum noon_check_client_step step, enum noon_check_client_bait bait)
{
	const bool good = bait == NOON_BAIT_NONE && step == NOON_STEP_GOOD &&
			  s->ke[q->key].requests <= NOON_CHECK_CLIENT_NAKS_FROM;
	const size_t wanted = good ? 1 + q->packet.n_placeholder : 1;
	const struct noon_ntp_header h = header_for(q);
	uint8_t room[NOON_CHECK_CLIENT_UID];
	struct noon_wr wr = noon_wr_over(s->out, sizeof(s->out));
	struct noon_wr in = noon_wr_over(s->plain, sizeof(s->plain));
	bool ok = !noon_ntp_header_put(&wr, &h) &&
		  !noon_ntp_ext_put(&wr, NOON_EXT_UNIQUE_ID,
				    bait == NOON_BAIT_OTHER_UID ? other_uid(room) : q->packet.uid);

	for (size_t i = 0; i < wanted && i < 8; i++)
		ok = ok && put_cookie(s, q, step, bait, &in);
	ok = ok && seal(s, q, noon_wr_written(&in), &wr);
	/* The header is authenticated, not encrypted: a client that does not verify reads the
	 * bait. */
	if (bait == NOON_BAIT_TAMPERED)
		s->out[12] ^= 1;
	if (ok)
		reply(s, q, &wr);
}

static void send_bare(struct noon_check_client_server *s,
		      const struct noon_check_client_question *q)
{
	const struct noon_ntp_header h = header_for(q);
	const struct noon_check_client_cookie *c =
		noon_check_client_cookie_make(s, q->key, NOON_BAIT_BARE);
	uint8_t out[512];
	struct noon_wr wr = noon_wr_over(out, sizeof(out));

	if (!noon_ntp_header_put(&wr, &h) &&
	    !noon_ntp_ext_put(&wr, NOON_EXT_UNIQUE_ID, q->packet.uid) &&
	    !noon_ntp_ext_put(&wr, NOON_EXT_COOKIE, noon_bytes_of(c->p, sizeof(c->p))))
		reply(s, q, &wr);
}

/* A kiss without authenticator, as any attacker on the path could send. */
static void send_kiss(const struct noon_check_client_server *s,
		      const struct noon_check_client_question *q, uint32_t code, bool right)
{
	struct noon_ntp_header h = header_for(q);
	uint8_t room[NOON_CHECK_CLIENT_UID];
	uint8_t out[512];
	struct noon_wr wr = noon_wr_over(out, sizeof(out));

	h.stratum = 0;
	h.leap = 3;
	h.ref_id = code;
	if (!noon_ntp_header_put(&wr, &h) &&
	    !noon_ntp_ext_put(&wr, NOON_EXT_UNIQUE_ID, right ? q->packet.uid : other_uid(room)))
		reply(s, q, &wr);
}

/* A step: a bad packet, then a good one. */
struct parts {
	enum noon_check_client_bait bait; /* of the bad one: time with this bait */
	uint32_t kiss;			  /* or a kiss */
	bool other;			  /* with another identifier */
	bool no_good;
};

static const struct parts parts[] = {
	[NOON_STEP_GOOD] = {.kiss = 0},
	[NOON_STEP_BARE] = {.bait = NOON_BAIT_BARE},
	[NOON_STEP_TAMPERED] = {.bait = NOON_BAIT_TAMPERED},
	[NOON_STEP_OTHER_UID] = {.bait = NOON_BAIT_OTHER_UID},
	[NOON_STEP_NAK_OTHER] = {.kiss = NOON_KISS_NTSN, .other = true, .no_good = true},
	[NOON_STEP_NAK_FIRST] = {.kiss = NOON_KISS_NTSN},
	[NOON_STEP_NAK_ONLY] = {.kiss = NOON_KISS_NTSN, .no_good = true},
	[NOON_STEP_KISS_OTHER] = {.kiss = NOON_KISS_DENY, .other = true},
	[NOON_STEP_KISS_DENY] = {.kiss = NOON_KISS_DENY},
	[NOON_STEP_KISS_RATE] = {.kiss = NOON_KISS_RATE},
	[NOON_STEP_ZERO] = {.kiss = 0},
	[NOON_STEP_HUGE] = {.kiss = 0},
	[NOON_STEP_SILENT] = {.no_good = true},
};

void noon_check_client_answer(struct noon_check_client_server *s,
			      const struct noon_check_client_question *q,
			      enum noon_check_client_step step)
{
	const struct parts *p = &parts[step];
	const bool odd = step == NOON_STEP_ZERO || step == NOON_STEP_HUGE;

	if (p->bait == NOON_BAIT_BARE)
		send_bare(s, q);
	else if (p->bait != NOON_BAIT_NONE)
		send_sealed(s, q, NOON_STEP_GOOD, p->bait);
	else if (p->kiss != 0)
		send_kiss(s, q, p->kiss, !p->other);
	if (!p->no_good)
		send_sealed(s, q, odd ? step : NOON_STEP_GOOD,
			    step == NOON_STEP_HUGE ? NOON_BAIT_HUGE : NOON_BAIT_NONE);
}
