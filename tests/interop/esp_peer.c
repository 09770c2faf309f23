/* SPDX-License-Identifier: Apache-2.0
 *
 * One end of a security association without a socket, for the judges of test_ipsec.py.
 *
 * use: esp_peer seal NAME=VALUE...   datagrams of standard input to outer packets
 *      esp_peer open NAME=VALUE...   outer packets of standard input to datagrams
 *
 * A datagram is a line "SOURCE-PORT DESTINATION-PORT DATA"; a cover packet has port 0 twice. An
 * outer packet is a line of its own. Data and packets are hexadecimal. `open` prints for each
 * packet "accepted SEQUENCE-NUMBER" and the datagram, or the verdict, and how many there were of
 * each.
 *
 * key=HEX      AES key of 16 or 32 bytes followed by the salt
 * ah-key=HEX   of 32 bytes
 * spi=N        of ESP
 * ah-spi=N     of AH; 0: no AH
 * esn=0|1      extended sequence numbers
 * udp=0|1      inside UDP: an outer packet is what the UDP datagram carries
 * first=N      first sequence number
 * outer=A,B    source and destination outside
 * inner=A,B    and inside
 * tos=N, ttl=N, pad=none|random|constant|cell, min=N, max=N, seed=N
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "proto/tunnel/padding.h"
#include "proto/tunnel/sa.h"

#define LINE (2 * NOON_TUNNEL_PACKET_MAX + 64)

struct peer {
	struct noon_sa_form form;
	struct noon_secret_sa_keys keys;
	struct noon_ip inner;
	struct noon_padding padding;
	uint64_t first;
	struct noon_rng rng;
	struct noon_sa sa;
};

static void die(const char *what, const char *value)
{
	(void)fprintf(stderr, "esp_peer: %s: %s\n", what, value);
	exit(1);
}

static void must(noon_err err, const char *what)
{
	if (err)
		die(what, noon_err_text(err));
}

/* --- numbers, addresses, hexadecimal digits --- */

static uint64_t number_of(const char *text)
{
	char *end;
	unsigned long long v;

	errno = 0;
	v = strtoull(text, &end, 0);
	if (errno != 0 || end == text || *end != '\0')
		die("not a number", text);
	return v;
}

static unsigned digit_of(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c == '\0' ? NULL : strchr(digits, c);

	if (at == NULL)
		die("not hexadecimal", &c);
	return (unsigned)(at - digits);
}

static size_t bytes_of(const char *hex, uint8_t *out, size_t room)
{
	const size_t n = strlen(hex);

	if (n % 2 != 0 || n / 2 > room)
		die("bad length", hex);
	for (size_t i = 0; i < n / 2; i++)
		out[i] = (uint8_t)(digit_of(hex[2 * i]) << 4 | digit_of(hex[2 * i + 1]));
	return n / 2;
}

static void print_hex(struct noon_bytes b)
{
	for (size_t i = 0; i < b.n; i++)
		(void)printf("%02x", b.p[i]);
	(void)printf("\n");
}

static void addresses_of(const char *text, struct noon_ip *ip)
{
	const char *comma = strchr(text, ',');
	const int family = strchr(text, ':') == NULL ? AF_INET : AF_INET6;
	char first[64] = "";

	if (comma == NULL || (size_t)(comma - text) >= sizeof(first))
		die("not two addresses", text);
	memcpy(first, text, (size_t)(comma - text));
	if (inet_pton(family, first, ip->src) != 1 || inet_pton(family, comma + 1, ip->dst) != 1)
		die("not two addresses", text);
	ip->version = family == AF_INET ? 4 : 6;
}

/* --- options --- */

static void set_key(struct peer *p, const char *text)
{
	uint8_t key[NOON_GCM_KEY_MAX + NOON_ESP_SALT_LEN];
	const size_t n = bytes_of(text, key, sizeof(key));

	if (n <= NOON_ESP_SALT_LEN)
		die("too short", text);
	p->form.key_len = n - NOON_ESP_SALT_LEN;
	memcpy(p->keys.cipher, key, p->form.key_len);
	memcpy(p->keys.salt, key + p->form.key_len, NOON_ESP_SALT_LEN);
}

