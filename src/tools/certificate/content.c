/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/certificate/content.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/calendar.h"
#include "metrology/budget/conformity.h"
#include "platform/text.h"
#include "tools/core/digest_file.h"
#include "tools/core/tool.h"
#include "tools/stamp/token_text.h"

#define TITLE	    "Calibration certificate"
#define METHOD	    "noonmark-calibrate"
#define METHOD_OF   "1" /* changes with the method, not with the program */
#define ADJUSTMENT  "as found; not adjusted"
#define RULE	    "ILAC-G8:09/2019, guard band U: pass if |x| + U <= limit, fail if |x| - U > limit"
#define TOLERANCE   1e-9
#define NOTHING_S   1e-15 /* s: what no clock shows */
#define DEPTH_MOST  8	  /* of groups that are compared; ours have four */
#define NUMBER_MAX  64
#define NUMBER_PART 16 /* digits of the digest in a number */

/* Where members are from: in the object of noon_result_json(), "campaign" is the head. */
static const struct field {
	const char *group, *name, *from[2];
} fields[] = {
	{"item", "service", {"campaign", "service"}},
	{"item", "device", {"campaign", "device"}},
	{"item", "kind", {"campaign", "kind"}},
	{"item", "address", {"campaign", "address"}},
	{"item", "refid", {"campaign", "refid"}},
	{"item", "tsa_subject", {"campaign", "tsa_subject"}},
	{"item", "tsa_certificate_sha256", {"campaign", "tsa_certificate_sha256"}},
	{"item", "ip_version", {"campaign", "ip_version"}},
	{"item", "stratum", {"stratum"}},
	{"item", "claimed_s", {"claimed_s"}},
	{"method", "how", {"campaign", "method"}},
	{"method", "two_way", {"campaign", "two_way"}},
	{"method", "access_point", {"campaign", "access_point"}},
	{"method", "host", {"campaign", "host"}},
	{"method", "scale", {"campaign", "scale"}},
	{"method", "interval_s", {"campaign", "interval_s"}},
	{"method", "path", {"campaign", "path"}},
	{"method", "max_rate", {"campaign", "max_rate"}},
	{"method", "wander", {"campaign", "wander"}},
	{"method", "correction_s", {"campaign", "correction_s"}},
	{"method", "software", {"campaign", "software"}},
	{"method", "stamps", {"stamps"}},
	{"measurement", "begin", {"begin"}},
	{"measurement", "end", {"end"}},
	{"measurement", "epoch", {"epoch"}},
	{"measurement", "samples", {"samples"}},
	{"measurement", "used", {"used"}},
	{"measurement", "missed", {"missed"}},
	{"measurement", "authenticated", {"authenticated"}},
	{"conditions", "environment", {"campaign", "environment"}},
	{"conditions", "rtt", {"rtt"}},
	{"conditions", "misses", {"misses"}},
	{"result", "x_s", {"x_s"}},
	{"result", "U_s", {"U_s"}},
	{"result", "k", {"k"}},
	{"result", "coverage", {"budget", "coverage"}},
	{"result", "u_c_s", {"budget", "u_c_s"}},
	{"result", "nu_eff", {"budget", "nu_eff"}},
	{"result", "components", {"budget", "components"}},
	{"result", "monte_carlo", {"budget", "monte_carlo"}},
	{"result", "rate", {"rate"}},
	{"result", "u_rate", {"u_rate"}},
	{"bound", "x", {"bound"}},
	{"readings", "single", {"single_readings"}},
	{"traceability", "reference", {"campaign", "reference"}},
	{"traceability", "readings", {"reference_readings"}},
	{"raw_data", "sha256", {"raw_sha256"}},
	{"raw_data", "samples", {"samples"}},
};

const char *noon_certificate_str(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text != NULL ? text : "";
}

static void set_text(json_t *o, const char *key, const char *text)
{
	(void)json_object_set_new(o, key, json_string(text));
}

/* A copy of a member in a group; one that is not there stays away. */
static void put_field(json_t *out, const json_t *from, const struct field *f)
{
	json_t *v = json_object_get(from, f->from[0]);
	json_t *group = json_object_get(out, f->group);

	if (f->from[1] != NULL)
		v = json_object_get(v, f->from[1]);
	if (group == NULL) {
		group = json_object();
		(void)json_object_set_new(out, f->group, group);
	}
	if (v != NULL)
		(void)json_object_set_new(group, f->name, json_deep_copy(v));
}

