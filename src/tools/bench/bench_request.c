/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/bench/bench_request.h"

#include "wire/ntp_ext.h"

static noon_err put_nts(struct noon_wr *wr, const struct noon_nts_session *session,
			const struct noon_nts_cookie *cookie, unsigned placeholders,
			struct noon_rng *rng)
{
	uint8_t uid[NOON_UID_MIN];
	uint8_t nonce[NOON_AEAD_NONCE_MAX];
	struct noon_aead aead = {0};
	const enum noon_aead_id id = session->aead;
	const struct noon_bytes iv = noon_bytes_of(nonce, noon_aead_nonce_len(id));
	struct noon_bytes ad;
	noon_err err;

	noon_rng_fill(rng, uid, sizeof(uid));
	noon_rng_fill(rng, nonce, sizeof(nonce));
	err = noon_ntp_ext_put(wr, NOON_EXT_UNIQUE_ID, noon_bytes_of(uid, sizeof(uid)));
	err = err ? err
		  : noon_ntp_ext_put(wr, NOON_EXT_COOKIE, noon_bytes_of(cookie->p, cookie->n));
	for (unsigned i = 0; i < placeholders && !err; i++)
		err = noon_ntp_ext_put_zeros(wr, NOON_EXT_PLACEHOLDER, cookie->n);
	ad = noon_wr_written(wr);
	err = err ? err : noon_ntp_auth_begin(wr, iv, NOON_AEAD_TAG);
	err = err ? err
		  : noon_aead_init(&aead, id,
				   noon_bytes_of(session->keys.c2s, noon_aead_key_len(id)));
	err = err ? err : noon_aead_seal(&aead, iv, ad, noon_bytes_of(nonce, 0), wr);
	noon_aead_fini(&aead);
	return err;
}

noon_err noon_bench_request(struct noon_wr *wr, noon_ntp_ts transmit,
			    const struct noon_nts_session *session,
			    const struct noon_nts_cookie *cookie, unsigned placeholders,
			    struct noon_rng *rng)
{
	const struct noon_ntp_header h = {.version = NOON_NTP_VERSION,
					  .mode = NOON_NTP_MODE_CLIENT,
					  .precision = 0x20,
					  .transmit = transmit};
	const noon_err err = noon_ntp_header_put(wr, &h);

	if (err || cookie == NULL)
		return err;
	return put_nts(wr, session, cookie, placeholders, rng);
}
