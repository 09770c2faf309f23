/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark check: does a server keep to the standards?
 */
#include "check/check.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "platform/clock.h"
#include "platform/text.h"
#include "tools/tool.h"

#define CHECKS_MAX 256
#define WORDS_MAX  64

enum format {
	FORMAT_TABLE,
	FORMAT_TAP,
	FORMAT_JSON,
};

struct arguments {
	struct noon_target_conf target;
	char host[256];
	enum format format;
	bool list;
	bool slow;
	const char *groups; /* comma-separated; NULL: all of the kind */
	const char *only;   /* comma-separated ids; NULL: all */
	bool nts;	    /* nts or ntp */
};

/* The checks chosen, and what came of them. */
struct report {
	const struct noon_check *check[CHECKS_MAX];
	struct noon_check_result result[CHECKS_MAX];
	size_t n;
};

static bool is_listed(const char *list, const char *word)
{
	const size_t n = strlen(word);

	for (const char *at = list; at != NULL && *at != '\0';) {
		const size_t len = strcspn(at, ",");

		if (len == n && strncmp(at, word, n) == 0)
			return true;
		at += len + (at[len] == ',');
	}
	return false;
}

/* An id stands for itself and for its variants: K6 for K6a to K6d. */
static bool is_chosen(const struct arguments *a, const struct noon_check *c)
{
	char stem[16];
	size_t n;

	if (a->groups != NULL && !is_listed(a->groups, c->group))
		return false;
	if (a->only == NULL)
		return !c->slow || a->slow || a->list;
	(void)snprintf(stem, sizeof(stem), "%s", c->id);
	n = strlen(stem);
	if (is_listed(a->only, stem))
		return true;
	if (n > 1 && stem[n - 1] >= 'a' && stem[n - 1] <= 'z')
		stem[n - 1] = '\0';
	return is_listed(a->only, stem);
}

static void choose(const struct arguments *a, struct report *r)
{
	const struct noon_check *(*const kinds[])(size_t *) = {noon_checks_ke, noon_checks_nts,
							       noon_checks_ntp};

	for (size_t k = 0; k < 3; k++) {
		size_t n = 0;
		const struct noon_check *c = kinds[k](&n);

		if ((k < 2) != a->nts)
			continue;
		for (size_t i = 0; i < n && r->n < CHECKS_MAX; i++)
			if (is_chosen(a, &c[i]))
				r->check[r->n++] = &c[i];
	}
}

static void print_row(const struct noon_check *c, const struct noon_check_result *r, bool colour)
{
	static const char *const colours[] = {"\033[32m", "\033[31m", "\033[33m", "\033[2m",
					      "\033[33m"};

	(void)printf("%-5s %-6s %s%-12s%s %s\n", c->id, noon_check_level_word(c->level),
		     colour ? colours[r->verdict] : "", noon_check_verdict_word(r->verdict),
		     colour ? "\033[0m" : "", c->title);
	if (r->verdict == NOON_CHECK_PASS)
		return;
	if (r->sent[0] != '\0')
		(void)printf("      sent      %s\n", r->sent);
	(void)printf("      expected  %s\n      came      %s\n      clause    %s\n", r->expected,
		     r->came, c->clause);
}

static void print_tap(size_t number, const struct noon_check *c, const struct noon_check_result *r)
{
	const bool bad = r->verdict == NOON_CHECK_FAIL && c->level == NOON_LEVEL_MUST;

	(void)printf("%sok %zu - %s %s %s%s\n", bad ? "not " : "", number, c->id,
		     noon_check_level_word(c->level), c->title,
		     r->verdict == NOON_CHECK_SKIPPED ? " # SKIP" : "");
	if (r->verdict != NOON_CHECK_PASS)
		(void)printf("# %s: expected %s; came %s\n", noon_check_verdict_word(r->verdict),
			     r->expected, r->came);
}

static void print_json(const struct report *r)
{
	json_t *list = json_array();

	for (size_t i = 0; i < r->n; i++) {
		const struct noon_check *c = r->check[i];
		const struct noon_check_result *x = &r->result[i];

		(void)json_array_append_new(
			list,
			json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "id", c->id,
				  "group", c->group, "level", noon_check_level_word(c->level),
				  "verdict", noon_check_verdict_word(x->verdict), "clause",
				  c->clause, "title", c->title, "sent", x->sent, "expected",
				  x->expected, "detail", x->came));
	}
	(void)json_dumpf(list, stdout, JSON_INDENT(2));
	(void)fputc('\n', stdout);
	json_decref(list);
}

static void print_list(const struct report *r)
{
	for (size_t i = 0; i < r->n; i++)
		(void)printf("%-5s %-6s %-6s %s (%s)%s\n", r->check[i]->id, r->check[i]->group,
			     noon_check_level_word(r->check[i]->level), r->check[i]->title,
			     r->check[i]->clause, r->check[i]->slow ? ", slow" : "");
}

