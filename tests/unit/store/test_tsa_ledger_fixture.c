/* SPDX-License-Identifier: Apache-2.0 */
#include "test_tsa_ledger_fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "wire/tsp.h"

const noon_time start_time = {INT64_C(1795354291250000000)};
char dir[64];
char path[96];

int make_dir(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/noonmark-test.XXXXXX");
	if (mkdtemp(dir) == NULL)
		return 1;
	(void)snprintf(path, sizeof(path), "%s/tsa.db", dir);
	return 0;
}

int remove_dir(void **state)
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

struct noon_tsa_ledger *open_it(void)
{
	struct noon_tsa_ledger *l = NULL;
	struct noon_ledger_why why = {.text = ""};

	if (noon_tsa_ledger_open(path, &l, &why))
		fail_msg("%s", why.text);
	return l;
}

struct noon_tsa_ledger *read_it(void)
{
	struct noon_tsa_ledger *l = NULL;
	struct noon_ledger_why why = {.text = ""};

	if (noon_tsa_ledger_read(path, &l, &why))
		fail_msg("%s", why.text);
	return l;
}

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

struct noon_ledger_entry token(const struct noon_tsa_ledger *l, struct told t)
{
	struct noon_ledger_entry e = {.kind = NOON_LEDGER_TOKEN,
				      .at = t.gen_time,
				      .counter = t.counter,
				      .body = tst_info(l, t)};

	memset(e.digest, (int)(t.counter & 0xff), sizeof(e.digest));
	return e;
}

struct noon_ledger_entry text(enum noon_ledger_kind kind, const char *what)
{
	return (struct noon_ledger_entry){
		.kind = kind, .at = start_time, .body = noon_bytes_of(what, strlen(what))};
}

void append(struct noon_tsa_ledger *l, struct noon_ledger_entry e)
{
	assert_int_equal(noon_tsa_ledger_append(l, &e, 1), NOON_OK);
}

void append_token(struct noon_tsa_ledger *l, uint64_t counter, int64_t ms, bool ordering)
{
	append(l,
	       token(l, (struct told){counter, noon_time_add(start_time, NOON_MS(ms)), ordering}));
}

struct noon_ledger_audit audit(const struct noon_ledger_head *expected)
{
	struct noon_tsa_ledger *l = read_it();
	struct noon_ledger_audit r;

	assert_int_equal(noon_tsa_ledger_audit(l, expected, NULL, NULL, &r), NOON_OK);
	noon_tsa_ledger_close(l);
	return r;
}

void expect_bad(const struct noon_ledger_head *expected, uint64_t seq, const char *why)
{
	const struct noon_ledger_audit r = audit(expected);

	assert_false(r.good);
	if (r.bad_seq != seq || strstr(r.why, why) == NULL)
		fail_msg("entry %" PRIu64 " expected, \"%s\"; found: \"%s\"", seq, why, r.why);
}

void sql(const char *what)
{
	sqlite3 *db = NULL;
	char *error = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, what, NULL, NULL, &error) != SQLITE_OK)
		fail_msg("%s: %s", what, error);
	(void)sqlite3_close(db);
}

struct noon_ledger_head write_some(void)
{
	struct noon_tsa_ledger *l = open_it();
	struct noon_ledger_head end;
	uint64_t first = 0;

	append(l, text(NOON_LEDGER_START, "started"));
	assert_int_equal(noon_tsa_ledger_reserve(l, 10, start_time, &first), NOON_OK);
	assert_int_equal(first, 1);
	for (uint64_t i = 1; i <= 4; i++)
		append_token(l, i, (int64_t)i, true);
	append(l, text(NOON_LEDGER_STOP, "stopped"));
	end = noon_tsa_ledger_end(l);
	noon_tsa_ledger_close(l);
	assert_int_equal(end.seq, 7);
	return end;
}
