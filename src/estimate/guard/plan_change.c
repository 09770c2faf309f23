/* SPDX-License-Identifier: Apache-2.0
 *
 * The smallest change of one parameter that makes a plan feasible.
 *
 * More of what helps need not help: more round trips in a period mean more false alarms to share,
 * a shorter path has less propagation but the same queues. So the range is tried step by step,
 * nearest first, and the first step that is enough is narrowed down.
 */
#include <assert.h>
#include <math.h>

#include "estimate/guard/plan.h"

#define SCAN  16   /* even steps over a range */
#define NEAR  3	   /* before the first one: its half, its quarter, ... */
#define FEW   5	   /* even steps where the far end helps most */
#define TURNS 40   /* of narrowing down */
#define FINE  4e-3 /* of the change */

/* Return the field of a parameter that is one. */
static double *field_of(struct noon_plan_conf *c, enum noon_plan_param param)
{
	switch (param) {
	case NOON_PLAN_LIMIT:
		return &c->limit_ns;
	case NOON_PLAN_PERIOD:
		return &c->period_s;
	case NOON_PLAN_CLOCK:
		return &c->clock;
	case NOON_PLAN_SERVER:
		return &c->server_ns;
	case NOON_PLAN_STAMP:
		return &c->stamp_ns;
	case NOON_PLAN_RATE:
		return &c->rate_hz;
	case NOON_PLAN_P_D:
		return &c->p_d;
	case NOON_PLAN_P_FA:
		return &c->p_fa;
	case NOON_PLAN_PATH_ERR:
		return &c->path_err_ns;
	case NOON_PLAN_FASTEST:
		return &c->fastest_ns;
	case NOON_PLAN_P_IDLE:
		return &c->channel.p_idle;
	case NOON_PLAN_PACKET:
		return &c->channel.packet_bytes;
	case NOON_PLAN_LINK_RATE:
		return &c->channel.rate_bps;
	case NOON_PLAN_SURPLUS:
	case NOON_PLAN_LENGTH:
	case NOON_PLAN_ROUTERS:
		break;
	}
	assert(false); /* those are not one field each */
	return NULL;
}

double noon_plan_get(const struct noon_plan_conf *c, enum noon_plan_param param)
{
	struct noon_plan_conf copy = *c;

	if (param == NOON_PLAN_ROUTERS)
		return c->channel.routers;
	if (param == NOON_PLAN_SURPLUS)
		return c->propagation_ns[0] + c->propagation_ns[1] - c->minimum_ns[0] -
		       c->minimum_ns[1];
	if (param == NOON_PLAN_LENGTH)
		return c->propagation_ns[0];
	return *field_of(&copy, param);
}

static void scale_path(struct noon_plan_conf *c, double factor)
{
	c->fastest_ns *= factor;
	for (int i = 0; i < 2; i++) {
		c->minimum_ns[i] *= factor;
		c->propagation_ns[i] *= factor;
	}
}

void noon_plan_set(struct noon_plan_conf *c, enum noon_plan_param param, double v)
{
	const double was = noon_plan_get(c, NOON_PLAN_SURPLUS);

	if (param == NOON_PLAN_ROUTERS) {
		c->channel.routers = (unsigned)fmax(floor(v), 1.0);
	} else if (param == NOON_PLAN_SURPLUS) {
		/* The minima come closer to what is there. */
		for (int i = 0; i < 2 && was > 0.0; i++)
			c->minimum_ns[i] = c->propagation_ns[i] -
					   (c->propagation_ns[i] - c->minimum_ns[i]) * v / was;
	} else if (param == NOON_PLAN_LENGTH) {
		scale_path(c, v / fmax(c->propagation_ns[0], 1e-9));
	} else {
		*field_of(c, param) = v;
	}
}

/* The way a parameter helps. */
struct direction {
	double end;
	bool linear; /* interpolation; else geometric */
};

static struct direction direction_of(const struct noon_plan_conf *c, enum noon_plan_param param)
{
	const double v = noon_plan_get(c, param);

	switch (param) {
	case NOON_PLAN_LIMIT:
	case NOON_PLAN_RATE:
		return (struct direction){v * 1e6, false};
	case NOON_PLAN_LINK_RATE:
		return (struct direction){v * 1e4, false};
	case NOON_PLAN_P_FA:
		return (struct direction){fmax(v, 0.5), false};
	case NOON_PLAN_PACKET:
		return (struct direction){fmin(v, 64.0), false};
	case NOON_PLAN_FASTEST:
		return (struct direction){fmax(fmax(c->propagation_ns[0], c->propagation_ns[1]), v),
					  true};
	case NOON_PLAN_ROUTERS:
		return (struct direction){1.0, true};
	case NOON_PLAN_P_D:
		return (struct direction){fmin(v, 0.5), true};
	case NOON_PLAN_P_IDLE:
		return (struct direction){fmax(v, 0.999), true};
	case NOON_PLAN_CLOCK:
	case NOON_PLAN_SERVER:
	case NOON_PLAN_STAMP:
	case NOON_PLAN_SURPLUS:
	case NOON_PLAN_PATH_ERR:
	case NOON_PLAN_LENGTH:
		break;
	case NOON_PLAN_PERIOD:
		return (struct direction){v * 65536.0, false};
	}
	return (struct direction){0.0, true};
}

