/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark verify: what do time-stamp tokens prove about a file?
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "platform/clock/clock.h"
#include "platform/file.h"
#include "tools/core/digest_file.h"
#include "tools/core/tool.h"
#include "tools/stamp/policy_option.h"
#include "tools/stamp/quorum.h"
#include "tools/stamp/token_text.h"

struct arguments {
	const char *ca;
	const char *untrusted;
	const char *policy;
	size_t quorum; /* 0: all */
	bool now;
	bool json;
};

struct verify {
	const struct noon_verb *self;
	struct arguments a;
	const char *file;
	char **name; /* of the tokens */
	size_t n;
	struct noon_ts_trust *trust;
	bool read_once; /* standard input is at its end */
	bool has_digest[NOON_DIGESTS];
	uint8_t digest[NOON_DIGESTS][NOON_DIGEST_MAX]; /* of the file, as tokens need them */
	uint8_t *der[NOON_QUORUM_MAX];
	struct noon_tsp_token token[NOON_QUORUM_MAX];
	struct noon_quorum quorum;
	noon_dur latest; /* "quorum" authorities prove this as the latest time; ns since 1970 */
};

/* Returns an exit status, or -1 to continue. */
static int settle(struct verify *v, const struct noon_arguments *line)
{
	struct arguments *a = &v->a;

	v->file = line->argument[0];
	v->name = line->argument + 1;
	v->n = line->n - 1;
	if (a->quorum > v->n)
		return noon_tool_usage(v->self, "--quorum is more than there are tokens");
	if (a->quorum == 0)
		a->quorum = v->n;
	return -1;
}

/* The digest that a token is of, computed once. @return false after printing why not */
static bool digest_of(struct verify *v, enum noon_digest d)
{
	if (v->has_digest[d])
		return true;
	if (v->read_once) {
		(void)noon_tool_fail(v->self, "standard input can be read only once, and the "
					      "tokens are of different digests");
		return false;
	}
	if (noon_digest_file(v->file, d, v->digest[d])) {
		(void)noon_tool_fail(v->self, "%s: %s", v->file, strerror(errno));
		return false;
	}
	v->has_digest[d] = true;
	v->read_once = strcmp(v->file, "-") == 0;
	return true;
}

/* @return false after printing why not */
static bool load(struct verify *v, size_t i, struct noon_bytes *ret)
{
	noon_err err = NOON_ERR_OS;
	size_t n = 0;

	v->der[i] = malloc(NOON_TS_TOKEN_MAX);
	if (v->der[i] != NULL)
		err = noon_file_read(v->name[i], v->der[i], NOON_TS_TOKEN_MAX, &n);
	*ret = noon_bytes_of(v->der[i], n);
	if (err)
		(void)noon_tool_fail(v->self, "%s: %s", v->name[i],
				     err == NOON_ERR_LONG	   ? "too long for a token"
				     : err == NOON_ERR_UNSUPPORTED ? "not a regular file"
								   : strerror(errno));
	return !err;
}

/* @return false if a file could not be read (already reported) */
static bool judge(struct verify *v, size_t i)
{
	const int64_t now_s = noon_clock_read(CLOCK_REALTIME) / NOON_NS_PER_SEC;
	struct noon_tsp_ask ask = {.digest = NOON_DIGEST_SHA256};
	struct noon_tsp_answer answer;
	struct noon_bytes der;

	if (!load(v, i, &der))
		return false;
	if (noon_tsp_answer_read(der, &answer) == NOON_TSP_REASON_GOOD)
		ask.digest = answer.info.imprint.digest;
	if (!digest_of(v, ask.digest))
		return false;
	memcpy(ask.value, v->digest[ask.digest], sizeof(ask.value));
	if (v->a.policy != NULL && noon_oid_parse(v->a.policy, ask.policy, &ask.policy_n))
		return false;
	noon_tsp_token_judge(der, &ask, v->trust, v->a.now ? &now_s : NULL, &v->token[i]);
	return true;
}

static void count(struct verify *v)
{
	struct noon_vote vote[NOON_QUORUM_MAX];
	size_t n = 0;

	for (size_t i = 0; i < v->n; i++) {
		const struct noon_tsp_token *t = &v->token[i];
		noon_time from, to;

		if (!t->verified)
			continue;
		vote[n] = (struct noon_vote){.token = i, .who = &t->verdict.signer};
		vote[n].has_interval = noon_tsp_info_interval(&t->answer.info, &from, &to);
		if (vote[n].has_interval) {
			vote[n].lower = from.ns;
			vote[n].upper = to.ns;
		}
		n++;
	}
	noon_quorum_count(vote, n, &v->quorum);
	v->latest = noon_quorum_upper(vote, n, v->a.quorum);
}

