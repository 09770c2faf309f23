/* SPDX-License-Identifier: Apache-2.0
 *
 * One run of a scenario, and its expectations.
 */
#include <string.h>

#include "tools/sim/sim_run.h"

static uint32_t node_of(const struct noon_scenario *s, const char *name)
{
	uint32_t i = 0;

	while (i + 1 < s->nodes && strcmp(s->node[i].name, name) != 0)
		i++;
	return i;
}

static void judge(const struct noon_scenario_file *f, const struct noon_world *w,
		  struct noon_sim_outcome *o)
{
	for (size_t i = 0; i < f->s.expects; i++) {
		const struct noon_expect *e = &f->expect[i];
		const struct noon_sim_tally t =
			e->client[0] == '\0' ? o->tally
					     : noon_world_tally(w, node_of(&f->s, e->client));

		o->held[i] = noon_expect_holds(e, &t, &o->value[i]);
		o->passed &= o->held[i];
	}
}

/* A scenario that was read is only refused for its campaigns. */
static const char *why_not_made(noon_err err)
{
	if (err == NOON_ERR_STATE)
		return "round trips of the calibration moved by more than a tenth of guard-shift";
	if (err == NOON_ERR_EMPTY)
		return "a calibration of 80000 s is too short for guard-shift: give a larger one";
	return noon_err_text(err);
}

void noon_sim_outcome_of(const struct noon_scenario_file *f, uint64_t seed, const char *picture,
			 struct noon_sim_outcome *ret)
{
	struct noon_sim_picture *p = NULL;
	struct noon_world *w;
	noon_err err;

	memset(ret, 0, sizeof(*ret));
	ret->seed = seed;
	ret->tally = noon_sim_tally_new();
	err = noon_world_new(&f->s, seed, &w);
	if (err) {
		ret->why = why_not_made(err);
		return;
	}
	ret->made = ret->passed = ret->pictured = true;
	if (picture != NULL) {
		p = noon_sim_picture_new(&f->s);
		if (p != NULL)
			noon_world_watch(w, noon_sim_picture_look, p);
	}
	noon_world_run(w, f->s.duration);
	ret->tally = noon_world_total(w);
	ret->digest = noon_world_digest(w);
	judge(f, w, ret);
	if (picture != NULL)
		ret->pictured = p != NULL && noon_sim_picture_write(p, picture) == NOON_OK;
	noon_sim_picture_free(p);
	noon_world_free(w);
}
