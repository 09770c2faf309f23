/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/report/control.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/report/log.h"
#include "platform/net/tcp.h"
#include "platform/net/tcp_listener.h"

#define LINE_MAX_LEN	4096
#define CONNECTIONS_MAX 16
#define IDLE_LIMIT	NOON_S(30)

/* Connections accepted in one wake-up. */
#define ACCEPT_BATCH 1

struct session {
	struct noon_control *control;
	bool in_use;
	struct noon_tcp stream;
	struct noon_timer timer;
	size_t n;
	char line[LINE_MAX_LEN];
};

struct noon_control {
	struct noon_loop *loop;
	const struct noon_control_ops *ops;
	void *arg; /* of ops */
	char path[PATH_MAX];
	struct noon_tcp_listener listener;
	struct session session[CONNECTIONS_MAX];
};

static void session_end(struct session *s)
{
	noon_tcp_close(&s->stream);
	noon_loop_disarm(&s->timer);
	s->in_use = false;
}

static json_t *outcome(noon_err err, const char *why)
{
	if (!err)
		return json_pack("{s:b}", "ok", 1);
	return json_pack("{s:b, s:s}", "ok", 0, "error", why);
}

static json_t *do_step(const struct noon_control *c)
{
	const noon_err err = c->ops->step(c->arg);

	switch ((int)err) {
	case NOON_OK:
		return outcome(err, NULL);
	case NOON_ERR_EMPTY:
		return outcome(err, "nothing is known of the time yet");
	case NOON_ERR_STATE:
		return outcome(err, "a finding is active; accept it first if you trust the source");
	default:
		return outcome(err, noon_err_text(err));
	}
}

static json_t *do_accept(const struct noon_control *c, const char *name)
{
	return outcome(c->ops->accept(c->arg, name),
		       "no such source, and no such watched receiver");
}

static json_t *do_reload_keys(const struct noon_control *c)
{
	const noon_err err = c->ops->reload_keys(c->arg);

	if (err == NOON_ERR_EMPTY)
		return outcome(err, "no section has an sa_file");
	return outcome(err,
		       err ? "some file could not be read: its old keys stay in force (see the "
			     "log)"
			   : NULL);
}

static json_t *dispatch(const struct noon_control *c, const char *line, size_t n)
{
	json_error_t e;
	json_t *request = json_loadb(line, n, JSON_REJECT_DUPLICATES, &e);
	const char *command = NULL;
	const char *source = NULL;
	json_t *reply;

	if (request == NULL || json_unpack_ex(request, &e, JSON_STRICT, "{s:s, s?s}", "command",
					      &command, "source", &source) != 0)
		reply = outcome(NOON_ERR_FORMAT, e.text);
	else if (strcmp(command, "status") == 0)
		reply = c->ops->status(c->arg);
	else if (strcmp(command, "step") == 0)
		reply = do_step(c);
	else if (strcmp(command, "accept") == 0)
		reply = do_accept(c, source);
	else if (strcmp(command, "reload-keys") == 0)
		reply = do_reload_keys(c);
	else if (strcmp(command, "version") == 0)
		reply = json_pack("{s:s}", "version", NOON_VERSION);
	else
		reply = outcome(NOON_ERR_UNSUPPORTED,
				"unknown command; expected status, step, accept, reload-keys or "
				"version");
	json_decref(request);
	return reply;
}

static void answer(struct session *s, size_t n)
{
	json_t *reply = dispatch(s->control, s->line, n);
	char *text = reply == NULL ? NULL : json_dumps(reply, JSON_COMPACT);
	noon_err err = NOON_ERR_OS;

	json_decref(reply);
	if (text != NULL) {
		const size_t len = strlen(text);

		text[len] = '\n'; /* in place of the final NUL: nothing reads it as a string now */
		err = noon_tcp_send(&s->stream, noon_bytes_of(text, len + 1));
		free(text);
	}
	if (err)
		session_end(s);
}

