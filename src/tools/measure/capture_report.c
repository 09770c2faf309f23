/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/measure/capture_report.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "platform/text.h"

#define END_MAX	   64 /* address and port as text */
#define TIME_MAX   48
#define LINE_MAX_N 2048 /* bytes of an object: all of its members are bounded */

static void put_address(const struct noon_tap_exchange *e, const struct noon_frame_end *end,
			char out[INET6_ADDRSTRLEN])
{
	const int family = e->version == 4 ? AF_INET : AF_INET6;

	if (inet_ntop(family, end->addr, out, INET6_ADDRSTRLEN) == NULL)
		out[0] = '\0';
}

static void put_end(const struct noon_tap_exchange *e, const struct noon_frame_end *end,
		    char out[END_MAX])
{
	char address[INET6_ADDRSTRLEN];

	put_address(e, end, address);
	(void)snprintf(out, END_MAX, e->version == 4 ? "%s:%u" : "[%s]:%u", address,
		       (unsigned)end->port);
}

/* "1793000000.123456789" */
static void put_instant(noon_time t, char out[TIME_MAX])
{
	const int64_t s = t.ns / NOON_NS_PER_SEC - (t.ns % NOON_NS_PER_SEC < 0);

	(void)snprintf(out, TIME_MAX, "%" PRId64 ".%09" PRId64, s, t.ns - s * NOON_NS_PER_SEC);
}

static void put_utc(noon_time t, char out[TIME_MAX])
{
	char instant[TIME_MAX];

	put_instant(t, instant);
	noon_tool_utc(out, TIME_MAX, instant);
}

static const char *kind_word(const struct noon_tap_exchange *e)
{
	return e->kind == NOON_TAP_NTP ? "ntp" : "tsp";
}

static const char *first_fail(uint32_t fail)
{
	for (int bit = 0; bit < 32; bit++)
		if ((fail >> bit & 1) != 0)
			return noon_tsp_fail_name(bit);
	return "";
}

/* Four bytes of a kiss-o'-death, if they can be shown. */
static void put_kiss(uint32_t id, char out[5])
{
	for (size_t i = 0; i < 4; i++) {
		const uint8_t c = (uint8_t)(id >> (24 - 8 * i) & 0xff);

		out[i] = (char)(c >= '!' && c < 0x7f ? c : '?');
	}
	out[4] = '\0';
}

/* Why an answer has no time, "refused badAlg". */
static void put_reason(const struct noon_tap_exchange *e, char *out, size_t n)
{
	const char *word = noon_tap_miss_word(e->miss);
	char kiss[5];

	put_kiss(e->ref_id, kiss);
	if (e->miss == NOON_TAP_MISS_KISS)
		(void)snprintf(out, n, "%s %s", word, kiss);
	else if (e->miss == NOON_TAP_MISS_HTTP)
		(void)snprintf(out, n, "%s %u", word, (unsigned)e->http);
	else if (e->miss == NOON_TAP_MISS_REFUSED)
		(void)snprintf(out, n, "%s %s %s", word, noon_tsp_status_name(e->status),
			       first_fail(e->fail));
	else
		(void)snprintf(out, n, "%s", word);
}

void noon_capture_report_begin(void)
{
	(void)printf("kind  client > server  query passed (capture's clock)  answer after  stamp  "
		     "server - capture\n");
}

static void put_stamp(const struct noon_tap_exchange *e, char out[TIME_MAX])
{
	if (e->kind == NOON_TAP_TSP) {
		unsigned digits = 0;

		for (noon_dur r = NOON_S(1); r > e->resolution; r /= 10)
			digits++;
		(void)noon_tsp_time_format(e->last, digits, out);
	} else {
		put_utc(e->last, out);
	}
}

void noon_capture_report_print(const struct noon_tap_exchange *e)
{
	char client[END_MAX];
	char server[END_MAX];
	char query[TIME_MAX];
	char stamp[TIME_MAX] = "";
	char after[32];
	char reason[64];
	char lower[32];
	char upper[32];
	noon_dur lo;
	noon_dur hi;

	put_end(e, &e->client, client);
	put_end(e, &e->server, server);
	put_utc(e->tq, query);
	noon_tool_dur(after, sizeof(after), noon_dur_to_s(noon_time_diff(e->tr, e->tq)));
	(void)printf("%s  %s > %s  %s  %s  ", kind_word(e), client, server, query, after);
	if (e->miss != NOON_TAP_MISS_NONE) {
		put_reason(e, reason, sizeof(reason));
		(void)printf("%s\n", reason);
		return;
	}
	put_stamp(e, stamp);
	noon_tap_exchange_interval(e, &lo, &hi);
	noon_tool_dur(lower, sizeof(lower), noon_dur_to_s(lo));
	noon_tool_dur(upper, sizeof(upper), noon_dur_to_s(hi));
	(void)printf("%s  [%s, %s]\n", stamp, lower, upper);
}

static void set_text(json_t *o, const char *key, const char *text)
{
	(void)json_object_set_new(o, key, json_string(text));
}

static void set_s(json_t *o, const char *key, noon_dur d)
{
	(void)json_object_set_new(o, key, json_real(noon_dur_to_s(d)));
}

static void set_time(json_t *o, const char *key, noon_time t)
{
	char text[TIME_MAX];

	put_instant(t, text);
	set_text(o, key, text);
}

