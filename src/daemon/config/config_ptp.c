/* SPDX-License-Identifier: Apache-2.0
 *
 * The sections ptp-receiver and ptp-transmitter. Names are linuxptp's where linuxptp has the
 * option.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "daemon/config/config_priv.h"

#define PORT_OPTS                                                                                  \
	CFG_STR("profile", "default", CFGF_NONE), CFG_STR("interface", "", CFGF_NONE),             \
		CFG_STR("network_transport", "UDPv4", CFGF_NONE),                                  \
		CFG_STR("address", "", CFGF_NONE), CFG_STR("clockIdentity", "", CFGF_NONE),        \
		CFG_INT("domainNumber", 0, CFGF_NONE), CFG_INT("transportSpecific", 0, CFGF_NONE), \
		CFG_INT("minorSdoId", 0, CFGF_NONE), CFG_STR("sa_file", "", CFGF_NONE),            \
		CFG_INT("spp", 0, CFGF_NONE), CFG_INT("active_key_id", 0, CFGF_NONE),              \
		CFG_INT("logAnnounceInterval", 1, CFGF_NONE),                                      \
		CFG_INT("logSyncInterval", 0, CFGF_NONE),                                          \
		CFG_INT("logMinDelayReqInterval", 0, CFGF_NONE),                                   \
		CFG_INT("announceReceiptTimeout", 3, CFGF_NONE)

/* Not const only because libConfuse's types are not; nothing writes to them. */
cfg_opt_t noon_config_ptp_receiver_opts[] = {
	PORT_OPTS,
	NOON_CONFIG_SOURCE_OPTS,
	CFG_STR("transmitter", "", CFGF_NONE),
	CFG_INT("unicast_req_duration", 300, CFGF_NONE),
	CFG_STR_LIST("acceptable", NULL, CFGF_NONE),
	CFG_BOOL("arbitrary-is-utc", cfg_false, CFGF_NONE),
	CFG_STR("accuracy", NULL, CFGF_NONE),
	CFG_STR("accuracy-per-step", NULL, CFGF_NONE),
	CFG_STR("max-layover", "1s", CFGF_NONE),
	CFG_END(),
};

static cfg_opt_t watch_opts[] = {
	NOON_CONFIG_GUARD_OPTS,
	NOON_CONFIG_PATH_OPTS,
	CFG_END(),
};

