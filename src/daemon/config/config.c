/* SPDX-License-Identifier: Apache-2.0
 *
 * The general options and the section clock; which parts of a file are read, in which order.
 */
#include "daemon/config/config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/config/config_priv.h"
#include "estimate/guard/guard.h"
#include "option/common/engine_options.h"
#include "platform/clock/machine.h"
#include "platform/clock/vmclock.h"
#include "platform/file.h"

/* Root's; other users have them in a folder of their own. */
#define STATE_DIR "/var/lib/noonmark"
#define CONTROL	  "/run/noonmark/noonmarkd.sock"
#define PAGE	  "/run/noonmark/clock"

#define TOP(member)   NOON_OPTION_AT(struct noon_config, member)
#define CLOCK(member) NOON_OPTION_AT(struct noon_config_clock, member)

#define RATE NOON_OPTION_RANGE(-0.1, 0.1)

static bool read_hook(const struct noon_option *o, const char *text, void *at,
		      char why[NOON_OPTION_WHY])
{
	(void)why;
	if (strlen(text) >= o->size ||
	    (text[0] != '\0' && (text[0] != '/' || access(text, X_OK) != 0)))
		return false;
	memcpy(at, text, strlen(text) + 1);
	return true;
}

static const struct noon_option top_rows[] = {
	{"state-directory", NOON_OPTION_TEXT, TOP(state_dir), .value = "path", .says = STATE_DIR,
	 .help = "where it keeps what outlives a run"},
	{"control-socket", NOON_OPTION_TEXT, TOP(control), .value = "path", .says = CONTROL,
	 .help = "where noonmark asks; \"\": nowhere"},
	{"shared-page", NOON_OPTION_TEXT, TOP(page), .value = "path", .says = PAGE,
	 .help = "where programs read the time; \"\": nowhere"},
	{"user", NOON_OPTION_TEXT, TOP(user), .value = "name", .def = "noonmark",
	 .help = "whom to become when started as root"},
	{"serve-limit", NOON_OPTION_TIME, TOP(serve_limit), NOON_OPTION_LEAST(1), .def = "1s",
	 .help = "time is given to others while the bound is within it"},
	{"nocerttimecheck", NOON_OPTION_UINT, TOP(no_cert_time_check),
	 NOON_OPTION_RANGE(0, 1000000), .help = "key exchanges before certificate times count"},
	{"hwtimestamp", NOON_OPTION_TEXT, TOP(hwtimestamp), .value = "interface", .says = "none",
	 .help = "use its hardware time stamps"},
	{"guard-key", NOON_OPTION_TEXT, TOP(guard_key), .value = "path", .says = "none",
	 .help = "public Ed25519 key of baselines, PEM"},
	{"guard-pd", NOON_OPTION_REAL, TOP(guard_p_d), NOON_OPTION_RANGE(0.5, 1),
	 .flags = NOON_OPTION_BELOW_MAX, .value = "p", .noun = "a probability",
	 .help = "that a batch finds guard-shift"},
	{"guard-pfa", NOON_OPTION_REAL, TOP(guard_p_fa),
	 NOON_OPTION_RANGE(NOON_GUARD_P_FA_MIN, 0.1), .value = "p", .noun = "a probability",
	 .help = "of a false alarm for each batch"},
	{"hook", NOON_OPTION_OWN, TOP(hook), .read = read_hook, .value = "path", .says = "none",
	 .noun = "the absolute path of a command that can be run",
	 .help = "command that is run when the state changes"},
	{"latitude", NOON_OPTION_REAL, TOP(latitude), NOON_OPTION_RANGE(-90, 90),
	 .value = "degrees", .says = "not known", .help = "where this machine is"},
	{"longitude", NOON_OPTION_REAL, TOP(longitude), NOON_OPTION_RANGE(-360, 360),
	 .value = "degrees", .says = "not known", .help = "where this machine is"},
	{"utc_offset", NOON_OPTION_INT, TOP(utc_offset), NOON_OPTION_RANGE(0, 1000),
	 .value = "seconds", .help = "TAI - UTC; 0: from the list of leap seconds"},
	{"leapseclist", NOON_OPTION_TEXT, TOP(leap_list), .value = "path",
	 .def = "/usr/share/zoneinfo/leap-seconds.list", .help = "list of leap seconds"},
	NOON_OPTION_END,
};

