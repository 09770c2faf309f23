/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/source/ntp_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/core/store.h"
#include "daemon/report/log.h"

/* After this many unanswered requests the name is resolved again. */
#define MISSES_TO_RESOLVE 8

/* Between attempts to resolve a name that failed. */
#define RETRY_RESOLVE NOON_S(30)

/* A saved session may seem this far in the future: clocks may be wrong at a start, s. */
#define AHEAD_MAX_S 86400

/* Between an instant read by the program and the request on the wire: no correction, since an early
 * t1 only widens the interval. */
#define USER_STAMP_ERR 0

static void set_poll(struct noon_daemon_source *s)
{
	noon_ntp_client_set_poll(&s->u.ntp.link.client,
				 noon_engine_next_poll(s->host->engine, s->index));
}

static void on_sample(void *arg, const struct noon_sample *x)
{
	struct noon_daemon_source *s = arg;

	if (s->misses >= MISSES_TO_RESOLVE)
		noon_log(NOON_LOG_NOTICE, "source %s answers again", s->conf->host);
	noon_source_take_sample(s, x, "requests", "replies");
	set_poll(s);
	s->host->on_event(s->host->arg, &s->events);
}

static void resolve_ntp(struct noon_daemon_source *s);

static void on_miss(void *arg)
{
	struct noon_daemon_source *s = arg;

	noon_source_take_miss(s);
	set_poll(s);
	s->host->on_event(s->host->arg, &s->events);
	if (s->misses == MISSES_TO_RESOLVE)
		noon_log(NOON_LOG_WARNING,
			 "source %s: %u requests in a row without a usable answer", s->conf->host,
			 s->misses);
	if (s->misses % MISSES_TO_RESOLVE == 0)
		resolve_ntp(s);
}

static void on_resolved(void *arg, const struct noon_addr *list, size_t n, const char *why)
{
	struct noon_daemon_source *s = arg;

	s->resolve = NULL;
	if (n == 0) {
		noon_log(NOON_LOG_WARNING, "source %s: %s", s->conf->host, why);
		/* A known peer stays in use. */
		noon_loop_arm(s->host->loop, &s->retry, RETRY_RESOLVE);
		return;
	}
	noon_ntp_link_start(&s->u.ntp.link, &list[0]);
	noon_ntp_link_kick(&s->u.ntp.link);
}

static void on_retry(void *arg)
{
	resolve_ntp(arg);
}

/* Where NTP packets go: the negotiated server, or the configured one. */
static void resolve_ntp(struct noon_daemon_source *s)
{
	const struct noon_nts_session *session = &s->u.ntp.link.client.session;
	const bool named = s->conf->nts && session->host[0] != '\0';
	const uint16_t port = s->conf->nts && session->port != 0 ? session->port : s->conf->port;

	if (s->resolve != NULL)
		return;
	s->resolve = noon_resolve_start(s->host->loop, named ? session->host : s->conf->host, port,
					s->conf->family, on_resolved, s);
}

static int64_t now_s(const struct noon_daemon_source *s)
{
	return noon_clock_disciplined(s->host->clock).ns / NOON_NS_PER_SEC;
}

static void on_connect(void *arg)
{
	struct noon_daemon_source *s = arg;
	const struct noon_source_host *h = s->host;
	struct noon_ntske_client_conf conf = {
		.tls = s->u.ntp.tls,
		.peer = {.host = s->conf->name[0] != '\0' ? s->conf->name : s->conf->host,
			 .time_s = now_s(s),
			 .no_time_check =
				 !s->conf->cert_time_check || *h->ke_done < h->no_cert_time_check},
		.n_aeads = s->conf->n_aead,
	};

	for (size_t i = 0; i < s->conf->n_aead; i++)
		conf.aead[i] = s->conf->aead[i];
	noon_ke_link_start(&s->u.ntp.ke, s->conf->host, s->conf->nts_port, s->conf->family, &conf);
}

