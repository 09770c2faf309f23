/* SPDX-License-Identifier: Apache-2.0
 *
 * The transmitter declares the attack: its word at the receiver, and the receiver's time under its
 * audit. One transmitter (node 0) with a watch, one receiver (node 1), keys on both.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ptp_world.h"

#define KEYS                                              \
	"[security_association]\nspp 1\nseqid_window 3\n" \
	"1 SHA256-128 HEX:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"

/* Served with an error of 30 ns and a claim of 100. */
#define ERROR 30
#define CLAIM 100

static uint32_t watched;

static struct net *pair(bool unicast, double ppm)
{
	static const uint8_t id[] = {0, 0, 0, 0xff, 0xfe, 0, 0, 2};
	struct net *n = net_new(11);
	struct noon_ptp_transmitter_conf t = noon_ptp_transmitter_conf_default();
	struct noon_ptp_receiver_conf r = noon_ptp_receiver_conf_default();

	t.log_announce = r.log_announce = 0;
	t.log_sync = r.log_sync = -3;
	t.log_delay = r.log_delay = -3;
	t.multicast = !unicast;
	r.unicast = unicast;
	r.peer = net_peer(0);
	r.duration_s = 60;
	(void)net_transmitter(n, t, ERROR, KEYS);
	(void)net_receiver(n, r, ppm, KEYS);
	net_serve(n, 0, CLAIM);
	assert_int_equal(noon_ptp_transmitter_watch(&n->node[0].tx, id, &watched), NOON_OK);
	return n;
}

static const struct noon_ptp_audit *audit(const struct net *n)
{
	return &n->node[0].tx.watched[watched].audit;
}

static void declare(struct net *n, enum noon_ptp_guard_word word, uint8_t reasons)
{
	noon_ptp_transmitter_set_verdict(&n->node[0].tx, watched, (uint8_t)word, reasons);
}

static bool knows(struct net *n)
{
	return net_reading(n, 1).findings >> NOON_FINDING_PEER_ALARM & 1;
}

static bool delay_sync(struct net *n, struct packet *p)
{
	if ((p->data[0] & 15) == NOON_PTP_SYNC)
		p->at = noon_time_add(p->at, (noon_dur)n->knob);
	return true;
}

static bool delay_request(struct net *n, struct packet *p)
{
	if ((p->data[0] & 15) == NOON_PTP_DELAY_REQ)
		p->at = noon_time_add(p->at, (noon_dur)n->knob);
	return true;
}

static bool drop_response(struct net *n, struct packet *p)
{
	(void)n;
	return (p->data[0] & 15) != NOON_PTP_DELAY_RESP;
}

/* The verdict of the echo, and its reasons, changed on the way. */
static bool forge_echo(struct net *n, struct packet *p)
{
	(void)n;
	if ((p->data[0] & 15) == NOON_PTP_DELAY_RESP && p->n > 74) {
		p->data[72] ^= 2;
		p->data[73] ^= 1;
	}
	return true;
}

static bool drop_all(struct net *n, struct packet *p)
{
	(void)n;
	(void)p;
	return false;
}

/* Whatever the path does, an honest receiver's claim is never called false: with no minima, and
 * with the tightest there can be. */
static void honest_claims_are_never_false(void **state)
{
	static const double delays[] = {0, 10e3, 50e3, 500e3};
	meddle_fn *const ways[] = {delay_sync, delay_request};

	(void)state;
	for (unsigned i = 0; i < 16; i++) {
		struct net *n = pair(i & 1, i & 4 ? 25.0 : -25.0);

		if (i & 2)
			noon_ptp_transmitter_set_minima(&n->node[0].tx, watched, n->delay,
							n->delay);
		n->knob = delays[i % 4];
		n->meddle = ways[i / 8];
		net_run(n, 40);
		n->meddle = i & 8 ? drop_all : NULL;
		net_run(n, 30);
		n->meddle = ways[1 - i / 8];
		net_run(n, 30);
		assert_true(audit(n)->n > 200);
		assert_int_equal(audit(n)->n_false, 0);
		assert_int_equal(audit(n)->state, NOON_PTP_AUDIT_HOLDS);
		assert_true(audit(n)->lower <= audit(n)->upper);
		assert_int_equal(n->node[0].findings, 0);
		assert_int_equal(n->node[1].violations, 0);
		assert_false(knows(n));
		net_free(n);
	}
}

