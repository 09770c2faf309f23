/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/campaigns_priv.h"
#include "store/database.h"

/* "NOOC" as the file's application_id, and the version of these tables. */
#define APPLICATION_ID "1313820483"
#define TABLES_VERSION "1"

#define BUSY_MS 10000 /* another campaign commits */

static const struct noon_database_tables tables = {APPLICATION_ID, TABLES_VERSION};

/* A sample's instants are kept as differences, which take half the room: 1 sample a second makes
 * some 100 MB in a month. */
static const char schema[] =
	"BEGIN IMMEDIATE;"
	"CREATE TABLE IF NOT EXISTS campaign(id INTEGER PRIMARY KEY, head TEXT NOT NULL, "
	"started INTEGER NOT NULL, ended INTEGER NOT NULL);"
	"CREATE TABLE IF NOT EXISTS reading(campaign INTEGER, seq INTEGER, at INTEGER NOT NULL, "
	"error INTEGER NOT NULL, bound INTEGER NOT NULL, u REAL NOT NULL, state INTEGER NOT NULL, "
	"pulse INTEGER, counter REAL, PRIMARY KEY(campaign, seq)) WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS sample(campaign INTEGER, seq INTEGER, tq INTEGER NOT NULL, "
	"rtt INTEGER NOT NULL, first INTEGER NOT NULL, width INTEGER NOT NULL, "
	"stamp_err INTEGER NOT NULL, claimed INTEGER, reading INTEGER NOT NULL, "
	"flags INTEGER NOT NULL, PRIMARY KEY(campaign, seq)) WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS miss(campaign INTEGER, why TEXT, n INTEGER NOT NULL, "
	"first INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY(campaign, why)) WITHOUT ROWID;"
	"PRAGMA application_id=" APPLICATION_ID ";"
	"PRAGMA user_version=" TABLES_VERSION ";"
	"COMMIT;";

static const char *const inserts[] = {
	"INSERT INTO reading VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)",
	"INSERT INTO sample VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)",
	"INSERT OR REPLACE INTO miss VALUES(?1,?2,?3,?4,?5)",
};

enum { READING, SAMPLE, MISS };

const char *noon_reference_state_word(unsigned state)
{
	static const char *const words[] = {
#define WORD(name, word) word,
		NOON_REFERENCE_STATE_LIST(WORD)
#undef WORD
	};

	return state < NOON_REFERENCE_STATES ? words[state] : "unknown";
}

noon_err noon_campaigns_fail(struct noon_campaigns *c)
{
	(void)snprintf(c->error, sizeof(c->error), "%.190s", sqlite3_errmsg(c->db));
	return NOON_ERR_OS;
}

static noon_err refuse(struct noon_campaigns *c, const char *path, noon_err err,
		       struct noon_campaigns_why *why)
{
	const char *what = c == NULL || c->db == NULL ? "out of memory" : sqlite3_errmsg(c->db);

	if (err == NOON_ERR_FORMAT)
		what = "not a file of campaigns (noonmark calibrate makes one where there is none)";
	(void)snprintf(why->text, sizeof(why->text), "%.150s: %.150s", path, what);
	noon_campaigns_close(c);
	return err;
}

