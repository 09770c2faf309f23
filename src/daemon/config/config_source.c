/* SPDX-License-Identifier: Apache-2.0
 *
 * The section source, and what all sources share: path, guard, trust.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "daemon/config/config_priv.h"
#include "estimate/bound/minima.h"
#include "estimate/bound/rate.h"
#include "option/common/engine_options.h"

#define SOURCE(member) NOON_OPTION_AT(struct noon_config_source, member)
#define PATH(member)   NOON_OPTION_AT(struct noon_config_path, member)
#define GUARD(member)  NOON_OPTION_AT(struct noon_config_guard, member)

#define LEAST_0 NOON_OPTION_LEAST(0)
#define PORT	NOON_OPTION_RANGE(1, 65535)

const struct noon_option noon_config_path_rows[] = {
	{"distance-m", NOON_OPTION_REAL, PATH(distance_m), LEAST_0, .value = "metres",
	 .says = "not known", .help = "distance to the far end"},
	{"latitude", NOON_OPTION_REAL, PATH(latitude), NOON_OPTION_RANGE(-90, 90),
	 .value = "degrees", .says = "not known", .help = "where the far end is"},
	{"longitude", NOON_OPTION_REAL, PATH(longitude), NOON_OPTION_RANGE(-360, 360),
	 .value = "degrees", .says = "not known", .help = "where the far end is"},
	{"cable-length-m", NOON_OPTION_REAL, PATH(cable_length_m), LEAST_0, .value = "metres",
	 .says = "none", .help = "length of a surveyed cable"},
	{"cable-index", NOON_OPTION_REAL, PATH(cable_index), NOON_OPTION_LEAST(1), .value = "n",
	 .help = "its group index"},
	{"cable-tolerance-m", NOON_OPTION_REAL, PATH(cable_tolerance_m), LEAST_0, .value = "metres",
	 .help = "what the survey may be wrong by"},
	{"attacker-index", NOON_OPTION_REAL, PATH(attacker_index), NOON_OPTION_RANGE(1, 10),
	 .value = "n", .help = "assumption: group index of an attacker's fastest medium"},
	{"measured-minimum-forward", NOON_OPTION_TIME, PATH(forward), LEAST_0, .says = "none",
	 .help = "smallest delay to the far end of a campaign"},
	{"measured-minimum-reverse", NOON_OPTION_TIME, PATH(reverse), LEAST_0, .says = "none",
	 .help = "smallest delay from the far end of a campaign"},
	NOON_OPTION_END,
};

const struct noon_option noon_config_guard_rows[] = {
	{"path-id", NOON_OPTION_TEXT, GUARD(path_id), .value = "name", .says = "the host",
	 .help = "name of the path, as in its baseline"},
	{"baseline", NOON_OPTION_TEXT, GUARD(baseline), .value = "path", .says = "none",
	 .help = "what noonmark guard calibrate recorded"},
	{"guard-shift", NOON_OPTION_TIME, GUARD(shift), LEAST_0, .says = "the alert limit",
	 .help = "rise of the round-trip time that must be found"},
	NOON_OPTION_END,
};

const struct noon_option noon_config_trust_rows[] = {
	{"allow-unauthenticated", NOON_OPTION_BOOL, SOURCE(allow_unauthenticated),
	 .help = "take answers that anybody can forge"},
	NOON_OPTION_END,
};

static bool read_aead(const struct noon_option *o, const char *text, void *at,
		      char why[NOON_OPTION_WHY])
{
	struct noon_config_source *s = at;
	const enum noon_aead_id id = strcmp(text, "15") == 0   ? NOON_AEAD_SIV_CMAC_256
				     : strcmp(text, "30") == 0 ? NOON_AEAD_GCM_SIV_128
							       : NOON_AEAD_NONE;

	(void)o;
	(void)why;
	if (id == NOON_AEAD_NONE || s->n_aead == 2)
		return false;
	s->aead[s->n_aead++] = id;
	return true;
}

static const struct noon_word families[] = {
	{"any", AF_UNSPEC}, {"ipv4", AF_INET}, {"ipv6", AF_INET6}, {NULL, 0}};

static const struct noon_option source_rows[] = {
	{"nts", NOON_OPTION_BOOL, SOURCE(nts), .says = "true without tunnel, else false",
	 .help = "with NTS"},
	{"tunnel", NOON_OPTION_TEXT, SOURCE(tunnel), .value = "name", .says = "none",
	 .help = "section tunnel that its messages go through"},
	{"port", NOON_OPTION_UINT, SOURCE(port), PORT, .def = "123", .help = "of NTP"},
	{"ntsport", NOON_OPTION_UINT, SOURCE(nts_port), PORT, .def = "4460",
	 .help = "of the key exchange"},
	{"family", NOON_OPTION_WORD, SOURCE(family), .words = families, .help = "of addresses"},
	{"ntstrustedcerts", NOON_OPTION_TEXT, SOURCE(ca), .value = "path", .says = "the system's",
	 .help = "trust anchors, PEM"},
	{"certificate-name", NOON_OPTION_TEXT, SOURCE(name), .value = "name", .says = "the host",
	 .help = "that the certificate must be for"},
	{"certificate-time-check", NOON_OPTION_BOOL, SOURCE(cert_time_check), .def = "true",
	 .help = "certificates must be valid now"},
	{"ntsaeads", NOON_OPTION_OWN, NOON_OPTION_ALL(struct noon_config_source), .read = read_aead,
	 .most = 2, .value = "n", .says = "{15, 30}",
	 .noun = "15 (AES-SIV-CMAC-256) or 30 (AES-128-GCM-SIV), each once",
	 .help = "AEADs to offer, best first"},
	{"ntsrefresh", NOON_OPTION_TIME, SOURCE(nts_refresh), NOON_OPTION_LEAST(NOON_S(1)),
	 .def = "28d", .help = "oldest that keys may become"},
	{"iburst", NOON_OPTION_BOOL, SOURCE(iburst), .def = "true",
	 .help = "several exchanges at the start and when an alarm begins"},
	NOON_OPTION_END,
};

void noon_config_path_init(struct noon_config_path *p)
{
	p->latitude = NOON_CONFIG_NOWHERE;
	p->longitude = NOON_CONFIG_NOWHERE;
	p->cable_index = NOON_CABLE_INDEX;
	p->attacker_index = NOON_ATTACKER_INDEX;
}

void noon_config_source_init(void *base)
{
	struct noon_config_source *s = base;

	s->engine = noon_source_conf_default();
	noon_config_path_init(&s->path);
}

#define ENGINE offsetof(struct noon_config_source, engine)

const struct noon_section noon_config_source_section = {
	.group = {"source",
		  sizeof(struct noon_config_source),
		  noon_config_source_init,
		  {{source_rows, 0, NULL},
		   {noon_config_trust_rows, 0, NULL},
		   {noon_source_poll_rows, ENGINE, NULL},
		   {noon_source_vote_rows, ENGINE, NULL},
		   {noon_config_path_rows, offsetof(struct noon_config_source, path), NULL},
		   {noon_config_guard_rows, offsetof(struct noon_config_source, guard), NULL}}},
	.kind = NOON_SECTION_TITLED,
};

noon_err noon_config_refuse(cfg_t *cfg, const char *what)
{
	if (cfg_title(cfg) != NULL)
		cfg_error(cfg, "%s \"%s\": %s", cfg_name(cfg), cfg_title(cfg), what);
	else
		cfg_error(cfg, "%s: %s", cfg_name(cfg), what);
	return NOON_ERR_FORMAT;
}

noon_err noon_config_refuse_option(cfg_t *cfg, const char *option, const char *what)
{
	char text[NOON_OPTION_WHY];

	(void)snprintf(text, sizeof(text), "%s: %s", option, what);
	return noon_config_refuse(cfg, text);
}

static noon_err settle_cable(cfg_t *cfg, const struct noon_config_path *p,
			     struct noon_source_conf *s)
{
	if (noon_minimum_from_cable(p->cable_length_m, p->cable_index, p->cable_tolerance_m,
				    &s->m_f))
		return noon_config_refuse(
			cfg, "cable: expected an index of 1 or more and a tolerance of 0 or more");
	s->minima = NOON_MINIMA_SURVEYED;
	return NOON_OK;
}

/* Between our place and the far end's, through the ground if that is shorter. */
static noon_err settle_places(cfg_t *cfg, const struct noon_config *c,
			      const struct noon_config_path *p, struct noon_source_conf *s)
{
	if (noon_minimum_from_coordinates(c->latitude, c->longitude, p->latitude, p->longitude,
					  &s->m_f))
		return noon_config_refuse(
			cfg, "latitude and longitude: expected degrees, here and for the server");
	s->minima = NOON_MINIMA_GEOMETRY;
	return NOON_OK;
}

