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
#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "esp_text.h"
#include "proto/tunnel/padding.h"
#include "proto/tunnel/sa.h"

struct peer {
	struct noon_sa_form form;
	struct noon_secret_sa_keys keys;
	struct noon_ip inner;
	struct noon_padding padding;
	uint64_t first;
	struct noon_rng rng;
	struct noon_sa sa;
};

/* --- options --- */

static void set_key(struct peer *p, const char *text)
{
	uint8_t key[NOON_GCM_KEY_MAX + NOON_ESP_SALT_LEN];
	const size_t n = esp_bytes_of(text, key, sizeof(key));

	if (n <= NOON_ESP_SALT_LEN)
		esp_die("too short", text);
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
	esp_die("no padding", text);
}

/* Returns whether the name is one of a number. */
static bool set_number(struct peer *p, const char *name, const char *value)
{
	if (strcmp(name, "spi") == 0)
		p->form.spi = (uint32_t)esp_number_of(value);
	else if (strcmp(name, "ah-spi") == 0)
		p->form.ah_spi = (uint32_t)esp_number_of(value);
	else if (strcmp(name, "esn") == 0)
		p->form.extended = esp_number_of(value) != 0;
	else if (strcmp(name, "udp") == 0)
		p->form.udp = esp_number_of(value) != 0;
	else if (strcmp(name, "first") == 0)
		p->first = esp_number_of(value);
	else if (strcmp(name, "tos") == 0)
		p->form.outer.tos = p->inner.tos = (uint8_t)esp_number_of(value);
	else if (strcmp(name, "ttl") == 0)
		p->form.outer.ttl = p->inner.ttl = (uint8_t)esp_number_of(value);
	else if (strcmp(name, "min") == 0)
		p->padding.min = esp_number_of(value);
	else if (strcmp(name, "max") == 0)
		p->padding.max = esp_number_of(value);
	else if (strcmp(name, "seed") == 0)
		p->rng = noon_rng_seeded(esp_number_of(value));
	else
		return false;
	return true;
}

static void set(struct peer *p, char *option)
{
	const char *value = esp_split(option);

	if (set_number(p, option, value))
		return;
	if (strcmp(option, "key") == 0)
		set_key(p, value);
	else if (strcmp(option, "ah-key") == 0)
		(void)esp_bytes_of(value, p->keys.ah, sizeof(p->keys.ah));
	else if (strcmp(option, "outer") == 0)
		esp_addresses_of(value, &p->form.outer);
	else if (strcmp(option, "inner") == 0)
		esp_addresses_of(value, &p->inner);
	else if (strcmp(option, "pad") == 0)
		set_padding(p, value);
	else
		esp_die("no such option", option);
}

static void begin(struct peer *p)
{
	p->form.ah = p->form.ah_spi != 0;
	p->inner.proto = NOON_IP_PROTO_UDP;
	if (!noon_padding_is_sound(&p->padding))
		esp_die("padding", "bounds");
	esp_must(noon_sa_init(&p->sa, &p->form, &p->keys), "association");
	/* As if all numbers before the first one had been used. */
	p->sa.seq = p->sa.replay.top = p->sa.ah_replay.top = p->first - 1;
}

/* --- datagrams to packets --- */

static struct noon_bytes inner_of(struct peer *p, const struct noon_udp *udp,
				  struct noon_bytes data, uint8_t *room)
{
	struct noon_wr wr = noon_wr_over(room, NOON_TUNNEL_PACKET_MAX);

	if (udp->dst == 0) {
		esp_must(noon_wr_put(&wr, data), "cover packet");
		return noon_wr_written(&wr);
	}
	esp_must(noon_ip_put(&wr, &p->inner, NOON_UDP_HEADER_LEN + data.n), "inner header");
	esp_must(noon_udp_put(&wr, &p->inner, udp, data), "datagram");
	return noon_wr_written(&wr);
}

static void seal(struct peer *p, const char *line)
{
	static uint8_t room[NOON_TUNNEL_PACKET_MAX], out[NOON_TUNNEL_PACKET_MAX];
	const struct esp_datagram d = esp_datagram_of(line);
	const struct noon_bytes inner = inner_of(p, &d.udp, d.data, room);
	struct noon_wr wr = noon_wr_over(out, sizeof(out));
	uint8_t next = p->inner.version == 4 ? NOON_IP_PROTO_IP4 : NOON_IP_PROTO_IP6;
	size_t pad;

	if (d.udp.dst == 0)
		next = NOON_IP_PROTO_NONE;
	esp_must(noon_padding_len(&p->padding, inner.n, &p->rng, &pad), "padding");
	esp_must(noon_sa_seal(&p->sa, inner, next, pad, &wr), "seal");
	esp_print(noon_wr_written(&wr));
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
	static uint8_t room[NOON_TUNNEL_PACKET_MAX];
	struct noon_sa_opened opened;
	struct noon_sa_outer outer;
	struct noon_bytes data = {0};
	struct noon_udp udp = {0};
	enum noon_tunnel_verdict v = noon_sa_outer_of(esp_packet_of(line), p->form.udp, &outer);

	if (v == NOON_TUNNEL_ACCEPTED && outer.esp.spi != p->form.spi)
		v = NOON_TUNNEL_SPI;
	if (v == NOON_TUNNEL_ACCEPTED)
		v = noon_sa_open(&p->sa, &outer, room, &opened);
	if (v == NOON_TUNNEL_ACCEPTED && opened.next == NOON_IP_PROTO_NONE)
		v = NOON_TUNNEL_COVER;
	if (v == NOON_TUNNEL_ACCEPTED)
		v = unpack(opened.inner, &udp, &data);
	if (v == NOON_TUNNEL_ACCEPTED)
		esp_print_datagram(opened.seq, &udp, data);
	else
		(void)printf("%s\n", noon_tunnel_verdict_word(v));
	return v;
}

int main(int argc, char **argv)
{
	static struct peer p = {.form = {.outer = {.ttl = 64}}, .inner = {.ttl = 64}, .first = 1};
	static char line[ESP_LINE];
	uint64_t verdicts[NOON_TUNNEL_VERDICTS] = {0};
	bool sealing;

	if (argc < 2 || (strcmp(argv[1], "seal") != 0 && strcmp(argv[1], "open") != 0))
		esp_die("use", "seal|open NAME=VALUE...");
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
	esp_print_verdicts(verdicts);
	noon_sa_fini(&p.sa);
	return fflush(stdout) == 0 ? 0 : 1;
}
