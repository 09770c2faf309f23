/* SPDX-License-Identifier: Apache-2.0
 *
 * K20: how long a server with a rotation period given by the user accepts a cookie.
 */
#ifndef NOON_CHECK_NTS_ROTATION_H
#define NOON_CHECK_NTS_ROTATION_H

#include "check/check.h"

/** Keep cookies for more than one, almost two, and more than three periods; skipped without a
 *  period. Takes a little more than three of them. */
void noon_check_rotation(const struct noon_check *self, struct noon_target *t,
			 struct noon_check_result *r);

#endif
