/* SPDX-License-Identifier: Apache-2.0
 *
 * CLOCK_REALTIME, steered by clock_adjtime() frequency only and stepped by ADJ_SETOFFSET.
 *
 * The kernel's own frequency correction is relative to CLOCK_MONOTONIC_RAW, which is exactly the
 * rate of our line, as long as its tick has the nominal length: another daemon may have changed it,
 * so it is reset at the start. A step by another program shows as a difference between the clock
 * and where the last setting must have taken it.
 *
 * The kernel carries out a leap second, so that CLOCK_TAI and adjtimex(2) reflect it: STA_INS or
 * STA_DEL on its day. The kernel does it at the first tick after its own clock has come to the end
 * of the day, the engine once UTC is there for certain. C is on the engine's line all the time: a
 * leap second that only one of the two has carried out is corrected for.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "platform/clock/clock_priv.h"

#define FREQ_LIMIT 500e-6 /* MAXFREQ of the kernel */

/* The kernel reports a clock with a larger error as unsynchronised: NTP_PHASE_LIMIT. */
#define ERROR_LIMIT NOON_S(16)

/* Another program may slew the clock this fast; anything faster is a step. */
#define SLEW_OF_OTHERS 1000 /* 1 / 1000 ppm */
#define STEP_MIN       NOON_MS(1)

/* Between two claims without a worse value; the owner makes one a second. */
#define TELL_EVERY NOON_MS(990)

/* The kernel applies STA_INS at the end of its own day: it must not be set for the day before, or
 * too late. */
#define DAY	      NOON_S(86400)
#define LEAP_EARLIEST (DAY - NOON_S(60))
#define LEAP_LATEST   NOON_S(2)

/* The comparison with CLOCK_MONOTONIC_RAW that detects the kernel's leap is not renewed this close
 * to it. */
#define LEAP_NEAR NOON_S(10)

/* If our count has leapt and the kernel's has not by then, it will not any more. */
#define LEAP_TIMEOUT NOON_S(2)

struct system_clock {
	struct noon_clock base; /* first member */
	bool may_steer;
	int status; /* of the kernel's clock */
	struct noon_follower follower;
	int64_t told_raw;    /* of the last claim; INT64_MIN: none */
	noon_dur told_bound; /* in it */
	struct {
		noon_dur shift;		    /* set in the kernel; 0: nothing */
		noon_time at;		    /* C at which it takes effect */
		struct noon_instant before; /* shows whether the kernel has carried it out */
		int tai;		    /* of the kernel then */
		bool by_kernel;		    /* has it? */
		int64_t by_line_raw;	    /* when the line did; INT64_MIN: not yet */
	} leap;
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

static noon_err adjust(struct timex *tx)
{
	if (clock_adjtime(CLOCK_REALTIME, tx) < 0)
		return errno == EPERM ? NOON_ERR_PERM : NOON_ERR_OS;
	return NOON_OK;
}

static noon_err set_freq(noon_freq freq)
{
	/* Units of the kernel: 2^-16 ppm. */
	struct timex tx = {.modes = ADJ_FREQUENCY, .freq = (long)(freq * 1e6 * 65536)};

	return adjust(&tx);
}

static noon_err set_status(struct system_clock *s, int status)
{
	struct timex tx = {.modes = ADJ_STATUS, .status = status};
	const noon_err err = adjust(&tx);

	if (!err)
		s->status = status;
	return err;
}

/* --- leap seconds ---------------------------------------------------------------------------- */

/* While the clock is marked unsynchronised the state is TIME_ERROR, with or without the leap
 * second; the kernel changes TAI - UTC with the leap second and not with a step. */
static bool kernel_says_so(const struct system_clock *s)
{
	struct timex tx = {.modes = 0};
	const int state = clock_adjtime(CLOCK_REALTIME, &tx);

	return state == TIME_OOP || state == TIME_WAIT ||
	       (state >= 0 && tx.tai == s->leap.tai - (int)(s->leap.shift / NOON_NS_PER_SEC));
}

static bool is_leap_near(const struct system_clock *s, const struct noon_instant *now)
{
	return s->leap.shift != 0 && s->leap.at.ns - now->real_ns <= LEAP_NEAR;
}

/* Find out whether the kernel had carried the leap second out at an instant: then CLOCK_REALTIME
 * has moved by it. Its state changes later, so the instant decides, and the state tells a leap
 * second from a step. */
static bool has_leapt(struct system_clock *s, const struct noon_instant *now)
{
	const noon_dur moved =
		now->real_ns - s->leap.before.real_ns - (now->raw_ns - s->leap.before.raw_ns);
	const bool there = noon_dur_abs(moved - s->leap.shift) < noon_dur_abs(s->leap.shift) / 2;

	if (!s->leap.by_kernel && there)
		s->leap.by_kernel = kernel_says_so(s);
	return s->leap.by_kernel && there;
}

/* C - CLOCK_REALTIME at an instant: the leap second, while only one of line and kernel has it. */
static noon_dur leap_ahead(struct system_clock *s, const struct noon_instant *now)
{
	noon_dur ahead = 0;

	if (s->leap.shift == 0)
		return 0;
	if (!s->leap.by_kernel && !is_leap_near(s, now))
		s->leap.before = *now;
	if (has_leapt(s, now))
		ahead -= s->leap.shift;
	if (s->leap.by_line_raw != INT64_MIN)
		ahead += s->leap.shift;
	return ahead;
}

static int leap_status(noon_dur shift)
{
	return shift < 0 ? STA_INS : shift > 0 ? STA_DEL : 0;
}

/* Set or clear the kernel's leap second of this day. */
static void plan_leap(struct system_clock *s, const struct noon_clock_claim *claim,
		      const struct noon_instant *now)
{
	const noon_dur left = claim->leap_at.ns - now->real_ns;
	struct timex tx = {.modes = 0};

	if (s->leap.by_kernel || s->leap.by_line_raw != INT64_MIN)
		return; /* it is in progress */
	if (claim->leap == 0) {
		s->leap.shift = 0;
		return;
	}
	if (s->leap.shift != 0 || left > LEAP_EARLIEST || left < LEAP_LATEST)
		return;
	s->leap.shift = claim->leap;
	s->leap.at = claim->leap_at;
	s->leap.before = *now;
	if (clock_adjtime(CLOCK_REALTIME, &tx) >= 0)
		s->leap.tai = tx.tai;
}

static void end_leap(struct system_clock *s)
{
	s->leap.shift = 0;
	s->leap.by_kernel = false;
	s->leap.by_line_raw = INT64_MIN;
}

/* Fold a non-nominal tick into the frequency. */
static noon_err take_over(struct system_clock *s, const struct timex *now)
{
	const long nominal = 1000000 / sysconf(_SC_CLK_TCK);
	struct timex tx = {.modes = ADJ_TICK, .tick = nominal};
	noon_err err;
	noon_freq freq =
		(double)now->freq / 65536 / 1e6 + (double)(now->tick - nominal) / (double)nominal;

	if (now->tick != nominal && clock_adjtime(CLOCK_REALTIME, &tx) < 0)
		return errno == EPERM ? NOON_ERR_PERM : NOON_ERR_OS;
	freq = freq > FREQ_LIMIT ? FREQ_LIMIT : freq;
	err = set_freq(freq < -FREQ_LIMIT ? -FREQ_LIMIT : freq);
	if (err)
		return err;
	/* STA_FREQHOLD disables the kernel's own loop. The first claim sets whether the clock is
	 * synchronised. */
	return set_status(s, STA_FREQHOLD | (now->status & STA_UNSYNC));
}

static struct noon_follower_point point_of(struct noon_clock *c, const struct noon_instant *now)
{
	const noon_time at = {now->real_ns + leap_ahead(of(c), now)};

