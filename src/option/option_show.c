/* SPDX-License-Identifier: Apache-2.0
 *
 * Options as text: what was expected, defaults, ranges, placeholders.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "option/option_priv.h"

static bool is_time(const struct noon_option *o)
{
	return o->type == NOON_OPTION_TIME || o->type == NOON_OPTION_TIME_NS;
}

/* In the largest unit that has it as a whole number. */
static void show_time(noon_dur d, char *out, size_t n)
{
	static const struct {
		noon_dur ns;
		const char *name;
	} units[] = {{NOON_S(86400), "d"},
		     {NOON_S(3600), "h"},
		     {NOON_S(60), "min"},
		     {NOON_S(1), "s"},
		     {NOON_MS(1), "ms"},
		     {NOON_US(1), "us"},
		     {1, "ns"}};
	size_t i = 0;

	while (d % units[i].ns != 0)
		i++;
	if (d == 0)
		(void)snprintf(out, n, "0");
	else
		(void)snprintf(out, n, "%" PRId64 "%s", d / units[i].ns, units[i].name);
}

static void show_freq(double f, char *out, size_t n)
{
	const double size = fabs(f);

	if (size <= 0.0 || size >= 0.1)
		(void)snprintf(out, n, "%.12g", f);
	else if (size >= 1e-8)
		(void)snprintf(out, n, "%.12gppm", f * 1e6);
	else
		(void)snprintf(out, n, "%.12gppb", f * 1e9);
}

/* 1 - 1e-15 is no 1: more digits where twelve are another number. */
static void show_real(double v, char *out, size_t n)
{
	(void)snprintf(out, n, "%.12g", v);
	if (fabs(strtod(out, NULL) - v) > 0.0)
		(void)snprintf(out, n, "%.15g", v);
}

static void show_number(const struct noon_option *o, double v, char *out, size_t n)
{
	if (is_time(o))
		show_time((noon_dur)v, out, n);
	else if (o->type == NOON_OPTION_FREQ)
		show_freq(v, out, n);
	else
		show_real(v, out, n);
}

static const char *noun_of(const struct noon_option *o)
{
	if (o->noun != NULL)
		return o->noun;
	if (is_time(o))
		return "a time";
	if (o->type == NOON_OPTION_FREQ)
		return "a frequency";
	return o->type == NOON_OPTION_REAL ? "a number" : "a whole number";
}

static const char *example_of(const struct noon_option *o)
{
	if (is_time(o))
		return ", such as \"250ms\", \"1.5us\", \"2h\"";
	return o->type == NOON_OPTION_FREQ ? ", such as \"40ppm\" or \"3ppb\"" : "";
}

/* " of zero or more", " from 1 to 64", or "". */
static void say_range(const struct noon_option *o, char *out, size_t n)
{
	const struct noon_option_limits l = noon_option_limits(o);
	char low[48];
	char high[48];

	out[0] = '\0';
	if (isinf(l.min))
		return;
	show_number(o, l.min, low, sizeof(low));
	if (!isinf(l.max)) {
		show_number(o, l.max, high, sizeof(high));
		(void)snprintf(out, n, " from %s to %s%s", low,
			       (o->flags & NOON_OPTION_BELOW_MAX) != 0 ? "below " : "", high);
	} else if (is_time(o) && l.min > 0.0 && l.min <= 1.0) {
		(void)snprintf(out, n, " above zero");
	} else {
		(void)snprintf(out, n, " of %s or more", l.min > 0.0 || l.min < 0.0 ? low : "zero");
	}
}

static void expect_word(const struct noon_option *o, const char *text, char *out, size_t n)
{
	struct noon_nearest near = noon_nearest_to(text);
	char words[NOON_OPTION_WHY];

	noon_word_list(o->words, words, sizeof(words));
	for (const struct noon_word *w = o->words; w->name != NULL; w++)
		noon_nearest_try(&near, w->name);
	if (near.best != NULL)
		(void)snprintf(out, n, "expected %.180s; did you mean '%.40s'?", words, near.best);
	else
		(void)snprintf(out, n, "expected %.240s", words);
}

void noon_option_expected(const struct noon_option *o, const char *text, char why[NOON_OPTION_WHY])
{
	char range[NOON_OPTION_SHOW];

	switch (o->type) {
	case NOON_OPTION_BOOL:
		(void)snprintf(why, NOON_OPTION_WHY, "expected true or false");
		break;
	case NOON_OPTION_WORD:
		expect_word(o, text, why, NOON_OPTION_WHY);
		break;
	case NOON_OPTION_INT:
	case NOON_OPTION_UINT:
	case NOON_OPTION_REAL:
	case NOON_OPTION_TIME:
	case NOON_OPTION_TIME_NS:
	case NOON_OPTION_FREQ:
		say_range(o, range, sizeof(range));
		(void)snprintf(why, NOON_OPTION_WHY, "expected %.40s%.100s%s%s%s", noun_of(o),
			       range, o->unit != NULL ? " " : "", o->unit != NULL ? o->unit : "",
			       example_of(o));
		break;
	case NOON_OPTION_TEXT:
		(void)snprintf(why, NOON_OPTION_WHY, "expected at most %zu characters",
			       o->size - 1);
		break;
	case NOON_OPTION_OWN:
	case NOON_OPTION_FIXED:
	case NOON_OPTION_BORROWED:
		(void)snprintf(why, NOON_OPTION_WHY, "expected %.200s",
			       o->noun != NULL ? o->noun : "something else");
		break;
	}
}

