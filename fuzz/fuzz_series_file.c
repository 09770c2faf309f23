/* SPDX-License-Identifier: Apache-2.0
 *
 * Property: no text makes the readers of series and masks fall over; what they accept is within
 * their limits, and every deviation of it is computed without a fault.
 */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "input.h"
#include "metrology/stability/deviation.h"
#include "tools/measure/mask_file.h"
#include "tools/measure/series_file.h"

/* Longest series whose deviations are computed: the total ones take long. */
#define SHORT 300

static void compute(const struct noon_series_data *d)
{
	static double scratch[9 * SHORT + 1];
	const struct noon_series s = {.x = d->value, .n = d->n, .tau0 = d->tau0};

	(void)noon_series_centre(d->value, d->n);
	for (int k = 0; k < NOON_STATISTICS; k++)
		for (size_t m = 1; m <= s.n; m = 2 * m + 1) {
			struct noon_deviation r = {0.0, 0};

			if (noon_deviation_scratch((enum noon_statistic)k, s.n, m) >
			    sizeof(scratch) / sizeof(scratch[0]))
				continue;
			if (noon_deviation(&s, (enum noon_statistic)k, m, scratch, &r) == NOON_OK)
				assert(r.pairs > 0 && r.pairs <= s.n && !(r.value < 0.0));
		}
}

static void read_series(FILE *f, const struct noon_series_layout *layout)
{
	struct noon_series_data d;
	char why[NOON_SERIES_WHY_MAX] = "";

	if (noon_series_read(f, "input", layout, &d, why) == NOON_OK) {
		assert(d.n > d.gaps && d.n <= NOON_SERIES_FILE_MAX && why[0] == '\0');
		for (size_t i = 0; i < d.n; i++)
			assert(!isinf(d.value[i]));
		if (d.n <= SHORT && d.tau0 > 0.0)
			compute(&d);
	} else {
		assert(strstr(why, "input, line ") == why);
	}
	noon_series_data_fini(&d);
}

static void read_mask(const char *path)
{
	static struct noon_mask mask;
	char why[NOON_SERIES_WHY_MAX];

	if (noon_mask_read(path, &mask, why) != NOON_OK)
		return;
	assert(mask.n > 0 && mask.n <= NOON_MASK_POINTS_MAX);
	for (size_t i = 0; i < mask.n; i++)
		assert(!(noon_mask_limit(&mask, mask.tau[i]) <= 0.0));
}

/* The first byte chooses the columns, and whether the spacing is given. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const unsigned how = size > 0 ? data[0] : 0;
	const struct noon_series_layout layout = {
		.column = how & 3,
		.time_column = (how & 3) == (how >> 2 & 3) ? 0 : how >> 2 & 3,
		.tau0 = (how >> 2 & 3) == 0 || (how & 16) != 0 ? 0.5 : 0.0,
		.unit = 1e-9,
	};
	const int fd = memfd_create("series", 0);
	char path[64];
	FILE *f;

	assert(fd >= 0);
	if (size > 0 && write(fd, data + 1, size - 1) == (ssize_t)size - 1) {
		(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		f = fopen(path, "re");
		assert(f != NULL);
		read_series(f, &layout);
		(void)fclose(f);
		read_mask(path);
	}
	(void)close(fd);
	return 0;
}
