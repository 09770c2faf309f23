/* SPDX-License-Identifier: Apache-2.0
 *
 * Stanford Research SR620: a time interval counter of 25 ps on RS-232, or on GPIB behind a Prologix
 * adapter, whose own commands begin with "++". Input A (start) has the pulse of the system clock, B
 * (stop) that of the reference.
 *
 * MEAS? starts a measurement and answers when it is done.
 */
#include "wire/instruments/sr620.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/instruments/drivers.h"
#include "platform/instruments/serial.h"
#include "platform/number.h"
#include "wire/instruments/decimal.h"

#define SILENT_AFTER  NOON_S(5)
#define ANSWER_WITHIN NOON_S(5)
/* After an interval that makes no sense it is armed in between the pulses. */
#define HALF_SECOND NOON_MS(500)
/* Single-shot resolution (rms) and absolute error (SR620 specifications). */
#define NOISE	  25e-12
#define ABSOLUTE  500e-12
#define GPIB_LAST 30
#define NO_GPIB	  (-1)

/* One interval of either sign a measurement, started by MEAS? only. */
static const char *const set_up[] = {"STOP",   "AUTM 0", "MODE 0", "SRCE 0",
				     "ARMM 0", "SIZE 1", "JTTR 0"};

struct sr620 {
	struct noon_instrument i;
	struct noon_silence silence;
	struct noon_serial serial;
	struct noon_timer timer; /* the next question, or the end of waiting for an answer */
	bool asked;
	int gpib; /* address, or NO_GPIB */
};

static void command(struct sr620 *s, const char *text)
{
	char line[40];

	(void)snprintf(line, sizeof(line), "%.32s%c", text, s->gpib == NO_GPIB ? '\r' : '\n');
	noon_serial_send(&s->serial, line);
}

static void ask(struct sr620 *s)
{
	noon_loop_arm(s->i.conf.loop, &s->timer, ANSWER_WITHIN);
	s->asked = true;
	command(s, "MEAS? 0");
	if (s->gpib != NO_GPIB)
		command(s, "++read eoi");
}

static void begin(struct sr620 *s)
{
	char line[32];

	if (s->gpib != NO_GPIB) {
		(void)snprintf(line, sizeof(line), "++addr %d", s->gpib);
		command(s, "++mode 1");
		command(s, line);
		command(s, "++auto 0");
		command(s, "++eoi 1");
		/* The longest that there is; a measurement takes up to two seconds. */
		command(s, "++read_tmo_ms 3000");
	} else {
		/* Half a command may be left in its buffer. */
		command(s, "\r\r");
	}
	for (size_t k = 0; k < sizeof(set_up) / sizeof(set_up[0]); k++)
		command(s, set_up[k]);
	ask(s);
}

static void on_open(void *arg)
{
	begin(arg);
}

static void on_timer(void *arg)
{
	struct sr620 *s = arg;

	/* Without an answer it may have been switched off. */
	if (s->asked)
		begin(s);
	else
		ask(s);
}

static void on_line(void *arg, struct noon_bytes line)
{
	struct sr620 *s = arg;
	double shown, v;
	bool good = false;

	s->asked = false;
	if (noon_sr620_value(line, &shown)) {
		s->i.count[NOON_INSTRUMENT_COUNT_MALFORMED]++;
	} else if (noon_interval_fold(shown, &v)) {
		s->i.count[NOON_INSTRUMENT_COUNT_OUT_OF_RANGE]++;
	} else {
		/* More than half a second: it was armed between the two pulses. */
		good = fabs(shown) <= 0.5;
		noon_instrument_give_interval(&s->silence, v, hypot(NOISE, ABSOLUTE), false);
	}
	noon_loop_arm(s->i.conf.loop, &s->timer, good ? 0 : HALF_SECOND);
}

static void close_sr620(struct noon_instrument *i)
{
	struct sr620 *s = (struct sr620 *)i;

	noon_serial_close(&s->serial);
	noon_loop_disarm(&s->timer);
	noon_silence_end(&s->silence);
	free(s);
}

/* DEVICE or DEVICE,ADDR */
static bool read_address(struct sr620 *s, const char *address)
{
	const size_t n = strcspn(address, ",");
	uint64_t gpib;

	s->gpib = NO_GPIB;
	if (n == 0 || n >= sizeof(s->serial.path))
		return false;
	(void)snprintf(s->serial.path, sizeof(s->serial.path), "%.*s", (int)n, address);
	if (address[n] == '\0')
		return true;
	if (!noon_number_u64(address + n + 1, 0, GPIB_LAST, &gpib))
		return false;
	s->gpib = (int)gpib;
	return true;
}

static noon_err open_sr620(const char *address, const struct noon_instrument_conf *conf,
			   struct noon_instrument **ret, struct noon_instrument_why *why)
{
	struct sr620 *s = calloc(1, sizeof(*s));
	noon_err err;

	if (s == NULL) {
		(void)snprintf(why->text, sizeof(why->text), "out of memory");
		return NOON_ERR_OS;
	}
	if (!read_address(s, address)) {
		(void)snprintf(why->text, sizeof(why->text),
			       "sr620:%.100s: expected sr620:DEVICE or, with a GPIB adapter, "
			       "sr620:DEVICE,ADDRESS, 0 to 30",
			       address);
		free(s);
		return NOON_ERR_FORMAT;
	}
	s->i = (struct noon_instrument){.driver = &noon_instrument_sr620, .conf = *conf};
	s->timer = (struct noon_timer){.fire = on_timer, .arg = s};
	s->serial.silence = &s->silence;
	s->serial.speed = s->gpib == NO_GPIB ? B9600 : B115200;
	s->serial.two_stop_bits = s->gpib == NO_GPIB;
	s->serial.on_open = on_open;
	s->serial.on_line = on_line;
	s->serial.arg = s;
	noon_silence_begin(&s->silence, &s->i, SILENT_AFTER, "no interval for 5 s");
	err = noon_serial_open(&s->serial, why);
	if (err) {
		close_sr620(&s->i);
		return err;
	}
	*ret = &s->i;
	return NOON_OK;
}

const struct noon_instrument_driver noon_instrument_sr620 = {
	.name = "sr620",
	.address = "DEVICE[,ADDRESS]",
	.summary = "Stanford SR620 on RS-232, or with its GPIB address behind a Prologix adapter: "
		   "system "
		   "clock on A, reference on B",
	.kind = NOON_INSTRUMENT_INTERVAL,
	.open = open_sr620,
	.close = close_sr620,
};
