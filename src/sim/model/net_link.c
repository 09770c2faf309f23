/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/model/net_link.h"

#include <math.h>

#define LIGHT_NS_PER_M 3.3356409519815204 /* 1e9 / 299792458 */
#define OVERHEAD_BYTES 66		  /* Ethernet with preamble and gap, IPv4, UDP */
#define PARETO_CUT     1000.0

struct noon_net_link_conf noon_net_link_conf_default(void)
{
	return (struct noon_net_link_conf){
		.velocity = 0.68,
		.packet_bytes = 1542,
		.shape = 3,
	};
}

static unsigned hops(const struct noon_net_link_conf *l)
{
	return l->nodes > 0 ? l->nodes : 1;
}

static double bits_ns(const struct noon_net_link_conf *l, double bytes)
{
	return l->rate_bps > 0.0 ? bytes * 8e9 / l->rate_bps : 0.0;
}

/* The least delay on the route before the change. */
static double first_ns(const struct noon_net_link_conf *l, size_t bytes)
{
	const double each = l->forwarding_ns + bits_ns(l, (double)bytes + (double)OVERHEAD_BYTES);

	return l->length_m * LIGHT_NS_PER_M / l->velocity + l->delay_ns + hops(l) * each;
}

double noon_net_link_least_ns(const struct noon_net_link_conf *l, noon_dur since, size_t bytes)
{
	const double ns = first_ns(l, bytes);

	if (l->route_at <= 0 || since < l->route_at)
		return ns;
	return fmax(ns + l->route_ns, 0.0);
}

double noon_net_link_floor_ns(const struct noon_net_link_conf *l, size_t bytes)
{
	const double ns = first_ns(l, bytes);

	return l->route_at > 0 ? fmin(ns, fmax(ns + l->route_ns, 0.0)) : ns;
}

/* Serialisation time of one packet of other traffic on a link. */
static double service_ns(const struct noon_net_link_conf *l)
{
	return bits_ns(l, l->packet_bytes);
}

static double recorded_mean(const struct noon_net_link_conf *l)
{
	double sum = 0.0;

	for (size_t i = 0; i < l->n_recorded; i++)
		sum += l->recorded[i];
	return l->n_recorded > 0 ? sum / (double)l->n_recorded : 0.0;
}

double noon_net_link_mean_ns(const struct noon_net_link_conf *l)
{
	switch (l->queue) {
	case NOON_QUEUE_NONE:
		break;
	case NOON_QUEUE_PRIORITY:
		return hops(l) * (1.0 - l->p_idle) * service_ns(l) / 2.0;
	case NOON_QUEUE_UNIFORM:
		return hops(l) * l->scale_ns / 2.0;
	case NOON_QUEUE_EXPONENTIAL:
		return hops(l) * l->scale_ns;
	case NOON_QUEUE_PARETO:
		return l->shape > 1.0 ? hops(l) * l->scale_ns / (l->shape - 1.0) : HUGE_VAL;
	case NOON_QUEUE_RECORDED:
		return hops(l) * recorded_mean(l);
	}
	return 0.0;
}

static double pareto(const struct noon_net_link_conf *l, double u)
{
	const double x = pow(1.0 - u, -1.0 / l->shape) - 1.0;

	return l->scale_ns * fmin(x, PARETO_CUT);
}

/* Draw the queueing of one node. */
static double queue_ns(const struct noon_net_link_conf *l, struct noon_rng *rng)
{
	double u;

	switch (l->queue) {
	case NOON_QUEUE_NONE:
		break;
	case NOON_QUEUE_PRIORITY:
		u = noon_rng_unit(rng);
		if (u < l->p_idle)
			return 0.0;
		return service_ns(l) * noon_rng_unit(rng);
	case NOON_QUEUE_UNIFORM:
		return l->scale_ns * noon_rng_unit(rng);
	case NOON_QUEUE_EXPONENTIAL:
		return l->scale_ns * noon_rng_exp(rng);
	case NOON_QUEUE_PARETO:
		return pareto(l, noon_rng_unit(rng));
	case NOON_QUEUE_RECORDED:
		u = noon_rng_unit(rng) * (double)l->n_recorded;
		return l->n_recorded > 0 ? l->recorded[(size_t)u] : 0.0;
	}
	return 0.0;
}

static bool happens(double p, struct noon_rng *rng)
{
	return p > 0.0 && noon_rng_unit(rng) < p;
}

struct noon_net_link_fate noon_net_link_draw(const struct noon_net_link_conf *l, noon_dur since,
					     size_t bytes, struct noon_rng *rng)
{
	struct noon_net_link_fate f = {0};

	if (l->queue != NOON_QUEUE_NONE)
		for (unsigned i = 0; i < hops(l); i++)
			f.queue_ns += queue_ns(l, rng);
	f.lost = happens(l->loss, rng);
	if (happens(l->reorder, rng))
		f.queue_ns += l->reorder_ns;
	f.duplicate = happens(l->duplicate, rng);
	f.delay_ns = noon_net_link_least_ns(l, since, bytes) + f.queue_ns;
	return f;
}
