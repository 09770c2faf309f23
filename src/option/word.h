/* SPDX-License-Identifier: Apache-2.0
 *
 * Words that stand for values, and the one that was probably meant.
 */
#ifndef NOON_OPTION_WORD_H
#define NOON_OPTION_WORD_H

#include <stddef.h>

/** An entry of a table of words. */
struct noon_word {
	const char *name; /**< NULL ends a table */
	long value;
};

/** A search for the known word that is most like another. */
struct noon_nearest {
	const char *wanted;
	const char *best; /**< borrowed; NULL: none is near */
	size_t distance;  /**< edits from wanted to best */
};

struct noon_nearest noon_nearest_to(const char *wanted);
/** Consider a known word; of equally near ones the first is kept. */
void noon_nearest_try(struct noon_nearest *n, const char *known);

/** Return the entry of this name, or NULL. */
const struct noon_word *noon_word_find(const struct noon_word *table, const char *name);
/** Return the name of a value, or NULL. */
const char *noon_word_name(const struct noon_word *table, long value);
/** Write "a, b or c". */
void noon_word_list(const struct noon_word *table, char *out, size_t n);

#endif
