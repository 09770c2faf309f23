/* SPDX-License-Identifier: Apache-2.0
 *
 * Between the config*.c files only.
 */
#ifndef NOON_DAEMON_CONFIG_PRIV_H
#define NOON_DAEMON_CONFIG_PRIV_H

#include <confuse.h>

#include "base/err.h"
#include "daemon/config/config.h"
#include "estimate/bound/minima.h"

/** Where the far end of a path is, and how fast the path can be: for noon_config_take_minima(). */
#define NOON_CONFIG_PATH_OPTS                                                \
	CFG_FLOAT("distance-m", 0.0, CFGF_NONE),                             \
		CFG_FLOAT("latitude", NOON_CONFIG_NOWHERE, CFGF_NONE),       \
		CFG_FLOAT("longitude", NOON_CONFIG_NOWHERE, CFGF_NONE),      \
		CFG_FLOAT("cable-length-m", 0.0, CFGF_NONE),                 \
		CFG_FLOAT("cable-index", NOON_CABLE_INDEX, CFGF_NONE),       \
		CFG_FLOAT("attacker-index", NOON_ATTACKER_INDEX, CFGF_NONE), \
		CFG_FLOAT("cable-tolerance-m", 0.0, CFGF_NONE),              \
		CFG_STR("measured-minimum-forward", "0", CFGF_NONE),         \
		CFG_STR("measured-minimum-reverse", "0", CFGF_NONE)

#define NOON_CONFIG_GUARD_OPTS                                                 \
	CFG_STR("path-id", "", CFGF_NONE), CFG_STR("baseline", "", CFGF_NONE), \
		CFG_STR("guard-shift", "0", CFGF_NONE)

/** Options that every kind of source has: what is believed of it, its minima and its guard. */
#define NOON_CONFIG_SOURCE_OPTS                                                \
	CFG_BOOL("allow-unauthenticated", cfg_false, CFGF_NONE),               \
		CFG_BOOL("noselect", cfg_false, CFGF_NONE),                    \
		CFG_STR("extra-error", "0", CFGF_NONE), NOON_CONFIG_PATH_OPTS, \
		NOON_CONFIG_GUARD_OPTS

/** A coordinate that was not given. */
#define NOON_CONFIG_NOWHERE 1000.0

/** Install a check for every option, so that each bad value is reported with its line. */
void noon_config_set_checks(cfg_t *cfg);

/** Read a duration that was checked while it was read. */
noon_dur noon_config_dur(cfg_t *cfg, const char *name);

/** Copy a path; too long ones were refused while they were read. */
void noon_config_path(char out[NOON_CONFIG_PATH_MAX], cfg_t *cfg, const char *name);

/** Take the options of NOON_CONFIG_SOURCE_OPTS over. Errors are printed with their line. */
NOON_MUST_USE noon_err noon_config_take_common(cfg_t *top, cfg_t *cfg,
					       struct noon_config_source *s);

/** Take the minima of a path over, from NOON_CONFIG_PATH_OPTS; s->m_f, m_r and minima are set.
 *  Errors are printed with their line. */
NOON_MUST_USE noon_err noon_config_take_minima(cfg_t *top, cfg_t *cfg, struct noon_source_conf *s);

/** The options of the PTP sections (config_ptp.c). */
extern cfg_opt_t noon_config_ptp_receiver_opts[];
extern cfg_opt_t noon_config_ptp_transmitter_opts[];
/** Take a section over. Errors are printed with their line. */
NOON_MUST_USE noon_err noon_config_take_ptp_receiver(cfg_t *top, cfg_t *cfg,
						     struct noon_config_source *s);
NOON_MUST_USE noon_err noon_config_take_ptp_transmitter(cfg_t *top, cfg_t *cfg,
							struct noon_config_ptp_transmitter *t);

/** The options of the section tsa (config_tsa.c). */
extern cfg_opt_t noon_config_tsa_opts[];
/** Take it over; c->state_dir is known. Errors are printed with their line. */
NOON_MUST_USE noon_err noon_config_take_tsa(cfg_t *cfg, const struct noon_config *c,
					    struct noon_config_tsa *t);
/** Take the addresses of `listen` over; without any: all of them, on `port`. @return how many */
size_t noon_config_listen(cfg_t *cfg, uint16_t port, struct noon_addr out[NOON_CONFIG_LISTEN_MAX]);

/** The options of the sections daytime and time (config_one_way.c), and two checks of them. */
extern cfg_opt_t noon_config_daytime_opts[];
extern cfg_opt_t noon_config_time_opts[];
int noon_config_check_daytime_format(cfg_t *cfg, cfg_opt_t *opt);
int noon_config_check_daytime_label(cfg_t *cfg, cfg_opt_t *opt);
/** Take both over. Errors are printed with their line. */
NOON_MUST_USE noon_err noon_config_take_one_way(cfg_t *top, struct noon_config *c);

/** Take path-id, baseline and guard-shift over. @param name  of what is watched; the default path
 */
NOON_MUST_USE noon_err noon_config_take_guard(cfg_t *top, cfg_t *cfg, const char *name,
					      struct noon_config_guard *g);

#endif
