/* SPDX-License-Identifier: Apache-2.0
 *
 * The sections tunnel, and what the option tunnel of a PTP section may name.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "daemon/config/config_priv.h"
#include "platform/number.h"

#define TUNNEL(member) NOON_OPTION_AT(struct noon_config_tunnel, member)

#define PACKETS_MIN 16
#define PACKETS_MAX (1LL << 31) /* of the machine: far below where a nonce would repeat */
#define BYTES_MIN   65536
#define COVER_MIN   NOON_MS(1)
#define CELL_MIN    128 /* a message of PTP with its headers */
#define CELL_NOUN   "128"
#define NTP_PORT    123

static const struct {
	const char *word;
	enum noon_padding_mode mode;
} padding_modes[] = {
	{"none", NOON_PADDING_NONE},
	{"random", NOON_PADDING_RANDOM},
	{"constant", NOON_PADDING_CONSTANT},
	{"cell", NOON_PADDING_CELL},
};
#define PADDING_MODES (sizeof(padding_modes) / sizeof(padding_modes[0]))

#define PADDING_NOUN                                                                       \
	"\"none\", \"random MIN-MAX\", \"constant N\" or \"cell N\", bytes up to 1024, a " \
	"cell of at least " CELL_NOUN
_Static_assert(NOON_PADDING_MAX == 1024 && CELL_MIN == 128, "as the noun of padding says");

/* Decimal digits only. @return what follows them, or NULL */
static const char *scan_len(const char *text, size_t *ret)
{
	size_t v = 0;

	if (!isdigit((unsigned char)*text))
		return NULL;
	for (; isdigit((unsigned char)*text); text++) {
		v = v * 10 + (size_t)(*text - '0');
		if (v > NOON_PADDING_MAX)
			return NULL;
	}
	*ret = v;
	return text;
}

static bool scan_lens(const char *text, struct noon_padding *p)
{
	text = scan_len(text, &p->min);
	if (text != NULL && p->mode == NOON_PADDING_RANDOM)
		text = *text == '-' ? scan_len(text + 1, &p->max) : NULL;
	if (text == NULL || *text != '\0')
		return false;
	return p->mode != NOON_PADDING_CELL || p->min >= CELL_MIN;
}

static bool read_padding(const struct noon_option *o, const char *text, void *at,
			 char why[NOON_OPTION_WHY])
{
	struct noon_padding p = {.mode = NOON_PADDING_NONE};
	const size_t word = strcspn(text, " ");
	size_t i = 0;

	(void)o;
	(void)why;
	while (i < PADDING_MODES && (strlen(padding_modes[i].word) != word ||
				     strncmp(padding_modes[i].word, text, word) != 0))
		i++;
	if (i == PADDING_MODES)
		return false;
	p.mode = padding_modes[i].mode;
	if (p.mode == NOON_PADDING_NONE ? text[word] != '\0'
					: text[word] != ' ' || !scan_lens(text + word + 1, &p))
		return false;
	if (!noon_padding_is_sound(&p))
		return false;
	memcpy(at, &p, sizeof(p));
	return true;
}

static bool read_port(const struct noon_option *o, const char *text, void *at,
		      char why[NOON_OPTION_WHY])
{
	struct noon_config_tunnel *t = at;
	uint64_t v;

	(void)o;
	(void)why;
	if (t->ports == NOON_TUNNEL_PORTS || !noon_number_u64(text, 1, UINT16_MAX, &v))
		return false;
	t->port[t->ports++] = (uint16_t)v;
	return true;
}

static const struct noon_word roles[] = {{"initiator", 1}, {"responder", 0}, {NULL, 0}};
static const struct noon_word ciphers[] = {{"aes128gcm16", 16}, {"aes256gcm16", 32}, {NULL, 0}};
static const struct noon_word encapsulations[] = {{"none", 0}, {"udp", 1}, {NULL, 0}};
static const struct noon_word backends[] = {{"user", NOON_TUNNEL_BY_USER},
					    {"kernel", NOON_TUNNEL_BY_KERNEL},
					    {"observe", NOON_TUNNEL_BY_OTHERS},
					    {NULL, 0}};
