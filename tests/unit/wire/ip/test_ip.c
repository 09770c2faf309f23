/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "wire/ip/ip.h"

/* A datagram as Linux sent it over veth: UDP 319, 4 bytes. */
static const uint8_t linux4[] = {0x45, 0x00, 0x00, 0x20, 0x1f, 0x3e, 0x40, 0x00, 0x40, 0x11, 0x06,
				 0xf3, 0x0a, 0x4d, 0x00, 0x01, 0x0a, 0x4d, 0x00, 0x02, 0x01, 0x3f,
				 0x01, 0x3f, 0x00, 0x0c, 0x23, 0xf5, 0x61, 0x62, 0x63, 0x64};

static const struct noon_ip ip4 = {.version = 4,
				   .tos = 0xb8,
				   .ttl = 64,
				   .proto = NOON_IP_PROTO_UDP,
				   .id = 0x1234,
				   .src = {10, 77, 0, 1},
				   .dst = {10, 77, 0, 2}};
static const struct noon_ip ip6 = {.version = 6,
				   .tos = 0xb8,
				   .ttl = 255,
				   .proto = NOON_IP_PROTO_UDP,
				   .src = {0xfd, 1, [15] = 1},
				   .dst = {0xfd, 1, [15] = 2}};

static void a_packet_of_linux_is_read(void **state)
{
	struct noon_rd rd = noon_rd_over(linux4, sizeof(linux4));
	struct noon_ip ip;
	struct noon_udp udp;
	struct noon_bytes payload, data;

	(void)state;
	assert_int_equal(noon_ip_get(&rd, &ip, &payload), NOON_OK);
	assert_int_equal(ip.version, 4);
	assert_int_equal(ip.id, 0x1f3e);
	assert_int_equal(ip.ttl, 64);
	assert_int_equal(ip.proto, NOON_IP_PROTO_UDP);
	assert_memory_equal(ip.src, "\x0a\x4d\x00\x01", 4);
	assert_memory_equal(ip.dst, "\x0a\x4d\x00\x02", 4);
	assert_int_equal(payload.n, 12);
	assert_int_equal(noon_udp_get(payload, &ip, &udp, &data), NOON_OK);
	assert_int_equal(udp.src, 319);
	assert_int_equal(udp.dst, 319);
	assert_int_equal(data.n, 4);
	assert_memory_equal(data.p, "abcd", 4);
	assert_int_equal(noon_rd_left(&rd), 0);
}

static void what_is_written_is_read(void **state)
{
	const struct noon_ip *const ips[] = {&ip4, &ip6};
	struct noon_rng rng = noon_rng_seeded(4);
	uint8_t raw[1500], body[1200];

	(void)state;
	noon_rng_fill(&rng, body, sizeof(body));
	for (size_t n = 0; n < sizeof(body); n += 1 + n / 7) {
		for (int i = 0; i < 2; i++) {
			struct noon_wr wr = noon_wr_over(raw, sizeof(raw));
			struct noon_rd rd;
			struct noon_ip ip;
			const struct noon_udp sent = {(uint16_t)(n + 1), 320};
			struct noon_udp udp;
			struct noon_bytes payload, data;

			assert_int_equal(noon_ip_put(&wr, ips[i], NOON_UDP_HEADER_LEN + n),
					 NOON_OK);
			assert_int_equal(noon_udp_put(&wr, ips[i], &sent, noon_bytes_of(body, n)),
					 NOON_OK);
			/* Padding behind it is not looked at. */
			assert_int_equal(noon_wr_put(&wr, noon_bytes_of("\xff\xff\xff", 3)),
					 NOON_OK);
			rd = noon_rd_bytes(noon_wr_written(&wr));
			assert_int_equal(noon_ip_get(&rd, &ip, &payload), NOON_OK);
			assert_memory_equal(&ip, ips[i], sizeof(ip));
			assert_int_equal(noon_rd_left(&rd), 3);
			assert_int_equal(noon_udp_get(payload, &ip, &udp, &data), NOON_OK);
			assert_int_equal(udp.src, sent.src);
			assert_int_equal(data.n, n);
			assert_memory_equal(data.p, body, n);
		}
	}
}

