/* SPDX-License-Identifier: Apache-2.0 */
#include "link/tunnel_ke_link.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "platform/clock/clock.h"

/* Until a connection stands; the machine limits the rest itself. */
#define CONNECT_LIMIT NOON_S(5)

/* Time that a peer has to read what it was told. */
#define LINGER NOON_S(1)

void noon_tunnel_ke_link_stop(struct noon_tunnel_ke_link *l)
{
	if (!l->busy)
		return;
	noon_tcp_close(&l->tcp);
	noon_loop_disarm(&l->timer);
	if (l->is_up)
		noon_tunnel_ke_fini(&l->machine);
	l->is_up = false;
	l->busy = false;
}

static void end(struct noon_tunnel_ke_link *l, enum noon_ntske_outcome outcome, const char *why)
{
	const struct noon_tunnel_ke_host host = l->host;
	char text[sizeof(l->machine.reason)];

	(void)snprintf(text, sizeof(text), "%s", why); /* it may be the machine's */
	noon_tunnel_ke_link_stop(l);
	host.on_end(host.arg, outcome, text);
}

static void conclude(struct noon_tunnel_ke_link *l)
{
	end(l, noon_tunnel_ke_outcome(&l->machine), noon_tunnel_ke_reason(&l->machine));
}

static void tell(struct noon_tunnel_ke_link *l)
{
	struct noon_tunnel_ke_result result;

	if (l->is_told || noon_tunnel_ke_result(&l->machine, &result))
		return;
	l->is_told = true;
	l->host.on_result(l->host.arg, &result);
	noon_wipe(&result, sizeof(result));
}

/* Execute the actions of the machine; it may be gone afterwards. */
static void pump(struct noon_tunnel_ke_link *l)
{
	bool failed = false;
	bool is_over = false;

	tell(l);
	for (size_t i = 0; i < l->actions.n; i++) {
		const struct noon_action *a = &l->actions.a[i];

		if (a->kind == NOON_ACTION_SEND)
			failed = noon_tcp_send(&l->tcp, a->send) != NOON_OK || failed;
		is_over = is_over || a->kind == NOON_ACTION_CLOSE;
	}
	noon_actions_reset(&l->actions);
	if (failed && noon_tunnel_ke_outcome(&l->machine) == NOON_KE_PENDING) {
		end(l, NOON_KE_CLOSED, "the connection broke");
	} else if (is_over && (failed || l->conf.asks)) {
		conclude(l);
	} else if (is_over) {
		/* Closed at once it would be reset, with the reply unread. */
		l->is_ending = true;
		noon_loop_arm(l->loop, &l->timer, LINGER);
		noon_tcp_finish(&l->tcp);
	} else {
		noon_loop_arm(
			l->loop, &l->timer,
			noon_time_diff(noon_tunnel_ke_deadline(&l->machine), noon_mono_now()));
	}
}

static void feed(struct noon_tunnel_ke_link *l, struct noon_bytes data)
{
	const noon_time now = noon_mono_now();
	const struct noon_rx rx = {.data = data, .at = now, .now = now};

	if (l->is_ending)
		return;
	noon_tunnel_ke_on_packet(&l->machine, &rx, &l->actions);
	pump(l);
}

static void on_data(void *arg, struct noon_bytes data)
{
	feed(arg, data);
}

static void on_end(void *arg, int sys)
{
	struct noon_tunnel_ke_link *l = arg;

	if (!l->is_up)
		end(l, NOON_KE_CLOSED, strerror(sys));
	else if (l->is_ending)
		conclude(l);
	else
		feed(l, noon_bytes_of(NULL, 0));
}

static void on_timer(void *arg)
{
	struct noon_tunnel_ke_link *l = arg;

	if (!l->is_up) {
		end(l, NOON_KE_TIMEOUT, "connecting took too long");
		return;
	}
	if (l->is_ending) {
		conclude(l);
		return;
	}
	noon_tunnel_ke_on_timer(&l->machine, noon_mono_now(), &l->actions);
	pump(l);
}

static void begin(void *arg)
{
	struct noon_tunnel_ke_link *l = arg;
	const noon_err err = noon_tunnel_ke_init(&l->machine, &l->conf, noon_mono_now());

	if (err) {
		end(l, NOON_KE_INTERNAL, noon_err_text(err));
		return;
	}
	l->is_up = true;
	noon_tunnel_ke_on_timer(&l->machine, noon_mono_now(), &l->actions);
	pump(l);
}

static void prepare(struct noon_tunnel_ke_link *l, struct noon_loop *loop,
		    const struct noon_tunnel_ke_conf *conf, const struct noon_tunnel_ke_host *host)
{
	assert(!l->busy);
	memset(l, 0, sizeof(*l));
	l->loop = loop;
	l->host = *host;
	l->conf = *conf;
	l->busy = true;
	l->began = noon_mono_now();
	l->timer = (struct noon_timer){.fire = on_timer, .arg = l};
	l->tcp.on_open = begin;
	l->tcp.on_data = on_data;
	l->tcp.on_end = on_end;
	l->tcp.arg = l;
	l->tcp.watch.fd = -1;
	noon_actions_reset(&l->actions);
}

void noon_tunnel_ke_link_ask(struct noon_tunnel_ke_link *l, struct noon_loop *loop,
			     const struct noon_tunnel_ke_conf *conf,
			     const struct noon_tunnel_ke_host *host, const struct noon_addr *local,
			     const struct noon_addr *peer)
{
	int sys = 0;

	prepare(l, loop, conf, host);
	noon_loop_arm(loop, &l->timer, CONNECT_LIMIT);
	if (noon_tcp_connect_from(&l->tcp, loop, local, peer, &sys))
		end(l, NOON_KE_CLOSED, strerror(sys));
}

void noon_tunnel_ke_link_answer(struct noon_tunnel_ke_link *l, struct noon_loop *loop,
				const struct noon_tunnel_ke_conf *conf,
				const struct noon_tunnel_ke_host *host, int fd)
{
	prepare(l, loop, conf, host);
	if (noon_tcp_take(&l->tcp, loop, fd))
		end(l, NOON_KE_INTERNAL, "out of descriptors");
	else
		begin(l);
}
