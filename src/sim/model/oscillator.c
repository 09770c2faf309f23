/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/model/oscillator.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define DAY_S  86400.0
#define TWO_PI 6.283185307179586

#define LOAD_STREAM UINT64_C(0x10adc10c4ab5713d)

/* Variance of each of the processes, one per decade, whose sum has the Allan variance 1 of flicker:
 * S_y = v / (ln 10 f) and sigma_y^2 = 2 ln 2 h_-1. */
#define FLICKER_VARIANCE 1.6609640474436812 /* ln 10 / (2 ln 2) */

static const struct preset {
	const char *name;
	struct noon_osc_conf conf;
} presets[] = {
	{"perfect", {.step = NOON_NS_PER_SEC}},
	{"tcxo",
	 {.frequency = 8e-7,
	  .white_pm_ns = 0.5,
	  .white_fm = 3e-10,
	  .flicker_fm = 2e-10,
	  .random_walk = 2e-12,
	  .ageing = 3e-9,
	  .step = NOON_NS_PER_SEC}},
	{"ocxo",
	 {.frequency = -2e-8,
	  .white_pm_ns = 0.1,
	  .white_fm = 1e-11,
	  .flicker_fm = 5e-12,
	  .random_walk = 2e-14,
	  .ageing = 2e-10,
	  .step = NOON_NS_PER_SEC}},
	{"rb",
	 {.frequency = 2e-10,
	  .white_pm_ns = 0.1,
	  .white_fm = 2e-11,
	  .flicker_fm = 3e-13,
	  .random_walk = 5e-16,
	  .ageing = 1e-12,
	  .step = NOON_NS_PER_SEC}},
	{"vm",
	 {.frequency = -1.7e-5,
	  .white_pm_ns = 30,
	  .flicker_pm_ns = 10,
	  .white_fm = 5e-9,
	  .flicker_fm = 5e-9,
	  .random_walk = 3e-10,
	  .ageing = 1e-8,
	  .step = NOON_NS_PER_SEC}},
};

noon_err noon_osc_preset(const char *name, struct noon_osc_conf *ret)
{
	for (size_t i = 0; i < sizeof(presets) / sizeof(presets[0]); i++) {
		if (strcmp(presets[i].name, name) != 0)
			continue;
		*ret = presets[i].conf;
		return NOON_OK;
	}
	return NOON_ERR_NOT_FOUND;
}

/* Start every process in its stationary state, so that there is no run-in. */
static void start_flicker(struct noon_osc *o)
{
	const double fm = o->conf.flicker_fm * sqrt(FLICKER_VARIANCE);
	double tau_s = o->step_ns / 1e9;

	while (tau_s <= NOON_OSC_SLOWEST && o->decades < NOON_OSC_DECADES) {
		const size_t i = o->decades++;

		o->keep[i] = exp(-o->step_ns / 1e9 / tau_s);
		o->kick[i] = sqrt(1.0 - o->keep[i] * o->keep[i]);
		if (fm > 0.0)
			o->fm[i] = fm * noon_rng_gauss(&o->rng);
		if (o->conf.flicker_pm_ns > 0.0)
			o->pm[i] = o->conf.flicker_pm_ns * noon_rng_gauss(&o->rng);
		tau_s *= 10.0;
	}
}

/* Phase noise of the newest knot. */
static double phase_noise(struct noon_osc *o)
{
	double ns = 0.0;

	if (o->conf.white_pm_ns > 0.0)
		ns = o->conf.white_pm_ns * noon_rng_gauss(&o->rng);
	if (o->conf.flicker_pm_ns > 0.0)
		for (size_t i = 0; i < o->decades; i++)
			ns += o->pm[i];
	return ns;
}

/* Draw the length of the next busy or idle time. */
static noon_dur next_load(struct noon_osc *o)
{
	const double mean = (double)o->conf.load_mean;

	if (o->conf.load_regular)
		return o->conf.load_mean;
	return (noon_dur)fmax(1e6, mean * noon_rng_exp(&o->load_rng));
}

static bool has_load(const struct noon_osc_conf *c)
{
	return fabs(c->load) > 0.0 && c->load_mean > 0;
}

static void start_load(struct noon_osc *o, noon_time at)
{
	o->busy = false;
	if (has_load(&o->conf))
		o->load_next = noon_time_add(at, next_load(o));
}

