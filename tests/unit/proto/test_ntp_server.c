/* SPDX-License-Identifier: Apache-2.0
 *
 * Requirements P1 to P18 of the NTP server (RFC 8915 section 5, RFC 7822, RFC 9748), one test each.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "test_ntp_world.h"

static const enum noon_aead_id aeads[] = {NOON_AEAD_SIV_CMAC_256, NOON_AEAD_GCM_SIV_128};

static struct ntp_world w;
static struct datagram req, rep;

typedef void body(void);

static void for_both(body *run)
{
	for (size_t i = 0; i < 2; i++) {
		ntp_world_open(&w, aeads[i], 4000 + i);
		run();
		ntp_world_close(&w);
	}
}

static enum noon_verdict ask(const struct recipe *r)
{
	recipe_write(&w, r, &req);
	return ntp_world_ask(&w, &req, &rep);
}

static void expect_time(const struct recipe *r)
{
	assert_int_equal(ask(r), NOON_VERDICT_ACCEPTED);
	assert_int_equal(header_of(&rep).stratum, 2);
	assert_true(ntp_world_cookies(&w, &rep, NULL, 0) >= 1);
}

static void expect_silence(const struct recipe *r, enum noon_verdict v)
{
	assert_int_equal(ask(r), v);
	assert_int_equal(rep.n, 0);
}

/* Stratum 0, kiss code NTSN, the unique identifier and nothing else. */
static void assert_nak(const struct datagram *d)
{
	const struct noon_ntp_header h = header_of(d);
	struct noon_nts_packet p, q;

	assert_int_equal(h.stratum, 0);
	assert_int_equal(h.ref_id, NOON_KISS_NTSN);
	assert_int_equal(h.leap, 3);
	assert_true(h.receive == 0 && h.transmit == 0);
	assert_int_equal(noon_nts_packet_parse(noon_bytes_of(d->p, d->n), &p), 0);
	assert_int_equal(noon_nts_packet_parse(noon_bytes_of(req.p, req.n), &q), 0);
	assert_int_equal(p.n_uid, 1);
	assert_int_equal(p.uid.n, q.uid.n);
	assert_memory_equal(p.uid.p, q.uid.p, p.uid.n);
	assert_false(p.has_auth || p.n_cookie || p.n_placeholder);
	assert_int_equal(d->n, NOON_NTP_HEADER_LEN + noon_ntp_ext_len(p.uid.n));
}

static void expect_nak(const struct recipe *r, enum noon_verdict v)
{
	const uint64_t before = w.server.ntsn_replies;

	assert_int_equal(ask(r), v);
	assert_nak(&rep);
	assert_int_equal(w.server.ntsn_replies, before + 1);
}

static void p1(void)
{
	struct recipe r = recipe_good(&w);

	expect_time(&r);
	r.n_uid = 0;
	expect_silence(&r, NOON_VERDICT_UID);
	r.n_uid = 2;
	expect_silence(&r, NOON_VERDICT_UID);
	r.n_uid = 1;
	r.uid_n = 28;
	expect_silence(&r, NOON_VERDICT_UID);
	r.uid_n = 64;
	expect_time(&r);
	r.uid_n = 256;
	expect_time(&r);
}

static void p1_exactly_one_unique_identifier_of_32_octets(void **state)
{
	(void)state;
	for_both(p1);
}

static void p2(void)
{
	struct recipe r = recipe_good(&w);

	for (r.uid_n = 32; r.uid_n <= 128; r.uid_n += 4) {
		struct noon_nts_packet p, q;

		expect_time(&r);
		assert_int_equal(noon_nts_packet_parse(noon_bytes_of(req.p, req.n), &p), 0);
		assert_int_equal(noon_nts_packet_parse(noon_bytes_of(rep.p, rep.n), &q), 0);
		assert_int_equal(q.uid.n, r.uid_n);
		assert_memory_equal(p.uid.p, q.uid.p, r.uid_n);
	}
}

static void p2_the_unique_identifier_comes_back_byte_for_byte(void **state)
{
	(void)state;
	for_both(p2);
}

