/* SPDX-License-Identifier: Apache-2.0
 *
 * The control socket: commands, limits, and what somebody else has at its path.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/report/control.h"

/* What the commands did, and are to answer. */
struct daemon {
	noon_err err;
	unsigned status, step, accept, reload;
	char name[64];
};

static json_t *on_status(void *arg)
{
	struct daemon *d = arg;

	d->status++;
	return json_pack("{s:s}", "state", "ok");
}

static noon_err on_step(void *arg)
{
	struct daemon *d = arg;

	d->step++;
	return d->err;
}

static noon_err on_accept(void *arg, const char *name)
{
	struct daemon *d = arg;

	d->accept++;
	(void)snprintf(d->name, sizeof(d->name), "%s", name == NULL ? "(all)" : name);
	return d->err;
}

static noon_err on_reload(void *arg)
{
	struct daemon *d = arg;

	d->reload++;
	return d->err;
}

static const struct noon_control_ops ops = {
	.status = on_status, .step = on_step, .accept = on_accept, .reload_keys = on_reload};

struct world {
	struct daemon daemon;
	struct noon_loop *loop;
	struct noon_control *control;
	struct noon_timer timer;
	char path[64];
	int fd;
};

static void stop(void *arg)
{
	noon_loop_stop(arg);
}

/* Let the loop run for a moment. */
static void run(struct world *w)
{
	w->timer = (struct noon_timer){.fire = stop, .arg = w->loop};
	noon_loop_arm(w->loop, &w->timer, NOON_MS(20));
	assert_int_equal(noon_loop_run(w->loop), NOON_OK);
}

static int connect_to(const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	memcpy(sun.sun_path, path, strlen(path) + 1);
	assert_int_equal(connect(fd, (const struct sockaddr *)&sun, sizeof(sun)), 0);
	return fd;
}

static int begin(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	(void)snprintf(w->path, sizeof(w->path), "/tmp/noonmark-control.%d", (int)getpid());
	assert_int_equal(noon_loop_new(NOON_LOOP_POLL, &w->loop), NOON_OK);
	assert_int_equal(noon_control_new(w->path, w->loop, &ops, &w->daemon, &w->control),
			 NOON_OK);
	w->fd = connect_to(w->path);
	*state = w;
	return 0;
}

static int end(void **state)
{
	struct world *w = *state;

	(void)close(w->fd);
	noon_control_free(w->control);
	noon_loop_free(w->loop);
	assert_int_not_equal(access(w->path, F_OK), 0);
	free(w);
	return 0;
}

/* Send text, and return what comes back within a moment: "" for nothing. */
static const char *ask(struct world *w, const char *text, size_t n)
{
	static char out[4096];
	ssize_t got;

	assert_int_equal(write(w->fd, text, n), (ssize_t)n);
	run(w);
	got = read(w->fd, out, sizeof(out) - 1);
	out[got > 0 ? got : 0] = '\0';
	return out;
}

static const char *ask_line(struct world *w, const char *line)
{
	char text[512];

	return ask(w, text, (size_t)snprintf(text, sizeof(text), "%s\n", line));
}

static void commands_reach_their_function(void **state)
{
	struct world *w = *state;

	assert_string_equal(ask_line(w, "{\"command\": \"status\"}"), "{\"state\":\"ok\"}\n");
	assert_string_equal(ask_line(w, "{\"command\": \"step\"}"), "{\"ok\":true}\n");
	assert_string_equal(ask_line(w, "{\"command\": \"accept\"}"), "{\"ok\":true}\n");
	assert_string_equal(w->daemon.name, "(all)");
	assert_string_equal(ask_line(w, "{\"command\": \"accept\", \"source\": \"a\"}"),
			    "{\"ok\":true}\n");
	assert_string_equal(w->daemon.name, "a");
	assert_string_equal(ask_line(w, "{\"command\": \"reload-keys\"}"), "{\"ok\":true}\n");
	assert_non_null(strstr(ask_line(w, "{\"command\": \"version\"}"), "\"version\""));
	assert_int_equal(w->daemon.status, 1);
	assert_int_equal(w->daemon.step, 1);
	assert_int_equal(w->daemon.accept, 2);
	assert_int_equal(w->daemon.reload, 1);
}

