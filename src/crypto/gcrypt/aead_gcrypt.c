/* SPDX-License-Identifier: Apache-2.0
 *
 * The AEAD backend on libgcrypt.
 *
 * Order of calls per message: reset, nonce and associated data (SIV takes the nonce as the last
 * component of S2V, so behind the data; GCM-SIV derives its keys from it, so before), final, text,
 * tag. An empty text is passed as a valid pointer of length 0: it must still be processed.
 */
#include <assert.h>
#include <gcrypt.h>
#include <stdbool.h>
#include <string.h>

#include "crypto/aead.h"
#include "crypto/gcrypt/aead_gcrypt_priv.h"

#define SIV_NONCE_MAX 64

size_t noon_aead_key_len(enum noon_aead_id id)
{
	switch (id) {
	case NOON_AEAD_SIV_CMAC_256:
		return 32;
	case NOON_AEAD_GCM_SIV_128:
		return 16;
	case NOON_AEAD_NONE:
		break;
	}
	return 0;
}

size_t noon_aead_nonce_len(enum noon_aead_id id)
{
	switch (id) {
	case NOON_AEAD_SIV_CMAC_256:
		return 16;
	case NOON_AEAD_GCM_SIV_128:
		return 12;
	case NOON_AEAD_NONE:
		break;
	}
	return 0;
}

noon_err noon_aead_global_init(void)
{
	if (!gcry_check_version("1.10.0"))
		return NOON_ERR_CRYPTO;
	if (!gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P)) {
		(void)gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
		(void)gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
	}
	return noon_aead_gcrypt_selftest();
}

noon_err noon_aead_init(struct noon_aead *a, enum noon_aead_id id, struct noon_bytes key)
{
	const size_t len = noon_aead_key_len(id);
	gcry_cipher_hd_t handle;
	int mode;

	if (len == 0)
		return NOON_ERR_UNSUPPORTED;
	if (key.n != len)
		return NOON_ERR_RANGE;
	mode = id == NOON_AEAD_SIV_CMAC_256 ? GCRY_CIPHER_MODE_SIV : GCRY_CIPHER_MODE_GCM_SIV;
	if (gcry_cipher_open(&handle, GCRY_CIPHER_AES128, mode, 0))
		return NOON_ERR_CRYPTO;
	if (gcry_cipher_setkey(handle, key.p, key.n)) {
		gcry_cipher_close(handle);
		return NOON_ERR_CRYPTO;
	}
	*a = (struct noon_aead){.id = id, .handle = handle};
	return NOON_OK;
}

noon_err noon_aead_rekey(struct noon_aead *a, struct noon_bytes key)
{
	assert(a->handle);
	if (key.n != noon_aead_key_len(a->id))
		return NOON_ERR_RANGE;
	if (gcry_cipher_setkey(a->handle, key.p, key.n))
		return NOON_ERR_CRYPTO;
	return NOON_OK;
}

void noon_aead_fini(struct noon_aead *a)
{
	gcry_cipher_close(a->handle); /* wipes the key schedule; NULL is fine */
	*a = (struct noon_aead){.id = NOON_AEAD_NONE};
}

static bool is_nonce_len(enum noon_aead_id id, size_t n)
{
	return id == NOON_AEAD_SIV_CMAC_256 ? n >= 1 && n <= SIV_NONCE_MAX : n == 12;
}

/* Begin a message: everything that comes before the text. */
static noon_err begin(const struct noon_aead *a, struct noon_bytes nonce, struct noon_bytes ad)
{
	const bool siv = a->id == NOON_AEAD_SIV_CMAC_256;
	gcry_cipher_hd_t h = a->handle;
	const void *data = ad.n ? (const void *)ad.p : "";
	gcry_error_t err;

	err = gcry_cipher_reset(h);
	if (!err && !siv)
		err = gcry_cipher_setiv(h, nonce.p, nonce.n);
	if (!err)
		err = gcry_cipher_authenticate(h, data, ad.n);
	if (!err && siv)
		err = gcry_cipher_setiv(h, nonce.p, nonce.n);
	return err ? NOON_ERR_CRYPTO : NOON_OK;
}

noon_err noon_aead_seal(struct noon_aead *a, struct noon_bytes nonce, struct noon_bytes ad,
			struct noon_bytes plain, struct noon_wr *out)
{
	const bool siv = a->id == NOON_AEAD_SIV_CMAC_256;
	uint8_t none = 0;
	uint8_t *text = out->p + (siv ? NOON_AEAD_TAG : 0);
	uint8_t *tag = siv ? out->p : out->p + plain.n;
	const void *in = plain.p;
	gcry_error_t err;

	assert(a->handle);
	if (!is_nonce_len(a->id, nonce.n))
		return NOON_ERR_RANGE;
	if (noon_wr_room(out) < NOON_AEAD_TAG || noon_wr_room(out) - NOON_AEAD_TAG < plain.n)
		return NOON_ERR_FULL;
	if (begin(a, nonce, ad))
		return NOON_ERR_CRYPTO;
	if (plain.n == 0) {
		text = &none;
		in = &none;
	}
	err = gcry_cipher_final(a->handle);
	if (!err && in == text) /* in place is asked for by no input */
		err = gcry_cipher_encrypt(a->handle, text, plain.n, NULL, 0);
	else if (!err)
		err = gcry_cipher_encrypt(a->handle, text, plain.n, in, plain.n);
	if (!err)
		err = gcry_cipher_gettag(a->handle, tag, NOON_AEAD_TAG);
	if (err)
		return NOON_ERR_CRYPTO;
	out->p += plain.n + NOON_AEAD_TAG;
	return NOON_OK;
}

noon_err noon_aead_open(struct noon_aead *a, struct noon_bytes nonce, struct noon_bytes ad,
			struct noon_bytes sealed, uint8_t *out, size_t out_room, size_t *ret_n)
{
	const bool siv = a->id == NOON_AEAD_SIV_CMAC_256;
	const size_t n = sealed.n < NOON_AEAD_TAG ? 0 : sealed.n - NOON_AEAD_TAG;
	const uint8_t *text;
	uint8_t tag[NOON_AEAD_TAG], none = 0; /* the tag is copied: gcrypt wants it writable */
	gcry_error_t err;

	assert(a->handle);
	if (!is_nonce_len(a->id, nonce.n))
		return NOON_ERR_RANGE;
	if (sealed.n < NOON_AEAD_TAG)
		return NOON_ERR_SHORT;
	if (out_room < n)
		return NOON_ERR_FULL;
	text = siv ? sealed.p + NOON_AEAD_TAG : sealed.p;
	memcpy(tag, siv ? sealed.p : sealed.p + n, sizeof(tag));
	if (n == 0)
		out = &none;
	if (begin(a, nonce, ad))
		return NOON_ERR_CRYPTO;
	err = gcry_cipher_set_decryption_tag(a->handle, tag, NOON_AEAD_TAG);
	if (!err)
		err = gcry_cipher_final(a->handle);
	if (!err)
		err = gcry_cipher_decrypt(a->handle, out, n, n ? text : &none, n);
	if (!err)
		err = gcry_cipher_checktag(a->handle, tag, NOON_AEAD_TAG);
	if (err) {
		noon_wipe(out, n);
		return gcry_err_code(err) == GPG_ERR_CHECKSUM ? NOON_ERR_AUTH : NOON_ERR_CRYPTO;
	}
	*ret_n = n;
	return NOON_OK;
}
