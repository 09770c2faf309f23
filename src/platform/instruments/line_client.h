/* SPDX-License-Identifier: Apache-2.0
 *
 * A TCP connection to an instrument that speaks in lines: found by name, made without blocking, and
 * made again every few seconds for as long as it takes.
 */
#ifndef NOON_PLATFORM_LINE_CLIENT_H
#define NOON_PLATFORM_LINE_CLIENT_H

#include "platform/instruments/driver.h"
#include "platform/net/resolve.h"
#include "platform/net/tcp.h"
#include "wire/instruments/lines.h"

#define NOON_LINE_CLIENT_HOST_MAX 256 /**< with the final NUL */

struct noon_line_client {
	/* Set by the driver, the rest zero. */
	struct noon_silence *silence; /**< borrowed; its instrument counts */
	char host[NOON_LINE_CLIENT_HOST_MAX];
	uint16_t port;
	uint8_t *buf; /**< for lines; borrowed */
	size_t cap;
	void (*on_open)(void *arg);			    /**< connected, also again */
	void (*on_line)(void *arg, struct noon_bytes line); /**< borrowed for the call */
	void (*on_close)(void *arg);			    /**< not connected; may be NULL */
	void *arg;

	struct noon_tcp tcp;
	struct noon_resolve *resolve;
	struct noon_timer timer; /* the next attempt, or the end of this one */
	struct noon_lines lines;
	struct noon_addr list[NOON_RESOLVE_MAX];
	size_t n_list;
	size_t next;
	bool was_open;
};

/** Read "HOST", "HOST:PORT", "[::1]:PORT" or "::1". @param port  where none is given
 *  @param[out] ret  host and port are set. @retval NOON_OK, NOON_ERR_FORMAT */
NOON_MUST_USE noon_err noon_line_client_address(const char *text, uint16_t port,
						struct noon_line_client *ret);
/** Begin to connect; callbacks come from the loop. c must not move until noon_line_client_stop().
 */
void noon_line_client_start(struct noon_line_client *c);
/** A zeroed one is fine. */
void noon_line_client_stop(struct noon_line_client *c);
/** Close the connection, say why, and try again later. Allowed in callbacks. */
void noon_line_client_fail(struct noon_line_client *c, const char *why);
/** Send a text, as it is. */
void noon_line_client_send(struct noon_line_client *c, const char *text);

#endif
