/* SPDX-License-Identifier: Apache-2.0
 *
 * Control of a running relay: text datagrams on a Unix socket.
 *
 *     forward SPEC | reverse SPEC | show      -> {"ok": ...} or the counters, as JSON
 */
#ifndef NOON_TOOLS_RELAY_CONTROL_H
#define NOON_TOOLS_RELAY_CONTROL_H

#include "tools/lab/relay.h"

struct noon_relay_control;

/** Bind the socket; a stale one is replaced. *ret_sys is errno. @retval NOON_OK, NOON_ERR_OS */
NOON_MUST_USE noon_err noon_relay_control_new(struct noon_relay *r, const char *path,
					      struct noon_relay_control **ret, int *ret_sys);
void noon_relay_control_free(struct noon_relay_control *c);

/** Send a command to a running relay and wait for its answer (2 s). *ret_sys is errno.
 *  @retval NOON_OK, NOON_ERR_OS */
NOON_MUST_USE noon_err noon_relay_control_ask(const char *path, const char *command, char *answer,
					      size_t n, int *ret_sys);

#endif
