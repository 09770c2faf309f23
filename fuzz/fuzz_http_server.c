/* SPDX-License-Identifier: Apache-2.0
 *
 * Property: whatever a client sends, and whenever it is answered, its connection ends after it has
 * said its end, every request was answered once, and no reply is sent that was not asked for.
 *
 * The first byte chooses when requests are answered and the size of the pieces.
 */
#include <assert.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/http_server.h"
#include "input.h"

#define HELD_MAX   64
#define ROUNDS_MAX 2000

enum when { AT_ONCE, AT_BATCH_END, WHEN_WOKEN, AFTER_THE_END };

static struct noon_http_server *server;
static struct noon_http_request *held[HELD_MAX];
static size_t n_held;
static enum when when;

static void reply(struct noon_http_request *r)
{
	noon_http_reply(r, 200, "text/plain", r->body, r->body.n % 16 == 15);
}

static void reply_to_all(void)
{
	const size_t n = n_held;

	n_held = 0;
	for (size_t i = 0; i < n; i++)
		reply(held[i]);
	assert(n_held == 0); /* none comes while others are answered */
}

static void on_request(void *arg, struct noon_http_request *r)
{
	(void)arg;
	assert(n_held == 0); /* there is one connection, and it waits */
	if (when == AT_ONCE)
		reply(r);
	else
		held[n_held++] = r;
}

static void on_batch_end(void *arg)
{
	(void)arg;
	if (when == AT_BATCH_END)
		reply_to_all();
}

static void on_wake(void *arg)
{
	(void)arg;
	reply_to_all();
}

static void open_once(void)
{
	static const struct noon_http_route routes[] = {
		{"/a", "POST", "a/b", "POST."},
		{"/g", "GET", NULL, "GET."},
	};
	const struct noon_http_conf conf = {
		.route = routes,
		.n_routes = 2,
		.head_max = 300,
		.body_max = 300,
		.requests_max = 20,
		.request = NOON_S(3600),
		.idle = NOON_S(3600),
		.reply = NOON_S(3600),
		.on_request = on_request,
		.on_batch_end = on_batch_end,
		.on_wake = on_wake,
	};
	struct noon_http_why why;

	if (noon_http_server_new(&conf, &server, &why))
		abort();
}

static uint64_t open_now(void)
{
	struct noon_http_counters c;

	noon_http_server_counters(server, &c);
	return c.open;
}

/* Let the server do something, and read what it says. */
static void turn(int fd)
{
	uint8_t text[2048];

	noon_http_server_stop(server);
	if (noon_http_server_run(server))
		abort();
	while (recv(fd, text, sizeof(text), MSG_DONTWAIT) > 0)
		;
}

static void say(int fd, struct noon_bytes piece)
{
	for (int i = 0; piece.n > 0 && i < ROUNDS_MAX; i++) {
		const ssize_t k = send(fd, piece.p, piece.n, MSG_DONTWAIT | MSG_NOSIGNAL);

		turn(fd);
		if (k > 0)
			piece = noon_bytes_of(piece.p + k, piece.n - (size_t)k);
		else if (when != AFTER_THE_END)
			noon_http_server_wake(server);
		else
			return; /* the buffers are full */
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size < 4096 ? size : 4096};
	const uint8_t how = input_u8(&in);
	const size_t piece = how >> 2 ? 9U * (how >> 2) : 4096;
	int pair[2];

	if (server == NULL)
		open_once();
	when = (enum when)(how & 3);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0 ||
	    noon_http_server_take(server, pair[1], false))
		abort();
	while (in.n > 0) {
		say(pair[0], input_take(&in, piece));
		if (when == WHEN_WOKEN)
			noon_http_server_wake(server);
	}
	(void)shutdown(pair[0], SHUT_WR);
	for (int i = 0; open_now() > 0; i++) {
		assert(i < ROUNDS_MAX);
		noon_http_server_wake(server);
		turn(pair[0]);
	}
	assert(n_held == 0);
	(void)close(pair[0]);
	return 0;
}
