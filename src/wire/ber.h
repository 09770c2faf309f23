/* SPDX-License-Identifier: Apache-2.0
 *
 * The Basic Encoding Rules (ITU-T X.690, section 8), as far as the envelope of time-stamp tokens
 * needs them: several authorities send ContentInfo and SignedData with indefinite lengths, or the
 * content as a constructed OCTET STRING. For reading what a token says; a signature is verified by
 * others (crypto/ts_verify.h).
 *
 * Everything that is DER is BER. Identifiers have one byte. Values borrow from the buffer.
 */
#ifndef NOON_WIRE_BER_H
#define NOON_WIRE_BER_H

#include "base/bytes.h"
#include "base/err.h"
#include "wire/tsp.h"

#define NOON_BER_DEPTH_MAX 16 /**< of values of indefinite length within each other */

/** Read the next value, whatever it is. An indefinite one is read up to its end-of-contents, which
 *  the cursor then is behind and which is not in *ret_value.
 *  @retval NOON_OK, NOON_ERR_FORMAT (cursor and outputs untouched) */
NOON_MUST_USE noon_err noon_ber_any(struct noon_rd *rd, uint8_t *ret_tag,
				    struct noon_bytes *ret_value);

/** Read a value that must have this tag. @retval NOON_OK, NOON_ERR_FORMAT */
NOON_MUST_USE noon_err noon_ber_get(struct noon_rd *rd, uint8_t tag, struct noon_bytes *ret);

/** Read a constructed value that must have this tag; *ret_in is a cursor over what is in it. */
NOON_MUST_USE noon_err noon_ber_enter(struct noon_rd *rd, uint8_t tag, struct noon_rd *ret_in);

/**
 * Find the TSTInfo in a token, as noon_cms_token_content() does in DER.
 * @param room          for a content that comes in pieces; borrowed by *ret_tst_info then
 * @param room_n        bytes of it
 * @retval NOON_OK
 * @retval NOON_ERR_FORMAT       not a SignedData
 * @retval NOON_ERR_UNSUPPORTED  its content is something else
 * @retval NOON_ERR_LONG         the pieces do not fit
 */
NOON_MUST_USE noon_err noon_ber_token_content(struct noon_bytes token, uint8_t *room, size_t room_n,
					      struct noon_bytes *ret_tst_info);

/** Read a TimeStampResp. Its text is not looked at. @retval NOON_OK, NOON_ERR_FORMAT */
NOON_MUST_USE noon_err noon_ber_tsp_response(struct noon_bytes ber, struct noon_tsp_response *ret);

#endif
