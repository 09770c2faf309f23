/* SPDX-License-Identifier: Apache-2.0
 *
 * Statements of conformity: is the error of a clock within a limit?
 *
 * The decision rule has a guard band of U on both sides of the limit (ILAC-G8:09/2019, 4.2.2 and
 * 4.2.3; ISO/IEC 17025:2017, 7.8.6), so that neither statement is made where the uncertainty could
 * turn it around. Between the two bands nothing is decided. Simple acceptance, |x| <= limit, is not
 * offered: near the limit every second such statement is false.
 */
#ifndef NOON_METROLOGY_CONFORMITY_H
#define NOON_METROLOGY_CONFORMITY_H

/* Outcomes: name, word for JSON, what it means. */
#define NOON_CONFORMITY_LIST(X)                                     \
	X(UNDECIDED, "not decided", "the limit is within U of |x|") \
	X(PASS, "pass", "|x| + U <= limit")                         \
	X(FAIL, "fail", "|x| - U > limit")

enum noon_conformity {
#define NOON_CONFORMITY_ENUM(name, word, text) NOON_CONFORMITY_##name,
	NOON_CONFORMITY_LIST(NOON_CONFORMITY_ENUM)
#undef NOON_CONFORMITY_ENUM
		NOON_CONFORMITIES,
};

/** "pass" and so on; static; "unknown" for others. */
const char *noon_conformity_word(enum noon_conformity c);
/** What it means, a clause; static. */
const char *noon_conformity_text(enum noon_conformity c);

/**
 * Decide.
 * @param x      error, s, either sign
 * @param U      expanded uncertainty, s, >= 0: the guard band
 * @param limit  of |x|, s, >= 0
 * @return NOON_CONFORMITY_UNDECIDED also when one of them is not a number, or U < 0 or limit < 0
 */
enum noon_conformity noon_conformity_decide(double x, double U, double limit);

#endif
