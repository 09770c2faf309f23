/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/daytime.h"

#include <string.h>

#include "base/calendar.h"
#define MJD_1970   40587
#define DAY_S	   NOON_S_PER_DAY
#define CENTURY	   100
#define MONTHS	   12
#define WEEKDAYS   7
#define NUMBER_MAX 5 /* digits */

static const struct noon_daytime_dialect dialects[] = {
	{"iso8601", "%Y-%m-%dT%H:%M:%SZ", "", "\r\n", true, false,
	 "2026-11-22T13:31:02Z (ISO 8601, RFC 3339)"},
	{"ctime", "%a %b %e %H:%M:%S %Y", "", "\r\n", false, false,
	 "Sun Nov 22 13:31:02 2026 (ctime(3), as inetd sends it)"},
	{"xinetd", "%d %P %Y %H:%M:%S", "", "\r\n", false, false,
	 "22 NOV 2026 13:31:02 (as xinetd sends it)"},
	{"smtp", "%d %P %Y %H:%M:%S %Z", "", "\r\n", true, false,
	 "22 NOV 2026 13:31:02 UTC (RFC 867, second example, with the year of RFC 1123, 5.2.14)"},
	{"smtp-2", "%d %P %y %H:%M:%S %Z", "", "\r\n", true, false,
	 "22 NOV 26 13:31:02 UTC (RFC 867, second example)"},
	{"weekday", "%A, %B %D, %Y %H:%M:%S-%Z", "", "\r\n", true, false,
	 "Sunday, November 22, 2026 13:31:02-UTC (RFC 867, first example)"},
	{"nist", "%J %y-%m-%d %H:%M:%S %T %L %h %v %l %o", "\n", " \n", true, true,
	 "61366 26-11-22 13:31:02 00 0 0 050.0 UTC(NIST) * (NIST Internet Time Service)"},
};

#define DIALECTS (sizeof(dialects) / sizeof(dialects[0]))

enum part {
	YEAR,
	YEAR_2, /* of the century; -1: the year has four digits */
	MONTH,
	DAY,
	HOUR,
	MINUTE,
	SECOND,
	WEEKDAY, /* 0 is Sunday; -1: not said */
	MJD,	 /* -1: not said */
	DST,
	LEAP,
	HEALTH,
	ADVANCE,
	ZONE_MIN, /* east of Greenwich, minutes */
	PARTS,
};

struct parts {
	int v[PARTS];
	bool on_time;
	char label[NOON_DAYTIME_LABEL_MAX + 1];
};

/* Numbers: digits least and most, filled up with '0' or ' ' to the most, 0: not at all. */
struct number {
	char letter;
	enum part part;
	uint8_t least;
	uint8_t most;
	char fill;
	int min;
	int max;
};

static const struct number numbers[] = {
	{'Y', YEAR, 4, 4, '0', NOON_DAYTIME_YEAR_MIN, NOON_DAYTIME_YEAR_MAX},
	{'y', YEAR_2, 2, 2, '0', 0, 99},
	{'m', MONTH, 2, 2, '0', 1, MONTHS},
	{'d', DAY, 2, 2, '0', 1, 31},
	{'e', DAY, 1, 2, ' ', 1, 31},
	{'D', DAY, 1, 2, 0, 1, 31},
	{'H', HOUR, 2, 2, '0', 0, 23},
	{'M', MINUTE, 2, 2, '0', 0, 59},
	{'S', SECOND, 2, 2, '0', 0, 60},
	{'J', MJD, 5, 5, '0', 0, 99999},
	{'T', DST, 2, 2, '0', 0, 99},
	{'L', LEAP, 1, 1, '0', 0, 2},
	{'h', HEALTH, 1, 1, '0', 0, 9},
};

static const char *const months[] = {"January",	  "February", "March",	  "April",
				     "May",	  "June",     "July",	  "August",
				     "September", "October",  "November", "December"};
static const char *const weekdays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
				       "Thursday", "Friday", "Saturday"};

/* Names: whole, or so many letters of them; the first one has the number `base`. */
struct name {
	char letter;
	enum part part;
	const char *const *list;
	uint8_t n;
	uint8_t letters; /* 0: all */
	bool upper;
	int base;
};

static const struct name names[] = {
	{'b', MONTH, months, MONTHS, 3, false, 1},
	{'P', MONTH, months, MONTHS, 3, true, 1},
	{'B', MONTH, months, MONTHS, 0, false, 1},
	{'a', WEEKDAY, weekdays, WEEKDAYS, 3, false, 0},
	{'A', WEEKDAY, weekdays, WEEKDAYS, 0, false, 0},
};

