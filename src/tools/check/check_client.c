/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/check/check_client.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "check/client/client_server.h"
#include "crypto/x509.h"
#include "platform/file.h"
#include "tools/check/check_choice.h"
#include "tools/check/check_report.h"
#include "tools/service/server_options.h"

struct arguments {
	struct noon_check_client_conf conf;
	struct noon_check_choice choice;
	noon_dur longest;
};

/* --- our own certificate, in its own folder --- */

struct own_certificate {
	char dir[64];
	char cert[96], key[96];
};

static bool make_certificate(struct own_certificate *o, const char *address)
{
	const int64_t now = (int64_t)time(NULL);
	const char *const names[] = {"localhost", address};
	const struct noon_x509_conf conf = {.common_name = "noonmark check client",
					    .names = names,
					    .n_names = 2,
					    .not_before_s = now - 86400,
					    .not_after_s = now + INT64_C(7) * 86400};
	struct noon_secret_x509 *x = calloc(1, sizeof(*x));
	bool ok;

	if (x == NULL || noon_x509_self_signed(&conf, x)) {
		free(x);
		return false;
	}
	noon_dir_template("noonmark-check", o->dir, sizeof(o->dir));
	ok = mkdtemp(o->dir) != NULL;
	if (!ok)
		o->dir[0] = '\0';
	/* Only this user may read the key, but the client's user the certificate. */
	ok = ok && chmod(o->dir, 0755) == 0;
	(void)snprintf(o->cert, sizeof(o->cert), "%s/cert.pem", o->dir);
	(void)snprintf(o->key, sizeof(o->key), "%s/key.pem", o->dir);
	ok = ok && !noon_file_replace(o->cert, noon_bytes_of(x->cert, x->cert_n), 0644) &&
	     !noon_file_replace(o->key, noon_bytes_of(x->key, x->key_n), 0600);
	noon_x509_wipe(x);
	free(x);
	return ok;
}

static void remove_certificate(const struct own_certificate *o)
{
	if (o->dir[0] == '\0')
		return;
	(void)unlink(o->key);
	(void)unlink(o->cert);
	(void)rmdir(o->dir);
}

/* --- watching --- */

/* Messages to the user go to stderr: stdout is the report. */
static void print_address(const struct arguments *a, const struct noon_check_client_server *s)
{
	(void)fprintf(stderr,
		      "Point one NTS client at %s, key exchange on port %u (NTP on %u), polling "
		      "fast.\nIt must trust %s\nWatching for %.0f s at most.\n",
		      a->conf.listen, (unsigned)a->conf.ke_port, (unsigned)s->ntp_port,
		      a->conf.cert, noon_dur_to_s(a->longest));
}

static const char *phase(const struct noon_check_client_server *s)
{
	if (s->n_ke == 0)
		return "waiting for the client";
	if (s->n_request >= s->silence)
		return "silence, until its key exchanges have failed";
	return s->n_request == 0 ? "waiting for its requests" : "answering, well and badly";
}

/* One line, redrawn in place: only on a terminal. */
static void tell_progress(const struct noon_check_client_server *s, noon_dur since)
{
	if (isatty(STDERR_FILENO) != 1)
		return;
	(void)fprintf(stderr, "\r\033[K%.0f s, %zu key exchanges, %zu requests: %s",
		      noon_dur_to_s(since), s->n_ke, s->n_request, phase(s));
	if (s->n_ke == 0 && s->n_strange > 0)
		(void)fprintf(stderr, " (%zu connections: %s)", s->n_strange, s->strange);
	(void)fflush(stderr);
}

static void tell_end(const struct noon_check_client_server *s)
{
	if (isatty(STDERR_FILENO) == 1)
		(void)fprintf(stderr, "\r\033[K");
	(void)fprintf(stderr, "%zu key exchanges and %zu requests came", s->n_ke, s->n_request);
	if (s->n_ke > 0)
		(void)fprintf(stderr, " from %s, AEAD %d", s->peer, (int)s->ke[0].aead);
	(void)fprintf(stderr, ".\n");
	if (s->n_strange > 0)
		(void)fprintf(stderr, "%zu connections led to no keys; of the last one: %s.\n",
			      s->n_strange, s->strange);
}

