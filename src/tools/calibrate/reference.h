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
	const char *spec;	  /**< "system", "page", "page:PATH", or an instrument */
	noon_dur bound;		  /**< declared of `system`, or on top of an instrument, ns;
				   *   NOON_DUR_MAX: none */
	double u_s;		  /**< standard uncertainty, likewise, s */
	noon_dur delay;		  /**< of cables from the reference to the instrument, ns */
	const char *traceability; /**< for people: the chain to UTC; NULL: not stated */
};

struct noon_reference;

struct noon_reference_why {
	char text[300]; /**< a clause */
};

/** Begin. @param loop  runs while it is open @retval NOON_OK, others: see *why */
NOON_MUST_USE noon_err noon_reference_open(const struct noon_reference_conf *conf,
					   struct noon_loop *loop, struct noon_reference **ret,
					   struct noon_reference_why *why);
/** What is known of T(C) now; a step of the system clock since the last call makes it BROKEN. */
void noon_reference_read(struct noon_reference *r, struct noon_reference_reading *ret);
/** NULL is fine. */
void noon_reference_close(struct noon_reference *r);

#endif
