/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* For users; nothing depends on it, so a full disk does not matter. */
static void write_pid(int fd)
{
	char text[24];
	const int n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());

	if (ftruncate(fd, 0) == 0 && n > 0)
		(void)!pwrite(fd, text, (size_t)n, 0);
}

static long read_pid(int fd)
{
	char text[24] = {0};
	long pid;

	if (pread(fd, text, sizeof(text) - 1, 0) <= 0)
		return 0;
	pid = strtol(text, NULL, 10);
	return pid > 0 ? pid : 0;
}

noon_err noon_lock_take(const char *path, struct noon_lock *ret, long *ret_holder)
{
	/* A FIFO or device of that name must not block. */
	const int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
	const int fd = open(path, flags, 0600);
	noon_err err = NOON_OK;
	struct stat st;

	if (fd < 0)
		return errno == EACCES || errno == EPERM ? NOON_ERR_PERM : NOON_ERR_OS;
	if (fstat(fd, &st) < 0) {
		err = NOON_ERR_OS;
	} else if (!S_ISREG(st.st_mode)) {
		errno = EINVAL;
		err = NOON_ERR_OS;
	} else if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		err = errno == EWOULDBLOCK ? NOON_ERR_STATE : NOON_ERR_OS;
	}
	if (err == NOON_ERR_STATE)
		*ret_holder = read_pid(fd);
	if (err) {
		const int saved = errno;

		(void)close(fd);
		errno = saved;
		return err;
	}
	write_pid(fd);
	ret->fd = fd;
	return NOON_OK;
}

void noon_lock_release(struct noon_lock *l)
{
	if (l->fd >= 0)
		(void)close(l->fd);
	l->fd = -1;
}
