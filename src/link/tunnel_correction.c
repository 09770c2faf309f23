/* SPDX-License-Identifier: Apache-2.0 */
#include "link/tunnel_correction.h"

/* The kernel stamps a message within a millisecond, and at 128 messages a second one or two are
 * under way: eight in a row without a stamp are no accident. */
#define SILENT_AFTER 8

void noon_tunnel_stamping_sent(struct noon_tunnel_stamping *s)
{
	if (s->missing < SILENT_AFTER)
		s->missing++;
}

void noon_tunnel_stamping_came(struct noon_tunnel_stamping *s)
{
	s->missing = 0;
	s->any = true;
}

bool noon_tunnel_stamping_is_silent(const struct noon_tunnel_stamping *s)
{
	return s->missing >= SILENT_AFTER;
}

enum noon_tunnel_correction noon_tunnel_correction_of(enum noon_tunnel_correction wanted,
						      const struct noon_tunnel_stamping *s)
{
	if (wanted != NOON_TUNNEL_AUTO)
		return wanted;
	return noon_tunnel_stamping_is_silent(s) ? NOON_TUNNEL_STATISTICAL : NOON_TUNNEL_EXACT;
}

const char *noon_tunnel_correction_word(enum noon_tunnel_correction c)
{
	static const char *const words[] = {"auto", "exact", "statistical", "none"};

	return words[c];
}
