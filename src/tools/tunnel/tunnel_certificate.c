/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark tunnel certificate: a self-signed certificate for the key exchange of a tunnel.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crypto/x509.h"
#include "platform/clock/clock.h"
#include "platform/file.h"
#include "tools/tunnel/tunnel.h"
#include "wire/ntske.h"

#define DAY INT64_C(86400)

#define PATH_ROOM 1024

#define NAME_ROOM 65 /* of a common name, RFC 5280, appendix A.1 */

struct options {
	char name[NAME_ROOM];
	unsigned days;
};

static const struct noon_option rows[] = {
	{"name", NOON_OPTION_TEXT, NOON_OPTION_AT(struct options, name), .value = "name",
	 .says = "the last part of BASE",
	 .help = "name or address that it is for: peer-name at the other end"},
	{"days", NOON_OPTION_UINT, NOON_OPTION_AT(struct options, days),
	 NOON_OPTION_RANGE(1, 36500), .def = "3650", .help = "how long it is valid"},
	NOON_OPTION_END,
};

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* What exists is never overwritten: the other end may have it. */
static int create(const struct noon_verb *self, const char *path, const uint8_t *pem, size_t n,
		  mode_t mode)
{
	errno = 0;
	if (noon_file_create(path, noon_bytes_of(pem, n), mode) == NOON_OK)
		return NOON_EXIT_OK;
	if (errno == EEXIST)
		return noon_tool_fail(
			self, "%s: exists, and is not overwritten; expected a new name", path);
	return noon_tool_fail(self, "%s: cannot be created: %s", path, strerror(errno));
}

static int write_both(const struct noon_verb *self, const char *base,
		      const struct noon_secret_x509 *x)
{
	char key[PATH_ROOM];
	char cert[PATH_ROOM];
	int status;

	if (snprintf(key, sizeof(key), "%s.key", base) >= (int)sizeof(key) ||
	    snprintf(cert, sizeof(cert), "%s.crt", base) >= (int)sizeof(cert))
		return noon_tool_fail(self, "%s: longer than a path may be", base);
	/* First what may be there of an earlier run, and what nobody needs alone. */
	status = create(self, cert, x->cert, x->cert_n, 0644);
	if (status == NOON_EXIT_OK)
		status = create(self, key, x->key, x->key_n, 0600);
	if (status == NOON_EXIT_OK)
		(void)printf("%s: created; it is for the other end: peer-certificates\n"
			     "%s: created; its key, which stays here\n",
			     cert, key);
	return status;
}

static int act(const struct noon_verb *self, void *options, const struct noon_arguments *line)
{
	const struct options *o = options;
	const char *base = line->argument[0];
	const char *name = o->name[0] != '\0' ? o->name : last_part(base);
	const int64_t now = noon_clock_read(CLOCK_REALTIME) / NOON_NS_PER_SEC;
	/* A day of tolerance for ends whose clocks are slow. */
	const struct noon_x509_conf conf = {.common_name = name,
					    .names = &name,
					    .n_names = 1,
					    .not_before_s = now - DAY,
					    .not_after_s = now + DAY * o->days,
					    .for_clients = true};
	struct noon_secret_x509 *x;
	noon_err err;
	int status;

	if (strlen(name) >= NAME_ROOM || !noon_ntske_is_host(noon_bytes_of(name, strlen(name))))
		return noon_tool_usage(
			self, "%s: expected a host name or an address of at most 64 characters",
			name);
	x = calloc(1, sizeof(*x));
	err = x == NULL ? NOON_ERR_OS : noon_x509_self_signed(&conf, x);
	if (err)
		status = noon_tool_fail(self, "no certificate could be made: %s",
					noon_err_text(err));
	else
		status = write_both(self, base, x);
	if (x != NULL)
		noon_x509_wipe(x);
	free(x);
	return status;
}

const struct noon_verb noon_tunnel_certificate_verb = {
	.name = "tunnel certificate",
	.summary = "create a certificate for the key exchange of a tunnel",
	.arguments = "BASE",
	.min = 1,
	.max = 1,
	.about = "Create a private key in BASE.key (mode 0600) and a self-signed certificate of "
		 "it in\n"
		 "BASE.crt, for the options certificate-key and certificate of a section tunnel "
		 "of\n"
		 "noonmarkd.conf(5). The other end gets BASE.crt as its peer-certificates. "
		 "Certificates\n"
		 "of an authority do as well, if they are for clients and servers of TLS. "
		 "Existing\n"
		 "files are never overwritten.\n",
	.size = sizeof(struct options),
	.part = {{rows, 0, NULL}},
	.act = act,
};
