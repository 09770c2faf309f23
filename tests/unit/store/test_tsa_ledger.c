/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/tsa_ledger.h"
#include "wire/tsp.h"

#define NOBODY 65534

static const noon_time start = {INT64_C(1795354291250000000)};

/* --- a directory of its own for each test --- */

static char dir[64];
static char path[96];

static int make_dir(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/noonmark-test.XXXXXX");
	if (mkdtemp(dir) == NULL)
		return 1;
	(void)snprintf(path, sizeof(path), "%s/tsa.db", dir);
	return 0;
}

static int remove_dir(void **state)
{
	DIR *d = opendir(dir);

	(void)state;
	if (d == NULL)
		return 1;
	(void)chmod(dir, 0755);
	for (const struct dirent *e = readdir(d); e != NULL; e = readdir(d))
		(void)unlinkat(dirfd(d), e->d_name, 0);
	(void)closedir(d);
	return rmdir(dir);
}

static struct noon_tsa_ledger *open_it(void)
{
	struct noon_tsa_ledger *l = NULL;
	struct noon_ledger_why why = {.text = ""};

	if (noon_tsa_ledger_open(path, &l, &why))
		fail_msg("%s", why.text);
	return l;
}

static struct noon_tsa_ledger *read_it(void)
{
	struct noon_tsa_ledger *l = NULL;
	struct noon_ledger_why why = {.text = ""};

	if (noon_tsa_ledger_read(path, &l, &why))
		fail_msg("%s", why.text);
	return l;
}

/* --- entries --- */

struct told {
	uint64_t counter;
	noon_time gen_time;
	bool ordering;
};

/* The TSTInfo of a token. One buffer for all: write it before the next one is made. */
static struct noon_bytes tst_info(const struct noon_tsa_ledger *l, struct told t)
{
	static const uint8_t policy[] = {0x2a, 0x03};
	static const uint8_t imprint[32] = {7};
	static uint8_t buf[16][NOON_TST_INFO_MAX];
	static unsigned next;
	uint8_t *out = buf[next++ % 16];
	uint8_t serial[NOON_LEDGER_SERIAL_LEN];
	struct noon_der_wr w = noon_der_wr_over(out, NOON_TST_INFO_MAX);
	const struct noon_tst_info info = {
		.policy = noon_bytes_of(policy, sizeof(policy)),
		.imprint = {.digest = NOON_DIGEST_SHA256,
			    .value = noon_bytes_of(imprint, sizeof(imprint))},
		.serial = noon_bytes_of(serial, sizeof(serial)),
		.gen_time = t.gen_time,
		.digits = 6,
		.has_accuracy = true,
		.accuracy = NOON_MS(1),
		.ordering = t.ordering,
	};

	noon_tsa_ledger_serial(l, t.counter, serial);
	noon_tst_info_encode(&w, &info);
	assert_true(noon_der_wr_ok(&w));
	return noon_der_wr_written(&w);
}

static struct noon_ledger_entry token(const struct noon_tsa_ledger *l, struct told t)
{
	struct noon_ledger_entry e = {.kind = NOON_LEDGER_TOKEN,
				      .at = t.gen_time,
				      .counter = t.counter,
				      .body = tst_info(l, t)};

	memset(e.digest, (int)(t.counter & 0xff), sizeof(e.digest));
	return e;
}

static struct noon_ledger_entry text(enum noon_ledger_kind kind, const char *what)
{
	return (struct noon_ledger_entry){
		.kind = kind, .at = start, .body = noon_bytes_of(what, strlen(what))};
}

static void append(struct noon_tsa_ledger *l, struct noon_ledger_entry e)
{
	assert_int_equal(noon_tsa_ledger_append(l, &e, 1), NOON_OK);
}

static void append_token(struct noon_tsa_ledger *l, uint64_t counter, int64_t ms, bool ordering)
{
	append(l, token(l, (struct told){counter, noon_time_add(start, NOON_MS(ms)), ordering}));
}

static struct noon_ledger_audit audit(const struct noon_ledger_head *expected)
{
	struct noon_tsa_ledger *l = read_it();
	struct noon_ledger_audit r;

	assert_int_equal(noon_tsa_ledger_audit(l, expected, NULL, NULL, &r), NOON_OK);
	noon_tsa_ledger_close(l);
	return r;
}

