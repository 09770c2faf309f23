/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads and verifies the ledger, as an auditor does.
 */
#include <stdio.h>
#include <string.h>

#include "proto/tsa/tsa.h"
#include "store/tsa_ledger_priv.h"

#define PROGRESS_EVERY 4096 /* entries */

/* SQLite keeps whatever it is given: only what insert() writes may read as the entry that it wrote.
 */
static bool is_as_written(sqlite3_stmt *st)
{
	const sqlite3_int64 kind = sqlite3_column_int64(st, 1);
	const bool token = kind == NOON_LEDGER_TOKEN;

	return sqlite3_column_type(st, 1) == SQLITE_INTEGER && kind >= 0 &&
	       kind < NOON_LEDGER_KINDS && sqlite3_column_type(st, 2) == SQLITE_INTEGER &&
	       sqlite3_column_type(st, 3) == (token ? SQLITE_INTEGER : SQLITE_NULL) &&
	       sqlite3_column_type(st, 4) == (token ? SQLITE_BLOB : SQLITE_NULL) &&
	       sqlite3_column_bytes(st, 4) == (token ? NOON_LEDGER_HASH_LEN : 0) &&
	       sqlite3_column_type(st, 5) == SQLITE_BLOB &&
	       sqlite3_column_type(st, 6) == SQLITE_BLOB &&
	       sqlite3_column_bytes(st, 6) == NOON_LEDGER_HASH_LEN;
}

/* The hash of one that was not written by us is zero, which follows from nothing. */
static void take_row(sqlite3_stmt *st, struct noon_ledger_head *at, struct noon_ledger_entry *e)
{
	memset(e, 0, sizeof(*e));
	at->seq = (uint64_t)sqlite3_column_int64(st, 0);
	e->kind = (enum noon_ledger_kind)sqlite3_column_int64(st, 1);
	e->at = (noon_time){sqlite3_column_int64(st, 2)};
	e->counter = (uint64_t)sqlite3_column_int64(st, 3);
	if (sqlite3_column_bytes(st, 4) == NOON_LEDGER_HASH_LEN)
		memcpy(e->digest, sqlite3_column_blob(st, 4), NOON_LEDGER_HASH_LEN);
	e->body = noon_bytes_of(sqlite3_column_blob(st, 5), (size_t)sqlite3_column_bytes(st, 5));
	memset(at->hash, 0, sizeof(at->hash));
	if (is_as_written(st))
		memcpy(at->hash, sqlite3_column_blob(st, 6), NOON_LEDGER_HASH_LEN);
}

/* Entries that are read in one go: whoever takes his time between two goes holds nobody up. */
#define GO 512

noon_err noon_tsa_ledger_each(struct noon_tsa_ledger *l, uint64_t first,
			      bool (*take)(void *arg, const struct noon_ledger_head *at,
					   const struct noon_ledger_entry *e),
			      void *arg)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(l->db,
				    "SELECT seq,kind,at,counter,digest,body,hash FROM entry "
				    "WHERE seq>=?1 ORDER BY seq LIMIT ?2",
				    -1, &st, NULL);
	uint64_t n = GO;

	while (rc == SQLITE_OK && n == GO) {
		(void)sqlite3_bind_int64(st, 1, (sqlite3_int64)first);
		(void)sqlite3_bind_int64(st, 2, GO);
		for (n = 0; (rc = sqlite3_step(st)) == SQLITE_ROW; n++) {
			struct noon_ledger_head at;
			struct noon_ledger_entry e;

			take_row(st, &at, &e);
			first = at.seq + 1;
			if (!take(arg, &at, &e)) {
				(void)sqlite3_finalize(st);
				return NOON_OK;
			}
		}
		rc = rc == SQLITE_DONE ? sqlite3_reset(st) : rc;
	}
	(void)sqlite3_finalize(st);
	return rc == SQLITE_OK ? NOON_OK : NOON_ERR_OS;
}

noon_err noon_tsa_ledger_head(struct noon_tsa_ledger *l, struct noon_ledger_head *ret)
{
	sqlite3_stmt *st = NULL;
	struct noon_ledger_head head = {0};
	int rc = sqlite3_prepare_v2(l->db, "SELECT seq,hash FROM entry ORDER BY seq DESC LIMIT 1",
				    -1, &st, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW) {
		head.seq = (uint64_t)sqlite3_column_int64(st, 0);
		if (sqlite3_column_bytes(st, 1) == NOON_LEDGER_HASH_LEN)
			memcpy(head.hash, sqlite3_column_blob(st, 1), NOON_LEDGER_HASH_LEN);
	}
	(void)sqlite3_finalize(st);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return NOON_ERR_OS;
	*ret = head;
	return NOON_OK;
}

