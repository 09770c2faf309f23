/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/nts/nts_keys.h"

#include <assert.h>
#include <string.h>

#include "crypto/kdf.h"

#define EPOCH_LEN 4
#define NONCE_LEN NOON_NTS_COOKIE_NONCE

static size_t keys_len(enum noon_aead_id aead)
{
	return 2 * noon_aead_key_len(aead);
}

size_t noon_nts_cookie_len(enum noon_aead_id aead)
{
	const size_t n = keys_len(aead);

	return n == 0 ? 0 : EPOCH_LEN + NONCE_LEN + NOON_AEAD_TAG + n;
}

noon_err noon_nts_keys_init(struct noon_nts_keys *k, const struct noon_secret_nts_master *master,
			    noon_dur period)
{
	if (period < NOON_S(1))
		return NOON_ERR_RANGE;
	memset(k, 0, sizeof(*k));
	k->master = *master;
	k->period = period;
	return NOON_OK;
}

static void close_ciphers(struct noon_nts_keys *k)
{
	for (size_t i = 0; i < NOON_NTS_EPOCHS; i++)
		noon_aead_fini(&k->cipher[i]);
	memset(k->cipher, 0, sizeof(k->cipher));
	k->ready = false;
}

void noon_nts_keys_fini(struct noon_nts_keys *k)
{
	close_ciphers(k);
	noon_wipe(k, sizeof(*k));
}

static uint32_t epoch_at(const struct noon_nts_keys *k, noon_time now)
{
	const int64_t t = now.ns > 0 ? now.ns : 0;

	return (uint32_t)(t / k->period & UINT32_MAX);
}

static void put_epoch(uint8_t out[EPOCH_LEN], uint32_t epoch)
{
	struct noon_wr wr = noon_wr_over(out, EPOCH_LEN);
	const noon_err err = noon_wr_u32(&wr, epoch);

	assert(!err);
}

static noon_err open_cipher(struct noon_nts_keys *k, size_t slot, uint32_t epoch)
{
	static const char label[] = "noonmark nts cookie";
	uint8_t info[sizeof(label) - 1 + EPOCH_LEN];
	uint8_t key[NOON_AEAD_KEY_MAX];
	noon_err err;

	memcpy(info, label, sizeof(label) - 1);
	put_epoch(info + sizeof(label) - 1, epoch);
	err = noon_hkdf_sha256(noon_bytes_of(NULL, 0),
			       noon_bytes_of(k->master.p, sizeof(k->master.p)),
			       noon_bytes_of(info, sizeof(info)), key, sizeof(key));
	err = err ? err
		  : noon_aead_init(&k->cipher[slot], NOON_AEAD_SIV_CMAC_256,
				   noon_bytes_of(key, sizeof(key)));
	noon_wipe(key, sizeof(key));
	return err;
}

noon_err noon_nts_keys_rotate(struct noon_nts_keys *k, noon_time now)
{
	const uint32_t epoch = epoch_at(k, now);

	if (k->ready && k->epoch == epoch)
		return NOON_OK;
	close_ciphers(k);
	for (uint32_t i = 0; i < NOON_NTS_EPOCHS; i++) {
		const noon_err err = open_cipher(k, i, epoch + 1 - i);

		if (err) {
			close_ciphers(k);
			return err;
		}
	}
	k->epoch = epoch;
	k->ready = true;
	return NOON_OK;
}

noon_time noon_nts_keys_next(const struct noon_nts_keys *k)
{
	int64_t end;

	if (__builtin_mul_overflow((int64_t)k->epoch + 1, k->period, &end))
		return NOON_TIME_NEVER;
	return (noon_time){end};
}

noon_err noon_nts_cookie_make(struct noon_nts_keys *k, struct noon_rng *rng, enum noon_aead_id aead,
			      const struct noon_secret_nts_keys *keys, struct noon_wr *out)
{
	const size_t key_len = noon_aead_key_len(aead);
	uint8_t head[EPOCH_LEN + NONCE_LEN];
	uint8_t plain[2 * NOON_AEAD_KEY_MAX];
	struct noon_wr wr = *out;
	noon_err err;

	if (key_len == 0)
		return NOON_ERR_UNSUPPORTED;
	if (!k->ready)
		return NOON_ERR_STATE;
	put_epoch(head, k->epoch);
	noon_rng_fill(rng, head + EPOCH_LEN, NONCE_LEN);
	memcpy(plain, keys->c2s, key_len);
	memcpy(plain + key_len, keys->s2c, key_len);
	err = noon_wr_put(&wr, noon_bytes_of(head, sizeof(head)));
	err = err ? err
		  : noon_aead_seal(&k->cipher[1], noon_bytes_of(head + EPOCH_LEN, NONCE_LEN),
				   noon_bytes_of(head, EPOCH_LEN),
				   noon_bytes_of(plain, 2 * key_len), &wr);
	noon_wipe(plain, sizeof(plain));
	if (!err)
		*out = wr;
	return err;
}

static enum noon_aead_id aead_of_len(size_t cookie_len)
{
	if (cookie_len == noon_nts_cookie_len(NOON_AEAD_SIV_CMAC_256))
		return NOON_AEAD_SIV_CMAC_256;
	if (cookie_len == noon_nts_cookie_len(NOON_AEAD_GCM_SIV_128))
		return NOON_AEAD_GCM_SIV_128;
	return NOON_AEAD_NONE;
}

noon_err noon_nts_cookie_open(struct noon_nts_keys *k, struct noon_bytes cookie,
			      enum noon_aead_id *ret_aead, struct noon_secret_nts_keys *ret_keys)
{
	const enum noon_aead_id aead = aead_of_len(cookie.n);
	const size_t key_len = noon_aead_key_len(aead);
	struct noon_rd rd = noon_rd_bytes(cookie);
	uint8_t plain[2 * NOON_AEAD_KEY_MAX];
	struct noon_bytes nonce;
	uint32_t epoch;
	uint32_t slot;
	size_t n;
	noon_err err;

	if (aead == NOON_AEAD_NONE || !k->ready)
		return NOON_ERR_AUTH;
	if (noon_rd_u32(&rd, &epoch) || noon_rd_take(&rd, NONCE_LEN, &nonce))
		return NOON_ERR_AUTH;
	slot = k->epoch + 1 - epoch; /* modulo 2^32 on purpose */
	if (slot >= NOON_NTS_EPOCHS)
		return NOON_ERR_AUTH;
	err = noon_aead_open(&k->cipher[slot], nonce, noon_bytes_of(cookie.p, EPOCH_LEN),
			     noon_bytes_of(rd.p, noon_rd_left(&rd)), plain, sizeof(plain), &n);
	if (err || n != 2 * key_len) {
		noon_wipe(plain, sizeof(plain));
		return NOON_ERR_AUTH;
	}
	memset(ret_keys, 0, sizeof(*ret_keys));
	memcpy(ret_keys->c2s, plain, key_len);
	memcpy(ret_keys->s2c, plain + key_len, key_len);
	noon_wipe(plain, sizeof(plain));
	*ret_aead = aead;
	return NOON_OK;
}