static void set_padding(struct peer *p, const char *text)
{
	static const char *const words[] = {
		[NOON_PADDING_NONE] = "none",
		[NOON_PADDING_RANDOM] = "random",
		[NOON_PADDING_CONSTANT] = "constant",
		[NOON_PADDING_CELL] = "cell",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i], text) == 0) {
			p->padding.mode = (enum noon_padding_mode)i;
			return;
		}
	}
	die("no padding", text);
}

/* Returns whether the name is one of a number. */
static bool set_number(struct peer *p, const char *name, const char *value)
{
	const uint64_t n = strchr(value, ',') == NULL ? strtoull(value, NULL, 0) : 0;
	bool known = true;

	if (strcmp(name, "spi") == 0)
		p->form.spi = (uint32_t)n;
	else if (strcmp(name, "ah-spi") == 0)
		p->form.ah_spi = (uint32_t)n;
	else if (strcmp(name, "esn") == 0)
		p->form.extended = n != 0;
	else if (strcmp(name, "udp") == 0)
		p->form.udp = n != 0;
	else if (strcmp(name, "first") == 0)
		p->first = n;
	else if (strcmp(name, "tos") == 0)
		p->form.outer.tos = p->inner.tos = (uint8_t)n;
	else if (strcmp(name, "ttl") == 0)
		p->form.outer.ttl = p->inner.ttl = (uint8_t)n;
	else if (strcmp(name, "min") == 0)
		p->padding.min = n;
	else if (strcmp(name, "max") == 0)
		p->padding.max = n;
	else if (strcmp(name, "seed") == 0)
		p->rng = noon_rng_seeded(n);
	else
		known = false;
	if (known)
		(void)number_of(value);
	return known;
}

static void set(struct peer *p, char *option)
{
	char *value = strchr(option, '=');

	if (value == NULL)
		die("not NAME=VALUE", option);
	*value++ = '\0';
	if (set_number(p, option, value))
		return;
	if (strcmp(option, "key") == 0)
		set_key(p, value);
	else if (strcmp(option, "ah-key") == 0)
		(void)bytes_of(value, p->keys.ah, sizeof(p->keys.ah));
	else if (strcmp(option, "outer") == 0)
		addresses_of(value, &p->form.outer);
	else if (strcmp(option, "inner") == 0)
		addresses_of(value, &p->inner);
	else if (strcmp(option, "pad") == 0)
		set_padding(p, value);
	else
		die("no such option", option);
}

static void begin(struct peer *p)
{
	p->form.ah = p->form.ah_spi != 0;
	p->inner.proto = NOON_IP_PROTO_UDP;
	if (!noon_padding_is_sound(&p->padding))
		die("padding", "bounds");
	must(noon_sa_init(&p->sa, &p->form, &p->keys), "association");
	/* As if all numbers before the first one had been used. */
	p->sa.seq = p->sa.replay.top = p->sa.ah_replay.top = p->first - 1;
}

/* --- datagrams to packets --- */

static struct noon_bytes inner_of(struct peer *p, const struct noon_udp *udp,
				  struct noon_bytes data, uint8_t *room)
{
	struct noon_wr wr = noon_wr_over(room, NOON_TUNNEL_PACKET_MAX);

	if (udp->dst == 0) {
		must(noon_wr_put(&wr, data), "cover packet");
		return noon_wr_written(&wr);
	}
	must(noon_ip_put(&wr, &p->inner, NOON_UDP_HEADER_LEN + data.n), "inner header");
	must(noon_udp_put(&wr, &p->inner, udp, data), "datagram");
	return noon_wr_written(&wr);
}

