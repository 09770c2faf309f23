/* SPDX-License-Identifier: Apache-2.0
 *
 * The sections daytime and time.
 */
#include <string.h>

#include "daemon/config/config_priv.h"

#define COMMON_OPTS                                                                             \
	CFG_STR_LIST("listen", NULL, CFGF_NONE), CFG_BOOL("tcp", cfg_true, CFGF_NONE),          \
		CFG_BOOL("udp", cfg_true, CFGF_NONE), CFG_STR("max-bound", "500ms", CFGF_NONE), \
		CFG_FLOAT("ratelimit", 10.0, CFGF_NONE),                                        \
		CFG_INT("ratelimit-burst", 16, CFGF_NONE),                                      \
		CFG_INT("maxconnections", 100, CFGF_NONE), CFG_STR("timeout", "3s", CFGF_NONE)

/* Not const only because libConfuse's types are not; nothing writes to them. */
cfg_opt_t noon_config_daytime_opts[] = {
	COMMON_OPTS,
	CFG_STR("format", "iso8601", CFGF_NONE),
	CFG_STR("label", "UTC", CFGF_NONE),
	CFG_END(),
};

cfg_opt_t noon_config_time_opts[] = {
	COMMON_OPTS,
	CFG_END(),
};

int noon_config_check_daytime_format(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *text = cfg_opt_getnstr(opt, cfg_opt_size(opt) - 1);
	char names[160] = "";

	if (noon_daytime_dialect_find(text) != NULL)
		return 0;
	for (size_t i = 0; noon_daytime_dialect(i) != NULL; i++) {
		(void)strncat(names, i == 0 ? "" : ", ", sizeof(names) - strlen(names) - 1);
		(void)strncat(names, noon_daytime_dialect(i)->name,
			      sizeof(names) - strlen(names) - 1);
	}
	cfg_error(cfg, "format = \"%s\": expected one of %s", text, names);
	return -1;
}

int noon_config_check_daytime_label(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *text = cfg_opt_getnstr(opt, cfg_opt_size(opt) - 1);

	if (text[0] != '\0' && noon_daytime_is_label(text))
		return 0;
	cfg_error(
		cfg,
		"label = \"%s\": expected \"UTC\" or such as \"UTC(NIST)\", at most %d characters",
		text, NOON_DAYTIME_LABEL_MAX);
	return -1;
}

static noon_err take(cfg_t *cfg, uint16_t port, struct noon_config_one_way *o)
{
	o->enabled = true;
	o->n_listen = noon_config_listen(cfg, port, o->listen);
	o->tcp = cfg_getbool(cfg, "tcp");
	o->udp = cfg_getbool(cfg, "udp");
	o->rate_per_s = cfg_getfloat(cfg, "ratelimit");
	o->rate_burst = (unsigned)cfg_getint(cfg, "ratelimit-burst");
	o->connections_max = (unsigned)cfg_getint(cfg, "maxconnections");
	o->timeout = noon_config_dur(cfg, "timeout");
	o->machine.bound_max = noon_config_dur(cfg, "max-bound");
	if (!o->tcp && !o->udp) {
		cfg_error(cfg, "%s: tcp = false and udp = false: nothing would be served",
			  cfg_name(cfg));
		return NOON_ERR_FORMAT;
	}
	return NOON_OK;
}

noon_err noon_config_take_one_way(cfg_t *top, struct noon_config *c)
{
	if (cfg_size(top, "daytime") > 0) {
		cfg_t *cfg = cfg_getnsec(top, "daytime", 0);
		struct noon_one_way_server_conf *m = &c->daytime.machine;

		m->protocol = NOON_ONE_WAY_DAYTIME;
		m->dialect = noon_daytime_dialect_find(cfg_getstr(cfg, "format"));
		/* Both were checked while they were read. */
		(void)strncpy(m->label, cfg_getstr(cfg, "label"), sizeof(m->label) - 1);
		if (take(cfg, NOON_ONE_WAY_DAYTIME_PORT, &c->daytime))
			return NOON_ERR_FORMAT;
	}
	if (cfg_size(top, "time") > 0) {
		c->time.machine.protocol = NOON_ONE_WAY_TIME;
		return take(cfg_getnsec(top, "time", 0), NOON_ONE_WAY_TIME_PORT, &c->time);
	}
	return NOON_OK;
}
