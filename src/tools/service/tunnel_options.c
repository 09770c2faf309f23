/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/service/tunnel_options.h"

#define TUNNEL(member) NOON_OPTION_AT(struct noon_asker_tunnel, member)

static const struct noon_word roles[] = {{"initiator", 0}, {"responder", 1}, {NULL, 0}};
static const struct noon_word ciphers[] = {{"aes128gcm16", 16}, {"aes256gcm16", 32}, {NULL, 0}};
static const struct noon_word encapsulations[] = {{"none", 0}, {"udp", 1}, {NULL, 0}};

const struct noon_option noon_tunnel_rows[] = {
	{"tunnel", NOON_OPTION_BORROWED, TUNNEL(peer), .value = "address", .says = "none",
	 .help = "outer address of its other end"},
	{"tunnel-local", NOON_OPTION_BORROWED, TUNNEL(local), .value = "address", .says = "needed",
	 .help = "outer address of this end"},
	{"tunnel-inner", NOON_OPTION_BORROWED, TUNNEL(inner), .value = "address",
	 .says = "that of tunnel-local", .help = "address of this end inside"},
	{"certificate", NOON_OPTION_BORROWED, TUNNEL(certificate), .value = "file", .says = "none",
	 .help = "of this end, PEM, for a key exchange"},
	{"certificate-key", NOON_OPTION_BORROWED, TUNNEL(key), .value = "file", .says = "none",
	 .help = "its private key, PEM"},
	{"peer-certificates", NOON_OPTION_BORROWED, TUNNEL(ca), .value = "file", .says = "none",
	 .help = "what the other end's certificate must come from, PEM"},
	{"peer-name", NOON_OPTION_BORROWED, TUNNEL(name), .value = "name", .says = "that of tunnel",
	 .help = "that it must be for"},
	{"exchange-port", NOON_OPTION_UINT, TUNNEL(port), NOON_OPTION_RANGE(1, 65535),
	 .def = "4461", .help = "TCP, of the other end"},
	{"key-file", NOON_OPTION_BORROWED, TUNNEL(key_file), .value = "file", .says = "none",
	 .help = "secret of both ends, instead of certificates"},
	{"epochs", NOON_OPTION_BORROWED, TUNNEL(epochs), .value = "file", .says = "none",
	 .help = "NAME.tunnel of that secret: what was used of it, and will be"},
	{"role", NOON_OPTION_WORD, TUNNEL(responds), .words = roles, .help = "of this end"},
	{"encryption", NOON_OPTION_WORD, TUNNEL(key_len), .words = ciphers, .def = "aes128gcm16",
	 .help = "cipher of ESP"},
	{"ah", NOON_OPTION_BOOL, TUNNEL(ah), .help = "AH around ESP"},
	{"no-esn", NOON_OPTION_BOOL, TUNNEL(short_numbers), .help = "sequence numbers of 32 bits"},
	{"encapsulation", NOON_OPTION_WORD, TUNNEL(udp), .words = encapsulations,
	 .help = "what carries ESP"},
	{"udp-port", NOON_OPTION_UINT, TUNNEL(udp_port), NOON_OPTION_RANGE(1, 65535), .def = "4500",
	 .help = "of both ends, with encapsulation udp"},
	NOON_OPTION_END,
};
