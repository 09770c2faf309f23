/* SPDX-License-Identifier: Apache-2.0
 *
 * Property: what is read of a frame lies inside it, and a frame that was captured in part says the
 * same as the whole one, or that it is cut.
 *
 * The first byte chooses the link layer.
 */
#include <assert.h>
#include <string.h>

#include "input.h"
#include "wire/ip/frame.h"

static const int types[] = {NOON_LINK_NULL, NOON_LINK_ETHERNET, NOON_LINK_SLL, NOON_LINK_SLL2,
			    NOON_LINK_RAW,  NOON_LINK_LOOP,	NOON_LINK_IP6, 9999};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	const int type = types[input_u8(&in) % (sizeof(types) / sizeof(types[0]))];
	struct noon_frame whole = {0};
	const enum noon_frame_verdict v =
		noon_frame_read(type, noon_bytes_of(in.p, in.n), in.n, &whole);

	assert(v != NOON_FRAME_CUT);
	if (v == NOON_FRAME_OK) {
		assert(whole.missing == 0);
		assert(whole.payload.p >= in.p && whole.payload.p + whole.payload.n <= in.p + in.n);
	}
	for (size_t n = 0; n < in.n && n < 200; n++) {
		struct noon_frame part = {0};
		const enum noon_frame_verdict pv =
			noon_frame_read(type, noon_bytes_of(in.p, n), in.n, &part);

		assert(pv == v || pv == NOON_FRAME_CUT);
		if (pv == NOON_FRAME_OK) {
			assert(v == NOON_FRAME_OK && part.seq == whole.seq);
			assert(part.src.port == whole.src.port && part.tcp == whole.tcp);
			assert(part.payload.n + part.missing == whole.payload.n);
		}
	}
	return 0;
}
