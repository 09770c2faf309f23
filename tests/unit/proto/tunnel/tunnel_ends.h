/* SPDX-License-Identifier: Apache-2.0
 *
 * Configuration of the two ends of the tunnel that unit tests have: 10.0.0.1 and 10.0.0.2 outside,
 * 10.9.0.1 and 10.9.0.2 inside, the first of each the initiator's.
 */
#ifndef NOON_TEST_TUNNEL_ENDS_H
#define NOON_TEST_TUNNEL_ENDS_H

#include <string.h>

#include "proto/tunnel/tunnel.h"

static inline struct noon_tunnel_conf tunnel_end(bool is_initiator, uint64_t first)
{
	struct noon_tunnel_conf c = {
		.is_initiator = is_initiator,
		.key_len = 16,
		.extended = true,
		.ah = true,
		.outer = {.version = 4, .ttl = 64},
		.inner = {.version = 4, .ttl = 64},
		.port = {319, 320},
		.ports = 2,
		.lifetime = NOON_S(60),
		.grace = NOON_S(2),
		.dead_after = NOON_S(5),
		.first = first,
		.reserved = first + NOON_TUNNEL_RESERVE,
	};
	const uint8_t me = is_initiator ? 1 : 2;

	memset(c.secret.key, 0x5a, sizeof(c.secret.key));
	memcpy(c.outer.src, (const uint8_t[]){10, 0, 0, me}, 4);
	memcpy(c.outer.dst, (const uint8_t[]){10, 0, 0, (uint8_t)(3 - me)}, 4);
	memcpy(c.inner.src, (const uint8_t[]){10, 9, 0, me}, 4);
	memcpy(c.inner.dst, (const uint8_t[]){10, 9, 0, (uint8_t)(3 - me)}, 4);
	return c;
}

#endif
