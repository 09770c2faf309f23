/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <gcrypt.h>
#include <string.h>

#include "crypto/gcm.h"

noon_err noon_gcm_init(struct noon_gcm *g, struct noon_bytes key)
{
	gcry_cipher_hd_t handle;

	if (key.n != 16 && key.n != 32)
		return NOON_ERR_RANGE;
	if (gcry_cipher_open(&handle, key.n == 16 ? GCRY_CIPHER_AES128 : GCRY_CIPHER_AES256,
			     GCRY_CIPHER_MODE_GCM, 0))
		return NOON_ERR_CRYPTO;
	if (gcry_cipher_setkey(handle, key.p, key.n)) {
		gcry_cipher_close(handle);
		return NOON_ERR_CRYPTO;
	}
	g->handle = handle;
	return NOON_OK;
}

void noon_gcm_fini(struct noon_gcm *g)
{
	gcry_cipher_close(g->handle); /* wipes the key schedule; NULL is fine */
	g->handle = NULL;
}

static gcry_error_t begin(gcry_cipher_hd_t h, const uint8_t *nonce, struct noon_bytes ad)
{
	gcry_error_t err = gcry_cipher_reset(h);

	err = err ? err : gcry_cipher_setiv(h, nonce, NOON_GCM_NONCE);
	err = err ? err : gcry_cipher_authenticate(h, ad.n ? (const void *)ad.p : "", ad.n);
	return err ? err : gcry_cipher_final(h);
}

noon_err noon_gcm_seal(struct noon_gcm *g, const uint8_t *nonce, struct noon_bytes ad,
		       uint8_t *text, size_t n)
{
	gcry_error_t err;

	assert(g->handle != NULL);
	err = begin(g->handle, nonce, ad);
	err = err ? err : gcry_cipher_encrypt(g->handle, text, n, NULL, 0);
	err = err ? err : gcry_cipher_gettag(g->handle, text + n, NOON_GCM_TAG);
	return err ? NOON_ERR_CRYPTO : NOON_OK;
}

noon_err noon_gcm_open(struct noon_gcm *g, const uint8_t *nonce, struct noon_bytes ad,
		       const uint8_t *sealed, size_t n, uint8_t *out)
{
	uint8_t tag[NOON_GCM_TAG]; /* the text may be decrypted over it */
	gcry_error_t err;

	assert(g->handle != NULL);
	memcpy(tag, sealed + n, sizeof(tag));
	err = begin(g->handle, nonce, ad);
	if (!err && out == sealed) /* in place is asked for by no input */
		err = gcry_cipher_decrypt(g->handle, out, n, NULL, 0);
	else if (!err)
		err = gcry_cipher_decrypt(g->handle, out, n, sealed, n);
	err = err ? err : gcry_cipher_checktag(g->handle, tag, sizeof(tag));
	if (!err)
		return NOON_OK;
	noon_wipe(out, n);
	return gcry_err_code(err) == GPG_ERR_CHECKSUM ? NOON_ERR_AUTH : NOON_ERR_CRYPTO;
}
