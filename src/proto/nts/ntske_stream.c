/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/nts/ntske_stream.h"

#include <assert.h>

#include "wire/ntske.h"

#define EXPORTER "EXPORTER-network-time-security" /* RFC 8915, section 4.2 */

void noon_ntske_stream_init(struct noon_ntske_stream *st, struct noon_tls *tls, size_t max,
			    noon_dur limit, noon_time now)
{
	assert(max <= NOON_NTSKE_MESSAGE_MAX);
	st->tls = tls;
	st->now = now;
	st->limit = noon_time_add(now, limit ? limit : NOON_NTSKE_TIME_LIMIT);
	st->fed = 0;
	st->max = max ? max : NOON_NTSKE_MESSAGE_MAX;
	st->n = 0;
	st->scanned = 0;
	st->phase = NOON_NTSKE_PHASE_HANDSHAKE;
	st->outcome = NOON_KE_PENDING;
}

static void close_stream(struct noon_ntske_stream *st)
{
	noon_tls_free(st->tls);
	st->tls = NULL;
	st->phase = NOON_NTSKE_PHASE_CLOSED;
	noon_wipe(st->buf, sizeof(st->buf));
}

void noon_ntske_stream_fini(struct noon_ntske_stream *st)
{
	close_stream(st);
}

void noon_ntske_stream_feed(struct noon_ntske_stream *st, struct noon_bytes data, noon_time now)
{
	noon_ntske_stream_tick(st, now);
	if (st->phase != NOON_NTSKE_PHASE_HANDSHAKE && st->phase != NOON_NTSKE_PHASE_MESSAGE)
		return;
	if (data.n == 0) {
		noon_tls_eof(st->tls);
		return;
	}
	st->fed += data.n;
	if (st->phase == NOON_NTSKE_PHASE_HANDSHAKE && st->fed > NOON_NTSKE_HANDSHAKE_MAX)
		noon_ntske_stream_finish(st, NOON_KE_TOO_LONG);
	else if (noon_tls_feed(st->tls, data))
		noon_ntske_stream_finish(st, NOON_KE_INTERNAL);
}

static void finish_by_tls(struct noon_ntske_stream *st)
{
	noon_ntske_stream_finish(st, noon_ntske_outcome_of_tls(noon_tls_why(st->tls)->reason));
}

bool noon_ntske_stream_handshake(struct noon_ntske_stream *st)
{
	noon_err err;

	if (st->phase != NOON_NTSKE_PHASE_HANDSHAKE)
		return false;
	err = noon_tls_handshake(st->tls);
	if (err == NOON_OK) {
		st->phase = NOON_NTSKE_PHASE_MESSAGE;
		return true;
	}
	if (err != NOON_ERR_EMPTY)
		finish_by_tls(st);
	return false;
}

/* Read until there is no more or the buffer is full; says why it stopped. */
static noon_err read_plain(struct noon_ntske_stream *st)
{
	noon_err err = NOON_OK;
	size_t n = 0;

	while (!err && st->n < st->max) {
		err = noon_tls_read(st->tls, st->buf + st->n, st->max - st->n, &n);
		if (!err)
			st->n += n;
	}
	return err;
}

noon_err noon_ntske_stream_collect(struct noon_ntske_stream *st)
{
	noon_err err;

	if (st->phase != NOON_NTSKE_PHASE_MESSAGE)
		return NOON_ERR_EMPTY;
	err = read_plain(st);
	switch (noon_ntske_scan(noon_bytes_of(st->buf, st->n), st->max, &st->scanned)) {
	case NOON_NTSKE_COMPLETE:
		return NOON_OK;
	case NOON_NTSKE_TRAILING:
		return NOON_ERR_FORMAT;
	case NOON_NTSKE_TOO_LONG:
		noon_ntske_stream_finish(st, NOON_KE_TOO_LONG);
		break;
	case NOON_NTSKE_PARTIAL:
		assert(err); /* a full buffer cannot be partial */
		if (err == NOON_ERR_STATE)
			noon_ntske_stream_finish(st, NOON_KE_CLOSED);
		else if (err != NOON_ERR_EMPTY)
			finish_by_tls(st);
		break;
	}
	return NOON_ERR_EMPTY;
}

void noon_ntske_stream_finish(struct noon_ntske_stream *st, enum noon_ntske_outcome outcome)
{
	if (st->phase == NOON_NTSKE_PHASE_FLUSH || st->phase == NOON_NTSKE_PHASE_CLOSED)
		return;
	st->phase = NOON_NTSKE_PHASE_FLUSH;
	st->outcome = outcome;
	noon_tls_close(st->tls);
}

void noon_ntske_stream_tick(struct noon_ntske_stream *st, noon_time now)
{
	st->now = now;
	if (!noon_time_before(now, st->limit))
		noon_ntske_stream_finish(st, NOON_KE_TIMEOUT);
}

void noon_ntske_stream_flush(struct noon_ntske_stream *st, struct noon_actions *out)
{
	struct noon_wr wr = noon_actions_room(out);

	if (st->phase == NOON_NTSKE_PHASE_CLOSED)
		return;
	if (noon_tls_take(st->tls, &wr) > 0)
		noon_actions_send(out, &wr, 0);
	if (noon_tls_pending(st->tls) > 0) {
		noon_actions_arm(out);
		return;
	}
	if (st->phase != NOON_NTSKE_PHASE_FLUSH)
		return;
	close_stream(st);
	noon_actions_close(out, noon_ntske_outcome_err(st->outcome));
}

noon_time noon_ntske_stream_deadline(const struct noon_ntske_stream *st)
{
	if (st->phase == NOON_NTSKE_PHASE_CLOSED)
		return NOON_TIME_NEVER;
	if (st->phase == NOON_NTSKE_PHASE_FLUSH || noon_tls_pending(st->tls) > 0)
		return st->now;
	return st->limit;
}

noon_err noon_ntske_stream_keys(const struct noon_ntske_stream *st, enum noon_aead_id aead,
				bool compliant, struct noon_secret_nts_keys *ret)
{
	const bool as_siv = aead == NOON_AEAD_GCM_SIV_128 && !compliant;
	const uint8_t number = (uint8_t)(as_siv ? NOON_AEAD_SIV_CMAC_256 : aead);
	uint8_t context[] = {0, NOON_NTSKE_NTPV4, 0, number, 0};
	const struct noon_bytes c = noon_bytes_of(context, sizeof(context));
	const size_t n = noon_aead_key_len(aead);
	noon_err err;

	err = noon_tls_export(st->tls, EXPORTER, c, ret->c2s, n);
	context[4] = 1; /* server to client */
	if (!err)
		err = noon_tls_export(st->tls, EXPORTER, c, ret->s2c, n);
	if (err)
		noon_wipe(ret, sizeof(*ret));
	return err;
}
