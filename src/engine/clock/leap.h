/* SPDX-License-Identifier: Apache-2.0
 *
 * When does a leap second take effect, and what is UTC meanwhile?
 *
 * It happens at the end of the last day of a UTC month (RFC 5905, section 7.3). The POSIX count of
 * UTC then repeats a second (inserted) or leaves one out (deleted). Whoever knows UTC to an
 * interval knows the instant of the leap to an interval as well: from when the later end reaches it
 * until the earlier end has passed it, the count may be on either side, and what is stated has to
 * cover both.
 *
 * The list of leap seconds decides as long as it has not expired. Without one the sources do, by a
 * vote; where their vote leaves it open, the leap is disputed: nothing is known of the count around
 * midnight, and what was measured before is worth nothing after it.
 */
#ifndef NOON_ENGINE_LEAP_H
#define NOON_ENGINE_LEAP_H

#include <stdbool.h>

#include "base/leap.h"
#include "base/sample.h"
#include "base/time.h"
#include "estimate/bound/interval.h"

/** What the sources say of a leap second at the end of the month. */
struct noon_leap_vote {
	enum noon_leap leap; /**< announced by more than half, and by more than can lie */
	bool disputed;	     /**< some announce one, and neither side is more than can lie */
};

struct noon_leap_plan {
	noon_time from;	 /**< UTC count at which it may take effect; NOON_TIME_NEVER: none */
	noon_time until; /**< count at which it has: act when UTC is certainly not before this */
	noon_dur shift;	 /**< of the count: -1 s inserted, +1 s deleted, 0 disputed */
	noon_time done;	 /**< midnight of the last one acted upon; NOON_TIME_FIRST: none */
};

enum noon_leap_act {
	NOON_LEAP_ACT_NONE,
	NOON_LEAP_ACT_SHIFT,  /**< shift the UTC scale by `shift` */
	NOON_LEAP_ACT_FORGET, /**< forget what was measured: whether it shifted is not known */
};

void noon_leap_plan_init(struct noon_leap_plan *p);

/**
 * Take note of what is announced.
 *
 * An announcement on any other day than the last one of a month, or one that was acted upon, does
 * nothing; nor does any once the leap may have taken effect.
 *
 * @param vote  of the sources
 * @param list  decides, if it covers the coming midnight
 * @param utc   UTC now, ns since 1970: earliest, latest
 */
void noon_leap_plan_announce(struct noon_leap_plan *p, const struct noon_leap_vote *vote,
			     const struct noon_leap_list *list, struct noon_interval utc);

/** Tell what to do now; once for each leap. @param[out] ret_shift  ns; set for SHIFT only */
enum noon_leap_act noon_leap_plan_take(struct noon_leap_plan *p, noon_time earliest,
				       noon_dur *ret_shift);

/**
 * Widen an interval of UTC, as counted before the leap, so that it holds UTC whether the leap has
 * taken effect or not.
 * @param  utc  ns since 1970: earliest, latest
 * @return whether the leap may have taken effect; false leaves *utc as it is
 */
bool noon_leap_plan_cover(const struct noon_leap_plan *p, struct noon_interval *utc);

/**
 * Tell when a count of seconds may mean two instants or none: the second before the end of the day
 * of the leap second, by the count, which is gone through twice (insertion) or not at all.
 *
 * @param[out] ret_from   NOON_TIME_NEVER: no leap second is or was announced
 * @param[out] ret_until  NOON_TIME_NEVER until the leap second has been taken
 */
void noon_leap_plan_window(const struct noon_leap_plan *p, noon_time *ret_from,
			   noon_time *ret_until);

/** Return the shift that the list has for the end of the month of `utc`, ns; 0: none.
 *  @param[out] ret_known  whether the list reaches so far */
noon_dur noon_leap_list_month(const struct noon_leap_list *list, noon_time utc, bool *ret_known);

/** Tell whether an instant is within `margin` of a midnight at which a month begins. */
bool noon_leap_is_near(noon_time utc, noon_dur margin);

/** Tell whether a month begins after `a` and not after `b`. */
bool noon_leap_is_between(noon_time a, noon_time b);

/** Return the shift of the count that an announcement means, ns; 0: none. */
noon_dur noon_leap_shift(enum noon_leap leap);

#endif
