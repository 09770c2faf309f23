/* SPDX-License-Identifier: Apache-2.0
 *
 * Secrets of tunnels.
 */
#include "store/tunnel_file.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "crypto/hash.h"
#include "platform/file.h"
#include "platform/text.h"
#include "store/key_mode.h"

#define FILE_MAX   2048
#define KEY_DIGITS ((size_t)2 * NOON_TUNNEL_SECRET)
#define KEY_HEAD   "# noonmark tunnel: the secret that its two ends share\n"
#define ID_LABEL   "noonmark tunnel key id 1"

noon_err noon_tunnel_key_id(const struct noon_secret_tunnel *secret,
			    uint8_t ret[NOON_TUNNEL_KEY_ID])
{
	struct noon_hash *h = NULL;
	uint8_t sum[NOON_DIGEST_MAX];
	noon_err err = noon_hash_new(NOON_DIGEST_SHA256, &h);

	err = err ? err : noon_hash_add(h, noon_bytes_of(ID_LABEL, sizeof(ID_LABEL)));
	err = err ? err : noon_hash_add(h, noon_bytes_of(secret->key, sizeof(secret->key)));
	err = err ? err : noon_hash_end(h, sum);
	noon_hash_free(h);
	if (!err)
		memcpy(ret, sum, NOON_TUNNEL_KEY_ID);
	return err;
}

static uint8_t digit(char c)
{
	return (uint8_t)(isdigit((unsigned char)c) ? c - '0'
						   : tolower((unsigned char)c) - 'a' + 10);
}

static bool parse_key(const char *line, size_t n, struct noon_secret_tunnel *ret)
{
	if (n != KEY_DIGITS)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isxdigit((unsigned char)line[i]))
			return false;
	for (size_t i = 0; i < NOON_TUNNEL_SECRET; i++)
		ret->key[i] = (uint8_t)(digit(line[2 * i]) << 4 | digit(line[2 * i + 1]));
	return true;
}

/* A placeholder, not a secret. */
static bool is_uniform(const struct noon_secret_tunnel *s)
{
	return memcmp(s->key, s->key + 1, sizeof(s->key) - 1) == 0;
}

/* Secret of len bytes, behind which stands a zero. @return line of a fault, or 0 */
static size_t parse(const char *text, size_t len, struct noon_secret_tunnel *ret,
		    const char **expected)
{
	bool has = false;
	size_t line = 0;

	*expected = "text";
	if (strlen(text) < len)
		return 1;
	while (*text != '\0') {
		const size_t n = strcspn(text, "\n");

		line++;
		if (n > 0 && text[0] != '#') {
			*expected = has ? "one secret only" : "64 hexadecimal digits";
			if (has || !parse_key(text, n, ret))
				return line;
			has = true;
		}
		text += n + (text[n] == '\n');
	}
	*expected = "64 hexadecimal digits on a line";
	if (!has)
		return line + 1;
	*expected = "random digits: noonmark tunnel keygen creates such a file";
	return is_uniform(ret) ? line : 0;
}

static noon_err refuse_text(const char *path, size_t line, const char *expected, char *why)
{
	(void)snprintf(why, NOON_TUNNEL_WHY_MAX, "%s:%zu: expected %s", path, line, expected);
	return NOON_ERR_FORMAT;
}

noon_err noon_tunnel_key_read(const char *path, struct noon_secret_tunnel *ret,
			      char ret_why[NOON_TUNNEL_WHY_MAX])
{
	struct noon_secret_tunnel key = {{0}};
	char text[FILE_MAX + 1];
	const char *expected = "";
	size_t n = 0;
	size_t line;
	noon_err err = noon_key_mode_check(path, ret_why, NOON_TUNNEL_WHY_MAX);

	if (err)
		return err;
	err = noon_file_read(path, (uint8_t *)text, FILE_MAX, &n);
	if (err) {
		(void)snprintf(ret_why, NOON_TUNNEL_WHY_MAX, "%s: %s", path, noon_err_text(err));
	} else {
		text[n] = '\0';
		line = parse(text, n, &key, &expected);
		if (line > 0)
			err = refuse_text(path, line, expected, ret_why);
		else
			*ret = key;
	}
	noon_wipe(text, sizeof(text));
	noon_wipe(&key, sizeof(key));
	return err;
}

noon_err noon_tunnel_key_create(const char *path, struct noon_rng *rng,
				struct noon_secret_tunnel *ret, char ret_why[NOON_TUNNEL_WHY_MAX])
{
	char text[sizeof(KEY_HEAD) + KEY_DIGITS + 2];
	struct noon_secret_tunnel key;
	size_t n = sizeof(KEY_HEAD) - 1;
	noon_err err;

	noon_rng_fill(rng, key.key, sizeof(key.key));
	memcpy(text, KEY_HEAD, n);
	noon_text_hex(noon_bytes_of(key.key, sizeof(key.key)), text + n);
	n += KEY_DIGITS;
	text[n++] = '\n';
	errno = 0;
	err = noon_file_create(path, noon_bytes_of(text, n), 0600);
	if (!err)
		*ret = key;
	else if (errno == EEXIST)
		(void)snprintf(ret_why, NOON_TUNNEL_WHY_MAX,
			       "%s: exists, and is not overwritten: a tunnel may be using its "
			       "secret; expected a new name",
			       path);
	else
		(void)snprintf(ret_why, NOON_TUNNEL_WHY_MAX, "%s: cannot be created: %s", path,
			       errno != 0 ? strerror(errno) : noon_err_text(err));
	noon_wipe(text, sizeof(text));
	noon_wipe(&key, sizeof(key));
	return err;
}
