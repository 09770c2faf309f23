/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages to the kernel, byte by byte. Fields of its structs are in the machine's byte order,
 * SPIs, ports and addresses in the network's.
 */
#include <arpa/inet.h>
#include <linux/xfrm.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "platform/net/xfrm_message.h"

/* What a message has to be: bytes that are not told are 0. */
static struct expected {
	size_t n;
	uint8_t p[NOON_XFRM_MESSAGE_MAX];
} e;

static struct noon_xfrm_message m;

static void at(size_t offset, const void *p, size_t n)
{
	memcpy(e.p + offset, p, n);
}

static void at8(size_t offset, uint8_t v)
{
	at(offset, &v, sizeof(v));
}

static void at16(size_t offset, uint16_t v)
{
	at(offset, &v, sizeof(v));
}

static void at32(size_t offset, uint32_t v)
{
	at(offset, &v, sizeof(v));
}

static void at64(size_t offset, uint64_t v)
{
	at(offset, &v, sizeof(v));
}

static void header(size_t n, uint16_t type, uint16_t flags, uint32_t number)
{
	memset(&e, 0, sizeof(e));
	e.n = n;
	at32(0, (uint32_t)n);
	at16(4, type);
	at16(6, flags);
	at32(8, number);
}

static void assert_is_expected(size_t n)
{
	assert_int_equal(n, e.n);
	assert_memory_equal(m.p, e.p, n);
}

static struct noon_addr address(const char *text)
{
	struct noon_addr a;

	assert_int_equal(noon_addr_parse(text, 0, &a), NOON_OK);
	return a;
}

static const uint8_t key[36] = {1,  2,	3,  4,	5,  6,	7,  8,	9,  10, 11, 12,
				13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24,
				25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36};

/* Lifetimes without limits, from `offset` on: bytes and packets, soft and hard. */
static void no_limits(size_t offset)
{
	for (size_t i = 0; i < 4; i++)
		at64(offset + 8 * i, UINT64_MAX);
}

/* Fields of a struct xfrm_usersa_info, as they are in the message. */
struct usersa {
	uint16_t family; /* of the addresses outside */
	const char *dst, *src, *spi;
	uint8_t proto;
	uint32_t reqid;
	uint8_t mode, flags;
};

/* XFRM_MSG_NEWSA of n bytes: the netlink header and a struct xfrm_usersa_info of 224 bytes. */
static void new_state(size_t n, uint32_t number, const struct usersa *u)
{
	const size_t address_len = u->family == AF_INET ? 4 : 16;

	header(n, XFRM_MSG_NEWSA, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, number);
	at(16 + 56, u->dst, address_len); /* id */
	at(16 + 72, u->spi, 4);
	at8(16 + 76, u->proto);
	at(16 + 80, u->src, address_len);
	no_limits(16 + 96);
	at32(16 + 208, u->reqid);
	at16(16 + 212, u->family);
	at8(16 + 214, u->mode);
	at8(16 + 216, u->flags);
}

/* The attribute of n bytes behind struct xfrm_usersa_info: a name, bits of the key, bits of the ICV
 * (128), the key. */
static void algorithm(uint16_t n, uint16_t type, const char *name, uint32_t key_bits)
{
	at16(240, n);
	at16(242, type);
	at(244, name, strlen(name));
	at32(244 + 64, key_bits);
	at32(244 + 68, 128);
	at(244 + 72, key, key_bits / 8);
}

/* XFRMA_REPLAY_ESN_VAL: 24 bytes with seq and seq_hi of what came in last, and the bitmap of a
 * window of 1024: 32 words, which a test fills. */
static void replay(size_t offset, uint32_t seq, uint32_t seq_hi)
{
	at16(offset, 4 + 24 + 128);
	at16(offset + 2, XFRMA_REPLAY_ESN_VAL);
	at32(offset + 4, 32);
	at32(offset + 12, seq);
	at32(offset + 20, seq_hi);
	at32(offset + 24, 1024);
}

