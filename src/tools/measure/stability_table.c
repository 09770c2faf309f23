/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/measure/stability_table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/time.h"
#include "metrology/stability/edf.h"
#include "metrology/stability/mtie.h"

/** A computation that is going on. */
struct work {
	const struct noon_series *s;
	const struct noon_stability_plan *plan;
	struct noon_stability_table *t;
	size_t samples;	 /* without gaps */
	double *scratch; /* 2 n + 1, or more for one statistic */
	size_t capacity;
	struct noon_deviation octave[NOON_MTIE_OCTAVES_MAX];
	int64_t begin, shown; /* ns */
};

static int64_t mono_ns(void)
{
	struct timespec ts = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NOON_S(1) + ts.tv_nsec;
}

static void show_progress(struct work *w, enum noon_statistic what, double tau)
{
	const int64_t now = w->plan->progress ? mono_ns() : 0;

	if (!w->plan->progress || now - w->begin < NOON_S(2) || now - w->shown < NOON_MS(200))
		return;
	w->shown = now;
	(void)fprintf(stderr, "\r%-8s tau %-12.6g s ", noon_statistic_name(what), tau);
}

/* The next m; 0: there is none. */
static size_t next_m(enum noon_stability_taus taus, size_t m)
{
	size_t decade = 1;

	switch (taus) {
	case NOON_TAUS_ALL:
		return m + 1;
	case NOON_TAUS_OCTAVE:
		return 2 * m;
	case NOON_TAUS_DECADE:
		while (decade <= m / 10)
			decade *= 10;
		return m == decade ? 2 * decade : m == 2 * decade ? 4 * decade : 10 * decade;
	}
	return 0;
}

static bool reserve(struct work *w, size_t n)
{
	double *more;

	if (n <= w->capacity)
		return true;
	more = realloc(w->scratch, n * sizeof(*more));
	if (more == NULL)
		return false;
	w->scratch = more;
	w->capacity = n;
	return true;
}

static struct noon_stability_row *append(struct noon_stability_table *t)
{
	if (t->n == t->capacity) {
		const size_t capacity = t->capacity == 0 ? 64 : 2 * t->capacity;
		struct noon_stability_row *more = realloc(t->row, capacity * sizeof(*more));

		if (more == NULL)
			return NULL;
		t->row = more;
		t->capacity = capacity;
	}
	return &t->row[t->n++];
}

/* Samples below which a noise type that differs from that of a shorter tau may be chance. */
#define NOISE_SURE 256

static size_t samples_of(const struct work *w, const struct noon_stability_row *r)
{
	return w->samples < w->s->n ? noon_edf_samples(r->what, r->m, r->pairs) : w->s->n;
}

/* Noise at m, or that of the row before it where too few samples are left. With few, the one of the
 * two with fewer degrees of freedom: a wrong type must not make an interval narrow. */
static void identify(struct work *w, struct noon_stability_row *r,
		     const struct noon_stability_row *before)
{
	const bool third = r->what == NOON_HDEV || r->what == NOON_OHDEV || r->what == NOON_HTOTDEV;
	const bool told = before != NULL && before->noise_known;
	const size_t n = samples_of(w, r);

	r->noise_known =
		noon_noise_identify(w->s, r->m, third ? 3 : 2, w->scratch, &r->noise) == NOON_OK;
	if (!told || (r->noise_known && w->s->n / r->m >= NOISE_SURE))
		return;
	if (r->noise_known &&
	    noon_edf(r->what, r->noise, r->m, n) <= noon_edf(r->what, before->noise, r->m, n))
		return;
	r->noise_known = r->noise_carried = true;
	r->noise = before->noise;
}

static void judge(struct work *w, struct noon_stability_row *r)
{
	const size_t n = samples_of(w, r);

	r->corrected = r->value;
	r->low = r->high = (double)NAN;
	r->limit = (double)NAN;
	if (w->plan->mask != NULL && r->what == w->plan->masked)
		r->limit = noon_mask_limit(w->plan->mask, r->tau);
	if (!r->noise_known)
		return;
	r->corrected = r->value * noon_bias(r->what, r->noise, r->m, n);
	r->edf = noon_edf(r->what, r->noise, r->m, n);
	if (noon_confidence(r->corrected, r->edf, w->plan->level, &r->low, &r->high) != NOON_OK)
		r->low = r->high = (double)NAN;
}

static noon_err one(struct work *w, enum noon_statistic what, size_t m, unsigned octave,
		    struct noon_deviation *ret)
{
	if (what == NOON_MTIE && w->plan->taus == NOON_TAUS_OCTAVE) {
		*ret = w->octave[octave];
		return ret->pairs > 0 ? NOON_OK : NOON_ERR_EMPTY;
	}
	if (!reserve(w, noon_deviation_scratch(what, w->s->n, m)))
		return NOON_ERR_OS;
	return noon_deviation(w->s, what, m, w->scratch, ret);
}

