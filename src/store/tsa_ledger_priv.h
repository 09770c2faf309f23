/* SPDX-License-Identifier: Apache-2.0
 *
 * Between the tsa_ledger*.c files only.
 */
#ifndef NOON_STORE_TSA_LEDGER_PRIV_H
#define NOON_STORE_TSA_LEDGER_PRIV_H

#include <sqlite3.h>

#include "store/tsa_ledger.h"

struct noon_tsa_ledger {
	sqlite3 *db;
	int lock;	 /* -1: open for reading */
	uint32_t prefix; /* of the serial numbers of this opening; 0: open for reading */
	struct noon_ledger_head head; /* of a writer */
	uint64_t next_counter;	      /* first one that was never reserved */
	char error[160];
	sqlite3_stmt *begin, *commit, *rollback, *insert;
};

/** What an entry of kind BLOCK says. */
struct noon_ledger_block {
	uint64_t first;
	uint64_t last;
	uint32_t prefix;
};

/** Read it from the entry's body. @return false: malformed */
bool noon_ledger_block_parse(struct noon_bytes body, struct noon_ledger_block *ret);

/** Write the serial number with this prefix and counter. */
void noon_ledger_serial(uint32_t prefix, uint64_t counter, uint8_t ret[NOON_LEDGER_SERIAL_LEN]);

/** The hash of the entry that follows `before`. @retval NOON_OK, NOON_ERR_CRYPTO */
NOON_MUST_USE noon_err noon_ledger_hash(const struct noon_ledger_head *before,
					const struct noon_ledger_entry *e,
					uint8_t ret[NOON_LEDGER_HASH_LEN]);

#endif