static void ke_failed(struct noon_daemon_source *s, const char *why)
{
	s->u.ntp.ke_failed++;
	/* One line per reason, not per attempt. */
	if (!s->u.ntp.ke_warned || strcmp(why, s->u.ntp.ke_why) != 0)
		noon_log(NOON_LOG_WARNING, "source %s: key exchange failed: %s", s->conf->host,
			 why);
	s->u.ntp.ke_warned = true;
	noon_ntp_client_ke_failed(&s->u.ntp.link.client, noon_clock_now(s->host->clock));
}

static void ke_succeeded(struct noon_daemon_source *s, const struct noon_nts_session *session,
			 const struct noon_addr *peer)
{
	struct noon_addr to = *peer;
	const noon_err err = noon_ntp_client_set_session(&s->u.ntp.link.client, session,
							 noon_clock_now(s->host->clock));

	if (err) {
		ke_failed(s, noon_err_text(err));
		return;
	}
	s->u.ntp.ke_ok++;
	s->u.ntp.ke_at = noon_clock_read(CLOCK_BOOTTIME);
	s->u.ntp.ke_warned = false;
	s->host->on_ke(s->host->arg);
	if (session->host[0] != '\0') {
		resolve_ntp(s);
		return;
	}
	noon_addr_set_port(&to, session->port != 0 ? session->port : s->conf->port);
	noon_ntp_link_start(&s->u.ntp.link, &to);
}

static void on_ke_done(void *arg, const struct noon_nts_session *session, const char *why,
		       const struct noon_addr *peer)
{
	struct noon_daemon_source *s = arg;

	if (session != NULL)
		ke_succeeded(s, session, peer);
	else
		ke_failed(s, why);
	(void)snprintf(s->u.ntp.ke_why, sizeof(s->u.ntp.ke_why), "%s", why);
	noon_ntp_link_kick(&s->u.ntp.link);
}

/* Age of the keys, ns. */
static noon_dur session_age(const struct noon_daemon_source *s)
{
	return noon_sat_sub(noon_clock_read(CLOCK_BOOTTIME), s->u.ntp.ke_at);
}

/* Why a saved session must not be used, or NULL. With a slightly slow clock a session may seem to
 * be in the future; the age of one far in the future is unknown. */
static const char *refuse_session(const struct noon_daemon_source *s,
				  const struct noon_stored_session *saved)
{
	const int64_t age = now_s(s) - saved->made_s;

	if (!noon_equal_ct(saved->trust, s->u.ntp.trust, sizeof(s->u.ntp.trust)))
		return "certificates, name or algorithms that are trusted have changed since";
	if (age > s->conf->nts_refresh / NOON_NS_PER_SEC)
		return "older than ntsrefresh";
	return age < -AHEAD_MAX_S ? "by the local clock it was made in the future" : NULL;
}

/* Use a saved session, if it is as good as a new one. */
static bool use_session(struct noon_daemon_source *s, const struct noon_stored_session *saved)
{
	const char *why = refuse_session(s, saved);
	noon_err err;

	if (why != NULL) {
		noon_log(NOON_LOG_WARNING, "source %s: saved session not used: %s", s->conf->host,
			 why);
		return false;
	}
	err = noon_ntp_client_set_session(&s->u.ntp.link.client, &saved->nts,
					  noon_clock_now(s->host->clock));
	if (err)
		return false;
	s->u.ntp.ke_at =
		noon_clock_read(CLOCK_BOOTTIME) - (now_s(s) - saved->made_s) * NOON_NS_PER_SEC;
	noon_ntp_link_start(&s->u.ntp.link, &saved->peer);
	return true;
}

static void free_stored(struct noon_stored_session *saved)
{
	noon_nts_session_wipe(&saved->nts);
	free(saved);
}

