/* SPDX-License-Identifier: Apache-2.0
 *
 * Attacks of a scenario as commands for a relay.
 */
#ifndef NOON_TOOLS_LAB_ATTACK_H
#define NOON_TOOLS_LAB_ATTACK_H

#include <stddef.h>

#include "base/err.h"
#include "sim/scenario.h"

#define NOON_LAB_SPEC 256 /**< bytes of a command, with the final NUL */

/**
 * Tell whether real daemons and relays can run a scenario.
 * @param[out] why  what cannot be run, untouched on NOON_OK
 * @retval NOON_OK, NOON_ERR_UNSUPPORTED
 */
NOON_MUST_USE noon_err noon_lab_check(const struct noon_scenario *s, char *why, size_t n);

/** Return the mask of the attacks that concern a direction (0 forward, 1 reverse) of a path at an
 *  instant, ns after the start. */
unsigned noon_lab_active(const struct noon_scenario *s, size_t path, unsigned direction,
			 noon_dur at);

/**
 * Write the relay's impairment of a direction of a path: its link and the attacks of the mask, as
 * after "forward " or "reverse " (tools/lab/impair.h).
 * @param at  ns after the start: a ramp that began earlier has grown since
 */
void noon_lab_spec(const struct noon_scenario *s, size_t path, unsigned direction, unsigned mask,
		   noon_dur at, char spec[NOON_LAB_SPEC]);

#endif
