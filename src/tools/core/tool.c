/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/core/tool.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "platform/file.h"
#include "platform/sandbox.h"

#define ANSWER_MAX ((size_t)1 << 20) /* bytes */
#define PARTS_MAX  15		     /* of a verb */

int noon_tool_usage(const struct noon_verb *v, const char *format, ...)
{
	va_list ap;

	(void)fprintf(stderr, "noonmark %s: ", v->name);
	va_start(ap, format);
	(void)vfprintf(stderr, format, ap);
	va_end(ap);
	(void)fprintf(stderr, "\nTry 'noonmark %s --help'.\n", v->name);
	return NOON_EXIT_USAGE;
}

int noon_tool_fail(const struct noon_verb *v, const char *format, ...)
{
	va_list ap;

	(void)fprintf(stderr, "noonmark %s: ", v->name);
	va_start(ap, format);
	(void)vfprintf(stderr, format, ap);
	va_end(ap);
	(void)fputc('\n', stderr);
	return NOON_EXIT_FAILED;
}

struct noon_command noon_tool_command(const struct noon_verb *v)
{
	struct noon_command c = {
		.program = "noonmark",
		.arguments = v->arguments,
		.min = v->min,
		.max = v->max,
		.about = v->about,
		.notes = v->notes,
		.group = {.name = v->name, .size = v->size, .init = v->init},
	};

	memcpy(c.group.part, v->part, sizeof(c.group.part));
	return c;
}

/* "run" of "sim run". */
static const char *word_of(const struct noon_verb *v, const struct noon_verb *part)
{
	return part->name + strlen(v->name) + 1;
}

static int help_of_parts(const struct noon_verb *v)
{
	for (size_t i = 0; v->parts[i] != NULL; i++) {
		const struct noon_verb *p = v->parts[i];

		(void)printf("%s noonmark %s%s%s%s\n", i == 0 ? "Usage:" : "      ", p->name,
			     p->parts == NULL ? " [OPTION]..." : " ...",
			     p->arguments != NULL ? " " : "",
			     p->arguments != NULL ? p->arguments : "");
	}
	(void)fputs(v->about, stdout);
	(void)fputc('\n', stdout);
	for (size_t i = 0; v->parts[i] != NULL; i++)
		(void)printf("  %-11s %s\n", word_of(v, v->parts[i]), v->parts[i]->summary);
	(void)printf("\n'noonmark %s WORD --help' tells more.\n", v->name);
	return NOON_EXIT_OK;
}

/* Options may precede the word that names the part. */
static int run_part(const struct noon_verb *v, int argc, char **argv)
{
	struct noon_word words[PARTS_MAX + 1] = {{NULL, 0}};
	struct noon_nearest near = noon_nearest_to(argc > 1 ? argv[1] : "");
	char list[NOON_OPTION_WHY];
	size_t n = 0;

	for (; v->parts[n] != NULL && n < PARTS_MAX; n++)
		words[n] = (struct noon_word){word_of(v, v->parts[n]), (long)n};
	assert(v->parts[n] == NULL);
	for (int i = 1; i < argc; i++) {
		const struct noon_word *w = noon_word_find(words, argv[i]);

		if (w == NULL)
			continue;
		memmove(&argv[1], &argv[0], (size_t)i * sizeof(argv[0]));
		return noon_tool_run(v->parts[w->value], argc - 1, argv + 1);
	}
	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
		return help_of_parts(v);
	noon_word_list(words, list, sizeof(list));
	for (const struct noon_word *w = words; w->name != NULL; w++)
		noon_nearest_try(&near, w->name);
	if (argc < 2)
		return noon_tool_usage(v, "expected %s", list);
	if (near.best != NULL)
		return noon_tool_usage(v, "\"%s\": expected %s; did you mean '%s'?", argv[1], list,
				       near.best);
	return noon_tool_usage(v, "\"%s\": expected %s", argv[1], list);
}