static void esp_inbound_over_ip4_with_extended_numbers(void **state)
{
	const struct noon_xfrm_state s = {
		.id = {.dst = address("192.0.2.1"), .proto = IPPROTO_ESP, .spi = 0x81020304},
		.src = address("192.0.2.2"),
		.reqid = 0x6e000103,
		.inbound = true,
		.extended = true,
		.inner_family = AF_INET,
		.top = 0x200000005,
		.cell = 200, /* of what is sent */
		.key = {key, 20},
	};

	(void)state;
	new_state(16 + 224 + 96 + 156, 7,
		  &(struct usersa){
			  .family = AF_INET,
			  .dst = "\xc0\0\2\1",
			  .src = "\xc0\0\2\2",
			  .spi = "\x81\2\3\4",
			  .proto = 50,
			  .reqid = 0x6e000103,
			  .mode = 1,	/* tunnel */
			  .flags = 128, /* extended */
		  });
	at16(16 + 40, AF_INET); /* selector */
	algorithm(4 + 72 + 20, XFRMA_ALG_AEAD, "rfc4106(gcm(aes))", 160);
	replay(336, 5, 2);
	memset(e.p + 364, 0xff, 128);
	assert_is_expected(noon_xfrm_put_state(&m, 7, &s));
}

static void esp_outbound_in_cells_and_with_a_limit(void **state)
{
	const struct noon_xfrm_state s = {
		.id = {.dst = address("2001:db8::2"), .proto = IPPROTO_ESP, .spi = 0x81020304},
		.src = address("2001:db8::1"),
		.reqid = 1,
		.inner_family = AF_INET,
		.top = 5, /* of what comes in */
		.cell = 200,
		.key = {key, 36},
	};

	(void)state;
	new_state(16 + 224 + 112 + 156 + 8, 8,
		  &(struct usersa){
			  .family = AF_INET6,
			  .dst = "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2",
			  .src = "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1",
			  .spi = "\x81\2\3\4",
			  .proto = 50,
			  .reqid = 1,
			  .mode = 1,
			  .flags = 32, /* another version of IP inside */
		  });
	at64(16 + 96 + 24, UINT32_MAX); /* packets */
	algorithm(4 + 72 + 36, XFRMA_ALG_AEAD, "rfc4106(gcm(aes))", 288);
	replay(352, 0, 0);
	at16(508, 8);
	at16(510, XFRMA_TFCPAD);
	at32(512, 200);
	assert_is_expected(noon_xfrm_put_state(&m, 8, &s));
}

static void ah_over_ip4_is_a_multiple_of_4(void **state)
{
	struct noon_xfrm_state s = {
		.id = {.dst = address("192.0.2.1"), .proto = IPPROTO_AH, .spi = 0x82000001},
		.src = address("192.0.2.2"),
		.reqid = 3,
		.inbound = true,
		.extended = true,
		.inner_family = AF_INET,
		.key = {key, 32},
	};

	(void)state;
	new_state(16 + 224 + 108 + 156, 9,
		  &(struct usersa){
			  .family = AF_INET,
			  .dst = "\xc0\0\2\1",
			  .src = "\xc0\0\2\2",
			  .spi = "\x82\0\0\1",
			  .proto = 51,
			  .reqid = 3,
			  .mode = 0, /* transport */
			  .flags = 128 | 64,
		  });
	at16(16 + 40, AF_INET);
	algorithm(4 + 72 + 32, XFRMA_ALG_AUTH_TRUNC, "hmac(sha256)", 256);
	replay(348, 0, 0);
	assert_is_expected(noon_xfrm_put_state(&m, 9, &s));
	/* Over IPv6 it is one of 8, as it is without the flag. */
	s.id.dst = address("2001:db8::1");
	s.src = address("2001:db8::2");
	(void)noon_xfrm_put_state(&m, 9, &s);
	assert_int_equal(m.p[16 + 216], 128 | 32);
}