/* Signals end the watching, not the tool: the requests so far are judged. */
static int open_stop(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void watch(const struct arguments *a, struct noon_check_client_server *s)
{
	const int stop = open_stop();
	const noon_time begin = s->ended;
	struct signalfd_siginfo got;

	while (noon_time_diff(s->ended, begin) < a->longest &&
	       !noon_check_client_server_is_done(s) &&
	       (stop < 0 || read(stop, &got, sizeof(got)) < 0)) {
		tell_progress(s, noon_time_diff(s->ended, begin));
		noon_check_client_server_serve(s, NOON_MS(100), stop);
	}
	if (stop >= 0)
		(void)close(stop);
	tell_end(s);
}

/* In a table not every row has to repeat that no client came. */
static int report(const struct arguments *a, const struct noon_check_client_server *s,
		  struct noon_check_report *r)
{
	struct noon_target t = {.client = s};

	if (s->n_ke == 0 && a->choice.format == NOON_CHECK_FORMAT_TABLE) {
		(void)fprintf(stderr, "No client exchanged keys: nothing to judge.\n");
		return NOON_EXIT_NOT_OK;
	}
	return noon_check_report_run(r, a->choice.format, &t) ? NOON_EXIT_OK : NOON_EXIT_NOT_OK;
}

static int judge(const struct noon_verb *self, const struct arguments *a,
		 struct noon_check_report *r)
{
	struct noon_check_client_server *s = calloc(1, sizeof(*s));
	const char *why = "";
	int status;
	noon_err err;

	if (s == NULL)
		return noon_tool_fail(self, "out of memory");
	err = noon_check_client_server_init(s, &a->conf, &why);
	if (err == NOON_ERR_OS) {
		status = noon_tool_fail(self, "cannot listen on %s, %s: %s", a->conf.listen, why,
					strerror(errno));
	} else if (err) {
		status = noon_tool_fail(self, "%s: %s",
					err == NOON_ERR_RANGE ? a->conf.listen : a->conf.cert, why);
	} else {
		print_address(a, s);
		watch(a, s);
		status = report(a, s, r);
	}
	noon_check_client_server_fini(s);
	free(s);
	return status;
}

/* The first of two files that is unreadable; NULL if both are readable. */
static const char *unreadable(const char *cert, const char *key)
{
	if (access(cert, R_OK) < 0)
		return cert;
	return access(key, R_OK) < 0 ? key : NULL;
}

static int with_certificate(const struct noon_verb *self, const struct arguments *given,
			    struct noon_check_report *r)
{
	struct own_certificate own = {.dir = ""};
	struct arguments a = *given;
	const char *missing = a.conf.cert == NULL ? NULL : unreadable(a.conf.cert, a.conf.key);
	int status;

	if (missing != NULL)
		return noon_tool_fail(self, "%s: %s", missing, strerror(errno));
	if (a.conf.cert == NULL && !make_certificate(&own, a.conf.listen)) {
		remove_certificate(&own);
		return noon_tool_fail(self, "cannot make a certificate for \"%s\"", a.conf.listen);
	}
	if (a.conf.cert == NULL) {
		a.conf.cert = own.cert;
		a.conf.key = own.key;
	}
	status = judge(self, &a, r);
	remove_certificate(&own);
	return status;
}

static int run_chosen(const struct noon_verb *self, const struct arguments *a,
		      struct noon_check_report *r)
{
	size_t n = 0;
	const struct noon_check *c = noon_checks_client(&n);

	noon_check_choose(&a->choice, c, n, r);
	if (r->n == 0)
		return noon_tool_usage(self, "no check is called that; --list shows them");
	if (!a->choice.list)
		return with_certificate(self, a, r);
	noon_check_report_list(r);
	return NOON_EXIT_OK;
}

static int run(const struct noon_verb *self, void *options, const struct noon_arguments *line)
{
	const struct arguments *a = options;
	struct noon_check_report *r;
	int status;

	(void)line;
	if ((a->conf.cert == NULL) != (a->conf.key == NULL))
		return noon_tool_usage(self, "--cert and --key go together");
	(void)signal(SIGPIPE, SIG_IGN);
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return noon_tool_fail(self, "out of memory");
	status = run_chosen(self, a, r);
	free(r);
	return status;
}

#define OPTION(member) NOON_OPTION_AT(struct arguments, member)
#define PORT	       NOON_OPTION_RANGE(1, 65535)

static const struct noon_option rows[] = {
	{"listen", NOON_OPTION_BORROWED, OPTION(conf.listen), .value = "address",
	 .def = "127.0.0.1", .help = "address to listen on"},
	{"ke-port", NOON_OPTION_UINT, OPTION(conf.ke_port), PORT, .def = "4460",
	 .help = "port of the key exchange"},
	{"ntp-port", NOON_OPTION_UINT, OPTION(conf.ntp_port), PORT,
	 .says = "any, told in the key exchange", .help = "port of NTP"},
	{"cert", NOON_OPTION_BORROWED, OPTION(conf.cert), .value = "file",
	 .says = "self-signed, its path is printed", .help = "certificate, PEM"},
	{"key", NOON_OPTION_BORROWED, OPTION(conf.key), .value = "file", .says = "made with it",
	 .help = "its key, PEM"},
	{"aead", NOON_OPTION_WORD, OPTION(conf.aead), .words = noon_aead_words,
	 .says = "the client's first", .help = "agree to this AEAD only"},
	{"for", NOON_OPTION_TIME, OPTION(longest), NOON_OPTION_RANGE(NOON_S(1), NOON_S(86400)),
	 .def = "2min", .help = "longest time to watch; it ends when all is seen"},
	NOON_OPTION_END,
};

const struct noon_verb noon_check_client = {
	.name = "check client",
	.summary = "judge the one NTS client that is pointed at it",
	.about = "Be a server, and judge the one client that is pointed at it.\n",
	.notes = "Exit status 0 if no MUST fails, 1 if one does or nothing could be judged.\n",
	.size = sizeof(struct arguments),
	.part = {{noon_check_rows, offsetof(struct arguments, choice), NULL}, {rows, 0, NULL}},
	.act = run,
};
