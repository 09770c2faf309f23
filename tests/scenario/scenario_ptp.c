/* SPDX-License-Identifier: Apache-2.0
 *
 * PTP in process: both mechanisms, both steps, and every attack that the relay can make.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ptp_world.h"

#define KEYS                                              \
	"[security_association]\nspp 1\nseqid_window 3\n" \
	"1 SHA256-128 HEX:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
#define KEYS_BOTH KEYS "2 AES128 HEX:000102030405060708090a0b0c0d0e0f\n"
#define KEYS_NEW                                          \
	"[security_association]\nspp 1\nseqid_window 3\n" \
	"2 AES128 HEX:000102030405060708090a0b0c0d0e0f\n"
#define KEYS_WRONG                        \
	"[security_association]\nspp 1\n" \
	"1 SHA256-128 HEX:ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"

/* Served with an error of 30 ns and a claim of 100. */
#define ERROR 30
#define CLAIM 100

static struct noon_ptp_transmitter_conf tx_conf(void)
{
	struct noon_ptp_transmitter_conf c = noon_ptp_transmitter_conf_default();

	c.log_announce = 0;
	c.log_sync = -3;
	c.log_delay = -3;
	return c;
}

static struct noon_ptp_receiver_conf rx_conf(void)
{
	struct noon_ptp_receiver_conf c = noon_ptp_receiver_conf_default();

	c.log_announce = 0;
	c.log_sync = -3;
	c.log_delay = -3;
	return c;
}

static struct noon_ptp_receiver_conf rx_unicast(unsigned transmitter)
{
	struct noon_ptp_receiver_conf c = rx_conf();

	c.unicast = true;
	c.peer = net_peer(transmitter);
	c.duration_s = 60;
	return c;
}

/* One transmitter (node 0), one receiver (node 1) with 8 ppm. */
static struct net *pair(bool unicast, const char *tx_keys, const char *rx_keys)
{
	struct net *n = net_new(11);
	struct noon_ptp_transmitter_conf c = tx_conf();

	c.multicast = !unicast;
	c.unicast = unicast;
	(void)net_transmitter(n, c, ERROR, tx_keys);
	(void)net_receiver(n, unicast ? rx_unicast(0) : rx_conf(), 8.0, rx_keys);
	n->node[1].engine.source[0].conf.require_auth = rx_keys != NULL;
	net_serve(n, 0, CLAIM);
	return n;
}

static void assert_promises(const struct net *n)
{
	for (unsigned i = 0; i < NODES; i++) {
		assert_int_equal(n->node[i].violations, 0);
		assert_int_equal(n->node[i].harmed, 0);
	}
}

static void assert_locked(struct net *n, noon_dur bound)
{
	const struct noon_reading r = net_reading(n, 1);

	assert_int_equal(n->node[1].rx.state, NOON_PTP_SLAVE);
	assert_int_equal(r.state, NOON_STATE_OK);
	assert_true(r.bound <= bound);
	assert_promises(n);
}

static void multicast_locks_and_holds_its_bound(void **state)
{
	struct net *n = pair(false, NULL, NULL);

	(void)state;
	net_run(n, 120);
	assert_locked(n, NOON_US(25));
	/* 8 Hz, of which the first seconds go to Announces. */
	assert_in_range(n->node[1].samples, 300, 960);
	/* 40 us, less what 8 ppm make of a layover of at most 250 ms. */
	assert_in_range(n->node[1].rtt_min, 38000, 41000);
	net_free(n);
}

static void unicast_locks_and_renews_its_grants(void **state)
{
	struct net *n = pair(true, NULL, NULL);

	(void)state;
	net_run(n, 400);
	assert_locked(n, NOON_US(25));
	assert_in_range(n->node[1].samples, 3100, 3200);
	assert_int_equal(noon_ptp_transmitter_clients(&n->node[0].tx), 1);
	assert_int_equal(n->node[1].rx.n_parents, 1);
	net_free(n);
}

