/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/ptp/ptp_keys.h"

#define SA  "[security_association]\n"
#define K16 "0123456789abcdef"

static struct noon_ptp_keys keys;
static struct noon_ptp_keys_fault fault;

static noon_err parse(const char *text)
{
	fault = (struct noon_ptp_keys_fault){0, NULL};
	return noon_ptp_keys_parse(noon_bytes_of(text, strlen(text)), &keys, &fault);
}

/* A key is the one wanted when both make the same tag. */
static void assert_key(const struct noon_ptp_key *k, enum noon_mac_id id, const char *want)
{
	uint8_t tag[NOON_MAC_TAG_MAX], other[NOON_MAC_TAG_MAX];
	struct noon_mac own, m;

	assert_non_null(k);
	m = k->mac;
	assert_int_equal(m.id, id);
	assert_int_equal(noon_mac_init(&own, id, noon_bytes_of(want, strlen(want))), NOON_OK);
	assert_int_equal(noon_mac_sign(&m, noon_bytes_of("x", 1), tag), NOON_OK);
	assert_int_equal(noon_mac_sign(&own, noon_bytes_of("x", 1), other), NOON_OK);
	assert_memory_equal(tag, other, noon_mac_tag_len(id));
	noon_mac_fini(&own);
}

static void whole_file_is_read(void **state)
{
	struct noon_ptp_sa *sa;

	(void)state;
	assert_int_equal(parse("# keys of the hall\n\n" SA "spp 1\nseqid_window 5\n"
			       "1 SHA256-128 HEX:30313233343536373839616263646566\n"
			       "\t7  SHA256 16 B64:MDEyMzQ1Njc4OWFiY2RlZg==  \n"
			       "  # and another hall\n" SA "  spp 255\n"
			       "4294967295 AES128 ASCII:" K16 "\n2 AES256 32 " K16 K16 "\n"),
			 NOON_OK);
	assert_int_equal(keys.n, 2);
	sa = noon_ptp_keys_sa(&keys, 1);
	assert_non_null(sa);
	assert_int_equal(sa->window, 5);
	assert_int_equal(sa->n, 2);
	assert_key(noon_ptp_sa_key(sa, 1), NOON_MAC_HMAC_SHA256_128, K16);
	assert_key(noon_ptp_sa_key(sa, 7), NOON_MAC_HMAC_SHA256, K16);
	assert_null(noon_ptp_sa_key(sa, 2));
	assert_ptr_equal(noon_ptp_sa_key(sa, 0), noon_ptp_sa_key(sa, 7));
	sa = noon_ptp_keys_sa(&keys, 255);
	assert_non_null(sa);
	assert_int_equal(sa->window, NOON_PTP_WINDOW);
	assert_key(noon_ptp_sa_key(sa, UINT32_MAX), NOON_MAC_AES_CMAC_128, K16);
	assert_key(noon_ptp_sa_key(sa, 2), NOON_MAC_AES_CMAC_256, K16 K16);
	assert_null(noon_ptp_keys_sa(&keys, 0));
	noon_ptp_keys_fini(&keys);
	assert_null(noon_ptp_keys_sa(&keys, 1));
	noon_ptp_keys_fini(&keys);
}

static void shapes_of_a_file_are_taken(void **state)
{
	static const char *const good[] = {
		SA "spp 0\n1 AES128 " K16,
		"[security_association]\r\nspp 0\r\n1 AES128 " K16 "\r\n",
		SA "1 AES128 " K16 "\nspp 0\n",
		SA
		"spp 0\nallow_mutable 0\nseqnum_length 0\nres_length 0\nseqnum_ind 0\nres_ind 0\n"
		"1 AES128 " K16 "\n",
		SA "spp 0\n1 AES128 HEX:303132333435363738396162636465"
		   "66",
		SA "spp 0\n1 AES128 HEX:30313233343536373839616263646566\n\n\n",
		SA "spp 000\nseqid_window 0\n0000000001 AES128 16 " K16 "\n#",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(parse(good[i]), NOON_OK);
		assert_int_equal(keys.sa[0].spp, 0);
		assert_key(noon_ptp_sa_key(&keys.sa[0], 1), NOON_MAC_AES_CMAC_128, K16);
		noon_ptp_keys_fini(&keys);
	}
}

#define KEY	"1 AES128 " K16 "\n"
#define LENGTHS "a key of 16 bytes for AES128, 32 for AES256, 16 to 64 for SHA256"
#define CODING	"a key of at most 64 bytes as HEX:, B64: or ASCII:"
#define NUMBER	"a key number from 1 to 4294967295"
#define FIELDS	"\"NUMBER TYPE [LENGTH] KEY\""

