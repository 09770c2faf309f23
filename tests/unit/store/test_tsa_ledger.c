/* SPDX-License-Identifier: Apache-2.0
 *
 * The ledger: writing, reading, and files and directories that do not permit it.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "test_tsa_ledger_fixture.h"

#define NOBODY 65534

/* --- writing --- */

static void goes_on_where_it_ended(void **state)
{
	const struct noon_ledger_head end = write_some();
	struct noon_tsa_ledger *l = open_it();
	struct noon_ledger_head head = noon_tsa_ledger_end(l);
	struct noon_ledger_audit r;
	uint64_t first = 0;
	noon_time last;

	(void)state;
	assert_int_equal(head.seq, 7);
	assert_memory_equal(head.hash, end.hash, sizeof(end.hash));
	assert_int_equal(noon_tsa_ledger_last_ordered(l, &last), NOON_OK);
	assert_int_equal(last.ns, start_time.ns + NOON_MS(4));
	assert_int_equal(noon_tsa_ledger_reserve(l, 10, start_time, &first), NOON_OK);
	append_token(l, first, 5, false);
	assert_int_equal(noon_tsa_ledger_last_ordered(l, &last), NOON_OK);
	assert_int_equal(last.ns, start_time.ns + NOON_MS(4));
	assert_int_equal(noon_tsa_ledger_head(l, &head), NOON_OK);
	assert_int_equal(head.seq, 9);
	noon_tsa_ledger_close(l);
	r = audit(&end);
	assert_true(r.good && r.has_expected);
	assert_int_equal(r.entries, 9);
	assert_int_equal(r.kinds[NOON_LEDGER_TOKEN], 5);
	assert_int_equal(r.serials_unused, 15);
	assert_memory_equal(r.head.hash, head.hash, sizeof(head.hash));
}

static void starts_empty(void **state)
{
	struct noon_tsa_ledger *l = open_it();
	noon_time last;

	(void)state;
	assert_int_equal(noon_tsa_ledger_end(l).seq, 0);
	assert_int_equal(noon_tsa_ledger_last_ordered(l, &last), NOON_OK);
	assert_int_equal(last.ns, NOON_TIME_FIRST.ns);
	noon_tsa_ledger_close(l);
	assert_true(audit(NULL).good);
}

static void skips_what_was_reserved_before(void **state)
{
	struct noon_tsa_ledger *l = open_it();
	uint64_t first = 0;

	(void)state;
	assert_int_equal(noon_tsa_ledger_reserve(l, 100, start_time, &first), NOON_OK);
	assert_int_equal(first, 1);
	append_token(l, 1, 1, false);
	noon_tsa_ledger_close(l);
	l = open_it();
	assert_int_equal(noon_tsa_ledger_reserve(l, 7, start_time, &first), NOON_OK);
	assert_int_equal(first, 101);
	assert_int_equal(noon_tsa_ledger_reserve(l, 7, start_time, &first), NOON_OK);
	assert_int_equal(first, 108);
	/* None at all, or more than there can be. */
	assert_int_equal(noon_tsa_ledger_reserve(l, 0, start_time, &first), NOON_ERR_OS);
	assert_int_equal(noon_tsa_ledger_reserve(l, UINT64_MAX, start_time, &first), NOON_ERR_OS);
	assert_int_equal(noon_tsa_ledger_reserve(l, 1, start_time, &first), NOON_OK);
	assert_int_equal(first, 115);
	noon_tsa_ledger_close(l);
	assert_int_equal(audit(NULL).serials_unused, 114);
}

