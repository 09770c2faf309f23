/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/cms/trust.h"

#include <errno.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define UNTRUSTED_MAX 64
#define AUTH_LEVEL    2 /* 112 bits: RSA of 2048, no SHA-1 in the chain */

struct noon_ts_trust {
	X509_STORE *store;
	size_t n_untrusted;
	X509 *untrusted[UNTRUSTED_MAX];
};

static noon_err load_anchors(struct noon_ts_trust *t, const char *path, struct noon_ts_why *why)
{
	struct stat st;
	int ok;

	if (stat(path, &st) < 0) {
		(void)snprintf(why->text, sizeof(why->text), "%.180s: %s", path, strerror(errno));
		return NOON_ERR_NOT_FOUND;
	}
	ok = S_ISDIR(st.st_mode) ? X509_STORE_load_path(t->store, path)
				 : X509_STORE_load_file(t->store, path);
	if (ok == 1)
		return NOON_OK;
	(void)snprintf(why->text, sizeof(why->text), "%.180s: no certificate in PEM", path);
	return NOON_ERR_FORMAT;
}

static noon_err load_untrusted(struct noon_ts_trust *t, const char *path, struct noon_ts_why *why)
{
	BIO *bio = BIO_new_file(path, "re");
	X509 *cert;

	if (bio == NULL) {
		(void)snprintf(why->text, sizeof(why->text), "%.180s: %s", path, strerror(errno));
		return NOON_ERR_NOT_FOUND;
	}
	while (t->n_untrusted < UNTRUSTED_MAX &&
	       (cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL)
		t->untrusted[t->n_untrusted++] = cert;
	BIO_free(bio);
	if (t->n_untrusted > 0)
		return NOON_OK;
	(void)snprintf(why->text, sizeof(why->text), "%.180s: no certificate in PEM", path);
	return NOON_ERR_FORMAT;
}

/* CMS_verify() asks for the purpose of mail unless the store has one. */
static noon_err set_purpose(struct noon_ts_trust *t, enum noon_trust_purpose purpose)
{
	X509_VERIFY_PARAM *param = X509_STORE_get0_param(t->store);
	bool ok = false;

	switch (purpose) {
	case NOON_TRUST_TIME_STAMPS:
		ok = X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_TIMESTAMP_SIGN) == 1 &&
		     X509_VERIFY_PARAM_set_trust(param, X509_TRUST_TSA) == 1;
		break;
	case NOON_TRUST_DOCUMENTS:
		ok = X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_ANY) == 1;
		break;
	}
	X509_VERIFY_PARAM_set_auth_level(param, AUTH_LEVEL);
	return ok ? NOON_OK : NOON_ERR_CRYPTO;
}

noon_err noon_ts_trust_load(const struct noon_ts_trust_conf *conf, struct noon_ts_trust **ret,
			    struct noon_ts_why *ret_why)
{
	struct noon_ts_trust *t = calloc(1, sizeof(*t));
	noon_err err = NOON_ERR_CRYPTO;

	(void)snprintf(ret_why->text, sizeof(ret_why->text), "OpenSSL failed");
	if (t == NULL)
		return err;
	t->store = X509_STORE_new();
	if (t->store != NULL)
		err = set_purpose(t, conf->purpose);
	err = err ? err : load_anchors(t, conf->ca, ret_why);
	if (!err && conf->untrusted != NULL)
		err = load_untrusted(t, conf->untrusted, ret_why);
	ERR_clear_error();
	if (err)
		noon_ts_trust_free(t);
	else
		*ret = t;
	return err;
}

void noon_ts_trust_free(struct noon_ts_trust *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->n_untrusted; i++)
		X509_free(t->untrusted[i]);
	X509_STORE_free(t->store);
	free(t);
}

/* More certificates for the chain. One that the token has already is refused, and that is fine. */
void noon_ts_trust_complete(const struct noon_ts_trust *t, CMS_ContentInfo *cms)
{
	for (size_t i = 0; t != NULL && i < t->n_untrusted; i++)
		(void)CMS_add1_cert(cms, t->untrusted[i]);
	ERR_clear_error();
}

struct x509_store_st *noon_ts_trust_store(const struct noon_ts_trust *t)
{
	return t != NULL ? t->store : NULL;
}

void noon_ts_trust_at(struct noon_ts_trust *t, int64_t at_s)
{
	X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(t->store), (time_t)at_s);
}
