/* SPDX-License-Identifier: Apache-2.0 */
#include "metrology/stability/deviation.h"

#include <assert.h>
#include <math.h>

#include "metrology/stability/mtie.h"
#include "metrology/stability/sum.h"
#include "metrology/stability/total.h"

/* Terms that are added plainly before their sum is added with care. */
#define BLOCK 256

struct tally {
	struct noon_sum sum;
	size_t n;
};

/* ---- differences of a given order ---- */

static double difference(const double *x, size_t m, unsigned order)
{
	if (order == 1)
		return x[m] - x[0];
	if (order == 2)
		return (x[2 * m] - x[m]) - (x[m] - x[0]);
	return ((x[3 * m] - x[2 * m]) - (x[2 * m] - x[m])) - ((x[2 * m] - x[m]) - (x[m] - x[0]));
}

/* The sum of the squares of a block without gaps; NaN where there is one. Four sums, so that they
 * need not wait for each other, and fit vector instructions. */
static inline double block_without_gaps(const double *x, size_t n, size_t step, size_t m,
					unsigned order)
{
	double part[4] = {0.0, 0.0, 0.0, 0.0};
	size_t i = 0;

	for (; i + 4 <= n; i += 4)
		for (size_t k = 0; k < 4; k++) {
			const double d = difference(x + (i + k) * step, m, order);

			part[k] += d * d;
		}
	for (; i < n; i++) {
		const double d = difference(x + i * step, m, order);

		part[0] += d * d;
	}
	return (part[0] + part[1]) + (part[2] + part[3]);
}

static void add_with_gaps(struct tally *t, const double *x, size_t n, size_t step, size_t m,
			  unsigned order)
{
	for (size_t i = 0; i < n; i++) {
		const double d = difference(x + i * step, m, order);

		if (isnan(d))
			continue;
		noon_sum_add(&t->sum, d * d);
		t->n++;
	}
}

/* Squares of count differences from x on, step samples apart. Inlined with a constant order, so
 * that the loops have no branch on it. */
static inline void add_squares(struct tally *t, const double *x, size_t count, size_t step,
			       size_t m, unsigned order)
{
	for (size_t i = 0; i < count;) {
		const size_t n = count - i < BLOCK ? count - i : BLOCK;
		const double sum = step == 1 ? block_without_gaps(x + i, n, 1, m, order)
					     : block_without_gaps(x + i * step, n, step, m, order);

		if (isnan(sum)) {
			add_with_gaps(t, x + i * step, n, step, m, order);
		} else {
			noon_sum_add(&t->sum, sum);
			t->n += n;
		}
		i += n;
	}
}

static void add_run(struct tally *t, const double *x, size_t n, size_t step, size_t m,
		    unsigned order)
{
	size_t count;

	if (n <= order * m)
		return;
	count = (n - order * m - 1) / step + 1;
	if (order == 1)
		add_squares(t, x, count, step, m, 1);
	else if (order == 2)
		add_squares(t, x, count, step, m, 2);
	else
		add_squares(t, x, count, step, m, 3);
}

static struct tally squares(const struct noon_series *s, size_t step, size_t m, unsigned order)
{
	struct tally t = {.n = 0};
	struct noon_run run = {0, 0};

	if (!s->broken) {
		add_run(&t, s->x, s->n, step, m, order);
		return t;
	}
	while (noon_series_run(s, run.first + run.n, &run))
		add_run(&t, s->x + run.first, run.n, step, m, order);
	return t;
}

/* ---- the modified Allan deviation ---- */

static double second_sum(const double *x, size_t m)
{
	struct noon_sum sum = {0};

	for (size_t i = 0; i < m; i++)
		noon_sum_add(&sum, difference(x + i, m, 2));
	return noon_sum_value(&sum);
}

/* The sum over m second differences slides by one third difference. It is made again now and then,
 * so that its rounding errors do not pile up. */
static void add_modified(struct tally *t, const double *x, size_t n, size_t m)
{
	const size_t fresh = m < BLOCK ? BLOCK : m;
	const size_t count = n < 3 * m ? 0 : n - 3 * m + 1;

	for (size_t i = 0; i < count;) {
		const size_t end = count - i < fresh ? count : i + fresh;
		double sum = second_sum(x + i, m), part = sum * sum;

		for (size_t k = i; k + 1 < end; k++) {
			sum += difference(x + k, m, 3);
			part += sum * sum;
		}
		noon_sum_add(&t->sum, part);
		t->n += end - i;
		i = end;
	}
}

/* Each term needs 3 m samples in a row, so it never spans a gap. */
static struct tally modified(const struct noon_series *s, size_t m)
{
	struct tally t = {.n = 0};
	struct noon_run run = {0, 0};

	while (noon_series_run(s, run.first + run.n, &run))
		add_modified(&t, s->x + run.first, run.n, m);
	return t;
}