static void a_policy_has_esp_and_ah_around_it(void **state)
{
	const struct noon_xfrm_policy p = {
		.inbound = false,
		.inner_src = address("10.9.0.1"),
		.inner_dst = address("10.9.0.2"),
		.dport = 319,
		.src = address("192.0.2.1"),
		.dst = address("192.0.2.2"),
		.ah = true,
		.reqid = 0x6e000101,
	};

	(void)state;
	header(16 + 168 + 4 + 2 * 64, XFRM_MSG_UPDPOLICY,
	       NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, 10);
	at(16, "\x0a\x09\0\2", 4);
	at(16 + 16, "\x0a\x09\0\1", 4);
	at(16 + 32, "\1\x3f\xff\xff\0\0\0\0", 8); /* ports and their masks */
	at16(16 + 40, AF_INET);
	at8(16 + 42, 32);
	at8(16 + 43, 32);
	at8(16 + 44, 17);
	no_limits(16 + 56);
	at8(16 + 160, XFRM_POLICY_OUT);
	at16(184, 4 + 2 * 64);
	at16(186, XFRMA_TMPL);
	for (size_t i = 0; i < 2; i++) {
		const size_t t = 188 + 64 * i;

		at(t, "\xc0\0\2\2", 4);
		at8(t + 20, i == 0 ? 50 : 51);
		at16(t + 24, AF_INET);
		at(t + 28, "\xc0\0\2\1", 4);
		at32(t + 44, 0x6e000101);
		at8(t + 48, i == 0 ? 1 : 0);
		memset(e.p + t + 52, 0xff, 12);
	}
	assert_is_expected(noon_xfrm_put_policy(&m, 10, &p));
}

static void what_is_removed_and_asked_for(void **state)
{
	const struct noon_xfrm_id id = {
		.dst = address("192.0.2.1"), .proto = IPPROTO_AH, .spi = 0x82000001};

	(void)state;
	header(16 + 24, XFRM_MSG_DELSA, NLM_F_REQUEST | NLM_F_ACK, 11);
	at(16, "\xc0\0\2\1", 4);
	at(32, "\x82\0\0\1", 4);
	at16(36, AF_INET);
	at8(38, 51);
	assert_is_expected(noon_xfrm_put_delete(&m, 11, &id));
	at16(4, XFRM_MSG_GETSA);
	assert_is_expected(noon_xfrm_put_get(&m, 11, &id));

	header(16 + 64, XFRM_MSG_DELPOLICY, NLM_F_REQUEST | NLM_F_ACK, 12);
	at32(16 + 56, 41);
	at8(16 + 60, XFRM_POLICY_OUT);
	assert_is_expected(noon_xfrm_put_delete_policy(&m, 12, 41, XFRM_POLICY_OUT));

	header(16 + 24, XFRM_MSG_GETSA, NLM_F_REQUEST | NLM_F_DUMP, 13);
	assert_is_expected(noon_xfrm_put_dump(&m, 13, false));
	header(16 + 64, XFRM_MSG_GETPOLICY, NLM_F_REQUEST | NLM_F_DUMP, 14);
	assert_is_expected(noon_xfrm_put_dump(&m, 14, true));
}

/* An answer, in a message's room. */
static const struct nlmsghdr *answer(size_t n, uint16_t type)
{
	struct nlmsghdr *h = (struct nlmsghdr *)(void *)m.p;

	header(n, type, 0, 1);
	memcpy(m.p, e.p, sizeof(m.p));
	return h;
}

static void put(size_t offset, uint32_t v)
{
	memcpy(m.p + offset, &v, sizeof(v));
}

