/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "sim/queue.h"

static void events_come_in_the_order_of_their_instants(void **state)
{
	struct noon_rng rng = noon_rng_seeded(1);
	struct noon_sim_queue q = {0};
	struct noon_sim_event e, last = {.at = NOON_TIME_FIRST};

	(void)state;
	for (int i = 0; i < 5000; i++)
		noon_sim_queue_put(
			&q, (struct noon_sim_event){.at = {(int64_t)(noon_rng_u64(&rng) % 100)}});
	for (int i = 0; i < 5000; i++) {
		assert_int_equal(noon_sim_queue_next(&q).ns, q.e[0].at.ns);
		assert_true(noon_sim_queue_take(&q, &e));
		assert_true(last.at.ns < e.at.ns || (last.at.ns == e.at.ns && last.turn < e.turn));
		last = e;
	}
	assert_false(noon_sim_queue_take(&q, &e));
	assert_true(noon_time_is_never(noon_sim_queue_next(&q)));
	noon_sim_queue_fini(&q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_come_in_the_order_of_their_instants),
	};

	return cmocka_run_group_tests_name("sim/queue", tests, NULL, NULL);
}
