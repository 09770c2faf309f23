/* SPDX-License-Identifier: Apache-2.0
 *
 * CLOCK_REALTIME, steered by clock_adjtime() frequency only and stepped by ADJ_SETOFFSET.
 *
 * The kernel's own frequency correction is relative to CLOCK_MONOTONIC_RAW, which is exactly the
 * rate of our line, as long as its tick has the nominal length: another daemon may have left it
 * changed, so it is put back at the start. Steps by somebody else show as a difference between
 * where the last setting must have taken the clock and where it is.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "platform/clock_priv.h"

#define FREQ_LIMIT 500e-6 /* MAXFREQ of the kernel */

/* At a larger error the kernel calls its clock unsynchronised: NTP_PHASE_LIMIT. */
#define ERROR_LIMIT NOON_S(16)

/* A clock that somebody else steers may be slewed this fast; beyond it was stepped. */
#define SLEW_OF_OTHERS 1000 /* 1 / 1000 ppm */
#define STEP_MIN       NOON_MS(1)

struct system_clock {
	struct noon_clock base; /* first member */
	bool may_steer;
	int status; /* of the kernel's clock */
	struct noon_follower follower;
	struct noon_instant last; /* of a clock that is only read */
};

static struct system_clock *of(struct noon_clock *c)
{
	return (struct system_clock *)(void *)c;
}

static noon_time free_running(struct noon_clock *c, int64_t raw_ns)
{
	return noon_time_add(c->h0, raw_ns - c->raw0);
}

static noon_err set_freq(const struct system_clock *s, noon_freq freq)
{
	/* Units of the kernel: 2^-16 ppm. */
	struct timex tx = {
		.modes = ADJ_FREQUENCY | ADJ_STATUS,
		.freq = (long)(freq * 1e6 * 65536),
		.status = s->status,
	};

	if (clock_adjtime(CLOCK_REALTIME, &tx) < 0)
		return errno == EPERM ? NOON_ERR_PERM : NOON_ERR_OS;
	return NOON_OK;
}

/* Fold a tick that is not nominal into the frequency. */
static noon_err take_over(struct system_clock *s, const struct timex *now)
{
	const long nominal = 1000000 / sysconf(_SC_CLK_TCK);
	struct timex tx = {.modes = ADJ_TICK, .tick = nominal};
	noon_freq freq =
		(double)now->freq / 65536 / 1e6 + (double)(now->tick - nominal) / (double)nominal;

	if (now->tick != nominal && clock_adjtime(CLOCK_REALTIME, &tx) < 0)
		return errno == EPERM ? NOON_ERR_PERM : NOON_ERR_OS;
	/* STA_FREQHOLD keeps the kernel's own loop out of the way. Whether the clock is
	 * synchronised is for the first claim to say. */
	s->status = STA_FREQHOLD | (now->status & STA_UNSYNC);
	freq = freq > FREQ_LIMIT ? FREQ_LIMIT : freq;
	return set_freq(s, freq < -FREQ_LIMIT ? -FREQ_LIMIT : freq);
}

static struct noon_follower_point point_of(struct noon_clock *c, const struct noon_instant *now)
{
	return (struct noon_follower_point){free_running(c, now->raw_ns), {now->real_ns}, now->err};
}

static void steer(struct noon_clock *c, const struct noon_clock_line *line)
{
	struct system_clock *s = of(c);
	const struct noon_instant instant = noon_instant_now();
	const struct noon_follower_point now = point_of(c, &instant);

	if (!s->may_steer)
		return;
	if (set_freq(s, noon_follower_aim(&s->follower, line, &now, FREQ_LIMIT)))
		s->follower.valid = false;
}

/* Return whole us, rounded up; what the kernel takes for the most beyond that. */
static long error_us(noon_dur ns)
{
	const noon_dur least = ns < ERROR_LIMIT ? ns : ERROR_LIMIT;

	return (long)((least + 999) / 1000);
}

