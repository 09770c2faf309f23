/* SPDX-License-Identifier: Apache-2.0
 *
 * Property: an answer of daytime or time that is read says an instant that, written again, is read
 * the same; no text fits two dialects; and a sample made of it holds every instant it may mean.
 */
#include <assert.h>
#include <string.h>

#include "input.h"
#include "proto/one_way/one_way_client.h"

static void again(const struct noon_daytime *d, const struct noon_daytime_dialect *dialect)
{
	uint8_t buf[NOON_DAYTIME_OUT_MAX];
	struct noon_wr wr = noon_wr_over(buf, sizeof(buf));
	const struct noon_daytime_dialect *by = NULL;
	struct noon_daytime got;
	const noon_err put = noon_daytime_put(&wr, dialect, d);
	noon_err err;

	assert(!put && noon_wr_len(&wr) <= sizeof(buf));
	/* A year of two digits is the nearest one; the pivot is the instant itself. */
	err = noon_daytime_get(noon_wr_written(&wr), NULL, d->utc, &got, &by);
	assert(!err && by == dialect && got.utc.ns == d->utc.ns);
	assert(got.leap_second == d->leap_second && got.health == d->health);
	assert(got.leap == d->leap && got.dst == d->dst && got.advance == d->advance);
	assert(got.on_time == d->on_time && strcmp(got.label, d->label) == 0);
}

static void daytime(struct noon_bytes text, noon_time pivot)
{
	const struct noon_daytime_dialect *by = NULL;
	struct noon_daytime d = {.dst = 0x5a};
	const noon_err err = noon_daytime_get(text, NULL, pivot, &d, &by);
	unsigned fits = 0;

	for (size_t i = 0; noon_daytime_dialect(i) != NULL; i++) {
		struct noon_daytime one;

		fits += noon_daytime_get(text, noon_daytime_dialect(i), pivot, &one, NULL) ==
			NOON_OK;
	}
	assert(fits == !err);
	assert(!err || (d.dst == 0x5a && by == NULL));
	if (!err)
		again(&d, by);
}

static void number(struct noon_bytes reply, noon_time pivot)
{
	uint8_t buf[NOON_ONE_WAY_TIME_LEN];
	struct noon_wr wr = noon_wr_over(buf, sizeof(buf));
	noon_time got;

	if (noon_one_way_time_get(reply, pivot, &got))
		return;
	assert(reply.n == sizeof(buf));
	assert(!noon_one_way_time_put(&wr, got) && memcmp(buf, reply.p, sizeof(buf)) == 0);
	assert(noon_dur_abs(noon_time_diff(got, pivot)) <= NOON_S(INT64_C(1) << 31) + NOON_S(1));
}

static void sample(struct noon_bytes reply, uint8_t how, noon_time now)
{
	const struct noon_one_way_client_conf conf = {
		.protocol = how & 1 ? NOON_ONE_WAY_TIME : NOON_ONE_WAY_DAYTIME,
		.dialect = noon_daytime_dialect(how >> 3),
		.rounding = (enum noon_one_way_rounding)(how >> 1 & 3),
	};
	struct noon_one_way_answer a;
	struct noon_sample s;
	const char *why = NULL;

	if (noon_one_way_client_take(&conf, reply, now, noon_time_add(now, NOON_MS(9)), &s, &a,
				     &why)) {
		assert(why != NULL && *why != '\0');
		return;
	}
	assert(!s.authenticated && s.replayable && s.server_err >= 0 && s.t2.ns == s.t3.ns);
	assert(noon_time_add(s.t2, -s.server_err).ns <= a.earliest.ns);
	assert(noon_time_add(s.t3, s.server_err).ns >= a.latest.ns);
	assert(a.said.health == 0 && !a.said.leap_second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	const uint8_t how = input_u8(&in);
	const noon_time pivot = {(int64_t)input_i32(&in) * NOON_NS_PER_SEC * 2};
	const struct noon_bytes reply = noon_bytes_of(in.p, in.n);

	daytime(reply, pivot);
	number(reply, pivot);
	sample(reply, how, pivot);
	return 0;
}
