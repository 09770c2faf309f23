/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/number.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* strtod would also accept spaces, "inf", "nan" and hexadecimal. */
static bool begins_decimal(const char *text)
{
	const char *p = text + (*text == '-' || *text == '+');

	return (isdigit((unsigned char)*p) || *p == '.') && strpbrk(text, "xX") == NULL;
}

bool noon_number(const char *text, double min, double max, double *ret)
{
	char *end;
	double v;

	if (!begins_decimal(text))
		return false;
	v = strtod(text, &end);
	if (end == text || *end != '\0' || !isfinite(v) || !(v >= min && v <= max))
		return false;
	*ret = v;
	return true;
}

bool noon_number_u64(const char *text, uint64_t min, uint64_t max, uint64_t *ret)
{
	char *end;
	unsigned long long v;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	v = strtoull(text, &end, 10);
	if (*end != '\0' || errno != 0 || v < min || v > max)
		return false;
	*ret = v;
	return true;
}

bool noon_number_rate(const char *text, double *ret)
{
	static const char units[] = "kMG";
	const size_t n = strlen(text);
	char digits[48];
	const char *unit = n > 0 ? strchr(units, text[n - 1]) : NULL;
	double v;

	if (n == 0 || n >= sizeof(digits))
		return false;
	(void)snprintf(digits, sizeof(digits), "%.*s", (int)(unit == NULL ? n : n - 1), text);
	if (!noon_number(digits, 1e-9, 1e15, &v))
		return false;
	*ret = unit == NULL ? v : v * pow(1e3, (double)(unit - units) + 1.0);
	return true;
}

static int ascending(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

size_t noon_number_list(const char *text, uint64_t min, uint64_t max, uint64_t *ret, size_t cap)
{
	char item[24];
	size_t n = 0, kept = 0;

	for (;;) {
		const size_t len = strcspn(text, ",");

		if (n == cap || len == 0 || len >= sizeof(item))
			return 0;
		(void)snprintf(item, sizeof(item), "%.*s", (int)len, text);
		if (!noon_number_u64(item, min, max, &ret[n++]))
			return 0;
		if (text[len] == '\0')
			break;
		text += len + 1;
	}
	qsort(ret, n, sizeof(ret[0]), ascending);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || ret[i] != ret[i - 1])
			ret[kept++] = ret[i];
	}
	return kept;
}