static const struct noon_word corrections[] = {{"auto", NOON_TUNNEL_AUTO},
					       {"exact", NOON_TUNNEL_EXACT},
					       {"statistical", NOON_TUNNEL_STATISTICAL},
					       {"none", NOON_TUNNEL_NONE},
					       {NULL, 0}};
static const struct noon_word profiles[] = {{"default", 0}, {"seed", 1}, {NULL, 0}};

#define ADDRESS_NOUN "an address without a port such as \"192.0.2.1\" or \"2001:db8::1\""

#define ADDRESS_ROW(option, member, words, text)                                              \
	{                                                                                     \
		option, NOON_OPTION_OWN, TUNNEL(member), .read = noon_config_read_address,    \
							 .value = "address", .says = (words), \
							 .noun = ADDRESS_NOUN, .help = (text) \
	}

static const struct noon_option address_rows[] = {
	ADDRESS_ROW("local", local, "needed; in UDP: any", "outer address of this end"),
	ADDRESS_ROW("peer", peer, "needed", "outer address of the other end"),
	ADDRESS_ROW("inner-local", inner_local, "that of local",
		    "address of this end inside the tunnel"),
	ADDRESS_ROW("inner-peer", inner_peer, "that of peer",
		    "address of the other end inside the tunnel"),
	{"backend", NOON_OPTION_WORD, TUNNEL(backend), .words = backends,
	 .help = "what seals and opens: the daemon, the kernel, or others"},
	{"encapsulation", NOON_OPTION_WORD, TUNNEL(udp), .words = encapsulations,
	 .help = "what carries ESP: IP, or UDP through translators of addresses"},
	{"udp-port", NOON_OPTION_UINT, TUNNEL(udp_port), NOON_OPTION_RANGE(1, 65535), .def = "4500",
	 .help = "of both ends, with encapsulation = udp"},
	{"port", NOON_OPTION_OWN, NOON_OPTION_ALL(struct noon_config_tunnel), .read = read_port,
	 .most = NOON_TUNNEL_PORTS, .value = "n", .says = "{319, 320}",
	 .noun = "a port from 1 to 65535", .help = "UDP ports that it carries"},
	NOON_OPTION_END,
};

static const struct noon_option protection_rows[] = {
	{"role", NOON_OPTION_WORD, TUNNEL(is_initiator), .words = roles, .says = "needed",
	 .help = "of this end; the other end has the other one"},
	{"key-file", NOON_OPTION_TEXT, TUNNEL(key_file), .value = "path",
	 .says = "needed, or certificate",
	 .help = "secret that both ends share, of noonmark tunnel keygen"},
	{"profile", NOON_OPTION_WORD, TUNNEL(seed), .words = profiles,
	 .help = "seed: ah = true, padding = \"random 0-256\" and correctionField of Delay_Req"},
	{"encryption", NOON_OPTION_WORD, TUNNEL(key_len), .words = ciphers, .def = "aes128gcm16",
	 .help = "cipher of ESP"},
	{"ah", NOON_OPTION_BOOL, TUNNEL(ah),
	 .help = "AH around ESP: protects the outer header too"},
	{"esn", NOON_OPTION_BOOL, TUNNEL(extended), .def = "true",
	 .help = "sequence numbers of 64 bits"},
	{"padding", NOON_OPTION_OWN, TUNNEL(padding), .read = read_padding, .def = "none",
	 .value = "padding", .noun = PADDING_NOUN,
	 .help = "bytes added so that sizes do not tell the type of a message"},
	{"cover", NOON_OPTION_TIME, TUNNEL(cover), NOON_OPTION_RANGE(0, NOON_S(3600)), .def = "0",
	 .help = "a cover packet after so long without any; 0: none"},
	{"correction", NOON_OPTION_WORD, TUNNEL(correction), .words = corrections, .def = "auto",
	 .help = "departures: stamped after encryption, or estimated"},
	{"warm-up", NOON_OPTION_BOOL, TUNNEL(warm_up),
	 .help = "a cover packet ahead of each Sync and Delay_Req, against cold caches"},
	NOON_OPTION_END,
};

