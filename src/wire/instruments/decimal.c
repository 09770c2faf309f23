/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/instruments/decimal.h"

#include <math.h>
#include <string.h>

#define PLACES_MAX 12
/* Below 2^63. */
#define DIGITS_MAX 18
#define EXP_MAX	   99
/* Largest power of ten that a double holds exactly. */
#define EXACT 22

static bool is_digit(const struct noon_rd *rd)
{
	return rd->p < rd->end && *rd->p >= '0' && *rd->p <= '9';
}

static bool take(struct noon_rd *rd, char c)
{
	if (rd->p == rd->end || *rd->p != (uint8_t)c)
		return false;
	rd->p++;
	return true;
}

static bool take_sign(struct noon_rd *rd)
{
	const bool negative = take(rd, '-');

	if (!negative)
		(void)take(rd, '+');
	return negative;
}

/* @return how many digits, at most `most` of them are taken */
static unsigned take_digits(struct noon_rd *rd, unsigned most, int64_t *ret)
{
	unsigned n = 0;

	*ret = 0;
	for (; n < most && is_digit(rd); n++)
		*ret = *ret * 10 + (*rd->p++ - '0');
	return n;
}

noon_err noon_fixed_get(struct noon_rd *rd, struct noon_fixed *ret)
{
	struct noon_rd at = *rd;
	const bool negative = take_sign(&at);
	struct noon_fixed f = {0, 0};
	unsigned places = 0;

	if (take_digits(&at, PLACES_MAX, &f.s) == 0 || is_digit(&at))
		return NOON_ERR_FORMAT;
	if (take(&at, '.'))
		places = take_digits(&at, PLACES_MAX, &f.ps);
	if (is_digit(&at))
		return NOON_ERR_FORMAT;
	for (; places < PLACES_MAX; places++)
		f.ps *= 10;
	if (negative) {
		f.s = f.ps == 0 ? -f.s : -f.s - 1;
		f.ps = f.ps == 0 ? 0 : NOON_PS_PER_SEC - f.ps;
	}
	*ret = f;
	*rd = at;
	return NOON_OK;
}

noon_err noon_fixed_diff(struct noon_fixed a, struct noon_fixed b, int64_t *ret_ps)
{
	const int64_t s = a.s - b.s;

	if (s > 4000000 || s < -4000000)
		return NOON_ERR_RANGE;
	*ret_ps = s * NOON_PS_PER_SEC + (a.ps - b.ps);
	return NOON_OK;
}

/* Digits of the mantissa; *exp is what the point and digits that are left out make of it. */
static unsigned take_mantissa(struct noon_rd *rd, int64_t *ret, int *exp)
{
	bool point = false;
	unsigned used = 0;
	unsigned n = 0;

	*ret = 0;
	for (*exp = 0; is_digit(rd) || (!point && rd->p < rd->end && *rd->p == '.'); rd->p++) {
		if (*rd->p == '.') {
			point = true;
			continue;
		}
		n++;
		if (used < DIGITS_MAX) {
			*ret = *ret * 10 + (*rd->p - '0');
			used += *ret > 0;
			*exp -= point;
		} else {
			*exp += !point;
		}
	}
	return n;
}

static double scale(double v, int exp)
{
	for (; exp > EXACT; exp -= EXACT)
		v *= 1e22;
	for (; exp < -EXACT; exp += EXACT)
		v /= 1e22;
	return exp < 0 ? v / pow(10, -exp) : v * pow(10, exp);
}

noon_err noon_decimal_get(struct noon_rd *rd, double *ret)
{
	struct noon_rd at = *rd;
	const bool negative = take_sign(&at);
	int64_t mantissa;
	int64_t exp = 0;
	int shift;

	/* A line is bounded, and so is the shift. */
	if (noon_rd_left(&at) > 4096 || take_mantissa(&at, &mantissa, &shift) == 0)
		return NOON_ERR_FORMAT;
	if (take(&at, 'E') || take(&at, 'e')) {
		const bool down = take_sign(&at);

		if (take_digits(&at, 4, &exp) == 0 || is_digit(&at))
			return NOON_ERR_FORMAT;
		exp = down ? -exp : exp;
	}
	if (exp > EXP_MAX || exp < -EXP_MAX || shift > EXP_MAX || shift < -2 * EXP_MAX)
		return NOON_ERR_RANGE;
	*ret = scale((double)(negative ? -mantissa : mantissa), (int)exp + shift);
	*rd = at;
	return NOON_OK;
}

noon_err noon_interval_fold(double s, double *ret)
{
	if (!(fabs(s) <= 1.5))
		return NOON_ERR_RANGE;
	if (s > 0.5)
		s -= 1;
	else if (s <= -0.5)
		s += 1;
	*ret = s;
	return NOON_OK;
}

void noon_blanks_skip(struct noon_rd *rd)
{
	while (take(rd, ' ') || take(rd, '\t'))
		;
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

bool noon_text_begins(struct noon_bytes text, const char *word)
{
	const size_t n = strlen(word);

	if (n > text.n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (lower(text.p[i]) != (uint8_t)word[i])
			return false;
	return true;
}

const uint8_t *noon_text_after(struct noon_bytes text, const char *word)
{
	for (; text.n > 0; text.p++, text.n--)
		if (noon_text_begins(text, word))
			return text.p + strlen(word);
	return NULL;
}
