/* SPDX-License-Identifier: Apache-2.0
 *
 * Property: whatever bytes come, headers of IP, UDP, ESP and AH are read within them, and what was
 * read well and is written again is read the same.
 */
#include <assert.h>
#include <string.h>

#include "input.h"
#include "wire/ip/ah.h"
#include "wire/ip/esp.h"
#include "wire/ip/ip.h"

static bool within(struct noon_bytes b, const uint8_t *p, size_t n)
{
	return b.n == 0 || (b.p >= p && b.p + b.n <= p + n);
}

static void ip(const uint8_t *p, size_t n)
{
	struct noon_rd rd = noon_rd_over(p, n);
	uint8_t raw[2048];
	struct noon_wr wr = noon_wr_over(raw, sizeof(raw));
	struct noon_ip h, again;
	struct noon_udp udp;
	struct noon_bytes payload, data;

	if (noon_ip_get(&rd, &h, &payload))
		return;
	assert(within(payload, p, n) && rd.p <= rd.end);
	if (noon_udp_get(payload, &h, &udp, &data) == NOON_OK)
		assert(within(data, p, n));
	if (payload.n > 1024)
		return;
	assert(noon_ip_put(&wr, &h, payload.n) == NOON_OK);
	assert(noon_wr_put(&wr, payload) == NOON_OK);
	rd = noon_rd_bytes(noon_wr_written(&wr));
	assert(noon_ip_get(&rd, &again, &data) == NOON_OK);
	assert(memcmp(&h, &again, sizeof(h)) == 0 && data.n == payload.n);
	noon_ip_clear_mutable(raw);
}

static void esp(const uint8_t *p, size_t n)
{
	struct noon_esp e;
	struct noon_bytes payload;
	uint8_t next;

	if (noon_esp_get(noon_bytes_of(p, n), &e) == NOON_OK) {
		assert(within(e.sealed, p, n) &&
		       e.sealed.n >= NOON_ESP_TRAILER_MIN + NOON_ESP_ICV_LEN);
		assert(e.spi > NOON_ESP_SPI_RESERVED);
	}
	if (noon_esp_trailer_get(noon_bytes_of(p, n), &payload, &next) == NOON_OK)
		assert(within(payload, p, n) && payload.n + NOON_ESP_TRAILER_MIN <= n);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct noon_ah ah;

	ip(p, n);
	esp(p, n);
	for (int i = 0; i < 2; i++)
		if (noon_ah_get(noon_bytes_of(p, n), i ? 6 : 4, &ah) == NOON_OK)
			assert(within(ah.icv, p, n) && within(ah.payload, p, n));
	return 0;
}
