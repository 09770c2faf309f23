/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark bench: throughput and latency of a server.
 */
#include <ifaddrs.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tools/bench/bench_shake.h"
#include "tools/bench/bench_storm.h"
#include "tools/core/process_cpu.h"
#include "tools/core/tool.h"
#include "tools/core/url.h"
#include "tools/service/server_options.h"
#include "wire/ntp.h"
#include "wire/ntske.h"

/* Limit of the request rate for a server that is not on this machine, per second. */
#define POLITE_RATE 100

enum kind { KIND_NTS, KIND_NTP, KIND_NTSKE };

struct arguments {
	enum kind kind;
	struct noon_url url;
	struct noon_server_options server;
	uint64_t ntp_port; /* 0: as negotiated, else 123 */
	uint64_t sockets;
	uint64_t window; /* of key exchanges 0: default */
	uint64_t placeholders;
	uint64_t pid; /* 0: none */
	double rate;  /* 0: closed loop */
	noon_dur length;
	noon_dur timeout;
	bool own;
	bool json;
};

struct bench {
	const struct noon_verb *self;
	struct arguments args;
	struct noon_addr peer;
	struct noon_tls_ctx *tls;
	struct noon_nts_session session;
	struct noon_bench_tally tally;
};

static const char *const kinds[] = {"nts", "ntp", "ntske"};

/* Loopback, or an address of this machine. */
static bool is_local(const struct noon_addr *a)
{
	struct ifaddrs *list = NULL;
	bool found = false;
	char text[64];
	char other[64];

	noon_addr_format_host(a, text, sizeof(text));
	if (strncmp(text, "127.", 4) == 0 || strcmp(text, "::1") == 0)
		return true;
	if (getifaddrs(&list))
		return false;
	for (const struct ifaddrs *i = list; i != NULL && !found; i = i->ifa_next) {
		struct noon_addr b = {.len = 0};

		if (i->ifa_addr == NULL || i->ifa_addr->sa_family != a->u.sa.sa_family)
			continue;
		b.len = a->len;
		memcpy(&b.u, i->ifa_addr, a->len);
		noon_addr_format_host(&b, other, sizeof(other));
		found = strcmp(text, other) == 0;
	}
	freeifaddrs(list);
	return found;
}

/* Returns an exit status, or -1: this rate is allowed for the server. */
static int judge_target(const struct bench *b, const struct noon_addr *peer)
{
	const struct arguments *a = &b->args;
	char text[64];

	if (is_local(peer))
		return -1;
	noon_addr_format_host(peer, text, sizeof(text));
	if (a->pid != 0)
		return noon_tool_usage(b->self, "--pid: %s is not an address of this machine",
				       text);
	if (a->rate > 0 && a->rate <= POLITE_RATE)
		return -1;
	if (!a->own)
		return noon_tool_usage(b->self,
				       "%s is not this machine: at most %d requests per second "
				       "(--rate %d), unless --i-own-this-server is given",
				       text, POLITE_RATE, POLITE_RATE);
	(void)fprintf(stderr,
		      "noonmark bench: %s is not this machine; more than %d requests per second, "
		      "as --i-own-this-server says\n",
		      text, POLITE_RATE);
	return -1;
}

static int take_server(const struct noon_verb *self, struct arguments *a, const char *text)
{
	char url[320];

	(void)snprintf(url, sizeof(url), "%s://%s", a->kind == KIND_NTP ? "ntp" : "nts", text);
	if (strlen(text) > 280 || strstr(text, "://") != NULL || noon_url_parse(url, &a->url))
		return noon_tool_usage(self, "\"%s\": expected HOST or HOST:PORT", text);
	return -1;
}

