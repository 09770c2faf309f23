/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "crypto/aead.h"
#include "proto/tunnel/tunnel_plan.h"
#include "tunnel_ends.h"

#define STEPS_MAX 16

/* An end whose packets the kernel seals, and one that does so itself. Too large for a stack. */
static struct world {
	struct noon_tunnel kernels;
	struct noon_tunnel peer;
	struct noon_tunnel_plan plan;
	struct noon_tunnel_step done[STEPS_MAX];
	size_t n;
	bool disk_is_full;
	struct noon_rng rng;
	noon_time now;
	uint8_t room[NOON_TUNNEL_PACKET_MAX];
	struct noon_actions out;
} w;

static struct noon_tunnel_conf conf_of(bool is_initiator, uint64_t first)
{
	struct noon_tunnel_conf c = tunnel_end(is_initiator, first);

	c.by_kernel = is_initiator;
	c.packets = 100;
	return c;
}

static void begin(uint64_t first, uint64_t peer_first)
{
	const struct noon_tunnel_conf mine = conf_of(true, first);
	const struct noon_tunnel_conf peers = conf_of(false, peer_first);

	assert_int_equal(noon_tunnel_init(&w.kernels, &mine, w.now, &w.rng), NOON_OK);
	assert_int_equal(noon_tunnel_init(&w.peer, &peers, w.now, &w.rng), NOON_OK);
}

static int set_up(void **state)
{
	(void)state;
	memset(&w, 0, sizeof(w));
	w.rng = noon_rng_seeded(20261130);
	w.now = (noon_time){NOON_S(1000)};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	noon_tunnel_fini(&w.kernels);
	noon_tunnel_fini(&w.peer);
	return 0;
}

/* What the owner does after each call. */
static void reserve(struct noon_tunnel *t)
{
	const uint64_t epoch = noon_tunnel_wants_reserved(t);

	if (epoch > 0 && !w.disk_is_full)
		noon_tunnel_reserved(t, epoch);
}

static void settle(void)
{
	w.n = 0;
	for (;;) {
		const struct noon_tunnel_step s = noon_tunnel_plan_step(&w.plan, &w.kernels, w.now);

		reserve(&w.kernels);
		if (s.kind == NOON_TUNNEL_STEP_NONE)
			return;
		assert_true(w.n < STEPS_MAX);
		w.done[w.n++] = s;
		noon_tunnel_plan_done(&w.plan, &s, w.now);
	}
}

static void wait_s(int seconds)
{
	for (int i = 0; i < seconds; i++) {
		w.now = noon_time_add(w.now, NOON_S(1));
		noon_actions_reset(&w.out);
		noon_tunnel_on_timer(&w.kernels, w.now, &w.out);
		assert_int_equal(w.out.n, 0); /* it sends nothing of its own */
		reserve(&w.kernels);
	}
}

static bool did(enum noon_tunnel_step_kind kind, bool inbound, uint64_t epoch)
{
	for (size_t i = 0; i < w.n; i++)
		if (w.done[i].kind == kind && w.done[i].inbound == inbound &&
		    w.done[i].epoch == epoch)
			return true;
	return false;
}

static size_t slot_of(bool inbound, uint64_t epoch)
{
	const size_t n = inbound ? NOON_TUNNEL_PLAN_IN : NOON_TUNNEL_PLAN_OUT;

	for (size_t i = 0; i < n; i++)
		if ((inbound ? w.plan.in : w.plan.out)[i].epoch == epoch)
			return i;
	fail_msg("the kernel has no such association");
	return n;
}

static void count(bool inbound, uint64_t epoch, uint64_t packets)
{
	const struct noon_tunnel_count c = {
		.packets = packets, .bytes = 100 * packets, .top = packets};

	noon_tunnel_plan_counted(&w.plan, &w.kernels, inbound, slot_of(inbound, epoch), &c, w.now);
}

/* A copy of a packet of the peer's, which the filter lets through. */
static enum noon_tunnel_verdict copy_of_peers(void)
{
	uint8_t p[NOON_TUNNEL_PACKET_MAX];
	struct noon_wr wr = noon_wr_over(p, sizeof(p));
	struct noon_tunnel_sealed sealed;
	struct noon_tunnel_datagram got;
	const struct noon_udp udp = {319, 319};
	enum noon_tunnel_verdict v;

