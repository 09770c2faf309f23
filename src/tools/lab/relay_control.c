/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/lab/relay_control.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define COMMAND_MAX 1024
#define ANSWER_MAX  1024

struct noon_relay_control {
	struct noon_relay *relay;
	struct noon_fd_watch watch;
	struct sockaddr_un sun;
};

static int print_way(char *out, size_t n, const struct noon_way_counters *c)
{
	return snprintf(out, n,
			"{\"packets\": %" PRIu64 ", \"bytes\": %" PRIu64 ", \"dropped\": %" PRIu64
			", \"duplicated\": %" PRIu64 ", \"replayed\": %" PRIu64
			", \"truncated\": %" PRIu64 ", \"flipped\": %" PRIu64
			", \"overflowed\": %" PRIu64 "}",
			c->packets, c->bytes, c->dropped, c->duplicated, c->replayed, c->truncated,
			c->flipped, c->overflowed);
}

static void show(const struct noon_relay *r, char *out, size_t n)
{
	char way[NOON_WAYS][ANSWER_MAX / 2 - 32];

	for (size_t w = 0; w < NOON_WAYS; w++)
		(void)print_way(way[w], sizeof(way[w]), &r->counters[w]);
	(void)snprintf(out, n, "{\"forward\": %s, \"reverse\": %s}", way[0], way[1]);
}

static void obey(struct noon_relay *r, const char *command, char *out, size_t n)
{
	const bool forward = strncmp(command, "forward ", 8) == 0;
	const char *bad = command;

	if (strcmp(command, "show") == 0) {
		show(r, out, n);
		return;
	}
	if (!forward && strncmp(command, "reverse ", 8) != 0)
		(void)snprintf(out, n,
			       "{\"ok\": false, \"error\": \"expected forward, reverse or show\"}");
	else if (noon_impair_parse(&r->impair[forward ? NOON_FORWARD : NOON_REVERSE], command + 8,
				   noon_mono_now(), &bad))
		(void)snprintf(out, n, "{\"ok\": false, \"error\": \"cannot read '%.64s'\"}", bad);
	else
		(void)snprintf(out, n, "{\"ok\": true}");
}

static void on_ready(void *arg, unsigned what)
{
	struct noon_relay_control *c = arg;
	char command[COMMAND_MAX];
	char answer[ANSWER_MAX];
	struct sockaddr_un from;
	socklen_t len = sizeof(from);
	const ssize_t n = recvfrom(c->watch.fd, command, sizeof(command) - 1, 0,
				   (struct sockaddr *)&from, &len);

	(void)what;
	if (n < 0)
		return;
	command[n] = '\0';
	obey(c->relay, command, answer, sizeof(answer));
	if (len > sizeof(sa_family_t))
		(void)sendto(c->watch.fd, answer, strlen(answer), MSG_NOSIGNAL,
			     (struct sockaddr *)&from, len);
}

static noon_err set_path(struct sockaddr_un *sun, const char *path)
{
	const size_t n = strlen(path);

	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	if (n >= sizeof(sun->sun_path)) {
		errno = ENAMETOOLONG;
		return NOON_ERR_OS;
	}
	memcpy(sun->sun_path, path, n + 1);
	return NOON_OK;
}

noon_err noon_relay_control_new(struct noon_relay *r, const char *path,
				struct noon_relay_control **ret, int *ret_sys)
{
	struct noon_relay_control *c = calloc(1, sizeof(*c));
	struct stat st;
	int fd = -1;

	if (c == NULL)
		return NOON_ERR_OS;
	c->relay = r;
	if (set_path(&c->sun, path))
		goto fail;
	/* A stale socket is replaced; a mistyped path must not delete a file. */
	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		(void)unlink(path);
	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (fd < 0 || noon_fd_prepare(fd) ||
	    bind(fd, (struct sockaddr *)&c->sun, sizeof(c->sun)) < 0)
		goto fail;
	c->watch = (struct noon_fd_watch){
		.fd = fd, .want = NOON_READABLE, .ready = on_ready, .arg = c};
	if (noon_loop_add(r->loop, &c->watch))
		goto fail;
	*ret = c;
	return NOON_OK;
fail:
	*ret_sys = errno;
	if (fd >= 0)
		(void)close(fd);
	free(c);
	return NOON_ERR_OS;
}

void noon_relay_control_free(struct noon_relay_control *c)
{
	if (c == NULL)
		return;
	noon_loop_del(c->relay->loop, &c->watch);
	(void)close(c->watch.fd);
	(void)unlink(c->sun.sun_path);
	free(c);
}

/* The client's address, next to the relay's: an abstract one is not visible from another network
 * namespace. */
static bool bind_beside(int fd, const char *path, struct sockaddr_un *ret)
{
	char name[sizeof(ret->sun_path) + 32];

	(void)snprintf(name, sizeof(name), "%.*s.%ld", (int)sizeof(ret->sun_path), path,
		       (long)getpid());
	if (set_path(ret, name))
		return false;
	/* No other process has our PID; a socket of that name is stale. */
	(void)unlink(name);
	if (bind(fd, (const struct sockaddr *)ret, sizeof(*ret)) < 0)
		return false;
	/* A relay of another user may answer, and only the relay: the socket is connected. */
	(void)chmod(name, 0666);
	return true;
}

/* If the folder is not writable, use an abstract address chosen by the kernel. */
static bool bind_asker(int fd, const char *path, struct sockaddr_un *ret)
{
	const struct sockaddr_un any = {.sun_family = AF_UNIX};

	if (bind_beside(fd, path, ret))
		return true;
	memset(ret, 0, sizeof(*ret));
	return bind(fd, (const struct sockaddr *)&any, sizeof(sa_family_t)) == 0;
}

noon_err noon_relay_control_ask(const char *path, const char *command, char *answer, size_t n,
				int *ret_sys)
{
	const struct timeval limit = {.tv_sec = 2};
	struct sockaddr_un self = {.sun_path = ""};
	struct sockaddr_un to;
	const int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	ssize_t got = -1;

	if (fd >= 0 && set_path(&to, path) == NOON_OK &&
	    connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 && bind_asker(fd, path, &self) &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0 &&
	    send(fd, command, strlen(command), MSG_NOSIGNAL) >= 0)
		got = recv(fd, answer, n - 1, 0);
	*ret_sys = errno;
	if (self.sun_path[0] != '\0')
		(void)unlink(self.sun_path);
	if (fd >= 0)
		(void)close(fd);
	if (got < 0)
		return NOON_ERR_OS;
	answer[got] = '\0';
	return NOON_OK;
}