static void say_traceability(json_t *out, const struct noon_result *r)
{
	json_t *group = json_object_get(out, "traceability");
	const json_t *reference = json_object_get(r->terms.head, "reference");
	const char *chain = noon_certificate_str(reference, "traceability");
	const bool is_page = strncmp(noon_certificate_str(reference, "spec"), "page", 4) == 0;
	char text[1024];

	if (*chain != '\0')
		(void)snprintf(text, sizeof(text), "to UTC through: %.960s", chain);
	else
		(void)snprintf(text, sizeof(text),
			       "the chain of the reference to UTC is not stated; its bound is %s",
			       is_page ? "the live one of noonmarkd on its shared page"
				       : "as the laboratory declares");
	set_text(group, "statement", text);
}

json_t *noon_certificate_measured(const struct noon_result *r)
{
	json_t *all = noon_result_json(r);
	json_t *out = json_object();
	const uint64_t questions = r->campaign.samples + r->campaign.misses;

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		put_field(out, all, &fields[i]);
	set_text(json_object_get(out, "method"), "id", METHOD);
	set_text(json_object_get(out, "method"), "version", METHOD_OF);
	(void)json_object_set_new(
		json_object_get(out, "conditions"), "loss",
		json_real((double)r->campaign.misses / (double)(questions > 0 ? questions : 1)));
	set_text(json_object_get(out, "result"), "quantity",
		 "x = T(S) - UTC at the epoch; x > 0: the clock is ahead");
	set_text(json_object_get(out, "result"), "unit", "s");
	(void)json_object_set_new(json_object_get(out, "result"), "trials",
				  json_integer((json_int_t)r->terms.conf.trials));
	set_text(json_object_get(out, "bound"), "meaning",
		 "hard bound: no statement of probability; whatever the delays were, if the "
		 "reference keeps its bound and the clock its rate");
	set_text(json_object_get(out, "readings"), "meaning",
		 "what single readings of the service are off, not the uncertainty of the result");
	set_text(json_object_get(out, "raw_data"), "format",
		 "SHA-256 of the text of the campaign, docs/calibration.md");
	say_traceability(out, r);
	(void)json_object_set_new(out, "notes", json_deep_copy(json_object_get(all, "findings")));
	json_decref(all);
	return out;
}

/* Of the digest of the raw data and the time of issue: of one campaign several may be issued. */
static void set_number(json_t *o, const struct noon_result *r,
		       const struct noon_certificate_terms *t)
{
	const struct noon_calendar c = noon_calendar_of(t->issued);
	char hex[65];
	char number[NUMBER_MAX];

	noon_text_hex(noon_bytes_of(r->digest, 32), hex);
	(void)snprintf(number, sizeof(number), "%.*s-%04d%02u%02uT%02u%02u%02uZ", NUMBER_PART, hex,
		       (int)c.year, (unsigned)c.month, (unsigned)c.day, (unsigned)c.hour,
		       (unsigned)c.minute, (unsigned)c.second);
	set_text(o, "number", t->number != NULL ? t->number : number);
}

/* A text that is stated: here, or in the head of the campaign. */
static void set_stated(json_t *o, const char *key, const char *text, const char *head)
{
	if (text == NULL || *text == '\0')
		text = head;
	if (text != NULL && *text != '\0')
		set_text(o, key, text);
}

static bool set_software(json_t *o)
{
	uint8_t digest[NOON_DIGEST_MAX];
	char hex[65];

	if (noon_digest_file("/proc/self/exe", NOON_DIGEST_SHA256, digest))
		return false;
	noon_text_hex(noon_bytes_of(digest, 32), hex);
	return json_object_set_new(o, "software",
				   json_pack("{s:s, s:s, s:s}", "name", "noonmark", "version",
					     NOON_VERSION, "executable_sha256", hex)) == 0;
}

json_t *noon_certificate_conformity(const json_t *content)
{
	const json_t *result = json_object_get(content, "result");
	const json_t *x = json_object_get(result, "x_s");
	const json_t *U = json_object_get(result, "U_s");
	const json_t *limit = json_object_get(json_object_get(content, "conformity"), "limit_s");
	enum noon_conformity c;

	if (!json_is_number(x) || !json_is_number(U) || !json_is_number(limit))
		return NULL;
	c = noon_conformity_decide(json_number_value(x), json_number_value(U),
				   json_number_value(limit));
	return json_pack("{s:f, s:s, s:s, s:s}", "limit_s", json_number_value(limit), "rule", RULE,
			 "outcome", noon_conformity_word(c), "because", noon_conformity_text(c));
}

/* With the digits that are written, so that who reads them decides the same. Takes the reference.
 */
static json_t *as_written(json_t *content)
{
	char *text = noon_certificate_text(content);
	json_t *o = text != NULL ? json_loads(text, 0, NULL) : NULL;

	free(text);
	json_decref(content);
	return o;
}

