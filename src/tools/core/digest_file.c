/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/core/digest_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/hash.h"

#define PIECE ((size_t)1 << 17) /* bytes */

static noon_err add_all(int fd, struct noon_hash *h, uint8_t *piece)
{
	for (;;) {
		const ssize_t n = read(fd, piece, PIECE);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return NOON_ERR_OS;
		if (n == 0)
			return NOON_OK;
		if (noon_hash_add(h, noon_bytes_of(piece, (size_t)n)))
			return NOON_ERR_CRYPTO;
	}
}

noon_err noon_digest_file(const char *path, enum noon_digest d, uint8_t ret[NOON_DIGEST_MAX])
{
	const bool is_stdin = strcmp(path, "-") == 0;
	const int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	uint8_t *piece = malloc(PIECE);
	struct noon_hash *h = NULL;
	noon_err err = fd < 0 || piece == NULL ? NOON_ERR_OS : noon_hash_new(d, &h);
	int saved;

	err = err ? err : add_all(fd, h, piece);
	err = err ? err : noon_hash_end(h, ret);
	saved = errno;
	noon_hash_free(h);
	free(piece);
	if (fd >= 0 && !is_stdin)
		(void)close(fd);
	errno = saved;
	return err;
}
