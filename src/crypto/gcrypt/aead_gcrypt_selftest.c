/* SPDX-License-Identifier: Apache-2.0
 *
 * RFC 5297, appendix A (A.1 has no nonce, A.2 has two pieces of associated data, so both go to
 * libgcrypt directly) and RFC 8452, appendix C.1, through our own verbs. The SIV answer for an
 * empty text is agreed on by nettle, GnuTLS and libgcrypt.
 */
#include <gcrypt.h>
#include <string.h>

#include "crypto/aead.h"
#include "crypto/gcrypt/aead_gcrypt_priv.h"

/* A string literal as bytes, without its final NUL. */
#define LIT(s)                                          \
	{                                               \
		(const uint8_t *)("" s), sizeof(s) - 1, \
	}

struct siv_vector {
	struct noon_bytes key, part[3], plain, sealed;
	size_t parts; /**< components of S2V before the plaintext, the nonce last */
};

struct api_vector {
	enum noon_aead_id id;
	struct noon_bytes key, nonce, ad, plain, sealed;
};

static const struct siv_vector siv_table[] = {
	{
		/* RFC 5297, A.1 */
		.key = LIT("\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8\xf7\xf6\xf5\xf4\xf3\xf2\xf1\xf0"
			   "\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9\xfa\xfb\xfc\xfd\xfe\xff"),
		.part = {LIT("\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f"
			     "\x20\x21\x22\x23\x24\x25\x26\x27")},
		.parts = 1,
		.plain = LIT("\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee"),
		.sealed = LIT("\x85\x63\x2d\x07\xc6\xe8\xf3\x7f\x95\x0a\xcd\x32\x0a\x2e\xcc\x93"
			      "\x40\xc0\x2b\x96\x90\xc4\xdc\x04\xda\xef\x7f\x6a\xfe\x5c"),
	},
	{
		/* RFC 5297, A.2 */
		.key = LIT("\x7f\x7e\x7d\x7c\x7b\x7a\x79\x78\x77\x76\x75\x74\x73\x72\x71\x70"
			   "\x40\x41\x42\x43\x44\x45\x46\x47\x48\x49\x4a\x4b\x4c\x4d\x4e\x4f"),
		.part = {LIT("\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff"
			     "\xde\xad\xda\xda\xde\xad\xda\xda\xff\xee\xdd\xcc\xbb\xaa\x99\x88"
			     "\x77\x66\x55\x44\x33\x22\x11\x00"),
			 LIT("\x10\x20\x30\x40\x50\x60\x70\x80\x90\xa0"),
			 LIT("\x09\xf9\x11\x02\x9d\x74\xe3\x5b\xd8\x41\x56\xc5\x63\x56\x88\xc0")},
		.parts = 3,
		.plain = LIT("this is some plaintext to encrypt using SIV-AES"),
		.sealed = LIT("\x7b\xdb\x6e\x3b\x43\x26\x67\xeb\x06\xf4\xd1\x4b\xff\x2f\xbd\x0f"
			      "\xcb\x90\x0f\x2f\xdd\xbe\x40\x43\x26\x60\x19\x65\xc8\x89\xbf\x17"
			      "\xdb\xa7\x7c\xeb\x09\x4f\xa6\x63\xb7\xa3\xf7\x48\xba\x8a\xf8\x29"
			      "\xea\x64\xad\x54\x4a\x27\x2e\x9c\x48\x5b\x62\xa3\xfd\x5c\x0d"),
	},
};

#define KEY_8452   LIT("\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")
#define NONCE_8452 LIT("\x03\0\0\0\0\0\0\0\0\0\0\0")

static const struct api_vector api_table[] = {
	{
		NOON_AEAD_GCM_SIV_128,
		KEY_8452,
		NONCE_8452,
		LIT(""),
		LIT(""),
		LIT("\xdc\x20\xe2\xd8\x3f\x25\x70\x5b\xb4\x9e\x43\x9e\xca\x56\xde\x25"),
	},
	{
		NOON_AEAD_GCM_SIV_128,
		KEY_8452,
		NONCE_8452,
		LIT(""),
		LIT("\x01\0\0\0\0\0\0\0"),
		LIT("\xb5\xd8\x39\x33\x0a\xc7\xb7\x86\x57\x87\x82\xff\xf6\x01\x3b\x81"
		    "\x5b\x28\x7c\x22\x49\x3a\x36\x4c"),
	},
	{
		NOON_AEAD_GCM_SIV_128,
		KEY_8452,
		NONCE_8452,
		LIT("\x01"),
		LIT("\x02\0\0\0\0\0\0\0"),
		LIT("\x1e\x6d\xab\xa3\x56\x69\xf4\x27\x3b\x0a\x1a\x25\x60\x96\x9c\xdf"
		    "\x79\x0d\x99\x75\x9a\xbd\x15\x08"),
	},
	{
		/* Key, first associated data and nonce of RFC 5297, A.2; empty text. */
		NOON_AEAD_SIV_CMAC_256,
		LIT("\x7f\x7e\x7d\x7c\x7b\x7a\x79\x78\x77\x76\x75\x74\x73\x72\x71\x70"
		    "\x40\x41\x42\x43\x44\x45\x46\x47\x48\x49\x4a\x4b\x4c\x4d\x4e\x4f"),
		LIT("\x09\xf9\x11\x02\x9d\x74\xe3\x5b\xd8\x41\x56\xc5\x63\x56\x88\xc0"),
		LIT("\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff"
		    "\xde\xad\xda\xda\xde\xad\xda\xda\xff\xee\xdd\xcc\xbb\xaa\x99\x88"
		    "\x77\x66\x55\x44\x33\x22\x11\x00"),
		LIT(""),
		LIT("\x4c\xf1\xe6\xf9\x18\x0d\xca\x76\x83\xca\xaa\x9c\x7b\xb7\x0e\xc6"),
	},
};

