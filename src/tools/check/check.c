/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark check: does a server keep to the standards?
 */
#include "check/check.h"

#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check/server/ke_fuzz.h"
#include "platform/clock/clock.h"
#include "platform/entropy.h"
#include "platform/number.h"
#include "platform/text.h"
#include "tools/check/check_choice.h"
#include "tools/check/check_client.h"
#include "tools/check/check_report.h"
#include "tools/core/tool.h"

struct arguments {
	struct noon_target_conf target;
	char host[256];
	enum noon_check_format format;
	bool list;
	struct noon_check_choice choice;
	bool nts;    /* nts or ntp */
	bool seeded; /* --seed was given */
};

static void choose(const struct arguments *a, struct noon_check_report *r)
{
	const struct noon_check *(*const kinds[])(size_t *) = {noon_checks_ke, noon_checks_nts,
							       noon_checks_ntp};
	struct noon_check_choice choice = a->choice;

	choice.slow |= a->list;
	for (size_t k = 0; k < 3; k++) {
		size_t n = 0;
		const struct noon_check *c = kinds[k](&n);

		if ((k < 2) == a->nts)
			noon_check_choose(&choice, c, n, r);
	}
}

/* HOST, HOST:PORT, [V6] or [V6]:PORT. */
static bool take_host(struct arguments *a, const char *text)
{
	const char *end = text[0] == '[' ? strchr(text, ']') : strrchr(text, ':');
	const char *port = NULL;
	size_t n = strlen(text);
	uint64_t v = 0;

	if (text[0] == '[') {
		if (end == NULL || (end[1] != '\0' && end[1] != ':'))
			return false;
		port = end[1] == ':' ? end + 2 : NULL;
		n = (size_t)(end - text) - 1;
		text++;
	} else if (end != NULL && strchr(text, ':') == end) {
		port = end + 1;
		n = (size_t)(end - text);
	}
	if (n == 0 || n >= sizeof(a->host))
		return false;
	memcpy(a->host, text, n);
	a->host[n] = '\0';
	if (port == NULL)
		return true;
	if (!noon_number_u64(port, 1, UINT16_MAX, &v))
		return false;
	if (a->nts)
		a->target.ke_port = (uint16_t)v;
	else
		a->target.ntp_port = (uint16_t)v;
	return true;
}

static bool take_fuzz(struct arguments *a, int c, const char *text)
{
	uint64_t v = 0;

	if (c == 'S') {
		a->seeded = true;
		return noon_number_u64(text, 0, UINT64_MAX / 2, &a->target.seed);
	}
	if (!noon_number_u64(text, 1, NOON_KE_FUZZ_ROUNDS_MAX, &v))
		return false;
	a->target.fuzz = (unsigned)v;
	return true;
}

static int take_option(const struct noon_verb *self, struct arguments *a, int c, const char *text)
{
	bool ok = true;
	uint64_t v = 0;

	switch (c) {
	case 'c':
		a->target.ca = text;
		break;
	case 'N':
		a->target.server_name = text;
		break;
	case 'V':
		a->target.no_verify = true;
		break;
	case 'p':
		ok = noon_number_u64(text, 1, UINT16_MAX, &v);
		a->target.ntp_port = (uint16_t)v;
		break;
	case 't':
		ok = noon_text_dur(text, &a->target.timeout) == NOON_OK &&
		     a->target.timeout >= NOON_MS(10) && a->target.timeout <= NOON_S(60);
		break;
	case 'R':
		ok = noon_text_dur(text, &a->target.rotate) == NOON_OK &&
		     a->target.rotate >= NOON_S(1) && a->target.rotate <= NOON_S(30 * 86400);
		break;
	case 'F':
	case 'S':
		ok = take_fuzz(a, c, text);
		break;
	case 'g':
		a->choice.groups = text;
		break;
	case 'o':
		a->choice.only = text;
		break;
	case 'l':
		a->list = true;
		break;
	case 's':
		a->choice.slow = true;
		break;
	case 'T':
		a->format = NOON_CHECK_FORMAT_TAP;
		break;
	case 'j':
		a->format = NOON_CHECK_FORMAT_JSON;
		break;
	case '4':
		a->target.family = AF_INET;
		break;
	case '6':
		a->target.family = AF_INET6;
		break;
	default:
		return NOON_EXIT_USAGE;
	}
	return ok ? -1 : noon_tool_usage(self, "option value \"%s\" is out of range", text);
}

static int parse(const struct noon_verb *self, int argc, char **argv, struct arguments *a)
{
	static const struct option options[] = {
		{"ca", required_argument, NULL, 'c'},
		{"server-name", required_argument, NULL, 'N'},
		{"no-verify", no_argument, NULL, 'V'},
		{"ntp-port", required_argument, NULL, 'p'},
		{"timeout", required_argument, NULL, 't'},
		{"rotate", required_argument, NULL, 'R'},
		{"fuzz", required_argument, NULL, 'F'},
		{"seed", required_argument, NULL, 'S'},
		{"group", required_argument, NULL, 'g'},
		{"only", required_argument, NULL, 'o'},
		{"list", no_argument, NULL, 'l'},
		{"slow", no_argument, NULL, 's'},
		{"tap", no_argument, NULL, 'T'},
		{"json", no_argument, NULL, 'j'},
		{"ipv4", no_argument, NULL, '4'},
		{"ipv6", no_argument, NULL, '6'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "46ht:", options, NULL)) != -1) {
		const int status =
			c == 'h' ? noon_tool_help(self) : take_option(self, a, c, optarg);

		if (status >= 0)
			return status;
	}
	if (!a->nts && (a->target.fuzz > 0 || a->seeded))
		return noon_tool_usage(self, "--fuzz and --seed are for check nts");
	if (a->list)
		return optind == argc ? -1 : noon_tool_usage(self, "--list takes no server");
	if (optind + 1 != argc)
		return noon_tool_usage(self,
				       optind == argc ? "which server?" : "expected one server");
	return take_host(a, argv[optind])
		       ? -1
		       : noon_tool_usage(self, "\"%s\": expected HOST or HOST:PORT", argv[optind]);
}

