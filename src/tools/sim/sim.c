/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark sim: the verbs of the simulator.
 */
#include "tools/sim/sim.h"

static const struct noon_verb *const parts[] = {&noon_sim_run, &noon_sim_paper, NULL};

const struct noon_verb noon_verb_sim = {
	.name = "sim",
	.summary = "simulate clocks, networks and attacks",
	.about = "Simulate scenarios with their attacks, or the delay-attack test on a channel of\n"
		 "routers.\n",
	.parts = parts,
};
