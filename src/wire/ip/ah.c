/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/ip/ah.h"

#define SPI_RESERVED 255

size_t noon_ah_len(uint8_t ip_version)
{
	const size_t n = NOON_AH_FIXED_LEN + NOON_AH_ICV_LEN;

	return ip_version == 4 ? n : (n + 7) / 8 * 8;
}

noon_err noon_ah_get(struct noon_bytes packet, uint8_t ip_version, struct noon_ah *ret)
{
	struct noon_rd rd = noon_rd_bytes(packet);
	struct noon_ah ah;
	struct noon_bytes rest;
	uint16_t reserved;
	uint8_t words;
	size_t len;

	if (noon_rd_u8(&rd, &ah.next) || noon_rd_u8(&rd, &words) || noon_rd_u16(&rd, &reserved) ||
	    noon_rd_u32(&rd, &ah.spi) || noon_rd_u32(&rd, &ah.seq))
		return NOON_ERR_SHORT;
	len = ((size_t)words + 2) * 4;
	if (ah.spi <= SPI_RESERVED)
		return NOON_ERR_FORMAT;
	if (len != noon_ah_len(ip_version) && len != NOON_AH_LEN_MAX)
		return NOON_ERR_FORMAT;
	if (noon_rd_take(&rd, NOON_AH_ICV_LEN, &ah.icv) ||
	    noon_rd_take(&rd, len - NOON_AH_FIXED_LEN - NOON_AH_ICV_LEN, &rest))
		return NOON_ERR_SHORT;
	ah.payload = noon_bytes_of(rd.p, noon_rd_left(&rd));
	*ret = ah;
	return NOON_OK;
}

noon_err noon_ah_put(struct noon_wr *wr, uint8_t ip_version, uint8_t next, uint32_t spi,
		     uint32_t seq, uint8_t **ret_icv)
{
	const size_t len = noon_ah_len(ip_version);
	noon_err err;

	if (noon_wr_room(wr) < len)
		return NOON_ERR_FULL;
	err = noon_wr_u8(wr, next);
	err = err ? err : noon_wr_u8(wr, (uint8_t)(len / 4 - 2));
	err = err ? err : noon_wr_u16(wr, 0);
	err = err ? err : noon_wr_u32(wr, spi);
	err = err ? err : noon_wr_u32(wr, seq);
	*ret_icv = wr->p;
	return err ? err : noon_wr_zeros(wr, len - NOON_AH_FIXED_LEN);
}
