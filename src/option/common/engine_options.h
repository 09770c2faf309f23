/* SPDX-License-Identifier: Apache-2.0
 *
 * Options of engine/conf.h, for whoever configures an engine: noonmarkd.conf and scenario files.
 * Their defaults are those of engine/conf.c.
 */
#ifndef NOON_OPTION_ENGINE_OPTIONS_H
#define NOON_OPTION_ENGINE_OPTIONS_H

#include "option/option.h"

extern const struct noon_option noon_engine_rows[];	 /**< of struct noon_engine_conf */
extern const struct noon_option noon_source_poll_rows[]; /**< of struct noon_source_conf */
extern const struct noon_option noon_source_vote_rows[]; /**< of the same */

#endif
