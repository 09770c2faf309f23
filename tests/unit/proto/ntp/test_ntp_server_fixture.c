/* SPDX-License-Identifier: Apache-2.0 */
#include "test_ntp_server_fixture.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

const enum noon_aead_id aeads[] = {NOON_AEAD_SIV_CMAC_256, NOON_AEAD_GCM_SIV_128};
struct ntp_world w;
struct datagram req, rep;

void for_both(body *run)
{
	for (size_t i = 0; i < 2; i++) {
		ntp_world_open(&w, aeads[i], 4000 + i);
		run();
		ntp_world_close(&w);
	}
}

enum noon_verdict ask(const struct recipe *r)
{
	recipe_write(&w, r, &req);
	return ntp_world_ask(&w, &req, &rep);
}

void expect_time(const struct recipe *r)
{
	assert_int_equal(ask(r), NOON_VERDICT_ACCEPTED);
	assert_int_equal(header_of(&rep).stratum, 2);
	assert_true(ntp_world_cookies(&w, &rep, NULL, 0) >= 1);
}

void expect_silence(const struct recipe *r, enum noon_verdict v)
{
	assert_int_equal(ask(r), v);
	assert_int_equal(rep.n, 0);
}

/* Stratum 0, kiss code NTSN, the unique identifier and nothing else. */
void assert_nak(const struct datagram *d)
{
	const struct noon_ntp_header h = header_of(d);
	struct noon_nts_packet p, q;

	assert_int_equal(h.stratum, 0);
	assert_int_equal(h.ref_id, NOON_KISS_NTSN);
	assert_int_equal(h.leap, 3);
	assert_true(h.receive == 0 && h.transmit == 0);
	assert_int_equal(noon_nts_packet_parse(noon_bytes_of(d->p, d->n), &p), 0);
	assert_int_equal(noon_nts_packet_parse(noon_bytes_of(req.p, req.n), &q), 0);
	assert_int_equal(p.n_uid, 1);
	assert_int_equal(p.uid.n, q.uid.n);
	assert_memory_equal(p.uid.p, q.uid.p, p.uid.n);
	assert_false(p.has_auth || p.n_cookie || p.n_placeholder);
	assert_int_equal(d->n, NOON_NTP_HEADER_LEN + noon_ntp_ext_len(p.uid.n));
}

void expect_nak(const struct recipe *r, enum noon_verdict v)
{
	const uint64_t before = w.server.ntsn_replies;

	assert_int_equal(ask(r), v);
	assert_nak(&rep);
	assert_int_equal(w.server.ntsn_replies, before + 1);
}
