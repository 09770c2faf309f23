/* SPDX-License-Identifier: Apache-2.0
 *
 * The relay between two sockets on loopback: what arrives, when, and what is counted.
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "tools/lab/relay.h"

struct world {
	struct noon_relay relay;
	struct noon_entropy entropy;
	struct noon_relay_udp *udp;
	struct noon_relay_tcp *tcp;
	struct noon_timer timer;
	int client; /* connected to the relay */
	int server;
	struct noon_addr at; /* of the relay */
};

/* A socket on a port of loopback that the kernel chooses. */
static int open_at(int type, struct noon_addr *ret)
{
	const int fd = socket(AF_INET, type | SOCK_NONBLOCK, 0);
	socklen_t len = sizeof(ret->u.v4);

	assert_true(fd >= 0);
	assert_int_equal(noon_addr_parse("127.0.0.1:0", 0, ret), NOON_OK);
	assert_int_equal(bind(fd, &ret->u.sa, ret->len), 0);
	assert_int_equal(getsockname(fd, &ret->u.sa, &len), 0);
	return fd;
}

static void stop(void *arg)
{
	noon_loop_stop(arg);
}

static void run_for(struct world *w, noon_dur d)
{
	w->timer = (struct noon_timer){.fire = stop, .arg = w->relay.loop};
	noon_loop_arm(w->relay.loop, &w->timer, d);
	assert_int_equal(noon_loop_run(w->relay.loop), NOON_OK);
}

static struct world *begin(const char *forward, const char *reverse)
{
	struct world *w = calloc(1, sizeof(*w));
	const char *bad = NULL;

	assert_non_null(w);
	assert_int_equal(noon_loop_new(NOON_LOOP_POLL, &w->relay.loop), NOON_OK);
	noon_entropy_init(&w->entropy);
	w->relay.rng = &w->entropy.rng;
	assert_int_equal(
		noon_impair_parse(&w->relay.impair[NOON_FORWARD], forward, noon_mono_now(), &bad),
		NOON_OK);
	assert_int_equal(
		noon_impair_parse(&w->relay.impair[NOON_REVERSE], reverse, noon_mono_now(), &bad),
		NOON_OK);
	return w;
}

static struct world *begin_udp(const char *forward, const char *reverse)
{
	struct world *w = begin(forward, reverse);
	struct noon_addr to;
	int sys;
	int fd;

	w->server = open_at(SOCK_DGRAM, &to);
	fd = open_at(SOCK_DGRAM, &w->at); /* a port that is free */
	(void)close(fd);
	assert_int_equal(noon_relay_udp_new(&w->relay, &w->at, &to, &w->udp, &sys), NOON_OK);
	w->client = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_int_equal(connect(w->client, &w->at.u.sa, w->at.len), 0);
	return w;
}

static void end(struct world *w)
{
	noon_relay_udp_free(w->udp);
	noon_relay_tcp_free(w->tcp);
	(void)close(w->client);
	(void)close(w->server);
	noon_loop_free(w->relay.loop);
	noon_entropy_fini(&w->entropy);
	free(w);
}

static unsigned count(int fd, char last[64])
{
	unsigned n = 0;
	ssize_t got;

	while ((got = recv(fd, last, 63, 0)) > 0) {
		last[got] = '\0';
		n++;
	}
	return n;
}

static void send_text(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), 0), (ssize_t)strlen(text));
}

static void datagrams_go_both_ways(void **state)
{
	struct world *w = begin_udp("clear", "clear");
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	char text[64];

	(void)state;
	send_text(w->client, "request");
	run_for(w, NOON_MS(50));
	assert_int_equal(recvfrom(w->server, text, sizeof(text), 0, (struct sockaddr *)&from, &len),
			 7);
	assert_memory_equal(text, "request", 7);
	assert_int_equal(sendto(w->server, "reply", 5, 0, (struct sockaddr *)&from, len), 5);
	run_for(w, NOON_MS(50));
	assert_int_equal(count(w->client, text), 1);
	assert_string_equal(text, "reply");
	assert_int_equal(w->relay.counters[NOON_FORWARD].packets, 1);
	assert_int_equal(w->relay.counters[NOON_FORWARD].bytes, 7);
	assert_int_equal(w->relay.counters[NOON_REVERSE].packets, 1);
	end(w);
}

/* Not before: how much later depends on the machine. */
static void a_delay_is_kept(void **state)
{
	struct world *w = begin_udp("delay=120ms", "clear");
	char text[64];

	(void)state;
	send_text(w->client, "request");
	run_for(w, NOON_MS(60));
	assert_int_equal(count(w->server, text), 0);
	run_for(w, NOON_MS(200));
	assert_int_equal(count(w->server, text), 1);
	end(w);
}