static void p3(void)
{
	struct recipe r = recipe_good(&w);

	r.n_cookie = 2;
	expect_silence(&r, NOON_VERDICT_COOKIE);
	r.n_cookie = 0;
	expect_silence(&r, NOON_VERDICT_COOKIE);
}

static void p3_exactly_one_cookie(void **state)
{
	(void)state;
	for_both(p3);
}

static void p4(void)
{
	struct recipe r = recipe_good(&w);
	const size_t right = noon_nts_cookie_len(w.aead);

	r.n_placeholder = 1;
	expect_time(&r);
	r.placeholder_n = right - 4;
	expect_silence(&r, NOON_VERDICT_PLACEHOLDER);
	r.placeholder_n = right + 4;
	expect_silence(&r, NOON_VERDICT_PLACEHOLDER);
	r.n_placeholder = 3;
	r.placeholder_n = 12;
	expect_silence(&r, NOON_VERDICT_PLACEHOLDER);
}

static void p4_placeholders_are_as_long_as_the_cookie(void **state)
{
	(void)state;
	for_both(p4);
}

static void p5(void)
{
	const size_t full = noon_aead_nonce_len(w.aead);
	struct recipe r = recipe_good(&w);

	r.no_auth = true;
	expect_silence(&r, NOON_VERDICT_NO_AUTH);
	r.no_auth = false;
	r.nonce_n = 0; /* 24 bytes in all: too short for a last field, it can only be a MAC */
	expect_silence(&r, NOON_VERDICT_NO_AUTH);
	r.padding = 64;
	expect_silence(&r, NOON_VERDICT_EXT_FORMAT);
	r = recipe_good(&w);
	r.nonce_n = 8; /* and nothing to make up for it */
	expect_silence(&r, NOON_VERDICT_EXT_FORMAT);
	r.padding = full - 8 - 4;
	expect_silence(&r, NOON_VERDICT_EXT_FORMAT);
	if (w.aead == NOON_AEAD_SIV_CMAC_256) {
		r.padding = full - 8;
		expect_time(&r);
		r.nonce_n = 1;
		r.padding = full - 4;
		expect_time(&r);
	}
}

/* What stands behind the authenticator changes nothing, even if it looks like a cookie. */
static void p5_behind(void)
{
	struct recipe r = recipe_good(&w);
	struct noon_wr wr;

	r.trailing_n = 28;
	expect_time(&r);
	r.trailing_n = 0;
	recipe_write(&w, &r, &req);
	wr = noon_wr_over(req.p, sizeof(req.p));
	wr.p += req.n;
	assert_int_equal(noon_ntp_ext_put_zeros(&wr, NOON_EXT_PLACEHOLDER, 40), NOON_OK);
	assert_int_equal(noon_ntp_ext_put_zeros(&wr, NOON_EXT_UNIQUE_ID, 32), NOON_OK);
	assert_int_equal(noon_ntp_ext_put_zeros(&wr, NOON_EXT_COOKIE, 100), NOON_OK);
	req.n = noon_wr_len(&wr);
	assert_int_equal(ntp_world_ask(&w, &req, &rep), NOON_VERDICT_ACCEPTED);
	assert_int_equal(ntp_world_cookies(&w, &rep, NULL, 0), 1);
}

/* Both lengths inside the authenticator, over their whole range. */
static void p5_lengths(void)
{
	const struct recipe r = recipe_good(&w);
	size_t at;

	recipe_write(&w, &r, &req);
	at = req.n - 4 - noon_aead_nonce_len(w.aead) - NOON_AEAD_TAG;
	for (size_t field = at; field < at + 4; field += 2) {
		const uint8_t was = req.p[field + 1];

		for (unsigned v = 0; v <= UINT16_MAX; v++) {
			if (v == was)
				continue;
			req.p[field] = (uint8_t)(v >> 8);
			req.p[field + 1] = (uint8_t)v;
			assert_int_not_equal(ntp_world_ask(&w, &req, &rep), NOON_VERDICT_ACCEPTED);
			if (rep.n > 0)
				assert_nak(&rep);
		}
		req.p[field] = 0;
		req.p[field + 1] = was;
	}
	assert_int_equal(ntp_world_ask(&w, &req, &rep), NOON_VERDICT_ACCEPTED);
}