static void set_hex(json_t *o, const char *key, const uint8_t *p, size_t n)
{
	char hex[2 * NOON_TSP_NONCE_MAX + 1] = "";

	noon_text_hex(noon_bytes_of(p, n), hex);
	set_text(o, key, hex);
}

static void set_tsp(json_t *o, const struct noon_tap_exchange *e)
{
	char oid[NOON_OID_TEXT_MAX] = "";
	char stamp[TIME_MAX];

	put_stamp(e, stamp);
	noon_oid_format(noon_bytes_of(e->policy, e->policy_n), oid, sizeof(oid));
	set_text(o, "gen_time", stamp);
	set_hex(o, "nonce", e->nonce, e->nonce_n);
	set_hex(o, "serial", e->serial, e->serial_n);
	set_text(o, "policy", oid);
	if (e->has_accuracy)
		set_s(o, "accuracy_s", e->accuracy);
}

static void set_ntp(json_t *o, const struct noon_tap_exchange *e)
{
	set_time(o, "receive", e->first);
	set_time(o, "transmit", e->last);
	(void)json_object_set_new(o, "stratum", json_integer(e->stratum));
	(void)json_object_set_new(o, "leap", json_integer(e->leap));
	(void)json_object_set_new(o, "precision", json_integer(e->precision));
	set_s(o, "root_delay_s", e->root_delay);
	set_s(o, "root_dispersion_s", e->root_disp);
}

static void set_good(json_t *o, const struct noon_tap_exchange *e)
{
	noon_dur lower;
	noon_dur upper;

	noon_tap_exchange_interval(e, &lower, &upper);
	set_s(o, "lower_s", lower);
	set_s(o, "upper_s", upper);
	set_s(o, "resolution_s", e->resolution);
	if (e->kind == NOON_TAP_TSP)
		set_tsp(o, e);
	else
		set_ntp(o, e);
}

/* Made in memory first: Jansson writes each token by itself, and there may be millions of lines. */
static void print_line(json_t *o)
{
	char line[LINE_MAX_N];
	const size_t n = json_dumpb(o, line, sizeof(line), JSON_COMPACT | JSON_REAL_PRECISION(15));

	if (n > 0 && n <= sizeof(line))
		(void)fwrite(line, 1, n, stdout);
	(void)fputc('\n', stdout);
	json_decref(o);
}

void noon_capture_report_json(const struct noon_tap_exchange *e)
{
	char client[INET6_ADDRSTRLEN];
	char server[INET6_ADDRSTRLEN];
	char reason[64];
	json_t *o;

	put_address(e, &e->client, client);
	put_address(e, &e->server, server);
	o = json_pack("{s:s, s:b, s:s, s:i, s:s, s:i}", "kind", kind_word(e), "good",
		      (int)(e->miss == NOON_TAP_MISS_NONE), "client", client, "client_port",
		      (int)e->client.port, "server", server, "server_port", (int)e->server.port);
	set_time(o, "query", e->tq);
	set_time(o, "answer", e->tr);
	set_s(o, "after_s", noon_time_diff(e->tr, e->tq));
	set_s(o, "capture_unit_s", e->tap_unit);
	if (e->miss == NOON_TAP_MISS_NONE) {
		set_good(o, e);
	} else {
		put_reason(e, reason, sizeof(reason));
		set_text(o, "reason", noon_tap_miss_word(e->miss));
		set_text(o, "why", reason);
	}
	print_line(o);
}

void noon_capture_report_end(const struct noon_tap_counts *c, uint64_t dropped,
			     enum noon_capture_level level)
{
	uint64_t frames = 0;

	for (unsigned v = 0; v < NOON_FRAME_VERDICTS; v++)
		frames += c->frames[v];
	(void)printf("\n%" PRIu64 " frames", frames);
	if (level != NOON_CAPTURE_UNKNOWN)
		(void)printf(", stamped by: %s; %" PRIu64 " dropped by the kernel",
			     noon_capture_level_word(level), dropped);
	(void)printf("\n");
	for (unsigned v = 0; v < NOON_FRAME_VERDICTS; v++)
		if (c->frames[v] > 0)
			(void)printf("  %8" PRIu64 "  %s\n", c->frames[v],
				     noon_frame_verdict_text((enum noon_frame_verdict)v));
	for (unsigned i = 0; i < NOON_TAP_COUNTS; i++)
		if (c->n[i] > 0)
			(void)printf("  %8" PRIu64 "  %s\n", c->n[i],
				     noon_tap_count_text((enum noon_tap_count)i));
}

void noon_capture_report_end_json(const struct noon_tap_counts *c, uint64_t dropped,
				  enum noon_capture_level level)
{
	json_t *frames = json_object();
	json_t *o = json_pack("{s:o, s:s, s:I}", "frames", frames, "stamped_by",
			      noon_capture_level_word(level), "dropped", (json_int_t)dropped);

	for (unsigned v = 0; v < NOON_FRAME_VERDICTS; v++)
		(void)json_object_set_new(frames,
					  noon_frame_verdict_word((enum noon_frame_verdict)v),
					  json_integer((json_int_t)c->frames[v]));
	for (unsigned i = 0; i < NOON_TAP_COUNTS; i++)
		(void)json_object_set_new(o, noon_tap_count_word((enum noon_tap_count)i),
					  json_integer((json_int_t)c->n[i]));
	print_line(json_pack("{s:o}", "summary", o));
}
