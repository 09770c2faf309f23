/* SPDX-License-Identifier: Apache-2.0
 *
 * One thread of the time-stamp authority: its HTTP server, its signing context, and the requests
 * waiting for the ledger.
 */
#ifndef NOON_DAEMON_TSA_WORKER_H
#define NOON_DAEMON_TSA_WORKER_H

#include <pthread.h>
#include <stdatomic.h>

#include "daemon/config/config.h"
#include "daemon/serve/ledger_writer.h"
#include "http/http_server.h"
#include "proto/tsa/token_builder.h"

/** Results of requests. */
#define NOON_TSA_OUTCOME_LIST(X)                         \
	X(GRANTED, "granted")                            \
	X(BAD_ALG, "badAlg")                             \
	X(BAD_REQUEST, "badRequest")                     \
	X(BAD_DATA_FORMAT, "badDataFormat")              \
	X(TIME_NOT_AVAILABLE, "timeNotAvailable")        \
	X(UNACCEPTED_POLICY, "unacceptedPolicy")         \
	X(UNACCEPTED_EXTENSION, "unacceptedExtension")   \
	X(ADD_INFO_NOT_AVAILABLE, "addInfoNotAvailable") \
	X(SYSTEM_FAILURE, "systemFailure")

enum noon_tsa_outcome {
#define NOON_TSA_OUTCOME_ENUM(name, word) NOON_TSA_##name##_OUTCOME,
	NOON_TSA_OUTCOME_LIST(NOON_TSA_OUTCOME_ENUM)
#undef NOON_TSA_OUTCOME_ENUM
		NOON_TSA_OUTCOMES,
};

const char *noon_tsa_outcome_word(enum noon_tsa_outcome o);

/** The key in force, shared by all workers. */
struct noon_tsa_key {
	pthread_mutex_t lock;
	struct noon_ts_signer *signer;
	atomic_uint generation; /**< incremented with each new one */
};

struct noon_tsa_job;

struct noon_tsa_worker {
	const struct noon_config_tsa *conf;
	struct noon_serial_allocator *serials;
	struct noon_ledger_writer *writer;
	struct noon_tsa_key *key;
	struct noon_http_route route; /* borrowed by http */
	struct noon_http_server *http;
	pthread_t thread;
	bool running;
	unsigned generation; /**< of the key in the builder */
	struct noon_token_builder builder;
	struct noon_tsa_conf machine;	   /**< its name is that of the key in the builder */
	int64_t not_before_s, not_after_s; /**< of its certificate */
	struct noon_tsa_job *job;	   /**< one for each connection */
	size_t n_jobs;
	struct noon_tsa_job *free;
	struct noon_ledger_pending *batch; /**< not submitted yet */
	struct noon_ledger_pending **batch_end;
	struct noon_ledger_completions completions;
	atomic_uint_fast64_t outcome[NOON_TSA_OUTCOMES];
};

/** Open the sockets. Errors are logged. All arguments outlive the worker.
 *  @retval NOON_OK, NOON_ERR_OS, NOON_ERR_CRYPTO, others of the certificate's */
NOON_MUST_USE noon_err noon_tsa_worker_init(struct noon_tsa_worker *w,
					    const struct noon_config_tsa *conf,
					    struct noon_serial_allocator *serials,
					    struct noon_ledger_writer *writer,
					    struct noon_tsa_key *key);
/** Start the thread. @retval NOON_OK, NOON_ERR_OS */
NOON_MUST_USE noon_err noon_tsa_worker_start(struct noon_tsa_worker *w);
/** Stop and join the thread: it submits nothing more to the writer. Fine if it does not run. */
void noon_tsa_worker_stop(struct noon_tsa_worker *w);
/** Release; only when stopped and the writer is closed. Fine after a failed init. */
void noon_tsa_worker_fini(struct noon_tsa_worker *w);

#endif
