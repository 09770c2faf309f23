/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/ts_signer.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/cms/pem_chain.h"
#include "crypto/openssl.h"
#include "crypto/ts_key.h"

#define RSA_BITS_MIN  2048
#define RSA_BITS_MAX  4096
#define SEQUENCE_TAG  0x30
#define DIRECTORY_TAG 0xa4 /* GeneralName, directoryName [4] EXPLICIT */

/* A kind of key, and what it signs with. */
struct kind {
	const char *name;
	enum noon_digest digest;
	uint8_t alg[15]; /* AlgorithmIdentifier, DER */
	uint8_t alg_n;
};

#define ECDSA_WITH(n) {SEQUENCE_TAG, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, (n)}, 12
#define RSA_WITH(n) \
	{SEQUENCE_TAG, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, (n), 5, 0}, 15

static const struct {
	const char *group;
	struct kind kind;
} curves[] = {
	{"prime256v1", {"ecdsa-p256-sha256", NOON_DIGEST_SHA256, ECDSA_WITH(2)}},
	{"secp384r1", {"ecdsa-p384-sha384", NOON_DIGEST_SHA384, ECDSA_WITH(3)}},
	{"secp521r1", {"ecdsa-p521-sha512", NOON_DIGEST_SHA512, ECDSA_WITH(4)}},
};
static const struct kind rsa[NOON_DIGESTS] = {
	[NOON_DIGEST_SHA256] = {"rsa-sha256", NOON_DIGEST_SHA256, RSA_WITH(11)},
	[NOON_DIGEST_SHA384] = {"rsa-sha384", NOON_DIGEST_SHA384, RSA_WITH(12)},
	[NOON_DIGEST_SHA512] = {"rsa-sha512", NOON_DIGEST_SHA512, RSA_WITH(13)},
};

struct noon_ts_signer {
	atomic_uint users;
	EVP_PKEY *key;
	EVP_MD *md;
	const struct kind *kind;
	struct noon_ts_signer_info info;
	char subject[512];
	/* Encodings that info borrows. */
	uint8_t *issuer, *serial, *name, *certs;
};

struct noon_signing_context {
	struct noon_ts_signer *signer;
	EVP_MD_CTX *md;
	EVP_PKEY_CTX *sign;
};

static noon_err find_kind(const EVP_PKEY *key, enum noon_digest rsa_digest, const struct kind **ret,
			  struct noon_ts_why *why)
{
	char group[64] = "";
	size_t n = 0;
	const int bits = EVP_PKEY_get_bits(key);

	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_ED25519:
		/* "openssl ts -verify" and "openssl cms -verify" of OpenSSL 3.0 both refuse it. */
		(void)snprintf(
			why->text, sizeof(why->text),
			"key: Ed25519, whose tokens the verifiers in use refuse: expected ECDSA "
			"or RSA");
		return NOON_ERR_UNSUPPORTED;
	case EVP_PKEY_RSA:
		*ret = &rsa[rsa_digest];
		if (bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX)
			return NOON_OK;
		(void)snprintf(why->text, sizeof(why->text),
			       "key: RSA with %d bits, expected 2048 to 4096", bits);
		return NOON_ERR_UNSUPPORTED;
	case EVP_PKEY_EC:
		(void)EVP_PKEY_get_group_name(key, group, sizeof(group), &n);
		for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++)
			if (strcmp(group, curves[i].group) == 0) {
				*ret = &curves[i].kind;
				return NOON_OK;
			}
		(void)snprintf(why->text, sizeof(why->text),
			       "key: curve \"%s\", expected P-256, P-384 or P-521", group);
		return NOON_ERR_UNSUPPORTED;
	default:
		(void)snprintf(why->text, sizeof(why->text), "key: expected ECDSA or RSA");
		return NOON_ERR_UNSUPPORTED;
	}
}

static noon_err check_certificate(X509 *cert, EVP_PKEY *key, const char *path,
				  struct noon_ts_why *why)
{
	noon_err err = NOON_OK;

	if (X509_check_private_key(cert, key) != 1) {
		(void)snprintf(why->text, sizeof(why->text),
			       "%.180s: the key does not belong to the certificate", path);
		err = NOON_ERR_CERT;
	} else if (X509_check_purpose(cert, X509_PURPOSE_TIMESTAMP_SIGN, 0) != 1) {
		(void)snprintf(why->text, sizeof(why->text),
			       "%.140s: not for time-stamping: expected extendedKeyUsage = "
			       "critical, timeStamping and no other",
			       path);
		err = NOON_ERR_CERT;
	}
	ERR_clear_error();
	return err;
}