/* Opened again, or lost and made again, or put back from a copy: the counters may come again. */
static void every_opening_has_other_serial_numbers(void **state)
{
	uint8_t serial[3][NOON_LEDGER_SERIAL_LEN];

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct noon_tsa_ledger *l = open_it();

		noon_tsa_ledger_serial(l, 5, serial[i]);
		noon_tsa_ledger_close(l);
		if (i == 1)
			assert_int_equal(unlink(path), 0);
	}
	assert_memory_not_equal(serial[0], serial[1], 4);
	assert_memory_not_equal(serial[1], serial[2], 4);
	assert_memory_equal(serial[1] + 4, serial[2] + 4, 8);
	assert_true(serial[0][0] < 0x80);
}

/* A trigger that swallows what is written would leave a whole chain with nothing in it. */
static void triggers_are_not_run(void **state)
{
	const struct noon_ledger_head before = write_some();
	struct noon_tsa_ledger *l;
	struct noon_ledger_head head = {0};

	(void)state;
	sql("CREATE TRIGGER t BEFORE INSERT ON entry BEGIN SELECT RAISE(IGNORE); END");
	l = open_it();
	append(l, text(NOON_LEDGER_START, "started"));
	assert_int_equal(noon_tsa_ledger_head(l, &head), NOON_OK);
	assert_int_equal(head.seq, before.seq + 1);
	noon_tsa_ledger_close(l);
}

static void second_writer_is_refused(void **state)
{
	struct noon_tsa_ledger *l = open_it();
	struct noon_tsa_ledger *other = NULL;
	struct noon_ledger_why why = {.text = ""};

	(void)state;
	assert_int_equal(noon_tsa_ledger_open(path, &other, &why), NOON_ERR_STATE);
	assert_non_null(strstr(why.text, "another process writes this file"));
	assert_non_null(strstr(why.text, path));
	append(l, text(NOON_LEDGER_CLOCK, "state ok"));
	noon_tsa_ledger_close(l);
	assert_int_equal(noon_tsa_ledger_open(path, &other, &why), NOON_OK);
	noon_tsa_ledger_close(other);
}

static void writes_all_or_none(void **state)
{
	struct noon_tsa_ledger *l = open_it();
	struct noon_ledger_entry e[4];
	struct noon_ledger_head before;
	uint64_t first = 0;

	(void)state;
	assert_int_equal(noon_tsa_ledger_reserve(l, 10, start_time, &first), NOON_OK);
	before = noon_tsa_ledger_end(l);
	for (unsigned i = 0; i < 4; i++)
		e[i] = token(l, (struct told){i < 3 ? i + 1 : 2, start_time, false});
	assert_int_equal(noon_tsa_ledger_append(l, e, 4), NOON_ERR_OS);
	assert_string_not_equal(noon_tsa_ledger_error(l), "");
	assert_int_equal(noon_tsa_ledger_end(l).seq, before.seq);
	assert_memory_equal(noon_tsa_ledger_end(l).hash, before.hash, sizeof(before.hash));
	assert_int_equal(audit(NULL).kinds[NOON_LEDGER_TOKEN], 0);
	/* And it can go on. */
	assert_int_equal(noon_tsa_ledger_append(l, e, 3), NOON_OK);
	noon_tsa_ledger_close(l);
	assert_true(audit(NULL).good);
	assert_int_equal(audit(NULL).kinds[NOON_LEDGER_TOKEN], 3);
}

/* --- readers --- */

static bool count_up_to_three(void *arg, const struct noon_ledger_head *at,
			      const struct noon_ledger_entry *e)
{
	uint64_t *n = arg;

	(void)e;
	assert_int_equal(at->seq, 4 + *n);
	return ++*n < 3;
}

