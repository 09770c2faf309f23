/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/service/tsp_options.h"

#include <stdio.h>
#include <string.h>

#include "tools/stamp/policy_option.h"

#define TSP(member) NOON_OPTION_AT(struct noon_asker_tsp, member)

const struct noon_option noon_tsp_rows[] = {
	{"untrusted", NOON_OPTION_BORROWED, TSP(untrusted), .value = "file", .says = "none",
	 .help = "more certificates for the chains of tokens"},
	{"tls-ca", NOON_OPTION_BORROWED, TSP(tls_ca), .value = "file", .says = "the system's",
	 .help = "trust these certificates for https"},
	NOON_POLICY_ROW("ask for this policy, and take no other", TSP(policy)),
	NOON_OPTION_END,
};

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
