/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/ptp/ptp_auth.h"
#include "proto/ptp/ptp_port.h"
#include "wire/ptp_tlv.h"

static const char file[] = "[security_association]\nspp 1\nseqid_window 3\n"
			   "1 SHA256-128 ASCII:0123456789abcdef\n2 SHA256 ASCII:0123456789abcdef\n"
			   "3 AES128 ASCII:0123456789abcdef\n"
			   "4 AES256 ASCII:0123456789abcdef0123456789abcdef\n"
			   "[security_association]\nspp 2\nseqid_window 0\n"
			   "1 SHA256-128 ASCII:0123456789abcdef\n"
			   "[security_association]\nspp 3\nseqid_window 16384\n"
			   "1 SHA256-128 ASCII:0123456789abcdef\n";

static struct noon_ptp_keys keys;
static struct noon_ptp_policy policy;
static struct noon_ptp_replay replay;
static struct noon_ptp_port port;
static uint8_t raw[256];
static size_t raw_n;

static int setup(void **state)
{
	struct noon_ptp_keys_fault fault;

	(void)state;
	assert_int_equal(noon_ptp_keys_parse(noon_bytes_of(file, sizeof(file) - 1), &keys, &fault),
			 NOON_OK);
	policy = (struct noon_ptp_policy){.keys = &keys, .spp = 1, .key_id = 1};
	port = (struct noon_ptp_port){.self = {{1, 2, 3, 4, 5, 6, 7, 8}, 1}};
	noon_ptp_replay_reset(&replay);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	noon_ptp_keys_fini(&keys);
	return 0;
}

/* A sealed message with a PAD; its bytes are in raw. */
static void seal(uint8_t type, uint16_t sequence, bool unicast)
{
	const struct noon_ptp_message m = noon_ptp_port_message(&port, type, sequence, unicast, 0);
	struct noon_wr wr = noon_wr_over(raw, sizeof(raw));

	assert_int_equal(noon_ptp_put(&wr, &m), NOON_OK);
	assert_int_equal(noon_ptp_pad_put(&wr, 8), NOON_OK);
	assert_int_equal(noon_ptp_auth_seal(&policy, &wr), NOON_OK);
	raw_n = noon_wr_len(&wr);
}

static enum noon_verdict open_at(noon_time now)
{
	struct noon_ptp_message m;

	assert_int_equal(noon_ptp_get(noon_bytes_of(raw, raw_n), &m), NOON_OK);
	return noon_ptp_auth_open(&policy, &replay, &m, now);
}

static enum noon_verdict come(uint16_t sequence, noon_dur at)
{
	seal(NOON_PTP_SYNC, sequence, false);
	return open_at((noon_time){at});
}

static void sealed_messages_open_with_every_type_of_key(void **state)
{
	static const size_t tag[] = {16, 16, 32, 16, 16};

	(void)state;
	for (uint32_t id = 1; id <= 4; id++) {
		struct noon_ptp_message m;

		policy.key_id = id;
		seal(NOON_PTP_SYNC, (uint16_t)id, false);
		assert_int_equal(raw_n, 44 + 8 + 10 + tag[id]);
		assert_int_equal(noon_ptp_get(noon_bytes_of(raw, raw_n), &m), NOON_OK);
		assert_int_equal(noon_ptp_auth_open(&policy, &replay, &m, (noon_time){0}),
				 NOON_VERDICT_ACCEPTED);
		assert_int_equal(m.tlvs.n, 8); /* without the AUTHENTICATION */
	}
}

static void last_key_of_the_file_seals_when_none_is_named(void **state)
{
	(void)state;
	policy.key_id = 0;
	seal(NOON_PTP_SYNC, 1, false);
	assert_int_equal(raw[44 + 8 + 9], 4);
	assert_int_equal(open_at((noon_time){0}), NOON_VERDICT_ACCEPTED);
}

