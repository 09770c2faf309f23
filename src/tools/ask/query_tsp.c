/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/ask/query_tsp.h"

#include <stdio.h>

#include "tools/core/tool.h"
#include "tools/stamp/token_text.h"

#define DUR 32

void noon_query_tsp_print(long number, const struct noon_asker *a, const struct noon_sample *s,
			  noon_dur offset, noon_dur half)
{
	const struct noon_tsp_token *token = &a->tsp.token;
	const noon_dur rtt = noon_sample_rtt(s);
	char said[NOON_TOKEN_TIME_MAX];
	char t[5][DUR];

	noon_tool_dur(t[0], sizeof(t[0]), noon_dur_to_s(offset));
	noon_tool_dur(t[1], sizeof(t[1]), noon_dur_to_s(half));
	noon_tool_dur(t[2], sizeof(t[2]), noon_dur_to_s((rtt + 1) / 2));
	noon_tool_dur(t[3], sizeof(t[3]), noon_dur_to_s(s->server_err));
	noon_tool_dur(t[4], sizeof(t[4]), noon_dur_to_s(rtt));
	noon_token_time(token->answer.info.gen_time, token->answer.info.digits, said);
	(void)printf("%ld: offset %s +-%s (path %s + authority %s%s), rtt %s, said %s by %s, %s\n",
		     number, t[0], t[1], t[2], t[3],
		     token->answer.info.has_accuracy ? "" : ", as assumed", t[4], said,
		     token->verdict.has_signer ? token->verdict.signer.subject : "nobody known",
		     s->authenticated ? "authenticated" : "NOT AUTHENTICATED");
	(void)fflush(stdout);
}

json_t *noon_query_tsp_json(const struct noon_asker *a, const struct noon_sample *s,
			    noon_dur offset, noon_dur half)
{
	const noon_dur rtt = noon_sample_rtt(s);

	return json_pack("{s:b, s:f, s:f, s:f, s:f, s:f, s:f, s:s, s:o}", "authenticated",
			 (int)s->authenticated, "offset_s", noon_dur_to_s(offset), "lower_s",
			 noon_dur_to_s(offset - half), "upper_s", noon_dur_to_s(offset + half),
			 "rtt_s", noon_dur_to_s(rtt), "path_s", noon_dur_to_s((rtt + 1) / 2),
			 "server_s", noon_dur_to_s(s->server_err), "protocol", "tsp", "token",
			 noon_token_json(a->conf.tsp->url, &a->tsp.token));
}