/* A session of the last run replaces the key exchange, if its file is intact. */
static bool restore_session(struct noon_daemon_source *s)
{
	struct noon_stored_session *saved = calloc(1, sizeof(*saved));
	noon_err err;
	bool ok;

	if (saved == NULL)
		return false;
	err = noon_store_take_session(s->host->state_dir, s->conf->host, s->conf->nts_port, saved);
	ok = !err && use_session(s, saved);
	if (err && err != NOON_ERR_NOT_FOUND)
		noon_log(NOON_LOG_WARNING, "source %s: saved session not used: %s", s->conf->host,
			 noon_err_text(err));
	free_stored(saved);
	return ok;
}

/* Renew the keys before they expire, with time for retries. */
static void renew_session(struct noon_daemon_source *s)
{
	const noon_dur age = session_age(s);
	struct noon_ntp_client *c = &s->u.ntp.link.client;

	if (!s->conf->nts || c->session.aead == NOON_AEAD_NONE ||
	    age < s->conf->nts_refresh / 4 * 3)
		return;
	if (age > s->conf->nts_refresh) {
		noon_log(NOON_LOG_WARNING,
			 "source %s: its keys are older than ntsrefresh and not used any more",
			 s->conf->host);
		noon_ntp_client_drop_session(c);
	} else if (c->aged) {
		return;
	} else {
		noon_ntp_client_renew(c);
	}
	noon_ntp_link_kick(&s->u.ntp.link);
}

static noon_err make_tls(struct noon_daemon_source *s)
{
	const struct noon_tls_pem ca = {.path = s->conf->ca};
	struct noon_tls_why why = {.text = ""};
	const noon_err err =
		noon_tls_client_ctx_new(s->conf->ca[0] == '\0' ? NULL : &ca, &s->u.ntp.tls, &why);

	if (err) {
		noon_log(NOON_LOG_ERROR, "source %s: ntstrustedcerts %s: %s", s->conf->host,
			 s->conf->ca, why.text);
		return err;
	}
	return noon_store_trust(s->conf, s->host->no_cert_time_check, s->u.ntp.trust);
}

static noon_err open_tunnel(struct noon_daemon_source *s, struct noon_ptp_ports *ports)
{
	if (s->conf->tunnel[0] == '\0')
		return NOON_OK;
	return noon_tunnels_take(ports->tunnels, s->conf->tunnel, NOON_TUNNEL_FOR_NTP_CLIENT,
				 s->conf->host, &s->u.ntp.tunnel);
}

/* Where the kernel seals, what leaves from the inner address goes through the tunnel by itself. */
static noon_err join_tunnel(struct noon_daemon_source *s)
{
	struct noon_daemon_tunnel *const t = s->u.ntp.tunnel;

	if (t == NULL)
		return NOON_OK;
	if (t->conf->backend == NOON_TUNNEL_BY_USER)
		return noon_ntp_link_open_tunnel(&s->u.ntp.link, &t->link);
	s->u.ntp.link.local = t->conf->inner_local;
	return NOON_OK;
}

static noon_err start(struct noon_daemon_source *s)
{
	const struct noon_config_source *conf = s->conf;
	const struct noon_source_host *host = s->host;
	struct noon_ntp_client_conf client = noon_ntp_client_conf_default();
	noon_err err;

	s->u.ntp.link.on_sample = on_sample;
	s->u.ntp.link.on_miss = on_miss;
	s->u.ntp.link.on_connect = on_connect;
	s->u.ntp.link.arg = s;
	s->retry = (struct noon_timer){.fire = on_retry, .arg = s};
	noon_ke_link_init(&s->u.ntp.ke, host->loop, on_ke_done, s);
	err = conf->nts ? make_tls(s) : NOON_OK;
	err = err ? err : noon_engine_add_source(host->engine, &conf->engine, &s->index);
	client.rng = host->rng;
	client.source = s->index;
	client.nts = conf->nts;
	client.in_tunnel = s->u.ntp.tunnel != NULL;
	client.user_stamp_err = USER_STAMP_ERR;
	err = err ? err : noon_ntp_link_init(&s->u.ntp.link, host->loop, host->clock, &client);
	if (err) {
		noon_tls_ctx_free(s->u.ntp.tls);
		return err;
	}
	s->u.ntp.link.hw = host->hw;
	err = join_tunnel(s);
	if (err) {
		noon_ntp_link_fini(&s->u.ntp.link);
		return err;
	}
	set_poll(s);
	if (!conf->nts)
		resolve_ntp(s);
	else if (!restore_session(s))
		noon_ntp_link_kick(&s->u.ntp.link);
	return NOON_OK;
}

