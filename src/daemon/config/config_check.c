/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks of single options, as libConfuse's validation callbacks: each error gets its line.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/config/config.h"
#include "daemon/config/config_priv.h"
#include "estimate/guard/guard.h"
#include "platform/text.h"

#define POLL_MIN NOON_POLL_LOG2_MIN
#define POLL_MAX NOON_POLL_LOG2_MAX

static int check_dur(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *text = cfg_opt_getnstr(opt, cfg_opt_size(opt) - 1);
	noon_dur d;

	if (noon_text_dur(text, &d) == NOON_OK)
		return 0;
	cfg_error(cfg, "%s = \"%s\": expected a time such as \"250ms\", \"1.5us\", \"2h\"",
		  cfg_opt_name(opt), text);
	return -1;
}

static int check_dur_positive(cfg_t *cfg, cfg_opt_t *opt)
{
	noon_dur d = 0;

	if (check_dur(cfg, opt))
		return -1;
	if (noon_text_dur(cfg_opt_getnstr(opt, cfg_opt_size(opt) - 1), &d) == NOON_OK && d > 0)
		return 0;
	cfg_error(cfg, "%s: expected a time above zero", cfg_opt_name(opt));
	return -1;
}

static int check_dur_not_negative(cfg_t *cfg, cfg_opt_t *opt)
{
	noon_dur d = 0;

	if (check_dur(cfg, opt))
		return -1;
	if (noon_text_dur(cfg_opt_getnstr(opt, cfg_opt_size(opt) - 1), &d) == NOON_OK && d >= 0)
		return 0;
	cfg_error(cfg, "%s: expected a time of zero or more", cfg_opt_name(opt));
	return -1;
}

static int check_freq(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *text = cfg_opt_getnstr(opt, cfg_opt_size(opt) - 1);
	noon_freq f;

	if (noon_text_freq(text, &f) == NOON_OK && f < 0.1 && f > -0.1)
		return 0;
	cfg_error(cfg, "%s = \"%s\": expected a frequency such as \"40ppm\" or \"3ppb\"",
		  cfg_opt_name(opt), text);
	return -1;
}

static int check_freq_not_negative(cfg_t *cfg, cfg_opt_t *opt)
{
	noon_freq f = 0;

	if (check_freq(cfg, opt))
		return -1;
	if (noon_text_freq(cfg_opt_getnstr(opt, cfg_opt_size(opt) - 1), &f) == NOON_OK && f >= 0)
		return 0;
	cfg_error(cfg, "%s: expected zero or more", cfg_opt_name(opt));
	return -1;
}

static int check_listen(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *text = cfg_opt_getnstr(opt, cfg_opt_size(opt) - 1);
	struct noon_addr a;

	if (cfg_opt_size(opt) > NOON_CONFIG_LISTEN_MAX) {
		cfg_error(cfg, "listen: at most %d addresses", NOON_CONFIG_LISTEN_MAX);
		return -1;
	}
	if (noon_addr_parse(text, 0, &a) == NOON_OK && noon_addr_port(&a) != 0)
		return 0;
	cfg_error(cfg,
		  "listen: \"%s\": expected \"ADDRESS:PORT\" such as \"127.0.0.1:4460\" or "
		  "\"[::1]:4460\"",
		  text);
	return -1;
}

struct range {
	const char *option;
	long min;
	long max;
};

static int check_int(cfg_t *cfg, cfg_opt_t *opt)
{
	static const struct range ranges[] = {
		{"port", 1, 65535},
		{"ntsport", 1, 65535},
		{"ntp-port", 0, 65535},
		{"minpoll", POLL_MIN, POLL_MAX},
		{"maxpoll", POLL_MIN, POLL_MAX},
		{"threads", 1, 64},
		{"local-stratum", 0, 15},
		{"maxntsconnections", 1, 10000},
		{"maxconnections", 1, 10000},
		{"max-liars", -1, NOON_SOURCES_MAX},
		{"clear-after", 1, 1000},
		{"holdover-polls", 1, 1000},
		{"nocerttimecheck", 0, 1000000},
		{"ratelimit-burst", 1, 65535},
		{"seed", 0, INT32_MAX},
		{"utc_offset", 0, 1000},
		{"domainNumber", 0, 255},
		{"transportSpecific", 0, 15},
		{"minorSdoId", 0, 255},
		{"logAnnounceInterval", NOON_PTP_LOG_MIN, NOON_PTP_LOG_MAX},
		{"logSyncInterval", NOON_PTP_LOG_MIN, NOON_PTP_LOG_MAX},
		{"logMinDelayReqInterval", NOON_PTP_LOG_MIN, NOON_PTP_LOG_MAX},
		{"log-grant-min", NOON_PTP_LOG_MIN, NOON_PTP_LOG_MAX},
		{"announceReceiptTimeout", 2, 255},
		{"unicast_req_duration", 10, 1000},
		{"unicast-max-duration", 10, 3600},
		{"unicast-max-receivers", 0, NOON_PTP_GRANTS_MAX},
		{"priority1", 0, 255},
		{"priority2", 0, 255},
		{"local-clockClass", 0, 255},
		{"spp", 0, 255},
		{"active_key_id", 0, INT32_MAX},
		{"clock_precision_digits", 0, NOON_TSA_DIGITS_MAX},
		{"max-connections", 1, 100000},
		{"max-body", 256, 16777216},
	};
	const long v = cfg_opt_getnint(opt, cfg_opt_size(opt) - 1);

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		const struct range *r = &ranges[i];

		if (strcmp(r->option, cfg_opt_name(opt)) != 0 || (v >= r->min && v <= r->max))
			continue;
		cfg_error(cfg, "%s = %ld: expected %ld to %ld", r->option, v, r->min, r->max);
		return -1;
	}
	return 0;
}

