/* SPDX-License-Identifier: Apache-2.0
 *
 * VMClock: a page in which a hypervisor tells its guest that the guest's clock was disrupted (live
 * migration, restored snapshot): Linux 6.13, include/uapi/linux/vmclock-abi.h. Only the markers of
 * disruption are read; its time is not used.
 *
 * The page is mapped, so that a look costs a few loads. A regular file in its layout works as well.
 */
#ifndef NOON_PLATFORM_VMCLOCK_H
#define NOON_PLATFORM_VMCLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define NOON_VMCLOCK_PATH  "/dev/vmclock0" /**< Linux's path */
#define NOON_VMCLOCK_LEAST 104		   /**< octets without the generation counter */
#define NOON_VMCLOCK_FULL  112		   /**< octets with it */
#define NOON_VMCLOCK_PAGE  4096		   /**< octets mapped */

/** Values that change with a disruption; the numbers have no other meaning. */
struct noon_vmclock_state {
	uint64_t marker;
	uint64_t generation; /**< of the machine: changes when a snapshot is restored */
	bool has_generation;
};

/** An open page. */
struct noon_vmclock {
	const void *page; /**< NULL: closed */
	int fd;		  /**< of a regular file, which may be truncated; else -1 */
};

/**
 * Read a page by its sequence counter: repeated while it is being written, with a limit.
 * @param      page  aligned to 8 octets; may change during the call
 * @param      n     available octets of it
 * @param[out] ret   untouched unless NOON_OK
 * @retval NOON_OK
 * @retval NOON_ERR_SHORT        n, or the size that the page says, is below NOON_VMCLOCK_LEAST
 * @retval NOON_ERR_FORMAT       it does not begin with "VCLK"
 * @retval NOON_ERR_UNSUPPORTED  another version than 1
 * @retval NOON_ERR_STATE        being written all the time: try again later
 */
NOON_MUST_USE noon_err noon_vmclock_read(const void *page, size_t n,
					 struct noon_vmclock_state *ret);

/**
 * Map a page and validate it.
 * @param[out] ret      closed unless NOON_OK
 * @param[out] ret_why  static text: what is wrong with it; untouched on NOON_OK
 * @retval NOON_OK              or it is being written
 * @retval NOON_ERR_NOT_FOUND, NOON_ERR_PERM, NOON_ERR_OS, and those of noon_vmclock_read()
 */
NOON_MUST_USE noon_err noon_vmclock_open(const char *path, struct noon_vmclock *ret,
					 const char **ret_why);

/** Read an open page. @retval as noon_vmclock_read(). Thread: any. */
NOON_MUST_USE noon_err noon_vmclock_look(const struct noon_vmclock *v,
					 struct noon_vmclock_state *ret);

/** Tell whether the machine was disrupted between two reads. */
bool noon_vmclock_differs(const struct noon_vmclock_state *a, const struct noon_vmclock_state *b);

/** Close; fine for one that is closed. */
void noon_vmclock_close(struct noon_vmclock *v);

#endif