static void p5_the_authenticator_is_well_formed_and_ends_what_counts(void **state)
{
	(void)state;
	for_both(p5);
	for_both(p5_behind);
	for_both(p5_lengths);
}

static void p6(void)
{
	struct recipe r = recipe_good(&w);

	r.n_placeholder = 2;
	r.n_encrypted = 1;
	recipe_write(&w, &r, &req);
	for (size_t bit = 0; bit < 8 * req.n; bit++) {
		enum noon_verdict v;

		req.p[bit / 8] ^= (uint8_t)(1U << bit % 8);
		v = ntp_world_ask(&w, &req, &rep);
		assert_int_not_equal(v, NOON_VERDICT_ACCEPTED);
		if (rep.n > 0) {
			assert_true(v == NOON_VERDICT_AUTH || v == NOON_VERDICT_COOKIE_KEY);
			assert_nak(&rep);
		}
		req.p[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	assert_int_equal(ntp_world_ask(&w, &req, &rep), NOON_VERDICT_ACCEPTED);
	assert_int_equal(w.server.nts_replies, 1);
}

static void p6_no_flipped_bit_ever_gets_time(void **state)
{
	(void)state;
	for_both(p6);
}

static void p6_prefix(void)
{
	struct recipe r = recipe_good(&w);
	struct datagram cut;

	r.n_placeholder = 1;
	recipe_write(&w, &r, &req);
	cut = req;
	for (cut.n = 0; cut.n < req.n; cut.n++) {
		const enum noon_verdict v = ntp_world_ask(&w, &cut, &rep);
		struct noon_nts_packet p;

		/* A header alone, or with fields that are not of NTS, is a plain request. */
		if (v == NOON_VERDICT_ACCEPTED) {
			assert_int_equal(cut.n, NOON_NTP_HEADER_LEN);
			assert_int_equal(noon_nts_packet_parse(noon_bytes_of(rep.p, rep.n), &p), 0);
			assert_false(p.has_auth);
		} else {
			assert_int_equal(rep.n, 0);
		}
	}
}

static void p6_a_truncated_request_gets_no_authenticated_time(void **state)
{
	(void)state;
	for_both(p6_prefix);
}

static void p7(void)
{
	const size_t right = noon_nts_cookie_len(w.aead);
	struct noon_nts_cookie junk = {.n = (uint16_t)right};
	struct recipe r = recipe_good(&w);

	r.cookie = &junk;
	expect_nak(&r, NOON_VERDICT_COOKIE_KEY);
	for (int i = 0; i < 100; i++) {
		noon_rng_fill(&w.rng, junk.p, right);
		expect_nak(&r, NOON_VERDICT_COOKIE_KEY);
	}
	for (junk.n = 12; junk.n <= 512; junk.n = (uint16_t)(junk.n + 4))
		expect_nak(&r, NOON_VERDICT_COOKIE_KEY);
	assert_int_equal(w.server.cookies_made, 0);
}

static void p7_an_undecryptable_cookie_gets_a_nak(void **state)
{
	(void)state;
	for_both(p7);
}

static void p8(void)
{
	static struct noon_nts_cookie got[16];
	struct recipe r = recipe_good(&w);

	for (r.n_placeholder = 0; r.n_placeholder <= 7; r.n_placeholder++) {
		const size_t n = r.n_placeholder + 1;
		struct noon_nts_packet p;
		struct noon_secret_nts_keys keys;
		enum noon_aead_id aead;

		expect_time(&r);
		assert_int_equal(noon_nts_packet_parse(noon_bytes_of(rep.p, rep.n), &p), 0);
		assert_true(p.n_uid == 1 && p.has_auth && p.n_cookie == 0 && !p.has_mac);
		assert_int_equal(ntp_world_cookies(&w, &rep, got, 16), n);
		for (size_t i = 0; i < n; i++) {
			assert_int_equal(noon_nts_cookie_open(&w.keys,
							      noon_bytes_of(got[i].p, got[i].n),
							      &aead, &keys),
					 NOON_OK);
			assert_int_equal(aead, w.aead);
			assert_memory_equal(&keys.c2s, &w.pair.c2s, noon_aead_key_len(aead));
			for (size_t j = 0; j < i; j++)
				assert_memory_not_equal(got[i].p, got[j].p, got[i].n);
		}
	}
}

static void p8_the_reply_is_identifier_and_authenticator_with_fresh_cookies_inside(void **state)
{
	(void)state;
	for_both(p8);
}

static void p8_cap(void)
{
	struct recipe r = recipe_good(&w);
	const unsigned fits = w.aead == NOON_AEAD_SIV_CMAC_256 ? 10 : 16;

	for (unsigned n = 8; n < fits; n++) {
		r.n_placeholder = n;
		expect_time(&r);
		assert_int_equal(ntp_world_cookies(&w, &rep, NULL, 0), 8);
		r.n_placeholder = n / 2;
		r.n_encrypted = n - n / 2;
		expect_time(&r);
		assert_int_equal(ntp_world_cookies(&w, &rep, NULL, 0), 8);
		r.n_encrypted = 0;
	}
}

static void p8_never_more_than_eight_cookies(void **state)
{
	(void)state;
	for_both(p8_cap);
}

static void p9(void)
{
	struct recipe r = recipe_good(&w);

	for (r.n_placeholder = 0; r.n_placeholder <= 20; r.n_placeholder++) {
		const size_t each = noon_ntp_ext_len(noon_nts_cookie_len(w.aead));

		if ((r.n_placeholder + 1) * each + 150 > WORLD_ROOM)
			break;
		(void)ask(&r);
		assert_true(rep.n <= req.n);
		if (r.n_placeholder <= 7)
			assert_int_equal(rep.n, req.n);
	}
	/* A request without room for its fresh cookie gets none rather than a longer reply. */
	r = recipe_good(&w);
	for (r.n_encrypted = 0; r.n_encrypted <= 9; r.n_encrypted++) {
		assert_int_equal(ask(&r), NOON_VERDICT_ACCEPTED);
		assert_true(rep.n <= req.n);
	}
}

static void p9_a_reply_is_never_longer_than_its_request(void **state)
{
	(void)state;
	for_both(p9);
}

static void p10(void)
{
	const struct noon_secret_nts_keys ours = w.pair;
	struct recipe r = recipe_good(&w);
	static struct noon_nts_session other;

	r.with_s2c = true;
	expect_nak(&r, NOON_VERDICT_AUTH);
	r.with_s2c = false;
	ntp_world_session(&w, 1, &other);
	w.pair = ours;
	r.cookie = &other.jar[0]; /* another client's cookie with our key */
	expect_nak(&r, NOON_VERDICT_AUTH);
	r.cookie = NULL;
	expect_time(&r);
	/* A reply sent back is not a request; nor is it one with the mode changed. */
	req = rep;
	assert_int_equal(ntp_world_ask(&w, &req, &rep), NOON_VERDICT_MODE);
	assert_int_equal(rep.n, 0);
	req.p[0] = (uint8_t)((req.p[0] & ~7) | 3);
	assert_int_equal(ntp_world_ask(&w, &req, &rep), NOON_VERDICT_COOKIE);
	assert_int_equal(rep.n, 0);
}

static void p10_wrong_keys_and_reflections_fail(void **state)
{
	(void)state;
	for_both(p10);
}

static void p11(void)
{
	static struct noon_nts_cookie got[64];
	const struct recipe r = recipe_good(&w);

	recipe_write(&w, &r, &req);
	for (size_t i = 0; i < 64; i++) {
		assert_int_equal(ntp_world_ask(&w, &req, &rep), NOON_VERDICT_ACCEPTED);
		assert_int_equal(ntp_world_cookies(&w, &rep, &got[i], 1), 1);
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(got[i].p, got[j].p, got[i].n);
	}
}

static void p11_a_replayed_request_gets_a_new_answer(void **state)
{
	(void)state;
	for_both(p11);
}

static void p12(void)
{
	struct recipe r = recipe_good(&w);

	for (r.mode = 0; r.mode < 8; r.mode++)
		if (r.mode != 3)
			expect_silence(&r, NOON_VERDICT_MODE);
	for (unsigned first = 0; first < 256; first++) {
		const unsigned mode = first & 7;
		struct datagram d = {.n = 48};

		d.p[0] = (uint8_t)first;
		(void)ntp_world_ask(&w, &d, &rep);
		if (mode != 3)
			assert_int_equal(rep.n, 0);
		/* The monlist of old, and a control packet. */
		for (d.n = 1; d.n < 48; d.n++) {
			assert_int_not_equal(ntp_world_ask(&w, &d, &rep), 0);
			assert_int_equal(rep.n, 0);
		}
	}
}

static void p12_only_mode_3_is_answered(void **state)
{
	(void)state;
	for_both(p12);
}

static void p13_versions_3_and_4_are_served_plainly_the_others_not(void **state)
{
	static const uint8_t served[8] = {0, 0, 0, 1, 1, 0, 0, 0};

	(void)state;
	ntp_world_open(&w, NOON_AEAD_SIV_CMAC_256, 13);
	for (unsigned v = 0; v < 8; v++) {
		const struct noon_ntp_header h = {
			.version = (uint8_t)v, .mode = 3, .poll = 9, .transmit = 0x1234567890};
		struct noon_ntp_header back;
		struct datagram d = {.n = 48};

		header_set(&d, &h);
		assert_int_equal(ntp_world_ask(&w, &d, &rep),
				 served[v] ? NOON_VERDICT_ACCEPTED : NOON_VERDICT_VERSION);
		assert_int_equal(rep.n, served[v] ? 48 : 0);
		if (!served[v])
			continue;
		back = header_of(&rep);
		assert_int_equal(back.version, v);
		assert_int_equal(back.mode, 4);
		assert_int_equal(back.poll, 9);
		assert_true(back.origin == h.transmit);
		/* Version 3 has no extension fields, so NTS with it is a MAC we do not know. */
		d.n = 100;
		(void)ntp_world_ask(&w, &d, &rep);
		assert_int_equal(rep.n, 0);
	}
	{
		struct recipe r = recipe_good(&w);

		r.version = 3;
		expect_silence(&r, NOON_VERDICT_AUTH);
		r.version = 5;
		expect_silence(&r, NOON_VERDICT_VERSION);
	}
	ntp_world_close(&w);
}

static void p14_extension_fields_are_framed_by_rfc_7822(void **state)
{
	/* One field of this length in front of what is left of the packet. */
	static const struct {
		uint16_t len;
		size_t bytes; /* behind the header of the packet */
		enum noon_verdict v;
	} table[] = {
		{28, 28, NOON_VERDICT_ACCEPTED},
		{0, 28, NOON_VERDICT_EXT_FORMAT},
		{3, 28, NOON_VERDICT_EXT_FORMAT},
		{4, 28, NOON_VERDICT_EXT_FORMAT},
		{12, 28, NOON_VERDICT_EXT_FORMAT},
		{26, 28, NOON_VERDICT_EXT_FORMAT},
		{32, 28, NOON_VERDICT_EXT_FORMAT},
		{65535, 28, NOON_VERDICT_EXT_FORMAT},
		{65532, 28, NOON_VERDICT_EXT_FORMAT},
		{16, 16, NOON_VERDICT_EXT_FORMAT}, /* the last one must have 28 */
		{20, 20, NOON_VERDICT_AUTH},	   /* a MAC, not a field */
		{24, 24, NOON_VERDICT_AUTH},
		{4, 4, NOON_VERDICT_AUTH},
		{16, 36, NOON_VERDICT_AUTH}, /* a field and a MAC of 20 */
		{16, 40, NOON_VERDICT_AUTH},
		{16, 20, NOON_VERDICT_AUTH},
		{16, 44, NOON_VERDICT_EXT_FORMAT}, /* 28 bytes with length 0 */
		{8, 8, NOON_VERDICT_EXT_FORMAT},
		{1, 1, NOON_VERDICT_EXT_FORMAT},
		{400, 400, NOON_VERDICT_ACCEPTED},
		{1232, 1232, NOON_VERDICT_ACCEPTED},
		{1236, 1236, NOON_VERDICT_LONG},
	};

	(void)state;
	ntp_world_open(&w, NOON_AEAD_SIV_CMAC_256, 14);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct noon_ntp_header h = {.version = 4, .mode = 3, .transmit = 1};
		struct datagram d = {.n = 48 + table[i].bytes};

		header_set(&d, &h);
		d.p[48] = 0x70;
		d.p[50] = (uint8_t)(table[i].len >> 8);
		d.p[51] = (uint8_t)table[i].len;
		assert_int_equal(ntp_world_ask(&w, &d, &rep), table[i].v);
		assert_int_equal(rep.n, table[i].v == NOON_VERDICT_ACCEPTED ? 48 : 0);
	}
	ntp_world_close(&w);
}

static void p15(void)
{
	static const uint16_t types[] = {0xF000, 0xF323, 0xFFFF, 0x0002, 0x7777, 0x2005};
	struct recipe r = recipe_good(&w);

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		r.unknown = types[i];
		expect_time(&r);
	}
}

