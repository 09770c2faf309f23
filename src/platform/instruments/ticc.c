/* SPDX-License-Identifier: Apache-2.0
 *
 * TAPR TICC: a time interval counter of 60 ps on USB. Channel A has the pulse of the system clock,
 * B that of the reference. It talks unasked; its modes are in wire/instruments/ticc.h.
 */
#include "wire/instruments/ticc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/instruments/drivers.h"
#include "platform/instruments/serial.h"

#define SILENT_AFTER NOON_S(5)
/* Single-shot noise of the counter (TDC7200 with its clock; the manual: 60 ps). */
#define U 60e-12

struct ticc {
	struct noon_instrument i;
	struct noon_silence silence;
	struct noon_serial serial;
	struct noon_ticc reader;
};

static void count(struct ticc *t, enum noon_instrument_count c)
{
	t->i.count[c]++;
}

static void on_line(void *arg, struct noon_bytes line)
{
	struct ticc *t = arg;
	double s;

	switch (noon_ticc_line(&t->reader, line, &s)) {
	case NOON_TICC_READING:
		noon_instrument_give_interval(&t->silence, s, U, t->reader.lost);
		break;
	case NOON_TICC_WAITING:
		break;
	case NOON_TICC_UNPAIRED:
		count(t, NOON_INSTRUMENT_COUNT_MISSED);
		break;
	case NOON_TICC_COMMENT:
		count(t, NOON_INSTRUMENT_COUNT_COMMENTS);
		break;
	case NOON_TICC_ASKS_KEY:
		count(t, NOON_INSTRUMENT_COUNT_COMMENTS);
		/* One key only, and not "#": a second one would open the menu. It then starts, and
		 * measures as soon as there is a reference. */
		noon_serial_send(&t->serial, "\r");
		break;
	case NOON_TICC_OUT_OF_RANGE:
		count(t, NOON_INSTRUMENT_COUNT_OUT_OF_RANGE);
		break;
	case NOON_TICC_MALFORMED:
		count(t, NOON_INSTRUMENT_COUNT_MALFORMED);
		break;
	}
}

/* It may have been reset or exchanged. */
static void on_open(void *arg)
{
	struct ticc *t = arg;

	t->reader = (struct noon_ticc){.mode = NOON_TICC_UNKNOWN};
}

static void close_ticc(struct noon_instrument *i)
{
	struct ticc *t = (struct ticc *)i;

	noon_serial_close(&t->serial);
	noon_silence_end(&t->silence);
	free(t);
}

static noon_err open_ticc(const char *address, const struct noon_instrument_conf *conf,
			  struct noon_instrument **ret, struct noon_instrument_why *why)
{
	struct ticc *t;
	noon_err err;

	if (*address == '\0' || strlen(address) >= NOON_SERIAL_PATH_MAX) {
		(void)snprintf(why->text, sizeof(why->text),
			       "ticc:%.100s: expected ticc:DEVICE, such as ticc:/dev/ttyACM0",
			       address);
		return NOON_ERR_FORMAT;
	}
	t = calloc(1, sizeof(*t));
	if (t == NULL) {
		(void)snprintf(why->text, sizeof(why->text), "out of memory");
		return NOON_ERR_OS;
	}
	t->i = (struct noon_instrument){.driver = &noon_instrument_ticc, .conf = *conf};
	noon_silence_begin(&t->silence, &t->i, SILENT_AFTER, "no interval for 5 s");
	t->serial = (struct noon_serial){.silence = &t->silence,
					 .speed = B115200,
					 .middle = true,
					 .on_open = on_open,
					 .on_line = on_line,
					 .arg = t};
	(void)snprintf(t->serial.path, sizeof(t->serial.path), "%s", address);
	err = noon_serial_open(&t->serial, why);
	if (err) {
		close_ticc(&t->i);
		return err;
	}
	*ret = &t->i;
	return NOON_OK;
}

const struct noon_instrument_driver noon_instrument_ticc = {
	.name = "ticc",
	.address = "DEVICE",
	.summary =
		"TAPR TICC, such as ticc:/dev/ttyACM0: system clock on channel A, reference on B",
	.kind = NOON_INSTRUMENT_INTERVAL,
	.open = open_ticc,
	.close = close_ticc,
};
