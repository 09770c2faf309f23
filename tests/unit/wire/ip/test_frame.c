/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "wire/ip/frame.h"

#define MAC	  0x02, 0, 0, 0, 0, 1, 0x02, 0, 0, 0, 0, 2
#define IP4(n, p) 0x45, 0, 0, (n), 0, 1, 0x40, 0, 64, (p), 0, 0, 192, 0, 2, 1, 198, 51, 100, 7
#define UDP(n)	  0x30, 0x39, 0, 123, 0, (n), 0, 0
#define TCP(f)	  0x30, 0x39, 0, 80, 0xff, 0xff, 0xff, 0xfe, 0, 0, 0, 9, 0x50, (f), 1, 0, 0, 0, 0, 0
#define ADDR6(x)  0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (x)

static struct noon_frame frame;

static enum noon_frame_verdict read_cut(int type, const uint8_t *p, size_t n, size_t wire_n)
{
	memset(&frame, 0, sizeof(frame));
	return noon_frame_read(type, noon_bytes_of(p, n), wire_n, &frame);
}

static enum noon_frame_verdict read_whole(int type, const uint8_t *p, size_t n)
{
	return read_cut(type, p, n, n);
}

static void expect_udp_of_three(void)
{
	assert_false(frame.tcp);
	assert_int_equal(frame.src.port, 0x3039);
	assert_int_equal(frame.dst.port, 123);
	assert_int_equal(frame.payload.n, 3);
	assert_memory_equal(frame.payload.p, "abc", 3);
	assert_int_equal(frame.missing, 0);
}

static void reads_every_link_layer(void **state)
{
	static const uint8_t ether[] = {MAC, 8, 0, IP4(31, 17), UDP(11), 'a', 'b', 'c', 0, 0, 0};
	static const uint8_t vlan[] = {MAC, 0x88, 0xa8, 0,	     5,	      0x81, 0,	 0,
				       6,   8,	  0,	IP4(31, 17), UDP(11), 'a',  'b', 'c'};
	static const uint8_t sll[] = {0, 0, 0, 1, 0, 6,		  2,	   0,	0,   0,	 0,
				      1, 0, 0, 8, 0, IP4(31, 17), UDP(11), 'a', 'b', 'c'};
	static const uint8_t sll2[] = {8, 0, 0, 0, 0, 0, 0, 1,		 0,	  1,   0,   6,	2,
				       0, 0, 0, 0, 1, 0, 0, IP4(31, 17), UDP(11), 'a', 'b', 'c'};
	static const uint8_t loop[] = {2, 0, 0, 0, IP4(31, 17), UDP(11), 'a', 'b', 'c'};
	static const struct {
		int type;
		const uint8_t *p;
		size_t n;
	} table[] = {
		{NOON_LINK_ETHERNET, ether, sizeof(ether)},
		{NOON_LINK_ETHERNET, vlan, sizeof(vlan)},
		{NOON_LINK_SLL, sll, sizeof(sll)},
		{NOON_LINK_SLL2, sll2, sizeof(sll2)},
		{NOON_LINK_NULL, loop, sizeof(loop)},
		{NOON_LINK_LOOP, loop, sizeof(loop)},
		{NOON_LINK_RAW, loop + 4, sizeof(loop) - 4},
		{NOON_LINK_RAW_BSD, loop + 4, sizeof(loop) - 4},
		{NOON_LINK_IP4, loop + 4, sizeof(loop) - 4},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		print_message("# row %zu\n", i);
		assert_true(noon_frame_knows(table[i].type));
		assert_int_equal(read_whole(table[i].type, table[i].p, table[i].n), NOON_FRAME_OK);
		assert_int_equal(frame.version, 4);
		assert_memory_equal(frame.src.addr, "\xc0\x00\x02\x01\0\0", 6);
		assert_memory_equal(frame.dst.addr, "\xc6\x33\x64\x07\0\0", 6);
		expect_udp_of_three();
	}
	assert_int_equal(read_whole(105, ether, sizeof(ether)), NOON_FRAME_LINK);
	assert_false(noon_frame_knows(105));
}

static void reads_tcp_with_options(void **state)
{
	static const uint8_t bare[] = {IP4(42, 6), TCP(0x18), 'h', 'i'};
	uint8_t options[sizeof(bare) + 4];

	(void)state;
	assert_int_equal(read_whole(NOON_LINK_RAW, bare, sizeof(bare)), NOON_FRAME_OK);
	assert_true(frame.tcp);
	assert_int_equal(frame.seq, 0xfffffffe);
	assert_int_equal(frame.ack, 9);
	assert_int_equal(frame.flags, 0x18);
	assert_int_equal(frame.payload.n, 2);
	/* Four bytes of options of IPv4 before TCP. */
	memcpy(options, bare, 20);
	memset(options + 20, 1, 4);
	memcpy(options + 24, bare + 20, sizeof(bare) - 20);
	options[0] = 0x46;
	options[3] = 46;
	assert_int_equal(read_whole(NOON_LINK_RAW, options, sizeof(options)), NOON_FRAME_OK);
	assert_int_equal(frame.payload.n, 2);
	/* The same four bytes as options of TCP. */
	memcpy(options, bare, 40);
	memset(options + 40, 1, 4);
	memcpy(options + 44, "hi", 2);
	options[3] = 46;
	options[32] = 0x60;
	assert_int_equal(read_whole(NOON_LINK_RAW, options, sizeof(options)), NOON_FRAME_OK);
	assert_int_equal(frame.payload.n, 2);
	assert_memory_equal(frame.payload.p, "hi", 2);
	options[32] = 0x40;
	assert_int_equal(read_whole(NOON_LINK_RAW, options, sizeof(options)), NOON_FRAME_MALFORMED);
}

