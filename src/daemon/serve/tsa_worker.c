/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/serve/tsa_worker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/sign.h"
#include "daemon/report/log.h"

#define REFUSAL_TEXT 96 /* largest entry, bytes */

struct noon_tsa_job {
	struct noon_ledger_pending pending; /* first member */
	struct noon_tsa_job *free_next;
	struct noon_http_request *request;
	uint8_t *room;
	size_t room_n;
	struct noon_bytes response;
	enum noon_tsa_outcome outcome;
	uint8_t text[NOON_TSA_TST_MAX]; /* TSTInfo, or the reason of the refusal */
};

const char *noon_tsa_outcome_word(enum noon_tsa_outcome o)
{
	static const char *const words[] = {
#define WORD(name, word) word,
		NOON_TSA_OUTCOME_LIST(WORD)
#undef WORD
	};

	return words[o];
}

static enum noon_tsa_outcome outcome_of(enum noon_tsp_fail fail)
{
	switch (fail) {
	case NOON_TSP_FAIL_NONE:
		return NOON_TSA_GRANTED_OUTCOME;
#define OUTCOME(name, bit, word) \
	case NOON_TSP_##name:    \
		return NOON_TSA_##name##_OUTCOME;
		NOON_TSP_FAIL_LIST(OUTCOME)
#undef OUTCOME
	}
	return NOON_TSA_SYSTEM_FAILURE_OUTCOME;
}

/* A new key since the last batch? */
static noon_err renew_builder(struct noon_tsa_worker *w)
{
	const unsigned generation = atomic_load(&w->key->generation);
	const struct noon_ts_signer_info *info;
	struct noon_ts_signer *signer;
	struct noon_token_builder builder;
	noon_err err;

	if (generation == w->generation)
		return NOON_OK;
	(void)pthread_mutex_lock(&w->key->lock);
	signer = noon_ts_signer_ref(w->key->signer);
	(void)pthread_mutex_unlock(&w->key->lock);
	info = noon_ts_signer_info(signer);
	err = noon_token_builder_init(&builder, signer);
	if (err) {
		noon_token_builder_fini(&builder);
	} else {
		noon_token_builder_fini(&w->builder);
		w->builder = builder;
		w->generation = generation;
		/* Borrowed from the signer, which the signing context keeps. */
		if (w->conf->tsa_name)
			w->machine.name = info->name;
		w->not_before_s = info->not_before_s;
		w->not_after_s = info->not_after_s;
	}
	noon_ts_signer_free(signer); /* the signing context has its own */
	return err;
}

static bool make_room(struct noon_tsa_job *j, size_t n)
{
	uint8_t *room;

	if (j->room_n >= n)
		return true;
	room = realloc(j->room, n);
	if (room == NULL)
		return false;
	j->room = room;
	j->room_n = n;
	return true;
}

static struct noon_tsa_refusal system_failure(const char *text)
{
	return (struct noon_tsa_refusal){NOON_TSP_SYSTEM_FAILURE, text};
}

static struct noon_tsa_refusal build(struct noon_tsa_worker *w, struct noon_tsa_job *j,
				     const struct noon_tsa_request *r,
				     const struct noon_tsa_date *d, uint64_t counter)
{
	const int64_t now_s = d->gen_time.ns / NOON_NS_PER_SEC;
	uint8_t serial[NOON_LEDGER_SERIAL_LEN];
	struct noon_built_token token;
	struct noon_ledger_entry *e = &j->pending.entry;

	if (now_s < w->not_before_s || now_s > w->not_after_s)
		return system_failure("the authority's certificate is not valid now");
	noon_tsa_ledger_serial(w->writer->ledger, counter, serial);
	if (noon_token_builder_build(&w->builder, &w->machine, r, d,
				     noon_bytes_of(serial, sizeof(serial)), j->text, j->room,
				     j->room_n, &token))
		return system_failure("the token could not be signed");
	*e = (struct noon_ledger_entry){.kind = NOON_LEDGER_TOKEN,
					.at = d->gen_time,
					.counter = counter,
					.body = token.tst_info};
	if (noon_sha256(token.token, e->digest))
		return system_failure("the token could not be signed");
	j->response = token.response;
	return (struct noon_tsa_refusal){NOON_TSP_FAIL_NONE, NULL};
}