static void expect_bad(const struct noon_ledger_head *expected, uint64_t seq, const char *why)
{
	const struct noon_ledger_audit r = audit(expected);

	assert_false(r.good);
	if (r.bad_seq != seq || strstr(r.why, why) == NULL)
		fail_msg("entry %" PRIu64 " expected, \"%s\"; found: \"%s\"", seq, why, r.why);
}

static void sql(const char *what)
{
	sqlite3 *db = NULL;
	char *error = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, what, NULL, NULL, &error) != SQLITE_OK)
		fail_msg("%s: %s", what, error);
	(void)sqlite3_close(db);
}

/* start, block 1 to 10, tokens 1 to 4, stop: seq 1 to 7. */
static struct noon_ledger_head write_some(void)
{
	struct noon_tsa_ledger *l = open_it();
	struct noon_ledger_head end;
	uint64_t first = 0;

	append(l, text(NOON_LEDGER_START, "started"));
	assert_int_equal(noon_tsa_ledger_reserve(l, 10, start, &first), NOON_OK);
	assert_int_equal(first, 1);
	for (uint64_t i = 1; i <= 4; i++)
		append_token(l, i, (int64_t)i, true);
	append(l, text(NOON_LEDGER_STOP, "stopped"));
	end = noon_tsa_ledger_end(l);
	noon_tsa_ledger_close(l);
	assert_int_equal(end.seq, 7);
	return end;
}

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
	assert_int_equal(last.ns, start.ns + NOON_MS(4));
	assert_int_equal(noon_tsa_ledger_reserve(l, 10, start, &first), NOON_OK);
	append_token(l, first, 5, false);
	assert_int_equal(noon_tsa_ledger_last_ordered(l, &last), NOON_OK);
	assert_int_equal(last.ns, start.ns + NOON_MS(4));
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
	assert_int_equal(noon_tsa_ledger_reserve(l, 100, start, &first), NOON_OK);
	assert_int_equal(first, 1);
	append_token(l, 1, 1, false);
	noon_tsa_ledger_close(l);
	l = open_it();
	assert_int_equal(noon_tsa_ledger_reserve(l, 7, start, &first), NOON_OK);
	assert_int_equal(first, 101);
	assert_int_equal(noon_tsa_ledger_reserve(l, 7, start, &first), NOON_OK);
	assert_int_equal(first, 108);
	/* None at all, or more than there can be. */
	assert_int_equal(noon_tsa_ledger_reserve(l, 0, start, &first), NOON_ERR_OS);
	assert_int_equal(noon_tsa_ledger_reserve(l, UINT64_MAX, start, &first), NOON_ERR_OS);
	assert_int_equal(noon_tsa_ledger_reserve(l, 1, start, &first), NOON_OK);
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
	assert_int_equal(noon_tsa_ledger_reserve(l, 10, start, &first), NOON_OK);
	before = noon_tsa_ledger_end(l);
	for (unsigned i = 0; i < 4; i++)
		e[i] = token(l, (struct told){i < 3 ? i + 1 : 2, start, false});
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

/* --- what an audit finds --- */