static const struct noon_word clock_types[] = {
	{"virtual", NOON_CLOCK_KIND_VIRTUAL},
	{"system", NOON_CLOCK_KIND_SYSTEM},
	{"system-read-only", NOON_CLOCK_KIND_SYSTEM_READ_ONLY},
	{"phc", NOON_CLOCK_KIND_PHC},
	{NULL, 0},
};

static const struct noon_option clock_rows[] = {
	{"type", NOON_OPTION_WORD, CLOCK(kind), .words = clock_types, .help = "which clock"},
	{"device", NOON_OPTION_TEXT, CLOCK(device), .value = "path", .def = "/dev/ptp0",
	 .help = "of type phc"},
	{"vmclock", NOON_OPTION_TEXT, CLOCK(vmclock), .value = "path", .def = NOON_VMCLOCK_PATH,
	 .help = "where a hypervisor tells of disruptions; \"\": nowhere"},
	{"clocksource", NOON_OPTION_TEXT, CLOCK(clocksource), .value = "path",
	 .def = NOON_CLOCKSOURCE_PATH, .help = "where the kernel names its clock; \"\": nowhere"},
	{"offset", NOON_OPTION_TIME, CLOCK(virt.offset), .help = "virtual: how wrong it starts"},
	{"frequency-error", NOON_OPTION_FREQ, CLOCK(virt.freq_error), RATE,
	 .help = "virtual: how fast it runs"},
	{"random-walk", NOON_OPTION_REAL, CLOCK(virt.random_walk), NOON_OPTION_LEAST(0),
	 .help = "virtual: random-walk FM, fractional for the root of a second"},
	{"ageing", NOON_OPTION_FREQ, CLOCK(virt.ageing), RATE, .help = "virtual: for each second"},
	{"seed", NOON_OPTION_UINT, CLOCK(virt.seed), NOON_OPTION_RANGE(0, INT32_MAX), .def = "1",
	 .help = "virtual: of the random walk"},
	NOON_OPTION_END,
};

static const struct noon_section clock_section = {
	.group = {"clock", sizeof(struct noon_config_clock), NULL, {{clock_rows, 0, NULL}}},
};

static void init_top(void *base)
{
	const struct noon_guard_conf guard = noon_guard_conf_default();
	struct noon_config *c = base;
	const bool root = geteuid() == 0;
	char dir[256];

	c->engine = noon_engine_conf_default();
	c->guard_p_d = guard.p_d;
	c->guard_p_fa = guard.p_fa;
	c->latitude = NOON_CONFIG_NOWHERE;
	c->longitude = NOON_CONFIG_NOWHERE;
	noon_dir_runtime(dir, sizeof(dir));
	(void)snprintf(c->state_dir, sizeof(c->state_dir), "%s", root ? STATE_DIR : dir);
	(void)snprintf(c->control, sizeof(c->control), "%s%s", root ? "" : dir,
		       root ? CONTROL : "/noonmarkd.sock");
	(void)snprintf(c->page, sizeof(c->page), "%s%s", root ? "" : dir, root ? PAGE : "/clock");
}

static const struct noon_section *const in_top[] = {
	&clock_section,
	&noon_config_source_section,
	&noon_config_server_section,
	&noon_config_ke_section,
	&noon_config_tsa_section,
	&noon_config_daytime_section,
	&noon_config_time_section,
	&noon_config_tunnel_section,
	&noon_config_ptp_receiver_section,
	&noon_config_ptp_transmitter_section,
	NULL,
};

const struct noon_section noon_config_section = {
	.group = {"",
		  sizeof(struct noon_config),
		  init_top,
		  {{top_rows, 0, NULL},
		   {noon_engine_rows, offsetof(struct noon_config, engine), NULL}}},
	.sections = in_top,
	.include = true,
};

