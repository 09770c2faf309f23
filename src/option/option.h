/* SPDX-License-Identifier: Apache-2.0
 *
 * Options as tables: a row is all that is known of an option. Configuration files, scenario files,
 * command lines, their help, the lists for other programs and the checks of the manual pages are
 * made from the same rows.
 *
 * A default stands in one place: in the row as text, or, where a pure layer has it, in the struct
 * that the group's `init` fills.
 */
#ifndef NOON_OPTION_OPTION_H
#define NOON_OPTION_OPTION_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "option/word.h"

enum noon_option_type {
	NOON_OPTION_BOOL,     /**< bool; on a command line it has no value and means true */
	NOON_OPTION_FIXED,    /**< command line only: no value; what words[0] is worth, as WORD */
	NOON_OPTION_INT,      /**< signed integer of `size` bytes */
	NOON_OPTION_UINT,     /**< unsigned integer of `size` bytes */
	NOON_OPTION_REAL,     /**< double, finite */
	NOON_OPTION_TIME,     /**< noon_dur; limits in ns */
	NOON_OPTION_TIME_NS,  /**< double, ns; written like TIME */
	NOON_OPTION_FREQ,     /**< noon_freq */
	NOON_OPTION_WORD,     /**< one of `words`: an enum or a bool of `size` bytes */
	NOON_OPTION_TEXT,     /**< char[size], copied */
	NOON_OPTION_BORROWED, /**< of a command line: const char *, the text itself */
	NOON_OPTION_OWN,      /**< what `read` makes of it */
};

#define NOON_OPTION_WHY	 256 /**< bytes of a message */
#define NOON_OPTION_SHOW 160 /**< bytes of a default or a range as text */

/** Bits of `flags`. */
#define NOON_OPTION_REQUIRED  1U /**< of a command line */
#define NOON_OPTION_FIRST     2U /**< of a command line: set before the others, which change it */
#define NOON_OPTION_BELOW_MAX 4U /**< `max` itself is not allowed */

struct noon_option {
	const char *name; /**< NULL ends a table */
	enum noon_option_type type;
	size_t offset;	   /**< of the value in the struct that the table fills */
	size_t size;	   /**< of the value; 0: it is checked, and taken by the owner */
	const char *def;   /**< default, as one would write it; NULL: `says`, or what is there */
	const char *says;  /**< default in words, where it is not a value: "none", "the host" */
	double min, max;   /**< both 0: whatever the type holds; max INFINITY: no upper limit */
	const char *unit;  /**< of a REAL or an integer: "s", "m"; NULL: none, or in the value */
	const char *value; /**< placeholder in help and manual; NULL: by the type */
	const char *noun;  /**< REAL and OWN: what is expected, "a probability"; NULL: by type */
	const struct noon_word *words;
	/** OWN: read text into the value at `at`. @return false with `why` a sentence, or left
	 *  empty for "expected NOUN" */
	bool (*read)(const struct noon_option *o, const char *text, void *at,
		     char why[NOON_OPTION_WHY]);
	/** OWN: write the value at `at`, so that the default need not be repeated; NULL: `says` */
	void (*show)(const void *at, char out[NOON_OPTION_SHOW]);
	unsigned most; /**< a list of at most so many: `read` appends; 0: one value */
	unsigned flags;
	char letter;	   /**< short form on a command line, or 0 */
	const char *help;  /**< one line */
	const char *since; /**< version; NULL: the first one */
};

/** The end of a table. */
#define NOON_OPTION_END      \
	{                    \
		.name = NULL \
	}
/** Initialisers of offset and size. */
#define NOON_OPTION_AT(type, member) offsetof(type, member), sizeof(((type *)NULL)->member)
/** The whole struct. */
#define NOON_OPTION_ALL(type) 0, sizeof(type)
/** Initialisers of min and max. */
#define NOON_OPTION_RANGE(a, b) .min = (a), .max = (b)
#define NOON_OPTION_LEAST(a)	.min = (a), .max = (double)INFINITY

#define NOON_OPTION_PARTS 10 /**< the end included */

/** A table, and where the struct that it fills is in the struct of the group. */
struct noon_option_part {
	const struct noon_option *rows;
	size_t offset;
	const char *heading; /**< above its lines of --help; NULL: none */
};

/** What belongs together: a section of a file, or the options of a command. */
struct noon_option_group {
	const char *name;	  /**< of the section or the command; "": the file, the program */
	size_t size;		  /**< of the struct that it fills */
	void (*init)(void *base); /**< defaults of other layers; NULL: all zero */
	struct noon_option_part part[NOON_OPTION_PARTS]; /**< rows NULL ends it */
};

/**
 * Set an option from text.
 * @param      base  the struct that the table fills; untouched unless NOON_OK
 * @param[out] why   "expected ..., did you mean ...?"; untouched on NOON_OK
 * @retval NOON_OK, NOON_ERR_FORMAT, NOON_ERR_OS (no memory)
 */
NOON_MUST_USE noon_err noon_option_set(const struct noon_option *o, const char *text, void *base,
				       char why[NOON_OPTION_WHY]);
/** The same, into nothing. */
NOON_MUST_USE noon_err noon_option_check(const struct noon_option *o, const char *text,
					 char why[NOON_OPTION_WHY]);

/** Fill the struct of a group with zeros, what `init` has, and the defaults of the rows. */
void noon_option_defaults(const struct noon_option_group *g, void *base);

/** Return the row of this name, or NULL. */
const struct noon_option *noon_option_find(const struct noon_option *rows, const char *name);

/** Whether it stands on a command line without a value. */
bool noon_option_is_flag(const struct noon_option *o);

/** Write the default as one would write it, in words, or "" where there is none.
 *  @param base  struct of defaults that the table of the row fills */
void noon_option_default_text(const struct noon_option *o, const void *base,
			      char out[NOON_OPTION_SHOW]);
/** Write the range: "1 to 65535", "0 or more", or "" where anything goes. */
void noon_option_range_text(const struct noon_option *o, char out[NOON_OPTION_SHOW]);
/** Write the placeholder of its value: "time", "n", "udp|tcp". */
void noon_option_value_text(const struct noon_option *o, char out[NOON_OPTION_SHOW]);

#endif
