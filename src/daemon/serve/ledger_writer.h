/* SPDX-License-Identifier: Apache-2.0
 *
 * The thread that writes the ledger of a time-stamp authority: pending entries are written in one
 * transaction and answered only after it.
 */
#ifndef NOON_DAEMON_LEDGER_WRITER_H
#define NOON_DAEMON_LEDGER_WRITER_H

#include <pthread.h>
#include <stdbool.h>

#include "daemon/serve/serial_allocator.h"
#include "store/tsa_ledger.h"

/** An entry to be written and then answered. In the owner's storage. */
struct noon_ledger_pending {
	struct noon_ledger_pending *next;
	struct noon_ledger_completions *completions; /**< the queue it returns to */
	struct noon_ledger_entry entry;
	bool written; /**< set when it returns */
};

/** Completion queue of one thread that submits entries: written entries return here. */
struct noon_ledger_completions {
	struct noon_ledger_pending *done; /**< returned entries; under the lock of the writer */
	/** Pending entries were returned. Called by the writer's thread; must not block. */
	void (*wake)(void *arg);
	void *arg;
	bool waking; /**< private to the writer's thread */
	struct noon_ledger_completions *next_waking;
};

#define NOON_TSA_BATCH_MAX 512 /**< entries of one transaction */
#define NOON_TSA_NOTES_MAX 64
#define NOON_TSA_NOTE_LEN  200

/** An event of the daemon: its own text. */
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
	noon_time second;	     /**< CLOCK_MONOTONIC: start of the count of refusals */
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
 *  @param[out] ret_last  if ordered: genTime of the last ordered token
 *  @retval NOON_OK, NOON_ERR_OS, NOON_ERR_STATE, NOON_ERR_FORMAT */
NOON_MUST_USE noon_err noon_ledger_writer_open(struct noon_ledger_writer *b, const char *path,
					       bool ordered, noon_time *ret_last);
/** Reserve numbers for the register and start the thread. @retval NOON_OK, NOON_ERR_OS (logged) */
NOON_MUST_USE noon_err noon_ledger_writer_start(struct noon_ledger_writer *b,
						struct noon_serial_allocator *serials);
/** Write everything pending, stop, close. Fine after a failed open, or if all zero. All submitted
 * entries have been returned. */
void noon_ledger_writer_close(struct noon_ledger_writer *b);

/** Submit a chain of pending entries; each returns through its completion queue. Thread: any. */
void noon_ledger_writer_write(struct noon_ledger_writer *b, struct noon_ledger_pending *first);
/** Take the returned entries of a completion queue. Thread: any. */
struct noon_ledger_pending *noon_ledger_writer_done(struct noon_ledger_writer *b,
						    struct noon_ledger_completions *c);

/** Write an event; asynchronous. Thread: any. */
void noon_ledger_writer_note(struct noon_ledger_writer *b, enum noon_ledger_kind kind, noon_time at,
			     const char *text);
/** Count a refusal. @return whether to write it singly; otherwise their sum is written. Thread:
 *  any. */
bool noon_ledger_writer_take_refusal(struct noon_ledger_writer *b);

/** Where the chain ends, and the last error ("" if writing goes well). Thread: any. */
void noon_ledger_writer_report(struct noon_ledger_writer *b, struct noon_ledger_head *ret_head,
			       uint64_t *ret_failures, char *ret_error, size_t n);

#endif
