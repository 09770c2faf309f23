/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/check_client.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "check/client_server.h"
#include "crypto/x509.h"
#include "platform/text.h"
#include "tools/check_report.h"

struct arguments {
	struct noon_client_conf conf;
	noon_dur longest;
	enum noon_check_format format;
};

/* A certificate of our own, in a folder of its own. */
struct own_certificate {
	char dir[64];
	char cert[96], key[96];
};

static bool write_file(const char *path, const uint8_t *p, size_t n)
{
	FILE *f = fopen(path, "wx");
	bool ok = f != NULL && fwrite(p, 1, n, f) == n;

	if (f != NULL)
		ok = fclose(f) == 0 && ok;
	return ok;
}

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
	(void)snprintf(o->dir, sizeof(o->dir), "/tmp/noonmark-check-XXXXXX");
	/* The folder is for this user only, and so is the key. */
	ok = mkdtemp(o->dir) != NULL;
	if (!ok)
		o->dir[0] = '\0';
	(void)snprintf(o->cert, sizeof(o->cert), "%s/cert.pem", o->dir);
	(void)snprintf(o->key, sizeof(o->key), "%s/key.pem", o->dir);
	ok = ok && write_file(o->cert, x->cert, x->cert_n) && write_file(o->key, x->key, x->key_n);
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

static bool take_port(const char *text, uint16_t *ret)
{
	char *rest;
	const long v = strtol(text, &rest, 10);

	*ret = (uint16_t)v;
	return *text != '\0' && *rest == '\0' && v >= 1 && v <= 65535;
}

static int take_option(const struct noon_verb *self, struct arguments *a, int c, const char *text)
{
	bool ok = true;

	switch (c) {
	case 'L':
		a->conf.listen = text;
		break;
	case 'k':
		ok = take_port(text, &a->conf.ke_port);
		break;
	case 'p':
		ok = take_port(text, &a->conf.ntp_port);
		break;
	case 'c':
		a->conf.cert = text;
		break;
	case 'K':
		a->conf.key = text;
		break;
	case 'f':
		ok = noon_text_dur(text, &a->longest) == NOON_OK && a->longest >= NOON_S(1) &&
		     a->longest <= NOON_S(86400);
		break;
	case 'T':
		a->format = NOON_CHECK_FORMAT_TAP;
		break;
	case 'j':
		a->format = NOON_CHECK_FORMAT_JSON;
		break;
	default:
		return NOON_EXIT_USAGE;
	}
	return ok ? -1 : noon_tool_usage(self, "option value \"%s\" is out of range", text);
}

static int parse(const struct noon_verb *self, int argc, char **argv, struct arguments *a)
{
	static const struct option options[] = {
		{"listen", required_argument, NULL, 'L'},
		{"ke-port", required_argument, NULL, 'k'},
		{"ntp-port", required_argument, NULL, 'p'},
		{"cert", required_argument, NULL, 'c'},
		{"key", required_argument, NULL, 'K'},
		{"for", required_argument, NULL, 'f'},
		{"tap", no_argument, NULL, 'T'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		const int status =
			c == 'h' ? noon_tool_help(self) : take_option(self, a, c, optarg);

		if (status >= 0)
			return status;
	}
	if (optind != argc)
		return noon_tool_usage(self, "check client takes no server");
	if ((a->conf.cert == NULL) != (a->conf.key == NULL))
		return noon_tool_usage(self, "--cert and --key go together");
	return -1;
}

/* Watch the client, then judge it. What the user must know goes to stderr: stdout is the report. */
static int judge(const struct arguments *a, struct noon_client_server *s)
{
	struct noon_target t = {.client = s};
	struct noon_check_report *r = calloc(1, sizeof(*r));
	size_t n = 0;
	const struct noon_check *c = noon_checks_client(&n);
	bool good;

	if (r == NULL)
		return NOON_EXIT_FAILED;
	(void)fprintf(stderr,
		      "Point one NTS client at %s, key exchange on port %u (NTP on %u), polling "
		      "fast.\nIt must trust %s\nWatching for %.0f s at most.\n",
		      a->conf.listen, (unsigned)a->conf.ke_port, (unsigned)s->ntp_port,
		      a->conf.cert, noon_dur_to_s(a->longest));
	noon_client_server_run(s, a->longest);
	(void)fprintf(stderr, "%zu key exchanges and %zu requests came.\n", s->n_ke, s->n_request);
	while (r->n < n && r->n < NOON_CHECK_REPORT_MAX) {
		r->check[r->n] = &c[r->n];
		r->n++;
	}
	good = noon_check_report_run(r, a->format, &t);
	free(r);
	return good ? NOON_EXIT_OK : NOON_EXIT_NOT_OK;
}

int noon_check_client_run(const struct noon_verb *self, int argc, char **argv)
{
	struct arguments a = {.conf = {.listen = "127.0.0.1", .ke_port = 4460},
			      .longest = NOON_S(90)};
	struct own_certificate own = {.dir = ""};
	struct noon_client_server *s = NULL;
	const char *why = "out of memory";
	int status = parse(self, argc, argv, &a);

	if (status >= 0)
		return status;
	(void)signal(SIGPIPE, SIG_IGN);
	if (a.conf.cert == NULL) {
		if (!make_certificate(&own, a.conf.listen)) {
			remove_certificate(&own);
			return noon_tool_fail(self, "cannot make a certificate");
		}
		a.conf.cert = own.cert;
		a.conf.key = own.key;
	}
	s = calloc(1, sizeof(*s));
	if (s == NULL) {
		status = noon_tool_fail(self, "%s", why);
	} else {
		status = noon_client_server_init(s, &a.conf, &why)
				 ? noon_tool_fail(self, "%s: %s", a.conf.listen, why)
				 : judge(&a, s);
		noon_client_server_fini(s);
	}
	free(s);
	remove_certificate(&own);
	return status;
}
