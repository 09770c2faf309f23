/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of the ledger have in common: a directory of its own for each test, entries, and
 * what is expected of an audit. To be included after <cmocka.h>.
 */
#ifndef TEST_TSA_LEDGER_FIXTURE_H
#define TEST_TSA_LEDGER_FIXTURE_H

#include "store/tsa_ledger.h"

extern const noon_time start_time;
extern char dir[64];
extern char path[96]; /* of the ledger in `dir` */

int make_dir(void **state);
int remove_dir(void **state);

struct noon_tsa_ledger *open_it(void);
struct noon_tsa_ledger *read_it(void);

struct told {
	uint64_t counter;
	noon_time gen_time;
	bool ordering;
};

/** Entries to be written; up to 16 bodies of tokens are kept. */
struct noon_ledger_entry token(const struct noon_tsa_ledger *l, struct told t);
struct noon_ledger_entry text(enum noon_ledger_kind kind, const char *what);
void append(struct noon_tsa_ledger *l, struct noon_ledger_entry e);
void append_token(struct noon_tsa_ledger *l, uint64_t counter, int64_t ms, bool ordering);
/** start, block 1 to 10, tokens 1 to 4, stop: seq 1 to 7. */
struct noon_ledger_head write_some(void);

struct noon_ledger_audit audit(const struct noon_ledger_head *expected);
/** Fail unless an audit finds this entry bad, for a reason that contains `why`. */
void expect_bad(const struct noon_ledger_head *expected, uint64_t seq, const char *why);
/** Change the file behind the ledger's back. */
void sql(const char *what);

#endif
