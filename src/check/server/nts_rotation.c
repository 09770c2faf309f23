/* SPDX-License-Identifier: Apache-2.0
 *
 * Cookies of one key exchange, used one after the other while the server changes its keys (RFC
 * 8915, section 6: a server accepts those of the keys before, and erases keys that have expired).
 */
#include "check/server/nts_rotation.h"

#include <poll.h>
#include <stdlib.h>

#include "check/server/nts_probe.h"
#include "platform/clock/clock.h"

/* The phase of the rotation is not known: after 1.1 periods the key is the last or the one before,
 * and after 1.8 periods as well; after 3.1 it is older than that. In periods, and whether the
 * cookie should be accepted. */
static const struct {
	double at;
	double until; /* if sent later than this, the result is void */
	bool good;
} steps[] = {
	{1.1, 2, true},
	{1.8, 2, true},
	{3.1, 1e9, false},
};

#define STEPS (sizeof(steps) / sizeof(steps[0]))

/* State that the check needs; too large for the stack. */
struct room {
	struct noon_jar jar;
	struct noon_answer answer;
	char words[NOON_CHECK_TEXT];
};

static void wait_until(noon_time at)
{
	noon_dur left;

	while ((left = noon_time_diff(at, noon_mono_now())) > 0)
		(void)poll(NULL, 0, left > NOON_S(3600) ? 3600000 : (int)(left / 1000000) + 1);
}

/* Judge one answer; returns whether the next cookie may be tried. */
static bool judge(struct room *m, size_t i, double age, struct noon_check_result *r)
{
	const struct noon_answer *a = &m->answer;

	noon_answer_describe(a, m->words, sizeof(m->words));
	if (a->kind != NOON_ANSWER_TIME && a->kind != NOON_ANSWER_NTSN) {
		noon_check_end(r, NOON_CHECK_INCONCLUSIVE, "after %.1f periods: %s", age, m->words);
		return false;
	}
	if (steps[i].good && age >= steps[i].until) {
		noon_check_end(r, NOON_CHECK_INCONCLUSIVE, "only asked after %.1f periods", age);
		return false;
	}
	if ((a->kind == NOON_ANSWER_TIME) != steps[i].good) {
		noon_check_end(r, NOON_CHECK_FAIL, "after %.1f periods: %s", age, m->words);
		return false;
	}
	return true;
}

static void keep_cookies(struct room *m, struct noon_target *t, noon_time begin,
			 struct noon_check_result *r)
{
	const struct noon_ask good = noon_ask_default();
	const uint64_t exchanges = t->n_ke;
	const double period = (double)t->conf.rotate;

	for (size_t i = 0; i < STEPS; i++) {
		double age;

		wait_until(noon_time_add(begin, (noon_dur)(steps[i].at * period)));
		noon_ask_run(&good, &m->jar, t, true, &m->answer);
		age = (double)noon_time_diff(noon_mono_now(), begin) / period;
		/* A jar emptied by lost packets was refilled with new cookies. */
		if (t->n_ke != exchanges) {
			noon_check_end(r, NOON_CHECK_INCONCLUSIVE, "too many packets were lost");
			return;
		}
		if (!judge(m, i, age, r))
			return;
	}
	noon_check_end(r, NOON_CHECK_PASS, "time, time and an NTS NAK");
}

void noon_check_rotation(const struct noon_check *self, struct noon_target *t,
			 struct noon_check_result *r)
{
	const noon_time begin = noon_mono_now();
	struct room *m;
	char why[160] = "out of memory here";

	(void)self;
	noon_check_sent(r, "cookies kept for 1.1, 1.8 and 3.1 periods of rotation");
	noon_check_expected(r, "time for the first two, an NTS NAK for the last");
	if (t->conf.rotate == 0) {
		noon_check_end(r, NOON_CHECK_SKIPPED,
			       "--rotate tells the period, without which it cannot be seen");
		return;
	}
	m = calloc(1, sizeof(*m));
	if (m == NULL || noon_jar_fill(&m->jar, t, NOON_AEAD_SIV_CMAC_256, true, why))
		noon_check_end(r, NOON_CHECK_INCONCLUSIVE, "%s", why);
	else
		keep_cookies(m, t, begin, r);
	if (m != NULL)
		noon_wipe(m, sizeof(*m));
	free(m);
}