static void on_data(void *arg, struct noon_bytes data)
{
	struct session *s = arg;

	while (data.n > 0 && s->in_use) {
		const uint8_t *end = memchr(data.p, '\n', data.n);
		const size_t n = end == NULL ? data.n : (size_t)(end - data.p);

		if (n > sizeof(s->line) - s->n) {
			session_end(s);
			return;
		}
		memcpy(s->line + s->n, data.p, n);
		s->n += n;
		if (end == NULL)
			return;
		data = noon_bytes_of(end + 1, data.n - n - 1);
		noon_loop_arm(s->control->loop, &s->timer, IDLE_LIMIT);
		const size_t line_n = s->n;

		s->n = 0;
		answer(s, line_n);
	}
}

static void on_end(void *arg, int sys)
{
	(void)sys;
	session_end(arg);
}

static void on_timer(void *arg)
{
	session_end(arg);
}

static void on_connection(void *arg, int fd, const struct noon_addr *peer)
{
	struct noon_control *c = arg;

	(void)peer;
	for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
		struct session *s = &c->session[i];

		if (s->in_use)
			continue;
		memset(s, 0, sizeof(*s));
		s->control = c;
		s->timer = (struct noon_timer){.fire = on_timer, .arg = s};
		s->stream.on_data = on_data;
		s->stream.on_end = on_end;
		s->stream.arg = s;
		s->in_use = noon_tcp_take(&s->stream, c->loop, fd) == NOON_OK;
		if (s->in_use)
			noon_loop_arm(c->loop, &s->timer, IDLE_LIMIT);
		return;
	}
	(void)close(fd); /* all in use: the others end by their time limits */
}

/* A socket left by a dead daemon is removed; one with a listener is not, even if it does not accept
 * at once (EAGAIN: its backlog is full). */
static bool is_taken(const struct sockaddr_un *sun)
{
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool taken;

	if (fd < 0)
		return false;
	taken = connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) == 0 || errno == EAGAIN;
	(void)close(fd);
	return taken;
}

static noon_err open_socket(struct noon_control *c)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct stat st;
	mode_t mask;
	int rc;

	if (fd < 0)
		return NOON_ERR_OS;
	c->listener.fd = fd;
	if (strlen(c->path) >= sizeof(sun.sun_path)) {
		errno = ENAMETOOLONG;
		return NOON_ERR_OS;
	}
	memcpy(sun.sun_path, c->path, strlen(c->path) + 1);
	if (is_taken(&sun)) {
		errno = EADDRINUSE;
		return NOON_ERR_OS;
	}
	/* A mistyped path must not delete a file. */
	if (lstat(c->path, &st) == 0 && !S_ISSOCK(st.st_mode)) {
		errno = EEXIST;
		return NOON_ERR_OS;
	}
	(void)unlink(c->path);
	mask = umask(0117); /* never accessible to others, not even briefly */
	rc = bind(fd, (const struct sockaddr *)&sun, sizeof(sun));
	(void)umask(mask);
	if (rc < 0 || noon_fd_prepare(fd) || listen(fd, CONNECTIONS_MAX) < 0)
		return NOON_ERR_OS;
	return noon_tcp_listener_start(&c->listener, c->loop);
}

noon_err noon_control_new(const char *path, struct noon_loop *loop,
			  const struct noon_control_ops *ops, void *arg, struct noon_control **ret)
{
	struct noon_control *c = calloc(1, sizeof(*c));
	noon_err err;

	if (c == NULL)
		return NOON_ERR_OS;
	c->loop = loop;
	c->ops = ops;
	c->arg = arg;
	c->listener = (struct noon_tcp_listener){
		.fd = -1, .batch = ACCEPT_BATCH, .on_connection = on_connection, .arg = c};
	(void)snprintf(c->path, sizeof(c->path), "%s", path);
	err = open_socket(c);
	if (err) {
		noon_log(NOON_LOG_ERROR, "control-socket %s: %s", path, strerror(errno));
		noon_tcp_listener_close(&c->listener);
		free(c);
		return err;
	}
	*ret = c;
	return NOON_OK;
}

void noon_control_free(struct noon_control *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		if (c->session[i].in_use)
			session_end(&c->session[i]);
	noon_tcp_listener_close(&c->listener);
	(void)unlink(c->path);
	free(c);
}
