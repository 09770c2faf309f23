/* SPDX-License-Identifier: Apache-2.0
 *
 * The sections server and nts-ke.
 */
#include <stdio.h>
#include <string.h>

#include "daemon/config/config_priv.h"

#define SERVER(member) NOON_OPTION_AT(struct noon_config_server, member)
#define KE(member)     NOON_OPTION_AT(struct noon_config_ke, member)

#define SAME_LAYOUT(type)                                                   \
	_Static_assert(offsetof(type, listen) - offsetof(type, n_listen) == \
			       offsetof(struct noon_config_listen, at),     \
		       "n_listen and listen are a struct noon_config_listen")
SAME_LAYOUT(struct noon_config_server);
SAME_LAYOUT(struct noon_config_ke);
SAME_LAYOUT(struct noon_config_one_way);

bool noon_config_read_listen(const struct noon_option *o, const char *text, void *at,
			     char why[NOON_OPTION_WHY])
{
	struct noon_config_listen *l = at;
	struct noon_addr a;

	(void)o;
	(void)why;
	if (l->n == NOON_CONFIG_LISTEN_MAX || noon_addr_parse(text, 0, &a) ||
	    noon_addr_port(&a) == 0)
		return false;
	l->at[l->n++] = a;
	return true;
}

bool noon_config_read_address(const struct noon_option *o, const char *text, void *at,
			      char why[NOON_OPTION_WHY])
{
	struct noon_addr a = {.len = 0};

	(void)o;
	(void)why;
	if (text[0] != '\0' && (noon_addr_parse(text, 0, &a) || noon_addr_port(&a) != 0))
		return false;
	memcpy(at, &a, sizeof(a));
	return true;
}

void noon_config_listen_default(size_t *n, struct noon_addr *at, uint16_t port)
{
	if (*n == 0 && noon_addr_parse("0.0.0.0", port, &at[0]) == NOON_OK &&
	    noon_addr_parse("::", port, &at[1]) == NOON_OK)
		*n = 2;
}

static bool read_tunnel(const struct noon_option *o, const char *text, void *at,
			char why[NOON_OPTION_WHY])
{
	struct noon_config_server *s = at;

	(void)o;
	(void)why;
	if (s->n_tunnels == NOON_CONFIG_TUNNELS_MAX || strlen(text) >= sizeof(s->tunnel[0]))
		return false;
	(void)snprintf(s->tunnel[s->n_tunnels++], sizeof(s->tunnel[0]), "%s", text);
	return true;
}

static bool read_name(const struct noon_option *o, const char *text, void *at,
		      char why[NOON_OPTION_WHY])
{
	struct noon_config_ke *k = at;

	(void)o;
	(void)why;
	if (k->n_names == NOON_CONFIG_NAMES_MAX || strlen(text) >= sizeof(k->names[0]))
		return false;
	(void)snprintf(k->names[k->n_names++], sizeof(k->names[0]), "%s", text);
	return true;
}

static const struct noon_option server_rows[] = {
	NOON_CONFIG_LISTEN_ROW(struct noon_config_server, "all addresses, port 123"),
	{"tunnel", NOON_OPTION_OWN, NOON_OPTION_ALL(struct noon_config_server), .read = read_tunnel,
	 .most = NOON_CONFIG_TUNNELS_MAX, .value = "name", .says = "none",
	 .noun = "the name of a section tunnel",
	 .help = "requests come through these tunnels; then through no others unless listen says"},
	{"threads", NOON_OPTION_UINT, SERVER(threads), NOON_OPTION_RANGE(1, 64), .def = "1",
	 .help = "workers for each address"},
	{"local-stratum", NOON_OPTION_UINT, SERVER(local_stratum), NOON_OPTION_RANGE(0, 15),
	 .help = "without sources: stratum; 0: no time is given out"},
	{"local-bound", NOON_OPTION_TIME, SERVER(local_bound), NOON_OPTION_LEAST(0), .def = "1us",
	 .help = "without sources: root dispersion"},
	{"ratelimit", NOON_OPTION_REAL, SERVER(rate_per_s), NOON_OPTION_LEAST(0), .value = "n",
	 .help = "requests for each second and address; 0: no limit"},
	{"ratelimit-burst", NOON_OPTION_UINT, SERVER(rate_burst), NOON_OPTION_RANGE(1, 65535),
	 .def = "16", .help = "requests at once within the limit"},
	NOON_OPTION_END,
};

