/* SPDX-License-Identifier: Apache-2.0
 *
 * The section tsa. Names are those of openssl.cnf's [tsa] section where it has the option.
 */
#include <stdio.h>
#include <string.h>

#include "daemon/config/config_priv.h"

/* A policy of ordering gives one token for each unit of the last digit. */
#define ORDERING_DIGITS 3

/* Not const only because libConfuse's types are not; nothing writes to them. */
static cfg_opt_t policy_opts[] = {
	CFG_STR("accuracy", "1s", CFGF_NONE),
	CFG_STR_LIST("digests", NULL, CFGF_NONE), /* all */
	CFG_BOOL("ordering", cfg_false, CFGF_NONE),
	CFG_END(),
};

cfg_opt_t noon_config_tsa_opts[] = {
	CFG_STR_LIST("listen", NULL, CFGF_NONE),
	CFG_STR_LIST("listen-tls", NULL, CFGF_NONE),
	CFG_STR("path", "/", CFGF_NONE),
	CFG_STR("signer_cert", "", CFGF_NONE),
	CFG_STR("signer_key", "", CFGF_NONE),
	CFG_STR("signer_digest", "sha256", CFGF_NONE),
	CFG_STR("certs", "chain", CFGF_NONE),
	CFG_BOOL("tsa_name", cfg_false, CFGF_NONE),
	CFG_INT("clock_precision_digits", 6, CFGF_NONE),
	CFG_BOOL("holdover", cfg_false, CFGF_NONE),
	CFG_STR("local-bound", "0", CFGF_NONE),
	CFG_STR("ledger", "", CFGF_NONE),
	CFG_STR("tls-certificate", "", CFGF_NONE),
	CFG_STR("tls-key", "", CFGF_NONE),
	CFG_INT("threads", 1, CFGF_NONE),
	CFG_INT("max-connections", 256, CFGF_NONE),
	CFG_INT("max-body", 65536, CFGF_NONE),
	CFG_STR("timeout", "5s", CFGF_NONE),
	CFG_STR("idle-timeout", "30s", CFGF_NONE),
	CFG_FLOAT("ratelimit", 0.0, CFGF_NONE),
	CFG_INT("ratelimit-burst", 16, CFGF_NONE),
	CFG_SEC("policy", policy_opts, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
	CFG_END(),
};

static noon_err refuse(cfg_t *cfg, const char *option, const char *what)
{
	cfg_error(cfg, "%s: %s: %s", cfg_name(cfg), option, what);
	return NOON_ERR_FORMAT;
}

static noon_err take_listen(cfg_t *cfg, const char *option, struct noon_config_tsa *t)
{
	const unsigned n = cfg_size(cfg, option);

	for (unsigned i = 0; i < n; i++) {
		struct noon_http_listen *l = &t->listen[t->n_listen];

		if (noon_addr_parse(cfg_getnstr(cfg, option, i), 0, &l->addr) ||
		    noon_addr_port(&l->addr) == 0)
			return refuse(cfg, option, "expected \"ADDRESS:PORT\"");
		l->tls = strcmp(option, "listen-tls") == 0;
		t->n_listen++;
	}
	return NOON_OK;
}

static noon_err take_files(cfg_t *cfg, const struct noon_config *c, struct noon_config_tsa *t)
{
	const bool tls = cfg_size(cfg, "listen-tls") > 0;

	noon_config_path(t->signer_cert, cfg, "signer_cert");
	noon_config_path(t->signer_key, cfg, "signer_key");
	noon_config_path(t->tls_certificate, cfg, "tls-certificate");
	noon_config_path(t->tls_key, cfg, "tls-key");
	noon_config_path(t->ledger, cfg, "ledger");
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
	const unsigned n = cfg_size(cfg, "digests");

	if (noon_oid_parse(cfg_title(cfg), p->oid, &p->oid_n)) {
		cfg_error(cfg,
			  "policy \"%s\": expected an object identifier such as \"1.3.6.1.4.1.N\"",
			  cfg_title(cfg));
		return NOON_ERR_FORMAT;
	}
	p->accuracy = noon_config_dur(cfg, "accuracy");
	p->ordering = cfg_getbool(cfg, "ordering");
	for (unsigned i = 0; i < n; i++) {
		const char *name = cfg_getnstr(cfg, "digests", i);
		const enum noon_digest d = noon_digest_by_name(name);

		if (d == NOON_DIGESTS) {
			cfg_error(cfg, "digests: \"%s\": expected sha256, sha384 or sha512", name);
			return NOON_ERR_FORMAT;
		}
		p->digests |= 1U << d;
	}
	if (n == 0)
		p->digests = (1U << NOON_DIGESTS) - 1;
	if (p->accuracy < NOON_US(1) || p->accuracy > NOON_S(86400))
		return refuse(cfg, "accuracy", "expected 1us to 1d");
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

static void take_limits(cfg_t *cfg, struct noon_config_tsa *t)
{
	t->threads = (unsigned)cfg_getint(cfg, "threads");
	t->connections_max = (unsigned)cfg_getint(cfg, "max-connections");
	t->body_max = (size_t)cfg_getint(cfg, "max-body");
	t->timeout = noon_config_dur(cfg, "timeout");
	t->idle_timeout = noon_config_dur(cfg, "idle-timeout");
	t->rate_per_s = cfg_getfloat(cfg, "ratelimit");
	t->rate_burst = (double)cfg_getint(cfg, "ratelimit-burst");
	t->local_bound = noon_config_dur(cfg, "local-bound");
}

noon_err noon_config_take_tsa(cfg_t *cfg, const struct noon_config *c, struct noon_config_tsa *t)
{
	const char *path = cfg_getstr(cfg, "path");
	const char *certs = cfg_getstr(cfg, "certs");

	t->enabled = true;
	if (cfg_size(cfg, "listen") + cfg_size(cfg, "listen-tls") > NOON_HTTP_LISTEN_MAX)
		return refuse(cfg, "listen", "too many addresses");
	if (take_listen(cfg, "listen", t) || take_listen(cfg, "listen-tls", t))
		return NOON_ERR_FORMAT;
	if (t->n_listen == 0)
		return refuse(cfg, "listen", "an address for listen or listen-tls is needed");
	if (path[0] != '/' || strlen(path) >= sizeof(t->path))
		return refuse(cfg, "path", "expected \"/...\" of at most 127 characters");
	(void)snprintf(t->path, sizeof(t->path), "%s", path);
	t->rsa_digest = noon_digest_by_name(cfg_getstr(cfg, "signer_digest"));
	t->certs = strcmp(certs, "signer") == 0 ? NOON_TS_CERTS_SIGNER : NOON_TS_CERTS_CHAIN;
	t->tsa_name = cfg_getbool(cfg, "tsa_name");
	t->machine.no_certs = strcmp(certs, "none") == 0;
	t->machine.digits_max = (unsigned)cfg_getint(cfg, "clock_precision_digits");
	t->machine.holdover = cfg_getbool(cfg, "holdover");
	take_limits(cfg, t);
	if (t->threads > t->connections_max)
		return refuse(cfg, "max-connections", "expected one for each thread at least");
	return take_files(cfg, c, t) ? NOON_ERR_FORMAT : take_policies(cfg, &t->machine);
}
