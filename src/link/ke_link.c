/* SPDX-License-Identifier: Apache-2.0 */
#include "link/ke_link.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "platform/clock/clock.h"

/* Until a connection is established; the machine limits the rest itself. */
#define CONNECT_LIMIT NOON_S(5)

static void try_next(struct noon_ke_link *k);

static void clear(struct noon_ke_link *k)
{
	noon_resolve_cancel(k->resolve);
	k->resolve = NULL;
	noon_tcp_close(&k->tcp);
	noon_loop_disarm(&k->timer);
	if (k->machine_up)
		noon_ntske_client_fini(&k->machine);
	k->machine_up = false;
	k->busy = false;
}

static void finish(struct noon_ke_link *k, const struct noon_nts_session *session)
{
	const struct noon_addr peer = k->peer;

	clear(k);
	k->done(k->arg, session, k->why, &peer);
}

/* The machine has finished, with success or failure. */
static void conclude(struct noon_ke_link *k)
{
	const bool ok = noon_ntske_client_result(&k->machine, &k->session) == NOON_OK;

	(void)snprintf(k->why, sizeof(k->why), "%s", noon_ntske_client_reason(&k->machine));
	finish(k, ok ? &k->session : NULL);
	noon_nts_session_wipe(&k->session);
}

/* Execute the actions of the machine; it may be gone afterwards. */
static void pump(struct noon_ke_link *k)
{
	bool failed = false;

	for (size_t i = 0; i < k->actions.n; i++)
		if (k->actions.a[i].kind == NOON_ACTION_SEND)
			failed |= noon_tcp_send(&k->tcp, k->actions.a[i].send) != NOON_OK;
	noon_actions_reset(&k->actions);
	if (noon_ntske_client_outcome(&k->machine) != NOON_KE_PENDING) {
		conclude(k);
	} else if (failed) {
		(void)snprintf(k->why, sizeof(k->why), "the connection broke");
		finish(k, NULL);
	} else {
		noon_loop_arm(
			k->loop, &k->timer,
			noon_time_diff(noon_ntske_client_deadline(&k->machine), noon_mono_now()));
	}
}

static void feed(struct noon_ke_link *k, struct noon_bytes data)
{
	const noon_time now = noon_mono_now();
	const struct noon_rx rx = {.data = data, .at = now, .now = now};

	noon_ntske_client_on_packet(&k->machine, &rx, &k->actions);
	pump(k);
}

static void on_timer(void *arg)
{
	struct noon_ke_link *k = arg;

	if (!k->machine_up) {
		(void)snprintf(k->why, sizeof(k->why), "connecting took too long");
		noon_tcp_close(&k->tcp);
		try_next(k);
		return;
	}
	noon_ntske_client_on_timer(&k->machine, noon_mono_now(), &k->actions);
	pump(k);
}

static void on_open(void *arg)
{
	struct noon_ke_link *k = arg;
	const noon_err err = noon_ntske_client_init(&k->machine, &k->conf, noon_mono_now());

	if (err) {
		(void)snprintf(k->why, sizeof(k->why), "%s", noon_err_text(err));
		finish(k, NULL);
		return;
	}
	k->machine_up = true;
	noon_ntske_client_on_timer(&k->machine, noon_mono_now(), &k->actions);
	pump(k);
}

static void on_data(void *arg, struct noon_bytes data)
{
	feed(arg, data);
}

static void on_end(void *arg, int sys)
{
	struct noon_ke_link *k = arg;

	if (k->machine_up) {
		feed(k, noon_bytes_of(NULL, 0));
		return;
	}
	(void)snprintf(k->why, sizeof(k->why), "%s", strerror(sys));
	try_next(k);
}

static void try_next(struct noon_ke_link *k)
{
	int sys = 0;

	while (k->next < k->n) {
		k->peer = k->list[k->next++];
		memset(&k->tcp, 0, sizeof(k->tcp));
		k->tcp.on_open = on_open;
		k->tcp.on_data = on_data;
		k->tcp.on_end = on_end;
		k->tcp.arg = k;
		noon_loop_arm(k->loop, &k->timer, CONNECT_LIMIT);
		if (noon_tcp_connect(&k->tcp, k->loop, &k->peer, &sys) == NOON_OK)
			return;
		(void)snprintf(k->why, sizeof(k->why), "%s", strerror(sys));
	}
	finish(k, NULL);
}

static void on_resolved(void *arg, const struct noon_addr *list, size_t n, const char *why)
{
	struct noon_ke_link *k = arg;

	k->resolve = NULL;
	memcpy(k->list, list, n * sizeof(list[0]));
	k->n = n;
	if (n == 0)
		(void)snprintf(k->why, sizeof(k->why), "%s: %s", k->host, why);
	try_next(k);
}

void noon_ke_link_init(struct noon_ke_link *k, struct noon_loop *loop, noon_ke_done *done,
		       void *arg)
{
	memset(k, 0, sizeof(*k));
	k->loop = loop;
	k->done = done;
	k->arg = arg;
	k->tcp.watch.fd = -1;
	k->timer.fire = on_timer;
	k->timer.arg = k;
}

void noon_ke_link_start(struct noon_ke_link *k, const char *host, uint16_t port, int family,
			const struct noon_ntske_client_conf *conf)
{
	assert(!k->busy);
	k->busy = true;
	k->conf = *conf;
	k->n = 0;
	k->next = 0;
	k->peer.len = 0;
	noon_actions_reset(&k->actions);
	(void)snprintf(k->host, sizeof(k->host), "%s", host);
	(void)snprintf(k->why, sizeof(k->why), "out of memory");
	k->resolve = noon_resolve_start(k->loop, host, port, family, on_resolved, k);
	if (k->resolve == NULL)
		finish(k, NULL);
}

void noon_ke_link_stop(struct noon_ke_link *k)
{
	clear(k);
}
