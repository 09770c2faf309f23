/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/stamp/stamper.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "platform/file.h"
#include "tools/core/digest_file.h"
#include "tools/stamp/stamp_output.h"

/* The rate at which two of the machine's clocks may diverge while authorities are queried. */
#define DRIFT 500e-6
/* Less may be an interruption while the clocks were read. */
#define SLEEP_MIN NOON_MS(1)

static noon_time now(void *arg)
{
	struct noon_stamper *s = arg;

	return noon_clock_now(s->clock);
}

noon_err noon_stamper_init(struct noon_stamper *s, const struct noon_stamper_conf *conf,
			   struct noon_ts_why *ret_why)
{
	const struct noon_ts_trust_conf trust = {.ca = conf->ca, .untrusted = conf->untrusted};
	noon_err err;

	memset(s, 0, sizeof(*s));
	s->conf = *conf;
	noon_entropy_init(&s->entropy);
	err = noon_clock_system_new(false, &s->clock);
	(void)snprintf(ret_why->text, sizeof(ret_why->text), "%s", noon_err_text(err));
	if (!err && conf->ca != NULL)
		err = noon_ts_trust_load(&trust, &s->trust, ret_why);
	for (size_t i = 0; i < conf->n_tsas && !err; i++) {
		const struct noon_http_post_conf post = {
			.url = conf->tsa[i],
			.type = NOON_TSP_QUERY_TYPE,
			.reply_type = NOON_TSP_REPLY_TYPE,
			.tls_ca = conf->tls_ca,
			.family = AF_UNSPEC,
			.timeout = conf->timeout,
			.now = now,
			.arg = s,
		};

		err = noon_http_post_new(&post, &s->post[i]);
		if (err)
			(void)snprintf(ret_why->text, sizeof(ret_why->text), "%.200s: %s",
				       conf->tsa[i], noon_err_text(err));
	}
	return err;
}

void noon_stamper_fini(struct noon_stamper *s)
{
	for (size_t i = 0; i < s->conf.n_tsas; i++)
		noon_http_post_free(s->post[i]);
	noon_ts_trust_free(s->trust);
	noon_clock_free(s->clock);
	noon_entropy_fini(&s->entropy);
}

/* --- paths of tokens --- */

/* Before any request: a token that could not be kept would be useless. */
static bool find_room(struct noon_stamper *s, const char *file, struct noon_ts_why *why)
{
	struct stat st;

	for (size_t i = 0; i < s->conf.n_tsas; i++) {
		if (!noon_stamp_output_name(&s->conf, file, i, s->stamp[i].path)) {
			(void)snprintf(why->text, sizeof(why->text), "the name is too long");
			return false;
		}
		if (!s->conf.force && lstat(s->stamp[i].path, &st) == 0) {
			(void)snprintf(why->text, sizeof(why->text),
				       "%.200s is there already (--force replaces)",
				       s->stamp[i].path);
			return false;
		}
	}
	return true;
}

static bool keep(struct noon_stamper *s, struct noon_stamp *stamp, struct noon_bytes reply)
{
	const struct noon_bytes data = s->conf.token ? stamp->token.answer.token : reply;
	const noon_err err = s->conf.force ? noon_file_replace(stamp->path, data, 0644)
					   : noon_file_create(stamp->path, data, 0644);

	stamp->kept = !err;
	if (err)
		(void)snprintf(stamp->why, sizeof(stamp->why), "%.240s: %s", stamp->path,
			       strerror(errno));
	return !err;
}

/* --- requests --- */

