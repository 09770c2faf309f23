/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/clock/clock.h"

#include <errno.h>
#include <sys/timex.h>
#include <time.h>

#include "platform/clock/clock_priv.h"

/* An older stamp was not taken on the clock as it is now. */
#define STAMP_AGE_MAX NOON_S(10)

/* While stamps are translated CLOCK_REALTIME may run this far off CLOCK_MONOTONIC_RAW: what the
 * kernel's frequency correction can do. Anything faster is a step or a slew by ADJ_TICK. */
#define STEADY 2000 /* 1 / 500 ppm */

/* Two clocks read within twice this count as simultaneous, ns. */
#define GOOD_INSTANT 40

/* Shorter suspension cannot be told from the noise of reading two clocks. */
#define SLEEP_MIN NOON_MS(1)

int64_t noon_clock_read(int id)
{
	struct timespec ts = {0}; /* a clock that does not exist reads as constant */

	(void)clock_gettime(id, &ts);
	return ts.tv_sec * NOON_NS_PER_SEC + ts.tv_nsec;
}

noon_time noon_mono_now(void)
{
	return (noon_time){noon_clock_read(CLOCK_MONOTONIC)};
}

int noon_clock_step_by(int id, noon_dur delta)
{
	struct timex tx = {.modes = ADJ_SETOFFSET | ADJ_NANO};

	tx.time.tv_sec = delta / NOON_NS_PER_SEC;
	tx.time.tv_usec = delta % NOON_NS_PER_SEC; /* ns, because of ADJ_NANO; must be >= 0 */
	if (tx.time.tv_usec < 0) {
		tx.time.tv_sec--;
		tx.time.tv_usec += NOON_NS_PER_SEC;
	}
	return clock_adjtime(id, &tx) < 0 ? errno : 0;
}

/* Best of three, unless good enough before: an interrupt between the reads spoils only one. */
struct noon_instant noon_instant_now(void)
{
	struct noon_instant best = {.err = NOON_DUR_MAX};

	for (int i = 0; i < 3 && best.err > GOOD_INSTANT; i++) {
		const int64_t before = noon_clock_read(CLOCK_MONOTONIC_RAW);
		const int64_t real = noon_clock_read(CLOCK_REALTIME);
		const int64_t after = noon_clock_read(CLOCK_MONOTONIC_RAW);
		const noon_dur err = (after - before + 1) / 2;

		if (err < best.err)
			best = (struct noon_instant){before + (after - before) / 2, real, err};
	}
	return best;
}

void noon_clock_begin(struct noon_clock *c, const struct noon_clock_ops *ops, int64_t raw_ns,
		      noon_time h0)
{
	c->ops = ops;
	c->raw0 = raw_ns;
	c->h0 = h0;
	c->line = (struct noon_clock_line){.h0 = h0};
	c->asleep0 = noon_clock_asleep();
}

noon_time noon_clock_line_at(const struct noon_clock_line *line, noon_time h)
{
	const noon_dur since = noon_time_diff(h, line->h0);
	noon_dur corr = noon_sat_add(line->corr0, noon_dur_scale(since, line->rate));

	if (noon_time_before(line->h0, line->slew_end)) {
		const noon_time until = noon_time_min(h, line->slew_end);

		corr = noon_sat_add(corr,
				    noon_dur_scale(noon_time_diff(until, line->h0), line->slew));
	}
	return noon_time_add(h, corr);
}

noon_time noon_clock_now(struct noon_clock *c)
{
	return c->ops->free_running(c, noon_clock_read(CLOCK_MONOTONIC_RAW));
}

bool noon_instant_is_steady(const struct noon_instant *a, const struct noon_instant *b)
{
	const noon_dur raw = b->raw_ns - a->raw_ns;
	const noon_dur moved = noon_dur_abs(noon_sat_sub(b->real_ns - a->real_ns, raw));

	return moved - a->err - b->err <= raw / STEADY;
}

noon_err noon_clock_from_stamp(struct noon_clock *c, const struct noon_instant *since,
			       int64_t real_ns, noon_time *ret, noon_dur *ret_err)
{
	const struct noon_instant now = noon_instant_now();
	const noon_dur age = noon_sat_sub(now.real_ns, real_ns);

	if (age < -now.err || age > STAMP_AGE_MAX || !noon_instant_is_steady(since, &now))
		return NOON_ERR_RANGE;
	*ret = c->ops->free_running(c, now.raw_ns - age);
	*ret_err = now.err + (age > 0 ? age / STEADY + 1 : 0);
	return NOON_OK;
}

void noon_clock_steer(struct noon_clock *c, const struct noon_clock_line *line)
{
	c->line = *line;
	c->ops->steer(c, line);
}

noon_err noon_clock_step(struct noon_clock *c, const struct noon_clock_line *line)
{
	const noon_err err = c->ops->step(c, line);

	if (!err)
		c->line = *line;
	return err;
}

noon_err noon_clock_leap(struct noon_clock *c, const struct noon_clock_line *line, noon_dur shift)
{
	noon_err err;

	if (c->ops->leap == NULL)
		return noon_clock_step(c, line);
	err = c->ops->leap(c, line, shift);
	if (!err)
		c->line = *line;
	return err;
}

