/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/kdf.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <string.h>

/* OSSL_PARAM has no const; the library only reads. */
static OSSL_PARAM octets(const char *key, struct noon_bytes b)
{
	union {
		const void *in;
		void *out;
	} p = {.in = b.n ? (const void *)b.p : ""};

	return OSSL_PARAM_construct_octet_string(key, p.out, b.n);
}

noon_err noon_hkdf_sha256(struct noon_bytes salt, struct noon_bytes ikm, struct noon_bytes info,
			  uint8_t *out, size_t n)
{
	char digest[] = "SHA256";
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
		octets(OSSL_KDF_PARAM_KEY, ikm),
		octets(OSSL_KDF_PARAM_SALT, salt),
		octets(OSSL_KDF_PARAM_INFO, info),
		OSSL_PARAM_construct_end(),
	};
	EVP_KDF *kdf = NULL;
	EVP_KDF_CTX *ctx = NULL;
	noon_err err = NOON_ERR_CRYPTO;

	if (ikm.n == 0 || n == 0 || n > NOON_HKDF_MAX)
		return NOON_ERR_RANGE;
	kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	if (kdf)
		ctx = EVP_KDF_CTX_new(kdf);
	if (ctx && EVP_KDF_derive(ctx, out, n, params) == 1)
		err = NOON_OK;
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	ERR_clear_error();
	return err;
}
