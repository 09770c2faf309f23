/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/instruments/phc_port.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ptp_clock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "platform/clock/clock.h"
#include "platform/clock/phc_sample.h"

#define SAMPLES	    5
#define PULSES_MOST 64 /* that are read in one call */

int64_t noon_phc_into_second(int64_t ns)
{
	int64_t into = ns % NOON_NS_PER_SEC;

	into += into < 0 ? NOON_NS_PER_SEC : 0;
	return into > NOON_NS_PER_SEC / 2 ? into - NOON_NS_PER_SEC : into;
}

noon_err noon_phc_port_open(struct noon_phc_port *d, const char *path, bool pulses,
			    struct noon_instrument_why *why)
{
	const int access = pulses ? O_RDWR : O_RDONLY;
	struct ptp_clock_caps caps;
	struct stat st;

	*d = (struct noon_phc_port){.fd = open(path, access | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
	(void)snprintf(d->path, sizeof(d->path), "%s", path);
	if (d->fd < 0 || fstat(d->fd, &st) != 0) {
		(void)snprintf(why->text, sizeof(why->text), "%.150s: %s", path, strerror(errno));
		return errno == EACCES	 ? NOON_ERR_PERM
		       : errno == ENOENT ? NOON_ERR_NOT_FOUND
					 : NOON_ERR_OS;
	}
	d->is_file = S_ISREG(st.st_mode);
	if (d->is_file || ioctl(d->fd, PTP_CLOCK_GETCAPS, &caps) == 0)
		return NOON_OK;
	(void)snprintf(why->text, sizeof(why->text), "%.150s is no PTP hardware clock", path);
	return NOON_ERR_UNSUPPORTED;
}

void noon_phc_port_close(struct noon_phc_port *d)
{
	if (d->fd >= 0)
		(void)close(d->fd);
	d->fd = -1;
}

/* ---- file ---- */

/* The numbers of the line. @return how many, or -1: errno */
static int numbers(const struct noon_phc_port *d, int64_t ret[2])
{
	char line[64];
	char *at = line;
	char *end;
	int n = 0;
	const ssize_t len = pread(d->fd, line, sizeof(line) - 1, 0);

	if (len < 0)
		return -1;
	line[len] = '\0';
	for (; n < 2; n++) {
		ret[n] = strtoll(at, &end, 10);
		if (end == at)
			break;
		at = end;
	}
	return *at == '\n' || *at == '\0' ? n : 0;
}

static int read_file(const struct noon_phc_port *d, struct noon_phc_reading *ret)
{
	const int64_t before = noon_clock_read(CLOCK_REALTIME);
	int64_t number[2];
	const int n = numbers(d, number);

	if (n < 1)
		return n < 0 ? errno : EBADMSG;
	*ret = (struct noon_phc_reading){before, noon_sat_add(before, number[0]), before};
	return 0;
}

/* The reference's seconds pass at `ahead of the reference` within those of the device. */
static int pulse_of_file(struct noon_phc_port *d, int64_t *ret_phc, unsigned *ret_passed)
{
	const int64_t now = noon_clock_read(CLOCK_REALTIME);
	int64_t number[2];
	int64_t second;
	const int n = numbers(d, number);

	if (n < 2)
		return n < 0 ? errno : n == 0 ? EBADMSG : EAGAIN;
	second = (noon_sat_add(now, number[0]) - number[1]) / NOON_NS_PER_SEC;
	if (second == d->pulse_s)
		return EAGAIN;
	*ret_passed = d->pulse_s == 0 ? 1 : (unsigned)(second - d->pulse_s);
	d->pulse_s = second;
	*ret_phc = second * NOON_NS_PER_SEC + number[1];
	return 0;
}

/* ---- device ---- */

int noon_phc_port_read(const struct noon_phc_port *d, struct noon_phc_reading *ret)
{
	return d->is_file ? read_file(d, ret)
			  : noon_phc_sample(d->fd, SAMPLES, &ret->before, &ret->phc, &ret->after);
}

/* Give a pin to a channel; cards without pins that can be set have theirs fixed. */
static void set_pin(int fd, unsigned channel, unsigned function)
{
	struct ptp_pin_desc pin = {.index = channel, .func = function, .chan = channel};

	(void)ioctl(fd, PTP_PIN_SETFUNC, &pin);
}

int noon_phc_port_pulses_in(const struct noon_phc_port *d, unsigned channel)
{
	struct ptp_extts_request r = {.index = channel,
				      .flags = PTP_ENABLE_FEATURE | PTP_RISING_EDGE};

	if (d->is_file)
		return 0;
	set_pin(d->fd, channel, PTP_PF_EXTTS);
	return ioctl(d->fd, PTP_EXTTS_REQUEST, &r) == 0 ? 0 : errno;
}

int noon_phc_port_pulse(struct noon_phc_port *d, int64_t *ret_phc, unsigned *ret_passed)
{
	struct ptp_extts_event e;
	unsigned n = 0;

	if (d->is_file)
		return pulse_of_file(d, ret_phc, ret_passed);
	while (n < PULSES_MOST && read(d->fd, &e, sizeof(e)) == (ssize_t)sizeof(e)) {
		*ret_phc = e.t.sec * NOON_NS_PER_SEC + e.t.nsec;
		n++;
	}
	*ret_passed = n;
	return n > 0 ? 0 : errno;
}

int noon_phc_port_pulses_out(const struct noon_phc_port *d, unsigned channel)
{
	struct ptp_perout_request r = {.index = channel, .period = {.sec = 1}};
	struct noon_phc_reading now;
	const int error = noon_phc_port_read(d, &now);

	if (error != 0 || d->is_file)
		return error;
	/* It has to lie in the future. */
	r.start.sec = now.phc / NOON_NS_PER_SEC + 2;
	set_pin(d->fd, channel, PTP_PF_PEROUT);
	return ioctl(d->fd, PTP_PEROUT_REQUEST, &r) == 0 ? 0 : errno;
}
