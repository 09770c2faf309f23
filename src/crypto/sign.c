/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/sign.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "crypto/openssl.h"

noon_err noon_sha256(struct noon_bytes data, uint8_t ret[NOON_SHA256_BYTES])
{
	if (EVP_Digest(data.p, data.n, ret, NULL, EVP_sha256(), NULL) == 1)
		return NOON_OK;
	ERR_clear_error();
	return NOON_ERR_CRYPTO;
}

static noon_err read_key(struct noon_bytes pem, bool private, EVP_PKEY **ret)
{
	BIO *bio = pem.n <= INT_MAX ? BIO_new_mem_buf(pem.p, (int)pem.n) : NULL;
	EVP_PKEY *key;

	if (!bio)
		return NOON_ERR_CRYPTO;
	key = private ? PEM_read_bio_PrivateKey(bio, NULL, noon_openssl_no_passphrase, NULL)
		      : PEM_read_bio_PUBKEY(bio, NULL, noon_openssl_no_passphrase, NULL);
	BIO_free(bio);
	ERR_clear_error();
	if (!key)
		return NOON_ERR_FORMAT;
	if (EVP_PKEY_get_base_id(key) != EVP_PKEY_ED25519) {
		EVP_PKEY_free(key);
		return NOON_ERR_UNSUPPORTED;
	}
	*ret = key;
	return NOON_OK;
}

noon_err noon_sign(struct noon_bytes key_pem, struct noon_bytes data,
		   uint8_t ret[NOON_SIGNATURE_BYTES])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY *key = NULL;
	size_t n = NOON_SIGNATURE_BYTES;
	noon_err err = ctx ? read_key(key_pem, true, &key) : NOON_ERR_CRYPTO;

	if (!err &&
	    (EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) != 1 ||
	     EVP_DigestSign(ctx, ret, &n, data.p, data.n) != 1 || n != NOON_SIGNATURE_BYTES))
		err = NOON_ERR_CRYPTO;
	EVP_PKEY_free(key);
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return err;
}

noon_err noon_sign_verify(struct noon_bytes key_pem, struct noon_bytes data,
			  const uint8_t signature[NOON_SIGNATURE_BYTES])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY *key = NULL;
	noon_err err = ctx ? read_key(key_pem, false, &key) : NOON_ERR_CRYPTO;

	if (err == NOON_ERR_FORMAT)
		err = read_key(key_pem, true, &key);
	if (!err && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) != 1)
		err = NOON_ERR_CRYPTO;
	if (!err && EVP_DigestVerify(ctx, signature, NOON_SIGNATURE_BYTES, data.p, data.n) != 1)
		err = NOON_ERR_AUTH;
	EVP_PKEY_free(key);
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return err;
}
