/* SPDX-License-Identifier: Apache-2.0
 *
 * The shared page, written by platform/page and read by libnoonmark.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "noonmark/clock.h"
#include "platform/clock/clock.h"
#include "platform/page.h"

static char path[64];

static int64_t raw_now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

static int name_path(void **state)
{
	(void)state;
	(void)snprintf(path, sizeof(path), "/tmp/noonmark-page.%d", (int)getpid());
	return 0;
}

static int remove_path(void **state)
{
	(void)state;
	(void)unlink(path);
	return 0;
}

static struct noon_page_body good_body(void)
{
	const int64_t raw = raw_now();

	return (struct noon_page_body){
		.asleep = noon_clock_asleep(),
		.real_ahead = noon_clock_real_ahead(),
		.raw0 = raw,
		.earliest0 = 1000000000000 - 500,
		.latest0 = 1000000000000 + 500,
		.earliest_rate = -1e-6,
		.latest_rate = 1e-6,
		.rates_until = INT64_MAX,
		.late_earliest_rate = -500e-6,
		.late_latest_rate = 500e-6,
		.void_after = raw + INT64_C(60000000000),
		.fresh_until = raw + INT64_C(5000000000),
		.status = NOON_CLOCK_OK,
		.has_time = 1,
	};
}

static void gives_a_widening_interval(void **state)
{
	struct noon_page_writer *w;
	struct noon_clock_page *page;
	struct noon_page_body body = good_body();
	enum noon_clock_status status;
	int64_t a[2];
	int64_t b[2];

	(void)state;
	assert_int_equal(noon_page_writer_new(path, &w), NOON_OK);
	assert_int_equal(noon_open(path, &page), 0);
	assert_int_equal(noon_now(page, &a[0], &a[1], &status), ENODATA);
	body = good_body();
	noon_page_writer_put(w, &body);
	assert_int_equal(noon_now(page, &a[0], &a[1], &status), 0);
	assert_int_equal(status, NOON_CLOCK_OK);
	assert_true(a[1] - a[0] >= 1000);
	(void)usleep(20000);
	assert_int_equal(noon_now(page, &b[0], &b[1], &status), 0);
	assert_true(b[0] > a[0] && b[1] > a[1]);
	/* 20 ms at 1 ppm either way: 40 ns wider. */
	assert_true(b[1] - b[0] >= a[1] - a[0] + 40);
	noon_close(page);
	noon_page_writer_free(w);
}

/* The certified rates hold for as long as the newest evidence allows; the oscillator's stated limit
 * holds for ever. The page is as old as its figures say. */
static void widens_by_the_limit_of_the_oscillator_once_the_rates_end(void **state)
{
	const int64_t age = INT64_C(3000000000);
	struct noon_page_writer *w;
	struct noon_clock_page *page;
	struct noon_page_body body;
	enum noon_clock_status status;
	int64_t lo;
	int64_t hi;

	(void)state;
	assert_int_equal(noon_page_writer_new(path, &w), NOON_OK);
	assert_int_equal(noon_open(path, &page), 0);
	body = good_body();
	body.raw0 -= age;
	body.rates_until = body.raw0 + INT64_C(1000000000);
	noon_page_writer_put(w, &body);
	assert_int_equal(noon_now(page, &lo, &hi, &status), 0);
	/* 1 s at 1 ppm and 2 s and a little more at 500 ppm, either way. */
	assert_in_range(hi - lo, 1000 + 2 * (1000 + 1000000), 1000 + 2 * (1000 + 1500000));
	assert_true(lo >= 1000000000000 + age - 500 - 1500000);
	assert_true(hi >= 1000000000000 + age + 500 + 1000000);
	body = good_body();
	body.raw0 -= age;
	body.rates_until =
		body.raw0 - INT64_C(1000000000); /* they ended before: widens from raw0 on */
	noon_page_writer_put(w, &body);
	assert_int_equal(noon_now(page, &lo, &hi, &status), 0);
	assert_in_range(hi - lo, 1000 + 2 * 1500000, 1000 + 2 * 1900000);
	noon_close(page);
	noon_page_writer_free(w);
}

