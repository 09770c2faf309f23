/* SPDX-License-Identifier: Apache-2.0
 *
 * A scenario with real daemons, relays between them, and virtual clocks, in a network namespace.
 */
#ifndef NOON_TOOLS_LAB_WORLD_H
#define NOON_TOOLS_LAB_WORLD_H

#include "base/err.h"
#include "sim/tally.h"
#include "tools/sim/scenario_file.h"

struct noon_lab_conf {
	const char *daemon; /**< NULL: noonmarkd beside this program */
	bool keep;	    /**< keep the folder with configurations and logs */
};

/** Result of a run; plain data, to be sent through a pipe. */
struct noon_lab_outcome {
	noon_err err;
	char why[256];				      /**< when err */
	char dir[64];				      /**< folder, if it was kept */
	struct noon_sim_tally client[NOON_SIM_NODES]; /**< by index of the node */
};

/**
 * Enter a new network namespace: directly as root, else below a user namespace. The calling process
 * stays in it.
 * @retval NOON_OK, NOON_ERR_PERM
 */
NOON_MUST_USE noon_err noon_lab_enter_namespace(void);

/**
 * Run a scenario in real time; it must have passed noon_lab_check().
 * @param stop  the run stops early when it is not 0
 */
void noon_lab_play(const struct noon_scenario *s, const struct noon_lab_conf *conf,
		   const volatile int *stop, struct noon_lab_outcome *ret);

#endif
