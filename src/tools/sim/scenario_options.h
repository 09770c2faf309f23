/* SPDX-License-Identifier: Apache-2.0
 *
 * The options of a scenario file, as tables: noonmark-scenario(5).
 */
#ifndef NOON_TOOLS_SCENARIO_OPTIONS_H
#define NOON_TOOLS_SCENARIO_OPTIONS_H

#include "option/option_file.h"
#include "sim/scenario.h"

/** The file; its own options fill a struct noon_scenario. */
extern const struct noon_section noon_scenario_section;

/** Its sections. */
extern const struct noon_section noon_scenario_server; /**< of struct noon_sim_node */
extern const struct noon_section noon_scenario_client; /**< of the same */
extern const struct noon_section noon_scenario_path;   /**< of struct noon_scenario_path */
extern const struct noon_section noon_scenario_seeker; /**< of struct noon_sim_seeker_conf */
extern const struct noon_section noon_scenario_attack; /**< of struct noon_sim_attack */
extern const struct noon_section noon_scenario_event;  /**< of struct noon_machine_event */

/** Of "forward" and "reverse" of a path, over what the path says: of struct noon_net_link_conf. */
extern const struct noon_option noon_scenario_link_rows[];

/** Source of the minima of a path. */
enum noon_minima_from {
	NOON_MINIMA_FROM_NOTHING, /**< 0 */
	NOON_MINIMA_FROM_LIGHT,	  /**< length / c */
	NOON_MINIMA_FROM_LINKS,	  /**< the least delay of the links, as a perfect survey finds it */
};

/** Contents of a section "path". */
struct noon_scenario_path {
	struct noon_sim_path path;	/**< except its links, name and ends */
	struct noon_net_link_conf both; /**< of both directions */
	enum noon_minima_from minima;
};

#endif
