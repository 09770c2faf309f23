/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/tunnel/tunnel_keys.h"

#include <string.h>

#include "crypto/kdf.h"

static const char label[] = "noonmark tunnel 1";

/* What is derived. */
enum purpose {
	PURPOSE_KEYS, /* of an epoch */
	PURPOSE_SPIS, /* of a block of epochs */
};

static noon_err derive(const struct noon_secret_tunnel *secret, const struct noon_tunnel_way *way,
		       enum purpose purpose, uint64_t number, uint8_t *out, size_t n)
{
	uint8_t raw[3 + 8 + sizeof(way->from) + sizeof(way->to)];
	struct noon_wr info = noon_wr_over(raw, sizeof(raw));
	noon_err err = noon_wr_u8(&info, (uint8_t)purpose);

	err = err ? err : noon_wr_u8(&info, (uint8_t)way->direction);
	err = err ? err : noon_wr_u64(&info, number);
	err = err ? err : noon_wr_u8(&info, way->version);
	err = err ? err : noon_wr_put(&info, noon_bytes_of(way->from, sizeof(way->from)));
	err = err ? err : noon_wr_put(&info, noon_bytes_of(way->to, sizeof(way->to)));
	err = err ? err
		  : noon_hkdf_sha256(noon_bytes_of(label, sizeof(label) - 1),
				     noon_bytes_of(secret->key, sizeof(secret->key)),
				     noon_wr_written(&info), out, n);
	return err ? NOON_ERR_CRYPTO : NOON_OK;
}

static uint32_t spi_of(const uint8_t *p)
{
	const uint32_t v = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];

	/* 2^31 of them are left, none of them reserved. */
	return v | UINT32_C(0x80000000);
}

noon_err noon_tunnel_spis_of(const struct noon_secret_tunnel *secret,
			     const struct noon_tunnel_way *way, uint64_t from,
			     uint32_t ret[NOON_TUNNEL_SPI_BLOCK])
{
	const uint64_t block = from / NOON_TUNNEL_SPI_BLOCK;
	const size_t skip = from % NOON_TUNNEL_SPI_BLOCK;
	uint8_t raw[2][4 * NOON_TUNNEL_SPI_BLOCK];
	noon_err err = derive(secret, way, PURPOSE_SPIS, block, raw[0], sizeof(raw[0]));

	if (!err && skip > 0)
		err = derive(secret, way, PURPOSE_SPIS, block + 1, raw[1], sizeof(raw[1]));
	for (size_t i = 0; i < NOON_TUNNEL_SPI_BLOCK && !err; i++) {
		const size_t at = skip + i;

		ret[i] = spi_of(&raw[at / NOON_TUNNEL_SPI_BLOCK][4 * (at % NOON_TUNNEL_SPI_BLOCK)]);
	}
	noon_wipe(raw, sizeof(raw));
	return err;
}

noon_err noon_tunnel_keys_of(const struct noon_secret_tunnel *secret,
			     const struct noon_tunnel_way *way, uint64_t epoch,
			     struct noon_secret_tunnel_epoch *ret)
{
	struct {
		struct noon_secret_sa_keys keys;
		uint8_t ah_spi[4];
	} out;
	uint32_t spi[NOON_TUNNEL_SPI_BLOCK];
	noon_err err = derive(secret, way, PURPOSE_KEYS, epoch, (uint8_t *)&out, sizeof(out));

	_Static_assert(sizeof(out) == NOON_GCM_KEY_MAX + NOON_ESP_SALT_LEN + NOON_TUNNEL_AH_KEY + 4,
		       "no padding");
	err = err ? err : noon_tunnel_spis_of(secret, way, epoch, spi);
	if (!err) {
		*ret = (struct noon_secret_tunnel_epoch){
			.keys = out.keys, .spi = spi[0], .ah_spi = spi_of(out.ah_spi)};
		if (ret->ah_spi == ret->spi)
			ret->ah_spi ^= 1;
	}
	noon_wipe(&out, sizeof(out));
	noon_wipe(spi, sizeof(spi));
	return err;
}
