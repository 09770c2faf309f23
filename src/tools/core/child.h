/* SPDX-License-Identifier: Apache-2.0
 *
 * Programs that a verb starts and stops: daemons, relays, with their output in files.
 */
#ifndef NOON_TOOLS_CHILD_H
#define NOON_TOOLS_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define NOON_CHILDREN	64
#define NOON_CHILD_PATH 600

/** The programs, and the running ones. */
struct noon_children {
	char program[NOON_CHILD_PATH]; /**< this one */
	char daemon[NOON_CHILD_PATH];
	pid_t pid[NOON_CHILDREN];
	size_t n;
};

/** Find this program, and the daemon: `given`, or noonmarkd beside this program.
 *  @return whether it can be run */
bool noon_children_find(struct noon_children *c, const char *given);

/** Start argv[0] with standard error in a new file `log`, in its own process group; it dies with
 *  us. @return false when there is no room or fork failed */
bool noon_child_start(struct noon_children *c, const char *log, char *const argv[]);

/** Stop all, newest first. */
void noon_children_stop(struct noon_children *c);

/** Wait up to 5 s for a file to appear, or until *stop is not 0. */
bool noon_child_wait_for(const char *path, const volatile int *stop);

/** Sleep. */
void noon_child_pause(double s);

/** Remove a folder of ours with the files its children left: plain files, sockets and folders of
 *  the same, at most four deep. */
void noon_child_remove_dir(const char *dir);

#endif
