/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of instruments.
 *
 * One table of drivers serves calibration and reference clocks. A driver runs on the loop and never
 * blocks; what it cannot use it counts, and only says when nothing usable comes any more.
 *
 *     err = noon_instrument_open("ticc:/dev/ttyACM0", &conf, &instrument, &why);
 *     ... conf.on_reading() is called from the loop ...
 *     noon_instrument_close(instrument);
 */
#ifndef NOON_PLATFORM_INSTRUMENTS_H
#define NOON_PLATFORM_INSTRUMENTS_H

#include "platform/instruments/instrument.h"

/** All drivers; ends with NULL. */
extern const struct noon_instrument_driver *const noon_instruments[];

/** Return the driver of "NAME:ADDRESS"; NULL: none of that name. @param[out] ret_address  what
 *  follows the colon, "" where there is none */
const struct noon_instrument_driver *noon_instrument_find(const char *spec,
							  const char **ret_address);
/** Open "NAME:ADDRESS". @retval NOON_OK, NOON_ERR_FORMAT (no such driver, a bad address),
 *  NOON_ERR_NOT_FOUND, NOON_ERR_PERM, NOON_ERR_UNSUPPORTED, NOON_ERR_OS: see *why */
NOON_MUST_USE noon_err noon_instrument_open(const char *spec,
					    const struct noon_instrument_conf *conf,
					    struct noon_instrument **ret,
					    struct noon_instrument_why *why);
/** NULL is fine. */
void noon_instrument_close(struct noon_instrument *i);

/** The word of a count; static; any value. */
const char *noon_instrument_count_word(enum noon_instrument_count c);

#endif
