/* SPDX-License-Identifier: Apache-2.0
 *
 * A PTP hardware clock (/dev/ptpN), read against the system clock once a second: one that a
 * reference steers or, with extts, one that stamps the pulses of a reference, whatever its own time
 * is.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "platform/clock/clock.h"
#include "platform/clock/tai.h"
#include "platform/instruments/driver.h"
#include "platform/instruments/drivers.h"
#include "platform/instruments/phc_port.h"

#define EVERY	     NOON_S(1)
#define SILENT_AFTER NOON_S(3)
/* Stamps are whole ns, and so are the steps of most cards. */
#define U_MIN	  1e-9
#define LEAP_LIST "/usr/share/zoneinfo/leap-seconds.list"

struct phc {
	struct noon_instrument i;
	struct noon_silence silence;
	struct noon_phc_port device;
	struct noon_timer timer;
	bool extts;	 /* pulses of the reference come in */
	bool tai;	 /* it runs on TAI */
	int16_t tai_utc; /* s */
	int64_t tai_day; /* UTC, days since 1970, for which tai_utc was looked up */
};

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

/* @param ahead  the system clock's time in the middle of the reading is so far behind the reference
 */
static void give(struct phc *p, const struct noon_phc_reading *s, int64_t middle, int64_t ahead)
{
	/* The device was read somewhere within the window. */
	const double half_s = noon_dur_to_s(s->after - s->before) / 2;
	const struct noon_instrument_reading r = {
		.kind = NOON_INSTRUMENT_OFFSET,
		.at = {middle},
		.value_s = noon_dur_to_s(ahead),
		.u_s = fmax(U_MIN, half_s / sqrt(3)),
	};

	noon_instrument_give(&p->silence, &r);
}

/* The device is the reference. */
static void take_time(struct phc *p, const struct noon_phc_reading *s)
{
	const int64_t middle = s->before + (s->after - s->before) / 2;
	const int64_t utc = noon_sat_sub(s->phc, p->tai ? p->tai_utc * NOON_NS_PER_SEC : 0);
	const char *why = NULL;

	if (know_tai(p, &why))
		give(p, s, middle, noon_sat_sub(utc, middle));
	else
		noon_instrument_complain(&p->silence, why);
}

/* The device stamps pulses: reference - system = (device - system) - (device - reference), less
 * whole seconds, which a pulse does not say. */
static void take_pulse(struct phc *p, const struct noon_phc_reading *s)
{
	const int64_t middle = s->before + (s->after - s->before) / 2;
	int64_t at;
	unsigned passed = 0;
	const int error = noon_phc_port_pulse(&p->device, &at, &passed);

	if (error == EBADMSG)
		p->i.count[NOON_INSTRUMENT_COUNT_MALFORMED]++;
	else if (error != 0 && error != EAGAIN)
		noon_instrument_complain(&p->silence, strerror(error));
	if (error != 0)
		return;
	p->i.count[NOON_INSTRUMENT_COUNT_MISSED] += passed - 1;
	give(p, s, middle,
	     noon_phc_into_second(
		     noon_sat_sub(noon_sat_sub(s->phc, middle), noon_phc_into_second(at))));
}

static void on_second(void *arg)
{
	struct phc *p = arg;
	struct noon_phc_reading s;
	const int error = noon_phc_port_read(&p->device, &s);

	noon_loop_arm(p->i.conf.loop, &p->timer, EVERY);
	if (error == EBADMSG)
		p->i.count[NOON_INSTRUMENT_COUNT_MALFORMED]++;
	else if (error != 0)
		noon_instrument_complain(&p->silence, strerror(error));
	else if (p->extts)
		take_pulse(p, &s);
	else
		take_time(p, &s);
}

static void close_phc(struct noon_instrument *i)
{
	struct phc *p = (struct phc *)i;

	noon_loop_disarm(&p->timer);
	noon_silence_end(&p->silence);
	noon_phc_port_close(&p->device);
	free(p);
}

/* DEVICE, DEVICE,tai or DEVICE,extts */
static bool read_address(struct phc *p, const char *address, char path[256])
{
	const size_t n = strcspn(address, ",");

	p->tai = strcmp(address + n, ",tai") == 0;
	p->extts = strcmp(address + n, ",extts") == 0;
	if (n == 0 || n >= 256 || (address[n] == ',' && !p->tai && !p->extts))
		return false;
	(void)snprintf(path, 256, "%.*s", (int)n, address);
	return true;
}

static noon_err set_up(struct phc *p, const char *path, struct noon_instrument_why *why)
{
	const char *text = "";
	noon_err err = noon_phc_port_open(&p->device, path, p->extts, why);
	int error;

	if (!err && !know_tai(p, &text)) {
		(void)snprintf(why->text, sizeof(why->text), "TAI - UTC is not known: %.200s",
			       text);
		err = NOON_ERR_NOT_FOUND;
	}
	error = err || !p->extts ? 0 : noon_phc_port_pulses_in(&p->device, 0);
	if (error != 0) {
		(void)snprintf(why->text, sizeof(why->text),
			       "%.150s cannot stamp pulses on channel 0: %s", path,
			       strerror(error));
		err = NOON_ERR_UNSUPPORTED;
	}
	return err;
}

static noon_err open_phc(const char *address, const struct noon_instrument_conf *conf,
			 struct noon_instrument **ret, struct noon_instrument_why *why)
{
	struct phc *p = calloc(1, sizeof(*p));
	char path[256];
	noon_err err;

	if (p == NULL) {
		(void)snprintf(why->text, sizeof(why->text), "out of memory");
		return NOON_ERR_OS;
	}
	p->device.fd = -1;
	if (!read_address(p, address, path)) {
		(void)snprintf(why->text, sizeof(why->text),
			       "phc:%.100s: expected phc:DEVICE, phc:DEVICE,tai or "
			       "phc:DEVICE,extts",
			       address);
		free(p);
		return NOON_ERR_FORMAT;
	}
	p->i = (struct noon_instrument){.driver = &noon_instrument_phc, .conf = *conf};
	p->timer = (struct noon_timer){.fire = on_second, .arg = p};
	err = set_up(p, path, why);
	if (err) {
		close_phc(&p->i);
		return err;
	}
	noon_silence_begin(&p->silence, &p->i, SILENT_AFTER,
			   p->extts ? "no pulse for 3 s" : "no reading for 3 s");
	noon_loop_arm(conf->loop, &p->timer, 0);
	*ret = &p->i;
	return NOON_OK;
}

const struct noon_instrument_driver noon_instrument_phc = {
	.name = "phc",
	.address = "DEVICE[,tai|,extts]",
	.summary = "a PTP hardware clock, such as phc:/dev/ptp0; tai: it runs on TAI; extts: it "
		   "stamps pulses of the reference",
	.kind = NOON_INSTRUMENT_OFFSET,
	.open = open_phc,
	.close = close_phc,
};
