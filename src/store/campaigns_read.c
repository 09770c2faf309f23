/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "store/campaigns_priv.h"

/* Numbers run from 1 without a gap, so the highest is how many there are: no table is read through
 * to list it. */
#define CAMPAIGNS                                                                             \
	"SELECT id, head, started, ended, "                                                   \
	"ifnull((SELECT max(seq) FROM sample WHERE campaign=id),0), "                         \
	"ifnull((SELECT sum(n) FROM miss WHERE campaign=id),0), "                             \
	"ifnull((SELECT tq FROM sample WHERE campaign=id AND seq=1),0), "                     \
	"ifnull((SELECT tq FROM sample WHERE campaign=id ORDER BY seq DESC LIMIT 1),0) FROM " \
	"campaign "

int noon_campaigns_flags(const struct noon_campaign_sample *s)
{
	return (int)s->tx_stamp | (int)s->rx_stamp << 2 | (s->leap & 3) << 4 |
	       (int)s->authenticated << 6 | (int)s->stratum << 8;
}

static const char *text_of(sqlite3_stmt *st, int column)
{
	const unsigned char *t = sqlite3_column_text(st, column);

	return t == NULL ? "" : (const char *)t;
}

static struct noon_campaign campaign_of(sqlite3_stmt *st)
{
	return (struct noon_campaign){
		.id = sqlite3_column_int64(st, 0),
		.head = text_of(st, 1),
		.started = {sqlite3_column_int64(st, 2)},
		.ended = sqlite3_column_int(st, 3) != 0,
		.samples = (uint64_t)sqlite3_column_int64(st, 4),
		.misses = (uint64_t)sqlite3_column_int64(st, 5),
		.first = {sqlite3_column_int64(st, 6)},
		.last = {sqlite3_column_int64(st, 7)},
	};
}

/* Steps through the rows of a query about a campaign. `row` returns false to stop. */
static noon_err each(struct noon_campaigns *c, const char *sql, int64_t id,
		     bool (*row)(void *arg, sqlite3_stmt *st), void *arg)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(c->db, sql, -1, &st, NULL);
	noon_err err;

	if (rc == SQLITE_OK && sqlite3_bind_parameter_count(st) > 0)
		(void)sqlite3_bind_int64(st, 1, id);
	while (rc == SQLITE_OK || rc == SQLITE_ROW) {
		rc = sqlite3_step(st);
		if (rc == SQLITE_ROW && !row(arg, st))
			rc = SQLITE_DONE;
	}
	err = rc == SQLITE_DONE ? NOON_OK : noon_campaigns_fail(c);
	(void)sqlite3_finalize(st);
	return err;
}

struct found {
	struct noon_campaign *k;
	char *head;
	bool any;
};

static bool take_found(void *arg, sqlite3_stmt *st)
{
	struct found *f = arg;

	*f->k = campaign_of(st);
	f->head = strdup(f->k->head);
	f->any = true;
	return false;
}

noon_err noon_campaigns_find(struct noon_campaigns *c, int64_t id, struct noon_campaign *ret)
{
	struct found f = {.k = ret};
	const noon_err err = each(c, CAMPAIGNS "WHERE id=?1", id, take_found, &f);

	if (err)
		return err;
	if (!f.any) {
		(void)snprintf(c->error, sizeof(c->error),
			       "there is no campaign %" PRId64 " (noonmark calibrate list)", id);
		return NOON_ERR_NOT_FOUND;
	}
	free(c->head);
	c->head = f.head;
	ret->head = f.head;
	(void)snprintf(c->error, sizeof(c->error), "out of memory");
	return f.head == NULL ? NOON_ERR_OS : NOON_OK;
}

/* A caller's function with its argument; one of them is set. */
struct taker {
	bool (*campaign)(void *arg, const struct noon_campaign *k);
	bool (*reading)(void *arg, const struct noon_reference_reading *r);
	bool (*sample)(void *arg, const struct noon_campaign_sample *s);
	bool (*miss)(void *arg, const struct noon_campaign_miss *m);
	void *arg;
};

