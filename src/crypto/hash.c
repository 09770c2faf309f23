/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/hash.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>

struct noon_hash {
	EVP_MD_CTX *ctx;
};

static noon_err result(int ok)
{
	if (ok == 1)
		return NOON_OK;
	ERR_clear_error();
	return NOON_ERR_CRYPTO;
}

noon_err noon_hash_new(enum noon_digest d, struct noon_hash **ret)
{
	struct noon_hash *h = calloc(1, sizeof(*h));
	EVP_MD *md = EVP_MD_fetch(NULL, noon_digest_name(d), NULL);
	noon_err err = NOON_ERR_CRYPTO;

	if (h != NULL && md != NULL) {
		h->ctx = EVP_MD_CTX_new();
		if (h->ctx != NULL)
			err = result(EVP_DigestInit_ex2(h->ctx, md, NULL));
	}
	EVP_MD_free(md);
	if (err)
		noon_hash_free(h);
	else
		*ret = h;
	return err;
}

noon_err noon_hash_add(struct noon_hash *h, struct noon_bytes piece)
{
	return result(EVP_DigestUpdate(h->ctx, piece.p, piece.n));
}

noon_err noon_hash_end(struct noon_hash *h, uint8_t ret[NOON_DIGEST_MAX])
{
	return result(EVP_DigestFinal_ex(h->ctx, ret, NULL));
}

void noon_hash_free(struct noon_hash *h)
{
	if (h == NULL)
		return;
	EVP_MD_CTX_free(h->ctx);
	free(h);
}
