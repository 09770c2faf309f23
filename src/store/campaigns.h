/* SPDX-License-Identifier: Apache-2.0
 *
 * Campaigns of calibration in one SQLite file: what was measured, of which service, from where,
 * against which reference.
 *
 * A campaign belongs to (service, access point, IP version, epoch, method), never to "the server":
 * its head says all of that, as JSON, and does not change. Then come samples, each with the number
 * of the reading of the reference that was in force, and misses, counted by reason. Both scales of
 * a sample are as they were read: nothing is corrected here.
 *
 * What was committed is on disk, through a power cut, when the commit returns (WAL, synchronous =
 * FULL); many samples in one commit cost one write. Those of a commit that fails, of a full disk
 * for example, are kept for the next. A campaign that was stopped, or killed, goes on where it was.
 * Each has one writer at a time, held by a lock; other campaigns of the same file may be written
 * meanwhile by other processes. Readers at any time. Not thread-safe: one thread per handle.
 */
#ifndef NOON_STORE_CAMPAIGNS_H
#define NOON_STORE_CAMPAIGNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/sample.h"
#include "base/time.h"

/* The state of the reference at a reading: name, word. */
#define NOON_REFERENCE_STATE_LIST(X)                                                   \
	X(LOCKED, "locked")	/* as declared */                                      \
	X(HOLDOVER, "holdover") /* its own reference is lost, its bound still holds */ \
	X(LOST, "lost")		/* silent: samples prove nothing about UTC */          \
	X(BROKEN, "broken")	/* it contradicts itself: steps, or goes backwards */

enum noon_reference_state {
#define NOON_REFERENCE_STATE_ENUM(name, word) NOON_REFERENCE_##name,
	NOON_REFERENCE_STATE_LIST(NOON_REFERENCE_STATE_ENUM)
#undef NOON_REFERENCE_STATE_ENUM
		NOON_REFERENCE_STATES,
};

/** "locked" and so on; static; "unknown" for others. */
const char *noon_reference_state_word(unsigned state);

/** What the reference said of T(C), the scale that samples are read on. */
struct noon_reference_reading {
	noon_time at;	/**< T(C) */
	noon_dur error; /**< x_C = T(C) - reference, ns: an indication, taken off every sample */
	noon_dur bound; /**< half-width: the reference is within it of T(C) - error; NOON_DUR_MAX:
			 * it promises none */
	double u_s;	/**< standard uncertainty of `error`, s, >= 0 */
	enum noon_reference_state state;
	noon_time pulse;  /**< T(C) of the last pulse; NOON_TIME_FIRST: it has none */
	double counter_s; /**< what the counter showed, s; NAN: it has none */
};

/** One exchange with the service. */
struct noon_campaign_sample {
	noon_time tq;	    /**< the question left, T(C) */
	noon_time tr;	    /**< the answer came, T(C), >= tq but of PTP */
	noon_time first;    /**< the service's clock: at `tr` it said at least this ... */
	noon_time last;	    /**< ... and at `tq` at most this (metrology/stamped_bound.h) */
	noon_dur stamp_err; /**< of tq and tr together, and of a service's two stamps, ns, >= 0 */
	noon_dur claimed;   /**< |service - UTC| as the service claims; NOON_DUR_MAX: it does not */
	uint32_t reading;   /**< number of the reading in force */
	enum noon_stamp tx_stamp;
	enum noon_stamp rx_stamp;
	uint8_t stratum; /**< 0: it has none */
	uint8_t leap;	 /**< enum noon_leap */
	bool authenticated;
};

/** A reason for which questions had no usable answer. */
struct noon_campaign_miss {
	uint64_t n;
	noon_time first, last; /**< T(C) */
	const char *why;       /**< borrowed for the call */
};

/** What `list` knows of a campaign. */
struct noon_campaign {
	int64_t id;
	const char *head;  /**< JSON; borrowed for the call */
	noon_time started; /**< T(C) of its making */
	bool ended;	   /**< in good order; else it is being written, or can be resumed */
	uint64_t samples;
	uint64_t misses;
	noon_time first, last; /**< T(C) of its first and last sample; 0 without any */
};

struct noon_campaigns;

struct noon_campaigns_why {
	char text[320];
};

/** Open for writing; makes the file if there is none. @retval NOON_OK, NOON_ERR_FORMAT (not such a
 *  file), NOON_ERR_OS (see *why) */
NOON_MUST_USE noon_err noon_campaigns_open(const char *path, struct noon_campaigns **ret,
					   struct noon_campaigns_why *why);
