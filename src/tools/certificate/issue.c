/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark calibrate certificate: state the result of a campaign, sign it, have it time-stamped.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "crypto/cms/cms_sign.h"
#include "platform/clock/clock.h"
#include "platform/file.h"
#include "tools/certificate/certificate.h"
#include "tools/certificate/certificate_file.h"
#include "tools/certificate/content.h"
#include "tools/certificate/signature_stamp.h"
#include "tools/report/reading_options.h"
#include "tools/stamp/policy_option.h"
#include "tools/stamp/token_text.h"

struct arguments {
	const char *database;
	struct noon_cms_signer_conf signer;
	struct noon_certificate_terms terms;
	long trials;
	const char *tsa_ca;
	struct noon_signature_stamp_conf stamp;
	const char *output;
	bool pem;
	bool force;
	bool json;
};

struct issue {
	const struct noon_verb *self;
	struct arguments a;
	int64_t id;
	char path[64]; /* of the output, unless it is given */
	struct noon_cms_signer *signer;
	struct noon_ts_trust *trust;
	struct noon_result result;
	json_t *content;
	struct noon_cms_document document;
	struct noon_tsp_token token; /* borrows from stamped */
	uint8_t *stamped;	     /* token */
	size_t stamped_n;
};

/* --- what is asked for --- */

/* JSON has no other text than UTF-8. */
static const char *not_utf8(const struct noon_certificate_terms *t)
{
	const struct {
		const char *option, *text;
	} all[] = {
		{"--number", t->number},
		{"--laboratory", t->laboratory},
		{"--address", t->address},
		{"--customer", t->customer},
		{"--authorised-by", t->authorised_by},
		{"--remarks", t->remarks},
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		json_t *s = json_string(all[i].text != NULL ? all[i].text : "");

		if (s == NULL)
			return all[i].option;
		json_decref(s);
	}
	return NULL;
}

/* @return an exit status, or -1 to continue */
static int settle(struct issue *s, const char *id)
{
	const struct arguments *a = &s->a;
	const char *wrong = not_utf8(&a->terms);
	struct stat st;

	if (!noon_reading_id(s->self, id, &s->id))
		return NOON_EXIT_USAGE;
	if (wrong != NULL)
		return noon_tool_usage(s->self, "%s: expected UTF-8", wrong);
	if (a->stamp.tsa != NULL && a->tsa_ca == NULL)
		return noon_tool_usage(s->self, "--tsa needs --tsa-ca: a time stamp is verified "
						"before it goes in");
	if (a->stamp.tsa == NULL && a->tsa_ca != NULL)
		return noon_tool_usage(s->self, "--tsa-ca is of no use without --tsa");
	if (a->output == NULL) {
		(void)snprintf(s->path, sizeof(s->path), "certificate-%" PRId64 "%s", s->id,
			       a->pem ? ".pem" : ".cms");
		s->a.output = s->path;
	}
	if (!a->force && lstat(s->a.output, &st) == 0)
		return noon_tool_fail(s->self, "%s is there already (--force replaces)",
				      s->a.output);
	return -1;
}

static int load_keys(struct issue *s)
{
	const struct noon_ts_trust_conf trust = {.ca = s->a.tsa_ca,
						 .purpose = NOON_TRUST_TIME_STAMPS};
	struct noon_ts_why why;

	if (noon_cms_signer_load(&s->a.signer, &s->signer, &why))
		return noon_tool_fail(s->self, "%s", why.text);
	if (s->a.tsa_ca != NULL && noon_ts_trust_load(&trust, &s->trust, &why))
		return noon_tool_fail(s->self, "%s", why.text);
	return -1;
}

/* --- the campaign --- */

/* Why no result may be certified; NULL: it may. */
static const char *objection(const struct noon_result *r)
{
	if (!r->campaign.ended)
		return "it is not complete: it is being written, or goes on with calibrate run "
		       "--resume";
	if (r->broken)
		return "its reference is broken: T(C) was stepped or went backwards";
	if (r->stated)
		return NULL;
	return r->n_findings > 0 ? r->finding[0] : "it states no result";
}

