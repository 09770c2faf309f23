/* SPDX-License-Identifier: Apache-2.0
 *
 * libnoonmark on clocks of the test's own: what it costs, and what it makes of sleep and steps.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "noonmark/clock.h"
#include "platform/page.h"

#define S  INT64_C(1000000000)
#define MS INT64_C(1000000)

/* The clocks of the test; the library reads them through clock_gettime() below. */
static struct {
	int64_t raw;
	int64_t mono;
	int64_t boot;
	int64_t real;
	int64_t tick; /* the coarse clocks are that of this long ago */
	unsigned reads;
	unsigned coarse;
} fake;

int clock_gettime(clockid_t id, struct timespec *ret)
{
	int64_t ns;

	switch (id) {
	case CLOCK_MONOTONIC_RAW:
		ns = fake.raw;
		break;
	case CLOCK_MONOTONIC:
		ns = fake.mono;
		break;
	case CLOCK_BOOTTIME:
		ns = fake.boot;
		break;
	case CLOCK_MONOTONIC_COARSE:
		ns = fake.mono - fake.tick;
		break;
	case CLOCK_REALTIME_COARSE:
		ns = fake.real - fake.tick;
		break;
	default:
		return (int)syscall(SYS_clock_gettime, id, ret);
	}
	if (id == CLOCK_MONOTONIC_COARSE || id == CLOCK_REALTIME_COARSE)
		fake.coarse++;
	else
		fake.reads++;
	ret->tv_sec = ns / S;
	ret->tv_nsec = ns % S;
	return 0;
}

static char path[64];
static struct noon_page_writer *writer;
static struct noon_clock_page *page;

static struct noon_page_body body_now(void)
{
	return (struct noon_page_body){
		.raw0 = fake.raw,
		.earliest0 = 1000 * S - 500,
		.latest0 = 1000 * S + 500,
		.earliest_rate = -1e-6,
		.latest_rate = 1e-6,
		.rates_until = INT64_MAX,
		.late_earliest_rate = -500e-6,
		.late_latest_rate = 500e-6,
		.void_after = fake.raw + 60 * S,
		.fresh_until = fake.raw + 5 * S,
		.status = NOON_CLOCK_OK,
		.has_time = 1,
		.asleep = fake.boot - fake.mono,
		.real_ahead = fake.real - fake.mono,
	};
}

/* Good figures of this moment of the fake clocks. */
static void publish(void)
{
	struct noon_page_body body;

	fake.raw = 5000 * S;
	fake.mono = 5003 * S;
	fake.boot = 6000 * S;
	fake.real = 1700000000 * S;
	fake.tick = 3 * MS;
	body = body_now();
	noon_page_writer_put(writer, &body);
}

/* Time passes for all clocks, and the kernel steers its own by so much. */
static void pass(int64_t ns, int64_t steered)
{
	fake.raw += ns;
	fake.mono += ns + steered;
	fake.boot += ns + steered;
	fake.real += ns + steered;
}

static int begin(void **state)
{
	(void)state;
	(void)snprintf(path, sizeof(path), "/tmp/noonmark-lib.%d", (int)getpid());
	assert_int_equal(noon_page_writer_new(path, &writer), NOON_OK);
	assert_int_equal(noon_open(path, &page), 0);
	return 0;
}

static int end(void **state)
{
	(void)state;
	noon_close(page);
	noon_page_writer_free(writer);
	(void)unlink(path);
	return 0;
}

static enum noon_clock_status status_now(void)
{
	enum noon_clock_status status;
	int64_t lo;
	int64_t hi;

	fake.reads = 0;
	fake.coarse = 0;
	assert_int_equal(noon_now(page, &lo, &hi, &status), 0);
	return status;
}

static void sleep_for(int64_t ns)
{
	fake.boot += ns;
	fake.real += ns;
}

