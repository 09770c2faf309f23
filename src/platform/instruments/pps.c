/* SPDX-License-Identifier: Apache-2.0
 *
 * Pulses of a reference that the kernel stamps (RFC 2783): /dev/ppsN. The kernel keeps the last
 * one, so it is looked at a few times a second.
 *
 * A regular file of instants stands for a device in tests: a line for each pulse, ns since 1970 of
 * the system clock. The last one that is past is the one the "kernel" keeps.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/pps.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "platform/clock/clock.h"
#include "platform/instruments/drivers.h"

#define LOOK_EVERY   NOON_MS(200)
#define SILENT_AFTER NOON_S(3)
/* Interrupts are late by up to some 5 us, and nobody knows by how much. */
#define LATENCY_U 2.9e-6

struct pulse {
	noon_time at;
	uint32_t sequence;
};

struct pps;

/* Where pulses come from. */
struct source {
	/** The last pulse. @return false: failed, errno says why. Sequence 0: there was none yet */
	bool (*fetch)(struct pps *p, struct pulse *ret);
};

struct pps {
	struct noon_instrument i;
	const struct source *source;
	int fd;
	FILE *file;	     /* instants; NULL: a device */
	struct pulse coming; /* of the file: read, and not past yet */
	struct pulse last;
	bool clear; /* the falling edge is the one that counts */
	struct noon_timer timer;
	noon_time heard; /* monotonic */
	bool silent;	 /* and that was said */
};

/* ---- device ---- */

static bool fetch_device(struct pps *p, struct pulse *ret)
{
	struct pps_fdata f = {.timeout = {.flags = 0}};
	const struct pps_ktime *t = p->clear ? &f.info.clear_tu : &f.info.assert_tu;

	if (ioctl(p->fd, PPS_FETCH, &f) != 0)
		return false;
	ret->sequence = p->clear ? f.info.clear_sequence : f.info.assert_sequence;
	ret->at = (noon_time){t->sec * NOON_NS_PER_SEC + t->nsec};
	return true;
}

static noon_err set_up_device(struct pps *p, const char *path, struct noon_instrument_why *why)
{
	const int edge = p->clear ? PPS_CAPTURECLEAR : PPS_CAPTUREASSERT;
	struct pps_kparams k;
	int can = 0;

	if (ioctl(p->fd, PPS_GETCAP, &can) != 0 || ioctl(p->fd, PPS_GETPARAMS, &k) != 0) {
		(void)snprintf(why->text, sizeof(why->text), "%.150s is no PPS device (RFC 2783)",
			       path);
		return NOON_ERR_UNSUPPORTED;
	}
	if ((can & edge) == 0) {
		(void)snprintf(why->text, sizeof(why->text), "%.150s cannot capture the %s edge",
			       path, p->clear ? "clear" : "assert");
		return NOON_ERR_UNSUPPORTED;
	}
	k.mode = (k.mode & PPS_CAPTUREBOTH) | edge | PPS_TSFMT_TSPEC;
	/* Without the right to set it, it may be set already. */
	if (ioctl(p->fd, PPS_SETPARAMS, &k) != 0 &&
	    (ioctl(p->fd, PPS_GETPARAMS, &k) != 0 || (k.mode & edge) == 0)) {
		(void)snprintf(why->text, sizeof(why->text),
			       "%.150s does not capture the %s edge, and it cannot be told to: %s",
			       path, p->clear ? "clear" : "assert", strerror(errno));
		return NOON_ERR_PERM;
	}
	return NOON_OK;
}

/* ---- file of instants ---- */

/* The next instant of the file. @return false: there is none (yet) */
static bool next_instant(struct pps *p)
{
	char line[64];
	char *end;

	clearerr(p->file);
	while (fgets(line, sizeof(line), p->file) != NULL) {
		const int64_t ns = strtoll(line, &end, 10);

		if (end == line || (*end != '\n' && *end != '\0')) {
			p->i.count[NOON_INSTRUMENT_COUNT_MALFORMED]++;
			continue;
		}
		p->coming.at = (noon_time){ns};
		p->coming.sequence++;
		return true;
	}
	return false;
}

static bool fetch_file(struct pps *p, struct pulse *ret)
{
	const noon_time now = {noon_clock_read(CLOCK_REALTIME)};

	*ret = p->last;
	if (p->coming.sequence == p->last.sequence && !next_instant(p))
		return true;
	while (!noon_time_before(now, p->coming.at)) {
		*ret = p->coming;
		if (!next_instant(p))
			break;
	}
	return true;
}

static const struct source device = {fetch_device};
static const struct source instants = {fetch_file};

