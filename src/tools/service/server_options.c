/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/service/server_options.h"

#include <sys/socket.h>

#include "crypto/aead.h"

#define SERVER(member) NOON_OPTION_AT(struct noon_server_options, member)

static const struct noon_word ipv4[] = {{"ipv4", AF_INET}, {NULL, 0}};
static const struct noon_word ipv6[] = {{"ipv6", AF_INET6}, {NULL, 0}};

const struct noon_option noon_server_rows[] = {
	{"ca", NOON_OPTION_BORROWED, SERVER(ca), .value = "file", .says = "the system's",
	 .help = "trust these certificates"},
	{"server-name", NOON_OPTION_BORROWED, SERVER(name), .value = "name", .says = "the host",
	 .help = "that the certificate must be for"},
	{"ipv4", NOON_OPTION_FIXED, SERVER(family), .words = ipv4, .letter = '4',
	 .help = "use IPv4 only"},
	{"ipv6", NOON_OPTION_FIXED, SERVER(family), .words = ipv6, .letter = '6',
	 .help = "use IPv6 only"},
	NOON_OPTION_END,
};

const struct noon_option noon_server_time_rows[] = {
	{"no-certificate-time-check", NOON_OPTION_BOOL, SERVER(no_time_check),
	 .help = "ignore the certificate's validity times"},
	NOON_OPTION_END,
};

const struct noon_word noon_aead_words[] = {
	{"15", NOON_AEAD_SIV_CMAC_256}, {"30", NOON_AEAD_GCM_SIV_128}, {NULL, 0}};
