/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

#include "crypto/sign.h"
#include "store/database.h"
#include "store/tsa_ledger_priv.h"

/* "NOON" as the file's application_id, and the version of these tables. */
#define APPLICATION_ID "1313820494"
#define TABLES_VERSION "1"

static const struct noon_database_tables tables = {APPLICATION_ID, TABLES_VERSION};

#define BUSY_MS 2000 /* for readers that hold the file for a moment */

static const char schema[] =
	"BEGIN IMMEDIATE;"
	"CREATE TABLE IF NOT EXISTS entry(seq INTEGER PRIMARY KEY, kind INTEGER NOT NULL, "
	"at INTEGER NOT NULL, counter INTEGER UNIQUE, digest BLOB, body BLOB NOT NULL, "
	"hash BLOB NOT NULL);"
	"PRAGMA application_id=" APPLICATION_ID ";"
	"PRAGMA user_version=" TABLES_VERSION ";"
	"COMMIT;";

const char *noon_ledger_kind_word(unsigned kind)
{
	static const char *const words[] = {
#define WORD(name, word) word,
		NOON_LEDGER_KIND_LIST(WORD)
#undef WORD
	};

	return kind < NOON_LEDGER_KINDS ? words[kind] : "unknown";
}

static noon_err fail(struct noon_tsa_ledger *l, struct noon_ledger_why *why, const char *path)
{
	(void)snprintf(why->text, sizeof(why->text), "%.150s: %.90s", path,
		       l == NULL || l->db == NULL ? "out of memory" : sqlite3_errmsg(l->db));
	return NOON_ERR_OS;
}

