/* SPDX-License-Identifier: Apache-2.0
 *
 * Randomness of the kernel: none of it is kept for later. A fork is a clone of all that a process
 * keeps, as a snapshot of a virtual machine is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "platform/entropy.h"

static void clones_draw_other_bytes(void **state)
{
	static const size_t sizes[] = {1, 7, 16, 32, 100, 1000};
	struct noon_entropy e;
	uint8_t first[16];
	uint8_t mine[16];
	uint8_t theirs[16];
	int pipes[2];

	(void)state;
	noon_entropy_init(&e);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint8_t some[1000];
		int status = 0;
		pid_t pid;

		noon_rng_fill(&e.rng, first, sizeof(first));
		noon_rng_fill(&e.rng, some, sizes[i]);
		assert_int_equal(pipe(pipes), 0);
		pid = fork();
		assert_true(pid >= 0);
		noon_rng_fill(&e.rng, mine, sizeof(mine));
		if (pid == 0)
			_exit(write(pipes[1], mine, sizeof(mine)) == (ssize_t)sizeof(mine) ? 0 : 1);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(read(pipes[0], theirs, sizeof(theirs)), sizeof(theirs));
		(void)close(pipes[0]);
		(void)close(pipes[1]);
		assert_memory_not_equal(mine, theirs, sizeof(mine));
		assert_memory_not_equal(mine, first, sizeof(mine));
	}
	noon_entropy_fini(&e);
}

/* What the state holds after a draw must not tell what comes next, nor what was given out. */
static void keeps_nothing_of_what_it_gave_out(void **state)
{
	struct noon_entropy e;
	uint8_t before[sizeof(e)];
	uint8_t some[64];

	(void)state;
	noon_entropy_init(&e);
	memcpy(before, &e, sizeof(e));
	noon_rng_fill(&e.rng, some, sizeof(some));
	assert_memory_equal(before, &e, sizeof(e));
	noon_entropy_fini(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clones_draw_other_bytes),
		cmocka_unit_test(keeps_nothing_of_what_it_gave_out),
	};

	return cmocka_run_group_tests_name("platform/entropy", tests, NULL, NULL);
}
