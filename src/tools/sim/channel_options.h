/* SPDX-License-Identifier: Apache-2.0
 *
 * Options of verbs that compute with a channel of routers: sim paper and plan.
 */
#ifndef NOON_TOOLS_CHANNEL_OPTIONS_H
#define NOON_TOOLS_CHANNEL_OPTIONS_H

#include "estimate/law/channel.h"
#include "option/option.h"

/** Of struct noon_channel. */
extern const struct noon_option noon_channel_rows[];

/** Parse a bit rate into a double: the rate of a channel, which has another name in each verb. */
bool noon_channel_read_rate(const struct noon_option *o, const char *text, void *at,
			    char why[NOON_OPTION_WHY]);
/** Format it: "1G". */
void noon_channel_show_rate(const void *at, char out[NOON_OPTION_SHOW]);
/** The row of that name. @param at  NOON_OPTION_AT() of the double */
#define NOON_CHANNEL_RATE_ROW(title, ...)                                               \
	{                                                                               \
		(title), NOON_OPTION_OWN, __VA_ARGS__,                                  \
			.read = noon_channel_read_rate, .show = noon_channel_show_rate, \
			.value = "rate", .noun = "bits per second, such as 1G or 100M", \
			.help = "bits per second"                                       \
	}

#endif
