/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "platform/net/udp.h"

static struct noon_addr address(const char *text)
{
	struct noon_addr a;

	assert_int_equal(noon_addr_parse(text, 0, &a), NOON_OK);
	return a;
}

static struct noon_addr name_of(int fd)
{
	struct noon_addr a = {.len = sizeof(a.u)};

	assert_int_equal(getsockname(fd, &a.u.sa, &a.len), 0);
	return a;
}

/* A server on any port of an address. */
static int bound(const char *text, struct noon_addr *ret)
{
	const struct noon_addr a = address(text);
	int fd;
	int sys;

	assert_int_equal(noon_udp_bind(&a, false, &fd, NULL, &sys), NOON_OK);
	*ret = name_of(fd);
	return fd;
}

static int connected(const struct noon_addr *peer)
{
	int fd;
	int sys;

	assert_int_equal(noon_udp_connect(peer, NULL, &fd, NULL, &sys), NOON_OK);
	return fd;
}

/* Delivery may be left to another thread of the kernel. */
static void wait_readable(int fd)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};

	assert_int_equal(poll(&pfd, 1, 5000), 1);
}

/* The kernel switches stamps on in the background when the first socket asks for them: wait until
 * a datagram has one. */
static void warm_up(int in, int out)
{
	struct noon_datagram d = {.stamp = NOON_STAMP_USER};
	uint8_t buf[64];

	for (int i = 0; i < 500 && d.stamp != NOON_STAMP_KERNEL; i++) {
		assert_int_equal(noon_udp_send(out, noon_bytes_of("warm", 4), NULL, NULL), NOON_OK);
		wait_readable(in);
		assert_int_equal(noon_udp_recv(in, buf, sizeof(buf), &d), NOON_OK);
		(void)poll(NULL, 0, 2);
	}
}

/* Drop the stamps of what was sent so far; returns how many there were. */
static uint32_t drop_stamps(int out)
{
	enum noon_stamp kind;
	int64_t sent;
	uint32_t id;
	uint32_t n = 0;

	while (noon_udp_recv_sent(out, &id, &sent, &kind) == NOON_OK)
		n = id + 1;
	return n;
}

/* A datagram on loopback carries kernel stamps both ways. */
static void stamps_datagrams_on_loopback(void **state)
{
	struct noon_stamping stamping = {false, false};
	struct noon_addr server;
	struct noon_datagram d;
	enum noon_stamp kind;
	uint8_t buf[64];
	uint32_t id = 7;
	uint32_t before;
	int64_t sent = 0;
	int in;
	int out;
	int sys;

	(void)state;
	server = address("127.0.0.1");
	assert_int_equal(noon_udp_bind(&server, false, &in, &stamping, &sys), NOON_OK);
	assert_true(stamping.rx);
	server = name_of(in);
	assert_int_equal(noon_udp_connect(&server, NULL, &out, &stamping, &sys), NOON_OK);
	assert_int_equal(noon_udp_recv(in, buf, sizeof(buf), &d), NOON_ERR_EMPTY);
	warm_up(in, out);
	before = drop_stamps(out);
	assert_int_equal(noon_udp_send(out, noon_bytes_of("hello", 5), NULL, NULL), NOON_OK);
	wait_readable(in);
	assert_int_equal(noon_udp_recv(in, buf, sizeof(buf), &d), NOON_OK);
	assert_int_equal(d.n, 5);
	assert_int_equal(d.stamp, NOON_STAMP_KERNEL);
	assert_int_equal(d.local.len, sizeof(struct sockaddr_in));
	assert_int_equal(noon_udp_recv_sent(out, &id, &sent, &kind), NOON_OK);
	assert_int_equal(id, before);
	assert_int_equal(kind, NOON_STAMP_KERNEL);
	assert_true(sent <= d.stamp_ns);
	assert_true(d.stamp_ns - sent < 1000000000);
	/* The answer leaves from the address that was asked. */
	assert_int_equal(noon_udp_send(in, noon_bytes_of("you", 3), &d.peer, &d.local), NOON_OK);
	wait_readable(out);
	assert_int_equal(noon_udp_recv(out, buf, sizeof(buf), &d), NOON_OK);
	assert_true(noon_addr_equal(&d.peer, &server));
	(void)close(in);
	(void)close(out);
}