static void p15_experimental_and_unknown_fields_are_ignored(void **state)
{
	(void)state;
	for_both(p15);
}

static void p16(void)
{
	const size_t right = noon_nts_cookie_len(w.aead);
	struct recipe r = recipe_good(&w);

	r.n_encrypted = 3;
	expect_time(&r);
	assert_int_equal(ntp_world_cookies(&w, &rep, NULL, 0), 4);
	r.placeholder_n = right + 4;
	expect_silence(&r, NOON_VERDICT_PLACEHOLDER);
	r.placeholder_n = 12;
	expect_silence(&r, NOON_VERDICT_PLACEHOLDER);
	r.placeholder_n = 0;
	r.n_placeholder = 2;
	expect_time(&r);
	assert_int_equal(ntp_world_cookies(&w, &rep, NULL, 0), 6);
}

static void p16_encrypted_placeholders_count_and_are_checked(void **state)
{
	(void)state;
	for_both(p16);
}

static void p17(void)
{
	const noon_time t2 = {WORLD_UTC + 123456789}, t3 = {WORLD_UTC + 123466789};
	const struct recipe r = recipe_good(&w);
	struct noon_wr wr = noon_wr_over(rep.p, sizeof(rep.p));
	struct noon_ntp_header h;

	recipe_write(&w, &r, &req);
	assert_int_equal(noon_ntp_server_reply(&w.server, noon_bytes_of(req.p, req.n), t2, t3, &wr),
			 NOON_VERDICT_ACCEPTED);
	rep.n = noon_wr_len(&wr);
	h = header_of(&rep);
	assert_true(h.origin == header_of(&req).transmit);
	assert_true(h.receive == noon_ntp_ts_from_time(t2));
	assert_true(h.transmit == noon_ntp_ts_from_time(t3));
	assert_int_equal(h.root_delay, noon_ntp_short_from_dur(NOON_US(300)));
	assert_int_equal(h.root_disp, noon_ntp_short_from_dur(NOON_US(500)));
	/* Covered by the authenticator: it opens with the header as associated data only. */
	assert_int_equal(ntp_world_cookies(&w, &rep, NULL, 0), 1);
}