/* Zones with a meaning in RFC 822, section 5.1, and UTC. The first one is written. */
static const struct {
	const char *word;
	int min;
} zones[] = {{"UTC", 0},    {"GMT", 0},	   {"UT", 0},	  {"Z", 0},
	     {"EST", -300}, {"EDT", -240}, {"CST", -360}, {"CDT", -300},
	     {"MST", -420}, {"MDT", -360}, {"PST", -480}, {"PDT", -420}};

const struct noon_daytime_dialect *noon_daytime_dialect(size_t i)
{
	return i < DIALECTS ? &dialects[i] : NULL;
}

const struct noon_daytime_dialect *noon_daytime_dialect_find(const char *name)
{
	for (size_t i = 0; i < DIALECTS; i++)
		if (strcmp(dialects[i].name, name) == 0)
			return &dialects[i];
	return NULL;
}

static const struct number *number_of(char letter)
{
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (numbers[i].letter == letter)
			return &numbers[i];
	return NULL;
}

static const struct name *name_of(char letter)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].letter == letter)
			return &names[i];
	return NULL;
}

/* --- writing ------------------------------------------------------------------------------- */

static noon_err put_char(struct noon_wr *wr, char c)
{
	return noon_wr_u8(wr, (uint8_t)c);
}

static noon_err put_text(struct noon_wr *wr, const char *text)
{
	return noon_wr_put(wr, noon_bytes_of(text, strlen(text)));
}

static noon_err put_number(struct noon_wr *wr, const struct number *f, int value)
{
	char digits[NUMBER_MAX];
	size_t at = NUMBER_MAX;
	size_t n = 0;

	if (value < f->min || value > f->max)
		return NOON_ERR_RANGE;
	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
		n++;
	} while (value > 0 && at > 0);
	for (; f->fill != 0 && n < f->most && at > 0; n++)
		digits[--at] = f->fill;
	return noon_wr_put(wr, noon_bytes_of(digits + at, n));
}

/* Letter i of a name, as it is written. */
static uint8_t letter_of(const struct name *f, const char *word, size_t i)
{
	const uint8_t c = (uint8_t)word[i];

	if (f->upper && c >= 'a' && c <= 'z')
		return (uint8_t)(c - 'a' + 'A');
	return c;
}

static size_t name_len(const struct name *f, int i)
{
	return f->letters > 0 ? f->letters : strlen(f->list[i]);
}

static noon_err put_name(struct noon_wr *wr, const struct name *f, int value)
{
	const char *word = f->list[value - f->base];
	noon_err err = NOON_OK;

	for (size_t i = 0; i < name_len(f, value - f->base) && !err; i++)
		err = noon_wr_u8(wr, letter_of(f, word, i));
	return err;
}

static noon_err put_advance(struct noon_wr *wr, int tenths)
{
	static const struct number ms = {'v', ADVANCE, 3, 3, '0', 0, 999};
	static const struct number tenth = {'v', ADVANCE, 1, 1, '0', 0, 9};
	noon_err err = put_number(wr, &ms, tenths / 10);

	err = err ? err : put_char(wr, '.');
	return err ? err : put_number(wr, &tenth, tenths % 10);
}

static noon_err put_field(struct noon_wr *wr, char letter, const struct parts *p)
{
	const struct number *number = number_of(letter);
	const struct name *name = name_of(letter);

	if (number != NULL)
		return put_number(wr, number, p->v[number->part]);
	if (name != NULL)
		return put_name(wr, name, p->v[name->part]);
	switch (letter) {
	case 'Z':
		return put_text(wr, zones[0].word);
	case 'v':
		return put_advance(wr, p->v[ADVANCE]);
	case 'l':
		return put_text(wr, p->label[0] != '\0' ? p->label : "UTC");
	case 'o':
		return put_char(wr, p->on_time ? '#' : '*');
	default:
		return NOON_ERR_FORMAT;
	}
}

static struct parts parts_of(const struct noon_daytime *d)
{
	const struct noon_calendar c = noon_calendar_of(d->utc);
	const int64_t day = noon_calendar_days(c.year, c.month, c.day);
	struct parts p = {
		.v = {[YEAR] = c.year,
		      [YEAR_2] = c.year % CENTURY,
		      [MONTH] = c.month,
		      [DAY] = c.day,
		      [HOUR] = c.hour,
		      [MINUTE] = c.minute,
		      [SECOND] = c.second + d->leap_second,
		      /* 1970-01-01 was a Thursday. */
		      [WEEKDAY] = (int)(((day + 4) % WEEKDAYS + WEEKDAYS) % WEEKDAYS),
		      [MJD] = (int)day + MJD_1970,
		      [DST] = d->dst,
		      [LEAP] = d->leap,
		      [HEALTH] = d->health,
		      [ADVANCE] = d->advance},
		.on_time = d->on_time,
	};

	memcpy(p.label, d->label, sizeof(p.label));
	return p;
}