/* An ok reading can always be served. */
static noon_err settle_serve_limit(cfg_t *cfg, struct noon_config *c)
{
	const noon_dur alert = c->engine.alert_limit;

	if (!noon_option_is_set(cfg, "serve-limit") && alert > c->serve_limit)
		c->serve_limit = alert;
	if (c->serve_limit >= alert)
		return NOON_OK;
	cfg_error(cfg,
		  "serve-limit = \"%s\": expected no less than alert-limit, which is %g s: a clock "
		  "whose state is ok would give no time",
		  cfg_getstr(cfg, "serve-limit"), noon_dur_to_s(alert));
	return NOON_ERR_FORMAT;
}

static noon_err take_top(cfg_t *cfg, struct noon_config *c)
{
	cfg_t *clock = noon_option_section(cfg, "clock");

	noon_option_take_group(cfg, &noon_config_section.group, c);
	/* An operator who states the one knows the oscillator: assume nothing smaller. */
	if (noon_option_is_set(cfg, "wander") && !noon_option_is_set(cfg, "holdover-wander"))
		c->engine.holdover = c->engine.wander;
	if (noon_engine_conf_check(&c->engine)) {
		cfg_error(cfg,
			  "alert-limit, maxclockerror, wander, max-age, max-liars, maxslewrate: "
			  "some value is out of range");
		return NOON_ERR_FORMAT;
	}
	noon_option_defaults(&clock_section.group, &c->clock);
	if (clock != NULL)
		noon_option_take(clock, clock_rows, &c->clock);
	return settle_serve_limit(cfg, c);
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
		if (noon_config_take_source(cfg_getnsec(cfg, "source", i), c, &c->source[i]))
			return NOON_ERR_FORMAT;
	for (unsigned i = 0; i < n_ptp; i++)
		if (noon_config_take_ptp_receiver(cfg_getnsec(cfg, "ptp-receiver", i), c,
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
		if (noon_config_take_ptp_transmitter(cfg_getnsec(cfg, "ptp-transmitter", i), c,
						     &c->transmitter[i]))
			return NOON_ERR_FORMAT;
	c->n_transmitters = n;
	return NOON_OK;
}

static noon_err take_all(cfg_t *cfg, struct noon_config *c)
{
	noon_err err = take_top(cfg, c);

	err = err ? err : noon_config_take_servers(cfg, c);
	err = err ? err : noon_config_take_tsa(cfg, c, &c->tsa);
	err = err ? err : noon_config_take_one_way(cfg, c);
	err = err ? err : noon_config_take_tunnels(cfg, c);
	err = err ? err : noon_config_check_server_tunnels(cfg, c);
	err = err ? err : take_sources(cfg, c);
	err = err ? err : noon_config_check_cycles(cfg, c);
	return err ? err : take_transmitters(cfg, c);
}

noon_err noon_config_read(const char *path, struct noon_config *ret)
{
	cfg_t *cfg;
	noon_err err = noon_option_read(path, &noon_config_section, &cfg);

	if (err)
		return err;
	err = take_all(cfg, ret);
	(void)cfg_free(cfg);
	return err;
}

void noon_config_default(struct noon_config *c)
{
	char dir[256];

	noon_option_defaults(&noon_config_section.group, c);
	noon_option_defaults(&clock_section.group, &c->clock);
	noon_dir_runtime(dir, sizeof(dir));
	(void)snprintf(c->state_dir, sizeof(c->state_dir), "%s", dir);
	(void)snprintf(c->control, sizeof(c->control), "%s/noonmarkd.sock", dir);
	(void)snprintf(c->page, sizeof(c->page), "%s/clock", dir);
	c->user[0] = '\0';
	c->leap_list[0] = '\0';
	noon_option_defaults(&noon_config_server_section.group, &c->server);
	c->server.enabled = true;
	c->server.local_stratum = 10;
	c->server.local_bound = NOON_MS(1);
	(void)!noon_addr_parse("127.0.0.1:11123", 0, &c->server.listen[0]);
	(void)!noon_addr_parse("[::1]:11123", 0, &c->server.listen[1]);
	c->server.n_listen = 2;
	noon_config_ke_default(&c->ke);
	c->ke.enabled = true;
	c->ke.ntp_port = 11123;
	(void)!noon_addr_parse("127.0.0.1:14460", 0, &c->ke.listen[0]);
	(void)!noon_addr_parse("[::1]:14460", 0, &c->ke.listen[1]);
	c->ke.n_listen = 2;
}
