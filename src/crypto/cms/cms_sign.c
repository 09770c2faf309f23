/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/cms/cms_sign.h"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/cms/pem_chain.h"
#include "crypto/cms/right.h"
#include "crypto/ts_key.h"

#define RSA_BITS_MIN 2048
#define DER_SEQUENCE 0x30

struct noon_cms_signer {
	EVP_PKEY *key;
	const EVP_MD *md;
	X509 *chain[NOON_PEM_CHAIN_MAX];
	size_t n;
	struct noon_ts_identity who;
};

/* The digest that a key signs with: as strong as the curve. NULL: a key of another kind. */
static const EVP_MD *digest_for(const EVP_PKEY *key)
{
	static const struct {
		const char *group;
		const EVP_MD *(*md)(void);
	} curves[] = {
		{"prime256v1", EVP_sha256}, {"secp384r1", EVP_sha384}, {"secp521r1", EVP_sha512}};
	char group[64] = "";
	size_t n = 0;

	if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA && EVP_PKEY_get_bits(key) >= RSA_BITS_MIN)
		return EVP_sha256();
	if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC ||
	    EVP_PKEY_get_group_name(key, group, sizeof(group), &n) != 1)
		return NULL;
	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++)
		if (strcmp(group, curves[i].group) == 0)
			return curves[i].md();
	return NULL;
}

static noon_err check(struct noon_cms_signer *s, const char *path, struct noon_ts_why *why)
{
	if (X509_check_private_key(s->chain[0], s->key) != 1) {
		(void)snprintf(why->text, sizeof(why->text),
			       "%.180s: the key does not belong to the certificate", path);
		return NOON_ERR_CERT;
	}
	if (!noon_cms_may_sign(s->chain[0])) {
		(void)snprintf(why->text, sizeof(why->text),
			       "%.80s: not for signing documents: " NOON_CMS_RIGHT_TEXT, path);
		return NOON_ERR_CERT;
	}
	s->md = digest_for(s->key);
	if (s->md == NULL) {
		(void)snprintf(why->text, sizeof(why->text),
			       "key: expected ECDSA on P-256, P-384 or P-521, or RSA of at least "
			       "2048 bits");
		return NOON_ERR_UNSUPPORTED;
	}
	return noon_ts_identity_of(s->chain[0], &s->who) ? NOON_OK : NOON_ERR_CRYPTO;
}

noon_err noon_cms_signer_load(const struct noon_cms_signer_conf *conf, struct noon_cms_signer **ret,
			      struct noon_ts_why *why)
{
	struct noon_cms_signer *s = calloc(1, sizeof(*s));
	noon_err err;

	(void)snprintf(why->text, sizeof(why->text), "OpenSSL failed");
	if (s == NULL)
		return NOON_ERR_CRYPTO;
	err = noon_pem_chain_read(conf->certificate, s->chain, &s->n, why);
	err = err ? err : noon_ts_key_load(conf->key, &s->key, why);
	err = err ? err : check(s, conf->certificate, why);
	ERR_clear_error();
	if (err)
		noon_cms_signer_free(s);
	else
		*ret = s;
	return err;
}

void noon_cms_signer_free(struct noon_cms_signer *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n; i++)
		X509_free(s->chain[i]);
	EVP_PKEY_free(s->key);
	free(s);
}

const struct noon_ts_identity *noon_cms_signer_identity(const struct noon_cms_signer *s)
{
	return &s->who;
}

/* --- documents --- */

static noon_err encode(CMS_ContentInfo *cms, struct noon_cms_document *ret)
{
	const int n = i2d_CMS_ContentInfo(cms, NULL);
	uint8_t *p;
	uint8_t *out;

	if (n <= 0)
		return NOON_ERR_CRYPTO;
	if ((size_t)n > NOON_CMS_MAX)
		return NOON_ERR_LONG;
	p = malloc((size_t)n);
	out = p;
	if (p == NULL || i2d_CMS_ContentInfo(cms, &out) != n) {
		free(p);
		return NOON_ERR_CRYPTO;
	}
	*ret = (struct noon_cms_document){p, (size_t)n};
	return NOON_OK;
}

/* The chain but its root: whoever trusts that has it. */
static bool add_issuers(const struct noon_cms_signer *s, CMS_ContentInfo *cms)
{
	for (size_t i = 1; i < s->n; i++)
		if (!noon_pem_chain_is_root(s->chain[i]) && CMS_add1_cert(cms, s->chain[i]) != 1)
			return false;
	return true;
}

