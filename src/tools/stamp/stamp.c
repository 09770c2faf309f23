/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark stamp: have time-stamp authorities say that files exist now.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/number.h"
#include "platform/text.h"
#include "tools/core/tool.h"
#include "tools/stamp/stamp_output.h"
#include "tools/stamp/stamper.h"

#define PROGRESS_AFTER NOON_S(2)

enum option_key {
	O_TSA = 256,
	O_OUT_DIR,
	O_DIGEST,
	O_QUORUM,
	O_CA,
	O_UNTRUSTED,
	O_TLS_CA,
	O_POLICY,
	O_TOKEN,
	O_FORCE,
	O_JSON,
};

struct arguments {
	struct noon_stamper_conf conf; /* quorum 0: all */
	bool json;
};

static const char *take_tsa(struct noon_stamper_conf *c, const char *text)
{
	if (strncmp(text, "http://", 7) != 0 && strncmp(text, "https://", 8) != 0)
		return "an address that begins with http:// or https://";
	if (c->n_tsas == NOON_STAMPER_TSAS_MAX)
		return "no more than 16 authorities";
	c->tsa[c->n_tsas++] = text;
	return NULL;
}

static const char *take_limit(struct noon_stamper_conf *c, int o, const char *text)
{
	uint8_t oid[NOON_OID_MAX];
	uint64_t v;
	size_t n;

	switch (o) {
	case O_QUORUM:
		if (!noon_number_u64(text, 1, NOON_STAMPER_TSAS_MAX, &v))
			return "a number from 1 to 16";
		c->quorum = (size_t)v;
		return NULL;
	case O_POLICY:
		c->policy = text;
		return noon_oid_parse(text, oid, &n) ? "an object identifier such as 1.3.6.1.4.1"
						     : NULL;
	default:
		if (noon_text_dur(text, &c->timeout) || c->timeout < NOON_MS(1) ||
		    c->timeout > NOON_S(3600))
			return "a time from 1ms to 1h";
		return NULL;
	}
}

/* Returns what was expected of the value, or NULL if it is good. */
static const char *take(struct arguments *a, int o, const char *text)
{
	struct noon_stamper_conf *c = &a->conf;

	switch (o) {
	case O_TSA:
		return take_tsa(c, text);
	case 'o':
		c->out = text;
		return NULL;
	case O_OUT_DIR:
		c->out_dir = text;
		return NULL;
	case O_DIGEST:
		c->digest = noon_digest_by_name(text);
		return c->digest == NOON_DIGESTS ? "sha256, sha384 or sha512" : NULL;
	case O_CA:
		c->ca = text;
		return NULL;
	case O_UNTRUSTED:
		c->untrusted = text;
		return NULL;
	case O_TLS_CA:
		c->tls_ca = text;
		return NULL;
	case O_TOKEN:
		c->token = true;
		return NULL;
	case O_FORCE:
		c->force = true;
		return NULL;
	case O_JSON:
		a->json = true;
		return NULL;
	default:
		return take_limit(c, o, text);
	}
}

/* Returns what is missing or contradictory, or NULL. */
static const char *settle(struct noon_stamper_conf *c, int n_files, char *const *files)
{
	if (n_files == 0)
		return "which file?";
	if (c->n_tsas == 0)
		return "--tsa is missing: who is to stamp?";
	if (c->quorum > c->n_tsas)
		return "--quorum is more than there are authorities";
	if (c->out != NULL && c->out_dir != NULL)
		return "-o and --out-dir: give one of them";
	if (c->out != NULL && n_files > 1)
		return "-o is for one file: use --out-dir";
	if (c->untrusted != NULL && c->ca == NULL)
		return "--untrusted is of no use without --ca";
	for (int i = 0; i < n_files; i++)
		if (strcmp(files[i], "-") == 0 && (n_files > 1 || c->out == NULL))
			return "standard input is stamped alone, and needs -o";
	if (c->quorum == 0)
		c->quorum = c->n_tsas;
	return NULL;
}