/* Without other wishes --fuzz is all that is done; without --seed it is another one each time. */
static void settle_fuzz(struct arguments *a)
{
	struct noon_entropy e;

	if (a->target.fuzz == 0)
		return;
	if (a->choice.only == NULL && a->choice.groups == NULL && !a->choice.slow)
		a->choice.only = "F1";
	if (a->seeded)
		return;
	noon_entropy_init(&e);
	a->target.seed = noon_rng_u64(&e.rng) & UINT32_MAX;
	noon_entropy_fini(&e);
}

/* The seed is told first, so that a run can be repeated, however it ends; JSON has it in "sent". */
static int report(const struct arguments *a, struct noon_check_report *r, struct noon_target *t)
{
	if (a->target.fuzz > 0 && a->format != NOON_CHECK_FORMAT_JSON)
		(void)printf("%sF1: --fuzz %u --seed %" PRIu64 "\n",
			     a->format == NOON_CHECK_FORMAT_TAP ? "# " : "", a->target.fuzz,
			     a->target.seed);
	return noon_check_report_run(r, a->format, t) ? NOON_EXIT_OK : NOON_EXIT_NOT_OK;
}

static int run_checks(const struct noon_verb *self, const struct arguments *a)
{
	struct noon_check_report *r = calloc(1, sizeof(*r));
	struct noon_target t;
	const char *why = "";
	char sentence[240];
	int status = NOON_EXIT_OK;

	if (r == NULL)
		return noon_tool_fail(self, "out of memory");
	choose(a, r);
	if (r->n == 0)
		status = noon_tool_usage(self, "no check is called that; --list shows them");
	else if (a->list)
		noon_check_report_list(r);
	else if (noon_target_init(&t, &a->target, &why))
		status = noon_tool_fail(self, "%s: %s", a->host, why);
	else if (noon_target_greet(&t, a->nts, sentence, sizeof(sentence)))
		status = noon_tool_fail(self, "%s", sentence);
	else
		status = report(a, r, &t);
	free(r);
	return status;
}

static int run(const struct noon_verb *self, int argc, char **argv)
{
	struct arguments a = {
		.target = {.timeout = NOON_S(3), .pause = NOON_MS(50), .retries = 2},
	};
	int status;

	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
		return noon_tool_help(self);
	if (argc > 1 && strcmp(argv[1], "client") == 0)
		return noon_check_client_run(self, argc - 1, argv + 1);
	if (argc < 2 || (strcmp(argv[1], "nts") != 0 && strcmp(argv[1], "ntp") != 0))
		return noon_tool_usage(self, "expected nts, ntp or client");
	a.nts = strcmp(argv[1], "nts") == 0;
	/* A server that ends a connection early is a result. */
	(void)signal(SIGPIPE, SIG_IGN);
	a.target.host = a.host;
	status = parse(self, argc - 1, argv + 1, &a);
	if (status >= 0)
		return status;
	settle_fuzz(&a);
	return run_checks(self, &a);
}

const struct noon_verb noon_verb_check = {
	.name = "check",
	.summary = "judge an NTS or NTP server, or an NTS client, by the standards",
	.help = "Usage: noonmark check nts HOST[:PORT] [OPTION]...\n"
		"       noonmark check ntp HOST[:PORT] [OPTION]...\n"
		"       noonmark check client [OPTION]...\n"
		"Ask a server questions, good and bad, and judge its answers by RFC 8915, 5905,\n"
		"7822 and 9748. At most 20 questions a second; nothing that could harm a server.\n"
		"\n"
		"      --list           list the checks\n"
		"      --group LIST     only these groups: ke, nts (of check nts), ntp\n"
		"      --only LIST      only these checks, such as K2,P9 (K6 is K6a to K6d)\n"
		"      --slow           the long ones too\n"
		"      --ca FILE        trust these certificates (default: the system's)\n"
		"      --server-name N  name the certificate must be for (default HOST)\n"
		"      --no-verify      do not verify the certificate\n"
		"      --ntp-port N     port of NTP (default: as negotiated, else 123)\n"
		"      --rotate T       it changes its cookie keys every T: judge K20, in 3.1 T\n"
		"      --fuzz N         only F1: N key exchanges of random records in random "
		"order\n"
		"      --seed S         of the first of them (default: at random, and printed)\n"
		"  -t, --timeout T      for one answer (default 3s)\n"
		"  -4, --ipv4, -6, --ipv6\n"
		"      --tap, --json    other formats\n"
		"\n"
		"check client is a server itself, and judges the one client that is pointed at "
		"it:\n"
		"      --listen A       address to listen on (default 127.0.0.1)\n"
		"      --ke-port N      port of the key exchange (default 4460)\n"
		"      --ntp-port N     port of NTP (default: any, told in the key exchange)\n"
		"      --cert FILE, --key FILE\n"
		"                       certificate (default: self-signed, its path is printed)\n"
		"      --aead N         agree to this AEAD only, 15 or 30 (default: the client's "
		"first)\n"
		"      --for T          longest time to watch (default 120s); it ends when all is "
		"seen\n"
		"      --list, --only LIST, --tap, --json as above\n"
		"\n"
		"Exit status 0 if no MUST fails, 1 if one does or nothing could be judged, 3 if "
		"the\n"
		"server cannot be asked at all.\n",
	.run = run,
};
