/* SPDX-License-Identifier: Apache-2.0 */
#include "metrology/budget/conformity.h"

#include <math.h>

static const struct {
	const char *word;
	const char *text;
} outcomes[NOON_CONFORMITIES] = {
#define OUTCOME(name, word, text) [NOON_CONFORMITY_##name] = {word, text},
	NOON_CONFORMITY_LIST(OUTCOME)
#undef OUTCOME
};

const char *noon_conformity_word(enum noon_conformity c)
{
	return (unsigned)c < NOON_CONFORMITIES ? outcomes[c].word : "unknown";
}

const char *noon_conformity_text(enum noon_conformity c)
{
	return (unsigned)c < NOON_CONFORMITIES ? outcomes[c].text : "unknown";
}

/* Every comparison with what is no number is false, and so decides nothing. */
enum noon_conformity noon_conformity_decide(double x, double U, double limit)
{
	if (!(U >= 0.0 && limit >= 0.0))
		return NOON_CONFORMITY_UNDECIDED;
	if (fabs(x) + U <= limit)
		return NOON_CONFORMITY_PASS;
	if (fabs(x) - U > limit)
		return NOON_CONFORMITY_FAIL;
	return NOON_CONFORMITY_UNDECIDED;
}
