/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "platform/clock/clock.h"
#include "platform/clock/clock_priv.h"
#include "platform/net/hwstamp.h"

static void virtual_clock_has_the_faults_it_was_given(void **state)
{
	const struct noon_clock_virtual_conf conf = {.offset = NOON_MS(250), .freq_error = 40e-6};
	struct noon_clock *c;
	int64_t raw;
	noon_dur off;

	(void)state;
	assert_int_equal(noon_clock_virtual_new(&conf, &c), NOON_OK);
	off = noon_clock_now(c).ns - noon_clock_read(CLOCK_REALTIME);
	assert_true(off > NOON_MS(249) && off < NOON_MS(251));
	raw = c->raw0;
	/* 100 s of raw time are 100 s and 4 ms of h. */
	off = noon_time_diff(c->ops->free_running(c, raw + NOON_S(100)), c->h0) - NOON_S(100);
	assert_true(llabs(off - NOON_MS(4)) < 10);
	noon_clock_free(c);
}

static void virtual_clock_never_runs_backwards_and_repeats_for_a_seed(void **state)
{
	const struct noon_clock_virtual_conf conf = {
		.freq_error = -90e-6, .random_walk = 1e-6, .ageing = 1e-9, .seed = 5};
	struct noon_clock *a;
	struct noon_clock *b;
	noon_time last;

	(void)state;
	assert_int_equal(noon_clock_virtual_new(&conf, &a), NOON_OK);
	assert_int_equal(noon_clock_virtual_new(&conf, &b), NOON_OK);
	last = a->h0;
	for (int64_t t = 0; t < NOON_S(60); t += NOON_MS(37)) {
		const noon_time h = a->ops->free_running(a, a->raw0 + t);

		assert_true(h.ns >= last.ns);
		assert_true(noon_time_diff(h, a->h0) ==
			    noon_time_diff(b->ops->free_running(b, b->raw0 + t), b->h0));
		last = h;
	}
	/* The recent past is still what it was. */
	assert_true(noon_time_diff(last, a->ops->free_running(a, a->raw0 + NOON_S(55))) >
		    NOON_S(4));
	noon_clock_free(a);
	noon_clock_free(b);
}

static void kernel_stamps_are_translated_with_a_stated_error(void **state)
{
	const struct noon_clock_virtual_conf conf = {.offset = NOON_S(5), .freq_error = 100e-6};
	struct noon_clock *c;

	(void)state;
	assert_int_equal(noon_clock_virtual_new(&conf, &c), NOON_OK);
	for (int i = 0; i < 1000; i++) {
		const struct noon_instant since = noon_instant_now();
		const noon_time before = noon_clock_now(c);
		const int64_t stamp = noon_clock_read(CLOCK_REALTIME);
		const noon_time after = noon_clock_now(c);
		noon_time h;
		noon_dur err;

		assert_int_equal(noon_clock_from_stamp(c, &since, stamp, &h, &err), NOON_OK);
		assert_true(h.ns + err >= before.ns && h.ns - err <= after.ns);
	}
	noon_clock_free(c);
}

static void stamps_from_another_clock_are_refused(void **state)
{
	const struct noon_instant since = noon_instant_now();
	struct noon_clock *c;
	noon_time h = {7};
	noon_dur err;

	(void)state;
	assert_int_equal(noon_clock_system_new(false, &c), NOON_OK);
	assert_int_equal(noon_clock_from_stamp(
				 c, &since, noon_clock_read(CLOCK_REALTIME) + NOON_S(1), &h, &err),
			 NOON_ERR_RANGE);
	assert_int_equal(noon_clock_from_stamp(
				 c, &since, noon_clock_read(CLOCK_REALTIME) - NOON_S(11), &h, &err),
			 NOON_ERR_RANGE);
	assert_true(h.ns == 7);
	noon_clock_free(c);
}

