/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks of a key-exchange server: the numbered ones and K1 to K20 (RFC 8915, sections 3 and 4).
 *
 * Most are one request of a certain shape and one kind of answer, in a table. The rest are
 * functions.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/check.h"
#include "check/server/ke_fuzz.h"
#include "check/server/ke_request.h"
#include "check/server/nts_rotation.h"

/* The expected answer. */
enum want {
	WANT_KEYS,    /* protocol, AEAD, cookies, END */
	WANT_ERROR,   /* an ERROR record with the code, no cookies */
	WANT_NOTHING, /* no usable reply */
	WANT_NO_AEAD, /* an AEAD record with no value, or none, and no cookies */
	WANT_NO_PROTOCOL,
};

struct exchange {
	struct noon_ke_shape shape;
	enum want want;
	unsigned code;
};

#define UNKNOWN UINT16_C(100)

/* The request. */
enum shape {
	SHAPE_MINIMAL,
	SHAPE_NO_PROTOCOL,
	SHAPE_NO_AEAD,
	SHAPE_TWO_PROTOCOLS,
	SHAPE_TWO_AEADS,
	SHAPE_EMPTY_PROTOCOL,
	SHAPE_EMPTY_AEAD,
	SHAPE_TEN_PROTOCOLS,
	SHAPE_TEN_AEADS,
	SHAPE_UNKNOWN_PROTOCOL,
	SHAPE_UNKNOWN_AEAD,
	SHAPE_UNKNOWN_SERVER,
	SHAPE_UNKNOWN_PORT,
	SHAPE_UNKNOWN_CRITICAL,
	SHAPE_UNKNOWN_RECORD,
	SHAPE_NO_END,
	SHAPE_END_NOT_CRITICAL,
	SHAPE_END_WITH_BODY,
	SHAPE_AFTER_END,
	SHAPE_ODD_PROTOCOL,
	SHAPE_ODD_AEAD,
	SHAPE_ERROR_RECORD,
	SHAPE_WARNING_RECORD,
	SHAPE_COOKIE_RECORD,
	SHAPE_CRITICAL_AND_FAULTS,
	SHAPE_TWO_PORTS,
	SHAPE_SHORT_PORT,
	SHAPE_LONGER_OFFER,
	SHAPE_COMPLIANT_EXPORTER,
};

