/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/serve/tsa_service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/report/log.h"
#include "daemon/serve/tsa_worker.h"
#include "platform/net/tcp.h"
#include "platform/text.h"

struct noon_tsa_service {
	struct noon_config_tsa conf;
	struct noon_tsa_key key;
	struct noon_ledger_writer writer;
	struct noon_serial_allocator serials;
	size_t n_workers;
	struct noon_tsa_worker *worker;
};

/* Truncate text to at most n bytes between two characters, not in one (UTF-8). */
static size_t whole(const char *text, size_t n)
{
	size_t len = strlen(text);

	if (len <= n)
		return len;
	while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
		n--;
	return n;
}

static void note(struct noon_tsa_service *s, enum noon_ledger_kind kind, const char *text)
{
	noon_ledger_writer_note(&s->writer, kind, noon_serial_allocator_now(&s->serials), text);
}

static void note_key(struct noon_tsa_service *s)
{
	const struct noon_ts_signer_info *i = noon_ts_signer_info(s->key.signer);
	char hash[2 * sizeof(i->cert_hash) + 1];
	char text[NOON_TSA_NOTE_LEN];

	noon_text_hex(noon_bytes_of(i->cert_hash, sizeof(i->cert_hash)), hash);
	(void)snprintf(text, sizeof(text), "in force: sha256 %s, %s, %.*s", hash, i->algorithm,
		       (int)whole(i->subject, 90), i->subject);
	note(s, NOON_LEDGER_KEY, text);
	noon_log(NOON_LOG_NOTICE, "tsa: certificate and key of \"%s\" (%s) in force", i->subject,
		 i->algorithm);
}

static noon_err load_key(struct noon_tsa_service *s, struct noon_ts_signer **ret,
			 struct noon_ts_why *why)
{
	const struct noon_ts_signer_conf conf = {
		.certificate = s->conf.signer_cert,
		.key = s->conf.signer_key,
		.rsa_digest = s->conf.rsa_digest,
		.certs = s->conf.certs,
	};
	struct noon_token_builder builder = {0};
	noon_err err = noon_ts_signer_load(&conf, ret, why);

	if (err)
		return err;
	/* A configuration that allows no token is refused here, not at the first request. */
	err = noon_token_builder_init(&builder, *ret);
	noon_token_builder_fini(&builder);
	if (!err && s->conf.tsa_name && noon_ts_signer_info(*ret)->name.n > NOON_TSA_NAME_MAX)
		err = NOON_ERR_FULL;
	if (err) {
		(void)snprintf(why->text, sizeof(why->text), "%.150s: %s", s->conf.signer_cert,
			       err == NOON_ERR_FULL ? "its names are too long"
						    : noon_err_text(err));
		noon_ts_signer_free(*ret);
	}
	return err;
}

/* Workers share their addresses, and would silently share them with another daemon too: so check
 * first that they are free. */
static noon_err check_addresses(const struct noon_config_tsa *conf)
{
	for (size_t i = 0; i < conf->n_listen; i++) {
		char name[64];
		int sys = 0;
		int fd;

		if (noon_tcp_listen(&conf->listen[i].addr, &fd, &sys) == NOON_OK) {
			(void)close(fd);
			continue;
		}
		noon_addr_format(&conf->listen[i].addr, name, sizeof(name));
		noon_log(NOON_LOG_ERROR, "tsa: cannot listen on %s: %s", name, strerror(sys));
		return NOON_ERR_OS;
	}
	return NOON_OK;
}

static noon_err open_workers(struct noon_tsa_service *s)
{
	noon_err err = check_addresses(&s->conf);

	if (err)
		return err;
	s->worker = calloc(s->conf.threads, sizeof(*s->worker));
	if (s->worker == NULL)
		return NOON_ERR_OS;
	for (; s->n_workers < s->conf.threads && !err; s->n_workers++)
		err = noon_tsa_worker_init(&s->worker[s->n_workers], &s->conf, &s->serials,
					   &s->writer, &s->key);
	return err;
}

static noon_err load_first_key(struct noon_tsa_service *s)
{
	struct noon_ts_why why = {.text = ""};
	const noon_err err = load_key(s, &s->key.signer, &why);

	if (err) {
		s->key.signer = NULL;
		noon_log(NOON_LOG_ERROR, "tsa: %s", why.text);
		return err;
	}
	atomic_store(&s->key.generation, 1);
	return NOON_OK;
}