const struct noon_section noon_config_server_section = {
	.group = {"server", sizeof(struct noon_config_server), NULL, {{server_rows, 0, NULL}}},
};

static const struct noon_option ke_rows[] = {
	NOON_CONFIG_LISTEN_ROW(struct noon_config_ke, "all addresses, port 4460"),
	{"ntsservercert", NOON_OPTION_TEXT, KE(certificate), .value = "path", .says = "self-signed",
	 .help = "certificate, PEM"},
	{"ntsserverkey", NOON_OPTION_TEXT, KE(key), .value = "path", .says = "made with it",
	 .help = "its key, PEM"},
	{"names", NOON_OPTION_OWN, NOON_OPTION_ALL(struct noon_config_ke), .read = read_name,
	 .most = NOON_CONFIG_NAMES_MAX, .value = "name", .says = "localhost, 127.0.0.1, ::1",
	 .noun = "a name of at most 255 characters", .help = "of a self-signed certificate"},
	{"maxntsconnections", NOON_OPTION_UINT, KE(connections_max), NOON_OPTION_RANGE(1, 10000),
	 .def = "100", .help = "connections at once"},
	{"timeout", NOON_OPTION_TIME, KE(timeout), NOON_OPTION_LEAST(1), .def = "5s",
	 .help = "that each may take altogether"},
	{"ntsrotate", NOON_OPTION_TIME, KE(rotate), NOON_OPTION_LEAST(NOON_S(1)), .def = "7d",
	 .help = "rotation of the cookie keys"},
	{"ntp-server", NOON_OPTION_TEXT, KE(ntp_host), .value = "name", .says = "this one",
	 .help = "that clients are told to use"},
	{"ntp-port", NOON_OPTION_UINT, KE(ntp_port), NOON_OPTION_RANGE(0, 65535),
	 .says = "the usual", .help = "that clients are told to use"},
	NOON_OPTION_END,
};

const struct noon_section noon_config_ke_section = {
	.group = {"nts-ke", sizeof(struct noon_config_ke), NULL, {{ke_rows, 0, NULL}}},
};

static void default_names(struct noon_config_ke *k)
{
	static const char *const names[] = {"localhost", "127.0.0.1", "::1"};

	for (size_t i = 0; i < 3; i++)
		(void)snprintf(k->names[i], sizeof(k->names[i]), "%s", names[i]);
	k->n_names = 3;
}

void noon_config_ke_default(struct noon_config_ke *k)
{
	noon_option_defaults(&noon_config_ke_section.group, k);
	default_names(k);
}

static noon_err take_ke(cfg_t *cfg, struct noon_config_ke *k)
{
	noon_option_take_group(cfg, &noon_config_ke_section.group, k);
	k->enabled = true;
	noon_config_listen_default(&k->n_listen, k->listen, 4460);
	if (k->n_names == 0)
		default_names(k);
	if ((k->certificate[0] == '\0') != (k->key[0] == '\0'))
		return noon_config_refuse(cfg,
					  "give both ntsservercert and ntsserverkey, or neither");
	return NOON_OK;
}

noon_err noon_config_take_servers(cfg_t *top, struct noon_config *c)
{
	cfg_t *server = noon_option_section(top, "server");
	cfg_t *ke = noon_option_section(top, "nts-ke");

	if (server != NULL) {
		noon_option_take_group(server, &noon_config_server_section.group, &c->server);
		c->server.enabled = true;
		if (c->server.n_tunnels == 0)
			noon_config_listen_default(&c->server.n_listen, c->server.listen, 123);
	}
	if (ke == NULL)
		return NOON_OK;
	if (take_ke(ke, &c->ke))
		return NOON_ERR_FORMAT;
	if (server == NULL)
		return noon_config_refuse(
			ke, "without a server section: its cookies would be of no use");
	return NOON_OK;
}
