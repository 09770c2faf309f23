/* SPDX-License-Identifier: Apache-2.0
 *
 * Property: files of a tunnel of any bytes are read or refused with a reason, and leave what was
 * there when they are refused. Since bytes with a good checksum are never met by chance, the file
 * of epochs is read as it is and with the checksum that it should have.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/hash.h"
#include "input.h"
#include "platform/text.h"
#include "store/tunnel_file.h"

#define SUM ((size_t)32)

static int file_of(const uint8_t *data, size_t size, char path[64])
{
	const int fd = memfd_create("tunnel", 0);

	assert(fd >= 0 && fchmod(fd, 0600) == 0);
	assert(write(fd, data, size) == (ssize_t)size);
	(void)snprintf(path, 64, "/proc/self/fd/%d", fd);
	return fd;
}

static void read_key(const uint8_t *data, size_t size)
{
	struct noon_secret_tunnel s = {{42}};
	char why[NOON_TUNNEL_WHY_MAX] = "";
	char path[64];
	const int fd = file_of(data, size, path);

	if (noon_tunnel_key_read(path, &s, why))
		assert(why[0] != '\0' && s.key[0] == 42 && s.key[1] == 0);
	else
		assert(size >= sizeof(s.key) * 2);
	(void)close(fd);
}

/* The secret that the corpus has: 32 zeros. */
static void read_epochs(const uint8_t *data, size_t size)
{
	const struct noon_secret_tunnel s = {{0}};
	char why[NOON_TUNNEL_WHY_MAX] = "";
	uint64_t reserved = UINT64_MAX;
	char path[64];
	const int fd = file_of(data, size, path);
	const noon_err err = noon_tunnel_epochs_read(path, &s, true, &reserved, why);

	if (err)
		assert(why[0] != '\0' && reserved == UINT64_MAX);
	else
		assert(reserved <= INT64_MAX);
	(void)close(fd);
}

static void read_summed(const uint8_t *data, size_t size)
{
	uint8_t *text = malloc(size + 2 * SUM + 8);
	struct noon_hash *h = NULL;
	uint8_t sum[NOON_DIGEST_MAX];

	assert(text != NULL && noon_hash_new(NOON_DIGEST_SHA256, &h) == NOON_OK);
	assert(noon_hash_add(h, noon_bytes_of(data, size)) == NOON_OK);
	assert(noon_hash_end(h, sum) == NOON_OK);
	noon_hash_free(h);
	memcpy(text, data, size);
	text[size++] = 'e';
	text[size++] = 'n';
	text[size++] = 'd';
	text[size++] = ' ';
	noon_text_hex(noon_bytes_of(sum, SUM), (char *)text + size);
	text[size + 2 * SUM] = '\n';
	read_epochs(text, size + 2 * SUM + 1);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0 || size > 65536)
		return 0;
	read_key(data, size);
	read_epochs(data, size);
	read_summed(data, size);
	return 0;
}
