/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "platform/file.h"

static char dir[64];
static int no_renameat2, no_link; /* the errno of a file system without them; 0: it has them */

/* In the place of the C library's. */
int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
	errno = no_renameat2;
	return no_renameat2 != 0 ? -1
				 : (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
}

int link(const char *from, const char *to)
{
	errno = no_link;
	return no_link != 0 ? -1 : linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

/* Files in the folder; it is small. */
static size_t count_files(void)
{
	DIR *d = opendir(dir);
	size_t n = 0;

	assert_non_null(d);
	for (const struct dirent *e = readdir(d); e != NULL; e = readdir(d))
		n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 ? 1 : 0;
	assert_int_equal(closedir(d), 0);
	return n;
}

static void assert_content(const char *path, const char *text)
{
	uint8_t buf[16];
	size_t n = 0;

	assert_int_equal(noon_file_read(path, buf, sizeof(buf), &n), NOON_OK);
	assert_int_equal(n, strlen(text));
	assert_memory_equal(buf, text, n);
}

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
	uint8_t buf[16];
	struct stat st;
	size_t n = 0;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/f", dir);
	assert_int_equal(noon_file_read(path, buf, sizeof(buf), &n), NOON_ERR_NOT_FOUND);
	assert_int_equal(noon_file_replace(path, noon_bytes_of("one", 3), 0600), NOON_OK);
	assert_int_equal(noon_file_replace(path, noon_bytes_of("second", 6), 0600), NOON_OK);
	assert_int_equal(noon_file_read(path, buf, sizeof(buf), &n), NOON_OK);
	assert_int_equal(n, 6);
	assert_memory_equal(buf, "second", 6);
	assert_int_equal(noon_file_read(path, buf, 5, &n), NOON_ERR_LONG);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(count_files(), 1);
	assert_int_equal(unlink(path), 0);
}

static void creates_only_what_is_not_there(void **state)
{
	char path[128];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/f", dir);
	assert_int_equal(noon_file_create(path, noon_bytes_of("one", 3), 0600), NOON_OK);
	assert_int_equal(noon_file_create(path, noon_bytes_of("second", 6), 0600), NOON_ERR_OS);
	assert_int_equal(errno, EEXIST);
	assert_content(path, "one");
	assert_int_equal(count_files(), 1);
	assert_int_equal(unlink(path), 0);
	/* A link to nowhere is there, too. */
	assert_int_equal(symlink("nowhere", path), 0);
	assert_int_equal(noon_file_create(path, noon_bytes_of("one", 3), 0600), NOON_ERR_OS);
	assert_int_equal(unlink(path), 0);
}

/* A name that could be that of a temporary file is the user's all the same. */
static void touches_no_file_beside_it(void **state)
{
	static const char *const names[] = {"f.new", "f.tmp", "f~", ".f.new"};
	char path[128];
	char other[128];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/f", dir);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(other, sizeof(other), "%s/%s", dir, names[i]);
		assert_int_equal(noon_file_create(other, noon_bytes_of("mine", 4), 0600), NOON_OK);
		assert_int_equal(noon_file_create(path, noon_bytes_of("new", 3), 0600), NOON_OK);
		assert_content(other, "mine");
		assert_int_equal(noon_file_replace(path, noon_bytes_of("newer", 5), 0600), NOON_OK);
		assert_content(other, "mine");
		assert_content(path, "newer");
		assert_int_equal(count_files(), 2);
		assert_int_equal(unlink(path), 0);
		assert_int_equal(unlink(other), 0);
	}
}

/* Without RENAME_NOREPLACE, and without hard links, too (vfat, some FUSE and network ones). */
static void creates_on_any_file_system(void **state)
{
	static const int cases[][2] = {
		{EINVAL, 0}, {ENOSYS, 0}, {EINVAL, EPERM}, {ENOSYS, ENOSYS}, {EPERM, EOPNOTSUPP}};
	char path[128];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/f", dir);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		no_renameat2 = cases[i][0];
		no_link = cases[i][1];
		assert_int_equal(noon_file_create(path, noon_bytes_of("one", 3), 0600), NOON_OK);
		assert_content(path, "one");
		assert_int_equal(noon_file_create(path, noon_bytes_of("two", 3), 0600),
				 NOON_ERR_OS);
		assert_int_equal(errno, EEXIST);
		assert_content(path, "one");
		assert_int_equal(count_files(), 1);
		assert_int_equal(unlink(path), 0);
	}
	/* What is no lack of the file system's is an error. */
	no_renameat2 = EROFS;
	no_link = 0;
	assert_int_equal(noon_file_create(path, noon_bytes_of("one", 3), 0600), NOON_ERR_OS);
	assert_int_equal(errno, EROFS);
	assert_int_equal(count_files(), 0);
	no_renameat2 = 0;
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
		cmocka_unit_test(touches_no_file_beside_it),
		cmocka_unit_test(creates_on_any_file_system),
		cmocka_unit_test(leaves_nothing_behind_when_it_fails),
		cmocka_unit_test(does_not_wait_for_what_is_no_file),
		cmocka_unit_test(makes_folders_with_parents),
	};

	return cmocka_run_group_tests_name("platform/file", tests, make_dir, remove_dir);
}