	return (struct noon_follower_point){free_running(c, now->raw_ns), at, now->err};
}

static void steer(struct noon_clock *c, const struct noon_clock_line *line)
{
	struct system_clock *s = of(c);
	const struct noon_instant instant = noon_instant_now();
	const struct noon_follower_point now = point_of(c, &instant);

	if (!s->may_steer)
		return;
	if (set_freq(noon_follower_aim(&s->follower, line, &now, FREQ_LIMIT)))
		s->follower.valid = false;
}

/* Return whole us, rounded up; the kernel's maximum beyond that. */
static long error_us(noon_dur ns)
{
	const noon_dur least = ns < ERROR_LIMIT ? ns : ERROR_LIMIT;

	return (long)((least + 999) / 1000);
}

/* TAI - UTC, which the kernel itself changes with a leap second. */
static void tell_tai(int16_t tai, const struct timex *is)
{
	struct timex tx = {.modes = ADJ_TAI, .constant = tai};

	if (tai > 0 && is->tai != tai)
		(void)clock_adjtime(CLOCK_REALTIME, &tx);
}

/* The kernel lets maxerror grow by 500 ppm: MAXFREQ. */
#define GROWTH 2000 /* 1 / 500 ppm */

/* Whether a claim is worse than the kernel's current values. */
static bool is_worse(const struct system_clock *s, const struct timex *tx, noon_dur bound,
		     noon_dur since)
{
	return (tx->status & ~s->status & STA_UNSYNC) != 0 ||
	       bound > noon_sat_add(s->told_bound, since / GROWTH);
}

static void finish_leap(struct system_clock *s, const struct noon_instant *now);

static void tell(struct noon_clock *c, const struct noon_clock_claim *claim)
{
	struct system_clock *s = of(c);
	const struct noon_instant now = noon_instant_now();
	const bool good = claim->synchronised && claim->bound < ERROR_LIMIT;
	struct timex tx = {
		.modes = ADJ_MAXERROR | ADJ_ESTERROR | ADJ_STATUS,
		.maxerror = error_us(claim->bound),
		.esterror = error_us(claim->estimate),
	};
	noon_dur since;

	if (!s->may_steer)
		return;
	finish_leap(s, &now);
	plan_leap(s, claim, &now);
	tx.status = STA_FREQHOLD | (good ? 0 : STA_UNSYNC) | leap_status(s->leap.shift);
	since = s->told_raw == INT64_MIN ? NOON_DUR_MAX : now.raw_ns - s->told_raw;
	if (since < TELL_EVERY && !is_worse(s, &tx, claim->bound, since))
		return;
	if (adjust(&tx)) /* steering reports what is wrong */
		return;
	s->status = tx.status;
	s->told_raw = now.raw_ns;
	s->told_bound = claim->bound;
	if (is_leap_near(s, &now))
		return; /* the kernel may have changed it by now */
	tell_tai(claim->tai, &tx);
	s->leap.tai = claim->tai > 0 ? claim->tai : tx.tai;
}

static noon_err step(struct noon_clock *c, const struct noon_clock_line *line)
{
	struct system_clock *s = of(c);
	const struct noon_instant now = noon_instant_now();
	const noon_time want = noon_clock_line_at(line, free_running(c, now.raw_ns));
	const struct noon_follower_point at = point_of(c, &now);
	int sys;

	if (!s->may_steer)
		return NOON_ERR_PERM;
	sys = noon_clock_step_by(CLOCK_REALTIME, noon_time_diff(want, at.c));
	if (sys != 0)
		return sys == EPERM ? NOON_ERR_PERM : NOON_ERR_OS;
	if (!s->leap.by_kernel)
		s->leap.before = noon_instant_now();
	s->follower.valid = false;
	steer(c, line);
	return NOON_OK;
}

/* The kernel has not been told, or did not do it: CLOCK_TAI must be updated all the same. */
static noon_err leap_by_step(struct system_clock *s, noon_dur shift)
{
	struct timex tx = {.modes = 0};
	const noon_err err = set_status(s, s->status & ~(STA_INS | STA_DEL));
	int sys;

	if (err)
		return err;
	sys = noon_clock_step_by(CLOCK_REALTIME, shift);
	if (sys != 0)
		return sys == EPERM ? NOON_ERR_PERM : NOON_ERR_OS;
	if (clock_adjtime(CLOCK_REALTIME, &tx) >= 0 && tx.tai > 0)
		tell_tai((int16_t)(tx.tai - shift / NOON_NS_PER_SEC), &tx);
	return NOON_OK;
}

/* Line and kernel have both leapt, or the kernel does not. */
static void finish_leap(struct system_clock *s, const struct noon_instant *now)
{
	const noon_dur shift = s->leap.shift;

	if (shift == 0 || s->leap.by_line_raw == INT64_MIN)
		return;
	if (has_leapt(s, now)) {
		end_leap(s);
	} else if (now->raw_ns - s->leap.by_line_raw > LEAP_TIMEOUT) {
		end_leap(s);
		s->follower.valid = false;
		(void)!leap_by_step(s, shift); /* the next check reports what is wrong */
	}
}

static noon_err leap(struct noon_clock *c, const struct noon_clock_line *line, noon_dur shift)
{
	struct system_clock *s = of(c);
	const struct noon_instant now = noon_instant_now();
	noon_err err = NOON_OK;

	if (!s->may_steer)
		return NOON_ERR_PERM;
	if (s->leap.shift == shift) {
		s->leap.by_line_raw = now.raw_ns;
		finish_leap(s, &now);
	} else {
		end_leap(s);
		err = leap_by_step(s, shift);
	}
	if (err)
		return err;
	/* Everything counted before is in the old count. */
	s->follower.set.c = noon_time_add(s->follower.set.c, shift);
	steer(c, line);
	return NOON_OK;
}

/* Only around a leap second is it anything but CLOCK_REALTIME. */
static noon_time disciplined(struct noon_clock *c)
{
	struct system_clock *s = of(c);

	if (s->leap.shift != 0) {
		const struct noon_instant now = noon_instant_now();

		return (noon_time){now.real_ns + leap_ahead(s, &now)};
	}
	return (noon_time){noon_clock_read(CLOCK_REALTIME)};
}
/* A clock that is only read has no line, but it must not jump either. */
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

/* Nobody stops a slew in progress, so stop it here. */
static void fini(struct noon_clock *c)
{
	struct system_clock *s = of(c);

	if (s->may_steer && s->follower.valid && fabs(c->line.rate) <= FREQ_LIMIT)
		(void)!set_freq(c->line.rate);
	free(s);
}

static const struct noon_clock_ops system_ops = {
	.name = "system",
	.real_is_disciplined = true,
	.free_running = free_running,
	.steer = steer,
	.step = step,
	.leap = leap,
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
	s->told_raw = INT64_MIN;
	end_leap(s);
	if (may_steer) {
		struct timex tx = {.modes = 0};
		noon_err err = NOON_ERR_OS;

		/* Start at the current frequency, so that taking over changes nothing. */
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
