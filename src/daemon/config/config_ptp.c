/* SPDX-License-Identifier: Apache-2.0
 *
 * The sections ptp-receiver and ptp-transmitter. Option names are those of linuxptp where it has
 * them.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "daemon/config/config_priv.h"
#include "option/common/engine_options.h"

#define PORT(member)	    NOON_OPTION_AT(struct noon_config_ptp_port, member)
#define SOURCE(member)	    NOON_OPTION_AT(struct noon_config_source, member)
#define TRANSMITTER(member) NOON_OPTION_AT(struct noon_config_ptp_transmitter, member)

#define INTERVAL NOON_OPTION_RANGE(NOON_PTP_LOG_MIN, NOON_PTP_LOG_MAX)

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

/* has_identity and identity of a port; "" is none. */
static bool read_identity(const struct noon_option *o, const char *text, void *at,
			  char why[NOON_OPTION_WHY])
{
	struct noon_config_ptp_port *p = at;

	(void)o;
	(void)why;
	p->has_identity = text[0] != '\0';
	return !p->has_identity || parse_identity(text, p->identity);
}

static bool read_acceptable(const struct noon_option *o, const char *text, void *at,
			    char why[NOON_OPTION_WHY])
{
	struct noon_ptp_receiver_conf *m = at;

	(void)o;
	(void)why;
	if (m->n_acceptable == NOON_PTP_ACCEPTABLE_MAX ||
	    !parse_identity(text, m->acceptable[m->n_acceptable]))
		return false;
	m->n_acceptable++;
	return true;
}

static const struct noon_word profiles[] = {{"default", 0}, {"G.8265.1", 1}, {NULL, 0}};
static const struct noon_word transports[] = {
	{"UDPv4", AF_INET}, {"UDPv6", AF_INET6}, {"L2", AF_PACKET}, {NULL, 0}};

#define DIGITS "16 hexadecimal digits such as \"507c6f.fffe.1fb16b\""

static const struct noon_option port_rows[] = {
	{"profile", NOON_OPTION_WORD, PORT(telecom), .words = profiles,
	 .help = "of IEEE 1588 or ITU-T"},
	{"interface", NOON_OPTION_TEXT, PORT(interface), .value = "name", .says = "none",
	 .help = "needed for multicast and Ethernet"},
	{"network_transport", NOON_OPTION_WORD, PORT(family), .words = transports, .def = "UDPv4",
	 .help = "what messages travel in"},
	{"address", NOON_OPTION_OWN, PORT(address), .read = noon_config_read_address,
	 .value = "address", .says = "any", .noun = "an address such as \"192.0.2.1\"",
	 .help = "local address of a unicast port"},
	{"clockIdentity", NOON_OPTION_OWN, NOON_OPTION_ALL(struct noon_config_ptp_port),
	 .read = read_identity, .value = "identity",
	 .says = "from the interface's address, or random", .noun = DIGITS,
	 .help = "clockIdentity of the port"},
	{"domainNumber", NOON_OPTION_UINT, PORT(domain), NOON_OPTION_RANGE(0, 255),
	 .help = "messages of other domains are ignored"},
	{"transportSpecific", NOON_OPTION_UINT, PORT(major), NOON_OPTION_RANGE(0, 15),
	 .help = "majorSdoId"},
	{"minorSdoId", NOON_OPTION_UINT, PORT(minor), NOON_OPTION_RANGE(0, 255),
	 .help = "minorSdoId"},
	{"sa_file", NOON_OPTION_TEXT, PORT(sa_file), .value = "path", .says = "none",
	 .help = "keys of the integrated security"},
	{"spp", NOON_OPTION_UINT, PORT(spp), NOON_OPTION_RANGE(0, 255),
	 .help = "security policy pointer"},
	{"active_key_id", NOON_OPTION_UINT, PORT(key_id), NOON_OPTION_RANGE(0, INT32_MAX),
	 .help = "key to seal with; 0: the last one"},
	{"tunnel", NOON_OPTION_TEXT, PORT(tunnel), .value = "name", .says = "none",
	 .help = "section tunnel that all messages go through; unicast only"},
	NOON_CONFIG_EXCHANGE_ROWS(PORT, "the transmitter; of a receiver: any"),
	NOON_OPTION_END,
};

