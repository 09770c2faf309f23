/* SPDX-License-Identifier: Apache-2.0
 *
 * As root that may become another user everything is tested; in a user namespace, or without root,
 * only what is possible there: the other tests return at once. What changes a process runs in a
 * child.
 */
#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "platform/sandbox.h"

#define USER	"nobody"
#define NO_USER "no such user"

static char dir[64];
static bool can_become; /* another user */
static uid_t uid;
static gid_t gid;

static int make_dir(void **state)
{
	const struct passwd *user;

	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/noonmark-test.XXXXXX");
	if (mkdtemp(dir) == NULL)
		return 1;
	user = geteuid() == 0 ? getpwnam(USER) : NULL;
	if (user == NULL)
		return 0;
	uid = user->pw_uid;
	gid = user->pw_gid;
	can_become = chown(dir, uid, gid) == 0 && chown(dir, 0, getegid()) == 0;
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	return rmdir(dir);
}

static const char *path_of(const char *name)
{
	static char path[2][128];
	static unsigned turn;
	char *ret = path[turn++ % 2];

	(void)snprintf(ret, sizeof(path[0]), "%s/%s", dir, name);
	return ret;
}

static void make_file(const char *name)
{
	const int fd = open(path_of(name), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	(void)close(fd);
}

static struct stat stat_of(const char *name)
{
	struct stat st;

	assert_int_equal(lstat(path_of(name), &st), 0);
	return st;
}

/* Run in a child; returns its exit status. */
static int in_child(int (*run)(void))
{
	int status = 0;
	const pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(run());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

#define NOT_ALLOWED 77

/* Returns 0, NOT_ALLOWED, or the number of the first expectation that is not met. */
static int drop_all_but_time(void)
{
	const noon_err err = noon_sandbox_drop(USER, true, false, true);

	if (err == NOON_ERR_PERM)
		return NOT_ALLOWED;
	if (err)
		return 1;
	if (getuid() != uid || geteuid() != uid || getgid() != gid)
		return 2;
	if (getgroups(0, NULL) != 0)
		return 3;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 4;
	if (setuid(0) == 0 || capng_get_caps_process())
		return 5;
	if (!capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_TIME) ||
	    capng_have_capability(CAPNG_EFFECTIVE, CAP_NET_BIND_SERVICE) ||
	    capng_have_capability(CAPNG_PERMITTED, CAP_DAC_OVERRIDE) ||
	    capng_have_capability(CAPNG_BOUNDING_SET, CAP_SYS_ADMIN))
		return 6;
	return 0;
}

static int drop_everything(void)
{
	const noon_err err = noon_sandbox_drop(USER, false, false, false);

	if (err == NOON_ERR_PERM)
		return NOT_ALLOWED;
	if (err || capng_get_caps_process())
		return 1;
	return capng_have_capabilities(CAPNG_SELECT_CAPS) == CAPNG_NONE ? 0 : 2;
}

static void dropping_keeps_only_the_requested_capabilities(void **state)
{
	int status;

	(void)state;
	if (!can_become)
		return;
	status = in_child(drop_everything);
	if (status == NOT_ALLOWED)
		return;
	assert_int_equal(status, 0);
	status = in_child(drop_all_but_time);
	if (status == NOT_ALLOWED) /* in a container that may not set the clock */
		return;
	assert_int_equal(status, 0);
}

static int drop_to_no_user(void)
{
	const uid_t before = geteuid();
	const noon_err err = noon_sandbox_drop(NO_USER, true, true, true);

	if (err != (before == 0 ? NOON_ERR_NOT_FOUND : NOON_OK))
		return 1;
	return geteuid() == before && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0 ? 0 : 2;
}

/* Without root a name is not even looked up. */
static void an_unknown_user_changes_nothing(void **state)
{
	(void)state;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 0)
		return;
	assert_int_equal(in_child(drop_to_no_user), 0);
}

