/* SPDX-License-Identifier: Apache-2.0
 *
 * Security associations of PTP's integrated security (IEEE 1588-2019, 16.14), from the file format
 * that linuxptp calls sa_file:
 *
 *     [security_association]
 *     spp 1
 *     seqid_window 3
 *     1 SHA256-128 HEX:8b1f...
 *     2 AES128 B64:q83vEjRWeJAS...
 *
 * A section for each security policy pointer; a key per line: number, SHA256-128, SHA256, AES128 or
 * AES256, optionally the key's length in bytes, and the key as ASCII (the default), HEX: or B64:.
 * Several keys make a change of keys without a gap: any of them opens, one seals.
 */
#ifndef NOON_PROTO_PTP_KEYS_H
#define NOON_PROTO_PTP_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "crypto/mac.h"

#define NOON_PTP_SAS_MAX  8
#define NOON_PTP_KEYS_MAX 16	/**< of one security association */
#define NOON_PTP_WINDOW	  3	/**< seqid_window where the file gives none */
#define NOON_PTP_FILE_MAX 65536 /**< bytes of a file */

struct noon_ptp_key {
	uint32_t id; /**< 1.. */
	struct noon_mac mac;
};

/** A security association. */
struct noon_ptp_sa {
	uint8_t spp;
	uint16_t window; /**< messages that may be missing between two of a stream */
	size_t n;
	struct noon_ptp_key key[NOON_PTP_KEYS_MAX];
};

/** All of a file. Keys live inside the backend only. */
struct noon_ptp_keys {
	size_t n;
	struct noon_ptp_sa sa[NOON_PTP_SAS_MAX];
};

/** Where a file is wrong. */
struct noon_ptp_keys_fault {
	size_t line;	      /**< from 1 */
	const char *expected; /**< static */
};

/**
 * Read a file's text; the caller wipes the text.
 *
 * @param[out] ret        to be closed with noon_ptp_keys_fini(); untouched unless NOON_OK
 * @param[out] ret_fault  valid unless NOON_OK
 * @retval NOON_OK
 * @retval NOON_ERR_FORMAT       a line is not as it should be
 * @retval NOON_ERR_RANGE        a key is too short or too long for its algorithm
 * @retval NOON_ERR_UNSUPPORTED  an option that is not supported here
 * @retval NOON_ERR_FULL         more associations or keys than there is room for
 * @retval NOON_ERR_EMPTY        no key at all
 * @retval NOON_ERR_CRYPTO
 */
NOON_MUST_USE noon_err noon_ptp_keys_parse(struct noon_bytes text, struct noon_ptp_keys *ret,
					   struct noon_ptp_keys_fault *ret_fault);

/** Forget the keys; a zeroed struct is fine. */
void noon_ptp_keys_fini(struct noon_ptp_keys *k);

/** Return the association of a policy pointer; NULL if there is none. Borrowed. */
struct noon_ptp_sa *noon_ptp_keys_sa(struct noon_ptp_keys *k, uint8_t spp);

/** Return a key; id 0 means the last one of the file, the one to seal with when nothing else is
 *  said. NULL if there is none. Borrowed. */
struct noon_ptp_key *noon_ptp_sa_key(struct noon_ptp_sa *sa, uint32_t id);

#endif