static void never_claims_more_than_the_age_of_the_page_allows(void **state)
{
	struct noon_page_writer *w;
	struct noon_clock_page *page;
	struct noon_page_body body;
	enum noon_clock_status status;
	int64_t lo;
	int64_t hi;

	(void)state;
	assert_int_equal(noon_page_writer_new(path, &w), NOON_OK);
	assert_int_equal(noon_open(path, &page), 0);
	body = good_body();
	body.void_after = raw_now() - 1;
	noon_page_writer_put(w, &body);
	assert_int_equal(noon_now(page, &lo, &hi, &status), 0);
	assert_int_equal(status, NOON_CLOCK_ALARM);
	body = good_body();
	body.fresh_until = raw_now() - 1;
	noon_page_writer_put(w, &body);
	assert_int_equal(noon_now(page, &lo, &hi, &status), 0);
	assert_int_equal(status, NOON_CLOCK_STALE);
	body = good_body();
	body.raw0 += INT64_C(3600000000000);
	noon_page_writer_put(w, &body);
	assert_int_equal(noon_now(page, &lo, &hi, &status), 0);
	assert_int_equal(status, NOON_CLOCK_STALE);
	body = good_body();
	body.asleep -= INT64_C(2000000000); /* two seconds of sleep since */
	body.real_ahead -= INT64_C(2000000000);
	noon_page_writer_put(w, &body);
	assert_int_equal(noon_now(page, &lo, &hi, &status), 0);
	assert_int_equal(status, NOON_CLOCK_STALE);
	body = good_body();
	noon_page_writer_put(w, &body);
	noon_page_writer_free(w); /* the daemon ends; the mapping is still there */
	assert_int_equal(noon_now(page, &lo, &hi, &status), 0);
	assert_int_equal(status, NOON_CLOCK_STALE);
	noon_close(page);
}

static ino_t inode(void)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	return st.st_ino;
}

static enum noon_clock_status status_now(const struct noon_clock_page *page)
{
	enum noon_clock_status status;
	int64_t lo;
	int64_t hi;

	assert_int_equal(noon_now(page, &lo, &hi, &status), 0);
	return status;
}

static void readers_go_on_with_the_next_daemon(void **state)
{
	struct noon_page_body body = good_body();
	struct noon_page_writer *w;
	struct noon_clock_page *page;
	struct noon_clock_page *late;
	ino_t is;

	(void)state;
	assert_int_equal(noon_page_writer_new(path, &w), NOON_OK);
	noon_page_writer_put(w, &body);
	assert_int_equal(noon_open(path, &page), 0);
	is = inode();
	for (int i = 0; i < 3; i++) {
		noon_page_writer_free(w);
		assert_int_equal(status_now(page), NOON_CLOCK_STALE);
		assert_int_equal(noon_open(path, &late), 0);
		assert_int_equal(status_now(late), NOON_CLOCK_STALE);
		noon_close(late);
		assert_int_equal(noon_page_writer_new(path, &w), NOON_OK);
		assert_int_equal(inode(), is);
		assert_int_equal(status_now(page), NOON_CLOCK_STALE);
		body = good_body();
		noon_page_writer_put(w, &body);
		assert_int_equal(status_now(page), NOON_CLOCK_OK);
	}
	noon_close(page);
	noon_page_writer_free(w);
}

/* Change bytes of the page file behind the writer's back. */
static void scribble(off_t at, const void *p, size_t n)
{
	const int fd = open(path, O_WRONLY);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, p, n, at), n);
	(void)close(fd);
}

