/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/nts_session.h"

#include <string.h>

noon_err noon_nts_session_put(struct noon_nts_session *s, struct noon_bytes cookie)
{
	struct noon_nts_cookie *slot;

	if (cookie.n < NOON_NTS_COOKIE_MIN || cookie.n > NOON_NTS_COOKIE_MAX)
		return NOON_ERR_RANGE;
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

void noon_nts_session_wipe(struct noon_nts_session *s)
{
	noon_wipe(s, sizeof(*s));
}
