/* SPDX-License-Identifier: Apache-2.0
 *
 * A PTP hardware clock as the disciplined clock. h is CLOCK_MONOTONIC_RAW as everywhere; the
 * device is read against CLOCK_REALTIME and steered after the line.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/ptp_clock.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "platform/clock/clock_priv.h"
#include "platform/clock/phc_sample.h"

struct phc_clock {
	struct noon_clock base; /* first member */
	struct noon_phc_device dev;
	struct noon_follower follower;
};

static struct phc_clock *of(struct noon_clock *c)
{
	return (struct phc_clock *)(void *)c;
}

static noon_time free_running(struct noon_clock *c, int64_t raw_ns)
{
	return noon_time_add(c->h0, raw_ns - c->raw0);
}

/* Read the device and the free-running time at the same instant. */
static int read_both(struct phc_clock *p, struct noon_follower_point *ret)
{
	const struct noon_instant now = noon_instant_now();
	int64_t before;
	int64_t after;
	int64_t phc;
	const int rc = p->dev.sample(p->dev.arg, &before, &phc, &after);

	if (rc != 0)
		return rc;
	const int64_t middle = before + (after - before) / 2;

	*ret = (struct noon_follower_point){
		.h = free_running(&p->base, now.raw_ns + (middle - now.real_ns)),
		.c = {phc},
		.err = now.err + (after - before) / 2,
	};
	return 0;
}

static void steer(struct noon_clock *c, const struct noon_clock_line *line)
{
	struct phc_clock *p = of(c);
	struct noon_follower_point now;
	noon_freq freq;

	if (read_both(p, &now))
		return;
	freq = noon_follower_aim(&p->follower, line, &now, p->dev.max_ppm * 1e-6);
	if (p->dev.set_freq(p->dev.arg, freq * 1e6))
		p->follower.valid = false;
}

static noon_err step(struct noon_clock *c, const struct noon_clock_line *line)
{
	struct phc_clock *p = of(c);
	struct noon_follower_point now;

	if (read_both(p, &now))
		return NOON_ERR_OS;
	if (p->dev.step(p->dev.arg, noon_time_diff(noon_clock_line_at(line, now.h), now.c)))
		return errno == EPERM ? NOON_ERR_PERM : NOON_ERR_OS;
	p->follower.valid = false;
	steer(c, line);
	return NOON_OK;
}

static noon_time disciplined(struct noon_clock *c)
{
	struct phc_clock *p = of(c);
	struct noon_follower_point now;

	if (read_both(p, &now))
		return noon_clock_line_at(&c->line, noon_clock_now(c));
	return noon_time_add(now.c, noon_time_diff(noon_clock_now(c), now.h));
}

static enum noon_clock_event check(struct noon_clock *c, noon_dur *ret_size)
{
	struct phc_clock *p = of(c);
	struct noon_follower_point now;

	if (noon_clock_slept(c, ret_size)) {
		p->follower = (struct noon_follower){.valid = false};
		return NOON_CLOCK_SUSPENDED;
	}
	*ret_size = read_both(p, &now) ? 0 : noon_follower_jump(&p->follower, &now);
	if (*ret_size == 0)
		return NOON_CLOCK_STEADY;
	p->follower.valid = false;
	return NOON_CLOCK_STEPPED;
}

static void fini(struct noon_clock *c)
{
	free(of(c));
}

static const struct noon_clock_ops phc_ops = {
	.name = "phc",
	.free_running = free_running,
	.steer = steer,
	.step = step,
	.disciplined = disciplined,
	.check = check,
	.fini = fini,
};

noon_err noon_clock_phc_new(const struct noon_phc_device *dev, struct noon_clock **ret)
{
	struct phc_clock *p = calloc(1, sizeof(*p));
	const struct noon_instant now = noon_instant_now();
	int64_t before;
	int64_t after;
	int64_t phc;

	if (p == NULL)
		return NOON_ERR_OS;
	p->dev = *dev;
	if (dev->sample(dev->arg, &before, &phc, &after)) {
		free(p);
		return NOON_ERR_OS;
	}
	noon_clock_begin(&p->base, &phc_ops, now.raw_ns, (noon_time){now.real_ns});
	*ret = &p->base;
	return NOON_OK;
}

/* The kernel's device; arg carries the descriptor. */

static int dev_fd(void *arg)
{
	return (int)(intptr_t)arg;
}

/* The dynamic clock id of a descriptor (linux/posix-timers.h: CLOCKFD is 3). */
static clockid_t dev_clock(void *arg)
{
	return (clockid_t)(((unsigned)~dev_fd(arg) << 3) | 3U);
}

static int dev_sample(void *arg, int64_t *ret_before, int64_t *ret_phc, int64_t *ret_after)
{
	return noon_phc_sample(dev_fd(arg), 3, ret_before, ret_phc, ret_after);
}

static int dev_set_freq(void *arg, double ppm)
{
	struct timex tx = {.modes = ADJ_FREQUENCY, .freq = (long)(ppm * 65536)};

	return clock_adjtime(dev_clock(arg), &tx) < 0 ? errno : 0;
}

static int dev_step(void *arg, int64_t delta_ns)
{
	return noon_clock_step_by(dev_clock(arg), delta_ns);
}

noon_err noon_phc_device_open(const char *path, struct noon_phc_device *ret)
{
	const int fd = open(path, O_RDWR | O_CLOEXEC);
	struct ptp_clock_caps caps;

	if (fd < 0)
		return errno == ENOENT	 ? NOON_ERR_NOT_FOUND
		       : errno == EACCES ? NOON_ERR_PERM
					 : NOON_ERR_OS;
	if (ioctl(fd, PTP_CLOCK_GETCAPS, &caps)) {
		(void)close(fd);
		return NOON_ERR_OS;
	}
	*ret = (struct noon_phc_device){
		.arg = (void *)(intptr_t)fd, /* lives as long as the process */
		.sample = dev_sample,
		.set_freq = dev_set_freq,
		.step = dev_step,
		.max_ppm = caps.max_adj / 1000.0,
	};
	return NOON_OK;
}