/* One key exchange, which also gives the address of NTP. Returns an exit status, or -1. */
static int get_session(struct bench *b, const struct noon_bench_shake_conf *shake)
{
	struct noon_bench_shake_conf conf = *shake;
	struct noon_nts_session *s = &b->session;
	const struct arguments *a = &b->args;
	const char *why = "";
	size_t n = 0;
	uint16_t ntp;

	conf.length = 0;
	conf.window = 1;
	if (noon_bench_shake(&conf, &b->tally, s))
		return noon_tool_fail(b->self, "out of memory");
	if (b->tally.answered == 0)
		return noon_tool_fail(b->self, "key exchange with %s failed: %s", a->url.host,
				      b->tally.why);
	ntp = s->port != 0 ? s->port : NOON_NTP_PORT;
	if (a->ntp_port != 0)
		ntp = (uint16_t)a->ntp_port;
	if (s->host[0] == '\0')
		noon_addr_set_port(&b->peer, ntp);
	else if (noon_addr_resolve(s->host, ntp, a->server.family, &b->peer, 1, &n, &why))
		return noon_tool_fail(b->self, "%s, the server's NTP server: %s", s->host, why);
	return judge_target(b, &b->peer);
}

/* Returns an exit status, or -1: there is a tally. */
static int run_storm(struct bench *b)
{
	const struct arguments *a = &b->args;
	const struct noon_bench_storm_conf conf = {
		.peer = b->peer,
		.session = a->kind == KIND_NTS ? &b->session : NULL,
		.placeholders = (unsigned)a->placeholders,
		.sockets = (unsigned)a->sockets,
		.window = (unsigned)a->window,
		.rate = a->rate,
		.length = a->length,
		.timeout = a->timeout,
	};

	b->tally.sockets = conf.sockets;
	b->tally.window = conf.window;
	return noon_bench_storm(&conf, &b->tally) ? noon_tool_fail(b->self, "%s", b->tally.why)
						  : -1;
}

static int run_shakes(struct bench *b, const struct noon_bench_shake_conf *conf)
{
	b->tally.window = conf->window;
	return noon_bench_shake(conf, &b->tally, NULL) ? noon_tool_fail(b->self, "out of memory")
						       : -1;
}

/* Judge and print the result. */
static int conclude(const struct bench *b)
{
	const struct noon_bench_tally *t = &b->tally;

	if (t->answered == 0 && t->refused > 0)
		return noon_tool_fail(b->self, "nothing listens on %s (refused by ICMP)",
				      t->server);
	if (t->answered == 0 && b->args.kind == KIND_NTSKE)
		return noon_tool_fail(b->self, "key exchange with %s failed: %s", b->args.url.host,
				      t->why);
	noon_bench_tally_print(t, b->args.json);
	if (t->answered == 0 && t->bad == 0)
		(void)fprintf(stderr, "noonmark bench: %s: no answer\n", t->server);
	else if (t->why[0] != '\0')
		(void)fprintf(stderr, "noonmark bench: %s: %s\n", t->server, t->why);
	return t->answered > 0 ? NOON_EXIT_OK : NOON_EXIT_NOT_OK;
}

static int run_load(struct bench *b, const struct noon_bench_shake_conf *shake)
{
	const struct arguments *a = &b->args;
	struct noon_bench_tally *t = &b->tally;
	double before = 0;
	double after = 0;
	int status;

	memset(t, 0, sizeof(*t));
	t->what = kinds[a->kind];
	t->rate = a->rate;
	noon_addr_format(&b->peer, t->server, sizeof(t->server));
	if (a->pid != 0 && !noon_process_cpu((long)a->pid, &before))
		return noon_tool_fail(b->self, "--pid: there is no process %llu",
				      (unsigned long long)a->pid);
	status = a->kind == KIND_NTSKE ? run_shakes(b, shake) : run_storm(b);
	if (status >= 0)
		return status;
	t->has_cpu = a->pid != 0 && noon_process_cpu((long)a->pid, &after);
	t->cpu_s = after - before;
	return conclude(b);
}

static int set_up_tls(struct bench *b)
{
	const struct noon_tls_pem ca = {.path = b->args.server.ca};
	struct noon_tls_why why = {.text = ""};

	if (noon_aead_global_init())
		return noon_tool_fail(b->self, "libgcrypt cannot be used");
	if (noon_tls_client_ctx_new(b->args.server.ca != NULL ? &ca : NULL, &b->tls, &why))
		return noon_tool_fail(
			b->self, "%s: %s",
			b->args.server.ca != NULL ? b->args.server.ca : "certificates", why.text);
	return -1;
}

