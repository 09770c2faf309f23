/* SPDX-License-Identifier: Apache-2.0
 *
 * gpsd: pulses of a receiver that gpsd stamps and labels with their second, on TCP port 2947. Where
 * it has several receivers, the first one that gives a pulse is the one, until it falls silent.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/instruments/drivers.h"
#include "platform/instruments/gpsd_message.h"
#include "platform/instruments/line_client.h"

#define PORT	     2947
#define SILENT_AFTER NOON_S(3)
/* TPV, mode: below it there is no fix. */
#define FIX   2
#define WATCH "?WATCH={\"enable\":true,\"json\":true,\"pps\":true};\n"

struct gpsd {
	struct noon_instrument i;
	struct noon_silence silence;
	struct noon_line_client client;
	char device[sizeof(((struct noon_gpsd_message *)NULL)->device)]; /* "": none yet */
	bool lost;
	uint8_t buf[NOON_GPSD_LINE_MAX];
};

static void on_open(void *arg)
{
	struct gpsd *g = arg;

	g->device[0] = '\0';
	g->lost = false;
	noon_line_client_send(&g->client, WATCH);
}

/* Whether a message is about our receiver. */
static bool is_ours(const struct gpsd *g, const struct noon_gpsd_message *m)
{
	return g->device[0] == '\0' || m->device[0] == '\0' || strcmp(g->device, m->device) == 0;
}

static void take_pulse(struct gpsd *g, const struct noon_gpsd_message *m)
{
	const struct noon_instrument_reading r = {
		.kind = NOON_INSTRUMENT_OFFSET,
		.at = m->clock,
		.value_s = noon_dur_to_s(noon_time_diff(m->real, m->clock)),
		.u_s = m->u_s,
		.lost = g->lost,
	};

	/* One that has fallen silent, or was unplugged, is not waited for. */
	if (!is_ours(g, m) && !g->silence.said) {
		g->i.count[NOON_INSTRUMENT_COUNT_COMMENTS]++;
		return;
	}
	if (m->device[0] != '\0')
		memcpy(g->device, m->device, sizeof(g->device));
	noon_instrument_give(&g->silence, &r);
}

static void on_line(void *arg, struct noon_bytes line)
{
	struct gpsd *g = arg;
	struct noon_gpsd_message m;
	char why[sizeof(m.text) + 32];
	const noon_err err = noon_gpsd_read(line, &m);

	if (err) {
		g->i.count[err == NOON_ERR_RANGE ? NOON_INSTRUMENT_COUNT_OUT_OF_RANGE
						 : NOON_INSTRUMENT_COUNT_MALFORMED]++;
		return;
	}
	if (m.class == NOON_GPSD_PPS) {
		take_pulse(g, &m);
		return;
	}
	g->i.count[NOON_INSTRUMENT_COUNT_COMMENTS]++;
	if (m.class == NOON_GPSD_TPV && is_ours(g, &m))
		g->lost = m.mode < FIX;
	if (m.class == NOON_GPSD_ERROR) {
		(void)snprintf(why, sizeof(why), "gpsd reports an error: %s", m.text);
		noon_instrument_complain(&g->silence, why);
	}
}

static void close_gpsd(struct noon_instrument *i)
{
	struct gpsd *g = (struct gpsd *)i;

	noon_line_client_stop(&g->client);
	noon_silence_end(&g->silence);
	free(g);
}

static noon_err open_gpsd(const char *address, const struct noon_instrument_conf *conf,
			  struct noon_instrument **ret, struct noon_instrument_why *why)
{
	struct gpsd *g = calloc(1, sizeof(*g));

	if (g == NULL) {
		(void)snprintf(why->text, sizeof(why->text), "out of memory");
		return NOON_ERR_OS;
	}
	if (noon_line_client_address(*address == '\0' ? "localhost" : address, PORT, &g->client)) {
		(void)snprintf(why->text, sizeof(why->text),
			       "gpsd:%.100s: expected gpsd, gpsd:HOST or gpsd:HOST:PORT", address);
		free(g);
		return NOON_ERR_FORMAT;
	}
	g->i = (struct noon_instrument){.driver = &noon_instrument_gpsd, .conf = *conf};
	g->client.silence = &g->silence;
	g->client.buf = g->buf;
	g->client.cap = sizeof(g->buf);
	g->client.on_open = on_open;
	g->client.on_line = on_line;
	g->client.arg = g;
	noon_silence_begin(&g->silence, &g->i, SILENT_AFTER, "no pulse for 3 s");
	noon_line_client_start(&g->client);
	*ret = &g->i;
	return NOON_OK;
}

const struct noon_instrument_driver noon_instrument_gpsd = {
	.name = "gpsd",
	.address = "[HOST[:PORT]]",
	.summary = "pulses of a receiver as gpsd stamps them; without a host, that of this one",
	.kind = NOON_INSTRUMENT_OFFSET,
	.open = open_gpsd,
	.close = close_gpsd,
};
