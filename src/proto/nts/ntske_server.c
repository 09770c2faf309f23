/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/nts/ntske_server.h"

#include <assert.h>
#include <string.h>

#include "proto/nts/ntske_priv.h"
#include "wire/ntske.h"

noon_err noon_ntske_server_init(struct noon_ntske_server *s,
				const struct noon_ntske_server_conf *conf, noon_time now)
{
	struct noon_tls *tls = NULL;
	noon_err err;

	assert(conf->make_cookie && (conf->max_bytes == 0 || conf->max_bytes >= 1024));
	if (conf->host && conf->host[0] &&
	    !noon_ntske_is_host(noon_bytes_of(conf->host, strlen(conf->host))))
		return NOON_ERR_RANGE;
	err = noon_tls_new(conf->tls, NULL, &tls);
	if (err)
		return err;
	s->conf = conf;
	noon_ntske_stream_init(&s->stream, tls, conf->max_bytes, conf->time_limit, now);
	return NOON_OK;
}

static void count(const struct noon_ntske_server *s)
{
	if (s->conf->counters)
		s->conf->counters->n[s->stream.outcome]++;
}

void noon_ntske_server_fini(struct noon_ntske_server *s)
{
	if (s->stream.phase != NOON_NTSKE_PHASE_CLOSED) {
		noon_ntske_stream_finish(&s->stream, NOON_KE_CLOSED);
		count(s);
	}
	noon_ntske_stream_fini(&s->stream);
}

/* Write the response over the request, which is not needed any more. */
static noon_err write_reply(struct noon_ntske_server *s, const struct noon_ntske_request *req,
			    enum noon_ntske_outcome judged)
{
	struct noon_secret_nts_keys keys = {.c2s = {0}};
	struct noon_wr wr = noon_wr_over(s->stream.buf, sizeof(s->stream.buf));
	noon_err err = NOON_OK;

	if (judged == NOON_KE_DONE)
		err = noon_ntske_stream_keys(&s->stream, req->aead, req->compliant, &keys);
	if (!err)
		err = noon_ntske_reply_write(s->conf, req, judged, &keys, &wr);
	noon_wipe(&keys, sizeof(keys));
	return err ? err : noon_tls_write(s->stream.tls, noon_wr_written(&wr));
}

static void answer(struct noon_ntske_server *s, bool trailing)
{
	const struct noon_bytes message = noon_bytes_of(s->stream.buf, s->stream.n);
	struct noon_ntske_request req;
	enum noon_ntske_outcome judged;

	judged = noon_ntske_request_judge(message, trailing, s->conf->gcm_siv, &req);
	if (write_reply(s, &req, judged)) {
		judged = NOON_KE_INTERNAL;
		(void)write_reply(s, &req, judged); /* nothing is left to try */
	}
	noon_ntske_stream_finish(&s->stream, judged);
}

static void advance(struct noon_ntske_server *s)
{
	noon_err err;

	(void)noon_ntske_stream_handshake(&s->stream);
	err = noon_ntske_stream_collect(&s->stream);
	if (err != NOON_ERR_EMPTY)
		answer(s, err == NOON_ERR_FORMAT);
}

static void flush(struct noon_ntske_server *s, struct noon_actions *out)
{
	const bool was_closed = s->stream.phase == NOON_NTSKE_PHASE_CLOSED;

	noon_ntske_stream_flush(&s->stream, out);
	if (!was_closed && s->stream.phase == NOON_NTSKE_PHASE_CLOSED)
		count(s);
}

void noon_ntske_server_on_packet(struct noon_ntske_server *s, const struct noon_rx *rx,
				 struct noon_actions *out)
{
	noon_ntske_stream_feed(&s->stream, rx->data, rx->now);
	advance(s);
	flush(s, out);
}

void noon_ntske_server_on_sent(struct noon_ntske_server *s, uint32_t token, noon_time sent,
			       struct noon_actions *out)
{
	(void)s;
	(void)token;
	(void)sent;
	(void)out;
}

void noon_ntske_server_on_timer(struct noon_ntske_server *s, noon_time now,
				struct noon_actions *out)
{
	noon_ntske_stream_tick(&s->stream, now);
	flush(s, out);
}

noon_time noon_ntske_server_deadline(const struct noon_ntske_server *s)
{
	return noon_ntske_stream_deadline(&s->stream);
}

enum noon_ntske_outcome noon_ntske_server_outcome(const struct noon_ntske_server *s)
{
	return s->stream.outcome;
}
