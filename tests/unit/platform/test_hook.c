/* SPDX-License-Identifier: Apache-2.0 */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "platform/hook.h"

static char dir[] = "/tmp/noonmark-hook.XXXXXX";
static char out_path[64];
static struct noon_hook hook;

static int make_dir(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	(void)snprintf(out_path, sizeof(out_path), "%s/out", dir);
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	(void)unlink(out_path);
	(void)unlink(hook.path);
	return rmdir(dir);
}

static void write_hook(const char *body)
{
	FILE *f;

	memset(&hook, 0, sizeof(hook));
	(void)snprintf(hook.path, sizeof(hook.path), "%s/hook", dir);
	(void)unlink(hook.path);
	(void)unlink(out_path);
	f = fopen(hook.path, "w");
	assert_non_null(f);
	(void)fprintf(f, "#!/bin/sh\n%s >> %s\n", body, out_path);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(hook.path, 0755), 0);
}

static void tell(const char *what)
{
	struct noon_hook_facts f = {0};

	(void)snprintf(f.var[0], sizeof(f.var[0]), "WHAT=%s", what);
	assert_int_equal(noon_hook_tell(&hook, &f), NOON_OK);
}

/* Tend until nothing runs; returns how often a command ended badly. */
static unsigned settle(void)
{
	unsigned bad = 0;
	int status = 0;

	for (int i = 0; i < 2000 && hook.pid != 0; i++) {
		bad += noon_hook_tend(&hook, &status);
		(void)poll(NULL, 0, 5);
	}
	assert_int_equal(hook.pid, 0);
	return bad;
}

static void expect_out(const char *text)
{
	char got[256] = "";
	FILE *f = fopen(out_path, "r");

	assert_non_null(f);
	got[fread(got, 1, sizeof(got) - 1, f)] = '\0';
	(void)fclose(f);
	assert_string_equal(got, text);
}

static void gets_the_facts(void **state)
{
	(void)state;
	write_hook("echo \"$WHAT ${HOME-none}\"");
	tell("alarm");
	assert_int_equal(settle(), 0);
	expect_out("alarm none\n");
}

static void runs_once_at_a_time_and_ends_with_the_newest(void **state)
{
	(void)state;
	write_hook("sleep 0.3; echo \"$WHAT\"");
	tell("one");
	tell("two");
	tell("three");
	assert_int_equal(settle(), 0);
	expect_out("one\nthree\n");
}

static void tells_of_failure(void **state)
{
	(void)state;
	write_hook("exit 3; echo");
	tell("x");
	assert_int_equal(settle(), 1);
	(void)unlink(hook.path);
	(void)unlink(out_path);
	hook.path[0] = '\0';
	tell("nobody");
	assert_int_equal(hook.pid, 0);
	(void)snprintf(hook.path, sizeof(hook.path), "%s/hook", dir);
}

static void is_killed_when_it_hangs(void **state)
{
	(void)state;
	write_hook("sleep 600; echo");
	tell("x");
	hook.until = (noon_time){0};
	assert_int_equal(settle(), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gets_the_facts),
		cmocka_unit_test(runs_once_at_a_time_and_ends_with_the_newest),
		cmocka_unit_test(tells_of_failure),
		cmocka_unit_test(is_killed_when_it_hangs),
	};

	return cmocka_run_group_tests_name("platform/hook", tests, make_dir, remove_dir);
}