static void poll_soon(struct noon_daemon_source *s)
{
	set_poll(s);
	noon_ntp_link_kick_soon(&s->u.ntp.link);
}

static void resumed(struct noon_daemon_source *s)
{
	set_poll(s);
	noon_ntp_link_forget(&s->u.ntp.link);
}

static void save(struct noon_daemon_source *s)
{
	struct noon_stored_session *saved;

	if (!s->conf->nts || s->u.ntp.link.client.session.n_cookies == 0 ||
	    s->u.ntp.link.peer.len == 0)
		return;
	saved = calloc(1, sizeof(*saved));
	if (saved == NULL)
		return;
	saved->nts = s->u.ntp.link.client.session;
	saved->peer = s->u.ntp.link.peer;
	memcpy(saved->trust, s->u.ntp.trust, sizeof(saved->trust));
	/* By the current clock, which may have been corrected since. */
	saved->made_s = now_s(s) - session_age(s) / NOON_NS_PER_SEC;
	if (noon_store_save_session(s->host->state_dir, s->conf->host, s->conf->nts_port, saved))
		noon_log(NOON_LOG_WARNING, "source %s: session not saved", s->conf->host);
	free_stored(saved);
}

static void stop(struct noon_daemon_source *s)
{
	noon_ke_link_stop(&s->u.ntp.ke);
	noon_ntp_link_fini(&s->u.ntp.link);
	noon_tls_ctx_free(s->u.ntp.tls);
}

static void identity(const struct noon_daemon_source *s, struct noon_source_identity *ret)
{
	static const uint8_t none[NOON_TLS_DIGEST];

	ret->peer = s->u.ntp.link.peer;
	memcpy(ret->key, s->u.ntp.link.client.session.server_key, sizeof(ret->key));
	ret->has_key = s->conf->nts && memcmp(ret->key, none, sizeof(none)) != 0;
}

static uint32_t ref_id(const struct noon_daemon_source *s, const struct noon_sample *last)
{
	(void)last;
	return noon_addr_ref_id(&s->u.ntp.link.peer);
}

static void traffic(const struct noon_daemon_source *s, struct noon_source_traffic *ret)
{
	ret->peer = s->u.ntp.link.peer;
	ret->sent = s->u.ntp.link.client.n_sent;
	ret->counters = &s->u.ntp.link.client.counters;
}

static json_t *nts_status(const struct noon_daemon_source *s)
{
	const struct noon_ntp_client *c = &s->u.ntp.link.client;

	if (!s->conf->nts)
		return json_null();
	return json_pack("{s:i, s:i, s:I, s:I, s:s}", "aead", (int)c->session.aead, "cookies",
			 (int)c->session.n_cookies, "ke_ok", (json_int_t)s->u.ntp.ke_ok,
			 "ke_failed", (json_int_t)s->u.ntp.ke_failed, "ke_last",
			 s->u.ntp.ke_why[0] != '\0' ? s->u.ntp.ke_why : "none yet");
}

static void status(const struct noon_daemon_source *s, json_t *o)
{
	(void)json_object_set_new(o, "nts", nts_status(s));
	(void)json_object_set_new(o, "ptp", json_null());
}

const struct noon_source_ops noon_ntp_source_ops = {
	.open = open_tunnel,
	.start = start,
	.tick = renew_session,
	.poll_soon = poll_soon,
	.resumed = resumed,
	.save = save,
	.stop = stop,
	.identity = identity,
	.ref_id = ref_id,
	.traffic = traffic,
	.status = status,
};
