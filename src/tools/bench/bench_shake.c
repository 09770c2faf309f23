/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/bench/bench_shake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "link/ke_link.h"
#include "platform/clock/clock.h"

/* Period of starting due handshakes and of showing progress. */
#define TICK NOON_MS(5)

struct shakes;

struct shake {
	struct noon_ke_link link;
	struct shakes *all;
	int64_t begin; /* ns; when it was due, at a fixed rate */
};

struct shakes {
	const struct noon_bench_shake_conf *conf;
	struct noon_bench_tally *t;
	struct noon_nts_session *session; /* NULL: not wanted */
	struct noon_loop *loop;
	struct noon_timer timer;
	char host[64];
	int64_t begin;
	int64_t end;
	struct shake shake[NOON_BENCH_SHAKES_MAX];
};

static void start(struct shakes *a, struct shake *s, int64_t begin)
{
	const struct noon_ntske_client_conf conf = {
		.tls = a->conf->tls,
		.peer = {.host = a->conf->name,
			 .time_s = (int64_t)time(NULL),
			 .no_time_check = a->conf->no_time_check},
	};

	s->begin = begin;
	a->t->sent++;
	noon_ke_link_start(&s->link, a->host, noon_addr_port(&a->conf->peer),
			   a->conf->peer.u.sa.sa_family, &conf);
}

static bool is_any_busy(const struct shakes *a)
{
	for (size_t i = 0; i < a->conf->window; i++)
		if (a->shake[i].link.busy)
			return true;
	return false;
}

static bool is_hopeless(const struct noon_bench_tally *t)
{
	return t->bad > 0 && t->answered == 0;
}

/* Start due handshakes on idle links. */
static void start_due(struct shakes *a, int64_t now)
{
	const double rate = a->conf->rate;

	for (size_t i = 0; i < a->conf->window; i++) {
		const int64_t due =
			rate > 0 ? a->begin + (int64_t)((double)a->t->sent * 1e9 / rate) : now;

		if (due <= now && !a->shake[i].link.busy)
			start(a, &a->shake[i], due);
	}
}

static void on_tick(void *arg)
{
	struct shakes *a = arg;
	const int64_t now = noon_mono_now().ns;

	if (now < a->end && !is_hopeless(a->t)) {
		start_due(a, now);
		noon_bench_tally_progress(a->t, (noon_time){now});
	} else if (!is_any_busy(a)) {
		noon_loop_stop(a->loop);
		return;
	}
	noon_loop_arm(a->loop, &a->timer, TICK);
}

static void on_done(void *arg, const struct noon_nts_session *session, const char *why,
		    const struct noon_addr *peer)
{
	struct shake *s = arg;
	struct shakes *a = s->all;
	const int64_t now = noon_mono_now().ns;

	(void)peer;
	if (session == NULL) {
		if (a->t->bad++ == 0)
			(void)snprintf(a->t->why, sizeof(a->t->why), "%s", why);
	} else {
		a->t->answered++;
		a->t->in_time += now <= a->end || a->conf->length == 0;
		noon_histogram_add(&a->t->latency, now - s->begin);
		if (a->session != NULL)
			*a->session = *session;
	}
	if (a->conf->length == 0)
		noon_loop_stop(a->loop);
	else if (a->conf->rate <= 0 && session != NULL && now < a->end)
		start(a, s, now);
}

noon_err noon_bench_shake(const struct noon_bench_shake_conf *conf, struct noon_bench_tally *t,
			  struct noon_nts_session *ret_session)
{
	struct shakes *a = calloc(1, sizeof(*a));
	noon_err err;

	if (a == NULL)
		return NOON_ERR_OS;
	a->conf = conf;
	a->t = t;
	a->session = ret_session;
	a->timer.fire = on_tick;
	a->timer.arg = a;
	noon_addr_format_host(&conf->peer, a->host, sizeof(a->host));
	err = noon_loop_new(NOON_LOOP_EVENT, &a->loop);
	for (size_t i = 0; i < conf->window && !err; i++) {
		a->shake[i].all = a;
		noon_ke_link_init(&a->shake[i].link, a->loop, on_done, &a->shake[i]);
	}
	a->begin = noon_mono_now().ns;
	a->end = a->begin + conf->length;
	if (!err && conf->length == 0)
		start(a, &a->shake[0], a->begin);
	else if (!err)
		noon_loop_arm(a->loop, &a->timer, 0);
	err = err ? err : noon_loop_run(a->loop);
	noon_loop_disarm(&a->timer);
	if (a->loop != NULL)
		for (size_t i = 0; i < conf->window; i++)
			noon_ke_link_stop(&a->shake[i].link);
	noon_loop_free(a->loop);
	t->seconds = noon_dur_to_s(conf->length);
	free(a);
	return err;
}