static const struct noon_option exchange_rows[] = {
	NOON_CONFIG_EXCHANGE_ROWS(TUNNEL, "the address of peer"),
	NOON_OPTION_END,
};

static const struct noon_option lifetime_rows[] = {
	{"lifetime", NOON_OPTION_TIME, TUNNEL(lifetime),
	 NOON_OPTION_RANGE(NOON_S(1), NOON_S(30 * 86400)), .def = "1h",
	 .help = "of an association, after which the next one is used"},
	{"packets", NOON_OPTION_UINT, TUNNEL(packets), NOON_OPTION_RANGE(PACKETS_MIN, PACKETS_MAX),
	 .def = "2147483648", .help = "that an association sends at most"},
	{"bytes", NOON_OPTION_UINT, TUNNEL(bytes), NOON_OPTION_LEAST(0), .def = "0",
	 .help = "that an association sends at most, 65536 or more; 0: no limit"},
	{"jitter", NOON_OPTION_REAL, TUNNEL(jitter), NOON_OPTION_RANGE(0, 0.5), .def = "0.1",
	 .value = "share", .help = "a lifetime is shorter by up to this share of it, at random"},
	{"grace", NOON_OPTION_TIME, TUNNEL(grace), NOON_OPTION_RANGE(0, NOON_S(3600)), .def = "10s",
	 .help = "how long the association before is still accepted"},
	{"spi-socket", NOON_OPTION_TEXT, TUNNEL(spi_socket), .value = "path", .says = "none",
	 .help = "Unix socket of a program that is told of SPIs before they are used"},
	{"dead-after", NOON_OPTION_TIME, TUNNEL(dead_after),
	 NOON_OPTION_RANGE(NOON_S(1), NOON_S(86400)), .def = "30s",
	 .help = "silence after which the other end is lost"},
	NOON_OPTION_END,
};

const struct noon_section noon_config_tunnel_section = {
	.group = {"tunnel",
		  sizeof(struct noon_config_tunnel),
		  NULL,
		  {{address_rows, 0, NULL},
		   {protection_rows, 0, NULL},
		   {exchange_rows, 0, NULL},
		   {lifetime_rows, 0, NULL}}},
	.kind = NOON_SECTION_TITLED,
};

#define NAME_NOUN                                                                        \
	"expected a name of at most 63 letters, digits, hyphens, underscores and dots, " \
	"which does not begin with a dot"

/* It becomes the name of a file. */
static noon_err take_name(cfg_t *cfg, struct noon_config_tunnel *t)
{
	const char *title = cfg_title(cfg);
	const size_t n = strlen(title);

	if (n == 0 || n >= sizeof(t->name) || title[0] == '.')
		return noon_config_refuse(cfg, NAME_NOUN);
	for (size_t i = 0; i < n; i++)
		if (!isascii((unsigned char)title[i]) ||
		    (!isalnum((unsigned char)title[i]) && strchr("-_.", title[i]) == NULL))
			return noon_config_refuse(cfg, NAME_NOUN);
	memcpy(t->name, title, n + 1);
	return NOON_OK;
}

static bool is_pair(const struct noon_addr *a, const struct noon_addr *b)
{
	return a->u.sa.sa_family == b->u.sa.sa_family && !noon_addr_equal(a, b);
}