static void p17_times_and_origin_are_the_authenticated_ones(void **state)
{
	(void)state;
	for_both(p17);
}

/* The server's own kiss RATE is plain, so an NTS client ignores it: see the client's p18. */
static void p18_kiss_rate_is_short_and_answers_clients_only(void **state)
{
	struct recipe r;
	struct noon_wr wr;

	(void)state;
	ntp_world_open(&w, NOON_AEAD_SIV_CMAC_256, 18);
	r = recipe_good(&w);
	for (r.mode = 0; r.mode < 8; r.mode++) {
		recipe_write(&w, &r, &req);
		wr = noon_wr_over(rep.p, sizeof(rep.p));
		assert_int_equal(
			noon_ntp_server_kiss_rate(&w.server, noon_bytes_of(req.p, req.n), &wr),
			r.mode == 3 ? NOON_VERDICT_RATE : NOON_VERDICT_MODE);
		rep.n = noon_wr_len(&wr);
		assert_int_equal(rep.n, r.mode == 3 ? 48 : 0);
		if (r.mode != 3)
			continue;
		assert_int_equal(header_of(&rep).ref_id, NOON_KISS_RATE);
		assert_int_equal(header_of(&rep).stratum, 0);
		assert_true(header_of(&rep).origin == header_of(&req).transmit);
	}
	ntp_world_close(&w);
}

