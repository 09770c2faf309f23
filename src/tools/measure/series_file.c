/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/measure/series_file.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 4096
/* A time stamp may be off the raster by this share of tau0. */
#define OFF_RASTER 0.25

enum field {
	FIELD_NUMBER,
	FIELD_GAP,
	FIELD_OTHER,
	FIELD_MISSING, /* the line has fewer columns */
};

struct reading {
	const char *name;
	struct noon_series_layout layout;
	struct noon_series_data *data;
	size_t line;
	bool titles_seen;
	bool first_seen;   /* of the time stamps */
	double first_time; /* s */
	double held;	   /* the first value, while tau0 is not known yet */
	char *why;
};

__attribute__((format(printf, 3, 4))) static noon_err fail(const struct reading *r, noon_err err,
							   const char *format, ...)
{
	va_list ap;
	int n = snprintf(r->why, NOON_SERIES_WHY_MAX, "%.200s, line %zu: ", r->name, r->line);

	va_start(ap, format);
	if (n >= 0 && n < NOON_SERIES_WHY_MAX)
		(void)vsnprintf(r->why + n, (size_t)(NOON_SERIES_WHY_MAX - n), format, ap);
	va_end(ap);
	return err;
}

/* ---- fields ---- */

static bool is_separator(char c)
{
	return c == ',' || c == ';';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Cut the next field out of *at: it ends at white space, or at one comma or semicolon with white
 * space around it. */
static bool next_field(char **at, char **ret)
{
	char *p = *at;

	while (is_blank(*p))
		p++;
	if (*p == '\0')
		return false;
	*ret = p;
	while (*p != '\0' && !is_blank(*p) && !is_separator(*p))
		p++;
	if (is_blank(*p)) {
		*p++ = '\0';
		while (is_blank(*p))
			p++;
	}
	if (is_separator(*p))
		*p++ = '\0';
	*at = p;
	return true;
}

static enum field classify(const char *text, double *ret)
{
	char *end;

	if (text[0] == '\0' || strcmp(text, "-") == 0 || strcasecmp(text, "nan") == 0 ||
	    strcasecmp(text, "null") == 0)
		return FIELD_GAP;
	*ret = strtod(text, &end);
	return *end == '\0' && isfinite(*ret) ? FIELD_NUMBER : FIELD_OTHER;
}

/** What a line has in the two columns. */
struct row {
	enum field value_is, time_is;
	const char *value_text, *time_text;
	double value, time;
};

static void split(char *line, size_t column, size_t time_column, struct row *row)
{
	char *text;

	*row = (struct row){FIELD_MISSING, FIELD_MISSING, "", "", 0.0, 0.0};
	for (size_t i = 1; next_field(&line, &text); i++) {
		if (i == column) {
			row->value_is = classify(text, &row->value);
			row->value_text = text;
		} else if (i == time_column) {
			row->time_is = classify(text, &row->time);
			row->time_text = text;
		}
	}
}

/* ---- samples ---- */

static noon_err append(const struct reading *r, double v)
{
	struct noon_series_data *d = r->data;

	if (d->n >= NOON_SERIES_FILE_MAX)
		return fail(r, NOON_ERR_LONG,
			    "more than %d samples, gaps included; take a part of "
			    "the file, or a larger spacing",
			    NOON_SERIES_FILE_MAX);
	if (d->n == d->capacity) {
		const size_t capacity = d->capacity == 0 ? FIRST_CAPACITY : 2 * d->capacity;
		double *more = realloc(d->value, capacity * sizeof(*more));

		if (more == NULL)
			return fail(r, NOON_ERR_OS, "out of memory");
		d->value = more;
		d->capacity = capacity;
	}
	d->gaps += isnan(v) ? 1 : 0;
	d->value[d->n++] = v;
	return NOON_OK;
}

/* Append a sample at its place, after gaps for those that are missing. */
static noon_err place(const struct reading *r, double time, double v)
{
	const double at = (time - r->first_time) / r->data->tau0, nearest = round(at);
	noon_err err = NOON_OK;

	if (nearest < (double)r->data->n)
		return fail(r, NOON_ERR_FORMAT,
			    "column %zu: time stamp %.9g s is not later than "
			    "the one before; sort the file by time",
			    r->layout.time_column, time);
	if (fabs(at - nearest) > OFF_RASTER)
		return fail(r, NOON_ERR_FORMAT,
			    "column %zu: time stamp %.9g s is %.2f spacings of "
			    "%.9g s after the first: expected a whole number; "
			    "give --tau0",
			    r->layout.time_column, time, at, r->data->tau0);
	if (nearest >= NOON_SERIES_FILE_MAX)
		return fail(r, NOON_ERR_LONG,
			    "column %zu: time stamp %.9g s is more than %d "
			    "spacings after the first",
			    r->layout.time_column, time, NOON_SERIES_FILE_MAX);
	while (!err && (double)r->data->n < nearest)
		err = append(r, (double)NAN);
	return err ? err : append(r, v);
}

static noon_err take_timed(struct reading *r, double time, double v)
{
	noon_err err;

	if (!r->first_seen) {
		r->first_seen = true;
		r->first_time = time;
		r->held = v;
		return r->data->tau0 > 0.0 ? append(r, v) : NOON_OK;
	}
	if (!(r->data->tau0 > 0.0)) {
		if (!(time > r->first_time))
			return fail(r, NOON_ERR_FORMAT,
				    "column %zu: time stamp %.9g s is not later than the one "
				    "before; sort the file by time",
				    r->layout.time_column, time);
		r->data->tau0 = time - r->first_time;
		err = append(r, r->held);
		if (err)
			return err;
	}
	return place(r, time, v);
}

/* ---- lines ---- */

static noon_err check_fields(struct reading *r, const struct row *row, bool *ret_titles)
{
	const struct noon_series_layout *l = &r->layout;
	const bool first = !r->titles_seen && !r->first_seen && r->data->n == 0;

	*ret_titles = false;
	if (row->value_is == FIELD_MISSING)
		return fail(r, NOON_ERR_FORMAT, "there is no column %zu; see --column", l->column);
	if (row->value_is == FIELD_OTHER) {
		*ret_titles = first;
		r->titles_seen = true;
		return first ? NOON_OK
			     : fail(r, NOON_ERR_FORMAT,
				    "column %zu: expected a number, found '%.40s'", l->column,
				    row->value_text);
	}
	if (l->time_column > 0 && row->time_is != FIELD_NUMBER)
		return fail(r, NOON_ERR_FORMAT,
			    "column %zu: expected a time stamp in seconds, found '%.40s'",
			    l->time_column, row->time_text);
	return NOON_OK;
}

static noon_err take_line(struct reading *r, char *line)
{
	struct row row;
	bool titles;
	noon_err err;
	double v;

	while (is_blank(*line))
		line++;
	if (*line == '\0' || *line == '#' || *line == '%')
		return NOON_OK;
	split(line, r->layout.column, r->layout.time_column, &row);
	err = check_fields(r, &row, &titles);
	if (err || titles)
		return err;
	v = row.value_is == FIELD_GAP ? (double)NAN : row.value * r->layout.unit;
	if (row.value_is == FIELD_NUMBER && !isfinite(v))
		return fail(r, NOON_ERR_FORMAT, "column %zu: %.40s is out of range",
			    r->layout.column, row.value_text);
	return r->layout.time_column > 0 ? take_timed(r, row.time, v) : append(r, v);
}

static noon_err take_file(struct reading *r, FILE *f)
{
	char line[NOON_SERIES_LINE_MAX];
	noon_err err = NOON_OK;

	while (!err && fgets(line, sizeof(line), f) != NULL) {
		const size_t n = strlen(line);

		r->line++;
		if (n + 1 == sizeof(line) && line[n - 1] != '\n')
			return fail(r, NOON_ERR_FORMAT, "longer than %d bytes: no text file?",
				    NOON_SERIES_LINE_MAX);
		if (n > 0 && line[n - 1] == '\n')
			line[n - 1] = '\0';
		else if (!feof(f))
			return fail(r, NOON_ERR_FORMAT, "a zero byte: no text file?");
		err = take_line(r, line);
	}
	return err;
}

noon_err noon_series_read(FILE *f, const char *name, const struct noon_series_layout *layout,
			  struct noon_series_data *ret, char why[NOON_SERIES_WHY_MAX])
{
	struct reading r = {.name = name, .layout = *layout, .data = ret, .why = why};
	noon_err err;

	*ret = (struct noon_series_data){.tau0 = layout->tau0};
	if (r.layout.column == 0)
		r.layout.column = layout->time_column == 1 ? 2 : 1;
	err = take_file(&r, f);
	if (!err && ferror(f))
		return fail(&r, NOON_ERR_OS, "%s", strerror(errno));
	/* One sample only, whose spacing nobody knows. */
	if (!err && r.first_seen && ret->n == 0)
		err = append(&r, r.held);
	if (!err && ret->n == ret->gaps)
		return fail(&r, NOON_ERR_EMPTY, "no value until the end of the file");
	return err;
}

void noon_series_data_fini(struct noon_series_data *d)
{
	free(d->value);
	*d = (struct noon_series_data){.n = 0};
}
