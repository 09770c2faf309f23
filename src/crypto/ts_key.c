/* SPDX-License-Identifier: Apache-2.0
 *
 * Debian 12 has PKCS #11 as an engine only, so that interface of OpenSSL, which is on its way out,
 * is used here, and nowhere else; a provider is tried after it.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "crypto/ts_key.h"

#include <errno.h>
#include <openssl/engine.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/store.h>
#include <openssl/ui.h>
#include <stdio.h>
#include <string.h>

#include "crypto/openssl.h"

#define SCHEME "pkcs11:"

static noon_err from_file(const char *path, EVP_PKEY **ret, struct noon_ts_why *why)
{
	BIO *bio = BIO_new_file(path, "re");
	EVP_PKEY *key;

	if (bio == NULL) {
		(void)snprintf(why->text, sizeof(why->text), "%.180s: %s", path, strerror(errno));
		ERR_clear_error();
		return NOON_ERR_NOT_FOUND;
	}
	key = PEM_read_bio_PrivateKey(bio, NULL, noon_openssl_no_passphrase, NULL);
	BIO_free(bio);
	ERR_clear_error();
	if (key == NULL) {
		(void)snprintf(why->text, sizeof(why->text),
			       "%.180s: no private key in PEM without a passphrase", path);
		return NOON_ERR_FORMAT;
	}
	*ret = key;
	return NOON_OK;
}

static int refuse_to_ask(UI *ui)
{
	(void)ui;
	return 0;
}

static EVP_PKEY *from_engine(const char *uri)
{
	UI_METHOD *silent = UI_create_method("no questions");
	ENGINE *e;
	EVP_PKEY *key = NULL;

	ENGINE_load_builtin_engines();
	e = ENGINE_by_id("pkcs11");
	if (e != NULL && silent != NULL && ENGINE_init(e) == 1) {
		/* It writes the URI, PIN and all, to stderr when there is no such key. */
		(void)ENGINE_ctrl_cmd_string(e, "QUIET", NULL, 1);
		(void)UI_method_set_opener(silent, refuse_to_ask);
		key = ENGINE_load_private_key(e, uri, silent, NULL);
		(void)ENGINE_finish(e);
	}
	(void)ENGINE_free(e);
	UI_destroy_method(silent);
	return key;
}

static EVP_PKEY *from_store(const char *uri)
{
	OSSL_STORE_CTX *store = OSSL_STORE_open(uri, NULL, NULL, NULL, NULL);
	EVP_PKEY *key = NULL;

	while (store != NULL && key == NULL && OSSL_STORE_eof(store) == 0) {
		OSSL_STORE_INFO *info = OSSL_STORE_load(store);

		if (info == NULL)
			break;
		if (OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_PKEY)
			key = OSSL_STORE_INFO_get1_PKEY(info);
		OSSL_STORE_INFO_free(info);
	}
	(void)OSSL_STORE_close(store);
	return key;
}

/* The attributes behind "?" may have the PIN (RFC 7512, 2.4). */
static int shown(const char *uri)
{
	const size_t n = strcspn(uri, "?");
	const char *pin = strstr(uri, "pin-");

	return pin != NULL && (size_t)(pin - uri) < n ? (int)(pin - uri) : n < 160 ? (int)n : 160;
}

noon_err noon_ts_key_load(const char *key, EVP_PKEY **ret, struct noon_ts_why *why)
{
	const char *reason;

	if (strncmp(key, SCHEME, sizeof(SCHEME) - 1) != 0)
		return from_file(key, ret, why);
	*ret = from_engine(key);
	if (*ret == NULL)
		*ret = from_store(key);
	if (*ret != NULL) {
		ERR_clear_error();
		return NOON_OK;
	}
	reason = ERR_reason_error_string(ERR_peek_error());
	(void)snprintf(
		why->text, sizeof(why->text),
		"%.*s: cannot be loaded from the token: %s (is OpenSSL's engine pkcs11 there, "
		"and the PIN right?)",
		shown(key), key, reason == NULL ? "no reason given" : reason);
	ERR_clear_error();
	return NOON_ERR_NOT_FOUND;
}
