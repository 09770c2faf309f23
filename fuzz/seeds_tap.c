/* SPDX-License-Identifier: Apache-2.0 */
#include "seeds_tap.h"

#include <string.h>

#include "tap_world.h"

/* A record of fuzz_proto_tap. */
static size_t record(uint8_t *out, size_t at, uint8_t how, const uint8_t *p, size_t n)
{
	out[at] = how;
	out[at + 1] = 5;
	out[at + 2] = (uint8_t)(n >> 8);
	out[at + 3] = (uint8_t)(n & 0xff);
	memcpy(out + at + 4, p, n);
	return at + 4 + n;
}

static void dialogue(void (*put)(const char *, const char *, const void *, size_t), bool chunked,
		     const char *name)
{
	static uint8_t out[20000], text[8000];
	static struct tap_message m;
	size_t at = record(out, 0, 1 | 2 << 2, text, 0); /* SYN */
	size_t n;

	for (uint32_t i = 1; i < 4; i++) {
		tap_query(i, i != 2, &m);
		n = tap_put_request(text, 0, &m, chunked);
		at = record(out, at, 1, text, n / 2);
		at = record(out, at, 1, text + n / 2, n - n / 2);
		if (i == 3)
			tap_refusal(&m);
		else
			tap_reply(i, i != 2, tap_time(10), 3, &m);
		n = tap_put_response(text, 0, &m, chunked);
		at = record(out, at, 2, text, n);
	}
	at = record(out, at, 1 | 4 << 2, text, 0); /* FIN */
	put("proto_tap", name, out, at);
}

void seeds_tap(void (*put)(const char *target, const char *name, const void *p, size_t n))
{
	static const uint8_t vlan[] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x81, 0, 0, 5, 8, 0};
	uint8_t ntp[48] = {0x23, [40] = 1};
	uint8_t frame[256];
	uint8_t out[512];
	size_t n = tap_udp_frame(false, 5000, ntp, sizeof(ntp), frame + 1);
	size_t at;

	frame[0] = 4; /* raw IP */
	put("wire_frame", "udp", frame, n + 1);
	memcpy(out + 1, vlan, sizeof(vlan));
	memcpy(out + 1 + sizeof(vlan), frame + 1, n);
	out[0] = 1; /* Ethernet */
	put("wire_frame", "vlan", out, 1 + sizeof(vlan) + n);
	at = record(out, 0, 3, ntp, sizeof(ntp));
	ntp[0] = 0x24;
	memcpy(ntp + 24, ntp + 40, 8);
	at = record(out, at, 3 | 1 << 2, ntp, sizeof(ntp));
	put("proto_tap", "ntp", out, at);
	dialogue(put, false, "plain");
	dialogue(put, true, "chunked");
}
