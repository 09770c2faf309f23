/* SPDX-License-Identifier: Apache-2.0
 *
 * The limits of a guard, for people, as JSON, and as a picture.
 */
#ifndef NOON_TOOLS_GUARD_LIMITS_H
#define NOON_TOOLS_GUARD_LIMITS_H

#include <jansson.h>

#include "base/err.h"
#include "estimate/guard/guard.h"
#include "store/baseline_file.h"

/** Print what the guard finds, and every limit. */
void noon_guard_limits_print(const struct noon_guard_plan *p);

/** Return the same as a new JSON object; a limit that is never reached is omitted. */
json_t *noon_guard_limits_json(const struct noon_guard_plan *p);

/**
 * Draw the law of the round trips with the limits of single values and of batches.
 * @param p            NULL: there is no plan, only the law is drawn
 * @param path_id      for the title
 * @param to           file; replaced atomically
 * @param[out] ret_why a sentence, on failure
 */
NOON_MUST_USE noon_err noon_guard_limits_draw(const struct noon_law *law,
					      const struct noon_guard_plan *p, const char *path_id,
					      const char *to, char ret_why[NOON_BASELINE_WHY_MAX]);

#endif