noon_err noon_tsa_ledger_last_ordered(struct noon_tsa_ledger *l, noon_time *ret)
{
	sqlite3_stmt *st = NULL;
	noon_time last = NOON_TIME_FIRST;
	int rc = sqlite3_prepare_v2(l->db,
				    "SELECT body FROM entry WHERE counter IS NOT NULL "
				    "ORDER BY counter DESC",
				    -1, &st, NULL);

	while (rc == SQLITE_OK || rc == SQLITE_ROW) {
		struct noon_tst_info t;

		rc = sqlite3_step(st);
		if (rc != SQLITE_ROW ||
		    noon_tst_info_decode(noon_bytes_of(sqlite3_column_blob(st, 0),
						       (size_t)sqlite3_column_bytes(st, 0)),
					 &t) ||
		    !t.ordering)
			continue;
		last = t.gen_time;
		rc = SQLITE_DONE;
	}
	(void)sqlite3_finalize(st);
	if (rc != SQLITE_DONE)
		return NOON_ERR_OS;
	*ret = last;
	return NOON_OK;
}

struct audit {
	const struct noon_ledger_head *expected;
	void (*progress)(void *arg, uint64_t entries);
	void *arg;
	struct noon_ledger_head before;
	struct noon_ledger_audit *ret;
	uint64_t reserved; /* counters up to this one */
	uint64_t since;	   /* the first one of the opening that is being read */
	uint32_t prefix;   /* of its serial numbers */
};

static bool wrong(struct audit *a, uint64_t seq, const char *why)
{
	a->ret->bad_seq = seq;
	(void)snprintf(a->ret->why, sizeof(a->ret->why), "entry %llu: %s", (unsigned long long)seq,
		       why);
	return false;
}

bool noon_ledger_block_parse(struct noon_bytes body, struct noon_ledger_block *ret)
{
	char text[80];
	unsigned long long first = 0;
	unsigned long long last = 0;
	unsigned prefix = 0;
	char end = 0;

	if (body.n == 0 || body.n >= sizeof(text))
		return false;
	memcpy(text, body.p, body.n);
	text[body.n] = '\0';
	/* NOLINTNEXTLINE(cert-err34-c): the ranges are checked below */
	if (sscanf(text, "%llu to %llu, prefix %8x%c", &first, &last, &prefix, &end) != 3 ||
	    first == 0 || first > last || last > INT64_MAX)
		return false;
	*ret = (struct noon_ledger_block){.first = first, .last = last, .prefix = prefix};
	return true;
}

/* The first one comes after all that were reserved before. */
static bool check_block(struct audit *a, uint64_t seq, const struct noon_ledger_entry *e)
{
	struct noon_ledger_block b;

	if (!noon_ledger_block_parse(e->body, &b))
		return wrong(a, seq, "its block of serial numbers is malformed");
	if (b.first <= a->reserved)
		return wrong(a, seq, "it reserves serial numbers a second time");
	if (b.first > a->reserved + 1)
		return wrong(a, seq, "it leaves out serial numbers");
	if (b.prefix != a->prefix)
		a->since = b.first;
	a->prefix = b.prefix;
	a->ret->serials_unused += b.last - b.first + 1;
	a->reserved = b.last;
	return true;
}

/* That no number comes twice is seen when they are read in their order. */
static bool check_token(struct audit *a, uint64_t seq, const struct noon_ledger_entry *e)
{
	uint8_t serial[NOON_LEDGER_SERIAL_LEN];
	struct noon_bytes is;
	struct noon_tst_info t;

	if (e->counter == 0 || e->counter < a->since || e->counter > a->reserved)
		return wrong(a, seq, "its serial number was never reserved");
	if (noon_tst_info_decode(e->body, &t))
		return wrong(a, seq, "its TSTInfo is malformed");
	noon_ledger_serial(a->prefix, e->counter, serial);
	is = noon_bytes_of(serial, sizeof(serial));
	while (is.n > 1 && is.p[0] == 0 && is.p[1] < 0x80) {
		is.p++;
		is.n--;
	}
	if (!noon_bytes_equal(is, t.serial))
		return wrong(a, seq, "its TSTInfo has another serial number");
	a->ret->serials_unused--;
	return true;
}

