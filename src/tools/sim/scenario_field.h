/* SPDX-License-Identifier: Apache-2.0
 *
 * The options of a scenario file, as tables: where a value goes and what it may be.
 */
#ifndef NOON_TOOLS_SCENARIO_FIELD_H
#define NOON_TOOLS_SCENARIO_FIELD_H

#include <stddef.h>

#include "base/err.h"
#include "sim/scenario.h"

enum noon_field_type {
	NOON_FIELD_DUR,		  /**< noon_dur, any sign */
	NOON_FIELD_DUR_LEAST_0,	  /**< noon_dur, >= 0 */
	NOON_FIELD_DUR_ABOVE_0,	  /**< noon_dur, > 0 */
	NOON_FIELD_NS,		  /**< double, ns, any sign */
	NOON_FIELD_NS_LEAST_0,	  /**< double, ns, >= 0 */
	NOON_FIELD_FREQ,	  /**< double */
	NOON_FIELD_NUMBER,	  /**< double, >= 0 */
	NOON_FIELD_PROBABILITY,	  /**< double, 0..1 */
	NOON_FIELD_RATE,	  /**< double, bit/s, >= 0 */
	NOON_FIELD_SLOPE,	  /**< double, s/s */
	NOON_FIELD_INT8,	  /**< int8_t */
	NOON_FIELD_UINT8,	  /**< uint8_t */
	NOON_FIELD_INT,		  /**< int */
	NOON_FIELD_UINT,	  /**< unsigned */
	NOON_FIELD_UINT64,	  /**< uint64_t */
	NOON_FIELD_BOOL,	  /**< bool */
	NOON_FIELD_QUEUE,	  /**< enum noon_queue_kind */
	NOON_FIELD_JITTER,	  /**< exponential queueing of this mean; of a whole link */
	NOON_FIELD_UNIFORM,	  /**< uniform queueing of this width; of a whole link */
	NOON_FIELD_DIRECTION,	  /**< unsigned */
	NOON_FIELD_LEAP,	  /**< enum noon_leap */
	NOON_FIELD_ATTACK,	  /**< enum noon_attack_kind */
	NOON_FIELD_MACHINE_EVENT, /**< enum noon_machine_event_kind */
	NOON_FIELD_WALK,	  /**< double, per sqrt(s), >= 0 */
	NOON_FIELD_KISS,	  /**< uint32_t */
	NOON_FIELD_PRESET,	  /**< struct noon_osc_conf */
	NOON_FIELD_HANDSHAKE,	  /**< bool: real */
	NOON_FIELD_PROTOCOL,	  /**< bool: ptp */
	NOON_FIELD_MINIMA,	  /**< checked, and taken by the owner */
	NOON_FIELD_TEXT,	  /**< taken by the owner */
};

struct noon_field {
	const char *name; /**< NULL ends a table */
	enum noon_field_type type;
	size_t offset;
};

extern const struct noon_field noon_scenario_top[];
extern const struct noon_field noon_scenario_node[];   /**< of struct noon_sim_node */
extern const struct noon_field noon_scenario_client[]; /**< the same, clients only */
extern const struct noon_field noon_scenario_link[];   /**< of struct noon_link_conf */
extern const struct noon_field noon_scenario_path[];   /**< of struct noon_sim_path */
extern const struct noon_field noon_scenario_seeker[]; /**< of struct noon_sim_seeker_conf */
extern const struct noon_field noon_scenario_attack[]; /**< of struct noon_sim_attack */
extern const struct noon_field noon_scenario_event[];  /**< of struct noon_machine_event */

/** Read a value into the struct at base; returns what was expected, NULL when all is well. */
const char *noon_field_set(const struct noon_field *f, const char *text, void *base);

/** Where the minima of a path come from. */
enum noon_minima_from {
	NOON_MINIMA_FROM_NOTHING, /**< 0 */
	NOON_MINIMA_FROM_LIGHT,	  /**< length / c */
	NOON_MINIMA_FROM_LINKS,	  /**< the least delay of the links, as a perfect survey finds it */
};

/** @retval NOON_OK, NOON_ERR_NOT_FOUND */
NOON_MUST_USE noon_err noon_minima_from_find(const char *text, enum noon_minima_from *ret);

#endif
