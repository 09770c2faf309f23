/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark sim: the verbs of the simulator.
 */
#include "tools/sim/sim.h"

#include <stdio.h>
#include <string.h>

static const struct noon_verb *const verbs[] = {
	&noon_sim_run,
	&noon_sim_paper,
};

static int run(const struct noon_verb *self, int argc, char **argv)
{
	char name[64];

	if (argc < 2)
		return noon_tool_usage(self, "which simulation?");
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return noon_tool_help(self);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		const char *word = strrchr(verbs[i]->name, ' ');

		if (word == NULL || strcmp(argv[1], word + 1) != 0)
			continue;
		/* getopt's own messages begin with this. */
		(void)snprintf(name, sizeof(name), "noonmark %s", verbs[i]->name);
		argv[1] = name;
		return verbs[i]->run(verbs[i], argc - 1, argv + 1);
	}
	return noon_tool_usage(self, "unknown simulation \"%s\"", argv[1]);
}

const struct noon_verb noon_verb_sim = {
	.name = "sim",
	.summary = "simulate clocks, networks and attacks",
	.help = "Usage: noonmark sim run [OPTION]... FILE...\n"
		"       noonmark sim paper [OPTION]...\n"
		"Simulate. 'noonmark sim WORD --help' tells more.\n"
		"\n"
		"  run    scenarios with their attacks, and what they promise\n"
		"  paper  the delay-attack test on a channel of routers: exact law and "
		"simulation\n",
	.run = run,
};