json_t *noon_certificate_content(const struct noon_result *r,
				 const struct noon_certificate_terms *t)
{
	json_t *o = noon_certificate_measured(r);
	json_t *laboratory = json_object();
	bool ok;

	set_text(o, "format", NOON_CERTIFICATE_FORMAT);
	set_text(o, "title", TITLE);
	set_text(o, "adjustment", ADJUSTMENT);
	set_number(o, r, t);
	(void)json_object_set_new(o, "issued", noon_token_instant(t->issued));
	set_stated(laboratory, "name", t->laboratory, noon_result_head(r, "laboratory"));
	set_stated(laboratory, "address", t->address, NULL);
	(void)json_object_set_new(o, "laboratory", laboratory);
	set_stated(o, "customer", t->customer, noon_result_head(r, "customer"));
	set_stated(o, "authorised_by", t->authorised_by, NULL);
	set_stated(o, "remarks", t->remarks, NULL);
	ok = set_software(o);
	if (t->limit != NOON_DUR_MAX)
		(void)json_object_set_new(o, "conformity",
					  json_pack("{s:f}", "limit_s", noon_dur_to_s(t->limit)));
	o = as_written(o);
	if (o != NULL && t->limit != NOON_DUR_MAX)
		(void)json_object_set_new(o, "conformity", noon_certificate_conformity(o));
	if (ok)
		return o;
	json_decref(o);
	return NULL;
}

char *noon_certificate_text(const json_t *content)
{
	return json_dumps(content, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(15));
}

json_t *noon_certificate_parse(struct noon_bytes text, const char **why)
{
	json_t *o = json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
	char *again = o != NULL ? noon_certificate_text(o) : NULL;

	*why = NULL;
	if (!json_is_object(o))
		*why = "what is signed is no JSON object";
	else if (strcmp(noon_certificate_str(o, "format"), NOON_CERTIFICATE_FORMAT) != 0)
		*why = "what is signed is not of the format " NOON_CERTIFICATE_FORMAT;
	else if (again == NULL || strlen(again) != text.n || memcmp(again, text.p, text.n) != 0)
		*why = "its JSON is not canonical";
	free(again);
	if (*why == NULL)
		return o;
	json_decref(o);
	return NULL;
}

/* --- comparison --- */

static bool near(const json_t *a, const json_t *b)
{
	const double x = json_number_value(a);
	const double y = json_number_value(b);

	return fabs(x - y) <= TOLERANCE * fmax(fabs(x), fabs(y)) + NOTHING_S;
}

static bool same(const json_t *a, const json_t *b, unsigned depth, char *where);

static bool same_members(const json_t *a, const json_t *b, unsigned depth, char *where)
{
	const size_t n = strlen(where);
	const char *key;
	const json_t *v;

	json_object_foreach((json_t *)(uintptr_t)a, key, v)
	{
		(void)snprintf(where + n, NOON_CERTIFICATE_PATH - n, "%s%.40s", n > 0 ? "." : "",
			       key);
		if (!same(v, json_object_get(b, key), depth, where))
			return false;
		where[n] = '\0';
	}
	return json_object_size(a) == json_object_size(b);
}

static bool same_elements(const json_t *a, const json_t *b, unsigned depth, char *where)
{
	const size_t n = strlen(where);

	if (json_array_size(a) != json_array_size(b))
		return false;
	for (size_t i = 0; i < json_array_size(a); i++) {
		(void)snprintf(where + n, NOON_CERTIFICATE_PATH - n, "[%zu]", i);
		if (!same(json_array_get(a, i), json_array_get(b, i), depth, where))
			return false;
		where[n] = '\0';
	}
	return true;
}

/* NOLINTNEXTLINE(misc-no-recursion): to DEPTH_MOST */
static bool same(const json_t *a, const json_t *b, unsigned depth, char *where)
{
	if (depth == 0 || b == NULL)
		return false;
	if (json_is_number(a) && json_is_number(b))
		return near(a, b);
	if (json_is_object(a) && json_is_object(b))
		return same_members(a, b, depth - 1, where);
	if (json_is_array(a) && json_is_array(b))
		return same_elements(a, b, depth - 1, where);
	return json_equal(a, b) == 1;
}

bool noon_certificate_same(const json_t *content, const json_t *measured,
			   char where[NOON_CERTIFICATE_PATH])
{
	const char *key;
	const json_t *v;

	json_object_foreach((json_t *)(uintptr_t)measured, key, v)
	{
		(void)snprintf(where, NOON_CERTIFICATE_PATH, "%s", key);
		if (!same(v, json_object_get(content, key), DEPTH_MOST, where))
			return false;
	}
	return true;
}
