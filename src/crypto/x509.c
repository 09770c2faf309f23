/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/x509.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <string.h>

#define NAME_MAX_BYTES 255
#define CN_MAX_BYTES   64 /* ub-common-name, RFC 5280, appendix A.1 */

/* Append one name: an address if it reads as one. */
static bool add_name(GENERAL_NAMES *list, const char *text)
{
	ASN1_OCTET_STRING *ip = a2i_IPADDRESS(text);
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_IA5STRING *dns = NULL;

	ERR_clear_error(); /* "not an address" is no error */
	if (name && ip) {
		GENERAL_NAME_set0_value(name, GEN_IPADD, ip);
		ip = NULL;
	} else if (name) {
		dns = ASN1_IA5STRING_new();
		if (!dns || ASN1_STRING_set(dns, text, -1) != 1) {
			ASN1_IA5STRING_free(dns);
			GENERAL_NAME_free(name);
			return false;
		}
		GENERAL_NAME_set0_value(name, GEN_DNS, dns);
	}
	ASN1_OCTET_STRING_free(ip);
	if (name && sk_GENERAL_NAME_push(list, name) > 0)
		return true;
	GENERAL_NAME_free(name);
	return false;
}

static bool add_names(X509 *cert, const struct noon_x509_conf *conf)
{
	GENERAL_NAMES *list = sk_GENERAL_NAME_new_null();
	bool ok = list != NULL;
	size_t i;

	if (ok && conf->n_names == 0)
		ok = add_name(list, conf->common_name);
	for (i = 0; ok && i < conf->n_names; i++)
		ok = add_name(list, conf->names[i]);
	if (ok)
		ok = X509_add1_ext_i2d(cert, NID_subject_alt_name, list, 0, 0) == 1;
	GENERAL_NAMES_free(list);
	return ok;
}

static bool add_extension(X509 *cert, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;
	bool ok;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	ok = ext && X509_add_ext(cert, ext, -1) == 1;
	X509_EXTENSION_free(ext);
	return ok;
}

/* 127 random bits, so that two certificates of one name are never confused. */
static bool set_serial(X509 *cert)
{
	BIGNUM *n = BN_new();
	const bool ok = n && BN_rand(n, 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
			BN_to_ASN1_INTEGER(n, X509_get_serialNumber(cert)) != NULL;

	BN_free(n);
	return ok;
}

static bool set_subject(X509 *cert, const char *common_name)
{
	X509_NAME *name = X509_get_subject_name(cert);

	return X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
					  (const unsigned char *)common_name, -1, -1, 0) == 1 &&
	       X509_set_issuer_name(cert, name) == 1;
}

static bool fill(X509 *cert, EVP_PKEY *key, const struct noon_x509_conf *conf)
{
	return X509_set_version(cert, X509_VERSION_3) == 1 && set_serial(cert) &&
	       ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)conf->not_before_s) != NULL &&
	       ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)conf->not_after_s) != NULL &&
	       set_subject(cert, conf->common_name) && X509_set_pubkey(cert, key) == 1 &&
	       add_extension(cert, NID_basic_constraints, "critical,CA:FALSE") &&
	       add_extension(cert, NID_key_usage, "critical,digitalSignature") &&
	       add_extension(cert, NID_ext_key_usage,
			     conf->for_clients ? "serverAuth,clientAuth" : "serverAuth") &&
	       add_extension(cert, NID_subject_key_identifier, "hash") && add_names(cert, conf) &&
	       X509_sign(cert, key, EVP_sha256()) > 0;
}

/* Copy what a memory BIO holds. */
static noon_err copy_out(BIO *bio, uint8_t *out, size_t *ret_n)
{
	const size_t n = BIO_ctrl_pending(bio);

	if (n > NOON_X509_PEM_MAX)
		return NOON_ERR_FULL;
	if (BIO_read(bio, out, NOON_X509_PEM_MAX) != (int)n)
		return NOON_ERR_CRYPTO;
	*ret_n = n;
	return NOON_OK;
}

static noon_err export_pem(X509 *cert, const EVP_PKEY *key, struct noon_secret_x509 *ret)
{
	BIO *pub = BIO_new(BIO_s_mem()), *sec = BIO_new(BIO_s_secmem());
	noon_err err = NOON_ERR_CRYPTO;

	if (pub && sec && PEM_write_bio_X509(pub, cert) == 1 &&
	    PEM_write_bio_PKCS8PrivateKey(sec, key, NULL, NULL, 0, NULL, NULL) == 1) {
		err = copy_out(pub, ret->cert, &ret->cert_n);
		if (!err)
			err = copy_out(sec, ret->key, &ret->key_n);
	}
	BIO_free(pub);
	BIO_free(sec);
	return err;
}

static bool is_name(const char *name, size_t max)
{
	const size_t n = strlen(name);

	return n >= 1 && n <= max;
}

static noon_err check(const struct noon_x509_conf *conf)
{
	size_t i;

	if (!is_name(conf->common_name, CN_MAX_BYTES) || conf->not_after_s <= conf->not_before_s)
		return NOON_ERR_RANGE;
	for (i = 0; i < conf->n_names; i++)
		if (!is_name(conf->names[i], NAME_MAX_BYTES))
			return NOON_ERR_RANGE;
	return NOON_OK;
}

noon_err noon_x509_self_signed(const struct noon_x509_conf *conf, struct noon_secret_x509 *ret)
{
	EVP_PKEY *key = NULL;
	X509 *cert = NULL;
	noon_err err = check(conf);

	if (err)
		return err;
	err = NOON_ERR_CRYPTO;
	key = EVP_EC_gen("P-256");
	cert = X509_new();
	if (key && cert && fill(cert, key, conf))
		err = export_pem(cert, key, ret);
	if (err)
		noon_x509_wipe(ret);
	X509_free(cert);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return err;
}

void noon_x509_wipe(struct noon_secret_x509 *x)
{
	noon_wipe(x, sizeof(*x));
}
