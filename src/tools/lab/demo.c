/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark demo: a server, a relay and a client with a wrong clock, on loopback; the client
 * synchronises, detects an attack, and recovers.
 */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "platform/file.h"
#include "platform/net/udp.h"
#include "platform/number.h"
#include "tools/core/child.h"
#include "tools/core/screen.h"
#include "tools/core/tool.h"
#include "tools/lab/relay_control.h"

#define PATH_LEN NOON_CHILD_PATH

struct arguments {
	double for_s;
	const char *daemon; /* NULL: noonmarkd beside this program */
	const char *limit;
	bool json;
};

struct ports {
	unsigned ntp;
	unsigned ke;
	unsigned relay_ntp;
	unsigned relay_ke;
};

/* Results of the whole run. */
struct tally {
	long readings;
	long violations;     /**< truth outside of the stated interval */
	long late_alarms;    /**< error above the limit while the state was good */
	double worst_error;  /**< while the state was ok, s */
	double widest_bound; /**< s */
	bool synchronised;
	bool alarmed;
	bool recovered;
};

struct demo {
	const struct noon_verb *self;
	struct arguments args;
	char dir[64];
	char control[PATH_LEN]; /* of the relay */
	struct ports ports;
	struct noon_children children;
	struct noon_ask ask;
	struct tally tally;
};

/* Set by ctrl-C: the demo stops early and cleans up. */
static volatile sig_atomic_t interrupted;

static void on_interrupt(int signo)
{
	interrupted = signo;
}