static void every_bit_flipped_is_refused_and_changes_nothing(void **state)
{
	static struct noon_ptp_replay before;

	(void)state;
	for (uint32_t id = 1; id <= 4; id++) {
		policy.key_id = id;
		seal(NOON_PTP_DELAY_RESP, 1, true);
		for (size_t bit = 0; bit < raw_n * 8; bit++) {
			struct noon_ptp_message m;

			before = replay;
			raw[bit / 8] ^= (uint8_t)(1U << bit % 8);
			if (!noon_ptp_get(noon_bytes_of(raw, raw_n), &m))
				assert_int_not_equal(
					noon_ptp_auth_open(&policy, &replay, &m, (noon_time){0}),
					NOON_VERDICT_ACCEPTED);
			raw[bit / 8] ^= (uint8_t)(1U << bit % 8);
			assert_memory_equal(&before, &replay, sizeof(replay));
		}
	}
}

static void each_mismatch_has_its_verdict(void **state)
{
	static const struct {
		size_t at; /* in the AUTHENTICATION TLV */
		uint8_t value;
		enum noon_verdict v;
	} table[] = {
		{4, 2, NOON_VERDICT_KEY_ID}, /* a policy pointer that exists, but is not ours */
		{4, 9, NOON_VERDICT_KEY_ID},
		{5, NOON_PTP_AUTH_RES, NOON_VERDICT_KEY_ID},
		{5, NOON_PTP_AUTH_SEQUENCE, NOON_VERDICT_KEY_ID},
		{5, NOON_PTP_AUTH_KEY, NOON_VERDICT_KEY_ID},
		{5, 0x80, NOON_VERDICT_KEY_ID},
		{9, 0, NOON_VERDICT_KEY_ID}, /* 0 is no key, though it names the last one to us */
		{9, 77, NOON_VERDICT_KEY_ID},
		{9, 2, NOON_VERDICT_AUTH}, /* another code, another length */
		{9, 3, NOON_VERDICT_AUTH},
		{1, 0x0a, NOON_VERDICT_NO_AUTH}, /* another TLV */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		seal(NOON_PTP_SYNC, 1, false);
		raw[44 + 8 + table[i].at] = table[i].value;
		assert_int_equal(open_at((noon_time){0}), table[i].v);
	}
}

static void messages_without_authentication_are_refused(void **state)
{
	const struct noon_ptp_keys *const ours = &keys;

	(void)state;
	policy.keys = NULL;
	seal(NOON_PTP_SYNC, 1, false);
	assert_int_equal(raw_n, 52);
	assert_int_equal(open_at((noon_time){0}), NOON_VERDICT_ACCEPTED);
	policy.keys = &keys;
	assert_ptr_equal(policy.keys, ours);
	assert_int_equal(open_at((noon_time){0}), NOON_VERDICT_NO_AUTH);
}

static void who_has_no_keys_ignores_the_tlv(void **state)
{
	struct noon_ptp_message m;

	(void)state;
	seal(NOON_PTP_SYNC, 1, false);
	policy.keys = NULL;
	assert_int_equal(noon_ptp_get(noon_bytes_of(raw, raw_n), &m), NOON_OK);
	for (int i = 0; i < 2; i++)
		assert_int_equal(noon_ptp_auth_open(&policy, &replay, &m, (noon_time){0}),
				 NOON_VERDICT_ACCEPTED);
	assert_int_equal(m.tlvs.n, 8);
}

static void chains_that_do_not_parse_are_refused(void **state)
{
	(void)state;
	seal(NOON_PTP_SYNC, 1, false);
	raw[44 + 3] = 3;
	assert_int_equal(open_at((noon_time){0}), NOON_VERDICT_EXT_FORMAT);
	policy.keys = NULL;
	assert_int_equal(open_at((noon_time){0}), NOON_VERDICT_EXT_FORMAT);
}

static void without_the_key_nothing_is_sealed(void **state)
{
	const struct noon_ptp_message m = noon_ptp_port_message(&port, NOON_PTP_SYNC, 1, false, 0);

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct noon_wr wr = noon_wr_over(raw, sizeof(raw));

		assert_int_equal(noon_ptp_put(&wr, &m), NOON_OK);
		policy.spp = i == 0 ? 99 : 1;
		policy.key_id = i == 0 ? 0 : 99;
		assert_int_equal(noon_ptp_auth_seal(&policy, &wr), NOON_ERR_NOT_FOUND);
		assert_int_equal(noon_wr_len(&wr), 44);
	}
}