static void tell(struct noon_clock *c, const struct noon_clock_claim *claim)
{
	struct system_clock *s = of(c);
	const bool good = claim->synchronised && claim->bound < ERROR_LIMIT;
	struct timex tx = {
		.modes = ADJ_MAXERROR | ADJ_ESTERROR | ADJ_STATUS,
		.maxerror = error_us(claim->bound),
		.esterror = error_us(claim->estimate),
		.status = STA_FREQHOLD | (good ? 0 : STA_UNSYNC),
	};

	if (!s->may_steer)
		return;
	s->status = tx.status;
	(void)clock_adjtime(CLOCK_REALTIME, &tx); /* steering says what is wrong */
}

static noon_err step(struct noon_clock *c, const struct noon_clock_line *line)
{
	struct system_clock *s = of(c);
	const struct noon_instant now = noon_instant_now();
	const noon_time want = noon_clock_line_at(line, free_running(c, now.raw_ns));
	int sys;

	if (!s->may_steer)
		return NOON_ERR_PERM;
	sys = noon_clock_step_by(CLOCK_REALTIME, want.ns - now.real_ns);
	if (sys != 0)
		return sys == EPERM ? NOON_ERR_PERM : NOON_ERR_OS;
	s->follower.valid = false;
	steer(c, line);
	return NOON_OK;
}

static noon_time disciplined(struct noon_clock *c)
{
	(void)c;
	return (noon_time){noon_clock_read(CLOCK_REALTIME)};
}

/* A clock that is only read has no line to be on, but it must not jump either. */
static noon_dur jump_of_others(struct system_clock *s, const struct noon_instant *now)
{
	const noon_dur elapsed = now->raw_ns - s->last.raw_ns;
	const noon_dur jump = now->real_ns - s->last.real_ns - elapsed;

	s->last = *now;
	return noon_dur_abs(jump) > STEP_MIN + elapsed / SLEW_OF_OTHERS ? jump : 0;
}

static enum noon_clock_event check(struct noon_clock *c, noon_dur *ret_size)
{
	struct system_clock *s = of(c);
	const struct noon_instant now = noon_instant_now();
	const struct noon_follower_point point = point_of(c, &now);

	if (noon_clock_slept(c, ret_size)) {
		s->follower = (struct noon_follower){.valid = false};
		s->last = now;
		return NOON_CLOCK_SUSPENDED;
	}
	*ret_size =
		s->may_steer ? noon_follower_jump(&s->follower, &point) : jump_of_others(s, &now);
	if (*ret_size == 0)
		return NOON_CLOCK_STEADY;
	s->follower.valid = false;
	return NOON_CLOCK_STEPPED;
}

/* Nobody ends a slew that is under way, so it ends here. */
static void fini(struct noon_clock *c)
{
	struct system_clock *s = of(c);

	if (s->may_steer && s->follower.valid && fabs(c->line.rate) <= FREQ_LIMIT)
		(void)!set_freq(s, c->line.rate);
	free(s);
}

static const struct noon_clock_ops system_ops = {
	.name = "system",
	.real_is_disciplined = true,
	.free_running = free_running,
	.steer = steer,
	.step = step,
	.disciplined = disciplined,
	.check = check,
	.tell = tell,
	.fini = fini,
};

noon_err noon_clock_system_new(bool may_steer, struct noon_clock **ret)
{
	struct system_clock *s = calloc(1, sizeof(*s));
	const struct noon_instant now = noon_instant_now();

	if (s == NULL)
		return NOON_ERR_OS;
	noon_clock_begin(&s->base, &system_ops, now.raw_ns, (noon_time){now.real_ns});
	s->may_steer = may_steer;
	s->last = now;
	if (may_steer) {
		struct timex tx = {.modes = 0};
		noon_err err = NOON_ERR_OS;

		/* Begin at the frequency in force, so that taking over changes nothing. */
		if (clock_adjtime(CLOCK_REALTIME, &tx) >= 0)
			err = take_over(s, &tx);
		if (err) {
			free(s);
			return err;
		}
	}
	*ret = &s->base;
	return NOON_OK;
}
