/* SPDX-License-Identifier: Apache-2.0 */
#include "http_world.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define HELD_MAX   4096
#define PATIENCE_S 60

struct noon_http_conf world_conf;
struct noon_http_server *world_server;
uint16_t world_port, world_tls_port;

static pthread_t thread;
static struct noon_http_request *batch[HELD_MAX], *held[HELD_MAX];
static size_t n_batch, n_held;
static _Atomic unsigned requests, batches, wakes;
static struct noon_http_listen listeners[2];

static const struct noon_http_route routes[] = {
	{"/tsa", "POST", TYPE, "Time-stamp requests (RFC 3161) are sent here by POST."},
	{"/info", "GET", NULL, "This is read by GET."},
};

static bool starts(const struct noon_http_request *r, const char *word)
{
	return r->body.n >= strlen(word) && memcmp(r->body.p, word, strlen(word)) == 0;
}

static void reply(struct noon_http_request *r)
{
	static char text[200000];
	size_t n = 3;

	if (starts(r, "fail")) {
		noon_http_reply(r, 500, "text/plain", noon_bytes_of("sorry", 5), false);
		return;
	}
	memcpy(text, "re:", 3);
	if (r->body.n > 0)
		memcpy(text + n, r->body.p, r->body.n);
	n += r->body.n;
	noon_http_reply(r, 200, "application/timestamp-reply", noon_bytes_of(text, n),
			starts(r, "nowbye"));
}

static void on_request(void *arg, struct noon_http_request *r)
{
	(void)arg;
	atomic_fetch_add(&requests, 1);
	if (starts(r, "now"))
		reply(r);
	else if (starts(r, "hold") && n_held < HELD_MAX)
		held[n_held++] = r;
	else if (n_batch < HELD_MAX)
		batch[n_batch++] = r;
	else
		abort();
}

static void on_batch_end(void *arg)
{
	(void)arg;
	atomic_fetch_add(&batches, 1);
	for (size_t i = 0; i < n_batch; i++)
		reply(batch[i]);
	n_batch = 0;
}

static void on_wake(void *arg)
{
	(void)arg;
	atomic_fetch_add(&wakes, 1);
	for (size_t i = 0; i < n_held; i++)
		reply(held[i]);
	n_held = 0;
}

int world_reset(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(noon_addr_parse("127.0.0.1", 0, &listeners[i].addr), NOON_OK);
	listeners[0].tls = false;
	listeners[1].tls = true;
	world_conf = (struct noon_http_conf){
		.listen = listeners,
		.n_listen = 1,
		.route = routes,
		.n_routes = 2,
		/* A busy machine never reaches these. */
		.handshake = NOON_S(300),
		.request = NOON_S(300),
		.idle = NOON_S(300),
		.reply = NOON_S(300),
		.on_request = on_request,
		.on_batch_end = on_batch_end,
		.on_wake = on_wake,
	};
	return 0;
}

static void *serve(void *arg)
{
	return (void *)(uintptr_t)noon_http_server_run(arg);
}

void world_open(void)
{
	struct noon_http_why why = {""};

	if (world_conf.chain != NULL)
		world_conf.n_listen = 2;
	atomic_store(&requests, 0);
	atomic_store(&batches, 0);
	atomic_store(&wakes, 0);
	n_batch = 0;
	n_held = 0;
	if (noon_http_server_new(&world_conf, &world_server, &why))
		fail_msg("%s", why.text);
	world_port = noon_http_server_port(world_server, 0);
	if (world_conf.n_listen > 1)
		world_tls_port = noon_http_server_port(world_server, 1);
	assert_int_equal(pthread_create(&thread, NULL, serve, world_server), 0);
}

int world_close(void **state)
{
	void *result = NULL;

	(void)state;
	if (world_server == NULL)
		return 0;
	noon_http_server_stop(world_server);
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_ptr_equal(result, (void *)NOON_OK);
	noon_http_server_free(world_server);
	world_server = NULL;
	return 0;
}

