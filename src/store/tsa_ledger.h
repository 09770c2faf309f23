/* SPDX-License-Identifier: Apache-2.0
 *
 * The ledger of a time-stamp authority: serial numbers and the audit log, in one SQLite file.
 *
 * Serial numbers are unique for ever: an instance number, drawn when the file is made, and a
 * counter that only goes up. Numbers are reserved in blocks, each on disk before the first of it is
 * used; after a crash the rest of the last block is skipped, and the log says so.
 *
 * The log is a chain: every entry has the SHA-256 of the entry before it, its own number, kind,
 * time, serial number, digest and body. Whoever keeps the head of the chain elsewhere can tell
 * later that nothing before it was changed or taken away. An append is on disk, through a power
 * cut, when it returns (WAL, synchronous = FULL); many entries in one append cost one write.
 *
 * One writer at a time, held by a lock; readers at any time. Not thread-safe: one thread per
 * handle.
 */
#ifndef NOON_STORE_TSA_LEDGER_H
#define NOON_STORE_TSA_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/time.h"

#define NOON_LEDGER_HASH_LEN   32
#define NOON_LEDGER_SERIAL_LEN 12 /**< bytes of a serial number: prefix, counter */

#define NOON_LEDGER_KIND_LIST(X)                                                       \
	X(START, "start")     /* the authority was started */                          \
	X(STOP, "stop")	      /* ... and stopped in good order */                      \
	X(BLOCK, "block")     /* serial numbers were reserved */                       \
	X(TOKEN, "token")     /* body: TSTInfo; digest: SHA-256 of the token */        \
	X(REFUSAL, "refusal") /* body: failInfo and why */                             \
	X(KEY, "key")	      /* a certificate and key were loaded, or could not be */ \
	X(CLOCK, "clock")     /* the clock changed its state, was stepped, leapt */

enum noon_ledger_kind {
#define NOON_LEDGER_KIND_ENUM(name, word) NOON_LEDGER_##name,
	NOON_LEDGER_KIND_LIST(NOON_LEDGER_KIND_ENUM)
#undef NOON_LEDGER_KIND_ENUM
		NOON_LEDGER_KINDS,
};

/** "token" and so on; static; "unknown" for others. */
const char *noon_ledger_kind_word(unsigned kind);

struct noon_ledger_entry {
	enum noon_ledger_kind kind;
	noon_time at;	  /**< UTC as the authority's clock has it */
	uint64_t counter; /**< of a token's serial number; 0: no token */
	struct noon_bytes body;
	uint8_t digest[NOON_LEDGER_HASH_LEN]; /**< of a token; zeros otherwise */
};

/** A place in the chain. */
struct noon_ledger_head {
	uint64_t seq; /**< number of the entry, from 1; 0: none yet */
	uint8_t hash[NOON_LEDGER_HASH_LEN];
};

struct noon_tsa_ledger;

struct noon_ledger_why {
	char text[256];
};

/** Open for writing; makes the file if there is none. @retval NOON_OK, NOON_ERR_STATE (another
 *  process has it), NOON_ERR_FORMAT (not such a file), NOON_ERR_OS (see *why) */
NOON_MUST_USE noon_err noon_tsa_ledger_open(const char *path, struct noon_tsa_ledger **ret,
					    struct noon_ledger_why *why);
/** Open for reading; the file must be there. It may be a copy in a place where nothing can be
 *  written, as long as nobody else writes it. Errors as noon_tsa_ledger_open(), NOON_ERR_NOT_FOUND.
 */
NOON_MUST_USE noon_err noon_tsa_ledger_read(const char *path, struct noon_tsa_ledger **ret,
					    struct noon_ledger_why *why);
/** Close; NULL is fine. */
void noon_tsa_ledger_close(struct noon_tsa_ledger *l);

/** Reserve n > 0 counters. @param[out] ret_first  first one; the last is *ret_first + n - 1
 *  @retval NOON_OK (they are on disk as taken), NOON_ERR_OS */
NOON_MUST_USE noon_err noon_tsa_ledger_reserve(struct noon_tsa_ledger *l, uint64_t n, noon_time at,
					       uint64_t *ret_first);

/** Append all or, on an error, none. @retval NOON_OK (they are on disk), NOON_ERR_OS */
NOON_MUST_USE noon_err noon_tsa_ledger_append(struct noon_tsa_ledger *l,
					      const struct noon_ledger_entry *entries, size_t n);

/** What went wrong last; borrowed. */
const char *noon_tsa_ledger_error(const struct noon_tsa_ledger *l);

/** Write the serial number with this counter; of a ledger that is open for writing. Thread: any. */
void noon_tsa_ledger_serial(const struct noon_tsa_ledger *l, uint64_t counter,
			    uint8_t ret[NOON_LEDGER_SERIAL_LEN]);

/** The last entry of a ledger that is open for writing. */
struct noon_ledger_head noon_tsa_ledger_end(const struct noon_tsa_ledger *l);

/** Read the last entry; seq 0 if there is none. @retval NOON_OK, NOON_ERR_OS */
NOON_MUST_USE noon_err noon_tsa_ledger_head(struct noon_tsa_ledger *l,
					    struct noon_ledger_head *ret);

/** Find genTime of the last token that promises an order; NOON_TIME_FIRST if there is none.
 *  @retval NOON_OK, NOON_ERR_OS */
NOON_MUST_USE noon_err noon_tsa_ledger_last_ordered(struct noon_tsa_ledger *l, noon_time *ret);

/** What an audit found. */
struct noon_ledger_audit {
	bool good;
	uint64_t entries;
	uint64_t kinds[NOON_LEDGER_KINDS];
	uint64_t serials_unused; /**< reserved and not issued: crashes, and what is in use now */
	struct noon_ledger_head head;
	bool has_expected; /**< the head that was asked for is in the chain */
	uint64_t bad_seq;  /**< first entry that is wrong; 0: none */
	char why[160];	   /**< what is wrong with it; "" if good */
};

/**
 * Read the whole log and verify it: numbers without a gap, the chain, each token's serial number
 * unique, reserved before and the one in its TSTInfo, the order of tokens that promise one.
 *
 * @param expected  a head that somebody kept: it must be in the chain; NULL: none
 * @param progress  called now and then with the entries read so far; NULL: nobody wants to know
 * @retval NOON_OK      it was read: ret->good says what was found
 * @retval NOON_ERR_OS  it could not be read
 */
NOON_MUST_USE noon_err noon_tsa_ledger_audit(struct noon_tsa_ledger *l,
					     const struct noon_ledger_head *expected,
					     void (*progress)(void *arg, uint64_t entries),
					     void *arg, struct noon_ledger_audit *ret);

/** Hand entries from `first` on to `take` until it returns false; the entry and its hash are
 *  borrowed for the call. @retval NOON_OK, NOON_ERR_OS */
NOON_MUST_USE noon_err noon_tsa_ledger_each(struct noon_tsa_ledger *l, uint64_t first,
					    bool (*take)(void *arg,
							 const struct noon_ledger_head *at,
							 const struct noon_ledger_entry *e),
					    void *arg);

#endif
