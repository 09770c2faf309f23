/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark capture: measure servers from captured traffic, without sending anything.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "platform/clock/clock.h"
#include "platform/number.h"
#include "platform/sandbox.h"
#include "tools/measure/capture_report.h"

#define PROGRESS_AFTER NOON_S(2)
#define LINE_CLEAR     78
#define UNPRIVILEGED   "nobody"

struct arguments {
	const char *interface;
	const char *server;
	const char *ports;
	const char *filter;
	int stamps; /* enum noon_capture_level */
	bool promiscuous;
	noon_dur tap_delay;
	double duration_s; /* 0: until it is ended */
	uint64_t count;	   /* 0: no limit */
	bool json;
};

struct capture {
	const struct noon_verb *self;
	const struct arguments *args;
	struct noon_passive *passive;
	struct noon_loop *loop; /* NULL: files */
	struct noon_timer timer;
	noon_time begun;
	const char *path;
	bool terminal;	/* standard error is one */
	bool on_screen; /* so is standard output: lines go over that of progress */
	bool shown;	/* a line of progress is on the screen */
	bool begins;
	bool failed;
	bool has_server;
	uint8_t version; /* of the server's address */
	uint8_t server[16];
	uint64_t printed;
	uint64_t good;
};

static void clear_progress(struct capture *c)
{
	if (c->shown)
		(void)fprintf(stderr, "\r%*s\r", LINE_CLEAR, "");
	c->shown = false;
}

static bool is_wanted(const struct capture *c, const struct noon_tap_exchange *e)
{
	return !c->has_server || (e->version == c->version &&
				  memcmp(e->server.addr, c->server, sizeof(c->server)) == 0);
}

static void on_exchange(void *arg, const struct noon_tap_exchange *e)
{
	struct capture *c = arg;

	if (!is_wanted(c, e) || (c->args->count > 0 && c->printed >= c->args->count))
		return;
	if (c->on_screen)
		clear_progress(c);
	if (c->begins && !c->args->json)
		noon_capture_report_begin();
	c->begins = false;
	if (c->args->json)
		noon_capture_report_json(e);
	else
		noon_capture_report_print(e);
	c->printed++;
	c->good += e->miss == NOON_TAP_MISS_NONE;
	if (c->loop == NULL)
		return;
	(void)fflush(stdout);
	if (c->args->count > 0 && c->printed >= c->args->count)
		noon_loop_stop(c->loop);
}

static void on_progress(void *arg, const struct noon_capture *capture)
{
	struct capture *c = arg;
	uint64_t done = 0;
	uint64_t all = 0;

	if (!c->terminal || noon_time_diff(noon_mono_now(), c->begun) < PROGRESS_AFTER)
		return;
	if (noon_capture_progress(capture, &done, &all))
		(void)fprintf(stderr, "\r%.40s: %3.0f %%, %llu exchanges", c->path,
			      100 * (double)done / (double)all, (unsigned long long)c->printed);
	else
		(void)fprintf(stderr, "\r%.40s: %llu frames, %llu exchanges", c->path,
			      (unsigned long long)noon_capture_frames(capture),
			      (unsigned long long)c->printed);
	c->shown = true;
}

static void on_fail(void *arg, const char *why)
{
	struct capture *c = arg;

	(void)noon_tool_fail(c->self, "--interface %s: %s", c->args->interface, why);
	c->failed = true;
	noon_loop_stop(c->loop);
}

