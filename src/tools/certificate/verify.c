/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark certificate verify: what is a calibration certificate worth?
 *
 * Each check has a line. What is not asked for is said to be not checked, and is no fault.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "platform/clock/clock.h"
#include "platform/text.h"
#include "tools/certificate/certificate.h"
#include "tools/certificate/certificate_file.h"
#include "tools/certificate/certificate_text.h"
#include "tools/certificate/content.h"
#include "tools/certificate/signature_stamp.h"
#include "tools/stamp/token_text.h"

struct arguments {
	const char *ca;
	const char *untrusted;
	const char *tsa_ca;
	const char *database; /* NULL: campaigns.db */
	long campaign;	      /* 0: not compared */
	bool json;
};

enum outcome { GOOD, BAD, NOT_CHECKED };

/* What is checked, in the order of the lines. */
enum subject { FORM, SIGNATURE, STAMP, SIGNER, CONFORMITY, RAW_DATA, RESULTS, SUBJECTS };

static const struct {
	const char *key, *name;
} subjects[SUBJECTS] = {
	[FORM] = {"form", "form"},
	[SIGNATURE] = {"signature", "signature"},
	[STAMP] = {"time_stamp", "time stamp"},
	[SIGNER] = {"signer", "signer"},
	[CONFORMITY] = {"conformity", "conformity"},
	[RAW_DATA] = {"raw_data", "raw data"},
	[RESULTS] = {"results", "results"},
};

struct finding {
	enum outcome outcome;
	char text[640];
};

struct verify {
	const struct noon_verb *self;
	struct arguments a;
	const char *path;
	struct noon_ts_trust *trust, *tsa_trust;
	struct noon_certificate_file file;
	struct noon_tsp_token token; /* borrows from file */
	struct noon_result result;   /* recomputed */
	struct finding finding[SUBJECTS];
};

__attribute__((format(printf, 4, 5))) static void find(struct verify *v, enum subject s,
						       enum outcome o, const char *format, ...)
{
	va_list list;

	v->finding[s].outcome = o;
	va_start(list, format);
	(void)vsnprintf(v->finding[s].text, sizeof(v->finding[s].text), format, list);
	va_end(list);
}

/* --- checks --- */

static void check_signature(struct verify *v)
{
	const struct noon_ts_identity *who = &noon_cms_info(v->file.cms)->signer;
	const enum noon_cms_fault fault = noon_cms_check_signature(v->file.cms);

	if (fault == NOON_CMS_FAULT_NONE)
		find(v, SIGNATURE, GOOD, "of the content, by the key of %s (%s, %s)", who->subject,
		     who->key, who->digest);
	else
		find(v, SIGNATURE, BAD, "%s", noon_cms_fault_text(fault));
}

static void check_stamp(struct verify *v)
{
	const struct noon_cms_info *info = noon_cms_info(v->file.cms);
	char time[NOON_TOKEN_TIME_MAX];
	char half[32] = "accuracy not stated";

	if (info->token.n == 0) {
		find(v, STAMP, NOT_CHECKED, "there is none");
		return;
	}
	noon_signature_stamp_judge(info->token, info->signature, v->tsa_trust, &v->token);
	if (!v->token.good) {
		find(v, STAMP, BAD, "%s", v->token.why);
		return;
	}
	noon_token_time(v->token.answer.info.gen_time, v->token.answer.info.digits, time);
	if (v->token.answer.info.has_accuracy)
		noon_tool_dur(half, sizeof(half), noon_dur_to_s(v->token.answer.info.accuracy));
	if (v->token.verified)
		find(v, STAMP, GOOD, "%s +- %s, by %s", time, half,
		     v->token.verdict.signer.subject);
	else
		find(v, STAMP, NOT_CHECKED, "%s, says somebody: --tsa-ca verifies it", time);
}

/* A time stamp that is verified proves when the signature was there. Without one the certificate
 * has to be good now (crypto/cms/cms_verify.h). */
static void check_signer(struct verify *v)
{
	const struct noon_cms_info *info = noon_cms_info(v->file.cms);
	const bool stamped = v->token.verified;
	const noon_time at = stamped ? v->token.answer.info.gen_time
				     : (noon_time){noon_clock_read(CLOCK_REALTIME)};
	struct noon_ts_why why;
	const enum noon_cms_fault fault =
		noon_cms_check_chain(v->file.cms, v->trust, at.ns / NOON_NS_PER_SEC, &why);

	if (fault == NOON_CMS_FAULT_NONE)
		find(v, SIGNER, GOOD, "%s, trusted %s", info->signer.subject,
		     stamped ? "at the time of the time stamp" : "now");
	else
		find(v, SIGNER, BAD, "%s: %s%s", info->signer.subject, why.text,
		     stamped ? " (at the time of the time stamp)" : " (now)");
}