noon_err noon_tsa_service_new(const struct noon_config_tsa *conf, struct noon_served *served,
			      struct noon_tsa_service **ret)
{
	struct noon_tsa_service *s = calloc(1, sizeof(*s));
	noon_err err;

	if (s == NULL)
		return NOON_ERR_OS;
	s->conf = *conf;
	(void)pthread_mutex_init(&s->key.lock, NULL);
	err = load_first_key(s);
	noon_serial_allocator_init(&s->serials, &s->conf.machine, served, conf->local_bound);
	err = err ? err : open_workers(s);
	if (err)
		noon_tsa_service_free(s);
	else
		*ret = s;
	return err;
}

static bool has_order(const struct noon_tsa_conf *c)
{
	for (size_t i = 0; i < c->n_policies; i++)
		if (c->policy[i].ordering)
			return true;
	return false;
}

noon_err noon_tsa_service_start(struct noon_tsa_service *s)
{
	/* Only now: the files must belong to the user that it runs as. */
	noon_err err = noon_ledger_writer_open(&s->writer, s->conf.ledger,
					       has_order(&s->conf.machine), &s->serials.last);

	err = err ? err : noon_ledger_writer_start(&s->writer, &s->serials);
	if (!err)
		note_key(s);
	for (size_t i = 0; i < s->n_workers && !err; i++)
		err = noon_tsa_worker_start(&s->worker[i]);
	return err;
}

static void reload_signer(struct noon_tsa_service *s)
{
	struct noon_ts_why why = {.text = ""};
	struct noon_ts_signer *old;
	struct noon_ts_signer *new;
	char text[NOON_TSA_NOTE_LEN];

	if (load_key(s, &new, &why)) {
		noon_log(NOON_LOG_ERROR, "tsa: %s: the old key stays in force", why.text);
		(void)snprintf(text, sizeof(text), "not loaded: %.180s", why.text);
		note(s, NOON_LEDGER_KEY, text);
		return;
	}
	(void)pthread_mutex_lock(&s->key.lock);
	old = s->key.signer;
	s->key.signer = new;
	(void)atomic_fetch_add(&s->key.generation, 1);
	(void)pthread_mutex_unlock(&s->key.lock);
	noon_ts_signer_free(old);
	note_key(s);
}

static void reload_tls(struct noon_tsa_service *s)
{
	const struct noon_tls_pem chain = {.path = s->conf.tls_certificate};
	const struct noon_tls_pem key = {.path = s->conf.tls_key};
	struct noon_tls_why why = {.text = ""};
	char text[NOON_TSA_NOTE_LEN];
	noon_err err = NOON_OK;

	if (s->conf.tls_certificate[0] == '\0')
		return;
	for (size_t i = 0; i < s->n_workers && !err; i++)
		err = noon_http_server_reload(s->worker[i].http, &chain, &key, &why);
	if (err == NOON_ERR_STATE)
		return;
	if (err) {
		noon_log(NOON_LOG_ERROR, "tsa: certificate %s, key %s: %s", chain.path, key.path,
			 why.text);
		(void)snprintf(text, sizeof(text), "of TLS not loaded: %.170s", why.text);
		note(s, NOON_LEDGER_KEY, text);
		return;
	}
	noon_log(NOON_LOG_NOTICE, "tsa: certificate and key of TLS read again");
	note(s, NOON_LEDGER_KEY, "of TLS read again");
}

void noon_tsa_service_reload(struct noon_tsa_service *s)
{
	if (s == NULL)
		return;
	reload_signer(s);
	reload_tls(s);
}

void noon_tsa_service_tell(struct noon_tsa_service *s, const char *text)
{
	if (s != NULL)
		note(s, NOON_LEDGER_CLOCK, text);
}

void noon_tsa_service_tell_state(struct noon_tsa_service *s, enum noon_state state, noon_dur bound)
{
	char text[NOON_TSA_NOTE_LEN];

	if (bound == NOON_DUR_MAX)
		(void)snprintf(text, sizeof(text), "state %s", noon_state_word(state));
	else
		(void)snprintf(text, sizeof(text), "state %s, bound %.9f s", noon_state_word(state),
			       noon_dur_to_s(bound));
	noon_tsa_service_tell(s, text);
}

/* --- status --- */