static bool exec(struct noon_campaigns *c, const char *sql)
{
	return sqlite3_exec(c->db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

static struct noon_campaigns *new_handle(const char *path)
{
	struct noon_campaigns *c = calloc(1, sizeof(*c));

	if (c != NULL) {
		c->lock = -1;
		(void)snprintf(c->path, sizeof(c->path), "%s", path);
	}
	return c;
}

/* A file that has these tables already is not written to: another process may be at it. */
static bool set_up(struct noon_campaigns *c)
{
	bool ok = noon_database_says(c->db, "PRAGMA journal_mode=WAL", "wal") &&
		  exec(c, "PRAGMA synchronous=FULL") &&
		  (noon_database_is(c->db, &tables) || exec(c, schema));

	for (size_t i = 0; ok && i < sizeof(inserts) / sizeof(inserts[0]); i++)
		ok = sqlite3_prepare_v3(c->db, inserts[i], -1, SQLITE_PREPARE_PERSISTENT,
					&c->insert[i], NULL) == SQLITE_OK;
	return ok;
}

noon_err noon_campaigns_open(const char *path, struct noon_campaigns **ret,
			     struct noon_campaigns_why *why)
{
	struct noon_campaigns *c = new_handle(path);

	if (c == NULL)
		return refuse(c, path, NOON_ERR_OS, why);
	if (noon_database_make_private(path)) {
		(void)snprintf(why->text, sizeof(why->text), "%.250s: %s", path, strerror(errno));
		noon_campaigns_close(c);
		return NOON_ERR_OS;
	}
	if (sqlite3_open_v2(path, &c->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
	    SQLITE_OK)
		return refuse(c, path, NOON_ERR_OS, why);
	(void)sqlite3_busy_timeout(c->db, BUSY_MS);
	noon_database_distrust(c->db);
	if (!noon_database_is_new(c->db) && !noon_database_is(c->db, &tables))
		return refuse(c, path, NOON_ERR_FORMAT, why);
	if (!set_up(c))
		return refuse(c, path, NOON_ERR_OS, why);
	*ret = c;
	return NOON_OK;
}

noon_err noon_campaigns_read(const char *path, struct noon_campaigns **ret,
			     struct noon_campaigns_why *why)
{
	struct noon_campaigns *c;
	noon_err err;

	if (access(path, R_OK) != 0) {
		(void)snprintf(why->text, sizeof(why->text), "%.250s: %s", path, strerror(errno));
		return errno == ENOENT ? NOON_ERR_NOT_FOUND : NOON_ERR_OS;
	}
	c = new_handle(path);
	if (c == NULL)
		return refuse(c, path, NOON_ERR_OS, why);
	err = noon_database_read(path, &tables, BUSY_MS, &c->db);
	if (err)
		return refuse(c, path, err, why);
	*ret = c;
	return NOON_OK;
}

void noon_campaigns_close(struct noon_campaigns *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < sizeof(inserts) / sizeof(inserts[0]); i++)
		(void)sqlite3_finalize(c->insert[i]);
	(void)sqlite3_close(c->db);
	if (c->lock >= 0)
		(void)close(c->lock);
	free(c->head);
	free(c);
}

const char *noon_campaigns_error(const struct noon_campaigns *c)
{
	return c->error;
}

/* One writer a campaign: a lock on the byte of its number, which ends with the process. */
static noon_err lock(struct noon_campaigns *c, int64_t id)
{
	struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = id, .l_len = 1};
	char name[sizeof(c->path) + 8];
	const char *what;

	(void)snprintf(name, sizeof(name), "%s.lock", c->path);
	c->lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (c->lock >= 0 && fcntl(c->lock, F_OFD_SETLK, &range) == 0)
		return NOON_OK;
	what = errno == EAGAIN || errno == EACCES ? "another process writes this campaign"
						  : strerror(errno);
	(void)snprintf(c->error, sizeof(c->error), "%s", what);
	return errno == EAGAIN || errno == EACCES ? NOON_ERR_STATE : NOON_ERR_OS;
}

noon_err noon_campaigns_begin(struct noon_campaigns *c, const char *head, noon_time at,
			      int64_t *ret_id)
{
	sqlite3_stmt *st = NULL;
	const bool ok = sqlite3_prepare_v2(c->db, "INSERT INTO campaign VALUES(NULL,?1,?2,0)", -1,
					   &st, NULL) == SQLITE_OK &&
			sqlite3_bind_text(st, 1, head, -1, SQLITE_STATIC) == SQLITE_OK &&
			sqlite3_bind_int64(st, 2, at.ns) == SQLITE_OK &&
			sqlite3_step(st) == SQLITE_DONE;
	const noon_err err = ok ? NOON_OK : noon_campaigns_fail(c);

	(void)sqlite3_finalize(st);
	if (err)
		return err;
	c->id = sqlite3_last_insert_rowid(c->db);
	*ret_id = c->id;
	return lock(c, c->id);
}

static bool take_reason(void *arg, const struct noon_campaign_miss *m)
{
	struct noon_campaigns *c = arg;
	struct noon_campaign_reason *r = &c->reason[c->n_reasons++];

	r->miss = *m;
	(void)snprintf(r->text, sizeof(r->text), "%s", m->why);
	r->miss.why = r->text;
	return c->n_reasons < NOON_CAMPAIGNS_REASONS;
}

static noon_err count_of(struct noon_campaigns *c, const char *sql, uint64_t *ret)
{
	sqlite3_stmt *st = NULL;
	const bool ok = sqlite3_prepare_v2(c->db, sql, -1, &st, NULL) == SQLITE_OK &&
			sqlite3_bind_int64(st, 1, c->id) == SQLITE_OK &&
			sqlite3_step(st) == SQLITE_ROW;
	const noon_err err = ok ? NOON_OK : noon_campaigns_fail(c);

	*ret = ok ? (uint64_t)sqlite3_column_int64(st, 0) : 0;
	(void)sqlite3_finalize(st);
	return err;
}

noon_err noon_campaigns_resume(struct noon_campaigns *c, int64_t id)
{
	struct noon_campaign k;
	uint64_t readings = 0;
	noon_err err = noon_campaigns_find(c, id, &k);

	err = err ? err : lock(c, id);
	c->id = id;
	c->n_reasons = 0;
	err = err ? err : count_of(c, "SELECT max(seq) FROM sample WHERE campaign=?1", &c->samples);
	err = err ? err : count_of(c, "SELECT max(seq) FROM reading WHERE campaign=?1", &readings);
	err = err ? err : noon_campaigns_misses(c, id, take_reason, c);
	c->readings = (uint32_t)readings;
	return err;
}

noon_err noon_campaigns_reading(struct noon_campaigns *c, const struct noon_reference_reading *r,
				uint32_t *ret_number)
{
	if (c->n_readings == NOON_CAMPAIGNS_READINGS)
		return NOON_ERR_FULL;
	c->reading[c->n_readings++] = *r;
	*ret_number = ++c->readings;
	return NOON_OK;
}

noon_err noon_campaigns_sample(struct noon_campaigns *c, const struct noon_campaign_sample *s)
{
	if (c->n_samples == NOON_CAMPAIGNS_SAMPLES)
		return NOON_ERR_FULL;
	c->sample[c->n_samples++] = *s;
	return NOON_OK;
}

/* A reason in words of another machine may be anything: their number is limited, and what is too
 * many is counted with the last. */
void noon_campaigns_miss(struct noon_campaigns *c, noon_time at, const char *why)
{
	struct noon_campaign_reason *r;
	size_t i = 0;

	while (i < c->n_reasons && strncmp(c->reason[i].text, why, NOON_CAMPAIGNS_WHY - 1) != 0)
		i++;
	if (i == NOON_CAMPAIGNS_REASONS)
		i--;
	r = &c->reason[i];
	if (i == c->n_reasons) {
		c->n_reasons++;
		r->miss = (struct noon_campaign_miss){.first = at};
		(void)snprintf(r->text, sizeof(r->text), "%s", why);
	}
	r->miss.n++;
	r->miss.last = at;
	r->miss.why = r->text;
}

static int bind_time(sqlite3_stmt *st, int at, int64_t ns, bool has)
{
	return has ? sqlite3_bind_int64(st, at, ns) : sqlite3_bind_null(st, at);
}

static bool run(sqlite3_stmt *st)
{
	const bool ok = sqlite3_step(st) == SQLITE_DONE;

	return sqlite3_reset(st) == SQLITE_OK && ok;
}

static bool put_reading(struct noon_campaigns *c, size_t i)
{
	const struct noon_reference_reading *r = &c->reading[i];
	sqlite3_stmt *st = c->insert[READING];
	const int64_t seq = (int64_t)(c->readings - c->n_readings + i + 1);

	(void)sqlite3_bind_int64(st, 1, c->id);
	(void)sqlite3_bind_int64(st, 2, seq);
	(void)sqlite3_bind_int64(st, 3, r->at.ns);
	(void)sqlite3_bind_int64(st, 4, r->error);
	(void)sqlite3_bind_int64(st, 5, r->bound);
	(void)sqlite3_bind_double(st, 6, r->u_s);
	(void)sqlite3_bind_int(st, 7, (int)r->state);
	(void)bind_time(st, 8, r->pulse.ns, r->pulse.ns != NOON_TIME_FIRST.ns);
	(void)(isnan(r->counter_s) ? sqlite3_bind_null(st, 9)
				   : sqlite3_bind_double(st, 9, r->counter_s));
	return run(st);
}

static bool put_sample(struct noon_campaigns *c, size_t i)
{
	const struct noon_campaign_sample *s = &c->sample[i];
	sqlite3_stmt *st = c->insert[SAMPLE];

	(void)sqlite3_bind_int64(st, 1, c->id);
	(void)sqlite3_bind_int64(st, 2, (int64_t)(c->samples + i + 1));
	(void)sqlite3_bind_int64(st, 3, s->tq.ns);
	(void)sqlite3_bind_int64(st, 4, noon_time_diff(s->tr, s->tq));
	(void)sqlite3_bind_int64(st, 5, noon_time_diff(s->first, s->tq));
	(void)sqlite3_bind_int64(st, 6, noon_time_diff(s->last, s->first));
	(void)sqlite3_bind_int64(st, 7, s->stamp_err);
	(void)bind_time(st, 8, s->claimed, s->claimed != NOON_DUR_MAX);
	(void)sqlite3_bind_int64(st, 9, s->reading);
	(void)sqlite3_bind_int(st, 10, noon_campaigns_flags(s));
	return run(st);
}

static bool put_miss(struct noon_campaigns *c, const struct noon_campaign_miss *m)
{
	sqlite3_stmt *st = c->insert[MISS];

	(void)sqlite3_bind_int64(st, 1, c->id);
	(void)sqlite3_bind_text(st, 2, m->why, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(st, 3, (int64_t)m->n);
	(void)sqlite3_bind_int64(st, 4, m->first.ns);
	(void)sqlite3_bind_int64(st, 5, m->last.ns);
	return run(st);
}

static bool put_all(struct noon_campaigns *c)
{
	bool ok = true;

	for (size_t i = 0; ok && i < c->n_readings; i++)
		ok = put_reading(c, i);
	for (size_t i = 0; ok && i < c->n_samples; i++)
		ok = put_sample(c, i);
	for (size_t i = 0; ok && i < c->n_reasons; i++)
		ok = put_miss(c, &c->reason[i].miss);
	return ok;
}

/* SQLite may have rolled back by itself, of a full disk for example: then there is nothing left to
 * be rolled back. */
noon_err noon_campaigns_commit(struct noon_campaigns *c)
{
	noon_err err = NOON_OK;

	if (!exec(c, "BEGIN IMMEDIATE") || !put_all(c) || !exec(c, "COMMIT"))
		err = noon_campaigns_fail(c);
	if (err) {
		(void)exec(c, "ROLLBACK");
		return err;
	}
	c->samples += c->n_samples;
	c->n_samples = 0;
	c->n_readings = 0;
	return NOON_OK;
}

noon_err noon_campaigns_end(struct noon_campaigns *c)
{
	sqlite3_stmt *st = NULL;
	noon_err err = noon_campaigns_commit(c);
	bool ok;

	if (err)
		return err;
	ok = sqlite3_prepare_v2(c->db, "UPDATE campaign SET ended=1 WHERE id=?1", -1, &st, NULL) ==
		     SQLITE_OK &&
	     sqlite3_bind_int64(st, 1, c->id) == SQLITE_OK && sqlite3_step(st) == SQLITE_DONE;
	err = ok ? NOON_OK : noon_campaigns_fail(c);
	(void)sqlite3_finalize(st);
	return err;
}
