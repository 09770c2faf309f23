/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/cms/identity.h"

#include <openssl/cms.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>

#include "crypto/openssl.h"

#define KEY_NUMBER_MAX 2048 /* bytes: RSA of 16384 bits, which is OpenSSL's limit */

static void name_text(const X509_NAME *name, char *out, size_t n)
{
	BIO *bio = BIO_new(BIO_s_mem());
	int got = 0;

	/* Plain ASCII: what is not comes escaped. */
	if (bio != NULL && X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0)
		got = BIO_read(bio, out, (int)(n - 1));
	out[got > 0 ? got : 0] = '\0';
	BIO_free(bio);
}

static void key_text(const EVP_PKEY *key, char *out, size_t n)
{
	char group[24] = "";
	size_t len = 0;

	(void)snprintf(out, n, "unknown");
	if (key == NULL)
		return;
	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_EC:
		if (EVP_PKEY_get_group_name(key, group, sizeof(group), &len) == 1) {
			const char *nist = EC_curve_nid2nist(OBJ_sn2nid(group));

			(void)snprintf(out, n, "ECDSA %s", nist != NULL ? nist : group);
		}
		break;
	case EVP_PKEY_RSA:
	case EVP_PKEY_RSA_PSS:
		(void)snprintf(out, n, "RSA %d", EVP_PKEY_get_bits(key));
		break;
	default:
		if (EVP_PKEY_get0_type_name(key) != NULL)
			(void)snprintf(out, n, "%s", EVP_PKEY_get0_type_name(key));
		break;
	}
}

static void serial_text(const ASN1_INTEGER *serial, char *out, size_t n)
{
	BIGNUM *number = ASN1_INTEGER_to_BN(serial, NULL);
	char *hex = number != NULL ? BN_bn2hex(number) : NULL;

	(void)snprintf(out, n, "%s", hex != NULL ? hex : "?");
	OPENSSL_free(hex);
	BN_free(number);
}

/* Each part with its length, so that no two lists of parts have the same bytes. */
static bool add_part(EVP_MD_CTX *md, const void *p, size_t n)
{
	const uint8_t len[2] = {(uint8_t)(n >> 8), (uint8_t)n};

	return n <= UINT16_MAX && EVP_DigestUpdate(md, len, sizeof(len)) == 1 &&
	       EVP_DigestUpdate(md, p, n) == 1;
}

static bool add_number(EVP_MD_CTX *md, const EVP_PKEY *key, const char *name)
{
	uint8_t bytes[KEY_NUMBER_MAX];
	BIGNUM *number = NULL;
	bool ok = EVP_PKEY_get_bn_param(key, name, &number) == 1;

	if (ok) {
		const int n = BN_num_bytes(number);

		ok = n <= KEY_NUMBER_MAX && BN_bn2bin(number, bytes) == n &&
		     add_part(md, bytes, (size_t)n);
	}
	BN_free(number);
	return ok;
}

static bool add_numbers(EVP_MD_CTX *md, const EVP_PKEY *key, const char *const *names)
{
	for (; *names != NULL; names++)
		if (!add_number(md, key, *names))
			return false;
	return true;
}

static bool add_key(EVP_MD_CTX *md, const EVP_PKEY *key)
{
	/* The curve by its numbers: some have two names. */
	static const char *const ec[] = {OSSL_PKEY_PARAM_EC_P,	   OSSL_PKEY_PARAM_EC_A,
					 OSSL_PKEY_PARAM_EC_B,	   OSSL_PKEY_PARAM_EC_PUB_X,
					 OSSL_PKEY_PARAM_EC_PUB_Y, NULL};
	static const char *const rsa[] = {OSSL_PKEY_PARAM_RSA_N, OSSL_PKEY_PARAM_RSA_E, NULL};
	uint8_t raw[128];
	size_t n = sizeof(raw);
	uint8_t *der = NULL;
	int len;
	bool ok;

	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_EC:
		return add_numbers(md, key, ec);
	case EVP_PKEY_RSA: /* with RSA-PSS it is still that key */
	case EVP_PKEY_RSA_PSS:
		return add_numbers(md, key, rsa);
	default:
		if (EVP_PKEY_get_raw_public_key(key, raw, &n) == 1)
			return add_part(md, raw, n);
		break;
	}
	len = i2d_PUBKEY(key, &der);
	ok = len > 0 && add_part(md, der, (size_t)len);
	OPENSSL_free(der);
	return ok;
}

/* Of the key itself, not of its encoding: a point of a curve has several (RFC 5480, 2.2). */
static bool hash_key(const EVP_PKEY *key, uint8_t hash[32])
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	const bool ok = md != NULL && key != NULL &&
			EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1 && add_key(md, key) &&
			EVP_DigestFinal_ex(md, hash, NULL) == 1;

	EVP_MD_CTX_free(md);
	return ok;
}

bool noon_ts_identity_of(X509 *cert, struct noon_ts_identity *who)
{
	unsigned len = 0;
	const bool ok = hash_key(X509_get0_pubkey(cert), who->key_hash) &&
			X509_digest(cert, EVP_sha256(), who->cert_hash, &len) == 1;

	name_text(X509_get_subject_name(cert), who->subject, sizeof(who->subject));
	name_text(X509_get_issuer_name(cert), who->issuer, sizeof(who->issuer));
	serial_text(X509_get0_serialNumber(cert), who->serial, sizeof(who->serial));
	key_text(X509_get0_pubkey(cert), who->key, sizeof(who->key));
	who->not_before_s = noon_openssl_seconds(X509_get0_notBefore(cert));
	who->not_after_s = noon_openssl_seconds(X509_get0_notAfter(cert));
	return ok;
}

bool noon_ts_identity_digest(const CMS_SignerInfo *signer, struct noon_ts_identity *who)
{
	static const int strong[] = {NID_sha256,   NID_sha384,	 NID_sha512,  NID_sha512_256,
				     NID_sha3_256, NID_sha3_384, NID_sha3_512};
	CMS_SignerInfo *si = (CMS_SignerInfo *)(uintptr_t)signer;
	X509_ALGOR *alg = NULL;
	const ASN1_OBJECT *oid = NULL;
	int nid;

	CMS_SignerInfo_get0_algs(si, NULL, NULL, &alg, NULL);
	if (alg == NULL)
		return false;
	X509_ALGOR_get0(&oid, NULL, NULL, alg);
	nid = OBJ_obj2nid(oid);
	(void)snprintf(who->digest, sizeof(who->digest), "%s", "unknown");
	for (size_t i = 0; i < sizeof(strong) / sizeof(strong[0]); i++)
		if (nid == strong[i]) {
			const char *name = OBJ_nid2sn(nid);
			size_t k = 0;

			for (; name[k] != '\0' && k + 1 < sizeof(who->digest); k++)
				who->digest[k] = (char)(name[k] >= 'A' && name[k] <= 'Z'
								? name[k] + ('a' - 'A')
								: name[k]);
			who->digest[k] = '\0';
			return true;
		}
	return false;
}