static void recognises_other_boots_and_other_files(void **state)
{
	struct noon_page_writer *w;
	struct noon_clock_page *page;
	struct noon_page_body body = good_body();
	enum noon_clock_status status;
	const uint8_t boot[16] = {1, 2, 3};
	const uint32_t version = NOON_PAGE_VERSION + 1;
	enum noon_clock_guard guards[16];
	size_t n = 77;
	int64_t lo;
	int64_t hi;

	(void)state;
	assert_int_equal(noon_page_writer_new(path, &w), NOON_OK);
	noon_page_writer_put(w, &body);
	assert_int_equal(noon_open(path, &page), 0);
	noon_close(page);
	scribble(offsetof(struct noon_page, boot), boot, sizeof(boot));
	assert_int_equal(noon_open(path, &page), 0);
	noon_page_writer_put(w, &body);
	noon_page_writer_put(w, &body);
	assert_int_not_equal(noon_now(page, &lo, &hi, &status), 0);
	assert_int_equal(noon_guards(page, guards, 16, &n), ENODATA);
	assert_int_equal(n, 77);
	noon_close(page);
	scribble(offsetof(struct noon_page, version), &version, sizeof(version));
	assert_int_equal(noon_open(path, &page), EPROTO);
	noon_page_writer_free(w);
	assert_int_equal(noon_open("/dev/null", &page), EPROTO);
}

/* A writer that stops itself between the body and the number: with half of the next statement
 * written, then with all of it. */
static void write_and_stop_in_the_middle(const struct noon_page_body *good)
{
	const int fd = open(path, O_RDWR);
	struct noon_page_body torn = *good;
	struct noon_page_body whole = *good;
	struct noon_page *p;

	p = mmap(NULL, NOON_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd < 0 || p == MAP_FAILED)
		_exit(1);
	torn.earliest0 = INT64_MAX;
	torn.latest0 = INT64_MIN;
	noon_page_fill(p, &torn);
	(void)raise(SIGSTOP);
	whole.earliest0 -= 1000000;
	whole.latest0 += 1000000;
	noon_page_fill(p, &whole);
	(void)raise(SIGSTOP);
	noon_page_count_on(p);
	(void)raise(SIGSTOP);
	_exit(0);
}

static void wait_until_stopped(pid_t child)
{
	int status = 0;

	assert_int_equal(waitpid(child, &status, WUNTRACED), child);
	assert_true(WIFSTOPPED(status));
}

/* Each is replaced by a new file; `stale_at_once`: its readers learn it from the page itself. */
static void spoil_and_start_again(off_t at, const void *p, size_t n, bool stale_at_once)
{
	struct noon_page_body body = good_body();
	struct noon_page_writer *w;
	struct noon_clock_page *old;
	struct noon_clock_page *new;
	ino_t was;

	assert_int_equal(noon_page_writer_new(path, &w), NOON_OK);
	noon_page_writer_put(w, &body);
	assert_int_equal(noon_open(path, &old), 0);
	was = inode();
	scribble(at, p, n);
	/* The old daemon was killed: its page says what it said last. */
	assert_int_equal(status_now(old), NOON_CLOCK_OK);
	struct noon_page_writer *next;

	assert_int_equal(noon_page_writer_new(path, &next), NOON_OK);
	assert_int_not_equal(inode(), was);
	assert_int_equal(status_now(old), stale_at_once ? NOON_CLOCK_STALE : NOON_CLOCK_OK);
	assert_int_equal(noon_open(path, &new), 0);
	body = good_body();
	noon_page_writer_put(next, &body);
	assert_int_equal(status_now(new), NOON_CLOCK_OK);
	noon_close(old);
	noon_close(new);
	noon_page_writer_free(w);
	noon_page_writer_free(next);
}