/* directoryName [4] EXPLICIT Name: a header in front of the subject. */
static noon_err encode_name(struct noon_ts_signer *s, const X509 *cert)
{
	uint8_t *subject = NULL;
	const int n = i2d_X509_NAME(X509_get_subject_name(cert), &subject);
	uint8_t *out = n > 0 ? malloc((size_t)n + 4) : NULL;
	size_t at = 0;

	if (out == NULL || n > 0xffff) {
		free(out);
		OPENSSL_free(subject);
		return NOON_ERR_CRYPTO;
	}
	out[at++] = DIRECTORY_TAG;
	if (n > 0xff)
		out[at++] = 0x82;
	else if (n > 0x7f)
		out[at++] = 0x81;
	if (n > 0xff)
		out[at++] = (uint8_t)(n >> 8);
	out[at++] = (uint8_t)(n & 0xff);
	memcpy(out + at, subject, (size_t)n);
	OPENSSL_free(subject);
	s->name = out;
	s->info.name = noon_bytes_of(out, at + (size_t)n);
	return NOON_OK;
}

static noon_err encode_identity(struct noon_ts_signer *s, const X509 *cert)
{
	BIO *bio = BIO_new(BIO_s_mem());
	unsigned n = 0;
	const int issuer = i2d_X509_NAME(X509_get_issuer_name(cert), &s->issuer);
	const int serial = i2d_ASN1_INTEGER(X509_get0_serialNumber(cert), &s->serial);
	int text = 0;

	if (bio != NULL && X509_NAME_print_ex(bio, X509_get_subject_name(cert), 0,
					      XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) >= 0)
		text = BIO_read(bio, s->subject, sizeof(s->subject) - 1);
	BIO_free(bio);
	s->subject[text > 0 ? text : 0] = '\0';
	if (issuer <= 0 || serial <= 0 ||
	    X509_digest(cert, EVP_sha256(), s->info.cert_hash, &n) != 1)
		return NOON_ERR_CRYPTO;
	s->info.subject = s->subject;
	s->info.issuer = noon_bytes_of(s->issuer, (size_t)issuer);
	s->info.serial = noon_bytes_of(s->serial, (size_t)serial);
	s->info.not_before_s = noon_openssl_seconds(X509_get0_notBefore(cert));
	s->info.not_after_s = noon_openssl_seconds(X509_get0_notAfter(cert));
	return encode_name(s, cert);
}

struct encoded {
	uint8_t *der;
	size_t n;
};

static int ascending(const void *a, const void *b)
{
	const struct encoded *x = a;
	const struct encoded *y = b;
	const int c = memcmp(x->der, y->der, x->n < y->n ? x->n : y->n);

	return c != 0 ? c : (x->n > y->n) - (x->n < y->n);
}

static noon_err encode_certs(struct noon_ts_signer *s, X509 *const *chain, size_t n,
			     enum noon_ts_certs which)
{
	struct encoded one[NOON_PEM_CHAIN_MAX] = {{NULL, 0}};
	size_t count = 0;
	size_t total = 0;
	size_t at = 0;
	bool ok = true;

	for (size_t i = 0; i < n && ok; i++) {
		int len;

		/* A root certificate is left out: whoever trusts it has it. */
		if (i > 0 && (which == NOON_TS_CERTS_SIGNER || noon_pem_chain_is_root(chain[i])))
			continue;
		len = i2d_X509(chain[i], &one[count].der);
		ok = len > 0;
		one[count].n = ok ? (size_t)len : 0;
		total += one[count].n;
		count++;
	}
	qsort(one, count, sizeof(one[0]), ascending);
	s->certs = ok && total > 0 ? malloc(total) : NULL;
	for (size_t i = 0; i < count; i++) {
		if (s->certs != NULL)
			memcpy(s->certs + at, one[i].der, one[i].n);
		at += one[i].n;
		OPENSSL_free(one[i].der);
	}
	if (s->certs == NULL)
		return NOON_ERR_CRYPTO;
	s->info.certs = noon_bytes_of(s->certs, total);
	return NOON_OK;
}

static noon_err describe(struct noon_ts_signer *s, const struct noon_ts_signer_conf *conf,
			 struct noon_ts_why *why)
{
	noon_err err = find_kind(s->key, conf->rsa_digest, &s->kind, why);

	if (err)
		return err;
	s->info.algorithm = s->kind->name;
	s->info.digest = s->kind->digest;
	s->info.signature_alg = noon_bytes_of(s->kind->alg, s->kind->alg_n);
	s->info.signature_max = (size_t)EVP_PKEY_get_size(s->key);
	s->md = EVP_MD_fetch(NULL, noon_digest_name(s->kind->digest), NULL);
	if (s->md != NULL)
		return NOON_OK;
	(void)snprintf(why->text, sizeof(why->text), "OpenSSL has no %s",
		       noon_digest_name(s->kind->digest));
	return NOON_ERR_CRYPTO;
}

