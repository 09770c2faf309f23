/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/core/tsp_options.h"

#include <stdio.h>
#include <string.h>

bool noon_tsp_options_take(struct noon_asker_tsp *o, int option, const char *text)
{
	uint8_t oid[NOON_OID_MAX];
	size_t n;

	switch (option) {
	case NOON_TSP_OPTION_TLS_CA:
		o->tls_ca = text;
		return true;
	case NOON_TSP_OPTION_UNTRUSTED:
		o->untrusted = text;
		return true;
	case NOON_TSP_OPTION_POLICY:
		o->policy = text;
		return noon_oid_parse(text, oid, &n) == NOON_OK;
	default:
		return false;
	}
}

bool noon_tsp_options_url(struct noon_asker_tsp *o, const char *text, struct noon_url *ret)
{
	char before_path[sizeof(ret->scheme) + sizeof(ret->host) + 16];
	const char *sep = strstr(text, "://");
	size_t n;

	if (strncmp(text, "tsp+http://", 11) != 0 && strncmp(text, "tsp+https://", 12) != 0)
		return false;
	n = (size_t)(sep - text) + 3;
	n += strcspn(text + n, "/?");
	if (n >= sizeof(before_path))
		return false;
	memcpy(before_path, text, n);
	before_path[n] = '\0';
	o->url = text + strlen("tsp+");
	return noon_url_parse(before_path, ret) == NOON_OK;
}
