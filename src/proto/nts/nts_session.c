/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/nts/nts_session.h"

#include <string.h>

static bool is_in_jar(const struct noon_nts_session *s, struct noon_bytes cookie)
{
	for (size_t i = 0; i < s->n_cookies; i++) {
		const struct noon_nts_cookie *c = &s->jar[(s->first + i) % NOON_NTS_COOKIES];

		if (c->n == cookie.n && memcmp(c->p, cookie.p, cookie.n) == 0)
			return true;
	}
	return false;
}

noon_err noon_nts_session_put(struct noon_nts_session *s, struct noon_bytes cookie)
{
	struct noon_nts_cookie *slot;

	if (cookie.n < NOON_NTS_COOKIE_MIN || cookie.n > NOON_NTS_COOKIE_MAX)
		return NOON_ERR_RANGE;
	if (is_in_jar(s, cookie))
		return NOON_OK;
	if (s->n_cookies == NOON_NTS_COOKIES)
		return NOON_ERR_FULL;
	slot = &s->jar[(s->first + s->n_cookies) % NOON_NTS_COOKIES];
	slot->n = (uint16_t)cookie.n;
	memcpy(slot->p, cookie.p, cookie.n);
	s->n_cookies++;
	return NOON_OK;
}

noon_err noon_nts_session_take(struct noon_nts_session *s, struct noon_nts_cookie *ret)
{
	if (s->n_cookies == 0)
		return NOON_ERR_EMPTY;
	*ret = s->jar[s->first];
	noon_wipe(&s->jar[s->first], sizeof(s->jar[0]));
	s->first = (uint16_t)((s->first + 1) % NOON_NTS_COOKIES);
	s->n_cookies--;
	return NOON_OK;
}

bool noon_nts_session_is_sound(const struct noon_nts_session *s)
{
	if (s->n_cookies > NOON_NTS_COOKIES || s->first >= NOON_NTS_COOKIES)
		return false;
	for (size_t i = 0; i < s->n_cookies; i++) {
		const uint16_t n = s->jar[(s->first + i) % NOON_NTS_COOKIES].n;

		if (n < NOON_NTS_COOKIE_MIN || n > NOON_NTS_COOKIE_MAX)
			return false;
	}
	return true;
}

void noon_nts_session_wipe(struct noon_nts_session *s)
{
	noon_wipe(s, sizeof(*s));
}
