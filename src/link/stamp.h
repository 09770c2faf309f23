/* SPDX-License-Identifier: Apache-2.0
 *
 * Time stamps of kernel and card, translated into the free-running time h of a clock.
 */
#ifndef NOON_LINK_STAMP_H
#define NOON_LINK_STAMP_H

#include "base/action.h"
#include "platform/clock/clock.h"

/** When a packet arrived or left, as the kernel says. */
struct noon_link_stamp {
	enum noon_stamp kind;	   /**< USER: there is none, the rest is unused */
	int64_t real_ns;	   /**< CLOCK_REALTIME */
	noon_dur err;		   /**< of real_ns, beyond that of the kernel's stamp, ns, >= 0 */
	struct noon_instant since; /**< before the stamp was taken */
};

/**
 * Set the arrival of a packet: at, stamp and stamp_err of `rx`, whose `now` is set. Without a
 * stamp, or if it cannot be translated (CLOCK_REALTIME was stepped since), it is `now`.
 */
void noon_stamp_arrival(struct noon_clock *c, const struct noon_link_stamp *s, struct noon_rx *rx);

/**
 * Translate the departure of a request, never later than it was: an earlier departure can only
 * widen the interval.
 * @retval NOON_OK, and as noon_clock_from_stamp()
 */
NOON_MUST_USE noon_err noon_stamp_departure(struct noon_clock *c, const struct noon_link_stamp *s,
					    noon_time *ret);

#endif