static struct noon_tsa_refusal grant(struct noon_tsa_worker *w, struct noon_tsa_job *j)
{
	struct noon_tsa_request r;
	struct noon_tsa_refusal no = noon_tsa_examine(&w->machine, j->request->body, &r);
	struct noon_tsa_date date;
	uint64_t counter = 0;

	if (no.fail != NOON_TSP_FAIL_NONE)
		return no;
	if (renew_builder(w) || !make_room(j, w->builder.response_max))
		return system_failure("the key cannot be used");
	no = noon_serial_allocator_take(w->serials, r.policy, &date, &counter);
	return no.fail != NOON_TSP_FAIL_NONE ? no : build(w, j, &r, &date, counter);
}

static void refuse(struct noon_tsa_worker *w, struct noon_tsa_job *j,
		   const struct noon_tsa_refusal *no)
{
	const char *name = noon_tsp_fail_name((int)no->fail);
	const int n = snprintf((char *)j->text, REFUSAL_TEXT, "%s: %s", name, no->text);

	j->response = noon_tsa_refusal(no, j->room, j->room_n);
	j->pending.entry = (struct noon_ledger_entry){
		.kind = NOON_LEDGER_REFUSAL,
		.at = noon_serial_allocator_now(w->serials),
		.body = noon_bytes_of(j->text, (size_t)(n < REFUSAL_TEXT ? n : REFUSAL_TEXT - 1)),
	};
}

static void answer(struct noon_tsa_worker *w, struct noon_tsa_job *j)
{
	(void)atomic_fetch_add(&w->outcome[j->outcome], 1);
	noon_http_reply(j->request, 200, NOON_TSP_REPLY_TYPE, j->response, false);
	j->request = NULL;
	j->free_next = w->free;
	w->free = j;
}

static void on_request(void *arg, struct noon_http_request *r)
{
	static const char busy[] = "Too many requests wait: try again.\n";
	struct noon_tsa_worker *w = arg;
	struct noon_tsa_job *j = w->free;
	struct noon_tsa_refusal no;

	if (j == NULL || !make_room(j, NOON_TSA_REFUSAL_MAX)) {
		noon_http_reply(r, 503, "text/plain", noon_bytes_of(busy, sizeof(busy) - 1), true);
		return;
	}
	w->free = j->free_next;
	j->request = r;
	j->pending.next = NULL;
	no = grant(w, j);
	j->outcome = outcome_of(no.fail);
	if (no.fail != NOON_TSP_FAIL_NONE) {
		refuse(w, j, &no);
		if (!noon_ledger_writer_take_refusal(w->writer)) {
			answer(w, j);
			return;
		}
	}
	*w->batch_end = &j->pending;
	w->batch_end = &j->pending.next;
}

static void on_batch_end(void *arg)
{
	struct noon_tsa_worker *w = arg;

	if (w->batch == NULL)
		return;
	noon_ledger_writer_write(w->writer, w->batch);
	w->batch = NULL;
	w->batch_end = &w->batch;
}

/* A token that is not in the ledger is not issued. */
static void on_wake(void *arg)
{
	const struct noon_tsa_refusal lost =
		system_failure("the token could not be written into the audit log");
	struct noon_tsa_worker *w = arg;
	struct noon_ledger_pending *p = noon_ledger_writer_done(w->writer, &w->completions);

	for (struct noon_ledger_pending *next; p != NULL; p = next) {
		struct noon_tsa_job *j = (struct noon_tsa_job *)(void *)p;

		next = p->next;
		if (!p->written) {
			j->outcome = NOON_TSA_SYSTEM_FAILURE_OUTCOME;
			j->response = noon_tsa_refusal(&lost, j->room, j->room_n);
		}
		answer(w, j);
	}
}

