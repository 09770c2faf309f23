/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bench.h"

enum fault { MUTE = 1, CUT, ARMED_WRONG, ARTEFACT };

/* Measures when it is asked to; behind an adapter it answers only when it is read. */
static void answer(struct bench *b, const char *line)
{
	const unsigned fault = b->fault_kind;
	const char *question = strstr(b->spec, ",") != NULL ? "++read eoi" : "MEAS? 0";

	if (strcmp(line, question) != 0 || fault == MUTE)
		return;
	b->fault_kind = 0;
	bench_say(b, fault == CUT	    ? "1.5E\r\n"
		     : fault == ARMED_WRONG ? "-.99995\r\n"
		     : fault == ARTEFACT    ? "1.00000000025\r\n"
					    : "-1.2500000E-7\r\n");
}

static void begin(struct bench *b, const char *rest, unsigned fault)
{
	b->on_command = answer;
	b->fault_kind = fault;
	bench_pty(b, "sr620", rest);
}

static void measures_over_rs_232(void **state)
{
	struct bench *b = *state;

	begin(b, "", 0);
	bench_until_readings(b, 2);
	assert_true(fabs(b->reading[1].value_s + 1.25e-7) < 1e-18);
	assert_true(b->reading[1].u_s >= 500e-12 && b->reading[1].u_s < 526e-12);
	assert_int_equal(b->reading[1].kind, NOON_INSTRUMENT_INTERVAL);
	assert_memory_equal(b->heard,
			    "\n\n\nSTOP\nAUTM 0\nMODE 0\nSRCE 0\nARMM 0\nSIZE 1\nJTTR 0\nMEAS? 0\n",
			    56);
	assert_null(strstr(b->heard, "++"));
	assert_int_equal(b->n_faults, 0);
}

static void measures_over_gpib(void **state)
{
	struct bench *b = *state;

	begin(b, ",16", 0);
	bench_until_readings(b, 2);
	assert_memory_equal(b->heard, "++mode 1\n++addr 16\n++auto 0\n", 28);
	assert_non_null(strstr(b->heard, "MEAS? 0\n++read eoi\n"));
}

static void counts_cut_and_impossible_answers(void **state)
{
	struct bench *b = *state;

	begin(b, "", CUT);
	bench_until_readings(b, 1);
	assert_int_equal(bench_count(b, NOON_INSTRUMENT_COUNT_MALFORMED), 1);
	b->fault_kind = ARMED_WRONG;
	bench_until_readings(b, 2);
	bench_wait_ms(b, 300);
	/* Armed between the two pulses: the interval to the pulse before. */
	assert_true(fabs(b->reading[1].value_s - 5e-5) < 1e-9);
	assert_int_equal(bench_count(b, NOON_INSTRUMENT_COUNT_OUT_OF_RANGE), 0);
	b->fault_kind = 0;
}

static void brings_artefacts_into_half_a_second(void **state)
{
	struct bench *b = *state;

	begin(b, "", ARTEFACT);
	bench_until_readings(b, 1);
	assert_true(fabs(b->reading[0].value_s - 2.5e-10) < 1e-15);
}

static void sets_a_mute_counter_up_again(void **state)
{
	struct bench *b = *state;

	begin(b, "", MUTE);
	bench_until_faults(b, 1);
	assert_string_equal(b->fault, "no interval for 5 s");
	b->fault_kind = 0;
	b->n_heard = 0;
	bench_until_readings(b, 1);
	assert_int_equal(b->n_faults, 1);
}

static void says_that_the_line_was_hung_up(void **state)
{
	struct bench *b = *state;

	begin(b, "", 0);
	bench_until_readings(b, 1);
	bench_hang_up(b);
	bench_until_faults(b, 1);
	assert_non_null(strstr(b->fault, "hung up"));
}

static void refuses_wrong_addresses(void **state)
{
	struct bench *b = *state;
	const struct noon_instrument_conf conf = {.loop = b->loop};
	static const char *const wrong[] = {"sr620", "sr620:,5", "sr620:/dev/x,31", "sr620:/dev/x,",
					    "sr620:/dev/x,a"};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct noon_instrument_why why;

		assert_int_equal(noon_instrument_open(wrong[i], &conf, &b->i, &why),
				 NOON_ERR_FORMAT);
		assert_non_null(strstr(why.text, "expected sr620:DEVICE"));
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, bench_set_up, bench_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(measures_over_rs_232),
		TEST(measures_over_gpib),
		TEST(counts_cut_and_impossible_answers),
		TEST(brings_artefacts_into_half_a_second),
		TEST(sets_a_mute_counter_up_again),
		TEST(says_that_the_line_was_hung_up),
		TEST(refuses_wrong_addresses),
	};

	return cmocka_run_group_tests_name("platform/instruments/sr620", tests, NULL, NULL);
}