static int load_campaign(struct issue *s)
{
	struct noon_campaigns *db = NULL;
	struct noon_campaigns_why closed;
	struct noon_result_why why;
	const char *wrong;
	noon_err err;

	if (noon_campaigns_read(s->a.database, &db, &closed))
		return noon_tool_fail(s->self, "%s", closed.text);
	err = noon_result_load(db, s->id, (size_t)s->a.trials, &s->result, &why);
	noon_campaigns_close(db);
	if (err)
		return noon_tool_fail(s->self, "%s", why.text);
	wrong = objection(&s->result);
	if (wrong != NULL) {
		(void)noon_tool_fail(s->self, "campaign %" PRId64 " gets no certificate: %s", s->id,
				     wrong);
		return NOON_EXIT_NOT_OK;
	}
	if (s->a.terms.laboratory == NULL && *noon_result_head(&s->result, "laboratory") == '\0')
		return noon_tool_usage(s->self, "--laboratory: the campaign does not name it");
	if (s->a.terms.limit != NOON_DUR_MAX &&
	    strcmp(noon_result_head(&s->result, "scale"), "utc") != 0)
		return noon_tool_usage(s->self,
				       "--limit is of |T(S) - UTC|, and the service is declared to "
				       "be on another scale: %s",
				       noon_result_head(&s->result, "scale"));
	return -1;
}

/* --- signature and time stamp --- */

static int sign(struct issue *s)
{
	const noon_time now = {noon_clock_read(CLOCK_REALTIME)};
	char *text;
	noon_err err;

	s->a.terms.issued = now;
	s->content = noon_certificate_content(&s->result, &s->a.terms);
	text = s->content != NULL ? noon_certificate_text(s->content) : NULL;
	if (text == NULL)
		return noon_tool_fail(s->self, "the content could not be made: %s",
				      strerror(errno));
	err = noon_cms_sign(s->signer, noon_bytes_of(text, strlen(text)), now.ns / NOON_NS_PER_SEC,
			    &s->document);
	free(text);
	if (err == NOON_ERR_STATE)
		return noon_tool_fail(s->self, "%s: the certificate is not valid now",
				      s->a.signer.certificate);
	if (err)
		return noon_tool_fail(s->self, "signature: %s", noon_err_text(err));
	return -1;
}

static int attach(struct issue *s, const struct noon_cms *cms)
{
	const struct noon_bytes signature = noon_cms_info(cms)->signature;
	struct noon_signature_stamp_why why;
	struct noon_cms_document with;
	noon_err err;

	if (noon_signature_stamp(&s->a.stamp, signature, s->trust, &s->stamped, &s->stamped_n,
				 &why))
		return noon_tool_fail(s->self, "%s; nothing was written", why.text);
	err = noon_cms_attach(noon_bytes_of(s->document.p, s->document.n),
			      noon_bytes_of(s->stamped, s->stamped_n), &with);
	if (err)
		return noon_tool_fail(s->self, "time stamp: %s", noon_err_text(err));
	free(s->document.p);
	s->document = with;
	return -1;
}

/* Read back what was made: what is written was verified. */
static bool read_back(struct issue *s, struct noon_certificate_file *f)
{
	*f = (struct noon_certificate_file){.cms = NULL};
	if (noon_certificate_file_parse(noon_bytes_of(s->document.p, s->document.n), f) ==
		    NOON_CERTIFICATE_READ &&
	    noon_cms_check_signature(f->cms) == NOON_CMS_FAULT_NONE)
		return true;
	(void)noon_tool_fail(s->self, "what was signed cannot be read back: %s", f->why);
	noon_certificate_file_fini(f);
	return false;
}

