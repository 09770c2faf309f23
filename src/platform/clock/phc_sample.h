/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading a PTP hardware clock of the kernel (/dev/ptpN) against the system clock.
 */
#ifndef NOON_PLATFORM_PHC_SAMPLE_H
#define NOON_PLATFORM_PHC_SAMPLE_H

#include <stdint.h>

/**
 * Read it several times and return the reading with the shortest window.
 *
 * PTP_SYS_OFFSET_EXTENDED, or PTP_SYS_OFFSET where the kernel or the driver lacks that: there the
 * window holds the transfer in both directions, too.
 *
 * @param fd          the open device
 * @param n           readings, 1 to 25
 * @param ret_before  CLOCK_REALTIME, ns; untouched on failure, like the others
 * @param ret_phc     the device, ns
 * @param ret_after   CLOCK_REALTIME, ns
 * @return 0 or errno
 */
int noon_phc_sample(int fd, unsigned n, int64_t *ret_before, int64_t *ret_phc, int64_t *ret_after);

#endif
