/* SPDX-License-Identifier: Apache-2.0 */
#include "estimate/law/channel.h"

#include <math.h>
#include <string.h>

#define CELLS_LEAST 24.0 /* of a lattice within one service time, for the lattice to be exact */
#define BUSY_LEAST  48.0 /* busy routers, for the saddlepoint to be good for single values */
#define SPREAD	    14.0 /* standard deviations above the mean where the lattice may end */
#define EXTRA	    12.0 /* and so many service times: few routers busy is not bell-shaped */

/* The more stable channels that section VII-D names. Their figures are assumptions of ours: the
 * paper gives none. */
static const struct noon_channel_preset presets[] = {
	{"paper",
	 "routers with priority queues: a packet waits for the one under way (VII-A)",
	 {.routers = 10, .p_idle = 0.35, .packet_bytes = 1542.0, .rate_bps = 1e9}},
	{"wireless",
	 "one hop in line of sight, stamps at the antenna: detection and 300 m of detours add up "
	 "to 1 us each way",
	 {.routers = 1, .packet_bytes = 125.0, .rate_bps = 1e9}},
	{"ptp-aware",
	 "ten transparent clocks each way take out what a packet waits: two stamps of 8 ns leave "
	 "up to 16 ns of each",
	 {.routers = 10, .packet_bytes = 2.0, .rate_bps = 1e9}},
};

const struct noon_channel_preset *noon_channel_preset(size_t i)
{
	return i < sizeof(presets) / sizeof(presets[0]) ? &presets[i] : NULL;
}

struct noon_channel noon_channel_default(void)
{
	return presets[0].channel;
}

noon_err noon_channel_check(const struct noon_channel *c)
{
	const double service = noon_channel_service_ns(c);

	if (c->routers < 1 || c->routers > NOON_CHANNEL_ROUTERS_MAX)
		return NOON_ERR_RANGE;
	if (!(c->p_idle >= 0.0 && c->p_idle < 1.0) || !(c->packet_bytes > 0.0) ||
	    !(c->rate_bps > 0.0))
		return NOON_ERR_RANGE;
	if (!(service > 1e-3 && service < 1e12) || !(c->fixed_ns >= 0.0 && c->fixed_ns < 1e15))
		return NOON_ERR_RANGE;
	return NOON_OK;
}

double noon_channel_service_ns(const struct noon_channel *c)
{
	return c->packet_bytes * 8.0 / c->rate_bps * 1e9;
}

void noon_channel_moments(const struct noon_channel *c, double *ret_mean, double *ret_var,
			  double *ret_m3)
{
	const double n = 2.0 * c->routers, s = noon_channel_service_ns(c), q = 1.0 - c->p_idle;
	const double m = q / 2.0; /* of one router, in service times */

	*ret_mean = c->fixed_ns + n * m * s;
	*ret_var = n * (q / 3.0 - m * m) * s * s;
	*ret_m3 = n * (q / 4.0 - m * q + 2.0 * m * m * m) * s * s * s;
}

/* (e^u - 1)/u - 1 and the derivatives of (e^u - 1)/u, all times `scale` = exp(-max(u, 0)). */
struct uniform_mgf {
	double scale, less_one, d1, d2;
};

static struct uniform_mgf series(double u)
{
	struct uniform_mgf g = {exp(-fmax(u, 0.0)), 0.0, 0.5, 1.0 / 3.0};
	double term = 1.0; /* u^k / k! */

	for (int k = 1; k < 24; k++) {
		term *= u / k;
		g.less_one += term / (k + 1);
		g.d1 += term / (k + 2);
		g.d2 += term / (k + 3);
	}
	g.less_one *= g.scale;
	g.d1 *= g.scale;
	g.d2 *= g.scale;
	return g;
}

static struct uniform_mgf uniform_mgf(double u)
{
	const double a = fabs(u), e = exp(-a);
	struct uniform_mgf g;

	if (a < 1.5)
		return series(u);
	if (u > 0.0) {
		g.scale = e;
		g.less_one = (1.0 - e) / u - e;
		g.d1 = (u - 1.0 + e) / (u * u);
		g.d2 = (u * u - 2.0 * u + 2.0 - 2.0 * e) / (u * u * u);
	} else {
		g.scale = 1.0;
		g.less_one = (1.0 - e) / a - 1.0;
		g.d1 = (1.0 - e - a * e) / (a * a);
		g.d2 = (2.0 - e * (a * a + 2.0 * a + 2.0)) / (a * a * a);
	}
	return g;
}

/* Theory reference, section 1.3: K(t) = ln(p0 + q (e^(t c) - 1)/(t c)) for each router. */
static double k_of_channel(const void *of, double t, double *ret_k1, double *ret_k2)
{
	const struct noon_channel *c = of;
	const double n = 2.0 * c->routers, s = noon_channel_service_ns(c), q = 1.0 - c->p_idle;
	const double u = t * s;
	const struct uniform_mgf g = uniform_mgf(u);
	const double all = g.scale + q * g.less_one;
	const double r1 = q * g.d1 / all, r2 = q * g.d2 / all;

	*ret_k1 = n * s * (r1 - q / 2.0);
	*ret_k2 = n * s * s * fmax(r2 - r1 * r1, 0.0);
	if (fabs(u) < 1.5)
		return n * (log1p(q * (g.less_one / g.scale)) - q * u / 2.0);
	return n * (log(all) + fmax(u, 0.0) - q * u / 2.0);
}