static void one_step_is_taken_and_sent(void **state)
{
	struct net *n = net_new(3);
	struct noon_ptp_transmitter_conf c = tx_conf();

	(void)state;
	c.one_step = true;
	(void)net_transmitter(n, c, ERROR, KEYS);
	(void)net_receiver(n, rx_conf(), -20.0, KEYS);
	net_serve(n, 0, CLAIM);
	net_run(n, 60);
	assert_locked(n, NOON_US(30));
	assert_int_equal(n->seen[NOON_PTP_FOLLOW_UP], 0);
	net_free(n);
}

static void nothing_is_granted_to_more_than_the_limit(void **state)
{
	struct net *n = net_new(4);
	struct noon_ptp_transmitter_conf c = tx_conf();

	(void)state;
	c.grants_max = 1;
	(void)net_transmitter(n, c, 0, NULL);
	(void)net_receiver(n, rx_unicast(0), 0.0, NULL);
	(void)net_receiver(n, rx_unicast(0), 0.0, NULL);
	net_serve(n, 0, CLAIM);
	net_run(n, 30);
	assert_int_equal((n->node[1].samples > 0) + (n->node[2].samples > 0), 1);
	assert_true(n->node[0].tx.n_denied > 0);
	assert_true(n->node[1].rx.lease[0].denied || n->node[2].rx.lease[0].denied);
	net_free(n);
}

static bool drop_signaling(struct net *n, struct packet *p)
{
	(void)n;
	return (p->data[0] & 15) != NOON_PTP_SIGNALING;
}

static void grants_end_when_nobody_renews(void **state)
{
	struct net *n = pair(true, NULL, NULL);
	uint64_t samples;

	(void)state;
	net_run(n, 20);
	n->meddle = drop_signaling;
	net_run(n, 80);
	samples = n->node[1].samples;
	assert_int_equal(noon_ptp_transmitter_clients(&n->node[0].tx), 0);
	assert_int_equal(n->node[1].rx.state, NOON_PTP_LISTENING);
	net_run(n, 20);
	assert_int_equal(n->node[1].samples, samples);
	n->meddle = NULL;
	net_run(n, 100);
	assert_true(n->node[1].samples > samples);
	assert_promises(n);
	net_free(n);
}

static void authentication_works_in_every_mode(void **state)
{
	(void)state;
	for (int unicast = 0; unicast < 2; unicast++) {
		struct net *n = pair(unicast, KEYS, KEYS);

		net_run(n, 60);
		assert_locked(n, NOON_US(30));
		assert_int_equal(net_verdict(n, 1, NOON_VERDICT_REPLAY), 0);
		assert_int_equal(net_verdict(n, 0, NOON_VERDICT_REPLAY), 0);
		net_free(n);
	}
}

static void mixed_traffic_in_one_domain_is_not_replay(void **state)
{
	struct net *n = net_new(5);

	(void)state;
	(void)net_transmitter(n, tx_conf(), ERROR, KEYS);
	(void)net_receiver(n, rx_conf(), 8.0, KEYS);
	(void)net_receiver(n, rx_unicast(0), -8.0, KEYS);
	net_serve(n, 0, CLAIM);
	net_run(n, 100);
	assert_locked(n, NOON_US(30));
	assert_int_equal(n->node[2].rx.state, NOON_PTP_SLAVE);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(net_verdict(n, i, NOON_VERDICT_REPLAY), 0);
	net_free(n);
}

static void wrong_and_missing_keys_are_refused_and_counted(void **state)
{
	struct net *n = pair(false, KEYS_WRONG, KEYS);

	(void)state;
	net_run(n, 30);
	assert_int_equal(n->node[1].samples, 0);
	assert_true(net_verdict(n, 1, NOON_VERDICT_AUTH) > 200);
	net_free(n);
	n = pair(false, NULL, KEYS);
	net_run(n, 30);
	assert_int_equal(n->node[1].samples, 0);
	assert_true(net_verdict(n, 1, NOON_VERDICT_NO_AUTH) > 200);
	net_free(n);
	n = pair(false, KEYS_NEW, KEYS);
	net_run(n, 30);
	assert_int_equal(n->node[1].samples, 0);
	assert_true(net_verdict(n, 1, NOON_VERDICT_KEY_ID) > 200);
	net_free(n);
}

