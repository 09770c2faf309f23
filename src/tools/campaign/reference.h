/* SPDX-License-Identifier: Apache-2.0
 *
 * The reference of a calibration: what is known of T(C), the system clock of this machine, on whose
 * scale samples are read. Nothing here ever steers that clock.
 */
#ifndef NOON_TOOLS_REFERENCE_H
#define NOON_TOOLS_REFERENCE_H

#include "platform/loop.h"
#include "store/campaigns.h"

struct noon_reference_conf {
	const char
		*spec;	/**< "system", "page", "page:PATH", or of an instrument, "pps:/dev/pps0" */
	noon_dur bound; /**< as declared, ns; NOON_DUR_MAX: none. Of `system`: of T(C); of an
			 *   instrument: of what it shows, cables and the instrument included */
	double u_s;	/**< standard uncertainty of that, as declared, s */
	noon_dur holdover;	  /**< an instrument may be silent for so long, ns >= 0 ... */
	double holdover_rate;	  /**< ... while T(C) drifts by no more than this, fractional */
	const char *traceability; /**< for people: the chain to UTC; NULL: not stated */
	/** An instrument fell silent or failed, or contradicts itself; NULL: not wanted. */
	void (*on_fault)(void *arg, const char *why);
	void *arg;
};

struct noon_reference;

struct noon_reference_why {
	char text[300]; /**< a clause */
};

/** Begin. @param loop  that instruments run on
 *  @retval NOON_OK, others: see *why */
NOON_MUST_USE noon_err noon_reference_open(const struct noon_reference_conf *conf,
					   struct noon_loop *loop, struct noon_reference **ret,
					   struct noon_reference_why *why);
/** Whether it has a reading: an instrument may need seconds. */
bool noon_reference_ready(const struct noon_reference *r);
/** What is known of T(C) now. A step of the system clock since the last call makes it BROKEN, and
 *  so do readings of an instrument that contradict those before them. */
void noon_reference_read(struct noon_reference *r, struct noon_reference_reading *ret);
/** NULL is fine. */
void noon_reference_close(struct noon_reference *r);

#endif
