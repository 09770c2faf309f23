/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "platform/net/udp.h"

static noon_err parse_port(const char *text, uint16_t *ret)
{
	char *end;
	unsigned long v;

	if (*text < '0' || *text > '9')
		return NOON_ERR_FORMAT;
	v = strtoul(text, &end, 10);
	if (*end != '\0')
		return NOON_ERR_FORMAT;
	if (v > UINT16_MAX)
		return NOON_ERR_RANGE;
	*ret = (uint16_t)v;
	return NOON_OK;
}

/* Split "[host]:port", "host:port", "host" or "v6" into host and port text (NULL if none). */
static noon_err split(const char *text, char *host, size_t host_n, const char **ret_port)
{
	const char *end = text + strlen(text);
	const char *colon = strrchr(text, ':');

	*ret_port = NULL;
	if (*text == '[') {
		const char *close = strchr(text, ']');

		if (close == NULL || (close[1] != '\0' && close[1] != ':'))
			return NOON_ERR_FORMAT;
		*ret_port = close[1] == ':' ? close + 2 : NULL;
		text++;
		end = close;
	} else if (colon != NULL && colon == strchr(text, ':')) {
		*ret_port = colon + 1;
		end = colon;
	}
	if (end == text || (size_t)(end - text) >= host_n)
		return NOON_ERR_FORMAT;
	memcpy(host, text, (size_t)(end - text));
	host[end - text] = '\0';
	return NOON_OK;
}

noon_err noon_addr_parse(const char *text, uint16_t port, struct noon_addr *ret)
{
	char host[INET6_ADDRSTRLEN + 1];
	const char *port_text;
	struct noon_addr a = {.len = 0};
	noon_err err = split(text, host, sizeof(host), &port_text);

	if (!err && port_text != NULL)
		err = parse_port(port_text, &port);
	if (err)
		return err;
	if (inet_pton(AF_INET, host, &a.u.v4.sin_addr) == 1) {
		a.u.v4.sin_family = AF_INET;
		a.len = sizeof(a.u.v4);
	} else if (inet_pton(AF_INET6, host, &a.u.v6.sin6_addr) == 1) {
		a.u.v6.sin6_family = AF_INET6;
		a.len = sizeof(a.u.v6);
	} else {
		return NOON_ERR_FORMAT;
	}
	noon_addr_set_port(&a, port);
	*ret = a;
	return NOON_OK;
}

void noon_addr_format_host(const struct noon_addr *a, char *out, size_t n)
{
	const void *ip = a->u.sa.sa_family == AF_INET ? (const void *)&a->u.v4.sin_addr
						      : (const void *)&a->u.v6.sin6_addr;

	if (a->len == 0 || inet_ntop(a->u.sa.sa_family, ip, out, (socklen_t)n) == NULL)
		(void)snprintf(out, n, "-");
}

void noon_addr_format(const struct noon_addr *a, char *out, size_t n)
{
	char host[INET6_ADDRSTRLEN + 1];

	noon_addr_format_host(a, host, sizeof(host));
	(void)snprintf(out, n, a->u.sa.sa_family == AF_INET6 ? "[%s]:%u" : "%s:%u", host,
		       (unsigned)noon_addr_port(a));
}

uint16_t noon_addr_port(const struct noon_addr *a)
{
	return ntohs(a->u.sa.sa_family == AF_INET6 ? a->u.v6.sin6_port : a->u.v4.sin_port);
}

void noon_addr_set_port(struct noon_addr *a, uint16_t port)
{
	if (a->u.sa.sa_family == AF_INET6)
		a->u.v6.sin6_port = htons(port);
	else
		a->u.v4.sin_port = htons(port);
}

bool noon_addr_equal(const struct noon_addr *a, const struct noon_addr *b)
{
	if (a->len != b->len || a->len == 0 || a->u.sa.sa_family != b->u.sa.sa_family)
		return false;
	if (noon_addr_port(a) != noon_addr_port(b))
		return false;
	if (a->u.sa.sa_family == AF_INET)
		return a->u.v4.sin_addr.s_addr == b->u.v4.sin_addr.s_addr;
	return memcmp(&a->u.v6.sin6_addr, &b->u.v6.sin6_addr, sizeof(struct in6_addr)) == 0;
}

struct noon_bytes noon_addr_network(const struct noon_addr *a)
{
	if (a->len == 0)
		return noon_bytes_of(NULL, 0);
	if (a->u.sa.sa_family == AF_INET6)
		return noon_bytes_of(&a->u.v6.sin6_addr, 8);
	return noon_bytes_of(&a->u.v4.sin_addr, sizeof(a->u.v4.sin_addr));
}

uint32_t noon_addr_ref_id(const struct noon_addr *a)
{
	if (a->u.sa.sa_family == AF_INET)
		return ntohl(a->u.v4.sin_addr.s_addr);
	return noon_hash32(noon_bytes_of(&a->u.v6.sin6_addr, 16)); /* detects loops of servers */
}

noon_err noon_addr_resolve(const char *host, uint16_t port, int family, struct noon_addr *ret,
			   size_t n, size_t *ret_n, const char **why)
{
	const struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_DGRAM};
	struct addrinfo *list;
	size_t found = 0;
	const int rc = getaddrinfo(host, NULL, &hints, &list);

	if (rc != 0) {
		*why = gai_strerror(rc);
		return NOON_ERR_NOT_FOUND;
	}
	for (const struct addrinfo *ai = list; ai != NULL && found < n; ai = ai->ai_next) {
		if (ai->ai_family != AF_INET && ai->ai_family != AF_INET6)
			continue;
		memset(&ret[found], 0, sizeof(ret[found]));
		memcpy(&ret[found].u, ai->ai_addr, ai->ai_addrlen);
		ret[found].len = ai->ai_addrlen;
		noon_addr_set_port(&ret[found], port);
		found++;
	}
	freeaddrinfo(list);
	if (found == 0) {
		*why = "no IPv4 or IPv6 address";
		return NOON_ERR_NOT_FOUND;
	}
	*ret_n = found;
	return NOON_OK;
}
