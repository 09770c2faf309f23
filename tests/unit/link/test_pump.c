/* SPDX-License-Identifier: Apache-2.0
 *
 * What a machine wants is carried out once, in order, also what its owner causes meanwhile.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "link/pump.h"

struct owner {
	struct noon_pump pump;
	uint32_t token[16]; /* of what was carried out */
	unsigned n;
	unsigned depth;
	unsigned deepest;
	unsigned done;
	uint32_t more; /* tokens still to be caused */
};

static void want(struct owner *o, uint32_t token)
{
	struct noon_wr wr = noon_actions_room(&o->pump.wanted);

	assert_int_equal(noon_wr_u8(&wr, 0), NOON_OK);
	noon_actions_send(&o->pump.wanted, &wr, token);
}

static void carry_out(void *arg, const struct noon_action *a)
{
	struct owner *o = arg;

	o->depth++;
	o->deepest = o->depth > o->deepest ? o->depth : o->deepest;
	o->token[o->n++] = a->token;
	if (o->more > 0) {
		o->more--;
		want(o, a->token + 100);
		noon_pump_run(&o->pump); /* as an owner's callback that calls the machine */
	}
	o->depth--;
}

static void done(void *arg)
{
	struct owner *o = arg;

	assert_int_equal(o->depth, 0);
	o->done++;
}

static struct owner *begin(uint32_t more)
{
	struct owner *o = calloc(1, sizeof(*o));

	assert_non_null(o);
	o->more = more;
	noon_pump_init(&o->pump, carry_out, done, o);
	return o;
}

static void all_is_carried_out_in_order(void **state)
{
	struct owner *o = begin(0);

	(void)state;
	want(o, 1);
	want(o, 2);
	noon_pump_run(&o->pump);
	assert_int_equal(o->n, 2);
	assert_int_equal(o->token[0], 1);
	assert_int_equal(o->token[1], 2);
	assert_int_equal(o->done, 1);
	assert_int_equal(o->pump.wanted.n, 0);
	free(o);
}

static void what_callbacks_cause_waits_for_the_outer_call(void **state)
{
	static const uint32_t expected[] = {1, 2, 101, 102, 201};
	struct owner *o = begin(3);

	(void)state;
	want(o, 1);
	want(o, 2);
	noon_pump_run(&o->pump);
	assert_int_equal(o->n, 5);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(o->token[i], expected[i]);
	assert_int_equal(o->deepest, 1);
	assert_int_equal(o->done, 1);
	free(o);
}

/* So that the owner's timer follows the machine's deadline. */
static void its_end_is_told_when_nothing_was_wanted(void **state)
{
	struct owner *o = begin(0);

	(void)state;
	noon_pump_run(&o->pump);
	assert_int_equal(o->done, 1);
	free(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_is_carried_out_in_order),
		cmocka_unit_test(what_callbacks_cause_waits_for_the_outer_call),
		cmocka_unit_test(its_end_is_told_when_nothing_was_wanted),
	};

	return cmocka_run_group_tests_name("link/pump", tests, NULL, NULL);
}