/* Of the machines, which have these members with the same names. */
#define INTERVAL_ROWS(AT)                                                                    \
	{"logAnnounceInterval", NOON_OPTION_INT, AT(machine.log_announce), INTERVAL,         \
	 .help = "of Announce, log2 s"},                                                     \
		{"logSyncInterval", NOON_OPTION_INT, AT(machine.log_sync), INTERVAL,         \
		 .help = "of Sync, log2 s"},                                                 \
		{"logMinDelayReqInterval", NOON_OPTION_INT, AT(machine.log_delay), INTERVAL, \
		 .help = "of Delay_Req, log2 s"},                                            \
	{                                                                                    \
		"announceReceiptTimeout", NOON_OPTION_UINT, AT(machine.announce_timeout),    \
			NOON_OPTION_RANGE(2, 255),                                           \
			.help = "Announce intervals after which a transmitter is gone"       \
	}

#define RECEIVER(member) SOURCE(ptp.member)

static const struct noon_option receiver_rows[] = {
	INTERVAL_ROWS(RECEIVER),
	{"transmitter", NOON_OPTION_TEXT, RECEIVER(transmitter), .value = "host", .says = "none",
	 .help = "unicast with this one; without it multicast"},
	{"unicast_req_duration", NOON_OPTION_UINT, RECEIVER(machine.duration_s),
	 NOON_OPTION_RANGE(10, 1000), .value = "seconds", .help = "of the grants asked for"},
	{"acceptable", NOON_OPTION_OWN, RECEIVER(machine), .read = read_acceptable,
	 .most = NOON_PTP_ACCEPTABLE_MAX, .value = "identity", .says = "any",
	 .noun = "a clock identity of 16 hexadecimal digits",
	 .help = "transmitters that may be followed"},
	{"arbitrary-is-utc", NOON_OPTION_BOOL, RECEIVER(machine.arbitrary_is_utc),
	 .help = "take a timescale that is not PTP's for UTC"},
	{"accuracy", NOON_OPTION_TIME, RECEIVER(machine.accuracy), NOON_OPTION_LEAST(0),
	 .says = "none", .help = "error of a transmitter that claims none"},
	{"accuracy-per-step", NOON_OPTION_TIME, RECEIVER(machine.accuracy_per_step),
	 NOON_OPTION_LEAST(0), .says = "none", .help = "error that each boundary clock may add"},
	{"max-layover", NOON_OPTION_TIME, RECEIVER(machine.max_layover), NOON_OPTION_LEAST(1),
	 .help = "longest time from a Sync to its Delay_Req"},
	{"cycle-with", NOON_OPTION_TEXT, RECEIVER(cycle_with), .value = "name", .says = "none",
	 .help = "section ptp-receiver with another path to the same transmitter"},
	{"cycle-limit", NOON_OPTION_TIME, RECEIVER(cycle_limit), NOON_OPTION_LEAST(1), .def = "5us",
	 .help = "change of asymmetry that is a finding, at least"},
	NOON_OPTION_END,
};

static void receiver_init(void *base)
{
	struct noon_config_source *s = base;

	noon_config_source_init(s);
	s->ptp.machine = noon_ptp_receiver_conf_default();
}

const struct noon_section noon_config_ptp_receiver_section = {
	.group = {"ptp-receiver",
		  sizeof(struct noon_config_source),
		  receiver_init,
		  {{receiver_rows, 0, NULL},
		   {port_rows, offsetof(struct noon_config_source, ptp.port), NULL},
		   {noon_config_trust_rows, 0, NULL},
		   {noon_source_vote_rows, offsetof(struct noon_config_source, engine), NULL},
		   {noon_config_path_rows, offsetof(struct noon_config_source, path), NULL},
		   {noon_config_guard_rows, offsetof(struct noon_config_source, guard), NULL}}},
	.kind = NOON_SECTION_TITLED,
};