static noon_err statistic(struct work *w, enum noon_statistic what)
{
	const size_t most = noon_statistic_m_max(what, w->s->n), from = w->t->n;
	unsigned octave = 0;

	if (what == NOON_MTIE && w->plan->taus == NOON_TAUS_OCTAVE)
		noon_mtie_octaves(w->s, NOON_MTIE_OCTAVES_MAX, w->scratch, w->octave);
	for (size_t m = 1; m <= most; m = next_m(w->plan->taus, m), octave++) {
		struct noon_deviation d = {0.0, 0};
		struct noon_stability_row *r;
		const noon_err err = one(w, what, m, octave, &d);

		if (err == NOON_ERR_OS)
			return err;
		w->t->skipped_totals |= err == NOON_ERR_UNSUPPORTED;
		if (err)
			continue;
		r = append(w->t);
		if (r == NULL)
			return NOON_ERR_OS;
		*r = (struct noon_stability_row){.what = what,
						 .m = m,
						 .tau = (double)m * w->s->tau0,
						 .value = d.value,
						 .pairs = d.pairs};
		if (what != NOON_MTIE && what != NOON_TIERMS)
			identify(w, r, w->t->n - 1 > from ? r - 1 : NULL);
		judge(w, r);
		show_progress(w, what, r->tau);
	}
	return NOON_OK;
}

noon_err noon_stability_compute(const struct noon_series *s, const struct noon_stability_plan *plan,
				struct noon_stability_table *ret)
{
	struct work w = {.s = s, .plan = plan, .t = ret, .samples = noon_series_samples(s)};
	noon_err err = NOON_OK;

	*ret = (struct noon_stability_table){.n = 0};
	w.begin = w.shown = plan->progress ? mono_ns() : 0;
	if (!reserve(&w, 2 * s->n + 1))
		return NOON_ERR_OS;
	for (int k = 0; k < NOON_STATISTICS && !err; k++)
		if ((plan->wanted >> k & 1U) != 0)
			err = statistic(&w, (enum noon_statistic)k);
	if (w.shown > w.begin)
		(void)fputs("\r\033[K", stderr);
	free(w.scratch);
	return err;
}

void noon_stability_fini(struct noon_stability_table *t)
{
	free(t->row);
	*t = (struct noon_stability_table){.n = 0};
}

bool noon_stability_exceeds(const struct noon_stability_row *r)
{
	return !isnan(r->limit) && r->value > r->limit;
}

/* ---- printing ---- */

static void print_number(double v)
{
	if (isnan(v))
		(void)printf("  %11s", "-");
	else
		(void)printf("  %11.5e", v);
}

static void print_row(const struct noon_stability_row *r)
{
	char noise[40] = "-";

	if (r->noise_known)
		(void)snprintf(noise, sizeof(noise), r->noise_carried ? "(%s)" : "%s",
			       noon_noise_name(r->noise));
	(void)printf("%12.6g  %11.5e", r->tau, r->value);
	if (noon_statistic_is_total(r->what))
		print_number(r->corrected);
	print_number(r->low);
	print_number(r->high);
	(void)printf("  %10zu  %-17s", r->pairs, noise);
	if (!isnan(r->limit))
		(void)printf("  %s %.5e", noon_stability_exceeds(r) ? "ABOVE the mask," : "below",
			     r->limit);
	(void)putchar('\n');
}

void noon_stability_print(const struct noon_stability_table *t)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct noon_stability_row *r = &t->row[i];
		const bool total = noon_statistic_is_total(r->what);

		if (i == 0 || r[-1].what != r->what)
			(void)printf("%s%12s  %11s%s  %11s  %11s  %10s  %s\n", i == 0 ? "" : "\n",
				     "tau, s", noon_statistic_name(r->what),
				     total ? "    corrected" : "", "from", "to", "pairs", "noise");
		print_row(r);
	}
}

static json_t *number(double v)
{
	return isfinite(v) ? json_real(v) : json_null();
}

json_t *noon_stability_json(const struct noon_stability_table *t)
{
	json_t *a = json_array();

	for (size_t i = 0; i < t->n; i++) {
		const struct noon_stability_row *r = &t->row[i];
		json_t *o = json_pack("{s:s, s:I, s:f, s:f, s:I, s:o, s:o, s:o, s:o}", "deviation",
				      noon_statistic_name(r->what), "m", (json_int_t)r->m, "tau_s",
				      r->tau, "value", r->value, "pairs", (json_int_t)r->pairs,
				      "edf", number(r->edf > 0.0 ? r->edf : (double)NAN), "from",
				      number(r->low), "to", number(r->high), "noise",
				      r->noise_known ? json_string(noon_noise_name(r->noise))
						     : json_null());

		if (r->noise_known) {
			(void)json_object_set_new(o, "alpha", json_integer(r->noise));
			(void)json_object_set_new(o, "noise_carried",
						  json_boolean(r->noise_carried));
		}
		if (noon_statistic_is_total(r->what))
			(void)json_object_set_new(o, "corrected", json_real(r->corrected));
		if (!isnan(r->limit)) {
			(void)json_object_set_new(o, "limit", json_real(r->limit));
			(void)json_object_set_new(o, "above",
						  json_boolean(noon_stability_exceeds(r)));
		}
		(void)json_array_append_new(a, o);
	}
	return a;
}
