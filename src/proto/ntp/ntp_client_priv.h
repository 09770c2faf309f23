/* SPDX-License-Identifier: Apache-2.0
 *
 * Between ntp_client.c, ntp_client_reply.c and nts_client.c only.
 */
#ifndef NOON_PROTO_NTP_CLIENT_PRIV_H
#define NOON_PROTO_NTP_CLIENT_PRIV_H

#include "proto/ntp/ntp_client.h"
#include "proto/nts/nts_packet.h"

/** What a reply is once it has passed all checks of authenticity. */
struct noon_ntp_reply {
	struct noon_ntp_header header;
	bool authenticated;
};

/** Append the fields of NTS to a request that holds the header only; takes a cookie.
 *  @retval NOON_OK, NOON_ERR_EMPTY (no cookie), NOON_ERR_FULL, NOON_ERR_CRYPTO */
NOON_MUST_USE noon_err noon_nts_client_protect(struct noon_ntp_client *c, struct noon_wr *wr);

/** Verify a reply and put its cookies into the jar. State changes only if it verifies. */
enum noon_verdict noon_nts_client_verify(struct noon_ntp_client *c,
					 const struct noon_nts_packet *packet);

/** Judge a datagram: is it the answer to the outstanding request? */
enum noon_verdict noon_ntp_client_judge(struct noon_ntp_client *c, struct noon_bytes data,
					struct noon_ntp_reply *ret);

/** Judge the times of a genuine reply and make the sample. */
enum noon_verdict noon_ntp_client_sample(const struct noon_ntp_client *c,
					 const struct noon_ntp_reply *reply,
					 const struct noon_rx *rx, struct noon_sample *ret);

#endif