void noon_osc_init(struct noon_osc *o, const struct noon_osc_conf *conf, noon_time start,
		   noon_dur theta0, uint64_t seed)
{
	assert(conf->step >= NOON_MS(1));
	memset(o, 0, sizeof(*o));
	o->conf = *conf;
	o->rng = noon_rng_seeded(seed);
	o->load_rng = noon_rng_seeded(seed ^ LOAD_STREAM);
	o->start = start;
	o->theta0 = theta0;
	o->step_ns = (double)conf->step;
	start_flicker(o);
	start_load(o, start);
	o->base_ns = 0.0;
	o->x[0] = phase_noise(o);
}

/* Advance one flicker process by a step. */
static void drift(struct noon_osc *o, double p[NOON_OSC_DECADES], double sd)
{
	if (!(sd > 0.0))
		return;
	for (size_t i = 0; i < o->decades; i++)
		p[i] = o->keep[i] * p[i] + o->kick[i] * sd * noon_rng_gauss(&o->rng);
}

/* Return the share of a shift in the phase gained by h from a to b, ns after it began. */
static double shifted_ns(const struct noon_osc_shift *s, double a_ns, double b_ns)
{
	const double tail = s->tau_ns > 0.0
				    ? s->tau_ns * (exp(-a_ns / s->tau_ns) - exp(-b_ns / s->tau_ns))
				    : 0.0;

	return s->by * (b_ns - a_ns - tail);
}

/* Return what h gains by shifts in the step that begins at `from`, ns; drop finished ones. */
static double shifts_ns(struct noon_osc *o, noon_time from)
{
	double ns = o->settled * o->step_ns;
	size_t kept = 0;

	for (size_t i = 0; i < o->shifts; i++) {
		const struct noon_osc_shift s = o->shift[i];
		const double age = (double)noon_time_diff(from, s.at);

		if (age >= 0.0)
			ns += shifted_ns(&s, age, age + o->step_ns);
		if (age > 40.0 * s.tau_ns)
			o->settled += s.by;
		else
			o->shift[kept++] = s;
	}
	o->shifts = kept;
	return ns;
}

static noon_time knot_at(const struct noon_osc *o, uint64_t k)
{
	return noon_time_add(o->start, (noon_dur)k * o->conf.step);
}

/* Return what h gains by the sine in the step that begins at `from`, ns: its integral. */
static double day_ns(const struct noon_osc *o, noon_time from)
{
	const double period = o->conf.day_period > 0 ? (double)o->conf.day_period : DAY_S * 1e9;
	const double w = TWO_PI / period;
	const double a = w * (double)(noon_time_diff(from, o->start) + o->conf.day_phase);

	if (!(fabs(o->conf.day) > 0.0))
		return 0.0;
	return o->conf.day * (cos(a) - cos(a + w * o->step_ns)) / w;
}

/* Return what h gains by loads in the step that begins at `from`, ns. */
static double load_ns(struct noon_osc *o, noon_time from)
{
	const noon_time end = noon_time_add(from, o->conf.step);
	noon_dur busy = 0;

	if (!has_load(&o->conf))
		return 0.0;
	while (noon_time_before(o->load_next, end)) {
		busy += o->busy ? noon_time_diff(o->load_next, from) : 0;
		from = o->load_next;
		o->busy = !o->busy;
		o->load_next = noon_time_add(from, next_load(o));
	}
	busy += o->busy ? noon_time_diff(end, from) : 0;
	return o->conf.load * (double)busy;
}

/* Append one knot. */
static void append_knot(struct noon_osc *o)
{
	const struct noon_osc_conf *c = &o->conf;
	const double step_s = o->step_ns / 1e9;
	const size_t mask = NOON_OSC_KNOTS - 1;
	noon_freq y = c->frequency + o->walk;
	double gain_ns, rate;

	for (size_t i = 0; i < o->decades; i++)
		y += o->fm[i];
	gain_ns = y * o->step_ns + shifts_ns(o, knot_at(o, o->laid));
	gain_ns += day_ns(o, knot_at(o, o->laid)) + load_ns(o, knot_at(o, o->laid));
	if (c->white_fm > 0.0)
		gain_ns += c->white_fm * 1e9 * sqrt(step_s) * noon_rng_gauss(&o->rng);
	if (c->random_walk > 0.0)
		o->walk += c->random_walk * sqrt(step_s) * noon_rng_gauss(&o->rng);
	o->walk += c->ageing * step_s / DAY_S;
	drift(o, o->fm, c->flicker_fm * sqrt(FLICKER_VARIANCE));
	drift(o, o->pm, c->flicker_pm_ns);
	o->base_ns -= gain_ns;
	o->laid++;
	o->x[o->laid & mask] = o->base_ns + phase_noise(o);
	rate = (o->x[(o->laid - 1) & mask] - o->x[o->laid & mask]) / o->step_ns;
	o->least_rate = fmin(o->least_rate, rate);
	o->most_rate = fmax(o->most_rate, rate);
}