/* ---- the table ---- */

static const struct {
	const char *name;
	bool total;
	size_t least; /* samples for m = 1 */
	size_t per_m; /* samples for each m */
} table[NOON_STATISTICS] = {
	[NOON_ADEV] = {"ADEV", false, 1, 2},	  [NOON_OADEV] = {"OADEV", false, 1, 2},
	[NOON_MDEV] = {"MDEV", false, 0, 3},	  [NOON_TDEV] = {"TDEV", false, 0, 3},
	[NOON_HDEV] = {"HDEV", false, 1, 3},	  [NOON_OHDEV] = {"OHDEV", false, 1, 3},
	[NOON_TOTDEV] = {"TOTDEV", true, 1, 1},	  [NOON_MTOTDEV] = {"MTOTDEV", true, 0, 3},
	[NOON_TTOTDEV] = {"TTOTDEV", true, 0, 3}, [NOON_HTOTDEV] = {"HTOTDEV", true, 1, 3},
	[NOON_MTIE] = {"MTIE", false, 1, 1},	  [NOON_TIERMS] = {"TIERMS", false, 1, 1},
};

const char *noon_statistic_name(enum noon_statistic s)
{
	return table[s].name;
}

bool noon_statistic_is_total(enum noon_statistic s)
{
	return table[s].total;
}

size_t noon_statistic_m_max(enum noon_statistic s, size_t n)
{
	const size_t m = n < table[s].least ? 0 : (n - table[s].least) / table[s].per_m;

	/* The differences of TOTDEV are centred on an inner sample. */
	return s == NOON_TOTDEV && n < 3 ? 0 : m;
}

size_t noon_deviation_scratch(enum noon_statistic s, size_t n, size_t m)
{
	if (s == NOON_MTIE)
		return noon_mtie_scratch(n, m);
	return table[s].total ? noon_total_scratch(m) : 0;
}

/* Root of the mean of a sum, with a divisor. */
static struct noon_deviation root(struct tally t, double divisor)
{
	const double mean = t.n > 0 ? noon_sum_value(&t.sum) / (double)t.n : 0.0;

	return (struct noon_deviation){sqrt(mean) / divisor, t.n};
}

static noon_err total(const struct noon_series *s, enum noon_statistic what, size_t m,
		      double *scratch, struct noon_deviation *ret)
{
	if (noon_series_samples(s) < s->n)
		return NOON_ERR_UNSUPPORTED;
	if (what == NOON_TOTDEV)
		*ret = noon_total_allan(s, m);
	else if (what == NOON_HTOTDEV && m > 1)
		*ret = noon_total_hadamard(s, m, scratch);
	else if (what == NOON_HTOTDEV)
		return noon_deviation(s, NOON_OHDEV, 1, NULL, ret);
	else
		*ret = noon_total_modified(s, m, scratch);
	if (what == NOON_TTOTDEV)
		ret->value *= (double)m * s->tau0 / sqrt(3.0);
	return NOON_OK;
}

static struct noon_deviation plain(const struct noon_series *s, enum noon_statistic what, size_t m)
{
	const double tau = (double)m * s->tau0;

	switch (what) {
	case NOON_ADEV:
		return root(squares(s, m, m, 2), sqrt(2.0) * tau);
	case NOON_OADEV:
		return root(squares(s, 1, m, 2), sqrt(2.0) * tau);
	case NOON_MDEV:
		return root(modified(s, m), sqrt(2.0) * (double)m * tau);
	case NOON_TDEV:
		return root(modified(s, m), sqrt(6.0) * (double)m);
	case NOON_HDEV:
		return root(squares(s, m, m, 3), sqrt(6.0) * tau);
	case NOON_OHDEV:
		return root(squares(s, 1, m, 3), sqrt(6.0) * tau);
	case NOON_TIERMS:
		return root(squares(s, 1, m, 1), 1.0);
	case NOON_TOTDEV:
	case NOON_MTOTDEV:
	case NOON_TTOTDEV:
	case NOON_HTOTDEV:
	case NOON_MTIE:
		break;
	}
	return (struct noon_deviation){0.0, 0};
}

noon_err noon_deviation(const struct noon_series *s, enum noon_statistic what, size_t m,
			double *scratch, struct noon_deviation *ret)
{
	struct noon_deviation d = {0.0, 0};
	noon_err err;

	assert(m >= 1 && s->tau0 > 0.0);
	if (m > noon_statistic_m_max(what, s->n))
		return NOON_ERR_EMPTY;
	if (what == NOON_MTIE) {
		d = noon_mtie(s, m, scratch);
	} else if (noon_statistic_is_total(what)) {
		err = total(s, what, m, scratch, &d);
		if (err)
			return err;
	} else {
		d = plain(s, what, m);
	}
	if (d.pairs == 0)
		return NOON_ERR_EMPTY;
	*ret = d;
	return NOON_OK;
}
