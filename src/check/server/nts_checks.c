/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks of an NTP server with NTS: P1 to P18 and K15 (RFC 8915, section 5; RFC 7822; RFC 9748).
 * Keys and cookies come from real key exchanges with the server under test.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/check.h"
#include "check/server/nts_probe.h"
#include "wire/ntp_ext.h"

/* The expected answer. */
enum want {
	WANT_TIME,    /* an authenticated answer */
	WANT_NO_TIME, /* an NTS NAK, or nothing */
	WANT_NTSN,    /* an NTS NAK; nothing is a warning */
	WANT_NOTHING, /* nothing at all */
};

struct question {
	struct noon_ask ask;
	enum want want;
	const char *sent;
};

/* Version, mode, identifiers, bytes of each, cookies. */
#define ASK(v, m, u, l, c) \
	.version = (v), .mode = (m), .nts = true, .uids = (u), .uid_len = (l), .cookies = (c)
#define GOOD ASK(4, 3, 1, 32, 1)

/* The request. */
enum question_id {
	QUESTION_GOOD_REQUEST,
	QUESTION_NO_UID,
	QUESTION_SHORT_UID,
	QUESTION_TWO_UIDS,
	QUESTION_TWO_COOKIES,
	QUESTION_NO_COOKIE,
	QUESTION_LONG_PLACEHOLDER,
	QUESTION_SHORT_PLACEHOLDER,
	QUESTION_UNKNOWN_AFTER,
	QUESTION_SHORT_NONCE,
	QUESTION_FLIPPED_HEADER,
	QUESTION_FLIPPED_UID,
	QUESTION_FLIPPED_COOKIE,
	QUESTION_RANDOM_COOKIE,
	QUESTION_WRONG_KEY,
	QUESTION_NO_AUTHENTICATOR,
	QUESTION_MODE_4,
	QUESTION_MODE_1,
	QUESTION_VERSION_3,
	QUESTION_EXPERIMENTAL_FIELD,
	QUESTION_UNKNOWN_FIELD,
	QUESTION_PLACEHOLDER_INSIDE,
	QUESTION_CUT_OFF,
	QUESTION_REPEATED,
	QUESTION_COOKIE_AFTER,
};

