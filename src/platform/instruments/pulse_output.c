/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/instruments/pulse_output.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/ppdev.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "platform/clock/clock.h"
#include "platform/instruments/phc_port.h"

/* The last bit of a wait is spun: a sleep ends late by what the scheduler takes. */
#define SPIN NOON_US(200)

struct line {
	const char *name;
	bool (*set)(struct noon_pulse_output *o, bool high);
};

struct noon_pulse_output {
	const struct line *line;
	int fd;
	int bit;    /* TIOCM_RTS or TIOCM_DTR */
	FILE *file; /* of instants */
	struct noon_phc_port phc;
};

static bool set_serial(struct noon_pulse_output *o, bool high)
{
	return ioctl(o->fd, high ? TIOCMBIS : TIOCMBIC, &o->bit) == 0;
}

static bool set_parallel(struct noon_pulse_output *o, bool high)
{
	const unsigned char pins = high ? 0xff : 0;

	return ioctl(o->fd, PPWDATA, &pins) == 0;
}

static bool set_file(struct noon_pulse_output *o, bool high)
{
	(void)o;
	(void)high;
	return true;
}

/* Hardware raises its line by itself. */
static bool set_phc(struct noon_pulse_output *o, bool high)
{
	(void)o;
	(void)high;
	return true;
}

static const struct line lines[] = {
	{"serial", set_serial}, {"parallel", set_parallel}, {"file", set_file}, {"phc", set_phc}};

static noon_err refuse(struct noon_pulse_why *why, const char *path, const char *text)
{
	(void)snprintf(why->text, sizeof(why->text), "%.150s: %s", path, text);
	return errno == EACCES || errno == EPERM ? NOON_ERR_PERM
	       : errno == ENOENT		 ? NOON_ERR_NOT_FOUND
						 : NOON_ERR_UNSUPPORTED;
}

static noon_err open_phc(struct noon_pulse_output *o, const char *path, struct noon_pulse_why *why)
{
	struct noon_instrument_why reason;
	const noon_err err = noon_phc_port_open(&o->phc, path, true, &reason);

	if (err)
		(void)snprintf(why->text, sizeof(why->text), "%s", reason.text);
	errno = err ? 0 : noon_phc_port_pulses_out(&o->phc, 0);
	if (!err && errno != 0)
		return refuse(why, path, "it cannot put out pulses on channel 0");
	return err;
}

static noon_err open_line(struct noon_pulse_output *o, const char *path, struct noon_pulse_why *why)
{
	if (o->line->set == set_phc)
		return open_phc(o, path, why);
	if (o->line->set == set_file) {
		o->file = fopen(path, "ae");
		return o->file == NULL ? refuse(why, path, strerror(errno)) : NOON_OK;
	}
	o->fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (o->fd < 0)
		return refuse(why, path, strerror(errno));
	if (o->line->set == set_parallel && ioctl(o->fd, PPCLAIM) != 0)
		return refuse(why, path, "no parallel port that can be claimed (ppdev)");
	if (!o->line->set(o, false))
		return refuse(why, path, "it has no line that can be set");
	return NOON_OK;
}

noon_err noon_pulse_output_open(const char *spec, struct noon_pulse_output **ret,
				struct noon_pulse_why *why)
{
	const size_t n = strcspn(spec, ":");
	struct noon_pulse_output *o = calloc(1, sizeof(*o));
	char path[256];
	char *comma;
	noon_err err;

	if (o == NULL) {
		(void)snprintf(why->text, sizeof(why->text), "out of memory");
		return NOON_ERR_OS;
	}
	o->fd = -1;
	o->phc.fd = -1;
	o->bit = TIOCM_RTS;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (strlen(lines[i].name) == n && strncmp(spec, lines[i].name, n) == 0)
			o->line = &lines[i];
	(void)snprintf(path, sizeof(path), "%s", spec[n] == ':' ? spec + n + 1 : "");
	comma = o->line != NULL && o->line->set == set_serial ? strrchr(path, ',') : NULL;
	if (comma != NULL && strcmp(comma, ",dtr") == 0)
		o->bit = TIOCM_DTR;
	if (comma != NULL)
		*comma = '\0';
	if (o->line == NULL || path[0] == '\0' ||
	    (comma != NULL && strcmp(comma + 1, "dtr") != 0 && strcmp(comma + 1, "rts") != 0)) {
		(void)snprintf(why->text, sizeof(why->text),
			       "\"%.80s\": expected serial:DEVICE, serial:DEVICE,dtr, "
			       "parallel:DEVICE, phc:DEVICE or file:PATH",
			       spec);
		free(o);
		return NOON_ERR_FORMAT;
	}
	err = open_line(o, path, why);
	if (err)
		noon_pulse_output_close(o);
	else
		*ret = o;
	return err;
}

void noon_pulse_output_close(struct noon_pulse_output *o)
{
	if (o == NULL)
		return;
	if (o->fd >= 0) {
		(void)o->line->set(o, false);
		(void)close(o->fd);
	}
	if (o->file != NULL)
		(void)fclose(o->file);
	noon_phc_port_close(&o->phc);
	free(o);
}

/* @return false: a signal came */
static bool wait_for(noon_time at)
{
	const noon_time until = noon_time_add(at, -SPIN);
	const struct timespec t = {until.ns / NOON_NS_PER_SEC, until.ns % NOON_NS_PER_SEC};

	if (clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &t, NULL) != 0)
		return false;
	while (noon_clock_read(CLOCK_REALTIME) < at.ns)
		;
	return true;
}

/* When the device's second nearest to `at` is on the system clock: it was read within a window. */
static noon_err pulse_of_phc(struct noon_pulse_output *o, noon_time at, struct noon_pulse *ret)
{
	struct noon_phc_reading r;
	int64_t ahead;

	errno = noon_phc_port_read(&o->phc, &r);
	if (errno != 0)
		return NOON_ERR_OS;
	ahead = noon_phc_into_second(r.phc - r.after);
	*ret = (struct noon_pulse){
		.meant = at,
		.before = noon_time_add(at, -(ahead + (r.after - r.before))),
		.after = noon_time_add(at, -ahead),
	};
	return NOON_OK;
}

noon_err noon_pulse_output_send(struct noon_pulse_output *o, noon_time at, noon_dur width,
				struct noon_pulse *ret)
{
	struct noon_pulse p = {.meant = at};
	bool ok;

	if (!wait_for(at))
		return NOON_ERR_STATE;
	if (o->line->set == set_phc)
		return pulse_of_phc(o, at, ret);
	p.before = (noon_time){noon_clock_read(CLOCK_REALTIME)};
	ok = o->line->set(o, true);
	p.after = (noon_time){noon_clock_read(CLOCK_REALTIME)};
	if (!ok)
		return NOON_ERR_OS;
	if (o->file != NULL && (fprintf(o->file, "%" PRId64 " %" PRId64 " %" PRId64 "\n",
					p.meant.ns, p.before.ns, p.after.ns) < 0 ||
				fflush(o->file) != 0))
		return NOON_ERR_OS;
	*ret = p;
	/* Lowered even if a signal ends the wait. */
	ok = wait_for(noon_time_add(p.after, width));
	if (!o->line->set(o, false))
		return NOON_ERR_OS;
	return ok ? NOON_OK : NOON_ERR_STATE;
}
