/* SPDX-License-Identifier: Apache-2.0
 *
 * Worlds repeat to the nanosecond, whatever compiler built them, and see what they are there to
 * see.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/aead.h"
#include "sim/world.h"

/* Of seed 1; changes whenever anything that a world does changes. */
#define GOLDEN UINT64_C(0x12f149dbf1c904c1)

#define GOLDEN_PTP UINT64_C(0x90be9e4db886b9ab)

static struct noon_scenario s;

static int make(void **state)
{
	(void)state;
	noon_scenario_init(&s);
	s.duration = NOON_S(1800);
	s.node[0] = s.node[1] = noon_sim_node_default();
	s.node[0].server = true;
	s.node[0].stamp_ns = 20;
	s.node[1].client = true;
	s.node[1].offset = NOON_MS(20);
	s.nodes = 2;
	assert_int_equal(noon_osc_preset("vm", &s.node[1].clock), NOON_OK);
	s.node[1].engine.alert_limit = NOON_MS(1);
	s.node[1].engine.wander = 5e-6;
	s.path[0] = noon_sim_path_default();
	s.path[0].client = 1;
	s.path[0].link[0].loss = 0.05;
	s.paths = 1;
	return 0;
}

static struct noon_sim_tally run(uint64_t seed, uint64_t *ret_digest)
{
	struct noon_world *w = NULL;
	struct noon_sim_tally t;

	assert_int_equal(noon_world_new(&s, seed, &w), NOON_OK);
	noon_world_run(w, s.duration / 3);
	noon_world_run(w, s.duration);
	t = noon_world_total(w);
	*ret_digest = noon_world_digest(w);
	noon_world_free(w);
	return t;
}

static void a_seed_repeats_and_another_differs(void **state)
{
	uint64_t a, b, c;

	(void)state;
	(void)run(5, &a);
	(void)run(5, &b);
	(void)run(6, &c);
	assert_int_equal(a, b);
	assert_int_not_equal(a, c);
}

static void real_handshakes_repeat_as_well(void **state)
{
	uint64_t a, b;

	(void)state;
	s.path[0].tls = true;
	assert_int_equal(run(5, &a).ke_ok, 1);
	(void)run(5, &b);
	assert_int_equal(a, b);
}

static void gcc_and_clang_agree(void **state)
{
	uint64_t digest;

	(void)state;
	(void)run(1, &digest);
	if (digest != GOLDEN)
		printf("# digest 0x%016llx\n", (unsigned long long)digest);
	assert_int_equal(digest, GOLDEN);
}

static void an_honest_world_keeps_its_promises(void **state)
{
	uint64_t digest;
	const struct noon_sim_tally t = run(1, &digest);

	(void)state;
	assert_int_equal(t.violations + t.stale + t.alarms, 0);
	for (int i = 0; i < NOON_INVARIANTS; i++)
		assert_int_equal(t.broken[i], 0);
	assert_true(t.accepted > 50 && t.misses > 0);
	assert_true(t.state_s[NOON_STATE_OK] > 1700.0);
}

/* A false assumption must be seen to break the bound, or nothing here could be trusted. */
static void a_false_minimum_is_seen(void **state)
{
	uint64_t digest;

	(void)state;
	s.path[0].source.m_f = s.path[0].source.m_r = 100000;
	s.attack[0] = noon_sim_attack_default();
	s.attack[0].kind = NOON_ATTACK_SHORTER_PATH;
	s.attack[0].direction = NOON_SIM_FORWARD;
	s.attack[0].delay = NOON_US(90);
	s.attacks = 1;
	s.path[0].link[0].scale_ns = s.path[0].link[1].scale_ns = 100.0;
	assert_true(run(1, &digest).violations > 100);
}

/* A forged packet that came through must be seen: plain NTP lets it in, and NTS does not. */
static void forgeries_are_refused_with_nts_only(void **state)
{
	uint64_t digest;
	struct noon_sim_tally t;

	(void)state;
	s.attack[0] = noon_sim_attack_default();
	s.attack[0].kind = NOON_ATTACK_TAMPER;
	s.attack[0].offset = NOON_MS(5);
	s.attack[0].from = NOON_S(600);
	s.attacks = 1;
	t = run(1, &digest);
	assert_int_equal(t.violations + t.broken[NOON_I2], 0);
	assert_true(t.verdicts[NOON_VERDICT_AUTH] > 0);
	s.path[0].nts = false;
	t = run(1, &digest);
	assert_true(t.samples > 50 && t.verdicts[NOON_VERDICT_AUTH] == 0);
	assert_true(t.findings[NOON_FINDING_INCONSISTENT] > 0);
}

struct looks {
	uint64_t n;
	noon_dur last;
};

static void count(void *arg, const struct noon_sim_look *look)
{
	struct looks *l = arg;

	assert_int_equal(look->since - l->last, NOON_S(1));
	assert_int_equal(look->node, 1);
	l->last = look->since;
	l->n++;
}

/* The path of make() by the machines of PTP, a Sync each second. */
static int make_ptp(void **state)
{
	(void)make(state);
	s.path[0].ptp = true;
	s.path[0].source.poll_min = 0;
	s.path[0].link[0].scale_ns = s.path[0].link[1].scale_ns = 10e3;
	return 0;
}

