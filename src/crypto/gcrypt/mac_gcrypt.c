/* SPDX-License-Identifier: Apache-2.0 */
#include <gcrypt.h>

#include "crypto/mac.h"

struct algorithm {
	int gcrypt;
	size_t tag;
	size_t key_min;
	size_t key_max;
};

static const struct algorithm *algorithm_of(enum noon_mac_id id)
{
	static const struct algorithm list[] = {
		[NOON_MAC_HMAC_SHA256_128] = {GCRY_MAC_HMAC_SHA256, 16, 16, NOON_MAC_KEY_MAX},
		[NOON_MAC_HMAC_SHA256] = {GCRY_MAC_HMAC_SHA256, 32, 16, NOON_MAC_KEY_MAX},
		[NOON_MAC_AES_CMAC_128] = {GCRY_MAC_CMAC_AES, 16, 16, 16},
		[NOON_MAC_AES_CMAC_256] = {GCRY_MAC_CMAC_AES, 16, 32, 32},
	};

	return id > NOON_MAC_NONE && id <= NOON_MAC_AES_CMAC_256 ? &list[id] : NULL;
}

size_t noon_mac_tag_len(enum noon_mac_id id)
{
	const struct algorithm *a = algorithm_of(id);

	return a == NULL ? 0 : a->tag;
}

noon_err noon_mac_init(struct noon_mac *m, enum noon_mac_id id, struct noon_bytes key)
{
	const struct algorithm *a = algorithm_of(id);
	gcry_mac_hd_t handle;

	if (a == NULL)
		return NOON_ERR_UNSUPPORTED;
	if (key.n < a->key_min || key.n > a->key_max)
		return NOON_ERR_RANGE;
	/* Not from libgcrypt's pool of locked memory: that is off here (aead_gcrypt.c), and where
	 * it is on it ends after a dozen keys. */
	if (gcry_mac_open(&handle, a->gcrypt, 0, NULL))
		return NOON_ERR_CRYPTO;
	if (gcry_mac_setkey(handle, key.p, key.n)) {
		gcry_mac_close(handle);
		return NOON_ERR_CRYPTO;
	}
	*m = (struct noon_mac){.id = id, .handle = handle};
	return NOON_OK;
}

void noon_mac_fini(struct noon_mac *m)
{
	/* libgcrypt wipes its contexts. */
	if (m->handle != NULL)
		gcry_mac_close(m->handle);
	*m = (struct noon_mac){.id = NOON_MAC_NONE};
}

/* The whole tag: HMAC-SHA256 is truncated by the caller. */
static noon_err compute(struct noon_mac *m, struct noon_bytes message,
			uint8_t full[NOON_MAC_TAG_MAX])
{
	size_t n = NOON_MAC_TAG_MAX;

	if (m->handle == NULL || gcry_mac_reset(m->handle) ||
	    gcry_mac_write(m->handle, message.p, message.n) || gcry_mac_read(m->handle, full, &n))
		return NOON_ERR_CRYPTO;
	return NOON_OK;
}

noon_err noon_mac_sign(struct noon_mac *m, struct noon_bytes message, uint8_t *tag)
{
	uint8_t full[NOON_MAC_TAG_MAX];
	const noon_err err = compute(m, message, full);

	for (size_t i = 0; !err && i < noon_mac_tag_len(m->id); i++)
		tag[i] = full[i];
	noon_wipe(full, sizeof(full));
	return err;
}

noon_err noon_mac_verify(struct noon_mac *m, struct noon_bytes message, struct noon_bytes tag)
{
	uint8_t full[NOON_MAC_TAG_MAX];
	noon_err err;

	if (tag.n != noon_mac_tag_len(m->id) || tag.n == 0)
		return NOON_ERR_AUTH;
	err = compute(m, message, full);
	if (!err && !noon_equal_ct(full, tag.p, tag.n))
		err = NOON_ERR_AUTH;
	noon_wipe(full, sizeof(full));
	return err;
}
