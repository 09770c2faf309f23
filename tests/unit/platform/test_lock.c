/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "platform/lock.h"

static char path[64];

static int name_path(void **state)
{
	(void)state;
	(void)snprintf(path, sizeof(path), "/tmp/noonmark-lock.%d", (int)getpid());
	return 0;
}

static int remove_path(void **state)
{
	(void)state;
	(void)unlink(path);
	return 0;
}

static void one_holder_at_a_time(void **state)
{
	struct noon_lock a = {-1};
	struct noon_lock b = {-1};
	struct stat st;
	long holder = 0;

	(void)state;
	assert_int_equal(noon_lock_take(path, &a, &holder), NOON_OK);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(noon_lock_take(path, &b, &holder), NOON_ERR_STATE);
	assert_int_equal(holder, getpid());
	assert_int_equal(b.fd, -1);
	noon_lock_release(&a);
	noon_lock_release(&a);
	assert_int_equal(noon_lock_take(path, &b, &holder), NOON_OK);
	noon_lock_release(&b);
}

static void a_holder_that_is_killed_releases_it(void **state)
{
	struct noon_lock mine = {-1};
	long holder = 0;
	int told[2];
	char byte;
	pid_t child;

	(void)state;
	assert_int_equal(pipe(told), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct noon_lock l;
		long unused;

		if (noon_lock_take(path, &l, &unused) == NOON_OK && write(told[1], "x", 1) == 1)
			(void)pause();
		_exit(1);
	}
	(void)close(told[1]);
	assert_int_equal(read(told[0], &byte, 1), 1);
	(void)close(told[0]);
	assert_int_equal(noon_lock_take(path, &mine, &holder), NOON_ERR_STATE);
	assert_int_equal(holder, child);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(noon_lock_take(path, &mine, &holder), NOON_OK);
	noon_lock_release(&mine);
}

static void no_file_no_lock(void **state)
{
	struct noon_lock l = {-1};
	long holder = 0;
	char link[80];

	(void)state;
	assert_int_equal(noon_lock_take("/dev/null", &l, &holder), NOON_ERR_OS);
	assert_int_equal(noon_lock_take("/nowhere/lock", &l, &holder), NOON_ERR_OS);
	(void)snprintf(link, sizeof(link), "%s.link", path);
	assert_int_equal(symlink(path, link), 0);
	assert_int_equal(noon_lock_take(link, &l, &holder), NOON_ERR_OS);
	(void)unlink(link);
	assert_int_equal(l.fd, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_holder_at_a_time),
		cmocka_unit_test(a_holder_that_is_killed_releases_it),
		cmocka_unit_test(no_file_no_lock),
	};

	return cmocka_run_group_tests_name("platform/lock", tests, name_path, remove_path);
}
