/* SPDX-License-Identifier: Apache-2.0
 *
 * Which departure of an event message counts in a tunnel: t', the kernel's stamp of the encrypted
 * packet, or t, the reading before encryption, with or without an estimate of t' - t.
 */
#ifndef NOON_LINK_TUNNEL_CORRECTION_H
#define NOON_LINK_TUNNEL_CORRECTION_H

#include <stdbool.h>

#include "base/time.h"

enum noon_tunnel_correction {
	NOON_TUNNEL_AUTO,	 /**< t' where stamps come, else t and the estimate */
	NOON_TUNNEL_EXACT,	 /**< t' always, nothing is estimated */
	NOON_TUNNEL_STATISTICAL, /**< t and the estimate, as if there were no stamps */
	NOON_TUNNEL_NONE,	 /**< t as it is */
};

/** Whether stamps come. All zero: not known yet. */
struct noon_tunnel_stamping {
	unsigned missing; /**< event messages in a row without one */
	bool any;	  /**< one has come */
};

/** An event message was sent and waits for its stamp. */
void noon_tunnel_stamping_sent(struct noon_tunnel_stamping *s);
/** A stamp came. */
void noon_tunnel_stamping_came(struct noon_tunnel_stamping *s);
/** Return whether so many in a row have none that no more are waited for. */
bool noon_tunnel_stamping_is_silent(const struct noon_tunnel_stamping *s);

/** Return what is done with the next message: EXACT, STATISTICAL or NONE. */
enum noon_tunnel_correction noon_tunnel_correction_of(enum noon_tunnel_correction wanted,
						      const struct noon_tunnel_stamping *s);
/** Return the word of it as it is configured ("auto"); static, never NULL. */
const char *noon_tunnel_correction_word(enum noon_tunnel_correction c);

#endif