/* A step forward would make the stamp of an arrival early: a bound that is too narrow. */
static void stamps_are_refused_when_the_clock_was_stepped_meanwhile(void **state)
{
	static const noon_dur steps[] = {NOON_MS(200), NOON_MS(-200), NOON_US(200), NOON_US(-200)};
	struct noon_clock *c;
	noon_time h;
	noon_dur err;

	(void)state;
	assert_int_equal(noon_clock_system_new(false, &c), NOON_OK);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct noon_instant since = noon_instant_now();

		since.err = 0;
		since.real_ns -= steps[i]; /* as it was before */
		assert_int_equal(
			noon_clock_from_stamp(c, &since, noon_clock_read(CLOCK_REALTIME), &h, &err),
			NOON_ERR_RANGE);
	}
	noon_clock_free(c);
}

static void the_sum_of_suspensions_stands_still(void **state)
{
	const noon_dur asleep = noon_clock_asleep();

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_true(llabs(noon_clock_asleep() - asleep) < NOON_MS(1));
}

static void maps_follow_the_line(void **state)
{
	const struct noon_clock_virtual_conf conf = {.offset = NOON_MS(-70), .freq_error = 50e-6};
	struct noon_clock *c;
	struct noon_clock_line line;
	struct noon_clock_map map;
	noon_dur off;

	(void)state;
	assert_int_equal(noon_clock_virtual_new(&conf, &c), NOON_OK);
	/* The line that undoes both faults (1 / 1.00005 - 1). */
	line = (struct noon_clock_line){.h0 = c->h0, .corr0 = NOON_MS(70), .rate = 1 / 1.00005 - 1};
	noon_clock_steer(c, &line);
	off = noon_clock_disciplined(c).ns - noon_clock_read(CLOCK_REALTIME);
	assert_true(llabs(off) < NOON_MS(5));
	map = noon_clock_map_real(c);
	assert_true(fabs(map.rate) < 1e-7);
	map = noon_clock_map_raw(c);
	assert_true(noon_clock_map_apply(&map, map.from0).ns == map.to0.ns);
	assert_true(fabs(map.rate) < 1e-7);
	noon_clock_free(c);
}

static void a_line_bends_where_its_slew_ends(void **state)
{
	const struct noon_clock_line line = {
		.h0 = {NOON_S(100)},
		.corr0 = 10,
		.rate = 1e-6,
		.slew = 5e-6,
		.slew_end = {NOON_S(101)},
	};

	(void)state;
	assert_true(noon_clock_line_at(&line, (noon_time){NOON_S(100)}).ns == NOON_S(100) + 10);
	assert_true(noon_clock_line_at(&line, (noon_time){NOON_S(101)}).ns == NOON_S(101) + 6010);
	assert_true(noon_clock_line_at(&line, (noon_time){NOON_S(103)}).ns == NOON_S(103) + 8010);
}

/* A simulated card: its own time over CLOCK_REALTIME, with a frequency that can be set. */
struct card {
	int64_t base_real;
	int64_t base_phc;
	double ppm_error; /* of the card */
	double ppm_set;
	int64_t stepped;
	bool broken;
};

static int64_t card_at(const struct card *k, int64_t real)
{
	return k->base_phc +
	       (int64_t)((double)(real - k->base_real) * (1 + (k->ppm_error + k->ppm_set) * 1e-6));
}

static int card_sample(void *arg, int64_t *before, int64_t *phc, int64_t *after)
{
	const struct card *k = arg;
	const int64_t real = noon_clock_read(CLOCK_REALTIME);

	*before = *after = real;
	*phc = card_at(k, real);
	return k->broken ? 5 : 0;
}

static void card_rebase(struct card *k)
{
	const int64_t real = noon_clock_read(CLOCK_REALTIME);

	k->base_phc = card_at(k, real);
	k->base_real = real;
}

static int card_set_freq(void *arg, double ppm)
{
	struct card *k = arg;

	card_rebase(k);
	k->ppm_set = ppm;
	return 0;
}

static int card_step(void *arg, int64_t delta)
{
	struct card *k = arg;

	card_rebase(k);
	k->base_phc += delta;
	k->stepped += delta;
	return 0;
}

