/* SPDX-License-Identifier: Apache-2.0
 *
 * Conformance checks and their results.
 *
 * A check sends something to a server (or waits for a client), compares the answer with what the
 * standard demands, and describes all three. A lost packet is sent again; one that stays lost is
 * inconclusive, never a failure, unless the standard demands silence.
 */
#ifndef NOON_CHECK_CHECK_H
#define NOON_CHECK_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "check/target.h"

enum noon_check_level {
	NOON_LEVEL_MUST,
	NOON_LEVEL_SHOULD,
	NOON_LEVEL_MAY,
};

enum noon_check_verdict {
	NOON_CHECK_PASS,
	NOON_CHECK_FAIL,
	NOON_CHECK_WARNING,	 /**< allowed, but unwise */
	NOON_CHECK_SKIPPED,	 /**< does not apply here; the detail says why */
	NOON_CHECK_INCONCLUSIVE, /**< no answer that could be judged */
};

#define NOON_CHECK_TEXT 240

struct noon_check_result {
	enum noon_check_verdict verdict;
	char sent[NOON_CHECK_TEXT];
	char expected[NOON_CHECK_TEXT];
	char came[NOON_CHECK_TEXT];
};

struct noon_check {
	const char *id;	   /**< "K2", "04", "P9", with a suffix where one requirement has several */
	const char *group; /**< "ke", "nts", "ntp", "client" */
	const char *title; /**< the requirement, as a clause */
	const char *clause; /**< "RFC 8915, 4.1.5" */
	enum noon_check_level level;
	bool slow; /**< takes more than some seconds: only on request */
	void (*run)(const struct noon_check *self, struct noon_target *t,
		    struct noon_check_result *ret);
	unsigned arg; /**< for checks that share a function */
};

/** Return the words "MUST", "pass", ...; static, never NULL. */
const char *noon_check_level_word(enum noon_check_level level);
const char *noon_check_verdict_word(enum noon_check_verdict verdict);

/** Format one of the texts of a result; truncated if too long. */
__attribute__((format(printf, 2, 3))) void noon_check_sent(struct noon_check_result *r,
							   const char *format, ...);
__attribute__((format(printf, 2, 3))) void noon_check_expected(struct noon_check_result *r,
							       const char *format, ...);
/** Set the verdict and the answer. */
__attribute__((format(printf, 3, 4))) void noon_check_end(struct noon_check_result *r,
							  enum noon_check_verdict verdict,
							  const char *format, ...);

/** The checks of each group; *ret_n is their number. */
const struct noon_check *noon_checks_ke(size_t *ret_n);
const struct noon_check *noon_checks_nts(size_t *ret_n);
const struct noon_check *noon_checks_ntp(size_t *ret_n);
const struct noon_check *noon_checks_client(size_t *ret_n);

#endif
