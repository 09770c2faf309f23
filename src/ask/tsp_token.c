/* SPDX-License-Identifier: Apache-2.0 */
#include "ask/tsp_token.h"

#include <stdio.h>
#include <string.h>

/* An authority's words are shown to people on terminals: nothing but printable ASCII. */
static void put_words(struct noon_bytes words, char *out, size_t n)
{
	size_t k = 0;

	for (; k < words.n && k + 1 < n; k++)
		out[k] = (char)(words.p[k] >= ' ' && words.p[k] < 0x7f ? words.p[k] : '?');
	out[k] = '\0';
}

static const char *first_fail(uint32_t fail)
{
	for (int bit = 0; bit < 32; bit++)
		if ((fail >> bit & 1) != 0)
			return noon_tsp_fail_name(bit);
	return "";
}

static void say_refused(const struct noon_tsp_answer *a, char *out, size_t n)
{
	char words[160];
	const char *fail = first_fail(a->fail);

	put_words(a->text, words, sizeof(words));
	(void)snprintf(out, n, "%s: %s%s%s%s%s%s", noon_tsp_reason_text(a->reason),
		       noon_tsp_status_name(a->status), *fail != '\0' ? ", " : "", fail,
		       words[0] != '\0' ? ": \"" : "", words, words[0] != '\0' ? "\"" : "");
}

static int64_t seconds_of(noon_time t)
{
	return t.ns / NOON_NS_PER_SEC - (t.ns % NOON_NS_PER_SEC < 0);
}

void noon_tsp_token_judge(struct noon_bytes der, const struct noon_tsp_ask *ask,
			  struct noon_ts_trust *trust, const int64_t *now_s,
			  struct noon_tsp_token *ret)
{
	struct noon_tsp_answer *a = &ret->answer;

	memset(ret, 0, sizeof(*ret));
	(void)noon_tsp_answer_read(der, a);
	if (noon_tsp_answer_match(ask, a) != NOON_TSP_REASON_GOOD) {
		ret->reason = noon_tsp_reason_word(a->reason);
		if (a->reason == NOON_TSP_REASON_REFUSED)
			say_refused(a, ret->why, sizeof(ret->why));
		else
			(void)snprintf(ret->why, sizeof(ret->why), "%s",
				       noon_tsp_reason_text(a->reason));
		return;
	}
	noon_ts_verify(trust, a->token, a->tst_info, seconds_of(a->info.gen_time), &ret->verdict);
	if (ret->verdict.fault == NOON_TS_FAULT_NONE && trust != NULL && now_s != NULL)
		noon_ts_verify(trust, a->token, a->tst_info, *now_s, &ret->verdict);
	ret->good = ret->verdict.fault == NOON_TS_FAULT_NONE;
	ret->verified = ret->good && trust != NULL;
	ret->reason = noon_ts_fault_word(ret->verdict.fault);
	(void)snprintf(ret->why, sizeof(ret->why), "%s", ret->verdict.why);
}
