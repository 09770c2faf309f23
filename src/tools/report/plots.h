/* SPDX-License-Identifier: Apache-2.0
 *
 * The plots of a campaign's report. Each is written as a figure of HTML with its caption, and
 * nothing is written where there is nothing to show.
 */
#ifndef NOON_TOOLS_PLOTS_H
#define NOON_TOOLS_PLOTS_H

#include <stdio.h>

#include "tools/campaign/result.h"

/** Write all that a result has, in the order in which they are read.
 *  @retval NOON_OK, NOON_ERR_OS (no memory) */
NOON_MUST_USE noon_err noon_plots(FILE *f, const struct noon_result *r);

#endif
