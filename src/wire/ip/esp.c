/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/ip/esp.h"

#include <string.h>

noon_err noon_esp_get(struct noon_bytes packet, struct noon_esp *ret)
{
	struct noon_rd rd = noon_rd_bytes(packet);
	struct noon_esp esp;
	size_t n;

	if (noon_rd_u32(&rd, &esp.spi) || noon_rd_u32(&rd, &esp.seq) || noon_rd_u64(&rd, &esp.iv))
		return NOON_ERR_SHORT;
	n = noon_rd_left(&rd);
	if (n < NOON_ESP_TRAILER_MIN + NOON_ESP_ICV_LEN)
		return NOON_ERR_SHORT;
	if ((n - NOON_ESP_ICV_LEN) % 4 != 0 || esp.spi <= NOON_ESP_SPI_RESERVED)
		return NOON_ERR_FORMAT;
	esp.sealed = noon_bytes_of(rd.p, n);
	*ret = esp;
	return NOON_OK;
}

noon_err noon_esp_put(struct noon_wr *wr, uint32_t spi, uint32_t seq, uint64_t iv)
{
	noon_err err;

	if (noon_wr_room(wr) < NOON_ESP_HEADER_LEN)
		return NOON_ERR_FULL;
	err = noon_wr_u32(wr, spi);
	err = err ? err : noon_wr_u32(wr, seq);
	return err ? err : noon_wr_u64(wr, iv);
}

static size_t padding_len(size_t n)
{
	return (4 - (n + NOON_ESP_TRAILER_MIN) % 4) % 4;
}

size_t noon_esp_trailer_len(size_t n)
{
	return padding_len(n) + NOON_ESP_TRAILER_MIN;
}

noon_err noon_esp_trailer_put(struct noon_wr *wr, size_t n, uint8_t next)
{
	const uint8_t pad = (uint8_t)padding_len(n);

	if (noon_wr_room(wr) < noon_esp_trailer_len(n))
		return NOON_ERR_FULL;
	for (uint8_t i = 1; i <= pad; i++)
		*wr->p++ = i;
	*wr->p++ = pad;
	*wr->p++ = next;
	return NOON_OK;
}

noon_err noon_esp_trailer_get(struct noon_bytes plain, struct noon_bytes *payload,
			      uint8_t *ret_next)
{
	size_t pad;
	size_t n;

	if (plain.n < NOON_ESP_TRAILER_MIN)
		return NOON_ERR_FORMAT;
	pad = plain.p[plain.n - 2];
	if (pad > plain.n - NOON_ESP_TRAILER_MIN)
		return NOON_ERR_FORMAT;
	n = plain.n - NOON_ESP_TRAILER_MIN - pad;
	/*@ loop invariant 0 <= i <= pad;
	    loop invariant \forall integer k; 0 <= k < i ==> plain.p[n + k] == k + 1;
	    loop assigns i;
	    loop variant pad - i; */
	for (size_t i = 0; i < pad; i++)
		if (plain.p[n + i] != i + 1)
			return NOON_ERR_FORMAT;
	*payload = noon_bytes_of(plain.p, n);
	*ret_next = plain.p[plain.n - 1];
	return NOON_OK;
}

/* Big-endian, n bytes. */
static void put_be(uint8_t *p, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(v >> 8 * (n - 1 - i));
}

struct noon_bytes noon_esp_aad(uint32_t spi, uint64_t seq, bool extended, uint8_t *room)
{
	const size_t n = extended ? 8 : 4;

	put_be(room, spi, 4);
	put_be(room + 4, seq, n);
	return noon_bytes_of(room, 4 + n);
}

void noon_esp_nonce(const uint8_t *salt, uint64_t iv, uint8_t *ret)
{
	memcpy(ret, salt, NOON_ESP_SALT_LEN);
	put_be(ret + NOON_ESP_SALT_LEN, iv, 8);
}
