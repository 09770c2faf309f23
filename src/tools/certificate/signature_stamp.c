/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/certificate/signature_stamp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "crypto/hash.h"
#include "http/http_post.h"
#include "platform/clock/clock.h"
#include "platform/entropy.h"

static noon_time now(void *arg)
{
	(void)arg;
	return noon_mono_now();
}

static noon_err digest(enum noon_digest d, struct noon_bytes data, uint8_t ret[NOON_DIGEST_MAX])
{
	struct noon_hash *h = NULL;
	noon_err err = noon_hash_new(d, &h);

	err = err ? err : noon_hash_add(h, data);
	err = err ? err : noon_hash_end(h, ret);
	noon_hash_free(h);
	return err;
}

static noon_err keep(struct noon_bytes token, uint8_t **ret, size_t *ret_n)
{
	uint8_t *p = malloc(token.n);

	if (p == NULL)
		return NOON_ERR_OS;
	memcpy(p, token.p, token.n);
	*ret = p;
	*ret_n = token.n;
	return NOON_OK;
}

static noon_err post(struct noon_http_post *p, const char *tsa, const struct noon_tsp_ask *ask,
		     struct noon_ts_trust *trust, uint8_t **ret, size_t *ret_n,
		     struct noon_signature_stamp_why *why)
{
	uint8_t request[NOON_TSP_REQUEST_MAX];
	char reason[NOON_HTTP_POST_WHY_MAX];
	struct noon_http_answer reply;
	struct noon_tsp_token token;

	if (noon_http_post_send(p, noon_tsp_ask_write(ask, request), &reply, reason)) {
		(void)snprintf(why->text, sizeof(why->text), "%.200s: %s", tsa, reason);
		return NOON_ERR_OS;
	}
	noon_tsp_token_judge(reply.body, ask, trust, NULL, &token);
	if (token.verified)
		return keep(token.answer.token, ret, ret_n);
	(void)snprintf(why->text, sizeof(why->text), "%.80s: no time stamp that is trusted: %s",
		       tsa, token.why);
	return NOON_ERR_AUTH;
}

noon_err noon_signature_stamp(const struct noon_signature_stamp_conf *conf,
			      struct noon_bytes signature, struct noon_ts_trust *trust,
			      uint8_t **ret, size_t *ret_n, struct noon_signature_stamp_why *why)
{
	const struct noon_http_post_conf http = {
		.url = conf->tsa,
		.type = NOON_TSP_QUERY_TYPE,
		.reply_type = NOON_TSP_REPLY_TYPE,
		.tls_ca = conf->tls_ca,
		.family = AF_UNSPEC,
		.timeout = conf->timeout,
		.now = now,
	};
	struct noon_entropy entropy;
	struct noon_http_post *p = NULL;
	uint8_t value[NOON_DIGEST_MAX];
	struct noon_tsp_ask ask;
	noon_err err = digest(NOON_DIGEST_SHA256, signature, value);

	noon_entropy_init(&entropy);
	if (!err)
		err = noon_tsp_ask_init(&ask, NOON_DIGEST_SHA256, value, conf->policy,
					&entropy.rng);
	(void)snprintf(why->text, sizeof(why->text), "time stamp: %s", noon_err_text(err));
	err = err ? err : noon_http_post_new(&http, &p);
	if (!err)
		err = post(p, conf->tsa, &ask, trust, ret, ret_n, why);
	noon_http_post_free(p);
	noon_entropy_fini(&entropy);
	return err;
}

void noon_signature_stamp_judge(struct noon_bytes token, struct noon_bytes signature,
				struct noon_ts_trust *trust, struct noon_tsp_token *ret)
{
	struct noon_tsp_ask ask = {.digest = NOON_DIGEST_SHA256};
	struct noon_tsp_answer answer;

	if (noon_tsp_answer_read(token, &answer) == NOON_TSP_REASON_GOOD)
		ask.digest = answer.info.imprint.digest;
	/* Without the digest nothing matches. */
	if (digest(ask.digest, signature, ask.value))
		memset(ask.value, 0, sizeof(ask.value));
	noon_tsp_token_judge(token, &ask, trust, NULL, ret);
}
