/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/service/one_way_options.h"

#include <string.h>

static const struct noon_word roundings[] = {{"truncate", NOON_ONE_WAY_TRUNCATE},
					     {"nearest", NOON_ONE_WAY_NEAREST},
					     {"unknown", NOON_ONE_WAY_UNKNOWN},
					     {"exact", NOON_ONE_WAY_EXACT},
					     {NULL, 0}};
static const struct noon_word tcp[] = {{"tcp", 1}, {NULL, 0}};
static const struct noon_word udp[] = {{"udp", 0}, {NULL, 0}};

static bool read_format(const struct noon_option *o, const char *text, void *at,
			char why[NOON_OPTION_WHY])
{
	const struct noon_daytime_dialect *d = noon_daytime_dialect_find(text);

	(void)o;
	(void)why;
	if (d == NULL)
		return false;
	memcpy(at, &d, sizeof(void *));
	return true;
}

#define ONE_WAY(member) NOON_OPTION_AT(struct noon_asker_one_way, member)
#define DIALECT		offsetof(struct noon_asker_one_way, client.dialect), sizeof(void *)
#define DIALECTS	"iso8601, ctime, xinetd, smtp, smtp-2, weekday or nist"

const struct noon_option noon_one_way_rows[] = {
	{"udp", NOON_OPTION_FIXED, ONE_WAY(tcp), .words = udp,
	 .help = "ask by datagram, the default"},
	{"tcp", NOON_OPTION_FIXED, ONE_WAY(tcp), .words = tcp, .help = "ask by connection"},
	{"format", NOON_OPTION_OWN, DIALECT, .read = read_format, .value = "name",
	 .says = "whichever fits", .noun = DIALECTS, .help = "dialect of the daytime: " DIALECTS},
	{"rounding", NOON_OPTION_WORD, ONE_WAY(client.rounding), .words = roundings, .value = "how",
	 .help = "how the server makes whole seconds: truncate, nearest, unknown, exact"},
	NOON_OPTION_END,
};

const char *noon_one_way_rounding_word(enum noon_one_way_rounding rounding)
{
	const char *word = noon_word_name(roundings, (long)rounding);

	return word != NULL ? word : "unknown";
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