/* Messages that nodes 0 and 1 refused, for any reason. */
static uint64_t refused(const struct net *n)
{
	uint64_t sum = 0;

	for (unsigned v = NOON_VERDICT_ACCEPTED + 1; v < NOON_VERDICTS; v++)
		sum += net_verdict(n, 0, (enum noon_verdict)v) +
		       net_verdict(n, 1, (enum noon_verdict)v);
	return sum;
}

static void keys_change_without_losing_a_packet(void **state)
{
	struct net *n = pair(true, KEYS, KEYS);
	uint64_t bad;

	(void)state;
	net_run(n, 30);
	bad = refused(n);
	/* The receiver knows both first, then the transmitter uses the new one, then the old goes.
	 */
	net_keys(&n->node[1], KEYS_BOTH);
	n->node[1].rx.conf.policy.key_id = 1;
	net_run(n, 5);
	net_keys(&n->node[0], KEYS_BOTH);
	net_run(n, 5);
	n->node[1].rx.conf.policy.key_id = 0;
	net_run(n, 5);
	net_keys(&n->node[0], KEYS_NEW);
	net_keys(&n->node[1], KEYS_NEW);
	net_run(n, 30);
	bad = refused(n) - bad;
	assert_int_equal(bad, 0);
	assert_locked(n, NOON_US(30));
	net_free(n);
}

/* Every packet comes once more, a second later. */
static bool replay_all(struct net *n, struct packet *p)
{
	net_inject(n, p->from, p->to, p->data, p->n, NOON_S(1) + NOON_US(50));
	n->knob++;
	return true;
}

static void replay_of_every_type_is_refused(void **state)
{
	static const uint8_t types[] = {NOON_PTP_SYNC,	    NOON_PTP_DELAY_REQ,
					NOON_PTP_FOLLOW_UP, NOON_PTP_DELAY_RESP,
					NOON_PTP_ANNOUNCE,  NOON_PTP_SIGNALING};
	struct net *n = pair(true, KEYS, KEYS);

	(void)state;
	n->meddle = replay_all;
	net_run(n, 60);
	n->meddle = NULL;
	net_run(n, 2);
	for (size_t i = 0; i < sizeof(types); i++)
		assert_true(n->seen[types[i]] > 0);
	assert_int_equal(net_verdict(n, 0, NOON_VERDICT_REPLAY) +
				 net_verdict(n, 1, NOON_VERDICT_REPLAY),
			 (uint64_t)n->knob);
	assert_locked(n, NOON_US(30));
	net_free(n);
}

static struct packet old[64];
static size_t n_old;

static bool record(struct net *n, struct packet *p)
{
	(void)n;
	if (n_old < 64)
		old[n_old++] = *p;
	return true;
}

/* After the sequence numbers have wrapped, what was recorded is put in again and again. */
static bool play_old(struct net *n, struct packet *p)
{
	for (size_t i = 0; i < n_old; i++)
		if (noon_rng_unit(&n->rng) < 0.01)
			net_inject(n, old[i].from, old[i].to, old[i].data, old[i].n, NOON_US(5));
	(void)p;
	return true;
}

static void sequence_numbers_wrap_and_old_messages_stay_old(void **state)
{
	struct net *n = net_new(6);
	struct noon_ptp_transmitter_conf tc = tx_conf();
	struct noon_ptp_receiver_conf rc;
	uint64_t before;

	(void)state;
	n_old = 0;
	rc = rx_unicast(0);
	rc.log_sync = rc.log_delay = -7;
	rc.duration_s = 300;
	(void)net_transmitter(n, tc, ERROR, KEYS);
	(void)net_receiver(n, rc, 5.0, KEYS);
	net_serve(n, 0, CLAIM);
	net_run(n, 10);
	n->meddle = record;
	net_run(n, 1);
	n->meddle = NULL;
	net_run(n, 460);
	before = n->node[1].samples;
	n->meddle = play_old;
	net_run(n, 100);
	n->meddle = NULL;
	/* 65536 / 128 = 512 s: the wrap lies behind. */
	assert_true(n->node[1].samples - before > 12000);
	assert_true(net_verdict(n, 1, NOON_VERDICT_REPLAY) > 1000);
	assert_locked(n, NOON_US(30));
	net_free(n);
}