static void what_is_lost_is_counted(void **state)
{
	struct world *w = begin_udp("loss=1", "clear");
	char text[64];

	(void)state;
	for (int i = 0; i < 5; i++)
		send_text(w->client, "request");
	run_for(w, NOON_MS(50));
	assert_int_equal(count(w->server, text), 0);
	assert_int_equal(w->relay.counters[NOON_FORWARD].dropped, 5);
	end(w);
}

static void what_is_doubled_arrives_twice(void **state)
{
	struct world *w = begin_udp("duplicate=1", "clear");
	char text[64];

	(void)state;
	send_text(w->client, "request");
	run_for(w, NOON_MS(50));
	assert_int_equal(count(w->server, text), 2);
	assert_string_equal(text, "request");
	assert_int_equal(w->relay.counters[NOON_FORWARD].duplicated, 1);
	end(w);
}

static void one_bit_is_flipped(void **state)
{
	struct world *w = begin_udp("flip=1", "clear");
	unsigned different = 0;
	char text[64];

	(void)state;
	send_text(w->client, "request");
	run_for(w, NOON_MS(50));
	assert_int_equal(recv(w->server, text, sizeof(text), 0), 7);
	for (size_t i = 0; i < 7; i++)
		for (unsigned b = 0; b < 8; b++)
			different += (unsigned)(text[i] ^ "request"[i]) >> b & 1;
	assert_int_equal(different, 1);
	assert_int_equal(w->relay.counters[NOON_FORWARD].flipped, 1);
	end(w);
}

/* Each client has a port of its own towards the server, so that replies find their way. */
static void clients_are_kept_apart(void **state)
{
	struct world *w = begin_udp("clear", "clear");
	const int other = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	char text[64];

	(void)state;
	assert_int_equal(connect(other, &w->at.u.sa, w->at.len), 0);
	send_text(w->client, "one");
	send_text(other, "two");
	run_for(w, NOON_MS(50));
	for (int i = 0; i < 2; i++) {
		struct sockaddr_storage from;
		socklen_t len = sizeof(from);
		const ssize_t n =
			recvfrom(w->server, text, sizeof(text), 0, (struct sockaddr *)&from, &len);

		assert_int_equal(n, 3);
		assert_int_equal(sendto(w->server, text, 3, 0, (struct sockaddr *)&from, len), 3);
	}
	run_for(w, NOON_MS(50));
	assert_int_equal(count(w->client, text), 1);
	assert_string_equal(text, "one");
	assert_int_equal(count(other, text), 1);
	assert_string_equal(text, "two");
	(void)close(other);
	end(w);
}

static void connections_are_relayed(void **state)
{
	struct world *w = begin("clear", "clear");
	struct noon_addr to;
	char text[64] = "";
	int sys;
	int fd;

	(void)state;
	w->server = open_at(SOCK_STREAM, &to);
	assert_int_equal(listen(w->server, 1), 0);
	fd = open_at(SOCK_STREAM, &w->at);
	(void)close(fd);
	assert_int_equal(noon_relay_tcp_new(&w->relay, &w->at, &to, &w->tcp, &sys), NOON_OK);
	w->client = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(w->client, &w->at.u.sa, w->at.len), 0);
	run_for(w, NOON_MS(50));
	fd = accept(w->server, NULL, NULL);
	assert_true(fd >= 0);
	send_text(w->client, "hello");
	run_for(w, NOON_MS(50));
	assert_int_equal(recv(fd, text, sizeof(text), MSG_DONTWAIT), 5);
	assert_memory_equal(text, "hello", 5);
	send_text(fd, "world");
	run_for(w, NOON_MS(50));
	assert_int_equal(recv(w->client, text, sizeof(text), MSG_DONTWAIT), 5);
	assert_memory_equal(text, "world", 5);
	/* An end goes through as well. */
	(void)close(fd);
	run_for(w, NOON_MS(50));
	assert_int_equal(recv(w->client, text, sizeof(text), MSG_DONTWAIT), 0);
	end(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(datagrams_go_both_ways),
		cmocka_unit_test(a_delay_is_kept),
		cmocka_unit_test(what_is_lost_is_counted),
		cmocka_unit_test(what_is_doubled_arrives_twice),
		cmocka_unit_test(one_bit_is_flipped),
		cmocka_unit_test(clients_are_kept_apart),
		cmocka_unit_test(connections_are_relayed),
	};

	return cmocka_run_group_tests_name("tools/relay", tests, NULL, NULL);
}
