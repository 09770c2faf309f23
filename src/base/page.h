/* SPDX-License-Identifier: Apache-2.0
 *
 * Layout of the page that noonmarkd shares with libnoonmark: docs/page.md, for readers in other
 * languages. `version` changes when an offset does; new fields take reserved words, which are 0.
 *
 * Two bodies and the number of the statement in force. The writer fills the body that is not in
 * force, then counts on, so there is a whole statement at every moment, also when the writer is
 * stopped or killed in the middle. A reader that finds the number unchanged after it has copied
 * the body has one consistent statement: the body it copied is written again only after that.
 * Clocks that it reads after the number and before it looks at that again are read while the
 * statement is in force.
 *
 * All instants are CLOCK_MONOTONIC_RAW ns, which is another count after each boot and in each time
 * namespace (time_namespaces(7)): a page of another `boot` or `time_ns` says nothing of now.
 */
#ifndef NOON_BASE_PAGE_H
#define NOON_BASE_PAGE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define NOON_PAGE_MAGIC	  UINT64_C(0x4e4f4f4e4d41524b) /* "NOONMARK" */
#define NOON_PAGE_VERSION 3
#define NOON_PAGE_SIZE	  4096
#define NOON_PAGE_GUARDS  16

/** Its inode tells time namespaces apart. */
#define NOON_PAGE_TIME_NS "/proc/self/ns/time"

/** fresh_until of a daemon that has ended in order. */
#define NOON_PAGE_STOPPED INT64_MIN

/** One consistent statement. */
struct noon_page_body {
	int64_t raw0;	      /**< instant the figures refer to */
	int64_t earliest0;    /**< UTC at raw0 is not before this, ns since 1970 */
	int64_t latest0;      /**< ... not after this */
	double earliest_rate; /**< d earliest / d raw - 1, good from raw0 to rates_until */
	double latest_rate;
	int64_t rates_until;	   /**< the certified rates end here; INT64_MAX: never */
	double late_earliest_rate; /**< d earliest / d raw - 1 from rates_until on: the oscillator's
				    *   stated limit (maxclockerror), which holds for ever */
	double late_latest_rate;
	int64_t void_after;  /**< status OK and HOLDOVER end here */
	int64_t fresh_until; /**< the daemon writes again before this, or it has ended */
	uint32_t status;     /**< enum noon_clock_status */
	uint32_t reason;     /**< enum noon_clock_reason: why the status is not OK */
	uint32_t has_time;   /**< 0: the interval means nothing */
	uint32_t reserved1;
	int64_t asleep;	    /**< CLOCK_BOOTTIME - CLOCK_MONOTONIC then: it grows when the machine
			     *   sleeps, which CLOCK_MONOTONIC_RAW does not notice */
	int64_t real_ahead; /**< CLOCK_REALTIME - CLOCK_MONOTONIC then: besides sleep only steps of
			     *   CLOCK_REALTIME change it */
	int64_t reserved2[2];
};

/** What is loaded and stored at once; consistency does not depend on its size. */
typedef uintptr_t noon_page_word;

#define NOON_PAGE_BODY_WORDS (sizeof(struct noon_page_body) / sizeof(noon_page_word))

struct noon_page {
	uint64_t magic;
	uint32_t version;
	uint32_t size;	  /**< of this struct */
	uint8_t boot[16]; /**< boot id of the kernel the daemon ran on */
	uint64_t time_ns; /**< inode of the daemon's /proc/self/ns/time; 0: a kernel without */
	uint64_t reserved[2];
	_Atomic uint32_t number; /**< of the statement in force, body[number % 2]; wraps */
	uint32_t reserved0;
	_Atomic noon_page_word body[2][NOON_PAGE_BODY_WORDS];
	_Atomic uint32_t
		n_guards; /**< sources; a byte each, outside the bodies: they stand alone */
	_Atomic uint8_t guard[NOON_PAGE_GUARDS]; /**< enum noon_clock_guard */
	uint32_t reserved1;
};

_Static_assert(sizeof(struct noon_page_body) == 128, "docs/page.md");
_Static_assert(sizeof(noon_page_word) == sizeof(_Atomic noon_page_word), "no lock inside");
_Static_assert(offsetof(struct noon_page, time_ns) == 32, "docs/page.md");
_Static_assert(offsetof(struct noon_page, number) == 56, "docs/page.md");
_Static_assert(offsetof(struct noon_page, body) == 64, "docs/page.md");
_Static_assert(offsetof(struct noon_page, n_guards) == 320, "docs/page.md");
_Static_assert(offsetof(struct noon_page, guard) == 324, "docs/page.md");
_Static_assert(sizeof(struct noon_page) == 344, "docs/page.md");

/** Fill the body that is not in force: no reader looks at it yet. One writer at a time.
 *
 * A release store orders each word after the number stored before it: who sees one of them sees
 * that the body it is in has been out of force since. */
static inline void noon_page_fill(struct noon_page *p, const struct noon_page_body *b)
{
	const uint32_t n = atomic_load_explicit(&p->number, memory_order_relaxed);
	_Atomic noon_page_word *to = p->body[(n + 1) % 2];
	noon_page_word word[NOON_PAGE_BODY_WORDS];

	memcpy(word, b, sizeof(word));
	for (size_t i = 0; i < NOON_PAGE_BODY_WORDS; i++)
		atomic_store_explicit(&to[i], word[i], memory_order_release);
}

/** Put what was filled in force. */
static inline void noon_page_count_on(struct noon_page *p)
{
	const uint32_t n = atomic_load_explicit(&p->number, memory_order_relaxed);

	atomic_store_explicit(&p->number, n + 1, memory_order_release);
}

/** Return the number of the statement in force. */
static inline uint32_t noon_page_number(const struct noon_page *p)
{
	return atomic_load_explicit(&p->number, memory_order_acquire);
}

/** Copy the body of the statement n; it is that statement if noon_page_is_still() says so
 * afterwards. */
static inline void noon_page_copy(const struct noon_page *p, uint32_t n, struct noon_page_body *ret)
{
	const _Atomic noon_page_word *from = p->body[n % 2];
#pragma GCC unroll 32
	for (size_t i = 0; i < NOON_PAGE_BODY_WORDS; i++) {
		const noon_page_word w = atomic_load_explicit(&from[i], memory_order_acquire);

		memcpy((char *)ret + i * sizeof(w), &w, sizeof(w));
	}
}

/** Tell whether the statement n is still in force. */
static inline int noon_page_is_still(const struct noon_page *p, uint32_t n)
{
	return atomic_load_explicit(&p->number, memory_order_relaxed) == n;
}

/** Read the kernel's boot id ("xxxxxxxx-xxxx-..."): its first 32 hexadecimal digits. Missing ones
 *  are left 0. */
static inline void noon_page_boot_of(const char *text, uint8_t ret[16])
{
	unsigned n = 0;

	for (unsigned i = 0; i < 16; i++)
		ret[i] = 0;
	for (; *text != '\0' && n < 32; text++) {
		unsigned digit;

		if (*text >= '0' && *text <= '9')
			digit = (unsigned)(*text - '0');
		else if (*text >= 'a' && *text <= 'f')
			digit = (unsigned)(*text - 'a') + 10;
		else
			continue;
		ret[n / 2] = (uint8_t)((unsigned)ret[n / 2] << 4 | digit);
		n++;
	}
}

#endif