static noon_err run_siv(gcry_cipher_hd_t h, const struct siv_vector *v)
{
	uint8_t out[64], tag[NOON_AEAD_TAG];
	gcry_error_t err;
	size_t i;

	err = gcry_cipher_setkey(h, v->key.p, v->key.n);
	for (i = 0; !err && i + 1 < v->parts; i++)
		err = gcry_cipher_authenticate(h, v->part[i].p, v->part[i].n);
	if (!err && v->parts == 1)
		err = gcry_cipher_authenticate(h, v->part[0].p, v->part[0].n);
	else if (!err)
		err = gcry_cipher_setiv(h, v->part[i].p, v->part[i].n);
	if (!err)
		err = gcry_cipher_final(h);
	if (!err)
		err = gcry_cipher_encrypt(h, out, v->plain.n, v->plain.p, v->plain.n);
	if (!err)
		err = gcry_cipher_gettag(h, tag, sizeof(tag));
	if (err || memcmp(tag, v->sealed.p, sizeof(tag)) != 0 ||
	    memcmp(out, v->sealed.p + sizeof(tag), v->plain.n) != 0)
		return NOON_ERR_CRYPTO;
	return NOON_OK;
}

static noon_err run_siv_table(void)
{
	gcry_cipher_hd_t h;
	noon_err err = NOON_OK;
	size_t i;

	if (gcry_cipher_open(&h, GCRY_CIPHER_AES128, GCRY_CIPHER_MODE_SIV, 0))
		return NOON_ERR_CRYPTO;
	for (i = 0; !err && i < sizeof(siv_table) / sizeof(siv_table[0]); i++) {
		if (gcry_cipher_reset(h))
			err = NOON_ERR_CRYPTO;
		else
			err = run_siv(h, &siv_table[i]);
	}
	gcry_cipher_close(h);
	return err;
}

static noon_err run_open(struct noon_aead *a, const struct api_vector *v)
{
	uint8_t forged[64], plain[64];
	size_t n = 0, i;

	if (noon_aead_open(a, v->nonce, v->ad, v->sealed, plain, sizeof(plain), &n) ||
	    n != v->plain.n || memcmp(plain, v->plain.p, n) != 0)
		return NOON_ERR_CRYPTO;
	for (i = 0; i < v->sealed.n; i++) {
		memcpy(forged, v->sealed.p, v->sealed.n);
		forged[i] ^= 1;
		if (noon_aead_open(a, v->nonce, v->ad, noon_bytes_of(forged, v->sealed.n), plain,
				   sizeof(plain), &n) != NOON_ERR_AUTH)
			return NOON_ERR_CRYPTO;
	}
	return NOON_OK;
}

static noon_err run_api(const struct api_vector *v)
{
	struct noon_aead a = {.id = NOON_AEAD_NONE};
	uint8_t buf[64];
	struct noon_wr wr = noon_wr_over(buf, sizeof(buf));
	noon_err err;

	err = noon_aead_init(&a, v->id, v->key);
	if (!err)
		err = noon_aead_seal(&a, v->nonce, v->ad, v->plain, &wr);
	if (!err && (noon_wr_len(&wr) != v->sealed.n || memcmp(buf, v->sealed.p, v->sealed.n) != 0))
		err = NOON_ERR_CRYPTO;
	if (!err)
		err = run_open(&a, v);
	noon_aead_fini(&a);
	return err;
}

noon_err noon_aead_gcrypt_selftest(void)
{
	noon_err err = run_siv_table();
	size_t i;

	for (i = 0; !err && i < sizeof(api_table) / sizeof(api_table[0]); i++)
		err = run_api(&api_table[i]);
	return err ? NOON_ERR_CRYPTO : NOON_OK;
}