static void is_read_while_it_is_written(void **state)
{
	struct noon_tsa_ledger *l;
	struct noon_tsa_ledger *reader;
	struct noon_ledger_audit r;
	struct noon_ledger_head head;
	uint64_t first = 0;
	uint64_t n = 0;

	(void)state;
	(void)write_some();
	l = open_it();
	reader = read_it();
	assert_int_equal(noon_tsa_ledger_audit(reader, NULL, NULL, NULL, &r), NOON_OK);
	assert_true(r.good && r.entries == 7);
	assert_int_equal(noon_tsa_ledger_reserve(l, 10, start_time, &first), NOON_OK);
	append_token(l, first, 5, true);
	assert_int_equal(noon_tsa_ledger_audit(reader, NULL, NULL, NULL, &r), NOON_OK);
	assert_true(r.good && r.entries == 9);
	assert_int_equal(noon_tsa_ledger_head(reader, &head), NOON_OK);
	assert_memory_equal(head.hash, noon_tsa_ledger_end(l).hash, sizeof(head.hash));
	assert_int_equal(noon_tsa_ledger_each(reader, 4, count_up_to_three, &n), NOON_OK);
	assert_int_equal(n, 3);
	noon_tsa_ledger_close(reader);
	noon_tsa_ledger_close(l);
}

/* --- where there is no ledger --- */

static void expect_refused(noon_err writing, noon_err reading, const char *words)
{
	struct noon_tsa_ledger *l = NULL;
	struct noon_ledger_why why = {.text = ""};

	assert_int_equal(noon_tsa_ledger_open(path, &l, &why), writing);
	if (strstr(why.text, words) == NULL || strstr(why.text, path) == NULL)
		fail_msg("expected \"%s\": \"%s\"", words, why.text);
	why.text[0] = '\0';
	assert_int_equal(noon_tsa_ledger_read(path, &l, &why), reading);
	if (strstr(why.text, path) == NULL)
		fail_msg("no file name: \"%s\"", why.text);
}

static void put_file(const char *what)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_true(fputs(what, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void refuses_what_is_something_else(void **state)
{
	struct stat st;

	(void)state;
	put_file("A diary of the year 1761, and no database at all, in words of its own.\n");
	expect_refused(NOON_ERR_FORMAT, NOON_ERR_FORMAT, "not the ledger");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 71);
	assert_int_equal(unlink(path), 0);

	sql("CREATE TABLE orders(id); INSERT INTO orders VALUES(7)");
	expect_refused(NOON_ERR_FORMAT, NOON_ERR_FORMAT, "not the ledger");
	sql("SELECT id FROM orders; CREATE TABLE entry(it_was_left_alone)");
	assert_int_equal(unlink(path), 0);

	sql("CREATE TABLE t(id); PRAGMA application_id=7");
	expect_refused(NOON_ERR_FORMAT, NOON_ERR_FORMAT, "not the ledger");
	assert_int_equal(unlink(path), 0);

	/* One of a version to come. */
	(void)write_some();
	sql("PRAGMA user_version=2");
	expect_refused(NOON_ERR_FORMAT, NOON_ERR_FORMAT, "not the ledger");
	assert_int_equal(unlink(path), 0);

	assert_int_equal(symlink("/dev/null", path), 0);
	expect_refused(NOON_ERR_OS, NOON_ERR_FORMAT, "symbolic");
	assert_int_equal(unlink(path), 0);
	(void)snprintf(path, sizeof(path), "%s/none/tsa.db", dir);
	expect_refused(NOON_ERR_OS, NOON_ERR_NOT_FOUND, "No such file");
}

static void follows_links_among_directories(void **state)
{
	char link[128];

	(void)state;
	(void)write_some();
	(void)snprintf(link, sizeof(link), "%s/elsewhere", dir);
	assert_int_equal(symlink(dir, link), 0);
	(void)snprintf(path, sizeof(path), "%s/elsewhere/tsa.db", dir);
	noon_tsa_ledger_close(open_it());
	assert_true(audit(NULL).good);
}

static void is_nobody_elses(void **state)
{
	const mode_t mask = umask(0);
	struct stat st;

	(void)state;
	(void)write_some();
	(void)umask(mask);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

/* Run in a child, which may give up what it is allowed. */
static int in_child(int (*run)(void))
{
	const pid_t pid = fork();
	int status = -1;

	if (pid == 0)
		_exit(run());
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + status;
}

static int open_as_nobody(void)
{
	struct noon_tsa_ledger *l = NULL;
	struct noon_ledger_why why = {.text = ""};

	if (geteuid() == 0 && setuid(NOBODY) != 0)
		return 77;
	if (noon_tsa_ledger_open(path, &l, &why) != NOON_ERR_OS)
		return 1;
	return strstr(why.text, "Permission denied") == NULL ? 2 : 0;
}

static void says_that_a_directory_is_read_only(void **state)
{
	(void)state;
	assert_int_equal(chmod(dir, 0555), 0);
	assert_int_equal(in_child(open_as_nobody), 0);
	assert_int_equal(chmod(dir, 0755), 0);
}

static int audit_as_nobody(void)
{
	struct noon_ledger_audit r;

	if (geteuid() == 0 && setuid(NOBODY) != 0)
		return 77;
	r = audit(NULL);
	return r.good && r.entries == 7 ? 0 : 1;
}

/* An auditor's copy, on a medium or in a place of somebody else's. */
static void is_read_where_nothing_can_be_written(void **state)
{
	static const char *const name[] = {"tsa.db", "100%?#of it.db"};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, name[i]);
		(void)write_some();
		assert_int_equal(chmod(path, 0444), 0);
		assert_int_equal(chmod(dir, 0555), 0);
		assert_int_equal(in_child(audit_as_nobody), 0);
		assert_int_equal(chmod(dir, 0755), 0);
	}
}

