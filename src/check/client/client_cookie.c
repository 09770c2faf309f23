/* SPDX-License-Identifier: Apache-2.0
 *
 * Cookies for a client under test: random bytes that identify an entry of a table.
 */
#include <openssl/rand.h>
#include <string.h>

#include "check/client/client_server_priv.h"

struct noon_check_client_cookie *noon_check_client_cookie_make(struct noon_check_client_server *s,
							       uint8_t key,
							       enum noon_check_client_bait bait)
{
	struct noon_check_client_cookie *c = &s->cookie[s->n_cookie % NOON_CHECK_CLIENT_COOKIES];

	s->n_cookie++;
	*c = (struct noon_check_client_cookie){.key = key, .bait = bait};
	(void)RAND_bytes(c->p, sizeof(c->p));
	return c;
}

struct noon_check_client_cookie *noon_check_client_cookie_find(struct noon_check_client_server *s,
							       struct noon_bytes p)
{
	if (p.n < NOON_CHECK_CLIENT_COOKIE)
		return NULL;
	for (size_t i = 0; i < s->n_cookie && i < NOON_CHECK_CLIENT_COOKIES; i++)
		if (memcmp(s->cookie[i].p, p.p, NOON_CHECK_CLIENT_COOKIE) == 0)
			return &s->cookie[i];
	return NULL;
}