static void print(const struct verify *v, bool good)
{
	char time[2][NOON_TOKEN_TIME_MAX];

	for (size_t i = 0; i < v->n; i++)
		noon_token_print(stdout, v->name[i], &v->token[i]);
	if (v->n > 1)
		(void)printf("%zu distinct authorities\n", v->quorum.authorities);
	if (v->n > 1 && v->quorum.agreeing > 1 && v->quorum.agreeing == v->quorum.authorities) {
		noon_token_time((noon_time){v->quorum.lower}, 9, time[0]);
		noon_token_time((noon_time){v->quorum.upper}, 9, time[1]);
		(void)printf("all intervals have in common: %s to %s\n", time[0], time[1]);
	}
	if (!good)
		(void)printf("%s: NOT proved: %zu authorities of the %zu that it takes\n", v->file,
			     v->quorum.authorities, v->a.quorum);
	else if (v->latest == NOON_DUR_MAX)
		(void)printf("%s: existed when it was stamped, but how exactly the time above is, "
			     "is not said\n",
			     v->file);
	else {
		noon_token_time((noon_time){v->latest}, 9, time[0]);
		(void)printf("%s: existed not later than %s\n", v->file, time[0]);
	}
}

static void print_json(const struct verify *v, bool good)
{
	json_t *tokens = json_array();
	json_t *o;

	for (size_t i = 0; i < v->n; i++)
		(void)json_array_append_new(tokens, noon_token_json(v->name[i], &v->token[i]));
	o = json_pack("{s:s, s:b, s:i, s:i, s:o}", "file", v->file, "ok", (int)good, "quorum",
		      (int)v->a.quorum, "authorities", (int)v->quorum.authorities, "tokens",
		      tokens);
	if (o == NULL)
		return;
	if (good && v->latest != NOON_DUR_MAX)
		(void)json_object_set_new(o, "latest", noon_token_instant((noon_time){v->latest}));
	if (v->quorum.has_interval && v->quorum.agreeing == v->quorum.authorities) {
		(void)json_object_set_new(o, "common_from",
					  noon_token_instant((noon_time){v->quorum.lower}));
		(void)json_object_set_new(o, "common_to",
					  noon_token_instant((noon_time){v->quorum.upper}));
	}
	noon_json_print(o);
	json_decref(o);
}

static int judge_all(struct verify *v)
{
	bool good;

	for (size_t i = 0; i < v->n; i++)
		if (!judge(v, i))
			return NOON_EXIT_FAILED;
	count(v);
	good = v->quorum.authorities >= v->a.quorum;
	if (v->a.json)
		print_json(v, good);
	else
		print(v, good);
	return good ? NOON_EXIT_OK : NOON_EXIT_NOT_OK;
}

static int run(const struct noon_verb *self, void *options, const struct noon_arguments *line)
{
	struct verify *v = calloc(1, sizeof(*v));
	struct noon_ts_why why = {.text = ""};
	struct noon_ts_trust_conf conf;
	int status;

	if (v == NULL)
		return noon_tool_fail(self, "out of memory");
	v->self = self;
	v->a = *(const struct arguments *)options;
	status = settle(v, line);
	if (status < 0) {
		conf = (struct noon_ts_trust_conf){.ca = v->a.ca, .untrusted = v->a.untrusted};
		if (noon_ts_trust_load(&conf, &v->trust, &why))
			status = noon_tool_fail(self, "%s", why.text);
	}
	if (status < 0)
		status = judge_all(v);
	for (size_t i = 0; i < v->n; i++)
		free(v->der[i]);
	noon_ts_trust_free(v->trust);
	free(v);
	return status;
}

#define OPTION(member) NOON_OPTION_AT(struct arguments, member)

static const struct noon_option rows[] = {
	{"ca", NOON_OPTION_BORROWED, OPTION(ca), .flags = NOON_OPTION_REQUIRED, .value = "file",
	 .help = "trust authorities with certificates of these (PEM file, or hashed directory)"},
	{"untrusted", NOON_OPTION_BORROWED, OPTION(untrusted), .value = "file", .says = "none",
	 .help = "more certificates for their chains"},
	NOON_POLICY_ROW("take no other policy", OPTION(policy)),
	{"quorum", NOON_OPTION_UINT, OPTION(quorum), NOON_OPTION_RANGE(1, NOON_QUORUM_MAX),
	 .says = "as many as there are tokens", .help = "how many distinct authorities it takes"},
	{"now", NOON_OPTION_BOOL, OPTION(now),
	 .help = "certificates have to be good now, too, not only at the time of the token"},
	{"json", NOON_OPTION_BOOL, OPTION(json), .help = "print one JSON object"},
	NOON_OPTION_END,
};

const struct noon_verb noon_verb_verify = {
	.name = "verify",
	.summary = "say what time-stamp tokens prove of a file",
	.arguments = "FILE TOKEN...",
	.min = 2,
	.max = 1 + NOON_QUORUM_MAX,
	.about = "Say what time-stamp tokens (RFC 3161) prove of a file. A TOKEN is a response "
		 "(.tsr) or\n"
		 "a token alone (.tst). A good token proves that FILE existed not later than its "
		 "time\n"
		 "plus its accuracy, if its authority is honest and its clock was right. It does "
		 "not\n"
		 "prove who made FILE, nor that it is older.\n",
	.notes = "Exit status 0 if it is proved, 1 if not, 3 if a file could not be read.\n",
	.size = sizeof(struct arguments),
	.part = {{rows, 0, NULL}},
	.act = run,
};
