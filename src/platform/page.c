/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/page.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/file.h"

struct noon_page_writer {
	struct noon_page *map;
};

static void read_boot_id(uint8_t out[16])
{
	char text[64] = {0};
	size_t n = 0;

	/* Without it a reader cannot detect an earlier boot, except by the age of the page. */
	if (noon_file_read("/proc/sys/kernel/random/boot_id", (uint8_t *)text, sizeof(text) - 1,
			   &n))
		text[0] = '\0';
	noon_page_boot_of(text, out);
}

/* A kernel without time namespaces has one offset for all. */
static uint64_t time_namespace(void)
{
	struct stat st;

	return stat(NOON_PAGE_TIME_NS, &st) == 0 ? st.st_ino : 0;
}

/* Map the page if only we can change the file: others could truncate it, which would kill us by
 * SIGBUS. Its blocks are allocated, so that no later write can fail. NULL if not. */
static struct noon_page *map_ours(const char *path)
{
	const int fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	void *map = MAP_FAILED;
	struct stat st;

	if (fd < 0)
		return NULL;
	/* The umask must not hide the page from its readers. */
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
	    (st.st_mode & (S_IWGRP | S_IWOTH)) == 0 && st.st_size == NOON_PAGE_SIZE &&
	    posix_fallocate(fd, 0, NOON_PAGE_SIZE) == 0 && fchmod(fd, 0644) == 0)
		map = mmap(NULL, NOON_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	(void)close(fd);
	return map == MAP_FAILED ? NULL : map;
}

/* A new file in place of any existing one. */
static noon_err create(const char *path, struct noon_page **ret)
{
	static const uint8_t zeros[NOON_PAGE_SIZE];
	const noon_err err =
		noon_file_replace(path, (struct noon_bytes){zeros, sizeof(zeros)}, 0644);

	if (err)
		return err;
	*ret = map_ours(path);
	return *ret == NULL ? NOON_ERR_OS : NOON_OK;
}

static void mark_stale(struct noon_page *p)
{
	struct noon_page_body body;

	noon_page_copy(p, noon_page_number(p), &body);
	body.fresh_until = NOON_PAGE_STOPPED;
	noon_page_fill(p, &body);
	noon_page_count_on(p);
}

static bool is_of_this_version(const struct noon_page *p)
{
	return p->magic == NOON_PAGE_MAGIC && p->version == NOON_PAGE_VERSION &&
	       p->size == sizeof(*p);
}

/* What a reader checks once, when it opens the page: it does not change in a reused page. */
static bool is_of_this_boot(const struct noon_page *p, const uint8_t boot[16], uint64_t time_ns)
{
	return memcmp(p->boot, boot, sizeof(p->boot)) == 0 && p->time_ns == time_ns;
}

/* The existing page, if readers that have mapped it can keep it; NULL if not. A page that is not
 * reused is stale for its readers, at once or when the deadline of its daemon's next write has
 * passed. */
static struct noon_page *reuse(const char *path, const uint8_t boot[16], uint64_t time_ns)
{
	struct noon_page *p = map_ours(path);

	if (p == NULL)
		return NULL;
	if (is_of_this_version(p)) {
		mark_stale(p);
		if (is_of_this_boot(p, boot, time_ns))
			return p;
	}
	(void)munmap(p, NOON_PAGE_SIZE);
	return NULL;
}

static noon_err make(const char *path, struct noon_page **ret)
{
	const uint64_t time_ns = time_namespace();
	uint8_t boot[16];
	struct noon_page *p;
	noon_err err;

	read_boot_id(boot);
	p = reuse(path, boot, time_ns);
	if (p != NULL) {
		*ret = p;
		return NOON_OK;
	}
	err = create(path, &p);
	if (err)
		return err;
	memcpy(p->boot, boot, sizeof(p->boot));
	p->time_ns = time_ns;
	p->size = sizeof(*p);
	p->version = NOON_PAGE_VERSION;
	mark_stale(p);
	p->magic = NOON_PAGE_MAGIC;
	*ret = p;
	return NOON_OK;
}

noon_err noon_page_writer_new(const char *path, struct noon_page_writer **ret)
{
	struct noon_page_writer *w = calloc(1, sizeof(*w));
	noon_err err;

	if (w == NULL)
		return NOON_ERR_OS;
	err = make(path, &w->map);
	if (err) {
		const int saved = errno;

		free(w);
		errno = saved;
		return err;
	}
	*ret = w;
	return NOON_OK;
}

void noon_page_writer_put_guards(struct noon_page_writer *w, const uint8_t *state, size_t n)
{
	for (size_t i = 0; i < n && i < NOON_PAGE_GUARDS; i++)
		atomic_store_explicit(&w->map->guard[i], state[i], memory_order_relaxed);
	atomic_store_explicit(&w->map->n_guards, (uint32_t)n, memory_order_release);
}

void noon_page_writer_put(struct noon_page_writer *w, const struct noon_page_body *body)
{
	noon_page_fill(w->map, body);
	noon_page_count_on(w->map);
}

void noon_page_writer_free(struct noon_page_writer *w)
{
	if (w == NULL)
		return;
	mark_stale(w->map);
	(void)munmap(w->map, NOON_PAGE_SIZE);
	free(w);
}
