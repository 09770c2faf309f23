/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/clock/vmclock.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC	       UINT32_C(0x4b4c4356) /* "VCLK" */
#define VERSION	       1
#define HAS_GENERATION (UINT64_C(1) << 8)

/* A hypervisor writes for much less than a microsecond; if it was stopped meanwhile, the caller
 * looks again later. */
#define ATTEMPTS 1000

/* Offsets. */
#define AT_MAGIC      0
#define AT_SIZE	      4
#define AT_VERSION    8
#define AT_SEQUENCE   12
#define AT_MARKER     16
#define AT_FLAGS      24
#define AT_GENERATION 104

static uint32_t load_32(const void *page, size_t at)
{
	const uint32_t *p = (const uint32_t *)(const void *)((const char *)page + at);

	return le32toh(__atomic_load_n(p, __ATOMIC_ACQUIRE));
}

static uint64_t load_64(const void *page, size_t at)
{
	const uint64_t *p = (const uint64_t *)(const void *)((const char *)page + at);

	return le64toh(__atomic_load_n(p, __ATOMIC_RELAXED));
}

/* The head of a valid page never changes. */
static noon_err check_head(const void *page, size_t n)
{
	if (n < NOON_VMCLOCK_LEAST)
		return NOON_ERR_SHORT;
	if (load_32(page, AT_MAGIC) != MAGIC)
		return NOON_ERR_FORMAT;
	if ((load_32(page, AT_VERSION) & 0xffff) != VERSION)
		return NOON_ERR_UNSUPPORTED;
	return load_32(page, AT_SIZE) < NOON_VMCLOCK_LEAST ? NOON_ERR_SHORT : NOON_OK;
}

noon_err noon_vmclock_read(const void *page, size_t n, struct noon_vmclock_state *ret)
{
	const noon_err err = check_head(page, n);

	assert((uintptr_t)page % 8 == 0);
	for (int i = 0; !err && i < ATTEMPTS; i++) {
		const uint32_t before = load_32(page, AT_SEQUENCE);
		struct noon_vmclock_state s = {.marker = load_64(page, AT_MARKER)};

		s.has_generation = (load_64(page, AT_FLAGS) & HAS_GENERATION) != 0 &&
				   n >= NOON_VMCLOCK_FULL &&
				   load_32(page, AT_SIZE) >= NOON_VMCLOCK_FULL;
		if (s.has_generation)
			s.generation = load_64(page, AT_GENERATION);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (before % 2 != 0 || load_32(page, AT_SEQUENCE) != before)
			continue;
		*ret = s;
		return NOON_OK;
	}
	return err ? err : NOON_ERR_STATE;
}

bool noon_vmclock_differs(const struct noon_vmclock_state *a, const struct noon_vmclock_state *b)
{
	return a->marker != b->marker ||
	       (a->has_generation && b->has_generation && a->generation != b->generation);
}

static const char *why_of(noon_err err)
{
	switch ((int)err) {
	case NOON_ERR_SHORT:
		return "shorter than a VM clock";
	case NOON_ERR_FORMAT:
		return "not a VM clock: expected \"VCLK\" at its beginning";
	case NOON_ERR_UNSUPPORTED:
		return "a VM clock of another version: expected 1";
	case NOON_ERR_NOT_FOUND:
		return "there is no such file";
	case NOON_ERR_PERM:
		return "may not be read";
	default:
		return "cannot be mapped: expected a device or a regular file";
	}
}

/* Map an open file; takes fd over. */
static noon_err map(int fd, struct noon_vmclock *ret)
{
	struct stat st;
	void *page;

	if (fstat(fd, &st) < 0 || !(S_ISREG(st.st_mode) || S_ISCHR(st.st_mode))) {
		(void)close(fd);
		return NOON_ERR_OS;
	}
	page = mmap(NULL, NOON_VMCLOCK_PAGE, PROT_READ, MAP_SHARED, fd, 0);
	if (S_ISCHR(st.st_mode) || page == MAP_FAILED)
		(void)close(fd);
	if (page == MAP_FAILED)
		return NOON_ERR_OS;
	ret->page = page;
	ret->fd = S_ISREG(st.st_mode) ? fd : -1;
	return NOON_OK;
}

noon_err noon_vmclock_open(const char *path, struct noon_vmclock *ret, const char **ret_why)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct noon_vmclock_state s;
	noon_err err;

	*ret = (struct noon_vmclock){.page = NULL, .fd = -1};
	if (fd < 0)
		err = errno == ENOENT			  ? NOON_ERR_NOT_FOUND
		      : errno == EACCES || errno == EPERM ? NOON_ERR_PERM
							  : NOON_ERR_OS;
	else
		err = map(fd, ret);
	err = err ? err : noon_vmclock_look(ret, &s);
	if (err == NOON_OK || err == NOON_ERR_STATE)
		return NOON_OK;
	noon_vmclock_close(ret);
	*ret_why = why_of(err);
	return err;
}

noon_err noon_vmclock_look(const struct noon_vmclock *v, struct noon_vmclock_state *ret)
{
	size_t n = NOON_VMCLOCK_PAGE;
	struct stat st;

	if (v->page == NULL)
		return NOON_ERR_EMPTY;
	/* Memory past the end of a file is not backed. A device has no end. */
	if (v->fd >= 0) {
		if (fstat(v->fd, &st) < 0)
			return NOON_ERR_OS;
		n = st.st_size < NOON_VMCLOCK_PAGE ? (size_t)st.st_size : NOON_VMCLOCK_PAGE;
	}
	return noon_vmclock_read(v->page, n, ret);
}

void noon_vmclock_close(struct noon_vmclock *v)
{
	if (v->page != NULL) {
		/* Not const for munmap(). */
		(void)munmap((void *)(uintptr_t)v->page, NOON_VMCLOCK_PAGE);
		if (v->fd >= 0)
			(void)close(v->fd);
	}
	*v = (struct noon_vmclock){.page = NULL, .fd = -1};
}
