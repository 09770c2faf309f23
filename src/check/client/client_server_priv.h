/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by the files of the server for a client under test.
 */
#ifndef NOON_CHECK_CLIENT_SERVER_PRIV_H
#define NOON_CHECK_CLIENT_SERVER_PRIV_H

#include <sys/socket.h>
#include <time.h>

#include "check/client/client_server.h"
#include "proto/nts/nts_packet.h"

/** A request that can be answered: its cookie is one of ours. */
struct noon_check_client_question {
	struct noon_ntp_header header;
	struct noon_nts_packet packet;
	const struct sockaddr *peer;
	socklen_t len;
	uint8_t key; /**< which key exchange */
};

noon_time noon_check_client_clock(clockid_t which);
uint16_t noon_check_client_port(const struct sockaddr_storage *a);

/** Make a random cookie and remember it; the oldest is forgotten. */
struct noon_check_client_cookie *noon_check_client_cookie_make(struct noon_check_client_server *s,
							       uint8_t key,
							       enum noon_check_client_bait bait);
/** Find a cookie by its beginning; NULL if it is none of ours. */
struct noon_check_client_cookie *noon_check_client_cookie_find(struct noon_check_client_server *s,
							       struct noon_bytes p);

/** Accept one connection and serve or refuse it. */
void noon_check_client_serve_keys(struct noon_check_client_server *s);
/** Receive one packet, record it and answer it. */
void noon_check_client_serve_time(struct noon_check_client_server *s);
/** Answer according to the script. */
void noon_check_client_answer(struct noon_check_client_server *s,
			      const struct noon_check_client_question *q,
			      enum noon_check_client_step step);

#endif
