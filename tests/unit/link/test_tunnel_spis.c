/* SPDX-License-Identifier: Apache-2.0
 *
 * A PHY that stamps by SPI, told over MDIO, and a tunnel whose SPI changes after each 16 packets.
 */
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/rng.h"
#include "crypto/aead.h"
#include "link/tunnel_link.h"

/* Registers of a PHY as IEEE 802.3, clause 45 has them for vendors: 16 bits each. The stamping unit
 * looks for one SPI of ESP in packets that leave. */
enum { MDIO_SPI_LOW, MDIO_SPI_HIGH, MDIO_CONTROL, MDIO_STAMPED, MDIO_MISSED, MDIO_REGISTERS };

#define CONTROL_MATCH 1U /* match what SPI_HIGH and SPI_LOW say */

/* On the wire between the two ends: our packets pass through the PHY. */
static struct {
	uint16_t mdio[MDIO_REGISTERS];
	unsigned writes;
	struct noon_loop *loop;
	struct noon_tunnel_link link;
	struct noon_tunnel_user user;
	struct noon_rng rng;
	int wire; /* the other end's socket */
	uint32_t in_told;
} w;

static void mdio_write(int reg, uint16_t value)
{
	w.mdio[reg] = value;
	w.writes++;
}

/* The driver: matching is off while the two halves differ. */
static void on_spis(void *arg, const struct noon_tunnel_spis *s)
{
	(void)arg;
	mdio_write(MDIO_CONTROL, 0);
	mdio_write(MDIO_SPI_HIGH, (uint16_t)(s->out >> 16));
	mdio_write(MDIO_SPI_LOW, (uint16_t)s->out);
	mdio_write(MDIO_CONTROL, CONTROL_MATCH);
	assert_true(s->n > 0 && s->in[0] != 0);
	w.in_told = s->in[0];
}

/* The stamping unit. */
static void pass(const uint8_t *esp)
{
	const uint32_t spi =
		(uint32_t)esp[0] << 24 | (uint32_t)esp[1] << 16 | (uint32_t)esp[2] << 8 | esp[3];
	const uint32_t wanted = (uint32_t)w.mdio[MDIO_SPI_HIGH] << 16 | w.mdio[MDIO_SPI_LOW];

	if (w.mdio[MDIO_CONTROL] == CONTROL_MATCH && spi == wanted)
		w.mdio[MDIO_STAMPED]++;
	else
		w.mdio[MDIO_MISSED]++;
}

static bool reserve(void *arg, uint64_t epoch)
{
	(void)arg;
	(void)epoch;
	return true;
}

static bool takes(void *arg, const struct noon_udp *udp)
{
	(void)arg;
	(void)udp;
	return true;
}

static void on_datagram(void *arg, const struct noon_tunnel_arrival *a)
{
	(void)arg;
	(void)a;
}

static void on_sent(void *arg, uint32_t token, const struct noon_link_stamp *stamp)
{
	(void)arg;
	(void)token;
	(void)stamp;
}

static void open_wire(struct noon_addr *ret)
{
	w.wire = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_true(w.wire >= 0);
	assert_int_equal(noon_addr_parse("127.0.0.1", 0, ret), NOON_OK);
	assert_int_equal(bind(w.wire, &ret->u.sa, ret->len), 0);
	assert_int_equal(getsockname(w.wire, &ret->u.sa, &ret->len), 0);
}

static int set_up(void **state)
{
	const struct noon_tunnel_host host = {.reserve = reserve, .on_spis = on_spis};
	struct noon_tunnel_link_conf c = {.family = AF_INET,
					  .machine = {.is_initiator = true,
						      .key_len = 16,
						      .extended = true,
						      .udp = true,
						      .inner = {.version = 4,
								.ttl = 64,
								.src = {10, 9, 0, 1},
								.dst = {10, 9, 0, 2}},
						      .port = {319},
						      .ports = 1,
						      .lifetime = NOON_S(3600),
						      .packets = 16,
						      .grace = NOON_S(2),
						      .dead_after = NOON_S(30),
						      .first = 1,
						      .reserved = UINT32_MAX}};
	const char *why = "";
	int sys = 0;

	(void)state;
	memset(&w, 0, sizeof(w));
	w.rng = noon_rng_seeded(20261130);
	memset(c.machine.secret.key, 0x5a, sizeof(c.machine.secret.key));
	open_wire(&c.peer);
	assert_int_equal(noon_addr_parse("127.0.0.1", 0, &c.local), NOON_OK);
	assert_int_equal(noon_loop_new(NOON_LOOP_POLL, &w.loop), NOON_OK);
	assert_int_equal(noon_tunnel_link_open(&w.link, w.loop, &c, &host, &w.rng, &why, &sys),
			 NOON_OK);
	w.user = (struct noon_tunnel_user){
		.takes = takes, .on_datagram = on_datagram, .on_sent = on_sent};
	assert_int_equal(noon_tunnel_link_attach(&w.link, &w.user), NOON_OK);
	assert_int_equal(noon_tunnel_link_start(&w.link), NOON_OK);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	noon_tunnel_link_close(&w.link);
	noon_loop_free(w.loop);
	(void)close(w.wire);
	return 0;
}

static void send_one(void)
{
	const struct noon_tunnel_message m = {.user = &w.user,
					      .udp = {.src = 319, .dst = 319},
					      .data = noon_bytes_of("a Sync", 6),
					      .wants_stamp = true};
	struct pollfd p = {.fd = w.wire, .events = POLLIN};
	uint8_t raw[2048];

	assert_int_equal(noon_tunnel_link_send(&w.link, &m), NOON_OK);
	assert_int_equal(poll(&p, 1, 1000), 1);
	while (recv(w.wire, raw, sizeof(raw), 0) > 0)
		pass(raw);
}

static void the_phy_knows_each_spi_before_its_first_packet(void **state)
{
	(void)state;
	for (int i = 0; i < 100 * 16; i++)
		send_one();
	assert_true(w.link.machine.refreshes >= 99);
	assert_int_equal(w.mdio[MDIO_MISSED], 0);
	assert_true(w.mdio[MDIO_STAMPED] >= 100 * 16);
	/* Told once for each SPI, and not for each packet. */
	assert_true(w.writes <= 4 * (w.link.machine.refreshes + 3));
}

static void inbound_ones_are_told_before_they_may_come(void **state)
{
	uint32_t spi[NOON_TUNNEL_SPIS_MAX];

	(void)state;
	send_one();
	assert_true(noon_tunnel_spis_in(&w.link.machine, spi) > 0);
	assert_int_equal(w.in_told, spi[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_phy_knows_each_spi_before_its_first_packet,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(inbound_ones_are_told_before_they_may_come, set_up,
						tear_down),
	};

	if (noon_aead_global_init())
		return 1;
	return cmocka_run_group_tests_name("link tunnel_spis", tests, NULL, NULL);
}
