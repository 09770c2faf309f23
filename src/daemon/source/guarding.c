/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/source/guarding.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/report/log.h"
#include "store/baseline_file.h"

enum noon_clock_guard noon_daemon_guard_state(const struct noon_daemon_guard *g)
{
	if (g == NULL)
		return NOON_CLOCK_GUARD_NONE;
	if (noon_guard_is_alarmed(&g->guard))
		return NOON_CLOCK_GUARD_ALARM;
	return g->guard.active != 0 ? NOON_CLOCK_GUARD_LOSS : NOON_CLOCK_GUARD_WATCHING;
}

/* A baseline of another path is not applicable. */
static noon_err check_path(const struct noon_config_guard *s, const struct noon_baseline *head)
{
	if (strcmp(head->path_id, s->path_id) == 0)
		return NOON_OK;
	noon_log(NOON_LOG_ERROR,
		 "%s: baseline %s was recorded on path \"%s\", this one is \"%s\" "
		 "(path-id)",
		 s->name, s->baseline, head->path_id, s->path_id);
	return NOON_ERR_STATE;
}

static noon_err make(const struct noon_config *c, const struct noon_config_guard *s,
		     const struct noon_baseline_data *b, struct noon_daemon_guard *g)
{
	struct noon_guard_conf conf = noon_guard_conf_default();
	char why[NOON_BASELINE_WHY_MAX];
	noon_err err = check_path(s, &b->head);

	if (err)
		return err;
	conf.shift_ns = (double)(s->shift > 0 ? s->shift : c->engine.alert_limit);
	conf.p_d = c->guard_p_d;
	conf.p_fa = c->guard_p_fa;
	err = noon_baseline_plan(b, &conf, s->baseline, &g->plan, why);
	if (err) {
		noon_log(NOON_LOG_ERROR, "%s: %s", s->name, why);
		return err;
	}
	(void)snprintf(g->path_id, sizeof(g->path_id), "%s", b->head.path_id);
	for (size_t i = 0; i < sizeof(b->head.digest); i++)
		(void)snprintf(g->digest + 2 * i, 3, "%02x", b->head.digest[i]);
	g->ended_s = b->head.ended_s;
	g->count = b->head.count;
	g->interval_s = noon_baseline_interval_s(&b->head);
	noon_guard_init(&g->guard, &g->plan);
	return NOON_OK;
}

/* The distribution of round-trip times depends on the polling rate. */
static void check_interval(const struct noon_config_guard *s, const struct noon_daemon_guard *g)
{
	const double least = s->interval_min_s;
	const double most = s->interval_max_s;

	if (most <= 0.0)
		return;
	if (noon_baseline_suits(g->interval_s, least) && noon_baseline_suits(g->interval_s, most))
		return;
	noon_log(NOON_LOG_WARNING,
		 "%s: baseline %s was recorded with an exchange every %.3g s, but polls come "
		 "every %.4g to %.4g s (minpoll, maxpoll): beyond a factor of %d, round trips may "
		 "differ though nobody attacks",
		 s->name, s->baseline, g->interval_s, least, most, NOON_BASELINE_INTERVAL_FACTOR);
}

noon_err noon_daemon_guard_new(const struct noon_config *c, const struct noon_config_guard *s,
			       struct noon_daemon_guard **ret)
{
	struct noon_baseline_data *b = NULL;
	struct noon_daemon_guard *g;
	char why[NOON_BASELINE_WHY_MAX];
	noon_err err;

	*ret = NULL;
	if (s->baseline[0] == '\0')
		return NOON_OK;
	err = noon_baseline_read(s->baseline, c->guard_key, &b, why);
	if (err) {
		noon_log(NOON_LOG_ERROR, "%s: %s", s->name, why);
		return err;
	}
	g = calloc(1, sizeof(*g));
	err = g == NULL ? NOON_ERR_OS : make(c, s, b, g);
	noon_baseline_free(b);
	if (err) {
		free(g);
		return err;
	}
	check_interval(s, g);
	if (!g->plan.feasible)
		noon_log(NOON_LOG_WARNING,
			 "%s: guard: round-trip times vary too much to find a shift of "
			 "%.3f us in %u exchanges: it watches for larger ones",
			 s->name, g->plan.conf.shift_ns / 1e3, g->plan.batch);
	*ret = g;
	return NOON_OK;
}
