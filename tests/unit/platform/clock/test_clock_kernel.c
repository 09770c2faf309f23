/* SPDX-License-Identifier: Apache-2.0
 *
 * What the system clock tells the kernel. The kernel is one of this file's own, with a clock that
 * runs as fast as the test wants: the linker puts its calls in the place of the C library's
 * (--wrap), so the clock of the machine is never touched.
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/timex.h>
#include <time.h>

#include <cmocka.h>

#include "platform/clock/clock.h"

#define DAY	 INT64_C(86400)
#define TICK	 NOON_MS(4)
#define MIDNIGHT (INT64_C(20000) * DAY) /* s; the end of the day of the tests */
#define WRITES	 512

/* What this kernel understands. */
#define KNOWN                                                                                  \
	(ADJ_FREQUENCY | ADJ_STATUS | ADJ_MAXERROR | ADJ_ESTERROR | ADJ_SETOFFSET | ADJ_NANO | \
	 ADJ_TAI | ADJ_TICK)

/* --- the kernel: time/ntp.c and time/timekeeping.c as far as they matter ---------------------- */

struct write {
	int64_t raw;
	struct timex tx;
};

static struct kernel {
	int64_t raw;
	int64_t real;
	double rest; /* of a ns */
	double freq;
	struct timex tx;
	int state;
	int64_t leap_at; /* s; the end of the day when it was told */
	size_t n;
	struct write write[WRITES];
	unsigned offsets; /* ADJ_SETOFFSET */
} k;

int __wrap_clock_gettime(clockid_t id, struct timespec *ts);
int __wrap_clock_adjtime(clockid_t id, struct timex *tx);

int __wrap_clock_gettime(clockid_t id, struct timespec *ts)
{
	const int64_t t = id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE ? k.real : k.raw;

	ts->tv_sec = t / NOON_NS_PER_SEC;
	ts->tv_nsec = t % NOON_NS_PER_SEC;
	return 0;
}

int __wrap_clock_adjtime(clockid_t id, struct timex *tx)
{
	assert_int_equal(id, CLOCK_REALTIME);
	assert_int_equal(tx->modes & ~(unsigned)KNOWN, 0);
	if (tx->modes != 0 && k.n < WRITES)
		k.write[k.n++] = (struct write){k.raw, *tx};
	if (tx->modes & ADJ_FREQUENCY) {
		k.tx.freq = tx->freq;
		k.freq = (double)tx->freq / 65536e6;
	}
	if (tx->modes & ADJ_STATUS)
		k.tx.status = tx->status;
	if (tx->modes & ADJ_MAXERROR)
		k.tx.maxerror = tx->maxerror;
	if (tx->modes & ADJ_ESTERROR)
		k.tx.esterror = tx->esterror;
	if (tx->modes & ADJ_TAI)
		k.tx.tai = (int)tx->constant;
	if (tx->modes & ADJ_SETOFFSET) {
		k.real += tx->time.tv_sec * NOON_NS_PER_SEC + tx->time.tv_usec;
		k.tx.status |= STA_UNSYNC; /* ntp_clear() */
		k.offsets++;
	}
	*tx = k.tx;
	return k.tx.status & STA_UNSYNC ? TIME_ERROR : k.state; /* whatever the leap second does */
}

static void leap(int64_t seconds)
{
	k.real += seconds * NOON_NS_PER_SEC;
	k.tx.tai -= (int)seconds;
}

/* second_overflow(), at the first tick of each second */
static void overflow(int64_t s)
{
	switch (k.state) {
	case TIME_OK:
		if ((k.tx.status & (STA_INS | STA_DEL)) == 0)
			break;
		k.state = k.tx.status & STA_INS ? TIME_INS : TIME_DEL;
		k.leap_at = s + DAY - s % DAY;
		break;
	case TIME_INS:
		if (!(k.tx.status & STA_INS)) {
			k.state = TIME_OK;
		} else if (s == k.leap_at) {
			leap(-1);
			k.state = TIME_OOP;
		}
		break;
	case TIME_DEL:
		if (!(k.tx.status & STA_DEL)) {
			k.state = TIME_OK;
		} else if (s + 1 == k.leap_at) {
			leap(1);
			k.state = TIME_WAIT;
		}
		break;
	case TIME_OOP:
		k.state = TIME_WAIT;
		break;
	case TIME_WAIT:
		if ((k.tx.status & (STA_INS | STA_DEL)) == 0)
			k.state = TIME_OK;
		break;
	default:
		break;
	}
	k.tx.maxerror += 500;
}