static void k20(void)
{
	struct noon_nts_cookie old, fresh;
	static struct noon_nts_session s;
	struct recipe r = recipe_good(&w);

	ntp_world_session(&w, 1, &s);
	old = s.jar[0];
	r.cookie = &old;
	for (int i = 1; i <= 2; i++) {
		w.ahead += WORLD_PERIOD;
		assert_int_equal(noon_nts_keys_rotate(&w.keys, noon_time_add(w.now, w.ahead)), 0);
		expect_time(&r);
		assert_int_equal(ntp_world_cookies(&w, &rep, &fresh, 1), 1);
		assert_memory_not_equal(fresh.p, old.p, 4); /* of the new epoch */
	}
	w.ahead += WORLD_PERIOD;
	assert_int_equal(noon_nts_keys_rotate(&w.keys, noon_time_add(w.now, w.ahead)), 0);
	expect_nak(&r, NOON_VERDICT_COOKIE_KEY);
	r.cookie = &fresh;
	expect_time(&r);
}

static void k20_cookies_outlive_two_rotations_but_not_three(void **state)
{
	(void)state;
	for_both(k20);
}

static void nts_requests_get_no_reply_when_nts_is_off(void **state)
{
	struct recipe r;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		ntp_world_open(&w, aeads[i], 20 + i);
		w.server.keys = NULL;
		r = recipe_good(&w);
		expect_silence(&r, NOON_VERDICT_NO_AUTH);
		r.n_cookie = 0;
		r.no_auth = true;
		expect_silence(&r, NOON_VERDICT_NO_AUTH);
		r.n_uid = 0;
		assert_int_equal(ask(&r), NOON_VERDICT_ACCEPTED); /* a plain one */
		ntp_world_close(&w);
	}
}

