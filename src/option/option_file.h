/* SPDX-License-Identifier: Apache-2.0
 *
 * Files of libConfuse's form, read by tables of options.
 *
 * Every value is checked while its line is known; errors are "file:line: option = "value":
 * expected ...". What was read is taken over afterwards, in the order that the owner needs.
 */
#ifndef NOON_OPTION_OPTION_FILE_H
#define NOON_OPTION_OPTION_FILE_H

#include <confuse.h>

#include "option/option.h"

/** How often a section may stand in a file. */
enum noon_section_kind {
	NOON_SECTION_ONCE,
	NOON_SECTION_TITLED, /**< any number, each with a title of its own */
};

/** A section, or, at the top, a file. */
struct noon_section {
	struct noon_option_group group; /**< options of its name */
	enum noon_section_kind kind;
	const struct noon_section *const *sections; /**< within it; NULL ends; NULL: none */
	bool include;				    /**< at the top: include("file") is allowed */
};

/**
 * Read a file. Errors are printed to standard error.
 * @param[out] ret  what was read, to be freed with cfg_free(); untouched unless NOON_OK
 * @retval NOON_OK, NOON_ERR_NOT_FOUND, NOON_ERR_PERM, NOON_ERR_OS, NOON_ERR_FORMAT
 */
NOON_MUST_USE noon_err noon_option_read(const char *path, const struct noon_section *top,
					cfg_t **ret);

/** Set what a section of the file says, in the order of the rows, into the struct they fill. */
void noon_option_take(cfg_t *cfg, const struct noon_option *rows, void *base);
/** The same for all tables of a group, after its defaults. */
void noon_option_take_group(cfg_t *cfg, const struct noon_option_group *g, void *base);

/** The one section of a name below `cfg`, or NULL. */
cfg_t *noon_option_section(cfg_t *cfg, const char *name);

/** Whether the file says something of an option. */
bool noon_option_is_set(cfg_t *cfg, const char *name);

#endif
