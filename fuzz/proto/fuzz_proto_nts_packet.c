/* SPDX-License-Identifier: Apache-2.0
 *
 * Property: everything parsed out of a packet lies inside it, and a prefix never gains a field.
 */
#include <assert.h>

#include "input.h"
#include "proto/nts/nts_packet.h"
#include "wire/ntp.h"

static void inside(struct noon_bytes whole, struct noon_bytes part)
{
	assert(part.n == 0 || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct noon_bytes all = noon_bytes_of(data, size);
	struct noon_nts_packet p;

	if (noon_nts_packet_parse(all, &p) != NOON_VERDICT_ACCEPTED)
		return 0;
	inside(all, p.uid);
	inside(all, p.cookie);
	inside(all, p.ad);
	assert((p.n_uid == 0) == (p.uid.p == NULL));
	assert((p.n_cookie == 0) == (p.cookie.p == NULL));
	assert(p.has_nts || (p.n_uid + p.n_cookie + p.n_placeholder == 0 && !p.has_auth));
	assert(p.n_placeholder > 0 || !p.bad_placeholder);
	if (p.has_auth) {
		inside(all, p.auth.nonce);
		inside(all, p.auth.sealed);
		assert(p.ad.p == data && p.ad.n >= NOON_NTP_HEADER_LEN);
		(void)noon_nts_auth_nonce_ok(&p.auth, NOON_AEAD_SIV_CMAC_256);
		(void)noon_nts_auth_nonce_ok(&p.auth, NOON_AEAD_GCM_SIV_128);
	}
	return 0;
}