static void seals_that_do_not_fit_are_not_begun(void **state)
{
	const struct noon_ptp_message m = noon_ptp_port_message(&port, NOON_PTP_SYNC, 1, false, 0);

	(void)state;
	for (size_t room = 44; room <= 70; room++) {
		struct noon_wr wr = noon_wr_over(raw, room);

		assert_int_equal(noon_ptp_put(&wr, &m), NOON_OK);
		assert_int_equal(noon_ptp_auth_seal(&policy, &wr),
				 room < 70 ? NOON_ERR_FULL : NOON_OK);
		assert_int_equal(noon_wr_len(&wr), room < 70 ? 44 : 70);
	}
}

#define OK  NOON_VERDICT_ACCEPTED
#define OLD NOON_VERDICT_REPLAY

struct step {
	noon_dur at;
	uint16_t sequence;
	enum noon_verdict v;
};

static void play(const struct step *steps, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_int_equal(come(steps[i].sequence, steps[i].at), steps[i].v);
}

#define PLAY(steps) play((steps), sizeof(steps) / sizeof((steps)[0]))

static void each_number_counts_once(void **state)
{
	static const struct step steps[] = {
		{0, 10, OK}, {0, 10, OLD}, {0, 11, OK}, {0, 11, OLD}, {0, 10, OLD},
		{0, 12, OK}, {0, 11, OLD}, {0, 9, OLD}, {0, 12, OLD}, {0, 13, OK},
	};

	(void)state;
	PLAY(steps);
}

static void overtaken_ones_count_within_the_window(void **state)
{
	static const struct step steps[] = {
		{0, 10, OK},		   /* first */
		{0, 14, OK},		   /* 11, 12, 13 are missing */
		{0, 12, OK},		   /* 2 behind */
		{0, 12, OLD}, {0, 11, OK}, /* 3 behind: the window's edge */
		{0, 10, OLD}, {0, 15, OK},  {0, 13, OK}, {0, 13, OLD},
		{0, 17, OK},  {0, 13, OLD}, {0, 16, OK}, {0, 14, OLD},
	};

	(void)state;
	PLAY(steps);
}

static void what_came_before_the_first_is_not_taken(void **state)
{
	static const struct step steps[] = {
		{0, 10, OK}, {0, 9, OLD}, {0, 8, OLD}, {0, 11, OK}, {0, 9, OLD}};

	(void)state;
	PLAY(steps);
}

static void numbers_wrap(void **state)
{
	static const struct step steps[] = {
		{0, 65534, OK}, {0, 65535, OK},	 {0, 1, OK},	  {0, 0, OK},
		{0, 0, OLD},	{0, 65535, OLD}, {0, 65534, OLD}, {0, 2, OK},
	};

	(void)state;
	PLAY(steps);
}

static void jumps_beyond_the_window_are_refused(void **state)
{
	static const struct step steps[] = {
		{0, 10, OK},	 {0, 15, OLD},	  {0, 14, OK}, {0, 10000, OLD},
		{0, 40000, OLD}, {0, 32782, OLD}, {0, 18, OK},
	};

	(void)state;
	PLAY(steps);
}

static void advance_is_bounded_by_the_rate(void **state)
{
	static const struct step steps[] = {
		{0, 0, OK},	      {NOON_S(1), 261, OLD}, /* 256 and the window and 1 */
		{NOON_S(1), 260, OK}, {NOON_S(2), 521, OLD},
		{NOON_S(2), 520, OK}, {NOON_S(1), 525, OLD}, /* the clock went back: no credit */
		{NOON_S(1), 524, OK},
	};

	(void)state;
	PLAY(steps);
}

static void after_a_long_silence_any_number_may_come(void **state)
{
	static const struct step steps[] = {
		{0, 1000, OK},
		{NOON_S(100), 900, OLD}, /* behind: a sender that started again too soon */
		{NOON_S(200), 900, OLD},
		{NOON_S(256), 900, OK}, /* all numbers may have passed */
		{NOON_S(256), 901, OK},
		{NOON_S(256), 1000, OLD}, /* and now those are ahead */
	};

	(void)state;
	PLAY(steps);
}

static void newest_message_is_never_taken_twice(void **state)
{
	static const struct step steps[] = {
		{0, 1000, OK}, {NOON_S(256), 1000, OLD}, {NOON_S(100000), 1000, OLD}};

	(void)state;
	PLAY(steps);
}

