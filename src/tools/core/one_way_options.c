/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/core/one_way_options.h"

#include <string.h>

static const char *const roundings[] = {
	[NOON_ONE_WAY_UNKNOWN] = "unknown",
	[NOON_ONE_WAY_TRUNCATE] = "truncate",
	[NOON_ONE_WAY_NEAREST] = "nearest",
	[NOON_ONE_WAY_EXACT] = "exact",
};

#define ROUNDINGS (sizeof(roundings) / sizeof(roundings[0]))

const char *noon_one_way_rounding_word(enum noon_one_way_rounding rounding)
{
	return (unsigned)rounding < ROUNDINGS ? roundings[rounding] : "unknown";
}

static bool take_rounding(struct noon_asker_one_way *o, const char *text)
{
	for (unsigned i = 0; i < ROUNDINGS; i++) {
		if (strcmp(roundings[i], text) != 0)
			continue;
		o->client.rounding = (enum noon_one_way_rounding)i;
		return true;
	}
	return false;
}

bool noon_one_way_options_take(struct noon_asker_one_way *o, int option, const char *text)
{
	switch (option) {
	case NOON_ONE_WAY_OPTION_TCP:
	case NOON_ONE_WAY_OPTION_UDP:
		o->tcp = option == NOON_ONE_WAY_OPTION_TCP;
		return true;
	case NOON_ONE_WAY_OPTION_FORMAT:
		o->client.dialect = noon_daytime_dialect_find(text);
		return o->client.dialect != NULL;
	case NOON_ONE_WAY_OPTION_ROUNDING:
		return take_rounding(o, text);
	default:
		return false;
	}
}

const char *noon_one_way_options_check(struct noon_asker_one_way *o, const char *scheme)
{
	const struct noon_one_way_client_conf *c = &o->client;

	o->client.protocol = strcmp(scheme, "time") == 0 ? NOON_ONE_WAY_TIME : NOON_ONE_WAY_DAYTIME;
	if (c->protocol == NOON_ONE_WAY_TIME && c->dialect != NULL)
		return "--format is of daytime://: the time protocol has only one";
	if (c->rounding == NOON_ONE_WAY_EXACT &&
	    (c->protocol == NOON_ONE_WAY_TIME || (c->dialect != NULL && !c->dialect->says_advance)))
		return "--rounding exact needs the msADV of the dialect nist";
	return NULL;
}
