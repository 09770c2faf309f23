/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/source/duplicates.h"

#include "daemon/report/log.h"

struct list {
	struct noon_daemon_source *source;
	size_t n;
	size_t current;
};

/* Whether it may vote at all. */
static bool takes_part(const struct list *l, size_t i)
{
	const struct noon_daemon_source *s = &l->source[i];

	return s->up && !s->conf->engine.noselect &&
	       (i == l->current || s->host->engine->source[s->index].n_accepted > 0);
}

/* Whether a votes instead of b. */
static bool comes_first(const struct list *l, size_t a, size_t b)
{
	const bool auth_a = l->source[a].conf->engine.require_auth;
	const bool auth_b = l->source[b].conf->engine.require_auth;

	return auth_a != auth_b ? auth_a : a < b;
}

/* The one that votes for i, or NULL. */
static const struct noon_daemon_source *voter_for(const struct list *l, size_t i,
						  const char **ret_why)
{
	const struct noon_source_identity own = noon_daemon_source_identity(&l->source[i]);
	size_t first = i;

	for (size_t k = 0; k < l->n; k++) {
		const char *why;

		if (k == i || !takes_part(l, k) || !comes_first(l, k, first))
			continue;
		const struct noon_source_identity other =
			noon_daemon_source_identity(&l->source[k]);

		why = noon_source_identity_same(&own, &other);
		if (why == NULL)
			continue;
		*ret_why = why;
		first = k;
	}
	return first == i ? NULL : &l->source[first];
}

static void log_vote(const struct noon_daemon_source *s, const struct noon_daemon_source *voter)
{
	if (voter != NULL)
		noon_log(NOON_LOG_WARNING, "sources %s and %s are one machine (%s): %s has no vote",
			 voter->conf->host, s->conf->host, s->duplicate_why, s->conf->host);
	else
		noon_log(NOON_LOG_NOTICE, "source %s is a machine of its own: it votes",
			 s->conf->host);
}

void noon_duplicates_find(struct noon_daemon_source *source, size_t n, size_t current)
{
	const struct list l = {source, n, current};

	for (size_t i = 0; i < n; i++) {
		struct noon_daemon_source *s = &source[i];
		const struct noon_daemon_source *voter;

		if (!takes_part(&l, i))
			continue;
		voter = voter_for(&l, i, &s->duplicate_why);
		if (voter == s->duplicate_of)
			continue;
		log_vote(s, voter);
		s->duplicate_of = voter;
		noon_engine_set_duplicate(s->host->engine, s->index, voter != NULL);
	}
}
