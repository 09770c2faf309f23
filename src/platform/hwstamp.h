/* SPDX-License-Identifier: Apache-2.0
 *
 * Hardware timestamps: switched on for an interface, and translated from the time scale of the
 * card's clock to CLOCK_REALTIME.
 *
 * The card's clock may run free: each stamp is translated by a comparison made at that moment.
 */
#ifndef NOON_PLATFORM_HWSTAMP_H
#define NOON_PLATFORM_HWSTAMP_H

#include <stdint.h>

#include "base/err.h"
#include "base/time.h"
#include "platform/clock.h"

struct noon_hwstamp {
	struct noon_phc_device dev; /**< the card's clock; may be a simulated one */
};

/**
 * Switch stamps of all packets on for an interface and open its clock. The setting stays until
 * somebody else changes it.
 *
 * @param[out] ret_why  what failed, static; untouched on NOON_OK
 * @retval NOON_OK, NOON_ERR_NOT_FOUND (no such interface), NOON_ERR_PERM (needs CAP_NET_ADMIN),
 *         NOON_ERR_UNSUPPORTED (the card or its driver has none), NOON_ERR_OS
 */
NOON_MUST_USE noon_err noon_hwstamp_open(const char *interface, struct noon_hwstamp *ret,
					 const char **ret_why);

/** Let a socket deliver them, beside those of the kernel. @retval NOON_OK, NOON_ERR_OS */
NOON_MUST_USE noon_err noon_hwstamp_want(int fd);

/**
 * Translate a stamp of the card to CLOCK_REALTIME.
 *
 * @param[out] ret_err  error: half the time the comparison took, and 100 ppm of the stamp's age
 *                      for a card's clock that nobody steers
 * @retval NOON_OK, NOON_ERR_RANGE (in the future or older than 10 s: the card's clock was stepped),
 *         NOON_ERR_OS
 */
NOON_MUST_USE noon_err noon_hwstamp_to_real(const struct noon_hwstamp *hw, int64_t card_ns,
					    int64_t *ret_real_ns, noon_dur *ret_err);

#endif
