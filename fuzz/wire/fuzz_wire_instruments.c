/* SPDX-License-Identifier: Apache-2.0
 *
 * Lines of instruments. Properties: lines are bounded and the same in pieces, an interval is within
 * half a second, numbers are finite, outputs move on success only.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "input.h"
#include "wire/instruments/lines.h"
#include "wire/instruments/scpi.h"
#include "wire/instruments/sr620.h"
#include "wire/instruments/ticc.h"

static void try_ticc(struct noon_ticc *t, struct noon_bytes line)
{
	double s = 9;
	const enum noon_ticc_event event = noon_ticc_line(t, line, &s);

	if (event == NOON_TICC_READING)
		assert(s > -0.5 && s <= 0.5);
	else
		assert(fabs(s - 9) < 1e-9);
}

static void try_others(struct noon_bytes line)
{
	struct noon_scpi_values v = {.n = 0};
	struct noon_bytes text = {NULL, 0};
	double s = 0;
	int code = 0;

	if (noon_scpi_values(line, &v) == NOON_OK)
		assert(v.n > 0 && v.n <= NOON_SCPI_VALUES_MAX);
	for (size_t i = 0; i < v.n; i++)
		assert(isfinite(v.v[i]));
	(void)noon_scpi_has_prescaler(&v);
	if (noon_scpi_error(line, &code, &text) == NOON_OK)
		assert(text.p >= line.p && text.p + text.n <= line.p + line.n);
	if (noon_sr620_value(line, &s) == NOON_OK)
		assert(isfinite(s));
}

/* A sum that tells sequences of lines apart. */
static uint64_t split(struct noon_bytes all, size_t piece, struct noon_ticc *t)
{
	uint8_t buf[NOON_TICC_LINE_MAX];
	struct noon_lines l;
	uint64_t sum = 1;

	noon_lines_init(&l, buf, sizeof(buf), false);
	for (size_t at = 0; at < all.n; at += piece) {
		struct noon_bytes in =
			noon_bytes_of(all.p + at, piece < all.n - at ? piece : all.n - at);

		while (in.n > 0) {
			struct noon_bytes line = {NULL, 0};
			const enum noon_line got = noon_lines_next(&l, &in, &line);

			assert(line.n <= sizeof(buf));
			if (got != NOON_LINE_WHOLE)
				continue;
			for (size_t i = 0; i < line.n; i++)
				sum = (sum ^ line.p[i]) * 1099511628211U;
			sum = sum * 31 + line.n;
			if (t == NULL)
				continue;
			try_ticc(t, line);
			try_others(line);
		}
	}
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct noon_bytes all = noon_bytes_of(data, size);
	struct noon_rd rd = noon_rd_bytes(all);
	struct noon_ticc t = {.mode = NOON_TICC_UNKNOWN};
	double s = 0;
	uint64_t whole;

	if (size == 0)
		return 0;
	whole = split(all, size, &t);
	assert(whole == split(all, 1, NULL) && whole == split(all, 7, NULL));
	while (noon_sr620_dump(&rd, &s) == NOON_OK)
		assert(fabs(s) < 1e5);
	assert(noon_rd_left(&rd) < NOON_SR620_DUMP_LEN);
	return 0;
}
