/* SPDX-License-Identifier: Apache-2.0
 *
 * Property: what the readers accept lies inside the packet and comes back from the writers.
 */
#include <assert.h>
#include <string.h>

#include "input.h"
#include "wire/ntp.h"
#include "wire/ntp_ext.h"

static void inside(struct noon_bytes whole, struct noon_bytes part)
{
	assert(part.n == 0 || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n));
}

static void header(struct noon_bytes packet, struct noon_rd *rd)
{
	struct noon_ntp_header h;
	uint8_t back[NOON_NTP_HEADER_LEN];
	struct noon_wr wr = noon_wr_over(back, sizeof(back));
	noon_err err;

	if (noon_ntp_header_get(rd, &h))
		return;
	err = noon_ntp_header_put(&wr, &h);
	assert(!err && memcmp(back, packet.p, sizeof(back)) == 0);
	assert(noon_ntp_short_from_dur(noon_ntp_short_to_dur(h.root_delay)) >= h.root_delay);
	assert(noon_ntp_precision_to_dur(h.precision) > 0);
	const noon_time pivot = {(int64_t)h.reference};
	const noon_time t = noon_ntp_ts_to_time(h.transmit, pivot);
	const noon_ntp_ts ts = noon_ntp_ts_from_time(t);

	if (t.ns != INT64_MAX && t.ns != INT64_MIN)
		assert(h.transmit - ts < 8); /* a nanosecond has 4.3 units */
	(void)noon_ntp_ts_from_time(pivot);
}

static void auth(struct noon_bytes body)
{
	struct noon_ntp_auth a;

	if (noon_ntp_auth_get(body, &a))
		return;
	inside(body, a.nonce);
	inside(body, a.sealed);
	assert(a.nonce.n + a.sealed.n + a.padding + 4 <= body.n);
}

static void fields(struct noon_bytes packet, struct noon_rd rd, enum noon_ntp_ext_tail where)
{
	struct noon_ntp_ext ext;
	static uint8_t back[65536];

	while (noon_ntp_ext_get(&rd, where, &ext) == NOON_OK) {
		struct noon_wr wr = noon_wr_over(back, sizeof(back));
		const noon_err err = noon_ntp_ext_put(&wr, ext.type, ext.body);

		inside(packet, ext.whole);
		assert(!err && noon_wr_len(&wr) == ext.whole.n);
		assert(memcmp(back, ext.whole.p, ext.whole.n) == 0);
		auth(ext.body);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct noon_bytes packet = noon_bytes_of(data, size);
	struct noon_rd rd = noon_rd_bytes(packet);

	header(packet, &rd);
	fields(packet, rd, NOON_EXT_IN_PACKET);
	fields(packet, rd, NOON_EXT_IN_CIPHER);
	auth(packet);
	return 0;
}
