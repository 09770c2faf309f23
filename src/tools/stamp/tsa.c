/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark tsa: what a daemon says of its time-stamp authority, and the authority's ledger.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "platform/number.h"
#include "tools/core/tool.h"
#include "tools/stamp/tsa_audit.h"

#define LEDGER_DEFAULT "/var/lib/noonmark/tsa.db"

struct arguments {
	const char *socket;
	struct noon_tsa_audit_args audit;
};

static bool take_number(const char *text, uint64_t *ret)
{
	return noon_number_u64(text, 1, INT64_MAX, ret);
}

/* Returns an exit status, or -1 to go on. */
static int parse(const struct noon_verb *self, int argc, char **argv, struct arguments *a)
{
	static const struct option options[] = {
		{"json", no_argument, NULL, 'j'},	 {"socket", required_argument, NULL, 's'},
		{"head", required_argument, NULL, 'H'},	 {"from", required_argument, NULL, 'f'},
		{"count", required_argument, NULL, 'n'}, {"kind", required_argument, NULL, 'k'},
		{"help", no_argument, NULL, 'h'},	 {NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "hn:", options, NULL)) != -1) {
		bool ok = true;

		if (c == 'j')
			a->audit.json = true;
		else if (c == 's')
			a->socket = optarg;
		else if (c == 'H')
			a->audit.head = optarg;
		else if (c == 'f')
			ok = take_number(optarg, &a->audit.from);
		else if (c == 'n')
			ok = take_number(optarg, &a->audit.count);
		else if (c == 'k')
			a->audit.kind = optarg;
		else
			return c == 'h' ? noon_tool_help(self) : NOON_EXIT_USAGE;
		if (!ok)
			return noon_tool_usage(self, "\"%s\": expected a number from 1", optarg);
	}
	return -1;
}

static long long number(const json_t *o, const char *key)
{
	return (long long)json_integer_value(json_object_get(o, key));
}

static void print_counts(const char *what, const json_t *o)
{
	const char *word;
	json_t *n;

	(void)printf("%-10s", what);
	json_object_foreach((json_t *)(uintptr_t)o, word, n)(void)
		printf(" %s %lld", word, (long long)json_integer_value(n));
	(void)printf("\n");
}

static void print_policy(const json_t *p)
{
	char promised[24];
	char now[24];

	noon_tool_dur(promised, sizeof(promised), noon_json_num(p, "accuracy_s"));
	noon_tool_dur(now, sizeof(now), noon_json_num(p, "accuracy_now_s"));
	(void)printf("policy     %s: accuracy %s or better%s; now %s%s\n", noon_json_str(p, "oid"),
		     promised, json_is_true(json_object_get(p, "ordering")) ? ", ordering" : "",
		     json_is_true(json_object_get(p, "fit")) ? "" : "NO TOKENS: ",
		     json_is_true(json_object_get(p, "fit")) ? now : noon_json_str(p, "why"));
}

static void print_status(const json_t *t)
{
	const json_t *ledger = json_object_get(t, "ledger");
	const json_t *key = json_object_get(t, "key");
	size_t i;
	json_t *p;

	json_array_foreach(json_object_get(t, "policies"), i, p) print_policy(p);
	(void)printf("key        %s, %s\n", noon_json_str(key, "subject"),
		     noon_json_str(key, "algorithm"));
	print_counts("answers", json_object_get(t, "answers"));
	print_counts("http", json_object_get(t, "http"));
	(void)printf("ledger     %s, %lld entries, head %.16s...%s%s\n",
		     noon_json_str(ledger, "path"), number(ledger, "entries"),
		     noon_json_str(ledger, "head"),
		     noon_json_str(ledger, "error")[0] == '\0' ? "" : ", CANNOT BE WRITTEN: ",
		     noon_json_str(ledger, "error"));
}

