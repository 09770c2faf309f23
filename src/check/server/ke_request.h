/* SPDX-License-Identifier: Apache-2.0
 *
 * Key-exchange requests, good and bad, as tables of records.
 */
#ifndef NOON_CHECK_KE_REQUEST_H
#define NOON_CHECK_KE_REQUEST_H

#include "base/bytes.h"
#include "check/server/ke_probe.h"

/** A record in a table. */
struct noon_ke_item {
	bool critical;
	uint16_t type;
	const char *body; /**< bytes; NULL for none */
	size_t n;
};

#define NOON_KE_ITEMS 12

/** A request: records up to the first whose type is NOON_KE_STOP. */
struct noon_ke_shape {
	struct noon_ke_item item[NOON_KE_ITEMS];
};

#define NOON_KE_STOP UINT16_C(0xffff)

#define NOON_KE_NEXT(...)                                   \
	{                                                   \
		true, NOON_NTSKE_NEXT_PROTOCOL, __VA_ARGS__ \
	}
#define NOON_KE_AEAD(...)                           \
	{                                           \
		false, NOON_NTSKE_AEAD, __VA_ARGS__ \
	}
#define NOON_KE_END_RECORD                    \
	{                                     \
		true, NOON_NTSKE_END, NULL, 0 \
	}
#define NOON_KE_NTPV4 "\0\0", 2
#define NOON_KE_SIV   "\0\017", 2
#define NOON_KE_LAST                         \
	{                                    \
		false, NOON_KE_STOP, NULL, 0 \
	}

/** Write a shape. @return the bytes; empty when buf is too small */
struct noon_bytes noon_ke_request(const struct noon_ke_shape *s, void *buf, size_t cap);

/** Describe it: "NEXT_PROTOCOL* (2 B), AEAD (2 B), END*"; * is the critical bit. */
void noon_ke_request_describe(const struct noon_ke_shape *s, char *out, size_t n);

/** The minimal good request: NTPv4, AEAD_AES_SIV_CMAC_256. */
extern const struct noon_ke_shape noon_ke_minimal;

#endif
