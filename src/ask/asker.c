/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <time.h>

#include "ask/asker_priv.h"
#include "crypto/aead.h"

static void take_sample(void *arg, const struct noon_sample *s)
{
	struct noon_asker *a = arg;

	a->asking = true;
	a->fruitful = true;
	a->on_sample(a->arg, s);
}

/* The verdict that was counted for what came instead of an answer, if anything came. */
static const char *why_missed(const struct noon_asker *a)
{
	const struct noon_counters *c = &a->ntp.client.counters;

	if (a->ntp.last_sys != 0)
		return strerror(a->ntp.last_sys);
	for (unsigned v = NOON_VERDICT_ACCEPTED + 1; v < NOON_VERDICTS; v++)
		if (c->n[v] > 0)
			return noon_verdict_word((enum noon_verdict)v);
	return "no answer";
}

static void take_miss(void *arg)
{
	struct noon_asker *a = arg;

	a->asking = true;
	a->on_miss(a->arg, why_missed(a));
}

/* The machine wants keys: at the start, or when its cookies have run out. */
static void exchange_keys(void *arg)
{
	struct noon_asker *a = arg;
	const struct noon_asker_conf *c = &a->conf;
	struct noon_ntske_client_conf conf = {.tls = a->tls};
	struct timespec now;

	/* After an outage the cookies are used up; a server that answered before may again. */
	if (a->asking && !a->fruitful) {
		a->on_fail(a->arg, "the server gave no more cookies", "");
		return;
	}
	a->fruitful = false;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	conf.peer.host = c->name != NULL ? c->name : c->host;
	conf.peer.time_s = now.tv_sec;
	conf.peer.no_time_check = c->no_time_check;
	if (c->aead != 0) {
		conf.aead[0] = (enum noon_aead_id)c->aead;
		conf.n_aeads = 1;
	}
	noon_ke_link_start(&a->ke, c->host, c->port != 0 ? c->port : 4460, c->family, &conf);
}

static void start_ntp(struct noon_asker *a, const struct noon_addr *peer)
{
	noon_ntp_link_start(&a->ntp, peer);
	noon_ntp_link_kick(&a->ntp);
}

static void on_resolved(void *arg, const struct noon_addr *list, size_t n, const char *why)
{
	struct noon_asker *a = arg;

	a->resolve = NULL;
	if (n == 0)
		a->on_fail(a->arg, a->conf.host, why);
	else if (a->conf.ptp != NULL)
		noon_asker_ptp_start(a, &list[0]);
	else if (a->conf.one_way != NULL)
		noon_asker_one_way_start(a, &list[0]);
	else
		start_ntp(a, &list[0]);
}

static void resolve(struct noon_asker *a, const char *host, uint16_t port)
{
	a->resolve = noon_resolve_start(a->loop, host, port, a->conf.family, on_resolved, a);
	if (a->resolve == NULL)
		a->on_fail(a->arg, "out of memory", "");
}

static void on_ke_done(void *arg, const struct noon_nts_session *session, const char *why,
		       const struct noon_addr *peer)
{
	struct noon_asker *a = arg;
	const uint16_t port = session != NULL && session->port != 0 ? session->port : 123;
	struct noon_addr to = *peer;

	if (session == NULL) {
		a->on_fail(a->arg, "key exchange failed", why);
		return;
	}
	if (a->on_keys != NULL)
		a->on_keys(a->arg, session, port);
	if (noon_ntp_client_set_session(&a->ntp.client, session, noon_clock_now(a->clock))) {
		a->on_fail(a->arg, "key exchange failed", "its keys are of no use");
		return;
	}
	if (session->host[0] != '\0') {
		resolve(a, session->host, port);
		return;
	}
	noon_addr_set_port(&to, port);
	start_ntp(a, &to);
}

static noon_err set_up_machine(struct noon_asker *a)
{
	struct noon_ntp_client_conf client = noon_ntp_client_conf_default();
	noon_err err;

	client.rng = &a->entropy.rng;
	client.source = a->conf.source;
	client.nts = a->conf.nts;
	client.timeout = a->conf.timeout;
	a->ntp.on_sample = take_sample;
	a->ntp.on_miss = take_miss;
	a->ntp.on_connect = exchange_keys;
	a->ntp.arg = a;
	noon_ke_link_init(&a->ke, a->loop, on_ke_done, a);
	err = noon_ntp_link_init(&a->ntp, a->loop, a->clock, &client);
	if (!err)
		noon_ntp_client_set_poll(&a->ntp.client, a->conf.interval);
	return err;
}

noon_err noon_asker_init(struct noon_asker *a, const struct noon_asker_conf *conf,
			 const char **ret_why)
{
	const struct noon_tls_pem ca = {.path = conf->ca};
	struct noon_tls_why why = {.text = ""};
	noon_err err = noon_aead_global_init();

	a->conf = *conf;
	a->ntp.watch.fd = -1;
	a->ke.tcp.watch.fd = -1;
	noon_asker_one_way_init(a);
	noon_entropy_init(&a->entropy);
	err = err ? err : noon_loop_new(NOON_LOOP_EVENT, &a->loop);
	err = err ? err : noon_clock_system_new(false, &a->clock);
	*ret_why = noon_err_text(err);
	if (!err && conf->ptp != NULL)
		return noon_asker_ptp_init(a, ret_why);
	if (!err && conf->tsp != NULL)
		return noon_asker_tsp_init(a, ret_why);
	if (!err && conf->one_way != NULL)
		return NOON_OK;
	err = err ? err : set_up_machine(a);
	*ret_why = noon_err_text(err);
	if (err || !conf->nts)
		return err;
	err = noon_tls_client_ctx_new(conf->ca == NULL ? NULL : &ca, &a->tls, &why);
	if (err) {
		(void)strncpy(a->ke.why, why.text, sizeof(a->ke.why) - 1);
		*ret_why = a->ke.why;
	}
	return err;
}

static uint16_t port_of(const struct noon_asker_conf *c)
{
	if (c->ptp != NULL)
		return NOON_PTP_EVENT_PORT;
	if (c->port != 0)
		return c->port;
	if (c->one_way == NULL)
		return 123;
	return c->one_way->client.protocol == NOON_ONE_WAY_TIME ? NOON_ONE_WAY_TIME_PORT
								: NOON_ONE_WAY_DAYTIME_PORT;
}

void noon_asker_arm_next(struct noon_asker *a, struct noon_timer *t, noon_time asked)
{
	const noon_time due =
		a->when != NULL ? a->when(a->arg, asked) : noon_time_add(asked, a->conf.interval);

	noon_loop_arm(a->loop, t, noon_time_diff(due, noon_clock_now(a->clock)));
}

void noon_asker_start(struct noon_asker *a)
{
	if (a->conf.tsp != NULL)
		noon_asker_tsp_start(a);
	else if (a->conf.nts)
		noon_ntp_link_kick(&a->ntp);
	else
		resolve(a, a->conf.host, port_of(&a->conf));
}

void noon_asker_fini(struct noon_asker *a)
{
	noon_resolve_cancel(a->resolve);
	if (a->ke.loop != NULL)
		noon_ke_link_stop(&a->ke);
	if (a->ntp.loop != NULL)
		noon_ntp_link_fini(&a->ntp);
	if (a->conf.ptp != NULL)
		noon_asker_ptp_fini(a);
	noon_asker_one_way_fini(a);
	noon_asker_tsp_fini(a);
	noon_tls_ctx_free(a->tls);
	noon_clock_free(a->clock);
	noon_loop_free(a->loop);
	noon_entropy_fini(&a->entropy);
}
