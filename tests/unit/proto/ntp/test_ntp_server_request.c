/* SPDX-License-Identifier: Apache-2.0
 *
 * Requirements P1, P3 to P5 and P14 to P16 (RFC 8915 section 5, RFC 7822): what a request must be
 * made of.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test_ntp_server_fixture.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(p1_exactly_one_unique_identifier_of_32_octets),
		cmocka_unit_test(p3_exactly_one_cookie),
		cmocka_unit_test(p4_placeholders_are_as_long_as_the_cookie),
		cmocka_unit_test(p5_the_authenticator_is_well_formed_and_ends_what_counts),
		cmocka_unit_test(p14_extension_fields_are_framed_by_rfc_7822),
		cmocka_unit_test(p15_experimental_and_unknown_fields_are_ignored),
		cmocka_unit_test(p16_encrypted_placeholders_count_and_are_checked),
	};

	if (noon_aead_global_init())
		return 1;
	return cmocka_run_group_tests_name("proto/ntp_server_request", tests, NULL, NULL);
}
