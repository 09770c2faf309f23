/* SPDX-License-Identifier: Apache-2.0
 *
 * The thread that writes the ledger of a time-stamp authority: entries that come together are
 * written in one transaction,
 * and only then may it be answered.
 */
#ifndef NOON_DAEMON_LEDGER_WRITER_H
#define NOON_DAEMON_LEDGER_WRITER_H

#include <pthread.h>
#include <stdbool.h>

#include "daemon/serve/serial_allocator.h"
#include "store/tsa_ledger.h"

/** An entry to be written, and then to be answered. In the owner's storage. */
struct noon_ledger_pending {
	struct noon_ledger_pending *next;
	struct noon_ledger_completions *completions; /**< where it comes back */
	struct noon_ledger_entry entry;
	bool written; /**< set when it comes back */
};

/** Completion queue of one thread that hands entries in: they come back here when written. */
struct noon_ledger_completions {
	struct noon_ledger_pending *done; /**< came back; under the lock of the writer */
	/** Pending entries came back. Called by the writer's thread; must not block. */
	void (*wake)(void *arg);
	void *arg;
	bool waking; /**< private to the writer's thread */
	struct noon_ledger_completions *next_waking;
};

#define NOON_TSA_BATCH_MAX 512 /**< entries of one transaction */
#define NOON_TSA_NOTES_MAX 64
#define NOON_TSA_NOTE_LEN  200

/** An event of the daemon's: text of its own. */
struct noon_tsa_note {
	enum noon_ledger_kind kind;
	noon_time at;
	char text[NOON_TSA_NOTE_LEN];
};

struct noon_ledger_writer {
	struct noon_tsa_ledger *ledger; /**< the thread's alone while it runs */
	struct noon_serial_allocator *serials;
	pthread_t thread;
	bool running;
	pthread_mutex_t lock; /**< of all below */
	pthread_cond_t work;
	bool stop;
	struct noon_ledger_pending *first; /**< queue of pending entries */
	struct noon_ledger_pending **last;
	size_t n_notes;
	size_t notes_lost;
	struct noon_tsa_note note[NOON_TSA_NOTES_MAX];
	noon_time second;	     /**< CLOCK_MONOTONIC: from when on refusals were counted */
	unsigned refusals;	     /**< in it */
	uint64_t unwritten_refusals; /**< counted only, to be written as one sum */
	struct noon_ledger_head head;
	bool failing; /**< the last attempt to write failed */
	uint64_t failures;
	char error[160];
	/* Scratch of the thread. */
	struct noon_tsa_note taken[NOON_TSA_NOTES_MAX];
	struct noon_ledger_entry entry[NOON_TSA_BATCH_MAX];
};

/** Open the ledger. Errors are logged.
 *  @param ordered        some policy promises an order
 *  @param[out] ret_last  if ordered: genTime of the last token with an order
 *  @retval NOON_OK, NOON_ERR_OS, NOON_ERR_STATE, NOON_ERR_FORMAT */
NOON_MUST_USE noon_err noon_ledger_writer_open(struct noon_ledger_writer *b, const char *path,
					       bool ordered, noon_time *ret_last);
/** Reserve numbers for the register and start the thread. @retval NOON_OK, NOON_ERR_OS (logged) */
NOON_MUST_USE noon_err noon_ledger_writer_start(struct noon_ledger_writer *b,
						struct noon_serial_allocator *serials);
/** Write what is there, stop, close. Fine after a failed open, or if all zero. Pending entries that
 * were handed in have come back. */
void noon_ledger_writer_close(struct noon_ledger_writer *b);

/** Hand in a chain of pending entries; each comes back through its completion queue. Thread: any.
 */
void noon_ledger_writer_write(struct noon_ledger_writer *b, struct noon_ledger_pending *first);
/** Take the entries that came back to a completion queue. Thread: any. */
struct noon_ledger_pending *noon_ledger_writer_done(struct noon_ledger_writer *b,
						    struct noon_ledger_completions *c);

/** Have an event written; nobody waits for it. Thread: any. */
void noon_ledger_writer_note(struct noon_ledger_writer *b, enum noon_ledger_kind kind, noon_time at,
			     const char *text);
/** Count a refusal. @return whether it is to be written by itself; otherwise their sum is. Thread:
 *  any. */
bool noon_ledger_writer_take_refusal(struct noon_ledger_writer *b);

/** Where the chain ends, and the last error ("" if writing goes well). Thread: any. */
void noon_ledger_writer_report(struct noon_ledger_writer *b, struct noon_ledger_head *ret_head,
			       uint64_t *ret_failures, char *ret_error, size_t n);

#endif
