/* SPDX-License-Identifier: Apache-2.0 */
#include "test_recovery_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

struct noon_engine e;
struct noon_actions out;
struct noon_engine_conf conf;
noon_dur at;
noon_dur jump;
noon_dur apart;
noon_dur way[4];
double rate;
noon_dur lie[4];
noon_dur claim[4];
bool silent[4];
bool authenticated;
unsigned sources;
unsigned seen[NOON_FINDING_KINDS];

void start(unsigned n)
{
	struct noon_source_conf source = noon_source_conf_default();
	uint32_t index;

	source.require_auth = false;
	assert_int_equal(noon_engine_init(&e, &conf), NOON_OK);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(noon_engine_add_source(&e, &source, &index), NOON_OK);
	sources = n;
	at = NOON_S(10);
	jump = 0;
	rate = 0.0;
	authenticated = true;
	apart = NOON_MS(10);
	for (unsigned i = 0; i < 4; i++) {
		lie[i] = 0;
		claim[i] = 0;
		silent[i] = false;
		way[i] = WAY;
	}
	for (unsigned k = 0; k < NOON_FINDING_KINDS; k++)
		seen[k] = 0;
	noon_actions_reset(&out);
}

int set_up(void **state)
{
	(void)state;
	conf = noon_engine_conf_default();
	return 0;
}

noon_dur theta(void)
{
	return THETA + jump;
}

void count(void)
{
	for (size_t i = 0; i < out.n; i++)
		if (out.a[i].kind == NOON_ACTION_FINDING)
			seen[out.a[i].finding.kind]++;
	noon_actions_reset(&out);
}

void exchange(uint32_t i, noon_dur h, noon_dur one_way)
{
	const struct noon_sample x = {
		.t1 = {h},
		.t2 = {h + one_way + theta() + lie[i]},
		.t3 = {h + one_way + theta() + lie[i]},
		.t4 = {h + 2 * one_way},
		.server_err = claim[i],
		.stamp_err = 100,
		.source = i,
		.authenticated = authenticated,
	};

	noon_engine_on_sample(&e, &x, x.t4, &out);
	count();
}

void run(noon_dur span)
{
	const noon_dur end = at + span;

	for (; at < end; at += NOON_S(16)) {
		for (uint32_t i = 0; i < sources; i++)
			if (!silent[i])
				exchange(i, at + apart * (noon_dur)i, way[i]);
		jump += noon_dur_scale(NOON_S(16), rate);
	}
}

struct noon_reading now(void)
{
	struct noon_reading r;

	noon_engine_reading(&e, (noon_time){at}, &r);
	return r;
}

struct noon_recovery_report report(void)
{
	struct noon_recovery_report r;

	noon_engine_recovery(&e, e.now, &r);
	return r;
}

noon_dur clock_error(void)
{
	const struct noon_line line = noon_engine_line(&e);

	return theta() - noon_line_at(&line, (noon_time){at});
}

void assert_true_bound(void)
{
	const struct noon_reading r = now();

	assert_true(clock_error() >= r.lower && clock_error() <= r.upper);
}

void assert_back(void)
{
	assert_true_bound();
	assert_int_equal(now().state, NOON_STATE_OK);
	assert_true(now().certain);
	assert_int_equal(now().findings, 0);
	assert_false(report().open);
	assert_true(llabs(clock_error()) < NOON_US(50));
}

void settled(unsigned n)
{
	start(n);
	run(NOON_S(1600));
	assert_int_equal(now().state, NOON_STATE_OK);
}
