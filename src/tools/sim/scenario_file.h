/* SPDX-License-Identifier: Apache-2.0
 *
 * Scenario files: noonmark-scenario(5). Read by the simulator and for real daemons.
 */
#ifndef NOON_TOOLS_SCENARIO_FILE_H
#define NOON_TOOLS_SCENARIO_FILE_H

#include "base/err.h"
#include "sim/scenario.h"
#include "tools/sim/scenario_expect.h"

/** A scenario with its borrowed data. */
struct noon_scenario_file {
	struct noon_scenario s;
	struct noon_expect expect[NOON_SIM_EXPECTS]; /**< s.expect, parsed */
	double *recorded[NOON_SIM_PATHS * 2];	     /**< delays from files, owned; NULL: none */
	size_t n_recorded;
};

/**
 * Read a file; errors are printed with file and line.
 * @param[out] ret  to be freed whatever happens
 * @retval NOON_OK, NOON_ERR_NOT_FOUND, NOON_ERR_PERM, NOON_ERR_OS, NOON_ERR_FORMAT
 */
NOON_MUST_USE noon_err noon_scenario_read(const char *path, struct noon_scenario_file *ret);

void noon_scenario_file_fini(struct noon_scenario_file *f);

#endif
