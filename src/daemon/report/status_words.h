/* SPDX-License-Identifier: Apache-2.0
 *
 * Common values of the status, as JSON. Each returns a new object; NULL: no memory.
 */
#ifndef NOON_DAEMON_STATUS_WORDS_H
#define NOON_DAEMON_STATUS_WORDS_H

#include <jansson.h>

#include "base/time.h"
#include "base/verdict.h"

/** A duration in seconds. */
json_t *noon_status_seconds(noon_dur d);
/** An instant with all its digits: "1793000000.123456789". @param ns  since 1970 */
json_t *noon_status_instant(int64_t ns);
/** Counters of verdicts that are not zero, by their words. */
json_t *noon_status_verdicts(const struct noon_counters *c);
/** The words of findings. @param mask  a bit per enum noon_finding_kind */
json_t *noon_status_findings(uint32_t mask);

#endif
