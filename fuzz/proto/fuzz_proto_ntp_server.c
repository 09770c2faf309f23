/* SPDX-License-Identifier: Apache-2.0
 *
 * Property: no reply is longer than its request, and time goes only to whom it should.
 *
 * The first byte chooses: a whole request as it stands; a genuine request with bytes changed; or
 * header, fields and plaintext of the input, sealed with the right key, so that what lies behind
 * authentication is reached.
 */
#include <assert.h>
#include <string.h>

#include "input.h"
#include "test_ntp_world.h"

static struct ntp_world w;
static struct datagram req, rep;

/* The AEAD is the cookie's, which in a whole request may be either. */
static enum noon_aead_id aead_of_request(void)
{
	struct noon_nts_packet p;

	if (noon_nts_packet_parse(noon_bytes_of(req.p, req.n), &p) == NOON_VERDICT_ACCEPTED &&
	    p.cookie.n == noon_nts_cookie_len(NOON_AEAD_GCM_SIV_128))
		return NOON_AEAD_GCM_SIV_128;
	return NOON_AEAD_SIV_CMAC_256;
}

static void check_reply(enum noon_verdict v)
{
	struct noon_ntp_header h;

	if (rep.n == 0) {
		assert(v != NOON_VERDICT_ACCEPTED);
		return;
	}
	h = header_of(&rep);
	assert(h.mode == 4 && h.origin == header_of(&req).transmit);
	if (v != NOON_VERDICT_ACCEPTED) {
		assert(v == NOON_VERDICT_COOKIE_KEY || v == NOON_VERDICT_AUTH);
		assert(h.stratum == 0 && h.ref_id == NOON_KISS_NTSN && h.transmit == 0);
	} else if (rep.n > NOON_NTP_HEADER_LEN) {
		w.aead = aead_of_request();
		assert(ntp_world_cookies(&w, &rep, NULL, 0) <= NOON_NTS_COOKIES);
	}
}

static void changed(struct input *in)
{
	struct recipe r = recipe_good(&w);

	r.n_placeholder = input_u8(in) % 8;
	r.n_encrypted = input_u8(in) % 4;
	recipe_write(&w, &r, &req);
	while (in->n >= 3) {
		const size_t at = input_u16(in) % req.n;

		req.p[at] ^= input_u8(in);
	}
}

static void sealed(struct input *in)
{
	struct noon_wr wr = noon_wr_over(req.p, sizeof(req.p));
	const size_t fields_n = input_u16(in) % 700;
	const struct noon_bytes head = input_take(in, 48);
	const struct noon_bytes fields = input_take(in, fields_n);
	const struct noon_bytes plain = input_take(in, 400);
	uint8_t nonce[NOON_AEAD_NONCE_MAX], cookie[NOON_NTS_COOKIE_MAX];
	const struct noon_bytes iv = noon_bytes_of(nonce, noon_aead_nonce_len(w.aead));
	struct noon_wr c = noon_wr_over(cookie, sizeof(cookie));
	struct noon_aead a;
	struct noon_bytes ad;
	noon_err err = noon_nts_cookie_make(&w.keys, &w.rng, w.aead, &w.pair, &c);

	err = err ? err : noon_wr_put(&wr, head);
	err = err ? err : noon_wr_zeros(&wr, 48 - head.n);
	req.p[0] = 0x23;
	err = err ? err : noon_ntp_ext_put_zeros(&wr, NOON_EXT_UNIQUE_ID, 32);
	err = err ? err : noon_ntp_ext_put(&wr, NOON_EXT_COOKIE, noon_wr_written(&c));
	err = err ? err : noon_wr_put(&wr, fields);
	err = err ? err : noon_wr_zeros(&wr, (4 - fields.n % 4) % 4);
	assert(!err);
	ad = noon_wr_written(&wr);
	noon_rng_fill(&w.rng, nonce, iv.n);
	if (noon_ntp_auth_begin(&wr, iv, (plain.n & ~(size_t)3) + NOON_AEAD_TAG))
		return;
	err = noon_aead_init(&a, w.aead, noon_bytes_of(w.pair.c2s, noon_aead_key_len(w.aead)));
	assert(!err);
	err = noon_aead_seal(&a, iv, ad, noon_bytes_of(plain.p, plain.n & ~(size_t)3), &wr);
	noon_aead_fini(&a);
	assert(!err);
	req.n = noon_wr_len(&wr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	const uint8_t how = input_u8(&in);
	struct noon_wr wr = noon_wr_over(rep.p, sizeof(rep.p));

	if (!w.keys.ready) {
		const noon_err err = noon_aead_global_init();

		assert(!err);
		ntp_world_open(&w, NOON_AEAD_SIV_CMAC_256, 4);
	}
	w.rng = noon_rng_seeded(5);
	w.aead = how & 4 ? NOON_AEAD_GCM_SIV_128 : NOON_AEAD_SIV_CMAC_256;
	w.server.clock.has_time = !(how & 8);
	req.n = 0;
	if ((how & 3) == 1) {
		changed(&in);
	} else if ((how & 3) == 2) {
		sealed(&in);
	} else {
		req.n = in.n < sizeof(req.p) ? in.n : sizeof(req.p);
		memcpy(req.p, in.p, req.n);
	}
	check_reply(ntp_world_ask(&w, &req, &rep));
	(void)noon_ntp_server_kiss_rate(&w.server, noon_bytes_of(req.p, req.n), &wr);
	assert(noon_wr_len(&wr) <= req.n);
	return 0;
}