static void another_version_boot_or_namespace_gets_a_new_file(void **state)
{
	const uint32_t version = NOON_PAGE_VERSION - 1;
	const uint32_t size = sizeof(struct noon_page) + 8;
	const uint64_t magic = 7;
	const uint64_t ns = 1;
	const uint8_t boot[16] = {1, 2, 3};

	(void)state;
	spoil_and_start_again(offsetof(struct noon_page, version), &version, 4, false);
	spoil_and_start_again(offsetof(struct noon_page, size), &size, 4, false);
	spoil_and_start_again(offsetof(struct noon_page, magic), &magic, 8, false);
	spoil_and_start_again(offsetof(struct noon_page, time_ns), &ns, 8, true);
	spoil_and_start_again(offsetof(struct noon_page, boot), boot, 16, true);
}

static void a_page_that_others_can_change_gets_a_new_file(void **state)
{
	struct noon_page_writer *w;
	ino_t was;

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(noon_page_writer_new(path, &w), NOON_OK);
		was = inode();
		noon_page_writer_free(w);
		if (i == 0)
			assert_int_equal(chmod(path, 0664), 0);
		else if (i == 1)
			assert_int_equal(truncate(path, 100), 0);
		else if (geteuid() == 0)
			assert_int_equal(chown(path, 54321, 0), 0);
		else
			skip();
		assert_int_equal(noon_page_writer_new(path, &w), NOON_OK);
		assert_int_not_equal(inode(), was);
		noon_page_writer_free(w);
	}
}

static int64_t width_now(const struct noon_clock_page *page)
{
	enum noon_clock_status status;
	int64_t lo;
	int64_t hi;

	assert_int_equal(noon_now(page, &lo, &hi, &status), 0);
	assert_int_equal(status, NOON_CLOCK_OK);
	return hi - lo;
}

