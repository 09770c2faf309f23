/* SPDX-License-Identifier: Apache-2.0
 *
 * Command lines, read by tables of options, and their --help.
 *
 * --name value, --name=value, -n value, -nvalue; letters of options without a value may stand
 * together; options may follow arguments; "--" ends them. A long name may be cut short where what
 * is left is of one option only. An option given twice: the last one counts, of a list each does.
 */
#ifndef NOON_OPTION_OPTION_LINE_H
#define NOON_OPTION_OPTION_LINE_H

#include <limits.h>
#include <stdint.h>
#include <stdio.h>

#include "option/option.h"

#define NOON_ARGUMENTS_ANY UINT_MAX

/** Exit status of a command line that cannot be understood. */
#define NOON_COMMAND_USAGE 2
/** Not an exit status: go on. */
#define NOON_COMMAND_GO_ON (-1)

/** All that is known of a command. Its options are those of the group, and --help. */
struct noon_command {
	const char *program;   /**< "noonmark" */
	const char *arguments; /**< as the usage shows them: "FILE..."; NULL: there are none */
	unsigned min, max;     /**< how many there are; max NOON_ARGUMENTS_ANY: no limit */
	const char *about;     /**< of --help, below the usage; ends with a line feed */
	const char *notes;     /**< of --help, below the options; NULL: none */
	struct noon_option_group group; /**< the name is that of the command: "sim run"; or "" */
};

/** What was on a command line. */
struct noon_arguments {
	const struct noon_command *command;
	char **argument;
	size_t n;
	uint64_t given; /**< bit i: row i of all parts was given */
};

/**
 * Read a command line: options go into the struct of the group, which is filled with defaults
 * first. Errors go to standard error, --help to standard output.
 * @param argv  argv[1] is the first word; the order is changed
 * @return NOON_COMMAND_GO_ON, or the exit status
 */
NOON_MUST_USE int noon_command_read(const struct noon_command *c, int argc, char **argv, void *base,
				    struct noon_arguments *ret);

/** Whether an option was given; it must be one of the command. */
bool noon_arguments_has(const struct noon_arguments *l, const char *name);

/** Print "PROGRAM NAME: message" and where to find help to stderr; returns NOON_COMMAND_USAGE. */
__attribute__((format(printf, 2, 3))) int noon_command_usage(const struct noon_command *c,
							     const char *format, ...);

/** Print the help that --help prints. */
void noon_command_help(const struct noon_command *c, FILE *to);

#endif