static void reads_the_counts_of_a_state(void **state)
{
	const struct nlmsghdr *h = answer(16 + 224 + 4 + 24, XFRM_MSG_NEWSA);
	const uint64_t bytes = 1ULL << 40, packets = 12;
	const uint16_t family = AF_INET, attribute[2] = {4 + 24, XFRMA_REPLAY_ESN_VAL};
	struct noon_xfrm_report r;
	char text[64];

	(void)state;
	memcpy(m.p + 16 + 56, "\xc0\0\2\1", 4);
	memcpy(m.p + 16 + 72, "\x81\2\3\4", 4);
	m.p[16 + 76] = 50;
	memcpy(m.p + 16 + 160, &bytes, 8);
	memcpy(m.p + 16 + 168, &packets, 8);
	put(16 + 192, 1); /* behind the window */
	put(16 + 196, 2); /* seen */
	put(16 + 200, 4); /* not authentic */
	put(16 + 208, 0x6e000103);
	memcpy(m.p + 16 + 212, &family, 2);
	memcpy(m.p + 240, attribute, 4);
	put(244 + 8, 9);
	put(244 + 16, 1);
	assert_int_equal(noon_xfrm_get_report(h, &r), NOON_OK);
	noon_addr_format_host(&r.id.dst, text, sizeof(text));
	assert_string_equal(text, "192.0.2.1");
	assert_int_equal(r.id.spi, 0x81020304);
	assert_int_equal(r.id.proto, IPPROTO_ESP);
	assert_int_equal(r.reqid, 0x6e000103);
	assert_int_equal(r.bytes, bytes);
	assert_int_equal(r.packets, packets);
	assert_int_equal(r.replays, 3);
	assert_int_equal(r.bad, 4);
	assert_int_equal(r.top, 0x100000009);
}

static void refuses_answers_that_are_none(void **state)
{
	struct noon_xfrm_policy_report p;
	struct noon_xfrm_report r;

	(void)state;
	assert_int_equal(noon_xfrm_get_report(answer(16 + 223, XFRM_MSG_NEWSA), &r),
			 NOON_ERR_FORMAT);
	assert_int_equal(noon_xfrm_get_report(answer(16 + 224, XFRM_MSG_NEWPOLICY), &r),
			 NOON_ERR_FORMAT);
	assert_int_equal(noon_xfrm_get_report(answer(16 + 224, XFRM_MSG_NEWSA), &r),
			 NOON_ERR_FORMAT); /* of no family */
	assert_int_equal(noon_xfrm_get_policy_report(answer(16 + 167, XFRM_MSG_NEWPOLICY), &p),
			 NOON_ERR_FORMAT);
}

static void reads_whose_a_policy_is(void **state)
{
	const struct nlmsghdr *h = answer(16 + 168 + 4 + 64, XFRM_MSG_NEWPOLICY);
	const uint16_t attribute[2] = {4 + 64, XFRMA_TMPL};
	struct noon_xfrm_policy_report r;

	(void)state;
	put(16 + 156, 41);
	m.p[16 + 160] = XFRM_POLICY_OUT;
	memcpy(m.p + 184, attribute, 4);
	put(188 + 44, 0x6e000101);
	assert_int_equal(noon_xfrm_get_policy_report(h, &r), NOON_OK);
	assert_int_equal(r.index, 41);
	assert_int_equal(r.dir, XFRM_POLICY_OUT);
	assert_int_equal(r.reqid, 0x6e000101);
	/* One without templates is nobody's of us. */
	h = answer(16 + 168, XFRM_MSG_NEWPOLICY);
	assert_int_equal(noon_xfrm_get_policy_report(h, &r), NOON_OK);
	assert_int_equal(r.reqid, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(esp_inbound_over_ip4_with_extended_numbers),
		cmocka_unit_test(esp_outbound_in_cells_and_with_a_limit),
		cmocka_unit_test(ah_over_ip4_is_a_multiple_of_4),
		cmocka_unit_test(a_policy_has_esp_and_ah_around_it),
		cmocka_unit_test(what_is_removed_and_asked_for),
		cmocka_unit_test(reads_the_counts_of_a_state),
		cmocka_unit_test(refuses_answers_that_are_none),
		cmocka_unit_test(reads_whose_a_policy_is),
	};

	return cmocka_run_group_tests_name("platform/net/xfrm_message", tests, NULL, NULL);
}