/* Return how far h has jumped at t, ns. */
static double jumps_ns(const struct noon_osc *o, noon_time t)
{
	double ns = o->jumped_ns;

	for (size_t i = 0; i < o->jumps; i++)
		if (!noon_time_before(t, o->jump[i].at))
			ns += o->jump[i].by_ns;
	return ns;
}

double noon_osc_x(struct noon_osc *o, noon_time t)
{
	const noon_dur since = noon_time_diff(t, o->start);
	const uint64_t k = (uint64_t)(since / o->conf.step);
	const double part = (double)(since % o->conf.step) / o->step_ns;
	double a, b;

	assert(since >= 0);
	while (o->laid <= k)
		append_knot(o);
	assert(o->laid - k < NOON_OSC_KNOTS);
	a = o->x[k & (NOON_OSC_KNOTS - 1)];
	b = o->x[(k + 1) & (NOON_OSC_KNOTS - 1)];
	return a + (b - a) * part - jumps_ns(o, t);
}

noon_time noon_osc_h(struct noon_osc *o, noon_time t)
{
	return noon_time_add(t, -(o->theta0 + (noon_dur)llround(noon_osc_x(o, t))));
}

noon_time noon_osc_when(struct noon_osc *o, noon_time h, noon_time from)
{
	const noon_dur far = o->conf.step * (NOON_OSC_KNOTS / 4);
	noon_time t = from;

	for (int i = 0; i < 8; i++) {
		const noon_dur left = noon_time_diff(h, noon_osc_h(o, t));

		if (left <= 0 && (i == 0 || left > -2))
			return t;
		if (noon_sat_add(noon_time_diff(t, from), left) > far)
			return noon_time_add(from, far);
		t = noon_time_add(t, left);
		if (noon_time_before(t, from))
			t = from;
	}
	while (noon_time_before(noon_osc_h(o, t), h))
		t = noon_time_add(t, 1);
	return t;
}

void noon_osc_shift(struct noon_osc *o, noon_time at, noon_freq by, noon_dur tau)
{
	if (o->shifts == NOON_OSC_SHIFTS)
		return;
	o->shift[o->shifts++] = (struct noon_osc_shift){at, by, (double)tau};
}

void noon_osc_jump(struct noon_osc *o, noon_time at, noon_dur by)
{
	if (o->jumps == NOON_OSC_JUMPS) {
		o->jumped_ns += o->jump[0].by_ns;
		o->jumps--;
		memmove(o->jump, o->jump + 1, o->jumps * sizeof(o->jump[0]));
	}
	o->jump[o->jumps++] = (struct noon_osc_jump){at, (double)by};
}

static uint64_t index_from(const struct noon_osc *o, noon_time at)
{
	return (uint64_t)((noon_time_diff(at, o->start) + o->conf.step - 1) / o->conf.step);
}

noon_time noon_osc_knot(const struct noon_osc *o, noon_time at)
{
	return knot_at(o, index_from(o, at));
}

void noon_osc_replace(struct noon_osc *o, noon_time at, const struct noon_osc_conf *conf)
{
	const uint64_t k = index_from(o, at);
	const noon_dur step = o->conf.step;

	while (o->laid < k)
		append_knot(o);
	assert(o->laid - k < NOON_OSC_KNOTS);
	o->laid = k;
	o->base_ns = o->x[k & (NOON_OSC_KNOTS - 1)];
	o->conf = *conf;
	o->conf.step = step;
	o->walk = o->settled = 0.0;
	o->shifts = o->decades = 0;
	memset(o->fm, 0, sizeof(o->fm));
	memset(o->pm, 0, sizeof(o->pm));
	start_flicker(o);
	start_load(o, knot_at(o, o->laid));
}