static bool take(void *arg, const struct noon_ledger_head *at, const struct noon_ledger_entry *e)
{
	struct audit *a = arg;
	uint8_t hash[NOON_LEDGER_HASH_LEN];
	bool good = true;

	if (at->seq != a->before.seq + 1)
		return wrong(a, a->before.seq + 1, "missing");
	if (noon_ledger_hash(&a->before, e, hash) || memcmp(hash, at->hash, sizeof(hash)) != 0)
		return wrong(a, at->seq, "changed: its hash does not follow from it");
	if ((unsigned)e->kind >= NOON_LEDGER_KINDS)
		return wrong(a, at->seq, "of no kind that is known");
	if (a->expected != NULL && at->seq == a->expected->seq) {
		if (memcmp(at->hash, a->expected->hash, sizeof(at->hash)) != 0)
			return wrong(a, at->seq, "not the one that was expected");
		a->ret->has_expected = true;
	}
	if (e->kind == NOON_LEDGER_BLOCK)
		good = check_block(a, at->seq, e);
	else if (e->kind == NOON_LEDGER_TOKEN)
		good = check_token(a, at->seq, e);
	a->before = *at;
	a->ret->head = *at;
	a->ret->entries++;
	a->ret->kinds[e->kind]++;
	if (a->progress != NULL && a->ret->entries % PROGRESS_EVERY == 0)
		a->progress(a->arg, a->ret->entries);
	return good;
}

/* Tokens that promise an order have it in the order of their serial numbers. */
static noon_err check_order(struct noon_tsa_ledger *l, struct noon_ledger_audit *ret)
{
	sqlite3_stmt *st = NULL;
	noon_time last = NOON_TIME_FIRST;
	uint64_t before = 0;
	int rc = sqlite3_prepare_v2(
		l->db,
		"SELECT seq,counter,body FROM entry NOT INDEXED WHERE counter IS NOT NULL "
		"ORDER BY counter",
		-1, &st, NULL);

	while (rc == SQLITE_OK || rc == SQLITE_ROW) {
		struct noon_tst_info t;
		uint64_t counter;

		rc = sqlite3_step(st);
		if (rc != SQLITE_ROW)
			break;
		counter = (uint64_t)sqlite3_column_int64(st, 1);
		if (counter <= before) {
			ret->bad_seq = (uint64_t)sqlite3_column_int64(st, 0);
			(void)snprintf(ret->why, sizeof(ret->why),
				       "entry %llu: its serial number was given out twice",
				       (unsigned long long)ret->bad_seq);
			break;
		}
		before = counter;
		if (noon_tst_info_decode(noon_bytes_of(sqlite3_column_blob(st, 2),
						       (size_t)sqlite3_column_bytes(st, 2)),
					 &t) ||
		    !t.ordering)
			continue;
		if (!noon_time_before(last, t.gen_time)) {
			ret->bad_seq = (uint64_t)sqlite3_column_int64(st, 0);
			(void)snprintf(ret->why, sizeof(ret->why),
				       "entry %llu: it promises an order and is out of it",
				       (unsigned long long)ret->bad_seq);
			break;
		}
		last = t.gen_time;
	}
	(void)sqlite3_finalize(st);
	return rc == SQLITE_DONE || ret->bad_seq != 0 ? NOON_OK : NOON_ERR_OS;
}

noon_err noon_tsa_ledger_audit(struct noon_tsa_ledger *l, const struct noon_ledger_head *expected,
			       void (*progress)(void *arg, uint64_t entries), void *arg,
			       struct noon_ledger_audit *ret)
{
	struct audit a = {.expected = expected, .progress = progress, .arg = arg, .ret = ret};
	noon_err err;

	memset(ret, 0, sizeof(*ret));
	err = noon_tsa_ledger_each(l, 0, take, &a);
	if (!err && ret->bad_seq == 0)
		err = check_order(l, ret);
	if (!err && ret->bad_seq == 0 && expected != NULL && !ret->has_expected)
		(void)wrong(&a, expected->seq, "the one that was expected is not there");
	ret->good = !err && ret->bad_seq == 0;
	return err;
}