/* clang-format off */
static const struct exchange exchanges[] = {
	[SHAPE_MINIMAL] = {{{NOON_KE_NEXT(NOON_KE_NTPV4), NOON_KE_AEAD(NOON_KE_SIV), NOON_KE_END_RECORD, NOON_KE_LAST}}, WANT_KEYS, 0},
	[SHAPE_NO_PROTOCOL] = {{{NOON_KE_AEAD(NOON_KE_SIV), NOON_KE_END_RECORD, NOON_KE_LAST}}, WANT_ERROR, 1},
	[SHAPE_NO_AEAD] = {{{NOON_KE_NEXT(NOON_KE_NTPV4), NOON_KE_END_RECORD, NOON_KE_LAST}}, WANT_ERROR, 1},
	[SHAPE_TWO_PROTOCOLS] = {{{NOON_KE_NEXT(NOON_KE_NTPV4), NOON_KE_NEXT(NOON_KE_NTPV4), NOON_KE_AEAD(NOON_KE_SIV), NOON_KE_END_RECORD, NOON_KE_LAST}}, WANT_ERROR, 1},
	[SHAPE_TWO_AEADS] = {{{NOON_KE_NEXT(NOON_KE_NTPV4), NOON_KE_AEAD(NOON_KE_SIV), NOON_KE_AEAD(NOON_KE_SIV), NOON_KE_END_RECORD, NOON_KE_LAST}}, WANT_ERROR, 1},
	[SHAPE_EMPTY_PROTOCOL] = {{{NOON_KE_NEXT(NULL, 0), NOON_KE_AEAD(NOON_KE_SIV), NOON_KE_END_RECORD, NOON_KE_LAST}}, WANT_ERROR, 1},
	[SHAPE_EMPTY_AEAD] = {{{NOON_KE_NEXT(NOON_KE_NTPV4), NOON_KE_AEAD(NULL, 0), NOON_KE_END_RECORD, NOON_KE_LAST}}, WANT_ERROR, 1},
	[SHAPE_TEN_PROTOCOLS] = {{{NOON_KE_NEXT("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20), NOON_KE_AEAD(NOON_KE_SIV), NOON_KE_END_RECORD, NOON_KE_LAST}}, WANT_KEYS, 0},
	[SHAPE_TEN_AEADS] = {{{NOON_KE_NEXT(NOON_KE_NTPV4), NOON_KE_AEAD("\0\017\0\017\0\017\0\017\0\017\0\017\0\017\0\017\0\017\0\017", 20), NOON_KE_END_RECORD, NOON_KE_LAST}}, WANT_KEYS, 0},
	[SHAPE_UNKNOWN_PROTOCOL] = {{{NOON_KE_NEXT("\047\020", 2), NOON_KE_AEAD(NOON_KE_SIV), NOON_KE_END_RECORD, NOON_KE_LAST}}, WANT_NO_PROTOCOL, 0},
	[SHAPE_UNKNOWN_AEAD] = {{{NOON_KE_NEXT(NOON_KE_NTPV4), NOON_KE_AEAD("\047\020", 2), NOON_KE_END_RECORD, NOON_KE_LAST}}, WANT_NO_AEAD, 0},
	[SHAPE_UNKNOWN_SERVER] = {{{NOON_KE_NEXT(NOON_KE_NTPV4), NOON_KE_AEAD(NOON_KE_SIV), {false, NOON_NTSKE_SERVER, "aaaaaaaaaa", 10}, NOON_KE_END_RECORD, NOON_KE_LAST}}, WANT_KEYS, 0},
	[SHAPE_UNKNOWN_PORT] = {{{NOON_KE_NEXT(NOON_KE_NTPV4), NOON_KE_AEAD(NOON_KE_SIV), {false, NOON_NTSKE_SERVER_PORT, "\047\017", 2}, NOON_KE_END_RECORD, NOON_KE_LAST}}, WANT_KEYS, 0},
	[SHAPE_UNKNOWN_CRITICAL] = {{{{true, UNKNOWN, "0123456789", 10}, NOON_KE_NEXT(NOON_KE_NTPV4), NOON_KE_AEAD(NOON_KE_SIV), NOON_KE_END_RECORD, NOON_KE_LAST}}, WANT_ERROR, 0},
	[SHAPE_UNKNOWN_RECORD] = {{{NOON_KE_NEXT(NOON_KE_NTPV4), NOON_KE_AEAD(NOON_KE_SIV), {false, UNKNOWN, "0123456789", 10}, NOON_KE_END_RECORD, NOON_KE_LAST}}, WANT_KEYS, 0},
	[SHAPE_NO_END] = {{{NOON_KE_NEXT(NOON_KE_NTPV4), NOON_KE_AEAD(NOON_KE_SIV), NOON_KE_LAST}}, WANT_NOTHING, 0},
	[SHAPE_END_NOT_CRITICAL] = {{{NOON_KE_NEXT(NOON_KE_NTPV4), NOON_KE_AEAD(NOON_KE_SIV), {false, NOON_NTSKE_END, NULL, 0}, NOON_KE_LAST}}, WANT_ERROR, 1},
	[SHAPE_END_WITH_BODY] = {{{NOON_KE_NEXT(NOON_KE_NTPV4), NOON_KE_AEAD(NOON_KE_SIV), {true, NOON_NTSKE_END, "\0\0", 2}, NOON_KE_LAST}}, WANT_ERROR, 1},
	[SHAPE_AFTER_END] = {{{NOON_KE_NEXT(NOON_KE_NTPV4), NOON_KE_AEAD(NOON_KE_SIV), NOON_KE_END_RECORD, NOON_KE_AEAD(NOON_KE_SIV), NOON_KE_LAST}}, WANT_ERROR, 1},
	[SHAPE_ODD_PROTOCOL] = {{{NOON_KE_NEXT("\0\0\0", 3), NOON_KE_AEAD(NOON_KE_SIV), NOON_KE_END_RECORD, NOON_KE_LAST}}, WANT_ERROR, 1},
	[SHAPE_ODD_AEAD] = {{{NOON_KE_NEXT(NOON_KE_NTPV4), NOON_KE_AEAD("\0\017\0", 3), NOON_KE_END_RECORD, NOON_KE_LAST}}, WANT_ERROR, 1},
	[SHAPE_ERROR_RECORD] = {{{NOON_KE_NEXT(NOON_KE_NTPV4), NOON_KE_AEAD(NOON_KE_SIV), {true, NOON_NTSKE_ERROR, "\0\001", 2}, NOON_KE_END_RECORD, NOON_KE_LAST}}, WANT_ERROR, 1},
	[SHAPE_WARNING_RECORD] = {{{NOON_KE_NEXT(NOON_KE_NTPV4), NOON_KE_AEAD(NOON_KE_SIV), {true, NOON_NTSKE_WARNING, "\0\001", 2}, NOON_KE_END_RECORD, NOON_KE_LAST}}, WANT_ERROR, 1},
	[SHAPE_COOKIE_RECORD] = {{{NOON_KE_NEXT(NOON_KE_NTPV4), NOON_KE_AEAD(NOON_KE_SIV), {false, NOON_NTSKE_COOKIE, "0123456789abcdef", 16}, NOON_KE_END_RECORD, NOON_KE_LAST}}, WANT_ERROR, 1},
	[SHAPE_CRITICAL_AND_FAULTS] = {{{{true, UNKNOWN, "0123456789", 10}, NOON_KE_AEAD(NULL, 0), NOON_KE_END_RECORD, NOON_KE_LAST}}, WANT_ERROR, 0},
	[SHAPE_TWO_PORTS] = {{{NOON_KE_NEXT(NOON_KE_NTPV4), NOON_KE_AEAD(NOON_KE_SIV), {false, NOON_NTSKE_SERVER_PORT, "\0\173", 2}, {false, NOON_NTSKE_SERVER_PORT, "\0\173", 2}, NOON_KE_END_RECORD, NOON_KE_LAST}}, WANT_ERROR, 1},
	[SHAPE_SHORT_PORT] = {{{NOON_KE_NEXT(NOON_KE_NTPV4), NOON_KE_AEAD(NOON_KE_SIV), {false, NOON_NTSKE_SERVER_PORT, "\173", 1}, NOON_KE_END_RECORD, NOON_KE_LAST}}, WANT_ERROR, 1},
	[SHAPE_LONGER_OFFER] = {{{NOON_KE_NEXT("\0\0\047\020", 4), NOON_KE_AEAD("\0\017\047\020", 4), NOON_KE_END_RECORD, NOON_KE_LAST}}, WANT_KEYS, 0},
	[SHAPE_COMPLIANT_EXPORTER] = {{{NOON_KE_NEXT(NOON_KE_NTPV4), NOON_KE_AEAD("\0\036\0\017", 4), {false, NOON_NTSKE_COMPLIANT_EXPORTER, NULL, 0}, NOON_KE_END_RECORD, NOON_KE_LAST}}, WANT_KEYS, 0},
};
/* clang-format on */

/* A probe is too large for the stack. */
static struct noon_ke_probe *new_probe(struct noon_check_result *r)
{
	struct noon_ke_probe *p = malloc(sizeof(*p));

	if (p == NULL)
		noon_check_end(r, NOON_CHECK_INCONCLUSIVE, "out of memory here");
	else
		noon_ke_probe_init(p);
	return p;
}

/* Whether the exchange got a reply; otherwise the check says how far it got. */
static bool reached(const struct noon_ke_probe *p, struct noon_check_result *r)
{
	if (p->end == NOON_KE_NO_CONNECTION) {
		noon_check_end(r, NOON_CHECK_INCONCLUSIVE, "no connection: %s", p->why);
		return false;
	}
	if (p->end == NOON_KE_NO_TLS) {
		noon_check_end(r, NOON_CHECK_INCONCLUSIVE, "no TLS connection: %s", p->why);
		return false;
	}
	return true;
}

static bool has_items(const struct noon_ke_probe *p, enum noon_ntske_type type)
{
	const struct noon_ntske_record *rec = noon_ke_probe_first(p, type);

	return rec != NULL && rec->body.n >= 2;
}

static bool is_error(const struct noon_ke_probe *p, unsigned code)
{
	const struct noon_ntske_record *rec = noon_ke_probe_first(p, NOON_NTSKE_ERROR);

	return rec != NULL && rec->body.n == 2 && noon_ntske_item(rec->body, 0) == code;
}

static bool is_sane(const struct noon_ke_probe *p)
{
	return p->parsed && p->has_end && p->after_end == 0;
}

static bool is_as_wanted(const struct noon_ke_probe *p, const struct exchange *x)
{
	const size_t cookies = noon_ke_probe_count(p, NOON_NTSKE_COOKIE);

	switch (x->want) {
	case WANT_KEYS:
		return is_sane(p) && has_items(p, NOON_NTSKE_NEXT_PROTOCOL) &&
		       has_items(p, NOON_NTSKE_AEAD) && cookies > 0 &&
		       noon_ke_probe_first(p, NOON_NTSKE_ERROR) == NULL;
	case WANT_ERROR:
		return is_sane(p) && is_error(p, x->code) && cookies == 0;
	case WANT_NOTHING:
		return !p->has_end && cookies == 0;
	case WANT_NO_AEAD:
		return is_sane(p) && !has_items(p, NOON_NTSKE_AEAD) && cookies == 0;
	case WANT_NO_PROTOCOL:
		return is_sane(p) && !has_items(p, NOON_NTSKE_NEXT_PROTOCOL) && cookies == 0;
	}
	return false;
}

static void say_wanted(struct noon_check_result *r, const struct exchange *x)
{
	switch (x->want) {
	case WANT_KEYS:
		noon_check_expected(r, "NEXT_PROTOCOL 0, one AEAD, cookies, END");
		break;
	case WANT_ERROR:
		noon_check_expected(r, "ERROR %u, END, no cookies", x->code);
		break;
	case WANT_NOTHING:
		noon_check_expected(r, "no reply");
		break;
	case WANT_NO_AEAD:
		noon_check_expected(r, "an AEAD record with no value, no cookies");
		break;
	case WANT_NO_PROTOCOL:
		noon_check_expected(r, "a NEXT_PROTOCOL record with no value, no cookies");
		break;
	}
}

/* Send a shape as `p` says and judge the answer by `x`. */
static void exchange_by(struct noon_ke_probe *p, const struct exchange *x, struct noon_target *t,
			struct noon_check_result *r)
{
	char words[NOON_CHECK_TEXT];

	noon_ke_probe_run(p, t);
	if (!reached(p, r))
		return;
	noon_ke_probe_describe(p, words, sizeof(words));
	noon_check_end(r, is_as_wanted(p, x) ? NOON_CHECK_PASS : NOON_CHECK_FAIL, "%s", words);
}

static void run_exchange(const struct noon_check *self, struct noon_target *t,
			 struct noon_check_result *r)
{
	const struct exchange *x = &exchanges[self->arg];
	struct noon_ke_probe *p = new_probe(r);
	uint8_t buf[512];

	if (p == NULL)
		return;
	noon_ke_request_describe(&x->shape, r->sent, sizeof(r->sent));
	say_wanted(r, x);
	p->request = noon_ke_request(&x->shape, buf, sizeof(buf));
	if (x->want == WANT_NOTHING)
		p->timeout = NOON_MS(1500);
	exchange_by(p, x, t, r);
	free(p);
}

/* The minimal request over an unusual connection. */
static struct noon_ke_probe *minimal(struct noon_check_result *r, uint8_t *buf, size_t cap)
{
	struct noon_ke_probe *p = new_probe(r);

	if (p != NULL)
		p->request = noon_ke_request(&noon_ke_minimal, buf, cap);
	return p;
}

static void run_tls_1_3(const struct noon_check *self, struct noon_target *t,
			struct noon_check_result *r)
{
	uint8_t buf[64];
	struct noon_ke_probe *p = minimal(r, buf, sizeof(buf));

	(void)self;
	if (p == NULL)
		return;
	noon_check_sent(r, "a TLS handshake, ALPN ntske/1");
	noon_check_expected(r, "TLS 1.3, ALPN ntske/1 selected");
	noon_ke_probe_run(p, t);
	if (p->end == NOON_KE_NO_CONNECTION)
		noon_check_end(r, NOON_CHECK_INCONCLUSIVE, "no connection: %s", p->why);
	else if (p->end == NOON_KE_NO_TLS)
		noon_check_end(r, NOON_CHECK_FAIL, "%s", p->why);
	else
		noon_check_end(r,
			       p->tls_version == 0x0304 && strcmp(p->alpn_got, "ntske/1") == 0
				       ? NOON_CHECK_PASS
				       : NOON_CHECK_FAIL,
			       "TLS version %#x, ALPN \"%s\"", (unsigned)p->tls_version,
			       p->alpn_got);
	free(p);
}

static void run_tls_1_2(const struct noon_check *self, struct noon_target *t,
			struct noon_check_result *r)
{
	uint8_t buf[64];
	struct noon_ke_probe *p = minimal(r, buf, sizeof(buf));

	(void)self;
	if (p == NULL)
		return;
	noon_check_sent(r, "a handshake of TLS 1.2 at most");
	noon_check_expected(r, "an alert");
	p->tls_max = 0x0303;
	noon_ke_probe_run(p, t);
	if (p->end == NOON_KE_NO_CONNECTION)
		noon_check_end(r, NOON_CHECK_INCONCLUSIVE, "no connection: %s", p->why);
	else
		noon_check_end(r, p->end == NOON_KE_NO_TLS ? NOON_CHECK_PASS : NOON_CHECK_FAIL,
			       "%s", p->end == NOON_KE_NO_TLS ? p->why : "a connection");
	free(p);
}

/* Another protocol, or none, must get no keys. */
static void run_alpn(const struct noon_check *self, struct noon_target *t,
		     struct noon_check_result *r)
{
	uint8_t buf[64];
	struct noon_ke_probe *p = minimal(r, buf, sizeof(buf));
	char words[NOON_CHECK_TEXT];

	if (p == NULL)
		return;
	p->alpn = self->arg == 0 ? NULL : "ntske/999";
	p->timeout = NOON_MS(1500);
	noon_check_sent(r, "the minimal request, %s",
			self->arg == 0 ? "no ALPN" : "ALPN ntske/999 only");
	noon_check_expected(r, "no connection, or no keys");
	noon_ke_probe_run(p, t);
	noon_ke_probe_describe(p, words, sizeof(words));
	if (p->end == NOON_KE_NO_CONNECTION)
		noon_check_end(r, NOON_CHECK_INCONCLUSIVE, "no connection: %s", p->why);
	else
		noon_check_end(r,
			       noon_ke_probe_count(p, NOON_NTSKE_COOKIE) == 0 &&
					       p->alpn_got[0] == '\0'
				       ? NOON_CHECK_PASS
				       : NOON_CHECK_FAIL,
			       "%s", words);
	free(p);
}

/* Properties of the answer to the minimal request. */
enum property {
	PROPERTY_EIGHT,
	PROPERTY_CLOSE_NOTIFY,
	PROPERTY_SUBSET,
	PROPERTY_COOKIE_CRITICAL,
	PROPERTY_DISTINCT,
	PROPERTY_LENGTH_4,
	PROPERTY_ONE_END,
	PROPERTY_HOST,
};

static bool are_distinct(const struct noon_ke_probe *p)
{
	for (size_t i = 0; i < p->n_records; i++)
		for (size_t j = 0; j < i; j++) {
			const struct noon_ntske_record *a = &p->record[i], *b = &p->record[j];

			if (a->type == NOON_NTSKE_COOKIE && b->type == NOON_NTSKE_COOKIE &&
			    a->body.n == b->body.n && memcmp(a->body.p, b->body.p, a->body.n) == 0)
				return false;
		}
	return true;
}

static bool each_cookie(const struct noon_ke_probe *p, bool length)
{
	for (size_t i = 0; i < p->n_records; i++) {
		const struct noon_ntske_record *rec = &p->record[i];

		if (rec->type == NOON_NTSKE_COOKIE &&
		    (length ? rec->body.n % 4 != 0 : rec->critical))
			return false;
	}
	return true;
}

static bool names_are_good(const struct noon_ke_probe *p)
{
	const struct noon_ntske_record *host = noon_ke_probe_first(p, NOON_NTSKE_SERVER);
	const struct noon_ntske_record *port = noon_ke_probe_first(p, NOON_NTSKE_SERVER_PORT);

	return (host == NULL || noon_ntske_is_ascii(host->body)) &&
	       (port == NULL || port->body.n == 2) &&
	       noon_ke_probe_count(p, NOON_NTSKE_SERVER) <= 1 &&
	       noon_ke_probe_count(p, NOON_NTSKE_SERVER_PORT) <= 1;
}

static bool is_subset(const struct noon_ke_probe *p)
{
	const struct noon_ntske_record *next = noon_ke_probe_first(p, NOON_NTSKE_NEXT_PROTOCOL);
	const struct noon_ntske_record *aead = noon_ke_probe_first(p, NOON_NTSKE_AEAD);

	return next != NULL && next->critical && next->body.n == 2 &&
	       noon_ntske_item(next->body, 0) == 0 && aead != NULL && aead->body.n == 2 &&
	       noon_ntske_item(aead->body, 0) == 15 &&
	       noon_ke_probe_count(p, NOON_NTSKE_NEXT_PROTOCOL) == 1 &&
	       noon_ke_probe_count(p, NOON_NTSKE_AEAD) == 1;
}

static bool has_property(const struct noon_ke_probe *p, enum property which)
{
	switch (which) {
	case PROPERTY_EIGHT:
		return noon_ke_probe_count(p, NOON_NTSKE_COOKIE) == 8;
	case PROPERTY_CLOSE_NOTIFY:
		return p->end == NOON_KE_CLOSED;
	case PROPERTY_SUBSET:
		return is_subset(p);
	case PROPERTY_COOKIE_CRITICAL:
		return each_cookie(p, false);
	case PROPERTY_DISTINCT:
		return are_distinct(p);
	case PROPERTY_LENGTH_4:
		return each_cookie(p, true);
	case PROPERTY_ONE_END:
		return is_sane(p) && noon_ke_probe_count(p, NOON_NTSKE_END) == 1 &&
		       p->record[p->n_records - 1].critical &&
		       p->record[p->n_records - 1].body.n == 0;
	case PROPERTY_HOST:
		return names_are_good(p);
	}
	return false;
}

static void run_property(const struct noon_check *self, struct noon_target *t,
			 struct noon_check_result *r)
{
	uint8_t buf[64];
	struct noon_ke_probe *p = minimal(r, buf, sizeof(buf));
	char words[NOON_CHECK_TEXT];

	if (p == NULL)
		return;
	noon_ke_request_describe(&noon_ke_minimal, r->sent, sizeof(r->sent));
	noon_check_expected(r, "%s", self->title);
	noon_ke_probe_run(p, t);
	if (reached(p, r)) {
		noon_ke_probe_describe(p, words, sizeof(words));
		if (noon_ke_probe_count(p, NOON_NTSKE_COOKIE) == 0)
			noon_check_end(r, NOON_CHECK_FAIL, "no cookies: %s", words);
		else
			noon_check_end(r,
				       has_property(p, (enum property)self->arg) ? NOON_CHECK_PASS
										 : NOON_CHECK_FAIL,
				       "%s", words);
	}
	free(p);
}

/* 22: one byte for each TLS record, up to 10 ms apart, with an unknown record added. */
static void run_slow_bytes(const struct noon_check *self, struct noon_target *t,
			   struct noon_check_result *r)
{
	static const struct exchange x = {
		{{NOON_KE_NEXT(NOON_KE_NTPV4),
		  NOON_KE_AEAD(NOON_KE_SIV),
		  {false, UNKNOWN, "0123456789abcdef0123456789abcdef", 32},
		  NOON_KE_END_RECORD,
		  NOON_KE_LAST}},
		WANT_KEYS,
		0};
	struct noon_ke_probe *p = new_probe(r);
	uint8_t buf[128];

	(void)self;
	if (p == NULL)
		return;
	noon_check_sent(r, "the minimal request and an unknown record, 1 byte for each TLS record");
	say_wanted(r, &x);
	p->request = noon_ke_request(&x.shape, buf, sizeof(buf));
	p->piece = 1;
	p->piece_pause = NOON_MS(5);
	exchange_by(p, &x, t, r);
	free(p);
}

/* 23: padded to 1024 bytes. */
static void run_long(const struct noon_check *self, struct noon_target *t,
		     struct noon_check_result *r)
{
	static const char zeros[1024];
	const struct exchange x = {{{NOON_KE_NEXT(NOON_KE_NTPV4),
				     NOON_KE_AEAD(NOON_KE_SIV),
				     {false, UNKNOWN, zeros, 1024 - 4 * 4 - 4},
				     NOON_KE_END_RECORD,
				     NOON_KE_LAST}},
				   WANT_KEYS,
				   0};
	struct noon_ke_probe *p = new_probe(r);
	uint8_t buf[1024];

	(void)self;
	if (p == NULL)
		return;
	noon_check_sent(r, "the minimal request, padded to 1024 bytes");
	say_wanted(r, &x);
	p->request = noon_ke_request(&x.shape, buf, sizeof(buf));
	exchange_by(p, &x, t, r);
	free(p);
}

/* A request of 1 MiB is cut off, and the server keeps serving. */
static void run_huge(const struct noon_check *self, struct noon_target *t,
		     struct noon_check_result *r)
{
	const size_t size = (size_t)1 << 20;
	uint8_t *big = calloc(1, size);
	struct noon_ke_probe *p = new_probe(r);

	(void)self;
	if (p != NULL && big != NULL) {
		/* Unknown records of 64 KiB - 1, one after the other. */
		for (size_t at = 0; at + 65539 <= size; at += 65539) {
			big[at + 1] = UNKNOWN;
			big[at + 2] = 0xff;
			big[at + 3] = 0xff;
		}
		p->request = noon_bytes_of(big, size);
		p->piece = 16384;
		noon_check_sent(r, "1 MiB of unknown records");
		noon_check_expected(r, "the connection ends, and no keys");
		noon_ke_probe_run(p, t);
		if (reached(p, r))
			noon_check_end(r,
				       noon_ke_probe_count(p, NOON_NTSKE_COOKIE) == 0 &&
						       p->end != NOON_KE_SILENT
					       ? NOON_CHECK_PASS
					       : NOON_CHECK_FAIL,
				       "%s after %.1f s",
				       p->end == NOON_KE_SILENT ? "still open" : "ended",
				       noon_dur_to_s(p->took));
	}
	free(big);
	free(p);
}

/* A request cut off before END gets no keys. */
static void run_cut(const struct noon_check *self, struct noon_target *t,
		    struct noon_check_result *r)
{
	uint8_t buf[64];
	struct noon_ke_probe *p = minimal(r, buf, sizeof(buf));
	char words[NOON_CHECK_TEXT];

	if (p == NULL)
		return;
	p->request.n = self->arg;
	p->fin_early = true;
	p->no_request = false;
	noon_check_sent(r, "the first %u bytes of the minimal request, then close_notify",
			self->arg);
	noon_check_expected(r, "no keys");
	noon_ke_probe_run(p, t);
	if (reached(p, r)) {
		noon_ke_probe_describe(p, words, sizeof(words));
		noon_check_end(r,
			       noon_ke_probe_count(p, NOON_NTSKE_COOKIE) == 0 ? NOON_CHECK_PASS
									      : NOON_CHECK_FAIL,
			       "%s", words);
	}
	free(p);
}

/* K16: record 1024 is returned if and only if AEAD 30 was chosen. */
static void run_compliant(const struct noon_check *self, struct noon_target *t,
			  struct noon_check_result *r)
{
	const struct exchange *x = &exchanges[self->arg];
	struct noon_ke_probe *p = new_probe(r);
	const struct noon_ntske_record *aead;
	uint8_t buf[128];
	char words[NOON_CHECK_TEXT];

	if (p == NULL)
		return;
	noon_ke_request_describe(&x->shape, r->sent, sizeof(r->sent));
	noon_check_expected(r, "with AEAD 30 the record 1024, else not");
	p->request = noon_ke_request(&x->shape, buf, sizeof(buf));
	noon_ke_probe_run(p, t);
	if (reached(p, r)) {
		const bool echoed = noon_ke_probe_first(p, NOON_NTSKE_COMPLIANT_EXPORTER) != NULL;

		aead = noon_ke_probe_first(p, NOON_NTSKE_AEAD);
		noon_ke_probe_describe(p, words, sizeof(words));
		if (aead == NULL || aead->body.n != 2)
			noon_check_end(r, NOON_CHECK_FAIL, "%s", words);
		else if (noon_ntske_item(aead->body, 0) != 30)
			noon_check_end(r, echoed ? NOON_CHECK_FAIL : NOON_CHECK_SKIPPED,
				       echoed ? "%s" : "the server prefers or has only 15: %s",
				       words);
		else
			noon_check_end(r, echoed ? NOON_CHECK_PASS : NOON_CHECK_WARNING, "%s",
				       words);
	}
	free(p);
}

/* K17: the server does not wait forever for a silent client. */
static void run_idle(const struct noon_check *self, struct noon_target *t,
		     struct noon_check_result *r)
{
	struct noon_ke_probe *p = new_probe(r);

	(void)self;
	if (p == NULL)
		return;
	p->no_request = true;
	p->timeout = NOON_S(40);
	noon_check_sent(r, "nothing after the handshake");
	noon_check_expected(r, "the connection ends within 40 s");
	noon_ke_probe_run(p, t);
	if (reached(p, r))
		noon_check_end(r, p->end == NOON_KE_SILENT ? NOON_CHECK_FAIL : NOON_CHECK_PASS,
			       "%s after %.1f s", p->end == NOON_KE_SILENT ? "still open" : "ended",
			       noon_dur_to_s(p->took));
	free(p);
}

static void run_outside(const struct noon_check *self, struct noon_target *t,
			struct noon_check_result *r)
{
	(void)t;
	noon_check_expected(r, "%s", self->title);
	noon_check_end(r, NOON_CHECK_SKIPPED, "cannot be seen from outside in one run");
}

#define KE(id, title, clause, level, fn, arg)                                            \
	{                                                                                \
		id, "ke", title, "RFC 8915, " clause, NOON_LEVEL_##level, false, fn, arg \
	}
#define KE_SLOW(id, title, clause, level, fn, arg)                                      \
	{                                                                               \
		id, "ke", title, "RFC 8915, " clause, NOON_LEVEL_##level, true, fn, arg \
	}

static const struct noon_check checks[] = {
	KE("01", "TLS 1.3 connects", "3", MUST, run_tls_1_3, 0),
	KE("02", "TLS 1.2 is refused", "3", MUST, run_tls_1_2, 0),
	KE("03", "ALPN ntske/1 is selected", "4", MUST, run_tls_1_3, 0),
	KE("04", "another ALPN gets no keys", "4", MUST, run_alpn, 1),
	KE("05", "the minimal request gets keys", "4", MUST, run_exchange, SHAPE_MINIMAL),
	KE("06", "eight cookies come", "4.1.6", SHOULD, run_property, PROPERTY_EIGHT),
	KE("07", "a missing NEXT_PROTOCOL is Error 1", "4.1.2", MUST, run_exchange,
	   SHAPE_NO_PROTOCOL),
	KE("08", "a missing AEAD is Error 1", "4.1.5", MUST, run_exchange, SHAPE_NO_AEAD),
	KE("09", "two NEXT_PROTOCOL are Error 1", "4.1.2", MUST, run_exchange, SHAPE_TWO_PROTOCOLS),
	KE("10", "two AEAD are Error 1", "4.1.5", MUST, run_exchange, SHAPE_TWO_AEADS),
	KE("11", "an empty NEXT_PROTOCOL is Error 1", "4.1.2", SHOULD, run_exchange,
	   SHAPE_EMPTY_PROTOCOL),
	KE("12", "an empty AEAD is Error 1", "4.1.5", SHOULD, run_exchange, SHAPE_EMPTY_AEAD),
	KE("13", "ten equal protocols get keys", "4.1.2", MUST, run_exchange, SHAPE_TEN_PROTOCOLS),
	KE("14", "ten equal AEADs get keys", "4.1.5", MUST, run_exchange, SHAPE_TEN_AEADS),
	KE("15", "an unknown protocol gets an empty record", "4.1.2", MUST, run_exchange,
	   SHAPE_UNKNOWN_PROTOCOL),
	KE("16", "an unknown AEAD gets an empty record", "4.1.5", MUST, run_exchange,
	   SHAPE_UNKNOWN_AEAD),
	KE("17", "an unknown server name is no obstacle", "4.1.7", MUST, run_exchange,
	   SHAPE_UNKNOWN_SERVER),
	KE("18", "an unknown port is no obstacle", "4.1.8", MUST, run_exchange, SHAPE_UNKNOWN_PORT),
	KE("19", "an unknown critical record is Error 0", "4.1.3", MUST, run_exchange,
	   SHAPE_UNKNOWN_CRITICAL),
	KE("20", "an unknown record is ignored", "4", MUST, run_exchange, SHAPE_UNKNOWN_RECORD),
	KE("21", "without END there is no reply", "4", MUST, run_exchange, SHAPE_NO_END),
	KE("22", "a request in many pieces is put together", "4", MUST, run_slow_bytes, 0),
	KE("23", "a request of 1024 bytes gets keys", "4", MUST, run_long, 0),
	KE("K1", "nothing below TLS 1.3", "3", MUST, run_tls_1_2, 0),
	KE("K2", "without ALPN there are no keys", "4", MUST, run_alpn, 0),
	KE("K3", "close_notify follows the reply", "4", SHOULD, run_property,
	   PROPERTY_CLOSE_NOTIFY),
	KE("K4", "the reply waits for the whole request", "4", MUST, run_exchange, SHAPE_NO_END),
	KE("K6a", "the reply ends with one END, critical and empty", "4.1.1", MUST, run_property,
	   PROPERTY_ONE_END),
	KE("K6b", "an END that is not critical is Error 1", "4.1.1", SHOULD, run_exchange,
	   SHAPE_END_NOT_CRITICAL),
	KE("K6c", "an END with a body is Error 1", "4.1.1", SHOULD, run_exchange,
	   SHAPE_END_WITH_BODY),
	KE("K6d", "data after END is Error 1", "4.1.1", SHOULD, run_exchange, SHAPE_AFTER_END),
	KE("K7a", "a NEXT_PROTOCOL of odd length is Error 1", "4.1.2", SHOULD, run_exchange,
	   SHAPE_ODD_PROTOCOL),
	KE("K7b", "the reply names what was offered, once", "4.1.2", MUST, run_property,
	   PROPERTY_SUBSET),
	KE("K7c", "what is known is picked from a longer offer", "4.1.2", MUST, run_exchange,
	   SHAPE_LONGER_OFFER),
	KE("K8a", "an ERROR in a request is Error 1", "4.1.3", MUST, run_exchange,
	   SHAPE_ERROR_RECORD),
	KE("K8b", "a WARNING in a request is Error 1", "4.1.4", MUST, run_exchange,
	   SHAPE_WARNING_RECORD),
	KE("K9a", "an AEAD of odd length is Error 1", "4.1.5", SHOULD, run_exchange,
	   SHAPE_ODD_AEAD),
	KE("K9b", "AEAD 15 is supported", "5.1", MUST, run_exchange, SHAPE_MINIMAL),
	KE("K10", "a cookie in a request is Error 1", "4.1.6", SHOULD, run_exchange,
	   SHAPE_COOKIE_RECORD),
	KE("K11a", "no cookies where no AEAD is agreed", "4.1.6", MUST, run_exchange,
	   SHAPE_UNKNOWN_AEAD),
	KE("K11b", "the critical bit of cookies is not set", "4.1.6", SHOULD, run_property,
	   PROPERTY_COOKIE_CRITICAL),
	KE("K11c", "all cookies are distinct", "4.1.6", MUST, run_property, PROPERTY_DISTINCT),
	KE("K11d", "cookies have a length that is a multiple of 4", "4.1.6", SHOULD, run_property,
	   PROPERTY_LENGTH_4),
	KE("K12", "an unknown critical record counts before other faults", "4.1.3", SHOULD,
	   run_exchange, SHAPE_CRITICAL_AND_FAULTS),
	KE("K13a", "server and port in the reply are well formed", "4.1.7", MUST, run_property,
	   PROPERTY_HOST),
	KE("K13b", "two ports are Error 1", "4.1.8", SHOULD, run_exchange, SHAPE_TWO_PORTS),
	KE("K13c", "a port of one byte is Error 1", "4.1.8", SHOULD, run_exchange,
	   SHAPE_SHORT_PORT),
	KE("K14a", "nothing gets no keys", "4", MUST, run_cut, 0),
	KE("K14b", "a record cut off gets no keys", "4", MUST, run_cut, 9),
	KE("K14c", "a request cut off before END gets no keys", "4", MUST, run_cut, 12),
	KE("K16", "record 1024 is echoed with AEAD 30 only", "5.1", SHOULD, run_compliant,
	   SHAPE_COMPLIANT_EXPORTER),
	KE("K17a", "a request of 1 MiB is cut off", "4", SHOULD, run_huge, 0),
	KE_SLOW("K17b", "a silent client is not waited for", "4", SHOULD, run_idle, 0),
	KE("K19", "a certificate is renewed without restart", "4", SHOULD, run_outside, 0),
	KE("K20", "cookies of the two last keys are accepted, older ones not", "6", SHOULD,
	   noon_check_rotation, 0),
	KE_SLOW("F1", "random records in random order do no harm", "4", MUST, noon_check_ke_fuzz,
		0),
};

const struct noon_check *noon_checks_ke(size_t *ret_n)
{
	*ret_n = sizeof(checks) / sizeof(checks[0]);
	return checks;
}
