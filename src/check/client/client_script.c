/* SPDX-License-Identifier: Apache-2.0 */
#include "check/client/client_script.h"

struct line {
	size_t n;
	enum noon_check_client_step step;
};

/* Baits come early: a bait shows when its cookie is used, up to eight requests later; nine good
 * answers or more separate the last bait from the NAKs. What the very next request decides comes
 * twice, since the first may be lost. */
static const struct line script[] = {
	{4, NOON_STEP_BARE},	   {6, NOON_STEP_TAMPERED},   {8, NOON_STEP_OTHER_UID},
	{10, NOON_STEP_NAK_OTHER}, {13, NOON_STEP_NAK_FIRST}, {15, NOON_STEP_KISS_OTHER},
	{17, NOON_STEP_KISS_DENY}, {21, NOON_STEP_KISS_RATE}, {24, NOON_STEP_BARE},
	{26, NOON_STEP_TAMPERED},  {28, NOON_STEP_OTHER_UID}, {30, NOON_STEP_NAK_OTHER},
	{32, NOON_STEP_ZERO},	   {34, NOON_STEP_HUGE},
};

enum noon_check_client_step noon_check_client_step_of(size_t n, bool old, size_t silence)
{
	if (n >= silence)
		return NOON_STEP_SILENT;
	if (old && n >= NOON_CHECK_CLIENT_NAKS_FROM &&
	    n < NOON_CHECK_CLIENT_NAKS_FROM + NOON_CHECK_CLIENT_NAKS)
		return NOON_STEP_NAK_ONLY;
	for (size_t i = 0; i < sizeof(script) / sizeof(script[0]); i++)
		if (script[i].n == n)
			return script[i].step;
	return NOON_STEP_GOOD;
}