static const struct question questions[] = {
	[QUESTION_GOOD_REQUEST] = {{GOOD}, WANT_TIME, "a good request"},
	[QUESTION_NO_UID] = {{ASK(4, 3, 0, 32, 1)}, WANT_NO_TIME, "no unique identifier"},
	[QUESTION_SHORT_UID] = {{ASK(4, 3, 1, 16, 1)},
				WANT_NO_TIME,
				"a unique identifier of 16 bytes"},
	[QUESTION_TWO_UIDS] = {{ASK(4, 3, 2, 32, 1)}, WANT_NO_TIME, "two unique identifiers"},
	[QUESTION_TWO_COOKIES] = {{ASK(4, 3, 1, 32, 2)}, WANT_NO_TIME, "two cookies"},
	[QUESTION_NO_COOKIE] = {{ASK(4, 3, 1, 32, 0)}, WANT_NO_TIME, "no cookie"},
	[QUESTION_LONG_PLACEHOLDER] = {{GOOD, .placeholders = 1, .placeholder_off = 4},
				       WANT_NO_TIME,
				       "a placeholder 4 bytes longer than the cookie"},
	[QUESTION_SHORT_PLACEHOLDER] = {{GOOD, .placeholders = 1, .placeholder_off = -16},
					WANT_NO_TIME,
					"a placeholder 16 bytes shorter than the cookie"},
	[QUESTION_UNKNOWN_AFTER] = {{GOOD, .after = 0x4321},
				    WANT_TIME,
				    "a field of an unknown type after the authenticator"},
	[QUESTION_SHORT_NONCE] = {{GOOD, .nonce_len = 1}, WANT_NO_TIME, "a nonce of length 0"},
	[QUESTION_FLIPPED_HEADER] = {{GOOD, .flip = 3},
				     WANT_NO_TIME,
				     "a bit of the header flipped (poll)"},
	[QUESTION_FLIPPED_UID] = {{GOOD, .flip = 60},
				  WANT_NO_TIME,
				  "a bit of the unique identifier flipped"},
	[QUESTION_FLIPPED_COOKIE] = {{GOOD, .flip = 100}, WANT_NTSN, "a bit of the cookie flipped"},
	[QUESTION_RANDOM_COOKIE] = {{GOOD, .bad_cookie = true},
				    WANT_NTSN,
				    "a cookie of random bytes"},
	[QUESTION_WRONG_KEY] = {{GOOD, .wrong_key = true},
				WANT_NO_TIME,
				"a request sealed with the S2C key"},
	[QUESTION_NO_AUTHENTICATOR] = {{GOOD, .no_auth = true}, WANT_NO_TIME, "no authenticator"},
	[QUESTION_MODE_4] = {{ASK(4, 4, 1, 32, 1)}, WANT_NOTHING, "mode 4"},
	[QUESTION_MODE_1] = {{ASK(4, 1, 1, 32, 1)}, WANT_NO_TIME, "mode 1"},
	[QUESTION_VERSION_3] = {{ASK(3, 3, 1, 32, 1)}, WANT_NO_TIME, "version 3"},
	[QUESTION_EXPERIMENTAL_FIELD] = {{GOOD, .extra = 0xf323},
					 WANT_TIME,
					 "a field of the experimental type 0xF323"},
	[QUESTION_UNKNOWN_FIELD] = {{GOOD, .extra = 0x4321},
				    WANT_TIME,
				    "a field of an unknown type"},
	[QUESTION_PLACEHOLDER_INSIDE] = {{GOOD, .inside = 1},
					 WANT_TIME,
					 "a placeholder inside of the ciphertext"},
	[QUESTION_CUT_OFF] = {{GOOD, .cut = 100}, WANT_NO_TIME, "a request cut off at 100 bytes"},
	[QUESTION_REPEATED] = {{GOOD, .again = true}, WANT_TIME, "the same request twice"},
	[QUESTION_COOKIE_AFTER] = {{GOOD, .after = NOON_EXT_COOKIE},
				   WANT_TIME,
				   "a second cookie after the authenticator"},
};

static const char *wanted(enum want w)
{
	static const char *const words[] = {"an authenticated answer",
					    "no time: an NTS NAK or nothing", "an NTS NAK",
					    "nothing"};

	return words[w];
}

/* State that one check needs; too large for the stack. */
struct room {
	struct noon_jar jar;
	struct noon_answer answer;
	char words[NOON_CHECK_TEXT];
};

/* A state with a filled jar, or NULL with the result set. */
static struct room *enter(struct noon_target *t, struct noon_check_result *r,
			  enum noon_aead_id aead)
{
	struct room *m = calloc(1, sizeof(*m));
	char why[160] = "out of memory here";
	noon_err err = m == NULL ? NOON_ERR_OS : noon_jar_fill(&m->jar, t, aead, true, why);

	if (!err)
		return m;
	noon_check_end(r,
		       err == NOON_ERR_UNSUPPORTED ? NOON_CHECK_SKIPPED : NOON_CHECK_INCONCLUSIVE,
		       "%s", why);
	free(m);
	return NULL;
}

static void leave(struct room *m)
{
	noon_wipe(&m->jar, sizeof(m->jar));
	free(m);
}

static bool is_silence_wanted(enum want w)
{
	return w != WANT_TIME;
}

static enum noon_check_verdict verdict_of(enum want w, const struct noon_answer *a)
{
	const bool nothing = a->kind == NOON_ANSWER_NONE;