/* As on a full disk, from a child's point of view. */
static int write_on_a_full_disk(void)
{
	static uint8_t big[200000];
	const struct noon_ledger_entry large = {.kind = NOON_LEDGER_CLOCK,
						.at = start_time,
						.body = noon_bytes_of(big, sizeof(big))};
	struct rlimit limit;
	struct noon_tsa_ledger *l = open_it();
	struct noon_ledger_head before;
	struct noon_ledger_audit r;
	uint64_t first = 0;
	noon_err err = noon_tsa_ledger_reserve(l, 10, start_time, &first);

	before = noon_tsa_ledger_end(l);
	if (err || signal(SIGXFSZ, SIG_IGN) == SIG_ERR || getrlimit(RLIMIT_FSIZE, &limit) != 0)
		return 1;
	limit.rlim_cur = 100000;
	if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
		return 2;
	for (unsigned i = 0; i < 3; i++)
		if (noon_tsa_ledger_append(l, &large, 1) != NOON_ERR_OS ||
		    noon_tsa_ledger_error(l)[0] == '\0' || noon_tsa_ledger_end(l).seq != before.seq)
			return 3;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
		return 4;
	append_token(l, first, 1, true);
	err = noon_tsa_ledger_append(l, &large, 1);
	noon_tsa_ledger_close(l);
	if (err)
		return 5;
	r = audit(&before);
	return r.good && r.entries == 3 && r.kinds[NOON_LEDGER_TOKEN] == 1 ? 0 : 6;
}

static void goes_on_after_the_disk_was_full(void **state)
{
	(void)state;
	assert_int_equal(in_child(write_on_a_full_disk), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)
	const struct CMUnitTest tests[] = {
		TEST(goes_on_where_it_ended),
		TEST(starts_empty),
		TEST(skips_what_was_reserved_before),
		TEST(every_opening_has_other_serial_numbers),
		TEST(triggers_are_not_run),
		TEST(second_writer_is_refused),
		TEST(writes_all_or_none),
		TEST(is_read_while_it_is_written),
		TEST(refuses_what_is_something_else),
		TEST(follows_links_among_directories),
		TEST(is_nobody_elses),
		TEST(says_that_a_directory_is_read_only),
		TEST(is_read_where_nothing_can_be_written),
		TEST(goes_on_after_the_disk_was_full),
	};

	return cmocka_run_group_tests_name("store/tsa_ledger", tests, NULL, NULL);
}
