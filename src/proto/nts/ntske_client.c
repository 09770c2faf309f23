/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/nts/ntske_client.h"

#include <assert.h>

#include "proto/nts/ntske_response.h"
#include "wire/ntske.h"

#define REQUEST_MAX 64 /* bytes of the request: four or five small records */

static noon_err take_offer(struct noon_ntske_client *c, const struct noon_ntske_client_conf *conf)
{
	size_t i;

	assert(conf->n_aeads <= NOON_NTSKE_AEADS);
	c->n_offer = conf->n_aeads ? conf->n_aeads : 2;
	c->offer[0] = NOON_AEAD_SIV_CMAC_256;
	c->offer[1] = NOON_AEAD_GCM_SIV_128;
	for (i = 0; i < conf->n_aeads; i++) {
		if (noon_aead_key_len(conf->aead[i]) == 0)
			return NOON_ERR_UNSUPPORTED;
		c->offer[i] = (uint16_t)conf->aead[i];
	}
	return c->n_offer == 2 && c->offer[0] == c->offer[1] ? NOON_ERR_UNSUPPORTED : NOON_OK;
}

noon_err noon_ntske_client_init(struct noon_ntske_client *c,
				const struct noon_ntske_client_conf *conf, noon_time now)
{
	struct noon_tls *tls = NULL;
	noon_err err = take_offer(c, conf);

	if (!err)
		err = noon_tls_new(conf->tls, &conf->peer, &tls);
	if (err)
		return err;
	noon_ntske_stream_init(&c->stream, tls, 0, conf->time_limit, now);
	c->peer_code = 0;
	c->why = (struct noon_tls_why){.err = NOON_OK};
	noon_nts_session_wipe(&c->session);
	/* The ClientHello; a failure here stays for the first call of a verb. */
	(void)noon_ntske_stream_handshake(&c->stream);
	return NOON_OK;
}

void noon_ntske_client_fini(struct noon_ntske_client *c)
{
	noon_ntske_stream_finish(&c->stream, NOON_KE_CLOSED);
	noon_ntske_stream_fini(&c->stream);
	noon_nts_session_wipe(&c->session);
}

static noon_err write_request(const struct noon_ntske_client *c, struct noon_wr *wr)
{
	const uint16_t ntpv4 = NOON_NTSKE_NTPV4;
	noon_err err = noon_ntske_wr_items(wr, true, NOON_NTSKE_NEXT_PROTOCOL, &ntpv4, 1);
	size_t i;

	if (!err)
		err = noon_ntske_wr_items(wr, true, NOON_NTSKE_AEAD, c->offer, c->n_offer);
	for (i = 0; !err && i < c->n_offer; i++)
		if (c->offer[i] == NOON_AEAD_GCM_SIV_128)
			err = noon_ntske_wr(wr, false, NOON_NTSKE_COMPLIANT_EXPORTER,
					    noon_bytes_of(NULL, 0));
	return err ? err : noon_ntske_wr_end(wr);
}

static void ask(struct noon_ntske_client *c)
{
	uint8_t buf[REQUEST_MAX];
	struct noon_wr wr = noon_wr_over(buf, sizeof(buf));

	if (write_request(c, &wr) || noon_tls_write(c->stream.tls, noon_wr_written(&wr)))
		noon_ntske_stream_finish(&c->stream, NOON_KE_INTERNAL);
}

static void take_answer(struct noon_ntske_client *c, bool trailing)
{
	const struct noon_bytes message = noon_bytes_of(c->stream.buf, c->stream.n);
	struct noon_ntske_response res;
	enum noon_ntske_outcome judged;

	judged = noon_ntske_response_judge(message, c->offer, c->n_offer, &res, &c->session);
	c->peer_code = res.peer_code;
	if (judged == NOON_KE_DONE && trailing)
		judged = NOON_KE_BAD_REPLY;
	if (judged == NOON_KE_DONE &&
	    (noon_ntske_stream_keys(&c->stream, c->session.aead, res.compliant, &c->session.keys) ||
	     noon_tls_peer_key(c->stream.tls, c->session.server_key)))
		judged = NOON_KE_INTERNAL;
	if (judged != NOON_KE_DONE)
		noon_nts_session_wipe(&c->session);
	noon_ntske_stream_finish(&c->stream, judged);
}

static void flush(struct noon_ntske_client *c, struct noon_actions *out)
{
	if (c->stream.tls)
		c->why = *noon_tls_why(c->stream.tls);
	noon_ntske_stream_flush(&c->stream, out);
}

void noon_ntske_client_on_packet(struct noon_ntske_client *c, const struct noon_rx *rx,
				 struct noon_actions *out)
{
	noon_err err;

	noon_ntske_stream_feed(&c->stream, rx->data, rx->now);
	if (noon_ntske_stream_handshake(&c->stream))
		ask(c);
	err = noon_ntske_stream_collect(&c->stream);
	if (err != NOON_ERR_EMPTY)
		take_answer(c, err == NOON_ERR_FORMAT);
	flush(c, out);
}

void noon_ntske_client_on_sent(struct noon_ntske_client *c, uint32_t token, noon_time sent,
			       struct noon_actions *out)
{
	(void)c;
	(void)token;
	(void)sent;
	(void)out;
}

void noon_ntske_client_on_timer(struct noon_ntske_client *c, noon_time now,
				struct noon_actions *out)
{
	noon_ntske_stream_tick(&c->stream, now);
	flush(c, out);
}

noon_time noon_ntske_client_deadline(const struct noon_ntske_client *c)
{
	return noon_ntske_stream_deadline(&c->stream);
}

enum noon_ntske_outcome noon_ntske_client_outcome(const struct noon_ntske_client *c)
{
	return c->stream.outcome;
}

const char *noon_ntske_client_reason(const struct noon_ntske_client *c)
{
	return c->why.reason != NOON_TLS_WHY_NONE && c->why.text[0]
		       ? c->why.text
		       : noon_ntske_outcome_text(c->stream.outcome);
}

noon_err noon_ntske_client_result(const struct noon_ntske_client *c, struct noon_nts_session *ret)
{
	if (c->stream.outcome != NOON_KE_DONE)
		return NOON_ERR_STATE;
	*ret = c->session;
	return NOON_OK;
}