static void let_pass(noon_dur d)
{
	const int64_t until = k.raw + d;

	while (k.raw < until) {
		const int64_t step = until - k.raw < TICK ? until - k.raw : TICK;
		const int64_t before = k.real / NOON_NS_PER_SEC;

		k.raw += step;
		k.rest += (double)step * k.freq;
		k.real += step + (int64_t)k.rest;
		k.rest -= (double)(int64_t)k.rest;
		if (k.real / NOON_NS_PER_SEC != before)
			overflow(k.real / NOON_NS_PER_SEC);
	}
}

/* --- its user: a daemon whose engine says that the clock is right but for `off` --------------- */

static struct noon_clock *c;
static struct noon_clock_line line;
static struct noon_clock_claim claim;
static unsigned stepped; /* checks that found the clock stepped by somebody else */
static noon_dur worst;	 /* of |C - line| */

/* The clock is `before` ahead of the end of the day. */
static void begin(noon_dur before)
{
	k = (struct kernel){
		.raw = NOON_S(1000),
		.real = MIDNIGHT * NOON_NS_PER_SEC - before,
		.tx = {.status = STA_UNSYNC, .tick = 10000, .tai = 37, .maxerror = 16000000},
		.state = TIME_OK,
	};
	assert_int_equal(noon_clock_system_new(true, &c), NOON_OK);
	line = (struct noon_clock_line){.h0 = noon_clock_now(c)};
	noon_clock_steer(c, &line);
	claim = (struct noon_clock_claim){
		.bound = NOON_US(1234) + 1, .estimate = NOON_US(20), .synchronised = true};
	stepped = 0;
	worst = 0;
}

static void end(void)
{
	noon_clock_free(c);
}

/* Turns of the daemon: ten a second, as after exchanges. */
static void turn(noon_dur for_so_long)
{
	const int64_t until = k.raw + for_so_long;

	while (k.raw < until) {
		noon_dur size;
		noon_dur off;

		let_pass(until - k.raw < NOON_MS(100) ? until - k.raw : NOON_MS(100));
		stepped += noon_clock_check(c, &size) == NOON_CLOCK_STEPPED;
		noon_clock_steer(c, &line);
		off = noon_time_diff(noon_clock_disciplined(c), noon_clock_now(c)) - line.corr0;
		worst = noon_dur_abs(off) > worst ? noon_dur_abs(off) : worst;
		noon_clock_tell(c, &claim);
	}
}

static size_t writes_of(unsigned modes)
{
	size_t n = 0;

	for (size_t i = 0; i < k.n; i++)
		n += (k.write[i].tx.modes & modes) != 0;
	return n;
}

static void bound_and_status_are_told(void **state)
{
	(void)state;
	begin(NOON_S(40000));
	/* Nothing has been agreed on yet. */
	assert_true(k.tx.status & STA_UNSYNC && k.tx.status & STA_FREQHOLD);
	claim.synchronised = false;
	claim.bound = claim.estimate = NOON_DUR_MAX;
	turn(NOON_S(3));
	assert_int_equal(k.tx.status, STA_UNSYNC | STA_FREQHOLD);
	assert_int_equal(k.tx.maxerror / 1000, 16000);
	claim = (struct noon_clock_claim){NOON_US(1234) + 1, NOON_US(20), true, 0, {0}, 0};
	turn(NOON_S(2));
	assert_int_equal(k.tx.status, STA_FREQHOLD);
	assert_true(k.tx.maxerror == 1235 || k.tx.maxerror == 1735); /* up; and what it grew */
	assert_int_equal(k.tx.esterror, 20);
	/* An alarm is told at once, with its bound. */
	claim.synchronised = false;
	claim.bound = NOON_MS(300);
	noon_clock_tell(c, &claim);
	assert_int_equal(k.tx.status, STA_UNSYNC | STA_FREQHOLD);
	assert_int_equal(k.tx.maxerror, 300000);
	/* The end of it can wait a second. */
	claim.synchronised = true;
	turn(NOON_MS(500));
	assert_true(k.tx.status & STA_UNSYNC);
	turn(NOON_S(1));
	assert_false(k.tx.status & STA_UNSYNC);
	/* Nor is a bound above what the kernel knows synchronised. */
	claim.bound = NOON_S(17);
	noon_clock_tell(c, &claim);
	assert_true(k.tx.status & STA_UNSYNC);
	assert_int_equal(k.tx.maxerror, 16000000);
	assert_int_equal(stepped, 0);
	end();
}

