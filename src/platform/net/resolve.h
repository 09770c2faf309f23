/* SPDX-License-Identifier: Apache-2.0
 *
 * Name resolution that does not block the loop.
 *
 * With the event backend getaddrinfo() runs in a short-lived thread; with the poll backend it
 * blocks (that mode has no threads). Literal addresses need neither.
 */
#ifndef NOON_PLATFORM_RESOLVE_H
#define NOON_PLATFORM_RESOLVE_H

#include "platform/loop.h"
#include "platform/net/udp.h"

#define NOON_RESOLVE_MAX 8

struct noon_resolve;

/** @param why  static text when n is 0 */
typedef void noon_resolved(void *arg, const struct noon_addr *list, size_t n, const char *why);

/**
 * Start; `done` is called later, from the loop, exactly once unless cancelled.
 * @return a handle for noon_resolve_cancel(), valid until `done` was called; NULL: no memory
 */
struct noon_resolve *noon_resolve_start(struct noon_loop *loop, const char *host, uint16_t port,
					int family, noon_resolved *done, void *arg);
/** Cancel; NULL is fine. */
void noon_resolve_cancel(struct noon_resolve *r);

#endif
