/* SPDX-License-Identifier: Apache-2.0 */
#include "store/database.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool noon_database_says(sqlite3 *db, const char *sql, const char *expected)
{
	sqlite3_stmt *st = NULL;
	bool is = false;

	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW)
		is = strcmp((const char *)sqlite3_column_text(st, 0), expected) == 0;
	(void)sqlite3_finalize(st);
	return is;
}

void noon_database_distrust(sqlite3 *db)
{
	static const int off[] = {SQLITE_DBCONFIG_ENABLE_TRIGGER, SQLITE_DBCONFIG_ENABLE_VIEW,
				  SQLITE_DBCONFIG_TRUSTED_SCHEMA};

	for (size_t i = 0; i < sizeof(off) / sizeof(off[0]); i++)
		(void)sqlite3_db_config(db, off[i], 0, NULL);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
}

static void sync_directory_of(const char *path)
{
	char dir[512];
	char *slash;
	int fd;

	(void)snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (slash != NULL)
		slash[slash == dir] = '\0';
	fd = open(slash == NULL ? "." : dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		(void)fsync(fd);
		(void)close(fd);
	}
}

/* SQLite makes files as the umask says: these are nobody else's. The name of a new one must outlive
 * a power cut as well as what is written into it. And SQLite would follow a link, or with
 * SQLITE_OPEN_NOFOLLOW not even have one among the directories. */
noon_err noon_database_make_private(const char *path)
{
	const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return NOON_ERR_OS;
	(void)close(fd);
	sync_directory_of(path);
	return NOON_OK;
}

bool noon_database_is(sqlite3 *db, const struct noon_database_tables *tables)
{
	return noon_database_says(db, "PRAGMA application_id", tables->application_id) &&
	       noon_database_says(db, "PRAGMA user_version", tables->version);
}

bool noon_database_is_new(sqlite3 *db)
{
	return noon_database_says(db, "PRAGMA application_id", "0") &&
	       noon_database_says(db, "PRAGMA schema_version", "0");
}

static bool open_to_read(const char *name, int flags, int busy_ms, sqlite3 **io)
{
	(void)sqlite3_close(*io);
	*io = NULL;
	if (sqlite3_open_v2(name, io, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | flags, NULL) !=
	    SQLITE_OK)
		return false;
	(void)sqlite3_busy_timeout(*io, busy_ms);
	noon_database_distrust(*io);
	return true;
}

/* SQLite puts files beside one that is read, too. Where it may not, on a medium for example, it has
 * to be told that nobody writes; without a WAL nobody does. */
static bool open_still(const char *path, int busy_ms, sqlite3 **io)
{
	const int rc = sqlite3_errcode(*io) & 0xff;
	char name[1600] = "file:";
	size_t n = strlen(name);

	if ((rc != SQLITE_READONLY && rc != SQLITE_CANTOPEN) || strlen(path) > 500)
		return false;
	(void)snprintf(name + n, sizeof(name) - n, "%s-wal", path);
	if (access(name + n, F_OK) == 0)
		return false;
	for (const char *p = path; *p != '\0'; p++)
		if (strchr("%?#", *p) != NULL)
			n += (size_t)snprintf(name + n, sizeof(name) - n, "%%%02x",
					      (unsigned)(unsigned char)*p);
		else
			name[n++] = *p;
	(void)snprintf(name + n, sizeof(name) - n, "?immutable=1");
	return open_to_read(name, SQLITE_OPEN_URI, busy_ms, io);
}

noon_err noon_database_read(const char *path, const struct noon_database_tables *tables,
			    int busy_ms, sqlite3 **ret)
{
	*ret = NULL;
	if (!open_to_read(path, 0, busy_ms, ret))
		return NOON_ERR_OS;
	if (noon_database_is(*ret, tables))
		return NOON_OK;
	return open_still(path, busy_ms, ret) && noon_database_is(*ret, tables) ? NOON_OK
										: NOON_ERR_FORMAT;
}
