/* SPDX-License-Identifier: Apache-2.0
 *
 * The sections daytime and time.
 */
#include <stdio.h>
#include <string.h>

#include "daemon/config/config_priv.h"

#define ONE_WAY(member) NOON_OPTION_AT(struct noon_config_one_way, member)

static bool read_format(const struct noon_option *o, const char *text, void *at,
			char why[NOON_OPTION_WHY])
{
	const struct noon_daytime_dialect *d = noon_daytime_dialect_find(text);
	size_t n = 0;

	(void)o;
	if (d != NULL) {
		memcpy(at, &d, sizeof(void *));
		return true;
	}
	n = (size_t)snprintf(why, NOON_OPTION_WHY, "expected one of ");
	for (size_t i = 0; (d = noon_daytime_dialect(i)) != NULL && n < NOON_OPTION_WHY; i++)
		n += (size_t)snprintf(why + n, NOON_OPTION_WHY - n, "%s%s", i == 0 ? "" : ", ",
				      d->name);
	return false;
}

static bool read_label(const struct noon_option *o, const char *text, void *at,
		       char why[NOON_OPTION_WHY])
{
	(void)o;
	(void)why;
	if (text[0] == '\0' || !noon_daytime_is_label(text))
		return false;
	memcpy(at, text, strlen(text) + 1);
	return true;
}

static const struct noon_option common_rows[] = {
	{"tcp", NOON_OPTION_BOOL, ONE_WAY(tcp), .def = "true", .help = "serve connections"},
	{"udp", NOON_OPTION_BOOL, ONE_WAY(udp), .def = "true", .help = "serve datagrams"},
	{"max-bound", NOON_OPTION_TIME, ONE_WAY(machine.bound_max), NOON_OPTION_LEAST(0),
	 .def = "500ms", .help = "nothing is said while the bound is wider"},
	{"ratelimit", NOON_OPTION_REAL, ONE_WAY(rate_per_s), NOON_OPTION_LEAST(0), .def = "10",
	 .value = "n", .help = "requests for each second and address; 0: no limit"},
	{"ratelimit-burst", NOON_OPTION_UINT, ONE_WAY(rate_burst), NOON_OPTION_RANGE(1, 65535),
	 .def = "16", .help = "requests at once within the limit"},
	{"maxconnections", NOON_OPTION_UINT, ONE_WAY(connections_max), NOON_OPTION_RANGE(1, 10000),
	 .def = "100", .help = "connections at once"},
	{"timeout", NOON_OPTION_TIME, ONE_WAY(timeout), NOON_OPTION_LEAST(1), .def = "3s",
	 .help = "that each may last"},
	NOON_OPTION_END,
};

static const struct noon_option daytime_rows[] = {
	NOON_CONFIG_LISTEN_ROW(struct noon_config_one_way, "all addresses, port 13"),
	{"format", NOON_OPTION_OWN, offsetof(struct noon_config_one_way, machine.dialect),
	 sizeof(void *), .read = read_format, .def = "iso8601", .value = "name",
	 .help = "of the line of text"},
	{"label", NOON_OPTION_OWN, ONE_WAY(machine.label), .read = read_label, .def = "UTC",
	 .noun = "\"UTC\" or such as \"UTC(NIST)\", at most 15 characters",
	 .help = "of the format nist: whose UTC it is"},
	NOON_OPTION_END,
};
_Static_assert(NOON_DAYTIME_LABEL_MAX == 15, "as the noun of label says");

static const struct noon_option time_rows[] = {
	NOON_CONFIG_LISTEN_ROW(struct noon_config_one_way, "all addresses, port 37"),
	NOON_OPTION_END,
};

const struct noon_section noon_config_daytime_section = {
	.group = {"daytime",
		  sizeof(struct noon_config_one_way),
		  NULL,
		  {{daytime_rows, 0, NULL}, {common_rows, 0, NULL}}},
};

const struct noon_section noon_config_time_section = {
	.group = {"time",
		  sizeof(struct noon_config_one_way),
		  NULL,
		  {{time_rows, 0, NULL}, {common_rows, 0, NULL}}},
};

static noon_err take(cfg_t *cfg, const struct noon_option_group *g, uint16_t port,
		     struct noon_config_one_way *o)
{
	if (cfg == NULL)
		return NOON_OK;
	noon_option_take_group(cfg, g, o);
	o->enabled = true;
	noon_config_listen_default(&o->n_listen, o->listen, port);
	if (!o->tcp && !o->udp)
		return noon_config_refuse(cfg,
					  "tcp = false and udp = false: nothing would be served");
	return NOON_OK;
}

noon_err noon_config_take_one_way(cfg_t *top, struct noon_config *c)
{
	if (take(noon_option_section(top, "daytime"), &noon_config_daytime_section.group,
		 NOON_ONE_WAY_DAYTIME_PORT, &c->daytime) ||
	    take(noon_option_section(top, "time"), &noon_config_time_section.group,
		 NOON_ONE_WAY_TIME_PORT, &c->time))
		return NOON_ERR_FORMAT;
	c->daytime.machine.protocol = NOON_ONE_WAY_DAYTIME;
	c->time.machine.protocol = NOON_ONE_WAY_TIME;
	return NOON_OK;
}
