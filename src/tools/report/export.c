/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark calibrate export: the raw data of a campaign, for other programs. Samples are written as
 * they are read, so that a long campaign takes no memory.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metrology/budget/calibration.h"
#include "tools/report/reading_options.h"
#include "tools/report/report.h"

enum format { FORMAT_CSV, FORMAT_JSON, FORMAT_RAW };

static const struct noon_word formats[] = {
	{"csv", FORMAT_CSV}, {"json", FORMAT_JSON}, {"raw", FORMAT_RAW}, {NULL, 0}};
static const char *const stamp_words[] = {"application", "kernel", "hardware"};

struct arguments {
	struct noon_reading_options reading;
	enum format format;
};

struct exporting {
	struct noon_reference_reading *reading;
	size_t n, room;
	bool some; /* there was an element before */
};

/* ---- CSV ---- */

static void put_instant(noon_time t)
{
	if (t.ns != NOON_TIME_FIRST.ns && t.ns != NOON_TIME_NEVER.ns)
		(void)printf("%" PRId64, t.ns);
	(void)putchar(',');
}

static void put_dur(noon_dur d)
{
	if (d != NOON_DUR_MAX)
		(void)printf("%.9f", noon_dur_to_s(d));
	(void)putchar(',');
}

static bool csv_sample(void *arg, const struct noon_campaign_sample *s)
{
	const struct exporting *e = arg;
	const struct noon_stamped k = {s->tq, s->tr, s->first, s->last};
	const struct noon_reference_reading *r =
		s->reading > 0 && s->reading <= e->n ? &e->reading[s->reading - 1] : NULL;

	put_instant(s->tq);
	put_instant(s->tr);
	put_instant(s->first);
	put_instant(s->last);
	(void)printf("%.9f,%.9f,", noon_calibration_offset(&k), noon_calibration_rtt(&k));
	put_dur(s->stamp_err);
	put_dur(s->claimed);
	(void)printf("%s,%s,%u,%u,%d,", stamp_words[s->tx_stamp], stamp_words[s->rx_stamp],
		     s->stratum, s->leap, s->authenticated);
	put_dur(r == NULL ? NOON_DUR_MAX : r->error);
	put_dur(r == NULL ? NOON_DUR_MAX : r->bound);
	(void)printf("%s\n", r == NULL ? "" : noon_reference_state_word(r->state));
	return ferror(stdout) == 0;
}

static bool keep_reading(void *arg, const struct noon_reference_reading *r)
{
	struct exporting *e = arg;

	if (e->n == e->room) {
		const size_t room = e->room == 0 ? 64 : 2 * e->room;
		void *p = realloc(e->reading, room * sizeof(*r));

		if (p == NULL)
			return false;
		e->reading = p;
		e->room = room;
	}
	e->reading[e->n++] = *r;
	return true;
}

static noon_err write_csv(struct noon_campaigns *db, int64_t id)
{
	struct exporting e = {.n = 0};
	noon_err err = noon_campaigns_readings(db, id, keep_reading, &e);

	if (!err) {
		(void)puts("tq_ns,tr_ns,first_ns,last_ns,offset_s,rtt_s,stamp_error_s,claimed_s,"
			   "tx_stamp,rx_stamp,stratum,leap,authenticated,reference_error_s,"
			   "reference_bound_s,reference_state");
		err = noon_campaigns_samples(db, id, csv_sample, &e);
	}
	free(e.reading);
	return err;
}

/* ---- JSON ---- */

/* Write an element of an array; takes the reference. */
static bool put_element(struct exporting *e, json_t *o)
{
	(void)fputs(e->some ? ",\n  " : "\n  ", stdout);
	e->some = true;
	(void)json_dumpf(o, stdout, JSON_COMPACT | JSON_REAL_PRECISION(15));
	json_decref(o);
	return ferror(stdout) == 0;
}

static void set_instant(json_t *o, const char *key, noon_time t)
{
	if (t.ns != NOON_TIME_FIRST.ns && t.ns != NOON_TIME_NEVER.ns)
		(void)json_object_set_new(o, key, json_integer(t.ns));
}

static void set_dur(json_t *o, const char *key, noon_dur d)
{
	if (d != NOON_DUR_MAX)
		(void)json_object_set_new(o, key, json_integer(d));
}

static bool json_reading(void *arg, const struct noon_reference_reading *r)
{
	json_t *o = json_pack("{s:I, s:I, s:f, s:s}", "at_ns", (json_int_t)r->at.ns, "error_ns",
			      (json_int_t)r->error, "u_s", r->u_s, "state",
			      noon_reference_state_word(r->state));

	set_dur(o, "bound_ns", r->bound);
	set_instant(o, "pulse_ns", r->pulse);
	if (!isnan(r->counter_s))
		(void)json_object_set_new(o, "counter_s", json_real(r->counter_s));
	return put_element(arg, o);
}

