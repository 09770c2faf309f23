/* SPDX-License-Identifier: Apache-2.0
 *
 * Waiting for the time to be known, and for instants to be past for certain.
 */
#include <errno.h>
#include <stdbool.h>
#include <time.h>

#include "noonmark/clock.h"

#define SECOND INT64_C(1000000000)

/* As the manual says. The page is written each second and after each exchange. A
 * futex in the page would need a system call of the daemon for each of them, whether or not
 * anybody waits, since readers cannot write there that they do. */
#define INTERVAL (SECOND / 10)

static int64_t mono_now(void)
{
	struct timespec ts = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * SECOND + ts.tv_nsec;
}

/* 0, or EINTR. */
static int sleep_until(int64_t mono)
{
	const struct timespec ts = {.tv_sec = mono / SECOND, .tv_nsec = mono % SECOND};

	return clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

static bool is_good(const struct noon_clock_interval *is, int64_t half_width)
{
	/* Half of it, rounded up; ok has a width. */
	return is->status == NOON_CLOCK_OK &&
	       (half_width <= 0 || (is->latest - is->earliest + 1) / 2 <= half_width);
}

int noon_wait(const struct noon_clock_page *page, int64_t half_width, int64_t timeout,
	      struct noon_clock_interval *ret_interval)
{
	const int64_t begin = mono_now();
	const int64_t end =
		timeout < 0 || timeout > INT64_MAX - begin ? INT64_MAX : begin + timeout;

	for (;;) {
		struct noon_clock_interval is;
		const bool known = noon_read(page, &is) == 0;
		const int64_t now = mono_now();
		int err;

		if (known && is_good(&is, half_width)) {
			*ret_interval = is;
			return 0;
		}
		if (now >= end)
			return ETIMEDOUT;
		err = sleep_until(end - now < INTERVAL ? end : now + INTERVAL);
		if (err)
			return err;
	}
}

/* Whether nothing speaks against the interval: in ALARM an assumption may be false, and stale it
 * may be that of another time. */
static bool can_be_relied_on(const struct noon_clock_interval *is)
{
	return is->status == NOON_CLOCK_OK || is->status == NOON_CLOCK_HOLDOVER;
}

int noon_after(const struct noon_clock_page *page, int64_t t)
{
	struct noon_clock_interval is;

	return noon_read(page, &is) == 0 && can_be_relied_on(&is) && is.earliest > t;
}

int noon_before(const struct noon_clock_page *page, int64_t t)
{
	struct noon_clock_interval is;

	return noon_read(page, &is) == 0 && can_be_relied_on(&is) && is.latest < t;
}
