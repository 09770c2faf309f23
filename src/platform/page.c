/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/page.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/file.h"

struct noon_page_writer {
	struct noon_page *map;
	char *path;
};

static void read_boot_id(uint8_t out[16])
{
	char text[64] = {0};
	size_t n = 0;

	/* Without it a reader cannot tell an earlier boot; the age of the page still can. */
	if (noon_file_read("/proc/sys/kernel/random/boot_id", (uint8_t *)text, sizeof(text) - 1,
			   &n))
		text[0] = '\0';
	noon_page_boot_of(text, out);
}

/* A kernel without time namespaces has one count for all. */
static uint64_t time_namespace(void)
{
	struct stat st;

	return stat(NOON_PAGE_TIME_NS, &st) == 0 ? st.st_ino : 0;
}

static noon_err create(const char *path, struct noon_page **ret)
{
	static const uint8_t zeros[NOON_PAGE_SIZE];
	const noon_err err =
		noon_file_replace(path, (struct noon_bytes){zeros, sizeof(zeros)}, 0644);
	void *map;
	int fd;

	if (err)
		return err;
	fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return NOON_ERR_OS;
	/* The umask must not hide the page from those it is for. */
	(void)fchmod(fd, 0644);
	map = mmap(NULL, NOON_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	(void)close(fd);
	if (map == MAP_FAILED)
		return NOON_ERR_OS;
	*ret = map;
	return NOON_OK;
}

noon_err noon_page_writer_new(const char *path, struct noon_page_writer **ret)
{
	struct noon_page_writer *w = calloc(1, sizeof(*w));
	noon_err err = NOON_ERR_OS;

	if (w == NULL)
		return NOON_ERR_OS;
	w->path = strdup(path);
	if (w->path != NULL)
		err = create(path, &w->map);
	if (err) {
		free(w->path);
		free(w);
		return err;
	}
	read_boot_id(w->map->boot);
	w->map->time_ns = time_namespace();
	w->map->version = NOON_PAGE_VERSION;
	w->map->size = sizeof(*w->map);
	w->map->magic = NOON_PAGE_MAGIC;
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
	struct noon_page_body body;

	if (w == NULL)
		return;
	(void)noon_page_copy(w->map, &body);
	body.fresh_until = NOON_PAGE_STOPPED;
	noon_page_writer_put(w, &body);
	(void)munmap(w->map, NOON_PAGE_SIZE);
	(void)unlink(w->path);
	free(w->path);
	free(w);
}
