/* SPDX-License-Identifier: Apache-2.0
 *
 * Property: whatever is captured, a tap gives back all its memory, and what it calls an exchange
 * proves an interval that is not empty and has its answer behind its query.
 *
 * Records: what, time since the last one in ms, 2 bytes of length, bytes. What: its low two bits
 * are 0 a frame of the link layer that the others choose, 1 and 2 a segment to the server and to
 * the client, 3 an NTP packet. Of a segment the others are: another client, SYN, FIN, RST, a place
 * of its own in the stream (2 bytes), cut off.
 */
#include <assert.h>
#include <string.h>

#include "input.h"
#include "tap_world.h"

#define ANOTHER 0x01U
#define SYN	0x02U
#define FIN	0x04U
#define RST	0x08U
#define PLACE	0x10U
#define CUT	0x20U

static const int types[] = {NOON_LINK_NULL, NOON_LINK_ETHERNET, NOON_LINK_SLL, NOON_LINK_SLL2,
			    NOON_LINK_RAW,  NOON_LINK_LOOP,	NOON_LINK_IP6, 9999};

static struct tap_world w;
static uint32_t next[2][2]; /* sequence number by client and direction */

static void segment(struct input *in, unsigned to_client, unsigned how, struct noon_bytes b,
		    noon_time at)
{
	const unsigned client = how & ANOTHER;
	struct tap_segment s = {.to_client = to_client != 0,
				.seq = next[client][to_client],
				.ack = next[client][1 - to_client],
				.flags = NOON_TCP_ACK,
				.p = b.p,
				.n = b.n};

	s.client_port = (uint16_t)(TAP_CLIENT_PORT + client);
	s.cut = (how & CUT) != 0 ? b.n / 2 : 0;
	if ((how & FIN) != 0)
		s.flags |= NOON_TCP_FIN;
	if ((how & RST) != 0)
		s.flags |= NOON_TCP_RST;
	if ((how & PLACE) != 0)
		s.seq += input_u16(in) - 1000U;
	if ((how & SYN) != 0) {
		s.flags = (uint8_t)(to_client != 0 ? NOON_TCP_SYN | NOON_TCP_ACK : NOON_TCP_SYN);
		next[client][to_client]++;
	}
	if ((how & PLACE) == 0)
		next[client][to_client] += (uint32_t)b.n;
	tap_hear(&w, &s, at);
}

static void check(void)
{
	for (size_t i = 0; i < w.n; i++) {
		const struct noon_tap_exchange *e = &w.found[i];
		noon_dur lower;
		noon_dur upper;

		if (e->miss != NOON_TAP_MISS_NONE)
			continue;
		noon_tap_exchange_interval(e, &lower, &upper);
		assert(lower <= upper && e->tq.ns <= e->tr.ns);
		assert(e->nonce_n <= sizeof(e->nonce) && e->policy_n <= sizeof(e->policy));
	}
	w.n = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	int64_t ms = 0;

	tap_world_init(&w);
	memset(next, 0xff, sizeof(next));
	while (in.n > 0) {
		const uint8_t what = input_u8(&in);
		struct noon_bytes b;

		ms += input_u8(&in);
		b = input_take(&in, input_u16(&in) % 4096);
		if ((what & 3) == 0)
			noon_tap_on_frame(&w.tap, types[(what >> 2) % 8], b, b.n, tap_time(ms));
		else if ((what & 3) == 3)
			tap_hear_udp(&w, (what & 4) != 0, b.p, b.n < 1024 ? b.n : 1024,
				     tap_time(ms));
		else
			segment(&in, (what & 3) - 1U, what >> 2, b, tap_time(ms));
		check();
	}
	noon_tap_end(&w.tap);
	assert(tap_world_free_blocks(&w) == sizeof(w.blocks) / sizeof(w.blocks[0]));
	assert(tap_world_free_asks(&w) == sizeof(w.asks) / sizeof(w.asks[0]));
	return 0;
}