cfg_opt_t noon_config_ptp_transmitter_opts[] = {
	PORT_OPTS,
	CFG_SEC("watch", watch_opts, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
	CFG_INT("priority1", 128, CFGF_NONE),
	CFG_INT("priority2", 128, CFGF_NONE),
	CFG_BOOL("serverOnly", cfg_false, CFGF_NONE),
	CFG_BOOL("twoStepFlag", cfg_true, CFGF_NONE),
	CFG_BOOL("multicast", cfg_true, CFGF_NONE),
	CFG_BOOL("unicast_listen", cfg_true, CFGF_NONE),
	CFG_INT("log-grant-min", -7, CFGF_NONE),
	CFG_INT("unicast-max-duration", 1000, CFGF_NONE),
	CFG_INT("unicast-max-receivers", NOON_PTP_GRANTS_MAX, CFGF_NONE),
	CFG_INT("local-clockClass", 0, CFGF_NONE),
	CFG_STR("local-bound", "1us", CFGF_NONE),
	CFG_END(),
};

static noon_err refuse(cfg_t *cfg, const char *option, const char *what)
{
	cfg_error(cfg, "%s \"%s\": %s: %s", cfg_name(cfg), cfg_title(cfg), option, what);
	return NOON_ERR_FORMAT;
}

#define IDENTITY_DIGITS ((size_t)2 * NOON_PTP_IDENTITY_LEN)

/* 16 hexadecimal digits, with the dots of linuxptp ("507c6f.fffe.1fb16b"), colons or without. */
static bool parse_identity(const char *text, uint8_t ret[NOON_PTP_IDENTITY_LEN])
{
	size_t digits = 0;

	memset(ret, 0, NOON_PTP_IDENTITY_LEN);
	for (const char *p = text; *p != '\0'; p++) {
		const char *const all = "0123456789abcdef";
		const int c = tolower((unsigned char)*p);
		const char *at = strchr(all, c);

		if (c == '.' || c == ':' || c == '-')
			continue;
		if (at == NULL || digits == IDENTITY_DIGITS)
			return false;
		ret[digits / 2] = (uint8_t)(ret[digits / 2] << 4 | (uint8_t)(at - all));
		digits++;
	}
	return digits == IDENTITY_DIGITS;
}

/* Domains of ITU-T G.8265.1, frequency and time over packet networks by unicast. */
#define TELECOM_DOMAIN_MIN 4
#define TELECOM_DOMAIN_MAX 23

static bool is_telecom(cfg_t *cfg)
{
	return strcmp(cfg_getstr(cfg, "profile"), "G.8265.1") == 0;
}

/* What the profile fixes, where the section leaves it open; where it does not, it must fit. */
static noon_err take_profile(cfg_t *cfg, bool multicast, struct noon_config_ptp_port *p)
{
	if (!is_telecom(cfg))
		return NOON_OK;
	if (p->domain == 0)
		p->domain = TELECOM_DOMAIN_MIN;
	if (p->domain < TELECOM_DOMAIN_MIN || p->domain > TELECOM_DOMAIN_MAX)
		return refuse(cfg, "domainNumber", "profile G.8265.1: expected 4 to 23");
	if (multicast)
		return refuse(cfg, "profile",
			      "G.8265.1 is unicast only: give a receiver its transmitter, and a "
			      "transmitter multicast = false");
	if (p->family == AF_PACKET)
		return refuse(cfg, "network_transport",
			      "profile G.8265.1: expected UDPv4 or UDPv6");
	return NOON_OK;
}

static noon_err take_port(cfg_t *cfg, struct noon_config_ptp_port *p)
{
	const char *transport = cfg_getstr(cfg, "network_transport");
	const char *address = cfg_getstr(cfg, "address");
	const char *identity = cfg_getstr(cfg, "clockIdentity");

	(void)snprintf(p->interface, sizeof(p->interface), "%s", cfg_getstr(cfg, "interface"));
	p->family = strcmp(transport, "UDPv6") == 0 ? AF_INET6
		    : strcmp(transport, "L2") == 0  ? AF_PACKET
						    : AF_INET;
	if (p->family == AF_PACKET && p->interface[0] == '\0')
		return refuse(cfg, "interface", "needed for L2");
	if (address[0] != '\0' &&
	    (noon_addr_parse(address, 0, &p->address) || p->address.u.sa.sa_family != p->family))
		return refuse(cfg, "address", "expected an address of the transport's family");
	p->has_identity = identity[0] != '\0';
	if (p->has_identity && !parse_identity(identity, p->identity))
		return refuse(cfg, "clockIdentity",
			      "expected 16 hexadecimal digits such as \"507c6f.fffe.1fb16b\"");
	p->domain = (uint8_t)cfg_getint(cfg, "domainNumber");
	p->sdo_id = (uint16_t)(cfg_getint(cfg, "transportSpecific") << 8 |
			       cfg_getint(cfg, "minorSdoId"));
	noon_config_path(p->sa_file, cfg, "sa_file");
	p->spp = (uint8_t)cfg_getint(cfg, "spp");
	p->key_id = (uint32_t)cfg_getint(cfg, "active_key_id");
	return NOON_OK;
}

static noon_err take_acceptable(cfg_t *cfg, struct noon_ptp_receiver_conf *m)
{
	const unsigned n = cfg_size(cfg, "acceptable");

	if (n > NOON_PTP_ACCEPTABLE_MAX)
		return refuse(cfg, "acceptable", "at most 16 transmitters");
	for (unsigned i = 0; i < n; i++)
		if (!parse_identity(cfg_getnstr(cfg, "acceptable", i), m->acceptable[i]))
			return refuse(cfg, "acceptable",
				      "expected clock identities of 16 hexadecimal digits");
	m->n_acceptable = n;
	return NOON_OK;
}

static noon_err take_machine(cfg_t *cfg, struct noon_config_ptp_receiver *r)
{
	struct noon_ptp_receiver_conf *m = &r->machine;

	*m = noon_ptp_receiver_conf_default();
	m->unicast = r->transmitter[0] != '\0';
	m->log_announce = (int8_t)cfg_getint(cfg, "logAnnounceInterval");
	m->log_sync = (int8_t)cfg_getint(cfg, "logSyncInterval");
	m->log_delay = (int8_t)cfg_getint(cfg, "logMinDelayReqInterval");
	m->announce_timeout = (uint8_t)cfg_getint(cfg, "announceReceiptTimeout");
	m->duration_s = (uint16_t)cfg_getint(cfg, "unicast_req_duration");
	m->arbitrary_is_utc = cfg_getbool(cfg, "arbitrary-is-utc");
	if (cfg_getstr(cfg, "accuracy") != NULL)
		m->accuracy = noon_config_dur(cfg, "accuracy");
	if (cfg_getstr(cfg, "accuracy-per-step") != NULL)
		m->accuracy_per_step = noon_config_dur(cfg, "accuracy-per-step");
	m->max_layover = noon_config_dur(cfg, "max-layover");
	return take_acceptable(cfg, m);
}

static noon_err check_receiver(cfg_t *cfg, const struct noon_config_ptp_receiver *r)
{
	if (r->port.sa_file[0] == '\0' && !cfg_getbool(cfg, "allow-unauthenticated"))
		return refuse(
			cfg, "sa_file",
			"without one, allow-unauthenticated = true is needed: an attacker can "
			"forge its messages");
	if (!r->machine.unicast && r->port.interface[0] == '\0')
		return refuse(cfg, "interface", "needed for multicast (or give a transmitter)");
	if (r->machine.unicast && r->port.family == AF_PACKET)
		return refuse(cfg, "transmitter", "unicast needs UDPv4 or UDPv6");
	if (!r->machine.unicast && r->port.address.len > 0)
		return refuse(cfg, "address", "only for unicast: multicast comes to the interface");
	return NOON_OK;
}

noon_err noon_config_take_ptp_receiver(cfg_t *top, cfg_t *cfg, struct noon_config_source *s)
{
	struct noon_config_ptp_receiver *r = &s->ptp;
	int8_t poll;

	r->enabled = true;
	if (cfg_title(cfg)[0] == '\0' || strlen(cfg_title(cfg)) >= sizeof(s->host))
		return refuse(cfg, "title", "expected a name");
	(void)snprintf(s->host, sizeof(s->host), "%s", cfg_title(cfg));
	(void)snprintf(r->transmitter, sizeof(r->transmitter), "%s",
		       cfg_getstr(cfg, "transmitter"));
	if (take_port(cfg, &r->port) || take_machine(cfg, r) ||
	    take_profile(cfg, !r->machine.unicast, &r->port) || check_receiver(cfg, r))
		return NOON_ERR_FORMAT;
	s->family = r->port.family;
	s->engine = noon_source_conf_default();
	/* Nothing is polled: the interval is the one of Delay_Req. */
	poll = r->machine.log_delay;
	if (poll < NOON_POLL_LOG2_MIN)
		poll = NOON_POLL_LOG2_MIN;
	s->engine.poll_min = poll;
	s->engine.poll_max = poll;
	s->engine.burst = 0;
	s->engine.require_auth = r->port.sa_file[0] != '\0';
	return noon_config_take_common(top, cfg, s);
}

static bool is_set(cfg_t *cfg, const char *option)
{
	const cfg_opt_t *opt = cfg_getopt(cfg, option);

	return opt != NULL && (opt->flags & CFGF_MODIFIED) != 0;
}

static noon_err take_watches(cfg_t *top, cfg_t *cfg, struct noon_config_ptp_transmitter *t)
{
	const unsigned n = cfg_size(cfg, "watch");

	if (n > NOON_PTP_WATCHED_MAX)
		return refuse(cfg, "watch", "at most 16 receivers");
	for (unsigned i = 0; i < n; i++) {
		cfg_t *w = cfg_getnsec(cfg, "watch", i);

		if (!parse_identity(cfg_title(w), t->watch[i].clock))
			return refuse(
				cfg, "watch",
				"expected a clockIdentity of 16 hexadecimal digits as the title");
		t->watch[i].path = noon_source_conf_default();
		if (noon_config_take_guard(top, w, cfg_title(w), &t->watch[i].guard) ||
		    noon_config_take_minima(top, w, &t->watch[i].path))
			return NOON_ERR_FORMAT;
	}
	t->n_watch = n;
	return NOON_OK;
}

noon_err noon_config_take_ptp_transmitter(cfg_t *top, cfg_t *cfg,
					  struct noon_config_ptp_transmitter *t)
{
	struct noon_ptp_transmitter_conf *m = &t->machine;

	if (cfg_title(cfg)[0] == '\0' || strlen(cfg_title(cfg)) >= sizeof(t->name))
		return refuse(cfg, "title", "expected a name of at most 63 characters");
	(void)snprintf(t->name, sizeof(t->name), "%s", cfg_title(cfg));
	if (take_port(cfg, &t->port) || take_watches(top, cfg, t))
		return NOON_ERR_FORMAT;
	*m = noon_ptp_transmitter_conf_default();
	m->priority1 = (uint8_t)cfg_getint(cfg, "priority1");
	m->priority2 = (uint8_t)cfg_getint(cfg, "priority2");
	m->always = cfg_getbool(cfg, "serverOnly");
	m->one_step = !cfg_getbool(cfg, "twoStepFlag");
	m->multicast = cfg_getbool(cfg, "multicast");
	/* Whoever forges a request for grants turns the messages on somebody else: without keys it
	 * must be wanted. */
	m->unicast = is_set(cfg, "unicast_listen") ? cfg_getbool(cfg, "unicast_listen")
						   : t->port.sa_file[0] != '\0';
	m->log_announce = (int8_t)cfg_getint(cfg, "logAnnounceInterval");
	m->log_sync = (int8_t)cfg_getint(cfg, "logSyncInterval");
	m->log_delay = (int8_t)cfg_getint(cfg, "logMinDelayReqInterval");
	m->announce_timeout = (uint8_t)cfg_getint(cfg, "announceReceiptTimeout");
	m->log_grant_min = (int8_t)cfg_getint(cfg, "log-grant-min");
	m->duration_max_s = (uint16_t)cfg_getint(cfg, "unicast-max-duration");
	m->grants_max = (uint16_t)cfg_getint(cfg, "unicast-max-receivers");
	t->local_class = (uint8_t)cfg_getint(cfg, "local-clockClass");
	t->local_bound = noon_config_dur(cfg, "local-bound");
	if (take_profile(cfg, m->multicast, &t->port))
		return NOON_ERR_FORMAT;
	if (m->multicast && (t->port.interface[0] == '\0' || t->port.address.len > 0))
		return refuse(cfg, "multicast",
			      "needs an interface and no address; or multicast = false");
	if (!m->multicast && !m->unicast)
		return refuse(cfg, "unicast_listen", "nothing would be sent to anybody");
	return NOON_OK;
}