struct noon_cgf noon_cgf_of_channel(const struct noon_channel *c)
{
	struct noon_cgf k = {.k = k_of_channel, .of = c, .least_ns = c->fixed_ns};
	double var, m3;

	noon_channel_moments(c, &k.mean_ns, &var, &m3);
	k.sd_ns = sqrt(var);
	k.most_ns = c->fixed_ns + 2.0 * c->routers * noon_channel_service_ns(c);
	return k;
}

/* Add one router to the n cells: idle stays, a busy one spreads over m cells. The weights of
 * the two ends are such that mean and variance are those of the uniform law. */
static void add_router(struct noon_law *law, size_t m, double p_idle)
{
	const double q = 1.0 - p_idle, d = (double)m;
	const double end = q / (2.0 * (d + 1.0)), inner = q * d / (d * d - 1.0);

	for (size_t k = law->n; k-- > 0;) {
		double sum = 0.0;

		for (size_t j = k >= m ? k - m + 1 : 0; j < k; j++)
			sum += law->p[j];
		sum *= inner;
		sum += end * law->p[k];
		if (k >= m)
			sum += end * law->p[k - m];
		law->p[k] = p_idle * law->p[k] + sum;
	}
}

static void fill_lattice(struct noon_law *law, double p_idle, unsigned routers, size_t m)
{
	memset(law->p, 0, sizeof(law->p));
	law->p[0] = 1.0;
	for (unsigned i = 0; i < routers; i++)
		add_router(law, m, p_idle);
}

static void fill_saddlepoint(struct noon_law *law, const struct noon_channel *c)
{
	const struct noon_cgf k = noon_cgf_of_channel(c);
	double above = 1.0;

	memset(law->p, 0, sizeof(law->p));
	for (size_t i = 0; i < law->n; i++) {
		const double x = law->x0_ns + law->step_ns * ((double)i + 0.5);
		const double next = i + 1 < law->n ? noon_mean_sf(&k, 1.0, x) : 0.0;

		law->p[i] = fmax(above - next, 0.0);
		above = fmin(next, above);
	}
}

static void normalise(struct noon_law *law)
{
	double sum = 0.0;

	for (size_t i = 0; i < law->n; i++)
		sum += law->p[i];
	for (size_t i = 0; i < law->n; i++)
		law->p[i] /= sum;
}

/* Set what follows from the parameters, and return where the lattice has to end, from x0. */
static double set_moments(struct noon_law *law, const struct noon_channel *c, unsigned routers)
{
	const double s = noon_channel_service_ns(c), part = routers / (2.0 * c->routers);
	double mean, var, m3;

	noon_channel_moments(c, &mean, &var, &m3);
	law->mean_ns = c->fixed_ns + (mean - c->fixed_ns) * part;
	law->sd_ns = sqrt(var * part);
	law->skewness = m3 * part / (law->sd_ns * law->sd_ns * law->sd_ns);
	law->count = 0;
	law->beyond = 0.0;
	law->x0_ns = law->least_ns = c->fixed_ns;
	law->most_ns = c->fixed_ns + routers * s;
	return fmin(law->mean_ns + SPREAD * law->sd_ns + EXTRA * s, law->most_ns) - c->fixed_ns;
}

static void on_lattice(struct noon_law *law, const struct noon_channel *c, unsigned routers,
		       double span)
{
	const double s = noon_channel_service_ns(c);
	const double cells = fmax(floor((double)(NOON_LAW_MAX - 1) * s / span), 2.0);

	law->step_ns = s / cells;
	law->n = (size_t)fmin(span / law->step_ns + 1.5, (double)NOON_LAW_MAX);
	fill_lattice(law, c->p_idle, routers, (size_t)cells);
	normalise(law);
}

noon_err noon_law_of_channel(const struct noon_channel *c, struct noon_law *ret)
{
	double s, span, low;

	if (noon_channel_check(c) != NOON_OK)
		return NOON_ERR_RANGE;
	s = noon_channel_service_ns(c);
	span = set_moments(ret, c, 2 * c->routers);
	if ((NOON_LAW_MAX - 1) * s / span >= CELLS_LEAST ||
	    2.0 * c->routers * (1.0 - c->p_idle) < BUSY_LEAST) {
		on_lattice(ret, c, 2 * c->routers, span);
		return NOON_OK;
	}
	low = fmax(c->fixed_ns, ret->mean_ns - SPREAD * ret->sd_ns);
	ret->x0_ns = low;
	ret->n = NOON_LAW_MAX;
	ret->step_ns = (fmin(ret->mean_ns + SPREAD * ret->sd_ns, ret->most_ns) - low) /
		       (double)(NOON_LAW_MAX - 1);
	fill_saddlepoint(ret, c);
	normalise(ret);
	return NOON_OK;
}

noon_err noon_law_of_one_way(const struct noon_channel *c, struct noon_law *ret)
{
	struct noon_channel queues = *c;

	if (noon_channel_check(c) != NOON_OK)
		return NOON_ERR_RANGE;
	queues.fixed_ns = 0.0;
	on_lattice(ret, &queues, c->routers, set_moments(ret, &queues, c->routers));
	return NOON_OK;
}