/* Returns an exit status, or -1 to go on. */
static int parse(const struct noon_verb *self, int argc, char **argv, struct arguments *a)
{
	static const struct option options[] = {
		{"tsa", required_argument, NULL, O_TSA},
		{"output", required_argument, NULL, 'o'},
		{"out-dir", required_argument, NULL, O_OUT_DIR},
		{"digest", required_argument, NULL, O_DIGEST},
		{"quorum", required_argument, NULL, O_QUORUM},
		{"ca", required_argument, NULL, O_CA},
		{"untrusted", required_argument, NULL, O_UNTRUSTED},
		{"tls-ca", required_argument, NULL, O_TLS_CA},
		{"policy", required_argument, NULL, O_POLICY},
		{"timeout", required_argument, NULL, 't'},
		{"token", no_argument, NULL, O_TOKEN},
		{"force", no_argument, NULL, O_FORCE},
		{"json", no_argument, NULL, O_JSON},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	const char *wrong;
	int o;

	while ((o = getopt_long(argc, argv, "ho:t:", options, NULL)) != -1) {
		const char *expected;

		if (o == 'h')
			return noon_tool_help(self);
		if (o == '?')
			return NOON_EXIT_USAGE;
		expected = take(a, o, optarg);
		if (expected != NULL)
			return noon_tool_usage(self, "\"%s\": expected %s", optarg, expected);
	}
	wrong = settle(&a->conf, argc - optind, argv + optind);
	return wrong != NULL ? noon_tool_usage(self, "%s", wrong) : -1;
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

static int run(const struct noon_verb *self, int argc, char **argv)
{
	struct arguments a = {.conf = {.digest = NOON_DIGEST_SHA256, .timeout = NOON_S(10)}};
	struct noon_ts_why why = {.text = ""};
	int status = parse(self, argc, argv, &a);
	struct noon_stamper *s;
	json_t *files;

	if (status >= 0)
		return status;
	if (noon_stamp_output_check(&a.conf, argv + optind, (size_t)(argc - optind), &why))
		return noon_tool_usage(self, "%s", why.text);
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return noon_tool_fail(self, "out of memory");
	files = a.json ? json_array() : NULL;
	if (noon_stamper_init(s, &a.conf, &why)) {
		status = noon_tool_fail(self, "%s", why.text);
	} else {
		status = stamp_all(self, s, argc - optind, argv + optind, files);
		if (a.json) {
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

const struct noon_verb noon_verb_stamp = {
	.name = "stamp",
	.summary = "have time-stamp authorities say that files exist now",
	.help = "Usage: noonmark stamp FILE... --tsa URL [--tsa URL]... [OPTION]...\n"
		"Send digests of files to time-stamp authorities (RFC 3161), judge what they say,\n"
		"and keep their tokens: FILE.tsr, or FILE.1.tsr, FILE.2.tsr, ... of several. Only\n"
		"digests leave the machine. FILE \"-\" is standard input.\n"
		"\n"
		"      --tsa URL        ask this authority, http:// or https://; up to 16\n"
		"      --quorum N       how many distinct authorities have to agree on the time\n"
		"                       (default: all that are named)\n"
		"      --ca FILE        trust authorities with certificates of these (PEM file, "
		"or\n"
		"                       hashed directory); without it nothing is verified\n"
		"      --untrusted FILE more certificates for their chains\n"
		"      --tls-ca FILE    trust these certificates for https:// (default: the "
		"system's)\n"
		"      --policy OID     ask for this policy, and take no other\n"
		"      --digest NAME    sha256 (default), sha384 or sha512\n"
		"  -t, --timeout TIME   for each answer (default 10s)\n"
		"  -o, --output FILE    path of the token; with several authorities FILE.1, "
		"FILE.2\n"
		"      --out-dir DIR    put tokens there\n"
		"      --token          keep the token alone (.tst), not the response around it\n"
		"      --force          replace tokens that are there; never a FILE, nor a token "
		"of\n"
		"                       the same run\n"
		"      --json           print one JSON object\n"
		"\n"
		"Exit status 0 if the quorum was reached for all files, 1 if not, 3 if a file "
		"could\n"
		"not be read or a token not be written.\n",
	.run = run,
};