static const struct noon_option transmitter_rows[] = {
	INTERVAL_ROWS(TRANSMITTER),
	{"priority1", NOON_OPTION_UINT, TRANSMITTER(machine.priority1), NOON_OPTION_RANGE(0, 255),
	 .help = "for the choice of the best transmitter; less is better"},
	{"priority2", NOON_OPTION_UINT, TRANSMITTER(machine.priority2), NOON_OPTION_RANGE(0, 255),
	 .help = "for the choice of the best transmitter; less is better"},
	{"serverOnly", NOON_OPTION_BOOL, TRANSMITTER(machine.always),
	 .help = "go on sending when a better transmitter is heard"},
	{"twoStepFlag", NOON_OPTION_BOOL, TRANSMITTER(two_step), .help = "send Follow_Up"},
	{"multicast", NOON_OPTION_BOOL, TRANSMITTER(machine.multicast),
	 .help = "send to everybody"},
	{"unicast_listen", NOON_OPTION_BOOL, TRANSMITTER(machine.unicast),
	 .says = "true with sa_file, certificate or tunnel, else false",
	 .help = "grant unicast to those who ask"},
	{"log-grant-min", NOON_OPTION_INT, TRANSMITTER(machine.log_grant_min), INTERVAL,
	 .help = "shortest interval granted, log2 s"},
	{"unicast-max-duration", NOON_OPTION_UINT, TRANSMITTER(machine.duration_max_s),
	 NOON_OPTION_RANGE(10, 3600), .value = "seconds", .help = "longest grant"},
	{"unicast-max-receivers", NOON_OPTION_UINT, TRANSMITTER(machine.grants_max),
	 NOON_OPTION_RANGE(0, NOON_PTP_GRANTS_MAX), .help = "receivers at once"},
	{"local-clockClass", NOON_OPTION_UINT, TRANSMITTER(local_class), NOON_OPTION_RANGE(0, 255),
	 .help = "without sources: clockClass; 0: no time is given out"},
	{"local-bound", NOON_OPTION_TIME, TRANSMITTER(local_bound), NOON_OPTION_LEAST(0),
	 .def = "1us", .help = "without sources: error of the clock"},
	NOON_OPTION_END,
};

static void transmitter_init(void *base)
{
	struct noon_config_ptp_transmitter *t = base;

	t->machine = noon_ptp_transmitter_conf_default();
	t->two_step = !t->machine.one_step;
}

static void watch_init(void *base)
{
	struct noon_config_watch *w = base;

	noon_config_path_init(&w->said);
	w->path = noon_source_conf_default();
}

static const struct noon_section watch_section = {
	.group = {"watch",
		  sizeof(struct noon_config_watch),
		  watch_init,
		  {{noon_config_guard_rows, offsetof(struct noon_config_watch, guard), NULL},
		   {noon_config_path_rows, offsetof(struct noon_config_watch, said), NULL}}},
	.kind = NOON_SECTION_TITLED,
};
static const struct noon_section *const in_transmitter[] = {&watch_section, NULL};

const struct noon_section noon_config_ptp_transmitter_section = {
	.group = {"ptp-transmitter",
		  sizeof(struct noon_config_ptp_transmitter),
		  transmitter_init,
		  {{transmitter_rows, 0, NULL},
		   {port_rows, offsetof(struct noon_config_ptp_transmitter, port), NULL}}},
	.kind = NOON_SECTION_TITLED,
	.sections = in_transmitter,
};

/* Domains of ITU-T G.8265.1, frequency and time over packet networks by unicast. */
#define TELECOM_DOMAIN_MIN 4
#define TELECOM_DOMAIN_MAX 23

/* Values fixed by the profile: defaults where the section has none; others must match. */
static noon_err take_profile(cfg_t *cfg, bool multicast, struct noon_config_ptp_port *p)
{
	if (!p->telecom)
		return NOON_OK;
	if (p->domain == 0)
		p->domain = TELECOM_DOMAIN_MIN;
	if (p->domain < TELECOM_DOMAIN_MIN || p->domain > TELECOM_DOMAIN_MAX)
		return noon_config_refuse_option(cfg, "domainNumber",
						 "profile G.8265.1: expected 4 to 23");
	if (multicast)
		return noon_config_refuse_option(
			cfg, "profile",
			"G.8265.1 is unicast only: give a receiver its transmitter, and a "
			"transmitter multicast = false");
	if (p->family == AF_PACKET)
		return noon_config_refuse_option(cfg, "network_transport",
						 "profile G.8265.1: expected UDPv4 or UDPv6");
	return NOON_OK;
}

/* Keys of a certificate's exchange, instead of those of a file. */
static noon_err check_exchanged_keys(cfg_t *cfg, const struct noon_config_ptp_port *p)
{
	if (p->sa_file[0] != '\0')
		return noon_config_refuse_option(
			cfg, "certificate",
			"expected either it or sa_file: keys are exchanged, or come from a file");
	if (noon_option_is_set(cfg, "active_key_id"))
		return noon_config_refuse_option(
			cfg, "active_key_id",
			"belongs to sa_file: keys that are exchanged have numbers of their own");
	if (p->family == AF_PACKET)
		return noon_config_refuse_option(
			cfg, "certificate",
			"keys for one receiver are for unicast: UDPv4 or UDPv6 is needed");
	return NOON_OK;
}