static bool row_campaign(void *arg, sqlite3_stmt *st)
{
	const struct taker *t = arg;
	const struct noon_campaign k = campaign_of(st);

	return t->campaign(t->arg, &k);
}

noon_err noon_campaigns_list(struct noon_campaigns *c,
			     bool (*take)(void *arg, const struct noon_campaign *k), void *arg)
{
	struct taker t = {.campaign = take, .arg = arg};

	return each(c, CAMPAIGNS "ORDER BY id", 0, row_campaign, &t);
}

static bool row_reading(void *arg, sqlite3_stmt *st)
{
	const struct taker *t = arg;
	const bool has_pulse = sqlite3_column_type(st, 5) != SQLITE_NULL;
	const bool has_counter = sqlite3_column_type(st, 6) != SQLITE_NULL;
	const int state = sqlite3_column_int(st, 4);
	const struct noon_reference_reading r = {
		.at = {sqlite3_column_int64(st, 0)},
		.error = sqlite3_column_int64(st, 1),
		.bound = sqlite3_column_int64(st, 2),
		.u_s = sqlite3_column_double(st, 3),
		.state = state >= 0 && state < NOON_REFERENCE_STATES
				 ? (enum noon_reference_state)state
				 : NOON_REFERENCE_BROKEN,
		.pulse = has_pulse ? (noon_time){sqlite3_column_int64(st, 5)} : NOON_TIME_FIRST,
		.counter_s = has_counter ? sqlite3_column_double(st, 6) : (double)NAN,
	};

	return t->reading(t->arg, &r);
}

noon_err noon_campaigns_readings(struct noon_campaigns *c, int64_t id,
				 bool (*take)(void *arg, const struct noon_reference_reading *r),
				 void *arg)
{
	struct taker t = {.reading = take, .arg = arg};

	return each(c,
		    "SELECT at, error, bound, u, state, pulse, counter FROM reading WHERE "
		    "campaign=?1 ORDER BY seq",
		    id, row_reading, &t);
}

static enum noon_stamp stamp_of(int bits)
{
	return bits == NOON_STAMP_HARDWARE ? NOON_STAMP_HARDWARE
	       : bits == NOON_STAMP_KERNEL ? NOON_STAMP_KERNEL
					   : NOON_STAMP_USER;
}

/* The file may be anybody's: differences saturate. */
static bool row_sample(void *arg, sqlite3_stmt *st)
{
	const struct taker *t = arg;
	const int flags = sqlite3_column_int(st, 7);
	struct noon_campaign_sample s = {
		.tq = {sqlite3_column_int64(st, 0)},
		.stamp_err = sqlite3_column_int64(st, 4),
		.claimed = sqlite3_column_type(st, 5) == SQLITE_NULL ? NOON_DUR_MAX
								     : sqlite3_column_int64(st, 5),
		.reading = (uint32_t)sqlite3_column_int64(st, 6),
		.tx_stamp = stamp_of(flags & 3),
		.rx_stamp = stamp_of(flags >> 2 & 3),
		.leap = (uint8_t)(flags >> 4 & 3),
		.authenticated = (flags >> 6 & 1) != 0,
		.stratum = (uint8_t)(flags >> 8 & 0xff),
	};

	s.tr = noon_time_add(s.tq, sqlite3_column_int64(st, 1));
	s.first = noon_time_add(s.tq, sqlite3_column_int64(st, 2));
	s.last = noon_time_add(s.first, sqlite3_column_int64(st, 3));
	return t->sample(t->arg, &s);
}

noon_err noon_campaigns_samples(struct noon_campaigns *c, int64_t id,
				bool (*take)(void *arg, const struct noon_campaign_sample *s),
				void *arg)
{
	struct taker t = {.sample = take, .arg = arg};

	return each(c,
		    "SELECT tq, rtt, first, width, stamp_err, claimed, reading, flags FROM sample "
		    "WHERE campaign=?1 ORDER BY seq",
		    id, row_sample, &t);
}

