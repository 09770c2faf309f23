/* SPDX-License-Identifier: Apache-2.0 */
#include "link/ptp_receiver_link.h"

#include <string.h>

static void arm(struct noon_ptp_receiver_link *l)
{
	const noon_time deadline = noon_ptp_receiver_deadline(&l->machine);

	if (noon_time_is_never(deadline)) {
		noon_loop_disarm(&l->timer);
		return;
	}
	noon_loop_arm(l->loop, &l->timer, noon_time_diff(deadline, noon_clock_now(l->clock)));
}

static void carry_out(struct noon_ptp_receiver_link *l, const struct noon_action *a)
{
	switch (a->kind) {
	case NOON_ACTION_SEND:
		noon_ptp_link_send(l->port, &l->user, a);
		break;
	case NOON_ACTION_SAMPLE:
		l->on_sample(l->arg, &a->sample);
		break;
	case NOON_ACTION_MISS:
		l->on_miss(l->arg);
		break;
	case NOON_ACTION_DECLARE:
		if (l->on_declared != NULL)
			l->on_declared(l->arg, &a->declared);
		break;
	case NOON_ACTION_FINDING:
	case NOON_ACTION_CONNECT:
	case NOON_ACTION_ARM:
	case NOON_ACTION_CLOSE:
		break;
	}
}

/* The owner's callbacks may come back here; what they cause is carried out by the outer call. */
static void pump(struct noon_ptp_receiver_link *l)
{
	if (l->pumping)
		return;
	l->pumping = true;
	while (l->actions.n > 0) {
		noon_actions_move(&l->doing, &l->actions);
		for (size_t i = 0; i < l->doing.n; i++)
			carry_out(l, &l->doing.a[i]);
	}
	l->pumping = false;
	arm(l);
}

static void on_packet(void *arg, const struct noon_ptp_arrival *a)
{
	struct noon_ptp_receiver_link *l = arg;
	struct noon_rx rx = {.data = a->data, .now = noon_clock_now(l->clock), .peer = a->peer};

	rx.at = rx.now;
	if (a->stamp != NOON_STAMP_USER &&
	    noon_clock_from_stamp(l->clock, &a->since, a->real_ns, &rx.at, &rx.stamp_err) ==
		    NOON_OK) {
		rx.stamp = a->stamp;
		rx.stamp_err = noon_sat_add(rx.stamp_err, a->err);
	}
	noon_ptp_receiver_on_packet(&l->machine, &rx, &l->actions);
	pump(l);
}

static void on_sent(void *arg, const struct noon_ptp_departure *d)
{
	struct noon_ptp_receiver_link *l = arg;
	noon_time sent;
	noon_dur err;

	if (noon_clock_from_stamp(l->clock, &d->since, d->real_ns, &sent, &err))
		return;
	/* Earlier is safe: it can only widen the interval. */
	noon_ptp_receiver_on_sent(&l->machine, d->token,
				  noon_time_add(sent, -noon_sat_add(err, d->err)), d->stamp,
				  &l->actions);
	pump(l);
}

static void on_timer(void *arg)
{
	noon_ptp_receiver_link_kick(arg);
}

void noon_ptp_receiver_link_kick(struct noon_ptp_receiver_link *l)
{
	noon_ptp_receiver_on_timer(&l->machine, noon_clock_now(l->clock), &l->actions);
	pump(l);
}

noon_err noon_ptp_receiver_link_init(struct noon_ptp_receiver_link *l, struct noon_ptp_link *port,
				     struct noon_clock *clock,
				     const struct noon_ptp_receiver_conf *conf)
{
	const noon_err err = noon_ptp_receiver_init(&l->machine, conf, noon_clock_now(clock));

	if (err)
		return err;
	l->loop = port->loop;
	l->clock = clock;
	l->port = port;
	l->timer = (struct noon_timer){.fire = on_timer, .arg = l};
	l->user = (struct noon_ptp_user){.on_packet = on_packet, .on_sent = on_sent, .arg = l};
	noon_actions_reset(&l->actions);
	return noon_ptp_link_attach(port, &l->user);
}

void noon_ptp_receiver_link_start(struct noon_ptp_receiver_link *l, const struct noon_addr *peer)
{
	if (peer != NULL) {
		const struct noon_peer key = noon_ptp_peer_of(peer);

		if (!noon_peer_equal(&key, &l->machine.conf.peer))
			noon_ptp_receiver_forget(&l->machine, noon_clock_now(l->clock));
		l->machine.conf.peer = key;
	}
	noon_ptp_receiver_link_kick(l);
}

void noon_ptp_receiver_link_forget(struct noon_ptp_receiver_link *l)
{
	noon_ptp_receiver_forget(&l->machine, noon_clock_now(l->clock));
	noon_ptp_receiver_link_kick(l);
}

void noon_ptp_receiver_link_fini(struct noon_ptp_receiver_link *l)
{
	if (l->port == NULL)
		return;
	noon_ptp_receiver_close(&l->machine, &l->actions);
	pump(l);
	noon_loop_disarm(&l->timer);
}
