/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/source/source_ops.h"

#include "daemon/report/log.h"

/* One log line, since it is the same for each exchange. */
static void tell_stamps(struct noon_daemon_source *s, const struct noon_sample *x, const char *sent,
			const char *received)
{
	if (s->told_stamps)
		return;
	s->told_stamps = true;
	if (x->tx_stamp == NOON_STAMP_USER || x->rx_stamp == NOON_STAMP_USER)
		noon_log(NOON_LOG_WARNING,
			 "source %s: no kernel time stamps on %s: the program's own are used, the "
			 "bound is wider",
			 s->conf->host, x->tx_stamp == NOON_STAMP_USER ? sent : received);
}

void noon_source_take_sample(struct noon_daemon_source *s, const struct noon_sample *x,
			     const char *sent, const char *received)
{
	const struct noon_source_host *host = s->host;

	s->misses = 0;
	tell_stamps(s, x, sent, received);
	if (host->on_exchange(host->arg, s))
		noon_engine_on_sample(host->engine, x, noon_clock_now(host->clock), &s->events);
}

void noon_source_take_miss(struct noon_daemon_source *s)
{
	s->misses++;
	noon_engine_on_miss(s->host->engine, s->index, noon_clock_now(s->host->clock), &s->events);
}
