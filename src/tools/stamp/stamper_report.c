/* SPDX-License-Identifier: Apache-2.0
 *
 * Results of a stamper, for users and as JSON.
 */
#include <stdio.h>
#include <string.h>

#include "tools/core/tool.h"
#include "tools/stamp/stamper.h"
#include "tools/stamp/token_text.h"

/* Offsets are against the system clock, as everywhere: UTC - system clock. */
static noon_dur system_minus_h(struct noon_stamper *s, noon_dur *ret_err)
{
	const struct noon_instant now = noon_instant_now();
	const noon_time h = s->clock->ops->free_running(s->clock, now.raw_ns);

	*ret_err = now.err;
	return noon_time_diff((noon_time){now.real_ns}, h);
}

static void shifted(struct noon_stamper *s, noon_dur *ret_lower, noon_dur *ret_upper)
{
	noon_dur err;
	const noon_dur shift = system_minus_h(s, &err);

	*ret_lower = noon_sat_sub(noon_sat_sub(s->offsets.lower, shift), err);
	*ret_upper = noon_sat_add(noon_sat_sub(s->offsets.upper, shift), err);
}

static void print_together(struct noon_stamper *s, const char *file, bool reached)
{
	const struct noon_quorum *q = &s->offsets;
	char t[2][NOON_TOKEN_TIME_MAX];
	noon_dur lower, upper;

	if (q->has_interval) {
		shifted(s, &lower, &upper);
		noon_tool_dur(t[0], sizeof(t[0]), noon_dur_to_s(lower));
		noon_tool_dur(t[1], sizeof(t[1]), noon_dur_to_s(upper));
		(void)printf("%s: UTC - system clock in [%s, %s], says %zu of %zu\n", file, t[0],
			     t[1], q->agreeing, q->authorities);
	}
	if (q->clash)
		(void)printf("%s: ALARM: %s and %s contradict each other: one of their clocks is "
			     "wrong\n",
			     file, s->conf.tsa[q->clash_a], s->conf.tsa[q->clash_b]);
	if (reached && s->latest != NOON_DUR_MAX) {
		noon_token_time((noon_time){s->latest}, 9, t[0]);
		(void)printf("%s: existed not later than %s%s\n", file, t[0],
			     s->trust != NULL ? "" : " (NOT VERIFIED: no --ca was given)");
	}
	if (!reached)
		(void)printf("%s: quorum NOT reached: %zu authorities of the %zu that it takes%s\n",
			     file, q->agreeing, s->conf.quorum,
			     q->authorities > q->agreeing ? ", others do not agree with them" : "");
}

void noon_stamper_print(struct noon_stamper *s, const char *file, enum noon_stamper_result result)
{
	for (size_t i = 0; i < s->conf.n_tsas; i++) {
		const struct noon_stamp *stamp = &s->stamp[i];
		char name[2 * NOON_STAMPER_PATH_MAX];

		(void)snprintf(name, sizeof(name), "%s%s%s", s->conf.tsa[i],
			       stamp->kept ? " -> " : "", stamp->kept ? stamp->path : "");
		if (stamp->answered)
			noon_token_print(stdout, name, &stamp->token);
		else
			(void)printf("%s: no answer: %s\n", name, stamp->why);
		if (stamp->token.good && !stamp->kept)
			(void)printf("  NOT KEPT     %s\n", stamp->why);
		if (stamp->slept)
			(void)printf(
				"  LEFT OUT     the machine was suspended since: its clock cannot "
				"be compared with others\n");
	}
	print_together(s, file, result == NOON_STAMPER_REACHED);
	(void)fflush(stdout);
}

static json_t *stamp_json(struct noon_stamper *s, size_t i)
{
	const struct noon_stamp *stamp = &s->stamp[i];
	json_t *o;

	if (!stamp->answered)
		return json_pack("{s:s, s:b, s:b, s:s, s:s}", "name", s->conf.tsa[i], "good", 0,
				 "verified", 0, "reason", "no-answer", "why", stamp->why);
	o = noon_token_json(s->conf.tsa[i], &stamp->token);
	(void)json_object_set_new(o, "rtt_s",
				  json_real(noon_dur_to_s(noon_time_diff(stamp->t4, stamp->t1))));
	if (stamp->kept)
		(void)json_object_set_new(o, "path", json_string(stamp->path));
	else if (stamp->token.good)
		(void)json_object_set_new(o, "why", json_string(stamp->why));
	if (stamp->slept)
		(void)json_object_set_new(o, "left_out", json_string("suspended"));
	return o;
}

json_t *noon_stamper_json(struct noon_stamper *s, const char *file, enum noon_stamper_result result)
{
	const struct noon_quorum *q = &s->offsets;
	json_t *tokens = json_array();
	json_t *o;

	for (size_t i = 0; i < s->conf.n_tsas; i++)
		(void)json_array_append_new(tokens, stamp_json(s, i));
	o = json_pack("{s:s, s:b, s:i, s:i, s:i, s:b, s:o}", "file", file, "reached",
		      (int)(result == NOON_STAMPER_REACHED), "quorum", (int)s->conf.quorum,
		      "authorities", (int)q->authorities, "agreeing", (int)q->agreeing, "alarm",
		      (int)q->clash, "tokens", tokens);
	if (o == NULL)
		return json_object();
	if (q->has_interval) {
		noon_dur lower, upper;

		shifted(s, &lower, &upper);
		(void)json_object_update_new(o, json_pack("{s:f, s:f}", "lower_s",
							  noon_dur_to_s(lower), "upper_s",
							  noon_dur_to_s(upper)));
	}
	if (result == NOON_STAMPER_REACHED && s->latest != NOON_DUR_MAX)
		(void)json_object_set_new(o, "latest", noon_token_instant((noon_time){s->latest}));
	return o;
}