static void finds_a_change_in_every_column(void **state)
{
	/* Row 4 is a token, row 1 none. What SQLite would read as the same is a change as well. */
	static const struct {
		const char *change;
		uint64_t seq;
		const char *why;
	} table[] = {
		{"seq=100 WHERE seq=7", 7, "missing"},
		{"seq=0 WHERE seq=1", 1, "missing"},
		{"kind=1 WHERE seq=1", 1, "changed"},
		{"kind=99 WHERE seq=1", 1, "changed"},
		{"kind=kind+4294967296 WHERE seq=4", 4, "changed"},
		{"kind=kind+0.5 WHERE seq=4", 4, "changed"},
		{"at=at+1 WHERE seq=4", 4, "changed"},
		{"at=at-1 WHERE seq=1", 1, "changed"},
		{"at=CAST(at AS BLOB) WHERE seq=4", 4, "changed"},
		{"counter=9 WHERE seq=4", 4, "changed"},
		{"counter=counter+0.5 WHERE seq=4", 4, "changed"},
		{"counter=NULL WHERE seq=4", 4, "changed"},
		{"counter=8 WHERE seq=1", 1, "changed"},
		{"counter=0 WHERE seq=1", 1, "changed"},
		{"digest=zeroblob(32) WHERE seq=4", 4, "changed"},
		{"digest=zeroblob(32) WHERE seq=1", 1, "changed"},
		{"digest=NULL WHERE seq=4", 4, "changed"},
		{"digest=x'00' WHERE seq=1", 1, "changed"},
		{"body=x'00' WHERE seq=4", 4, "changed"},
		{"body=CAST('Started' AS BLOB) WHERE seq=1", 1, "changed"},
		{"body='started' WHERE seq=1", 1, "changed"},
		{"body=x'' WHERE seq=1", 1, "changed"},
		{"hash=zeroblob(32) WHERE seq=4", 4, "changed"},
		{"hash=x'' WHERE seq=7", 7, "changed"},
		{"hash=(SELECT hash FROM entry WHERE seq=5) WHERE seq=4", 4, "changed"},
	};
	char change[160];

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		(void)write_some();
		assert_true(audit(NULL).good);
		(void)snprintf(change, sizeof(change), "UPDATE entry SET %s", table[i].change);
		sql(change);
		print_message("# %s\n", table[i].change);
		expect_bad(NULL, table[i].seq, table[i].why);
		assert_int_equal(unlink(path), 0);
	}
}

static void finds_a_change_of_every_byte_of_a_body(void **state)
{
	struct noon_ledger_head head = write_some();

	(void)state;
	for (unsigned byte = 1; byte <= 7; byte++)
		for (unsigned bit = 0; bit < 8; bit++) {
			char change[160];

			(void)snprintf(change, sizeof(change),
				       "UPDATE entry SET body=CAST(substr('started',1,%u)||"
				       "char(unicode(substr('started',%u,1))%+d)||"
				       "substr('started',%u) AS BLOB) WHERE seq=1",
				       byte - 1, byte, 1 << bit, byte + 1);
			sql(change);
			expect_bad(&head, 1, "changed");
		}
	sql("UPDATE entry SET body=CAST('started' AS BLOB) WHERE seq=1");
	assert_true(audit(&head).good);
}

static void finds_what_was_taken_away(void **state)
{
	struct noon_ledger_head end;

	(void)state;
	(void)write_some();
	sql("DELETE FROM entry WHERE seq=5");
	expect_bad(NULL, 5, "missing");
	assert_int_equal(unlink(path), 0);

	/* The numbers closed up behind it. */
	(void)write_some();
	sql("DELETE FROM entry WHERE seq=5; UPDATE entry SET seq=5 WHERE seq=6;"
	    "UPDATE entry SET seq=6 WHERE seq=7");
	expect_bad(NULL, 5, "changed");
	assert_int_equal(unlink(path), 0);

	(void)write_some();
	sql("DELETE FROM entry WHERE seq=1");
	expect_bad(NULL, 1, "missing");
	assert_int_equal(unlink(path), 0);

	(void)write_some();
	sql("UPDATE entry SET seq=50 WHERE seq=4; UPDATE entry SET seq=4 WHERE seq=5;"
	    "UPDATE entry SET seq=5 WHERE seq=50");
	expect_bad(NULL, 4, "changed");
	assert_int_equal(unlink(path), 0);

	/* A cut-off end only shows against a head that somebody kept. */
	end = write_some();
	sql("DELETE FROM entry WHERE seq>=6");
	assert_true(audit(NULL).good);
	expect_bad(&end, 7, "expected is not there");
}

static void finds_another_chain_than_the_one_that_was_kept(void **state)
{
	struct noon_ledger_head kept = write_some();
	struct noon_ledger_head early = kept;

	(void)state;
	assert_true(audit(&kept).has_expected);
	kept.hash[31] ^= 1;
	expect_bad(&kept, 7, "not the one that was expected");
	/* All of it written again, with other serial numbers: every hash follows. */
	assert_int_equal(unlink(path), 0);
	(void)write_some();
	assert_true(audit(NULL).good);
	expect_bad(&early, 7, "not the one that was expected");
}

#define PREFIX ", prefix 00000001"

