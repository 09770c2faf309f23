/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/instruments/sr620.h"

#include "wire/instruments/decimal.h"

#define UNIT 1.05963812934e-14

noon_err noon_sr620_value(struct noon_bytes line, double *ret_s)
{
	struct noon_rd rd = noon_rd_bytes(line);
	double v;
	noon_err err;

	noon_blanks_skip(&rd);
	err = noon_decimal_get(&rd, &v);
	if (err)
		return err;
	noon_blanks_skip(&rd);
	if (noon_rd_left(&rd) > 0)
		return NOON_ERR_FORMAT;
	*ret_s = v;
	return NOON_OK;
}

noon_err noon_sr620_dump(struct noon_rd *rd, double *ret_s)
{
	struct noon_bytes b;
	uint64_t v = 0;

	if (noon_rd_take(rd, NOON_SR620_DUMP_LEN, &b))
		return NOON_ERR_SHORT;
	for (size_t i = NOON_SR620_DUMP_LEN; i > 0; i--)
		v = v << 8 | b.p[i - 1];
	*ret_s = (double)(int64_t)v * UNIT;
	return NOON_OK;
}