static void window_0_takes_them_in_order_only(void **state)
{
	static const struct step steps[] = {
		{0, 10, OK}, {0, 12, OLD}, {0, 11, OK}, {0, 10, OLD}, {0, 12, OK}};

	(void)state;
	policy.spp = 2;
	PLAY(steps);
}

static void widest_window_looks_back_63(void **state)
{
	static const struct step steps[] = {
		{0, 1, OK},	{0, 101, OK},	{0, 37, OLD},	 {0, 38, OK},	{0, 38, OLD},
		{0, 100, OK},	{0, 100, OLD},	{0, 102, OK},	 {0, 39, OK},	{0, 38, OLD},
		{0, 16487, OK}, {0, 16424, OK}, {0, 16423, OLD}, {0, 102, OLD},
	};

	(void)state;
	policy.spp = 3;
	PLAY(steps);
}

static void streams_are_apart(void **state)
{
	(void)state;
	assert_int_equal(come(10, 0), OK);
	seal(NOON_PTP_FOLLOW_UP, 10, false);
	assert_int_equal(open_at((noon_time){0}), OK);
	seal(NOON_PTP_SYNC, 10, true);
	assert_int_equal(open_at((noon_time){0}), OK);
	port.self.port = 2;
	assert_int_equal(come(10, 0), OK);
	port.self.clock[7] ^= 1;
	assert_int_equal(come(10, 0), OK);
	assert_int_equal(come(10, 0), OLD);
	port.self.clock[7] ^= 1;
	port.self.port = 1;
	assert_int_equal(come(10, 0), OLD);
}

static void the_stream_silent_longest_makes_room(void **state)
{
	(void)state;
	for (unsigned i = 0; i < NOON_PTP_STREAMS_MAX + 1; i++) {
		port.self.port = (uint16_t)(i + 1);
		assert_int_equal(come(10, (noon_dur)i), OK);
	}
	/* The second is still known; the first was forgotten for the last. */
	port.self.port = 2;
	assert_int_equal(come(10, 1000000), OLD);
	port.self.port = NOON_PTP_STREAMS_MAX + 1;
	assert_int_equal(come(10, 1000000), OLD);
	port.self.port = 1;
	assert_int_equal(come(10, 1000000), OK);
}

static void a_forgotten_sender_begins_again(void **state)
{
	(void)state;
	assert_int_equal(come(1000, 0), OK);
	seal(NOON_PTP_ANNOUNCE, 7, false);
	assert_int_equal(open_at((noon_time){0}), OK);
	port.self.port = 2;
	assert_int_equal(come(1000, 0), OK);
	port.self.port = 1;
	noon_ptp_replay_forget(&replay, &port.self);
	assert_int_equal(come(5, 0), OK);
	seal(NOON_PTP_ANNOUNCE, 7, false);
	assert_int_equal(open_at((noon_time){0}), OK);
	port.self.port = 2;
	assert_int_equal(come(1000, 0), OLD);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(sealed_messages_open_with_every_type_of_key),
		TEST(last_key_of_the_file_seals_when_none_is_named),
		TEST(every_bit_flipped_is_refused_and_changes_nothing),
		TEST(each_mismatch_has_its_verdict),
		TEST(messages_without_authentication_are_refused),
		TEST(who_has_no_keys_ignores_the_tlv),
		TEST(chains_that_do_not_parse_are_refused),
		TEST(without_the_key_nothing_is_sealed),
		TEST(seals_that_do_not_fit_are_not_begun),
		TEST(each_number_counts_once),
		TEST(overtaken_ones_count_within_the_window),
		TEST(what_came_before_the_first_is_not_taken),
		TEST(numbers_wrap),
		TEST(jumps_beyond_the_window_are_refused),
		TEST(advance_is_bounded_by_the_rate),
		TEST(after_a_long_silence_any_number_may_come),
		TEST(newest_message_is_never_taken_twice),
		TEST(window_0_takes_them_in_order_only),
		TEST(widest_window_looks_back_63),
		TEST(streams_are_apart),
		TEST(the_stream_silent_longest_makes_room),
		TEST(a_forgotten_sender_begins_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
