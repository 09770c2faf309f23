/* SPDX-License-Identifier: Apache-2.0 */
#include "metrology/budget/calibration.h"

#include <assert.h>
#include <math.h>

#include "metrology/budget/bootstrap.h"
#include "metrology/budget/order.h"

#define SELECTED       0.25 /* of the samples, those with the shortest round trips */
#define SELECTED_LEAST 16   /* fewer are all taken */
#define DAY_S	       86400
#define DAYS_LEAST     3 /* for a deviation of daily means */

double noon_calibration_offset(const struct noon_stamped *s)
{
	return (noon_dur_to_s(noon_time_diff(s->last, s->tq)) +
		noon_dur_to_s(noon_time_diff(s->first, s->tr))) /
	       2;
}

double noon_calibration_rtt(const struct noon_stamped *s)
{
	const double all = noon_dur_to_s(noon_time_diff(s->tr, s->tq));
	const double own = noon_dur_to_s(noon_time_diff(s->first, s->last));

	/* Of PTP the answer comes first, and both differences are negative. */
	return own > 0 || all < 0 ? all - own : all;
}

static void add(struct noon_calibration *c, struct noon_component k)
{
	assert(c->n_components < NOON_CALIBRATION_COMPONENTS);
	k.sensitivity = 1;
	c->component[c->n_components++] = k;
}

static void add_b(struct noon_calibration *c, const char *name, const char *source,
		  enum noon_distribution d, double width)
{
	if (width > 0)
		add(c, (struct noon_component){name, source, 'B', d, width, 1, (double)INFINITY});
}

/* The offsets with round trips up to the first quartile: queues are in the others. Their times go
 * to at[], from the epoch, s. @return how many */
static size_t select_offsets(const struct noon_calibration_sample *s, size_t n, noon_time epoch,
			     double *x, double *at, double *sorted, double *ret_rtt)
{
	double limit;
	double rtt = 0;
	size_t m = 0;

	for (size_t i = 0; i < n; i++)
		sorted[i] = noon_calibration_rtt(&s[i].s);
	noon_sort(sorted, n);
	limit = n < SELECTED_LEAST ? sorted[n - 1] : noon_quantile(sorted, n, SELECTED);
	for (size_t i = 0; i < n; i++) {
		const double r = noon_calibration_rtt(&s[i].s);

		if (r > limit)
			continue;
		rtt += r;
		x[m] = noon_calibration_offset(&s[i].s);
		at[m++] = noon_dur_to_s(noon_time_diff(s[i].s.tq, epoch));
	}
	*ret_rtt = rtt / (double)m;
	return m;
}

/* Least squares: x = a + y t. x[] becomes the residuals. @return a, at t = 0 */
static double fit(double *x, const double *t, size_t n, struct noon_calibration *c)
{
	double mt = 0;
	double mx = 0;
	double stt = 0;
	double stx = 0;
	double srr = 0;

	for (size_t i = 0; i < n; i++) {
		mt += t[i] / (double)n;
		mx += (x[i] - x[0]) / (double)n;
	}
	mx += x[0];
	for (size_t i = 0; i < n; i++) {
		stt += (t[i] - mt) * (t[i] - mt);
		stx += (t[i] - mt) * (x[i] - mx);
	}
	c->has_rate = n >= 3 && stt > 0;
	c->rate = c->has_rate ? stx / stt : 0;
	for (size_t i = 0; i < n; i++) {
		x[i] -= mx + c->rate * (t[i] - mt);
		srr += x[i] * x[i];
	}
	if (c->has_rate)
		c->u_rate = sqrt(srr / (double)(n - 2) / stt);
	return mx - c->rate * mt;
}

/* What is known of the days so far: the mean of the day under way, and how the means differ. */
struct days {
	double day; /* number of the day under way */
	double sum; /* of its offsets */
	double n;   /* of them */
	double days;
	double means;	/* sum of the means */
	double squares; /* of the means */
};

static void end_day(struct days *d)
{
	const double mean = d->n > 0 ? d->sum / d->n : 0;

	if (d->n > 0)
		d->days++;
	d->means += mean;
	d->squares += mean * mean;
	d->sum = 0;
	d->n = 0;
}

/* Route changes from day to day (GUM type A). */
static void add_reproducibility(const struct noon_calibration_sample *s, size_t n,
				struct noon_calibration *c)
{
	struct days d = {.day = 0};
	double var;