	assert_int_equal(
		noon_tunnel_seal(&w.peer, &udp, noon_bytes_of("x", 1), w.now, &wr, &sealed),
		NOON_OK);
	const struct noon_rx rx = {.data = noon_wr_written(&wr), .at = w.now, .now = w.now};

	v = noon_tunnel_on_packet(&w.kernels, &rx, w.room, &got);
	if (v != NOON_TUNNEL_UNRESERVED)
		return v;
	reserve(&w.kernels);
	return noon_tunnel_on_packet(&w.kernels, &rx, w.room, &got);
}

static void starts_with_one_of_each(void **state)
{
	(void)state;
	begin(1, 1);
	settle();
	assert_int_equal(w.n, 4);
	assert_true(did(NOON_TUNNEL_STEP_ADD, true, 1));
	assert_true(did(NOON_TUNNEL_STEP_ADD, true, 2));
	assert_true(did(NOON_TUNNEL_STEP_ADD, false, 1));
	/* There before it is sent with. */
	assert_int_equal(w.done[2].kind, NOON_TUNNEL_STEP_ADD);
	assert_int_equal(w.done[3].kind, NOON_TUNNEL_STEP_SWITCH);
	assert_int_not_equal(w.done[0].spi, w.done[1].spi);
	assert_int_not_equal(w.done[0].spi, w.done[0].ah_spi);
	assert_true(noon_tunnel_plan_is_unheard(&w.kernels));
	settle();
	assert_int_equal(w.n, 0);
}

static void what_is_heard_is_left_to_the_kernel(void **state)
{
	uint32_t spi[NOON_TUNNEL_SPIS_MAX];

	(void)state;
	begin(1, 1);
	settle();
	assert_int_equal(noon_tunnel_spis_in(&w.kernels, spi), NOON_TUNNEL_AHEAD);
	assert_int_equal(spi[0], w.plan.in[slot_of(true, 1)].spi);
	assert_int_equal(copy_of_peers(), NOON_TUNNEL_ACCEPTED);
	assert_false(noon_tunnel_plan_is_unheard(&w.kernels));
	/* Counted by the kernel, where it was opened. */
	assert_int_equal(w.kernels.verdicts[NOON_TUNNEL_ACCEPTED], 0);
	settle();
	assert_int_equal(w.n, 0);
	assert_int_equal(noon_tunnel_spis_in(&w.kernels, spi), NOON_TUNNEL_AHEAD);
	assert_int_equal(spi[0], w.plan.in[slot_of(true, 2)].spi);
	count(true, 1, 7);
	assert_int_equal(w.kernels.verdicts[NOON_TUNNEL_ACCEPTED], 7);
}

static void follows_and_ends_the_one_before_after_the_grace(void **state)
{
	(void)state;
	begin(1, 1);
	settle();
	assert_int_equal(copy_of_peers(), NOON_TUNNEL_ACCEPTED);
	settle();
	noon_tunnel_fini(&w.peer);
	const struct noon_tunnel_conf peers = conf_of(false, 2);

	assert_int_equal(noon_tunnel_init(&w.peer, &peers, w.now, &w.rng), NOON_OK);
	assert_int_equal(copy_of_peers(), NOON_TUNNEL_ACCEPTED);
	settle();
	assert_true(did(NOON_TUNNEL_STEP_ADD, true, 3));
	assert_true(did(NOON_TUNNEL_STEP_ADD, false, 2));
	assert_true(did(NOON_TUNNEL_STEP_SWITCH, false, 2));
	/* Both are still there. */
	(void)slot_of(true, 1);
	(void)slot_of(false, 1);
	wait_s(1);
	settle();
	assert_int_equal(w.n, 1);
	assert_true(did(NOON_TUNNEL_STEP_REMOVE, false, 1));
	wait_s(2);
	settle();
	assert_int_equal(w.n, 1);
	assert_true(did(NOON_TUNNEL_STEP_REMOVE, true, 1));
}

