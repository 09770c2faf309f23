/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts of the daytime protocol (RFC 867), which has no syntax: one line of printing characters.
 *
 * What servers really send is a table of dialects. A dialect is a template; the same template
 * writes a text and reads one. In a template stand for
 *
 *     %Y %y  year, four and two digits        %J  Modified Julian Date, five digits
 *     %m     month, two digits                %T  DST code of NIST, two digits
 *     %b %P  month, "Nov" and "NOV"           %L  leap flag of NIST, 0 to 2
 *     %B     month, "November"                %h  health digit of NIST
 *     %d %e  day, "02" and " 2"               %v  msADV of NIST, "050.0"
 *     %D     day, "2"                         %l  label of NIST, "UTC(NIST)"
 *     %a %A  weekday, "Sun" and "Sunday"      %o  on-time marker of NIST, "*" or "#"
 *     %H %M %S  hour, minute, second          %Z  zone, a word
 *
 * a blank for one blank or, in reading, more, and everything else for itself. A text is taken only
 * if it is possible: the day exists, weekday and MJD agree with it, 60 is the second of a leap
 * second at the end of a UTC month.
 */
#ifndef NOON_WIRE_DAYTIME_H
#define NOON_WIRE_DAYTIME_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/time.h"

#define NOON_DAYTIME_MAX       128 /**< bytes of a text that is read */
#define NOON_DAYTIME_OUT_MAX   64  /**< bytes of a text that is written */
#define NOON_DAYTIME_LABEL_MAX 15

/** Years that are read and written. */
#define NOON_DAYTIME_YEAR_MIN 1900
#define NOON_DAYTIME_YEAR_MAX 2199

struct noon_daytime {
	noon_time utc;	  /**< beginning of the second that is said; of 23:59:60 that of 23:59:59 */
	bool leap_second; /**< the text says 23:59:60 */
	uint8_t dst;	  /**< TT: 0 standard time in the USA, 50 daylight saving time, or days to
			       a change */
	uint8_t leap;	  /**< L: 1, 2: a second is inserted, deleted at the end of the month */
	uint8_t health;	  /**< H: 0 healthy; above, the text must not be used */
	uint16_t advance; /**< msADV: the text is sent that much early, 0.1 ms, 0..9999 */
	bool on_time;	  /**< the marker is "#": the advance is a measured delay */
	char label[NOON_DAYTIME_LABEL_MAX + 1]; /**< "UTC(NIST)"; "" writes "UTC" */
};

struct noon_daytime_dialect {
	const char *name;	 /**< as options name it */
	const char *template;	 /**< without the ends of the line */
	const char *before;	 /**< what a server sends before it */
	const char *after;	 /**< and behind it */
	bool says_zone;		 /**< else UTC is assumed */
	bool says_advance;	 /**< msADV is in it */
	const char *description; /**< and source, one line */
};

/** Return dialect i of the table, static; NULL behind the last one. */
const struct noon_daytime_dialect *noon_daytime_dialect(size_t i);
/** Return the dialect of a name, static; NULL if there is none. */
const struct noon_daytime_dialect *noon_daytime_dialect_find(const char *name);

/** Tell whether a label can be written: "", "UTC", or "UTC(NIST)" with other capitals, at most
 *  NOON_DAYTIME_LABEL_MAX characters in all. */
bool noon_daytime_is_label(const char *label);

/**
 * Append a text, at most NOON_DAYTIME_OUT_MAX bytes.
 * @retval NOON_OK
 * @retval NOON_ERR_RANGE  a year outside of the limits, an MJD of more than five digits, or a field
 *                         of NIST out of range
 * @retval NOON_ERR_FULL
 */
NOON_MUST_USE noon_err noon_daytime_put(struct noon_wr *wr,
					const struct noon_daytime_dialect *dialect,
					const struct noon_daytime *d);

/**
 * Read a text. Carriage returns, line feeds and blanks at both ends do not count.
 *
 * @param dialect           the only one to try; NULL: all of the table
 * @param pivot             a year of two digits is the nearest one to it, but where an MJD tells
 * @param[out] ret          fields that the dialect does not have are zero
 * @param[out] ret_dialect  the one it was; may be NULL
 * @retval NOON_OK
 * @retval NOON_ERR_EMPTY   nothing but line ends
 * @retval NOON_ERR_LONG    more than NOON_DAYTIME_MAX bytes
 * @retval NOON_ERR_FORMAT  no dialect fits
 * @retval NOON_ERR_RANGE   one fits, but there is no such instant
 */
NOON_MUST_USE noon_err noon_daytime_get(struct noon_bytes text,
					const struct noon_daytime_dialect *dialect, noon_time pivot,
					struct noon_daytime *ret,
					const struct noon_daytime_dialect **ret_dialect);

#endif
