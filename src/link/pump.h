/* SPDX-License-Identifier: Apache-2.0
 *
 * Executes the actions of a machine, even if its owner's callbacks call the machine again: the
 * outer call executes the actions of nested calls.
 */
#ifndef NOON_LINK_PUMP_H
#define NOON_LINK_PUMP_H

#include <stdbool.h>

#include "base/action.h"

struct noon_pump {
	struct noon_actions wanted;  /**< by the machine: its verbs write here */
	struct noon_actions current; /**< being executed */
	bool running;
	void (*carry_out)(void *arg, const struct noon_action *a);
	/** No actions are left; not called by nested calls. */
	void (*done)(void *arg);
	void *arg;
};

/** Initialise; both functions are required. */
void noon_pump_init(struct noon_pump *p, void (*carry_out)(void *arg, const struct noon_action *a),
		    void (*done)(void *arg), void *arg);

/** Execute actions until none are left; a nested call does nothing. */
void noon_pump_run(struct noon_pump *p);

#endif
