/* SPDX-License-Identifier: Apache-2.0
 *
 * A PTP hardware clock (/dev/ptpN) that a reference steers, read against the system clock once a
 * second.
 *
 * A regular file stands for a device in tests: one line, the number of ns by which the "device" is
 * ahead of the system clock; it is read again each time.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/ptp_clock.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "platform/clock/clock.h"
#include "platform/clock/phc_sample.h"
#include "platform/clock/tai.h"
#include "platform/instruments/driver.h"
#include "platform/instruments/drivers.h"

#define EVERY	     NOON_S(1)
#define SILENT_AFTER NOON_S(3)
#define SAMPLES	     5
/* Stamps are whole ns, and so are the steps of most cards. */
#define U_MIN	  1e-9
#define LEAP_LIST "/usr/share/zoneinfo/leap-seconds.list"

struct phc;

struct sample {
	int64_t before, phc, after; /* ns */
};

/* Where readings come from. */
struct backend {
	/* @retval NOON_OK, others: see *why */
	noon_err (*check)(const struct phc *p, struct noon_instrument_why *why);
	/* @return 0, EBADMSG: no number, others: errno */
	int (*sample)(const struct phc *p, struct sample *ret);
};

struct phc {
	struct noon_instrument i;
	struct noon_silence silence;
	const struct backend *backend;
	struct noon_timer timer;
	char path[256];
	int fd;
	bool tai;	 /* it runs on TAI */
	int16_t tai_utc; /* s */
	int64_t tai_day; /* UTC, days since 1970, for which tai_utc was looked up */
};

/* ---- device ---- */

static noon_err check_device(const struct phc *p, struct noon_instrument_why *why)
{
	struct ptp_clock_caps caps;

	if (ioctl(p->fd, PTP_CLOCK_GETCAPS, &caps) == 0)
		return NOON_OK;
	(void)snprintf(why->text, sizeof(why->text), "%.150s is no PTP hardware clock", p->path);
	return NOON_ERR_UNSUPPORTED;
}

static int sample_device(const struct phc *p, struct sample *ret)
{
	return noon_phc_sample(p->fd, SAMPLES, &ret->before, &ret->phc, &ret->after);
}

/* ---- file ---- */

static noon_err check_file(const struct phc *p, struct noon_instrument_why *why)
{
	(void)p;
	(void)why;
	return NOON_OK;
}

static int sample_file(const struct phc *p, struct sample *ret)
{
	char line[64];
	char *end;
	int64_t ahead;
	const int64_t before = noon_clock_read(CLOCK_REALTIME);
	const ssize_t n = pread(p->fd, line, sizeof(line) - 1, 0);

	if (n < 0)
		return errno;
	line[n] = '\0';
	ahead = strtoll(line, &end, 10);
	if (end == line || (*end != '\n' && *end != '\0'))
		return EBADMSG;
	*ret = (struct sample){before, noon_sat_add(before, ahead), before};
	return 0;
}

static const struct backend device = {check_device, sample_device};
static const struct backend file = {check_file, sample_file};

/* ---- driver ---- */

/* TAI - UTC changes at the beginning of a day only. */
static bool know_tai(struct phc *p, const char **ret_why)
{
	const int64_t now_s = noon_clock_read(CLOCK_REALTIME) / NOON_NS_PER_SEC;
	const int64_t day = now_s / 86400;
	struct noon_leap_list list;

	if (!p->tai || day == p->tai_day)
		return true;
	if (noon_tai_find(LEAP_LIST, now_s, &p->tai_utc, &list, ret_why))
		return false;
	p->tai_day = day;
	return true;
}

static void give(struct phc *p, const struct sample *s)
{
	const int64_t middle = s->before + (s->after - s->before) / 2;
	const int64_t utc = noon_sat_sub(s->phc, p->tai ? p->tai_utc * NOON_NS_PER_SEC : 0);
	/* The device was read somewhere within the window. */
	const double half_s = noon_dur_to_s(s->after - s->before) / 2;
	const struct noon_instrument_reading r = {
		.kind = NOON_INSTRUMENT_OFFSET,
		.at = {middle},
		.value_s = noon_dur_to_s(noon_sat_sub(utc, middle)),
		.u_s = fmax(U_MIN, half_s / sqrt(3)),
	};

	noon_instrument_give(&p->silence, &r);
}

