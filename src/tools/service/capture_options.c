/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/service/capture_options.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "platform/clock/clock.h"
#include "platform/number.h"
#include "platform/sandbox.h"

#define PROGRESS_AFTER NOON_S(2)
#define LINE_CLEAR     78
#define UNPRIVILEGED   "nobody"

static const struct noon_word stamps[] = {{"kernel", NOON_CAPTURE_KERNEL},
					  {"adapter", NOON_CAPTURE_ADAPTER},
					  {"adapter-clock", NOON_CAPTURE_ADAPTER_CLOCK},
					  {NULL, 0}};

#define AT(member) NOON_OPTION_AT(struct noon_capture_options, member)

const struct noon_option noon_capture_rows[] = {
	{"interface", NOON_OPTION_BORROWED, AT(interface), .says = "none: read files",
	 .value = "if", .letter = 'i', .help = "listen on this interface until ended"},
	{"server", NOON_OPTION_BORROWED, AT(server), .says = "all", .value = "address",
	 .help = "exchanges of this server only"},
	{"port", NOON_OPTION_BORROWED, AT(ports), .says = "UDP 123, and HTTP on any TCP port",
	 .value = "n,n", .letter = 'p', .help = "ports of servers, UDP and TCP"},
	{"tap-delay", NOON_OPTION_TIME, AT(tap_delay), NOON_OPTION_LEAST(0), .def = "0",
	 .help = "a frame may be stamped so long after it passed: of a mirror port"},
	{"filter", NOON_OPTION_BORROWED, AT(filter), .says = "what the ports need", .value = "text",
	 .help = "of the interface, as in pcap-filter(7)"},
	{"stamps", NOON_OPTION_WORD, AT(stamps), .words = stamps, .says = "kernel",
	 .help = "who stamps; adapters stamp what comes in only, adapter-clock by their own clock"},
	{"promiscuous", NOON_OPTION_BOOL, AT(promiscuous),
	 .help = "hear frames for other machines too: a mirror port, a tap"},
	{"duration", NOON_OPTION_REAL, AT(duration_s), NOON_OPTION_RANGE(0.01, 1e8),
	 .says = "until ended", .unit = "s", .value = "s", .letter = 'T', .help = "to listen"},
	NOON_OPTION_END,
};

void noon_capture_read_clear(struct noon_capture_read *r)
{
	if (r->shown)
		(void)fprintf(stderr, "\r%*s\r", LINE_CLEAR, "");
	r->shown = false;
}

static bool is_wanted(const struct noon_capture_read *r, const struct noon_tap_exchange *e)
{
	return !r->has_server || (e->version == r->version &&
				  memcmp(e->server.addr, r->server, sizeof(r->server)) == 0);
}

static void on_exchange(void *arg, const struct noon_tap_exchange *e)
{
	struct noon_capture_read *r = arg;

	if (!is_wanted(r, e))
		return;
	r->exchanges++;
	r->on_exchange(r->arg, e);
}

static void on_progress(void *arg, const struct noon_capture *capture)
{
	struct noon_capture_read *r = arg;
	uint64_t done = 0;
	uint64_t all = 0;

	if (r->on_second != NULL)
		r->on_second(r->arg);
	if (!r->terminal || noon_time_diff(noon_mono_now(), r->begun) < PROGRESS_AFTER)
		return;
	if (noon_capture_progress(capture, &done, &all))
		(void)fprintf(stderr, "\r%.40s: %3.0f %%, %llu exchanges", r->path,
			      100 * (double)done / (double)all, (unsigned long long)r->exchanges);
	else
		(void)fprintf(stderr, "\r%.40s: %llu frames, %llu exchanges", r->path,
			      (unsigned long long)noon_capture_frames(capture),
			      (unsigned long long)r->exchanges);
	r->shown = true;
}

static void on_fail(void *arg, const char *why)
{
	struct noon_capture_read *r = arg;

	(void)noon_tool_fail(r->self, "--interface %s: %s", r->options->interface, why);
	r->failed = true;
	noon_loop_stop(r->loop);
}

/* Returns false after saying what is wrong. */
static bool take_server(struct noon_capture_read *r)
{
	const char *text = r->options->server;

	if (text == NULL)
		return true;
	r->has_server = true;
	r->version = inet_pton(AF_INET, text, r->server) == 1 ? 4 : 6;
	if (r->version == 4 || inet_pton(AF_INET6, text, r->server) == 1)
		return true;
	(void)noon_tool_usage(r->self, "--server \"%s\": expected an IPv4 or IPv6 address", text);
	return false;
}

/* Returns false after saying what is wrong. */
static bool take_ports(struct noon_capture_read *r, struct noon_passive_conf *conf)
{
	const char *text = r->options->ports;
	uint64_t ports[NOON_TAP_PORTS_MAX + 1];

	if (text == NULL)
		return true;
	conf->ports = (unsigned)noon_number_list(text, 1, UINT16_MAX, ports,
						 sizeof(ports) / sizeof(ports[0]));
	if (conf->ports == 0 || conf->ports > NOON_TAP_PORTS_MAX) {
		(void)noon_tool_usage(r->self,
				      "--port \"%s\": expected 1 to %d ports with commas between",
				      text, NOON_TAP_PORTS_MAX);
		return false;
	}
	for (unsigned i = 0; i < conf->ports; i++)
		conf->port[i] = (uint16_t)ports[i];
	return true;
}

