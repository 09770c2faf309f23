/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark tunnel: the verb, and its part `keygen`.
 */
#include "tools/tunnel/tunnel.h"

#include <stdio.h>

#include "platform/entropy.h"
#include "platform/text.h"
#include "store/tunnel_file.h"

/* Bytes of a fingerprint as people compare it. */
#define SHOWN 8

static int keygen(const struct noon_verb *self, void *options, const struct noon_arguments *line)
{
	const char *file = line->argument[0];
	struct noon_secret_tunnel secret;
	struct noon_entropy entropy;
	uint8_t id[NOON_TUNNEL_KEY_ID];
	char why[NOON_TUNNEL_WHY_MAX];
	char hex[2 * SHOWN + 1];
	noon_err err;

	(void)options;
	noon_entropy_init(&entropy);
	err = noon_tunnel_key_create(file, &entropy.rng, &secret, why);
	noon_entropy_fini(&entropy);
	if (err)
		return noon_tool_fail(self, "%s", why);
	err = noon_tunnel_key_id(&secret, id);
	noon_wipe(&secret, sizeof(secret));
	if (err)
		return noon_tool_fail(self, "%s: created, but it has no fingerprint: %s", file,
				      noon_err_text(err));
	noon_text_hex(noon_bytes_of(id, SHOWN), hex);
	(void)printf("%s: created; fingerprint %s\n"
		     "Copy it to the other end by a way that nobody else can read.\n",
		     file, hex);
	return NOON_EXIT_OK;
}

static const struct noon_verb keygen_verb = {
	.name = "tunnel keygen",
	.summary = "create the secret that the two ends of a tunnel share",
	.arguments = "FILE",
	.min = 1,
	.max = 1,
	.about = "Create a key-file for a section tunnel of noonmarkd.conf(5): a random secret "
		 "that\n"
		 "both ends of the tunnel share and no other tunnel has. The mode is 0600; an "
		 "existing\n"
		 "file is never overwritten. Prints a fingerprint to compare, not the secret.\n",
	.act = keygen,
};

static const struct noon_verb *const parts[] = {&noon_tunnel_status_verb, &keygen_verb,
						&noon_tunnel_certificate_verb, NULL};

const struct noon_verb noon_verb_tunnel = {
	.name = "tunnel",
	.summary = "show the timing tunnels of the daemon, or create keys for one",
	.about = "Tunnels for timing traffic between two hosts.\n",
	.parts = parts,
};
