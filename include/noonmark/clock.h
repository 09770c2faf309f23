/* SPDX-License-Identifier: Apache-2.0
 *
 * libnoonmark: what time is it, and how wrong can that be.
 *
 *     struct noon_clock_page *page;
 *     int64_t earliest, latest;
 *     enum noon_clock_status status;
 *
 *     if (noon_open(NULL, &page) != 0) ...
 *     if (noon_now(page, &earliest, &latest, &status) != 0) ...
 *     if (status != NOON_CLOCK_OK) ...            // MUST be checked
 *     noon_close(page);
 *
 * True UTC lies in [earliest, latest] while the assumptions of the daemon's configuration hold,
 * whatever an attacker on the network delays, drops, reorders, replays or forges. The interval
 * comes from a page that noonmarkd shares and from CLOCK_MONOTONIC_RAW alone, so it stays true
 * when somebody steps the system clock. No system call but reads of clocks (vDSO): besides that
 * one, the two coarse clocks, which cost little and tell whether the machine was suspended since
 * the page was written. Where they do not agree (a step of CLOCK_REALTIME within the last second,
 * or a tick of the kernel between the two), two more.
 */
#ifndef NOONMARK_CLOCK_H
#define NOONMARK_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define NOON_CLOCK_PAGE_DEFAULT "/run/noonmark/clock"

/** Whether the interval may be relied on. Anything but OK means: not within the alert limit, or
 *  not known to be. */
enum noon_clock_status {
	NOON_CLOCK_UNSYNCHRONISED = 0, /**< never yet within the alert limit */
	NOON_CLOCK_OK = 1,	       /**< bound within the alert limit, sources answer */
	NOON_CLOCK_HOLDOVER = 2,       /**< bound within the alert limit, sources silent */
	NOON_CLOCK_ALARM = 3,	       /**< bound above the limit, or an assumption seen false */
	NOON_CLOCK_STALE = 4, /**< the daemon stopped, the machine slept or was started again, or
			       * this process is in another time namespace than the daemon */
};

/** Why the status is not OK. The numbers stay; new ones may come. */
enum noon_clock_reason {
	NOON_CLOCK_REASON_NONE = 0, /**< it is OK */
	/* Of the daemon: */
	NOON_CLOCK_REASON_NO_SOURCES = 1,    /**< it has none, and takes its clock as it is */
	NOON_CLOCK_REASON_NO_EXCHANGE = 2,   /**< no source has answered yet */
	NOON_CLOCK_REASON_TOO_FEW = 3,	     /**< no more sources answer than may be lying */
	NOON_CLOCK_REASON_BOUND = 4,	     /**< the bound, with what a faster path could hide, is
					      * above the alert limit */
	NOON_CLOCK_REASON_SETTLING = 5,	     /**< the bound is within it, but not for long enough */
	NOON_CLOCK_REASON_SILENT = 6,	     /**< holdover: the sources are silent */
	NOON_CLOCK_REASON_CONTRADICTION = 7, /**< sources contradict each other, or the past */
	NOON_CLOCK_REASON_GUARD = 8,	     /**< a guard suspects that packets are delayed */
	NOON_CLOCK_REASON_SUSPENDED = 9,     /**< the machine was suspended; time is sought again */
	NOON_CLOCK_REASON_STEPPED = 10,	     /**< somebody else stepped the clock */
	NOON_CLOCK_REASON_LEAP = 11,	     /**< around a leap second */
	NOON_CLOCK_REASON_DISRUPTED = 12,    /**< the machine was paused, migrated or its clock
					      * replaced; time is sought again */
	NOON_CLOCK_REASON_OUT_OF_REACH = 13, /**< the bound is above the alert limit, and more
					      * exchanges on the same path will not help */
	/* Of the reader, with STALE: */
	NOON_CLOCK_REASON_STOPPED = 32,	      /**< the daemon was stopped */
	NOON_CLOCK_REASON_LATE = 33,	      /**< it was killed, or does not get to run */
	NOON_CLOCK_REASON_ASLEEP = 34,	      /**< the machine was suspended and the daemon has not
					       * taken notice yet */
	NOON_CLOCK_REASON_OTHER_BOOT = 35,    /**< the page is of before the machine was started
					       * again */
	NOON_CLOCK_REASON_OTHER_TIME_NS = 36, /**< the daemon runs in another time namespace */
	NOON_CLOCK_REASON_FUTURE = 37,	      /**< the page is of a later time than now */
};

/** What a page says of the moment at which it is read. */
struct noon_clock_interval {
	int64_t earliest;	       /**< UTC is not before this, ns since 1970-01-01 00:00 UTC */
	int64_t latest;		       /**< UTC is not after this, ns */
	enum noon_clock_status status; /**< always to be checked */
	enum noon_clock_reason reason; /**< why it is not OK */
};

struct noon_clock_page;

/**
 * Map the shared page.
 *
 * With NULL it is the page of the daemon of the machine, NOON_CLOCK_PAGE_DEFAULT, or, if there is
 * none, of the caller's own ("$XDG_RUNTIME_DIR/noonmark/clock", "/tmp/noonmark-UID/clock"). Folder
 * and file must then belong to root or the caller and be writable by nobody else. A path that is
 * given is opened as it is: whose it is, is for the caller to know.
 *
 * @param path      page of the daemon, or NULL
 * @param ret_page  to be closed with noon_close(); untouched on failure
 * @return 0; ENOENT and other errno values of open(2); EPROTO: not a page, or of another version;
 *         EPERM: with NULL, somebody else may have put the page there
 */