static void datagrams_carry_both_addresses(void **state)
{
	struct noon_addr server;
	struct noon_addr client;
	struct noon_datagram d;
	uint8_t buf[64];
	const int in = bound("127.0.0.1", &server);
	const int out = connected(&server);

	(void)state;
	client = name_of(out);
	assert_int_equal(noon_udp_send(out, noon_bytes_of("hello", 5), NULL, NULL), NOON_OK);
	wait_readable(in);
	assert_int_equal(noon_udp_recv(in, buf, sizeof(buf), &d), NOON_OK);
	assert_int_equal(d.n, 5);
	assert_memory_equal(buf, "hello", 5);
	assert_true(noon_addr_equal(&d.peer, &client));
	assert_int_equal(d.local.u.v4.sin_addr.s_addr, server.u.v4.sin_addr.s_addr);
	assert_int_equal(noon_addr_port(&d.local), 0);
	assert_int_equal(d.stamp, NOON_STAMP_USER); /* none was requested */
	assert_false(d.truncated);
	(void)close(in);
	(void)close(out);
}

/* The first reply leaves from the address that the route prefers, which is not the client's peer:
 * only the second one arrives. */
static void replies_leave_from_the_given_address(void **state)
{
	struct noon_addr server;
	struct noon_addr peer;
	struct noon_datagram d;
	uint8_t buf[64];
	const int in = bound("0.0.0.0", &server);
	int out;

	(void)state;
	peer = address("127.0.0.2");
	noon_addr_set_port(&peer, noon_addr_port(&server));
	out = connected(&peer);
	assert_int_equal(noon_udp_send(out, noon_bytes_of("?", 1), NULL, NULL), NOON_OK);
	wait_readable(in);
	assert_int_equal(noon_udp_recv(in, buf, sizeof(buf), &d), NOON_OK);
	assert_int_equal(d.local.u.v4.sin_addr.s_addr, peer.u.v4.sin_addr.s_addr);
	assert_int_equal(noon_udp_send(in, noon_bytes_of("no", 2), &d.peer, NULL), NOON_OK);
	assert_int_equal(noon_udp_send(in, noon_bytes_of("yes", 3), &d.peer, &d.local), NOON_OK);
	wait_readable(out);
	assert_int_equal(noon_udp_recv(out, buf, sizeof(buf), &d), NOON_OK);
	assert_int_equal(d.n, 3);
	assert_true(noon_addr_equal(&d.peer, &peer));
	(void)close(in);
	(void)close(out);
}

static void long_datagrams_are_marked_truncated(void **state)
{
	struct noon_addr server;
	struct noon_datagram d;
	uint8_t buf[4];
	const int in = bound("127.0.0.1", &server);
	const int out = connected(&server);

	(void)state;
	assert_int_equal(noon_udp_send(out, noon_bytes_of("hello", 5), NULL, NULL), NOON_OK);
	wait_readable(in);
	assert_int_equal(noon_udp_recv(in, buf, sizeof(buf), &d), NOON_OK);
	assert_int_equal(d.n, sizeof(buf));
	assert_true(d.truncated);
	assert_memory_equal(buf, "hell", 4);
	(void)close(in);
	(void)close(out);
}

static void nothing_waiting_is_no_error(void **state)
{
	struct noon_addr server;
	struct noon_datagram d = {.n = 7};
	enum noon_stamp kind;
	uint8_t buf[4];
	uint32_t id = 7;
	int64_t sent;
	const int in = bound("127.0.0.1", &server);

	(void)state;
	assert_int_equal(noon_udp_recv(in, buf, sizeof(buf), &d), NOON_ERR_EMPTY);
	assert_int_equal(d.n, 7);
	assert_int_equal(noon_udp_recv_sent(in, &id, &sent, &kind), NOON_ERR_EMPTY);
	assert_int_equal(id, 7);
	(void)close(in);
}

