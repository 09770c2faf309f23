/* SPDX-License-Identifier: Apache-2.0
 *
 * A figure of HTML: a plot and its caption; and the units that a plot's axes are best read in.
 */
#ifndef NOON_TOOLS_FIGURE_H
#define NOON_TOOLS_FIGURE_H

#include <stdio.h>

#include "base/err.h"
#include "tools/core/svg.h"

struct noon_unit {
	double factor; /**< of s */
	const char *name;
};

/** The unit of values that span `span` s: s, ms, us or ns. */
struct noon_unit noon_unit_of(double span);
/** The unit of a campaign of that length: s, min, h or d. */
struct noon_unit noon_unit_of_duration(double s);

/** How offsets are shown: from zero, or from the result where they differ from it by much less. */
struct noon_offset_axis {
	double zero; /**< s, taken off all values */
	struct noon_unit unit;
	char name[48];
};

/** Choose for offsets from low to high, s. @param x  the result; NaN: there is none */
struct noon_offset_axis noon_offset_axis(double low, double high, double x);
/** A value, s, on that axis. */
double noon_on_axis(const struct noon_offset_axis *a, double v);

/** Write text with what HTML reserves escaped. */
void noon_html_text(FILE *f, const char *text);

/** End the plot and write it with its caption, as printf. @retval NOON_OK, NOON_ERR_OS */
__attribute__((format(printf, 3, 4))) NOON_MUST_USE noon_err noon_figure(FILE *f,
									 struct noon_svg *plot,
									 const char *caption, ...);

#endif