static int check_not_negative(cfg_t *cfg, cfg_opt_t *opt)
{
	if (cfg_opt_getnfloat(opt, cfg_opt_size(opt) - 1) >= 0)
		return 0;
	cfg_error(cfg, "%s: expected zero or more", cfg_opt_name(opt));
	return -1;
}

static int check_probability(cfg_t *cfg, cfg_opt_t *opt)
{
	const double p = cfg_opt_getnfloat(opt, cfg_opt_size(opt) - 1);
	const bool p_d = strcmp(cfg_opt_name(opt), "guard-pd") == 0;

	if (p_d ? p >= 0.5 && p < 1.0 : p >= NOON_GUARD_P_FA_MIN && p <= 0.1)
		return 0;
	cfg_error(cfg, "%s = %g: expected a probability %s", cfg_opt_name(opt), p,
		  p_d ? "from 0.5 to below 1" : "from 1e-12 to 0.1");
	return -1;
}

static int check_aead(cfg_t *cfg, cfg_opt_t *opt)
{
	const long v = cfg_opt_getnint(opt, cfg_opt_size(opt) - 1);

	if ((v == NOON_AEAD_SIV_CMAC_256 || v == NOON_AEAD_GCM_SIV_128) && cfg_opt_size(opt) <= 2)
		return 0;
	cfg_error(cfg,
		  "ntsaeads: %ld: expected 15 (AES-SIV-CMAC-256) or 30 (AES-128-GCM-SIV), each "
		  "once",
		  v);
	return -1;
}

static int check_word(cfg_t *cfg, cfg_opt_t *opt)
{
	static const struct {
		const char *option;
		const char *words[5];
		const char *expected;
	} list[] = {
		{"type",
		 {"virtual", "system", "system-read-only", "phc"},
		 "virtual, system, system-read-only or phc"},
		{"family", {"any", "ipv4", "ipv6"}, "any, ipv4 or ipv6"},
		{"profile", {"default", "G.8265.1"}, "default or G.8265.1"},
		{"network_transport", {"UDPv4", "UDPv6", "L2"}, "UDPv4, UDPv6 or L2"},
		{"signer_digest", {"sha256", "sha384", "sha512"}, "sha256, sha384 or sha512"},
		{"certs", {"chain", "signer", "none"}, "chain, signer or none"},
	};
	const char *text = cfg_opt_getnstr(opt, cfg_opt_size(opt) - 1);

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		if (strcmp(list[i].option, cfg_opt_name(opt)) != 0)
			continue;
		for (const char *const *w = list[i].words; *w != NULL; w++)
			if (strcmp(*w, text) == 0)
				return 0;
		cfg_error(cfg, "%s = \"%s\": expected %s", cfg_opt_name(opt), text,
			  list[i].expected);
		return -1;
	}
	return 0;
}

/* Too long a string is refused here, so that every copy below fits. */
static int check_string(cfg_t *cfg, cfg_opt_t *opt)
{
	const bool name = strcmp(cfg_opt_name(opt), "names") == 0 ||
			  strcmp(cfg_opt_name(opt), "certificate-name") == 0 ||
			  strcmp(cfg_opt_name(opt), "transmitter") == 0 ||
			  strcmp(cfg_opt_name(opt), "ntp-server") == 0;
	const bool user = strcmp(cfg_opt_name(opt), "user") == 0;
	const bool interface = strcmp(cfg_opt_name(opt), "hwtimestamp") == 0 ||
			       strcmp(cfg_opt_name(opt), "interface") == 0;
	const size_t max = name ? 255 : user ? 63 : interface ? 15 : NOON_CONFIG_PATH_MAX - 1;

	if (name && cfg_opt_size(opt) > NOON_CONFIG_NAMES_MAX) {
		cfg_error(cfg, "names: at most %d", NOON_CONFIG_NAMES_MAX);
		return -1;
	}
	if (strlen(cfg_opt_getnstr(opt, cfg_opt_size(opt) - 1)) <= max)
		return 0;
	cfg_error(cfg, "%s: longer than %zu characters", cfg_opt_name(opt), max);
	return -1;
}

