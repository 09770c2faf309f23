/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/clock/phc_sample.h"

#include <assert.h>
#include <errno.h>
#include <linux/ptp_clock.h>
#include <stddef.h>
#include <sys/ioctl.h>

#include "base/time.h"

struct best {
	int64_t before, phc, after;
	int64_t window;
};

static int64_t ns_of(const struct ptp_clock_time *t)
{
	return t->sec * NOON_NS_PER_SEC + t->nsec;
}

/* Three readings in a row: system, device, system. */
static void take(struct best *b, const struct ptp_clock_time *before,
		 const struct ptp_clock_time *phc, const struct ptp_clock_time *after)
{
	const int64_t window = ns_of(after) - ns_of(before);

	/* Negative where the system clock was stepped in between. */
	if (window < 0 || window >= b->window)
		return;
	*b = (struct best){ns_of(before), ns_of(phc), ns_of(after), window};
}

static int read_extended(int fd, unsigned n, struct best *b)
{
	struct ptp_sys_offset_extended off = {.n_samples = n};

	if (ioctl(fd, PTP_SYS_OFFSET_EXTENDED, &off) != 0)
		return errno;
	for (unsigned i = 0; i < n; i++)
		take(b, &off.ts[i][0], &off.ts[i][1], &off.ts[i][2]);
	return 0;
}

static int read_plain(int fd, unsigned n, struct best *b)
{
	struct ptp_sys_offset off = {.n_samples = n};

	if (ioctl(fd, PTP_SYS_OFFSET, &off) != 0)
		return errno;
	/* System and device in turn; the system clock is first and last. */
	for (size_t i = 0; i < n; i++)
		take(b, &off.ts[2 * i], &off.ts[2 * i + 1], &off.ts[2 * i + 2]);
	return 0;
}

int noon_phc_sample(int fd, unsigned n, int64_t *ret_before, int64_t *ret_phc, int64_t *ret_after)
{
	struct best b = {.window = INT64_MAX};
	int sys;

	assert(n >= 1 && n <= PTP_MAX_SAMPLES);
	sys = read_extended(fd, n, &b);
	if (sys == ENOTTY || sys == EOPNOTSUPP || sys == EINVAL)
		sys = read_plain(fd, n, &b);
	if (sys != 0)
		return sys;
	if (b.window == INT64_MAX)
		return EAGAIN;
	*ret_before = b.before;
	*ret_phc = b.phc;
	*ret_after = b.after;
	return 0;
}
