/* SPDX-License-Identifier: Apache-2.0
 *
 * The section tsa. Option names are those of openssl.cnf's [tsa] section where it has them.
 */
#include <stdio.h>
#include <string.h>

#include "daemon/config/config_priv.h"

#define TSA(member)    NOON_OPTION_AT(struct noon_config_tsa, member)
#define POLICY(member) NOON_OPTION_AT(struct noon_tsa_policy, member)

/* A policy with ordering issues one token per unit of the last digit. */
#define ORDERING_DIGITS 3

/* Merge both lists of addresses; some are for TLS. */
static bool read_listen(const struct noon_option *o, const char *text, void *at,
			char why[NOON_OPTION_WHY])
{
	struct noon_config_tsa *t = at;
	struct noon_addr a;

	(void)why;
	if (t->n_listen == NOON_HTTP_LISTEN_MAX || noon_addr_parse(text, 0, &a) ||
	    noon_addr_port(&a) == 0)
		return false;
	t->listen[t->n_listen++] =
		(struct noon_http_listen){.addr = a, .tls = strcmp(o->name, "listen-tls") == 0};
	return true;
}

static bool read_path(const struct noon_option *o, const char *text, void *at,
		      char why[NOON_OPTION_WHY])
{
	(void)why;
	if (text[0] != '/' || strlen(text) >= o->size)
		return false;
	memcpy(at, text, strlen(text) + 1);
	return true;
}

static bool read_digest(const struct noon_option *o, const char *text, void *at,
			char why[NOON_OPTION_WHY])
{
	struct noon_tsa_policy *p = at;
	const enum noon_digest d = noon_digest_by_name(text);

	(void)o;
	(void)why;
	if (d == NOON_DIGESTS)
		return false;
	p->digests |= 1U << d;
	return true;
}

static const struct noon_word digests[] = {{"sha256", NOON_DIGEST_SHA256},
					   {"sha384", NOON_DIGEST_SHA384},
					   {"sha512", NOON_DIGEST_SHA512},
					   {NULL, 0}};
static const struct noon_word certificates[] = {{"chain", NOON_CONFIG_CERTS_CHAIN},
						{"signer", NOON_CONFIG_CERTS_SIGNER},
						{"none", NOON_CONFIG_CERTS_NONE},
						{NULL, 0}};

static const struct noon_option policy_rows[] = {
	{"accuracy", NOON_OPTION_TIME, POLICY(accuracy),
	 NOON_OPTION_RANGE(NOON_US(1), NOON_S(86400)), .def = "1s",
	 .help = "no token when the clock may be off by more"},
	{"digests", NOON_OPTION_OWN, NOON_OPTION_ALL(struct noon_tsa_policy), .read = read_digest,
	 .most = 16, .value = "sha256", .says = "all three", .noun = "sha256, sha384 or sha512",
	 .help = "of requests"},
	{"ordering", NOON_OPTION_BOOL, POLICY(ordering),
	 .help = "genTime ascends strictly from token to token"},
	NOON_OPTION_END,
};

static const struct noon_section policy_section = {
	.group = {"policy", sizeof(struct noon_tsa_policy), NULL, {{policy_rows, 0, NULL}}},
	.kind = NOON_SECTION_TITLED,
};

#define LISTEN(title, what)                                                                       \
	{                                                                                         \
		(title), NOON_OPTION_OWN, NOON_OPTION_ALL(struct noon_config_tsa),                \
			.read = read_listen, .most = NOON_HTTP_LISTEN_MAX,                        \
			.value = "address:port", .says = "none", .noun = NOON_CONFIG_LISTEN_NOUN, \
			.help = (what)                                                            \
	}

static const struct noon_option tsa_rows[] = {
	LISTEN("listen", "addresses for HTTP"),
	LISTEN("listen-tls", "addresses for HTTPS"),
	{"path", NOON_OPTION_OWN, TSA(path), .read = read_path, .value = "path", .def = "/",
	 .noun = "\"/...\" of at most 127 characters", .help = "that requests are posted to"},
	{"signer_cert", NOON_OPTION_TEXT, TSA(signer_cert), .value = "file",
	 .help = "certificate of the authority, then its issuers, PEM"},
	{"signer_key", NOON_OPTION_TEXT, TSA(signer_key), .value = "file",
	 .help = "its key, PEM, or a pkcs11: URI"},
	{"signer_digest", NOON_OPTION_WORD, TSA(rsa_digest), .words = digests,
	 .help = "that RSA signs with"},
	{"certs", NOON_OPTION_WORD, TSA(in_tokens), .words = certificates,
	 .help = "certificates in a token whose request asks for them"},
	{"tsa_name", NOON_OPTION_BOOL, TSA(tsa_name), .help = "tokens name the authority"},
	{"clock_precision_digits", NOON_OPTION_UINT, TSA(machine.digits_max),
	 NOON_OPTION_RANGE(0, NOON_TSA_DIGITS_MAX), .def = "6",
	 .help = "digits of a second in genTime at most"},
	{"holdover", NOON_OPTION_BOOL, TSA(machine.holdover),
	 .help = "tokens while no source answers, too"},
	{"local-bound", NOON_OPTION_TIME, TSA(local_bound), NOON_OPTION_LEAST(0),
	 .help = "without sources: error of the clock; 0: no tokens"},
	{"ledger", NOON_OPTION_TEXT, TSA(ledger), .value = "file",
	 .says = "tsa.db in the state directory", .help = "serial numbers and audit log, SQLite"},
	{"tls-certificate", NOON_OPTION_TEXT, TSA(tls_certificate), .value = "file", .says = "none",
	 .help = "for listen-tls, PEM"},
	{"tls-key", NOON_OPTION_TEXT, TSA(tls_key), .value = "file", .says = "none",
	 .help = "for listen-tls, PEM"},
	{"threads", NOON_OPTION_UINT, TSA(threads), NOON_OPTION_RANGE(1, 64), .def = "1",
	 .help = "threads that sign and serve"},
	{"max-connections", NOON_OPTION_UINT, TSA(connections_max), NOON_OPTION_RANGE(1, 100000),
	 .def = "256", .help = "connections of all threads"},
	{"max-body", NOON_OPTION_UINT, TSA(body_max), NOON_OPTION_RANGE(256, 16777216),
	 .def = "65536", .value = "bytes", .help = "longest request"},
	{"timeout", NOON_OPTION_TIME, TSA(timeout), NOON_OPTION_LEAST(1), .def = "5s",
	 .help = "for a handshake, a request, a reply to be read"},
	{"idle-timeout", NOON_OPTION_TIME, TSA(idle_timeout), NOON_OPTION_LEAST(1), .def = "30s",
	 .help = "between two requests of a connection"},
	{"ratelimit", NOON_OPTION_REAL, TSA(rate_per_s), NOON_OPTION_LEAST(0), .value = "n",
	 .help = "requests per second and address; 0: no limit"},
	{"ratelimit-burst", NOON_OPTION_UINT, TSA(rate_burst), NOON_OPTION_RANGE(1, 65535),
	 .def = "16", .help = "requests at once within the limit"},
	NOON_OPTION_END,
};

