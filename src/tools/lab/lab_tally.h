/* SPDX-License-Identifier: Apache-2.0
 *
 * Converts readings of a real daemon to the tally of a scenario, the truth being CLOCK_REALTIME.
 */
#ifndef NOON_TOOLS_LAB_TALLY_H
#define NOON_TOOLS_LAB_TALLY_H

#include <jansson.h>

#include "sim/tally.h"

/** A client's tally, and the state kept from the reading before. */
struct noon_lab_tally {
	struct noon_sim_tally t;
	char state[16];	   /**< of the last reading */
	uint32_t findings; /**< active in the last reading */
	noon_dur at;	   /**< of the last reading, ns after the start */
	bool begun;
};

void noon_lab_tally_init(struct noon_lab_tally *l, noon_dur first_attack);

/** Process an answer to the command "status", `at` ns after the start. */
void noon_lab_tally_take(struct noon_lab_tally *l, const json_t *status, noon_dur at);

/** Return whether a metric can be measured from outside a daemon. */
bool noon_lab_measures(const char *metric);

#endif
