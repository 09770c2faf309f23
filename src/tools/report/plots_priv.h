/* SPDX-License-Identifier: Apache-2.0
 *
 * The plots one by one. Each: @retval NOON_OK (also where there is nothing to show), NOON_ERR_OS
 */
#ifndef NOON_TOOLS_PLOTS_PRIV_H
#define NOON_TOOLS_PLOTS_PRIV_H

#include <stdio.h>

#include "tools/campaign/result.h"

/** Offset against the round trip, with the wedge in which the half-delay law puts all of them. */
NOON_MUST_USE noon_err noon_plot_wedge(FILE *f, const struct noon_result *r);
/** What each sample of a service that only stamps proves, around the hard bound. */
NOON_MUST_USE noon_err noon_plot_ends(FILE *f, const struct noon_result *r);
/** How often which offset, and which round trip, was read. */
NOON_MUST_USE noon_err noon_plot_histograms(FILE *f, const struct noon_result *r);
/** TDEV and MTIE of the offsets. */
NOON_MUST_USE noon_err noon_plot_stability(FILE *f, const struct noon_result *r);
/** Half-width of the hard bound against the number of samples. */
NOON_MUST_USE noon_err noon_plot_narrowing(FILE *f, const struct noon_result *r);

#endif
