/* SPDX-License-Identifier: Apache-2.0
 *
 * The thread that keeps a time-stamp authority's books: what came together is written together,
 * and only then may it be answered.
 */
#ifndef NOON_DAEMON_TSA_BOOKS_H
#define NOON_DAEMON_TSA_BOOKS_H

#include <pthread.h>
#include <stdbool.h>

#include "daemon/serve/tsa_register.h"
#include "store/tsa_ledger.h"

/** One thing to be written, and then to be answered. In the owner's storage. */
struct noon_tsa_page {
	struct noon_tsa_page *next;
	struct noon_tsa_clerk *clerk; /**< whose it is */
	struct noon_ledger_entry entry;
	bool written; /**< set when it comes back */
};

/** Who hands pages in and gets them back. */
struct noon_tsa_clerk {
	struct noon_tsa_page *done; /**< came back; under the lock of the books */
	/** Pages came back. Called by the books' thread; must not block. */
	void (*wake)(void *arg);
	void *arg;
	bool waking; /**< private to the books' thread */
	struct noon_tsa_clerk *next_waking;
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

struct noon_tsa_books {
	struct noon_tsa_ledger *ledger; /**< the thread's alone while it runs */
	struct noon_tsa_register *reg;
	pthread_t thread;
	bool running;
	pthread_mutex_t lock; /**< of all below */
	pthread_cond_t work;
	bool stop;
	struct noon_tsa_page *first; /**< queue of pages */
	struct noon_tsa_page **last;
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
NOON_MUST_USE noon_err noon_tsa_books_open(struct noon_tsa_books *b, const char *path, bool ordered,
					   noon_time *ret_last);
/** Reserve numbers for the register and start the thread. @retval NOON_OK, NOON_ERR_OS (logged) */
NOON_MUST_USE noon_err noon_tsa_books_start(struct noon_tsa_books *b,
					    struct noon_tsa_register *reg);
/** Write what is there, stop, close. Fine after a failed open, or if all zero. Pages that were
 *  handed in have come back. */
void noon_tsa_books_close(struct noon_tsa_books *b);

/** Hand in a chain of pages; each comes back through its clerk. Thread: any. */
void noon_tsa_books_write(struct noon_tsa_books *b, struct noon_tsa_page *first);
/** Take the pages that came back for a clerk. Thread: any. */
struct noon_tsa_page *noon_tsa_books_done(struct noon_tsa_books *b, struct noon_tsa_clerk *c);

/** Have an event written; nobody waits for it. Thread: any. */
void noon_tsa_books_note(struct noon_tsa_books *b, enum noon_ledger_kind kind, noon_time at,
			 const char *text);
/** Count a refusal. @return whether it is to be written by itself; otherwise their sum is. Thread:
 *  any. */
bool noon_tsa_books_take_refusal(struct noon_tsa_books *b);

/** Where the chain ends, and the last error ("" if writing goes well). Thread: any. */
void noon_tsa_books_report(struct noon_tsa_books *b, struct noon_ledger_head *ret_head,
			   uint64_t *ret_failures, char *ret_error, size_t n);

#endif
