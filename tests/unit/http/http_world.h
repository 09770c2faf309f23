/* SPDX-License-Identifier: Apache-2.0
 *
 * A server in a thread, and plain clients for it.
 *
 * The server answers "re:" and the body, at the end of each batch; a body that starts with "now" at
 * once; one that starts with "hold" when it is woken.
 */
#ifndef NOON_TEST_HTTP_WORLD_H
#define NOON_TEST_HTTP_WORLD_H

#include <stdbool.h>

#include "http/http_server.h"

#define TYPE "application/timestamp-query"
#define POST "POST /tsa HTTP/1.1\r\nHost: a\r\nContent-Type: " TYPE "\r\n"

struct noon_secret_x509;

/** The configuration of the next server: change it, then world_open(). */
extern struct noon_http_conf world_conf;
extern struct noon_http_server *world_server;
/** Ports without and with TLS. */
extern uint16_t world_port, world_tls_port;

/** Set world_conf to its defaults. */
int world_reset(void **state);
/** Start a server. */
void world_open(void);
/** Stop and free it; a test's teardown. */
int world_close(void **state);

/** Return how often the server handed over requests, ended batches and was woken. */
unsigned world_requests(void);
unsigned world_batches(void);
unsigned world_wakes(void);
/** Read one counter. */
uint64_t world_count(enum noon_http_count what);
/** Wait until a counter, or the number of open connections, has this value; fail if it never has.
 */
void world_await(enum noon_http_count what, uint64_t value);
void world_await_open(uint64_t value);
void world_await_requests(unsigned value);

/** Connect; reading fails after a generous time. */
int client_open(uint16_t port);
void client_send(int fd, const char *text);
/** Write a POST of this body. */
void client_post(int fd, const char *body);
/** Read one reply with a Content-Length into `out`; false if the connection ends first. */
bool client_read(int fd, char *out, size_t size);
/** Read until the connection ends; returns bytes. `out` may be NULL. */
size_t client_read_all(int fd, char *out, size_t size);
/** Send a text, say the end, read all; the reply is borrowed until the next call. */
const char *client_ask(const char *text);
/** Close so that the other side sees a reset. */
void client_reset(int fd);

#endif