static void refuses_numbers_that_it_has_opened_itself(void **state)
{
	(void)state;
	begin(1, 30);
	settle();
	/* The kernel has not the keys: two packets come before it gets them. */
	assert_int_equal(copy_of_peers(), NOON_TUNNEL_ACCEPTED);
	settle();
	for (size_t i = 0; i < w.n; i++)
		if (w.done[i].kind == NOON_TUNNEL_STEP_ADD && w.done[i].epoch == 30 &&
		    w.done[i].inbound) {
			assert_int_equal(w.done[i].top, 1);
			assert_int_equal(w.done[i].ah_top, 1);
		}
	assert_true(did(NOON_TUNNEL_STEP_ADD, true, 30));
	assert_true(did(NOON_TUNNEL_STEP_ADD, true, 31));
	assert_true(did(NOON_TUNNEL_STEP_REMOVE, true, 1));
	assert_true(did(NOON_TUNNEL_STEP_SWITCH, false, 30));
	assert_true(w.kernels.conf.reserved >= 31);
}

static void gives_the_kernel_nothing_that_is_not_on_disk(void **state)
{
	(void)state;
	begin(1, 1);
	w.kernels.conf.reserved = 1;
	w.disk_is_full = true;
	settle();
	assert_int_equal(copy_of_peers(), NOON_TUNNEL_ACCEPTED);
	settle();
	assert_int_equal(w.n, 0);
	count(false, 1, 100);
	wait_s(1);
	settle();
	assert_int_equal(w.n, 0);
	w.disk_is_full = false;
	wait_s(1);
	settle();
	assert_true(did(NOON_TUNNEL_STEP_ADD, true, 2));
	wait_s(1);
	settle();
	assert_true(did(NOON_TUNNEL_STEP_ADD, false, 2));
}

static void refreshes_by_the_kernels_count(void **state)
{
	(void)state;
	begin(1, 1);
	settle();
	assert_int_equal(copy_of_peers(), NOON_TUNNEL_ACCEPTED);
	settle();
	count(false, 1, 99);
	wait_s(1);
	settle();
	assert_int_equal(w.n, 0);
	assert_int_equal(w.kernels.sent, 99);
	count(false, 1, 100);
	wait_s(1);
	settle();
	assert_int_equal(w.n, 3);
	assert_true(did(NOON_TUNNEL_STEP_ADD, false, 2));
	assert_true(did(NOON_TUNNEL_STEP_SWITCH, false, 2));
	/* The other end may hear that, and go on, before anything of it is heard with it. */
	assert_true(did(NOON_TUNNEL_STEP_ADD, true, 3));
	assert_int_equal(w.kernels.heard, 1);
	assert_int_equal(w.kernels.out.sa.seq, 0);
	/* Late packets of the one before are counted, but not as the new one's. */
	count(false, 1, 102);
	assert_int_equal(w.kernels.out.sa.seq, 0);
	assert_int_equal(w.kernels.sent, 102);
}

static void is_up_while_the_kernel_opens_packets(void **state)
{
	(void)state;
	begin(1, 1);
	settle();
	assert_int_equal(copy_of_peers(), NOON_TUNNEL_ACCEPTED);
	for (uint64_t i = 1; i < 10; i++) {
		wait_s(1);
		settle();
		count(true, 1, i);
		assert_true(noon_tunnel_is_up(&w.kernels, w.now));
	}
	wait_s(6);
	count(true, 1, 9);
	assert_false(noon_tunnel_is_up(&w.kernels, w.now));
}

static void follows_by_the_kernels_count(void **state)
{
	(void)state;
	begin(1, 1);
	settle();
	/* The copy of the packet was lost. */
	count(true, 1, 1);
	assert_int_equal(w.kernels.heard, 1);
	settle();
	count(true, 2, 1);
	assert_int_equal(w.kernels.heard, 2);
	settle();
	assert_true(did(NOON_TUNNEL_STEP_SWITCH, false, 2));
}

static struct noon_secret_tunnel secret_of(uint8_t v)
{
	struct noon_secret_tunnel s;

