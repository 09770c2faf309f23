/* SPDX-License-Identifier: Apache-2.0
 *
 * The command line of noonmarkd: noonmarkd(8).
 */
#ifndef NOON_DAEMON_COMMAND_LINE_H
#define NOON_DAEMON_COMMAND_LINE_H

#include <stdbool.h>

#include "platform/loop.h"

struct noon_command_line {
	const char *config; /**< NULL: defaults */
	const char *check;  /**< the same file, only to be checked; NULL: not */
	enum noon_loop_backend backend;
	bool version;
	bool list;
};

/** Parse it. Errors, help, version and the list of options are printed.
 *  @return an exit status, or -1 to continue */
int noon_command_line_read(int argc, char **argv, struct noon_command_line *ret);

#endif
