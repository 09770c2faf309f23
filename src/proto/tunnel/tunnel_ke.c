/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/tunnel/tunnel_ke.h"

#include <assert.h>
#include <string.h>

#include "proto/tunnel/tunnel.h"

#define EXPORTER     "EXPORTER-noonmark-tunnel"
#define EXPORTER_PTP "EXPORTER-noonmark-ptp"

struct noon_tunnel_ke_terms noon_tunnel_ke_terms_of(const struct noon_tunnel_conf *c)
{
	const size_t n = noon_ip_addr_len(c->inner.version);
	struct noon_tunnel_ke_terms t = {.version = c->inner.version,
					 .form = {.key_len = (uint8_t)c->key_len,
						  .extended = c->extended,
						  .ah = c->ah,
						  .udp = c->udp}};

	memcpy(t.initiator, c->is_initiator ? c->inner.src : c->inner.dst, n);
	memcpy(t.responder, c->is_initiator ? c->inner.dst : c->inner.src, n);
	return t;
}

noon_err noon_tunnel_ke_init(struct noon_tunnel_ke *x, const struct noon_tunnel_ke_conf *conf,
			     noon_time now)
{
	struct noon_tls *tls = NULL;
	const noon_err err = noon_tls_new(conf->tls, &conf->peer, &tls);

	assert(conf->asks || conf->judge);
	if (err)
		return err;
	noon_ntske_stream_init(&x->stream, tls, NOON_TUNNEL_KE_BYTES_MAX, conf->time_limit, now);
	x->asks = conf->asks;
	x->terms = conf->terms;
	x->epoch = conf->floor;
	x->judge = conf->judge;
	x->arg = conf->arg;
	x->refusal = 0;
	x->has_form = false;
	x->why = (struct noon_tls_why){.err = NOON_OK};
	x->reason[0] = '\0';
	noon_wipe(&x->secret, sizeof(x->secret));
	if (x->asks)
		(void)noon_ntske_stream_handshake(&x->stream); /* the ClientHello */
	return NOON_OK;
}

void noon_tunnel_ke_fini(struct noon_tunnel_ke *x)
{
	noon_ntske_stream_finish(&x->stream, NOON_KE_CLOSED);
	noon_ntske_stream_fini(&x->stream);
	noon_wipe(&x->secret, sizeof(x->secret));
}

/* The secret of what was agreed on: the request as it would be with the final epoch, or the request
 * and the answer. */
static noon_err derive(struct noon_tunnel_ke *x)
{
	uint8_t raw[NOON_TUNNEL_KE_MESSAGE_MAX];
	struct noon_wr context = noon_wr_over(raw, sizeof(raw));
	noon_err err = noon_tunnel_ke_request_write(&context, &x->terms, x->epoch);

	if (!err && x->terms.is_ptp)
		err = noon_tunnel_ke_key_write(&context, &x->key);
	err = err ? err : noon_tls_peer_owner(x->stream.tls, x->owner);
	err = err ? err : noon_tls_peer_validity(x->stream.tls, &x->valid_from_s, &x->valid_till_s);
	return err ? err
		   : noon_tls_export(x->stream.tls, x->terms.is_ptp ? EXPORTER_PTP : EXPORTER,
				     noon_wr_written(&context), x->secret.key,
				     sizeof(x->secret.key));
}

static noon_err say(struct noon_tunnel_ke *x, const struct noon_wr *wr)
{
	return noon_tls_write(x->stream.tls, noon_wr_written(wr));
}

/* ---- the end that asks ---- */

static void ask(struct noon_tunnel_ke *x)
{
	uint8_t raw[NOON_TUNNEL_KE_MESSAGE_MAX];
	struct noon_wr wr = noon_wr_over(raw, sizeof(raw));

	if (noon_tunnel_ke_request_write(&wr, &x->terms, x->epoch) || say(x, &wr))
		noon_ntske_stream_finish(&x->stream, NOON_KE_INTERNAL);
}

static enum noon_ntske_outcome take_reply(struct noon_tunnel_ke *x,
					  const struct noon_tunnel_ke_message *m)
{
	if (m->is_refusal) {
		x->refusal = m->refusal;
		x->has_form = m->has_form;
		x->form = m->terms.form;
		return NOON_KE_PEER_ERROR;
	}
	/* An epoch below the floor could be one that this end has used. */
	if (x->terms.is_ptp ? !m->has_key : !m->has_epoch || m->epoch < x->epoch)
		return NOON_KE_BAD_REPLY;
	x->epoch = m->epoch;
	x->key = m->key;
	return derive(x) ? NOON_KE_INTERNAL : NOON_KE_DONE;
}

