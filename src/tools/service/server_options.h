/* SPDX-License-Identifier: Apache-2.0
 *
 * Options of the verbs that query a server: trust and address family.
 */
#ifndef NOON_TOOLS_SERVER_OPTIONS_H
#define NOON_TOOLS_SERVER_OPTIONS_H

#include <stdbool.h>

#include "option/option.h"

struct noon_server_options {
	const char *ca;	  /**< NULL: the system's */
	const char *name; /**< of the certificate; NULL: the host */
	int family;	  /**< AF_UNSPEC, AF_INET or AF_INET6 */
	bool no_time_check;
};

extern const struct noon_option noon_server_rows[];	 /**< all but the next */
extern const struct noon_option noon_server_time_rows[]; /**< no-certificate-time-check */

/** AEADs of NTS by number, for rows with a choice of one. */
extern const struct noon_word noon_aead_words[];

#endif
