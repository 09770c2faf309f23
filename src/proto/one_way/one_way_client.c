/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/one_way/one_way_client.h"

#include "wire/ntp.h"

/* Unit of msADV. */
#define ADVANCE_UNIT NOON_US(100)

static const char *why_not(noon_err err)
{
	static const struct {
		noon_err err;
		const char *why;
	} list[] = {
		{NOON_ERR_EMPTY, "there is nothing in it"},
		{NOON_ERR_SHORT, "it is too short"},
		{NOON_ERR_LONG, "it is too long"},
		{NOON_ERR_FORMAT,
		 "its text is in no known dialect, or not in the one that was asked for"},
		{NOON_ERR_RANGE, "it says an impossible date"},
	};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (list[i].err == err)
			return list[i].why;
	return noon_err_text(err);
}

/* A year of two digits is one of the hundred that begin with the floor of the eras. */
#define CENTURY_PIVOT \
	((noon_time){(NOON_NTP_ERA_FLOOR_S + INT64_C(50) * 365 * 86400) * NOON_NS_PER_SEC})

static noon_err read_reply(const struct noon_one_way_client_conf *conf, struct noon_bytes reply,
			   struct noon_one_way_answer *a)
{
	return conf->protocol == NOON_ONE_WAY_TIME
		       ? noon_one_way_time_get(reply, NOON_NTP_ERA_PIVOT, &a->said.utc)
		       : noon_daytime_get(reply, conf->dialect, CENTURY_PIVOT, &a->said,
					  &a->dialect);
}

static noon_err judge(const struct noon_one_way_client_conf *conf,
		      const struct noon_one_way_answer *a, const char **ret_why)
{
	if (a->said.health > 0) {
		*ret_why = "the server says that it is not healthy";
		return NOON_ERR_STATE;
	}
	if (a->said.leap_second) {
		*ret_why = "it says a leap second, which a count of seconds cannot";
		return NOON_ERR_UNSUPPORTED;
	}
	if (conf->rounding == NOON_ONE_WAY_EXACT &&
	    (a->dialect == NULL || !a->dialect->says_advance)) {
		*ret_why = "it has no msADV to be exact by";
		return NOON_ERR_UNSUPPORTED;
	}
	return NOON_OK;
}

/* Whoever asks the kernel for whole seconds, time(2), is told of the next one with the tick after
 * it: 10 ms later at 100 Hz. */
#define TICK NOON_MS(10)

/* Where the server's clock was when it answered. */
static void bracket(enum noon_one_way_rounding rounding, struct noon_one_way_answer *a)
{
	const noon_time s = noon_time_add(a->said.utc, -(a->said.advance * ADVANCE_UNIT));
	noon_dur before = NOON_MS(500);
	noon_dur after = NOON_S(1) + TICK;

	switch (rounding) {
	case NOON_ONE_WAY_UNKNOWN:
		break;
	case NOON_ONE_WAY_TRUNCATE:
		before = 0;
		break;
	case NOON_ONE_WAY_NEAREST:
		after = NOON_MS(500) + TICK;
		break;
	case NOON_ONE_WAY_EXACT:
		/* Whether msADV is rounded or cut off. */
		before = ADVANCE_UNIT;
		after = ADVANCE_UNIT;
		break;
	}
	a->earliest = noon_time_add(s, -before);
	a->latest = noon_time_add(s, after);
}

noon_err noon_one_way_client_take(const struct noon_one_way_client_conf *conf,
				  struct noon_bytes reply, noon_time t1, noon_time t4,
				  struct noon_sample *ret_sample,
				  struct noon_one_way_answer *ret_answer, const char **ret_why)
{
	struct noon_one_way_answer a = {.dialect = NULL};
	noon_err err = read_reply(conf, reply, &a);
	noon_time middle;

	if (err) {
		*ret_why = why_not(err);
		return err;
	}
	err = judge(conf, &a, ret_why);
	if (err)
		return err;
	bracket(conf->rounding, &a);
	middle = noon_time_add(a.earliest, noon_time_diff(a.latest, a.earliest) / 2);
	*ret_sample = (struct noon_sample){
		.t1 = t1,
		.t2 = middle,
		.t3 = middle,
		.t4 = t4,
		.server_err = noon_time_diff(a.latest, middle),
		.source = conf->source,
		.leap = a.said.leap == 1   ? NOON_LEAP_INSERT
			: a.said.leap == 2 ? NOON_LEAP_DELETE
					   : NOON_LEAP_NONE,
		.tx_stamp = NOON_STAMP_USER,
		.rx_stamp = NOON_STAMP_USER,
		.replayable = true,
	};
	*ret_answer = a;
	return NOON_OK;
}
