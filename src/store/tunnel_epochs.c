/* SPDX-License-Identifier: Apache-2.0
 *
 * Reserved epochs of a tunnel: a text with a line for each secret,
 *
 *     noonmark tunnel epochs 1
 *     NAME-OF-SECRET initiator|responder LAST-EPOCH
 *     end SHA-256-OF-ALL-ABOVE
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "platform/file.h"
#include "platform/number.h"
#include "platform/text.h"
#include "store/tunnel_file.h"

#define HEAD	   "noonmark tunnel epochs 1\n"
#define END	   "end "
#define ID_DIGITS  ((size_t)2 * NOON_TUNNEL_KEY_ID)
#define SUM_DIGITS ((size_t)64)
#define END_LEN	   (sizeof(END) - 1 + SUM_DIGITS + 1)
#define ENTRY_MAX  (ID_DIGITS + sizeof(" initiator 18446744073709551615\n"))
#define TEXT_MAX   (sizeof(HEAD) + NOON_TUNNEL_EPOCHS_MAX * ENTRY_MAX + END_LEN)

struct entry {
	char id[ID_DIGITS + 1];
	bool is_initiator;
	uint64_t reserved;
};

struct epochs {
	size_t n;
	struct entry e[NOON_TUNNEL_EPOCHS_MAX];
	char text[TEXT_MAX + 1];
};

static noon_err sum_of(const char *text, size_t n, char ret[SUM_DIGITS + 1])
{
	struct noon_hash *h = NULL;
	uint8_t sum[NOON_DIGEST_MAX];
	noon_err err = noon_hash_new(NOON_DIGEST_SHA256, &h);

	err = err ? err : noon_hash_add(h, noon_bytes_of(text, n));
	err = err ? err : noon_hash_end(h, sum);
	noon_hash_free(h);
	if (!err)
		noon_text_hex(noon_bytes_of(sum, SUM_DIGITS / 2), ret);
	return err;
}

static const char *role_word(bool is_initiator)
{
	return is_initiator ? "initiator" : "responder";
}

/* The rest of the line after the name of a secret, which ends with a zero. */
static bool parse_rest(char *rest, struct entry *e)
{
	char *const number = strchr(rest, ' ');

	if (number == NULL)
		return false;
	*number = '\0';
	e->is_initiator = strcmp(rest, role_word(true)) == 0;
	return (e->is_initiator || strcmp(rest, role_word(false)) == 0) &&
	       noon_number_u64(number + 1, 1, INT64_MAX, &e->reserved);
}

/* Lines between head and end; [at, end) is cut into them. */
static bool parse_lines(struct epochs *f, char *at, const char *end)
{
	while (at < end) {
		char *const feed = memchr(at, '\n', (size_t)(end - at));
		struct entry *const e = &f->e[f->n];

		if (feed == NULL || f->n == NOON_TUNNEL_EPOCHS_MAX)
			return false;
		*feed = '\0';
		if (strlen(at) != (size_t)(feed - at) || strlen(at) <= ID_DIGITS ||
		    at[ID_DIGITS] != ' ')
			return false;
		memcpy(e->id, at, ID_DIGITS);
		e->id[ID_DIGITS] = '\0';
		if (!parse_rest(at + ID_DIGITS + 1, e))
			return false;
		f->n++;
		at = feed + 1;
	}
	return true;
}

static noon_err parse(struct epochs *f, size_t n)
{
	const size_t head = sizeof(HEAD) - 1;
	char sum[SUM_DIGITS + 1];
	char *end;
	noon_err err;

	if (n < head + END_LEN || memcmp(f->text, HEAD, head) != 0)
		return NOON_ERR_FORMAT;
	end = f->text + n - END_LEN;
	err = sum_of(f->text, n - END_LEN, sum);
	if (err)
		return err;
	if (memcmp(end, END, sizeof(END) - 1) != 0 || f->text[n - 1] != '\n' ||
	    memcmp(end + sizeof(END) - 1, sum, SUM_DIGITS) != 0)
		return NOON_ERR_FORMAT;
	return parse_lines(f, f->text + head, end) ? NOON_OK : NOON_ERR_FORMAT;
}

static noon_err load(const char *path, struct epochs *f, char *why)
{
	size_t n = 0;
	noon_err err = noon_file_read(path, (uint8_t *)f->text, TEXT_MAX, &n);

	f->n = 0;
	if (err == NOON_ERR_NOT_FOUND)
		return NOON_OK;
	if (err == NOON_OK)
		err = parse(f, n);
	else if (err == NOON_ERR_LONG)
		err = NOON_ERR_FORMAT;
	if (err == NOON_ERR_FORMAT)
		(void)snprintf(why, NOON_TUNNEL_WHY_MAX,
			       "%s: damaged: expected the epochs that were used, which are not to "
			       "be used again; create a new secret with noonmark tunnel keygen for "
			       "both ends, then remove this file",
			       path);
	else if (err)
		(void)snprintf(why, NOON_TUNNEL_WHY_MAX, "%s: %s", path, noon_err_text(err));
	return err;
}

