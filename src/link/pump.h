/* SPDX-License-Identifier: Apache-2.0
 *
 * Carries out what a machine wants, however often its owner's callbacks call the machine again
 * meanwhile: what they cause is carried out by the outer call.
 */
#ifndef NOON_LINK_PUMP_H
#define NOON_LINK_PUMP_H

#include <stdbool.h>

#include "base/action.h"

struct noon_pump {
	struct noon_actions wanted;  /**< by the machine: its verbs write here */
	struct noon_actions current; /**< being carried out */
	bool running;
	void (*carry_out)(void *arg, const struct noon_action *a);
	/** Nothing is wanted any more; not called by calls within a call. */
	void (*done)(void *arg);
	void *arg;
};

/** Set up; both functions are needed. */
void noon_pump_init(struct noon_pump *p, void (*carry_out)(void *arg, const struct noon_action *a),
		    void (*done)(void *arg), void *arg);

/** Carry out what is wanted until nothing is; within a call of carry_out it does nothing. */
void noon_pump_run(struct noon_pump *p);

#endif
