/* SPDX-License-Identifier: Apache-2.0
 *
 * The reference of a calibration: what is known of T(C), the system clock of this machine, on whose
 * scale samples are read. Nothing here ever steers that clock.
 */
#ifndef NOON_TOOLS_REFERENCE_H
#define NOON_TOOLS_REFERENCE_H

#include "store/campaigns.h"

struct noon_reference_conf {
	const char *spec;	  /**< "system", "page" or "page:PATH" */
	noon_dur bound;		  /**< of `system`, as declared, ns; NOON_DUR_MAX: none */
	double u_s;		  /**< standard uncertainty of it, as declared, s */
	const char *traceability; /**< for people: the chain to UTC; NULL: not stated */
};

struct noon_reference;

struct noon_reference_why {
	char text[300]; /**< a clause */
};

/** Begin. @retval NOON_OK, others: see *why */
NOON_MUST_USE noon_err noon_reference_open(const struct noon_reference_conf *conf,
					   struct noon_reference **ret,
					   struct noon_reference_why *why);
/** What is known of T(C) now; a step of the system clock since the last call makes it BROKEN. */
void noon_reference_read(struct noon_reference *r, struct noon_reference_reading *ret);
/** NULL is fine. */
void noon_reference_close(struct noon_reference *r);

#endif
