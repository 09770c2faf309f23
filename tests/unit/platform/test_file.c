/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
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

#include "platform/file.h"

static char dir[64];

static int make_dir(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/noonmark-test.XXXXXX");
	return mkdtemp(dir) == NULL;
}

static int remove_dir(void **state)
{
	(void)state;
	return rmdir(dir);
}

static void replaces_whole_files(void **state)
{
	char path[128];
	char temp[160];
	uint8_t buf[16];
	struct stat st;
	size_t n = 0;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/f", dir);
	(void)snprintf(temp, sizeof(temp), "%s.new", path);
	assert_int_equal(noon_file_read(path, buf, sizeof(buf), &n), NOON_ERR_NOT_FOUND);
	assert_int_equal(noon_file_replace(path, noon_bytes_of("one", 3), 0600), NOON_OK);
	assert_int_equal(noon_file_replace(path, noon_bytes_of("second", 6), 0600), NOON_OK);
	assert_int_equal(noon_file_read(path, buf, sizeof(buf), &n), NOON_OK);
	assert_int_equal(n, 6);
	assert_memory_equal(buf, "second", 6);
	assert_int_equal(noon_file_read(path, buf, 5, &n), NOON_ERR_LONG);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_not_equal(access(temp, F_OK), 0);
	assert_int_equal(unlink(path), 0);
}

static void creates_only_what_is_not_there(void **state)
{
	char path[128];
	char temp[160];
	uint8_t buf[16];
	size_t n = 0;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/f", dir);
	(void)snprintf(temp, sizeof(temp), "%s.new", path);
	assert_int_equal(noon_file_create(path, noon_bytes_of("one", 3), 0600), NOON_OK);
	assert_int_equal(noon_file_create(path, noon_bytes_of("second", 6), 0600), NOON_ERR_OS);
	assert_int_equal(errno, EEXIST);
	assert_int_equal(noon_file_read(path, buf, sizeof(buf), &n), NOON_OK);
	assert_int_equal(n, 3);
	assert_memory_equal(buf, "one", 3);
	assert_int_not_equal(access(temp, F_OK), 0);
	assert_int_equal(unlink(path), 0);
	/* A link to nowhere is there, too. */
	assert_int_equal(symlink("nowhere", path), 0);
	assert_int_equal(noon_file_create(path, noon_bytes_of("one", 3), 0600), NOON_ERR_OS);
	assert_int_equal(unlink(path), 0);
}

/* A link planted in the place of the temporary file is not followed. */
static void does_not_follow_a_planted_link(void **state)
{
	char path[128];
	char temp[160];
	char victim[128];
	uint8_t buf[16];
	size_t n = 0;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/f", dir);
	(void)snprintf(temp, sizeof(temp), "%s.new", path);
	(void)snprintf(victim, sizeof(victim), "%s/victim", dir);
	assert_int_equal(noon_file_replace(victim, noon_bytes_of("safe", 4), 0600), NOON_OK);
	assert_int_equal(symlink(victim, temp), 0);
	assert_int_equal(noon_file_replace(path, noon_bytes_of("new", 3), 0600), NOON_OK);
	assert_int_equal(noon_file_read(victim, buf, sizeof(buf), &n), NOON_OK);
	assert_memory_equal(buf, "safe", 4);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(unlink(victim), 0);
}

static void leaves_nothing_behind_when_it_fails(void **state)
{
	char path[128];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/no/such/f", dir);
	assert_int_equal(noon_file_replace(path, noon_bytes_of("x", 1), 0600), NOON_ERR_NOT_FOUND);
}

/* Nobody writes to the pipe: the call must come back all the same. */
static void does_not_wait_for_what_is_no_file(void **state)
{
	char path[320];
	uint8_t buf[8];
	size_t n;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/pipe", dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(noon_file_read(path, buf, sizeof(buf), &n), NOON_ERR_UNSUPPORTED);
	assert_int_equal(noon_file_read(dir, buf, sizeof(buf), &n), NOON_ERR_UNSUPPORTED);
	assert_int_equal(unlink(path), 0);
}

static void makes_folders_with_parents(void **state)
{
	char path[128];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/a/b", dir);
	assert_int_equal(noon_dir_make(path, 0700), NOON_OK);
	assert_int_equal(noon_dir_make(path, 0700), NOON_OK);
	assert_int_equal(rmdir(path), 0);
	(void)snprintf(path, sizeof(path), "%s/a", dir);
	assert_int_equal(rmdir(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replaces_whole_files),
		cmocka_unit_test(creates_only_what_is_not_there),
		cmocka_unit_test(does_not_follow_a_planted_link),
		cmocka_unit_test(leaves_nothing_behind_when_it_fails),
		cmocka_unit_test(does_not_wait_for_what_is_no_file),
		cmocka_unit_test(makes_folders_with_parents),
	};

	return cmocka_run_group_tests_name("platform/file", tests, make_dir, remove_dir);
}
