/* SPDX-License-Identifier: Apache-2.0
 *
 * Hardware timestamps: enabled on an interface, and translated from the time scale of the card's
 * clock to CLOCK_REALTIME.
 *
 * The card's clock has to run free or be steered by us: each stamp is translated by a comparison
 * made at that moment, and another program that steps or slews the clock between stamp and
 * comparison makes it wrong by that much. The rate since the comparison before is checked for that.
 */
#ifndef NOON_PLATFORM_HWSTAMP_H
#define NOON_PLATFORM_HWSTAMP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/time.h"
#include "platform/clock/clock.h"

struct noon_hwstamp {
	struct noon_phc_device dev; /**< the card's clock; may be a simulated one */
};

/** A comparison of the card's clock with CLOCK_MONOTONIC_RAW. */
struct noon_hwstamp_look {
	bool valid; /**< false: the card could not be read; no stamp is translated by it */
	int64_t raw_ns;
	int64_t card_ns;
	noon_dur err; /**< of either against the other, ns */
};

/**
 * Enable stamps of all packets on an interface and open its clock. The setting persists.
 *
 * @param[out] ret_why  what failed, static; untouched on NOON_OK
 * @retval NOON_OK, NOON_ERR_NOT_FOUND (no such interface), NOON_ERR_PERM (needs CAP_NET_ADMIN),
 *         NOON_ERR_UNSUPPORTED (the card or its driver has none), NOON_ERR_OS
 */
NOON_MUST_USE noon_err noon_hwstamp_open(const char *interface, struct noon_hwstamp *ret,
					 const char **ret_why);

/** Deliver them on a socket, in addition to the kernel's. @retval NOON_OK, NOON_ERR_OS */
NOON_MUST_USE noon_err noon_hwstamp_want(int fd);

/** Compare the clocks before a packet is stamped. @param hw  NULL: there is no card */
struct noon_hwstamp_look noon_hwstamp_look(const struct noon_hwstamp *hw);

/**
 * Translate a stamp of the card to CLOCK_REALTIME.
 *
 * @param      since    comparison made before the stamp was taken
 * @param[out] ret_err  error: half the time the comparison took, and 1000 ppm of the stamp's age:
 *                      the steering and frequency error of a clock of ours
 * @retval NOON_OK
 * @retval NOON_ERR_RANGE  the stamp is in the future, older than 10 s or than `since`, or the
 * card's clock did not run steadily since then
 * @retval NOON_ERR_OS     the card cannot be read
 */
NOON_MUST_USE noon_err noon_hwstamp_to_real(const struct noon_hwstamp *hw,
					    const struct noon_hwstamp_look *since, int64_t card_ns,
					    int64_t *ret_real_ns, noon_dur *ret_err);

#endif