/* ICMP says that the port is closed. */
static void a_closed_port_is_an_error_of_the_next_call(void **state)
{
	struct noon_addr server;
	struct noon_datagram d = {.n = 7};
	uint8_t buf[4];
	const int in = bound("127.0.0.1", &server);
	const int out = connected(&server);

	(void)state;
	(void)close(in);
	assert_int_equal(noon_udp_send(out, noon_bytes_of("?", 1), NULL, NULL), NOON_OK);
	wait_readable(out);
	assert_int_equal(noon_udp_recv(out, buf, sizeof(buf), &d), NOON_ERR_OS);
	assert_int_equal(errno, ECONNREFUSED);
	assert_int_equal(d.n, 7);
	assert_int_equal(noon_udp_recv(out, buf, sizeof(buf), &d), NOON_ERR_EMPTY);
	(void)close(out);
}

static void only_2048_bytes_are_sent_at_a_time(void **state)
{
	static const uint8_t block[2049];
	struct noon_addr server;
	struct noon_datagram d;
	static uint8_t buf[4096];
	const int in = bound("127.0.0.1", &server);
	const int out = connected(&server);

	(void)state;
	assert_int_equal(noon_udp_send(out, noon_bytes_of(block, 2049), NULL, NULL), NOON_ERR_OS);
	assert_int_equal(errno, EMSGSIZE);
	assert_int_equal(noon_udp_send(out, noon_bytes_of(block, 2048), NULL, NULL), NOON_OK);
	wait_readable(in);
	assert_int_equal(noon_udp_recv(in, buf, sizeof(buf), &d), NOON_OK);
	assert_int_equal(d.n, 2048);
	(void)close(in);
	(void)close(out);
	assert_int_equal(noon_udp_send(out, noon_bytes_of(block, 1), NULL, NULL), NOON_ERR_OS);
	assert_int_equal(errno, EBADF);
}

static void a_port_is_shared_only_on_request(void **state)
{
	struct noon_addr a;
	const struct noon_addr any = address("127.0.0.1");
	const int alone = bound("127.0.0.1", &a);
	int fd = -7;
	int other = -7;
	int sys = 0;

	(void)state;
	assert_int_equal(noon_udp_bind(&a, false, &fd, NULL, &sys), NOON_ERR_OS);
	assert_int_equal(sys, EADDRINUSE);
	assert_int_equal(noon_udp_bind(&a, true, &fd, NULL, &sys), NOON_ERR_OS);
	assert_int_equal(fd, -7);
	(void)close(alone);
	assert_int_equal(noon_udp_bind(&any, true, &fd, NULL, &sys), NOON_OK);
	a = name_of(fd);
	assert_int_equal(noon_udp_bind(&a, true, &other, NULL, &sys), NOON_OK);
	(void)close(fd);
	(void)close(other);
}

static void failures_tell_the_errno(void **state)
{
	const struct noon_addr none = {.len = sizeof(struct sockaddr_in)};
	const struct noon_addr server = address("127.0.0.1:9");
	const struct noon_addr v6 = address("[::1]:0");
	int fd = -7;
	int sys = 0;

	(void)state;
	assert_int_equal(noon_udp_bind(&none, false, &fd, NULL, &sys), NOON_ERR_OS);
	assert_int_equal(sys, EAFNOSUPPORT);
	sys = 0;
	assert_int_equal(noon_udp_connect(&none, NULL, &fd, NULL, &sys), NOON_ERR_OS);
	assert_int_equal(sys, EAFNOSUPPORT);
	/* A local address of the other family. */
	assert_int_equal(noon_udp_connect(&server, &v6, &fd, NULL, &sys), NOON_ERR_OS);
	assert_int_not_equal(sys, 0);
	assert_int_equal(fd, -7);
	assert_int_equal(noon_fd_prepare(-1), NOON_ERR_OS);
}