/* What the log of write_some() and a block of 11 to 20 cannot go on with. */
static void plant(struct noon_tsa_ledger *l, unsigned which)
{
	struct noon_ledger_entry other =
		token(l, (struct told){16, noon_time_add(start, NOON_MS(9)), true});

	switch (which) {
	case 0:
		append(l, text(NOON_LEDGER_BLOCK, "11 to 20" PREFIX));
		break;
	case 1:
		append_token(l, 21, 9, true);
		break;
	case 2:
		append_token(l, 0, 9, true);
		break;
	case 3:
		other.counter = 15;
		append(l, other);
		break;
	case 4:
		other.body.n--;
		append(l, other);
		break;
	case 5: /* back */
		append_token(l, 15, 3, true);
		break;
	case 6: /* not strictly on */
		append_token(l, 15, 4, true);
		break;
	case 7:
		append(l, text(NOON_LEDGER_BLOCK, "22 to 30" PREFIX));
		break;
	case 8: /* of the opening before */
		append_token(l, 5, 9, true);
		break;
	case 9:
		append(l, text(NOON_LEDGER_BLOCK, "30 to 21" PREFIX));
		break;
	default:
		append(l, text(NOON_LEDGER_BLOCK, "21 to 30" PREFIX " or so"));
		break;
	}
}

/* Whoever can compute hashes still cannot write down what cannot be. */
static void finds_what_cannot_be(void **state)
{
	static const char *const why[] = {
		"a second time",  "never reserved", "never reserved", "another serial",
		"malformed",	  "out of it",	    "out of it",      "leaves out",
		"never reserved", "malformed",	    "malformed",
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(why) / sizeof(why[0]); i++) {
		struct noon_tsa_ledger *l;
		uint64_t first = 0;

		(void)write_some();
		l = open_it();
		assert_int_equal(noon_tsa_ledger_reserve(l, 10, start, &first), NOON_OK);
		plant(l, i);
		noon_tsa_ledger_close(l);
		print_message("# case %u\n", i);
		expect_bad(NULL, 9, why[i]);
		/* What follows it does not make it good; where it is not known what was reserved
		 * nothing follows. */
		if (i < 9) {
			l = open_it();
			assert_int_equal(noon_tsa_ledger_reserve(l, 5, start, &first), NOON_OK);
			noon_tsa_ledger_close(l);
			expect_bad(NULL, 9, why[i]);
		} else {
			struct noon_ledger_why no;

			assert_int_equal(noon_tsa_ledger_open(path, &l, &no), NOON_ERR_FORMAT);
		}
		assert_int_equal(unlink(path), 0);
	}
}

/* Signed by several hands, tokens come into the log in another order than their numbers'. */
static void order_is_that_of_serial_numbers(void **state)
{
	struct noon_tsa_ledger *l = open_it();
	uint64_t first = 0;

	(void)state;
	assert_int_equal(noon_tsa_ledger_reserve(l, 10, start, &first), NOON_OK);
	append_token(l, 2, 20, true);
	append_token(l, 1, 10, true);
	append_token(l, 4, 5, false); /* promises none */
	append_token(l, 3, 30, true);
	noon_tsa_ledger_close(l);
	assert_true(audit(NULL).good);
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
	assert_int_equal(noon_tsa_ledger_reserve(l, 10, start, &first), NOON_OK);
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
	const struct noon_ledger_entry large = {
		.kind = NOON_LEDGER_CLOCK, .at = start, .body = noon_bytes_of(big, sizeof(big))};
	struct rlimit limit;
	struct noon_tsa_ledger *l = open_it();
	struct noon_ledger_head before;
	struct noon_ledger_audit r;
	uint64_t first = 0;
	noon_err err = noon_tsa_ledger_reserve(l, 10, start, &first);

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

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(goes_on_where_it_ended),
		TEST(starts_empty),
		TEST(skips_what_was_reserved_before),
		TEST(every_opening_has_other_serial_numbers),
		TEST(triggers_are_not_run),
		TEST(second_writer_is_refused),
		TEST(writes_all_or_none),
		TEST(finds_a_change_in_every_column),
		TEST(finds_a_change_of_every_byte_of_a_body),
		TEST(finds_what_was_taken_away),
		TEST(finds_another_chain_than_the_one_that_was_kept),
		TEST(finds_what_cannot_be),
		TEST(order_is_that_of_serial_numbers),
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
