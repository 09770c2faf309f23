/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/report/columns.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrology/budget/order.h"

#define SHOWN  0.98 /* of the columns, at least */
#define MARGIN 0.15 /* of what these span */

static bool allocate(struct noon_columns *c, size_t n)
{
	const size_t room = n < NOON_COLUMNS_MAX ? n : NOON_COLUMNS_MAX;

	c->at = calloc(room, sizeof(double));
	c->least = calloc(room, sizeof(double));
	c->middle = calloc(room, sizeof(double));
	c->most = calloc(room, sizeof(double));
	c->scratch = calloc(room, sizeof(double));
	return c->at != NULL && c->least != NULL && c->middle != NULL && c->most != NULL &&
	       c->scratch != NULL;
}

static double since(const struct noon_calibration_sample *s, size_t i)
{
	return noon_dur_to_s(noon_time_diff(s[i].s.tq, s[0].s.tq));
}

static void add(struct noon_columns *c, double at, double least, double middle, double most)
{
	c->at[c->n] = at;
	c->least[c->n] = least;
	c->middle[c->n] = middle;
	c->most[c->n] = most;
	c->n++;
}

/* All samples of one column lie side by side. */
static void gather(const struct noon_calibration_sample *s, size_t n,
		   double (*value)(const struct noon_calibration_sample *), double *scratch,
		   struct noon_columns *c)
{
	const double width = (since(s, n - 1) + 1e-9) / NOON_COLUMNS_MAX;
	size_t i = 0;

	for (size_t column = 0; column < NOON_COLUMNS_MAX && i < n; column++) {
		const bool last = column + 1 == NOON_COLUMNS_MAX;
		size_t k = 0;

		while (i < n && (last || since(s, i) < (double)(column + 1) * width))
			scratch[k++] = value(&s[i++]);
		if (k == 0)
			continue;
		noon_sort(scratch, k);
		add(c, ((double)column + 0.5) * width, scratch[0], noon_quantile(scratch, k, 0.5),
		    scratch[k - 1]);
	}
}

noon_err noon_columns(const struct noon_calibration_sample *s, size_t n,
		      double (*value)(const struct noon_calibration_sample *),
		      struct noon_columns *ret)
{
	double *scratch;

	*ret = (struct noon_columns){.whole = n <= NOON_COLUMNS_MAX};
	if (n == 0)
		return NOON_OK;
	if (!allocate(ret, n))
		return NOON_ERR_OS;
	if (ret->whole) {
		for (size_t i = 0; i < n; i++) {
			const double v = value(&s[i]);

			add(ret, since(s, i), v, v, v);
		}
		return NOON_OK;
	}
	scratch = calloc(n, sizeof(*scratch));
	if (scratch == NULL)
		return NOON_ERR_OS;
	gather(s, n, value, scratch, ret);
	free(scratch);
	return NOON_OK;
}

void noon_columns_fini(struct noon_columns *c)
{
	free(c->at);
	free(c->least);
	free(c->middle);
	free(c->most);
	free(c->scratch);
}

void noon_columns_range(const struct noon_columns *c, double *ret_low, double *ret_high)
{
	double *scratch = c->scratch;
	double low = 0, high = 0, least = 0, most = 0;
	double margin;

	if (c->n > 0) {
		memcpy(scratch, c->least, c->n * sizeof(double));
		noon_sort(scratch, c->n);
		least = scratch[0];
		low = noon_quantile(scratch, c->n, (1 - SHOWN) / 2);
		memcpy(scratch, c->most, c->n * sizeof(double));
		noon_sort(scratch, c->n);
		most = scratch[c->n - 1];
		high = noon_quantile(scratch, c->n, (1 + SHOWN) / 2);
	}
	margin = fmax(MARGIN * (high - low), 1e-9);
	*ret_low = fmax(low - 2 * margin, least - margin / 2);
	*ret_high = fmin(high + 2 * margin, most + margin / 2);
}

void noon_columns_scale(struct noon_columns *c, double time, double zero, double value)
{
	for (size_t i = 0; i < c->n; i++) {
		c->at[i] *= time;
		c->least[i] = (c->least[i] - zero) * value;
		c->middle[i] = (c->middle[i] - zero) * value;
		c->most[i] = (c->most[i] - zero) * value;
	}
}
