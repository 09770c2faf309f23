/* SPDX-License-Identifier: Apache-2.0
 *
 * Baseline files: read with their seals checked, written and sealed.
 */
#ifndef NOON_STORE_BASELINE_FILE_H
#define NOON_STORE_BASELINE_FILE_H

#include "base/err.h"
#include "estimate/guard/baseline.h"
#include "estimate/guard/campaign.h"
#include "estimate/guard/guard.h"
#include "estimate/law/law.h"

#define NOON_BASELINE_WHY_MAX 640

/** A baseline in memory. */
struct noon_baseline_data {
	struct noon_baseline head;
	struct noon_campaign campaign;
	struct noon_law law;
	int64_t *rtt_ns; /**< rtt_ns[head.count], owned */
};

/**
 * Read a file.
 *
 * @param      key_path   PEM of the operator's public key; NULL: the signature is not checked
 * @param[out] ret        to be freed with noon_baseline_free(); NULL unless NOON_OK
 * @param[out] ret_why    a sentence that names the file, the line and what was expected
 * @retval NOON_OK
 * @retval NOON_ERR_AUTH  digest or signature are wrong
 * @retval others         it cannot be read, or is no baseline
 */
NOON_MUST_USE noon_err noon_baseline_read(const char *path, const char *key_path,
					  struct noon_baseline_data **ret,
					  char ret_why[NOON_BASELINE_WHY_MAX]);

/** Compute law and campaign of a baseline from its head and values.
 *  @retval NOON_OK, NOON_ERR_EMPTY (too few values), NOON_ERR_RANGE (a negative one) */
NOON_MUST_USE noon_err noon_baseline_assess(struct noon_baseline_data *b);

void noon_baseline_free(struct noon_baseline_data *b);

/**
 * Make a guard's plan from a baseline, if the campaign was good enough for it.
 *
 * @param conf         what is demanded; noise, inflation and loss are taken from the campaign
 * @param path         of the file, for the sentence
 * @param[out] ret     untouched unless NOON_OK
 * @param[out] ret_why a sentence with the number that is missing
 * @retval NOON_OK
 * @retval NOON_ERR_EMPTY  too short, for itself or because its values are correlated
 * @retval NOON_ERR_STATE  the path moved by more than a tenth of the shift during the campaign
 * @retval NOON_ERR_RANGE  conf is out of its range
 */
NOON_MUST_USE noon_err noon_baseline_plan(const struct noon_baseline_data *b,
					  const struct noon_guard_conf *conf, const char *path,
					  struct noon_guard_plan *ret,
					  char ret_why[NOON_BASELINE_WHY_MAX]);

/**
 * Write and seal a file; it is replaced atomically.
 *
 * @param head      seals and lengths are ignored
 * @param rtt_ns    rtt_ns[head->count]
 * @param key_path  PEM of the operator's private Ed25519 key
 * @param reason    NULL: it is signed; else it is not, for this reason, one line
 */
NOON_MUST_USE noon_err noon_baseline_write(const char *path, const struct noon_baseline *head,
					   const int64_t *rtt_ns, const char *key_path,
					   const char *reason, char ret_why[NOON_BASELINE_WHY_MAX]);

/** Check that a file holds a private Ed25519 key that can sign, before a campaign begins. */
NOON_MUST_USE noon_err noon_baseline_check_key(const char *key_path,
					       char ret_why[NOON_BASELINE_WHY_MAX]);

#endif
