/* SPDX-License-Identifier: Apache-2.0
 *
 * Tables of options, their checks, and the move into struct noon_config.
 *
 * Checks run as libConfuse's validation callbacks, so that each error has its line.
 */
#include "daemon/config/config.h"

#include <confuse.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/config/config_priv.h"
#include "estimate/bound/minima.h"
#include "estimate/bound/rate.h"
#include "option/cfg_file.h"
#include "platform/clock/machine.h"
#include "platform/clock/vmclock.h"
#include "platform/file.h"
#include "platform/text.h"

#define NOWHERE NOON_CONFIG_NOWHERE

/* Of "serve-limit", where the alert limit is no larger. */
#define SERVE_LIMIT NOON_S(1)

/* Not const only because libConfuse's types are not; nothing writes to them. Lists have their
 * defaults where they are taken over. */
static cfg_opt_t clock_opts[] = {
	CFG_STR("type", "virtual", CFGF_NONE),
	CFG_STR("device", "/dev/ptp0", CFGF_NONE),
	CFG_STR("vmclock", NOON_VMCLOCK_PATH, CFGF_NONE),
	CFG_STR("clocksource", NOON_CLOCKSOURCE_PATH, CFGF_NONE),
	CFG_STR("offset", "0", CFGF_NONE),
	CFG_STR("frequency-error", "0", CFGF_NONE),
	CFG_FLOAT("random-walk", 0.0, CFGF_NONE),
	CFG_STR("ageing", "0", CFGF_NONE),
	CFG_INT("seed", 1, CFGF_NONE),
	CFG_END(),
};

static cfg_opt_t source_opts[] = {
	CFG_BOOL("nts", cfg_true, CFGF_NONE),
	CFG_INT("port", 123, CFGF_NONE),
	CFG_INT("ntsport", 4460, CFGF_NONE),
	CFG_STR("family", "any", CFGF_NONE),
	CFG_STR("ntstrustedcerts", "", CFGF_NONE),
	CFG_STR("certificate-name", "", CFGF_NONE),
	CFG_BOOL("certificate-time-check", cfg_true, CFGF_NONE),
	CFG_INT_LIST("ntsaeads", NULL, CFGF_NONE),
	CFG_STR("ntsrefresh", "28d", CFGF_NONE),
	CFG_INT("minpoll", 4, CFGF_NONE),
	CFG_INT("maxpoll", 10, CFGF_NONE),
	CFG_BOOL("iburst", cfg_true, CFGF_NONE),
	CFG_STR("burst-interval", "2s", CFGF_NONE),
	NOON_CONFIG_SOURCE_OPTS,
	CFG_END(),
};

static cfg_opt_t server_opts[] = {
	CFG_STR_LIST("listen", NULL, CFGF_NONE),
	CFG_INT("threads", 1, CFGF_NONE),
	CFG_INT("local-stratum", 0, CFGF_NONE),
	CFG_STR("local-bound", "1us", CFGF_NONE),
	CFG_FLOAT("ratelimit", 0.0, CFGF_NONE),
	CFG_INT("ratelimit-burst", 16, CFGF_NONE),
	CFG_END(),
};

static cfg_opt_t ke_opts[] = {
	CFG_STR_LIST("listen", NULL, CFGF_NONE),
	CFG_STR("ntsservercert", "", CFGF_NONE),
	CFG_STR("ntsserverkey", "", CFGF_NONE),
	CFG_STR_LIST("names", NULL, CFGF_NONE),
	CFG_INT("maxntsconnections", 100, CFGF_NONE),
	CFG_STR("timeout", "5s", CFGF_NONE),
	CFG_STR("ntsrotate", "7d", CFGF_NONE),
	CFG_STR("ntp-server", "", CFGF_NONE),
	CFG_INT("ntp-port", 0, CFGF_NONE),
	CFG_END(),
};

