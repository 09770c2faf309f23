/* SPDX-License-Identifier: Apache-2.0
 *
 * Its kernel is its own: the linker takes the test's ioctl() for the C library's.
 */
#include <errno.h>
#include <linux/ptp_clock.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "platform/clock/phc_sample.h"

static struct kernel {
	int extended, plain; /* errno; 0: works */
	unsigned n_extended, n_plain;
	int64_t step; /* the system clock goes back by it within each window, s */
} kernel;

int __wrap_ioctl(int fd, unsigned long request, void *arg);

static struct ptp_clock_time at(int64_t s, uint32_t ns)
{
	return (struct ptp_clock_time){.sec = s, .nsec = ns};
}

/* Windows of 900, 800, ... ns; the device is 5 s ahead of the middle. */
static void fill_extended(struct ptp_sys_offset_extended *off)
{
	for (unsigned i = 0; i < off->n_samples; i++) {
		const uint32_t half = (9 - i) * 50;

		off->ts[i][0] = at(100 + i, 999999999 - half);
		off->ts[i][1] = at(105 + i, 999999999);
		off->ts[i][2] = at(101 + i - kernel.step, half - 1);
	}
}

static void fill_plain(struct ptp_sys_offset *off)
{
	uint32_t ns = 1000;

	for (unsigned i = 0; i <= 2 * off->n_samples; i++) {
		off->ts[i] = at(i % 2 == 0 ? 100 : 105, ns);
		/* The third window is the shortest. */
		ns += i == 4 || i == 5 ? 20 : 100;
	}
}

int __wrap_ioctl(int fd, unsigned long request, void *arg)
{
	int sys = EBADF;

	assert_int_equal(fd, 42);
	if (request == PTP_SYS_OFFSET_EXTENDED) {
		kernel.n_extended++;
		sys = kernel.extended;
		if (sys == 0)
			fill_extended(arg);
	} else if (request == PTP_SYS_OFFSET) {
		kernel.n_plain++;
		sys = kernel.plain;
		if (sys == 0)
			fill_plain(arg);
	}
	errno = sys;
	return sys == 0 ? 0 : -1;
}

static void takes_the_shortest_window(void **state)
{
	int64_t before, phc, after;

	(void)state;
	kernel = (struct kernel){.plain = EIO};
	assert_int_equal(noon_phc_sample(42, 5, &before, &phc, &after), 0);
	assert_int_equal(before, INT64_C(104999999999) - 250);
	assert_int_equal(phc, INT64_C(109999999999));
	assert_int_equal(after, INT64_C(105000000000) + 249);
	assert_int_equal(kernel.n_plain, 0);
}

static void falls_back_where_the_kernel_lacks_the_extended_one(void **state)
{
	static const int lacks[] = {ENOTTY, EOPNOTSUPP, EINVAL};

	(void)state;
	for (size_t i = 0; i < sizeof(lacks) / sizeof(lacks[0]); i++) {
		int64_t before, phc, after;

		kernel = (struct kernel){.extended = lacks[i]};
		assert_int_equal(noon_phc_sample(42, 5, &before, &phc, &after), 0);
		assert_int_equal(before, INT64_C(100000001400));
		assert_int_equal(phc, INT64_C(105000001420));
		assert_int_equal(after, INT64_C(100000001440));
	}
}

static void fails_with_the_error_of_the_kernel(void **state)
{
	int64_t before = 7, phc = 7, after = 7;

	(void)state;
	kernel = (struct kernel){.extended = ENODEV};
	assert_int_equal(noon_phc_sample(42, 5, &before, &phc, &after), ENODEV);
	assert_int_equal(kernel.n_plain, 0);
	kernel = (struct kernel){.extended = ENOTTY, .plain = EIO};
	assert_int_equal(noon_phc_sample(42, 5, &before, &phc, &after), EIO);
	assert_true(before == 7 && phc == 7 && after == 7);
}

static void takes_no_window_in_which_the_clock_was_stepped_back(void **state)
{
	int64_t before = 7, phc = 7, after = 7;

	(void)state;
	kernel = (struct kernel){.step = 10};
	assert_int_equal(noon_phc_sample(42, 5, &before, &phc, &after), EAGAIN);
	assert_int_equal(before, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_the_shortest_window),
		cmocka_unit_test(falls_back_where_the_kernel_lacks_the_extended_one),
		cmocka_unit_test(fails_with_the_error_of_the_kernel),
		cmocka_unit_test(takes_no_window_in_which_the_clock_was_stepped_back),
	};

	return cmocka_run_group_tests_name("platform/clock/phc_sample", tests, NULL, NULL);
}
