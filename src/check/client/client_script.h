/* SPDX-License-Identifier: Apache-2.0
 *
 * The answer to each request of a client under test.
 *
 * The script has three parts: one answer for each request number, then NAKs to the first keys until
 * the client has exchanged new ones, then silence. The first exchange after the NAKs is refused, to
 * see what the client does with its old keys meanwhile. Good answers between the bad ones let a
 * client refill its cookies and return to normal polling.
 */
#ifndef NOON_CHECK_CLIENT_SCRIPT_H
#define NOON_CHECK_CLIENT_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

enum noon_check_client_step {
	NOON_STEP_GOOD,
	NOON_STEP_BARE,	      /**< time without an authenticator, then the good answer */
	NOON_STEP_TAMPERED,   /**< an authenticator that does not verify, then the good answer */
	NOON_STEP_OTHER_UID,  /**< authentic time with another identifier, then the good answer */
	NOON_STEP_NAK_OTHER,  /**< a NAK with another identifier, and nothing else */
	NOON_STEP_NAK_FIRST,  /**< a NAK with the right identifier, then the good answer */
	NOON_STEP_NAK_ONLY,   /**< a NAK with the right identifier, and nothing else */
	NOON_STEP_KISS_OTHER, /**< DENY with another identifier, then the good answer */
	NOON_STEP_KISS_DENY,  /**< DENY with the right identifier, then the good answer */
	NOON_STEP_KISS_RATE,  /**< RATE with the right identifier, then the good answer */
	NOON_STEP_ZERO,	      /**< a good answer with a cookie of no bytes */
	NOON_STEP_HUGE,	      /**< a good answer with a huge cookie */
	NOON_STEP_SILENT,     /**< nothing, and key exchanges fail */
};

/** Where the NAKs begin, and how many there are for a client that keeps its old keys: as many as
 *  it has cookies. */
#define NOON_CHECK_CLIENT_NAKS_FROM 44
#define NOON_CHECK_CLIENT_NAKS	    8
/** Good answers before the silence, to a client with new keys. */
#define NOON_CHECK_CLIENT_LAST_GOOD 4
/** Cookies of an exchange after the NAKs: few, so that they soon run out in the silence. */
#define NOON_CHECK_CLIENT_LAST_COOKIES 3

/**
 * Return the step of a request.
 * @param n        its number, from 0
 * @param old      its keys are older than the NAKs
 * @param silence  the number from which on there is silence
 */
enum noon_check_client_step noon_check_client_step_of(size_t n, bool old, size_t silence);

#endif
