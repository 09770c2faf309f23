/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark tsa: the state of a daemon's time-stamp authority, and the authority's ledger.
 */
#include <stdio.h>
#include <string.h>

#include "tools/core/tool.h"
#include "tools/stamp/tsa_audit.h"

#define LEDGER_DEFAULT "/var/lib/noonmark/tsa.db"

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

/* OK if every policy may issue and the ledger is writable. */
static bool is_fit(const json_t *t)
{
	size_t i;
	json_t *p;

	json_array_foreach(json_object_get(t, "policies"), i,
			   p) if (!json_is_true(json_object_get(p, "fit"))) return false;
	return noon_json_str(json_object_get(t, "ledger"), "error")[0] == '\0';
}

static int show_status(const struct noon_verb *self, void *options,
		       const struct noon_arguments *line)
{
	const struct noon_ask_options *a = options;
	json_t *answer = noon_ask_once(self, a->socket, json_pack("{s:s}", "command", "status"));
	const json_t *t = json_object_get(answer, "tsa");
	int status = NOON_EXIT_FAILED;

	(void)line;
	if (answer == NULL)
		return status;
	if (!json_is_object(t)) {
		(void)noon_tool_fail(self, "the daemon has no section tsa");
	} else {
		if (a->json)
			noon_json_print(t);
		else
			print_status(t);
		status = is_fit(t) ? NOON_EXIT_OK : NOON_EXIT_NOT_OK;
	}
	json_decref(answer);
	return status;
}

static int audit(const struct noon_verb *self, void *options, const struct noon_arguments *line)
{
	struct noon_tsa_audit_args *a = options;
	const char *what = strrchr(self->name, ' ') + 1;

	a->ledger = line->n == 1 ? line->argument[0] : LEDGER_DEFAULT;
	if (strcmp(what, "verify") == 0)
		return noon_tsa_audit_verify(self, a);
	return strcmp(what, "show") == 0 ? noon_tsa_audit_show(self, a)
					 : noon_tsa_audit_head(self, a);
}

#define AUDIT(member) NOON_OPTION_AT(struct noon_tsa_audit_args, member)

static const struct noon_option json_rows[] = {
	{"json", NOON_OPTION_BOOL, AUDIT(json), .help = "print JSON"},
	NOON_OPTION_END,
};

static const struct noon_option verify_rows[] = {
	{"head", NOON_OPTION_BORROWED, AUDIT(head), .value = "seq:hash", .says = "none",
	 .help = "an entry that must be in the chain, from audit head"},
	NOON_OPTION_END,
};

static const struct noon_option show_rows[] = {
	{"from", NOON_OPTION_UINT, AUDIT(from), NOON_OPTION_LEAST(1), .def = "1", .value = "seq",
	 .help = "begin with this entry"},
	{"count", NOON_OPTION_UINT, AUDIT(count), NOON_OPTION_LEAST(1), .says = "all",
	 .letter = 'n', .help = "at most N entries"},
	{"kind", NOON_OPTION_BORROWED, AUDIT(kind), .value = "kind", .says = "all",
	 .help = "only start, stop, block (of serial numbers), token, refusal, key or clock"},
	NOON_OPTION_END,
};

#define AUDITS \
	.arguments = "[LEDGER]", .max = 1, .size = sizeof(struct noon_tsa_audit_args), .act = audit
#define NOTES                                                                                 \
	"LEDGER is " LEDGER_DEFAULT " unless given. It can be read while the daemon writes\n" \
	"it. Exit status: 0 good, 1 not good, 2 usage, 3 could not be read.\n"

static const struct noon_verb verify_verb = {
	.name = "tsa audit verify",
	.summary = "read the whole audit log",
	.about =
		"Read the whole audit log: every entry is there and unchanged, every serial number "
		"was\n"
		"reserved and used once, the order that tokens promise is kept.\n",
	.notes = NOTES,
	AUDITS,
	.part = {{verify_rows, 0, NULL}, {json_rows, 0, NULL}},
};

static const struct noon_verb show_verb = {
	.name = "tsa audit show",
	.summary = "print entries",
	.about = "Print entries of the audit log.\n",
	.notes = NOTES,
	AUDITS,
	.part = {{show_rows, 0, NULL}, {json_rows, 0, NULL}},
};

static const struct noon_verb head_verb = {
	.name = "tsa audit head",
	.summary = "print number and hash of the last entry",
	.about = "Print number and hash of the last entry; keep it elsewhere.\n",
	.notes = NOTES,
	AUDITS,
	.part = {{json_rows, 0, NULL}},
};

static const struct noon_verb *const audit_parts[] = {&verify_verb, &show_verb, &head_verb, NULL};

static const struct noon_verb audit_verb = {
	.name = "tsa audit",
	.summary = "the audit log of an authority",
	.about = "The audit log of a time-stamp authority.\n",
	.parts = audit_parts,
};

static const struct noon_verb status_verb = {
	.name = "tsa status",
	.summary = "what the authority promises now",
	.about =
		"Show what each policy promises, how exact tokens are now or why there are none, "
		"what\n"
		"was answered, where the ledger stands. Exit status: 0 good, 1 not good, 2 usage,\n"
		"3 could not be asked.\n",
	.size = sizeof(struct noon_ask_options),
	.part = {{noon_ask_rows, 0, NULL}},
	.act = show_status,
};

static const struct noon_verb *const parts[] = {&status_verb, &audit_verb, NULL};

const struct noon_verb noon_verb_tsa = {
	.name = "tsa",
	.summary = "the daemon's time-stamp authority, and its audit log",
	.about = "The daemon's time-stamp authority, and its audit log.\n",
	.parts = parts,
};