unsigned world_requests(void)
{
	return atomic_load(&requests);
}

unsigned world_batches(void)
{
	return atomic_load(&batches);
}

unsigned world_wakes(void)
{
	return atomic_load(&wakes);
}

uint64_t world_count(enum noon_http_count what)
{
	struct noon_http_counters c;

	noon_http_server_counters(world_server, &c);
	return c.n[what];
}

static uint64_t open_now(void)
{
	struct noon_http_counters c;

	noon_http_server_counters(world_server, &c);
	return c.open;
}

/* Look again; false when it has taken too long. */
static bool again(int *rounds)
{
	const struct timespec pause = {.tv_nsec = 2000000};

	(void)nanosleep(&pause, NULL);
	return ++*rounds < PATIENCE_S * 500;
}

void world_await(enum noon_http_count what, uint64_t value)
{
	for (int i = 0; world_count(what) != value;)
		if (!again(&i))
			fail_msg("%s stays %llu", noon_http_count_word(what),
				 (unsigned long long)world_count(what));
}

void world_await_open(uint64_t value)
{
	for (int i = 0; open_now() != value;)
		if (!again(&i))
			fail_msg("%llu stay open", (unsigned long long)open_now());
}

void world_await_requests(unsigned value)
{
	for (int i = 0; world_requests() != value;)
		if (!again(&i))
			fail_msg("requests stay %u", world_requests());
}

int client_open(uint16_t port)
{
	const struct timeval patience = {.tv_sec = PATIENCE_S};
	struct noon_addr a;
	const int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(noon_addr_parse("127.0.0.1", port, &a), NOON_OK);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
	assert_int_equal(connect(fd, &a.u.sa, a.len), 0);
	return fd;
}

void client_send(int fd, const char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		const ssize_t n = send(fd, text, left, MSG_NOSIGNAL);

		if (n < 0)
			return; /* refused already: the reply tells */
		text += n;
		left -= (size_t)n;
	}
}

void client_post(int fd, const char *body)
{
	char text[1024];

	(void)snprintf(text, sizeof(text), POST "Content-Length: %zu\r\n\r\n%s", strlen(body),
		       body);
	client_send(fd, text);
}

bool client_read(int fd, char *out, size_t size)
{
	size_t n = 0, want = size;

	while (n < want) {
		/* Byte by byte up to the body, so that nothing of the next reply is taken. */
		const ssize_t k = recv(fd, out + n, want < size ? want - n : 1, 0);
		const char *length;

		if (k <= 0)
			return false;
		n += (size_t)k;
		assert_true(n + 1 < size);
		out[n] = '\0';
		if (want < size || strstr(out, "\r\n\r\n") == NULL)
			continue;
		length = strstr(out, "Content-Length: ");
		want = n + (length ? strtoul(length + 16, NULL, 10) : 0);
		assert_true(want < size);
	}
	return true;
}

size_t client_read_all(int fd, char *out, size_t size)
{
	char scratch[2048];
	size_t n = 0;

	for (;;) {
		const ssize_t k = recv(fd, scratch, sizeof(scratch), 0);

		if (k <= 0)
			break;
		if (out != NULL) {
			assert_true(n + (size_t)k < size);
			memcpy(out + n, scratch, (size_t)k);
		}
		n += (size_t)k;
	}
	if (out != NULL)
		out[n] = '\0';
	return n;
}

const char *client_ask(const char *text)
{
	static char out[65536];
	const int fd = client_open(world_port);

	client_send(fd, text);
	(void)shutdown(fd, SHUT_WR);
	(void)client_read_all(fd, out, sizeof(out));
	(void)close(fd);
	return out;
}

void client_reset(int fd)
{
	const struct linger now = {.l_onoff = 1, .l_linger = 0};

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)), 0);
	(void)close(fd);
}