/* The line of a secret, NULL: none. */
static noon_err find(const char *path, struct epochs *f, const char *id, bool is_initiator,
		     struct entry **ret, char *why)
{
	*ret = NULL;
	for (size_t i = 0; i < f->n && *ret == NULL; i++)
		if (strcmp(f->e[i].id, id) == 0)
			*ret = &f->e[i];
	if (*ret == NULL || (*ret)->is_initiator == is_initiator)
		return NOON_OK;
	(void)snprintf(why, NOON_TUNNEL_WHY_MAX,
		       "%s: the secret was used as %s, and the other end may have used more epochs "
		       "of that direction; expected role = %s, or a new secret at both ends",
		       path, role_word(!is_initiator), role_word(!is_initiator));
	return NOON_ERR_STATE;
}

/* Read the file and look for the secret. */
static noon_err open_epochs(const char *path, const struct noon_secret_tunnel *secret,
			    bool is_initiator, struct epochs *f, char id[ID_DIGITS + 1],
			    struct entry **ret, char *why)
{
	uint8_t name[NOON_TUNNEL_KEY_ID];
	noon_err err = noon_tunnel_key_id(secret, name);

	if (err) {
		(void)snprintf(why, NOON_TUNNEL_WHY_MAX, "%s: %s", path, noon_err_text(err));
		return err;
	}
	noon_text_hex(noon_bytes_of(name, sizeof(name)), id);
	err = load(path, f, why);
	return err ? err : find(path, f, id, is_initiator, ret, why);
}

static struct epochs *new_epochs(const char *path, char *why)
{
	struct epochs *f = calloc(1, sizeof(*f));

	if (f == NULL)
		(void)snprintf(why, NOON_TUNNEL_WHY_MAX, "%s: out of memory", path);
	return f;
}

noon_err noon_tunnel_epochs_read(const char *path, const struct noon_secret_tunnel *secret,
				 bool is_initiator, uint64_t *ret_reserved,
				 char ret_why[NOON_TUNNEL_WHY_MAX])
{
	struct epochs *f = new_epochs(path, ret_why);
	char id[ID_DIGITS + 1];
	struct entry *e = NULL;
	noon_err err = NOON_ERR_OS;

	if (f != NULL)
		err = open_epochs(path, secret, is_initiator, f, id, &e, ret_why);
	if (!err)
		*ret_reserved = e == NULL ? 0 : e->reserved;
	free(f);
	return err;
}

static noon_err save(const char *path, struct epochs *f, char *why)
{
	size_t n = (size_t)snprintf(f->text, sizeof(f->text), "%s", HEAD);
	char sum[SUM_DIGITS + 1];
	noon_err err;

	for (size_t i = 0; i < f->n; i++)
		n += (size_t)snprintf(f->text + n, sizeof(f->text) - n, "%s %s %" PRIu64 "\n",
				      f->e[i].id, role_word(f->e[i].is_initiator),
				      f->e[i].reserved);
	errno = 0;
	err = sum_of(f->text, n, sum);
	if (!err) {
		n += (size_t)snprintf(f->text + n, sizeof(f->text) - n, "%s%s\n", END, sum);
		err = noon_file_replace(path, noon_bytes_of(f->text, n), 0600);
	}
	if (err)
		(void)snprintf(why, NOON_TUNNEL_WHY_MAX, "%s: cannot be written: %s", path,
			       errno != 0 ? strerror(errno) : noon_err_text(err));
	return err;
}

/* Set the line of a secret, a new one if `e` is NULL. */
static noon_err set(const char *path, struct epochs *f, const struct entry *value, struct entry *e,
		    char *why)
{
	if (value->reserved == 0 || value->reserved > INT64_MAX) {
		(void)snprintf(why, NOON_TUNNEL_WHY_MAX, "%s: expected epochs from 1 to 2^63 - 1",
			       path);
		return NOON_ERR_RANGE;
	}
	if (e != NULL && value->reserved < e->reserved) {
		(void)snprintf(why, NOON_TUNNEL_WHY_MAX,
			       "%s: epochs up to %" PRIu64 " are reserved; expected no fewer", path,
			       e->reserved);
		return NOON_ERR_RANGE;
	}
	if (e == NULL && f->n == NOON_TUNNEL_EPOCHS_MAX) {
		(void)snprintf(why, NOON_TUNNEL_WHY_MAX,
			       "%s: has %d secrets, the most there may be; if none of them will "
			       "ever be used again, remove this file",
			       path, NOON_TUNNEL_EPOCHS_MAX);
		return NOON_ERR_FULL;
	}
	if (e == NULL)
		e = &f->e[f->n++];
	*e = *value;
	return NOON_OK;
}

noon_err noon_tunnel_epochs_write(const char *path, const struct noon_secret_tunnel *secret,
				  bool is_initiator, uint64_t reserved,
				  char ret_why[NOON_TUNNEL_WHY_MAX])
{
	struct epochs *f = new_epochs(path, ret_why);
	struct entry value = {.is_initiator = is_initiator, .reserved = reserved};
	struct entry *e = NULL;
	noon_err err = NOON_ERR_OS;

	if (f != NULL)
		err = open_epochs(path, secret, is_initiator, f, value.id, &e, ret_why);
	err = err ? err : set(path, f, &value, e, ret_why);
	err = err ? err : save(path, f, ret_why);
	free(f);
	return err;
}
