/* SPDX-License-Identifier: Apache-2.0 */
#include "esp_text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void esp_die(const char *what, const char *value)
{
	(void)fprintf(stderr, "esp: %s: %s\n", what, value);
	exit(1);
}

void esp_must(noon_err err, const char *what)
{
	if (err)
		esp_die(what, noon_err_text(err));
}

uint64_t esp_number_of(const char *text)
{
	char *end;
	unsigned long long v;

	errno = 0;
	v = strtoull(text, &end, 0);
	if (errno != 0 || end == text || *end != '\0')
		esp_die("not a number", text);
	return v;
}

static unsigned digit_of(const char *text)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = *text == '\0' ? NULL : strchr(digits, *text);

	if (at == NULL)
		esp_die("not hexadecimal", text);
	return (unsigned)(at - digits);
}

size_t esp_bytes_of(const char *hex, uint8_t *out, size_t room)
{
	const size_t n = strlen(hex);

	if (n % 2 != 0 || n / 2 > room)
		esp_die("bad length", hex);
	for (size_t i = 0; i < n / 2; i++)
		out[i] = (uint8_t)(digit_of(hex + 2 * i) << 4 | digit_of(hex + 2 * i + 1));
	return n / 2;
}

void esp_print(struct noon_bytes b)
{
	for (size_t i = 0; i < b.n; i++)
		(void)printf("%02x", b.p[i]);
	(void)printf("\n");
}

void esp_addresses_of(const char *text, struct noon_ip *ip)
{
	const char *comma = strchr(text, ',');
	const int family = strchr(text, ':') == NULL ? AF_INET : AF_INET6;
	char first[64] = "";

	if (comma == NULL || (size_t)(comma - text) >= sizeof(first))
		esp_die("not two addresses", text);
	memcpy(first, text, (size_t)(comma - text));
	if (inet_pton(family, first, ip->src) != 1 || inet_pton(family, comma + 1, ip->dst) != 1)
		esp_die("not two addresses", text);
	ip->version = family == AF_INET ? 4 : 6;
}

char *esp_split(char *option)
{
	char *value = strchr(option, '=');

	if (value == NULL)
		esp_die("not NAME=VALUE", option);
	*value = '\0';
	return value + 1;
}

struct esp_datagram esp_datagram_of(const char *line)
{
	static uint8_t data[NOON_TUNNEL_PACKET_MAX];
	unsigned src, dst;
	int at = 0;

	if (sscanf(line, "%u %u %n", &src, &dst, &at) != 2 || at == 0)
		esp_die("not a datagram", line);
	return (struct esp_datagram){
		.udp = {(uint16_t)src, (uint16_t)dst},
		.data = noon_bytes_of(data, esp_bytes_of(line + at, data, sizeof(data))),
	};
}

struct noon_bytes esp_packet_of(const char *line)
{
	static uint8_t packet[NOON_TUNNEL_PACKET_MAX];

	return noon_bytes_of(packet, esp_bytes_of(line, packet, sizeof(packet)));
}

void esp_print_datagram(uint64_t seq, const struct noon_udp *udp, struct noon_bytes data)
{
	(void)printf("accepted %llu %u %u ", (unsigned long long)seq, udp->src, udp->dst);
	esp_print(data);
}

void esp_print_verdicts(const uint64_t verdicts[NOON_TUNNEL_VERDICTS])
{
	for (int v = 0; v < NOON_TUNNEL_VERDICTS; v++)
		if (verdicts[v] != 0)
			(void)printf("count %s %llu\n",
				     noon_tunnel_verdict_word((enum noon_tunnel_verdict)v),
				     (unsigned long long)verdicts[v]);
}
