/* SPDX-License-Identifier: Apache-2.0
 *
 * Finds sources that are one machine under two names.
 *
 * The vote counts machines that may lie. One that is configured twice would have two votes, which
 * could outvote an honest one. Of such sources one votes: the first, but authenticated ones take
 * precedence. The rest are measured and shown, and the assumed number of liars stays that of the
 * configured sources.
 *
 * This detects mistakes of an operator. A malicious machine can use two addresses and two
 * certificates.
 */
#ifndef NOON_DAEMON_DUPLICATES_H
#define NOON_DAEMON_DUPLICATES_H

#include <stddef.h>

#include "daemon/source/source_ops.h"

/**
 * Find sources that are one machine, give one of each the vote, and log changes.
 *
 * Only sources with a good exchange count, so that a mere claim takes no vote away.
 *
 * @param source   source[n], all of one engine
 * @param current  index of the source whose exchange is about to be processed: it counts as well
 */
void noon_duplicates_find(struct noon_daemon_source *source, size_t n, size_t current);

#endif