static void failures_say_why(void **state)
{
	static const struct {
		const char *line;
		noon_err err;
		const char *why;
	} table[] = {
		{"{\"command\": \"step\"}", NOON_ERR_EMPTY, "nothing is known of the time yet"},
		{"{\"command\": \"step\"}", NOON_ERR_STATE, "a finding is active"},
		{"{\"command\": \"step\"}", NOON_ERR_PERM, "not permitted"},
		{"{\"command\": \"accept\"}", NOON_ERR_NOT_FOUND, "no such source"},
		{"{\"command\": \"reload-keys\"}", NOON_ERR_EMPTY, "no section has an sa_file"},
		{"{\"command\": \"reload-keys\"}", NOON_ERR_FORMAT, "old keys stay in force"},
		{"{\"command\": \"explode\"}", NOON_OK, "unknown command; expected status, step"},
		{"{\"command\": 5}", NOON_OK, "error"},
		{"{\"command\": \"status\", \"more\": 1}", NOON_OK, "error"},
		{"{\"command\": \"status\", \"command\": \"step\"}", NOON_OK, "error"},
		{"not JSON", NOON_OK, "error"},
		{"", NOON_OK, "error"},
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const char *answer;

		w->daemon.err = table[i].err;
		answer = ask_line(w, table[i].line);
		assert_non_null(strstr(answer, "\"ok\":false"));
		assert_non_null(strstr(answer, table[i].why));
	}
	assert_int_equal(w->daemon.status, 0);
}

static void lines_may_come_in_pieces_and_together(void **state)
{
	static const char two[] = "{\"command\": \"status\"}\n{\"command\": \"status\"}\n{\"comm";
	struct world *w = *state;
	const char *answer = ask(w, two, sizeof(two) - 1);

	assert_string_equal(answer, "{\"state\":\"ok\"}\n{\"state\":\"ok\"}\n");
	assert_string_equal(ask_line(w, "and\": \"status\"}"), "{\"state\":\"ok\"}\n");
	assert_int_equal(w->daemon.status, 3);
}

static void a_line_without_an_end_is_cut_off(void **state)
{
	struct world *w = *state;
	char text[3000];
	char byte;

	memset(text, 'x', sizeof(text));
	assert_string_equal(ask(w, text, sizeof(text)), "");
	assert_int_equal(write(w->fd, text, sizeof(text)), sizeof(text));
	run(w);
	errno = 0;
	assert_true(read(w->fd, &byte, 1) <= 0 && errno != EAGAIN);
}

/* More than there is room for are turned away, and those that have it stay. */
static void connections_are_limited(void **state)
{
	struct world *w = *state;
	int fd[20];
	unsigned closed = 0;
	char byte;

	for (size_t i = 0; i < 20; i++) {
		fd[i] = connect_to(w->path);
		run(w);
	}
	for (size_t i = 0; i < 20; i++)
		closed += read(fd[i], &byte, 1) == 0;
	assert_int_equal(closed, 20 - 15);
	assert_string_equal(ask_line(w, "{\"command\": \"status\"}"), "{\"state\":\"ok\"}\n");
	for (size_t i = 0; i < 20; i++)
		(void)close(fd[i]);
}

static void what_else_is_at_its_path_is_left_alone(void **state)
{
	struct world *w = *state;
	struct noon_control *other = NULL;
	struct stat st;
	char path[80];
	FILE *f;

	assert_int_equal(stat(w->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	/* A daemon that runs. */
	assert_int_equal(noon_control_new(w->path, w->loop, &ops, &w->daemon, &other), NOON_ERR_OS);
	assert_string_equal(ask_line(w, "{\"command\": \"status\"}"), "{\"state\":\"ok\"}\n");
	/* A file. */
	(void)snprintf(path, sizeof(path), "%s.file", w->path);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(noon_control_new(path, w->loop, &ops, &w->daemon, &other), NOON_ERR_OS);
	assert_int_equal(unlink(path), 0);
	assert_null(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(commands_reach_their_function, begin, end),
		cmocka_unit_test_setup_teardown(failures_say_why, begin, end),
		cmocka_unit_test_setup_teardown(lines_may_come_in_pieces_and_together, begin, end),
		cmocka_unit_test_setup_teardown(a_line_without_an_end_is_cut_off, begin, end),
		cmocka_unit_test_setup_teardown(connections_are_limited, begin, end),
		cmocka_unit_test_setup_teardown(what_else_is_at_its_path_is_left_alone, begin, end),
	};

	return cmocka_run_group_tests_name("daemon/control", tests, NULL, NULL);
}