	switch (w) {
	case WANT_TIME:
		if (nothing || a->kind == NOON_ANSWER_REFUSED)
			return NOON_CHECK_INCONCLUSIVE;
		return a->kind == NOON_ANSWER_TIME && a->uid_echoed && a->origin_ok
			       ? NOON_CHECK_PASS
			       : NOON_CHECK_FAIL;
	case WANT_NTSN:
		if (nothing)
			return NOON_CHECK_WARNING;
		return a->kind == NOON_ANSWER_NTSN ? NOON_CHECK_PASS : NOON_CHECK_FAIL;
	case WANT_NO_TIME:
		return nothing || a->kind == NOON_ANSWER_NTSN ? NOON_CHECK_PASS : NOON_CHECK_FAIL;
	case WANT_NOTHING:
		return nothing ? NOON_CHECK_PASS : NOON_CHECK_FAIL;
	}
	return NOON_CHECK_INCONCLUSIVE;
}

/* Silence proves something only of a server that answers otherwise. */
static bool answers(struct room *m, struct noon_target *t)
{
	const struct noon_ask good = noon_ask_default();

	noon_ask_run(&good, &m->jar, t, true, &m->answer);
	return m->answer.kind == NOON_ANSWER_TIME;
}

static void ask(struct room *m, const struct question *q, struct noon_target *t,
		struct noon_check_result *r)
{
	enum noon_check_verdict v;

	noon_check_sent(r, "%s", q->sent);
	noon_check_expected(r, "%s", wanted(q->want));
	noon_ask_run(&q->ask, &m->jar, t, q->want == WANT_TIME, &m->answer);
	noon_answer_describe(&m->answer, m->words, sizeof(m->words));
	v = verdict_of(q->want, &m->answer);
	if (v == NOON_CHECK_PASS && m->answer.kind == NOON_ANSWER_NONE &&
	    is_silence_wanted(q->want) && !answers(m, t)) {
		noon_check_end(r, NOON_CHECK_INCONCLUSIVE,
			       "no answer, but none to a good request either");
		return;
	}
	/* It was sent several times: if a good request gets through, it was not lost. */
	if (v == NOON_CHECK_INCONCLUSIVE && m->answer.kind == NOON_ANSWER_NONE && answers(m, t)) {
		noon_check_end(r, NOON_CHECK_FAIL, "no answer, but one to a good request");
		return;
	}
	noon_check_end(r, v, "%s", m->words);
}

static void run_question(const struct noon_check *self, struct noon_target *t,
			 struct noon_check_result *r)
{
	struct room *m = enter(t, r, NOON_AEAD_SIV_CMAC_256);

	if (m == NULL)
		return;
	ask(m, &questions[self->arg], t, r);
	leave(m);
}

/* K15: both sides derive the same keys. */
static void run_aead(const struct noon_check *self, struct noon_target *t,
		     struct noon_check_result *r)
{
	struct room *m;

	noon_check_expected(r, "an authenticated answer with keys exported for AEAD %u", self->arg);
	m = enter(t, r, (enum noon_aead_id)self->arg);
	if (m == NULL)
		return;
	ask(m, &questions[QUESTION_GOOD_REQUEST], t, r);
	leave(m);
}

/* Properties of the answer to a request with some placeholders. */
enum property {
	PROPERTY_UID,
	PROPERTY_SHAPE,
	PROPERTY_FRESH,
	PROPERTY_ORIGIN,
};

static bool has_property(const struct noon_answer *a, enum property p)
{
	switch (p) {
	case PROPERTY_UID:
		return a->n_uid == 1 && a->uid_echoed;
	case PROPERTY_SHAPE:
		return a->n_uid == 1 && a->has_auth && a->n_cookie_outside == 0 &&
		       a->new_cookies >= 1;
	case PROPERTY_FRESH:
		return a->new_cookies >= 1 && a->cookies_distinct;
	case PROPERTY_ORIGIN:
		return a->origin_ok;
	}
	return false;
}

static void run_property(const struct noon_check *self, struct noon_target *t,
			 struct noon_check_result *r)
{
	struct room *m = enter(t, r, NOON_AEAD_SIV_CMAC_256);
	struct noon_ask a = noon_ask_default();

