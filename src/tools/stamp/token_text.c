/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/stamp/token_text.h"

#include <inttypes.h>

#include "base/calendar.h"
#include "tools/core/tool.h"

#define HEX_MAX (2 * NOON_TSP_NONCE_MAX + 1)
#define LAST	9 /* digits of what is computed from genTime and accuracy */

void noon_token_time(noon_time t, unsigned digits, char out[NOON_TOKEN_TIME_MAX])
{
	const struct noon_calendar c = noon_calendar_of(t);
	uint32_t fraction = c.ns;
	int n;

	n = snprintf(out, NOON_TOKEN_TIME_MAX, "%04d-%02u-%02u %02u:%02u:%02u", (int)c.year,
		     (unsigned)c.month, (unsigned)c.day, (unsigned)c.hour, (unsigned)c.minute,
		     (unsigned)c.second);
	for (unsigned i = digits; i < LAST; i++)
		fraction /= 10;
	if (digits > 0)
		n += snprintf(out + n, NOON_TOKEN_TIME_MAX - (size_t)n, ".%0*" PRIu32, (int)digits,
			      fraction);
	(void)snprintf(out + n, NOON_TOKEN_TIME_MAX - (size_t)n, " UTC");
}

/* Truncated text ends in "...". */
static void hex(struct noon_bytes b, char out[HEX_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < b.n && n + 6 < HEX_MAX; i++)
		n += (size_t)snprintf(out + n, HEX_MAX - n, "%02x", b.p[i]);
	(void)snprintf(out + n, HEX_MAX - n, "%s", 2 * b.n > n ? "..." : "");
}

static void print_signer(FILE *to, const struct noon_tsp_token *t)
{
	const struct noon_ts_identity *who = &t->verdict.signer;

	if (!t->verdict.has_signer)
		return;
	(void)fprintf(to, "  authority    %s%s\n", who->subject,
		      t->verified ? "" : "  (NOT VERIFIED: anybody can claim this)");
	(void)fprintf(to, "  certificate  %s of %s\n", who->serial, who->issuer);
	(void)fprintf(to, "  signature    %s, %s\n", who->key, who->digest);
}

static void print_info(FILE *to, const struct noon_tst_info *i)
{
	char time[NOON_TOKEN_TIME_MAX];
	char oid[NOON_OID_TEXT_MAX];
	char number[HEX_MAX];
	char half[32] = "of unknown accuracy";

	noon_token_time(i->gen_time, i->digits, time);
	if (i->has_accuracy)
		noon_tool_dur(half, sizeof(half), noon_dur_to_s(i->accuracy));
	(void)fprintf(to, "  time         %s %s%s\n", time, i->has_accuracy ? "+-" : "", half);
	noon_oid_format(i->policy, oid, sizeof(oid));
	hex(i->serial, number);
	(void)fprintf(to, "  serial       %s, policy %s, %s\n", number, oid,
		      i->ordering ? "ordering" : "no ordering");
	hex(i->nonce, number);
	(void)fprintf(to, "  nonce        %s\n", i->nonce.n > 0 ? number : "none");
}

void noon_token_print(FILE *to, const char *name, const struct noon_tsp_token *t)
{
	const bool has_info = t->answer.info.policy.n > 0;

	if (t->good)
		(void)fprintf(to, "%s: %s\n", name, t->verified ? "good" : "NOT VERIFIED");
	else
		(void)fprintf(to, "%s: NOT GOOD: %s\n", name, t->why);
	if (has_info)
		print_info(to, &t->answer.info);
	print_signer(to, t);
}

json_t *noon_token_instant(noon_time t)
{
	const int64_t ns = t.ns % NOON_NS_PER_SEC;
	const int64_t s = t.ns / NOON_NS_PER_SEC - (ns < 0);
	char text[40];

	(void)snprintf(text, sizeof(text), "%" PRId64 ".%09" PRId64, s,
		       ns < 0 ? ns + NOON_NS_PER_SEC : ns);
	return json_string(text);
}

static void add_signer(json_t *o, const struct noon_ts_identity *who)
{
	(void)json_object_set_new(o, "authority",
				  json_pack("{s:s, s:s, s:s, s:s, s:s}", "subject", who->subject,
					    "issuer", who->issuer, "certificate_serial",
					    who->serial, "key", who->key, "digest", who->digest));
}

static void add_info(json_t *o, const struct noon_tst_info *i)
{
	char oid[NOON_OID_TEXT_MAX];
	char serial[HEX_MAX];
	char nonce[HEX_MAX];
	noon_time from, to;

	noon_oid_format(i->policy, oid, sizeof(oid));
	hex(i->serial, serial);
	hex(i->nonce, nonce);
	(void)json_object_update_new(o, json_pack("{s:o, s:s, s:s, s:b}", "gen_time",
						  noon_token_instant(i->gen_time), "serial", serial,
						  "policy", oid, "ordering", (int)i->ordering));
	if (i->nonce.n > 0)
		(void)json_object_set_new(o, "nonce", json_string(nonce));
	if (!noon_tsp_info_interval(i, &from, &to))
		return;
	(void)json_object_update_new(o, json_pack("{s:f, s:o, s:o}", "accuracy_s",
						  noon_dur_to_s(i->accuracy), "earliest",
						  noon_token_instant(from), "latest",
						  noon_token_instant(to)));
}

json_t *noon_token_json(const char *name, const struct noon_tsp_token *t)
{
	json_t *o = json_pack("{s:s, s:b, s:b, s:s}", "name", name, "good", (int)t->good,
			      "verified", (int)t->verified, "reason", t->reason);

	if (o == NULL)
		return json_object();
	if (!t->good)
		(void)json_object_set_new(o, "why", json_string(t->why));
	if (t->answer.info.policy.n > 0)
		add_info(o, &t->answer.info);
	if (t->verdict.has_signer)
		add_signer(o, &t->verdict.signer);
	return o;
}
