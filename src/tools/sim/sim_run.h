/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by the parts of `noonmark sim run`.
 */
#ifndef NOON_TOOLS_SIM_RUN_H
#define NOON_TOOLS_SIM_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/tally.h"
#include "sim/world.h"
#include "tools/core/tool.h"
#include "tools/sim/scenario_file.h"

/** Result of one run; no pointers, so that another process can send it. */
struct noon_sim_outcome {
	uint64_t seed;
	bool made;	 /**< false: the world could not be created */
	const char *why; /**< then; static */
	bool passed;
	bool held[NOON_SIM_EXPECTS];
	double value[NOON_SIM_EXPECTS]; /**< the figure of each expectation */
	struct noon_sim_tally tally;	/**< of all clients */
	uint64_t digest;
	bool pictured; /**< false: a picture was wanted and could not be written */
};

/**
 * Run a scenario.
 * @param picture  file to draw the run of the first client into, or NULL
 */
void noon_sim_outcome_of(const struct noon_scenario_file *f, uint64_t seed, const char *picture,
			 struct noon_sim_outcome *ret);

/** The runs of one file. */
struct noon_sim_result {
	const char *path;
	struct noon_scenario_file file;
	struct noon_sim_outcome *outcome; /**< outcome[seeds] */
	size_t seeds;
	const char *verb; /**< command that repeats a run; NULL: sim run with its seed */
};

/** Print a table of all results, and the command that repeats each failure. */
void noon_sim_print_table(const struct noon_sim_result *r, size_t n);
/** Print all results as one JSON object. */
void noon_sim_print_json(const struct noon_sim_result *r, size_t n);

/** Write the file's name without folder and suffix. */
void noon_sim_short_name(const char *path, char *out, size_t n);

/** A picture in construction: truth, estimate, bound and alarms over time. */
struct noon_sim_picture;

/** Start; NULL: no memory. */
struct noon_sim_picture *noon_sim_picture_new(const struct noon_scenario *s);
void noon_sim_picture_free(struct noon_sim_picture *p);
/** A noon_sim_on_look: record the first client. */
void noon_sim_picture_look(void *arg, const struct noon_sim_look *look);
/** Write the file, completely or not at all. @retval NOON_OK, NOON_ERR_OS */
NOON_MUST_USE noon_err noon_sim_picture_write(const struct noon_sim_picture *p, const char *path);

#endif
