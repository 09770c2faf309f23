/* SPDX-License-Identifier: Apache-2.0
 *
 * The service manager's notification protocol (sd_notify(3)): one datagram to $NOTIFY_SOCKET.
 */
#ifndef NOON_PLATFORM_NOTIFY_H
#define NOON_PLATFORM_NOTIFY_H

/** Send a state such as "READY=1"; does nothing without $NOTIFY_SOCKET. */
void noon_notify(const char *state);

#endif