	memset(s.key, v, sizeof(s.key));
	return s;
}

static void begin_exchanged(void)
{
	struct noon_tunnel_conf mine = conf_of(true, 0);
	struct noon_tunnel_conf peers = conf_of(false, 0);

	mine.exchanged = peers.exchanged = true;
	assert_int_equal(noon_tunnel_init(&w.kernels, &mine, w.now, &w.rng), NOON_OK);
	assert_int_equal(noon_tunnel_init(&w.peer, &peers, w.now, &w.rng), NOON_OK);
}

static void rekey(uint8_t secret, uint64_t from)
{
	const struct noon_secret_tunnel s = secret_of(secret);

	assert_int_equal(noon_tunnel_rekey(&w.kernels, &s, from, false, w.now), NOON_OK);
	assert_int_equal(noon_tunnel_rekey(&w.peer, &s, from, true, w.now), NOON_OK);
}

static void has_nothing_before_the_first_exchange(void **state)
{
	(void)state;
	begin_exchanged();
	settle();
	assert_int_equal(w.n, 0);
	wait_s(1);
	rekey(1, 1000);
	settle();
	assert_true(did(NOON_TUNNEL_STEP_ADD, true, 1000));
	assert_true(did(NOON_TUNNEL_STEP_SWITCH, false, 1000));
	assert_int_equal(copy_of_peers(), NOON_TUNNEL_ACCEPTED);
	settle();
	(void)slot_of(true, 1001);
}

static void a_fresh_secret_is_there_before_it_is_used(void **state)
{
	(void)state;
	begin_exchanged();
	rekey(1, 1000);
	settle();
	assert_int_equal(copy_of_peers(), NOON_TUNNEL_ACCEPTED);
	settle();
	rekey(2, 2000);
	settle();
	/* The old one is sent with until the other end is heard with the new one. */
	assert_int_equal(w.n, 1);
	assert_true(did(NOON_TUNNEL_STEP_ADD, true, 2000));
	assert_int_equal(copy_of_peers(), NOON_TUNNEL_ACCEPTED);
	settle();
	assert_true(did(NOON_TUNNEL_STEP_ADD, true, 2001));
	assert_true(did(NOON_TUNNEL_STEP_SWITCH, false, 2000));
	assert_true(did(NOON_TUNNEL_STEP_REMOVE, true, 1001));
	(void)slot_of(true, 1000); /* for the grace period */
}

static void what_is_forgotten_is_removed(void **state)
{
	(void)state;
	begin_exchanged();
	rekey(1, 1000);
	settle();
	noon_tunnel_forget(&w.kernels);
	settle();
	assert_true(did(NOON_TUNNEL_STEP_REMOVE, false, 1000));
	assert_true(did(NOON_TUNNEL_STEP_REMOVE, true, 1000));
	settle();
	assert_int_equal(w.n, 0);
	rekey(2, 3000);
	settle();
	assert_true(did(NOON_TUNNEL_STEP_SWITCH, false, 3000));
}

static void never_gives_an_outbound_epoch_twice(void **state)
{
	(void)state;
	begin(1, 1);
	settle();
	assert_int_equal(copy_of_peers(), NOON_TUNNEL_ACCEPTED);
	settle();
	noon_tunnel_plan_lost(&w.plan, &w.kernels, false, slot_of(false, 1), w.now);
	settle();
	assert_int_equal(w.n, 3);
	assert_true(did(NOON_TUNNEL_STEP_ADD, false, 2));
	assert_true(did(NOON_TUNNEL_STEP_SWITCH, false, 2));
	assert_false(did(NOON_TUNNEL_STEP_ADD, false, 1));
}

static void sends_nothing_rather_than_an_epoch_twice(void **state)
{
	(void)state;
	begin(1, 1);
	settle();
	w.kernels.conf.reserved = 1;
	w.disk_is_full = true;
	noon_tunnel_plan_lost(&w.plan, &w.kernels, false, slot_of(false, 1), w.now);
	settle();
	assert_false(did(NOON_TUNNEL_STEP_ADD, false, 1));
	assert_int_equal(w.plan.with, 0);
	w.disk_is_full = false;
	wait_s(1);
	settle();
	wait_s(1);
	settle();
	assert_true(did(NOON_TUNNEL_STEP_SWITCH, false, 2));
}

