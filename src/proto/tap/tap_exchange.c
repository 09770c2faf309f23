/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/tap/tap_exchange.h"

void noon_tap_exchange_interval(const struct noon_tap_exchange *e, noon_dur *ret_lower,
				noon_dur *ret_upper)
{
	*ret_lower = noon_sat_sub(noon_time_diff(e->last, e->tr), e->tap_unit);
	*ret_upper = noon_sat_add(noon_time_diff(e->first, e->tq), e->resolution);
	*ret_upper = noon_sat_add(*ret_upper, e->tap_delay);
}

static const struct {
	const char *word;
	const char *text;
} misses[NOON_TAP_MISSES] = {
#define MISS(name, word, text) [NOON_TAP_MISS_##name] = {word, text},
	NOON_TAP_MISS_LIST(MISS)
#undef MISS
};

const char *noon_tap_miss_word(enum noon_tap_miss m)
{
	return (unsigned)m < NOON_TAP_MISSES ? misses[m].word : "unknown";
}

const char *noon_tap_miss_text(enum noon_tap_miss m)
{
	return (unsigned)m < NOON_TAP_MISSES ? misses[m].text : "unknown";
}
