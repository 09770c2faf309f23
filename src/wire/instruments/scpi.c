/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/instruments/scpi.h"

#include <math.h>

#include "wire/instruments/decimal.h"

noon_err noon_scpi_values(struct noon_bytes line, struct noon_scpi_values *ret)
{
	struct noon_rd rd = noon_rd_bytes(line);
	struct noon_scpi_values got = {.n = 0};
	noon_err err;

	for (bool more = true; more;) {
		if (got.n == NOON_SCPI_VALUES_MAX)
			return NOON_ERR_FULL;
		noon_blanks_skip(&rd);
		err = noon_decimal_get(&rd, &got.v[got.n]);
		if (err)
			return err;
		got.n++;
		noon_blanks_skip(&rd);
		more = noon_rd_left(&rd) > 0 && *rd.p == ',';
		rd.p += more;
	}
	if (noon_rd_left(&rd) > 0)
		return NOON_ERR_FORMAT;
	*ret = got;
	return NOON_OK;
}

bool noon_scpi_is_none(double v)
{
	return fabs(v) > 9.8e37;
}

bool noon_scpi_has_prescaler(const struct noon_scpi_values *v)
{
	return v->n > 1 && v->v[0] >= 1 && v->v[0] < 1e9 && fabs(v->v[0] - round(v->v[0])) <= 0;
}

noon_err noon_scpi_error(struct noon_bytes line, int *ret_code, struct noon_bytes *ret_text)
{
	struct noon_rd rd = noon_rd_bytes(line);
	double code;

	noon_blanks_skip(&rd);
	if (noon_decimal_get(&rd, &code) || fabs(code) > 32768 || noon_rd_left(&rd) < 3 ||
	    rd.p[0] != ',' || rd.p[1] != '"' || rd.end[-1] != '"')
		return NOON_ERR_FORMAT;
	*ret_code = (int)code;
	*ret_text = noon_bytes_of(rd.p + 2, noon_rd_left(&rd) - 3);
	return NOON_OK;
}