/* Good when every policy may issue and the ledger takes it. */
static bool is_fit(const json_t *t)
{
	size_t i;
	json_t *p;

	json_array_foreach(json_object_get(t, "policies"), i,
			   p) if (!json_is_true(json_object_get(p, "fit"))) return false;
	return noon_json_str(json_object_get(t, "ledger"), "error")[0] == '\0';
}

static int run_status(const struct noon_verb *self, const struct arguments *a)
{
	json_t *answer = noon_ask_once(self, a->socket, json_pack("{s:s}", "command", "status"));
	const json_t *t = json_object_get(answer, "tsa");
	int status = NOON_EXIT_FAILED;

	if (answer == NULL)
		return status;
	if (!json_is_object(t)) {
		(void)noon_tool_fail(self, "the daemon has no section tsa");
	} else {
		if (a->audit.json)
			noon_json_print(t);
		else
			print_status(t);
		status = is_fit(t) ? NOON_EXIT_OK : NOON_EXIT_NOT_OK;
	}
	json_decref(answer);
	return status;
}

static int run_audit(const struct noon_verb *self, int argc, char **argv, struct arguments *a)
{
	const char *what = argc > 0 ? argv[0] : "";

	if (argc > 2)
		return noon_tool_usage(self, "unexpected argument \"%s\"", argv[2]);
	a->audit.ledger = argc == 2 ? argv[1] : LEDGER_DEFAULT;
	if (strcmp(what, "verify") == 0)
		return noon_tsa_audit_verify(self, &a->audit);
	if (strcmp(what, "show") == 0)
		return noon_tsa_audit_show(self, &a->audit);
	if (strcmp(what, "head") == 0)
		return noon_tsa_audit_head(self, &a->audit);
	return noon_tool_usage(self, "audit: expected verify, show or head");
}

static int run(const struct noon_verb *self, int argc, char **argv)
{
	struct arguments a = {.audit = {.from = 1}};
	const int status = parse(self, argc, argv, &a);
	const char *what = optind < argc ? argv[optind] : "";

	if (status >= 0)
		return status;
	if (strcmp(what, "audit") == 0)
		return run_audit(self, argc - optind - 1, argv + optind + 1, &a);
	if (strcmp(what, "status") != 0)
		return noon_tool_usage(self, "expected status or audit");
	if (optind + 1 < argc)
		return noon_tool_usage(self, "unexpected argument \"%s\"", argv[optind + 1]);
	return run_status(self, &a);
}

const struct noon_verb noon_verb_tsa = {
	.name = "tsa",
	.summary = "the daemon's time-stamp authority, and its audit log",
	.help = "Usage: noonmark tsa status [--json] [--socket PATH]\n"
		"       noonmark tsa audit verify [LEDGER] [--head SEQ:HASH] [--json]\n"
		"       noonmark tsa audit show [LEDGER] [--from SEQ] [-n COUNT] [--kind KIND]\n"
		"                               [--json]\n"
		"       noonmark tsa audit head [LEDGER]\n"
		"\n"
		"status        what each policy promises, how exact tokens are now or why there "
		"are\n"
		"              none, what was answered, where the ledger stands\n"
		"audit verify  read the whole audit log: every entry is there and unchanged, "
		"every\n"
		"              serial number was reserved and used once, the order that tokens\n"
		"              promise is kept\n"
		"audit show    print entries: start, stop, block (of serial numbers), token,\n"
		"              refusal, key, clock\n"
		"audit head    print number and hash of the last entry; keep it elsewhere\n"
		"\n"
		"  LEDGER          default " LEDGER_DEFAULT "\n"
		"  --head SEQ:HASH an entry that must be in the chain, from audit head\n"
		"  --from SEQ      begin with this entry\n"
		"  -n, --count N   at most N entries\n"
		"  --kind KIND     only entries of this kind\n"
		"  --json          print JSON\n"
		"  --socket PATH   control socket of the daemon\n"
		"\n"
		"The ledger can be read while the daemon writes it. Exit status: 0 good, 1 not\n"
		"good, 2 usage, 3 could not be asked or read.\n",
	.run = run,
};
