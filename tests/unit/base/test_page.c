/* SPDX-License-Identifier: Apache-2.0
 *
 * Readers against a writer, on one mapping, so that ThreadSanitizer sees both.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/page.h"

#define READERS	  3
#define STATEMENT 200000 /* each reader takes so many */
#define PAUSE	  200	 /* between two statements, turns of an empty loop */

struct race {
	struct noon_page page;
	atomic_bool stop;
	atomic_int torn;
};

/* Every field of statement i is i. */
static struct noon_page_body body_of(int64_t i)
{
	return (struct noon_page_body){
		.raw0 = i,
		.earliest0 = i,
		.latest0 = i,
		.earliest_rate = (double)i,
		.late_latest_rate = (double)i,
		.rates_until = i,
		.void_after = i,
		.fresh_until = i,
		.status = (uint32_t)i,
		.reason = (uint32_t)i,
		.has_time = (uint32_t)i,
		.asleep = i,
		.real_ahead = i,
		.reserved2 = {i, i},
	};
}

static bool is_whole(const struct noon_page_body *b)
{
	const struct noon_page_body want = body_of(b->raw0);
	unsigned char wanted[sizeof(want)];
	unsigned char is[sizeof(want)];

	memcpy(wanted, &want, sizeof(want));
	memcpy(is, b, sizeof(is));
	return memcmp(wanted, is, sizeof(is)) == 0;
}

static void *write_statements(void *arg)
{
	struct race *r = arg;

	for (int64_t i = 1; !atomic_load(&r->stop); i++) {
		const struct noon_page_body b = body_of(i);

		noon_page_fill(&r->page, &b);
		noon_page_count_on(&r->page);
		/* As often as a reader can keep up with, far above what a daemon does. */
		for (volatile int k = 0; k < PAUSE; k = k + 1)
			;
	}
	return NULL;
}

static void *read_statements(void *arg)
{
	struct race *r = arg;

	for (int good = 0; good < STATEMENT;) {
		struct noon_page_body b;
		const uint32_t n = noon_page_number(&r->page);

		noon_page_copy(&r->page, n, &b);
		if (!noon_page_is_still(&r->page, n))
			continue;
		good++;
		if (!is_whole(&b) || n != (uint32_t)b.raw0)
			(void)atomic_fetch_add(&r->torn, 1);
	}
	return NULL;
}

static void readers_never_see_half_a_statement(void **state)
{
	static struct race r;
	pthread_t writer;
	pthread_t reader[READERS];

	(void)state;
	assert_int_equal(pthread_create(&writer, NULL, write_statements, &r), 0);
	for (int i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&reader[i], NULL, read_statements, &r), 0);
	for (int i = 0; i < READERS; i++)
		assert_int_equal(pthread_join(reader[i], NULL), 0);
	atomic_store(&r.stop, true);
	assert_int_equal(pthread_join(writer, NULL), 0);
	assert_int_equal(atomic_load(&r.torn), 0);
}

static void number_wraps(void **state)
{
	static struct noon_page p;
	struct noon_page_body b = body_of(7);

	(void)state;
	atomic_store(&p.number, UINT32_MAX);
	noon_page_fill(&p, &b);
	noon_page_count_on(&p);
	b = body_of(8);
	assert_int_equal(noon_page_number(&p), 0);
	noon_page_copy(&p, 0, &b);
	assert_true(b.raw0 == 7 && is_whole(&b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readers_never_see_half_a_statement),
		cmocka_unit_test(number_wraps),
	};

	return cmocka_run_group_tests_name("base/page", tests, NULL, NULL);
}