/* @return false if a good token could not be kept */
static bool ask(struct noon_stamper *s, size_t i, const uint8_t *value)
{
	struct noon_stamp *stamp = &s->stamp[i];
	uint8_t request[NOON_TSP_REQUEST_MAX];
	struct noon_http_answer reply;
	struct noon_tsp_ask question;

	if (noon_tsp_ask_init(&question, s->conf.digest, value, s->conf.policy, &s->entropy.rng)) {
		(void)snprintf(stamp->why, sizeof(stamp->why), "the policy is no identifier");
		return true;
	}
	s->asked++;
	stamp->asleep = noon_clock_asleep();
	if (noon_http_post_send(s->post[i], noon_tsp_ask_write(&question, request), &reply,
				stamp->why))
		return true;
	stamp->answered = true;
	stamp->t1 = reply.t1;
	stamp->t4 = reply.t4;
	noon_tsp_token_judge(reply.body, &question, s->trust, NULL, &stamp->token);
	return !stamp->token.good || keep(s, stamp, reply.body);
}

/* UTC - h when a token was made, at `at`: between request and answer. During suspension h stops, so
 * that UTC - h changes. */
static void vote(struct noon_stamp *stamp, noon_time at, noon_dur asleep, struct noon_vote *v)
{
	const noon_dur slept = noon_sat_sub(asleep, stamp->asleep);
	noon_time earliest, latest;

	stamp->slept = slept > SLEEP_MIN;
	v->has_interval = noon_tsp_info_interval(&stamp->token.answer.info, &earliest, &latest);
	if (!v->has_interval)
		return;
	v->has_interval = !stamp->slept;
	const noon_dur drift = noon_dur_scale_out(noon_time_diff(at, stamp->t1), DRIFT);

	v->lower = noon_sat_sub(noon_time_diff(earliest, stamp->t4), drift);
	v->upper = noon_sat_add(noon_time_diff(latest, stamp->t1), drift);
	if (slept > 0)
		v->upper = noon_sat_add(v->upper, slept);
}

static void count(struct noon_stamper *s)
{
	const noon_time at = noon_clock_now(s->clock);
	const noon_dur asleep = noon_clock_asleep();
	struct noon_vote offset[NOON_STAMPER_TSAS_MAX];
	struct noon_vote date[NOON_STAMPER_TSAS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < s->conf.n_tsas; i++) {
		struct noon_stamp *stamp = &s->stamp[i];
		noon_time from, to;

		if (!stamp->token.good || !stamp->kept)
			continue;
		offset[n] = (struct noon_vote){.token = i, .who = &stamp->token.verdict.signer};
		date[n] = offset[n];
		vote(stamp, at, asleep, &offset[n]);
		date[n].has_interval =
			noon_tsp_info_interval(&stamp->token.answer.info, &from, &to);
		if (date[n].has_interval) {
			date[n].lower = from.ns;
			date[n].upper = to.ns;
		}
		n++;
	}
	noon_quorum_count(offset, n, &s->offsets);
	s->latest = noon_quorum_upper(date, n, s->conf.quorum);
}

enum noon_stamper_result noon_stamper_run(struct noon_stamper *s, const char *file,
					  struct noon_ts_why *ret_why)
{
	uint8_t value[NOON_DIGEST_MAX];
	bool all_kept = true;

	memset(s->stamp, 0, sizeof(s->stamp));
	memset(&s->offsets, 0, sizeof(s->offsets));
	s->latest = NOON_DUR_MAX;
	if (!find_room(s, file, ret_why))
		return NOON_STAMPER_FAILED;
	if (noon_digest_file(file, s->conf.digest, value)) {
		(void)snprintf(ret_why->text, sizeof(ret_why->text), "%s", strerror(errno));
		return NOON_STAMPER_FAILED;
	}
	for (size_t i = 0; i < s->conf.n_tsas; i++)
		all_kept = ask(s, i, value) && all_kept;
	count(s);
	if (!all_kept) {
		(void)snprintf(ret_why->text, sizeof(ret_why->text), "a token was not kept");
		return NOON_STAMPER_FAILED;
	}
	return s->offsets.agreeing >= s->conf.quorum ? NOON_STAMPER_REACHED : NOON_STAMPER_MISSED;
}