/* Whoever steers the kernel's clock, and however hard (10 % is the most it lets anybody). */
static void reads_the_counter_once(void **state)
{
	static const int64_t steered[] = {0, -400 * MS, -150000, 150000, 400 * MS};

	(void)state;
	for (size_t i = 0; i < sizeof(steered) / sizeof(steered[0]); i++) {
		publish();
		pass(4 * S, steered[i]);
		assert_int_equal(status_now(), NOON_CLOCK_OK);
		assert_int_equal(fake.reads, 1);
		assert_int_equal(fake.coarse, 2);
	}
}

static void notices_sleep(void **state)
{
	static const struct {
		int64_t slept;
		enum noon_clock_status status;
	} table[] = {
		{0, NOON_CLOCK_OK},	      {900000, NOON_CLOCK_OK},
		{1100000, NOON_CLOCK_STALE},  {500 * MS, NOON_CLOCK_STALE},
		{3600 * S, NOON_CLOCK_STALE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		publish();
		pass(S / 2, 0);
		sleep_for(table[i].slept);
		assert_int_equal(status_now(), table[i].status);
	}
}

/* A step of CLOCK_REALTIME is no sleep, and hides none that is not just as long. */
static void a_step_is_no_sleep_and_hides_none(void **state)
{
	static const int64_t stepped[] = {-3600 * S, -S, -1, MS + 1, S, 3600 * S};

	(void)state;
	for (size_t i = 0; i < sizeof(stepped) / sizeof(stepped[0]); i++) {
		publish();
		pass(S, 0);
		fake.real += stepped[i];
		assert_int_equal(status_now(), NOON_CLOCK_OK);
		assert_int_equal(fake.reads, 3);
		sleep_for(50 * MS);
		assert_int_equal(status_now(), NOON_CLOCK_STALE);
	}
}

static struct noon_clock_interval read_now(void)
{
	struct noon_clock_interval is;

	assert_int_equal(noon_read(page, &is), 0);
	assert_true((is.status == NOON_CLOCK_OK) == (is.reason == NOON_CLOCK_REASON_NONE));
	return is;
}

static void tells_why_it_is_stale(void **state)
{
	(void)state;
	publish();
	assert_int_equal(read_now().reason, NOON_CLOCK_REASON_NONE);
	assert_string_equal(noon_stale_why(page), "");
	pass(5 * S + 1, 0);
	assert_int_equal(read_now().reason, NOON_CLOCK_REASON_LATE);
	assert_non_null(strstr(noon_stale_why(page), "killed"));
	publish();
	sleep_for(2 * MS);
	assert_int_equal(read_now().reason, NOON_CLOCK_REASON_ASLEEP);
	publish();
	fake.raw -= 1;
	assert_int_equal(read_now().reason, NOON_CLOCK_REASON_FUTURE);
	publish();
	noon_page_writer_free(writer);
	assert_int_equal(read_now().reason, NOON_CLOCK_REASON_STOPPED);
	assert_int_equal(noon_page_writer_new(path, &writer), NOON_OK);
	assert_int_equal(read_now().reason, NOON_CLOCK_REASON_STOPPED);
}

/* By its age alone a reading is never better than the page allowed for. */
static void tells_why_it_is_no_longer_ok(void **state)
{
	struct noon_page_body body;

	(void)state;
	publish();
	body = body_now();
	body.void_after = fake.raw + S;
	noon_page_writer_put(writer, &body);
	pass(S, 0);
	assert_int_equal(read_now().status, NOON_CLOCK_OK);
	pass(1, 0);
	assert_int_equal(read_now().status, NOON_CLOCK_ALARM);
	assert_int_equal(read_now().reason, NOON_CLOCK_REASON_BOUND);
	body.status = NOON_CLOCK_UNSYNCHRONISED;
	body.reason = NOON_CLOCK_REASON_SETTLING;
	noon_page_writer_put(writer, &body);
	assert_int_equal(read_now().reason, NOON_CLOCK_REASON_SETTLING);
	/* A reason of a later version. */
	body.reason = 999;
	noon_page_writer_put(writer, &body);
	assert_string_equal(noon_clock_reason_word(read_now().reason), "unknown");
}

static void without_time_there_is_no_interval(void **state)
{
	struct noon_page_body body;
	enum noon_clock_status status;
	struct noon_clock_interval is;
	int64_t lo;
	int64_t hi;

	(void)state;
	publish();
	body = body_now();
	body.has_time = 0;
	body.status = NOON_CLOCK_UNSYNCHRONISED;
	body.reason = NOON_CLOCK_REASON_NO_EXCHANGE;
	noon_page_writer_put(writer, &body);
	assert_int_equal(noon_now(page, &lo, &hi, &status), ENODATA);
	is = read_now();
	assert_true(is.earliest == INT64_MIN && is.latest == INT64_MAX);
	assert_int_equal(is.reason, NOON_CLOCK_REASON_NO_EXCHANGE);
}

static void reasons_have_words_of_their_own(void **state)
{
	(void)state;
	for (int i = 0; i < 64; i++) {
		const char *word = noon_clock_reason_word((enum noon_clock_reason)i);

		assert_non_null(noon_clock_reason_text((enum noon_clock_reason)i));
		for (int k = 0; k < i; k++) {
			const char *other = noon_clock_reason_word((enum noon_clock_reason)k);

			assert_true(strcmp(word, other) != 0 || strcmp(word, "unknown") == 0);
		}
	}
}

static void knows_what_is_past_and_what_is_to_come(void **state)
{
	static const struct {
		uint32_t status;
		int certain;
	} table[] = {
		{NOON_CLOCK_UNSYNCHRONISED, 0},
		{NOON_CLOCK_OK, 1},
		{NOON_CLOCK_HOLDOVER, 1},
		{NOON_CLOCK_ALARM, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct noon_page_body body;

		publish();
		body = body_now();
		body.status = table[i].status;
		noon_page_writer_put(writer, &body);
		assert_int_equal(noon_after(page, 1000 * S - 501), table[i].certain);
		assert_int_equal(noon_after(page, 1000 * S - 500), 0);
		assert_int_equal(noon_after(page, 1000 * S + 501), 0);
		assert_int_equal(noon_before(page, 1000 * S + 501), table[i].certain);
		assert_int_equal(noon_before(page, 1000 * S + 500), 0);
		assert_int_equal(noon_before(page, 1000 * S - 501), 0);
		pass(10 * S, 0); /* stale */
		assert_int_equal(noon_after(page, 0), 0);
		assert_int_equal(noon_before(page, INT64_MAX), 0);
	}
}

/* Time passes while the library sleeps; after so many sleeps the page is as wanted. */
static struct {
	int64_t slept;
	unsigned sleeps;
	unsigned good_after;
	uint32_t until_then;
	int interrupted;
} nap;

int clock_nanosleep(clockid_t id, int flags, const struct timespec *until, struct timespec *left)
{
	const int64_t to = until->tv_sec * S + until->tv_nsec;
	struct noon_page_body body;

	(void)left;
	assert_int_equal(id, CLOCK_MONOTONIC);
	assert_int_equal(flags, TIMER_ABSTIME);
	assert_true(to > fake.mono);
	nap.slept += to - fake.mono;
	nap.sleeps++;
	pass(to - fake.mono, 0);
	body = body_now();
	if (nap.sleeps < nap.good_after)
		body.status = nap.until_then;
	noon_page_writer_put(writer, &body);
	return nap.interrupted;
}

static void begin_nap(unsigned good_after, uint32_t until_then)
{
	struct noon_page_body body;

	publish();
	body = body_now();
	body.status = good_after > 0 ? until_then : NOON_CLOCK_OK;
	noon_page_writer_put(writer, &body);
	memset(&nap, 0, sizeof(nap));
	nap.good_after = good_after;
	nap.until_then = until_then;
}

static void waits_until_the_status_is_ok(void **state)
{
	struct noon_clock_interval is;

	(void)state;
	begin_nap(0, 0);
	assert_int_equal(noon_wait(page, 0, -1, &is), 0);
	assert_int_equal(nap.sleeps, 0);
	begin_nap(7, NOON_CLOCK_HOLDOVER);
	assert_int_equal(noon_wait(page, 0, -1, &is), 0);
	assert_int_equal(nap.sleeps, 7);
	assert_true(nap.slept == 700 * MS);
	assert_int_equal(is.status, NOON_CLOCK_OK);
	assert_true(is.latest - is.earliest == 1000);
	begin_nap(7, NOON_CLOCK_UNSYNCHRONISED);
	assert_int_equal(noon_wait(page, 0, INT64_MAX, &is), 0);
	assert_int_equal(nap.sleeps, 7);
}

static void waits_no_longer_than_it_was_told(void **state)
{
	struct noon_clock_interval is = {.earliest = 77};

	(void)state;
	begin_nap(1000, NOON_CLOCK_ALARM);
	assert_int_equal(noon_wait(page, 0, 0, &is), ETIMEDOUT);
	assert_int_equal(nap.sleeps, 0);
	begin_nap(1000, NOON_CLOCK_ALARM);
	assert_int_equal(noon_wait(page, 0, 250 * MS, &is), ETIMEDOUT);
	assert_true(nap.slept == 250 * MS);
	assert_int_equal(nap.sleeps, 3);
	begin_nap(1000, NOON_CLOCK_ALARM);
	nap.interrupted = EINTR;
	assert_int_equal(noon_wait(page, 0, S, &is), EINTR);
	assert_true(is.earliest == 77);
}

/* Half of 1000 ns, and of 1001 ns no less than 501. */
static void waits_for_a_bound(void **state)
{
	struct noon_clock_interval is;
	struct noon_page_body body;

	(void)state;
	begin_nap(0, 0);
	assert_int_equal(noon_wait(page, 500, 0, &is), 0);
	assert_int_equal(noon_wait(page, 499, 0, &is), ETIMEDOUT);
	body = body_now();
	body.latest0++;
	noon_page_writer_put(writer, &body);
	assert_int_equal(noon_wait(page, 501, 0, &is), 0);
	assert_int_equal(noon_wait(page, 500, 0, &is), ETIMEDOUT);
}

static void rounds_outward(void **state)
{
	struct noon_page_body body;
	enum noon_clock_status status;
	int64_t lo;
	int64_t hi;

	(void)state;
	publish();
	body = body_now();
	body.earliest_rate = -1.5e-9;
	body.latest_rate = 1.5e-9;
	noon_page_writer_put(writer, &body);
	pass(S, 0);
	assert_int_equal(noon_now(page, &lo, &hi, &status), 0);
	assert_int_equal(lo, 1001 * S - 500 - 2);
	assert_int_equal(hi, 1001 * S + 500 + 2);
	/* The other way round: towards the middle it is rounded less. */
	publish();
	body = body_now();
	body.earliest_rate = 1.5e-9;
	body.latest_rate = -1.5e-9;
	noon_page_writer_put(writer, &body);
	pass(S, 0);
	assert_int_equal(noon_now(page, &lo, &hi, &status), 0);
	assert_int_equal(lo, 1001 * S - 500 + 1);
	assert_int_equal(hi, 1001 * S + 500 - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_counter_once),
		cmocka_unit_test(notices_sleep),
		cmocka_unit_test(a_step_is_no_sleep_and_hides_none),
		cmocka_unit_test(tells_why_it_is_stale),
		cmocka_unit_test(tells_why_it_is_no_longer_ok),
		cmocka_unit_test(without_time_there_is_no_interval),
		cmocka_unit_test(reasons_have_words_of_their_own),
		cmocka_unit_test(knows_what_is_past_and_what_is_to_come),
		cmocka_unit_test(waits_until_the_status_is_ok),
		cmocka_unit_test(waits_no_longer_than_it_was_told),
		cmocka_unit_test(waits_for_a_bound),
		cmocka_unit_test(rounds_outward),
	};

	return cmocka_run_group_tests_name("lib/clock", tests, begin, end);
}