static void a_writer_stopped_in_the_middle_does_not_matter(void **state)
{
	struct noon_page_writer *w;
	struct noon_clock_page *page;
	struct noon_page_body body = good_body();
	pid_t child;

	(void)state;
	body.fresh_until += INT64_C(600000000000);
	body.void_after += INT64_C(600000000000);
	body.earliest_rate = body.latest_rate = 0;
	assert_int_equal(noon_page_writer_new(path, &w), NOON_OK);
	noon_page_writer_put(w, &body);
	assert_int_equal(noon_open(path, &page), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		write_and_stop_in_the_middle(&body);
	for (int i = 0; i < 2; i++) {
		wait_until_stopped(child);
		for (int k = 0; k < 1000; k++)
			assert_int_equal(width_now(page), 1000);
		assert_int_equal(kill(child, SIGCONT), 0);
	}
	wait_until_stopped(child);
	assert_int_equal(width_now(page), 2001000);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(width_now(page), 2001000);
	/* The next writer goes on from there, whichever body is in force. */
	for (int i = 0; i < 3; i++) {
		noon_page_writer_put(w, &body);
		assert_int_equal(width_now(page), 1000);
	}
	noon_close(page);
	noon_page_writer_free(w);
}

/* CLOCK_MONOTONIC_RAW has another zero there: the figures mean nothing. */
static void is_stale_in_another_time_namespace(void **state)
{
	const uint64_t other = 1;
	struct noon_page_writer *w;
	struct noon_clock_page *page;
	struct noon_page_body body = good_body();
	enum noon_clock_status status;
	int64_t lo;
	int64_t hi;

	(void)state;
	assert_int_equal(noon_page_writer_new(path, &w), NOON_OK);
	noon_page_writer_put(w, &body);
	assert_int_equal(noon_open(path, &page), 0);
	assert_string_equal(noon_stale_why(page), "");
	noon_close(page);
	scribble(offsetof(struct noon_page, time_ns), &other, sizeof(other));
	assert_int_equal(noon_open(path, &page), 0);
	assert_int_equal(noon_now(page, &lo, &hi, &status), 0);
	assert_int_equal(status, NOON_CLOCK_STALE);
	assert_true(lo == INT64_MIN && hi == INT64_MAX);
	assert_non_null(strstr(noon_stale_why(page), "time namespace"));
	noon_close(page);
	noon_page_writer_free(w);
}

static void tells_the_guards_of_all_sources(void **state)
{
	const uint8_t said[] = {NOON_CLOCK_GUARD_ALARM, NOON_CLOCK_GUARD_NONE,
				NOON_CLOCK_GUARD_WATCHING};
	enum noon_clock_guard guards[2] = {NOON_CLOCK_GUARD_LOSS, NOON_CLOCK_GUARD_LOSS};
	struct noon_page_writer *w;
	struct noon_clock_page *page;
	size_t n = 77;

	(void)state;
	assert_int_equal(noon_page_writer_new(path, &w), NOON_OK);
	assert_int_equal(noon_open(path, &page), 0);
	assert_int_equal(noon_guards(page, guards, 2, &n), 0);
	assert_int_equal(n, 0);
	noon_page_writer_put_guards(w, said, 3);
	assert_int_equal(noon_guards(page, guards, 1, &n), 0);
	assert_int_equal(n, 3);
	assert_int_equal(guards[0], NOON_CLOCK_GUARD_ALARM);
	assert_int_equal(guards[1], NOON_CLOCK_GUARD_LOSS);
	assert_int_equal(noon_guards(page, guards, 2, &n), 0);
	assert_int_equal(guards[1], NOON_CLOCK_GUARD_NONE);
	noon_close(page);
	noon_page_writer_free(w);
}

struct race {
	struct noon_page_writer *w;
	atomic_bool stop;
};

static void *write_for_ever(void *arg)
{
	struct race *r = arg;
	struct noon_page_body body = good_body();

	for (int64_t i = 0; !atomic_load(&r->stop); i++) {
		/* Every statement is 1000 ns wide; a torn one would not be. */
		body.earliest0 = i * 1000003;
		body.latest0 = body.earliest0 + 1000;
		noon_page_writer_put(r->w, &body);
	}
	return NULL;
}

static void readers_never_see_half_a_statement(void **state)
{
	struct race r = {.w = NULL};
	struct noon_clock_page *page;
	enum noon_clock_status status;
	pthread_t thread;
	int64_t lo;
	int64_t hi;
	int good = 0;

	(void)state;
	assert_int_equal(noon_page_writer_new(path, &r.w), NOON_OK);
	assert_int_equal(noon_open(path, &page), 0);
	assert_int_equal(pthread_create(&thread, NULL, write_for_ever, &r), 0);
	for (int i = 0; i < 50000000 && good < 20000; i++) {
		if (noon_now(page, &lo, &hi, &status))
			continue;
		good++;
		assert_in_range(hi - lo, 1000, 1000000);
	}
	atomic_store(&r.stop, true);
	(void)pthread_join(thread, NULL);
	assert_true(good > 0);
	noon_close(page);
	noon_page_writer_free(r.w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(gives_a_widening_interval, remove_path),
		cmocka_unit_test_teardown(widens_by_the_limit_of_the_oscillator_once_the_rates_end,
					  remove_path),
		cmocka_unit_test_teardown(never_claims_more_than_the_age_of_the_page_allows,
					  remove_path),
		cmocka_unit_test_teardown(recognises_other_boots_and_other_files, remove_path),
		cmocka_unit_test_teardown(readers_go_on_with_the_next_daemon, remove_path),
		cmocka_unit_test_teardown(another_version_boot_or_namespace_gets_a_new_file,
					  remove_path),
		cmocka_unit_test_teardown(a_page_that_others_can_change_gets_a_new_file,
					  remove_path),
		cmocka_unit_test_teardown(a_writer_stopped_in_the_middle_does_not_matter,
					  remove_path),
		cmocka_unit_test_teardown(is_stale_in_another_time_namespace, remove_path),
		cmocka_unit_test_teardown(tells_the_guards_of_all_sources, remove_path),
		cmocka_unit_test_teardown(readers_never_see_half_a_statement, remove_path),
	};

	return cmocka_run_group_tests_name("platform/page and libnoonmark", tests, name_path, NULL);
}