/* One-way minima: from a cable or (trusted) a measurement; else from a distance or two places; 0
 * otherwise. With a cable or a measurement the distance only determines how much the path could be
 * shortened. */
noon_err noon_config_settle_path(cfg_t *cfg, const struct noon_config *c,
				 const struct noon_config_path *p, struct noon_source_conf *s)
{
	const bool cable = p->cable_length_m > 0;
	const bool measured = p->forward > 0 || p->reverse > 0;
	const bool place = p->latitude < NOON_CONFIG_NOWHERE || p->longitude < NOON_CONFIG_NOWHERE;
	noon_err err = NOON_OK;
	noon_dur straight;

	if (cable + measured > 1 || (p->distance_m > 0) + place > 1)
		return noon_config_refuse(
			cfg, "give one of cable-length-m and measured-minimum-*, and one of "
			     "distance-m and latitude with longitude");
	if (place) {
		err = settle_places(cfg, c, p, s);
	} else if (p->distance_m > 0) {
		s->m_f = noon_minimum_from_distance(p->distance_m);
		s->minima = NOON_MINIMA_GEOMETRY;
	}
	straight = s->m_f;
	/* The fastest possible path: light, or the medium that the operator states. */
	s->light = noon_scale_floor(s->m_f, p->attacker_index);
	if (measured) {
		s->m_f = p->forward;
		s->m_r = p->reverse;
		s->minima = NOON_MINIMA_MEASURED;
		return err;
	}
	if (!err && cable)
		err = settle_cable(cfg, p, s);
	s->m_r = s->m_f;
	if (s->m_f < straight) { /* the tolerance of the survey */
		s->m_f = s->m_r = straight;
		s->minima = NOON_MINIMA_GEOMETRY;
	}
	return err;
}

