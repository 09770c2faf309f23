/* SPDX-License-Identifier: Apache-2.0
 *
 * The Encapsulating Security Payload (RFC 4303) with AES-GCM and an ICV of 16 bytes (RFC 4106):
 * SPI, sequence number, explicit IV, ciphertext, ICV. The plaintext ends with a trailer: padding
 * 1, 2, 3, ..., its length and the protocol of the payload.
 */
#ifndef NOON_WIRE_ESP_H
#define NOON_WIRE_ESP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

#define NOON_ESP_HEADER_LEN  16 /**< SPI, sequence number and IV */
#define NOON_ESP_ICV_LEN     16
#define NOON_ESP_TRAILER_MIN 2 /**< length of the padding, next header */
#define NOON_ESP_SALT_LEN    4
#define NOON_ESP_AAD_MAX     12

/** SPIs up to this one are reserved (RFC 4303, section 2.1). */
#define NOON_ESP_SPI_RESERVED 255

struct noon_esp {
	uint32_t spi;
	uint32_t seq;		  /**< low 32 bits */
	uint64_t iv;		  /**< explicit part of the nonce */
	struct noon_bytes sealed; /**< ciphertext and ICV; borrowed */
};

/*@ requires \valid_read(packet.p + (0 .. packet.n - 1)) && packet.n <= PTRDIFF_MAX;
    requires \valid(ret) && \separated(ret, packet.p + (0 .. packet.n - 1));
    assigns *ret;
    ensures untouched: \result != NOON_OK ==> *ret == \old(*ret);
    // What is sealed is the rest of the packet, with room for a trailer and an ICV.
    ensures rest: \result == NOON_OK ==> ret->sealed.p == packet.p + NOON_ESP_HEADER_LEN &&
      ret->sealed.n == packet.n - NOON_ESP_HEADER_LEN &&
      ret->sealed.n >= NOON_ESP_TRAILER_MIN + NOON_ESP_ICV_LEN && ret->sealed.n % 4 == 0 &&
      ret->spi > NOON_ESP_SPI_RESERVED; */
/**
 * Read a packet.
 * @param[out] ret  untouched unless NOON_OK
 * @retval NOON_OK
 * @retval NOON_ERR_SHORT   no room for a trailer and an ICV
 * @retval NOON_ERR_FORMAT  the ciphertext is no multiple of 4 bytes, or the SPI is reserved
 */
NOON_MUST_USE noon_err noon_esp_get(struct noon_bytes packet, struct noon_esp *ret);

/** Write SPI, sequence number and IV. @retval NOON_OK, NOON_ERR_FULL (nothing written) */
NOON_MUST_USE noon_err noon_esp_put(struct noon_wr *wr, uint32_t spi, uint32_t seq, uint64_t iv);

/** Return the bytes of the trailer behind n bytes of payload, 2..5 (RFC 4303, section 2.4: the end
 *  of the trailer is at a multiple of 4). */
size_t noon_esp_trailer_len(size_t n);
/** Append the trailer of n bytes of payload. @retval NOON_OK, NOON_ERR_FULL (nothing written) */
NOON_MUST_USE noon_err noon_esp_trailer_put(struct noon_wr *wr, size_t n, uint8_t next);
/*@ requires \valid_read(plain.p + (0 .. plain.n - 1)) && plain.n <= PTRDIFF_MAX;
    requires \valid(payload) && \valid(ret_next);
    requires \separated(payload, ret_next, plain.p + (0 .. plain.n - 1));
    assigns *payload, *ret_next;
    ensures untouched: \result != NOON_OK ==>
      *payload == \old(*payload) && *ret_next == \old(*ret_next);
    // The payload, padding 1, 2, 3, ..., its length and the protocol are all there is.
    ensures parts: \result == NOON_OK ==> payload->p == plain.p &&
      plain.n == payload->n + plain.p[plain.n - 2] + NOON_ESP_TRAILER_MIN &&
      *ret_next == plain.p[plain.n - 1];
    ensures padding: \result == NOON_OK ==> \forall integer i; 0 <= i < plain.p[plain.n - 2] ==>
      plain.p[payload->n + i] == i + 1; */
/**
 * Take the trailer off a plaintext. Padding is compared with 1, 2, 3, ..., as the RFC asks.
 * @param[out] payload  what is left; borrowed; untouched unless NOON_OK
 * @retval NOON_OK, NOON_ERR_FORMAT
 */
NOON_MUST_USE noon_err noon_esp_trailer_get(struct noon_bytes plain, struct noon_bytes *payload,
					    uint8_t *ret_next);

/**
 * Return what is authenticated besides the ciphertext: SPI and sequence number, of 64 bits with
 * extended ones (RFC 4106, section 5).
 * @param[out] room  NOON_ESP_AAD_MAX bytes, which the result borrows
 */
struct noon_bytes noon_esp_aad(uint32_t spi, uint64_t seq, bool extended, uint8_t *room);

/** Write the nonce, salt and IV, 12 bytes (RFC 4106, section 4). */
void noon_esp_nonce(const uint8_t *salt, uint64_t iv, uint8_t *ret);

#endif