static bool json_sample(void *arg, const struct noon_campaign_sample *s)
{
	json_t *o = json_pack("{s:I, s:I, s:I, s:I, s:s, s:s, s:i, s:i, s:b}", "tq_ns",
			      (json_int_t)s->tq.ns, "tr_ns", (json_int_t)s->tr.ns, "stamp_error_ns",
			      (json_int_t)s->stamp_err, "reading", (json_int_t)s->reading,
			      "tx_stamp", stamp_words[s->tx_stamp], "rx_stamp",
			      stamp_words[s->rx_stamp], "stratum", (int)s->stratum, "leap",
			      (int)s->leap, "authenticated", (int)s->authenticated);

	set_instant(o, "first_ns", s->first);
	set_instant(o, "last_ns", s->last);
	set_dur(o, "claimed_ns", s->claimed);
	return put_element(arg, o);
}

static bool json_miss(void *arg, const struct noon_campaign_miss *m)
{
	return put_element(arg, json_pack("{s:s, s:I, s:I, s:I}", "why", m->why, "n",
					  (json_int_t)m->n, "first_ns", (json_int_t)m->first.ns,
					  "last_ns", (json_int_t)m->last.ns));
}

static noon_err write_json(struct noon_campaigns *db, int64_t id, const struct noon_campaign *k)
{
	struct exporting e = {.n = 0};
	noon_err err;

	(void)printf("{\"id\": %" PRId64 ", \"complete\": %s, \"campaign\": %s,\n \"readings\": [",
		     id, k->ended ? "true" : "false", k->head);
	err = noon_campaigns_readings(db, id, json_reading, &e);
	(void)fputs("\n ], \"samples\": [", stdout);
	e.some = false;
	err = err ? err : noon_campaigns_samples(db, id, json_sample, &e);
	(void)fputs("\n ], \"misses\": [", stdout);
	e.some = false;
	err = err ? err : noon_campaigns_misses(db, id, json_miss, &e);
	(void)fputs("\n ]}\n", stdout);
	return err;
}

/* ---- raw ---- */

static bool raw_line(void *arg, struct noon_bytes line)
{
	(void)arg;
	return fwrite(line.p, 1, line.n, stdout) == line.n;
}

/* ---- verb ---- */

static noon_err write_all(struct noon_campaigns *db, int64_t id, enum format format)
{
	struct noon_campaign k;
	noon_err err = noon_campaigns_find(db, id, &k);

	if (err)
		return err;
	switch (format) {
	case FORMAT_CSV:
		return write_csv(db, id);
	case FORMAT_JSON:
		return write_json(db, id, &k);
	case FORMAT_RAW:
		break;
	}
	return noon_campaigns_text(db, id, raw_line, NULL);
}

static int export(const struct noon_verb *self, void *options, const struct noon_arguments *line)
{
	const struct arguments *a = options;
	struct noon_campaigns *db;
	int status = NOON_EXIT_OK;
	int64_t id;

	if (!noon_reading_id(self, line->argument[0], &id))
		return NOON_EXIT_USAGE;
	db = noon_reading_open(self, &a->reading);
	if (db == NULL)
		return NOON_EXIT_FAILED;
	if (write_all(db, id, a->format))
		status = noon_tool_fail(self, "%s", noon_campaigns_error(db));
	if (fflush(stdout) != 0 || ferror(stdout) != 0)
		status = noon_tool_fail(self, "standard output: %s", strerror(errno));
	noon_campaigns_close(db);
	return status;
}

static const struct noon_option rows[] = {
	{"format", NOON_OPTION_WORD, NOON_OPTION_AT(struct arguments, format), .words = formats,
	 .def = "csv", .letter = 'f',
	 .help = "csv: samples with the reading of the reference in force; json: everything; raw: "
		 "the text that raw_sha256 is of"},
	NOON_OPTION_END,
};

const struct noon_verb noon_verb_calibrate_export = {
	.name = "calibrate export",
	.summary = "write the raw data of a campaign",
	.arguments = "ID",
	.min = 1,
	.max = 1,
	.about = "Write the raw data of a campaign to standard output.\n",
	.notes = "offset_s is T(S) - T(C): what the reference says of T(C), reference_error_s, is "
		 "not taken off.\n",
	.size = sizeof(struct arguments),
	.part = {{rows, 0, NULL}, {noon_database_rows, offsetof(struct arguments, reading), NULL}},
	.act = export,
};
