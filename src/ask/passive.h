/* SPDX-License-Identifier: Apache-2.0
 *
 * Servers measured from captured traffic: frames of files or of an interface, through a tap
 * (proto/tap/tap.h), to exchanges. Nothing is sent.
 *
 * Memory is taken once and does not grow: noon_passive_memory() says how much. Several files are
 * read as one capture, so that one which was written in pieces is read whole.
 */
#ifndef NOON_ASK_PASSIVE_H
#define NOON_ASK_PASSIVE_H

#include "platform/loop.h"
#include "platform/net/capture.h"
#include "proto/tap/tap.h"

struct noon_passive_conf {
	uint16_t port[NOON_TAP_PORTS_MAX]; /**< of servers, UDP and TCP */
	unsigned ports;			   /**< 0: NTP's port, and HTTP on any port */
	noon_dur tap_delay;		   /**< as in struct noon_tap_exchange */
	void (*on_exchange)(void *arg, const struct noon_tap_exchange *e);
	/** About once a second while a file is read; NULL: not. */
	void (*on_progress)(void *arg, const struct noon_capture *c);
	/** An interface failed; the loop goes on. */
	void (*on_fail)(void *arg, const char *why);
	void *arg;
};

struct noon_passive;

/** @retval NOON_OK, NOON_ERR_RANGE (ports), NOON_ERR_OS (no memory) */
NOON_MUST_USE noon_err noon_passive_new(const struct noon_passive_conf *conf,
					struct noon_passive **ret);
/** NULL is fine. */
void noon_passive_free(struct noon_passive *p);

/** Bytes that it takes, of all kinds, beside what libpcap does. */
size_t noon_passive_memory(void);

/**
 * Read a file to its end.
 * @param[out] why  NOON_CAPTURE_WHY bytes
 * @retval NOON_OK
 * @retval NOON_ERR_FORMAT       it cannot be opened or is no capture: nothing was read
 * @retval NOON_ERR_UNSUPPORTED  a link layer that is not known here: nothing was read
 * @retval NOON_ERR_SHORT        it ends within a frame, or is damaged: all before that was used
 * @retval NOON_ERR_OS           no memory
 */
NOON_MUST_USE noon_err noon_passive_file(struct noon_passive *p, const char *path, char *why);

/**
 * Listen on an interface until noon_passive_end(). conf->filter NULL: what the ports need.
 * @retval those of noon_capture_live(), NOON_ERR_UNSUPPORTED (link layer), NOON_ERR_OS
 */
NOON_MUST_USE noon_err noon_passive_listen(struct noon_passive *p,
					   const struct noon_capture_live *conf,
					   struct noon_loop *loop, char *why);

/** Count what waits as unanswered; stop listening. */
void noon_passive_end(struct noon_passive *p);

const struct noon_tap_counts *noon_passive_counts(const struct noon_passive *p);
/** Frames that the kernel dropped while listening; after noon_passive_end(), too. */
uint64_t noon_passive_dropped(const struct noon_passive *p);
/** Who stamped. */
enum noon_capture_level noon_passive_level(const struct noon_passive *p);

#endif
