/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark stamp: obtain time stamps of files from time-stamp authorities.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/core/tool.h"
#include "tools/stamp/policy_option.h"
#include "tools/stamp/stamp_output.h"
#include "tools/stamp/stamper.h"

#define PROGRESS_AFTER NOON_S(2)

struct arguments {
	struct noon_stamper_conf conf; /* quorum 0: all */
	bool json;
};

static bool read_tsa(const struct noon_option *o, const char *text, void *at,
		     char why[NOON_OPTION_WHY])
{
	struct noon_stamper_conf *c = at;

	(void)o;
	if (c->n_tsas == NOON_STAMPER_TSAS_MAX)
		(void)snprintf(why, NOON_OPTION_WHY, "expected no more than 16 authorities");
	if (c->n_tsas == NOON_STAMPER_TSAS_MAX ||
	    (strncmp(text, "http://", 7) != 0 && strncmp(text, "https://", 8) != 0))
		return false;
	c->tsa[c->n_tsas++] = text;
	return true;
}

/* Returns what is missing or contradictory, or NULL. */
static const char *settle(struct noon_stamper_conf *c, size_t n_files, char *const *files)
{
	if (c->quorum > c->n_tsas)
		return "--quorum is more than there are authorities";
	if (c->out != NULL && c->out_dir != NULL)
		return "-o and --out-dir: give one of them";
	if (c->out != NULL && n_files > 1)
		return "-o is for one file: use --out-dir";
	if (c->untrusted != NULL && c->ca == NULL)
		return "--untrusted is of no use without --ca";
	for (size_t i = 0; i < n_files; i++)
		if (strcmp(files[i], "-") == 0 && (n_files > 1 || c->out == NULL))
			return "standard input is stamped alone, and needs -o";
	if (c->quorum == 0)
		c->quorum = c->n_tsas;
	return NULL;
}

/* ---- many files ---- */

struct progress {
	noon_time begun;
	bool wanted;
	bool shown;
};

static void show_progress(struct progress *p, int done, int all)
{
	if (!p->wanted || all < 2 || noon_time_diff(noon_mono_now(), p->begun) < PROGRESS_AFTER)
		return;
	(void)fprintf(stderr, "\r%d of %d files", done, all);
	p->shown = true;
}

static void clear_progress(struct progress *p)
{
	if (p->shown)
		(void)fprintf(stderr, "\r%*s\r", 40, "");
	p->shown = false;
}

static void report(const struct noon_verb *self, struct noon_stamper *s, json_t *files,
		   const char *file, enum noon_stamper_result result, const char *why)
{
	if (result == NOON_STAMPER_FAILED)
		(void)noon_tool_fail(self, "%s: %s", file, why);
	if (files != NULL)
		(void)json_array_append_new(files, noon_stamper_json(s, file, result));
	else if (result != NOON_STAMPER_FAILED || s->stamp[0].answered)
		noon_stamper_print(s, file, result);
}

static int stamp_all(const struct noon_verb *self, struct noon_stamper *s, int n, char **file,
		     json_t *files)
{
	struct progress p = {.begun = noon_mono_now(), .wanted = isatty(STDERR_FILENO) == 1};
	int status = NOON_EXIT_OK;

	for (int i = 0; i < n; i++) {
		struct noon_ts_why why = {.text = ""};
		const enum noon_stamper_result result = noon_stamper_run(s, file[i], &why);

		clear_progress(&p);
		report(self, s, files, file[i], result, why.text);
		if (result == NOON_STAMPER_FAILED)
			status = NOON_EXIT_FAILED;
		else if (result == NOON_STAMPER_MISSED && status == NOON_EXIT_OK)
			status = NOON_EXIT_NOT_OK;
		show_progress(&p, i + 1, n);
	}
	clear_progress(&p);
	return status;
}