	if (m == NULL)
		return;
	a.placeholders = 2;
	noon_check_sent(r, "a request with 2 placeholders");
	noon_check_expected(r, "%s", self->title);
	noon_ask_run(&a, &m->jar, t, true, &m->answer);
	noon_answer_describe(&m->answer, m->words, sizeof(m->words));
	if (m->answer.kind == NOON_ANSWER_NONE)
		noon_check_end(r, NOON_CHECK_INCONCLUSIVE, "%s", m->words);
	else
		noon_check_end(r,
			       m->answer.kind == NOON_ANSWER_TIME &&
					       has_property(&m->answer, (enum property)self->arg)
				       ? NOON_CHECK_PASS
				       : NOON_CHECK_FAIL,
			       "%s", m->words);
	leave(m);
}

/* P8, P9: as many cookies as requested, and no more bytes than in the request. */
static void run_amplification(const struct noon_check *self, struct noon_target *t,
			      struct noon_check_result *r)
{
	struct room *m = enter(t, r, NOON_AEAD_SIV_CMAC_256);
	struct noon_ask a = noon_ask_default();
	const bool count = self->arg == 0;

	if (m == NULL)
		return;
	noon_check_sent(r, "requests with 0 to 7 placeholders");
	noon_check_expected(r, count ? "one cookie more than placeholders, each time"
				     : "no answer longer than its request");
	noon_check_end(r, NOON_CHECK_PASS, "8 answers as expected");
	for (a.placeholders = 0; a.placeholders < 8; a.placeholders++) {
		const struct noon_answer *x = &m->answer;

		noon_ask_run(&a, &m->jar, t, true, &m->answer);
		noon_answer_describe(x, m->words, sizeof(m->words));
		if (x->kind != NOON_ANSWER_TIME) {
			/* A path that drops long packets is not the server's fault. */
			noon_check_end(
				r, NOON_CHECK_INCONCLUSIVE, "%zu placeholders (%zu bytes): %s%s",
				a.placeholders, x->n_sent, m->words,
				a.placeholders > 0 ? "; does a firewall drop long packets?" : "");
			break;
		}
		if (count ? x->new_cookies != a.placeholders + 1 : x->n > x->n_sent) {
			noon_check_end(r, NOON_CHECK_FAIL, "%zu placeholders: %s", a.placeholders,
				       m->words);
			break;
		}
	}
	leave(m);
}

/* L1: some networks drop NTP packets that are longer than those of plain NTP. */
static void run_lengths(const struct noon_check *self, struct noon_target *t,
			struct noon_check_result *r)
{
	struct room *m = enter(t, r, NOON_AEAD_SIV_CMAC_256);
	struct noon_ask a = noon_ask_default();
	size_t passed = 0, lost = 0;

	(void)self;
	if (m == NULL)
		return;
	noon_check_sent(r, "good requests with 0, 1, 3 and 7 placeholders");
	noon_check_expected(r, "answers to all");
	for (a.placeholders = 0; a.placeholders < 8 && lost == 0;
	     a.placeholders = 2 * a.placeholders + 1) {
		noon_ask_run(&a, &m->jar, t, true, &m->answer);
		if (m->answer.kind == NOON_ANSWER_NONE)
			lost = m->answer.n_sent;
		else
			passed = m->answer.n_sent;
	}
	if (lost == 0)
		noon_check_end(r, NOON_CHECK_PASS, "packets of %zu bytes pass", passed);
	else if (passed == 0)
		noon_check_end(r, NOON_CHECK_INCONCLUSIVE, "not even packets of %zu bytes pass",
			       lost);
	else
		noon_check_end(r, NOON_CHECK_WARNING,
			       "packets of %zu bytes pass, of %zu bytes not: a firewall on the "
			       "path, or the server, drops long NTP packets",
			       passed, lost);
	leave(m);
}

/* P7: an NTS NAK has the identifier and no field that looks protected or useful. */
static void run_nak(const struct noon_check *self, struct noon_target *t,
		    struct noon_check_result *r)
{
	struct room *m = enter(t, r, NOON_AEAD_SIV_CMAC_256);
	const struct noon_answer *a;