static void a_server_without_time_says_so_and_still_gives_cookies(void **state)
{
	struct recipe r;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		ntp_world_open(&w, aeads[i], 30 + i);
		w.server.clock.has_time = false;
		r = recipe_good(&w);
		assert_int_equal(ask(&r), NOON_VERDICT_ACCEPTED);
		assert_int_equal(header_of(&rep).leap, 3);
		assert_int_equal(header_of(&rep).stratum, 0);
		assert_int_equal(header_of(&rep).ref_id, NOON_KISS_INIT);
		assert_true(header_of(&rep).reference == 0);
		assert_int_equal(ntp_world_cookies(&w, &rep, NULL, 0), 1);
		ntp_world_close(&w);
	}
}

static void keys_that_were_never_derived_mean_a_nak(void **state)
{
	struct recipe r;

	(void)state;
	ntp_world_open(&w, NOON_AEAD_SIV_CMAC_256, 40);
	r = recipe_good(&w);
	recipe_write(&w, &r, &req);
	noon_nts_keys_fini(&w.keys);
	assert_int_equal(noon_nts_keys_init(&w.keys, &w.master, WORLD_PERIOD), NOON_OK);
	assert_int_equal(ntp_world_ask(&w, &req, &rep), NOON_VERDICT_COOKIE_KEY);
	assert_nak(&rep);
	ntp_world_close(&w);
}