static void status_is_written_once_a_second(void **state)
{
	size_t before;

	(void)state;
	begin(NOON_S(40000));
	turn(NOON_S(2));
	before = writes_of(ADJ_STATUS);
	turn(NOON_S(20));
	assert_in_range(writes_of(ADJ_STATUS) - before, 19, 21);
	/* It is better with each exchange, and worse by the drift between. */
	before = writes_of(ADJ_STATUS);
	for (int i = 0; i < 200; i++) {
		claim.bound = NOON_US(1200) + (i % 10) * NOON_US(30);
		turn(NOON_MS(100));
	}
	assert_in_range(writes_of(ADJ_STATUS) - before, 19, 21);
	/* What grows faster than the kernel's own figure is told at once. */
	claim.bound = NOON_MS(5);
	noon_clock_tell(c, &claim);
	assert_int_equal(k.tx.maxerror, 5000);
	end();
}

static void tai_is_told_once(void **state)
{
	(void)state;
	begin(NOON_S(40000));
	k.tx.tai = 0;
	turn(NOON_S(2));
	assert_int_equal(writes_of(ADJ_TAI), 0);
	claim.tai = 37;
	turn(NOON_S(10));
	assert_int_equal(k.tx.tai, 37);
	assert_int_equal(writes_of(ADJ_TAI), 1);
	end();
}

/* The end of the day, with a leap second of `shift` that the engine carries out `late` after it. */
static void pass_midnight(noon_dur shift, noon_dur late, bool synchronised)
{
	const int64_t at = MIDNIGHT * NOON_NS_PER_SEC - (shift > 0 ? shift : 0);

	claim.leap = shift;
	claim.leap_at = (noon_time){at};
	turn(NOON_S(5));
	assert_true(k.tx.status & (shift < 0 ? STA_INS : STA_DEL));
	claim.synchronised = synchronised;
	turn(at + late - (k.real - (k.tx.tai == 37 ? 0 : shift)));
	line.corr0 += shift;
	claim.leap = 0;
	assert_int_equal(noon_clock_leap(c, &line, shift), NOON_OK);
	turn(NOON_S(5));
	claim.synchronised = true;
	turn(NOON_S(5));
	assert_int_equal(k.tx.tai, shift < 0 ? 38 : 36);
	assert_int_equal(k.tx.status & (STA_INS | STA_DEL | STA_UNSYNC), 0);
	assert_int_equal(k.state, TIME_OK);
	/* C was on the line all the time, whoever was first. */
	assert_true(worst < NOON_US(50));
	assert_int_equal(stepped, 0);
	/* Nor do tomorrow's midnights have one. */
	turn(NOON_S(5));
	assert_int_equal(noon_clock_disciplined(c).ns, k.real);
}

static void the_kernel_carries_a_leap_second_out(void **state)
{
	/* After the engine, which is right to less than a tick, or before it. */
	static const noon_dur late[] = {-NOON_MS(30), NOON_US(100), NOON_MS(2),	  NOON_MS(5),
					NOON_MS(30),  NOON_MS(700), NOON_MS(2500)};

	(void)state;
	/* Around a leap second the state is no ok, and the clock said to be unsynchronised. */
	for (size_t i = 0; i < 2 * sizeof(late) / sizeof(late[0]); i++) {
		begin(NOON_S(20));
		pass_midnight(-NOON_S(1), late[i / 2], i % 2 == 0);
		assert_int_equal(k.offsets, 0);
		end();
		begin(NOON_S(20));
		pass_midnight(NOON_S(1), late[i / 2], i % 2 == 0);
		assert_int_equal(k.offsets, 0);
		end();
	}
}

