/* SPDX-License-Identifier: Apache-2.0
 *
 * Between ntp_server.c and nts_server.c only.
 */
#ifndef NOON_PROTO_NTS_SERVER_PRIV_H
#define NOON_PROTO_NTS_SERVER_PRIV_H

#include "proto/ntp/ntp_server.h"
#include "proto/nts/nts_packet.h"

/** Answer a request that carries fields of NTS; `reply` is the header to send. */
enum noon_verdict noon_nts_server_reply(struct noon_ntp_server *s,
					const struct noon_nts_packet *request,
					const struct noon_ntp_header *reply, struct noon_wr *out);

#endif
