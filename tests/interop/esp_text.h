/* SPDX-License-Identifier: Apache-2.0
 *
 * What esp_peer and tunnel_peer read and print. Whatever is wrong with it ends the program.
 */
#ifndef NOON_TESTS_ESP_TEXT_H
#define NOON_TESTS_ESP_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "proto/tunnel/sa.h"
#include "wire/ip/ip.h"

/** Characters of a line: a packet in hexadecimal digits, and ports. */
#define ESP_LINE (2 * NOON_TUNNEL_PACKET_MAX + 64)

/** End the program. */
_Noreturn void esp_die(const char *what, const char *value);
/** End the program on an error. */
void esp_must(noon_err err, const char *what);

uint64_t esp_number_of(const char *text);
/** Read hexadecimal digits into `out`; returns how many bytes they are. */
size_t esp_bytes_of(const char *hex, uint8_t *out, size_t room);
/** Read "SOURCE,DESTINATION" and the version that they are of. */
void esp_addresses_of(const char *text, struct noon_ip *ip);
/** Split "NAME=VALUE" in place; returns the value. */
char *esp_split(char *option);

/** A datagram of a line "SOURCE-PORT DESTINATION-PORT DATA"; its data is valid until the next. */
struct esp_datagram {
	struct noon_udp udp;
	struct noon_bytes data;
};
struct esp_datagram esp_datagram_of(const char *line);
/** A packet of a line of hexadecimal digits; valid until the next. */
struct noon_bytes esp_packet_of(const char *line);

/** Print bytes as a line. */
void esp_print(struct noon_bytes b);
/** Print a datagram that was accepted as a line. */
void esp_print_datagram(uint64_t seq, const struct noon_udp *udp, struct noon_bytes data);
/** Print how many packets there were of each verdict. */
void esp_print_verdicts(const uint64_t verdicts[NOON_TUNNEL_VERDICTS]);

#endif