void noon_clock_tell(struct noon_clock *c, const struct noon_clock_claim *claim)
{
	if (c->ops->tell != NULL)
		c->ops->tell(c, claim);
}

noon_time noon_clock_disciplined(struct noon_clock *c)
{
	return c->ops->disciplined(c);
}

enum noon_clock_event noon_clock_check(struct noon_clock *c, noon_dur *ret_size)
{
	return c->ops->check(c, ret_size);
}

/* CLOCK_BOOTTIME is read first, so that an interruption between the two can only reduce the
 * difference: the largest of three is the best, and none is too large. */
noon_dur noon_clock_asleep(void)
{
	noon_dur most = INT64_MIN;

	for (int i = 0; i < 3; i++) {
		const int64_t boot = noon_clock_read(CLOCK_BOOTTIME);
		const noon_dur asleep = boot - noon_clock_read(CLOCK_MONOTONIC);

		most = asleep > most ? asleep : most;
	}
	return most;
}

/* The coarse clocks are constant between two ticks of the kernel: read in the same one, their
 * difference is exact. One tick between the two makes it larger, so the least of three counts. */
noon_dur noon_clock_real_ahead(void)
{
	noon_dur least = NOON_DUR_MAX;

	for (int i = 0; i < 3; i++) {
		const int64_t mono = noon_clock_read(CLOCK_MONOTONIC_COARSE);
		const noon_dur ahead = noon_clock_read(CLOCK_REALTIME_COARSE) - mono;

		least = ahead < least ? ahead : least;
	}
	return least;
}

bool noon_clock_slept(struct noon_clock *c, noon_dur *ret_size)
{
	const noon_dur asleep = noon_clock_asleep();
	const noon_dur slept = asleep - c->asleep0;

	*ret_size = slept;
	if (slept <= 0) /* three interruptions in a row: it never decreases */
		return false;
	c->asleep0 = asleep;
	return slept > SLEEP_MIN;
}

static struct noon_clock_map map_from(struct noon_clock *c, int64_t from_ns, int64_t raw_ns)
{
	const noon_time h = c->ops->free_running(c, raw_ns);
	const noon_freq osc = c->ops->oscillator == NULL ? 0 : c->ops->oscillator(c, raw_ns);
	const noon_freq slew = noon_time_before(h, c->line.slew_end) ? c->line.slew : 0;

	return (struct noon_clock_map){
		.from0 = from_ns,
		.to0 = noon_clock_line_at(&c->line, h),
		.rate = (1 + osc) * (1 + c->line.rate + slew) - 1,
		.osc = osc,
	};
}

struct noon_clock_map noon_clock_map_raw(struct noon_clock *c)
{
	const int64_t raw = noon_clock_read(CLOCK_MONOTONIC_RAW);

	return map_from(c, raw, raw);
}

struct noon_clock_map noon_clock_map_real(struct noon_clock *c)
{
	const struct noon_instant now = noon_instant_now();

	if (c->ops->real_is_disciplined)
		return (struct noon_clock_map){.from0 = now.real_ns, .to0 = {now.real_ns}};
	return map_from(c, now.real_ns, now.raw_ns);
}

noon_time noon_clock_map_apply(const struct noon_clock_map *m, int64_t from_ns)
{
	const noon_dur since = from_ns - m->from0;

	return noon_time_add(m->to0, noon_sat_add(since, noon_dur_scale(since, m->rate)));
}

void noon_clock_free(struct noon_clock *c)
{
	if (c != NULL)
		c->ops->fini(c);
}

/* How far the clock is from where its frequency has taken it since it was set. */
static noon_dur jump_since(const struct noon_follower *f, const struct noon_follower_point *now)
{
	noon_dur elapsed;
	noon_dur moved;
	noon_dur jump;

	if (!f->valid)
		return 0;
	elapsed = noon_time_diff(now->h, f->set.h);
	moved = noon_time_diff(now->c, f->set.c);
	jump = moved - elapsed - noon_dur_scale_out(elapsed, f->freq);
	/* The error of reading it, and 50 us and 20 ppm for the rounding of the kernel's own
	 * steering, which begins with its next tick. */
	return noon_dur_abs(jump) > NOON_US(50) + elapsed / 50000 + now->err + f->set.err ? jump
											  : 0;
}

noon_freq noon_follower_aim(struct noon_follower *f, const struct noon_clock_line *line,
			    const struct noon_follower_point *now, noon_freq limit)
{
	const noon_dur behind = noon_time_diff(noon_clock_line_at(line, now->h), now->c);
	noon_freq freq = line->rate + noon_dur_to_s(behind);

	if (freq > limit)
		freq = limit;
	if (freq < -limit)
		freq = -limit;
	f->jumped = noon_sat_add(f->jumped, jump_since(f, now));
	f->freq = freq;
	f->set = *now;
	f->valid = true;
	return freq;
}

noon_dur noon_follower_jump(struct noon_follower *f, const struct noon_follower_point *now)
{
	const noon_dur jumped = noon_sat_add(f->jumped, jump_since(f, now));

	f->jumped = 0;
	return jumped;
}