	for (size_t i = 0; i < n; i++) {
		const double t = noon_dur_to_s(noon_time_diff(s[i].s.tq, c->epoch));
		const double day =
			floor(noon_dur_to_s(noon_time_diff(s[i].s.tq, c->begin)) / DAY_S);

		if (day > d.day)
			end_day(&d);
		d.day = day;
		d.sum += noon_calibration_offset(&s[i].s) - c->x - c->rate * t;
		d.n++;
	}
	end_day(&d);
	if (d.days < DAYS_LEAST)
		return;
	var = fmax(0, d.squares - d.means * d.means / d.days) / (d.days - 1);
	add(c, (struct noon_component){"reproducibility", "deviation of daily means", 'A',
				       NOON_DISTRIBUTION_NORMAL, sqrt(var), 1, d.days - 1});
}

/* x, its repeatability, and what the delays may hide. */
static void estimate_two_way(const struct noon_calibration_sample *s, size_t n,
			     const struct noon_calibration_conf *conf, double *scratch,
			     struct noon_calibration *c)
{
	const double known = noon_dur_to_s(conf->path.up) + noon_dur_to_s(conf->path.down);
	double *x = scratch;
	double *at = scratch + n;
	double rtt;
	const size_t m = select_offsets(s, n, c->epoch, x, at, scratch + 2 * n, &rtt);
	struct noon_mean_error e = {.u = 0, .nu = 1};

	c->n_selected = m;
	c->x = fit(x, at, m, c) - noon_dur_to_s(conf->path.asymmetry);
	if (m >= 2)
		noon_mean_error(x, m, &e);
	add(c, (struct noon_component){"repeatability", "blocks of the selected offsets", 'A',
				       NOON_DISTRIBUTION_NORMAL, e.u, 1, e.nu});
	add_reproducibility(s, n, c);
	add_b(c, "path asymmetry", "half of what is not known of the round trips",
	      NOON_DISTRIBUTION_RECTANGULAR, fmax(0, rtt - known) / 2);
}

/* What is not known of the reference. A mean is off by no more than the mean of what its samples
 * may be off by; the middle of a bound is decided by a few of them, and any may be one of these. */
static void add_reference(const struct noon_calibration_sample *s, size_t n, bool is_mean,
			  struct noon_calibration *c)
{
	double bound = 0;
	double u = 0;
	noon_dur stamp = 0;

	for (size_t i = 0; i < n; i++) {
		const double b = s[i].bound == NOON_DUR_MAX ? 0 : noon_dur_to_s(s[i].bound);

		bound = is_mean ? bound + b / (double)n : fmax(bound, b);
		u = is_mean ? u + s[i].u_s / (double)n : fmax(u, s[i].u_s);
		if (s[i].stamp_err > stamp)
			stamp = s[i].stamp_err;
	}
	add_b(c, "time stamping", "largest of the samples", NOON_DISTRIBUTION_RECTANGULAR,
	      noon_dur_to_s(stamp));
	/* A bound says all that is known of a reference without an uncertainty of its own. */
	if (u > 0)
		add_b(c, "reference", "its readings", NOON_DISTRIBUTION_NORMAL, u);
	else
		add_b(c, "reference", "its declared bound", NOON_DISTRIBUTION_RECTANGULAR, bound);
}

/* The samples as the bound takes them, each as uncertain as its stamps and, for `whole`, as the
 * reference. @return whether the reference promises a bound */
static bool bounded(const struct noon_calibration_sample *s, size_t n, bool whole,
		    const struct noon_calibration_conf *conf, noon_time epoch,
		    struct noon_stamped *out)
{
	const struct noon_path_minima *path = &conf->path;
	bool all = true;

	for (size_t i = 0; i < n; i++) {
		const noon_dur b = s[i].bound == NOON_DUR_MAX || !whole ? 0 : s[i].bound;
		/* Off a line of constant rate by no more than the wander makes of it. */
		const noon_dur w =
			noon_dur_scale_out(noon_time_diff(s[i].s.tr, epoch), conf->wander);
		const noon_dur e = noon_sat_add(noon_sat_add(b, s[i].stamp_err), noon_dur_abs(w));

		all = all && s[i].bound != NOON_DUR_MAX;
		out[i] = s[i].s;
		/* Known parts of the way: the service read its clock later than tq + up and before
		 * tr - down. */
		if (out[i].first.ns != NOON_TIME_FIRST.ns)
			out[i].first = noon_time_add(out[i].first, noon_sat_sub(path->down, e));
		if (out[i].last.ns != NOON_TIME_NEVER.ns)
			out[i].last = noon_time_add(out[i].last, noon_sat_sub(e, path->up));
	}
	return all;
}