/* The integer of `size` bytes at a place. */
static int64_t load(const struct noon_option *o, const void *at)
{
	const bool is_signed = o->type == NOON_OPTION_INT || o->type == NOON_OPTION_TIME;
	const unsigned above = 64 - 8 * (unsigned)o->size;
	int64_t v = 0;

	memcpy((char *)&v + NOON_OPTION_LOW(o->size), at, o->size);
	return is_signed ? (int64_t)((uint64_t)v << above) >> above : v;
}

static void show_value(const struct noon_option *o, const void *at, char out[NOON_OPTION_SHOW])
{
	const char *word;
	double v = 0.0;

	switch (o->type) {
	case NOON_OPTION_BOOL:
		(void)snprintf(out, NOON_OPTION_SHOW, "%s", load(o, at) != 0 ? "true" : "false");
		break;
	case NOON_OPTION_INT:
	case NOON_OPTION_UINT:
		(void)snprintf(out, NOON_OPTION_SHOW, "%" PRId64, load(o, at));
		break;
	case NOON_OPTION_TIME:
		show_time(load(o, at), out, NOON_OPTION_SHOW);
		break;
	case NOON_OPTION_REAL:
	case NOON_OPTION_TIME_NS:
	case NOON_OPTION_FREQ:
		memcpy(&v, at, sizeof(v));
		show_number(o, v, out, NOON_OPTION_SHOW);
		break;
	case NOON_OPTION_WORD:
		word = noon_word_name(o->words, (long)load(o, at));
		(void)snprintf(out, NOON_OPTION_SHOW, "%s", word != NULL ? word : "");
		break;
	case NOON_OPTION_TEXT:
		(void)snprintf(out, NOON_OPTION_SHOW, "%.150s", (const char *)at);
		break;
	case NOON_OPTION_OWN:
		if (o->show != NULL)
			o->show(at, out);
		break;
	case NOON_OPTION_FIXED:
	case NOON_OPTION_BORROWED:
		break;
	}
}

void noon_option_default_text(const struct noon_option *o, const void *base,
			      char out[NOON_OPTION_SHOW])
{
	out[0] = '\0';
	if (o->def != NULL || o->says != NULL)
		(void)snprintf(out, NOON_OPTION_SHOW, "%.150s", o->def != NULL ? o->def : o->says);
	else if (o->size > 0 && (o->flags & NOON_OPTION_REQUIRED) == 0)
		show_value(o, (const char *)base + o->offset, out);
}

void noon_option_range_text(const struct noon_option *o, char out[NOON_OPTION_SHOW])
{
	const bool given = o->min < o->max || o->min > o->max;
	char low[48];
	char high[48];

	out[0] = '\0';
	if (!given || isinf(o->min) || o->most > 0)
		return;
	show_number(o, o->min, low, sizeof(low));
	show_number(o, isinf(o->max) ? 0.0 : o->max, high, sizeof(high));
	if (!isinf(o->max))
		(void)snprintf(out, NOON_OPTION_SHOW, "%s to %s%s", low,
			       (o->flags & NOON_OPTION_BELOW_MAX) != 0 ? "below " : "", high);
	else if (o->min > 0.0 && !(is_time(o) && o->min <= 1.0))
		(void)snprintf(out, NOON_OPTION_SHOW, "%s or more", low);
	else if (o->min > 0.0)
		(void)snprintf(out, NOON_OPTION_SHOW, "above 0");
}

void noon_option_value_text(const struct noon_option *o, char out[NOON_OPTION_SHOW])
{
	size_t at = 0;
	const char *word = "n";

	out[0] = '\0';
	if (o->value != NULL)
		word = o->value;
	else if (o->type == NOON_OPTION_BOOL)
		word = "true|false";
	else if (is_time(o))
		word = "time";
	else if (o->type == NOON_OPTION_FREQ)
		word = "frequency";
	else if (o->type == NOON_OPTION_REAL)
		word = "x";
	else if (o->type == NOON_OPTION_TEXT || o->type == NOON_OPTION_BORROWED ||
		 o->type == NOON_OPTION_OWN)
		word = "text";
	if (o->type != NOON_OPTION_WORD || o->value != NULL) {
		(void)snprintf(out, NOON_OPTION_SHOW, "%.150s", word);
		return;
	}
	for (const struct noon_word *w = o->words; w->name != NULL && at < 100; w++)
		at += (size_t)snprintf(out + at, NOON_OPTION_SHOW - at, "%s%.40s",
				       w == o->words ? "" : "|", w->name);
}