static void seal(struct peer *p, const char *line)
{
	static uint8_t data[NOON_TUNNEL_PACKET_MAX], in[NOON_TUNNEL_PACKET_MAX];
	static uint8_t out[NOON_TUNNEL_PACKET_MAX];
	struct noon_wr wr = noon_wr_over(out, sizeof(out));
	struct noon_udp udp;
	struct noon_bytes inner;
	uint8_t next = p->inner.version == 4 ? NOON_IP_PROTO_IP4 : NOON_IP_PROTO_IP6;
	unsigned src, dst;
	int at = 0;
	size_t pad;

	if (sscanf(line, "%u %u %n", &src, &dst, &at) != 2 || at == 0)
		die("not a datagram", line);
	udp = (struct noon_udp){(uint16_t)src, (uint16_t)dst};
	inner = inner_of(p, &udp, noon_bytes_of(data, bytes_of(line + at, data, sizeof(data))), in);
	if (udp.dst == 0)
		next = NOON_IP_PROTO_NONE;
	must(noon_padding_len(&p->padding, inner.n, &p->rng, &pad), "padding");
	must(noon_sa_seal(&p->sa, inner, next, pad, &wr), "seal");
	print_hex(noon_wr_written(&wr));
}

/* --- packets to datagrams --- */

static enum noon_tunnel_verdict unpack(struct noon_bytes inner, struct noon_udp *udp,
				       struct noon_bytes *data)
{
	struct noon_rd rd = noon_rd_bytes(inner);
	struct noon_bytes payload;
	struct noon_ip ip;

	if (noon_ip_get(&rd, &ip, &payload) || ip.proto != NOON_IP_PROTO_UDP ||
	    noon_udp_get(payload, &ip, udp, data))
		return NOON_TUNNEL_INNER;
	return NOON_TUNNEL_ACCEPTED;
}

static enum noon_tunnel_verdict open_packet(struct peer *p, const char *line)
{
	static uint8_t packet[NOON_TUNNEL_PACKET_MAX], room[NOON_TUNNEL_PACKET_MAX];
	const size_t n = bytes_of(line, packet, sizeof(packet));
	struct noon_sa_opened opened;
	struct noon_sa_outer outer;
	struct noon_bytes data;
	struct noon_udp udp;
	enum noon_tunnel_verdict v =
		noon_sa_outer_of(noon_bytes_of(packet, n), p->form.udp, &outer);

	if (v == NOON_TUNNEL_ACCEPTED && outer.esp.spi != p->form.spi)
		v = NOON_TUNNEL_SPI;
	if (v == NOON_TUNNEL_ACCEPTED)
		v = noon_sa_open(&p->sa, &outer, room, &opened);
	if (v == NOON_TUNNEL_ACCEPTED && opened.next == NOON_IP_PROTO_NONE)
		v = NOON_TUNNEL_COVER;
	if (v == NOON_TUNNEL_ACCEPTED)
		v = unpack(opened.inner, &udp, &data);
	if (v != NOON_TUNNEL_ACCEPTED) {
		(void)printf("%s\n", noon_tunnel_verdict_word(v));
		return v;
	}
	(void)printf("accepted %llu %u %u ", (unsigned long long)opened.seq, udp.src, udp.dst);
	print_hex(data);
	return v;
}

int main(int argc, char **argv)
{
	static struct peer p = {.form = {.outer = {.ttl = 64}}, .inner = {.ttl = 64}, .first = 1};
	static char line[LINE];
	uint64_t verdicts[NOON_TUNNEL_VERDICTS] = {0};
	bool sealing;

	if (argc < 2 || (strcmp(argv[1], "seal") != 0 && strcmp(argv[1], "open") != 0))
		die("use", "seal|open NAME=VALUE...");
	sealing = strcmp(argv[1], "seal") == 0;
	p.rng = noon_rng_seeded(1);
	for (int i = 2; i < argc; i++)
		set(&p, argv[i]);
	begin(&p);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (sealing)
			seal(&p, line);
		else
			verdicts[open_packet(&p, line)]++;
	}
	for (int v = 0; v < NOON_TUNNEL_VERDICTS; v++)
		if (verdicts[v] != 0)
			(void)printf("count %s %llu\n",
				     noon_tunnel_verdict_word((enum noon_tunnel_verdict)v),
				     (unsigned long long)verdicts[v]);
	noon_sa_fini(&p.sa);
	return fflush(stdout) == 0 ? 0 : 1;
}
