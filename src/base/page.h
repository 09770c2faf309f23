/* SPDX-License-Identifier: Apache-2.0
 *
 * Layout of the page that noonmarkd shares with libnoonmark.
 *
 * A seqlock: `generation` is odd while the daemon writes. A daemon that dies in the middle leaves
 * it odd, and readers give up after a bounded number of tries. `boot` tells a page of an earlier
 * boot, `fresh_until` one of a daemon that stopped, `asleep` one from before the machine slept. All
 * instants are CLOCK_MONOTONIC_RAW ns, which is another count in another time namespace
 * (time_namespaces(7)): a reader in another one than `time_ns` must not use them. The layout only
 * grows at the end; `version` changes when it changes otherwise.
 */
#ifndef NOON_BASE_PAGE_H
#define NOON_BASE_PAGE_H

#include <stdatomic.h>
#include <stdint.h>

#define NOON_PAGE_MAGIC	  UINT64_C(0x4e4f4f4e4d41524b) /* "NOONMARK" */
#define NOON_PAGE_VERSION 2
#define NOON_PAGE_SIZE	  4096
#define NOON_PAGE_GUARDS  16

/** Its inode tells time namespaces apart. */
#define NOON_PAGE_TIME_NS "/proc/self/ns/time"

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
	int64_t fresh_until; /**< the daemon writes again before this, or it has stopped */
	uint32_t status;     /**< enum noon_clock_status */
	uint32_t has_time;   /**< 0: the interval means nothing */
	int64_t asleep;	     /**< CLOCK_BOOTTIME - CLOCK_MONOTONIC then: it grows when the machine
			      *   sleeps, which CLOCK_MONOTONIC_RAW does not notice */
};

struct noon_page {
	uint64_t magic;
	uint32_t version;
	uint32_t size;	  /**< of this struct */
	uint8_t boot[16]; /**< boot id of the kernel the daemon ran on */
	uint64_t time_ns; /**< inode of the daemon's /proc/self/ns/time; 0: a kernel without */
	_Atomic uint32_t generation;
	uint32_t pad;
	struct noon_page_body body;
	_Atomic uint32_t
		n_guards; /**< sources; a byte each, beside the seqlock: they stand alone */
	_Atomic uint8_t guard[NOON_PAGE_GUARDS]; /**< enum noon_clock_guard */
};

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
