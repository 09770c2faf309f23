/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/source/identity.h"

#include <string.h>

/* The addresses of "localhost". */
static bool is_localhost(const struct noon_addr *a)
{
	if (a->u.sa.sa_family == AF_INET)
		return a->u.v4.sin_addr.s_addr == htonl(INADDR_LOOPBACK);
	return IN6_IS_ADDR_LOOPBACK(&a->u.v6.sin6_addr);
}

/* An IPv4-mapped IPv6 address (RFC 4291, 2.5.5.2) is the IPv4 address. */
static struct noon_addr plain(const struct noon_addr *a)
{
	struct noon_addr out = {.len = sizeof(out.u.v4)};

	if (a->u.sa.sa_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&a->u.v6.sin6_addr))
		return *a;
	out.u.v4.sin_family = AF_INET;
	memcpy(&out.u.v4.sin_addr, a->u.v6.sin6_addr.s6_addr + 12, 4);
	noon_addr_set_port(&out, noon_addr_port(a));
	return out;
}

static bool is_same_address(const struct noon_addr *p, const struct noon_addr *q)
{
	const struct noon_addr a = plain(p);
	const struct noon_addr b = plain(q);

	if (p->len == 0 || q->len == 0)
		return false;
	return noon_addr_equal(&a, &b) ||
	       (noon_addr_port(&a) == noon_addr_port(&b) && is_localhost(&a) && is_localhost(&b));
}

const char *noon_source_identity_same(const struct noon_source_identity *a,
				      const struct noon_source_identity *b)
{
	if (is_same_address(&a->peer, &b->peer))
		return "the same address and port";
	if (a->has_key && b->has_key && memcmp(a->key, b->key, sizeof(a->key)) == 0)
		return "the same key in the certificate";
	if (a->transmitter.n == 0 || b->transmitter.n == 0)
		return NULL;
	if (a->domain == b->domain && noon_peer_equal(&a->transmitter, &b->transmitter))
		return "the same address and domain of the transmitter";
	if (memcmp(a->clock, b->clock, sizeof(a->clock)) == 0)
		return "the same clockIdentity of the transmitter";
	return NULL;
}
