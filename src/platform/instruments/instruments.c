/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/instruments/instruments.h"

#include <stdio.h>
#include <string.h>

#include "platform/instruments/drivers.h"

const struct noon_instrument_driver *const noon_instruments[] = {
	&noon_instrument_pps,
	&noon_instrument_ticc,
	&noon_instrument_53230a,
	&noon_instrument_sr620,
	&noon_instrument_gpsd,
	&noon_instrument_phc,
	NULL,
};

const char *noon_instrument_count_word(enum noon_instrument_count c)
{
	static const char *const words[] = {
#define WORD(name, word) word,
		NOON_INSTRUMENT_COUNT_LIST(WORD)
#undef WORD
	};

	return (unsigned)c < NOON_INSTRUMENT_COUNTS ? words[c] : "unknown";
}

const struct noon_instrument_driver *noon_instrument_find(const char *spec,
							  const char **ret_address)
{
	const size_t n = strcspn(spec, ":");

	for (size_t i = 0; noon_instruments[i] != NULL; i++) {
		const char *name = noon_instruments[i]->name;

		if (strlen(name) != n || strncmp(name, spec, n) != 0)
			continue;
		*ret_address = spec[n] == ':' ? spec + n + 1 : "";
		return noon_instruments[i];
	}
	return NULL;
}

noon_err noon_instrument_open(const char *spec, const struct noon_instrument_conf *conf,
			      struct noon_instrument **ret, struct noon_instrument_why *why)
{
	const char *address;
	const struct noon_instrument_driver *d = noon_instrument_find(spec, &address);
	size_t n;

	if (d != NULL)
		return d->open(address, conf, ret, why);
	n = (size_t)snprintf(why->text, sizeof(why->text), "\"%.60s\": expected one of", spec);
	for (size_t i = 0; noon_instruments[i] != NULL && n < sizeof(why->text); i++)
		n += (size_t)snprintf(why->text + n, sizeof(why->text) - n, " %s:%s",
				      noon_instruments[i]->name, noon_instruments[i]->address);
	return NOON_ERR_FORMAT;
}

void noon_instrument_close(struct noon_instrument *i)
{
	if (i != NULL)
		i->driver->close(i);
}