static void wake(void *arg)
{
	struct noon_tsa_worker *w = arg;

	noon_http_server_wake(w->http);
}

static noon_err open_http(struct noon_tsa_worker *w)
{
	static const char about[] =
		"This is a time-stamp authority (RFC 3161): POST a TimeStampReq.";
	const struct noon_config_tsa *c = w->conf;
	const struct noon_tls_pem chain = {.path = c->tls_certificate};
	const struct noon_tls_pem key = {.path = c->tls_key};
	struct noon_http_conf conf = {
		.listen = c->listen,
		.n_listen = c->n_listen,
		.route = &w->route,
		.n_routes = 1,
		.chain = &chain,
		.key = &key,
		.body_max = c->body_max,
		.request = c->timeout,
		.handshake = c->timeout,
		.reply = c->timeout,
		.idle = c->idle_timeout,
		.connections_max = (unsigned)w->n_jobs,
		.rate_per_s = c->rate_per_s,
		.rate_burst = c->rate_burst,
		.on_request = on_request,
		.on_batch_end = on_batch_end,
		.on_wake = on_wake,
		.arg = w,
	};
	struct noon_http_why why = {.text = ""};
	noon_err err;

	w->route = (struct noon_http_route){
		.path = c->path, .method = "POST", .type = NOON_TSP_QUERY_TYPE, .about = about};
	err = noon_http_server_new(&conf, &w->http, &why);
	if (err)
		noon_log(NOON_LOG_ERROR, "tsa: %s", why.text);
	return err;
}

noon_err noon_tsa_worker_init(struct noon_tsa_worker *w, const struct noon_config_tsa *conf,
			      struct noon_serial_allocator *serials,
			      struct noon_ledger_writer *writer, struct noon_tsa_key *key)
{
	memset(w, 0, sizeof(*w));
	w->conf = conf;
	w->serials = serials;
	w->writer = writer;
	w->key = key;
	w->machine = conf->machine;
	w->batch_end = &w->batch;
	w->completions = (struct noon_ledger_completions){.wake = wake, .arg = w};
	w->n_jobs = (conf->connections_max + conf->threads - 1) / conf->threads;
	w->job = calloc(w->n_jobs, sizeof(*w->job));
	if (w->job == NULL)
		return NOON_ERR_OS;
	for (size_t i = 0; i < w->n_jobs; i++) {
		w->job[i].pending.completions = &w->completions;
		w->job[i].free_next = w->free;
		w->free = &w->job[i];
	}
	return open_http(w);
}

static void *thread_main(void *arg)
{
	struct noon_tsa_worker *w = arg;

	if (noon_http_server_run(w->http))
		noon_log(NOON_LOG_ERROR, "tsa: the event loop failed: %s", strerror(errno));
	return NULL;
}

noon_err noon_tsa_worker_start(struct noon_tsa_worker *w)
{
	w->running = pthread_create(&w->thread, NULL, thread_main, w) == 0;
	return w->running ? NOON_OK : NOON_ERR_OS;
}

void noon_tsa_worker_stop(struct noon_tsa_worker *w)
{
	if (!w->running)
		return;
	noon_http_server_stop(w->http);
	(void)pthread_join(w->thread, NULL);
	w->running = false;
	on_batch_end(w);
}

void noon_tsa_worker_fini(struct noon_tsa_worker *w)
{
	noon_http_server_free(w->http);
	noon_token_builder_fini(&w->builder);
	for (size_t i = 0; w->job != NULL && i < w->n_jobs; i++)
		free(w->job[i].room);
	free(w->job);
	memset(w, 0, sizeof(*w));
}
