/* SPDX-License-Identifier: Apache-2.0
 *
 * Property: whatever happens, an NTS client takes no unauthenticated sample, sends no plain
 * request and no cookie twice, and never spins.
 *
 * The input is a sequence of events in a world with a real server: timers, genuine, changed,
 * forged and replayed replies, late timestamps, sessions good and bad, rotations of keys.
 */
#include <assert.h>
#include <string.h>

#include "input.h"
#include "test_ntp_world.h"

#define EVENTS_MAX 200

static struct ntp_world w;
static struct datagram d;
static struct noon_nts_session session;
static struct noon_nts_cookie sent[EVENTS_MAX];
static size_t n_sent;
static unsigned seen_sends, seen_samples;

static bool is_genuine(struct noon_bytes cookie)
{
	struct noon_secret_nts_keys keys;
	enum noon_aead_id aead;

	return noon_nts_cookie_open(&w.keys, cookie, &aead, &keys) == NOON_OK;
}

static void check_request(void)
{
	struct noon_nts_packet p;
	const enum noon_verdict v =
		noon_nts_packet_parse(noon_bytes_of(w.request.p, w.request.n), &p);

	assert(v == NOON_VERDICT_ACCEPTED && w.request.n <= NOON_NTP_PACKET_MAX);
	if (!w.client.conf.nts) {
		assert(w.request.n == NOON_NTP_HEADER_LEN);
		return;
	}
	assert(p.n_uid == 1 && p.n_cookie == 1 && p.has_auth && !p.bad_placeholder);
	/* A hostile server may hand an old cookie out again; a genuine one never does. */
	if (!is_genuine(p.cookie))
		return;
	for (size_t i = 0; i < n_sent; i++)
		assert(sent[i].n != p.cookie.n || memcmp(sent[i].p, p.cookie.p, p.cookie.n) != 0);
	assert(n_sent < EVENTS_MAX);
	sent[n_sent].n = (uint16_t)p.cookie.n;
	memcpy(sent[n_sent++].p, p.cookie.p, p.cookie.n);
}

static void check(void)
{
	assert(noon_nts_session_is_sound(&w.client.session));
	if (w.sends != seen_sends)
		check_request();
	if (w.samples != seen_samples) {
		const struct noon_sample *s = &w.sample;

		assert(s->authenticated || !w.client.conf.nts);
		assert(!noon_time_before(s->t3, s->t2) && !noon_time_before(s->t4, s->t1));
		assert(s->server_err >= 0 && s->stamp_err >= 0 && s->root_delay >= 0);
		assert(s->stratum >= 1 && s->stratum <= 15);
	}
	seen_sends = w.sends;
	seen_samples = w.samples;
}

static void timer(void)
{
	const noon_time before = noon_ntp_client_deadline(&w.client);

	ntp_world_timer(&w);
	/* A deadline that has come leads to something. */
	if (!noon_time_is_never(before) && w.now.ns < INT64_MAX / 2)
		assert(noon_time_before(w.now, noon_ntp_client_deadline(&w.client)));
}

static void forge(struct input *in)
{
	struct noon_ntp_header h = ntp_world_header(&w);
	const uint8_t how = input_u8(in);
	struct noon_bytes fields = noon_bytes_of(in->p, 0);

	h.leap = how & 3;
	h.stratum = how & 4 ? input_u8(in) : 1;
	if (how & 8)
		h.ref_id = NOON_KISS_RATE;
	if (how & 16)
		h.receive += (noon_ntp_ts)input_i64(in);
	if (how & 32)
		h.transmit += (noon_ntp_ts)input_i64(in);
	if (how & 64) {
		h.root_delay = (uint32_t)input_i32(in);
		h.root_disp = (uint32_t)input_i32(in);
		h.precision = (int8_t)input_u8(in);
	}
	if (how & 128)
		fields = input_take(in, input_u16(in) % 1000U & ~3U);
	fields.n &= ~(size_t)3;
	if (w.client.conf.nts) {
		ntp_world_seal(&w, &h, fields, &d);
	} else {
		d.n = 48;
		header_set(&d, &h);
	}
	(void)ntp_world_deliver(&w, &d, 1000);
}