static int check_hook(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *path = cfg_opt_getnstr(opt, cfg_opt_size(opt) - 1);

	if (check_string(cfg, opt))
		return -1;
	if (path[0] == '\0' || (path[0] == '/' && access(path, X_OK) == 0))
		return 0;
	cfg_error(cfg, "hook = \"%s\": expected the absolute path of a command that can be run",
		  path);
	return -1;
}

static const struct {
	const char *option;
	cfg_validate_callback_t check;
} checks[] = {
	{"alert-limit", check_dur_positive},
	{"serve-limit", check_dur_positive},
	{"max-age", check_dur_positive},
	{"step-threshold", check_dur_positive},
	{"maxclockerror", check_freq_not_negative},
	{"wander", check_freq_not_negative},
	{"holdover-wander", check_freq_not_negative},
	{"maxslewrate", check_freq_not_negative},
	{"max-liars", check_int},
	{"clear-after", check_int},
	{"holdover-polls", check_int},
	{"readmit-after", check_dur_not_negative},
	{"readmit-lone-after", check_dur_not_negative},
	{"nocerttimecheck", check_int},
	{"state-directory", check_string},
	{"control-socket", check_string},
	{"shared-page", check_string},
	{"user", check_string},
	{"hwtimestamp", check_string},
	{"clock|type", check_word},
	{"clock|device", check_string},
	{"clock|vmclock", check_string},
	{"clock|clocksource", check_string},
	{"clock|offset", check_dur},
	{"clock|frequency-error", check_freq},
	{"clock|random-walk", check_not_negative},
	{"clock|ageing", check_freq},
	{"clock|seed", check_int},
	{"source|port", check_int},
	{"source|ntsport", check_int},
	{"source|family", check_word},
	{"source|ntstrustedcerts", check_string},
	{"source|certificate-name", check_string},
	{"source|ntsaeads", check_aead},
	{"source|ntsrefresh", check_dur_positive},
	{"source|minpoll", check_int},
	{"source|maxpoll", check_int},
	{"source|burst-interval", check_dur_positive},
	{"source|extra-error", check_dur_not_negative},
	{"source|distance-m", check_not_negative},
	{"source|cable-length-m", check_not_negative},
	{"source|cable-index", check_not_negative},
	{"source|attacker-index", check_not_negative},
	{"source|cable-tolerance-m", check_not_negative},
	{"source|measured-minimum-forward", check_dur_not_negative},
	{"source|measured-minimum-reverse", check_dur_not_negative},
	{"source|baseline", check_string},
	{"source|guard-shift", check_dur_not_negative},
	{"ptp-receiver|extra-error", check_dur_not_negative},
	{"ptp-receiver|distance-m", check_not_negative},
	{"ptp-receiver|cable-length-m", check_not_negative},
	{"ptp-receiver|cable-index", check_not_negative},
	{"ptp-receiver|attacker-index", check_not_negative},
	{"ptp-receiver|cable-tolerance-m", check_not_negative},
	{"ptp-receiver|measured-minimum-forward", check_dur_not_negative},
	{"ptp-receiver|measured-minimum-reverse", check_dur_not_negative},
	{"ptp-receiver|baseline", check_string},
	{"ptp-receiver|guard-shift", check_dur_not_negative},
	{"ptp-receiver|profile", check_word},
	{"ptp-transmitter|profile", check_word},
	{"ptp-receiver|transmitter", check_string},
	{"ptp-receiver|interface", check_string},
	{"ptp-receiver|network_transport", check_word},
	{"ptp-receiver|domainNumber", check_int},
	{"ptp-receiver|transportSpecific", check_int},
	{"ptp-receiver|minorSdoId", check_int},
	{"ptp-receiver|logAnnounceInterval", check_int},
	{"ptp-receiver|logSyncInterval", check_int},
	{"ptp-receiver|logMinDelayReqInterval", check_int},
	{"ptp-receiver|announceReceiptTimeout", check_int},
	{"ptp-receiver|unicast_req_duration", check_int},
	{"ptp-receiver|sa_file", check_string},
	{"ptp-receiver|spp", check_int},
	{"ptp-receiver|active_key_id", check_int},
	{"ptp-receiver|accuracy", check_dur_not_negative},
	{"ptp-receiver|accuracy-per-step", check_dur_not_negative},
	{"ptp-receiver|max-layover", check_dur_positive},
	{"ptp-transmitter|watch|baseline", check_string},
	{"ptp-transmitter|watch|guard-shift", check_dur_not_negative},
	{"ptp-transmitter|watch|distance-m", check_not_negative},
	{"ptp-transmitter|watch|cable-length-m", check_not_negative},
	{"ptp-transmitter|watch|cable-index", check_not_negative},
	{"ptp-transmitter|watch|attacker-index", check_not_negative},
	{"ptp-transmitter|watch|cable-tolerance-m", check_not_negative},
	{"ptp-transmitter|watch|measured-minimum-forward", check_dur_not_negative},
	{"ptp-transmitter|watch|measured-minimum-reverse", check_dur_not_negative},
	{"ptp-transmitter|interface", check_string},
	{"ptp-transmitter|network_transport", check_word},
	{"ptp-transmitter|domainNumber", check_int},
	{"ptp-transmitter|transportSpecific", check_int},
	{"ptp-transmitter|minorSdoId", check_int},
	{"ptp-transmitter|logAnnounceInterval", check_int},
	{"ptp-transmitter|logSyncInterval", check_int},
	{"ptp-transmitter|logMinDelayReqInterval", check_int},
	{"ptp-transmitter|announceReceiptTimeout", check_int},
	{"ptp-transmitter|log-grant-min", check_int},
	{"ptp-transmitter|unicast-max-duration", check_int},
	{"ptp-transmitter|unicast-max-receivers", check_int},
	{"ptp-transmitter|priority1", check_int},
	{"ptp-transmitter|priority2", check_int},
	{"ptp-transmitter|local-clockClass", check_int},
	{"ptp-transmitter|local-bound", check_dur_not_negative},
	{"ptp-transmitter|sa_file", check_string},
	{"ptp-transmitter|spp", check_int},
	{"ptp-transmitter|active_key_id", check_int},
	{"utc_offset", check_int},
	{"leapseclist", check_string},
	{"guard-key", check_string},
	{"guard-pd", check_probability},
	{"guard-pfa", check_probability},
	{"hook", check_hook},
	{"server|listen", check_listen},
	{"server|threads", check_int},
	{"server|local-stratum", check_int},
	{"server|local-bound", check_dur_not_negative},
	{"server|ratelimit", check_not_negative},
	{"server|ratelimit-burst", check_int},
	{"nts-ke|listen", check_listen},
	{"nts-ke|ntsservercert", check_string},
	{"nts-ke|ntsserverkey", check_string},
	{"nts-ke|names", check_string},
	{"nts-ke|maxntsconnections", check_int},
	{"nts-ke|timeout", check_dur_positive},
	{"nts-ke|ntsrotate", check_dur_positive},
	{"nts-ke|ntp-server", check_string},
	{"nts-ke|ntp-port", check_int},
	{"tsa|listen", check_listen},
	{"tsa|listen-tls", check_listen},
	{"tsa|signer_cert", check_string},
	{"tsa|signer_key", check_string},
	{"tsa|signer_digest", check_word},
	{"tsa|certs", check_word},
	{"tsa|clock_precision_digits", check_int},
	{"tsa|local-bound", check_dur_not_negative},
	{"tsa|ledger", check_string},
	{"tsa|tls-certificate", check_string},
	{"tsa|tls-key", check_string},
	{"tsa|threads", check_int},
	{"tsa|max-connections", check_int},
	{"tsa|max-body", check_int},
	{"tsa|timeout", check_dur_positive},
	{"tsa|idle-timeout", check_dur_positive},
	{"tsa|ratelimit", check_not_negative},
	{"tsa|ratelimit-burst", check_int},
	{"tsa|policy|accuracy", check_dur_positive},
	{"daytime|listen", check_listen},
	{"daytime|max-bound", check_dur_not_negative},
	{"daytime|ratelimit", check_not_negative},
	{"daytime|ratelimit-burst", check_int},
	{"daytime|maxconnections", check_int},
	{"daytime|timeout", check_dur_positive},
	{"time|listen", check_listen},
	{"time|max-bound", check_dur_not_negative},
	{"time|ratelimit", check_not_negative},
	{"time|ratelimit-burst", check_int},
	{"time|maxconnections", check_int},
	{"time|timeout", check_dur_positive},
	{"daytime|format", noon_config_check_daytime_format},
	{"daytime|label", noon_config_check_daytime_label},
};

void noon_config_set_checks(cfg_t *cfg)
{
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		(void)cfg_set_validate_func(cfg, checks[i].option, checks[i].check);
}
