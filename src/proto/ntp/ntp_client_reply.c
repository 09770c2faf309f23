/* SPDX-License-Identifier: Apache-2.0
 *
 * Is this datagram the answer, and are its times possible? (RFC 5905 section 8, RFC 8915 5.7)
 *
 * The order matters: everything that an off-path forger could send is dropped before any state
 * changes; an answer counts as such only when it has been authenticated.
 */
#include <string.h>

#include "proto/ntp/ntp_client_priv.h"

static enum noon_verdict check_header(const struct noon_ntp_client *c, struct noon_bytes data,
				      struct noon_ntp_header *ret)
{
	struct noon_rd rd = noon_rd_bytes(data);

	if (data.n > NOON_NTP_PACKET_MAX)
		return NOON_VERDICT_LONG;
	if (noon_ntp_header_get(&rd, ret))
		return NOON_VERDICT_SHORT;
	if (ret->mode != NOON_NTP_MODE_SERVER)
		return NOON_VERDICT_MODE;
	if (ret->version != NOON_NTP_VERSION)
		return NOON_VERDICT_VERSION;
	if (c->request.active &&
	    noon_equal_ct(&ret->origin, &c->request.transmit, sizeof(ret->origin)))
		return NOON_VERDICT_ACCEPTED;
	if (ret->origin != 0 && ret->origin == c->last_answered)
		return NOON_VERDICT_DUPLICATE;
	if (ret->origin != 0 && ret->origin == c->last_timed_out)
		return NOON_VERDICT_LATE;
	return NOON_VERDICT_ORIGIN;
}

static bool is_ntsn(const struct noon_ntp_header *h)
{
	return h->stratum == 0 && h->ref_id == NOON_KISS_NTSN;
}

static enum noon_verdict judge_nts(struct noon_ntp_client *c, const struct noon_ntp_header *h,
				   struct noon_bytes data)
{
	struct noon_nts_packet p;
	const enum noon_verdict v = noon_nts_packet_parse(data, &p);

	if (v != NOON_VERDICT_ACCEPTED)
		return v;
	if (p.n_uid != 1 || p.uid.n != NOON_UID_MIN ||
	    !noon_equal_ct(p.uid.p, c->request.uid, NOON_UID_MIN))
		return p.n_uid == 0 && !p.has_auth ? NOON_VERDICT_NO_AUTH : NOON_VERDICT_UID;
	if (!p.has_auth) {
		if (is_ntsn(h))
			return NOON_VERDICT_NTSN;
		/* P18: any other kiss must be authenticated to be obeyed. */
		return h->stratum == 0 ? NOON_VERDICT_KISS_IGNORED : NOON_VERDICT_NO_AUTH;
	}
	return noon_nts_client_verify(c, &p);
}

enum noon_verdict noon_ntp_client_judge(struct noon_ntp_client *c, struct noon_bytes data,
					struct noon_ntp_reply *ret)
{
	struct noon_ntp_header h;
	enum noon_verdict v = check_header(c, data, &h);

	if (v == NOON_VERDICT_ACCEPTED && c->conf.nts)
		v = judge_nts(c, &h, data);
	if (v == NOON_VERDICT_ACCEPTED)
		*ret = (struct noon_ntp_reply){.header = h,
					       .authenticated = c->conf.nts || c->conf.in_tunnel};
	return v;
}

static bool is_obeyed_kiss(uint32_t code)
{
	return code == NOON_KISS_RATE || code == NOON_KISS_DENY || code == NOON_KISS_RSTR;
}

/* What the server says of itself. */
static enum noon_verdict check_server(const struct noon_ntp_client *c,
				      const struct noon_ntp_header *h, noon_dur root)
{
	if (h->stratum == 0 && is_obeyed_kiss(h->ref_id))
		return NOON_VERDICT_KISS;
	if (h->leap == NOON_LEAP_UNKNOWN || h->stratum == 0 || h->stratum > 15)
		return NOON_VERDICT_UNSYNC;
	if (h->receive == 0 || h->transmit == 0)
		return NOON_VERDICT_TIMES;
	if (root > c->conf.max_root)
		return NOON_VERDICT_ROOT;
	return NOON_VERDICT_ACCEPTED;
}

static void fill_times(const struct noon_ntp_client *c, const struct noon_ntp_header *h,
		       const struct noon_rx *rx, struct noon_sample *s)
{
	s->t1 = c->request.t1;
	s->t2 = noon_ntp_ts_to_time(h->receive, NOON_NTP_ERA_PIVOT);
	s->t3 = noon_ntp_ts_to_time(h->transmit, NOON_NTP_ERA_PIVOT);
	s->t4 = rx->at;
	s->tx_stamp = c->request.stamp;
	s->rx_stamp = rx->stamp;
	/* The server's reading error is its precision; 2 ns cover the truncation of 2^-32 s on
	 * both sides. A user stamp of t1 is taken before the packet leaves; an early t1 only widens
	 * the interval, so it needs no error of its own unless the owner says so. */
	s->stamp_err = noon_sat_add(noon_ntp_precision_to_dur(h->precision) + 2, rx->stamp_err);
	if (c->request.stamp == NOON_STAMP_USER)
		s->stamp_err = noon_sat_add(s->stamp_err, c->conf.user_stamp_err);
}

enum noon_verdict noon_ntp_client_sample(const struct noon_ntp_client *c,
					 const struct noon_ntp_reply *reply,
					 const struct noon_rx *rx, struct noon_sample *ret)
{
	const struct noon_ntp_header *h = &reply->header;
	const noon_dur delay = noon_ntp_short_to_dur(h->root_delay);
	const noon_dur disp = noon_ntp_short_to_dur(h->root_disp);
	const noon_dur root = (delay + 1) / 2 + disp;
	struct noon_sample s = {0};
	enum noon_verdict v = check_server(c, h, root);
	noon_dur layover;

	if (v != NOON_VERDICT_ACCEPTED)
		return v;
	fill_times(c, h, rx, &s);
	layover = noon_time_diff(s.t3, s.t2);
	if (layover < 0 || layover > c->conf.max_layover || noon_time_before(s.t4, s.t1))
		return NOON_VERDICT_TIMES;
	s.server_err = root;
	s.root_delay = delay;
	s.root_disp = disp;
	s.ref_id = h->ref_id;
	s.source = c->conf.source;
	s.leap = (enum noon_leap)h->leap;
	s.stratum = h->stratum;
	s.precision = h->precision;
	s.authenticated = reply->authenticated;
	*ret = s;
	return NOON_VERDICT_ACCEPTED;
}
