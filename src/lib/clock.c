/* SPDX-License-Identifier: Apache-2.0
 *
 * The reader of the shared page. Stands alone: no other part of Noonmark is linked in.
 */
/* O_PATH and secure_getenv(), also for whoever compiles this file alone. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "noonmark/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/page.h"

/* NOON_CLOCK_PAGE_DEFAULT, in two parts. */
#define SYSTEM_FOLDER "/run/noonmark"
#define PAGE_NAME     "clock"

/* Each attempt fails only if the daemon published during it, which it does some times a second. */
#define TRIES_MAX 100000

/* What is filled as a whole: zeros first, which the build puts into every variable, would take as
 * long as the rest. */
#if defined(__has_attribute) && __has_attribute(uninitialized)
#define FILLED_BELOW __attribute__((uninitialized))
#else
#define FILLED_BELOW
#endif

/* Sleep shorter than this is not told from the noise of reading clocks. */
#define SLEEP_MIN 1000000 /* ns */

struct noon_clock_page {
	const struct noon_page *map;
	bool same_boot;
	bool same_time_ns;
};

static void read_boot_id(uint8_t out[16])
{
	char text[40] = {0};
	const int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

	if (fd >= 0) {
		if (read(fd, text, sizeof(text) - 1) < 0)
			text[0] = '\0';
		(void)close(fd);
	}
	noon_page_boot_of(text, out);
}

/* Read once: no thread of a process can enter another time namespace and stay in this process
 * (setns(2): the caller must be single-threaded; what reads a clock then opens the page again). */
static uint64_t time_namespace(void)
{
	struct stat st;

	return stat(NOON_PAGE_TIME_NS, &st) == 0 ? st.st_ino : 0;
}

static bool is_page(const struct noon_page *p, size_t file_size)
{
	return file_size >= sizeof(*p) && p->magic == NOON_PAGE_MAGIC &&
	       p->version == NOON_PAGE_VERSION && p->size >= sizeof(*p);
}