static void estimate_stamped(const struct noon_stamped_bound *b, struct noon_calibration *c)
{
	const bool known = !b->empty && b->lower != INT64_MIN && b->upper != INT64_MAX;

	c->x = 0;
	c->has_rate = false;
	if (!known) {
		c->u.u_c = (double)INFINITY;
		return;
	}
	c->x = (noon_dur_to_s(b->lower) + noon_dur_to_s(b->upper)) / 2;
	add_b(c, "bracket", "half-width of the hard bound against T(C)",
	      NOON_DISTRIBUTION_RECTANGULAR, noon_dur_to_s(b->upper - b->lower) / 2);
}

static void look_at_readings(const struct noon_calibration_sample *s, size_t n, double *sorted,
			     struct noon_calibration *c)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++) {
		sorted[i] = noon_calibration_offset(&s[i].s);
		sum += sorted[i] / (double)n;
	}
	noon_sort(sorted, n);
	c->single.mean = sum;
	c->single.lower = noon_quantile(sorted, n, 0.025);
	c->single.upper = noon_quantile(sorted, n, 0.975);
	for (size_t i = 0; i < n; i++)
		sorted[i] = fabs(sorted[i]);
	noon_sort(sorted, n);
	c->single.within_95 = noon_quantile(sorted, n, 0.95);
	c->single.within_999 = noon_quantile(sorted, n, 0.999);
	c->single.most = sorted[n - 1];
	for (size_t i = 0; i < n; i++)
		sorted[i] = noon_calibration_rtt(&s[i].s);
	noon_sort(sorted, n);
	c->rtt = (struct noon_round_trips){sorted[0], noon_quantile(sorted, n, 0.5),
					   noon_quantile(sorted, n, 0.95), sorted[n - 1]};
}

static void begin(const struct noon_calibration_sample *s, size_t n, struct noon_calibration *c)
{
	const struct noon_stamped *last = &s[n - 1].s;

	*c = (struct noon_calibration){.n = n, .begin = s[0].s.tq, .end = last->tr};
	/* Of PTP the answer comes first. */
	if (noon_time_before(s[0].s.tr, c->begin))
		c->begin = s[0].s.tr;
	if (noon_time_before(c->end, last->tq))
		c->end = last->tq;
	c->epoch = noon_time_add(c->begin, noon_time_diff(c->end, c->begin) / 2);
}

noon_err noon_calibrate(const struct noon_calibration_sample *s, size_t n,
			const struct noon_calibration_conf *conf, double *scratch, size_t *index,
			struct noon_stamped *hull, struct noon_calibration *ret)
{
	struct noon_calibration *c = ret;
	struct noon_stamped_bound narrow;
	noon_err err;

	if (n == 0)
		return NOON_ERR_EMPTY;
	assert(conf->n_others <= NOON_CALIBRATION_OTHERS);
	begin(s, n, c);
	(void)bounded(s, n, false, conf, c->epoch, hull);
	err = noon_stamped_bound(hull, n, conf->max_rate, c->epoch, index, &narrow);
	c->has_bound = bounded(s, n, true, conf, c->epoch, hull);
	err = err ? err : noon_stamped_bound(hull, n, conf->max_rate, c->epoch, index, &c->bound);
	if (err)
		return err;
	look_at_readings(s, n, scratch, c);
	if (conf->two_way)
		estimate_two_way(s, n, conf, scratch, c);
	else
		estimate_stamped(narrow.empty ? &c->bound : &narrow, c);
	add_reference(s, n, conf->two_way, c);
	for (size_t i = 0; i < conf->n_others; i++)
		add(c, conf->other[i]);
	c->x -= conf->correction_s;
	if (!isinf(c->u.u_c))
		noon_budget_combine(c->component, c->n_components, &c->u);
	if (conf->trials > 0 && !isinf(c->u.u_c)) {
		struct noon_rng rng = noon_rng_seeded(conf->seed);

		noon_budget_monte_carlo(c->component, c->n_components, &rng, NOON_COVERAGE,
					conf->trials, scratch + 3 * n, &c->monte_carlo);
	}
	return NOON_OK;
}