static json_t *outcomes(const struct noon_tsa_service *s)
{
	json_t *o = json_object();

	for (unsigned k = 0; k < NOON_TSA_OUTCOMES; k++) {
		uint64_t sum = 0;

		for (size_t i = 0; i < s->n_workers; i++)
			sum += atomic_load(&s->worker[i].outcome[k]);
		if (sum > 0 || k == NOON_TSA_GRANTED_OUTCOME)
			(void)json_object_set_new(o,
						  noon_tsa_outcome_word((enum noon_tsa_outcome)k),
						  json_integer((json_int_t)sum));
	}
	return o;
}

static json_t *http(const struct noon_tsa_service *s)
{
	struct noon_http_counters sum = {0};
	json_t *o = json_object();

	for (size_t i = 0; i < s->n_workers; i++) {
		struct noon_http_counters c;

		noon_http_server_counters(s->worker[i].http, &c);
		for (unsigned k = 0; k < NOON_HTTP_COUNTS; k++)
			sum.n[k] += c.n[k];
		sum.open += c.open;
	}
	(void)json_object_set_new(o, "open", json_integer((json_int_t)sum.open));
	for (unsigned k = 0; k < NOON_HTTP_COUNTS; k++)
		if (sum.n[k] > 0)
			(void)json_object_set_new(o, noon_http_count_word((enum noon_http_count)k),
						  json_integer((json_int_t)sum.n[k]));
	return o;
}

static json_t *ledger(struct noon_tsa_service *s)
{
	struct noon_ledger_head head;
	char hash[2 * NOON_LEDGER_HASH_LEN + 1];
	char error[160];
	uint64_t failures = 0;

	noon_ledger_writer_report(&s->writer, &head, &failures, error, sizeof(error));
	noon_text_hex(noon_bytes_of(head.hash, sizeof(head.hash)), hash);
	return json_pack("{s:s, s:I, s:s, s:I, s:s}", "path", s->conf.ledger, "entries",
			 (json_int_t)head.seq, "head", hash, "failures", (json_int_t)failures,
			 "error", error);
}

static json_t *policies(struct noon_tsa_service *s)
{
	const struct noon_tsa_clock clock = noon_serial_allocator_clock(&s->serials);
	json_t *list = json_array();

	for (size_t i = 0; i < s->conf.machine.n_policies; i++) {
		const struct noon_tsa_policy *p = &s->conf.machine.policy[i];
		struct noon_tsa_date d;
		const struct noon_tsa_refusal no = noon_tsa_date(
			&s->conf.machine, i, &clock, noon_serial_allocator_last(&s->serials), &d);
		const bool fit = no.fail == NOON_TSP_FAIL_NONE;
		char oid[NOON_OID_TEXT_MAX];
		json_t *o;

		noon_oid_format(noon_bytes_of(p->oid, p->oid_n), oid, sizeof(oid));
		o = json_pack("{s:s, s:f, s:b, s:b}", "oid", oid, "accuracy_s",
			      noon_dur_to_s(p->accuracy), "ordering", (int)p->ordering, "fit",
			      (int)fit);
		(void)json_object_set_new(o, fit ? "accuracy_now_s" : "why",
					  fit ? json_real(noon_dur_to_s(d.accuracy))
					      : json_string(no.text));
		(void)json_array_append_new(list, o);
	}
	return list;
}

json_t *noon_tsa_service_status(struct noon_tsa_service *s)
{
	const struct noon_ts_signer_info *i;
	char hash[2 * sizeof(i->cert_hash) + 1];
	json_t *key;

	if (s == NULL)
		return json_null();
	i = noon_ts_signer_info(s->key.signer);
	noon_text_hex(noon_bytes_of(i->cert_hash, sizeof(i->cert_hash)), hash);
	key = json_pack("{s:s, s:s, s:s, s:I}", "subject", i->subject, "algorithm", i->algorithm,
			"sha256", hash, "not_after", (json_int_t)i->not_after_s);
	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "policies", policies(s), "answers",
			 outcomes(s), "http", http(s), "ledger", ledger(s), "key", key);
}

void noon_tsa_service_free(struct noon_tsa_service *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n_workers; i++)
		noon_tsa_worker_stop(&s->worker[i]);
	noon_ledger_writer_close(&s->writer);
	for (size_t i = 0; i < s->n_workers; i++)
		noon_tsa_worker_fini(&s->worker[i]);
	free(s->worker);
	noon_ts_signer_free(s->key.signer);
	noon_serial_allocator_fini(&s->serials);
	(void)pthread_mutex_destroy(&s->key.lock);
	free(s);
}
