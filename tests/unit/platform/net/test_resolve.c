/* SPDX-License-Identifier: Apache-2.0
 *
 * Names that send no query: getaddrinfo() takes "127.1" for an address, and a space is not allowed
 * in a host name. Each test runs on both backends of the loop.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "platform/net/resolve.h"

#define NO_NAME "no such name"

struct world {
	struct noon_loop *loop;
	struct noon_timer limit;
	struct noon_addr list[NOON_RESOLVE_MAX];
	size_t n;
	const char *why;
	unsigned n_done;
	unsigned n_wanted; /* after so many results the loop stops */
	bool timed_out;
};

static void on_limit(void *arg)
{
	struct world *w = arg;

	w->timed_out = true;
	noon_loop_stop(w->loop);
}

static void on_done(void *arg, const struct noon_addr *list, size_t n, const char *why)
{
	struct world *w = arg;

	assert_true(n <= NOON_RESOLVE_MAX);
	memcpy(w->list, list, n * sizeof(*list));
	w->n = n;
	w->why = why;
	if (++w->n_done == w->n_wanted)
		noon_loop_stop(w->loop);
}

static void begin(struct world *w, enum noon_loop_backend backend)
{
	memset(w, 0, sizeof(*w));
	assert_int_equal(noon_loop_new(backend, &w->loop), NOON_OK);
	w->limit = (struct noon_timer){.fire = on_limit, .arg = w};
}

static void end(struct world *w)
{
	noon_loop_disarm(&w->limit);
	noon_loop_free(w->loop);
}

static struct noon_resolve *start(struct world *w, const char *host, uint16_t port)
{
	struct noon_resolve *r = noon_resolve_start(w->loop, host, port, AF_UNSPEC, on_done, w);

	assert_non_null(r);
	return r;
}

static void run_for(struct world *w, noon_dur time, unsigned n_wanted)
{
	w->n_wanted = n_wanted;
	noon_loop_arm(w->loop, &w->limit, time);
	assert_int_equal(noon_loop_run(w->loop), NOON_OK);
}

static void assert_addr(const struct noon_addr *a, const char *text)
{
	char out[64];

	noon_addr_format(a, out, sizeof(out));
	assert_string_equal(out, text);
}

static void literals_are_delivered_later_from_the_loop(struct world *w)
{
	(void)start(w, "127.0.0.1", 123);
	assert_int_equal(w->n_done, 0);
	run_for(w, NOON_S(20), 1);
	assert_int_equal(w->n_done, 1);
	assert_int_equal(w->n, 1);
	assert_addr(&w->list[0], "127.0.0.1:123");
	(void)start(w, "::1", 4460);
	run_for(w, NOON_S(20), 2);
	assert_int_equal(w->n, 1);
	assert_addr(&w->list[0], "[::1]:4460");
	assert_false(w->timed_out);
}

static void names_are_resolved_by_the_system(struct world *w)
{
	(void)start(w, "127.1", 123);
	assert_int_equal(w->n_done, 0);
	run_for(w, NOON_S(20), 1);
	assert_false(w->timed_out);
	assert_int_equal(w->n_done, 1);
	assert_int_equal(w->n, 1);
	assert_addr(&w->list[0], "127.0.0.1:123");
}

static void families_limit_the_result(struct world *w)
{
	assert_non_null(noon_resolve_start(w->loop, "127.1", 1, AF_INET6, on_done, w));
	run_for(w, NOON_S(20), 1);
	assert_int_equal(w->n_done, 1);
	assert_int_equal(w->n, 0);
	assert_non_null(w->why);
}

static void failures_are_delivered_once_with_a_reason(struct world *w)
{
	(void)start(w, NO_NAME, 123);
	assert_int_equal(w->n_done, 0);
	run_for(w, NOON_S(20), 1);
	assert_int_equal(w->n_done, 1);
	assert_int_equal(w->n, 0);
	assert_non_null(w->why);
	assert_false(w->timed_out);
	run_for(w, NOON_MS(50), 2);
	assert_int_equal(w->n_done, 1);
}

static void names_are_cut_at_the_end_of_the_buffer(struct world *w)
{
	char name[400];

	memset(name, ' ', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	(void)start(w, name, 123);
	run_for(w, NOON_S(20), 1);
	assert_int_equal(w->n_done, 1);
	assert_int_equal(w->n, 0);
}

/* Also while the thread runs: it frees what it shares with the loop. */
static void cancelled_resolutions_call_nothing_back(struct world *w)
{
	noon_resolve_cancel(start(w, "127.0.0.1", 123));
	noon_resolve_cancel(start(w, NO_NAME, 123));
	noon_resolve_cancel(NULL);
	run_for(w, NOON_MS(50), 1);
	assert_true(w->timed_out);
	assert_int_equal(w->n_done, 0);
}

static void resolutions_are_independent(struct world *w)
{
	struct noon_resolve *cancelled = start(w, NO_NAME, 1);

	(void)start(w, "127.0.0.1", 2);
	(void)start(w, NO_NAME, 3);
	noon_resolve_cancel(cancelled);
	run_for(w, NOON_S(20), 2);
	assert_int_equal(w->n_done, 2);
	assert_false(w->timed_out);
}

static void on_both(void (*test)(struct world *w))
{
	static struct world w;

	begin(&w, NOON_LOOP_EVENT);
	test(&w);
	end(&w);
	begin(&w, NOON_LOOP_POLL);
	test(&w);
	end(&w);
}

#define ON_BOTH(name)                         \
	static void both_##name(void **state) \
	{                                     \
		(void)state;                  \
		on_both(name);                \
	}

ON_BOTH(literals_are_delivered_later_from_the_loop)
ON_BOTH(names_are_resolved_by_the_system)
ON_BOTH(families_limit_the_result)
ON_BOTH(failures_are_delivered_once_with_a_reason)
ON_BOTH(names_are_cut_at_the_end_of_the_buffer)
ON_BOTH(cancelled_resolutions_call_nothing_back)
ON_BOTH(resolutions_are_independent)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_literals_are_delivered_later_from_the_loop),
		cmocka_unit_test(both_names_are_resolved_by_the_system),
		cmocka_unit_test(both_families_limit_the_result),
		cmocka_unit_test(both_failures_are_delivered_once_with_a_reason),
		cmocka_unit_test(both_names_are_cut_at_the_end_of_the_buffer),
		cmocka_unit_test(both_cancelled_resolutions_call_nothing_back),
		cmocka_unit_test(both_resolutions_are_independent),
	};

	return cmocka_run_group_tests_name("platform/net/resolve", tests, NULL, NULL);
}
