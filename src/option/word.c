/* SPDX-License-Identifier: Apache-2.0 */
#include "option/word.h"

#include <stdio.h>
#include <string.h>

#define WORD_LEN_MAX 40
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
	size_t row[WORD_LEN_MAX + 1];

	if (strlen(a) > WORD_LEN_MAX || n > WORD_LEN_MAX)
		return WORD_LEN_MAX;
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

/* Half of a short word says nothing: "gps" is not "ptp". */
struct noon_nearest noon_nearest_to(const char *wanted)
{
	const size_t half = strlen(wanted) / 2;

	return (struct noon_nearest){.wanted = wanted, .distance = (half < NEAR ? half : NEAR) + 1};
}

void noon_nearest_try(struct noon_nearest *n, const char *known)
{
	const size_t d = distance(n->wanted, known);

	if (d >= n->distance)
		return;
	n->distance = d;
	n->best = known;
}

const struct noon_word *noon_word_find(const struct noon_word *table, const char *name)
{
	for (; table->name != NULL; table++)
		if (strcmp(table->name, name) == 0)
			return table;
	return NULL;
}

const char *noon_word_name(const struct noon_word *table, long value)
{
	for (; table->name != NULL; table++)
		if (table->value == value)
			return table->name;
	return NULL;
}

void noon_word_list(const struct noon_word *table, char *out, size_t n)
{
	size_t at = 0;

	out[0] = '\0';
	for (size_t i = 0; table[i].name != NULL && at < n; i++)
		at += (size_t)snprintf(out + at, n - at, "%s%s",
				       i == 0			   ? ""
				       : table[i + 1].name == NULL ? " or "
								   : ", ",
				       table[i].name);
}