static double towards(double from, struct direction d, double part)
{
	if (d.linear)
		return from + (d.end - from) * part;
	return from * pow(d.end / from, part);
}

static bool may_change(const struct noon_plan_conf *c, enum noon_plan_way way,
		       enum noon_plan_param param)
{
	if (param >= NOON_PLAN_LENGTH && c->law != NULL)
		return false;
	if (way == NOON_PLAN_BOUND)
		return param != NOON_PLAN_P_D;
	return param != NOON_PLAN_SURPLUS;
}

/* A point on the way, and noon_plan_margin() there. */
struct point {
	double part; /* 0..1 of the way to the end */
	double value;
	double margin;
};

/* A search along one direction. */
struct search {
	struct noon_plan_work *w;
	const struct noon_plan_conf *c;
	enum noon_plan_way way;
	enum noon_plan_param param;
	struct direction d;
	double from;
	struct point bad, good; /* good.margin >= 0 once one is found */
};

static struct point try(const struct search *s, double part)
{
	struct point p = {part, towards(s->from, s->d, part), -HUGE_VAL};
	struct noon_plan_conf changed = *s->c;

	if (s->param == NOON_PLAN_ROUTERS)
		p.value = floor(p.value);
	noon_plan_set(&changed, s->param, p.value);
	if (noon_plan_check(&changed) == NOON_OK)
		p.margin = noon_plan_margin(s->w, &changed, s->way);
	return p;
}

/* Return in how many even steps to look at a range. Few where one end helps most: what leaves more
 * of the limit, or asks for less. */
static int steps_of(enum noon_plan_param param)
{
	switch (param) {
	case NOON_PLAN_CLOCK:
	case NOON_PLAN_SERVER:
	case NOON_PLAN_STAMP:
	case NOON_PLAN_P_D:
	case NOON_PLAN_P_FA:
	case NOON_PLAN_SURPLUS:
	case NOON_PLAN_PATH_ERR:
	case NOON_PLAN_FASTEST:
	case NOON_PLAN_LENGTH:
		return FEW;
	case NOON_PLAN_LIMIT:
	case NOON_PLAN_PERIOD:
	case NOON_PLAN_RATE:
	case NOON_PLAN_ROUTERS:
	case NOON_PLAN_P_IDLE:
	case NOON_PLAN_PACKET:
	case NOON_PLAN_LINK_RATE:
		break;
	}
	return SCAN;
}

/* Return the i-th part that is tried, i from 0: a few nearer than the first of the even steps. */
static double part_of(int i, int steps)
{
	const int near = steps == SCAN ? NEAR : 0;

	return i < near ? ldexp(1.0 / steps, i - near) : (double)(i - near + 1) / steps;
}

static bool is_narrow(const struct search *s)
{
	const double width = fabs(s->good.value - s->bad.value);

	if (s->param == NOON_PLAN_ROUTERS)
		return width <= 1.0;
	return width <= FINE * fabs(s->good.value - s->from);
}

/* Where a straight line through both margins is 0, and then a little to the side that has been
 * there longer, so that the two ends close in on it from both sides. */
static double next_part(const struct search *s, int turn, bool was_good)
{
	const double width = s->good.part - s->bad.part;
	const double fine =
		FINE / 3.0 * fabs(s->good.value - s->from) / fabs(s->good.value - s->bad.value);
	double at;

	if (turn % 3 == 2 || !isfinite(s->bad.margin) || !isfinite(s->good.margin))
		return s->bad.part + width / 2.0;
	at = -s->bad.margin / (s->good.margin - s->bad.margin);
	at += was_good ? -fine : fine;
	return s->bad.part + width * fmin(fmax(at, 0.02), 0.98);
}

/* Narrow down where it begins to be enough, and return the value that is. */
static double narrow(struct search *s)
{
	bool was_good = true;

	for (int i = 0; i < TURNS && !is_narrow(s); i++) {
		const struct point p = try(s, next_part(s, i, was_good));

		was_good = p.margin >= 0.0;
		if (was_good)
			s->good = p;
		else
			s->bad = p;
	}
	return s->good.value;
}

noon_err noon_plan_change(struct noon_plan_work *w, const struct noon_plan_conf *c,
			  enum noon_plan_way way, enum noon_plan_param param, double *ret)
{
	const double from = noon_plan_get(c, param);
	const struct direction d = direction_of(c, param);
	const struct point now = {0.0, from, -HUGE_VAL};
	struct search s[2] = {{w, c, way, param, d, from, now, now}};
	/* The period cuts both ways: less drift, but fewer round trips. */
	const int steps = steps_of(param);
	const int ways = param == NOON_PLAN_PERIOD ? 2 : 1;

	if (!may_change(c, way, param) || !(fabs(d.end - from) > 0.0))
		return NOON_ERR_NOT_FOUND;
	s[1] = s[0];
	s[1].d.end = from / (d.end / from);
	for (int i = 0; part_of(i, steps) <= 1.0; i++) {
		for (int k = ways - 1; k >= 0; k--) {
			s[k].good = try(&s[k], part_of(i, steps));
			if (s[k].good.margin >= 0.0) {
				*ret = narrow(&s[k]);
				return NOON_OK;
			}
			s[k].bad = s[k].good;
		}
	}
	return NOON_ERR_NOT_FOUND;
}
