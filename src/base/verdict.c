/* SPDX-License-Identifier: Apache-2.0 */
#include "base/verdict.h"

const char *noon_verdict_word(enum noon_verdict v)
{
	static const char *const word[] = {
#define NOON_VERDICT_WORD(name, w) w,
		NOON_VERDICT_LIST(NOON_VERDICT_WORD)
#undef NOON_VERDICT_WORD
	};

	return (unsigned)v < NOON_VERDICTS ? word[v] : "unknown";
}