	(void)self;
	if (m == NULL)
		return;
	a = &m->answer;
	noon_check_sent(r, "%s", questions[QUESTION_RANDOM_COOKIE].sent);
	noon_check_expected(r, "NTSN with the identifier, without cookie or authenticator");
	noon_ask_run(&questions[QUESTION_RANDOM_COOKIE].ask, &m->jar, t, true, &m->answer);
	noon_answer_describe(a, m->words, sizeof(m->words));
	if (a->kind != NOON_ANSWER_NTSN)
		noon_check_end(r,
			       a->kind == NOON_ANSWER_NONE ? NOON_CHECK_SKIPPED : NOON_CHECK_FAIL,
			       "%s", m->words);
	else
		noon_check_end(r,
			       a->uid_echoed && a->n_cookie_outside == 0 && !a->has_auth &&
					       a->n <= a->n_sent && a->origin_ok
				       ? NOON_CHECK_PASS
				       : NOON_CHECK_FAIL,
			       "%s", m->words);
	leave(m);
}

/* P10: the cookie of one client with the keys of another. */
static void run_confusion(const struct noon_check *self, struct noon_target *t,
			  struct noon_check_result *r)
{
	struct room *m = enter(t, r, NOON_AEAD_SIV_CMAC_256);
	struct room *other = m != NULL ? enter(t, r, NOON_AEAD_SIV_CMAC_256) : NULL;

	(void)self;
	if (other != NULL) {
		static const struct question q = {
			{GOOD}, WANT_NO_TIME, "the cookie of another client"};

		memcpy(m->jar.c2s, other->jar.c2s, sizeof(m->jar.c2s));
		memcpy(m->jar.s2c, other->jar.s2c, sizeof(m->jar.s2c));
		noon_check_sent(r, "%s", q.sent);
		noon_check_expected(r, "%s", wanted(q.want));
		noon_ask_run(&q.ask, &m->jar, t, false, &m->answer);
		noon_answer_describe(&m->answer, m->words, sizeof(m->words));
		noon_check_end(r, verdict_of(q.want, &m->answer), "%s", m->words);
		leave(other);
	}
	if (m != NULL)
		leave(m);
}

#define P(id, title, clause, level, fn, arg)                                 \
	{                                                                    \
		id, "nts", title, clause, NOON_LEVEL_##level, false, fn, arg \
	}

