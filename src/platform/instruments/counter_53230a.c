/* SPDX-License-Identifier: Apache-2.0
 *
 * Keysight 53220A and 53230A: SCPI on TCP port 5025. Input 1 has the pulse of the system clock,
 * input 2 that of the reference; the counter measures from the pulse of input 1 to the next one of
 * input 2.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "platform/instruments/drivers.h"
#include "platform/instruments/line_client.h"
#include "wire/instruments/decimal.h"
#include "wire/instruments/scpi.h"

#define PORT	     5025
#define SILENT_AFTER NOON_S(5)
/* Longer than the counter's own time-out. */
#define ANSWER_WITHIN NOON_S(6)
/* After an interval that makes no sense it is armed in between the pulses. */
#define HALF_SECOND NOON_MS(500)
/* Single-shot resolution 20 ps, and 10 ps between the inputs. */
#define U	 30e-12
#define LINE_MAX 4096
/* Beyond a second, how far is noise of the pulses. */
#define EXCESS 1e-6

/* A pulse of input 2 that has just passed costs two seconds, so the time-out is longer. Levels are
 * set, not found: pulses of 1 Hz are too slow for that. */
#define SET_UP                                   \
	"*CLS\n"                                 \
	"*RST\n"                                 \
	"SYST:TIM 2.5\n"                         \
	"CONF:TINT (@1),(@2)\n"                  \
	"INP1:COUP DC\nINP2:COUP DC\n"           \
	"INP1:IMP 50\nINP2:IMP 50\n"             \
	"INP1:LEV:AUTO OFF\nINP2:LEV:AUTO OFF\n" \
	"INP1:LEV 1\nINP2:LEV 1\n"               \
	"INP1:SLOP POS\nINP2:SLOP POS\n"         \
	"ROSC:SOUR EXT\n"                        \
	"SAMP:COUN 1\n"                          \
	"SYST:ERR?\n"

struct counter {
	struct noon_instrument i;
	struct noon_silence silence;
	struct noon_line_client client;
	struct noon_timer timer; /* the next question, or the end of waiting for an answer */
	bool asked;
	bool is_set_up;
	uint8_t buf[LINE_MAX];
};

static void ask(struct counter *c)
{
	noon_loop_arm(c->i.conf.loop, &c->timer, ANSWER_WITHIN);
	c->asked = true;
	noon_line_client_send(&c->client, "READ?\n");
}

/* Nothing is waited for any more. */
static void on_close(void *arg)
{
	struct counter *c = arg;

	noon_loop_disarm(&c->timer);
}

static void on_timer(void *arg)
{
	struct counter *c = arg;

	if (c->asked)
		noon_line_client_fail(&c->client, "no answer for 6 s");
	else
		ask(c);
}

static void on_open(void *arg)
{
	struct counter *c = arg;

	c->is_set_up = false;
	c->asked = true;
	noon_loop_arm(c->i.conf.loop, &c->timer, ANSWER_WITHIN);
	noon_line_client_send(&c->client, SET_UP);
}

static void on_set_up(struct counter *c, struct noon_bytes line)
{
	char why[160];
	struct noon_bytes text;
	int code;

	if (noon_scpi_error(line, &code, &text)) {
		c->i.count[NOON_INSTRUMENT_COUNT_MALFORMED]++;
		noon_line_client_fail(&c->client, "its answer to SYST:ERR? is no such answer");
		return;
	}
	if (code != 0) {
		(void)snprintf(why, sizeof(why), "the counter refuses its settings: %d, %.*s", code,
			       (int)(text.n < 100 ? text.n : 100), (const char *)text.p);
		noon_line_client_fail(&c->client, why);
		return;
	}
	c->is_set_up = true;
	ask(c);
}

/* The interval is positive where the counter is right; that to the pulse before is a second less.
 * @return false: armed at a wrong moment, or no such interval */
static bool take(struct counter *c, double s)
{
	if (noon_scpi_is_none(s)) {
		c->i.count[NOON_INSTRUMENT_COUNT_TIMEOUTS]++;
		return true;
	}
	if (fabs(s) > 1 + EXCESS || noon_interval_fold(s, &s)) {
		c->i.count[NOON_INSTRUMENT_COUNT_OUT_OF_RANGE]++;
		return false;
	}
	noon_instrument_give_interval(&c->silence, s, U, false);
	return true;
}

static void on_line(void *arg, struct noon_bytes line)
{
	struct counter *c = arg;
	struct noon_scpi_values v;
	bool good = true;

	if (!c->is_set_up) {
		on_set_up(c, line);
		return;
	}
	c->asked = false;
	/* Time stamps are no intervals. */
	if (noon_scpi_values(line, &v) || noon_scpi_has_prescaler(&v)) {
		c->i.count[NOON_INSTRUMENT_COUNT_MALFORMED]++;
		good = false;
		v.n = 0;
	}
	for (size_t k = 0; k < v.n; k++)
		good = take(c, v.v[k]) && good;
	noon_loop_arm(c->i.conf.loop, &c->timer, good ? 0 : HALF_SECOND);
}

static void close_counter(struct noon_instrument *i)
{
	struct counter *c = (struct counter *)i;

	noon_line_client_stop(&c->client);
	noon_loop_disarm(&c->timer);
	noon_silence_end(&c->silence);
	free(c);
}

static noon_err open_counter(const char *address, const struct noon_instrument_conf *conf,
			     struct noon_instrument **ret, struct noon_instrument_why *why)
{
	struct counter *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		(void)snprintf(why->text, sizeof(why->text), "out of memory");
		return NOON_ERR_OS;
	}
	if (noon_line_client_address(address, PORT, &c->client)) {
		(void)snprintf(why->text, sizeof(why->text),
			       "53230a:%.100s: expected 53230a:HOST or 53230a:HOST:PORT", address);
		free(c);
		return NOON_ERR_FORMAT;
	}
	c->i = (struct noon_instrument){.driver = &noon_instrument_53230a, .conf = *conf};
	c->timer = (struct noon_timer){.fire = on_timer, .arg = c};
	c->client.silence = &c->silence;
	c->client.buf = c->buf;
	c->client.cap = sizeof(c->buf);
	c->client.on_open = on_open;
	c->client.on_line = on_line;
	c->client.on_close = on_close;
	c->client.arg = c;
	noon_silence_begin(&c->silence, &c->i, SILENT_AFTER, "no interval for 5 s");
	noon_line_client_start(&c->client);
	*ret = &c->i;
	return NOON_OK;
}

const struct noon_instrument_driver noon_instrument_53230a = {
	.name = "53230a",
	.address = "HOST[:PORT]",
	.summary =
		"Keysight 53220A or 53230A by TCP: system clock on input 1, reference on input 2",
	.kind = NOON_INSTRUMENT_INTERVAL,
	.open = open_counter,
	.close = close_counter,
};