int noon_tool_run(const struct noon_verb *v, int argc, char **argv)
{
	const struct noon_command c = noon_tool_command(v);
	struct noon_arguments line;
	void *options;
	int status;

	if (v->parts != NULL)
		return run_part(v, argc, argv);
	options = calloc(1, v->size + 1);
	if (options == NULL)
		return noon_tool_fail(v, "out of memory");
	status = noon_command_read(&c, argc, argv, options, &line);
	if (status == NOON_COMMAND_GO_ON)
		status = v->act(v, options, &line);
	free(options);
	return status;
}

#define ASK(member) NOON_OPTION_AT(struct noon_ask_options, member)

const struct noon_option noon_ask_rows[] = {
	{"json", NOON_OPTION_BOOL, ASK(json), .help = "print one JSON object"},
	{"socket", NOON_OPTION_BORROWED, ASK(socket), .value = "file",
	 .says = "/run/noonmark/noonmarkd.sock, or that of a daemon started without configuration",
	 .help = "control socket of the daemon"},
	NOON_OPTION_END,
};

void noon_tool_path(char *out, size_t n, const char *given, const char *name)
{
	char dir[256];

	if (given != NULL) {
		(void)snprintf(out, n, "%s", given);
		return;
	}
	(void)snprintf(out, n, "/run/noonmark/%s", name);
	if (access(out, F_OK) == 0)
		return;
	noon_dir_runtime(dir, sizeof(dir));
	(void)snprintf(out, n, "%s/%s", dir, name);
}

/* Whether only root and the caller can have created a socket there. */
static bool is_trusted(const char *path)
{
	char dir[sizeof(((struct noon_ask *)NULL)->path)];
	struct stat st;
	char *slash;

	(void)snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (slash == NULL || slash == dir)
		return false;
	*slash = '\0';
	return noon_sandbox_is_ours(dir, "") && lstat(path, &st) == 0 && S_ISSOCK(st.st_mode) &&
	       (st.st_uid == 0 || st.st_uid == geteuid());
}

/* Whether the listener is root or the caller. */
static bool is_peer_trusted(int fd)
{
	struct ucred peer;
	socklen_t n = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) == 0 &&
	       (peer.uid == 0 || peer.uid == geteuid());
}

static bool refuse(struct noon_ask *a, const struct noon_verb *v)
{
	noon_ask_close(a);
	(void)noon_tool_fail(
		v,
		"%s: not believed: folder, socket and daemon must be root's or yours, and the "
		"folder writable by nobody else (--socket takes any)",
		a->path);
	return false;
}