static bool exec(struct noon_tsa_ledger *l, const char *sql)
{
	return sqlite3_exec(l->db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

static bool prepare(struct noon_tsa_ledger *l, const char *sql, sqlite3_stmt **ret)
{
	return sqlite3_prepare_v3(l->db, sql, -1, SQLITE_PREPARE_PERSISTENT, ret, NULL) ==
	       SQLITE_OK;
}

/* Drawn at each opening: with a file lost and made again, or put back from a copy, the same
 * counters give other serial numbers. */
static bool draw_prefix(struct noon_tsa_ledger *l)
{
	while (l->prefix == 0) {
		if (getrandom(&l->prefix, sizeof(l->prefix), 0) != (ssize_t)sizeof(l->prefix))
			return false;
		l->prefix &= INT32_MAX;
	}
	return true;
}

/* Two daemons on one file would each believe that the chain ends where it was when they began. */
static noon_err lock(struct noon_tsa_ledger *l, const char *path, struct noon_ledger_why *why)
{
	char name[512];
	const char *reason;

	(void)snprintf(name, sizeof(name), "%s.lock", path);
	l->lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (l->lock >= 0 && flock(l->lock, LOCK_EX | LOCK_NB) == 0)
		return NOON_OK;
	reason = errno == EWOULDBLOCK ? "another process writes this file" : strerror(errno);
	(void)snprintf(why->text, sizeof(why->text), "%.200s: %s", path, reason);
	return errno == EWOULDBLOCK ? NOON_ERR_STATE : NOON_ERR_OS;
}

static noon_err not_a_ledger(const struct noon_tsa_ledger *l, const char *path,
			     struct noon_ledger_why *why)
{
	const int rc = sqlite3_errcode(l->db);
	const bool known = rc != SQLITE_OK && rc != SQLITE_ROW && rc != SQLITE_DONE;

	(void)snprintf(why->text, sizeof(why->text),
		       "%.150s: not the ledger of a time-stamp authority (%.60s)", path,
		       known ? sqlite3_errmsg(l->db) : "another database");
	return NOON_ERR_FORMAT;
}

/* What may still be given out follows from the chain: from the last block in it, and no token has
 * more. */
static noon_err load_end(struct noon_tsa_ledger *l)
{
	sqlite3_stmt *st = NULL;
	struct noon_ledger_block block = {.last = 0};
	noon_err err = noon_tsa_ledger_head(l, &l->head);
	bool ok = !err && prepare(l, "SELECT max(counter) FROM entry", &st) &&
		  sqlite3_step(st) == SQLITE_ROW;
	const uint64_t issued = ok ? (uint64_t)sqlite3_column_int64(st, 0) : 0;

	(void)sqlite3_finalize(st);
	st = NULL;
	ok = ok &&
	     prepare(l, "SELECT body FROM entry WHERE kind=?1 ORDER BY seq DESC LIMIT 1", &st) &&
	     sqlite3_bind_int(st, 1, NOON_LEDGER_BLOCK) == SQLITE_OK;
	switch (ok ? sqlite3_step(st) : SQLITE_ERROR) {
	case SQLITE_ROW:
		if (!noon_ledger_block_parse(noon_bytes_of(sqlite3_column_blob(st, 0),
							   (size_t)sqlite3_column_bytes(st, 0)),
					     &block))
			err = NOON_ERR_FORMAT;
		break;
	case SQLITE_DONE:
		break;
	default:
		ok = false;
	}
	(void)sqlite3_finalize(st);
	l->next_counter = (block.last > issued ? block.last : issued) + 1;
	return ok ? err : NOON_ERR_OS;
}

static bool prepare_all(struct noon_tsa_ledger *l)
{
	return prepare(l, "BEGIN IMMEDIATE", &l->begin) && prepare(l, "COMMIT", &l->commit) &&
	       prepare(l, "ROLLBACK", &l->rollback) &&
	       prepare(l, "INSERT INTO entry VALUES(?1,?2,?3,?4,?5,?6,?7)", &l->insert);
}

noon_err noon_tsa_ledger_open(const char *path, struct noon_tsa_ledger **ret,
			      struct noon_ledger_why *why)
{
	struct noon_tsa_ledger *l = calloc(1, sizeof(*l));
	noon_err err;

	if (l == NULL)
		return fail(l, why, path);
	l->lock = -1;
	err = lock(l, path, why);
	if (!err && noon_database_make_private(path)) {
		(void)snprintf(why->text, sizeof(why->text), "%.200s: %s", path, strerror(errno));
		err = NOON_ERR_OS;
	}
	if (!err && sqlite3_open_v2(path, &l->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
				    NULL) != SQLITE_OK)
		err = fail(l, why, path);
	if (!err) {
		(void)sqlite3_busy_timeout(l->db, BUSY_MS);
		noon_database_distrust(l->db);
		if (!noon_database_is_new(l->db) && !noon_database_is(l->db, &tables))
			err = not_a_ledger(l, path, why);
	}
	/* The commit is on disk before it returns: FULL, not WAL's usual NORMAL. */
	if (!err && (!noon_database_says(l->db, "PRAGMA journal_mode=WAL", "wal") ||
		     !exec(l, "PRAGMA synchronous=FULL") || !exec(l, schema) || !draw_prefix(l) ||
		     !prepare_all(l)))
		err = fail(l, why, path);
	if (!err) {
		err = load_end(l);
		if (err == NOON_ERR_FORMAT)
			(void)snprintf(why->text, sizeof(why->text),
				       "%.150s: its last block of serial numbers is malformed: see "
				       "noonmark tsa audit verify",
				       path);
		else if (err)
			(void)fail(l, why, path);
	}
	if (err)
		noon_tsa_ledger_close(l);
	else
		*ret = l;
	return err;
}

noon_err noon_tsa_ledger_read(const char *path, struct noon_tsa_ledger **ret,
			      struct noon_ledger_why *why)
{
	struct noon_tsa_ledger *l;
	noon_err err = NOON_OK;

	if (access(path, R_OK) != 0) {
		(void)snprintf(why->text, sizeof(why->text), "%.200s: %s", path, strerror(errno));
		return errno == ENOENT ? NOON_ERR_NOT_FOUND : NOON_ERR_OS;
	}
	l = calloc(1, sizeof(*l));
	if (l == NULL)
		return fail(l, why, path);
	l->lock = -1;
	err = noon_database_read(path, &tables, BUSY_MS, &l->db);
	if (err)
		err = err == NOON_ERR_OS ? fail(l, why, path) : not_a_ledger(l, path, why);
	if (err)
		noon_tsa_ledger_close(l);
	else
		*ret = l;
	return err;
}

void noon_tsa_ledger_close(struct noon_tsa_ledger *l)
{
	if (l == NULL)
		return;
	(void)sqlite3_finalize(l->begin);
	(void)sqlite3_finalize(l->commit);
	(void)sqlite3_finalize(l->rollback);
	(void)sqlite3_finalize(l->insert);
	(void)sqlite3_close(l->db);
	if (l->lock >= 0)
		(void)close(l->lock);
	free(l);
}

const char *noon_tsa_ledger_error(const struct noon_tsa_ledger *l)
{
	return l->error;
}

struct noon_ledger_head noon_tsa_ledger_end(const struct noon_tsa_ledger *l)
{
	return l->head;
}

static bool run(sqlite3_stmt *st)
{
	const bool done = sqlite3_step(st) == SQLITE_DONE;

	(void)sqlite3_reset(st);
	return done;
}

/* What went wrong is forgotten by the rollback. */
static noon_err give_up(struct noon_tsa_ledger *l)
{
	(void)snprintf(l->error, sizeof(l->error), "%s", sqlite3_errmsg(l->db));
	(void)run(l->rollback);
	return NOON_ERR_OS;
}

static void put_u64(uint8_t *p, uint64_t v)
{
	for (unsigned i = 0; i < 8; i++)
		p[i] = (uint8_t)(v >> (56 - 8 * i));
}

void noon_ledger_serial(uint32_t prefix, uint64_t counter, uint8_t ret[NOON_LEDGER_SERIAL_LEN])
{
	for (unsigned i = 0; i < 4; i++)
		ret[i] = (uint8_t)(prefix >> (24 - 8 * i));
	put_u64(ret + 4, counter);
}

void noon_tsa_ledger_serial(const struct noon_tsa_ledger *l, uint64_t counter,
			    uint8_t ret[NOON_LEDGER_SERIAL_LEN])
{
	noon_ledger_serial(l->prefix, counter, ret);
}

noon_err noon_ledger_hash(const struct noon_ledger_head *before, const struct noon_ledger_entry *e,
			  uint8_t ret[NOON_LEDGER_HASH_LEN])
{
	uint8_t buf[NOON_LEDGER_HASH_LEN + 4 * 8 + NOON_LEDGER_HASH_LEN + NOON_LEDGER_HASH_LEN];
	uint8_t *p = buf;

	memcpy(p, before->hash, NOON_LEDGER_HASH_LEN);
	p += NOON_LEDGER_HASH_LEN;
	put_u64(p, before->seq + 1);
	put_u64(p + 8, (uint64_t)e->kind);
	put_u64(p + 16, (uint64_t)e->at.ns);
	put_u64(p + 24, e->counter);
	p += 32;
	memcpy(p, e->digest, NOON_LEDGER_HASH_LEN);
	p += NOON_LEDGER_HASH_LEN;
	/* The body's digest in place of the body: one buffer of fixed size, no ambiguity. */
	if (noon_sha256(e->body, p))
		return NOON_ERR_CRYPTO;
	return noon_sha256(noon_bytes_of(buf, sizeof(buf)), ret);
}

/* Within a transaction. */
static noon_err insert(struct noon_tsa_ledger *l, struct noon_ledger_head *head,
		       const struct noon_ledger_entry *e)
{
	sqlite3_stmt *st = l->insert;
	struct noon_ledger_head next = {.seq = head->seq + 1};
	const bool token = e->kind == NOON_LEDGER_TOKEN;

	if (noon_ledger_hash(head, e, next.hash))
		return NOON_ERR_CRYPTO;
	(void)sqlite3_bind_int64(st, 1, (sqlite3_int64)next.seq);
	(void)sqlite3_bind_int64(st, 2, (sqlite3_int64)e->kind);
	(void)sqlite3_bind_int64(st, 3, e->at.ns);
	if (token) {
		(void)sqlite3_bind_int64(st, 4, (sqlite3_int64)e->counter);
		(void)sqlite3_bind_blob(st, 5, e->digest, NOON_LEDGER_HASH_LEN, SQLITE_STATIC);
	} else {
		(void)sqlite3_bind_null(st, 4);
		(void)sqlite3_bind_null(st, 5);
	}
	(void)sqlite3_bind_blob64(st, 6, e->body.n == 0 ? (const void *)"" : e->body.p, e->body.n,
				  SQLITE_STATIC);
	(void)sqlite3_bind_blob(st, 7, next.hash, NOON_LEDGER_HASH_LEN, SQLITE_STATIC);
	if (!run(st) || sqlite3_changes(l->db) != 1)
		return NOON_ERR_OS;
	*head = next;
	return NOON_OK;
}

noon_err noon_tsa_ledger_append(struct noon_tsa_ledger *l, const struct noon_ledger_entry *entries,
				size_t n)
{
	struct noon_ledger_head head = l->head;
	bool ok = run(l->begin);

	for (size_t i = 0; i < n && ok; i++)
		ok = insert(l, &head, &entries[i]) == NOON_OK;
	ok = ok && run(l->commit);
	if (!ok)
		return give_up(l);
	l->head = head;
	return NOON_OK;
}

noon_err noon_tsa_ledger_reserve(struct noon_tsa_ledger *l, uint64_t n, noon_time at,
				 uint64_t *ret_first)
{
	const uint64_t first = l->next_counter;
	char text[80];
	const int len =
		snprintf(text, sizeof(text), "%llu to %llu, prefix %08x", (unsigned long long)first,
			 (unsigned long long)(first + n - 1), l->prefix);
	const struct noon_ledger_entry e = {
		.kind = NOON_LEDGER_BLOCK, .at = at, .body = noon_bytes_of(text, (size_t)len)};
	noon_err err;

	if (n == 0 || n > INT32_MAX || first > (uint64_t)INT64_MAX - n)
		return NOON_ERR_OS;
	err = noon_tsa_ledger_append(l, &e, 1);
	if (err)
		return err;
	l->next_counter = first + n;
	*ret_first = first;
	return NOON_OK;
}