/* Returns false after saying what is wrong with the options. */
static bool settle(struct capture *c, struct noon_passive_conf *conf, size_t files)
{
	const struct arguments *a = c->args;
	uint64_t ports[NOON_TAP_PORTS_MAX + 1];

	if ((a->interface != NULL) == (files > 0)) {
		(void)noon_tool_usage(c->self, "expected FILE... or --interface IF, not both");
		return false;
	}
	if (a->interface == NULL && (a->filter != NULL || a->promiscuous || a->duration_s > 0 ||
				     a->stamps != NOON_CAPTURE_UNKNOWN)) {
		(void)noon_tool_usage(c->self, "--filter, --stamps, --promiscuous and --duration "
					       "go with --interface");
		return false;
	}
	if (a->server != NULL) {
		c->has_server = true;
		c->version = inet_pton(AF_INET, a->server, c->server) == 1 ? 4 : 6;
		if (c->version == 6 && inet_pton(AF_INET6, a->server, c->server) != 1) {
			(void)noon_tool_usage(c->self,
					      "--server \"%s\": expected an IPv4 or IPv6 address",
					      a->server);
			return false;
		}
	}
	if (a->ports == NULL)
		return true;
	conf->ports = (unsigned)noon_number_list(a->ports, 1, UINT16_MAX, ports,
						 sizeof(ports) / sizeof(ports[0]));
	if (conf->ports == 0 || conf->ports > NOON_TAP_PORTS_MAX) {
		(void)noon_tool_usage(c->self,
				      "--port \"%s\": expected 1 to %d ports with commas between",
				      a->ports, NOON_TAP_PORTS_MAX);
		return false;
	}
	for (unsigned i = 0; i < conf->ports; i++)
		conf->port[i] = (uint16_t)ports[i];
	return true;
}

static void read_files(struct capture *c, const struct noon_arguments *line)
{
	char why[NOON_CAPTURE_WHY];

	for (size_t i = 0; i < line->n; i++) {
		const char *path = line->argument[i];

		c->path = strcmp(path, "-") == 0 ? "standard input" : path;
		if (noon_passive_file(c->passive, path, why)) {
			clear_progress(c);
			(void)noon_tool_fail(c->self, "%s: %s", c->path, why);
			c->failed = true;
		}
		clear_progress(c);
	}
}

static void on_signal(void *arg, int signo)
{
	struct capture *c = arg;

	(void)signo;
	noon_loop_stop(c->loop);
}

static void on_time(void *arg)
{
	struct capture *c = arg;

	noon_loop_stop(c->loop);
}

/* What anybody sends is read from here on: not as root. */
static void give_up_rights(const struct capture *c)
{
	if (noon_sandbox_drop(UNPRIVILEGED, false, false, false))
		(void)fprintf(
			stderr,
			"noonmark %s: cannot become user %s: frames are read with all rights\n",
			c->self->name, UNPRIVILEGED);
}

static void listen_on(struct capture *c)
{
	static const int signals[] = {SIGINT, SIGTERM, 0};
	const struct arguments *a = c->args;
	const struct noon_capture_live live = {a->interface, a->filter,
					       (enum noon_capture_level)a->stamps, a->promiscuous};
	char why[NOON_CAPTURE_WHY];

	if (noon_loop_signals(c->loop, signals, NULL, on_signal, c)) {
		(void)noon_tool_fail(c->self, "event loop: %s", strerror(errno));
		c->failed = true;
		return;
	}
	if (noon_passive_listen(c->passive, &live, c->loop, why)) {
		(void)noon_tool_fail(c->self, "--interface %s: %s", a->interface, why);
		c->failed = true;
		return;
	}
	give_up_rights(c);
	(void)fprintf(stderr, "noonmark capture: listening on %s, frames are stamped by: %s\n",
		      a->interface, noon_capture_level_word(noon_passive_level(c->passive)));
	c->timer.fire = on_time;
	c->timer.arg = c;
	if (a->duration_s > 0)
		noon_loop_arm(c->loop, &c->timer, noon_dur_from_s(a->duration_s));
	if (noon_loop_run(c->loop)) {
		(void)noon_tool_fail(c->self, "event loop: %s", strerror(errno));
		c->failed = true;
	}
	noon_loop_disarm(&c->timer);
}