static int stamp(struct issue *s)
{
	struct noon_certificate_file f;
	const struct noon_cms_info *info;
	int status = -1;

	if (!read_back(s, &f))
		return NOON_EXIT_FAILED;
	if (s->a.stamp.tsa != NULL)
		status = attach(s, f.cms);
	noon_certificate_file_fini(&f);
	if (s->a.stamp.tsa == NULL || status >= 0)
		return status;
	if (!read_back(s, &f))
		return NOON_EXIT_FAILED;
	info = noon_cms_info(f.cms);
	if (s->stamped == NULL || info->token.n != s->stamped_n ||
	    memcmp(info->token.p, s->stamped, s->stamped_n) != 0)
		status = noon_tool_fail(s->self, "the time stamp cannot be read back");
	noon_signature_stamp_judge(noon_bytes_of(s->stamped, s->stamped_n), info->signature,
				   s->trust, &s->token);
	if (!s->token.verified)
		status = noon_tool_fail(s->self, "time stamp: %s", s->token.why);
	noon_certificate_file_fini(&f);
	return status;
}

static int write_out(struct issue *s)
{
	const char *path = s->a.output;
	struct noon_cms_document pem;
	struct noon_bytes data;
	noon_err err;

	if (s->a.pem) {
		if (noon_cms_pem(noon_bytes_of(s->document.p, s->document.n), &pem))
			return noon_tool_fail(s->self, "PEM: out of memory");
		free(s->document.p);
		s->document = pem;
	}
	data = noon_bytes_of(s->document.p, s->document.n);
	err = s->a.force ? noon_file_replace(path, data, 0644) : noon_file_create(path, data, 0644);
	return err ? noon_tool_fail(s->self, "%s: %s", path, strerror(errno)) : -1;
}

static int report(const struct issue *s)
{
	const struct noon_ts_identity *who = noon_cms_signer_identity(s->signer);
	const char *number = noon_certificate_str(s->content, "number");
	const json_t *conformity = json_object_get(s->content, "conformity");
	char time[NOON_TOKEN_TIME_MAX];
	json_t *o;

	if (s->a.json) {
		o = json_pack("{s:s, s:s, s:s, s:O}", "file", s->a.output, "number", number,
			      "signer", who->subject, "content", s->content);
		if (s->a.stamp.tsa != NULL)
			(void)json_object_set_new(
				o, "stamped", noon_token_instant(s->token.answer.info.gen_time));
		noon_json_print(o);
		json_decref(o);
		return NOON_EXIT_OK;
	}
	(void)printf("certificate  %s\nfile         %s\nsigned by    %s\n", number, s->a.output,
		     who->subject);
	if (s->a.stamp.tsa != NULL) {
		noon_token_time(s->token.answer.info.gen_time, s->token.answer.info.digits, time);
		(void)printf("time stamp   %s by %s\n", time, s->token.verdict.signer.subject);
	}
	if (conformity != NULL)
		(void)printf("conformity   %s\n", noon_certificate_str(conformity, "outcome"));
	return NOON_EXIT_OK;
}

static int issue(const struct noon_verb *self, void *options, const struct noon_arguments *line)
{
	static int (*const steps[])(struct issue *) = {load_keys, load_campaign, sign, stamp,
						       write_out};
	struct issue *s = calloc(1, sizeof(*s));
	int status;

	if (s == NULL)
		return noon_tool_fail(self, "out of memory");
	s->self = self;
	s->a = *(const struct arguments *)options;
	s->result = (struct noon_result){.claimed = NOON_DUR_MAX};
	status = settle(s, line->argument[0]);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && status < 0; i++)
		status = steps[i](s);
	if (status < 0)
		status = report(s);
	noon_cms_signer_free(s->signer);
	noon_ts_trust_free(s->trust);
	noon_result_fini(&s->result);
	json_decref(s->content);
	free(s->document.p);
	free(s->stamped);
	free(s);
	return status;
}

static void init(void *options)
{
	struct arguments *a = options;

	a->terms.limit = NOON_DUR_MAX;
}