static const struct noon_section *const in_tsa[] = {&policy_section, NULL};

const struct noon_section noon_config_tsa_section = {
	.group = {"tsa", sizeof(struct noon_config_tsa), NULL, {{tsa_rows, 0, NULL}}},
	.sections = in_tsa,
};

static noon_err refuse(cfg_t *cfg, const char *option, const char *what)
{
	char text[NOON_OPTION_WHY];

	(void)snprintf(text, sizeof(text), "%s: %s", option, what);
	return noon_config_refuse(cfg, text);
}

static noon_err settle_files(cfg_t *cfg, const struct noon_config *c, struct noon_config_tsa *t)
{
	const bool tls = noon_option_is_set(cfg, "listen-tls");

	if (t->ledger[0] == '\0' && snprintf(t->ledger, sizeof(t->ledger), "%s/tsa.db",
					     c->state_dir) >= (int)sizeof(t->ledger))
		return refuse(cfg, "ledger", "the path is too long");
	if (t->signer_cert[0] == '\0' || t->signer_key[0] == '\0')
		return refuse(cfg, "signer_cert, signer_key", "both are needed");
	if (tls && (t->tls_certificate[0] == '\0' || t->tls_key[0] == '\0'))
		return refuse(cfg, "listen-tls", "needs tls-certificate and tls-key");
	return NOON_OK;
}

static noon_err take_policy(cfg_t *cfg, struct noon_tsa_policy *p)
{
	noon_option_take_group(cfg, &policy_section.group, p);
	if (noon_oid_parse(cfg_title(cfg), p->oid, &p->oid_n))
		return noon_config_refuse(
			cfg, "expected an object identifier such as \"1.3.6.1.4.1.N\"");
	if (p->digests == 0)
		p->digests = (1U << NOON_DIGESTS) - 1;
	return NOON_OK;
}

static noon_err take_policies(cfg_t *cfg, struct noon_tsa_conf *m)
{
	const unsigned n = cfg_size(cfg, "policy");

	if (n == 0)
		return refuse(cfg, "policy",
			      "a section policy \"OID\" { ... } is needed; the first one is the "
			      "default");
	if (n > NOON_TSA_POLICIES_MAX)
		return refuse(cfg, "policy", "at most 8");
	for (unsigned i = 0; i < n; i++)
		if (take_policy(cfg_getnsec(cfg, "policy", i), &m->policy[i]))
			return NOON_ERR_FORMAT;
	m->n_policies = n;
	for (unsigned i = 0; i < n; i++)
		if (m->policy[i].ordering && m->digits_max < ORDERING_DIGITS)
			return refuse(
				cfg, "clock_precision_digits",
				"ordering needs 3 at least: genTime has to tell tokens apart");
	return NOON_OK;
}

noon_err noon_config_take_tsa(cfg_t *top, const struct noon_config *c, struct noon_config_tsa *t)
{
	cfg_t *cfg = noon_option_section(top, "tsa");

	if (cfg == NULL)
		return NOON_OK;
	if (cfg_size(cfg, "listen") + cfg_size(cfg, "listen-tls") > NOON_HTTP_LISTEN_MAX)
		return refuse(cfg, "listen", "too many addresses");
	noon_option_take_group(cfg, &noon_config_tsa_section.group, t);
	t->enabled = true;
	if (t->n_listen == 0)
		return refuse(cfg, "listen", "an address for listen or listen-tls is needed");
	t->certs = t->in_tokens == NOON_CONFIG_CERTS_SIGNER ? NOON_TS_CERTS_SIGNER
							    : NOON_TS_CERTS_CHAIN;
	t->machine.no_certs = t->in_tokens == NOON_CONFIG_CERTS_NONE;
	if (t->threads > t->connections_max)
		return refuse(cfg, "max-connections", "expected one for each thread at least");
	return settle_files(cfg, c, t) ? NOON_ERR_FORMAT : take_policies(cfg, &t->machine);
}
