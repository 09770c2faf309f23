/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/tunnel/tunnel_ke_message.h"

#include <string.h>

#include "proto/tunnel/tunnel.h"
#include "wire/ntske.h"

/* Bits of a form. */
#define FORM_EXTENDED 1U
#define FORM_AH	      2U
#define FORM_UDP      4U
#define FORM_LEN      2

#define PTP_LEN 9 /* domainNumber, clockIdentity */
#define KEY_LEN 9 /* SPP, key identifier, seconds */

/* ---- write ---- */

static noon_err write_tunnel(struct noon_wr *wr, const struct noon_tunnel_ke_terms *t)
{
	const size_t n = noon_ip_addr_len(t->version);
	uint8_t body[1 + 2 * 16];

	body[0] = t->version;
	memcpy(body + 1, t->initiator, n);
	memcpy(body + 1 + n, t->responder, n);
	return noon_ntske_wr(wr, true, NOON_NTSKE_TUNNEL, noon_bytes_of(body, 1 + 2 * n));
}

static noon_err write_form(struct noon_wr *wr, bool critical, const struct noon_tunnel_ke_form *f)
{
	const uint8_t body[FORM_LEN] = {f->key_len,
					(uint8_t)((f->extended ? FORM_EXTENDED : 0) |
						  (f->ah ? FORM_AH : 0) | (f->udp ? FORM_UDP : 0))};

	return noon_ntske_wr(wr, critical, NOON_NTSKE_TUNNEL_FORM,
			     noon_bytes_of(body, sizeof(body)));
}

static noon_err write_epoch(struct noon_wr *wr, uint64_t epoch)
{
	uint8_t body[8];
	struct noon_wr at = noon_wr_over(body, sizeof(body));
	const noon_err err = noon_wr_u64(&at, epoch);

	return err ? err
		   : noon_ntske_wr(wr, true, NOON_NTSKE_TUNNEL_EPOCH,
				   noon_bytes_of(body, sizeof(body)));
}

static noon_err write_ptp(struct noon_wr *wr, const struct noon_tunnel_ke_terms *t)
{
	uint8_t body[PTP_LEN];

	body[0] = t->domain;
	memcpy(body + 1, t->clock, sizeof(t->clock));
	return noon_ntske_wr(wr, true, NOON_NTSKE_PTP, noon_bytes_of(body, sizeof(body)));
}

noon_err noon_tunnel_ke_request_write(struct noon_wr *wr, const struct noon_tunnel_ke_terms *terms,
				      uint64_t epoch)
{
	noon_err err = terms->is_ptp ? write_ptp(wr, terms) : write_tunnel(wr, terms);

	if (!err && !terms->is_ptp)
		err = write_form(wr, true, &terms->form);
	if (!err && !terms->is_ptp)
		err = write_epoch(wr, epoch);
	return err ? err : noon_ntske_wr_end(wr);
}

noon_err noon_tunnel_ke_reply_write(struct noon_wr *wr, uint64_t epoch)
{
	const noon_err err = write_epoch(wr, epoch);

	return err ? err : noon_ntske_wr_end(wr);
}

noon_err noon_tunnel_ke_key_write(struct noon_wr *wr, const struct noon_tunnel_ke_key *key)
{
	uint8_t body[KEY_LEN];
	struct noon_wr at = noon_wr_over(body, sizeof(body));
	noon_err err = noon_wr_u8(&at, key->spp);

	err = err ? err : noon_wr_u32(&at, key->id);
	err = err ? err : noon_wr_u32(&at, key->life_s);
	err = err ? err
		  : noon_ntske_wr(wr, true, NOON_NTSKE_PTP_KEY, noon_bytes_of(body, sizeof(body)));
	return err ? err : noon_ntske_wr_end(wr);
}

noon_err noon_tunnel_ke_refusal_write(struct noon_wr *wr, uint16_t code,
				      const struct noon_tunnel_ke_form *ours)
{
	noon_err err = noon_ntske_wr_items(wr, true, NOON_NTSKE_ERROR, &code, 1);

	if (!err && ours != NULL)
		err = write_form(wr, false, ours);
	return err ? err : noon_ntske_wr_end(wr);
}

/* ---- read ---- */

static noon_err read_tunnel(struct noon_bytes body, struct noon_tunnel_ke_message *m)
{
	const uint8_t version = body.n > 0 ? body.p[0] : 0;
	const size_t n = version == 4 || version == 6 ? noon_ip_addr_len(version) : 0;

	if (m->has_tunnel || n == 0 || body.n != 1 + 2 * n)
		return NOON_ERR_FORMAT;
	m->has_tunnel = true;
	m->terms.version = version;
	memcpy(m->terms.initiator, body.p + 1, n);
	memcpy(m->terms.responder, body.p + 1 + n, n);
	return NOON_OK;
}

