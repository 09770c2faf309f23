/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing a certificate or key file, whole or not at all.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "crypto/x509.h"

static noon_err refuse(int sys, int *ret_sys)
{
	*ret_sys = sys;
	switch (sys) {
	case ENOENT:
	case ENOTDIR:
		return NOON_ERR_NOT_FOUND;
	case EACCES:
	case EPERM:
	case EROFS:
		return NOON_ERR_PERM;
	default:
		return NOON_ERR_OS;
	}
}

/* Returns 0 or errno. */
static int write_all(int fd, struct noon_bytes text)
{
	while (text.n > 0) {
		const ssize_t n = write(fd, text.p, text.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? errno : EIO;
		text.p += n;
		text.n -= (size_t)n;
	}
	return fsync(fd) ? errno : 0;
}

noon_err noon_x509_save(const char *path, struct noon_bytes text, int *ret_sys)
{
	char beside[1024];
	unsigned salt = 0;
	int fd, n, sys;

	if (RAND_bytes((unsigned char *)&salt, sizeof(salt)) != 1)
		return refuse(EIO, ret_sys);
	n = snprintf(beside, sizeof(beside), "%s.%08x", path, salt);
	if (n < 0 || (size_t)n >= sizeof(beside)) {
		*ret_sys = ENAMETOOLONG;
		return NOON_ERR_RANGE;
	}
	fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return refuse(errno, ret_sys);
	sys = write_all(fd, text);
	if (close(fd) && !sys)
		sys = errno;
	if (!sys && rename(beside, path))
		sys = errno;
	if (!sys)
		return NOON_OK;
	(void)unlink(beside);
	return refuse(sys, ret_sys);
}
