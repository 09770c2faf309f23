/* SPDX-License-Identifier: Apache-2.0 */
#include "option/option.h"

#include <ctype.h>
#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "option/option_priv.h"
#include "platform/number.h"
#include "platform/text.h"

struct noon_option_limits noon_option_limits(const struct noon_option *o)
{
	const double bits = 8.0 * (double)o->size;
	const bool has = o->min < o->max || o->min > o->max;

	if (has)
		return (struct noon_option_limits){o->min, o->max};
	if (o->type == NOON_OPTION_UINT) /* JSON has no more than 63 bits */
		return (struct noon_option_limits){0.0, o->size == 8 ? (double)INFINITY
								     : exp2(bits) - 1.0};
	if (o->type == NOON_OPTION_INT && o->size < 8)
		return (struct noon_option_limits){-exp2(bits - 1.0), exp2(bits - 1.0) - 1.0};
	return (struct noon_option_limits){-(double)INFINITY, (double)INFINITY};
}

static bool is_within(const struct noon_option *o, double v)
{
	const struct noon_option_limits l = noon_option_limits(o);

	if ((o->flags & NOON_OPTION_BELOW_MAX) != 0 && !(v < l.max))
		return false;
	return v >= l.min && v <= l.max;
}

/* Decimal, or hexadecimal behind 0x, of at most 63 bits. */
static bool scan_integer(const char *text, int64_t *ret)
{
	const bool negative = text[0] == '-';
	const char *digits = text + negative;
	const bool hex = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
	char *end;
	long long v;

	if (hex ? !isxdigit((unsigned char)digits[2]) : !isdigit((unsigned char)digits[0]))
		return false;
	errno = 0;
	v = strtoll(text, &end, hex ? 16 : 10);
	if (*end != '\0' || errno != 0)
		return false;
	*ret = v;
	return true;
}

/* Store an integer or the value of a word by its size; the range was checked. */
static void store(int64_t v, size_t size, void *at)
{
	memcpy(at, (const char *)&v + NOON_OPTION_LOW(size), size);
}

static bool set_integer(const struct noon_option *o, const char *text, void *at)
{
	int64_t v = 0;

	if (!scan_integer(text, &v) || !is_within(o, (double)v))
		return false;
	store(v, o->size, at);
	return true;
}

static bool set_bool(const struct noon_option *o, const char *text, void *at)
{
	static const struct noon_word words[] = {
		{"true", 1}, {"yes", 1}, {"on", 1}, {"false", 0}, {"no", 0}, {"off", 0}, {NULL, 0},
	};

	for (const struct noon_word *w = words; w->name != NULL; w++) {
		if (strcasecmp(w->name, text) != 0)
			continue;
		store(w->value, o->size, at);
		return true;
	}
	return false;
}

static bool set_word(const struct noon_option *o, const char *text, void *at)
{
	const struct noon_word *w = noon_word_find(o->words, text);

	if (w == NULL)
		return false;
	store(w->value, o->size, at);
	return true;
}

static void store_double(const struct noon_option *o, double v, void *at)
{
	if (o->size == sizeof(v))
		memcpy(at, &v, sizeof(v));
}

static bool set_time(const struct noon_option *o, const char *text, void *at)
{
	noon_dur d;

	if (noon_text_dur(text, &d) || !is_within(o, (double)d))
		return false;
	if (o->type == NOON_OPTION_TIME_NS)
		store_double(o, (double)d, at);
	else
		store(d, o->size, at);
	return true;
}

static bool set_real(const struct noon_option *o, const char *text, void *at)
{
	double v = 0.0;
	const bool ok = o->type == NOON_OPTION_FREQ ? noon_text_freq(text, &v) == NOON_OK
						    : noon_number(text, -DBL_MAX, DBL_MAX, &v);

	if (!ok || !is_within(o, v))
		return false;
	store_double(o, v, at);
	return true;
}

static bool set_text(const struct noon_option *o, const char *text, void *at)
{
	const size_t n = strlen(text);

	if (o->size == 0)
		return true;
	if (n >= o->size)
		return false;
	memcpy(at, text, n + 1);
	return true;
}

static bool set_value(const struct noon_option *o, const char *text, void *at,
		      char why[NOON_OPTION_WHY])
{
	switch (o->type) {
	case NOON_OPTION_BOOL:
		return set_bool(o, text, at);
	case NOON_OPTION_FIXED:
		store(o->words[0].value, o->size, at);
		return true;
	case NOON_OPTION_INT:
	case NOON_OPTION_UINT:
		return set_integer(o, text, at);
	case NOON_OPTION_REAL:
	case NOON_OPTION_FREQ:
		return set_real(o, text, at);
	case NOON_OPTION_TIME:
	case NOON_OPTION_TIME_NS:
		return set_time(o, text, at);
	case NOON_OPTION_WORD:
		return set_word(o, text, at);
	case NOON_OPTION_TEXT:
		return set_text(o, text, at);
	case NOON_OPTION_BORROWED:
		if (o->size > 0)
			memcpy(at, &text, sizeof(text));
		return true;
	case NOON_OPTION_OWN:
		return o->read(o, text, at, why);
	}
	return false;
}

noon_err noon_option_set(const struct noon_option *o, const char *text, void *base,
			 char why[NOON_OPTION_WHY])
{
	char said[NOON_OPTION_WHY] = "";

	if (set_value(o, text, (char *)base + o->offset, said))
		return NOON_OK;
	if (said[0] == '\0')
		noon_option_expected(o, text, said);
	memcpy(why, said, sizeof(said));
	return NOON_ERR_FORMAT;
}

noon_err noon_option_check(const struct noon_option *o, const char *text, char why[NOON_OPTION_WHY])
{
	void *scratch = calloc(1, o->size + 1);
	struct noon_option here = *o;
	noon_err err = NOON_ERR_OS;

	here.offset = 0;
	if (scratch != NULL)
		err = noon_option_set(&here, text, scratch, why);
	else
		(void)snprintf(why, NOON_OPTION_WHY, "out of memory");
	free(scratch);
	return err;
}

void noon_option_defaults(const struct noon_option_group *g, void *base)
{
	char why[NOON_OPTION_WHY];

	memset(base, 0, g->size);
	if (g->init != NULL)
		g->init(base);
	for (const struct noon_option_part *p = g->part; p->rows != NULL; p++)
		for (const struct noon_option *o = p->rows; o->name != NULL; o++)
			if (o->def != NULL)
				(void)!noon_option_set(o, o->def, (char *)base + p->offset, why);
}

const struct noon_option *noon_option_find(const struct noon_option *rows, const char *name)
{
	for (; rows->name != NULL; rows++)
		if (strcmp(rows->name, name) == 0)
			return rows;
	return NULL;
}

bool noon_option_is_flag(const struct noon_option *o)
{
	return o->type == NOON_OPTION_BOOL || o->type == NOON_OPTION_FIXED;
}