static void print_summary(const struct report *r)
{
	size_t n[5] = {0};

	for (size_t i = 0; i < r->n; i++)
		n[r->result[i].verdict]++;
	(void)printf("\n%zu checks: %zu pass, %zu fail, %zu warning, %zu skipped, %zu "
		     "inconclusive\n",
		     r->n, n[0], n[1], n[2], n[3], n[4]);
}

/* Run what was chosen; true when no MUST failed and something could be judged. */
static bool run_all(const struct arguments *a, struct noon_target *t, struct report *r)
{
	const bool colour = isatty(STDOUT_FILENO) == 1;
	bool good = true;
	size_t judged = 0;

	if (a->format == FORMAT_TAP)
		(void)printf("1..%zu\n", r->n);
	for (size_t i = 0; i < r->n; i++) {
		const struct noon_check *c = r->check[i];
		struct noon_check_result *x = &r->result[i];

		x->verdict = NOON_CHECK_INCONCLUSIVE;
		c->run(c, t, x);
		if (a->format == FORMAT_TABLE)
			print_row(c, x, colour);
		else if (a->format == FORMAT_TAP)
			print_tap(i + 1, c, x);
		(void)fflush(stdout);
		good &= c->level != NOON_LEVEL_MUST || x->verdict != NOON_CHECK_FAIL;
		judged += x->verdict == NOON_CHECK_PASS || x->verdict == NOON_CHECK_FAIL ||
			  x->verdict == NOON_CHECK_WARNING;
	}
	if (a->format == FORMAT_JSON)
		print_json(r);
	else if (a->format == FORMAT_TABLE)
		print_summary(r);
	return good && judged > 0;
}

/* HOST, HOST:PORT, [V6] or [V6]:PORT. */
static bool take_host(struct arguments *a, const char *text)
{
	const char *end = text[0] == '[' ? strchr(text, ']') : strrchr(text, ':');
	const char *port = NULL;
	size_t n = strlen(text);
	long v = 0;
	char *rest;

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
	v = strtol(port, &rest, 10);
	if (*port == '\0' || *rest != '\0' || v < 1 || v > 65535)
		return false;
	if (a->nts)
		a->target.ke_port = (uint16_t)v;
	else
		a->target.ntp_port = (uint16_t)v;
	return true;
}

static int take_option(const struct noon_verb *self, struct arguments *a, int c, const char *text)
{
	bool ok = true;

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
		a->target.ntp_port = (uint16_t)strtoul(text, NULL, 10);
		ok = a->target.ntp_port != 0;
		break;
	case 't':
		ok = noon_text_dur(text, &a->target.timeout) == NOON_OK &&
		     a->target.timeout >= NOON_MS(10) && a->target.timeout <= NOON_S(60);
		break;
	case 'g':
		a->groups = text;
		break;
	case 'o':
		a->only = text;
		break;
	case 'l':
		a->list = true;
		break;
	case 's':
		a->slow = true;
		break;
	case 'T':
		a->format = FORMAT_TAP;
		break;
	case 'j':
		a->format = FORMAT_JSON;
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
	if (a->list)
		return optind == argc ? -1 : noon_tool_usage(self, "--list takes no server");
	if (optind + 1 != argc)
		return noon_tool_usage(self,
				       optind == argc ? "which server?" : "expected one server");
	return take_host(a, argv[optind])
		       ? -1
		       : noon_tool_usage(self, "\"%s\": expected HOST or HOST:PORT", argv[optind]);
}

static int run_checks(const struct noon_verb *self, const struct arguments *a)
{
	struct report *r = calloc(1, sizeof(*r));
	struct noon_target t;
	const char *why = "";
	int status = NOON_EXIT_OK;

	if (r == NULL)
		return noon_tool_fail(self, "out of memory");
	choose(a, r);
	if (r->n == 0)
		status = noon_tool_usage(self, "no check is called that; --list shows them");
	else if (a->list)
		print_list(r);
	else if (noon_target_init(&t, &a->target, &why))
		status = noon_tool_fail(self, "%s: %s", a->host, why);
	else
		status = run_all(a, &t, r) ? NOON_EXIT_OK : NOON_EXIT_NOT_OK;
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
	if (argc < 2 || (strcmp(argv[1], "nts") != 0 && strcmp(argv[1], "ntp") != 0))
		return noon_tool_usage(self, "expected nts or ntp");
	a.nts = strcmp(argv[1], "nts") == 0;
	/* A server that ends a connection early is a result. */
	(void)signal(SIGPIPE, SIG_IGN);
	a.target.host = a.host;
	status = parse(self, argc - 1, argv + 1, &a);
	return status >= 0 ? status : run_checks(self, &a);
}

const struct noon_verb noon_verb_check = {
	.name = "check",
	.summary = "judge an NTS or NTP server by the standards",
	.help = "Usage: noonmark check nts HOST[:PORT] [OPTION]...\n"
		"       noonmark check ntp HOST[:PORT] [OPTION]...\n"
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
		"  -t, --timeout T      for one answer (default 3s)\n"
		"  -4, --ipv4, -6, --ipv6\n"
		"      --tap, --json    other formats\n"
		"\n"
		"Exit status 0 if no MUST fails, 1 if one does or nothing could be judged.\n",
	.run = run,
};