/* What is refused: the byte at `at` of the packet above is `value`. */
static const struct {
	size_t at;
	uint8_t value;
	noon_err err;
} refused4[] = {
	{0, 0x55, NOON_ERR_FORMAT},	 {0, 0x44, NOON_ERR_FORMAT}, /* header of 16 bytes */
	{0, 0x46, NOON_ERR_UNSUPPORTED},			     /* options */
	{3, 0x13, NOON_ERR_FORMAT},				     /* shorter than its header */
	{3, 0x21, NOON_ERR_SHORT},	 {6, 0x20, NOON_ERR_UNSUPPORTED}, /* more fragments */
	{7, 0x01, NOON_ERR_UNSUPPORTED},				  /* an offset */
};

/* Set the checksum right, so that it is not what refuses. */
static void sum(uint8_t *h)
{
	uint32_t s = 0;

	h[10] = h[11] = 0;
	for (size_t i = 0; i < NOON_IP4_HEADER_LEN; i += 2)
		s += (uint32_t)(h[i] << 8 | h[i + 1]);
	s = (s & 0xffff) + (s >> 16);
	s = ~(s + (s >> 16));
	h[10] = (uint8_t)(s >> 8);
	h[11] = (uint8_t)s;
}

static void bad_headers_are_refused(void **state)
{
	struct noon_ip ip = {.version = 77};
	struct noon_bytes payload;

	(void)state;
	for (size_t i = 0; i < sizeof(refused4) / sizeof(refused4[0]); i++) {
		uint8_t raw[sizeof(linux4)];
		struct noon_rd rd = noon_rd_over(raw, sizeof(raw));

		memcpy(raw, linux4, sizeof(raw));
		raw[refused4[i].at] = refused4[i].value;
		sum(raw);
		assert_int_equal(noon_ip_get(&rd, &ip, &payload), refused4[i].err);
		assert_ptr_equal(rd.p, raw);
		assert_int_equal(ip.version, 77);
	}
	for (size_t n = 0; n < sizeof(linux4); n++) {
		struct noon_rd rd = noon_rd_over(linux4, n);

		assert_int_equal(noon_ip_get(&rd, &ip, &payload), NOON_ERR_SHORT);
	}
	for (size_t bit = 0; bit < 8 * NOON_IP4_HEADER_LEN; bit++) {
		uint8_t raw[sizeof(linux4)];
		struct noon_rd rd = noon_rd_over(raw, sizeof(raw));

		memcpy(raw, linux4, sizeof(raw));
		raw[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_not_equal(noon_ip_get(&rd, &ip, &payload), NOON_OK);
	}
}

static void ipv6_extension_headers_are_refused(void **state)
{
	static const uint8_t next[] = {0, 43, 44, 60, 135, 139, 140};

	(void)state;
	for (size_t i = 0; i < sizeof(next); i++) {
		uint8_t raw[64] = {0};
		struct noon_wr wr = noon_wr_over(raw, sizeof(raw));
		struct noon_ip ip = ip6;
		struct noon_bytes payload;
		struct noon_rd rd;

		ip.proto = next[i];
		assert_int_equal(noon_ip_put(&wr, &ip, 8), NOON_OK);
		rd = noon_rd_over(raw, NOON_IP6_HEADER_LEN + 8);
		assert_int_equal(noon_ip_get(&rd, &ip, &payload), NOON_ERR_UNSUPPORTED);
	}
}

static void checksums_of_udp(void **state)
{
	uint8_t raw[sizeof(linux4)];
	struct noon_udp udp;
	struct noon_bytes data;
	const struct noon_ip ip = {.version = 4, .src = {10, 77, 0, 1}, .dst = {10, 77, 0, 2}};
	const struct noon_bytes payload = noon_bytes_of(raw + NOON_IP4_HEADER_LEN, 12);

	(void)state;
	for (size_t bit = 0; bit < 8 * 12; bit++) {
		memcpy(raw, linux4, sizeof(raw));
		raw[NOON_IP4_HEADER_LEN + bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_not_equal(noon_udp_get(payload, &ip, &udp, &data), NOON_OK);
	}
	memcpy(raw, linux4, sizeof(raw));
	raw[NOON_IP4_HEADER_LEN + 6] = raw[NOON_IP4_HEADER_LEN + 7] = 0;
	assert_int_equal(noon_udp_get(payload, &ip, &udp, &data), NOON_OK);
	assert_int_equal(noon_udp_get(payload, &ip6, &udp, &data), NOON_ERR_FORMAT);
	assert_int_equal(
		noon_udp_get(noon_bytes_of(raw + NOON_IP4_HEADER_LEN, 11), &ip, &udp, &data),
		NOON_ERR_SHORT);
	assert_int_equal(
		noon_udp_get(noon_bytes_of(raw + NOON_IP4_HEADER_LEN, 7), &ip, &udp, &data),
		NOON_ERR_SHORT);
}

static void no_room_writes_nothing(void **state)
{
	uint8_t raw[64] = {0};

	(void)state;
	for (size_t room = 0; room < NOON_IP6_HEADER_LEN; room++) {
		struct noon_wr wr = noon_wr_over(raw, room);

		assert_int_equal(noon_ip_put(&wr, &ip6, 8), NOON_ERR_FULL);
		if (room < NOON_IP4_HEADER_LEN)
			assert_int_equal(noon_ip_put(&wr, &ip4, 8), NOON_ERR_FULL);
		if (room < 12)
			assert_int_equal(noon_udp_put(&wr, &ip4, &(struct noon_udp){1, 2},
						      noon_bytes_of("abcd", 4)),
					 NOON_ERR_FULL);
		wr = noon_wr_over(raw, room);
		assert_int_equal(noon_wr_len(&wr), 0);
	}
	{
		struct noon_wr wr = noon_wr_over(raw, sizeof(raw));

		assert_int_equal(noon_ip_put(&wr, &ip4, 65516), NOON_ERR_RANGE);
		assert_int_equal(noon_ip_put(&wr, &ip6, 65536), NOON_ERR_RANGE);
		assert_int_equal(noon_udp_put(&wr, &ip4, &(struct noon_udp){1, 2},
					      noon_bytes_of(raw, 65528)),
				 NOON_ERR_RANGE);
		assert_int_equal(noon_wr_len(&wr), 0);
	}
}

static void mutable_fields_are_cleared_and_no_others(void **state)
{
	uint8_t raw[NOON_IP6_HEADER_LEN], all[NOON_IP6_HEADER_LEN];

	(void)state;
	memset(all, 0xff, sizeof(all));
	memcpy(raw, all, sizeof(raw));
	raw[0] = 0x4f;
	noon_ip_clear_mutable(raw);
	for (size_t i = 1; i < NOON_IP4_HEADER_LEN; i++) {
		const bool is_mutable = i == 1 || i == 6 || i == 7 || i == 8 || i == 10 || i == 11;

		assert_int_equal(raw[i], is_mutable ? 0 : 0xff);
	}
	memcpy(raw, all, sizeof(raw));
	raw[0] = 0x6f;
	noon_ip_clear_mutable(raw);
	assert_int_equal(raw[0], 0x60);
	for (size_t i = 1; i < NOON_IP6_HEADER_LEN; i++)
		assert_int_equal(raw[i], i <= 3 || i == 7 ? 0 : 0xff);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_packet_of_linux_is_read),
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(bad_headers_are_refused),
		cmocka_unit_test(ipv6_extension_headers_are_refused),
		cmocka_unit_test(checksums_of_udp),
		cmocka_unit_test(no_room_writes_nothing),
		cmocka_unit_test(mutable_fields_are_cleared_and_no_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