static void bad_session(struct input *in)
{
	const uint8_t how = input_u8(in);

	if (noon_ntp_client_deadline(&w.client).ns != INT64_MAX && !(how & 1))
		return;
	ntp_world_session(&w, how % 9, &session);
	if (how & 16)
		session.n_cookies = input_u16(in);
	if (how & 32)
		session.first = input_u16(in);
	if (how & 64)
		session.jar[how % 8].n = input_u16(in);
	if (noon_ntp_client_set_session(&w.client, &session, w.now))
		w.pair = w.client.session.keys;
}

static void change_reply(struct input *in)
{
	if (w.request.n == 0 || ntp_world_answer(&w, 1000, 1000) > NOON_VERDICTS || !w.reply.n)
		return;
	d = w.reply;
	for (int i = input_u8(in) % 4; i >= 0; i--) {
		const size_t at = input_u16(in) % d.n;

		d.p[at] ^= input_u8(in);
	}
	(void)ntp_world_deliver(&w, &d, 100);
}

static void packet(struct input *in)
{
	const struct noon_bytes raw = input_take(in, input_u16(in) % 1400U);

	d.n = raw.n;
	memcpy(d.p, raw.p, raw.n);
	(void)ntp_world_deliver(&w, &d, 1);
}

static void stamp(struct input *in)
{
	const uint32_t token = w.token - input_u8(in) % 3;
	const noon_dur off = input_u8(in) & 1 ? input_i64(in) : input_i32(in);

	noon_actions_reset(&w.as);
	noon_ntp_client_on_sent(&w.client, token, noon_time_add(w.now, off),
				(enum noon_stamp)(input_u8(in) % 3), &w.as);
	assert(w.as.n == 0);
}

static void rotate(struct input *in)
{
	noon_err err;

	if (w.ahead < NOON_S(4000000000))
		w.ahead += input_u8(in) * (WORLD_PERIOD / 2);
	err = noon_nts_keys_rotate(&w.keys, noon_time_add(w.now, w.ahead));
	assert(!err);
}

static void answer(noon_dur later)
{
	if (w.request.n > 0 && ntp_world_answer(&w, 1000, 1000) < NOON_VERDICTS && w.reply.n > 0)
		(void)ntp_world_deliver(&w, &w.reply, later);
}

static void step(struct input *in)
{
	switch (input_u8(in) % 14) {
	case 0:
	case 1:
		timer();
		break;
	case 2:
		w.now = noon_time_add(w.now, (noon_dur)input_u(in, 5));
		ntp_world_timer(&w);
		break;
	case 3:
		answer(1000000);
		break;
	case 4:
		answer((noon_dur)input_u(in, 5));
		break;
	case 5:
		change_reply(in);
		break;
	case 6:
		packet(in);
		break;
	case 7:
		if (w.request.n > 0)
			forge(in);
		break;
	case 8:
		if (w.request.n > 0 && w.client.conf.nts) {
			ntp_world_nak(&w, &d);
			(void)ntp_world_deliver(&w, &d, 1);
		}
		break;
	case 9:
		stamp(in);
		break;
	case 10:
		ntp_world_rekey(&w, 1 + input_u8(in) % 8U);
		break;
	case 11:
		bad_session(in);
		break;
	case 12:
		noon_ntp_client_ke_failed(&w.client, w.now);
		noon_ntp_client_set_poll(&w.client, (noon_dur)(1 + input_u(in, 6)));
		break;
	case 13:
		rotate(in);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	struct input in = {data, size};
	const uint8_t how = input_u8(&in);
	const noon_err err = ready ? NOON_OK : noon_aead_global_init();

	assert(!err);
	ready = true;
	n_sent = 0;
	seen_sends = seen_samples = 0;
	ntp_world_open(&w, how & 2 ? NOON_AEAD_GCM_SIV_128 : NOON_AEAD_SIV_CMAC_256, how);
	ntp_world_client(&w, !(how & 1));
	for (int i = 0; i < EVENTS_MAX && in.n > 0; i++) {
		step(&in);
		check();
	}
	ntp_world_close(&w);
	return 0;
}