static bool set_time(CMS_SignerInfo *signer, int64_t at_s)
{
	ASN1_TIME *t = X509_time_adj_ex(NULL, 0, 0, &(time_t){(time_t)at_s});
	const bool ok = t != NULL && CMS_signed_add1_attr_by_NID(signer, NID_pkcs9_signingTime,
								 t->type, t, -1) == 1;

	ASN1_TIME_free(t);
	return ok;
}

static bool sign(const struct noon_cms_signer *s, CMS_ContentInfo *cms, struct noon_bytes content,
		 int64_t at_s)
{
	const unsigned flags = CMS_BINARY | CMS_CADES | CMS_PARTIAL | CMS_NOSMIMECAP;
	CMS_SignerInfo *signer = CMS_add1_signer(cms, s->chain[0], s->key, s->md, flags);
	BIO *in = BIO_new_mem_buf(content.p, (int)content.n);
	const bool ok = signer != NULL && in != NULL && set_time(signer, at_s) &&
			add_issuers(s, cms) && CMS_final(cms, in, NULL, flags) == 1;

	BIO_free(in);
	return ok;
}

noon_err noon_cms_sign(const struct noon_cms_signer *s, struct noon_bytes content, int64_t at_s,
		       struct noon_cms_document *ret)
{
	const unsigned flags = CMS_BINARY | CMS_PARTIAL;
	CMS_ContentInfo *cms;
	noon_err err = NOON_ERR_CRYPTO;

	if (content.n > NOON_CMS_MAX)
		return NOON_ERR_LONG;
	if (at_s < s->who.not_before_s || at_s > s->who.not_after_s)
		return NOON_ERR_STATE;
	cms = CMS_sign(NULL, NULL, NULL, NULL, flags);
	if (cms != NULL && sign(s, cms, content, at_s))
		err = encode(cms, ret);
	CMS_ContentInfo_free(cms);
	ERR_clear_error();
	return err;
}

static CMS_SignerInfo *only_signer(CMS_ContentInfo *cms)
{
	STACK_OF(CMS_SignerInfo) * list;

	if (OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed)
		return NULL;
	list = CMS_get0_SignerInfos(cms);
	return sk_CMS_SignerInfo_num(list) == 1 ? sk_CMS_SignerInfo_value(list, 0) : NULL;
}

static noon_err attach(CMS_ContentInfo *cms, struct noon_bytes token, struct noon_cms_document *ret)
{
	const int kind = NID_id_smime_aa_timeStampToken;
	CMS_SignerInfo *signer = only_signer(cms);

	if (signer == NULL || token.n == 0 || token.n > NOON_CMS_MAX || token.p[0] != DER_SEQUENCE)
		return NOON_ERR_FORMAT;
	if (CMS_unsigned_get_attr_by_NID(signer, kind, -1) >= 0)
		return NOON_ERR_STATE;
	if (CMS_unsigned_add1_attr_by_NID(signer, kind, V_ASN1_SEQUENCE, token.p, (int)token.n) !=
	    1)
		return NOON_ERR_CRYPTO;
	return encode(cms, ret);
}

noon_err noon_cms_attach(struct noon_bytes document, struct noon_bytes token,
			 struct noon_cms_document *ret)
{
	const uint8_t *p = document.p;
	CMS_ContentInfo *cms = NULL;
	noon_err err = NOON_ERR_FORMAT;

	if (document.n > 0 && document.n <= NOON_CMS_MAX)
		cms = d2i_CMS_ContentInfo(NULL, &p, (long)document.n);
	if (cms != NULL && p == document.p + document.n)
		err = attach(cms, token, ret);
	CMS_ContentInfo_free(cms);
	ERR_clear_error();
	return err;
}

noon_err noon_cms_pem(struct noon_bytes document, struct noon_cms_document *ret)
{
	BIO *out = BIO_new(BIO_s_mem());
	noon_err err = NOON_ERR_CRYPTO;
	char *text = NULL;
	long n = 0;

	if (out != NULL && PEM_write_bio(out, PEM_STRING_CMS, "", document.p, (long)document.n) > 0)
		n = BIO_get_mem_data(out, &text);
	if (n > 0) {
		uint8_t *p = malloc((size_t)n);

		if (p != NULL) {
			memcpy(p, text, (size_t)n);
			*ret = (struct noon_cms_document){p, (size_t)n};
			err = NOON_OK;
		}
	}
	BIO_free(out);
	ERR_clear_error();
	return err;
}