/* ---- driver ---- */

static void take(struct pps *p, const struct pulse *k)
{
	const uint32_t passed = k->sequence - p->last.sequence;
	const struct noon_instrument_reading r = {.kind = NOON_INSTRUMENT_PULSE,
						  .at = k->at,
						  .value_s = (double)NAN,
						  .u_s = LATENCY_U};

	if (passed > 1 && p->last.sequence != 0)
		p->i.count[NOON_INSTRUMENT_COUNT_MISSED] += passed - 1;
	p->last = *k;
	p->heard = noon_mono_now();
	p->silent = false;
	p->i.count[NOON_INSTRUMENT_COUNT_READINGS]++;
	p->i.conf.on_reading(p->i.conf.arg, &r);
}

static void complain(struct pps *p, const char *why)
{
	if (!p->silent)
		p->i.conf.on_fault(p->i.conf.arg, why);
	p->silent = true;
}

static void on_look(void *arg)
{
	struct pps *p = arg;
	struct pulse k;

	noon_loop_arm(p->i.conf.loop, &p->timer, LOOK_EVERY);
	if (!p->source->fetch(p, &k))
		complain(p, strerror(errno));
	else if (k.sequence != p->last.sequence)
		take(p, &k);
	else if (noon_time_diff(noon_mono_now(), p->heard) > SILENT_AFTER)
		complain(p, "no pulse for 3 s");
}

static void close_pps(struct noon_instrument *i)
{
	struct pps *p = (struct pps *)i;

	noon_loop_disarm(&p->timer);
	if (p->file != NULL)
		(void)fclose(p->file);
	else if (p->fd >= 0)
		(void)close(p->fd);
	free(p);
}

static noon_err open_source(struct pps *p, const char *path, struct noon_instrument_why *why)
{
	struct stat st;

	p->fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (p->fd < 0)
		p->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (p->fd < 0 || fstat(p->fd, &st) != 0) {
		(void)snprintf(why->text, sizeof(why->text), "%.150s: %s", path, strerror(errno));
		return errno == EACCES ? NOON_ERR_PERM : NOON_ERR_NOT_FOUND;
	}
	if (!S_ISREG(st.st_mode)) {
		p->source = &device;
		return set_up_device(p, path, why);
	}
	p->source = &instants;
	p->file = fdopen(p->fd, "r");
	if (p->file != NULL)
		return NOON_OK;
	(void)snprintf(why->text, sizeof(why->text), "%.150s: %s", path, strerror(errno));
	return NOON_ERR_OS;
}

/* DEVICE or DEVICE,clear */
static noon_err open_pps(const char *address, const struct noon_instrument_conf *conf,
			 struct noon_instrument **ret, struct noon_instrument_why *why)
{
	const size_t n = strcspn(address, ",");
	char path[256];
	struct pps *p;
	noon_err err;

	if (n == 0 || n >= sizeof(path) ||
	    (address[n] == ',' && strcmp(address + n, ",clear") != 0 &&
	     strcmp(address + n, ",assert") != 0)) {
		(void)snprintf(why->text, sizeof(why->text),
			       "pps:%.100s: expected pps:DEVICE or pps:DEVICE,clear", address);
		return NOON_ERR_FORMAT;
	}
	(void)snprintf(path, sizeof(path), "%.*s", (int)n, address);
	p = calloc(1, sizeof(*p));
	if (p == NULL) {
		(void)snprintf(why->text, sizeof(why->text), "out of memory");
		return NOON_ERR_OS;
	}
	p->i = (struct noon_instrument){.driver = &noon_instrument_pps, .conf = *conf};
	p->clear = strcmp(address + n, ",clear") == 0;
	p->timer = (struct noon_timer){.fire = on_look, .arg = p};
	p->heard = noon_mono_now();
	err = open_source(p, path, why);
	/* The pulse that the kernel keeps may be an old one. */
	if (!err && !p->source->fetch(p, &p->last)) {
		(void)snprintf(why->text, sizeof(why->text), "%.150s: %s", path, strerror(errno));
		err = NOON_ERR_OS;
	}
	if (err) {
		close_pps(&p->i);
		return err;
	}
	noon_loop_arm(conf->loop, &p->timer, LOOK_EVERY);
	*ret = &p->i;
	return NOON_OK;
}

const struct noon_instrument_driver noon_instrument_pps = {
	.name = "pps",
	.address = "DEVICE",
	.summary = "pulses that the kernel stamps (RFC 2783), such as pps:/dev/pps0",
	.kind = NOON_INSTRUMENT_PULSE,
	.open = open_pps,
	.close = close_pps,
};