static const struct {
	const char *text;
	noon_err err;
	size_t line;
	const char *expected;
} bad[] = {
	{"", NOON_ERR_EMPTY, 1, "[security_association]"},
	{"# nothing\n\n", NOON_ERR_EMPTY, 2, "[security_association]"},
	{"spp 1\n", NOON_ERR_FORMAT, 1, "[security_association]"},
	{"\n" KEY, NOON_ERR_FORMAT, 2, "[security_association]"},
	{"[security_associations]\n", NOON_ERR_FORMAT, 1, "[security_association]"},
	{SA, NOON_ERR_FORMAT, 1, "\"spp NUMBER\" in the section before"},
	{SA KEY, NOON_ERR_FORMAT, 2, "\"spp NUMBER\" in the section before"},
	{SA KEY SA, NOON_ERR_FORMAT, 3, "\"spp NUMBER\" in the section before"},
	{SA "spp 1\n", NOON_ERR_EMPTY, 2, "a key in the section before"},
	{SA "spp 1\n" SA, NOON_ERR_EMPTY, 3, "a key in the section before"},
	{SA "spp\n", NOON_ERR_FORMAT, 2, "\"NAME VALUE\""},
	{SA "spp 1 2\n", NOON_ERR_FORMAT, 2, "\"NAME VALUE\""},
	{SA "spp 256\n", NOON_ERR_FORMAT, 2, "an spp from 0 to 255"},
	{SA "spp -1\n", NOON_ERR_FORMAT, 2, "an spp from 0 to 255"},
	{SA "spp 0x1\n", NOON_ERR_FORMAT, 2, "an spp from 0 to 255"},
	{SA "spp 18446744073709551617\n", NOON_ERR_FORMAT, 2, "an spp from 0 to 255"},
	{SA "spp 1\nspp 2\n" KEY, NOON_ERR_FORMAT, 3, "one spp in a section"},
	{SA "spp 1\n" KEY SA "spp 1\n" KEY, NOON_ERR_FORMAT, 5, "an spp that was not used before"},
	{SA "spp 1\nseqid_window 16385\n", NOON_ERR_FORMAT, 3, "a window from 0 to 16384"},
	{SA "spp 1\nseqid_window x\n", NOON_ERR_FORMAT, 3, "a window from 0 to 16384"},
	{SA "allow_mutable 1\n", NOON_ERR_UNSUPPORTED, 2, "0: more is not supported"},
	{SA "seqnum_length 2\n", NOON_ERR_UNSUPPORTED, 2, "0: more is not supported"},
	{SA "res_length 4\n", NOON_ERR_UNSUPPORTED, 2, "0: more is not supported"},
	{SA "seqnum_ind 1\n", NOON_ERR_UNSUPPORTED, 2, "0: more is not supported"},
	{SA "res_ind 1\n", NOON_ERR_UNSUPPORTED, 2, "0: more is not supported"},
	{SA "colour red\n", NOON_ERR_FORMAT, 2, "spp, seqid_window or a key"},
	{SA "SPP 1\n", NOON_ERR_FORMAT, 2, "spp, seqid_window or a key"},
	{SA "0 AES128 " K16 "\n", NOON_ERR_FORMAT, 2, NUMBER},
	{SA "4294967296 AES128 " K16 "\n", NOON_ERR_FORMAT, 2, NUMBER},
	{SA "1x AES128 " K16 "\n", NOON_ERR_FORMAT, 2, NUMBER},
	{SA "1\n", NOON_ERR_FORMAT, 2, FIELDS},
	{SA "1 AES128\n", NOON_ERR_FORMAT, 2, FIELDS},
	{SA "1 AES128 16 " K16 " #\n", NOON_ERR_FORMAT, 2, FIELDS},
	{SA "1 AES128 16 " K16 " # a key\n", NOON_ERR_FORMAT, 2, FIELDS},
	{SA "1 AES " K16 "\n", NOON_ERR_FORMAT, 2, "SHA256-128, SHA256, AES128 or AES256"},
	{SA "1 aes128 " K16 "\n", NOON_ERR_FORMAT, 2, "SHA256-128, SHA256, AES128 or AES256"},
	{SA "1 AES128 15 " K16 "\n", NOON_ERR_FORMAT, 2, "the length of the key in bytes"},
	{SA "1 AES128 xx " K16 "\n", NOON_ERR_FORMAT, 2, "the length of the key in bytes"},
	{SA "1 AES128 " K16 "0\n", NOON_ERR_RANGE, 2, LENGTHS},
	{SA "1 AES256 " K16 "\n", NOON_ERR_RANGE, 2, LENGTHS},
	{SA "1 SHA256 HEX:0102\n", NOON_ERR_RANGE, 2, LENGTHS},
	{SA "1 SHA256 HEX:\n", NOON_ERR_RANGE, 2, LENGTHS},
	{SA "1 SHA256 B64:\n", NOON_ERR_RANGE, 2, LENGTHS},
	{SA "1 SHA256 " K16 K16 K16 K16 "x\n", NOON_ERR_RANGE, 2, CODING},
	{SA "1 SHA256 HEX:" K16 K16 K16 K16 K16 K16 K16 K16 "00\n", NOON_ERR_RANGE, 2, CODING},
	{SA "1 SHA256 B64:" K16 K16 K16 K16 K16 "0123456789==\n", NOON_ERR_RANGE, 2, CODING},
	{SA "1 SHA256 B64:" K16 K16 K16 K16 K16 "01234567\n", NOON_ERR_RANGE, 2, CODING},
	{SA "1 AES128 HEX:3031323334353637383961626364656\n", NOON_ERR_FORMAT, 2, CODING},
	{SA "1 AES128 HEX:3031323334353637383961626364656g\n", NOON_ERR_FORMAT, 2, CODING},
	{SA "1 AES128 B64:MDEyMzQ1Njc4OWFiY2RlZg=\n", NOON_ERR_FORMAT, 2, CODING},
	{SA "1 AES128 B64:MDEyMzQ1Njc4OWFiY2RlZg\n", NOON_ERR_FORMAT, 2, CODING},
	{SA "1 AES128 B64:MDEyMzQ1Njc4OWFiY2RlZ===\n", NOON_ERR_FORMAT, 2, CODING},
	{SA "1 AES128 B64:MDEyMzQ1Njc4-WFiY2RlZg==\n", NOON_ERR_FORMAT, 2, CODING},
	{SA "spp 1\n" KEY KEY, NOON_ERR_FORMAT, 4, "a key number that was not used before"},
};

