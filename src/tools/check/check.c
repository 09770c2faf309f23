/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark check: does a server conform to the standards?
 */
#include "check/check.h"

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
#include "tools/check/check_choice.h"
#include "tools/check/check_client.h"
#include "tools/check/check_report.h"
#include "tools/core/tool.h"

struct arguments {
	struct noon_target_conf target;
	char host[256];
	struct noon_check_choice choice;
	bool nts;    /* nts or ntp */
	bool seeded; /* --seed was given */
};

static void choose(const struct arguments *a, struct noon_check_report *r)
{
	const struct noon_check *(*const kinds[])(size_t *) = {noon_checks_ke, noon_checks_nts,
							       noon_checks_ntp};
	struct noon_check_choice choice = a->choice;

	choice.slow |= a->choice.list;
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

/* Checks of the options that the tables cannot express. Returns an exit status, or -1 to
 * continue. */
static int settle(const struct noon_verb *self, struct arguments *a,
		  const struct noon_arguments *line)
{
	if (a->choice.list)
		return line->n == 0 ? -1 : noon_tool_usage(self, "--list takes no server");
	if (line->n == 0)
		return noon_tool_usage(self, "expected HOST[:PORT]");
	return take_host(a, line->argument[0])
		       ? -1
		       : noon_tool_usage(self, "\"%s\": expected HOST or HOST:PORT",
					 line->argument[0]);
}

/* Without other options only --fuzz is run; without --seed each run uses a new seed. */
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

/* The seed is printed first, so that a run can be repeated however it ends; JSON has it in
 * "sent". */
static int report(const struct arguments *a, struct noon_check_report *r, struct noon_target *t)
{
	if (a->target.fuzz > 0 && a->choice.format != NOON_CHECK_FORMAT_JSON)
		(void)printf("%sF1: --fuzz %u --seed %" PRIu64 "\n",
			     a->choice.format == NOON_CHECK_FORMAT_TAP ? "# " : "", a->target.fuzz,
			     a->target.seed);
	return noon_check_report_run(r, a->choice.format, t) ? NOON_EXIT_OK : NOON_EXIT_NOT_OK;
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
	else if (a->choice.list)
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

static int check(const struct noon_verb *self, void *options, const struct noon_arguments *line)
{
	struct arguments *a = options;
	int status;

	a->nts = strcmp(self->name, "check nts") == 0;
	a->seeded = a->nts && noon_arguments_has(line, "seed");
	/* A server that closes a connection early is a result. */
	(void)signal(SIGPIPE, SIG_IGN);
	a->target.host = a->host;
	status = settle(self, a, line);
	if (status >= 0)
		return status;
	settle_fuzz(a);
	return run_checks(self, a);
}

#define OPTION(member) NOON_OPTION_AT(struct arguments, member)
#define OF(member)     offsetof(struct arguments, member)

static const struct noon_word ipv4[] = {{"ipv4", AF_INET}, {NULL, 0}};
static const struct noon_word ipv6[] = {{"ipv6", AF_INET6}, {NULL, 0}};

static const struct noon_option server_rows[] = {
	{"timeout", NOON_OPTION_TIME, OPTION(target.timeout),
	 NOON_OPTION_RANGE(NOON_MS(10), NOON_S(60)), .def = "3s", .letter = 't',
	 .help = "for one answer"},
	{"ntp-port", NOON_OPTION_UINT, OPTION(target.ntp_port), NOON_OPTION_RANGE(1, 65535),
	 .says = "as negotiated, else 123", .help = "port of NTP"},
	{"group", NOON_OPTION_BORROWED, OPTION(choice.groups), .value = "list", .says = "all",
	 .help = "only these groups: ke, nts (of check nts), ntp"},
	{"slow", NOON_OPTION_BOOL, OPTION(choice.slow), .help = "the long checks too"},
	{"ipv4", NOON_OPTION_FIXED, OPTION(target.family), .words = ipv4, .letter = '4',
	 .help = "use IPv4 only"},
	{"ipv6", NOON_OPTION_FIXED, OPTION(target.family), .words = ipv6, .letter = '6',
	 .help = "use IPv6 only"},
	{"ca", NOON_OPTION_BORROWED, OPTION(target.ca), .value = "file", .says = "the system's",
	 .help = "trust these certificates"},
	{"server-name", NOON_OPTION_BORROWED, OPTION(target.server_name), .value = "name",
	 .says = "the host", .help = "that the certificate must be for"},
	{"no-verify", NOON_OPTION_BOOL, OPTION(target.no_verify),
	 .help = "do not verify the certificate"},
	{"rotate", NOON_OPTION_TIME, OPTION(target.rotate),
	 NOON_OPTION_RANGE(NOON_S(1), NOON_S(2592000)), .says = "not known",
	 .help = "it changes its cookie keys so often: judge K20, in 3.1 times that"},
	NOON_OPTION_END,
};

static const struct noon_option fuzz_rows[] = {
	{"fuzz", NOON_OPTION_UINT, OPTION(target.fuzz),
	 NOON_OPTION_RANGE(1, NOON_KE_FUZZ_ROUNDS_MAX), .says = "none",
	 .help = "only F1: so many key exchanges of random records in random order"},
	{"seed", NOON_OPTION_UINT, OPTION(target.seed), .says = "at random, and printed",
	 .help = "of the first of them"},
	NOON_OPTION_END,
};

static void init(void *options)
{
	((struct arguments *)options)->target =
		(struct noon_target_conf){.pause = NOON_MS(50), .retries = 2};
}

#define ABOUT                                                                              \
	"Ask a server questions, good and bad, and judge its answers by RFC 8915, 5905,\n" \
	"7822 and 9748. At most 20 questions a second; nothing that could harm a server.\n"
#define NOTES                                                                                  \
	"Exit status 0 if no MUST fails, 1 if one does or nothing could be judged, 3 if the\n" \
	"server cannot be asked at all.\n"
#define ASKS                                                                                  \
	.arguments = "HOST[:PORT]", .max = 1, .size = sizeof(struct arguments), .init = init, \
	.act = check

static const struct noon_verb nts_verb = {
	.name = "check nts",
	.summary = "judge an NTS server",
	.about = ABOUT,
	.notes = NOTES,
	ASKS,
	.part = {{noon_check_rows, OF(choice), NULL}, {server_rows, 0, NULL}, {fuzz_rows, 0, NULL}},
};

static const struct noon_verb ntp_verb = {
	.name = "check ntp",
	.summary = "judge an NTP server",
	.about = ABOUT,
	.notes = NOTES,
	ASKS,
	.part = {{noon_check_rows, OF(choice), NULL}, {server_rows, 0, NULL}},
};

static const struct noon_verb *const parts[] = {&nts_verb, &ntp_verb, &noon_check_client, NULL};

const struct noon_verb noon_verb_check = {
	.name = "check",
	.summary = "judge an NTS or NTP server, or an NTS client, by the standards",
	.about = "Judge a server by its answers, or a client by its questions.\n",
	.parts = parts,
};
