/* SPDX-License-Identifier: Apache-2.0
 *
 * Instruments that compare a clock with a reference: pulses, time interval counters, receivers.
 *
 * What drivers and those who use them share; the table of drivers is in instruments.h.
 *
 * Signs: a pulse is an instant of the system clock. An interval is stop less start, with the pulse
 * of the system clock on the start channel and that of the reference on the stop channel: positive
 * where the system clock is ahead. An offset is reference - system clock.
 */
#ifndef NOON_PLATFORM_INSTRUMENT_H
#define NOON_PLATFORM_INSTRUMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/time.h"
#include "platform/loop.h"

enum noon_instrument_kind {
	NOON_INSTRUMENT_PULSE,	  /**< a pulse of the reference, stamped by the system clock */
	NOON_INSTRUMENT_INTERVAL, /**< between the pulses of both */
	NOON_INSTRUMENT_OFFSET,	  /**< of both clocks, read directly */
};

struct noon_instrument_reading {
	enum noon_instrument_kind kind;
	noon_time at;	/**< system clock: of the pulse, or when the reading came */
	double value_s; /**< interval or offset, s; a pulse: NAN */
	double u_s;	/**< standard uncertainty of the instrument alone, s, > 0 */
	bool lost;	/**< the instrument says that its own reference or time base is lost */
};

/* What a driver counts: name, word. */
#define NOON_INSTRUMENT_COUNT_LIST(X)                                                  \
	X(READINGS, "readings")	    /* handed on */                                    \
	X(COMMENTS, "comments")	    /* lines for people, and of other kinds */         \
	X(MALFORMED, "malformed")   /* neither a comment nor a reading; cut short */   \
	X(TIMEOUTS, "timeouts")	    /* the instrument says that it saw no pulse */     \
	X(OUT_OF_RANGE, "range")    /* an interval of more than a second and a half */ \
	X(MISSED, "missed")	    /* pulses that were not read in time */            \
	X(RECONNECTS, "reconnects") /* of the connection or the device */

enum noon_instrument_count {
#define NOON_INSTRUMENT_COUNT_ENUM(name, word) NOON_INSTRUMENT_COUNT_##name,
	NOON_INSTRUMENT_COUNT_LIST(NOON_INSTRUMENT_COUNT_ENUM)
#undef NOON_INSTRUMENT_COUNT_ENUM
		NOON_INSTRUMENT_COUNTS,
};

/** Neither callback may close the instrument. on_fault() may be called from within the opening. */
struct noon_instrument_conf {
	struct noon_loop *loop;
	/** A reading; borrowed for the call. */
	void (*on_reading)(void *arg, const struct noon_instrument_reading *r);
	/** Once when it falls silent or fails, a clause for people; the driver tries to go on. */
	void (*on_fault)(void *arg, const char *why);
	void *arg;
};

struct noon_instrument_driver;

/** The part that drivers share: first member of theirs. */
struct noon_instrument {
	const struct noon_instrument_driver *driver;
	struct noon_instrument_conf conf;
	uint64_t count[NOON_INSTRUMENT_COUNTS];
};

struct noon_instrument_why {
	char text[256]; /**< a clause */
};

struct noon_instrument_driver {
	const char *name;    /**< "ticc" */
	const char *address; /**< what follows the colon: "DEVICE" */
	const char *summary; /**< for --help */
	enum noon_instrument_kind kind;
	/** Begin. @param address  after the colon; borrowed for the call
	 *  @retval NOON_OK, others: see *why */
	noon_err (*open)(const char *address, const struct noon_instrument_conf *conf,
			 struct noon_instrument **ret, struct noon_instrument_why *why);
	void (*close)(struct noon_instrument *i);
};

#endif
