/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/instruments/ticc.h"

#include <string.h>

#define HALF (NOON_PS_PER_SEC / 2)
/* Time stamps of a channel have moved on twice: then they are no periods. */
#define MOVED 2

static void forget(struct noon_ticc *t)
{
	memset(t->channel, 0, sizeof(t->channel));
}

static void begin(struct noon_ticc *t, enum noon_ticc_mode mode)
{
	forget(t);
	t->mode = mode;
	/* Nothing is measured without a reference, and it is looked for before the heading. */
	t->lost = false;
}

static void heading(struct noon_ticc *t, struct noon_bytes text)
{
	static const struct {
		const char *words;
		enum noon_ticc_mode mode;
	} modes[] = {
		{"timestamp (", NOON_TICC_STAMPS},
		{"timestamp ch0", NOON_TICC_STAMPS}, /* TimeLab */
		{"paired channel-order timestamp", NOON_TICC_STAMPS},
		{"time interval a->b", NOON_TICC_INTERVALS},
		{"period (", NOON_TICC_OTHER},
		{"time1 time2", NOON_TICC_OTHER},
		{"tapr ticc", NOON_TICC_UNKNOWN},
	};

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (noon_text_begins(text, modes[i].words))
			begin(t, modes[i].mode);
}

static enum noon_ticc_event comment(struct noon_ticc *t, struct noon_bytes line)
{
	struct noon_rd rd = noon_rd_bytes(line);
	struct noon_bytes text;
	const uint8_t *after;

	while (noon_rd_left(&rd) > 0 && (*rd.p == '#' || *rd.p == ' '))
		rd.p++;
	text = noon_bytes_of(rd.p, noon_rd_left(&rd));
	/* "Press any key to restart after reference is restored" does not say that it is. */
	if (noon_text_begins(text, "press any key to restart"))
		return NOON_TICC_ASKS_KEY;
	heading(t, text);
	if (noon_text_begins(text, "no coarse_clock"))
		t->lost = true;
	after = noon_text_after(text, "10 mhz reference");
	if (after == NULL)
		return NOON_TICC_COMMENT;
	text = noon_bytes_of(after, (size_t)(rd.end - after));
	if (noon_text_after(text, "lost") != NULL)
		t->lost = true;
	else if (noon_text_after(text, "found") != NULL ||
		 noon_text_after(text, "restored") != NULL || noon_text_after(text, "back") != NULL)
		t->lost = false;
	return NOON_TICC_COMMENT;
}

static enum noon_ticc_event fold(double s, double *ret_s)
{
	return noon_interval_fold(s, ret_s) ? NOON_TICC_OUT_OF_RANGE : NOON_TICC_READING;
}

static enum noon_ticc_event interval(const struct noon_fixed *f, double *ret_s)
{
	int64_t ps;

	if (noon_fixed_diff(*f, (struct noon_fixed){0, 0}, &ps))
		return NOON_TICC_OUT_OF_RANGE;
	return fold((double)ps * 1e-12, ret_s);
}

static int64_t magnitude(int64_t ps)
{
	return ps < 0 ? -ps : ps;
}

/* B - A, of which one may have wrapped and the other not yet. */
static bool difference(const struct noon_ticc *t, int64_t *ret_ps)
{
	int64_t ps;

	if (noon_fixed_diff(t->channel[1].last, t->channel[0].last, &ps))
		return false;
	for (int64_t wrap = 10; magnitude(ps) >= HALF && wrap <= 1000000; wrap *= 10) {
		const int64_t rest = magnitude(ps) - wrap * NOON_PS_PER_SEC;

		if (magnitude(rest) < HALF)
			ps = ps < 0 ? -rest : rest;
	}
	*ret_ps = ps;
	return magnitude(ps) < HALF;
}

/* Take a time stamp. @return whether it is one, and no period */
static bool move_on(const struct noon_ticc *t, struct noon_ticc_channel *c,
		    const struct noon_fixed *at)
{
	int64_t ps;
	/* Backwards only where it wraps, and that is at ten seconds or more. */
	const bool moved = c->any && (noon_fixed_diff(*at, c->last, &ps) || ps >= HALF ||
				      ps < -8 * NOON_PS_PER_SEC);

	c->moved = moved ? c->moved + (c->moved < MOVED) : 0;
	c->last = *at;
	if (t->mode == NOON_TICC_STAMPS && (moved || !c->any))
		c->moved = MOVED;
	c->any = true;
	return c->moved == MOVED;
}

static enum noon_ticc_event stamp(struct noon_ticc *t, unsigned which, const struct noon_fixed *at,
				  double *ret_s)
{
	struct noon_ticc_channel *c = &t->channel[which];
	struct noon_ticc_channel *other = &t->channel[1 - which];
	bool unpaired = c->waiting;
	int64_t ps;

	if (t->mode == NOON_TICC_OTHER || t->mode == NOON_TICC_INTERVALS)
		return NOON_TICC_COMMENT;
	if (!move_on(t, c, at)) {
		c->waiting = false;
		return NOON_TICC_COMMENT;
	}
	c->waiting = true;
	if (other->waiting && difference(t, &ps)) {
		c->waiting = other->waiting = false;
		return fold((double)ps * 1e-12, ret_s);
	}
	unpaired = unpaired || other->waiting;
	other->waiting = false;
	return unpaired ? NOON_TICC_UNPAIRED : NOON_TICC_WAITING;
}

static bool is(struct noon_bytes text, const char *word)
{
	return text.n == strlen(word) && memcmp(text.p, word, text.n) == 0;
}

/* Debug mode: the line has seven numbers before the time stamp. */
static bool has_numbers(struct noon_rd rd)
{
	struct noon_fixed f;
	unsigned n = 0;

	for (; n < 4 && noon_fixed_get(&rd, &f) == NOON_OK; n++)
		noon_blanks_skip(&rd);
	return n == 4;
}

enum noon_ticc_event noon_ticc_line(struct noon_ticc *t, struct noon_bytes line, double *ret_s)
{
	struct noon_rd rd = noon_rd_bytes(line);
	const struct noon_rd all = rd;
	struct noon_fixed f;
	struct noon_bytes unit;

	if (line.n > 0 && *line.p == '#')
		return comment(t, line);
	noon_blanks_skip(&rd);
	if (noon_fixed_get(&rd, &f))
		return NOON_TICC_MALFORMED;
	noon_blanks_skip(&rd);
	while (rd.p < rd.end && (rd.end[-1] == ' ' || rd.end[-1] == '\t'))
		rd.end--;
	unit = noon_bytes_of(rd.p, noon_rd_left(&rd));
	if (is(unit, "TI(A->B)") || (unit.n == 0 && t->mode == NOON_TICC_INTERVALS))
		return interval(&f, ret_s);
	if (is(unit, "chA"))
		return stamp(t, 0, &f, ret_s);
	if (is(unit, "chB"))
		return stamp(t, 1, &f, ret_s);
	if (noon_text_begins(unit, "chc") || has_numbers(all))
		return NOON_TICC_COMMENT;
	return NOON_TICC_MALFORMED;
}
