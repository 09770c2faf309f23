/* SPDX-License-Identifier: Apache-2.0
 *
 * Captured frames (libpcap): from files of pcap and pcapng, standard input, or an interface.
 *
 * Times are in ns since 1970 on the clock of whoever stamped them. A capture may have been written
 * with microseconds; until a frame shows that it has more digits, its times count as cut off to
 * microseconds.
 */
#ifndef NOON_PLATFORM_CAPTURE_H
#define NOON_PLATFORM_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/time.h"

#define NOON_CAPTURE_WHY 512 /**< bytes of a message */

/** Who stamps the frames of an interface. With the adapter only what comes in is heard. */
enum noon_capture_level {
	NOON_CAPTURE_UNKNOWN,	    /**< a file does not say */
	NOON_CAPTURE_KERNEL,	    /**< the host, on its system clock */
	NOON_CAPTURE_ADAPTER,	    /**< the adapter, brought to the system clock */
	NOON_CAPTURE_ADAPTER_CLOCK, /**< the adapter, on a clock of its own */
};

struct noon_capture;

struct noon_capture_live {
	const char *interface;
	const char *filter;	       /**< of pcap-filter(7); NULL: everything */
	enum noon_capture_level level; /**< UNKNOWN: the kernel */
	bool promiscuous;
};

/** What noon_capture_next() found. */
enum noon_capture_step {
	NOON_CAPTURE_FRAME,
	NOON_CAPTURE_NONE, /**< of an interface: nothing more now */
	NOON_CAPTURE_END,  /**< of a file */
	NOON_CAPTURE_FAILED,
};

struct noon_captured {
	struct noon_bytes bytes; /**< borrowed until the next call */
	size_t wire_n;		 /**< bytes on the wire */
	noon_time at;
};

/**
 * Open a file. @param path "-": standard input
 * @param[out] why  NOON_CAPTURE_WHY bytes: what is wrong, a clause
 * @retval NOON_OK
 * @retval NOON_ERR_FORMAT  cannot be read, or is no capture
 * @retval NOON_ERR_OS      no memory
 */
NOON_MUST_USE noon_err noon_capture_file(const char *path, struct noon_capture **ret, char *why);

/**
 * Listen on an interface.
 * @retval NOON_OK
 * @retval NOON_ERR_PERM         not permitted
 * @retval NOON_ERR_NOT_FOUND    no such interface, or it is down
 * @retval NOON_ERR_FORMAT       the filter
 * @retval NOON_ERR_UNSUPPORTED  it cannot stamp in this way
 * @retval NOON_ERR_OS           anything else
 */
NOON_MUST_USE noon_err noon_capture_live(const struct noon_capture_live *conf,
					 struct noon_capture **ret, char *why);

/** Close. NULL is fine. */
void noon_capture_close(struct noon_capture *c);

/** Read a frame. @param[out] ret only with NOON_CAPTURE_FRAME */
enum noon_capture_step noon_capture_next(struct noon_capture *c, struct noon_captured *ret);

/** Why it failed; a clause, borrowed. */
const char *noon_capture_why(const struct noon_capture *c);
/** Link-layer type, a number of libpcap's, and its name or "?". */
int noon_capture_link_type(const struct noon_capture *c);
const char *noon_capture_link_name(const struct noon_capture *c);
/** What the times are cut off to a multiple of, ns: 1 or 1000. */
noon_dur noon_capture_unit(const struct noon_capture *c);
enum noon_capture_level noon_capture_level(const struct noon_capture *c);
/** Frames so far. */
uint64_t noon_capture_frames(const struct noon_capture *c);
/** Descriptor to wait on, of an interface. */
int noon_capture_fd(const struct noon_capture *c);
/** Frames of an interface that were lost for lack of room. */
uint64_t noon_capture_dropped(const struct noon_capture *c);
/** Bytes read of a file and bytes that it has. @return false if that is not known */
bool noon_capture_progress(const struct noon_capture *c, uint64_t *ret_done, uint64_t *ret_all);

/** The word of a level: "kernel"; static. */
const char *noon_capture_level_word(enum noon_capture_level l);

#endif
