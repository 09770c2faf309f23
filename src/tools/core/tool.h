/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by the verbs of `noonmark`: the table, the exit statuses, the control connection.
 */
#ifndef NOON_TOOLS_TOOL_H
#define NOON_TOOLS_TOOL_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "option/option_line.h"

/** Exit statuses. */
enum noon_exit {
	NOON_EXIT_OK = 0,
	NOON_EXIT_NOT_OK = 1, /**< the clock is not within its limit, or the query failed */
	NOON_EXIT_USAGE = 2,
	NOON_EXIT_FAILED = 3, /**< the daemon or the system could not be queried */
};

/** A verb, or a part of one ("sim run"): its command line and its function. */
struct noon_verb {
	const char *name;
	const char *summary;	     /**< one line of `noonmark --help` */
	const char *about;	     /**< of its --help, below the usage; with a line feed */
	const char *notes;	     /**< of its --help, below the options; NULL: none */
	const char *arguments;	     /**< as shown in the usage; NULL: there are none */
	unsigned min, max;	     /**< how many of them */
	size_t size;		     /**< of the struct that the options fill */
	void (*init)(void *options); /**< its defaults that are not in the tables; NULL: zeros */
	struct noon_option_part part[NOON_OPTION_PARTS];
	/** @param options  that struct @return exit status */
	int (*act)(const struct noon_verb *self, void *options, const struct noon_arguments *line);
	/** Its parts, "NAME WORD" each, instead of all of that; NULL ends them. */
	const struct noon_verb *const *parts;
};

/** Return the command line of a verb. */
struct noon_command noon_tool_command(const struct noon_verb *v);
/** Run a verb, or the part that the words name. @param argv  argv[1] is the first word after it */
int noon_tool_run(const struct noon_verb *v, int argc, char **argv);

extern const struct noon_verb noon_verb_now;
extern const struct noon_verb noon_verb_status;
extern const struct noon_verb noon_verb_watch;
extern const struct noon_verb noon_verb_wait;
extern const struct noon_verb noon_verb_query;
extern const struct noon_verb noon_verb_capture;
extern const struct noon_verb noon_verb_step;
extern const struct noon_verb noon_verb_accept;
extern const struct noon_verb noon_verb_relay;
extern const struct noon_verb noon_verb_demo;
extern const struct noon_verb noon_verb_check;
extern const struct noon_verb noon_verb_bench;
extern const struct noon_verb noon_verb_guard;
extern const struct noon_verb noon_verb_lab;
extern const struct noon_verb noon_verb_sim;
extern const struct noon_verb noon_verb_plan;
extern const struct noon_verb noon_verb_stability;
extern const struct noon_verb noon_verb_ptp;
extern const struct noon_verb noon_verb_tunnel;
extern const struct noon_verb noon_verb_tsa;
extern const struct noon_verb noon_verb_stamp;
extern const struct noon_verb noon_verb_verify;
extern const struct noon_verb noon_verb_calibrate;
extern const struct noon_verb noon_verb_certificate;
extern const struct noon_verb noon_verb_version;

/** Print "noonmark VERB: message" and where to find help to stderr; returns NOON_EXIT_USAGE. */
__attribute__((format(printf, 2, 3))) int noon_tool_usage(const struct noon_verb *v,
							  const char *format, ...);
/** Print "noonmark VERB: message" to stderr; returns NOON_EXIT_FAILED. */
__attribute__((format(printf, 2, 3))) int noon_tool_fail(const struct noon_verb *v,
							 const char *format, ...);

/** Path of the control socket or page: `given`, else /run/noonmark if it exists there, else the
 *  user's runtime folder. */
void noon_tool_path(char *out, size_t n, const char *given, const char *name);

/** Options of verbs that query a daemon. */
struct noon_ask_options {
	const char *socket;
	bool json;
};
extern const struct noon_option noon_ask_rows[];

/** A connection to a daemon. */
struct noon_ask {
	int fd;
	char path[512];
};

/** Connect; the error is printed. @return true on success */
bool noon_ask_open(struct noon_ask *a, const struct noon_verb *v, const char *socket_path);
/** Send a command (stolen reference) and wait up to 5 s for the answer.
 *  @return the answer (new reference), or NULL with `why` set */
json_t *noon_ask(struct noon_ask *a, json_t *command, const char **why);
void noon_ask_close(struct noon_ask *a);
/** Connect, send one command (stolen reference), close. @return the answer (new reference), or NULL
 *  after printing why not */
json_t *noon_ask_once(const struct noon_verb *v, const char *socket_path, json_t *command);

/** Print a daemon's object to stdout, as for --json. */
void noon_json_print(const json_t *o);

/** Format a time in a readable unit: "12.3 us"; n >= 24. */
void noon_tool_dur(char *out, size_t n, double seconds);
/** Format an instant "1793000000.123456789" as "2026-10-26 05:33:20.123456789 UTC"; n >= 48. */
void noon_tool_utc(char *out, size_t n, const char *instant);

/** Print a line about a key exchange of the daemon's status; NULL: nothing. */
void noon_tool_print_exchange(const json_t *x);

/** Member look-ups with defaults, for JSON of the daemon. */
const char *noon_json_str(const json_t *o, const char *key);
double noon_json_num(const json_t *o, const char *key);

#endif
