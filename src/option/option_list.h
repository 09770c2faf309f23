/* SPDX-License-Identifier: Apache-2.0
 *
 * Tables of options as JSON: for other programs, and for the check of the manual pages.
 *
 * A group is {"name": "...", "options": [...]}; an option has "name", "type", "value" (the
 * placeholder of the manual), "help" and "since", and where they apply "letter", "default",
 * "default_says" (in words), "range", "unit", "words", "most" (of a list) and "required".
 */
#ifndef NOON_OPTION_OPTION_LIST_H
#define NOON_OPTION_OPTION_LIST_H

#include <jansson.h>

#include "option/option_file.h"
#include "option/option_line.h"

/** Return a group as an object, a new reference. */
json_t *noon_option_list_group(const struct noon_option_group *g);
/** Append a section, and those within it, to an array; names are "tsa", "tsa policy". */
void noon_option_list_section(json_t *list, const struct noon_section *s, const char *within);
/** Append a command, with "arguments", "least" and "most" of them, to an array. */
void noon_option_list_command(json_t *list, const struct noon_command *c);

#endif