static bool row_miss(void *arg, sqlite3_stmt *st)
{
	const struct taker *t = arg;
	const struct noon_campaign_miss m = {
		.why = text_of(st, 0),
		.n = (uint64_t)sqlite3_column_int64(st, 1),
		.first = {sqlite3_column_int64(st, 2)},
		.last = {sqlite3_column_int64(st, 3)},
	};

	return t->miss(t->arg, &m);
}

noon_err noon_campaigns_misses(struct noon_campaigns *c, int64_t id,
			       bool (*take)(void *arg, const struct noon_campaign_miss *m),
			       void *arg)
{
	struct taker t = {.miss = take, .arg = arg};

	return each(c, "SELECT why, n, first, last FROM miss WHERE campaign=?1 ORDER BY why", id,
		    row_miss, &t);
}

/* The campaign as text. */

struct text {
	bool (*write)(void *arg, struct noon_bytes line);
	void *arg;
};

__attribute__((format(printf, 2, 3))) static bool write_line(const struct text *t,
							     const char *format, ...)
{
	char line[400];
	va_list list;
	int n;

	va_start(list, format);
	n = vsnprintf(line, sizeof(line), format, list);
	va_end(list);
	return n > 0 && (size_t)n < sizeof(line) &&
	       t->write(t->arg, noon_bytes_of(line, (size_t)n));
}

static bool write_reading(void *arg, const struct noon_reference_reading *r)
{
	char pulse[24] = "-";
	char counter[40] = "-";

	if (r->pulse.ns != NOON_TIME_FIRST.ns)
		(void)snprintf(pulse, sizeof(pulse), "%" PRId64, r->pulse.ns);
	if (!isnan(r->counter_s))
		(void)snprintf(counter, sizeof(counter), "%.17g", r->counter_s);
	return write_line(arg, "reading %" PRId64 " %" PRId64 " %" PRId64 " %.17g %s %s %s\n",
			  r->at.ns, r->error, r->bound, r->u_s, noon_reference_state_word(r->state),
			  pulse, counter);
}

static bool write_sample(void *arg, const struct noon_campaign_sample *s)
{
	char claimed[24] = "-";

	if (s->claimed != NOON_DUR_MAX)
		(void)snprintf(claimed, sizeof(claimed), "%" PRId64, s->claimed);
	return write_line(arg,
			  "sample %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64
			  " %s %u %d\n",
			  s->tq.ns, s->tr.ns, s->first.ns, s->last.ns, s->stamp_err, claimed,
			  (unsigned)s->reading, noon_campaigns_flags(s));
}

static bool write_miss(void *arg, const struct noon_campaign_miss *m)
{
	return write_line(arg, "miss %" PRIu64 " %" PRId64 " %" PRId64 " %.200s\n", m->n,
			  m->first.ns, m->last.ns, m->why);
}

noon_err noon_campaigns_text(struct noon_campaigns *c, int64_t id,
			     bool (*write)(void *arg, struct noon_bytes line), void *arg)
{
	struct text t = {.write = write, .arg = arg};
	struct noon_campaign k;
	noon_err err = noon_campaigns_find(c, id, &k);

	if (err)
		return err;
	if (!write_line(&t, "campaign ") || !write(arg, noon_bytes_of(k.head, strlen(k.head))) ||
	    !write_line(&t, "\n"))
		return NOON_OK;
	err = noon_campaigns_readings(c, id, write_reading, &t);
	err = err ? err : noon_campaigns_samples(c, id, write_sample, &t);
	return err ? err : noon_campaigns_misses(c, id, write_miss, &t);
}

static bool add_line(void *arg, struct noon_bytes line)
{
	return noon_hash_add(arg, line) == NOON_OK;
}

noon_err noon_campaigns_digest(struct noon_campaigns *c, int64_t id, uint8_t ret[NOON_DIGEST_MAX])
{
	struct noon_hash *h = NULL;
	noon_err err = noon_hash_new(NOON_DIGEST_SHA256, &h);

	err = err ? err : noon_campaigns_text(c, id, add_line, h);
	err = err ? err : noon_hash_end(h, ret);
	noon_hash_free(h);
	return err;
}
