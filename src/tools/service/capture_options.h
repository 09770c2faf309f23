/* SPDX-License-Identifier: Apache-2.0
 *
 * Options of the verbs that read captured traffic, and reading it: files one after the other, or an
 * interface until it is ended.
 */
#ifndef NOON_TOOLS_CAPTURE_OPTIONS_H
#define NOON_TOOLS_CAPTURE_OPTIONS_H

#include "ask/passive.h"
#include "tools/core/tool.h"

struct noon_capture_options {
	const char *interface; /**< NULL: files */
	const char *server;    /**< NULL: all */
	const char *ports;
	const char *filter;
	int stamps; /**< enum noon_capture_level */
	bool promiscuous;
	noon_dur tap_delay;
	double duration_s; /**< 0: until it is ended */
};

/** Of struct noon_capture_options. */
extern const struct noon_option noon_capture_rows[];

struct noon_capture_read {
	const struct noon_verb *self;
	const struct noon_capture_options *options;
	const char *user; /**< that root becomes before frames are read; NULL: nobody */
	/** Before something is printed on standard output, noon_capture_read_clear(). */
	void (*on_exchange)(void *arg, const struct noon_tap_exchange *e);
	/** About once a second; NULL: not. */
	void (*on_second)(void *arg);
	void *arg;
	/* The rest is of noon_capture_read(). */
	struct noon_passive *passive;
	struct noon_loop *loop; /**< of an interface; NULL: files */
	struct noon_timer end, second;
	noon_time begun;
	const char *path; /**< of the file that is read */
	uint64_t exchanges;
	bool terminal; /**< standard error is one */
	bool shown;    /**< a line of progress is on the screen */
	bool failed;
	bool has_server;
	uint8_t version; /**< of the server's address */
	uint8_t server[16];
};

/** Check the options and get ready; what is wrong is printed. r->self, options, on_exchange,
 *  on_second and arg are set. @return NOON_EXIT_OK, or another */
int noon_capture_read_init(struct noon_capture_read *r, const struct noon_arguments *line);
/** Read everything. Only exchanges of the wanted server are handed on. What is wrong is printed,
 *  and r->failed set: a file that is damaged, an interface that went away. */
void noon_capture_read(struct noon_capture_read *r, const struct noon_arguments *line);
/** Stop listening, from within a callback. Files are read to their end. */
void noon_capture_read_stop(struct noon_capture_read *r);
/** Take progress off the screen. */
void noon_capture_read_clear(struct noon_capture_read *r);
void noon_capture_read_fini(struct noon_capture_read *r);

#endif