bool noon_ask_open(struct noon_ask *a, const struct noon_verb *v, const char *socket_path)
{
	const struct timeval limit = {.tv_sec = 5};
	struct sockaddr_un sun = {.sun_family = AF_UNIX};

	noon_tool_path(a->path, sizeof(a->path), socket_path, "noonmarkd.sock");
	a->fd = -1;
	if (strlen(a->path) >= sizeof(sun.sun_path)) {
		(void)noon_tool_fail(v, "%s: path too long for a socket", a->path);
		return false;
	}
	memcpy(sun.sun_path, a->path, strlen(a->path) + 1);
	/* A missing file is reported below. */
	if (socket_path == NULL && access(a->path, F_OK) == 0 && !is_trusted(a->path))
		return refuse(a, v);
	a->fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (a->fd < 0 || connect(a->fd, (const struct sockaddr *)&sun, sizeof(sun)) < 0) {
		const int sys = errno;

		noon_ask_close(a);
		(void)noon_tool_fail(v, "%s: %s%s", a->path, strerror(sys),
				     sys == ENOENT || sys == ECONNREFUSED
					     ? " (is noonmarkd running? --socket names another)"
					     : "");
		return false;
	}
	if (socket_path == NULL && !is_peer_trusted(a->fd))
		return refuse(a, v);
	(void)setsockopt(a->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	(void)setsockopt(a->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	return true;
}

void noon_ask_close(struct noon_ask *a)
{
	if (a->fd >= 0)
		(void)close(a->fd);
	a->fd = -1;
}

static bool send_line(int fd, json_t *command)
{
	char *text = json_dumps(command, JSON_COMPACT);
	bool ok = false;

	json_decref(command);
	if (text != NULL) {
		const size_t n = strlen(text);

		text[n] = '\n';
		ok = send(fd, text, n + 1, MSG_NOSIGNAL) == (ssize_t)n + 1;
		free(text);
	}
	return ok;
}

/* Read up to the end of a line; the caller frees. */
static char *read_line(int fd, size_t *ret_n)
{
	char *buf = malloc(ANSWER_MAX);
	size_t n = 0;

	while (buf != NULL && n < ANSWER_MAX) {
		const ssize_t got = recv(fd, buf + n, ANSWER_MAX - n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		n += (size_t)got;
		if (buf[n - 1] == '\n') {
			*ret_n = n - 1;
			return buf;
		}
	}
	free(buf);
	return NULL;
}

json_t *noon_ask(struct noon_ask *a, json_t *command, const char **why)
{
	json_error_t e;
	json_t *answer = NULL;
	char *line;
	size_t n = 0;

	*why = "the daemon does not answer";
	if (!send_line(a->fd, command))
		return NULL;
	line = read_line(a->fd, &n);
	if (line == NULL)
		return NULL;
	answer = json_loadb(line, n, JSON_REJECT_DUPLICATES, &e);
	free(line);
	if (answer == NULL)
		*why = "the daemon's answer is not JSON";
	return answer;
}

void noon_tool_dur(char *out, size_t n, double seconds)
{
	static const struct {
		double from;
		double factor;
		const char *unit;
	} scale[] = {{1, 1, "s"}, {1e-3, 1e3, "ms"}, {1e-6, 1e6, "us"}, {0, 1e9, "ns"}};
	size_t i = 0;

	while (fabs(seconds) < scale[i].from)
		i++;
	(void)snprintf(out, n, "%.*f %s", i == 3 ? 0 : 3, seconds * scale[i].factor, scale[i].unit);
}

void noon_tool_utc(char *out, size_t n, const char *instant)
{
	char stamp[32] = "";
	const char *point = strchr(instant, '.');
	const time_t s = (time_t)strtoll(instant, NULL, 10);
	struct tm tm;

	if (gmtime_r(&s, &tm) != NULL)
		(void)strftime(stamp, sizeof(stamp), "%Y-%m-%d %H:%M:%S", &tm);
	(void)snprintf(out, n, "%s%.10s UTC", stamp, point == NULL ? "" : point);
}

const char *noon_json_str(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text == NULL ? "-" : text;
}

double noon_json_num(const json_t *o, const char *key)
{
	return json_number_value(json_object_get(o, key));
}

json_t *noon_ask_once(const struct noon_verb *v, const char *socket_path, json_t *command)
{
	struct noon_ask ask;
	const char *why;
	json_t *answer;

	if (!noon_ask_open(&ask, v, socket_path)) {
		json_decref(command);
		return NULL;
	}
	answer = noon_ask(&ask, command, &why);
	if (answer == NULL)
		(void)noon_tool_fail(v, "%s: %s", ask.path, why);
	noon_ask_close(&ask);
	return answer;
}

void noon_json_print(const json_t *o)
{
	(void)json_dumpf(o, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
	(void)fputc('\n', stdout);
}

void noon_tool_print_exchange(const json_t *x)
{
	const json_t *since = json_object_get(x, "since_s");
	const long long done = json_integer_value(json_object_get(x, "done"));
	const long long failed = json_integer_value(json_object_get(x, "failed"));
	char text[24];

	if (x == NULL)
		return;
	printf("  keys          %lld exchanged with %s", done, noon_json_str(x, "peer_name"));
	if (json_is_number(since)) {
		noon_tool_dur(text, sizeof(text), json_number_value(since));
		printf(", the last %s ago", text);
	}
	if (json_object_get(x, "next_in_s") != NULL) {
		noon_tool_dur(text, sizeof(text), fmax(0, noon_json_num(x, "next_in_s")));
		printf(", the next in %s", text);
	}
	printf("; %lld failed\n", failed);
	if (noon_json_str(x, "failure")[0] != '\0')
		printf("                %s\n", noon_json_str(x, "failure"));
}
