/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/tap/tap_count.h"

static const struct {
	const char *word;
	const char *text;
} counts[NOON_TAP_COUNTS] = {
#define COUNT(name, word, text) [NOON_TAP_COUNT_##name] = {word, text},
	NOON_TAP_COUNT_LIST(COUNT)
#undef COUNT
};

const char *noon_tap_count_word(enum noon_tap_count which)
{
	return (unsigned)which < NOON_TAP_COUNTS ? counts[which].word : "unknown";
}

const char *noon_tap_count_text(enum noon_tap_count which)
{
	return (unsigned)which < NOON_TAP_COUNTS ? counts[which].text : "unknown";
}