static void never_gives_an_inbound_epoch_twice(void **state)
{
	(void)state;
	begin(1, 1);
	settle();
	assert_int_equal(copy_of_peers(), NOON_TUNNEL_ACCEPTED);
	settle();
	noon_tunnel_plan_lost(&w.plan, &w.kernels, true, slot_of(true, 1), w.now);
	settle();
	assert_false(did(NOON_TUNNEL_STEP_ADD, true, 1));
	/* The other end is led on. */
	assert_true(did(NOON_TUNNEL_STEP_SWITCH, false, 2));
}

static bool has_in(uint64_t epoch)
{
	for (size_t i = 0; i < NOON_TUNNEL_PLAN_IN; i++)
		if (w.plan.in[i].epoch == epoch)
			return true;
	return false;
}

/* Of either role: sends with a fresh secret at once, or when it has heard it. */
static void takes_the_secrets_of_exchanges(void **state)
{
	struct noon_tunnel_conf c = conf_of(true, 0);
	struct noon_secret_tunnel s = {{1}};
	uint32_t spi[NOON_TUNNEL_SPIS_MAX];
	uint64_t from;

	(void)state;
	c.exchanged = true;
	assert_int_equal(noon_tunnel_init(&w.kernels, &c, w.now, &w.rng), NOON_OK);
	settle();
	assert_int_equal(w.n, 0);
	from = noon_tunnel_epoch_floor(&w.kernels);
	assert_int_equal(noon_tunnel_rekey(&w.kernels, &s, from, true, w.now), NOON_OK);
	settle();
	assert_true(has_in(from) && w.plan.with == from);
	s.key[0] = 2;
	from = noon_tunnel_epoch_floor(&w.kernels);
	assert_int_equal(noon_tunnel_rekey(&w.kernels, &s, from, false, w.now), NOON_OK);
	settle();
	assert_true(has_in(from) && w.plan.with < from);
	noon_tunnel_forget(&w.kernels);
	settle();
	for (size_t i = 0; i < NOON_TUNNEL_PLAN_IN; i++)
		assert_int_equal(w.plan.in[i].epoch, 0);
	for (size_t i = 0; i < NOON_TUNNEL_PLAN_OUT; i++)
		assert_int_equal(w.plan.out[i].epoch, 0);
	assert_int_equal(w.plan.with, 0);
	from = noon_tunnel_epoch_floor(&w.kernels);
	assert_int_equal(noon_tunnel_rekey(&w.kernels, &s, from, true, w.now), NOON_OK);
	settle();
	assert_true(has_in(from) && w.plan.with == from);
	/* A copy of its first packet has to come to the machine, to be followed. */
	assert_int_equal(noon_tunnel_spis_in(&w.kernels, spi), 1);
	assert_int_equal(spi[0], w.kernels.fresh_in.sa.form.spi);
	wait_s(2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(starts_with_one_of_each, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_heard_is_left_to_the_kernel, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(follows_and_ends_the_one_before_after_the_grace,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(refuses_numbers_that_it_has_opened_itself, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(gives_the_kernel_nothing_that_is_not_on_disk,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(refreshes_by_the_kernels_count, set_up, tear_down),
		cmocka_unit_test_setup_teardown(is_up_while_the_kernel_opens_packets, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(follows_by_the_kernels_count, set_up, tear_down),
		cmocka_unit_test_setup_teardown(has_nothing_before_the_first_exchange, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_fresh_secret_is_there_before_it_is_used, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(what_is_forgotten_is_removed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(never_gives_an_outbound_epoch_twice, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(sends_nothing_rather_than_an_epoch_twice, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(never_gives_an_inbound_epoch_twice, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(takes_the_secrets_of_exchanges, set_up, tear_down),
	};

	if (noon_aead_global_init())
		return 1;
	return cmocka_run_group_tests_name("proto/tunnel/tunnel_plan", tests, NULL, NULL);
}
