/* SPDX-License-Identifier: Apache-2.0
 *
 * SQLite files: private to their owner, known by their application_id and the version of their
 * tables, their schema not trusted.
 */
#ifndef NOON_STORE_DATABASE_H
#define NOON_STORE_DATABASE_H

#include <sqlite3.h>
#include <stdbool.h>

#include "base/err.h"

/** What a file of one kind says of itself. */
struct noon_database_tables {
	const char *application_id; /**< decimal */
	const char *version;	    /**< user_version, decimal */
};

/** Make the file if there is none, mode 0600, its name on disk; it may not be a symbolic link.
 *  @retval NOON_OK, NOON_ERR_OS (errno tells more) */
NOON_MUST_USE noon_err noon_database_make_private(const char *path);

/** Whether the first column of a statement's first row is this text. */
bool noon_database_says(sqlite3 *db, const char *sql, const char *expected);

/** Disable triggers and views, and what else a schema made by somebody else could do. */
void noon_database_distrust(sqlite3 *db);

/** Whether it is a file of this kind. */
bool noon_database_is(sqlite3 *db, const struct noon_database_tables *tables);
/** Whether it has no tables, as before the first transaction. */
bool noon_database_is_new(sqlite3 *db);

/**
 * Open for reading; where nothing can be written beside the file, as one that nobody writes.
 * @param[out] ret  to be closed in any case
 * @retval NOON_OK
 * @retval NOON_ERR_FORMAT  it is not of this kind
 * @retval NOON_ERR_OS      it could not be opened, see sqlite3_errmsg()
 */
NOON_MUST_USE noon_err noon_database_read(const char *path,
					  const struct noon_database_tables *tables, int busy_ms,
					  sqlite3 **ret);

#endif
