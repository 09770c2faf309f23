/* SPDX-License-Identifier: Apache-2.0
 *
 * Addresses of time services on the command line: nts://host[:port], ntp://host[:port].
 */
#ifndef NOON_TOOLS_URL_H
#define NOON_TOOLS_URL_H

#include <stdint.h>

#include "base/err.h"

struct noon_url {
	char scheme[16];
	char host[256]; /**< brackets of an IPv6 address removed */
	uint16_t port;	/**< 0: none given */
};

/** Split a URL. @retval NOON_OK, NOON_ERR_FORMAT */
NOON_MUST_USE noon_err noon_url_parse(const char *text, struct noon_url *ret);

#endif