/* 0: the sender's adapter cuts the packet into segments, and fills in what each one's length is. */
static void takes_the_frame_where_no_length_is_stated(void **state)
{
	static const uint8_t bare[] = {IP4(0, 6), TCP(0x18), 'h', 'i'};

	(void)state;
	assert_int_equal(read_whole(NOON_LINK_RAW, bare, sizeof(bare)), NOON_FRAME_OK);
	assert_int_equal(frame.payload.n, 2);
}

static void reads_over_extension_headers(void **state)
{
	static const uint8_t plain[] = {0x60, 0,	0,	  0,	   0,	11,  17,
					64,   ADDR6(1), ADDR6(2), UDP(11), 'a', 'b', 'c'};
	static const uint8_t extended[] = {0x60, 0, 0, 0, 0, 35, 0, 64, ADDR6(1), ADDR6(2),
					   /* hop-by-hop, then destination, then atomic fragment */
					   60, 0, 1, 4, 0, 0, 0, 0, 44, 0, 1, 4, 0, 0, 0, 0, 17, 0,
					   0, 0, 0, 0, 0, 9, UDP(11), 'a', 'b', 'c'};
	uint8_t fragment[sizeof(extended)];

	(void)state;
	assert_int_equal(read_whole(NOON_LINK_IP6, plain, sizeof(plain)), NOON_FRAME_OK);
	assert_int_equal(frame.version, 6);
	assert_int_equal(frame.dst.addr[15], 2);
	expect_udp_of_three();
	assert_int_equal(read_whole(NOON_LINK_RAW, extended, sizeof(extended)), NOON_FRAME_OK);
	expect_udp_of_three();
	memcpy(fragment, extended, sizeof(fragment));
	fragment[40 + 16 + 3] = 1; /* more fragments */
	assert_int_equal(read_whole(NOON_LINK_RAW, fragment, sizeof(fragment)),
			 NOON_FRAME_FRAGMENT);
}

static void counts_what_cannot_be_read(void **state)
{
	static const uint8_t good[] = {MAC, 8, 0, IP4(31, 17), UDP(11), 'a', 'b', 'c'};
	static const struct {
		size_t at;
		uint8_t byte;
		enum noon_frame_verdict want;
	} table[] = {
		{12, 9, NOON_FRAME_OTHER},	  /* not IP */
		{14, 0x55, NOON_FRAME_MALFORMED}, /* version 5 */
		{14, 0x44, NOON_FRAME_MALFORMED}, /* header of 16 bytes */
		{17, 32, NOON_FRAME_MALFORMED},	  /* longer than the frame */
		{17, 19, NOON_FRAME_MALFORMED},	  /* shorter than its header */
		{17, 24, NOON_FRAME_MALFORMED},	  /* no room for UDP */
		{20, 0x20, NOON_FRAME_FRAGMENT},  /* more fragments */
		{21, 1, NOON_FRAME_FRAGMENT},	  /* an offset */
		{23, 1, NOON_FRAME_OTHER},	  /* ICMP */
		{39, 7, NOON_FRAME_MALFORMED},	  /* UDP shorter than its header */
		{39, 12, NOON_FRAME_MALFORMED},	  /* UDP longer than the packet */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		uint8_t bad[sizeof(good)];

		memcpy(bad, good, sizeof(bad));
		bad[table[i].at] = table[i].byte;
		print_message("# row %zu\n", i);
		assert_int_equal(read_whole(NOON_LINK_ETHERNET, bad, sizeof(bad)), table[i].want);
		assert_int_equal(frame.version, 0);
	}
}

static void tells_a_cut_from_an_end(void **state)
{
	static const uint8_t good[] = {MAC, 8, 0, IP4(31, 17), UDP(11), 'a', 'b', 'c'};

	(void)state;
	for (size_t n = 0; n < sizeof(good) - 3; n++) {
		assert_int_equal(read_cut(NOON_LINK_ETHERNET, good, n, sizeof(good)),
				 NOON_FRAME_CUT);
		assert_int_equal(read_whole(NOON_LINK_ETHERNET, good, n), NOON_FRAME_MALFORMED);
	}
	assert_int_equal(read_cut(NOON_LINK_ETHERNET, good, sizeof(good) - 2, sizeof(good)),
			 NOON_FRAME_OK);
	assert_int_equal(frame.payload.n, 1);
	assert_int_equal(frame.missing, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_link_layer),
		cmocka_unit_test(reads_tcp_with_options),
		cmocka_unit_test(takes_the_frame_where_no_length_is_stated),
		cmocka_unit_test(reads_over_extension_headers),
		cmocka_unit_test(counts_what_cannot_be_read),
		cmocka_unit_test(tells_a_cut_from_an_end),
	};

	return cmocka_run_group_tests_name("wire/ip/frame", tests, NULL, NULL);
}
