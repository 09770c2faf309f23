/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_LEN   1024 /* longer paths are refused */
#define TEMP_TRIES 16	/* names of 64 random bits: a second is never needed */

static noon_err from_errno(void)
{
	switch (errno) {
	case ENOENT:
		return NOON_ERR_NOT_FOUND;
	case EACCES:
	case EPERM:
		return NOON_ERR_PERM;
	default:
		return NOON_ERR_OS;
	}
}

noon_err noon_file_read(const char *path, uint8_t *buf, size_t cap, size_t *ret_n)
{
	/* Without O_NONBLOCK open() of a FIFO without a writer would block forever. */
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	noon_err err = NOON_OK;
	struct stat st;
	size_t n = 0;
	ssize_t got = 1;
	uint8_t extra;

	if (fd < 0)
		return from_errno();
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		(void)close(fd);
		errno = EINVAL;
		return NOON_ERR_UNSUPPORTED;
	}
	while (n < cap && got > 0) {
		got = read(fd, buf + n, cap - n);
		if (got > 0)
			n += (size_t)got;
	}
	if (got < 0)
		err = from_errno();
	else if (n == cap && read(fd, &extra, 1) == 1)
		err = NOON_ERR_LONG;
	(void)close(fd);
	if (!err)
		*ret_n = n;
	return err;
}

static bool write_all(int fd, struct noon_bytes data)
{
	while (data.n > 0) {
		const ssize_t n = write(fd, data.p, data.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		data.p += n;
		data.n -= (size_t)n;
	}
	return fsync(fd) == 0;
}

/* The bytes of a path before its last component, with the slash. */
static size_t dir_len(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? 0 : (size_t)(slash - path) + 1;
}

/* The rename is durable only once its directory is synced. */
static void sync_dir_of(const char *path)
{
	char dir[PATH_LEN];
	const size_t n = dir_len(path);
	int fd;

	if (n >= sizeof(dir))
		return;
	memcpy(dir, path, n);
	dir[n] = '\0';
	fd = open(n == 0 ? "." : dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)fsync(fd);
	(void)close(fd);
}

/* A file of an unused name in the directory of path: a name derived from path may belong to a file
 * of the user, or to another process that writes the same path. Returns a descriptor, or -1 and
 * errno. */
static int open_temp(const char *path, mode_t mode, char temp[PATH_LEN])
{
	const size_t n = dir_len(path);
	int fd = -1;

	errno = EEXIST;
	for (int i = 0; i < TEMP_TRIES && fd < 0 && errno == EEXIST; i++) {
		uint64_t random = 0;

		if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
			return -1;
		if (n >= PATH_LEN || (size_t)snprintf(temp, PATH_LEN, "%.*s.noonmark.%016" PRIx64,
						      (int)n, path, random) >= PATH_LEN) {
			errno = ENAMETOOLONG;
			return -1;
		}
		fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	}
	return fd;
}

/* Whether a call failed because file system or kernel lack it. EPERM is the error of link() without
 * hard links, EINVAL that of renameat2() for its flag. */
static bool is_unsupported(int e)
{
	return e == EPERM || e == EINVAL || e == ENOSYS || e == EOPNOTSUPP || e == EMLINK;
}

/* Takes the name first, then renames the file to it: never partial, but briefly empty. */
static bool claim_name(const char *temp, const char *path)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return false;
	(void)close(fd);
	if (rename(temp, path) == 0)
		return true;
	const int saved = errno;

	(void)unlink(path);
	errno = saved;
	return false;
}

/* rename() would replace an existing file. What does not is not available everywhere. */
static bool give_name(const char *temp, const char *path, bool replace)
{
	if (replace)
		return rename(temp, path) == 0;
	if (renameat2(AT_FDCWD, temp, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
		return true;
	if (!is_unsupported(errno))
		return false;
	if (link(temp, path) == 0) {
		(void)unlink(temp);
		return true;
	}
	return is_unsupported(errno) && claim_name(temp, path);
}

static noon_err put(const char *path, struct noon_bytes data, mode_t mode, bool replace)
{
	char temp[PATH_LEN];
	const int fd = open_temp(path, mode, temp);
	bool ok;

	if (fd < 0)
		return from_errno();
	ok = write_all(fd, data);
	const int saved = errno;

	ok = close(fd) == 0 && ok;
	if (ok && give_name(temp, path, replace)) {
		sync_dir_of(path);
		return NOON_OK;
	}
	errno = ok ? errno : saved;
	const noon_err err = from_errno();
	const int keep = errno;

	(void)unlink(temp);
	errno = keep;
	return err;
}

noon_err noon_file_replace(const char *path, struct noon_bytes data, mode_t mode)
{
	return put(path, data, mode, true);
}

noon_err noon_file_create(const char *path, struct noon_bytes data, mode_t mode)
{
	return put(path, data, mode, false);
}

noon_err noon_dir_make(const char *path, mode_t mode)
{
	char part[PATH_LEN];
	const size_t n = strlen(path);

	if (n == 0 || n >= sizeof(part)) {
		errno = ENAMETOOLONG;
		return NOON_ERR_OS;
	}
	memcpy(part, path, n + 1);
	for (size_t i = 1; i <= n; i++) {
		if (part[i] != '/' && part[i] != '\0')
			continue;
		const char saved = part[i];

		part[i] = '\0';
		if (mkdir(part, saved == '\0' ? mode : 0755) < 0 && errno != EEXIST)
			return from_errno();
		part[i] = saved;
	}
	return NOON_OK;
}

void noon_dir_runtime(char *out, size_t n)
{
	const char *base = getenv("XDG_RUNTIME_DIR");

	if (base != NULL && base[0] == '/')
		(void)snprintf(out, n, "%s/noonmark", base);
	else
		(void)snprintf(out, n, "/tmp/noonmark-%u", (unsigned)geteuid());
}

/* A socket path has room for 107 bytes; what is made below the folder needs half of them. */
#define TEMPORARY_MAX 40

void noon_dir_template(const char *stem, char *out, size_t n)
{
	const char *base = getenv("TMPDIR");

	if (base == NULL || base[0] != '/' || strlen(base) > TEMPORARY_MAX)
		base = "/tmp";
	(void)snprintf(out, n, "%s/%s.XXXXXX", base, stem);
}