/* ---- the end that answers ---- */

static enum noon_ntske_outcome refuse(struct noon_tunnel_ke *x, enum noon_ntske_outcome why,
				      uint16_t code, const struct noon_tunnel_ke_form *ours)
{
	uint8_t raw[NOON_TUNNEL_KE_MESSAGE_MAX];
	struct noon_wr wr = noon_wr_over(raw, sizeof(raw));

	x->refusal = code;
	if (noon_tunnel_ke_refusal_write(&wr, code, ours) || say(x, &wr))
		return NOON_KE_INTERNAL;
	return why;
}

/* Take over what the owner says, and write the reply. */
static enum noon_ntske_outcome agree(struct noon_tunnel_ke *x,
				     const struct noon_tunnel_ke_message *m,
				     const struct noon_tunnel_ke_answer *a)
{
	uint8_t raw[NOON_TUNNEL_KE_MESSAGE_MAX];
	struct noon_wr wr = noon_wr_over(raw, sizeof(raw));
	noon_err err;

	x->terms = m->terms;
	x->epoch = m->has_ptp ? 0 : m->epoch > a->floor ? m->epoch : a->floor;
	x->key = a->key;
	if (x->epoch > NOON_TUNNEL_EPOCH_MAX || derive(x))
		return refuse(x, NOON_KE_INTERNAL, NOON_TUNNEL_KE_INTERNAL, NULL);
	err = x->terms.is_ptp ? noon_tunnel_ke_key_write(&wr, &x->key)
			      : noon_tunnel_ke_reply_write(&wr, x->epoch);
	return err || say(x, &wr) ? NOON_KE_INTERNAL : NOON_KE_DONE;
}

static enum noon_ntske_outcome take_request(struct noon_tunnel_ke *x,
					    const struct noon_tunnel_ke_message *m)
{
	const bool is_tunnel = m->has_tunnel && m->has_form && m->has_epoch && !m->has_ptp;
	const bool is_ptp = m->has_ptp && !m->has_tunnel && !m->has_form && !m->has_epoch;
	struct noon_tunnel_ke_answer a;

	if (is_tunnel == is_ptp || m->is_refusal || m->has_key)
		return refuse(x, NOON_KE_BAD_REQUEST, NOON_TUNNEL_KE_BAD_REQUEST, NULL);
	a = x->judge(x->arg, x->stream.tls, &m->terms);
	return a.is_refused ? refuse(x, NOON_KE_NO_PROTOCOL, a.code, a.ours) : agree(x, m, &a);
}

/* ---- both ---- */

static enum noon_ntske_outcome judge(struct noon_tunnel_ke *x, bool trailing)
{
	struct noon_tunnel_ke_message m;
	const noon_err err = noon_tunnel_ke_read(noon_bytes_of(x->stream.buf, x->stream.n), &m);

	if (err == NOON_ERR_UNSUPPORTED)
		return x->asks ? NOON_KE_UNKNOWN_CRITICAL
			       : refuse(x, NOON_KE_UNKNOWN_CRITICAL,
					NOON_TUNNEL_KE_UNKNOWN_CRITICAL, NULL);
	if (err || trailing)
		return x->asks ? NOON_KE_BAD_REPLY
			       : refuse(x, NOON_KE_BAD_REQUEST, NOON_TUNNEL_KE_BAD_REQUEST, NULL);
	return x->asks ? take_reply(x, &m) : take_request(x, &m);
}

static void advance(struct noon_tunnel_ke *x)
{
	enum noon_ntske_outcome o;
	noon_err err;

	if (noon_ntske_stream_handshake(&x->stream) && x->asks)
		ask(x);
	err = noon_ntske_stream_collect(&x->stream);
	if (err == NOON_ERR_EMPTY)
		return;
	o = judge(x, err == NOON_ERR_FORMAT);
	if (o != NOON_KE_DONE)
		noon_wipe(&x->secret, sizeof(x->secret));
	noon_ntske_stream_finish(&x->stream, o);
}