static void ptp_keeps_its_promises_and_repeats(void **state)
{
	uint64_t digest;
	const struct noon_sim_tally t = run(1, &digest);

	(void)state;
	if (digest != GOLDEN_PTP)
		printf("# digest 0x%016llx\n", (unsigned long long)digest);
	assert_int_equal(digest, GOLDEN_PTP);
	assert_int_equal(t.violations + t.stale + t.alarms, 0);
	for (int i = 0; i < NOON_INVARIANTS; i++)
		assert_int_equal(t.broken[i], 0);
	assert_true(t.accepted > 1200 && t.state_s[NOON_STATE_OK] > 1700.0);
	assert_int_equal(t.noncompliant[0] + t.noncompliant[2], 0);
	/* Announce, Sync, Follow_Up and Delay_Resp of each second. */
	assert_true(t.verdicts[NOON_VERDICT_ACCEPTED] > 6000);
	assert_int_equal(t.verdicts[NOON_VERDICT_REPLAY] + t.verdicts[NOON_VERDICT_AUTH], 0);
	assert_int_equal(t.ke_asked, 0);
}

static void changed_messages_of_ptp_are_refused_with_keys_only(void **state)
{
	uint64_t digest;
	struct noon_sim_tally t;

	(void)state;
	s.attack[0] = noon_sim_attack_default();
	s.attack[0].kind = NOON_ATTACK_FLIP;
	s.attack[0].from = NOON_S(600);
	s.attack[0].direction = NOON_SIM_REVERSE;
	s.attacks = 1;
	t = run(1, &digest);
	assert_int_equal(t.violations + t.broken[NOON_I2], 0);
	assert_true(t.verdicts[NOON_VERDICT_AUTH] > 1000);
	/* Without keys some of it is believed: the world does not protect anybody. */
	s.path[0].sa = false;
	t = run(1, &digest);
	assert_int_equal(t.verdicts[NOON_VERDICT_AUTH], 0);
	assert_true(t.findings[NOON_FINDING_INCONSISTENT] > 0);
	assert_int_equal(t.noncompliant[0], 1);
}

/* What holds up Syncs lowers the lower edge, what holds up Delay_Reqs raises the upper one. */
static void delays_of_ptp_are_inside_the_bound(void **state)
{
	(void)state;
	s.attack[0] = noon_sim_attack_default();
	s.attack[0].kind = NOON_ATTACK_DELAY;
	s.attack[0].delay = NOON_MS(5);
	s.attack[0].from = NOON_S(600);
	s.attacks = 1;
	for (unsigned way = NOON_SIM_FORWARD; way <= NOON_SIM_REVERSE; way++) {
		uint64_t digest;
		struct noon_sim_tally t;

		s.attack[0].direction = way;
		t = run(1, &digest);
		assert_int_equal(t.violations + t.stale + t.broken[NOON_I3], 0);
		assert_true(t.alarm_at != NOON_DUR_MAX);
		assert_true(t.bound_max > 2.4e6 && t.max_attacked > 1e6);
	}
}

/* Nothing but stamps is uncertain here: t1 and t3 have to be early, t4 late. */
static void stamps_of_ptp_err_outwards(void **state)
{
	uint64_t digest;
	struct noon_sim_tally t;

	(void)state;
	s.node[0].stamp_ns = s.node[1].stamp_ns = 100.0;
	s.node[0].local_bound = 0;
	assert_int_equal(noon_osc_preset("rb", &s.node[1].clock), NOON_OK);
	s.node[1].engine.wander = 1e-9;
	s.path[0].source.poll_min = -2;
	s.path[0].source.minima = NOON_MINIMA_SURVEYED;
	s.path[0].source.m_f = s.path[0].source.m_r = NOON_US(10);
	for (int dir = 0; dir < 2; dir++) {
		s.path[0].link[dir] = noon_net_link_conf_default();
		s.path[0].link[dir].delay_ns = 1e4;
	}
	t = run(1, &digest);
	assert_int_equal(t.violations + t.stale, 0);
	assert_true(t.accepted > 5000 && t.end_bound < 2000.0);
}

static void looks_come_at_equal_distances(void **state)
{
	struct looks l = {0, 0};
	struct noon_world *w = NULL;

	(void)state;
	assert_int_equal(noon_world_new(&s, 1, &w), NOON_OK);
	noon_world_watch(w, count, &l);
	noon_world_run(w, NOON_S(100));
	assert_int_equal(l.n, 100);
	noon_world_free(w);
}

static void impossible_worlds_are_refused(void **state)
{
	struct noon_world *w = NULL;

	(void)state;
	s.paths = 0;
	assert_int_equal(noon_world_new(&s, 1, &w), NOON_ERR_RANGE);
	assert_null(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_seed_repeats_and_another_differs, make),
		cmocka_unit_test_setup(real_handshakes_repeat_as_well, make),
		cmocka_unit_test_setup(gcc_and_clang_agree, make),
		cmocka_unit_test_setup(an_honest_world_keeps_its_promises, make),
		cmocka_unit_test_setup(a_false_minimum_is_seen, make),
		cmocka_unit_test_setup(forgeries_are_refused_with_nts_only, make),
		cmocka_unit_test_setup(ptp_keeps_its_promises_and_repeats, make_ptp),
		cmocka_unit_test_setup(changed_messages_of_ptp_are_refused_with_keys_only,
				       make_ptp),
		cmocka_unit_test_setup(delays_of_ptp_are_inside_the_bound, make_ptp),
		cmocka_unit_test_setup(stamps_of_ptp_err_outwards, make_ptp),
		cmocka_unit_test_setup(looks_come_at_equal_distances, make),
		cmocka_unit_test_setup(impossible_worlds_are_refused, make),
	};

	if (noon_aead_global_init())
		return 1;
	return cmocka_run_group_tests_name("sim/world", tests, NULL, NULL);
}