static void hardware_clock_follows_the_line_and_notices_steps(void **state)
{
	struct card card = {.base_real = noon_clock_read(CLOCK_REALTIME), .ppm_error = 20};
	const struct noon_phc_device dev = {.arg = &card,
					    .sample = card_sample,
					    .set_freq = card_set_freq,
					    .step = card_step,
					    .max_ppm = 500};
	struct noon_clock_line line = {0};
	struct noon_clock *c;
	noon_dur size = 0;

	(void)state;
	card.base_phc = card.base_real - NOON_S(37);
	assert_int_equal(noon_clock_phc_new(&dev, &c), NOON_OK);
	line.h0 = c->h0; /* the card shall show h */
	assert_int_equal(noon_clock_step(c, &line), NOON_OK);
	assert_true(llabs(card.stepped - NOON_S(37)) < NOON_MS(5));
	assert_true(llabs(noon_clock_disciplined(c).ns - noon_clock_now(c).ns) < NOON_MS(1));
	assert_int_equal(noon_clock_check(c, &size), NOON_CLOCK_STEADY);
	assert_int_equal(card_step(&card, NOON_MS(3)), 0);
	assert_int_equal(noon_clock_check(c, &size), NOON_CLOCK_STEPPED);
	assert_true(llabs(size - NOON_MS(3)) < NOON_US(500));
	noon_clock_steer(c, &line);
	assert_true(card.ppm_set < -400); /* it is ahead, so it is slowed down as far as allowed */
	/* Nor does steering in between hide a step. */
	assert_int_equal(noon_clock_check(c, &size), NOON_CLOCK_STEADY);
	assert_int_equal(card_step(&card, NOON_MS(-7)), 0);
	noon_clock_steer(c, &line);
	assert_int_equal(noon_clock_check(c, &size), NOON_CLOCK_STEPPED);
	assert_true(llabs(size + NOON_MS(7)) < NOON_US(500));
	noon_clock_steer(c, &line);
	assert_int_equal(noon_clock_check(c, &size), NOON_CLOCK_STEADY);
	card.broken = true;
	noon_clock_steer(c, &line); /* a card that cannot be read is left alone */
	noon_clock_free(c);
}

static void hardware_stamps_are_translated_with_a_stated_error(void **state)
{
	struct card card = {.base_real = noon_clock_read(CLOCK_REALTIME), .ppm_error = 80};
	const struct noon_hwstamp hw = {.dev = {.arg = &card, .sample = card_sample}};
	struct noon_hwstamp_look since;
	int64_t real = 0;
	noon_dur err = 0;

	(void)state;
	card.base_phc = NOON_S(100); /* a card that starts at 1970 */
	since = noon_hwstamp_look(&hw);
	since.raw_ns -= NOON_S(20);
	since.card_ns -= NOON_S(20);
	for (int i = 0; i < 200; i++) {
		const int64_t truth = noon_clock_read(CLOCK_REALTIME) - NOON_US(37) * i;

		assert_int_equal(
			noon_hwstamp_to_real(&hw, &since, card_at(&card, truth), &real, &err),
			NOON_OK);
		assert_true(llabs(real - truth) <= err);
		assert_true(err < NOON_US(20) + NOON_US(37) * i);
	}
	real = 5;
	assert_int_equal(
		noon_hwstamp_to_real(&hw, &since,
				     card_at(&card, noon_clock_read(CLOCK_REALTIME) + NOON_S(1)),
				     &real, &err),
		NOON_ERR_RANGE);
	assert_int_equal(
		noon_hwstamp_to_real(&hw, &since,
				     card_at(&card, noon_clock_read(CLOCK_REALTIME) - NOON_S(11)),
				     &real, &err),
		NOON_ERR_RANGE);
	card.broken = true;
	assert_int_equal(noon_hwstamp_to_real(&hw, &since, 0, &real, &err), NOON_ERR_OS);
	assert_int_equal(real, 5);
}

/* Somebody else steps the card, or slews it, between the stamp and its translation: the translation
 * would be wrong by as much, with nothing in its error for it. */
