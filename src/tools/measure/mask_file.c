/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/measure/mask_file.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Relative; tau is a product of two numbers that people wrote. */
#define SAME 1e-9

static bool parse(const char *line, double *tau, double *limit)
{
	char *end;

	*tau = strtod(line, &end);
	if (end == line)
		return false;
	line = end + strspn(end, " \t");
	line += *line == ',' || *line == ';' ? 1 : 0;
	*limit = strtod(line, &end);
	return end != line && end[strspn(end, " \t\r\n")] == '\0';
}

static noon_err take_line(struct noon_mask *m, const char *line, const char **ret_why)
{
	double tau, limit;

	line += strspn(line, " \t\r\n");
	if (*line == '\0' || *line == '#' || *line == '%')
		return NOON_OK;
	*ret_why = "expected 'tau,limit', two numbers above 0";
	if (!parse(line, &tau, &limit) || !(tau > 0.0 && limit > 0.0) || !isfinite(tau) ||
	    !isfinite(limit))
		return NOON_ERR_FORMAT;
	*ret_why = "tau is less than in the line before; sort the lines";
	if (m->n > 0 && tau < m->tau[m->n - 1])
		return NOON_ERR_FORMAT;
	*ret_why = "too many points";
	if (m->n == NOON_MASK_POINTS_MAX)
		return NOON_ERR_LONG;
	m->tau[m->n] = tau;
	m->limit[m->n++] = limit;
	return NOON_OK;
}

noon_err noon_mask_read(const char *path, struct noon_mask *ret, char why[NOON_SERIES_WHY_MAX])
{
	FILE *f = fopen(path, "re");
	char line[NOON_SERIES_LINE_MAX];
	const char *what = "";
	noon_err err = NOON_OK;
	int number = 0;

	ret->n = 0;
	if (f == NULL) {
		(void)snprintf(why, NOON_SERIES_WHY_MAX, "%.200s: %s", path, strerror(errno));
		return NOON_ERR_OS;
	}
	while (!err && fgets(line, sizeof(line), f) != NULL) {
		number++;
		err = take_line(ret, line, &what);
	}
	if (!err && (ferror(f) || ret->n == 0)) {
		what = ferror(f) ? "cannot be read" : "no 'tau,limit' until the end of the file";
		err = ferror(f) ? NOON_ERR_OS : NOON_ERR_EMPTY;
	}
	if (err)
		(void)snprintf(why, NOON_SERIES_WHY_MAX, "%.200s, line %d: %s", path, number, what);
	(void)fclose(f);
	return err;
}

double noon_mask_limit(const struct noon_mask *m, double tau)
{
	double limit = (double)NAN;

	for (size_t i = 0; i < m->n; i++) {
		if (fabs(tau - m->tau[i]) <= SAME * tau)
			limit = fmin(limit, m->limit[i]);
		else if (i + 1 < m->n && m->tau[i] < tau && tau < m->tau[i + 1] &&
			 tau < m->tau[i + 1] * (1.0 - SAME))
			limit = exp(log(m->limit[i]) + log(m->limit[i + 1] / m->limit[i]) *
							       log(tau / m->tau[i]) /
							       log(m->tau[i + 1] / m->tau[i]));
	}
	return limit;
}
