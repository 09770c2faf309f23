/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark capture: measure servers from captured traffic, without sending anything.
 */
#include <stdio.h>
#include <unistd.h>

#include "tools/measure/capture_report.h"
#include "tools/service/capture_options.h"

struct arguments {
	struct noon_capture_options capture;
	uint64_t count; /* 0: no limit */
	bool json;
};

struct capture {
	const struct arguments *args;
	struct noon_capture_read read;
	bool on_screen; /* standard output is a terminal: lines go over that of progress */
	bool begins;
	uint64_t printed;
	uint64_t good;
};

static bool has_enough(const struct capture *c)
{
	return c->args->count > 0 && c->printed >= c->args->count;
}

static void on_exchange(void *arg, const struct noon_tap_exchange *e)
{
	struct capture *c = arg;

	if (has_enough(c))
		return;
	if (c->on_screen)
		noon_capture_read_clear(&c->read);
	if (c->begins && !c->args->json)
		noon_capture_report_begin();
	c->begins = false;
	if (c->args->json)
		noon_capture_report_json(e);
	else
		noon_capture_report_print(e);
	c->printed++;
	c->good += e->miss == NOON_TAP_MISS_NONE;
	if (c->args->capture.interface == NULL)
		return;
	(void)fflush(stdout);
	if (has_enough(c))
		noon_capture_read_stop(&c->read);
}

static int report(struct capture *c)
{
	struct noon_passive *p = c->read.passive;
	const struct noon_tap_counts *counts = noon_passive_counts(p);

	if (c->args->json)
		noon_capture_report_end_json(counts, noon_passive_dropped(p),
					     noon_passive_level(p));
	else
		noon_capture_report_end(counts, noon_passive_dropped(p), noon_passive_level(p));
	if (c->read.failed)
		return NOON_EXIT_FAILED;
	return c->good > 0 ? NOON_EXIT_OK : NOON_EXIT_NOT_OK;
}

static int capture(const struct noon_verb *self, void *options, const struct noon_arguments *line)
{
	const struct arguments *a = options;
	struct capture c = {.args = a, .on_screen = isatty(STDOUT_FILENO) == 1, .begins = true};
	int status;

	c.read = (struct noon_capture_read){
		.self = self, .options = &a->capture, .on_exchange = on_exchange, .arg = &c};
	status = noon_capture_read_init(&c.read, line);
	if (status == NOON_EXIT_OK) {
		noon_capture_read(&c.read, line);
		/* An interface that cannot be listened on has nothing to report. */
		status = c.read.failed && a->capture.interface != NULL && c.printed == 0
				 ? NOON_EXIT_FAILED
				 : report(&c);
	}
	noon_capture_read_fini(&c.read);
	return status;
}

#define OPTION(member) NOON_OPTION_AT(struct arguments, member)

static const struct noon_option rows[] = {
	{"count", NOON_OPTION_UINT, OPTION(count), NOON_OPTION_LEAST(1), .says = "no limit",
	 .letter = 'n', .help = "show N exchanges"},
	{"json", NOON_OPTION_BOOL, OPTION(json),
	 .help = "print one JSON object per line, the last one a summary"},
	NOON_OPTION_END,
};

const struct noon_verb noon_verb_capture = {
	.name = "capture",
	.summary = "measure NTP servers and time-stamp authorities from captured traffic",
	.arguments = "FILE...|--interface IF",
	.min = 0,
	.max = NOON_ARGUMENTS_ANY,
	.about = "Read captures (pcap or pcapng; - is standard input) or listen on an interface,\n"
		 "and print each exchange of NTP and of RFC 3161 time stamps over HTTP with the\n"
		 "interval that must contain server's clock - capture's clock. Nothing is sent,\n"
		 "nothing is verified. TLS cannot be read. At the end: what could not be used.\n",
	.notes = "Exit status 0 if everything could be read and an exchange was found, 1 if none\n"
		 "was, 3 if a file or the interface could not be read, or not to its end.\n",
	.size = sizeof(struct arguments),
	.part = {{noon_capture_rows, offsetof(struct arguments, capture), NULL}, {rows, 0, NULL}},
	.act = capture,
};
