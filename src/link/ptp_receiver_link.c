/* SPDX-License-Identifier: Apache-2.0 */
#include "link/ptp_receiver_link.h"

#include <string.h>

static void arm(void *arg)
{
	struct noon_ptp_receiver_link *l = arg;
	const noon_time deadline = noon_ptp_receiver_deadline(&l->machine);

	if (noon_time_is_never(deadline)) {
		noon_loop_disarm(&l->timer);
		return;
	}
	noon_loop_arm(l->loop, &l->timer, noon_time_diff(deadline, noon_clock_now(l->clock)));
}

static void carry_out(void *arg, const struct noon_action *a)
{
	struct noon_ptp_receiver_link *l = arg;

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

static void on_packet(void *arg, const struct noon_ptp_arrival *a)
{
	struct noon_ptp_receiver_link *l = arg;
	struct noon_rx rx = {.data = a->data, .now = noon_clock_now(l->clock), .peer = a->peer};

	noon_stamp_arrival(l->clock, &a->stamp, &rx);
	noon_ptp_receiver_on_packet(&l->machine, &rx, &l->pump.wanted);
	noon_pump_run(&l->pump);
}

static void on_sent(void *arg, const struct noon_ptp_departure *d)
{
	struct noon_ptp_receiver_link *l = arg;
	noon_time sent;

	if (noon_stamp_departure(l->clock, &d->stamp, &sent))
		return;
	noon_ptp_receiver_on_sent(&l->machine, d->token, sent, d->stamp.kind, &l->pump.wanted);
	noon_pump_run(&l->pump);
}

static void on_timer(void *arg)
{
	noon_ptp_receiver_link_kick(arg);
}

void noon_ptp_receiver_link_kick(struct noon_ptp_receiver_link *l)
{
	struct noon_ptp_egress egress;
	struct noon_instant at;

	if (noon_ptp_receiver_asks(&l->machine,
				   noon_time_add(noon_clock_now(l->clock), NOON_PTP_LINK_AT_ONCE)))
		noon_ptp_link_warm_up(l->port);
	egress = noon_ptp_link_egress(l->port, NOON_PTP_DELAY_REQ);
	at = noon_instant_now();

	noon_ptp_receiver_set_egress(&l->machine, &egress);
	noon_ptp_link_read(l->port, &at);
	noon_ptp_receiver_on_timer(&l->machine, noon_clock_now(l->clock), &l->pump.wanted);
	noon_pump_run(&l->pump);
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
	noon_pump_init(&l->pump, carry_out, arm, l);
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
	noon_ptp_receiver_close(&l->machine, &l->pump.wanted);
	noon_pump_run(&l->pump);
	noon_loop_disarm(&l->timer);
}