static void flush(struct noon_tunnel_ke *x, struct noon_actions *out)
{
	if (x->stream.tls)
		x->why = *noon_tls_why(x->stream.tls);
	noon_ntske_stream_flush(&x->stream, out);
}

void noon_tunnel_ke_on_packet(struct noon_tunnel_ke *x, const struct noon_rx *rx,
			      struct noon_actions *out)
{
	noon_ntske_stream_feed(&x->stream, rx->data, rx->now);
	advance(x);
	flush(x, out);
}

void noon_tunnel_ke_on_sent(struct noon_tunnel_ke *x, uint32_t token, noon_time sent,
			    struct noon_actions *out)
{
	(void)x;
	(void)token;
	(void)sent;
	(void)out;
}

void noon_tunnel_ke_on_timer(struct noon_tunnel_ke *x, noon_time now, struct noon_actions *out)
{
	noon_ntske_stream_tick(&x->stream, now);
	flush(x, out);
}

noon_time noon_tunnel_ke_deadline(const struct noon_tunnel_ke *x)
{
	return noon_ntske_stream_deadline(&x->stream);
}

enum noon_ntske_outcome noon_tunnel_ke_outcome(const struct noon_tunnel_ke *x)
{
	return x->stream.outcome;
}

/* Append to the reason, as much as fits. */
static void say_word(struct noon_tunnel_ke *x, const char *word)
{
	size_t n = strlen(x->reason);

	for (; *word != '\0' && n + 1 < sizeof(x->reason); word++)
		x->reason[n++] = *word;
	x->reason[n] = '\0';
}

static void say_difference(struct noon_tunnel_ke *x, bool differs, const char *what)
{
	if (!differs)
		return;
	say_word(x, " ");
	say_word(x, what);
}

static const char *say_form(struct noon_tunnel_ke *x)
{
	const struct noon_tunnel_ke_form *const ours = &x->terms.form, *const its = &x->form;

	x->reason[0] = '\0';
	say_word(x, "the ends differ: the other one has");
	say_difference(x, its->key_len != ours->key_len,
		       its->key_len == 32 ? "encryption aes256gcm16" : "encryption aes128gcm16");
	say_difference(x, its->extended != ours->extended,
		       its->extended ? "esn true" : "esn false");
	say_difference(x, its->ah != ours->ah, its->ah ? "ah true" : "ah false");
	say_difference(x, its->udp != ours->udp,
		       its->udp ? "encapsulation udp" : "encapsulation none");
	return x->reason;
}

static const char *say_refusal(struct noon_tunnel_ke *x)
{
	switch (x->refusal) {
	case NOON_TUNNEL_KE_ROOM:
		return "the other end has no room for another receiver";
	case NOON_TUNNEL_KE_NO_TUNNEL:
		if (x->terms.is_ptp)
			return "the other end gives out no keys of this PTP domain";
		return "the other end has no tunnel with this end as initiator and these inner "
		       "addresses";
	case NOON_TUNNEL_KE_NAME:
		if (x->terms.is_ptp)
			return "the other end gave this clockIdentity to another certificate, or "
			       "gives nothing to this one";
		return "the other end expects a certificate of another name";
	case NOON_TUNNEL_KE_FORM:
		if (x->has_form)
			return say_form(x);
		return "the ends differ";
	default:
		return "the other end refused";
	}
}

const char *noon_tunnel_ke_reason(struct noon_tunnel_ke *x)
{
	if (x->why.reason != NOON_TLS_WHY_NONE && x->why.text[0])
		return x->why.text;
	if (x->stream.outcome == NOON_KE_PEER_ERROR)
		return say_refusal(x);
	return noon_ntske_outcome_text(x->stream.outcome);
}

noon_err noon_tunnel_ke_result(const struct noon_tunnel_ke *x, struct noon_tunnel_ke_result *ret)
{
	if (x->stream.outcome != NOON_KE_DONE)
		return NOON_ERR_STATE;
	*ret = (struct noon_tunnel_ke_result){.terms = x->terms,
					      .epoch = x->epoch,
					      .key = x->key,
					      .valid_from_s = x->valid_from_s,
					      .valid_till_s = x->valid_till_s,
					      .secret = x->secret};
	memcpy(ret->owner, x->owner, sizeof(ret->owner));
	return NOON_OK;
}
