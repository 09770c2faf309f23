/* SPDX-License-Identifier: Apache-2.0
 *
 * bench_stability FILE: all octaves of nine deviations of a series of doubles in a file (spacing
 * 1 s); prints name, seconds and values of each. Used by bench/stability.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "metrology/stability/deviation.h"
#include "metrology/stability/mtie.h"

static double now(void)
{
	struct timespec ts = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static double *load(const char *path, size_t *ret_n)
{
	FILE *f = fopen(path, "re");
	double *x = NULL;
	long size;

	if (f == NULL)
		return NULL;
	if (fseek(f, 0, SEEK_END) == 0 && (size = ftell(f)) > 0 && fseek(f, 0, SEEK_SET) == 0) {
		*ret_n = (size_t)size / sizeof(*x);
		x = malloc((size_t)size);
		if (x != NULL && fread(x, sizeof(*x), *ret_n, f) != *ret_n) {
			free(x);
			x = NULL;
		}
	}
	(void)fclose(f);
	return x;
}

static void measure(const struct noon_series *s, enum noon_statistic what, double *scratch)
{
	struct noon_deviation d[NOON_MTIE_OCTAVES_MAX] = {{0.0, 0}};
	const size_t most = noon_statistic_m_max(what, s->n);
	const double begin = now();
	size_t n = 0;

	if (what == NOON_MTIE)
		noon_mtie_octaves(s, NOON_MTIE_OCTAVES_MAX, scratch, d);
	for (size_t m = 1; m <= most; m *= 2, n++)
		if (what != NOON_MTIE && noon_deviation(s, what, m, NULL, &d[n]) != NOON_OK)
			break;
	(void)printf("%s %.9f", noon_statistic_name(what), now() - begin);
	for (size_t i = 0; i < n; i++)
		(void)printf(" %.12e", d[i].value);
	(void)putchar('\n');
}

int main(int argc, char **argv)
{
	static const enum noon_statistic what[] = {NOON_ADEV,	NOON_OADEV, NOON_MDEV,
						   NOON_TDEV,	NOON_HDEV,  NOON_OHDEV,
						   NOON_TOTDEV, NOON_MTIE,  NOON_TIERMS};
	struct noon_series s = {.tau0 = 1.0};
	double *x = argc == 2 ? load(argv[1], &s.n) : NULL;
	double *scratch = x == NULL ? NULL : malloc(2 * s.n * sizeof(*scratch));

	if (scratch == NULL) {
		(void)fprintf(stderr, "usage: bench_stability FILE of doubles\n");
		free(x);
		return 2;
	}
	s.x = x;
	for (size_t i = 0; i < sizeof(what) / sizeof(what[0]); i++)
		measure(&s, what[i], scratch);
	free(scratch);
	free(x);
	return 0;
}
