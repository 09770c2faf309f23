/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/source/cycles.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/report/log.h"

static struct noon_daemon_source *find(struct noon_daemon_source *source, size_t n,
				       const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (source[i].conf->ptp.enabled && strcmp(source[i].conf->host, name) == 0)
			return &source[i];
	return NULL;
}

static noon_err start_one(struct noon_daemon_source *s, const struct noon_daemon_source *other)
{
	noon_err err;

	s->cycle = calloc(1, sizeof(*s->cycle));
	if (s->cycle == NULL)
		return NOON_ERR_OS;
	noon_cycle_init(s->cycle, s->conf->ptp.cycle_limit);
	err = noon_engine_add_cycle(s->host->engine, s->cycle, s->index, other->index);
	if (err)
		noon_log(NOON_LOG_ERROR, "source %s: cycle-with: too many pairs", s->conf->host);
	return err;
}

noon_err noon_daemon_cycles_start(struct noon_daemon_source *source, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *const name = source[i].conf->ptp.cycle_with;
		const struct noon_daemon_source *other;
		noon_err err;

		if (!source[i].conf->ptp.enabled || name[0] == '\0')
			continue;
		other = find(source, n, name); /* as the configuration was checked for */
		if (other == NULL || !source[i].up || !other->up)
			continue;
		err = start_one(&source[i], other);
		if (err)
			return err;
	}
	return NOON_OK;
}

static json_t *seconds(noon_dur d)
{
	return json_real(noon_dur_to_s(d));
}

json_t *noon_daemon_cycle_status(const struct noon_daemon_source *s)
{
	const struct noon_cycle_verdict *v;
	json_t *o;

	if (s->cycle == NULL)
		return json_null();
	v = &s->cycle->verdict;
	o = json_pack("{s:s, s:I, s:b, s:b}", "with", s->conf->ptp.cycle_with, "pairs",
		      (json_int_t)s->cycle->n_pairs, "learned", (int)v->is_learned, "alarm",
		      (int)v->alarm);
	if (o == NULL || !v->is_learned)
		return o;
	(void)json_object_update_new(
		o, json_pack("{s:o, s:o, s:o, s:o, s:o, s:s}", "asymmetry_s", seconds(v->asymmetry),
			     "limit_s", seconds(v->limit), "rtt_change_s", seconds(v->rtt[0]),
			     "other_rtt_change_s", seconds(v->rtt[1]), "path",
			     v->path < 0 ? json_null()
					 : json_string(v->path == 0 ? s->conf->host
								    : s->conf->ptp.cycle_with),
			     "leg", noon_cycle_leg_word(v->leg)));
	return o;
}
