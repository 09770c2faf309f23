/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/ask/query_one_way.h"

#include <stdio.h>
#include <time.h>

#include "tools/core/tool.h"
#include "tools/service/one_way_options.h"

#define DUR  32
#define SAID 32

/* Resolution of the protocols: a second, or msADV before one. */
static noon_dur resolution(const struct noon_asker_one_way *conf)
{
	return conf->client.rounding == NOON_ONE_WAY_EXACT ? NOON_US(100) : NOON_S(1);
}

static const char *protocol_word(const struct noon_asker_one_way *conf)
{
	return conf->client.protocol == NOON_ONE_WAY_TIME ? "time" : "daytime";
}

static void said_text(const struct noon_one_way_answer *a, char out[SAID])
{
	const time_t s = a->said.utc.ns / NOON_NS_PER_SEC - (a->said.utc.ns % NOON_NS_PER_SEC < 0);
	struct tm tm;

	if (gmtime_r(&s, &tm) == NULL || strftime(out, SAID, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		(void)snprintf(out, SAID, "-");
}

void noon_query_one_way_begin(const struct noon_asker_one_way *conf)
{
	char unit[DUR];

	noon_tool_dur(unit, sizeof(unit), noon_dur_to_s(resolution(conf)));
	(void)printf(
		"%s (RFC %s) by %s, resolution %s, rounding %s: what follows holds while the "
		"server's\nclock is right, and it does not say how right it is\n",
		protocol_word(conf), conf->client.protocol == NOON_ONE_WAY_TIME ? "868" : "867",
		conf->tcp ? "TCP" : "UDP", unit, noon_one_way_rounding_word(conf->client.rounding));
}

void noon_query_one_way_print(long number, const struct noon_asker *a, const struct noon_sample *s,
			      noon_dur offset, noon_dur half)
{
	const struct noon_one_way_answer *answer = &a->question.answer;
	const noon_dur rtt = noon_sample_rtt(s);
	char t[5][DUR];
	char said[SAID];

	noon_tool_dur(t[0], sizeof(t[0]), noon_dur_to_s(offset));
	noon_tool_dur(t[1], sizeof(t[1]), noon_dur_to_s(half));
	noon_tool_dur(t[2], sizeof(t[2]), noon_dur_to_s((rtt + 1) / 2));
	noon_tool_dur(t[3], sizeof(t[3]), noon_dur_to_s(s->server_err));
	noon_tool_dur(t[4], sizeof(t[4]), noon_dur_to_s(rtt));
	said_text(answer, said);
	(void)printf("%ld: offset %s +-%s (path %s + rounding %s), rtt %s, said %s", number, t[0],
		     t[1], t[2], t[3], t[4], said);
	if (answer->dialect != NULL)
		(void)printf(" in %s%s", answer->dialect->name,
			     answer->dialect->says_zone ? "" : " without a zone, taken as UTC");
	(void)puts(", NOT AUTHENTICATED");
	(void)fflush(stdout);
}

json_t *noon_query_one_way_json(const struct noon_asker *a, const struct noon_sample *s,
				noon_dur offset, noon_dur half)
{
	const struct noon_asker_one_way *conf = a->conf.one_way;
	const struct noon_one_way_answer *answer = &a->question.answer;
	const struct noon_daytime_dialect *dialect = answer->dialect;
	char said[SAID];
	json_t *o;

	said_text(answer, said);
	o = json_pack("{s:b, s:f, s:f, s:f, s:f, s:f, s:f, s:s, s:s, s:s, s:f, s:s}",
		      "authenticated", 0, "offset_s", noon_dur_to_s(offset), "lower_s",
		      noon_dur_to_s(offset - half), "upper_s", noon_dur_to_s(offset + half),
		      "rtt_s", noon_dur_to_s(noon_sample_rtt(s)), "path_s",
		      noon_dur_to_s((noon_sample_rtt(s) + 1) / 2), "rounding_s",
		      noon_dur_to_s(s->server_err), "protocol", protocol_word(conf), "transport",
		      conf->tcp ? "tcp" : "udp", "said", said, "resolution_s",
		      noon_dur_to_s(resolution(conf)), "rounding",
		      noon_one_way_rounding_word(conf->client.rounding));
	if (o == NULL || dialect == NULL)
		return o;
	(void)json_object_update_new(o, json_pack("{s:s, s:b}", "format", dialect->name,
						  "zone_said", (int)dialect->says_zone));
	if (dialect->says_advance)
		(void)json_object_update_new(
			o, json_pack("{s:f, s:i, s:s}", "advance_s", answer->said.advance / 1e4,
				     "leap", (int)s->leap, "label", answer->said.label));
	return o;
}