static void sockets_neither_block_nor_reach_other_programs(void **state)
{
	struct noon_addr server;
	const int in = bound("127.0.0.1", &server);
	const int out = connected(&server);

	(void)state;
	assert_true(fcntl(in, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(out, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(in, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(out, F_GETFD) & FD_CLOEXEC);
	(void)close(in);
	(void)close(out);
}

/* A message with one control message of `n` bytes of three timestamps: kernel's, unused, card's. */
static bool stamp_of(int type, const int64_t s[3], size_t n, int64_t *ret, enum noon_stamp *kind)
{
	union {
		char buf[CMSG_SPACE(sizeof(struct scm_timestamping))];
		struct cmsghdr align;
	} control = {.buf = {0}};
	struct msghdr msg = {.msg_control = control.buf, .msg_controllen = sizeof(control.buf)};
	struct scm_timestamping ts = {.ts = {{0}}};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	for (size_t i = 0; i < 3; i++)
		ts.ts[i].tv_sec = s[i];
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(n);
	memcpy(CMSG_DATA(c), &ts, sizeof(ts));
	return noon_stamp_of(&msg, ret, kind);
}

static void hardware_stamps_are_preferred(void **state)
{
	const size_t n = sizeof(struct scm_timestamping);
	struct msghdr empty = {.msg_control = NULL};
	enum noon_stamp kind = NOON_STAMP_USER;
	int64_t ns = 7;

	(void)state;
	assert_false(noon_stamp_of(&empty, &ns, &kind));
	assert_false(stamp_of(SCM_TIMESTAMPING, (int64_t[]){0, 0, 0}, n, &ns, &kind));
	assert_false(stamp_of(SCM_TIMESTAMPING, (int64_t[]){5, 0, 0}, n - 1, &ns, &kind));
	assert_false(stamp_of(SCM_RIGHTS, (int64_t[]){5, 0, 0}, n, &ns, &kind));
	assert_int_equal(ns, 7);
	assert_int_equal(kind, NOON_STAMP_USER);
	assert_true(stamp_of(SCM_TIMESTAMPING, (int64_t[]){5, 0, 0}, n, &ns, &kind));
	assert_int_equal(ns, 5000000000);
	assert_int_equal(kind, NOON_STAMP_KERNEL);
	assert_true(stamp_of(SCM_TIMESTAMPING, (int64_t[]){5, 0, 6}, n, &ns, &kind));
	assert_int_equal(ns, 6000000000);
	assert_int_equal(kind, NOON_STAMP_HARDWARE);
}

static void local_addresses_survive_a_control_message(void **state)
{
	static const char *const table[] = {"127.0.0.2", "192.0.2.1", "::1", "2001:db8::7"};
	const struct noon_addr none = {.len = 0};
	struct msghdr msg = {.msg_control = NULL};
	union {
		char buf[64];
		struct cmsghdr align;
	} control;

	(void)state;
	noon_local_put(&msg, control.buf, sizeof(control.buf), &none);
	assert_null(msg.msg_control);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct noon_addr a = address(table[i]);
		struct noon_addr b = {.len = 0};

		noon_local_put(&msg, control.buf, sizeof(control.buf), &a);
		noon_local_of(&msg, &b);
		assert_true(noon_addr_equal(&a, &b));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stamps_datagrams_on_loopback),
		cmocka_unit_test(datagrams_carry_both_addresses),
		cmocka_unit_test(replies_leave_from_the_given_address),
		cmocka_unit_test(long_datagrams_are_marked_truncated),
		cmocka_unit_test(nothing_waiting_is_no_error),
		cmocka_unit_test(a_closed_port_is_an_error_of_the_next_call),
		cmocka_unit_test(only_2048_bytes_are_sent_at_a_time),
		cmocka_unit_test(a_port_is_shared_only_on_request),
		cmocka_unit_test(failures_tell_the_errno),
		cmocka_unit_test(sockets_neither_block_nor_reach_other_programs),
		cmocka_unit_test(hardware_stamps_are_preferred),
		cmocka_unit_test(local_addresses_survive_a_control_message),
	};

	return cmocka_run_group_tests_name("platform/net/udp", tests, NULL, NULL);
}