static bool is_label(const char *text, size_t n)
{
	if (n > NOON_DAYTIME_LABEL_MAX || n < 3 || memcmp(text, "UTC", 3) != 0)
		return false;
	if (n == 3)
		return true;
	if (n < 6 || text[3] != '(' || text[n - 1] != ')')
		return false;
	for (size_t i = 4; i < n - 1; i++)
		if (text[i] < 'A' || text[i] > 'Z')
			return false;
	return true;
}

bool noon_daytime_is_label(const char *label)
{
	size_t n = 0;

	while (n <= NOON_DAYTIME_LABEL_MAX && label[n] != '\0')
		n++;
	return n == 0 || is_label(label, n);
}

static noon_err put_template(struct noon_wr *wr, const char *t, const struct parts *p)
{
	noon_err err = NOON_OK;

	for (; *t != '\0' && !err; t++)
		err = *t == '%' ? put_field(wr, *++t, p) : put_char(wr, *t);
	return err;
}

noon_err noon_daytime_put(struct noon_wr *wr, const struct noon_daytime_dialect *dialect,
			  const struct noon_daytime *d)
{
	const struct parts p = parts_of(d);
	uint8_t buf[NOON_DAYTIME_OUT_MAX];
	struct noon_wr text = noon_wr_over(buf, sizeof(buf));
	noon_err err;

	if (p.v[YEAR] < NOON_DAYTIME_YEAR_MIN || p.v[YEAR] > NOON_DAYTIME_YEAR_MAX ||
	    (d->leap_second && p.v[SECOND] != 60) || !noon_daytime_is_label(d->label))
		return NOON_ERR_RANGE;
	err = put_text(&text, dialect->before);
	err = err ? err : put_template(&text, dialect->template, &p);
	err = err ? err : put_text(&text, dialect->after);
	return err ? err : noon_wr_put(wr, noon_wr_written(&text));
}

/* --- reading ------------------------------------------------------------------------------- */

static bool take_char(struct noon_rd *rd, char c)
{
	if (noon_rd_left(rd) == 0 || *rd->p != (uint8_t)c)
		return false;
	rd->p++;
	return true;
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool take_digits(struct noon_rd *rd, size_t least, size_t most, int *ret)
{
	int v = 0;
	size_t n = 0;

	for (; n < most && noon_rd_left(rd) > 0 && is_digit(*rd->p); n++)
		v = v * 10 + (*rd->p++ - '0');
	*ret = v;
	return n >= least;
}

static bool take_number(struct noon_rd *rd, const struct number *f, int *ret)
{
	return take_digits(rd, f->least, f->most, ret) && *ret >= f->min && *ret <= f->max;
}

static bool take_name(struct noon_rd *rd, const struct name *f, int *ret)
{
	for (int i = 0; i < f->n; i++) {
		const size_t n = name_len(f, i);
		size_t same = 0;

		while (same < n && same < noon_rd_left(rd) &&
		       rd->p[same] == letter_of(f, f->list[i], same))
			same++;
		if (same < n)
			continue;
		rd->p += n;
		*ret = i + f->base;
		return true;
	}
	return false;
}

/* All letters up to something else are the word. */
static bool take_zone(struct noon_rd *rd, int *ret)
{
	size_t n = 0;

	while (n < noon_rd_left(rd) && rd->p[n] >= 'A' && rd->p[n] <= 'Z')
		n++;
	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
		if (strlen(zones[i].word) != n || memcmp(zones[i].word, rd->p, n) != 0)
			continue;
		rd->p += n;
		*ret = zones[i].min;
		return true;
	}
	return false;
}

static bool take_advance(struct noon_rd *rd, int *ret)
{
	int ms = 0;
	int tenth = 0;

	if (!take_digits(rd, 1, 3, &ms) || !take_char(rd, '.') || !take_digits(rd, 1, 1, &tenth))
		return false;
	*ret = ms * 10 + tenth;
	return true;
}

static bool take_label(struct noon_rd *rd, struct parts *p)
{
	size_t n = 0;

	while (n < noon_rd_left(rd) && rd->p[n] != ' ')
		n++;
	if (!is_label((const char *)rd->p, n))
		return false;
	memcpy(p->label, rd->p, n);
	p->label[n] = '\0';
	rd->p += n;
	return true;
}

static bool take_field(struct noon_rd *rd, char letter, struct parts *p)
{
	const struct number *number = number_of(letter);
	const struct name *name = name_of(letter);

	if (number != NULL)
		return take_number(rd, number, &p->v[number->part]);
	if (name != NULL)
		return take_name(rd, name, &p->v[name->part]);
	switch (letter) {
	case 'Z':
		return take_zone(rd, &p->v[ZONE_MIN]);
	case 'v':
		return take_advance(rd, &p->v[ADVANCE]);
	case 'l':
		return take_label(rd, p);
	case 'o':
		p->on_time = take_char(rd, '#');
		return p->on_time || take_char(rd, '*');
	default:
		return false;
	}
}