static void on_second(void *arg)
{
	struct phc *p = arg;
	struct sample s;
	const char *why = NULL;
	const int sys = p->backend->sample(p, &s);

	noon_loop_arm(p->i.conf.loop, &p->timer, EVERY);
	if (sys == EBADMSG)
		p->i.count[NOON_INSTRUMENT_COUNT_MALFORMED]++;
	else if (sys != 0)
		noon_instrument_complain(&p->silence, strerror(sys));
	else if (!know_tai(p, &why))
		noon_instrument_complain(&p->silence, why);
	else
		give(p, &s);
}

static void close_phc(struct noon_instrument *i)
{
	struct phc *p = (struct phc *)i;

	noon_loop_disarm(&p->timer);
	noon_silence_end(&p->silence);
	if (p->fd >= 0)
		(void)close(p->fd);
	free(p);
}

/* DEVICE or DEVICE,tai */
static bool read_address(struct phc *p, const char *address)
{
	const size_t n = strcspn(address, ",");

	p->tai = strcmp(address + n, ",tai") == 0;
	if (n == 0 || n >= sizeof(p->path) || (address[n] == ',' && !p->tai))
		return false;
	(void)snprintf(p->path, sizeof(p->path), "%.*s", (int)n, address);
	return true;
}

static noon_err open_backend(struct phc *p, struct noon_instrument_why *why)
{
	const char *text = "";
	struct stat st;
	noon_err err;

	/* Reading needs no right to steer it. */
	p->fd = open(p->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (p->fd < 0 || fstat(p->fd, &st) != 0) {
		(void)snprintf(why->text, sizeof(why->text), "%.150s: %s", p->path,
			       strerror(errno));
		return errno == EACCES	 ? NOON_ERR_PERM
		       : errno == ENOENT ? NOON_ERR_NOT_FOUND
					 : NOON_ERR_OS;
	}
	p->backend = S_ISREG(st.st_mode) ? &file : &device;
	err = p->backend->check(p, why);
	if (!err && !know_tai(p, &text)) {
		(void)snprintf(why->text, sizeof(why->text), "TAI - UTC is not known: %.200s",
			       text);
		err = NOON_ERR_NOT_FOUND;
	}
	return err;
}

static noon_err open_phc(const char *address, const struct noon_instrument_conf *conf,
			 struct noon_instrument **ret, struct noon_instrument_why *why)
{
	struct phc *p = calloc(1, sizeof(*p));
	noon_err err;

	if (p == NULL) {
		(void)snprintf(why->text, sizeof(why->text), "out of memory");
		return NOON_ERR_OS;
	}
	if (!read_address(p, address)) {
		(void)snprintf(why->text, sizeof(why->text),
			       "phc:%.100s: expected phc:DEVICE or phc:DEVICE,tai", address);
		free(p);
		return NOON_ERR_FORMAT;
	}
	p->i = (struct noon_instrument){.driver = &noon_instrument_phc, .conf = *conf};
	p->timer = (struct noon_timer){.fire = on_second, .arg = p};
	err = open_backend(p, why);
	if (err) {
		close_phc(&p->i);
		return err;
	}
	noon_silence_begin(&p->silence, &p->i, SILENT_AFTER, "no reading for 3 s");
	noon_loop_arm(conf->loop, &p->timer, 0);
	*ret = &p->i;
	return NOON_OK;
}

const struct noon_instrument_driver noon_instrument_phc = {
	.name = "phc",
	.address = "DEVICE[,tai]",
	.summary = "a PTP hardware clock, such as phc:/dev/ptp0; tai: it runs on TAI",
	.kind = NOON_INSTRUMENT_OFFSET,
	.open = open_phc,
	.close = close_phc,
};
