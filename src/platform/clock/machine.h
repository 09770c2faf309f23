/* SPDX-License-Identifier: Apache-2.0
 *
 * The machine's clocks: those of the kernel at one instant, and the hardware they are derived from.
 */
#ifndef NOON_PLATFORM_MACHINE_H
#define NOON_PLATFORM_MACHINE_H

#include <stdint.h>

#include "base/err.h"
#include "base/time.h"

#define NOON_CLOCKSOURCE_MAX  32 /**< octets of a name, with the final NUL */
#define NOON_CLOCKSOURCE_PATH "/sys/devices/system/clocksource/clocksource0/current_clocksource"

/** Three clocks of the kernel at one instant. */
struct noon_machine_clocks {
	int64_t raw_ns;	 /**< CLOCK_MONOTONIC_RAW */
	int64_t mono_ns; /**< CLOCK_MONOTONIC */
	int64_t boot_ns; /**< CLOCK_BOOTTIME: includes suspension */
	noon_dur err;	 /**< half the time it took to read them */
};

struct noon_machine_clocks noon_machine_clocks_now(void);

/**
 * Read which hardware the kernel derives its clocks from ("tsc", "kvm-clock").
 * @param[out] ret  untouched unless NOON_OK
 * @retval NOON_OK, NOON_ERR_NOT_FOUND, NOON_ERR_OS, NOON_ERR_FORMAT (empty, or too long)
 */
NOON_MUST_USE noon_err noon_machine_clocksource(const char *path, char ret[NOON_CLOCKSOURCE_MAX]);

#endif