static void each_fault_is_told_with_its_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		keys.n = 77; /* untouched */
		assert_int_equal(parse(bad[i].text), bad[i].err);
		assert_int_equal(keys.n, 77);
		assert_int_equal(fault.line, bad[i].line);
		assert_string_equal(fault.expected, bad[i].expected);
	}
	keys.n = 0;
}

static void sixteen_keys_and_no_more(void **state)
{
	static char text[4096];
	size_t n = (size_t)snprintf(text, sizeof(text), SA "spp 1\n");

	(void)state;
	for (unsigned i = 1; i <= NOON_PTP_KEYS_MAX + 1; i++) {
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%u AES128 " K16 "\n", i);
		assert_int_equal(parse(text), i > NOON_PTP_KEYS_MAX ? NOON_ERR_FULL : NOON_OK);
		if (i <= NOON_PTP_KEYS_MAX)
			noon_ptp_keys_fini(&keys);
	}
	assert_int_equal(fault.line, 19);
	assert_string_equal(fault.expected, "at most 16 keys");
}

static void eight_associations_and_no_more(void **state)
{
	static char text[4096];
	size_t n = 0;

	(void)state;
	for (unsigned i = 1; i <= NOON_PTP_SAS_MAX + 1; i++) {
		n += (size_t)snprintf(text + n, sizeof(text) - n, SA "spp %u\n" KEY, i);
		assert_int_equal(parse(text), i > NOON_PTP_SAS_MAX ? NOON_ERR_FULL : NOON_OK);
		if (i <= NOON_PTP_SAS_MAX)
			noon_ptp_keys_fini(&keys);
	}
	assert_int_equal(fault.line, 25);
	assert_string_equal(fault.expected, "at most 8 security associations");
}

/* No byte that is read lies beyond the text: what a sanitizer would see. */
static void every_cut_of_a_file_is_taken_or_refused(void **state)
{
	static const char text[] = "# x\r\n" SA "spp 1\n1 SHA256 16 B64:MDEyMzQ1Njc4OWFiY2RlZg==\n";

	(void)state;
	for (size_t n = 0; n < sizeof(text); n++)
		for (unsigned c = 0; c < 256; c++) {
			char copy[sizeof(text)];

			memcpy(copy, text, sizeof(text));
			copy[n] = (char)c;
			if (noon_ptp_keys_parse(noon_bytes_of(copy, n), &keys, &fault) == NOON_OK)
				noon_ptp_keys_fini(&keys);
			if (noon_ptp_keys_parse(noon_bytes_of(copy, sizeof(text) - 1), &keys,
						&fault) == NOON_OK)
				noon_ptp_keys_fini(&keys);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_file_is_read),
		cmocka_unit_test(shapes_of_a_file_are_taken),
		cmocka_unit_test(each_fault_is_told_with_its_line),
		cmocka_unit_test(sixteen_keys_and_no_more),
		cmocka_unit_test(eight_associations_and_no_more),
		cmocka_unit_test(every_cut_of_a_file_is_taken_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