/* Whether nobody but root and the caller can have put it there, or can change it. */
static bool is_trusted(int fd, mode_t type)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == type &&
	       (st.st_uid == 0 || st.st_uid == geteuid()) &&
	       (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* Open the page in a folder; links are not followed. A descriptor, or -1 and errno. */
static int open_in(const char *folder)
{
	const int dir = open(folder, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int fd;

	if (dir < 0) {
		/* A link, or something else, in the place of the folder is nobody's daemon. */
		errno = errno == ELOOP || errno == ENOTDIR ? EPERM : errno;
		return -1;
	}
	fd = openat(dir, PAGE_NAME, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0 && !(is_trusted(dir, S_IFDIR) && is_trusted(fd, S_IFREG))) {
		(void)close(fd);
		fd = -1;
		errno = EPERM;
	} else if (fd < 0 && errno == ELOOP) {
		errno = EPERM;
	}
	const int saved = errno;

	(void)close(dir);
	errno = saved;
	return fd;
}

/* Where noonmarkd puts the page unless it is told otherwise: as root, or as the caller. */
static int open_default(void)
{
	const char *base = secure_getenv("XDG_RUNTIME_DIR");
	char folder[512];
	const int fd = open_in(SYSTEM_FOLDER);
	int n;

	if (fd >= 0 || errno != ENOENT)
		return fd;
	if (base != NULL && base[0] == '/')
		n = snprintf(folder, sizeof(folder), "%s/noonmark", base);
	else
		n = snprintf(folder, sizeof(folder), "/tmp/noonmark-%u", (unsigned)geteuid());
	if (n < 0 || (size_t)n >= sizeof(folder)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return open_in(folder);
}

int noon_open(const char *path, struct noon_clock_page **ret_page)
{
	const int fd = path == NULL ? open_default() : open(path, O_RDONLY | O_CLOEXEC);
	struct noon_clock_page *page;
	uint8_t boot[16];
	struct stat st;
	void *map;

	if (fd < 0)
		return errno;
	if (fstat(fd, &st) < 0 || st.st_size < (off_t)sizeof(struct noon_page)) {
		(void)close(fd);
		return EPROTO;
	}
	map = mmap(NULL, NOON_PAGE_SIZE, PROT_READ, MAP_SHARED, fd, 0);
	(void)close(fd);
	if (map == MAP_FAILED)
		return errno;
	page = malloc(sizeof(*page));
	if (page == NULL || !is_page(map, (size_t)st.st_size)) {
		free(page);
		(void)munmap(map, NOON_PAGE_SIZE);
		return page == NULL ? ENOMEM : EPROTO;
	}
	read_boot_id(boot);
	page->map = map;
	page->same_boot = memcmp(boot, page->map->boot, sizeof(boot)) == 0;
	page->same_time_ns = time_namespace() == page->map->time_ns;
	*ret_page = page;
	return 0;
}

void noon_close(struct noon_clock_page *page)
{
	union {
		const void *in;
		void *out;
	} map;

	if (page == NULL)
		return;
	map.in = page->map;
	(void)munmap(map.out, NOON_PAGE_SIZE);
	free(page);
}

/* One moment by the clocks that count. */
struct instant {
	int64_t raw;	    /* CLOCK_MONOTONIC_RAW, which is what the page speaks of */
	int64_t real_ahead; /* CLOCK_REALTIME - CLOCK_MONOTONIC, at least */
};

static int64_t clock_now(clockid_t id)
{
	struct timespec ts FILLED_BELOW;

	/* Where a clock does not exist, it stands still. */
	if (clock_gettime(id, &ts) != 0)
		return 0;
	return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

/* The coarse clocks are those of the last tick of the kernel, so their difference is exact, and
 * takes no read of the hardware's counter. A tick between the two makes it larger: that can look
 * like sleep, but hides none. */
static void read_clocks(struct instant *ret)
{
	int64_t mono;

	ret->raw = clock_now(CLOCK_MONOTONIC_RAW);
	mono = clock_now(CLOCK_MONOTONIC_COARSE);
	ret->real_ahead = clock_now(CLOCK_REALTIME_COARSE) - mono;
}

/* Copy the statement in force, with the clocks read while it is: it then holds for them. A writer
 * that is stopped or dead in the middle of the next one does not matter. */
static bool read_body(const struct noon_page *p, struct noon_page_body *ret, struct instant *ret_at)
{
	for (int i = 0; i < TRIES_MAX; i++) {
		const uint32_t number = noon_page_number(p);

		read_clocks(ret_at);
		noon_page_copy(p, number, ret);
		if (noon_page_is_still(p, number))
			return true;
	}
	return false;
}

/* Tell whether the machine slept since the page was written: the figures are off by that long
 * until the daemon, which has just woken up too, takes notice. CLOCK_REALTIME - CLOCK_MONOTONIC
 * grows by sleep, and changes by steps of CLOCK_REALTIME: where it has, CLOCK_BOOTTIME, which
 * nobody can step, decides. Read first, an interruption makes it smaller and never looks like
 * sleep. */
static bool has_slept(const struct noon_page_body *b, const struct instant *at)
{
	const int64_t grown = at->real_ahead - b->real_ahead;
	int64_t boot;

	if (grown >= 0 && grown <= SLEEP_MIN)
		return false;
	boot = clock_now(CLOCK_BOOTTIME);
	return boot - clock_now(CLOCK_MONOTONIC) - b->asleep > SLEEP_MIN;
}

/* Why the page is stale, or NONE if it is not. */
static enum noon_clock_reason stale_reason(const struct noon_clock_page *page,
					   const struct noon_page_body *b, const struct instant *at)
{
	if (!page->same_boot)
		return NOON_CLOCK_REASON_OTHER_BOOT;
	if (!page->same_time_ns)
		return NOON_CLOCK_REASON_OTHER_TIME_NS;
	if (b->fresh_until == NOON_PAGE_STOPPED)
		return NOON_CLOCK_REASON_STOPPED;
	if (has_slept(b, at))
		return NOON_CLOCK_REASON_ASLEEP;
	if (at->raw < b->raw0)
		return NOON_CLOCK_REASON_FUTURE;
	if (at->raw > b->fresh_until)
		return NOON_CLOCK_REASON_LATE;
	return NOON_CLOCK_REASON_NONE;
}

static void judge(const struct noon_clock_page *page, const struct noon_page_body *b,
		  const struct instant *at, struct noon_clock_interval *ret)
{
	const enum noon_clock_reason stale = stale_reason(page, b, at);

	ret->status = (enum noon_clock_status)b->status;
	ret->reason = (enum noon_clock_reason)b->reason;
	if (stale != NOON_CLOCK_REASON_NONE) {
		ret->status = NOON_CLOCK_STALE;
		ret->reason = stale;
	} else if (at->raw > b->void_after &&
		   (b->status == NOON_CLOCK_OK || b->status == NOON_CLOCK_HOLDOVER)) {
		ret->status = NOON_CLOCK_ALARM;
		ret->reason = NOON_CLOCK_REASON_BOUND;
	}
}

/* What an edge moves by from raw0 to raw beyond the time that passed, ns: the certified rate while
 * it lasts, and from then on the limit of the oscillator. */
static double drift(const struct noon_page_body *b, int64_t raw, double rate, double late_rate)
{
	int64_t until = raw < b->rates_until ? raw : b->rates_until;

	if (until < b->raw0)
		until = b->raw0;
	return (double)(until - b->raw0) * rate + (double)(raw - until) * late_rate;
}

/* As floor() and ceil(), which are calls into another library. */
static int64_t round_down(double x)
{
	const int64_t near = (int64_t)x;

	return (double)near > x ? near - 1 : near;
}

static int64_t round_up(double x)
{
	return -round_down(-x);
}

/* Move the interval to raw, rounding outward. */
static void move(const struct noon_page_body *b, int64_t raw, int64_t *ret_earliest,
		 int64_t *ret_latest)
{
	const double lo = drift(b, raw, b->earliest_rate, b->late_earliest_rate);
	const double hi = drift(b, raw, b->latest_rate, b->late_latest_rate);

	*ret_earliest = b->earliest0 + (raw - b->raw0) + round_down(lo);
	*ret_latest = b->latest0 + (raw - b->raw0) + round_up(hi);
}

/* False: the page never stays the same for as long as it takes to read it. */
static inline bool read_page(const struct noon_clock_page *page, struct noon_clock_interval *ret)
{
	struct noon_page_body b FILLED_BELOW;
	struct instant at FILLED_BELOW;

	if (!read_body(page->map, &b, &at))
		return false;
	judge(page, &b, &at, ret);
	if (b.has_time && page->same_boot && page->same_time_ns) {
		move(&b, at.raw, &ret->earliest, &ret->latest);
	} else {
		/* The page says nothing, or nothing of instants of our clock. */
		ret->earliest = INT64_MIN;
		ret->latest = INT64_MAX;
	}
	return true;
}

int noon_read(const struct noon_clock_page *page, struct noon_clock_interval *ret_interval)
{
	struct noon_clock_interval is FILLED_BELOW;

	if (!read_page(page, &is))
		return EAGAIN;
	*ret_interval = is;
	return 0;
}

int noon_now(const struct noon_clock_page *page, int64_t *ret_earliest, int64_t *ret_latest,
	     enum noon_clock_status *ret_status)
{
	struct noon_clock_interval is FILLED_BELOW;

	if (!read_page(page, &is))
		return EAGAIN;
	if (is.earliest == INT64_MIN && is.reason != NOON_CLOCK_REASON_OTHER_TIME_NS)
		return ENODATA;
	*ret_earliest = is.earliest;
	*ret_latest = is.latest;
	*ret_status = is.status;
	return 0;
}

const char *noon_stale_why(const struct noon_clock_page *page)
{
	struct noon_clock_interval is;

	if (!read_page(page, &is) || is.status != NOON_CLOCK_STALE)
		return "";
	return noon_clock_reason_text(is.reason);
}

int noon_guards(const struct noon_clock_page *page, enum noon_clock_guard *ret_guards, size_t cap,
		size_t *ret_n)
{
	const struct noon_page *p = page->map;
	size_t n;

	/* Guards of a daemon before the last boot say nothing of the packets of now. */
	if (!page->same_boot)
		return ENODATA;
	n = atomic_load_explicit(&p->n_guards, memory_order_acquire);

	if (n > NOON_PAGE_GUARDS)
		n = NOON_PAGE_GUARDS;
	for (size_t i = 0; i < n && i < cap; i++)
		ret_guards[i] = (enum noon_clock_guard)atomic_load_explicit(&p->guard[i],
									    memory_order_relaxed);
	*ret_n = n;
	return 0;
}

const char *noon_clock_guard_word(enum noon_clock_guard guard)
{
	static const char *const word[] = {"none", "watching", "loss", "alarm"};

	return (unsigned)guard < sizeof(word) / sizeof(word[0]) ? word[guard] : "unknown";
}

const char *noon_clock_status_word(enum noon_clock_status status)
{
	switch (status) {
	case NOON_CLOCK_UNSYNCHRONISED:
		return "unsynchronised";
	case NOON_CLOCK_OK:
		return "ok";
	case NOON_CLOCK_HOLDOVER:
		return "holdover";
	case NOON_CLOCK_ALARM:
		return "alarm";
	case NOON_CLOCK_STALE:
		return "stale";
	}
	return "unknown";
}

/* Word and text of each reason. */
static const struct {
	enum noon_clock_reason reason;
	const char *word;
	const char *text;
} reasons[] = {
	{NOON_CLOCK_REASON_NONE, "none", "nothing is wrong"},
	{NOON_CLOCK_REASON_NO_SOURCES, "no-sources", "the daemon has no sources"},
	{NOON_CLOCK_REASON_NO_EXCHANGE, "no-exchange", "no source has answered yet"},
	{NOON_CLOCK_REASON_TOO_FEW, "too-few", "no more sources answer than may be lying"},
	{NOON_CLOCK_REASON_BOUND, "bound", "the bound is above the alert limit"},
	{NOON_CLOCK_REASON_SETTLING, "settling",
	 "the bound is within the alert limit, but not for long enough yet"},
	{NOON_CLOCK_REASON_SILENT, "silent", "the sources are silent"},
	{NOON_CLOCK_REASON_CONTRADICTION, "contradiction",
	 "sources contradict each other, or what they said before"},
	{NOON_CLOCK_REASON_GUARD, "guard", "round-trip times are not as calibrated"},
	{NOON_CLOCK_REASON_SUSPENDED, "suspended",
	 "the machine was suspended and the time is not known again yet"},
	{NOON_CLOCK_REASON_STEPPED, "stepped", "somebody else stepped the clock"},
	{NOON_CLOCK_REASON_LEAP, "leap", "a leap second may or may not have been taken yet"},
	{NOON_CLOCK_REASON_DISRUPTED, "disrupted",
	 "the machine was paused, migrated or its clock replaced, and the time is not known again "
	 "yet"},
	{NOON_CLOCK_REASON_OUT_OF_REACH, "out-of-reach",
	 "the alert limit cannot be met on this path"},
	{NOON_CLOCK_REASON_STOPPED, "stopped", "the daemon has stopped"},
	{NOON_CLOCK_REASON_LATE, "late", "the daemon was killed, or does not get to run"},
	{NOON_CLOCK_REASON_ASLEEP, "asleep",
	 "the machine was suspended and the daemon has not taken notice yet"},
	{NOON_CLOCK_REASON_OTHER_BOOT, "other-boot",
	 "the daemon ran before the machine was started again"},
	{NOON_CLOCK_REASON_OTHER_TIME_NS, "other-time-namespace",
	 "the daemon runs in another time namespace: its clocks are not ours"},
	{NOON_CLOCK_REASON_FUTURE, "future", "the page is of a later time than now"},
};

const char *noon_clock_reason_word(enum noon_clock_reason reason)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].reason == reason)
			return reasons[i].word;
	return "unknown";
}

const char *noon_clock_reason_text(enum noon_clock_reason reason)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].reason == reason)
			return reasons[i].text;
	return "a reason that this version of the library does not know";
}
