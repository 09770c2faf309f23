/* SPDX-License-Identifier: Apache-2.0
 *
 * One NTS key exchange over TCP: resolve, connect (address by address), run proto/ntske_client.
 */
#ifndef NOON_LINK_KE_LINK_H
#define NOON_LINK_KE_LINK_H

#include <stdbool.h>

#include "platform/net/resolve.h"
#include "platform/net/tcp.h"
#include "proto/nts/ntske_client.h"

struct noon_ke_link;

/** Called once, at the end. `session` is NULL unless it succeeded; `why` is a sentence; `peer` is
 *  the address that answered (len 0 if none did). The link is idle again. */
typedef void noon_ke_done(void *arg, const struct noon_nts_session *session, const char *why,
			  const struct noon_addr *peer);

struct noon_ke_link {
	struct noon_loop *loop;
	noon_ke_done *done;
	void *arg;
	struct noon_ntske_client_conf conf;
	char host[256];
	bool busy;
	struct noon_resolve *resolve;
	struct noon_addr list[NOON_RESOLVE_MAX];
	size_t n;
	size_t next; /**< address to try next */
	struct noon_addr peer;
	struct noon_tcp tcp;
	struct noon_timer timer;
	bool machine_up;
	struct noon_ntske_client machine;
	struct noon_actions actions;
	struct noon_nts_session session; /**< of the last success, until handed over */
	char why[320];
};

/** Initialise an idle link. */
void noon_ke_link_init(struct noon_ke_link *k, struct noon_loop *loop, noon_ke_done *done,
		       void *arg);

/**
 * Start; `done` follows unless noon_ke_link_stop() comes first.
 *
 * @param host  where to connect: name or address; copied
 * @param conf  copied; its peer.host must outlive the exchange
 * Must not be busy.
 */
void noon_ke_link_start(struct noon_ke_link *k, const char *host, uint16_t port, int family,
			const struct noon_ntske_client_conf *conf);

/** Stop without a callback; idle is fine. */
void noon_ke_link_stop(struct noon_ke_link *k);

#endif