static bool tamper(struct net *n, struct packet *p)
{
	(void)n;
	p->data[8 + 4] ^= 1; /* correctionField, 65536 ns */
	return true;
}

static void tampered_correction_is_refused(void **state)
{
	struct net *n = pair(false, KEYS, KEYS);
	uint64_t samples;

	(void)state;
	net_run(n, 30);
	samples = n->node[1].samples;
	n->meddle = tamper;
	net_run(n, 30);
	assert_int_equal(n->node[1].samples, samples);
	assert_true(net_verdict(n, 1, NOON_VERDICT_AUTH) > 100);
	assert_promises(n);
	net_free(n);
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

static void delays_one_way_never_break_the_bound(void **state)
{
	static const double delays[] = {10e3, 50e3, 500e3};
	meddle_fn *const ways[] = {delay_sync, delay_request};

	(void)state;
	for (unsigned way = 0; way < 2; way++)
		for (unsigned i = 0; i < 3; i++) {
			struct net *n = pair(i == 1, KEYS, KEYS);

			net_run(n, 60);
			n->meddle = ways[way];
			n->knob = delays[i];
			net_run(n, 300);
			assert_promises(n);
			/* And from the start, when nothing better is known. */
			net_free(n);
			n = pair(i == 1, KEYS, KEYS);
			n->meddle = ways[way];
			n->knob = delays[i];
			net_run(n, 100);
			assert_promises(n);
			net_free(n);
		}
}

static void rogue_transmitter_is_nobody(void **state)
{
	struct net *n = pair(false, KEYS, KEYS);
	struct noon_ptp_transmitter_conf c = tx_conf();

	(void)state;
	c.priority1 = 1;
	c.always = true;
	(void)net_transmitter(n, c, NOON_MS(50), KEYS_WRONG);
	net_serve(n, 2, 1);
	net_run(n, 60);
	assert_int_equal(n->node[1].rx.parent.clock[7], 1);
	assert_int_equal(noon_ptp_transmitter_state_of(&n->node[0].tx, (noon_time){0}),
			 NOON_PTP_MASTER);
	assert_locked(n, NOON_US(30));
	net_free(n);
}

static void only_acceptable_transmitters_are_used(void **state)
{
	struct net *n = net_new(9);
	struct noon_ptp_transmitter_conf c = tx_conf();
	struct noon_ptp_receiver_conf r = rx_conf();

	(void)state;
	r.n_acceptable = 1;
	memcpy(r.acceptable[0], (const uint8_t[]){0, 0, 0, 0xff, 0xfe, 0, 0, 1}, 8);
	c.always = true;
	(void)net_transmitter(n, c, ERROR, NULL);
	(void)net_receiver(n, r, 8.0, NULL);
	c.priority1 = 1;
	(void)net_transmitter(n, c, NOON_MS(50), NULL);
	net_serve(n, 0, CLAIM);
	net_serve(n, 2, 1);
	net_run(n, 60);
	assert_int_equal(n->node[1].rx.parent.clock[7], 1);
	assert_true(net_verdict(n, 1, NOON_VERDICT_DENIED) > 10);
	assert_locked(n, NOON_US(30));
	net_free(n);
}

static bool silence_of_1(struct net *n, struct packet *p)
{
	(void)n;
	return p->from != 0;
}

static void best_transmitter_wins_and_is_replaced(void **state)
{
	struct net *n = net_new(10);
	struct noon_ptp_transmitter_conf c = tx_conf();

	(void)state;
	c.priority1 = 10;
	(void)net_transmitter(n, c, ERROR, NULL);
	(void)net_receiver(n, rx_conf(), 8.0, NULL);
	c.priority1 = 20;
	(void)net_transmitter(n, c, -ERROR, NULL);
	net_serve(n, 0, CLAIM);
	net_serve(n, 2, CLAIM);
	net_run(n, 30);
	assert_int_equal(n->node[1].rx.parent.clock[7], 1);
	assert_int_equal(noon_ptp_transmitter_state_of(&n->node[2].tx,
						       noon_time_add(n->t, -1790000000000000000)),
			 NOON_PTP_PASSIVE);
	assert_locked(n, NOON_US(30));
	n->meddle = silence_of_1;
	net_run(n, 30);
	assert_int_equal(n->node[1].rx.parent.clock[7], 3);
	assert_locked(n, NOON_US(30));
	n->meddle = NULL;
	net_run(n, 30);
	assert_int_equal(n->node[1].rx.parent.clock[7], 1);
	assert_promises(n);
	net_free(n);
}

static bool drop_follow_up(struct net *n, struct packet *p)
{
	(void)n;
	return (p->data[0] & 15) != NOON_PTP_FOLLOW_UP;
}

static void lost_follow_ups_are_misses_not_time(void **state)
{
	struct net *n = pair(true, KEYS, KEYS);
	uint64_t samples, misses;

	(void)state;
	net_run(n, 30);
	samples = n->node[1].samples;
	misses = n->node[1].misses;
	n->meddle = drop_follow_up;
	net_run(n, 20);
	assert_true(n->node[1].samples <= samples + 1);
	assert_true(n->node[1].misses >= misses + 10);
	assert_true(net_verdict(n, 1, NOON_VERDICT_STAMP) > 100);
	assert_int_equal(net_reading(n, 1).state, NOON_STATE_HOLDOVER);
	assert_promises(n);
	net_free(n);
}

static bool early_follow_up(struct net *n, struct packet *p)
{
	(void)n;
	if ((p->data[0] & 15) == NOON_PTP_SYNC)
		p->at = noon_time_add(p->at, NOON_US(200));
	return true;
}

static void follow_up_may_overtake_its_sync(void **state)
{
	struct net *n = pair(false, KEYS, KEYS);

	(void)state;
	n->meddle = early_follow_up;
	net_run(n, 60);
	assert_true(n->node[1].samples > 100);
	assert_int_equal(net_verdict(n, 1, NOON_VERDICT_REPLAY), 0);
	assert_promises(n);
	net_free(n);
}

static void missing_stamps_of_departure_cost_width_only(void **state)
{
	struct net *n = pair(true, NULL, NULL);

	(void)state;
	n->node[1].no_stamps = true;
	net_run(n, 60);
	assert_locked(n, NOON_US(30));
	assert_true(net_verdict(n, 1, NOON_VERDICT_STAMP) > 300);
	net_free(n);
	n = pair(true, NULL, NULL);
	n->node[0].no_stamps = true;
	net_run(n, 60);
	assert_int_equal(n->node[1].samples, 0);
	assert_true(n->node[0].tx.n_no_stamp > 100);
	net_free(n);
}

static void unfit_transmitter_gives_no_time(void **state)
{
	struct net *n = pair(false, NULL, NULL);
	struct noon_ptp_quality q = n->node[0].tx.quality;
	uint64_t samples;

	(void)state;
	net_run(n, 30);
	samples = n->node[1].samples;
	assert_true(samples > 50);
	q.valid = false;
	noon_ptp_transmitter_set_quality(&n->node[0].tx, &q, n->t);
	net_run(n, 30);
	assert_true(n->node[1].samples <= samples + 1);
	assert_promises(n);
	net_free(n);
}

static void wrong_utc_offset_is_refused(void **state)
{
	struct net *n = pair(false, NULL, NULL);

	(void)state;
	noon_ptp_receiver_set_tai(&n->node[1].rx, true, TAI - 1);
	net_run(n, 30);
	assert_int_equal(n->node[1].samples, 0);
	assert_true(net_verdict(n, 1, NOON_VERDICT_TIMESCALE) > 50);
	net_free(n);
}

/* At midnight of an inserted second: the transmitter counts 38 from then on, we learn it a second
 * late. */
static void leap_second_is_passed_over(void **state)
{
	struct net *n = pair(false, NULL, NULL);
	const int64_t day = INT64_C(86400) * NOON_NS_PER_SEC;
	struct noon_ptp_quality q;
	uint64_t samples;
	double left;

	(void)state;
	left = (double)(day - n->t.ns % day) * 1e-9;
	n->t = noon_time_add(n->t, noon_dur_from_s(left - 60));
	net_run(n, 30);
	q = n->node[0].tx.quality;
	q.leap = NOON_LEAP_INSERT;
	noon_ptp_transmitter_set_quality(&n->node[0].tx, &q, n->t);
	net_run(n, 5);
	samples = n->node[1].samples;
	assert_true(samples > 50);
	net_run(n, 24.5);
	/* Half a second before midnight nothing has been measured for a while. */
	assert_true(net_verdict(n, 1, NOON_VERDICT_TIMESCALE) > 10);
	assert_int_equal(n->node[1].violations, 0);
	net_free(n);
}

static void transmitter_measures_the_round_trip_itself(void **state)
{
	struct net *n = pair(true, KEYS, KEYS);
	const uint8_t id[] = {0, 0, 0, 0xff, 0xfe, 0, 0, 2};
	uint32_t index;

	(void)state;
	assert_int_equal(noon_ptp_transmitter_watch(&n->node[0].tx, id, &index), NOON_OK);
	n->node[0].rtt_min = NOON_DUR_MAX;
	net_run(n, 60);
	assert_in_range(n->node[0].samples, n->node[1].samples - 3, n->node[1].samples);
	/* Both saw the same round trips, but for 8 ppm of a layover and the stamps' errors. */
	assert_in_range(n->node[0].rtt_min, n->node[1].rtt_min - 40, n->node[1].rtt_min + 40);
	assert_in_range(n->node[0].rtt_max, n->node[1].rtt_max - 40, n->node[1].rtt_max + 40);
	noon_ptp_transmitter_set_verdict(&n->node[0].tx, index, 2, 0);
	noon_ptp_receiver_set_verdict(&n->node[1].rx, 1);
	net_run(n, 2);
	assert_int_equal(n->node[1].rx.peer_verdict, 2);
	assert_int_equal(n->node[0].tx.watched[index].its_verdict, 1);
	assert_locked(n, NOON_US(30));
	net_free(n);
}

/* A receiver that reports to who does not take reports would be refused by others. */
static void nobody_is_sent_what_it_did_not_ask_for(void **state)
{
	struct net *n = pair(false, NULL, NULL);
	struct noon_ptp_message m;
	bool seen = false;

	(void)state;
	net_run(n, 10);
	for (unsigned i = 0; i < PACKETS; i++)
		if (noon_ptp_get(noon_bytes_of(n->packet[i].data, n->packet[i].n), &m) == NOON_OK) {
			assert_int_equal(m.tlvs.n, 0);
			seen = true;
		}
	assert_true(seen);
	net_free(n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(multicast_locks_and_holds_its_bound),
		cmocka_unit_test(unicast_locks_and_renews_its_grants),
		cmocka_unit_test(one_step_is_taken_and_sent),
		cmocka_unit_test(nothing_is_granted_to_more_than_the_limit),
		cmocka_unit_test(grants_end_when_nobody_renews),
		cmocka_unit_test(authentication_works_in_every_mode),
		cmocka_unit_test(mixed_traffic_in_one_domain_is_not_replay),
		cmocka_unit_test(wrong_and_missing_keys_are_refused_and_counted),
		cmocka_unit_test(keys_change_without_losing_a_packet),
		cmocka_unit_test(replay_of_every_type_is_refused),
		cmocka_unit_test(sequence_numbers_wrap_and_old_messages_stay_old),
		cmocka_unit_test(tampered_correction_is_refused),
		cmocka_unit_test(delays_one_way_never_break_the_bound),
		cmocka_unit_test(rogue_transmitter_is_nobody),
		cmocka_unit_test(only_acceptable_transmitters_are_used),
		cmocka_unit_test(best_transmitter_wins_and_is_replaced),
		cmocka_unit_test(lost_follow_ups_are_misses_not_time),
		cmocka_unit_test(follow_up_may_overtake_its_sync),
		cmocka_unit_test(missing_stamps_of_departure_cost_width_only),
		cmocka_unit_test(unfit_transmitter_gives_no_time),
		cmocka_unit_test(wrong_utc_offset_is_refused),
		cmocka_unit_test(leap_second_is_passed_over),
		cmocka_unit_test(transmitter_measures_the_round_trip_itself),
		cmocka_unit_test(nobody_is_sent_what_it_did_not_ask_for),
	};

	return cmocka_run_group_tests_name("scenario/ptp", tests, NULL, NULL);
}