static bool take_blanks(struct noon_rd *rd)
{
	bool any = false;

	while (take_char(rd, ' '))
		any = true;
	return any;
}

static bool take_template(struct noon_rd rd, const char *t, struct parts *p)
{
	bool ok = true;

	for (; *t != '\0' && ok; t++) {
		if (*t == '%')
			ok = take_field(&rd, *++t, p);
		else
			ok = *t == ' ' ? take_blanks(&rd) : take_char(&rd, *t);
	}
	return ok && noon_rd_left(&rd) == 0;
}

/* The year that ends in these two digits and is nearest to the MJD or, without one, to the pivot.
 */
static int unfold_year(const struct parts *p, noon_time pivot)
{
	const noon_time near =
		p->v[MJD] >= 0 ? (noon_time){(p->v[MJD] - MJD_1970) * DAY_S * NOON_NS_PER_SEC}
			       : pivot;
	int y = noon_calendar_of(near).year;

	y -= CENTURY / 2;
	return y + (p->v[YEAR_2] - y % CENTURY + CENTURY) % CENTURY;
}

/* A leap second is the last one of a UTC month (ITU-R TF.460). */
static bool may_be_leap_second(int64_t before)
{
	return (before + 1) % DAY_S == 0 && noon_calendar_is_first((before + 1) / DAY_S);
}

static noon_err join(const struct parts *p, noon_time pivot, struct noon_daytime *ret)
{
	const int y = p->v[YEAR_2] < 0 ? p->v[YEAR] : unfold_year(p, pivot);
	struct noon_daytime d = {
		.leap_second = p->v[SECOND] == 60,
		.dst = (uint8_t)p->v[DST],
		.leap = (uint8_t)p->v[LEAP],
		.health = (uint8_t)p->v[HEALTH],
		.advance = (uint16_t)p->v[ADVANCE],
		.on_time = p->on_time,
	};
	const struct noon_calendar date = {
		.year = y, .month = (uint8_t)p->v[MONTH], .day = (uint8_t)p->v[DAY]};
	int64_t day;
	int64_t s;

	if (y < NOON_DAYTIME_YEAR_MIN || y > NOON_DAYTIME_YEAR_MAX ||
	    !noon_calendar_time(&date, &d.utc))
		return NOON_ERR_RANGE;
	day = noon_calendar_days(y, date.month, date.day);
	if (p->v[WEEKDAY] >= 0 && (day + 4 - p->v[WEEKDAY]) % WEEKDAYS != 0)
		return NOON_ERR_RANGE;
	if (p->v[MJD] >= 0 && p->v[MJD] != day + MJD_1970)
		return NOON_ERR_RANGE;
	s = day * DAY_S + INT64_C(60) * (INT64_C(60) * p->v[HOUR] + p->v[MINUTE] - p->v[ZONE_MIN]) +
	    p->v[SECOND] - d.leap_second;
	if (d.leap_second && !may_be_leap_second(s))
		return NOON_ERR_RANGE;
	d.utc = (noon_time){s * NOON_NS_PER_SEC};
	memcpy(d.label, p->label, sizeof(d.label));
	*ret = d;
	return NOON_OK;
}

static bool is_end(uint8_t c)
{
	return c == '\r' || c == '\n' || c == ' ';
}

static struct noon_rd trim(struct noon_bytes text)
{
	struct noon_rd rd = noon_rd_bytes(text);

	while (noon_rd_left(&rd) > 0 && is_end(*rd.p))
		rd.p++;
	while (noon_rd_left(&rd) > 0 && is_end(rd.end[-1]))
		rd.end--;
	return rd;
}

noon_err noon_daytime_get(struct noon_bytes text, const struct noon_daytime_dialect *dialect,
			  noon_time pivot, struct noon_daytime *ret,
			  const struct noon_daytime_dialect **ret_dialect)
{
	const struct noon_rd rd = trim(text);

	if (text.n > NOON_DAYTIME_MAX)
		return NOON_ERR_LONG;
	if (noon_rd_left(&rd) == 0)
		return NOON_ERR_EMPTY;
	for (size_t i = 0; i < DIALECTS; i++) {
		struct parts p = {.v = {[YEAR_2] = -1, [WEEKDAY] = -1, [MJD] = -1}};
		noon_err err;

		if (dialect != NULL && dialect != &dialects[i])
			continue;
		if (!take_template(rd, dialects[i].template, &p))
			continue;
		/* No text fits two templates, so this is what it says. */
		err = join(&p, pivot, ret);
		if (!err && ret_dialect != NULL)
			*ret_dialect = &dialects[i];
		return err;
	}
	return NOON_ERR_FORMAT;
}
