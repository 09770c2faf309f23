/* SPDX-License-Identifier: Apache-2.0
 *
 * Which sources are one machine by two names?
 *
 * The vote counts machines that may lie. One that is configured twice would lie with two voices,
 * and together they could outvote an honest one. Of such sources one votes: the first, but an
 * authenticated one before others. The rest are measured and shown, and the number of liars that is
 * reckoned with stays that of the configured sources.
 *
 * This finds what an operator does by mistake. A machine that means to hide can show two addresses
 * and two certificates.
 */
#ifndef NOON_DAEMON_DUPLICATES_H
#define NOON_DAEMON_DUPLICATES_H

#include <stddef.h>

#include "daemon/source/source_ops.h"

/**
 * Find those that are one machine, give one of each a vote, and log what is new.
 *
 * Only sources count that have given a good exchange, so that nobody takes a vote away by a claim.
 *
 * @param source   source[n], all of one engine
 * @param current  index of the source whose exchange is about to be taken in: it counts as well
 */
void noon_duplicates_find(struct noon_daemon_source *source, size_t n, size_t current);

#endif