static void hardware_stamps_are_refused_when_the_card_does_not_run_steadily(void **state)
{
	static const struct {
		noon_dur step;	 /* between stamp and translation */
		double ppm;	 /* how fast the card runs */
		noon_dur before; /* the stamp was taken this long before the comparison */
		noon_err expected;
	} table[] = {
		{0, 0, 0, NOON_OK},
		{0, 90, 0, NOON_OK},
		{0, -900, 0, NOON_OK},
		{NOON_MS(1), 0, 0, NOON_ERR_RANGE},
		{-NOON_MS(1), 0, 0, NOON_ERR_RANGE},
		{NOON_S(5), 0, 0, NOON_ERR_RANGE},
		{-NOON_S(5), 0, 0, NOON_ERR_RANGE},
		{0, 100000, 0, NOON_ERR_RANGE},
		{0, -100000, 0, NOON_ERR_RANGE},
		{0, 0, NOON_MS(50), NOON_ERR_RANGE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct card card = {.base_real = noon_clock_read(CLOCK_REALTIME),
				    .base_phc = NOON_S(1000),
				    .ppm_error = table[i].ppm};
		const struct noon_hwstamp hw = {.dev = {.arg = &card, .sample = card_sample}};
		const struct noon_hwstamp_look since = noon_hwstamp_look(&hw);
		const int64_t truth = noon_clock_read(CLOCK_REALTIME) - table[i].before;
		const int64_t stamp = card_at(&card, truth);
		int64_t real = 77;
		noon_dur err = 0;

		assert_true(since.valid);
		(void)usleep(20000);
		assert_int_equal(card_step(&card, table[i].step), 0);
		assert_int_equal(noon_hwstamp_to_real(&hw, &since, stamp, &real, &err),
				 table[i].expected);
		if (table[i].expected == NOON_OK)
			assert_true(llabs(real - truth) <= err);
		else
			assert_int_equal(real, 77);
	}
}

static void without_a_comparison_before_it_no_hardware_stamp_is_used(void **state)
{
	struct card card = {.base_real = noon_clock_read(CLOCK_REALTIME), .broken = true};
	const struct noon_hwstamp hw = {.dev = {.arg = &card, .sample = card_sample}};
	struct noon_hwstamp_look since = noon_hwstamp_look(&hw);
	int64_t real;
	noon_dur err;

	(void)state;
	assert_false(since.valid);
	card.broken = false;
	assert_int_equal(noon_hwstamp_to_real(&hw, &since,
					      card_at(&card, noon_clock_read(CLOCK_REALTIME)),
					      &real, &err),
			 NOON_ERR_RANGE);
	since = noon_hwstamp_look(NULL);
	assert_false(since.valid);
}

static void an_interface_without_hardware_stamps_says_so(void **state)
{
	struct noon_hwstamp hw;
	const char *why = NULL;

	(void)state;
	assert_int_not_equal(noon_hwstamp_open("lo", &hw, &why), NOON_OK);
	assert_non_null(why);
	assert_int_equal(noon_hwstamp_open("no-such-card", &hw, &why), NOON_ERR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(virtual_clock_has_the_faults_it_was_given),
		cmocka_unit_test(virtual_clock_never_runs_backwards_and_repeats_for_a_seed),
		cmocka_unit_test(kernel_stamps_are_translated_with_a_stated_error),
		cmocka_unit_test(stamps_from_another_clock_are_refused),
		cmocka_unit_test(stamps_are_refused_when_the_clock_was_stepped_meanwhile),
		cmocka_unit_test(the_sum_of_suspensions_stands_still),
		cmocka_unit_test(maps_follow_the_line),
		cmocka_unit_test(a_line_bends_where_its_slew_ends),
		cmocka_unit_test(hardware_clock_follows_the_line_and_notices_steps),
		cmocka_unit_test(hardware_stamps_are_translated_with_a_stated_error),
		cmocka_unit_test(hardware_stamps_are_refused_when_the_card_does_not_run_steadily),
		cmocka_unit_test(without_a_comparison_before_it_no_hardware_stamp_is_used),
		cmocka_unit_test(an_interface_without_hardware_stamps_says_so),
	};

	return cmocka_run_group_tests_name("platform/clock", tests, NULL, NULL);
}