static double mono_s(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* A port that is currently free for TCP and UDP on loopback. */
static unsigned free_port(void)
{
	for (int i = 0; i < 100; i++) {
		struct noon_addr a;
		socklen_t len = sizeof(a.u);
		int sys;
		int udp;
		int tcp;
		unsigned port;

		if (noon_addr_parse("127.0.0.1", 0, &a) ||
		    noon_udp_bind(&a, false, &udp, NULL, &sys))
			return 0;
		(void)getsockname(udp, &a.u.sa, &len);
		port = noon_addr_port(&a);
		tcp = socket(AF_INET, SOCK_STREAM, 0);
		const bool both = tcp >= 0 && bind(tcp, &a.u.sa, a.len) == 0;

		(void)close(udp);
		if (tcp >= 0)
			(void)close(tcp);
		if (both)
			return port;
	}
	return 0;
}

static bool write_file(const struct demo *d, const char *name, const char *text)
{
	char path[PATH_LEN];

	(void)snprintf(path, sizeof(path), "%s/%s", d->dir, name);
	return noon_file_replace(path, noon_bytes_of(text, strlen(text)), 0600) == NOON_OK;
}

static bool write_configs(const struct demo *d)
{
	char text[2048];

	(void)snprintf(
		text, sizeof(text),
		"state-directory = \"%s/server\"\n"
		"control-socket = \"%s/server/sock\"\n"
		"shared-page = \"%s/server/clock\"\n"
		"user = \"\"\n"
		"clock { type = \"system-read-only\" }\n"
		"server { listen = {\"127.0.0.1:%u\"} local-stratum = 1 local-bound = \"1us\" }\n"
		"nts-ke { listen = {\"127.0.0.1:%u\"} ntp-port = %u }\n",
		d->dir, d->dir, d->dir, d->ports.ntp, d->ports.ke, d->ports.relay_ntp);
	if (!write_file(d, "server.conf", text))
		return false;
	(void)snprintf(
		text, sizeof(text),
		"state-directory = \"%s/client\"\n"
		"control-socket = \"%s/client/sock\"\n"
		"shared-page = \"%s/client/clock\"\n"
		"user = \"\"\n"
		"alert-limit = \"%s\"\n"
		"wander = \"5ppm\"\n"
		"max-age = \"30s\"\n"
		"clock { type = \"virtual\" offset = \"250ms\" frequency-error = \"40ppm\""
		" random-walk = 1e-9 }\n"
		"source \"127.0.0.1\" { ntsport = %u ntstrustedcerts = \"%s/server/ntske.crt\"\n"
		"  minpoll = -1 maxpoll = 0 burst-interval = \"300ms\" }\n",
		d->dir, d->dir, d->dir, d->args.limit, d->ports.relay_ke, d->dir);
	return write_file(d, "client.conf", text);
}

static bool start(struct demo *d, const char *log, char *const argv[])
{
	char path[PATH_LEN];

	(void)snprintf(path, sizeof(path), "%s/%s", d->dir, log);
	return noon_child_start(&d->children, path, argv);
}

static bool start_daemon(struct demo *d, const char *conf, const char *log)
{
	char path[PATH_LEN];
	char option[] = "-f";
	char *argv[] = {d->children.daemon, option, path, NULL};

	(void)snprintf(path, sizeof(path), "%s/%s", d->dir, conf);
	return start(d, log, argv);
}

static bool start_relay(struct demo *d)
{
	char udp[96];
	char tcp[96];
	char verb[] = "relay";
	char o_udp[] = "--udp";
	char o_tcp[] = "--tcp";
	char o_forward[] = "--forward";
	char o_reverse[] = "--reverse";
	char o_control[] = "--control";
	char spec[] = "delay=100us,jitter=30us";
	char *argv[] = {
		d->children.program, verb, o_udp,     udp,	  o_tcp, tcp, o_forward, spec,
		o_reverse,	     spec, o_control, d->control, NULL};

	(void)snprintf(udp, sizeof(udp), "127.0.0.1:%u=127.0.0.1:%u", d->ports.relay_ntp,
		       d->ports.ntp);
	(void)snprintf(tcp, sizeof(tcp), "127.0.0.1:%u=127.0.0.1:%u", d->ports.relay_ke,
		       d->ports.ke);
	return start(d, "relay.log", argv);
}

static bool wait_for(const struct demo *d, const char *name)
{
	char path[PATH_LEN];

	(void)snprintf(path, sizeof(path), "%s/%s", d->dir, name);
	return noon_child_wait_for(path, &interrupted);
}

static bool start_all(struct demo *d)
{
	char path[PATH_LEN];

	if (!write_configs(d) || !start_daemon(d, "server.conf", "server.log") ||
	    !wait_for(d, "server/ntske.crt") || !wait_for(d, "server/sock") || !start_relay(d) ||
	    !wait_for(d, "relay.sock") || !start_daemon(d, "client.conf", "client.log") ||
	    !wait_for(d, "client/sock"))
		return false;
	(void)snprintf(path, sizeof(path), "%s/client/sock", d->dir);
	return noon_ask_open(&d->ask, d->self, path);
}

static void stop_all(struct demo *d)
{
	noon_ask_close(&d->ask);
	noon_children_stop(&d->children);
}

static void judge(struct tally *t, const json_t *s)
{
	const char *state = noon_json_str(s, "state");
	const double error = noon_json_num(s, "true_error_s"); /* C - UTC */
	const bool ok = strcmp(state, "ok") == 0;

	if (json_object_get(s, "bound_s") == NULL)
		return;
	t->readings++;
	/* UTC - C must be in [lower, upper]; 2 us for reading two clocks in sequence. */
	if (-error < noon_json_num(s, "lower_s") - 2e-6 ||
	    -error > noon_json_num(s, "upper_s") + 2e-6)
		t->violations++;
	if ((ok || strcmp(state, "holdover") == 0) &&
	    fabs(error) > noon_json_num(s, "alert_limit_s"))
		t->late_alarms++;
	if (ok) {
		t->worst_error = fmax(t->worst_error, fabs(error));
		t->recovered |= t->alarmed;
		t->synchronised = true;
	}
	t->alarmed |= strcmp(state, "alarm") == 0;
	t->widest_bound = fmax(t->widest_bound, noon_json_num(s, "bound_s"));
}

/* Show readings until `until`, one a second; false when the daemon has exited. */
static bool show_until(struct demo *d, double until, bool *head)
{
	while (mono_s() < until && !interrupted) {
		const char *why;
		json_t *s = noon_ask(&d->ask, json_pack("{s:s}", "command", "status"), &why);

		if (s == NULL) {
			(void)noon_tool_fail(d->self, "%s", why);
			return false;
		}
		judge(&d->tally, s);
		if (d->args.json) {
			(void)json_dumpf(s, stdout, JSON_COMPACT | JSON_REAL_PRECISION(12));
			(void)fputc('\n', stdout);
			(void)fflush(stdout);
		} else {
			noon_screen_line(stdout, s, *head);
		}
		*head = false;
		json_decref(s);
		noon_child_pause(fmin(1.0, until - mono_s()));
	}
	return true;
}

static void say(const struct demo *d, const char *text)
{
	if (d->args.json)
		return;
	(void)printf("--- %s\n", text);
	(void)fflush(stdout);
}

static bool attack(struct demo *d, const char *command)
{
	char answer[256];
	int sys;

	return noon_relay_control_ask(d->control, command, answer, sizeof(answer), &sys) == NOON_OK;
}

/* No attack in the first quarter, attack in the middle, recovery in the rest. */
static bool play(struct demo *d)
{
	const double begin = mono_s();
	const double whole = d->args.for_s;
	bool head = true;

	say(d, "client clock wrong by 250 ms and 40 ppm; NTS through a relay of 100 us each way");
	if (!show_until(d, begin + whole * 0.3, &head))
		return false;
	say(d, "ATTACK: replies delayed by 20 ms more (requests are not): no cryptography notices");
	if (!attack(d, "reverse delay=20ms") || !show_until(d, begin + whole * 0.7, &head))
		return false;
	say(d, "the attack stops");
	return attack(d, "reverse delay=100us") && show_until(d, begin + whole, &head);
}

static void print_summary(const struct demo *d)
{
	const struct tally *t = &d->tally;
	char error[32];
	char bound[32];

	noon_tool_dur(error, sizeof(error), t->worst_error);
	noon_tool_dur(bound, sizeof(bound), t->widest_bound);
	if (d->args.json) {
		(void)printf("{\"readings\": %ld, \"bound_violations\": %ld, \"late_alarms\": %ld, "
			     "\"alarmed\": %s, \"recovered\": %s}\n",
			     t->readings, t->violations, t->late_alarms,
			     t->alarmed ? "true" : "false", t->recovered ? "true" : "false");
		return;
	}
	(void)printf(
		"\n"
		"readings %ld, bound violations: %ld, error above the limit without alarm: %ld\n"
		"largest true error while ok %s, widest bound %s, alarm %s, recovery %s\n",
		t->readings, t->violations, t->late_alarms, error, bound,
		t->alarmed ? "raised" : "not raised", t->recovered ? "seen" : "not seen");
	(void)printf(
		"\n"
		"Real servers: write a file with   source \"time.example.net\" { }   and run\n"
		"  noonmarkd -f FILE     (a virtual clock; add  clock { type = \"system\" }  to "
		"steer)\n"
		"  noonmark query nts://time.example.net     asks one once and sets nothing\n");
}

/* Seconds, with or without their unit. */
static bool read_seconds(const struct noon_option *o, const char *text, void *at,
			 char why[NOON_OPTION_WHY])
{
	const size_t n = strlen(text);
	char digits[32];
	double v;

	(void)o;
	(void)why;
	if (n >= sizeof(digits))
		return false;
	(void)snprintf(digits, sizeof(digits), "%.*s",
		       (int)(n > 0 && text[n - 1] == 's' ? n - 1 : n), text);
	if (!noon_number(digits, 20, 86400, &v))
		return false;
	memcpy(at, &v, sizeof(v));
	return true;
}

static int perform(struct demo *d)
{
	const struct sigaction sa = {.sa_handler = on_interrupt};
	bool ok;

	(void)sigaction(SIGINT, &sa, NULL);
	(void)sigaction(SIGTERM, &sa, NULL);
	d->ports = (struct ports){free_port(), free_port(), free_port(), free_port()};
	(void)snprintf(d->control, sizeof(d->control), "%s/relay.sock", d->dir);
	d->ask.fd = -1;
	if (!start_all(d)) {
		stop_all(d);
		if (interrupted)
			return NOON_EXIT_NOT_OK;
		return noon_tool_fail(d->self, "a part did not start; its log is in %s", d->dir);
	}
	ok = play(d);
	stop_all(d);
	if (ok)
		print_summary(d);
	noon_child_remove_dir(d->dir);
	if (!ok)
		return NOON_EXIT_FAILED;
	if (interrupted)
		return NOON_EXIT_OK;
	return d->tally.violations == 0 && d->tally.late_alarms == 0 && d->tally.synchronised &&
			       d->tally.alarmed && d->tally.recovered
		       ? NOON_EXIT_OK
		       : NOON_EXIT_NOT_OK;
}

static int run(const struct noon_verb *self, void *options, const struct noon_arguments *line)
{
	struct demo *d = calloc(1, sizeof(*d));
	int status;

	(void)line;
	if (d == NULL)
		return noon_tool_fail(self, "out of memory");
	d->self = self;
	d->args = *(const struct arguments *)options;
	noon_dir_template("noonmark-demo", d->dir, sizeof(d->dir));
	if (!noon_children_find(&d->children, d->args.daemon))
		status =
			noon_tool_fail(self, "noonmarkd not found beside this program; --noonmarkd "
					     "FILE names it");
	else if (mkdtemp(d->dir) == NULL)
		status = noon_tool_fail(self, "%s: %s", d->dir, strerror(errno));
	else
		status = perform(d);
	free(d);
	return status;
}

#define OPTION(member) NOON_OPTION_AT(struct arguments, member)

static const struct noon_option rows[] = {
	{"for", NOON_OPTION_OWN, OPTION(for_s), .read = read_seconds, .value = "s", .unit = "s",
	 .def = "60", .noun = "20 to 86400 seconds", .help = "how long, 20 or more"},
	{"limit", NOON_OPTION_BORROWED, OPTION(limit), .value = "time", .def = "500us",
	 .help = "alert limit of the client"},
	{"noonmarkd", NOON_OPTION_BORROWED, OPTION(daemon), .value = "file",
	 .says = "beside this program", .help = "the daemon"},
	{"json", NOON_OPTION_BOOL, OPTION(json), .help = "print one JSON object a line"},
	NOON_OPTION_END,
};

const struct noon_verb noon_verb_demo = {
	.name = "demo",
	.summary = "watch a wrong clock find the time, be attacked, say so and recover",
	.about = "Run an NTS server, a relay and a client with a wrong virtual clock on loopback. "
		 "The\n"
		 "client's bound is shown beside its true error; then its replies are delayed.\n"
		 "Nothing of the system is touched. Exit status 0 if no bound was violated, the "
		 "alarm\n"
		 "came and went.\n",
	.size = sizeof(struct arguments),
	.part = {{rows, 0, NULL}},
	.act = run,
};
