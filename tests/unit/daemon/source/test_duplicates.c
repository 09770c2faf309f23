/* SPDX-License-Identifier: Apache-2.0
 *
 * Of sources that are one machine one votes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/source/duplicates.h"

#define N 3

/* A machine is its key here. */
static uint8_t key_of[N];

struct world {
	struct noon_engine engine;
	struct noon_source_host host;
	struct noon_config_source conf[N];
	struct noon_daemon_source source[N];
};

static void identity(const struct noon_daemon_source *s, struct noon_source_identity *ret)
{
	ret->has_key = key_of[s->index] != 0;
	ret->key[0] = key_of[s->index];
}

static const struct noon_source_ops ops = {.identity = identity};

static struct world *begin(uint8_t a, uint8_t b, uint8_t c)
{
	struct world *w = calloc(1, sizeof(*w));
	const struct noon_source_conf source = noon_source_conf_default();
	const struct noon_engine_conf conf = noon_engine_conf_default();

	assert_non_null(w);
	key_of[0] = a;
	key_of[1] = b;
	key_of[2] = c;
	assert_int_equal(noon_engine_init(&w->engine, &conf), NOON_OK);
	w->host.engine = &w->engine;
	for (size_t i = 0; i < N; i++) {
		struct noon_daemon_source *s = &w->source[i];

		(void)snprintf(w->conf[i].host, sizeof(w->conf[i].host), "source-%zu", i);
		w->conf[i].engine = source;
		s->conf = &w->conf[i];
		s->host = &w->host;
		s->ops = &ops;
		assert_int_equal(noon_engine_add_source(&w->engine, &source, &s->index), NOON_OK);
		s->up = true;
		w->engine.source[s->index].n_accepted = 1;
	}
	return w;
}

static void of_one_machine_the_first_votes(void **state)
{
	struct world *w = begin(7, 8, 7);

	(void)state;
	noon_duplicates_find(w->source, N, 0);
	assert_null(w->source[0].duplicate_of);
	assert_null(w->source[1].duplicate_of);
	assert_ptr_equal(w->source[2].duplicate_of, &w->source[0]);
	assert_string_equal(w->source[2].duplicate_why, "the same key in the certificate");
	assert_true(w->engine.source[2].duplicate);
	/* It turns out to be another one. */
	key_of[2] = 9;
	noon_duplicates_find(w->source, N, 0);
	assert_null(w->source[2].duplicate_of);
	assert_false(w->engine.source[2].duplicate);
	free(w);
}

static void an_authenticated_one_votes_before_others(void **state)
{
	struct world *w = begin(7, 7, 7);

	(void)state;
	w->conf[0].engine.require_auth = false;
	w->conf[1].engine.require_auth = true;
	w->conf[2].engine.require_auth = true;
	noon_duplicates_find(w->source, N, 0);
	assert_ptr_equal(w->source[0].duplicate_of, &w->source[1]);
	assert_null(w->source[1].duplicate_of);
	assert_ptr_equal(w->source[2].duplicate_of, &w->source[1]);
	free(w);
}

/* Nobody takes a vote away by a claim: only those count that have given a good exchange, and the
 * one that is about to. */
static void who_has_given_nothing_takes_no_vote(void **state)
{
	struct world *w = begin(7, 7, 8);

	(void)state;
	w->engine.source[0].n_accepted = 0;
	noon_duplicates_find(w->source, N, 2);
	assert_null(w->source[1].duplicate_of);
	noon_duplicates_find(w->source, N, 0);
	assert_ptr_equal(w->source[1].duplicate_of, &w->source[0]);
	free(w);
}

static void who_has_no_vote_takes_none(void **state)
{
	struct world *w = begin(7, 7, 8);

	(void)state;
	w->conf[0].engine.noselect = true;
	noon_duplicates_find(w->source, N, 1);
	assert_null(w->source[1].duplicate_of);
	w->conf[0].engine.noselect = false;
	w->source[0].up = false;
	noon_duplicates_find(w->source, N, 1);
	assert_null(w->source[1].duplicate_of);
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_one_machine_the_first_votes),
		cmocka_unit_test(an_authenticated_one_votes_before_others),
		cmocka_unit_test(who_has_given_nothing_takes_no_vote),
		cmocka_unit_test(who_has_no_vote_takes_none),
	};

	return cmocka_run_group_tests_name("daemon/duplicates", tests, NULL, NULL);
}