static void check_conformity(struct verify *v)
{
	const json_t *is = json_object_get(v->file.content, "conformity");
	json_t *should = noon_certificate_conformity(v->file.content);

	if (is == NULL)
		find(v, CONFORMITY, NOT_CHECKED, "none is stated");
	else if (should != NULL && json_equal(is, should))
		find(v, CONFORMITY, GOOD, "%s, as its rule has it",
		     noon_certificate_str(should, "outcome"));
	else
		find(v, CONFORMITY, BAD, "what is stated does not follow from result and limit");
	json_decref(should);
}

static void compare(struct verify *v)
{
	const struct noon_result *r = &v->result;
	const json_t *said = json_object_get(v->file.content, "raw_data");
	char where[NOON_CERTIFICATE_PATH] = "";
	char hex[65];
	json_t *measured;

	noon_text_hex(noon_bytes_of(r->digest, 32), hex);
	if (strcmp(hex, noon_certificate_str(said, "sha256")) == 0)
		find(v, RAW_DATA, GOOD, "campaign %ld of %s has the digest stated", v->a.campaign,
		     v->a.database);
	else
		find(v, RAW_DATA, BAD, "campaign %ld of %s has the digest %s, not the one stated",
		     v->a.campaign, v->a.database, hex);
	measured = noon_certificate_measured(r);
	if (noon_certificate_same(v->file.content, measured, where))
		find(v, RESULTS, GOOD, "recomputed, and the same");
	else
		find(v, RESULTS, BAD, "recomputed, and %s differs", where);
	json_decref(measured);
}

/* Of the Monte Carlo, as the certificate says; what is no number of trials is none. */
static size_t trials_of(const json_t *content)
{
	const json_int_t n =
		json_integer_value(json_object_get(json_object_get(content, "result"), "trials"));

	return n > 0 && n <= 100000000 ? (size_t)n : 0;
}

static int check_campaign(struct verify *v)
{
	struct noon_campaigns *db = NULL;
	struct noon_campaigns_why closed;
	struct noon_result_why why;
	int status = -1;

	if (v->a.campaign == 0) {
		find(v, RAW_DATA, NOT_CHECKED, "not compared: --campaign");
		find(v, RESULTS, NOT_CHECKED, "not recomputed: --campaign");
		return -1;
	}
	if (noon_campaigns_read(v->a.database, &db, &closed))
		return noon_tool_fail(v->self, "%s", closed.text);
	if (noon_result_load(db, v->a.campaign, trials_of(v->file.content), &v->result, &why))
		status = noon_tool_fail(v->self, "%s", why.text);
	else
		compare(v);
	noon_result_fini(&v->result);
	noon_campaigns_close(db);
	return status;
}

/* --- what is said --- */

static bool is_good(const struct verify *v)
{
	for (size_t i = 0; i < SUBJECTS; i++)
		if (v->finding[i].outcome == BAD)
			return false;
	return v->finding[SIGNATURE].outcome == GOOD && v->finding[SIGNER].outcome == GOOD;
}

static void print(const struct verify *v)
{
	static const char *const words[] = {[GOOD] = "good", [BAD] = "BAD", [NOT_CHECKED] = "-"};

	if (v->file.content != NULL) {
		(void)printf("certificate  ");
		noon_certificate_put(stdout, noon_certificate_str(v->file.content, "number"));
		(void)printf("\nlaboratory   ");
		noon_certificate_put(
			stdout, noon_certificate_str(json_object_get(v->file.content, "laboratory"),
						     "name"));
		(void)printf("\n");
	}
	for (size_t i = 0; i < SUBJECTS; i++)
		if (v->finding[i].text[0] != '\0')
			(void)printf("%-12s %-5s %s\n", subjects[i].name,
				     words[v->finding[i].outcome], v->finding[i].text);
	(void)printf("%s: %s\n", v->path, is_good(v) ? "good" : "NOT good");
}

static void print_json(const struct verify *v)
{
	static const char *const words[] = {
		[GOOD] = "good", [BAD] = "bad", [NOT_CHECKED] = "not checked"};
	json_t *checks = json_object();
	json_t *o = json_pack("{s:s, s:b, s:o}", "file", v->path, "ok", (int)is_good(v), "checks",
			      checks);

	for (size_t i = 0; i < SUBJECTS; i++)
		if (v->finding[i].text[0] != '\0')
			(void)json_object_set_new(checks, subjects[i].key,
						  json_pack("{s:s, s:s}", "outcome",
							    words[v->finding[i].outcome], "why",
							    v->finding[i].text));
	if (v->file.cms != NULL) {
		const struct noon_cms_info *info = noon_cms_info(v->file.cms);

		(void)json_object_set_new(o, "signer", json_string(info->signer.subject));
		(void)json_object_set_new(
			o, "signed",
			noon_token_instant((noon_time){info->signed_s * NOON_NS_PER_SEC}));
	}
	if (*v->file.fault != '\0')
		(void)json_object_set_new(o, "fault", json_string(v->file.fault));
	if (v->token.good)
		(void)json_object_set_new(o, "stamped",
					  noon_token_instant(v->token.answer.info.gen_time));
	if (v->file.content != NULL)
		(void)json_object_set(o, "content", v->file.content);
	noon_json_print(o);
	json_decref(o);
}

