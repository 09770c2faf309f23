/* SPDX-License-Identifier: Apache-2.0
 *
 * One end of a timing tunnel without a socket, for the judges of test_ipsec.py: as esp_peer, with
 * the machine that derives keys and SPIs and refreshes them.
 *
 * use: tunnel_peer seal NAME=VALUE...   datagrams of standard input to outer packets
 *      tunnel_peer open NAME=VALUE...   outer packets of standard input to datagrams
 *      tunnel_peer keys NAME=VALUE...   for each epoch and end that sends a line
 *                                       "EPOCH initiator|responder SPI AH-SPI KEY AH-KEY"
 *
 * secret=HEX      32 bytes that the ends share
 * initiator=0|1   which of them this is
 * outer=A,B       source and destination of what it sends, outside
 * inner=A,B       and inside
 * epochs=N        of `keys`, and how many may be used
 * packets=N       of one association
 * key-len=N, esn=0|1, ah=0|1, udp=0|1, min=N, max=N (random padding)
 *
 * Each packet is a millisecond behind the one before.
 */
#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "esp_text.h"
#include "proto/tunnel/tunnel.h"

struct peer {
	struct noon_tunnel_conf conf;
	struct noon_rng rng;
	noon_time now;
	struct noon_tunnel tunnel;
};

/* Returns whether the name is one of a number. */
static bool set_number(struct noon_tunnel_conf *c, const char *name, const char *value)
{
	if (strcmp(name, "initiator") == 0)
		c->is_initiator = esp_number_of(value) != 0;
	else if (strcmp(name, "epochs") == 0)
		c->reserved = esp_number_of(value);
	else if (strcmp(name, "packets") == 0)
		c->packets = esp_number_of(value);
	else if (strcmp(name, "key-len") == 0)
		c->key_len = esp_number_of(value);
	else if (strcmp(name, "esn") == 0)
		c->extended = esp_number_of(value) != 0;
	else if (strcmp(name, "ah") == 0)
		c->ah = esp_number_of(value) != 0;
	else if (strcmp(name, "udp") == 0)
		c->udp = esp_number_of(value) != 0;
	else if (strcmp(name, "min") == 0)
		c->padding.min = esp_number_of(value);
	else if (strcmp(name, "max") == 0)
		c->padding.max = esp_number_of(value);
	else
		return false;
	return true;
}

static void set(struct noon_tunnel_conf *c, char *option)
{
	const char *value = esp_split(option);

	if (set_number(c, option, value))
		return;
	if (strcmp(option, "secret") == 0)
		(void)esp_bytes_of(value, c->secret.key, sizeof(c->secret.key));
	else if (strcmp(option, "outer") == 0)
		esp_addresses_of(value, &c->outer);
	else if (strcmp(option, "inner") == 0)
		esp_addresses_of(value, &c->inner);
	else
		esp_die("no such option", option);
}

static void print_digits(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		(void)printf("%02x", p[i]);
}

static void print_keys(const struct noon_tunnel_conf *c)
{
	for (uint64_t epoch = c->first; epoch <= c->reserved; epoch++) {
		for (int from = NOON_TUNNEL_FROM_INITIATOR; from <= NOON_TUNNEL_FROM_RESPONDER;
		     from++) {
			const bool own = (from == NOON_TUNNEL_FROM_INITIATOR) == c->is_initiator;
			struct noon_tunnel_way way = {.direction = (enum noon_tunnel_direction)from,
						      .version = c->inner.version};
			struct noon_secret_tunnel_epoch e;

			memcpy(way.from, own ? c->inner.src : c->inner.dst, sizeof(way.from));
			memcpy(way.to, own ? c->inner.dst : c->inner.src, sizeof(way.to));
			esp_must(noon_tunnel_keys_of(&c->secret, &way, epoch, &e), "keys");
			(void)printf("%llu %s %u %u ", (unsigned long long)epoch,
				     from == NOON_TUNNEL_FROM_INITIATOR ? "initiator" : "responder",
				     e.spi, e.ah_spi);
			print_digits(e.keys.cipher, c->key_len);
			print_digits(e.keys.salt, sizeof(e.keys.salt));
			(void)printf(" ");
			esp_print(noon_bytes_of(e.keys.ah, sizeof(e.keys.ah)));
		}
	}
}

static void seal(struct peer *p, const char *line)
{
	static uint8_t out[NOON_TUNNEL_PACKET_MAX];
	const struct esp_datagram d = esp_datagram_of(line);
	struct noon_wr wr = noon_wr_over(out, sizeof(out));
	struct noon_tunnel_sealed sealed;

	esp_must(noon_tunnel_seal(&p->tunnel, &d.udp, d.data, p->now, &wr, &sealed), "seal");
	esp_print(noon_wr_written(&wr));
}

static void open_packet(struct peer *p, const char *line)
{
	static uint8_t room[NOON_TUNNEL_PACKET_MAX];
	const struct noon_rx rx = {.data = esp_packet_of(line), .at = p->now, .now = p->now};
	struct noon_tunnel_datagram d;
	const enum noon_tunnel_verdict v = noon_tunnel_on_packet(&p->tunnel, &rx, room, &d);

	if (v == NOON_TUNNEL_ACCEPTED)
		esp_print_datagram(d.seq, &d.udp, d.data);
	else
		(void)printf("%s\n", noon_tunnel_verdict_word(v));
}

static void run(struct peer *p, bool sealing)
{
	static char line[ESP_LINE];

	esp_must(noon_tunnel_init(&p->tunnel, &p->conf, p->now, &p->rng), "tunnel");
	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		p->now = noon_time_add(p->now, NOON_MS(1));
		if (sealing)
			seal(p, line);
		else
			open_packet(p, line);
	}
	esp_print_verdicts(p->tunnel.verdicts);
	noon_tunnel_fini(&p->tunnel);
}

int main(int argc, char **argv)
{
	static struct peer p = {.conf = {
					.key_len = 16,
					.outer = {.ttl = 64},
					.inner = {.ttl = 64},
					.port = {319, 320},
					.ports = 2,
					.padding = {.mode = NOON_PADDING_RANDOM},
					.lifetime = NOON_S(3600),
					.grace = NOON_S(10),
					.dead_after = NOON_S(60),
					.first = 1,
					.reserved = 1,
				}};
	const char *what = argc < 2 ? "" : argv[1];

	p.rng = noon_rng_seeded(1);
	for (int i = 2; i < argc; i++)
		set(&p.conf, argv[i]);
	if (strcmp(what, "keys") == 0)
		print_keys(&p.conf);
	else if (strcmp(what, "seal") == 0 || strcmp(what, "open") == 0)
		run(&p, strcmp(what, "seal") == 0);
	else
		esp_die("use", "seal|open|keys NAME=VALUE...");
	return fflush(stdout) == 0 ? 0 : 1;
}
