/* SPDX-License-Identifier: Apache-2.0
 *
 * Best-master selection of the default profile (IEEE 1588-2019, 9.3): data sets compared, and the
 * foreign transmitters of a port.
 */
#ifndef NOON_PROTO_PTP_BEST_H
#define NOON_PROTO_PTP_BEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/action.h"
#include "base/time.h"
#include "wire/ptp.h"

#define NOON_PTP_FOREIGN_MAX 16 /**< transmitters remembered */

/** What the comparison looks at. */
struct noon_ptp_dataset {
	uint8_t priority1;
	uint8_t clock_class;
	uint8_t accuracy;
	uint16_t variance;
	uint8_t priority2;
	uint8_t grandmaster[NOON_PTP_IDENTITY_LEN];
	uint16_t steps_removed;
	struct noon_ptp_identity sender;
};

/** The data set that an Announce describes, as heard. */
struct noon_ptp_dataset noon_ptp_dataset_of(const struct noon_ptp_message *m);

/**
 * Compare two data sets (Figures 34 and 35), both as seen by the same port.
 * @return < 0: a is better, > 0: b is better, 0: the same message from the same port
 */
int noon_ptp_dataset_cmp(const struct noon_ptp_dataset *a, const struct noon_ptp_dataset *b);

/** A transmitter that was heard. */
struct noon_ptp_foreign {
	bool used;
	struct noon_ptp_dataset set;	   /**< of its last Announce */
	struct noon_ptp_announce announce; /**< the last one */
	uint16_t flags;			   /**< of the last one */
	bool takes_layover;		   /**< it said so (wire/ptp_tlv.h, hello) */
	bool takes_claim;		   /**< likewise */
	noon_dur inaccuracy; /**< totalTimeInaccuracy of its last Announce, ns; NOON_DUR_MAX: none.
			      *   Believed only where Announce is authenticated */
	struct noon_peer peer;
	noon_dur interval;	/**< between its Announces, from logMessageInterval */
	noon_time heard;	/**< last Announce */
	noon_time heard_before; /**< the one before; NOON_TIME_FIRST when there is none */
};

struct noon_ptp_foreigners {
	struct noon_ptp_foreign list[NOON_PTP_FOREIGN_MAX];
};

void noon_ptp_foreigners_reset(struct noon_ptp_foreigners *f);

/**
 * Take note of an Announce.
 * @param interval  to be expected between two, ns, > 0
 * @return the transmitter; NULL when there is no room (the unqualified one that was silent longest
 * makes room)
 */
struct noon_ptp_foreign *noon_ptp_foreigners_hear(struct noon_ptp_foreigners *f,
						  const struct noon_ptp_message *m,
						  const struct noon_peer *peer, noon_dur interval,
						  noon_time now);

/** Forget those that have been silent for `timeout` of their intervals. */
void noon_ptp_foreigners_expire(struct noon_ptp_foreigners *f, unsigned timeout, noon_time now);

/** Return whether it counts: two Announces within four intervals (9.3.2.5), fewer than 255 steps.
 */
bool noon_ptp_foreign_is_qualified(const struct noon_ptp_foreign *f, noon_time now);

/** Return the best one that counts, or with `any` the best one of fewer than 255 steps,
 *  even if it was heard only once; NULL if there is none. */
struct noon_ptp_foreign *noon_ptp_foreigners_best(struct noon_ptp_foreigners *f, bool any,
						  noon_time now);

#endif
