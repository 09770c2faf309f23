/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers of instruments that speak SCPI: numbers separated by commas, and errors.
 */
#ifndef NOON_WIRE_SCPI_H
#define NOON_WIRE_SCPI_H

#include <stdbool.h>

#include "base/bytes.h"

#define NOON_SCPI_VALUES_MAX 64 /**< numbers in an answer */

struct noon_scpi_values {
	double v[NOON_SCPI_VALUES_MAX];
	size_t n;
};

/**
 * Read numbers such as "+1.23456789012345E-009,+2.3E-009".
 * @param[out] ret  untouched unless NOON_OK
 * @retval NOON_OK           at least one
 * @retval NOON_ERR_FORMAT   something else, or cut short in the middle of a number
 * @retval NOON_ERR_RANGE    an exponent of more than 99
 * @retval NOON_ERR_FULL     more than NOON_SCPI_VALUES_MAX
 */
NOON_MUST_USE noon_err noon_scpi_values(struct noon_bytes line, struct noon_scpi_values *ret);
/** Tell whether a number says that there was no measurement: 9.9E+37 and 9.91E+37 of either sign
 *  (SCPI 1999, volume 1, section 7.2.1.5; 53220A/53230A: the time-out). */
bool noon_scpi_is_none(double v);
/** Tell whether numbers are time stamps of a 53220A/53230A, whose first element is the prescaler: a
 *  whole number of 1 or more, and others behind it. */
bool noon_scpi_has_prescaler(const struct noon_scpi_values *v);
/** Read an answer to SYST:ERR?, such as `-113,"Undefined header"`. @param[out] ret_text  without
 *  quotation marks; borrowed from line. @retval NOON_OK, NOON_ERR_FORMAT: untouched */
NOON_MUST_USE noon_err noon_scpi_error(struct noon_bytes line, int *ret_code,
				       struct noon_bytes *ret_text);

#endif