static int run_bench(struct bench *b)
{
	const struct arguments *a = &b->args;
	const uint64_t at_once = a->window != 0 ? a->window
				 : a->rate > 0	? NOON_BENCH_SHAKES_MAX
						: 8;
	struct noon_bench_shake_conf shake = {
		.name = a->server.name != NULL ? a->server.name : a->url.host,
		.no_time_check = a->server.no_time_check,
		.window = (unsigned)at_once,
		.rate = a->rate,
		.length = a->length,
	};
	const char *why = "";
	size_t n = 0;
	int status;

	if (noon_addr_resolve(a->url.host, a->url.port, a->server.family, &b->peer, 1, &n, &why))
		return noon_tool_fail(b->self, "%s: %s", a->url.host, why);
	status = judge_target(b, &b->peer);
	if (status < 0 && a->kind != KIND_NTP)
		status = set_up_tls(b);
	shake.peer = b->peer;
	shake.tls = b->tls;
	if (status < 0 && a->kind == KIND_NTS)
		status = get_session(b, &shake);
	if (status < 0)
		status = run_load(b, &shake);
	noon_tls_ctx_free(b->tls);
	noon_nts_session_wipe(&b->session);
	return status;
}

static int run(const struct noon_verb *self, const struct arguments *a)
{
	struct bench *b = calloc(1, sizeof(*b));
	int status;

	if (b == NULL)
		return noon_tool_fail(self, "out of memory");
	b->self = self;
	b->args = *a;
	(void)signal(SIGPIPE, SIG_IGN);
	status = run_bench(b);
	free(b);
	return status;
}

static int bench(const struct noon_verb *self, void *options, const struct noon_arguments *line)
{
	struct arguments *a = options;
	const char *word = self->name + strlen("bench ");
	int status;

	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(word, kinds[i]) == 0)
			a->kind = (enum kind)i;
	status = take_server(self, a, line->argument[0]);
	if (a->url.port == 0)
		a->url.port = a->kind == KIND_NTP ? NOON_NTP_PORT : NOON_NTSKE_PORT;
	if (status < 0 && a->kind != KIND_NTSKE && a->rate > 0 &&
	    noon_arguments_has(line, "window"))
		return noon_tool_usage(self, "--window is for the closed loop, without --rate");
	return status >= 0 ? status : run(self, a);
}

#define OPTION(member) NOON_OPTION_AT(struct arguments, member)
#define SERVER	       offsetof(struct arguments, server)

static const struct noon_option common_rows[] = {
	{"for", NOON_OPTION_TIME, OPTION(length), NOON_OPTION_RANGE(NOON_MS(100), NOON_S(86400)),
	 .def = "5s", .help = "length"},
	{"rate", NOON_OPTION_REAL, OPTION(rate), NOON_OPTION_RANGE(0.1, 1e7), .value = "r",
	 .unit = "per second", .says = "a closed loop",
	 .help = "R per second; latency then counts from when a request was due"},
	{"timeout", NOON_OPTION_TIME, OPTION(timeout), NOON_OPTION_RANGE(NOON_MS(10), NOON_S(60)),
	 .def = "1s", .letter = 't', .help = "an answer after this is lost"},
	{"pid", NOON_OPTION_UINT, OPTION(pid), NOON_OPTION_RANGE(1, INT32_MAX), .value = "pid",
	 .says = "none", .help = "also per CPU-second of this process, the server"},
	{"i-own-this-server", NOON_OPTION_BOOL, OPTION(own),
	 .help = "more than 100 per second to another machine"},
	{"json", NOON_OPTION_BOOL, OPTION(json), .help = "print one JSON object"},
	NOON_OPTION_END,
};

