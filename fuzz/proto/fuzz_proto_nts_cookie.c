/* SPDX-License-Identifier: Apache-2.0
 *
 * Property: only a cookie that the server made opens, at most two epochs later.
 *
 * The input is a cookie, or what to change on a genuine one (first byte odd).
 */
#include <assert.h>
#include <string.h>

#include "input.h"
#include "proto/nts/nts_keys.h"

static struct noon_rng rng;
static struct noon_nts_keys keys;
static struct noon_secret_nts_keys pair;

static void open_keys(void)
{
	struct noon_secret_nts_master master;
	noon_err err = noon_aead_global_init();

	assert(!err);
	rng = noon_rng_seeded(15);
	noon_rng_fill(&rng, &master, sizeof(master));
	noon_rng_fill(&rng, &pair, sizeof(pair));
	err = noon_nts_keys_init(&keys, &master, NOON_S(3600));
	assert(!err);
	err = noon_nts_keys_rotate(&keys, (noon_time){NOON_S(1790000000)});
	assert(!err);
}

static noon_err try_open(struct noon_bytes cookie)
{
	struct noon_secret_nts_keys got;
	enum noon_aead_id aead;
	const noon_err err = noon_nts_cookie_open(&keys, cookie, &aead, &got);

	if (!err)
		assert(memcmp(got.c2s, pair.c2s, noon_aead_key_len(aead)) == 0);
	return err;
}

/* Pairs of (place, change); the cookie opens if and only if all is as it was. */
static void tamper(struct input *in)
{
	const enum noon_aead_id aead =
		input_u8(in) & 1 ? NOON_AEAD_GCM_SIV_128 : NOON_AEAD_SIV_CMAC_256;
	uint8_t made[NOON_NTS_COOKIE_MAX], changed[NOON_NTS_COOKIE_MAX];
	struct noon_wr wr = noon_wr_over(made, sizeof(made));
	const noon_err err = noon_nts_cookie_make(&keys, &rng, aead, &pair, &wr);
	const size_t n = noon_wr_len(&wr);

	assert(!err);
	memcpy(changed, made, n);
	while (in->n >= 2) {
		const size_t at = input_u8(in) % n;

		changed[at] ^= input_u8(in);
	}
	assert((try_open(noon_bytes_of(changed, n)) == NOON_OK) == (memcmp(changed, made, n) == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};

	if (!keys.ready)
		open_keys();
	rng = noon_rng_seeded(16);
	if (input_u8(&in) & 1)
		tamper(&in);
	else
		assert(try_open(noon_bytes_of(in.p, in.n)) != NOON_OK);
	return 0;
}