static cfg_opt_t top_opts[] = {
	CFG_STR("state-directory", NULL, CFGF_NONE),
	CFG_STR("control-socket", NULL, CFGF_NONE),
	CFG_STR("shared-page", NULL, CFGF_NONE),
	CFG_STR("user", "noonmark", CFGF_NONE),
	/* The defaults of these are the engine's (engine/conf.c). */
	CFG_STR("alert-limit", NULL, CFGF_NONE),
	CFG_STR("serve-limit", NULL, CFGF_NONE),
	CFG_STR("maxclockerror", NULL, CFGF_NONE),
	CFG_STR("wander", NULL, CFGF_NONE),
	CFG_STR("holdover-wander", NULL, CFGF_NONE),
	CFG_STR("max-age", NULL, CFGF_NONE),
	CFG_STR("step-threshold", NULL, CFGF_NONE),
	CFG_BOOL("step-at-start", cfg_true, CFGF_NODEFAULT),
	CFG_STR("maxslewrate", NULL, CFGF_NONE),
	CFG_INT("max-liars", -1, CFGF_NODEFAULT),
	CFG_INT("clear-after", 0, CFGF_NODEFAULT),
	CFG_INT("holdover-polls", 0, CFGF_NODEFAULT),
	CFG_STR("readmit-after", NULL, CFGF_NONE),
	CFG_STR("readmit-lone-after", NULL, CFGF_NONE),
	CFG_INT("nocerttimecheck", 0, CFGF_NONE),
	CFG_STR("hwtimestamp", "", CFGF_NONE),
	CFG_STR("guard-key", "", CFGF_NONE),
	CFG_FLOAT("guard-pd", 0.999, CFGF_NONE),
	CFG_FLOAT("guard-pfa", 1e-6, CFGF_NONE),
	CFG_STR("hook", "", CFGF_NONE),
	CFG_FLOAT("latitude", NOWHERE, CFGF_NONE),
	CFG_FLOAT("longitude", NOWHERE, CFGF_NONE),
	CFG_SEC("clock", clock_opts, CFGF_NODEFAULT | CFGF_MULTI),
	CFG_INT("utc_offset", 0, CFGF_NONE),
	CFG_STR("leapseclist", "/usr/share/zoneinfo/leap-seconds.list", CFGF_NONE),
	CFG_SEC("source", source_opts, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
	CFG_SEC("ptp-receiver", noon_config_ptp_receiver_opts,
		CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
	CFG_SEC("ptp-transmitter", noon_config_ptp_transmitter_opts,
		CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
	CFG_SEC("server", server_opts, CFGF_NODEFAULT | CFGF_MULTI),
	CFG_SEC("nts-ke", ke_opts, CFGF_NODEFAULT | CFGF_MULTI),
	CFG_SEC("tsa", noon_config_tsa_opts, CFGF_NODEFAULT | CFGF_MULTI),
	CFG_SEC("daytime", noon_config_daytime_opts, CFGF_NODEFAULT | CFGF_MULTI),
	CFG_SEC("time", noon_config_time_opts, CFGF_NODEFAULT | CFGF_MULTI),
	CFG_FUNC("include", cfg_include),
	CFG_END(),
};

noon_dur noon_config_dur(cfg_t *cfg, const char *name)
{
	noon_dur d = 0;

	(void)!noon_text_dur(cfg_getstr(cfg, name), &d); /* checked while it was read */
	return d;
}

static noon_freq freq_of(cfg_t *cfg, const char *name)
{
	noon_freq f = 0;

	(void)!noon_text_freq(cfg_getstr(cfg, name), &f); /* checked while it was read */
	return f;
}

static void copy(char *out, size_t n, const char *text)
{
	(void)snprintf(out, n, "%s", text);
}

void noon_config_path(char out[NOON_CONFIG_PATH_MAX], cfg_t *cfg, const char *name)
{
	copy(out, NOON_CONFIG_PATH_MAX, cfg_getstr(cfg, name));
}

/* Root keeps things where services do, anybody else in a folder of their own. */
static void copy_place(char out[NOON_CONFIG_PATH_MAX], cfg_t *cfg, const char *name,
		       const char *of_root, const char *file)
{
	char dir[256];

	if (cfg_getstr(cfg, name) != NULL) {
		noon_config_path(out, cfg, name);
	} else if (geteuid() == 0) {
		copy(out, NOON_CONFIG_PATH_MAX, of_root);
	} else {
		noon_dir_runtime(dir, sizeof(dir));
		(void)snprintf(out, NOON_CONFIG_PATH_MAX, "%s%s", dir, file);
	}
}

/* Without addresses: all of them, IPv4 and IPv6, on the default port. */
size_t noon_config_listen(cfg_t *cfg, uint16_t port, struct noon_addr out[NOON_CONFIG_LISTEN_MAX])
{
	const unsigned n = cfg_size(cfg, "listen");
	size_t k = 0;

	for (unsigned i = 0; i < n && k < NOON_CONFIG_LISTEN_MAX; i++)
		if (noon_addr_parse(cfg_getnstr(cfg, "listen", i), 0, &out[k]) == NOON_OK)
			k++;
	if (n == 0 && noon_addr_parse("0.0.0.0", port, &out[0]) == NOON_OK &&
	    noon_addr_parse("::", port, &out[1]) == NOON_OK)
		k = 2;
	return k;
}

static void default_names(struct noon_config_ke *k)
{
	static const char *const names[] = {"localhost", "127.0.0.1", "::1"};

	for (size_t i = 0; i < 3; i++)
		copy(k->names[i], sizeof(k->names[i]), names[i]);
	k->n_names = 3;
}

static void take_dur(cfg_t *cfg, const char *name, noon_dur *out)
{
	if (cfg_getstr(cfg, name) != NULL)
		*out = noon_config_dur(cfg, name);
}

static void take_freq(cfg_t *cfg, const char *name, noon_freq *out)
{
	if (cfg_getstr(cfg, name) != NULL)
		*out = freq_of(cfg, name);
}

/* What is not set keeps the engine's default. */
static void take_engine(cfg_t *cfg, struct noon_engine_conf *e)
{
	*e = noon_engine_conf_default();
	take_dur(cfg, "alert-limit", &e->alert_limit);
	take_freq(cfg, "maxclockerror", &e->max_rate_error);
	take_freq(cfg, "wander", &e->wander);
	/* Who states the one knows the oscillator: nothing smaller is assumed then. */
	if (cfg_getstr(cfg, "wander") != NULL)
		e->holdover = e->wander;
	take_freq(cfg, "holdover-wander", &e->holdover);
	take_dur(cfg, "max-age", &e->max_age);
	take_dur(cfg, "step-threshold", &e->step_threshold);
	take_freq(cfg, "maxslewrate", &e->slew_rate);
	if (cfg_size(cfg, "step-at-start") > 0)
		e->step_at_start = cfg_getbool(cfg, "step-at-start");
	if (cfg_size(cfg, "max-liars") > 0)
		e->max_liars = (int)cfg_getint(cfg, "max-liars");
	if (cfg_size(cfg, "clear-after") > 0)
		e->clear_after = (unsigned)cfg_getint(cfg, "clear-after");
	if (cfg_size(cfg, "holdover-polls") > 0)
		e->holdover_polls = (unsigned)cfg_getint(cfg, "holdover-polls");
	take_dur(cfg, "readmit-after", &e->readmit_after);
	take_dur(cfg, "readmit-lone-after", &e->readmit_lone_after);
}

/* Readings that are ok can always be served. */
static noon_err take_serve_limit(cfg_t *cfg, struct noon_config *c)
{
	const noon_dur alert = c->engine.alert_limit;

	c->serve_limit = alert > SERVE_LIMIT ? alert : SERVE_LIMIT;
	take_dur(cfg, "serve-limit", &c->serve_limit);
	if (c->serve_limit >= alert)
		return NOON_OK;
	cfg_error(cfg,
		  "serve-limit = \"%s\": expected no less than alert-limit, which is %g s: a clock "
		  "whose state is ok would give no time",
		  cfg_getstr(cfg, "serve-limit"), noon_dur_to_s(alert));
	return NOON_ERR_FORMAT;
}

/* What is looked at where nothing is said. */
static void default_signs(struct noon_config_clock *c)
{
	copy(c->vmclock, sizeof(c->vmclock), NOON_VMCLOCK_PATH);
	copy(c->clocksource, sizeof(c->clocksource), NOON_CLOCKSOURCE_PATH);
}

static void take_clock(cfg_t *cfg, struct noon_config_clock *c)
{
	static const char *const types[] = {"virtual", "system", "system-read-only", "phc"};
	const char *type = cfg_getstr(cfg, "type");

	for (unsigned i = 0; i < 4; i++)
		if (strcmp(type, types[i]) == 0)
			c->kind = (enum noon_clock_kind)i;
	noon_config_path(c->device, cfg, "device");
	noon_config_path(c->vmclock, cfg, "vmclock");
	noon_config_path(c->clocksource, cfg, "clocksource");
	c->virt = (struct noon_clock_virtual_conf){
		.offset = noon_config_dur(cfg, "offset"),
		.freq_error = freq_of(cfg, "frequency-error"),
		.random_walk = cfg_getfloat(cfg, "random-walk"),
		.ageing = freq_of(cfg, "ageing"),
		.seed = (uint64_t)cfg_getint(cfg, "seed"),
	};
}

static noon_err refuse(cfg_t *cfg, const char *what)
{
	cfg_error(cfg, "%s \"%s\": %s", cfg_name(cfg), cfg_title(cfg), what);
	return NOON_ERR_FORMAT;
}

static noon_err take_cable(cfg_t *cfg, struct noon_source_conf *s)
{
	if (noon_minimum_from_cable(cfg_getfloat(cfg, "cable-length-m"),
				    cfg_getfloat(cfg, "cable-index"),
				    cfg_getfloat(cfg, "cable-tolerance-m"), &s->m_f))
		return refuse(cfg,
			      "cable: expected an index of 1 or more and a tolerance of 0 or more");
	s->minima = NOON_MINIMA_SURVEYED;
	return NOON_OK;
}

/* Between our place and the server's, through the ground if that is shorter. */
static noon_err take_places(cfg_t *top, cfg_t *cfg, struct noon_source_conf *s)
{
	if (noon_minimum_from_coordinates(
		    cfg_getfloat(top, "latitude"), cfg_getfloat(top, "longitude"),
		    cfg_getfloat(cfg, "latitude"), cfg_getfloat(cfg, "longitude"), &s->m_f))
		return refuse(cfg,
			      "latitude and longitude: expected degrees, here and for the server");
	s->minima = NOON_MINIMA_GEOMETRY;
	return NOON_OK;
}

static void take_distance(double distance_m, struct noon_source_conf *s)
{
	s->m_f = noon_minimum_from_distance(distance_m);
	s->minima = NOON_MINIMA_GEOMETRY;
}

/* The fastest path there can be: light, or what the operator says of the medium. */
static noon_err take_fastest(cfg_t *cfg, struct noon_source_conf *s)
{
	const double index = cfg_getfloat(cfg, "attacker-index");

	if (!(index >= 1.0 && index <= 10.0))
		return refuse(cfg, "attacker-index: expected 1 to 10");
	s->light = noon_scale_floor(s->m_f, index);
	return NOON_OK;
}

/* One-way minima: from a cable or (trusted) a measurement; else from a distance or two places; 0
 * otherwise. With a cable or a measurement the distance only tells how much the path could be
 * shortened. */
noon_err noon_config_take_minima(cfg_t *top, cfg_t *cfg, struct noon_source_conf *s)
{
	const bool cable = cfg_getfloat(cfg, "cable-length-m") > 0;
	const double distance = cfg_getfloat(cfg, "distance-m");
	const bool place =
		cfg_getfloat(cfg, "latitude") < NOWHERE || cfg_getfloat(cfg, "longitude") < NOWHERE;
	const noon_dur f = noon_config_dur(cfg, "measured-minimum-forward");
	const noon_dur r = noon_config_dur(cfg, "measured-minimum-reverse");
	noon_err err = NOON_OK;
	noon_dur straight;

	if (cable + (f > 0 || r > 0) > 1 || (distance > 0) + place > 1)
		return refuse(cfg, "give one of cable-length-m and measured-minimum-*, and one of "
				   "distance-m and latitude with longitude");
	if (place)
		err = take_places(top, cfg, s);
	else if (distance > 0)
		take_distance(distance, s);
	straight = s->m_f;
	err = err ? err : take_fastest(cfg, s);
	if (f > 0 || r > 0) {
		s->m_f = f;
		s->m_r = r;
		s->minima = NOON_MINIMA_MEASURED;
		return err;
	}
	if (!err && cable)
		err = take_cable(cfg, s);
	s->m_r = s->m_f;
	if (s->m_f < straight) { /* the tolerance of the survey */
		s->m_f = s->m_r = straight;
		s->minima = NOON_MINIMA_GEOMETRY;
	}
	return err;
}

static void take_source_engine(cfg_t *cfg, struct noon_config_source *s)
{
	s->engine = noon_source_conf_default();
	s->engine.poll_min = (int8_t)cfg_getint(cfg, "minpoll");
	s->engine.poll_max = (int8_t)cfg_getint(cfg, "maxpoll");
	s->engine.burst = cfg_getbool(cfg, "iburst") ? s->engine.burst : 0;
	s->engine.burst_interval = noon_config_dur(cfg, "burst-interval");
	s->engine.require_auth = s->nts;
}

noon_err noon_config_take_guard(cfg_t *top, cfg_t *cfg, const char *name,
				struct noon_config_guard *g)
{
	const char *path_id = cfg_getstr(cfg, "path-id");

	(void)snprintf(g->name, sizeof(g->name), "%s", name);
	if (strlen(path_id) >= sizeof(g->path_id))
		return refuse(cfg, "path-id: longer than 127 characters");
	(void)snprintf(g->path_id, sizeof(g->path_id), "%.127s",
		       path_id[0] != '\0' ? path_id : name);
	noon_config_path(g->baseline, cfg, "baseline");
	g->shift = noon_config_dur(cfg, "guard-shift");
	if (g->baseline[0] != '\0' && cfg_getstr(top, "guard-key")[0] == '\0')
		return refuse(cfg, "baseline needs the general option guard-key: an unsigned one "
				   "could be anybody's");
	return NOON_OK;
}

noon_err noon_config_take_common(cfg_t *top, cfg_t *cfg, struct noon_config_source *s)
{
	s->engine.noselect = cfg_getbool(cfg, "noselect");
	s->engine.extra_err = noon_config_dur(cfg, "extra-error");
	s->guard.interval_min_s = exp2((double)s->engine.poll_min);
	s->guard.interval_max_s = exp2((double)s->engine.poll_max);
	if (noon_config_take_guard(top, cfg, s->host, &s->guard))
		return NOON_ERR_FORMAT;
	return noon_config_take_minima(top, cfg, &s->engine);
}

static noon_err take_source(cfg_t *top, cfg_t *cfg, struct noon_config_source *s)
{
	const char *family = cfg_getstr(cfg, "family");

	s->nts = cfg_getbool(cfg, "nts");
	if (!s->nts && !cfg_getbool(cfg, "allow-unauthenticated")) {
		cfg_error(cfg,
			  "source \"%s\": nts = false needs allow-unauthenticated = true: an "
			  "attacker can forge its answers",
			  cfg_title(cfg));
		return NOON_ERR_FORMAT;
	}
	if (strlen(cfg_title(cfg)) == 0 || strlen(cfg_title(cfg)) >= sizeof(s->host)) {
		cfg_error(cfg, "source \"%s\": expected a host name or address", cfg_title(cfg));
		return NOON_ERR_FORMAT;
	}
	copy(s->host, sizeof(s->host), cfg_title(cfg));
	copy(s->name, sizeof(s->name), cfg_getstr(cfg, "certificate-name"));
	noon_config_path(s->ca, cfg, "ntstrustedcerts");
	s->port = (uint16_t)cfg_getint(cfg, "port");
	s->nts_port = (uint16_t)cfg_getint(cfg, "ntsport");
	s->family = strcmp(family, "ipv4") == 0	  ? AF_INET
		    : strcmp(family, "ipv6") == 0 ? AF_INET6
						  : AF_UNSPEC;
	s->cert_time_check = cfg_getbool(cfg, "certificate-time-check");
	s->nts_refresh = noon_config_dur(cfg, "ntsrefresh");
	if (s->nts_refresh < NOON_S(1))
		return refuse(cfg, "ntsrefresh: expected one second or more");
	s->n_aead = cfg_size(cfg, "ntsaeads") < 2 ? cfg_size(cfg, "ntsaeads") : 2;
	for (unsigned i = 0; i < s->n_aead; i++)
		s->aead[i] = (enum noon_aead_id)cfg_getnint(cfg, "ntsaeads", i);
	if (s->n_aead == 0) {
		s->aead[0] = NOON_AEAD_SIV_CMAC_256;
		s->aead[1] = NOON_AEAD_GCM_SIV_128;
		s->n_aead = 2;
	}
	if (s->n_aead == 2 && s->aead[0] == s->aead[1]) {
		cfg_error(cfg, "source \"%s\": ntsaeads: expected each once", cfg_title(cfg));
		return NOON_ERR_FORMAT;
	}
	take_source_engine(cfg, s);
	if (noon_config_take_common(top, cfg, s))
		return NOON_ERR_FORMAT;
	if (noon_source_conf_check(&s->engine)) {
		cfg_error(cfg,
			  "source \"%s\": expected minpoll <= maxpoll and times of zero or more",
			  cfg_title(cfg));
		return NOON_ERR_FORMAT;
	}
	return NOON_OK;
}

static void take_server(cfg_t *cfg, struct noon_config_server *s)
{
	s->enabled = true;
	s->n_listen = noon_config_listen(cfg, 123, s->listen);
	s->threads = (unsigned)cfg_getint(cfg, "threads");
	s->local_stratum = (uint8_t)cfg_getint(cfg, "local-stratum");
	s->local_bound = noon_config_dur(cfg, "local-bound");
	s->rate_per_s = cfg_getfloat(cfg, "ratelimit");
	s->rate_burst = (unsigned)cfg_getint(cfg, "ratelimit-burst");
}

static noon_err take_ke(cfg_t *cfg, struct noon_config_ke *k)
{
	k->enabled = true;
	k->n_listen = noon_config_listen(cfg, 4460, k->listen);
	noon_config_path(k->certificate, cfg, "ntsservercert");
	noon_config_path(k->key, cfg, "ntsserverkey");
	if ((k->certificate[0] == '\0') != (k->key[0] == '\0')) {
		cfg_error(cfg, "nts-ke: give both ntsservercert and ntsserverkey, or neither");
		return NOON_ERR_FORMAT;
	}
	k->n_names = cfg_size(cfg, "names");
	for (unsigned i = 0; i < k->n_names; i++)
		copy(k->names[i], sizeof(k->names[i]), cfg_getnstr(cfg, "names", i));
	k->connections_max = (unsigned)cfg_getint(cfg, "maxntsconnections");
	k->timeout = noon_config_dur(cfg, "timeout");
	k->rotate = noon_config_dur(cfg, "ntsrotate");
	if (k->n_names == 0)
		default_names(k);
	if (k->rotate < NOON_S(1)) {
		cfg_error(cfg, "nts-ke: ntsrotate: expected one second or more");
		return NOON_ERR_FORMAT;
	}
	copy(k->ntp_host, sizeof(k->ntp_host), cfg_getstr(cfg, "ntp-server"));
	k->ntp_port = (uint16_t)cfg_getint(cfg, "ntp-port");
	return NOON_OK;
}

static noon_err take_sources(cfg_t *cfg, struct noon_config *c)
{
	const unsigned n_ntp = cfg_size(cfg, "source");
	const unsigned n_ptp = cfg_size(cfg, "ptp-receiver");

	if (n_ntp + n_ptp > NOON_CONFIG_SOURCES_MAX) {
		cfg_error(cfg, "more than %d sources", NOON_CONFIG_SOURCES_MAX);
		return NOON_ERR_FORMAT;
	}
	for (unsigned i = 0; i < n_ntp; i++)
		if (take_source(cfg, cfg_getnsec(cfg, "source", i), &c->source[i]))
			return NOON_ERR_FORMAT;
	for (unsigned i = 0; i < n_ptp; i++)
		if (noon_config_take_ptp_receiver(cfg, cfg_getnsec(cfg, "ptp-receiver", i),
						  &c->source[n_ntp + i]))
			return NOON_ERR_FORMAT;
	c->n_sources = n_ntp + n_ptp;
	return NOON_OK;
}

static noon_err take_transmitters(cfg_t *cfg, struct noon_config *c)
{
	const unsigned n = cfg_size(cfg, "ptp-transmitter");

	if (n > NOON_CONFIG_TRANSMITTERS_MAX) {
		cfg_error(cfg, "more than %d PTP transmitters", NOON_CONFIG_TRANSMITTERS_MAX);
		return NOON_ERR_FORMAT;
	}
	for (unsigned i = 0; i < n; i++)
		if (noon_config_take_ptp_transmitter(cfg, cfg_getnsec(cfg, "ptp-transmitter", i),
						     &c->transmitter[i]))
			return NOON_ERR_FORMAT;
	c->n_transmitters = n;
	return NOON_OK;
}

/* MULTI is for the line number a section then has: a second one would be passed over in silence.
 */
static noon_err check_single(cfg_t *cfg)
{
	static const char *const names[] = {"clock", "server", "nts-ke", "tsa", "daytime", "time"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (cfg_size(cfg, names[i]) < 2)
			continue;
		cfg_error(cfg_getnsec(cfg, names[i], 1), "%s: expected one section only", names[i]);
		return NOON_ERR_FORMAT;
	}
	return NOON_OK;
}

static noon_err take_all(cfg_t *cfg, struct noon_config *c)
{
	memset(c, 0, sizeof(*c));
	if (check_single(cfg))
		return NOON_ERR_FORMAT;
	copy_place(c->state_dir, cfg, "state-directory", "/var/lib/noonmark", "");
	copy_place(c->control, cfg, "control-socket", "/run/noonmark/noonmarkd.sock",
		   "/noonmarkd.sock");
	copy_place(c->page, cfg, "shared-page", "/run/noonmark/clock", "/clock");
	copy(c->user, sizeof(c->user), cfg_getstr(cfg, "user"));
	copy(c->hwtimestamp, sizeof(c->hwtimestamp), cfg_getstr(cfg, "hwtimestamp"));
	c->no_cert_time_check = (unsigned)cfg_getint(cfg, "nocerttimecheck");
	noon_config_path(c->guard_key, cfg, "guard-key");
	c->guard_p_d = cfg_getfloat(cfg, "guard-pd");
	c->guard_p_fa = cfg_getfloat(cfg, "guard-pfa");
	noon_config_path(c->hook, cfg, "hook");
	take_engine(cfg, &c->engine);
	if (noon_engine_conf_check(&c->engine)) {
		cfg_error(cfg,
			  "alert-limit, maxclockerror, wander, max-age, max-liars, maxslewrate: "
			  "some value is out of range");
		return NOON_ERR_FORMAT;
	}
	if (take_serve_limit(cfg, c))
		return NOON_ERR_FORMAT;
	default_signs(&c->clock);
	if (cfg_size(cfg, "clock") > 0)
		take_clock(cfg_getnsec(cfg, "clock", 0), &c->clock);
	if (cfg_size(cfg, "server") > 0)
		take_server(cfg_getnsec(cfg, "server", 0), &c->server);
	if (cfg_size(cfg, "nts-ke") > 0 && take_ke(cfg_getnsec(cfg, "nts-ke", 0), &c->ke))
		return NOON_ERR_FORMAT;
	if (c->ke.enabled && !c->server.enabled) {
		cfg_error(cfg, "nts-ke without a server section: its cookies would be of no use");
		return NOON_ERR_FORMAT;
	}
	if (cfg_size(cfg, "tsa") > 0 &&
	    noon_config_take_tsa(cfg_getnsec(cfg, "tsa", 0), c, &c->tsa))
		return NOON_ERR_FORMAT;
	if (noon_config_take_one_way(cfg, c))
		return NOON_ERR_FORMAT;
	c->utc_offset = (int)cfg_getint(cfg, "utc_offset");
	noon_config_path(c->leap_list, cfg, "leapseclist");
	return take_sources(cfg, c) ? NOON_ERR_FORMAT : take_transmitters(cfg, c);
}

noon_err noon_config_read(const char *path, struct noon_config *ret)
{
	noon_err err = noon_cfg_check_whole(path);
	cfg_t *cfg;

	if (err)
		return err;
	cfg = cfg_init(top_opts, CFGF_NONE);
	if (cfg == NULL)
		return NOON_ERR_OS;
	(void)cfg_set_error_function(cfg, noon_cfg_error);
	noon_config_set_checks(cfg);
	err = cfg_parse(cfg, path) == CFG_SUCCESS ? take_all(cfg, ret) : NOON_ERR_FORMAT;
	(void)cfg_free(cfg);
	return err;
}

void noon_config_default(struct noon_config *c)
{
	char dir[256];

	memset(c, 0, sizeof(*c));
	noon_dir_runtime(dir, sizeof(dir));
	copy(c->state_dir, sizeof(c->state_dir), dir);
	(void)snprintf(c->control, sizeof(c->control), "%s/noonmarkd.sock", dir);
	(void)snprintf(c->page, sizeof(c->page), "%s/clock", dir);
	c->engine = noon_engine_conf_default();
	c->serve_limit = SERVE_LIMIT;
	c->clock.kind = NOON_CLOCK_KIND_VIRTUAL;
	default_signs(&c->clock);
	c->server.enabled = true;
	c->server.threads = 1;
	c->server.local_stratum = 10;
	c->server.local_bound = NOON_MS(1);
	(void)!noon_addr_parse("127.0.0.1:11123", 0, &c->server.listen[0]);
	(void)!noon_addr_parse("[::1]:11123", 0, &c->server.listen[1]);
	c->server.n_listen = 2;
	c->ke.enabled = true;
	c->ke.connections_max = 100;
	c->ke.timeout = NOON_S(5);
	c->ke.rotate = NOON_S(7 * 86400);
	c->ke.ntp_port = 11123;
	(void)!noon_addr_parse("127.0.0.1:14460", 0, &c->ke.listen[0]);
	(void)!noon_addr_parse("[::1]:14460", 0, &c->ke.listen[1]);
	c->ke.n_listen = 2;
	default_names(&c->ke);
}
