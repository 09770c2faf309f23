/* SPDX-License-Identifier: Apache-2.0
 *
 * Seed inputs of the targets that read captured traffic.
 */
#ifndef NOON_FUZZ_SEEDS_TAP_H
#define NOON_FUZZ_SEEDS_TAP_H

#include <stddef.h>

/** Write them with `put`. */
void seeds_tap(void (*put)(const char *target, const char *name, const void *p, size_t n));

#endif