static noon_err settle_addresses(cfg_t *cfg, struct noon_config_tunnel *t)
{
	if (t->peer.len == 0)
		return noon_config_refuse_option(cfg, "peer", "needed: expected " ADDRESS_NOUN);
	if (t->local.len == 0 && !t->udp && t->backend != NOON_TUNNEL_BY_OTHERS)
		return noon_config_refuse_option(cfg, "local", "needed: expected " ADDRESS_NOUN);
	if (t->local.len > 0 && !is_pair(&t->local, &t->peer))
		return noon_config_refuse_option(
			cfg, "local", "expected another address than peer, of the same family");
	if (t->inner_local.len == 0 && t->local.len == 0)
		return noon_config_refuse_option(cfg, "inner-local", "needed without local");
	if (t->inner_local.len == 0)
		t->inner_local = t->local;
	if (t->inner_peer.len == 0)
		t->inner_peer = t->peer;
	if (!is_pair(&t->inner_local, &t->inner_peer))
		return noon_config_refuse_option(
			cfg, "inner-local",
			"expected another address than inner-peer, of the same family");
	return NOON_OK;
}

noon_err noon_config_settle_exchange(cfg_t *cfg, struct noon_config_exchange *x)
{
	static const char *const others[] = {"certificate-key", "peer-certificates", "peer-name",
					     "exchange-port", "rekey"};

	if (x->certificate[0] == '\0') {
		for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
			if (noon_option_is_set(cfg, others[i]))
				return noon_config_refuse_option(
					cfg, others[i], "belongs to certificate, which is missing");
		return NOON_OK;
	}
	if (x->key[0] == '\0')
		return noon_config_refuse_option(cfg, "certificate-key",
						 "needed: expected the certificate's private key");
	if (x->ca[0] == '\0')
		return noon_config_refuse_option(
			cfg, "peer-certificates",
			"needed: expected the other end's self-signed certificate, or its root");
	return NOON_OK;
}

static noon_err settle_keys(cfg_t *cfg, struct noon_config_tunnel *t)
{
	if (t->backend == NOON_TUNNEL_BY_OTHERS && t->spi_socket[0] != '\0')
		return noon_config_refuse_option(cfg, "spi-socket",
						 "whoever manages an observed tunnel has its SPIs");
	if (t->backend == NOON_TUNNEL_BY_OTHERS && t->exchange.certificate[0] == '\0')
		return NOON_OK;
	if (t->backend == NOON_TUNNEL_BY_OTHERS)
		return noon_config_refuse_option(cfg, "certificate",
						 "whoever manages an observed tunnel has its keys");
	if (!noon_option_is_set(cfg, "role"))
		return noon_config_refuse_option(
			cfg, "role",
			"needed: expected initiator at one end and responder at the other");
	if (t->key_file[0] == '\0' && t->exchange.certificate[0] == '\0')
		return noon_config_refuse_option(
			cfg, "key-file",
			"needed, or certificate: noonmark tunnel keygen FILE creates one");
	if (t->key_file[0] != '\0' && t->exchange.certificate[0] != '\0')
		return noon_config_refuse_option(
			cfg, "certificate",
			"expected either it or key-file: keys are exchanged, "
			"or come from a file");
	if (t->exchange.certificate[0] != '\0' && t->exchange.name[0] == '\0')
		noon_addr_format_host(&t->peer, t->exchange.name, sizeof(t->exchange.name));
	return noon_config_settle_exchange(cfg, &t->exchange);
}

static noon_err settle_protection(cfg_t *cfg, struct noon_config_tunnel *t)
{
	if (t->seed && !noon_option_is_set(cfg, "ah"))
		t->ah = true;
	if (t->seed && !noon_option_is_set(cfg, "padding"))
		t->padding = (struct noon_padding){NOON_PADDING_RANDOM, 0, 256};
	if (t->ah && t->udp)
		return noon_config_refuse_option(
			cfg, "ah",
			"does not go inside UDP: set ah = false, or encapsulation = none");
	if (t->cover > 0 && t->cover < COVER_MIN)
		return noon_config_refuse_option(cfg, "cover", "expected 0, or 1ms or more");
	if (t->bytes > 0 && t->bytes < BYTES_MIN)
		return noon_config_refuse_option(cfg, "bytes", "expected 0, or 65536 or more");
	return NOON_OK;
}

