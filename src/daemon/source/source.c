/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/source/source.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/report/log.h"
#include "daemon/source/ntp_source.h"
#include "daemon/source/ptp_source.h"

noon_err noon_daemon_source_open(struct noon_daemon_source *s, const struct noon_config *all,
				 const struct noon_config_source *conf,
				 struct noon_ptp_ports *ports)
{
	noon_err err;

	memset(s, 0, sizeof(*s));
	s->conf = conf;
	s->ops = conf->ptp.enabled ? &noon_ptp_source_ops : &noon_ntp_source_ops;
	err = noon_daemon_guard_new(all, &conf->guard, &s->guard);
	if (err || s->ops->open == NULL)
		return err;
	return s->ops->open(s, ports);
}

noon_err noon_daemon_source_start(struct noon_daemon_source *s, const struct noon_source_host *host)
{
	noon_err err;

	s->host = host;
	noon_actions_reset(&s->events);
	err = s->ops->start(s);
	if (err)
		return err;
	s->up = true;
	if (s->guard != NULL)
		noon_engine_set_guard(host->engine, s->index, &s->guard->guard);
	return NOON_OK;
}

void noon_daemon_source_tick(struct noon_daemon_source *s)
{
	if (s->up)
		s->ops->tick(s);
}

void noon_daemon_source_poll_soon(struct noon_daemon_source *s)
{
	if (s->up && s->ops->poll_soon != NULL)
		s->ops->poll_soon(s);
}

void noon_daemon_source_woke(struct noon_daemon_source *s)
{
	if (s->up)
		s->ops->resumed(s);
}

void noon_daemon_source_tell(struct noon_daemon_source *s, const struct noon_reading *r)
{
	if (s->up && s->ops->tell != NULL)
		s->ops->tell(s, r);
}

void noon_daemon_source_reload(struct noon_daemon_source *s, const struct noon_config *all)
{
	struct noon_daemon_guard *old = s->guard;
	struct noon_daemon_guard *new;

	if (!s->up || noon_daemon_guard_new(all, &s->conf->guard, &new) || new == NULL)
		return;
	if (old != NULL && strcmp(old->digest, new->digest) == 0) {
		free(new);
		return;
	}
	noon_log(NOON_LOG_NOTICE, "source %s: new baseline %.16s of %zu exchanges", s->conf->host,
		 new->digest, new->count);
	noon_engine_set_guard(s->host->engine, s->index, &new->guard);
	s->guard = new;
	free(old);
}

void noon_daemon_source_save(struct noon_daemon_source *s)
{
	if (s->up && s->ops->save != NULL)
		s->ops->save(s);
}

void noon_daemon_source_fini(struct noon_daemon_source *s)
{
	if (s->up) {
		noon_resolve_cancel(s->resolve);
		noon_loop_disarm(&s->retry);
		s->ops->stop(s);
	}
	free(s->guard);
	free(s->cycle);
	memset(s, 0, sizeof(*s));
}
