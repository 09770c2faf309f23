/* SPDX-License-Identifier: Apache-2.0
 *
 * The plain part: header in, header out. What NTS adds is in nts_server.c.
 */
#include "proto/ntp/ntp_server.h"

#include <string.h>

#include "proto/ntp/nts_server_priv.h"
#include "proto/nts/nts_packet.h"

/* Versions 3 and 4 are served. Version 5 is a draft with another header, 1 and 2 have been
 * obsolete since 1992: none of them gets a reply. */
#define VERSION_MIN 3
#define VERSION_MAX 4

noon_err noon_ntp_server_init(struct noon_ntp_server *s, struct noon_rng *rng,
			      struct noon_nts_keys *keys)
{
	static const enum noon_aead_id ids[2] = {NOON_AEAD_SIV_CMAC_256, NOON_AEAD_GCM_SIV_128};
	const uint8_t key[NOON_AEAD_KEY_MAX] = {0};
	noon_err err = NOON_OK;

	memset(s, 0, sizeof(*s));
	s->rng = rng;
	s->keys = keys;
	for (size_t i = 0; i < 2 && !err; i++)
		err = noon_aead_init(&s->cipher[i], ids[i],
				     noon_bytes_of(key, noon_aead_key_len(ids[i])));
	if (err)
		noon_ntp_server_fini(s);
	return err;
}

void noon_ntp_server_fini(struct noon_ntp_server *s)
{
	for (size_t i = 0; i < 2; i++)
		noon_aead_fini(&s->cipher[i]);
	noon_wipe(s, sizeof(*s));
}

static enum noon_verdict check_request(struct noon_bytes request, struct noon_ntp_header *ret)
{
	struct noon_rd rd = noon_rd_bytes(request);

	if (request.n > NOON_NTP_PACKET_MAX)
		return NOON_VERDICT_LONG;
	if (noon_ntp_header_get(&rd, ret))
		return NOON_VERDICT_SHORT;
	if (ret->mode != NOON_NTP_MODE_CLIENT)
		return NOON_VERDICT_MODE;
	if (ret->version < VERSION_MIN || ret->version > VERSION_MAX)
		return NOON_VERDICT_VERSION;
	return NOON_VERDICT_ACCEPTED;
}

static struct noon_ntp_header reply_header(const struct noon_ntp_server *s,
					   const struct noon_ntp_header *request,
					   noon_time received, noon_time transmit)
{
	const struct noon_ntp_server_clock *c = &s->clock;
	struct noon_ntp_header h = {
		.leap = c->has_time ? (uint8_t)c->leap : NOON_LEAP_UNKNOWN,
		.version = request->version,
		.mode = NOON_NTP_MODE_SERVER,
		.stratum = c->has_time ? c->stratum : 0,
		.poll = request->poll,
		.precision = c->precision,
		.root_delay = noon_ntp_short_from_dur(c->root_delay),
		.root_disp = noon_ntp_short_from_dur(c->root_disp),
		.ref_id = c->has_time ? c->ref_id : NOON_KISS_INIT,
		.reference = c->has_time ? noon_ntp_ts_from_time(c->reference) : 0,
		.origin = request->transmit,
		.receive = noon_ntp_ts_from_time(received),
		.transmit = noon_ntp_ts_from_time(transmit),
	};

	return h;
}

static enum noon_verdict reply_plain(const struct noon_ntp_header *reply, struct noon_wr *out)
{
	return noon_ntp_header_put(out, reply) ? NOON_VERDICT_LONG : NOON_VERDICT_ACCEPTED;
}

static enum noon_verdict answer(struct noon_ntp_server *s, struct noon_bytes request,
				noon_time received, noon_time transmit, struct noon_wr *out)
{
	struct noon_ntp_header header;
	struct noon_ntp_header reply;
	struct noon_nts_packet packet;
	enum noon_verdict v = check_request(request, &header);

	if (v != NOON_VERDICT_ACCEPTED)
		return v;
	reply = reply_header(s, &header, received, transmit);
	if (request.n == NOON_NTP_HEADER_LEN)
		return reply_plain(&reply, out);
	/* Version 3 knows no extension fields: anything behind the header is a MAC. */
	if (header.version < 4)
		return NOON_VERDICT_AUTH;
	v = noon_nts_packet_parse(request, &packet);
	if (v != NOON_VERDICT_ACCEPTED)
		return v;
	if (packet.has_nts)
		return noon_nts_server_reply(s, &packet, &reply, out);
	/* We share no symmetric keys with anybody, so a MAC cannot be answered in kind. */
	return packet.has_mac ? NOON_VERDICT_AUTH : reply_plain(&reply, out);
}

enum noon_verdict noon_ntp_server_reply(struct noon_ntp_server *s, struct noon_bytes request,
					noon_time received, noon_time transmit, struct noon_wr *out)
{
	const enum noon_verdict v = answer(s, request, received, transmit, out);

	noon_counters_add(&s->counters, v);
	return v;
}

enum noon_verdict noon_ntp_server_kiss_rate(struct noon_ntp_server *s, struct noon_bytes request,
					    struct noon_wr *out)
{
	struct noon_ntp_header header;
	enum noon_verdict v = check_request(request, &header);

	if (v == NOON_VERDICT_ACCEPTED) {
		const struct noon_ntp_header kiss = {
			.leap = NOON_LEAP_UNKNOWN,
			.version = header.version,
			.mode = NOON_NTP_MODE_SERVER,
			.poll = header.poll,
			.precision = s->clock.precision,
			.ref_id = NOON_KISS_RATE,
			.origin = header.transmit,
		};

		v = noon_ntp_header_put(out, &kiss) ? NOON_VERDICT_LONG : NOON_VERDICT_RATE;
	}
	noon_counters_add(&s->counters, v);
	return v;
}
