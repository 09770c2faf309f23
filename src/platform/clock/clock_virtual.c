/* SPDX-License-Identifier: Apache-2.0
 *
 * A virtual clock: an oscillator with known faults on top of CLOCK_MONOTONIC_RAW.
 *
 * Frequency is constant within segments of one second of raw time and changes between them by a
 * Gaussian step and by ageing. The last segments are remembered, so that timestamps of the recent
 * past are translated with the frequency that held then.
 */
#include <stdlib.h>
#include <time.h>

#include "platform/clock/clock_priv.h"

#define SEGMENT	 NOON_S(1)
#define SEGMENTS 16 /* remembered; older instants are extrapolated from the oldest */

struct segment {
	int64_t raw; /* start */
	noon_time h;
	noon_freq freq; /* h runs at 1 + freq */
};

struct virtual_clock {
	struct noon_clock base; /* first member */
	struct noon_clock_virtual_conf conf;
	struct noon_rng rng;
	size_t newest;
	struct segment seg[SEGMENTS]; /* ring */
};

static struct virtual_clock *of(struct noon_clock *c)
{
	return (struct virtual_clock *)(void *)c;
}

static noon_time segment_at(const struct segment *s, int64_t raw_ns)
{
	const noon_dur since = raw_ns - s->raw;

	return noon_time_add(s->h, since + noon_dur_scale(since, s->freq));
}

static void next_segment(struct virtual_clock *v)
{
	const struct segment *last = &v->seg[v->newest];
	struct segment s = {.raw = last->raw + SEGMENT, .freq = last->freq};
	const double seconds = noon_dur_to_s(SEGMENT);

	s.h = segment_at(last, s.raw);
	s.freq += v->conf.ageing * seconds;
	if (v->conf.random_walk > 0)
		s.freq += v->conf.random_walk * noon_rng_gauss(&v->rng);
	v->newest = (v->newest + 1) % SEGMENTS;
	v->seg[v->newest] = s;
}

/* The segment that holds at an instant; the oldest remembered one for anything before it. */
static const struct segment *segment_of(struct virtual_clock *v, int64_t raw_ns)
{
	size_t i;

	while (raw_ns >= v->seg[v->newest].raw + SEGMENT)
		next_segment(v);
	i = v->newest;
	for (int back = 1; back < SEGMENTS && raw_ns < v->seg[i].raw; back++)
		i = (i + SEGMENTS - 1) % SEGMENTS;
	return &v->seg[i];
}

static noon_time free_running(struct noon_clock *c, int64_t raw_ns)
{
	return segment_at(segment_of(of(c), raw_ns), raw_ns);
}

static noon_freq oscillator(struct noon_clock *c, int64_t raw_ns)
{
	return segment_of(of(c), raw_ns)->freq;
}

static void steer(struct noon_clock *c, const struct noon_clock_line *line)
{
	(void)c;
	(void)line;
}

static noon_err step(struct noon_clock *c, const struct noon_clock_line *line)
{
	(void)c;
	(void)line;
	return NOON_OK;
}

static noon_time disciplined(struct noon_clock *c)
{
	return noon_clock_line_at(&c->line, noon_clock_now(c));
}

static enum noon_clock_event check(struct noon_clock *c, noon_dur *ret_size)
{
	return noon_clock_slept(c, ret_size) ? NOON_CLOCK_SUSPENDED : NOON_CLOCK_STEADY;
}

static void fini(struct noon_clock *c)
{
	free(of(c));
}

static const struct noon_clock_ops virtual_ops = {
	.name = "virtual",
	.free_running = free_running,
	.oscillator = oscillator,
	.steer = steer,
	.step = step,
	.disciplined = disciplined,
	.check = check,
	.fini = fini,
};

noon_err noon_clock_virtual_new(const struct noon_clock_virtual_conf *conf, struct noon_clock **ret)
{
	struct virtual_clock *v = calloc(1, sizeof(*v));
	const struct noon_instant now = noon_instant_now();
	const noon_time h = noon_time_add((noon_time){now.real_ns}, conf->offset);

	if (v == NULL)
		return NOON_ERR_OS;
	noon_clock_begin(&v->base, &virtual_ops, now.raw_ns, h);
	v->conf = *conf;
	v->rng = noon_rng_seeded(conf->seed);
	for (size_t i = 0; i < SEGMENTS; i++)
		v->seg[i] = (struct segment){now.raw_ns, h, conf->freq_error};
	*ret = &v->base;
	return NOON_OK;
}
