/* SPDX-License-Identifier: Apache-2.0
 *
 * Values with units, as users write them.
 */
#include "platform/text.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct unit {
	const char *name;
	double factor;
};

/* Split "1.5 us" into 1.5 and "us". */
static noon_err split(const char *text, double *ret, const char **ret_unit)
{
	char *end;
	double v;

	while (isspace((unsigned char)*text))
		text++;
	/* strtod would also accept "inf", "nan" and hexadecimal. */
	if (strcspn(text, "0123456789.") != (*text == '-' || *text == '+') ||
	    strpbrk(text, "xX") != NULL)
		return NOON_ERR_FORMAT;
	v = strtod(text, &end);
	if (end == text || !isfinite(v))
		return NOON_ERR_FORMAT;
	while (isspace((unsigned char)*end))
		end++;
	*ret = v;
	*ret_unit = end;
	return NOON_OK;
}

static noon_err with_unit(const char *text, const struct unit *units, double *ret)
{
	const char *name;
	double v;
	const noon_err err = split(text, &v, &name);

	if (err)
		return err;
	for (; units->name != NULL; units++) {
		if (strcmp(units->name, name) == 0) {
			*ret = v * units->factor;
			return NOON_OK;
		}
	}
	return NOON_ERR_FORMAT;
}

noon_err noon_text_dur(const char *text, noon_dur *ret)
{
	static const struct unit units[] = {
		{"", 1e9},     {"s", 1e9},    {"ms", 1e6},    {"us", 1e3}, {"ns", 1},
		{"min", 60e9}, {"h", 3600e9}, {"d", 86400e9}, {NULL, 0},
	};
	double ns;
	const noon_err err = with_unit(text, units, &ns);

	if (err)
		return err;
	if (fabs(ns) > 0x1p62)
		return NOON_ERR_RANGE;
	*ret = (noon_dur)llround(ns);
	return NOON_OK;
}

noon_err noon_text_freq(const char *text, noon_freq *ret)
{
	static const struct unit units[] = {
		{"", 1}, {"ppm", 1e-6}, {"ppb", 1e-9}, {"ppt", 1e-12}, {NULL, 0},
	};

	return with_unit(text, units, ret);
}

void noon_text_hex(struct noon_bytes b, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < b.n; i++) {
		*out++ = digits[b.p[i] >> 4];
		*out++ = digits[b.p[i] & 15];
	}
	*out = '\0';
}
