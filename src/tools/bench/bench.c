/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark bench: how much can a server do, and how fast is it?
 */
#include <getopt.h>
#include <ifaddrs.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "platform/number.h"
#include "platform/text.h"
#include "tools/bench/bench_shake.h"
#include "tools/bench/bench_storm.h"
#include "tools/core/process_cpu.h"
#include "tools/core/tool.h"
#include "tools/core/url.h"
#include "wire/ntp.h"
#include "wire/ntske.h"

/* A server that is not of this machine is not asked more often than this, per second. */
#define POLITE_RATE 100

enum kind { KIND_NTS, KIND_NTP, KIND_NTSKE };

struct arguments {
	enum kind kind;
	struct noon_url url;
	const char *ca;
	const char *name; /* of the certificate; NULL: the host */
	bool no_time_check;
	uint64_t ntp_port; /* 0: as negotiated, else 123 */
	uint64_t sockets;  /* 0: default */
	uint64_t window;   /* 0: default */
	uint64_t placeholders;
	uint64_t pid; /* 0: none */
	double rate;  /* 0: closed loop */
	noon_dur length;
	noon_dur timeout;
	bool own;
	bool json;
	int family;
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

/* Returns an exit status, or -1: this server may be asked so often. */
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

static int take_number(const struct noon_verb *self, struct arguments *a, int c, const char *text)
{
	uint64_t *to = NULL;
	uint64_t min = 1;
	uint64_t max = 65535;

	switch (c) {
	case 'P':
		to = &a->ntp_port;
		break;
	case 's':
		to = &a->sockets;
		max = NOON_BENCH_SOCKETS_MAX;
		break;
	case 'w':
		to = &a->window;
		max = a->kind == KIND_NTSKE ? NOON_BENCH_SHAKES_MAX : NOON_BENCH_RING / 2;
		break;
	case 'l':
		to = &a->placeholders;
		min = 0;
		max = 7;
		break;
	default:
		to = &a->pid;
		max = INT32_MAX;
		break;
	}
	return noon_number_u64(text, min, max, to)
		       ? -1
		       : noon_tool_usage(self, "\"%s\": expected a number from %llu to %llu", text,
					 (unsigned long long)min, (unsigned long long)max);
}

static int take_option(const struct noon_verb *self, struct arguments *a, int c, const char *text)
{
	bool ok = true;

	switch (c) {
	case 'c':
		a->ca = text;
		break;
	case 'N':
		a->name = text;
		break;
	case 'V':
		a->no_time_check = true;
		break;
	case 'r':
		ok = noon_number(text, 0.1, 1e7, &a->rate);
		break;
	case 'f':
		ok = noon_text_dur(text, &a->length) == NOON_OK && a->length >= NOON_MS(100) &&
		     a->length <= NOON_S(86400);
		break;
	case 't':
		ok = noon_text_dur(text, &a->timeout) == NOON_OK && a->timeout >= NOON_MS(10) &&
		     a->timeout <= NOON_S(60);
		break;
	case 'o':
		a->own = true;
		break;
	case 'j':
		a->json = true;
		break;
	case '4':
		a->family = AF_INET;
		break;
	case '6':
		a->family = AF_INET6;
		break;
	case '?':
		return NOON_EXIT_USAGE;
	default:
		return take_number(self, a, c, text);
	}
	return ok ? -1 : noon_tool_usage(self, "option value \"%s\" is out of range", text);
}

static int judge_options(const struct noon_verb *self, const struct arguments *a)
{
	if (a->kind == KIND_NTSKE && a->sockets != 0)
		return noon_tool_usage(self, "--sockets: each key exchange has its own; see "
					     "--window");
	if (a->kind != KIND_NTS && (a->placeholders != 0 || a->ntp_port != 0))
		return noon_tool_usage(self, "--placeholders and --ntp-port are for nts");
	if (a->kind == KIND_NTP && (a->ca != NULL || a->name != NULL || a->no_time_check))
		return noon_tool_usage(self, "ntp has no certificate");
	if (a->rate > 0 && a->window != 0 && a->kind != KIND_NTSKE)
		return noon_tool_usage(self, "--window is for the closed loop, without --rate");
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

static int parse(const struct noon_verb *self, int argc, char **argv, struct arguments *a)
{
	static const struct option options[] = {
		{"ca", required_argument, NULL, 'c'},
		{"server-name", required_argument, NULL, 'N'},
		{"no-certificate-time-check", no_argument, NULL, 'V'},
		{"ntp-port", required_argument, NULL, 'P'},
		{"sockets", required_argument, NULL, 's'},
		{"window", required_argument, NULL, 'w'},
		{"placeholders", required_argument, NULL, 'l'},
		{"pid", required_argument, NULL, 'p'},
		{"rate", required_argument, NULL, 'r'},
		{"for", required_argument, NULL, 'f'},
		{"timeout", required_argument, NULL, 't'},
		{"i-own-this-server", no_argument, NULL, 'o'},
		{"json", no_argument, NULL, 'j'},
		{"ipv4", no_argument, NULL, '4'},
		{"ipv6", no_argument, NULL, '6'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int status;
	int c;

	while ((c = getopt_long(argc, argv, "46ht:", options, NULL)) != -1) {
		status = c == 'h' ? noon_tool_help(self) : take_option(self, a, c, optarg);
		if (status >= 0)
			return status;
	}
	if (optind + 1 != argc)
		return noon_tool_usage(self,
				       optind == argc ? "which server?" : "expected one server");
	status = take_server(self, a, argv[optind]);
	if (a->url.port == 0)
		a->url.port = a->kind == KIND_NTP ? NOON_NTP_PORT : NOON_NTSKE_PORT;
	return status >= 0 ? status : judge_options(self, a);
}

/* One key exchange, and where NTP then is. Returns an exit status, or -1. */
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
	else if (noon_addr_resolve(s->host, ntp, a->family, &b->peer, 1, &n, &why))
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
		.sockets = a->sockets != 0 ? (unsigned)a->sockets : 8,
		.window = a->window != 0 ? (unsigned)a->window : 32,
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

/* Judge and show what came. */
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
	const struct noon_tls_pem ca = {.path = b->args.ca};
	struct noon_tls_why why = {.text = ""};

	if (noon_aead_global_init())
		return noon_tool_fail(b->self, "libgcrypt cannot be used");
	if (noon_tls_client_ctx_new(b->args.ca != NULL ? &ca : NULL, &b->tls, &why))
		return noon_tool_fail(b->self, "%s: %s",
				      b->args.ca != NULL ? b->args.ca : "certificates", why.text);
	return -1;
}

static int run_bench(struct bench *b)
{
	const struct arguments *a = &b->args;
	const uint64_t at_once = a->window != 0 ? a->window
				 : a->rate > 0	? NOON_BENCH_SHAKES_MAX
						: 8;
	struct noon_bench_shake_conf shake = {
		.name = a->name != NULL ? a->name : a->url.host,
		.no_time_check = a->no_time_check,
		.window = (unsigned)at_once,
		.rate = a->rate,
		.length = a->length,
	};
	const char *why = "";
	size_t n = 0;
	int status;

	if (noon_addr_resolve(a->url.host, a->url.port, a->family, &b->peer, 1, &n, &why))
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

static int run(const struct noon_verb *self, int argc, char **argv)
{
	struct bench *b;
	int kind = 0;
	int status;

	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
		return noon_tool_help(self);
	while (kind < 3 && (argc < 2 || strcmp(argv[1], kinds[kind]) != 0))
		kind++;
	if (kind == 3)
		return noon_tool_usage(self, "expected nts, ntp or ntske");
	b = calloc(1, sizeof(*b));
	if (b == NULL)
		return noon_tool_fail(self, "out of memory");
	b->self = self;
	b->args.kind = (enum kind)kind;
	b->args.length = NOON_S(5);
	b->args.timeout = NOON_S(1);
	(void)signal(SIGPIPE, SIG_IGN);
	status = parse(self, argc - 1, argv + 1, &b->args);
	if (status < 0)
		status = run_bench(b);
	free(b);
	return status;
}

const struct noon_verb noon_verb_bench = {
	.name = "bench",
	.summary = "measure how much an NTS or NTP server can do",
	.help = "Usage: noonmark bench nts HOST[:PORT] [OPTION]...\n"
		"       noonmark bench ntp HOST[:PORT] [OPTION]...\n"
		"       noonmark bench ntske HOST[:PORT] [OPTION]...\n"
		"Load a server and print requests (of ntske: key exchanges) per second, loss and\n"
		"latency. The default is a closed loop: each answer is followed by a request.\n"
		"nts makes one key exchange and sends the same requests, sealed in advance with\n"
		"one cookie, again and again: a server without client state has the same work\n"
		"each time. Answers are matched to requests and counted, not authenticated.\n"
		"\n"
		"      --for T          length (default 5s)\n"
		"      --rate R         R per second instead of a closed loop; latency is then\n"
		"                       counted from when a request was due\n"
		"      --window N       requests on the way on each socket (default 32, at most\n"
		"                       512); of ntske: key exchanges at once (8, at most 64)\n"
		"      --sockets N      source ports (default 8, at most 512)\n"
		"      --placeholders N cookie placeholders in each request of nts, 0 to 7\n"
		"      --pid PID        also per CPU-second of this process, the server\n"
		"      --i-own-this-server\n"
		"                       more than 100 per second to another machine\n"
		"      --ca FILE        trust these certificates (default: the system's)\n"
		"      --server-name N  name the certificate must be for (default HOST)\n"
		"      --no-certificate-time-check\n"
		"                       ignore the certificate's validity times\n"
		"      --ntp-port N     port of NTP for nts (default: as negotiated, else 123)\n"
		"  -t, --timeout T      an answer after this is lost (default 1s)\n"
		"  -4, --ipv4, -6, --ipv6\n"
		"      --json           print one JSON object\n"
		"\n"
		"Exit status 0 if there were answers, 1 if none, 3 if nothing could be asked.\n",
	.run = run,
};
