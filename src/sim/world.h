/* SPDX-License-Identifier: Apache-2.0
 *
 * A scenario in virtual time: the real machines of proto and engine, simulated clocks and paths,
 * and attackers between them.
 *
 * Scenario and seed determine everything: two worlds of equal seed see the same events to the
 * nanosecond. After every event of a client, and at equal distances, its reading is compared with
 * the truth. noon_aead_global_init() must have been called once in the process.
 */
#ifndef NOON_SIM_WORLD_H
#define NOON_SIM_WORLD_H

#include <stdint.h>

#include "base/err.h"
#include "base/time.h"
#include "engine/clock/reading.h"
#include "sim/scenario.h"
#include "sim/tally.h"

struct noon_world;

/** One comparison with the truth. */
struct noon_sim_look {
	uint32_t node;		      /**< of the scenario */
	noon_dur since;		      /**< the start, true time */
	double err_ns;		      /**< truth - C */
	double estimate_ns;	      /**< middle of the interval - C: what the client believes */
	const struct noon_reading *r; /**< borrowed for the call */
};

typedef void noon_sim_on_look(void *arg, const struct noon_sim_look *look);

/**
 * Make a world.
 * @param      s     checked; borrowed for the life of the world
 * @param      seed  replaces s->seed
 * @param[out] ret   untouched unless NOON_OK
 * @retval NOON_OK
 * @retval NOON_ERR_RANGE   noon_scenario_check() refuses it
 * @retval NOON_ERR_CRYPTO  TLS or AEAD failed
 */
NOON_MUST_USE noon_err noon_world_new(const struct noon_scenario *s, uint64_t seed,
				      struct noon_world **ret);
void noon_world_free(struct noon_world *w);

/** Pass every comparison at equal distances to fn; set before the first run. */
void noon_world_watch(struct noon_world *w, noon_sim_on_look *fn, void *arg);

/** Advance time up to `until` after the start. */
void noon_world_run(struct noon_world *w, noon_dur until);

/** Return the tally of a client; empty for a node that is none. */
struct noon_sim_tally noon_world_tally(const struct noon_world *w, uint32_t node);
/** Return the tally of all clients together. */
struct noon_sim_tally noon_world_total(const struct noon_world *w);

/** Return a number that depends on every comparison so far: equal for equal runs. */
uint64_t noon_world_digest(const struct noon_world *w);

#endif
