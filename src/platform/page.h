/* SPDX-License-Identifier: Apache-2.0
 *
 * The writer of the shared page (layout: base/page.h).
 */
#ifndef NOON_PLATFORM_PAGE_H
#define NOON_PLATFORM_PAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/page.h"

struct noon_page_writer;

/**
 * Map the page, marked stale until the first statement.
 *
 * A page of this version, boot and time namespace that belongs to us is reused, so that its readers
 * keep it. Anything else in its place is replaced by a new file, atomically; readers of the old one
 * see it stale. The caller ensures a single writer (platform/lock).
 *
 * @retval NOON_OK, NOON_ERR_PERM, NOON_ERR_OS; errno tells more
 */
NOON_MUST_USE noon_err noon_page_writer_new(const char *path, struct noon_page_writer **ret);

/** Publish a statement; wait-free. */
void noon_page_writer_put(struct noon_page_writer *w, const struct noon_page_body *body);

/** Publish the states of the guards of n sources (enum noon_clock_guard). */
void noon_page_writer_put_guards(struct noon_page_writer *w, const uint8_t *state, size_t n);

/** Mark the page stale and unmap it; the file remains for the next daemon and its readers. NULL is
 *  fine. */
void noon_page_writer_free(struct noon_page_writer *w);

#endif
