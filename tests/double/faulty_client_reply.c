/* SPDX-License-Identifier: Apache-2.0 */
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "faulty_client.h"
#include "proto/nts/nts_packet.h"
#include "wire/ntp.h"

#define TIMEOUT_MS 500

/* What one packet is to this client. */
enum what {
	WHAT_NOTHING,
	WHAT_TIME,
	WHAT_END, /* no more is waited for */
};

/* Take the cookies of a sealed reply. A length below that of a field is one of no bytes. */
static bool take_cookies(struct client *c, struct noon_bytes plain)
{
	struct noon_rd rd = noon_rd_bytes(plain);
	struct noon_bytes body;
	uint16_t type = 0;
	uint16_t len = 0;

	while (noon_rd_left(&rd) > 0) {
		if (noon_rd_u16(&rd, &type) || noon_rd_u16(&rd, &len) || len < 4 ||
		    noon_rd_take(&rd, len - 4U, &body))
			return false;
		if (type != NOON_EXT_COOKIE)
			continue;
		if ((body.n < 16 && !has(c, FAULT_TAKES_EMPTY)) ||
		    (body.n > 1000 && !has(c, FAULT_TAKES_HUGE)))
			return false;
		put_in_jar(c, body);
	}
	return true;
}

static bool open_reply(struct client *c, const struct noon_nts_packet *p)
{
	static uint8_t plain[4096];
	struct noon_aead aead;
	size_t n = 0;
	noon_err err;

	must(!noon_aead_init(&aead, c->aead, noon_bytes_of(c->s2c, noon_aead_key_len(c->aead))),
	     "key");
	err = noon_aead_open(&aead, p->auth.nonce, p->ad, p->auth.sealed, plain, sizeof(plain), &n);
	if (err && has(c, FAULT_NO_VERIFY)) {
		/* The double knows which bit is wrong: as good as not to look. */
		c->in[12] ^= 1;
		err = noon_aead_open(&aead, p->auth.nonce, p->ad, p->auth.sealed, plain,
				     sizeof(plain), &n);
	}
	noon_aead_fini(&aead);
	return !err && take_cookies(c, noon_bytes_of(plain, n));
}

static enum what take_kiss(struct client *c, uint32_t code, bool mine)
{
	if (code == NOON_KISS_NTSN && (mine || has(c, FAULT_OBEYS_ANY_NAK))) {
		c->nak = true;
		return has(c, FAULT_HASTY_NAK) ? WHAT_END : WHAT_NOTHING;
	}
	if (code == NOON_KISS_DENY &&
	    ((mine && has(c, FAULT_OBEYS_DENY)) || has(c, FAULT_OBEYS_ANY_KISS)))
		c->denied = true;
	if (code == NOON_KISS_RATE && mine && has(c, FAULT_OBEYS_RATE))
		c->interval_ms *= 4;
	return WHAT_NOTHING;
}

static enum what take_packet(struct client *c, size_t n)
{
	struct noon_rd rd = noon_rd_over(c->in, n);
	struct noon_ntp_header h;
	struct noon_nts_packet p;
	bool mine;

	if (noon_ntp_header_get(&rd, &h) || h.origin != c->transmit ||
	    noon_nts_packet_parse(noon_bytes_of(c->in, n), &p) != NOON_VERDICT_ACCEPTED)
		return WHAT_NOTHING;
	mine = p.n_uid == 1 && p.uid.n >= 16 && memcmp(p.uid.p, c->uid, 16) == 0;
	if (!p.has_auth && h.stratum == 0)
		return take_kiss(c, h.ref_id, mine);
	if (!p.has_auth) {
		if (!mine || !has(c, FAULT_BELIEVES_BARE))
			return WHAT_NOTHING;
		put_in_jar(c, p.cookie);
		return WHAT_TIME;
	}
	if (!mine && !has(c, FAULT_ANY_UID))
		return WHAT_NOTHING;
	return open_reply(c, &p) ? WHAT_TIME : WHAT_NOTHING;
}

enum outcome read_answer(struct client *c)
{
	const int64_t end = now_ms() + TIMEOUT_MS;
	struct pollfd pfd = {.fd = c->fd, .events = POLLIN};
	enum what what = WHAT_NOTHING;

	c->nak = false;
	while (what == WHAT_NOTHING && now_ms() < end) {
		ssize_t n;

		if (poll(&pfd, 1, (int)(end - now_ms())) <= 0)
			continue;
		n = recv(c->fd, c->in, sizeof(c->in), 0);
		if (n > 0)
			what = take_packet(c, (size_t)n);
		if (what == WHAT_NOTHING && has(c, FAULT_GIVES_UP))
			what = WHAT_END;
	}
	return what == WHAT_TIME ? OUTCOME_TIME : c->nak ? OUTCOME_NAK : OUTCOME_NONE;
}