#define OPTION(member) NOON_OPTION_AT(struct arguments, member)
#define TEXT(member)   NOON_OPTION_BORROWED, OPTION(member), .value = "text"
#define PATH(member)   NOON_OPTION_BORROWED, OPTION(member), .value = "file"

static const struct noon_option rows[] = {
	NOON_DATABASE_ROW(OPTION(database)),
	{"certificate", PATH(signer.certificate), .flags = NOON_OPTION_REQUIRED,
	 .help = "of the signer, then its issuers (PEM file)"},
	{"key", PATH(signer.key), .flags = NOON_OPTION_REQUIRED,
	 .help = "of the signer: PEM file, not encrypted, or \"pkcs11:...\""},
	{"output", PATH(output), .letter = 'o', .says = "certificate-ID.cms, or .pem",
	 .help = "where the certificate goes"},
	{"pem", NOON_OPTION_BOOL, OPTION(pem), .help = "write PEM, not DER"},
	{"force", NOON_OPTION_BOOL, OPTION(force), .help = "replace a file that is there"},
	{"tsa", NOON_OPTION_BORROWED, OPTION(stamp.tsa), .value = "url", .says = "no time stamp",
	 .help = "have the signature time-stamped by this authority, http:// or https://"},
	{"tsa-ca", PATH(tsa_ca), .says = "needed with --tsa",
	 .help = "trust the authority with certificates of these (PEM file, or hashed directory)"},
	{"tls-ca", PATH(stamp.tls_ca), .says = "the system's",
	 .help = "trust these certificates for https://"},
	NOON_POLICY_ROW("ask the authority for this policy, and take no other",
			OPTION(stamp.policy)),
	{"timeout", NOON_OPTION_TIME, OPTION(stamp.timeout),
	 NOON_OPTION_RANGE(NOON_MS(1), NOON_S(3600)), .def = "10s", .letter = 't',
	 .help = "for its answer"},
	{"json", NOON_OPTION_BOOL, OPTION(json), .help = "print one JSON object"},
	NOON_OPTION_END,
};

static const struct noon_option said_rows[] = {
	{"number", TEXT(terms.number), .says = "of the raw data and the time",
	 .help = "number of the certificate, which no other has"},
	{"laboratory", TEXT(terms.laboratory), .says = "the campaign's", .help = "who calibrated"},
	{"address", TEXT(terms.address), .says = "not stated", .help = "of the laboratory"},
	{"customer", TEXT(terms.customer), .says = "the campaign's", .help = "for whom"},
	{"authorised-by", TEXT(terms.authorised_by), .says = "the signer alone",
	 .help = "who authorised the certificate"},
	{"remarks", TEXT(terms.remarks), .says = "none", .help = "anything else"},
	{"limit", NOON_OPTION_TIME, OPTION(terms.limit), NOON_OPTION_LEAST(0),
	 .says = "no conformity is stated",
	 .help = "state whether |x| is within it, with a guard band of U"},
	{"trials", NOON_OPTION_INT, OPTION(trials), NOON_OPTION_RANGE(0, 1e8), .def = "1000000",
	 .help = "of the Monte Carlo; 0: none"},
	NOON_OPTION_END,
};

const struct noon_verb noon_verb_calibrate_certificate = {
	.name = "calibrate certificate",
	.summary = "issue a signed certificate of a campaign",
	.arguments = "ID",
	.min = 1,
	.max = 1,
	.about = "Issue a calibration certificate of a campaign: signed (CMS, RFC 5652) and, with "
		 "--tsa,\n"
		 "time-stamped (RFC 3161). A time stamp that cannot be had is an error, and "
		 "nothing is\n"
		 "written then.\n",
	.notes = "Exit status 1 if the campaign may not be certified: it states no result, is not\n"
		 "complete, or its reference is broken.\n",
	.size = sizeof(struct arguments),
	.init = init,
	.part = {{rows, 0, NULL}, {said_rows, 0, "What the certificate says:"}},
	.act = issue,
};