static const struct noon_check checks[] = {
	P("K15a", "the keys of AEAD 15 are derived as specified", "RFC 8915, 5.1", MUST, run_aead,
	  NOON_AEAD_SIV_CMAC_256),
	P("K15b", "the keys of AEAD 30 are derived as specified", "RFC 8915, 5.1", MUST, run_aead,
	  NOON_AEAD_GCM_SIV_128),
	P("L1", "no packet is lost for its length", "RFC 8915, 5.7", SHOULD, run_lengths, 0),
	P("P1a", "a request without identifier gets no time", "RFC 8915, 5.7", MUST, run_question,
	  QUESTION_NO_UID),
	P("P1b", "a short identifier gets no time", "RFC 8915, 5.3", SHOULD, run_question,
	  QUESTION_SHORT_UID),
	P("P1c", "two identifiers get no time", "RFC 8915, 5.7", MUST, run_question,
	  QUESTION_TWO_UIDS),
	P("P2", "the identifier comes back", "RFC 8915, 5.7", MUST, run_property, PROPERTY_UID),
	P("P3a", "two cookies get no time", "RFC 8915, 5.7", MUST, run_question,
	  QUESTION_TWO_COOKIES),
	P("P3b", "no cookie gets no authenticated time", "RFC 8915, 5.7", MUST, run_question,
	  QUESTION_NO_COOKIE),
	P("P4a", "a placeholder longer than the cookie gets no time", "RFC 8915, 5.5", SHOULD,
	  run_question, QUESTION_LONG_PLACEHOLDER),
	P("P4b", "a placeholder shorter than the cookie gets no time", "RFC 8915, 5.5", SHOULD,
	  run_question, QUESTION_SHORT_PLACEHOLDER),
	/* The client may append fields of other protocols, and the server must discard them. */
	P("P5a", "a field after the authenticator is ignored", "RFC 8915, 5.7", MUST, run_question,
	  QUESTION_UNKNOWN_AFTER),
	P("P5b", "a nonce of length 0 gets no time", "RFC 8915, 5.6", MUST, run_question,
	  QUESTION_SHORT_NONCE),
	P("P5c", "a request without authenticator gets no time", "RFC 8915, 5.7", MUST,
	  run_question, QUESTION_NO_AUTHENTICATOR),
	P("P5d", "a cookie after the authenticator is ignored", "RFC 8915, 5.7", MAY, run_question,
	  QUESTION_COOKIE_AFTER),
	P("P6a", "a changed header gets no time", "RFC 8915, 5.7", MUST, run_question,
	  QUESTION_FLIPPED_HEADER),
	P("P6b", "a changed identifier gets no time", "RFC 8915, 5.7", MUST, run_question,
	  QUESTION_FLIPPED_UID),
	P("P6c", "a changed cookie gets an NTS NAK", "RFC 8915, 5.7", SHOULD, run_question,
	  QUESTION_FLIPPED_COOKIE),
	P("P7a", "an unknown cookie gets an NTS NAK", "RFC 8915, 5.7", SHOULD, run_question,
	  QUESTION_RANDOM_COOKIE),
	P("P7b", "an NTS NAK has the identifier only", "RFC 8915, 5.7", MUST, run_nak, 0),
	P("P8a", "cookies come inside of the ciphertext only", "RFC 8915, 5.7", MUST, run_property,
	  PROPERTY_SHAPE),
	P("P8b", "new cookies are fresh and distinct", "RFC 8915, 5.7", MUST, run_property,
	  PROPERTY_FRESH),
	P("P8c", "each placeholder gets a cookie", "RFC 8915, 5.7", SHOULD, run_amplification, 0),
	P("P9", "no answer is longer than its request", "RFC 8915, 8.4", MUST, run_amplification,
	  1),
	P("P10a", "a request sealed with the S2C key gets no time", "RFC 8915, 5.1", MUST,
	  run_question, QUESTION_WRONG_KEY),
	P("P10b", "the cookie of another client gets no time", "RFC 8915, 5.7", MUST, run_confusion,
	  0),
	P("P11", "a repeated request gets a new answer", "RFC 8915, 5.7", MAY, run_question,
	  QUESTION_REPEATED),
	P("P12a", "mode 4 gets no answer", "RFC 5905, 9.2", MUST, run_question, QUESTION_MODE_4),
	P("P12b", "mode 1 gets no time", "RFC 8915, 5.6", MUST, run_question, QUESTION_MODE_1),
	P("P13", "NTS with NTPv3 gets no time", "RFC 8915, 5", SHOULD, run_question,
	  QUESTION_VERSION_3),
	P("P14a", "a request cut off gets no time", "RFC 7822, 3", MUST, run_question,
	  QUESTION_CUT_OFF),
	P("P14b", "a field of an unknown type is ignored", "RFC 7822, 3", SHOULD, run_question,
	  QUESTION_UNKNOWN_FIELD),
	P("P15", "an experimental field is ignored", "RFC 9748, 4", SHOULD, run_question,
	  QUESTION_EXPERIMENTAL_FIELD),
	P("P16", "a placeholder inside of the ciphertext is fine", "RFC 8915, 5.7", MUST,
	  run_question, QUESTION_PLACEHOLDER_INSIDE),
	P("P17", "the origin is the request's transmit time", "RFC 5905, 8", MUST, run_property,
	  PROPERTY_ORIGIN),
};

const struct noon_check *noon_checks_nts(size_t *ret_n)
{
	*ret_n = sizeof(checks) / sizeof(checks[0]);
	return checks;
}
