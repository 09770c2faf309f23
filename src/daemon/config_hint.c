/* SPDX-License-Identifier: Apache-2.0
 *
 * "Did you mean": the option whose name is nearest to one that does not exist.
 */
#include <string.h>

#include "daemon/config_priv.h"

#define NAME_MAX_LEN 40
#define NEAR	     3 /* edits; more is no likeness */

static size_t least(size_t a, size_t b, size_t c)
{
	const size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* Levenshtein's distance, by rows. */
static size_t distance(const char *a, const char *b)
{
	const size_t n = strlen(b);
	size_t row[NAME_MAX_LEN + 1];

	if (strlen(a) > NAME_MAX_LEN || n > NAME_MAX_LEN)
		return NAME_MAX_LEN;
	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 1; *a != '\0'; i++, a++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			const size_t above = row[j];

			row[j] = least(above + 1, row[j - 1] + 1, diagonal + (*a != b[j - 1]));
			diagonal = above;
		}
	}
	return row[n];
}

const char *noon_config_nearest(const cfg_t *cfg, const char *name)
{
	const char *best = NULL;
	size_t best_distance = NEAR + 1;

	for (const cfg_opt_t *o = cfg->opts; o != NULL && o->name != NULL; o++) {
		const size_t d = distance(name, o->name);

		if (d < best_distance) {
			best_distance = d;
			best = o->name;
		}
	}
	return best;
}
