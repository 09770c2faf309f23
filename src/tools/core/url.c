/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/core/url.h"

#include <stdlib.h>
#include <string.h>

static noon_err take(char *out, size_t room, const char *from, const char *end)
{
	const size_t n = (size_t)(end - from);

	if (n == 0 || n >= room)
		return NOON_ERR_FORMAT;
	memcpy(out, from, n);
	out[n] = '\0';
	return NOON_OK;
}

static noon_err take_port(const char *text, uint16_t *ret)
{
	char *end;
	unsigned long v;

	if (*text < '0' || *text > '9')
		return NOON_ERR_FORMAT;
	v = strtoul(text, &end, 10);
	if ((*end != '\0' && strcmp(end, "/") != 0) || v == 0 || v > UINT16_MAX)
		return NOON_ERR_FORMAT;
	*ret = (uint16_t)v;
	return NOON_OK;
}

noon_err noon_url_parse(const char *text, struct noon_url *ret)
{
	const char *sep = strstr(text, "://");
	struct noon_url u = {.port = 0};
	const char *host;
	const char *end;

	if (sep == NULL || take(u.scheme, sizeof(u.scheme), text, sep))
		return NOON_ERR_FORMAT;
	host = sep + 3;
	if (*host == '[') {
		host++;
		end = strchr(host, ']');
		if (end == NULL || take(u.host, sizeof(u.host), host, end))
			return NOON_ERR_FORMAT;
		end++;
	} else {
		end = host + strcspn(host, ":/");
		if (take(u.host, sizeof(u.host), host, end))
			return NOON_ERR_FORMAT;
	}
	if (*end == ':') {
		if (take_port(end + 1, &u.port))
			return NOON_ERR_FORMAT;
	} else if (*end != '\0' && strcmp(end, "/") != 0) {
		return NOON_ERR_FORMAT;
	}
	*ret = u;
	return NOON_OK;
}
