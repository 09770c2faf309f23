/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes a capture of time stamps and NTP: bench_capture_make FILE BYTES [CONNECTIONS].
 *
 * So many connections are kept and used in turn, each for 1000 queries; a reply has a token of some
 * 2 kB in two segments, each message is acknowledged. To each time stamp comes one exchange of NTP.
 * Prints how many of each there are.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tap_world.h"

#define CONNECTIONS_MAX 2000
#define KEPT_FOR	1000
#define PADDING		1300 /* bytes, as of certificates, in a second segment */

struct connection {
	uint32_t seq[2];
	uint32_t queries;
	uint16_t port;
};

static struct connection connections[CONNECTIONS_MAX];
static FILE *out;
static uint64_t written;
static int64_t now_us = INT64_C(1795354291000000);

static void put32(uint32_t v)
{
	if (fwrite(&v, 4, 1, out) != 1)
		abort();
}

/* A file of nanoseconds and raw IP, in the byte order of this machine. */
static void put_header(void)
{
	put32(0xa1b23c4d);
	put32(2 | 4U << 16);
	put32(0);
	put32(0);
	put32(65535);
	put32(101);
	written = 24;
}

static void put_frame(const uint8_t *p, size_t n)
{
	now_us += 7;
	put32((uint32_t)(now_us / 1000000));
	put32((uint32_t)(now_us % 1000000) * 1000 + 1);
	put32((uint32_t)n);
	put32((uint32_t)n);
	if (fwrite(p, 1, n, out) != n)
		abort();
	written += 16 + n;
}

static void put_segment(struct connection *c, bool down, uint8_t flags, const uint8_t *p, size_t n)
{
	static uint8_t frame[TAP_FRAME_MAX];
	const struct tap_segment s = {.to_client = down,
				      .seq = c->seq[down],
				      .ack = c->seq[!down],
				      .flags = flags,
				      .p = p,
				      .n = n,
				      .client_port = c->port};

	put_frame(frame, tap_frame(&s, frame));
	c->seq[down] += (uint32_t)n;
}

static void open_connection(struct connection *c)
{
	put_segment(c, false, NOON_TCP_SYN, NULL, 0);
	c->seq[0]++;
	put_segment(c, true, NOON_TCP_SYN | NOON_TCP_ACK, NULL, 0);
	c->seq[1]++;
}

static void close_connection(struct connection *c)
{
	put_segment(c, false, NOON_TCP_ACK | NOON_TCP_FIN, NULL, 0);
	c->seq[0]++;
	put_segment(c, true, NOON_TCP_ACK | NOON_TCP_FIN, NULL, 0);
	c->seq[1]++;
	put_segment(c, false, NOON_TCP_ACK, NULL, 0);
}

/* The reply's DER is made longer by fields of the head, not by its token. */
static size_t make_response(uint32_t number, uint8_t *text)
{
	static struct tap_message m;
	size_t n = tap_put_text(text, 0, "HTTP/1.1 200 OK\r\nX-Padding: ");
	char line[128];

	memset(text + n, 'p', PADDING);
	n += PADDING;
	tap_reply(number, true, (noon_time){now_us * 1000}, 3, &m);
	(void)snprintf(
		line, sizeof(line),
		"\r\nContent-Type: application/timestamp-reply\r\nContent-Length: %zu\r\n\r\n",
		m.n);
	return tap_put(text, tap_put_text(text, n, line), &m);
}

static void put_stamp(struct connection *c, uint32_t number)
{
	static uint8_t text[8192];
	static struct tap_message m;
	size_t n;

	if (c->queries == 0)
		open_connection(c);
	tap_query(number, true, &m);
	n = tap_put_request(text, 0, &m, false);
	put_segment(c, false, NOON_TCP_ACK, text, n);
	put_segment(c, true, NOON_TCP_ACK, NULL, 0);
	n = make_response(number, text);
	put_segment(c, true, NOON_TCP_ACK, text, 1448);
	put_segment(c, true, NOON_TCP_ACK, text + 1448, n - 1448);
	put_segment(c, false, NOON_TCP_ACK, NULL, 0);
	if (++c->queries < KEPT_FOR)
		return;
	close_connection(c);
	c->queries = 0;
}

static void put_ntp(uint32_t number)
{
	uint8_t packet[48] = {0x23, 2};
	uint8_t frame[128];

	memcpy(packet + 40, &number, 4);
	packet[44] = 1;
	put_frame(frame,
		  tap_udp_frame(false, (uint16_t)(1024 + number % 60000), packet, 48, frame));
	memcpy(packet + 24, packet + 40, 8);
	packet[0] = 0x24;
	for (size_t i = 0; i < 2; i++)
		memcpy(packet + 32 + 8 * i, (const uint8_t[8]){0xed, 0, 0, 0, 1, 0, 0, (uint8_t)i},
		       8);
	put_frame(frame, tap_udp_frame(true, (uint16_t)(1024 + number % 60000), packet, 48, frame));
}

int main(int argc, char **argv)
{
	const uint64_t bytes = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
	const size_t n = argc > 3 ? strtoul(argv[3], NULL, 10) : 100;
	uint32_t number = 0;

	if (bytes == 0 || n == 0 || n > CONNECTIONS_MAX || (out = fopen(argv[1], "wb")) == NULL) {
		(void)fprintf(stderr, "use: bench_capture_make FILE BYTES [CONNECTIONS]\n");
		return 1;
	}
	for (size_t i = 0; i < n; i++)
		connections[i].port = (uint16_t)(2000 + i);
	put_header();
	while (written < bytes) {
		put_stamp(&connections[number % n], number + 1);
		put_ntp(++number);
	}
	if (fclose(out) != 0)
		return 1;
	(void)printf("%u\n", number);
	return 0;
}