/** Open for reading; the file must be there. Errors as noon_campaigns_open(), NOON_ERR_NOT_FOUND.
 */
NOON_MUST_USE noon_err noon_campaigns_read(const char *path, struct noon_campaigns **ret,
					   struct noon_campaigns_why *why);
/** Close; the campaign being written is left as it is. NULL is fine. */
void noon_campaigns_close(struct noon_campaigns *c);
/** What went wrong last; borrowed. */
const char *noon_campaigns_error(const struct noon_campaigns *c);

/** Make a campaign and write it from now on. @param head  JSON @retval NOON_OK, NOON_ERR_OS */
NOON_MUST_USE noon_err noon_campaigns_begin(struct noon_campaigns *c, const char *head,
					    noon_time at, int64_t *ret_id);
/** Go on with a campaign that was stopped or killed. @retval NOON_OK, NOON_ERR_NOT_FOUND,
 *  NOON_ERR_STATE (another process writes it), NOON_ERR_OS */
NOON_MUST_USE noon_err noon_campaigns_resume(struct noon_campaigns *c, int64_t id);

/** Append a reading of the reference; with the next commit it is on disk.
 *  @param[out] ret_number  for samples
 *  @retval NOON_OK, NOON_ERR_FULL (commit first) */
NOON_MUST_USE noon_err noon_campaigns_reading(struct noon_campaigns *c,
					      const struct noon_reference_reading *r,
					      uint32_t *ret_number);
/** Append a sample; with the next commit it is on disk. @retval NOON_OK, NOON_ERR_FULL (commit
 *  first) */
NOON_MUST_USE noon_err noon_campaigns_sample(struct noon_campaigns *c,
					     const struct noon_campaign_sample *s);
/** Count a miss. Reasons are limited in number: further ones are counted with the last. */
void noon_campaigns_miss(struct noon_campaigns *c, noon_time at, const char *why);
/** Put all of it on disk. @retval NOON_OK (it is there), NOON_ERR_OS (none of it is; it is
 *  kept, and the next commit tries again) */
NOON_MUST_USE noon_err noon_campaigns_commit(struct noon_campaigns *c);
/** Say that the campaign is complete, and commit. @retval NOON_OK, NOON_ERR_OS */
NOON_MUST_USE noon_err noon_campaigns_end(struct noon_campaigns *c);

/** Find a campaign; ret->head is valid until the next call on c.
 *  @retval NOON_OK, NOON_ERR_NOT_FOUND, NOON_ERR_OS */
NOON_MUST_USE noon_err noon_campaigns_find(struct noon_campaigns *c, int64_t id,
					   struct noon_campaign *ret);
/** Hand on every campaign in the order of their numbers until `take` returns false. */
NOON_MUST_USE noon_err noon_campaigns_list(struct noon_campaigns *c,
					   bool (*take)(void *arg, const struct noon_campaign *k),
					   void *arg);
/** Hand on the readings of a campaign, in order. */
NOON_MUST_USE noon_err noon_campaigns_readings(struct noon_campaigns *c, int64_t id,
					       bool (*take)(void *arg,
							    const struct noon_reference_reading *r),
					       void *arg);
/** Hand on the samples of a campaign, in the order in which they were appended. */
NOON_MUST_USE noon_err noon_campaigns_samples(struct noon_campaigns *c, int64_t id,
					      bool (*take)(void *arg,
							   const struct noon_campaign_sample *s),
					      void *arg);
/** Hand on the reasons for misses of a campaign. */
NOON_MUST_USE noon_err noon_campaigns_misses(struct noon_campaigns *c, int64_t id,
					     bool (*take)(void *arg,
							  const struct noon_campaign_miss *m),
					     void *arg);

/**
 * Write a campaign as text, a line each: its head, readings, samples, misses. The text depends on
 * nothing but what was measured, so that its SHA-256 says for good what that was
 * (docs/calibration.md).
 * @param write  takes the lines one by one; false stops
 * @retval NOON_OK, NOON_ERR_NOT_FOUND, NOON_ERR_OS
 */
NOON_MUST_USE noon_err noon_campaigns_text(struct noon_campaigns *c, int64_t id,
					   bool (*write)(void *arg, struct noon_bytes line),
					   void *arg);
/** SHA-256 of that text. @retval NOON_OK, NOON_ERR_NOT_FOUND, NOON_ERR_OS, NOON_ERR_CRYPTO */
NOON_MUST_USE noon_err noon_campaigns_digest(struct noon_campaigns *c, int64_t id,
					     uint8_t ret[NOON_DIGEST_MAX]);

#endif