/* It was told on the day only: by a kernel's word it is the end of its own day. */
static void the_kernel_is_told_on_the_day(void **state)
{
	(void)state;
	begin(NOON_S(86400 + 100));
	claim.leap = -NOON_S(1);
	claim.leap_at = (noon_time){MIDNIGHT * NOON_NS_PER_SEC};
	turn(NOON_S(150));
	assert_int_equal(k.tx.status & STA_INS, 0);
	turn(NOON_S(20));
	assert_int_equal(k.tx.status & STA_INS, STA_INS);
	assert_int_equal(k.leap_at, MIDNIGHT);
	/* It was a mistake. */
	claim.leap = 0;
	turn(NOON_S(3));
	assert_int_equal(k.tx.status & STA_INS, 0);
	assert_int_equal(k.state, TIME_OK);
	assert_int_equal(k.offsets, 0);
	end();
}

/* Learnt too late to tell it, or forgotten by it. */
static void what_the_kernel_does_not_do_is_stepped(void **state)
{
	(void)state;
	begin(NOON_S(1));
	claim.leap = -NOON_S(1);
	claim.leap_at = (noon_time){MIDNIGHT * NOON_NS_PER_SEC};
	turn(NOON_MS(1100));
	assert_int_equal(k.tx.status & STA_INS, 0);
	line.corr0 -= NOON_S(1);
	claim.leap = 0;
	assert_int_equal(noon_clock_leap(c, &line, -NOON_S(1)), NOON_OK);
	assert_int_equal(k.offsets, 1);
	assert_int_equal(k.tx.tai, 38);
	turn(NOON_S(5));
	assert_int_equal(k.offsets, 1);
	assert_true(worst < NOON_US(50));
	assert_int_equal(stepped, 0);
	end();

	begin(NOON_S(10));
	claim.leap = -NOON_S(1);
	claim.leap_at = (noon_time){MIDNIGHT * NOON_NS_PER_SEC};
	turn(NOON_S(5));
	assert_true(k.tx.status & STA_INS);
	for (int i = 0; i < 60; i++) { /* somebody else takes it back, again and again */
		turn(NOON_MS(100));
		k.tx.status &= ~STA_INS;
		k.state = TIME_OK;
	}
	line.corr0 -= NOON_S(1);
	claim.leap = 0;
	assert_int_equal(noon_clock_leap(c, &line, -NOON_S(1)), NOON_OK);
	k.tx.status &= ~STA_INS;
	k.state = TIME_OK;
	assert_int_equal(k.offsets, 0);
	for (int i = 0; i < 30; i++) {
		turn(NOON_MS(100));
		k.state = TIME_OK;
	}
	assert_int_equal(k.offsets, 1);
	assert_true(worst < NOON_US(50));
	assert_int_equal(k.tx.status & STA_INS, 0);
	assert_int_equal(k.tx.tai, 38);
	end();
}

/* A step of a second just then is not the leap second, by the kernel's own word. */
static void a_step_is_not_taken_for_it(void **state)
{
	(void)state;
	begin(NOON_S(20));
	claim.leap = -NOON_S(1);
	claim.leap_at = (noon_time){MIDNIGHT * NOON_NS_PER_SEC};
	turn(NOON_S(15));
	k.real -= NOON_S(1);
	turn(NOON_MS(300));
	assert_int_equal(stepped, 1);
	assert_true(worst > NOON_MS(900));
	end();
}

static void a_clock_that_is_only_read_is_told_nothing(void **state)
{
	(void)state;
	k = (struct kernel){.raw = NOON_S(1000), .real = MIDNIGHT, .tx = {.tick = 10000}};
	assert_int_equal(noon_clock_system_new(false, &c), NOON_OK);
	claim = (struct noon_clock_claim){.bound = 1000, .leap = -NOON_S(1), .tai = 37};
	turn(NOON_S(5));
	assert_int_equal(k.n, 0);
	noon_clock_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bound_and_status_are_told),
		cmocka_unit_test(status_is_written_once_a_second),
		cmocka_unit_test(tai_is_told_once),
		cmocka_unit_test(the_kernel_carries_a_leap_second_out),
		cmocka_unit_test(the_kernel_is_told_on_the_day),
		cmocka_unit_test(what_the_kernel_does_not_do_is_stepped),
		cmocka_unit_test(a_step_is_not_taken_for_it),
		cmocka_unit_test(a_clock_that_is_only_read_is_told_nothing),
	};

	return cmocka_run_group_tests_name("platform/clock kernel", tests, NULL, NULL);
}
