/* SPDX-License-Identifier: Apache-2.0
 *
 * Tells byte strings apart, for numbers that only have to differ; no protection against anybody
 * who chooses them.
 */
#ifndef NOON_BASE_HASH_H
#define NOON_BASE_HASH_H

#include <stdint.h>

#include "base/bytes.h"

/** Return the FNV-1a hash of 32 or 64 bits. */
uint32_t noon_hash32(struct noon_bytes b);
uint64_t noon_hash64(struct noon_bytes b);

#endif