noon_err noon_ts_signer_load(const struct noon_ts_signer_conf *conf, struct noon_ts_signer **ret,
			     struct noon_ts_why *why)
{
	struct noon_ts_signer *s = calloc(1, sizeof(*s));
	X509 *chain[NOON_PEM_CHAIN_MAX];
	size_t n = 0;
	noon_err err;

	(void)snprintf(why->text, sizeof(why->text), "OpenSSL failed");
	if (s == NULL)
		return NOON_ERR_CRYPTO;
	atomic_init(&s->users, 1);
	err = noon_pem_chain_read(conf->certificate, chain, &n, why);
	err = err ? err : noon_ts_key_load(conf->key, &s->key, why);
	err = err ? err : check_certificate(chain[0], s->key, conf->certificate, why);
	err = err ? err : describe(s, conf, why);
	err = err ? err : encode_identity(s, chain[0]);
	err = err ? err : encode_certs(s, chain, n, conf->certs);
	for (size_t i = 0; i < n; i++)
		X509_free(chain[i]);
	if (err)
		noon_ts_signer_free(s);
	else
		*ret = s;
	return err;
}

struct noon_ts_signer *noon_ts_signer_ref(struct noon_ts_signer *s)
{
	(void)atomic_fetch_add(&s->users, 1);
	return s;
}

void noon_ts_signer_free(struct noon_ts_signer *s)
{
	if (s == NULL || atomic_fetch_sub(&s->users, 1) > 1)
		return;
	EVP_PKEY_free(s->key);
	EVP_MD_free(s->md);
	OPENSSL_free(s->issuer);
	OPENSSL_free(s->serial);
	free(s->name);
	free(s->certs);
	free(s);
}

const struct noon_ts_signer_info *noon_ts_signer_info(const struct noon_ts_signer *s)
{
	return &s->info;
}

static noon_err set_up_signing(struct noon_signing_context *h)
{
	const struct noon_ts_signer *s = h->signer;

	h->sign = EVP_PKEY_CTX_new(s->key, NULL);
	if (h->sign == NULL || EVP_PKEY_sign_init(h->sign) != 1)
		return NOON_ERR_CRYPTO;
	if (EVP_PKEY_get_base_id(s->key) == EVP_PKEY_RSA &&
	    EVP_PKEY_CTX_set_rsa_padding(h->sign, RSA_PKCS1_PADDING) != 1)
		return NOON_ERR_CRYPTO;
	return EVP_PKEY_CTX_set_signature_md(h->sign, s->md) == 1 ? NOON_OK : NOON_ERR_CRYPTO;
}

noon_err noon_signing_context_new(struct noon_ts_signer *s, struct noon_signing_context **ret)
{
	struct noon_signing_context *h = calloc(1, sizeof(*h));
	noon_err err;

	if (h == NULL)
		return NOON_ERR_CRYPTO;
	h->signer = noon_ts_signer_ref(s);
	h->md = EVP_MD_CTX_new();
	err = h->md == NULL ? NOON_ERR_CRYPTO : set_up_signing(h);
	ERR_clear_error();
	if (err)
		noon_signing_context_free(h);
	else
		*ret = h;
	return err;
}

void noon_signing_context_free(struct noon_signing_context *h)
{
	if (h == NULL)
		return;
	EVP_PKEY_CTX_free(h->sign);
	EVP_MD_CTX_free(h->md);
	noon_ts_signer_free(h->signer);
	free(h);
}

noon_err noon_signing_context_digest(struct noon_signing_context *h, struct noon_bytes data,
				     uint8_t ret[NOON_DIGEST_MAX])
{
	if (EVP_DigestInit_ex2(h->md, h->signer->md, NULL) == 1 &&
	    EVP_DigestUpdate(h->md, data.p, data.n) == 1 &&
	    EVP_DigestFinal_ex(h->md, ret, NULL) == 1)
		return NOON_OK;
	ERR_clear_error();
	return NOON_ERR_CRYPTO;
}

noon_err noon_signing_context_sign(struct noon_signing_context *h, struct noon_bytes data,
				   uint8_t *out, size_t *io_n)
{
	uint8_t digest[NOON_DIGEST_MAX];
	const bool ok = noon_signing_context_digest(h, data, digest) == NOON_OK &&
			EVP_PKEY_sign(h->sign, out, io_n, digest,
				      noon_digest_len(h->signer->kind->digest)) == 1;

	if (!ok)
		ERR_clear_error();
	return ok ? NOON_OK : NOON_ERR_CRYPTO;
}