static int report(struct capture *c)
{
	const struct noon_tap_counts *counts = noon_passive_counts(c->passive);
	const enum noon_capture_level level = noon_passive_level(c->passive);

	noon_passive_end(c->passive);
	if (c->args->json)
		noon_capture_report_end_json(counts, noon_passive_dropped(c->passive), level);
	else
		noon_capture_report_end(counts, noon_passive_dropped(c->passive), level);
	if (c->failed)
		return NOON_EXIT_FAILED;
	return c->good > 0 ? NOON_EXIT_OK : NOON_EXIT_NOT_OK;
}

static int run(struct capture *c, const struct noon_arguments *line)
{
	int status;

	if (c->args->interface == NULL) {
		read_files(c, line);
		return report(c);
	}
	if (noon_loop_new(NOON_LOOP_EVENT, &c->loop))
		return noon_tool_fail(c->self, "event loop: %s", strerror(errno));
	listen_on(c);
	status = c->failed && c->printed == 0 ? NOON_EXIT_FAILED : report(c);
	noon_passive_end(c->passive);
	noon_loop_free(c->loop);
	return status;
}

static int capture(const struct noon_verb *self, void *options, const struct noon_arguments *line)
{
	struct capture c = {.self = self,
			    .args = options,
			    .begun = noon_mono_now(),
			    .terminal = isatty(STDERR_FILENO) == 1,
			    .on_screen = isatty(STDOUT_FILENO) == 1,
			    .begins = true};
	struct noon_passive_conf conf = {
		.on_exchange = on_exchange, .on_progress = on_progress, .on_fail = on_fail};
	int status;

	conf.arg = &c;
	conf.tap_delay = c.args->tap_delay;
	if (!settle(&c, &conf, line->n))
		return NOON_EXIT_USAGE;
	if (noon_passive_new(&conf, &c.passive))
		return noon_tool_fail(self, "out of memory");
	status = run(&c, line);
	noon_passive_free(c.passive);
	return status;
}

static const struct noon_word stamps[] = {{"kernel", NOON_CAPTURE_KERNEL},
					  {"adapter", NOON_CAPTURE_ADAPTER},
					  {"adapter-clock", NOON_CAPTURE_ADAPTER_CLOCK},
					  {NULL, 0}};

#define OPTION(member) NOON_OPTION_AT(struct arguments, member)

static const struct noon_option rows[] = {
	{"interface", NOON_OPTION_BORROWED, OPTION(interface), .says = "none: read files",
	 .value = "if", .letter = 'i', .help = "listen on this interface until ended"},
	{"server", NOON_OPTION_BORROWED, OPTION(server), .says = "all", .value = "address",
	 .help = "show exchanges of this server only"},
	{"port", NOON_OPTION_BORROWED, OPTION(ports), .says = "UDP 123, and HTTP on any TCP port",
	 .value = "n,n", .letter = 'p', .help = "ports of servers, UDP and TCP"},
	{"tap-delay", NOON_OPTION_TIME, OPTION(tap_delay), NOON_OPTION_LEAST(0), .def = "0",
	 .help = "a frame may be stamped so long after it passed: of a mirror port"},
	{"filter", NOON_OPTION_BORROWED, OPTION(filter), .says = "what the ports need",
	 .value = "text", .help = "of the interface, as in pcap-filter(7)"},
	{"stamps", NOON_OPTION_WORD, OPTION(stamps), .words = stamps, .says = "kernel",
	 .help = "who stamps; adapters stamp what comes in only, adapter-clock by their own clock"},
	{"promiscuous", NOON_OPTION_BOOL, OPTION(promiscuous),
	 .help = "hear frames for other machines too: a mirror port, a tap"},
	{"duration", NOON_OPTION_REAL, OPTION(duration_s), NOON_OPTION_RANGE(0.01, 1e8),
	 .says = "until ended", .unit = "s", .value = "s", .letter = 'd', .help = "to listen"},
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
	.part = {{rows, 0, NULL}},
	.act = capture,
};