static void files_are_given_to_a_user(void **state)
{
	(void)state;
	if (!can_become)
		return;
	make_file("a");
	assert_int_equal(noon_sandbox_give_group(path_of("a"), USER), NOON_OK);
	assert_int_equal(stat_of("a").st_uid, 0);
	assert_int_equal(stat_of("a").st_gid, gid);
	assert_int_equal(noon_sandbox_give(path_of("a"), USER), NOON_OK);
	assert_int_equal(stat_of("a").st_uid, uid);
	assert_int_equal(noon_sandbox_give(path_of("a"), NO_USER), NOON_ERR_NOT_FOUND);
	assert_int_equal(noon_sandbox_give(path_of("b"), USER), NOON_ERR_NOT_FOUND);
	assert_int_equal(noon_sandbox_give(path_of("a/b"), USER), NOON_ERR_OS);
	assert_int_equal(unlink(path_of("a")), 0);
}

/* The user of a folder could let a name in it lead to a file of root's. */
static void links_are_not_given(void **state)
{
	(void)state;
	if (!can_become)
		return;
	make_file("a");
	assert_int_equal(symlink("a", path_of("soft")), 0);
	assert_int_equal(noon_sandbox_give(path_of("soft"), USER), NOON_ERR_OS);
	assert_int_equal(link(path_of("a"), path_of("hard")), 0);
	assert_int_equal(noon_sandbox_give(path_of("hard"), USER), NOON_ERR_OS);
	assert_int_equal(noon_sandbox_give_group(path_of("hard"), USER), NOON_ERR_OS);
	assert_int_equal(stat_of("a").st_uid, 0);
	assert_int_equal(stat_of("a").st_gid, stat_of("hard").st_gid);
	assert_int_not_equal(stat_of("a").st_gid, gid);
	assert_int_equal(unlink(path_of("hard")), 0);
	assert_int_equal(unlink(path_of("soft")), 0);
	assert_int_equal(unlink(path_of("a")), 0);
}

static void without_root_nothing_is_given(void **state)
{
	(void)state;
	if (geteuid() == 0)
		return;
	make_file("a");
	assert_int_equal(noon_sandbox_give(path_of("a"), NO_USER), NOON_OK);
	assert_int_equal(noon_sandbox_give(path_of("b"), NO_USER), NOON_OK);
	assert_int_equal(stat_of("a").st_uid, geteuid());
	assert_int_equal(unlink(path_of("a")), 0);
}

static void only_folders_that_others_cannot_write_are_ours(void **state)
{
	static const struct {
		mode_t mode;
		bool ours;
	} table[] = {{0700, true}, {0755, true}, {0720, false}, {0702, false}, {01777, false}};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_int_equal(chmod(dir, table[i].mode), 0);
		assert_int_equal(noon_sandbox_is_ours(dir, ""), table[i].ours);
		assert_int_equal(noon_sandbox_is_ours(dir, NO_USER), table[i].ours);
	}
	assert_int_equal(chmod(dir, 0700), 0);
	make_file("a");
	assert_false(noon_sandbox_is_ours(path_of("a"), ""));
	assert_false(noon_sandbox_is_ours(path_of("b"), ""));
	assert_int_equal(symlink(".", path_of("soft")), 0);
	assert_false(noon_sandbox_is_ours(path_of("soft"), ""));
	assert_int_equal(unlink(path_of("soft")), 0);
	assert_int_equal(unlink(path_of("a")), 0);
}

static void a_folder_of_another_user_is_ours_if_we_become_that_user(void **state)
{
	(void)state;
	if (!can_become)
		return;
	assert_int_equal(chown(dir, uid, gid), 0);
	assert_true(noon_sandbox_is_ours(dir, USER));
	assert_false(noon_sandbox_is_ours(dir, ""));
	assert_false(noon_sandbox_is_ours(dir, "root"));
	assert_false(noon_sandbox_is_ours(dir, NO_USER));
	assert_int_equal(chown(dir, 0, getegid()), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dropping_keeps_only_the_requested_capabilities),
		cmocka_unit_test(an_unknown_user_changes_nothing),
		cmocka_unit_test(files_are_given_to_a_user),
		cmocka_unit_test(links_are_not_given),
		cmocka_unit_test(without_root_nothing_is_given),
		cmocka_unit_test(only_folders_that_others_cannot_write_are_ours),
		cmocka_unit_test(a_folder_of_another_user_is_ours_if_we_become_that_user),
	};

	return cmocka_run_group_tests_name("platform/sandbox", tests, make_dir, remove_dir);
}