static int run(const struct noon_verb *self, void *options, const struct noon_arguments *line)
{
	struct arguments *a = options;
	const char *wrong = settle(&a->conf, line->n, line->argument);
	struct noon_ts_why why = {.text = ""};
	struct noon_stamper *s;
	json_t *files;
	int status;

	if (wrong != NULL)
		return noon_tool_usage(self, "%s", wrong);
	if (noon_stamp_output_check(&a->conf, line->argument, line->n, &why))
		return noon_tool_usage(self, "%s", why.text);
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return noon_tool_fail(self, "out of memory");
	files = a->json ? json_array() : NULL;
	if (noon_stamper_init(s, &a->conf, &why)) {
		status = noon_tool_fail(self, "%s", why.text);
	} else {
		status = stamp_all(self, s, (int)line->n, line->argument, files);
		if (a->json) {
			json_t *o = json_pack("{s:b, s:O}", "ok", (int)(status == NOON_EXIT_OK),
					      "files", files);

			noon_json_print(o);
			json_decref(o);
		}
	}
	json_decref(files);
	noon_stamper_fini(s);
	free(s);
	return status;
}

#define OPTION(member) NOON_OPTION_AT(struct arguments, conf.member)

static const struct noon_word digests[] = {{"sha256", NOON_DIGEST_SHA256},
					   {"sha384", NOON_DIGEST_SHA384},
					   {"sha512", NOON_DIGEST_SHA512},
					   {NULL, 0}};

static const struct noon_option rows[] = {
	{"tsa", NOON_OPTION_OWN, NOON_OPTION_AT(struct arguments, conf), .read = read_tsa,
	 .most = NOON_STAMPER_TSAS_MAX, .flags = NOON_OPTION_REQUIRED, .value = "url",
	 .noun = "an address that begins with http:// or https://",
	 .help = "ask this authority, http:// or https://; up to 16"},
	{"quorum", NOON_OPTION_UINT, OPTION(quorum), NOON_OPTION_RANGE(1, NOON_STAMPER_TSAS_MAX),
	 .says = "all that are named",
	 .help = "how many distinct authorities have to agree on the time"},
	{"ca", NOON_OPTION_BORROWED, OPTION(ca), .value = "file", .says = "nothing is verified",
	 .help = "trust authorities with certificates of these (PEM file, or hashed directory)"},
	{"untrusted", NOON_OPTION_BORROWED, OPTION(untrusted), .value = "file", .says = "none",
	 .help = "more certificates for their chains"},
	{"tls-ca", NOON_OPTION_BORROWED, OPTION(tls_ca), .value = "file", .says = "the system's",
	 .help = "trust these certificates for https://"},
	NOON_POLICY_ROW("ask for this policy, and take no other", OPTION(policy)),
	{"digest", NOON_OPTION_WORD, OPTION(digest), .words = digests, .help = "of files"},
	{"timeout", NOON_OPTION_TIME, OPTION(timeout), NOON_OPTION_RANGE(NOON_MS(1), NOON_S(3600)),
	 .def = "10s", .letter = 't', .help = "for each answer"},
	{"output", NOON_OPTION_BORROWED, OPTION(out), .letter = 'o', .value = "file",
	 .says = "FILE.tsr", .help = "path of the token; with several authorities FILE.1, FILE.2"},
	{"out-dir", NOON_OPTION_BORROWED, OPTION(out_dir), .value = "folder",
	 .says = "beside the file", .help = "put tokens there"},
	{"token", NOON_OPTION_BOOL, OPTION(token),
	 .help = "keep the token alone (.tst), not the response around it"},
	{"force", NOON_OPTION_BOOL, OPTION(force),
	 .help = "replace tokens that are there; never a FILE, nor a token of the same run"},
	{"json", NOON_OPTION_BOOL, NOON_OPTION_AT(struct arguments, json),
	 .help = "print one JSON object"},
	NOON_OPTION_END,
};

const struct noon_verb noon_verb_stamp = {
	.name = "stamp",
	.summary = "have time-stamp authorities say that files exist now",
	.arguments = "FILE...",
	.min = 1,
	.max = NOON_ARGUMENTS_ANY,
	.about =
		"Send digests of files to time-stamp authorities (RFC 3161), judge what they "
		"say,\n"
		"and keep their tokens: FILE.tsr, or FILE.1.tsr, FILE.2.tsr, ... of several. Only\n"
		"digests leave the machine. FILE \"-\" is standard input.\n",
	.notes = "Exit status 0 if the quorum was reached for all files, 1 if not, 3 if a file "
		 "could\n"
		 "not be read or a token not be written.\n",
	.size = sizeof(struct arguments),
	.part = {{rows, 0, NULL}},
	.act = run,
};
