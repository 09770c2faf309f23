/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/report/status_words.h"

#include "base/action.h"

json_t *noon_status_seconds(noon_dur d)
{
	return json_real(noon_dur_to_s(d));
}

json_t *noon_status_instant(int64_t ns)
{
	int64_t s = ns / NOON_NS_PER_SEC;
	int64_t rest = ns % NOON_NS_PER_SEC;

	if (rest < 0) {
		s--;
		rest += NOON_NS_PER_SEC;
	}
	return json_sprintf("%lld.%09lld", (long long)s, (long long)rest);
}

json_t *noon_status_findings(uint32_t mask)
{
	json_t *list = json_array();

	for (unsigned k = 0; k < NOON_FINDING_KINDS; k++)
		if (mask & 1U << k)
			(void)json_array_append_new(
				list, json_string(noon_finding_word((enum noon_finding_kind)k)));
	return list;
}

json_t *noon_status_verdicts(const struct noon_counters *c)
{
	json_t *o = json_object();

	for (unsigned v = 0; v < NOON_VERDICTS; v++)
		if (c->n[v] > 0)
			(void)json_object_set_new(o, noon_verdict_word((enum noon_verdict)v),
						  json_integer((json_int_t)c->n[v]));
	return o;
}