/* What Linux cannot do. Its padding fills up to a size, and it sends nothing that means nothing. */
static noon_err settle_kernel(cfg_t *cfg, const struct noon_config_tunnel *t)
{
	if (t->backend != NOON_TUNNEL_BY_KERNEL)
		return NOON_OK;
	if (t->udp)
		return noon_config_refuse_option(
			cfg, "encapsulation",
			"the kernel back end has none: expected none, or backend = user");
	if (t->padding.mode == NOON_PADDING_RANDOM || t->padding.mode == NOON_PADDING_CONSTANT)
		return noon_config_refuse_option(cfg, "padding",
						 "the kernel can only fill up: expected none or "
						 "cell N, or backend = user");
	if (t->cover > 0)
		return noon_config_refuse_option(
			cfg, "cover", "the kernel sends none: expected 0, or backend = user");
	if (t->warm_up)
		return noon_config_refuse_option(
			cfg, "warm-up", "the kernel sends none: expected false, or backend = user");
	if (t->correction == NOON_TUNNEL_STATISTICAL || t->correction == NOON_TUNNEL_NONE)
		return noon_config_refuse_option(cfg, "correction",
						 "the kernel's stamps are of after encryption: "
						 "expected auto or exact, or backend = user");
	return NOON_OK;
}

/* Two tunnels with one secret would use one key for different packets of the same number. */
static noon_err check_key_file(cfg_t *cfg, const struct noon_config *c,
			       const struct noon_config_tunnel *t)
{
	char text[NOON_OPTION_WHY];

	for (size_t i = 0; i < c->n_tunnels; i++) {
		if (t->key_file[0] == '\0' || strcmp(c->tunnel[i].key_file, t->key_file) != 0)
			continue;
		(void)snprintf(text, sizeof(text),
			       "tunnel \"%s\" has the same: expected a secret of its own",
			       c->tunnel[i].name);
		return noon_config_refuse_option(cfg, "key-file", text);
	}
	return NOON_OK;
}

static noon_err settle_ports(cfg_t *cfg, struct noon_config_tunnel *t)
{
	for (size_t i = 1; i < t->ports; i++)
		for (size_t k = 0; k < i; k++)
			if (t->port[i] == t->port[k])
				return noon_config_refuse_option(cfg, "port",
								 "expected each port once");
	if (t->ports > 0)
		return NOON_OK;
	t->port[0] = NOON_PTP_EVENT_PORT;
	t->port[1] = NOON_PTP_GENERAL_PORT;
	t->ports = 2;
	return NOON_OK;
}

static noon_err take_tunnel(cfg_t *cfg, const struct noon_config *c, struct noon_config_tunnel *t)
{
	noon_option_take_group(cfg, &noon_config_tunnel_section.group, t);
	if (take_name(cfg, t) || settle_addresses(cfg, t) || settle_keys(cfg, t) ||
	    settle_protection(cfg, t) || settle_kernel(cfg, t) || check_key_file(cfg, c, t))
		return NOON_ERR_FORMAT;
	return settle_ports(cfg, t);
}

noon_err noon_config_take_tunnels(cfg_t *top, struct noon_config *c)
{
	const unsigned n = cfg_size(top, "tunnel");

	if (n > NOON_CONFIG_TUNNELS_MAX) {
		cfg_error(top, "more than %d tunnels", NOON_CONFIG_TUNNELS_MAX);
		return NOON_ERR_FORMAT;
	}
	for (unsigned i = 0; i < n; i++) {
		if (take_tunnel(cfg_getnsec(top, "tunnel", i), c, &c->tunnel[i]))
			return NOON_ERR_FORMAT;
		c->n_tunnels = i + 1;
	}
	return NOON_OK;
}

const struct noon_config_tunnel *noon_config_tunnel_of(const struct noon_config *c,
						       const char *name)
{
	for (size_t i = 0; i < c->n_tunnels; i++)
		if (strcmp(c->tunnel[i].name, name) == 0)
			return &c->tunnel[i];
	return NULL;
}

static bool carries(const struct noon_config_tunnel *t, uint16_t port)
{
	for (size_t i = 0; i < t->ports; i++)
		if (t->port[i] == port)
			return true;
	return false;
}