static noon_err read_form(struct noon_bytes body, struct noon_tunnel_ke_message *m)
{
	if (m->has_form || body.n != FORM_LEN)
		return NOON_ERR_FORMAT;
	m->has_form = true;
	m->terms.form = (struct noon_tunnel_ke_form){.key_len = body.p[0],
						     .extended = (body.p[1] & FORM_EXTENDED) != 0,
						     .ah = (body.p[1] & FORM_AH) != 0,
						     .udp = (body.p[1] & FORM_UDP) != 0};
	return NOON_OK;
}

static noon_err read_epoch(struct noon_bytes body, struct noon_tunnel_ke_message *m)
{
	struct noon_rd rd = noon_rd_bytes(body);

	if (m->has_epoch || body.n != 8 || noon_rd_u64(&rd, &m->epoch) || m->epoch == 0 ||
	    m->epoch > NOON_TUNNEL_EPOCH_MAX)
		return NOON_ERR_FORMAT;
	m->has_epoch = true;
	return NOON_OK;
}

static noon_err read_ptp(struct noon_bytes body, struct noon_tunnel_ke_message *m)
{
	if (m->has_ptp || body.n != PTP_LEN)
		return NOON_ERR_FORMAT;
	m->has_ptp = true;
	m->terms.is_ptp = true;
	m->terms.domain = body.p[0];
	memcpy(m->terms.clock, body.p + 1, sizeof(m->terms.clock));
	return NOON_OK;
}

static noon_err read_key(struct noon_bytes body, struct noon_tunnel_ke_message *m)
{
	struct noon_rd rd = noon_rd_bytes(body);

	if (m->has_key || body.n != KEY_LEN || noon_rd_u8(&rd, &m->key.spp) ||
	    noon_rd_u32(&rd, &m->key.id) || noon_rd_u32(&rd, &m->key.life_s) || m->key.id == 0 ||
	    m->key.life_s == 0)
		return NOON_ERR_FORMAT;
	m->has_key = true;
	return NOON_OK;
}

static noon_err read_refusal(struct noon_bytes body, struct noon_tunnel_ke_message *m)
{
	if (m->is_refusal || body.n != 2)
		return NOON_ERR_FORMAT;
	m->is_refusal = true;
	m->refusal = noon_ntske_item(body, 0);
	return NOON_OK;
}

static noon_err read_record(const struct noon_ntske_record *r, struct noon_tunnel_ke_message *m)
{
	switch (r->type) {
	case NOON_NTSKE_END:
		return r->body.n == 0 ? NOON_OK : NOON_ERR_FORMAT;
	case NOON_NTSKE_TUNNEL:
		return read_tunnel(r->body, m);
	case NOON_NTSKE_TUNNEL_FORM:
		return read_form(r->body, m);
	case NOON_NTSKE_TUNNEL_EPOCH:
		return read_epoch(r->body, m);
	case NOON_NTSKE_PTP:
		return read_ptp(r->body, m);
	case NOON_NTSKE_PTP_KEY:
		return read_key(r->body, m);
	case NOON_NTSKE_ERROR:
		return read_refusal(r->body, m);
	default:
		return r->critical ? NOON_ERR_UNSUPPORTED : NOON_OK;
	}
}

noon_err noon_tunnel_ke_read(struct noon_bytes message, struct noon_tunnel_ke_message *ret)
{
	struct noon_tunnel_ke_message m = {0};
	struct noon_ntske_record r = {.type = UINT16_MAX};
	struct noon_rd rd = noon_rd_bytes(message);
	noon_err err = NOON_OK;

	while (!err && r.type != NOON_NTSKE_END) {
		err = noon_ntske_rd(&rd, &r) ? NOON_ERR_FORMAT : NOON_OK;
		err = err ? err : read_record(&r, &m);
	}
	if (!err && noon_rd_left(&rd) > 0)
		err = NOON_ERR_FORMAT;
	if (!err)
		*ret = m;
	return err;
}

bool noon_tunnel_ke_form_equal(const struct noon_tunnel_ke_form *a,
			       const struct noon_tunnel_ke_form *b)
{
	return a->key_len == b->key_len && a->extended == b->extended && a->ah == b->ah &&
	       a->udp == b->udp;
}