int noon_capture_read_init(struct noon_capture_read *r, const struct noon_arguments *line)
{
	const struct noon_capture_options *a = r->options;
	struct noon_passive_conf conf = {.on_exchange = on_exchange,
					 .on_progress = on_progress,
					 .on_fail = on_fail,
					 .tap_delay = a->tap_delay,
					 .arg = r};

	r->begun = noon_mono_now();
	r->terminal = isatty(STDERR_FILENO) == 1;
	if ((a->interface != NULL) == (line->n > 0))
		return noon_tool_usage(r->self, "expected FILE... or --interface IF, not both");
	if (a->interface == NULL && (a->filter != NULL || a->promiscuous || a->duration_s > 0 ||
				     a->stamps != NOON_CAPTURE_UNKNOWN))
		return noon_tool_usage(r->self, "--filter, --stamps, --promiscuous and --duration "
						"go with --interface");
	if (!take_server(r) || !take_ports(r, &conf))
		return NOON_EXIT_USAGE;
	if (noon_passive_new(&conf, &r->passive))
		return noon_tool_fail(r->self, "out of memory");
	if (a->interface != NULL && noon_loop_new(NOON_LOOP_EVENT, &r->loop))
		return noon_tool_fail(r->self, "event loop: %s", strerror(errno));
	return NOON_EXIT_OK;
}

static void read_files(struct noon_capture_read *r, const struct noon_arguments *line)
{
	char why[NOON_CAPTURE_WHY];

	for (size_t i = 0; i < line->n; i++) {
		const char *path = line->argument[i];

		r->path = strcmp(path, "-") == 0 ? "standard input" : path;
		if (noon_passive_file(r->passive, path, why)) {
			noon_capture_read_clear(r);
			(void)noon_tool_fail(r->self, "%s: %s", r->path, why);
			r->failed = true;
		}
		noon_capture_read_clear(r);
	}
}

static void on_signal(void *arg, int signo)
{
	struct noon_capture_read *r = arg;

	(void)signo;
	noon_loop_stop(r->loop);
}

static void on_end(void *arg)
{
	struct noon_capture_read *r = arg;

	noon_loop_stop(r->loop);
}

static void on_second(void *arg)
{
	struct noon_capture_read *r = arg;

	r->on_second(r->arg);
	noon_loop_arm(r->loop, &r->second, NOON_S(1));
}

/* What anybody sends is read from here on: not as root. */
static void give_up_rights(const struct noon_capture_read *r)
{
	const char *user = r->user == NULL ? UNPRIVILEGED : r->user;

	if (noon_sandbox_drop(user, false, false, false))
		(void)fprintf(
			stderr,
			"noonmark %s: cannot become user %s: frames are read with all rights\n",
			r->self->name, user);
}

static void listen_on(struct noon_capture_read *r)
{
	static const int signals[] = {SIGINT, SIGTERM, 0};
	const struct noon_capture_options *a = r->options;
	const struct noon_capture_live live = {a->interface, a->filter,
					       (enum noon_capture_level)a->stamps, a->promiscuous};
	char why[NOON_CAPTURE_WHY];

	r->failed = true;
	if (noon_loop_signals(r->loop, signals, NULL, on_signal, r)) {
		(void)noon_tool_fail(r->self, "event loop: %s", strerror(errno));
		return;
	}
	if (noon_passive_listen(r->passive, &live, r->loop, why)) {
		(void)noon_tool_fail(r->self, "--interface %s: %s", a->interface, why);
		return;
	}
	r->failed = false;
	give_up_rights(r);
	(void)fprintf(stderr, "noonmark %s: listening on %s, frames are stamped by: %s\n",
		      r->self->name, a->interface,
		      noon_capture_level_word(noon_passive_level(r->passive)));
	r->end = (struct noon_timer){.fire = on_end, .arg = r};
	r->second = (struct noon_timer){.fire = on_second, .arg = r};
	if (a->duration_s > 0)
		noon_loop_arm(r->loop, &r->end, noon_dur_from_s(a->duration_s));
	if (r->on_second != NULL)
		noon_loop_arm(r->loop, &r->second, NOON_S(1));
	if (noon_loop_run(r->loop)) {
		(void)noon_tool_fail(r->self, "event loop: %s", strerror(errno));
		r->failed = true;
	}
	noon_loop_disarm(&r->end);
	noon_loop_disarm(&r->second);
}

void noon_capture_read(struct noon_capture_read *r, const struct noon_arguments *line)
{
	if (r->loop == NULL)
		read_files(r, line);
	else
		listen_on(r);
	noon_passive_end(r->passive);
}

void noon_capture_read_stop(struct noon_capture_read *r)
{
	if (r->loop != NULL)
		noon_loop_stop(r->loop);
}

void noon_capture_read_fini(struct noon_capture_read *r)
{
	noon_passive_free(r->passive);
	noon_loop_free(r->loop);
}