static const struct noon_option storm_rows[] = {
	{"window", NOON_OPTION_UINT, OPTION(window), NOON_OPTION_RANGE(1, NOON_BENCH_RING / 2.0),
	 .def = "32", .help = "requests on the way on each socket"},
	{"sockets", NOON_OPTION_UINT, OPTION(sockets), NOON_OPTION_RANGE(1, NOON_BENCH_SOCKETS_MAX),
	 .def = "8", .help = "source ports"},
	NOON_OPTION_END,
};

static const struct noon_option nts_rows[] = {
	{"placeholders", NOON_OPTION_UINT, OPTION(placeholders), NOON_OPTION_RANGE(0, 7),
	 .help = "cookie placeholders in each request"},
	{"ntp-port", NOON_OPTION_UINT, OPTION(ntp_port), NOON_OPTION_RANGE(1, 65535),
	 .says = "as negotiated, else 123", .help = "port of NTP"},
	NOON_OPTION_END,
};

static const struct noon_option shake_rows[] = {
	{"window", NOON_OPTION_UINT, OPTION(window), NOON_OPTION_RANGE(1, NOON_BENCH_SHAKES_MAX),
	 .says = "8, with --rate 64", .help = "key exchanges at once"},
	NOON_OPTION_END,
};

/* For NTP only the family applies. */
static const struct noon_word ipv4[] = {{"ipv4", AF_INET}, {NULL, 0}};
static const struct noon_word ipv6[] = {{"ipv6", AF_INET6}, {NULL, 0}};
static const struct noon_option family_rows[] = {
	{"ipv4", NOON_OPTION_FIXED, OPTION(server.family), .words = ipv4, .letter = '4',
	 .help = "use IPv4 only"},
	{"ipv6", NOON_OPTION_FIXED, OPTION(server.family), .words = ipv6, .letter = '6',
	 .help = "use IPv6 only"},
	NOON_OPTION_END,
};

#define BENCH                                                                             \
	.arguments = "HOST[:PORT]", .min = 1, .max = 1, .size = sizeof(struct arguments), \
	.act = bench
#define ABOUT                                                                               \
	"Load a server and print requests (of ntske: key exchanges) per second, loss and\n" \
	"latency. The default is a closed loop: each answer is followed by a request.\n"
#define NOTES "Exit status 0 if there were answers, 1 if none, 3 if nothing could be asked.\n"

static const struct noon_verb nts_verb = {
	.name = "bench nts",
	.summary = "NTP requests with NTS",
	.about = ABOUT
	"Make one key exchange and send the same requests, sealed in advance with\n"
	"one cookie, again and again: a server without client state has the same work\n"
	"each time. Answers are matched to requests and counted, not authenticated.\n",
	.notes = NOTES,
	BENCH,
	.part = {{common_rows, 0, NULL},
		 {storm_rows, 0, NULL},
		 {nts_rows, 0, NULL},
		 {noon_server_rows, SERVER, NULL},
		 {noon_server_time_rows, SERVER, NULL}},
};

static const struct noon_verb ntp_verb = {
	.name = "bench ntp",
	.summary = "NTP requests without NTS",
	.about = ABOUT,
	.notes = NOTES,
	BENCH,
	.part = {{common_rows, 0, NULL}, {storm_rows, 0, NULL}, {family_rows, 0, NULL}},
};

static const struct noon_verb shake_verb = {
	.name = "bench ntske",
	.summary = "key exchanges",
	.about = ABOUT,
	.notes = NOTES,
	BENCH,
	.part = {{common_rows, 0, NULL},
		 {shake_rows, 0, NULL},
		 {noon_server_rows, SERVER, NULL},
		 {noon_server_time_rows, SERVER, NULL}},
};

static const struct noon_verb *const parts[] = {&nts_verb, &ntp_verb, &shake_verb, NULL};

const struct noon_verb noon_verb_bench = {
	.name = "bench",
	.summary = "measure how much an NTS or NTP server can do",
	.about = ABOUT "Requests of nts are sealed in advance.\n",
	.parts = parts,
};
