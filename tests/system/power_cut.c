/* SPDX-License-Identifier: Apache-2.0
 *
 * What a power cut would leave: preloaded into a daemon, it copies each file of a folder, after
 * each fdatasync() or fsync() of it, to the folder named "durable" in it. What was written and not
 * synced since is not in the copy.
 *
 * POWER_CUT names the folder. fsync() of the folder itself does nothing here: names are kept.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void copy(int from, const char *to)
{
	char block[65536];
	char made[PATH_MAX];
	off_t at = 0;
	ssize_t n;
	int out;

	(void)snprintf(made, sizeof(made), "%s.new", to);
	out = open(made, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	while (out >= 0 && (n = pread(from, block, sizeof(block), at)) > 0)
		at += write(out, block, (size_t)n);
	if (out < 0 || close(out) != 0 || rename(made, to) != 0)
		abort(); /* the test would prove nothing */
}

static void synced(int fd)
{
	const char *dir = getenv("POWER_CUT");
	char link[64];
	char path[PATH_MAX];
	char to[PATH_MAX + 16];
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (dir == NULL || n < 0)
		return;
	path[n] = '\0';
	if (strncmp(path, dir, strlen(dir)) != 0 || path[strlen(dir)] != '/' ||
	    strchr(path + strlen(dir) + 1, '/') != NULL)
		return;
	(void)snprintf(to, sizeof(to), "%s/durable%s", dir, path + strlen(dir));
	copy(fd, to);
}

typedef int (*sync_fn)(int);

static int real(const char *name, int fd)
{
	void *found = dlsym(RTLD_NEXT, name);
	sync_fn fn;
	int rc;

	memcpy(&fn, &found, sizeof(fn));
	rc = fn(fd);
	if (rc == 0)
		synced(fd);
	return rc;
}

int fdatasync(int fd)
{
	return real("fdatasync", fd);
}

int fsync(int fd)
{
	return real("fsync", fd);
}
