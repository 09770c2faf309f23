/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/one_way.h"

/* "the time 2,208,988,800 corresponds to 00:00  1 Jan 1970 GMT" (RFC 868). */
#define EPOCH_1970 INT64_C(2208988800)

#define SECONDS_MAX (INT64_MAX / NOON_NS_PER_SEC)

/* Whole seconds since 1970, rounded down. */
static int64_t second_of(noon_time utc)
{
	return utc.ns / NOON_NS_PER_SEC - (utc.ns % NOON_NS_PER_SEC < 0);
}

noon_err noon_one_way_time_put(struct noon_wr *wr, noon_time utc)
{
	return noon_wr_u32(wr, (uint32_t)((uint64_t)(second_of(utc) + EPOCH_1970) & UINT32_MAX));
}

noon_err noon_one_way_time_get(struct noon_bytes reply, noon_time pivot, noon_time *ret)
{
	struct noon_rd rd = noon_rd_bytes(reply);
	const int64_t near = second_of(pivot) + EPOCH_1970;
	uint32_t said = 0;
	int64_t ahead;
	int64_t s;
	noon_err err;

	if (reply.n > NOON_ONE_WAY_TIME_LEN)
		return NOON_ERR_LONG;
	err = noon_rd_u32(&rd, &said);
	if (err)
		return err;
	/* How far it is ahead of the pivot: mod 2^32, between -2^31 and 2^31 - 1. */
	ahead = (int64_t)(((uint64_t)said - (uint64_t)near) & UINT32_MAX);
	if (ahead > INT32_MAX)
		ahead -= INT64_C(1) << 32;
	s = near + ahead - EPOCH_1970;
	if (s > SECONDS_MAX || s < -SECONDS_MAX)
		return NOON_ERR_RANGE;
	*ret = (noon_time){s * NOON_NS_PER_SEC};
	return NOON_OK;
}