static noon_err settle_port(cfg_t *cfg, const struct noon_config *c, struct noon_config_ptp_port *p)
{
	if (p->family == AF_PACKET && p->interface[0] == '\0')
		return noon_config_refuse_option(cfg, "interface", "needed for L2");
	if (p->address.len > 0 && p->address.u.sa.sa_family != p->family)
		return noon_config_refuse_option(cfg, "address",
						 "expected an address of the transport's family");
	p->sdo_id = (uint16_t)(p->major << 8 | p->minor);
	if (noon_config_check_tunnel(cfg, c, p) || noon_config_settle_exchange(cfg, &p->exchange))
		return NOON_ERR_FORMAT;
	if (p->exchange.certificate[0] != '\0' && check_exchanged_keys(cfg, p))
		return NOON_ERR_FORMAT;
	/* Of a tunnel of others it is not known that everything comes out of it. */
	p->in_tunnel = p->tunnel[0] != '\0' &&
		       noon_config_tunnel_of(c, p->tunnel)->backend != NOON_TUNNEL_BY_OTHERS;
	return NOON_OK;
}

/* Only the other end is behind a tunnel. */
static noon_err check_behind(cfg_t *cfg, const struct noon_config *c,
			     const struct noon_config_ptp_receiver *r)
{
	const struct noon_config_tunnel *t = noon_config_tunnel_of(c, r->port.tunnel);
	struct noon_addr a;
	char text[NOON_OPTION_WHY];
	char host[64];

	if (t == NULL || (noon_addr_parse(r->transmitter, 0, &a) == NOON_OK &&
			  noon_addr_equal(&a, &t->inner_peer)))
		return NOON_OK;
	noon_addr_format_host(&t->inner_peer, host, sizeof(host));
	(void)snprintf(text, sizeof(text), "expected \"%s\", the other end inside the tunnel",
		       host);
	return noon_config_refuse_option(cfg, "transmitter", text);
}

static bool has_keys(const struct noon_config_ptp_port *p)
{
	return p->sa_file[0] != '\0' || p->exchange.certificate[0] != '\0';
}

static noon_err check_receiver(cfg_t *cfg, const struct noon_config_source *s)
{
	const struct noon_config_ptp_receiver *r = &s->ptp;

	if (!has_keys(&r->port) && !r->port.in_tunnel && !s->allow_unauthenticated)
		return noon_config_refuse_option(
			cfg, "sa_file",
			"without one, a certificate or a tunnel of our own, "
			"allow-unauthenticated = true is needed: an attacker can "
			"forge its messages");
	if (r->port.exchange.certificate[0] != '\0' && !r->machine.unicast)
		return noon_config_refuse_option(cfg, "certificate",
						 "keys for one receiver are for unicast: give a "
						 "transmitter");
	if (r->port.exchange.certificate[0] != '\0' && noon_option_is_set(cfg, "spp"))
		return noon_config_refuse_option(
			cfg, "spp", "comes from the transmitter with the key: leave it out");
	if (!r->machine.unicast && r->port.interface[0] == '\0')
		return noon_config_refuse_option(cfg, "interface",
						 "needed for multicast (or give a transmitter)");
	if (r->machine.unicast && r->port.family == AF_PACKET)
		return noon_config_refuse_option(cfg, "transmitter",
						 "unicast needs UDPv4 or UDPv6");
	if (!r->machine.unicast && r->port.address.len > 0)
		return noon_config_refuse_option(
			cfg, "address", "only for unicast: multicast comes to the interface");
	return NOON_OK;
}

noon_err noon_config_take_ptp_receiver(cfg_t *cfg, const struct noon_config *c,
				       struct noon_config_source *s)
{
	struct noon_config_ptp_receiver *r = &s->ptp;
	const struct noon_config_tunnel *in;
	int8_t poll;

	noon_option_take_group(cfg, &noon_config_ptp_receiver_section.group, s);
	r->enabled = true;
	r->machine.unicast = r->transmitter[0] != '\0';
	if (cfg_title(cfg)[0] == '\0' || strlen(cfg_title(cfg)) >= sizeof(s->host))
		return noon_config_refuse_option(cfg, "title", "expected a name");
	(void)snprintf(s->host, sizeof(s->host), "%s", cfg_title(cfg));
	if (settle_port(cfg, c, &r->port) || take_profile(cfg, !r->machine.unicast, &r->port) ||
	    check_behind(cfg, c, r) || check_receiver(cfg, s))
		return NOON_ERR_FORMAT;
	in = noon_config_tunnel_of(c, r->port.tunnel);
	r->machine.egress_in_request = in != NULL && in->seed;
	s->family = r->port.family;
	/* PTP does not poll: the interval is that of Delay_Req. */
	poll = r->machine.log_delay;
	if (poll < NOON_POLL_LOG2_MIN)
		poll = NOON_POLL_LOG2_MIN;
	s->engine.poll_min = poll;
	s->engine.poll_max = poll;
	s->engine.burst = 0;
	if (r->port.exchange.name[0] == '\0')
		(void)snprintf(r->port.exchange.name, sizeof(r->port.exchange.name), "%s",
			       r->transmitter);
	s->engine.require_auth = has_keys(&r->port) || r->port.in_tunnel;
	return noon_config_settle_source(cfg, c, s);
}

