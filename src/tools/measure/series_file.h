/* SPDX-License-Identifier: Apache-2.0
 *
 * Measured series in text files: one sample a line, columns between commas, semicolons or white
 * space.
 *
 * Lines that are empty or begin with # or % are skipped, and so is a first line of column titles. A
 * missing value is "nan", "null", "-", or nothing between two commas: it is a gap. With a column of
 * time stamps, missing lines are gaps too.
 */
#ifndef NOON_TOOLS_SERIES_FILE_H
#define NOON_TOOLS_SERIES_FILE_H

#include <stddef.h>
#include <stdio.h>

#include "base/err.h"

/** Most samples, gaps included: 400 MB for each array of them. */
#define NOON_SERIES_FILE_MAX 50000000
/** Longest line, the line feed included. */
#define NOON_SERIES_LINE_MAX 2048
#define NOON_SERIES_WHY_MAX  512

struct noon_series_layout {
	size_t column;	    /**< of the values, from 1; 0: the first that is not of time stamps */
	size_t time_column; /**< of the time stamps, s, from 1; 0: there is none */
	double tau0;	    /**< spacing, s; 0: that of the first two time stamps */
	double unit;	    /**< what a value of 1 is worth */
};

/** What was read. Values are multiplied by the unit; a gap is NaN. */
struct noon_series_data {
	double *value;
	size_t n, capacity;
	size_t gaps;
	double tau0; /**< s */
};

/**
 * Read all of a file.
 * @param      name  of the file, for messages
 * @param[out] ret   noon_series_data_fini() it, also after an error
 * @param[out] why   names file, line, column, and what was expected; untouched on NOON_OK
 * @retval NOON_OK
 * @retval NOON_ERR_FORMAT  a line that cannot be understood
 * @retval NOON_ERR_EMPTY   no value
 * @retval NOON_ERR_LONG    more than NOON_SERIES_FILE_MAX samples, gaps included
 * @retval NOON_ERR_OS      it cannot be read, or no memory
 */
NOON_MUST_USE noon_err noon_series_read(FILE *f, const char *name,
					const struct noon_series_layout *layout,
					struct noon_series_data *ret,
					char why[NOON_SERIES_WHY_MAX]);

void noon_series_data_fini(struct noon_series_data *d);

#endif