static noon_err refuse_name(cfg_t *cfg, const struct noon_config *c, const char *name)
{
	char text[NOON_OPTION_WHY];
	struct noon_nearest near = noon_nearest_to(name);

	for (size_t i = 0; i < c->n_tunnels; i++)
		noon_nearest_try(&near, c->tunnel[i].name);
	(void)snprintf(text, sizeof(text),
		       "there is no section tunnel \"%s\": expected the name of one%s%s%s", name,
		       near.best != NULL ? "; did you mean '" : "",
		       near.best != NULL ? near.best : "", near.best != NULL ? "'?" : "");
	return noon_config_refuse_option(cfg, "tunnel", text);
}

noon_err noon_config_check_tunnel(cfg_t *cfg, const struct noon_config *c,
				  const struct noon_config_ptp_port *p)
{
	const struct noon_config_tunnel *t = noon_config_tunnel_of(c, p->tunnel);

	if (p->tunnel[0] == '\0')
		return NOON_OK;
	if (t == NULL)
		return refuse_name(cfg, c, p->tunnel);
	if (p->family != t->inner_peer.u.sa.sa_family)
		return noon_config_refuse_option(cfg, "network_transport",
						 t->inner_peer.u.sa.sa_family == AF_INET
							 ? "expected UDPv4, as inside the tunnel"
							 : "expected UDPv6, as inside the tunnel");
	if (p->address.len > 0)
		return noon_config_refuse_option(
			cfg, "address", "the tunnel has one: give its section inner-local");
	if (!carries(t, NOON_PTP_EVENT_PORT) || !carries(t, NOON_PTP_GENERAL_PORT))
		return noon_config_refuse_option(cfg, "tunnel",
						 "expected one whose option port has 319 and 320");
	return NOON_OK;
}

static noon_err check_port(cfg_t *cfg, const struct noon_config_tunnel *t, uint16_t port)
{
	char text[NOON_OPTION_WHY];

	if (carries(t, port))
		return NOON_OK;
	(void)snprintf(text, sizeof(text), "expected one whose option port has %u", port);
	return noon_config_refuse_option(cfg, "tunnel", text);
}

noon_err noon_config_check_tunnel_to(cfg_t *cfg, const struct noon_config *c, const char *name,
				     const char *host, uint16_t port)
{
	const struct noon_config_tunnel *t = noon_config_tunnel_of(c, name);
	struct noon_addr given;
	char text[NOON_OPTION_WHY];
	char inner[64];

	if (t == NULL)
		return refuse_name(cfg, c, name);
	if (t->backend == NOON_TUNNEL_BY_OTHERS)
		return noon_config_refuse_option(
			cfg, "tunnel",
			"one that others manage proves nothing: expected NTS without it");
	if (noon_addr_parse(host, 0, &given) != NOON_OK ||
	    !noon_addr_equal(&given, &t->inner_peer)) {
		noon_addr_format_host(&t->inner_peer, inner, sizeof(inner));
		(void)snprintf(text, sizeof(text),
			       "expected a source \"%s\", the other end inside the tunnel", inner);
		return noon_config_refuse_option(cfg, "tunnel", text);
	}
	return check_port(cfg, t, port);
}

noon_err noon_config_check_server_tunnels(cfg_t *top, const struct noon_config *c)
{
	cfg_t *cfg = noon_option_section(top, "server");

	for (size_t i = 0; i < c->server.n_tunnels; i++) {
		const char *name = c->server.tunnel[i];
		const struct noon_config_tunnel *t = noon_config_tunnel_of(c, name);

		if (t == NULL)
			return refuse_name(cfg, c, name);
		if (t->backend != NOON_TUNNEL_BY_USER)
			return noon_config_refuse_option(cfg, "tunnel",
							 "expected one of backend = user; through "
							 "others NTP goes by itself: "
							 "give listen their inner-local");
		if (check_port(cfg, t, NTP_PORT))
			return NOON_ERR_FORMAT;
	}
	return NOON_OK;
}