noon_err noon_config_check_cycles(cfg_t *top, const struct noon_config *c)
{
	for (size_t i = 0, k = 0; i < c->n_sources; i++) {
		const struct noon_config_ptp_receiver *const r = &c->source[i].ptp;
		cfg_t *cfg = r->enabled ? cfg_getnsec(top, "ptp-receiver", (unsigned)k++) : NULL;
		bool found = false;

		if (cfg == NULL || r->cycle_with[0] == '\0')
			continue;
		for (size_t j = 0; j < c->n_sources; j++)
			found |= j != i && c->source[j].ptp.enabled &&
				 strcmp(c->source[j].host, r->cycle_with) == 0;
		if (!found)
			return noon_config_refuse_option(
				cfg, "cycle-with",
				"expected the name of another section ptp-receiver");
	}
	return NOON_OK;
}

static noon_err take_watches(cfg_t *cfg, const struct noon_config *c,
			     struct noon_config_ptp_transmitter *t)
{
	const unsigned n = cfg_size(cfg, "watch");

	if (n > NOON_PTP_WATCHED_MAX)
		return noon_config_refuse_option(cfg, "watch", "at most 16 receivers");
	for (unsigned i = 0; i < n; i++) {
		cfg_t *in = cfg_getnsec(cfg, "watch", i);
		struct noon_config_watch *w = &t->watch[i];

		noon_option_take_group(in, &watch_section.group, w);
		if (!parse_identity(cfg_title(in), w->clock))
			return noon_config_refuse_option(
				cfg, "watch",
				"expected a clockIdentity of 16 hexadecimal digits as the title");
		if (noon_config_settle_guard(in, c, cfg_title(in), &w->guard) ||
		    noon_config_settle_path(in, c, &w->said, &w->path))
			return NOON_ERR_FORMAT;
	}
	t->n_watch = n;
	return NOON_OK;
}

noon_err noon_config_take_ptp_transmitter(cfg_t *cfg, const struct noon_config *c,
					  struct noon_config_ptp_transmitter *t)
{
	struct noon_ptp_transmitter_conf *m = &t->machine;

	noon_option_take_group(cfg, &noon_config_ptp_transmitter_section.group, t);
	if (cfg_title(cfg)[0] == '\0' || strlen(cfg_title(cfg)) >= sizeof(t->name))
		return noon_config_refuse_option(cfg, "title",
						 "expected a name of at most 63 characters");
	(void)snprintf(t->name, sizeof(t->name), "%s", cfg_title(cfg));
	if (settle_port(cfg, c, &t->port) || take_watches(cfg, c, t))
		return NOON_ERR_FORMAT;
	m->one_step = !t->two_step;
	/* A forged request for grants directs the messages at a third party: without keys it must
	 * be enabled explicitly. */
	if (!noon_option_is_set(cfg, "unicast_listen"))
		m->unicast = has_keys(&t->port) || t->port.in_tunnel;
	if (take_profile(cfg, m->multicast, &t->port))
		return NOON_ERR_FORMAT;
	if (m->multicast && t->port.exchange.certificate[0] != '\0')
		return noon_config_refuse_option(
			cfg, "multicast",
			"certificate gives each receiver a key of its own: multicast = false is "
			"needed");
	if (m->multicast && t->port.tunnel[0] != '\0')
		return noon_config_refuse_option(
			cfg, "multicast",
			"does not go through a tunnel: multicast = false is needed");
	if (m->multicast && (t->port.interface[0] == '\0' || t->port.address.len > 0))
		return noon_config_refuse_option(
			cfg, "multicast",
			"needs an interface and no address; or multicast = false");
	if (!m->multicast && !m->unicast)
		return noon_config_refuse_option(cfg, "unicast_listen",
						 "nothing would be sent to anybody");
	return NOON_OK;
}