static void a_reply_that_does_not_fit_leaves_the_output_alone(void **state)
{
	struct recipe r;
	uint8_t small[1500];

	(void)state;
	ntp_world_open(&w, NOON_AEAD_SIV_CMAC_256, 50);
	r = recipe_good(&w);
	recipe_write(&w, &r, &req);
	for (size_t room = 0; room <= req.n; room++) {
		struct noon_wr wr = noon_wr_over(small, room);
		const noon_time t = {WORLD_UTC};
		const enum noon_verdict v =
			noon_ntp_server_reply(&w.server, noon_bytes_of(req.p, req.n), t, t, &wr);

		assert_int_equal(v, room < req.n ? NOON_VERDICT_LONG : NOON_VERDICT_ACCEPTED);
		assert_int_equal(noon_wr_len(&wr), room < req.n ? 0 : req.n);
	}
	ntp_world_close(&w);
}

static void each_request_is_counted_once(void **state)
{
	uint64_t total = 0;

	(void)state;
	ntp_world_open(&w, NOON_AEAD_SIV_CMAC_256, 60);
	for (int i = 0; i < 2000; i++) {
		struct datagram d = {.n = noon_rng_u64(&w.rng) % 300};

		noon_rng_fill(&w.rng, d.p, d.n);
		d.p[0] = i % 2 ? 0x23 : d.p[0];
		(void)ntp_world_ask(&w, &d, &rep);
	}
	for (unsigned v = 0; v < NOON_VERDICTS; v++)
		total += w.server.counters.n[v];
	assert_int_equal(total, 2000);
	ntp_world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(p1_exactly_one_unique_identifier_of_32_octets),
		cmocka_unit_test(p2_the_unique_identifier_comes_back_byte_for_byte),
		cmocka_unit_test(p3_exactly_one_cookie),
		cmocka_unit_test(p4_placeholders_are_as_long_as_the_cookie),
		cmocka_unit_test(p5_the_authenticator_is_well_formed_and_ends_what_counts),
		cmocka_unit_test(p6_no_flipped_bit_ever_gets_time),
		cmocka_unit_test(p6_a_truncated_request_gets_no_authenticated_time),
		cmocka_unit_test(p7_an_undecryptable_cookie_gets_a_nak),
		cmocka_unit_test(
			p8_the_reply_is_identifier_and_authenticator_with_fresh_cookies_inside),
		cmocka_unit_test(p8_never_more_than_eight_cookies),
		cmocka_unit_test(p9_a_reply_is_never_longer_than_its_request),
		cmocka_unit_test(p10_wrong_keys_and_reflections_fail),
		cmocka_unit_test(p11_a_replayed_request_gets_a_new_answer),
		cmocka_unit_test(p12_only_mode_3_is_answered),
		cmocka_unit_test(p13_versions_3_and_4_are_served_plainly_the_others_not),
		cmocka_unit_test(p14_extension_fields_are_framed_by_rfc_7822),
		cmocka_unit_test(p15_experimental_and_unknown_fields_are_ignored),
		cmocka_unit_test(p16_encrypted_placeholders_count_and_are_checked),
		cmocka_unit_test(p17_times_and_origin_are_the_authenticated_ones),
		cmocka_unit_test(p18_kiss_rate_is_short_and_answers_clients_only),
		cmocka_unit_test(k20_cookies_outlive_two_rotations_but_not_three),
		cmocka_unit_test(nts_requests_get_no_reply_when_nts_is_off),
		cmocka_unit_test(a_server_without_time_says_so_and_still_gives_cookies),
		cmocka_unit_test(keys_that_were_never_derived_mean_a_nak),
		cmocka_unit_test(a_reply_that_does_not_fit_leaves_the_output_alone),
		cmocka_unit_test(each_request_is_counted_once),
	};

	if (noon_aead_global_init())
		return 1;
	return cmocka_run_group_tests_name("proto/ntp_server", tests, NULL, NULL);
}