int noon_open(const char *path, struct noon_clock_page **ret_page);

/** Unmap; NULL is fine. */
void noon_close(struct noon_clock_page *page);

/**
 * Read the clock.
 *
 * @param page          from noon_open(); may be shared by threads
 * @param ret_earliest  UTC is not before this, ns since 1970-01-01 00:00 UTC (POSIX: a leap second
 *                      repeats the one before it)
 * @param ret_latest    UTC is not after this, ns. In another time namespace than the daemon's
 * nothing is known: INT64_MIN and INT64_MAX with NOON_CLOCK_STALE
 * @param ret_status    always to be checked; never better than the age of the page allows
 * @return 0; EAGAIN: the page was replaced during each of 100000 attempts, which no daemon does;
 *         ENODATA: the daemon has no time yet. Outputs untouched unless 0. A daemon that is
 *         stopped or killed while it writes never makes a call fail.
 */
int noon_now(const struct noon_clock_page *page, int64_t *ret_earliest, int64_t *ret_latest,
	     enum noon_clock_status *ret_status);

/**
 * Read the clock, and why its status is what it is.
 *
 * Where noon_now() returns ENODATA this gives INT64_MIN and INT64_MAX, with a status and a reason.
 *
 * @param page          from noon_open(); may be shared by threads
 * @param ret_interval  as of now
 * @return 0; EAGAIN: as noon_now(). Outputs untouched unless 0.
 */
int noon_read(const struct noon_clock_page *page, struct noon_clock_interval *ret_interval);

/** Return why noon_now() says NOON_CLOCK_STALE at this moment, for people to read; "" if it does
 * not. Static, never NULL. */
const char *noon_stale_why(const struct noon_clock_page *page);

/**
 * Wait until the status is OK, and the interval narrow enough.
 *
 * Sleeps between two looks at the page, 0.1 s, and so returns that late at most. The daemon may be
 * started again meanwhile; a page that is replaced by a new file is not followed (noon_open()).
 *
 * @param page          from noon_open(); may be shared by threads
 * @param half_width    half of the interval at most, ns; <= 0: whatever the alert limit allows
 * @param timeout       ns of CLOCK_MONOTONIC; 0: look once; < 0: for ever
 * @param ret_interval  as of the last look
 * @return 0; ETIMEDOUT; EINTR: a signal handler ran. Outputs untouched unless 0.
 */
int noon_wait(const struct noon_clock_page *page, int64_t half_width, int64_t timeout,
	      struct noon_clock_interval *ret_interval);

/**
 * Tell whether an instant is past for certain: UTC is later than t.
 *
 * Neither noon_after() nor noon_before() is true near t, and none while the status is other than
 * OK or HOLDOVER: then nothing is certain.
 *
 * @param t  ns since 1970-01-01 00:00 UTC
 * @return 1 or 0
 *
 * Commit wait: take t = latest as the time stamp of a transaction and release its locks once
 * noon_after(t). Whoever reads a page of any machine after that gets a later time stamp.
 */
int noon_after(const struct noon_clock_page *page, int64_t t);

/** Tell whether an instant is still to come for certain: UTC is earlier than t. As noon_after(). */
int noon_before(const struct noon_clock_page *page, int64_t t);

/** What the guard of a source says: have its round-trip times changed since the calibration? */
enum noon_clock_guard {
	NOON_CLOCK_GUARD_NONE = 0,     /**< the source has no baseline */
	NOON_CLOCK_GUARD_WATCHING = 1, /**< as calibrated */
	NOON_CLOCK_GUARD_LOSS = 2,     /**< more exchanges lost than calibrated */
	NOON_CLOCK_GUARD_ALARM = 3,    /**< changed: somebody may be delaying packets */
};

/**
 * Read what the guards say, as of the daemon's last event. Whether there still is a daemon, the
 * status of noon_now() tells: while it is NOON_CLOCK_STALE, nobody watches.
 *
 * @param page        from noon_open()
 * @param ret_guards  ret_guards[cap], one for each source in the order of the configuration
 * @param cap         16 is always enough
 * @param ret_n       number of sources; may be larger than cap
 * @return 0; ENODATA: the page is of a daemon before the last boot. Outputs untouched unless 0.
 *         The interval of noon_now() does not depend on any of this.
 */
int noon_guards(const struct noon_clock_page *page, enum noon_clock_guard *ret_guards, size_t cap,
		size_t *ret_n);

/** Return the short word of a guard ("watching"); static, never NULL. */
const char *noon_clock_guard_word(enum noon_clock_guard guard);

/** Return the short word of a status ("ok"); static, never NULL. */
const char *noon_clock_status_word(enum noon_clock_status status);

/** Return the short word of a reason ("bound"); static, never NULL. */
const char *noon_clock_reason_word(enum noon_clock_reason reason);

/** Return a reason as a clause, for people to read; static, never NULL. */
const char *noon_clock_reason_text(enum noon_clock_reason reason);

#ifdef __cplusplus
}
#endif

#endif
