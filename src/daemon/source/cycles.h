/* SPDX-License-Identifier: Apache-2.0
 *
 * Pairs of sources that reach one transmitter over two paths (option cycle-with).
 */
#ifndef NOON_DAEMON_CYCLES_H
#define NOON_DAEMON_CYCLES_H

#include <jansson.h>

#include "daemon/source/source_ops.h"

/** Begin to compare the sources that a section names with it; all of them have been started.
 * Failures are logged. */
NOON_MUST_USE noon_err noon_daemon_cycles_start(struct noon_daemon_source *source, size_t n);

/** Return what is known of the pair that a source began, null if it began none. */
json_t *noon_daemon_cycle_status(const struct noon_daemon_source *s);

#endif