noon_err noon_config_settle_guard(cfg_t *cfg, const struct noon_config *c, const char *name,
				  struct noon_config_guard *g)
{
	(void)snprintf(g->name, sizeof(g->name), "%s", name);
	if (g->path_id[0] == '\0')
		(void)snprintf(g->path_id, sizeof(g->path_id), "%.127s", name);
	if (g->baseline[0] != '\0' && c->guard_key[0] == '\0')
		return noon_config_refuse(
			cfg, "baseline needs the general option guard-key: an unsigned one "
			     "could be anybody's");
	return NOON_OK;
}

noon_err noon_config_settle_source(cfg_t *cfg, const struct noon_config *c,
				   struct noon_config_source *s)
{
	s->guard.interval_min_s = exp2((double)s->engine.poll_min);
	s->guard.interval_max_s = exp2((double)s->engine.poll_max);
	if (noon_config_settle_guard(cfg, c, s->host, &s->guard))
		return NOON_ERR_FORMAT;
	return noon_config_settle_path(cfg, c, &s->path, &s->engine);
}

static noon_err settle_aeads(cfg_t *cfg, struct noon_config_source *s)
{
	if (s->n_aead == 0) {
		s->aead[0] = NOON_AEAD_SIV_CMAC_256;
		s->aead[1] = NOON_AEAD_GCM_SIV_128;
		s->n_aead = 2;
	}
	if (s->n_aead == 2 && s->aead[0] == s->aead[1])
		return noon_config_refuse(cfg, "ntsaeads: expected each once");
	return NOON_OK;
}

/* Only the other end is behind a tunnel, and it carries no key exchange of NTS. */
static noon_err settle_tunnel(cfg_t *cfg, const struct noon_config *c, const char *host,
			      struct noon_config_source *s)
{
	if (noon_option_is_set(cfg, "nts") && s->nts)
		return noon_config_refuse_option(
			cfg, "nts", "does not go through a tunnel, which authenticates by itself");
	return noon_config_check_tunnel_to(cfg, c, s->tunnel, host, s->port);
}

noon_err noon_config_take_source(cfg_t *cfg, const struct noon_config *c,
				 struct noon_config_source *s)
{
	const char *host = cfg_title(cfg);

	noon_option_take_group(cfg, &noon_config_source_section.group, s);
	if (s->tunnel[0] != '\0' && settle_tunnel(cfg, c, host, s))
		return NOON_ERR_FORMAT;
	if (!noon_option_is_set(cfg, "nts"))
		s->nts = s->tunnel[0] == '\0';
	if (!s->nts && s->tunnel[0] == '\0' && !s->allow_unauthenticated)
		return noon_config_refuse(
			cfg,
			"nts = false needs allow-unauthenticated = true: an attacker can forge "
			"its answers");
	if (host[0] == '\0' || strlen(host) >= sizeof(s->host))
		return noon_config_refuse(cfg, "expected a host name or address");
	(void)snprintf(s->host, sizeof(s->host), "%s", host);
	s->engine.burst = s->iburst ? s->engine.burst : 0;
	s->engine.require_auth = s->nts || s->tunnel[0] != '\0';
	if (settle_aeads(cfg, s) || noon_config_settle_source(cfg, c, s))
		return NOON_ERR_FORMAT;
	if (noon_source_conf_check(&s->engine))
		return noon_config_refuse(cfg,
					  "expected minpoll <= maxpoll and times of zero or more");
	return NOON_OK;
}