static int load_trust(struct verify *v)
{
	const struct noon_ts_trust_conf documents = {
		.ca = v->a.ca, .untrusted = v->a.untrusted, .purpose = NOON_TRUST_DOCUMENTS};
	const struct noon_ts_trust_conf stamps = {.ca = v->a.tsa_ca,
						  .purpose = NOON_TRUST_TIME_STAMPS};
	struct noon_ts_why why;

	if (noon_ts_trust_load(&documents, &v->trust, &why) ||
	    (v->a.tsa_ca != NULL && noon_ts_trust_load(&stamps, &v->tsa_trust, &why)))
		return noon_tool_fail(v->self, "%s", why.text);
	return -1;
}

static int judge(struct verify *v)
{
	switch (noon_certificate_file_read(v->path, &v->file)) {
	case NOON_CERTIFICATE_UNREADABLE:
		return noon_tool_fail(v->self, "%s: %s", v->path, v->file.why);
	case NOON_CERTIFICATE_MALFORMED:
		find(v, FORM, BAD, "%s", v->file.why);
		return -1;
	case NOON_CERTIFICATE_READ:
		break;
	}
	find(v, FORM, GOOD, "a calibration certificate, " NOON_CERTIFICATE_FORMAT);
	check_signature(v);
	check_stamp(v);
	check_signer(v);
	check_conformity(v);
	return check_campaign(v);
}

static int run(const struct noon_verb *self, void *options, const struct noon_arguments *line)
{
	struct verify *v = calloc(1, sizeof(*v));
	int status;

	if (v == NULL)
		return noon_tool_fail(self, "out of memory");
	v->self = self;
	v->a = *(const struct arguments *)options;
	v->path = line->argument[0];
	v->file.fault = "";
	status = v->a.database != NULL && v->a.campaign == 0
			 ? noon_tool_usage(self, "--database needs --campaign")
			 : load_trust(v);
	if (v->a.database == NULL)
		v->a.database = "campaigns.db";
	if (status < 0)
		status = judge(v);
	if (status < 0) {
		status = is_good(v) ? NOON_EXIT_OK : NOON_EXIT_NOT_OK;
		if (v->a.json)
			print_json(v);
		else
			print(v);
	}
	noon_certificate_file_fini(&v->file);
	noon_ts_trust_free(v->trust);
	noon_ts_trust_free(v->tsa_trust);
	free(v);
	return status;
}

#define OPTION(member) NOON_OPTION_AT(struct arguments, member)
#define PATH(member)   NOON_OPTION_BORROWED, OPTION(member), .value = "file"

static const struct noon_option rows[] = {
	{"ca", PATH(ca), .flags = NOON_OPTION_REQUIRED,
	 .help = "trust laboratories with certificates of these (PEM file, or hashed directory)"},
	{"untrusted", PATH(untrusted), .says = "none",
	 .help = "more certificates for their chains"},
	{"tsa-ca", PATH(tsa_ca), .says = "the time stamp is not verified",
	 .help = "trust time-stamp authorities with certificates of these"},
	{"campaign", NOON_OPTION_INT, OPTION(campaign), NOON_OPTION_LEAST(1), .value = "id",
	 .says = "nothing is recomputed", .help = "compare with the raw data of this campaign"},
	{"database", PATH(database), .letter = 'd', .says = "campaigns.db",
	 .help = "file of campaigns"},
	{"json", NOON_OPTION_BOOL, OPTION(json), .help = "print one JSON object"},
	NOON_OPTION_END,
};

const struct noon_verb noon_verb_certificate_verify = {
	.name = "certificate verify",
	.summary = "check signature, signer, time stamp and results",
	.arguments = "FILE",
	.min = 1,
	.max = 1,
	.about = "Check a calibration certificate, DER or PEM: its signature, whether its signer "
		 "is\n"
		 "trusted and may sign, its time stamp, the statement of conformity and, with the "
		 "raw\n"
		 "data, its results. With a time stamp that is verified the signer's certificate "
		 "has "
		 "to\n"
		 "be good at that time, without one now.\n",
	.notes =
		"Exit status 0 if all that was checked is good, 1 if not, 3 if a file could not be "
		"read.\n",
	.size = sizeof(struct arguments),
	.part = {{rows, 0, NULL}},
	.act = run,
};