/* As when another source lied to it: off by more than a round trip, either way. */
static void clock_that_went_astray_is_found(void **state)
{
	static const noon_dur off[] = {NOON_US(200), -NOON_US(200), NOON_S(3600)};

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		struct net *n = pair(i & 1, 8.0);

		net_run(n, 40);
		assert_int_equal(net_reading(n, 1).state, NOON_STATE_OK);
		n->node[1].astray = off[i / 2];
		net_run(n, 3);
		assert_int_equal(n->node[0].findings, 1);
		assert_int_equal(audit(n)->state, NOON_PTP_AUDIT_FALSE);
		/* The claim is late: reference - local is negative, and not by more than it is. */
		assert_true(off[i / 2] > 0 ? audit(n)->upper < 0 : audit(n)->lower > 0);
		assert_true(audit(n)->lower - NOON_US(50) <= -off[i / 2] &&
			    -off[i / 2] <= audit(n)->upper + NOON_US(50));
		/* And it is told so. */
		assert_true(knows(n));
		assert_int_equal(net_reading(n, 1).state, NOON_STATE_ALARM);
		n->node[1].astray = 0;
		net_run(n, 30);
		assert_int_equal(audit(n)->state, NOON_PTP_AUDIT_HOLDS);
		assert_int_equal(net_reading(n, 1).state, NOON_STATE_OK);
		net_free(n);
	}
}

static void word_of_the_transmitter_is_an_alarm_until_it_ends(void **state)
{
	(void)state;
	for (unsigned unicast = 0; unicast < 2; unicast++) {
		struct net *n = pair(unicast, 8.0);

		declare(n, NOON_PTP_GUARD_WATCHING, 0);
		net_run(n, 40);
		assert_false(n->node[1].alarmed);
		declare(n, NOON_PTP_GUARD_ALARM, NOON_PTP_REASON_DELAYED);
		net_run(n, 1);
		assert_true(knows(n));
		assert_int_equal(net_reading(n, 1).state, NOON_STATE_ALARM);
		net_run(n, 60);
		assert_int_equal(net_reading(n, 1).state, NOON_STATE_ALARM);
		/* Quiet again, but the attacker lets nobody hear it: for seconds, for long. */
		declare(n, NOON_PTP_GUARD_WATCHING, 0);
		n->meddle = drop_response;
		net_run(n, 20);
		assert_true(knows(n));
		n->meddle = drop_all;
		net_run(n, 60);
		assert_int_equal(n->node[1].rx.state, NOON_PTP_LISTENING);
		n->meddle = forge_echo;
		net_run(n, 20);
		assert_true(knows(n));
		n->meddle = NULL;
		net_run(n, 40);
		assert_false(knows(n));
		assert_int_equal(net_reading(n, 1).state, NOON_STATE_OK);
		assert_int_equal(n->node[1].violations, 0);
		net_free(n);
	}
}

static void forged_word_is_no_alarm(void **state)
{
	struct net *n = pair(true, 8.0);

	(void)state;
	declare(n, NOON_PTP_GUARD_WATCHING, 0);
	net_run(n, 40);
	n->meddle = forge_echo; /* watching becomes alarm */
	net_run(n, 5);
	assert_true(net_verdict(n, 1, NOON_VERDICT_AUTH) > 10);
	assert_false(knows(n));
	assert_false(n->node[1].alarmed);
	net_free(n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(honest_claims_are_never_false),
		cmocka_unit_test(clock_that_went_astray_is_found),
		cmocka_unit_test(word_of_the_transmitter_is_an_alarm_until_it_ends),
		cmocka_unit_test(forged_word_is_no_alarm),
	};

	return cmocka_run_group_tests_name("scenario/ptp_declared", tests, NULL, NULL);
}
