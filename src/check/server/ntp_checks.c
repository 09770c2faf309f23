/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks of a plain NTPv4 server (RFC 5905, 7822, 9748).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/check.h"
#include "check/server/nts_probe.h"

enum want {
	WANT_TIME,
	WANT_NOTHING,
	WANT_ANY, /* either; the answer is no longer than the request and no error */
};

struct question {
	struct noon_ask ask;
	enum want want;
	const char *sent;
};

/* The request. */
enum question_id {
	QUESTION_VERSION_4,
	QUESTION_VERSION_3,
	QUESTION_VERSION_2,
	QUESTION_VERSION_5,
	QUESTION_MODE_4,
	QUESTION_MODE_5,
	QUESTION_MODE_6,
	QUESTION_MODE_7,
	QUESTION_SHORT_PACKET,
	QUESTION_UNKNOWN_FIELD,
	QUESTION_EXPERIMENTAL_FIELD,
	QUESTION_FIELD_TOO_LONG,
	QUESTION_FIELD_TOO_SHORT,
	QUESTION_MODE_0,
};

static const struct question questions[] = {
	[QUESTION_VERSION_4] = {{.version = 4, .mode = 3}, WANT_TIME, "a request of version 4"},
	[QUESTION_VERSION_3] = {{.version = 3, .mode = 3}, WANT_TIME, "a request of version 3"},
	[QUESTION_VERSION_2] = {{.version = 2, .mode = 3}, WANT_ANY, "a request of version 2"},
	[QUESTION_VERSION_5] = {{.version = 5, .mode = 3}, WANT_ANY, "a request of version 5"},
	[QUESTION_MODE_4] = {{.version = 4, .mode = 4},
			     WANT_NOTHING,
			     "a packet of mode 4 (server)"},
	[QUESTION_MODE_5] = {{.version = 4, .mode = 5},
			     WANT_NOTHING,
			     "a packet of mode 5 (broadcast)"},
	[QUESTION_MODE_6] = {{.version = 2, .mode = 6},
			     WANT_NOTHING,
			     "a packet of mode 6 (control)"},
	[QUESTION_MODE_7] = {{.version = 2, .mode = 7},
			     WANT_NOTHING,
			     "a packet of mode 7 (private)"},
	[QUESTION_SHORT_PACKET] = {{.version = 4, .mode = 3, .cut = 47}, WANT_NOTHING, "47 bytes"},
	[QUESTION_UNKNOWN_FIELD] = {{.version = 4, .mode = 3, .extra = 0x4321},
				    WANT_TIME,
				    "a request with a field of an unknown type"},
	[QUESTION_EXPERIMENTAL_FIELD] = {{.version = 4, .mode = 3, .extra = 0xf001},
					 WANT_TIME,
					 "a request with an experimental field"},
	[QUESTION_FIELD_TOO_LONG] = {{.version = 4, .mode = 3, .raw_ext_len = 65532},
				     WANT_NOTHING,
				     "a request with a field that claims 65532 bytes"},
	[QUESTION_FIELD_TOO_SHORT] = {{.version = 4, .mode = 3, .raw_ext_len = 3},
				      WANT_NOTHING,
				      "a request with a field of length 3"},
	[QUESTION_MODE_0] = {{.version = 4, .mode = 0}, WANT_ANY, "a packet of mode 0"},
};

static const char *wanted(enum want w)
{
	static const char *const words[] = {"an answer of mode 4", "nothing",
					    "nothing, or an answer no longer than the request"};

	return words[w];
}

static enum noon_check_verdict verdict_of(enum want w, const struct noon_answer *a)
{
	const bool nothing = a->kind == NOON_ANSWER_NONE;

	switch (w) {
	case WANT_TIME:
		if (nothing || a->kind == NOON_ANSWER_REFUSED)
			return NOON_CHECK_INCONCLUSIVE;
		return a->kind == NOON_ANSWER_TIME ? NOON_CHECK_PASS : NOON_CHECK_FAIL;
	case WANT_NOTHING:
		return nothing ? NOON_CHECK_PASS : NOON_CHECK_FAIL;
	case WANT_ANY:
		return a->n <= a->n_sent ? NOON_CHECK_PASS : NOON_CHECK_FAIL;
	}
	return NOON_CHECK_INCONCLUSIVE;
}

static bool find(struct noon_target *t)
{
	if (t->ntp.len > 0)
		return true;
	t->ntp = t->ke;
	noon_addr_set_port(&t->ntp, t->conf.ntp_port != 0 ? t->conf.ntp_port : NOON_NTP_PORT);
	return true;
}

static void run_question(const struct noon_check *self, struct noon_target *t,
			 struct noon_check_result *r)
{
	const struct question *q = &questions[self->arg];
	const struct noon_ask good = noon_ask_plain();
	struct noon_answer *a = calloc(1, sizeof(*a));
	char words[NOON_CHECK_TEXT];
	enum noon_check_verdict v;

	if (a == NULL || !find(t)) {
		free(a);
		return;
	}
	noon_check_sent(r, "%s", q->sent);
	noon_check_expected(r, "%s", wanted(q->want));
	noon_ask_run(&q->ask, NULL, t, q->want == WANT_TIME, a);
	noon_answer_describe(a, words, sizeof(words));
	v = verdict_of(q->want, a);
	if (v == NOON_CHECK_PASS && a->kind == NOON_ANSWER_NONE) {
		noon_ask_run(&good, NULL, t, true, a);
		if (a->kind != NOON_ANSWER_TIME) {
			v = NOON_CHECK_INCONCLUSIVE;
			(void)snprintf(words, sizeof(words),
				       "no answer, but none to a good request either");
		}
	}
	/* It was sent several times: if a good request gets through, it was not lost. */
	if (v == NOON_CHECK_INCONCLUSIVE && a->kind == NOON_ANSWER_NONE && q->want == WANT_TIME) {
		noon_ask_run(&good, NULL, t, true, a);
		if (a->kind == NOON_ANSWER_TIME) {
			v = NOON_CHECK_FAIL;
			(void)snprintf(words, sizeof(words),
				       "no answer, but one to a good request");
		}
	}
	noon_check_end(r, v, "%s", words);
	free(a);
}

/* Contents of the header of a good answer. */
enum property {
	PROPERTY_ORIGIN,
	PROPERTY_VERSION,
	PROPERTY_LENGTH,
	PROPERTY_STRATUM,
	PROPERTY_LEAP,
	PROPERTY_ROOT,
	PROPERTY_PRECISION,
	PROPERTY_ORDER,
	PROPERTY_REFERENCE,
};

static bool has_property(const struct noon_answer *a, enum property p)
{
	const struct noon_ntp_header *h = &a->header;

	switch (p) {
	case PROPERTY_ORIGIN:
		return a->origin_ok;
	case PROPERTY_VERSION:
		return h->version == 4;
	case PROPERTY_LENGTH:
		return a->n <= a->n_sent;
	case PROPERTY_STRATUM:
		return h->stratum >= 1 && h->stratum <= 15;
	case PROPERTY_LEAP:
		return h->leap != 3;
	case PROPERTY_ROOT:
		return h->root_delay < UINT32_C(16) << 16 && h->root_disp < UINT32_C(16) << 16;
	case PROPERTY_PRECISION:
		return h->precision <= 0 && h->precision >= -32;
	case PROPERTY_ORDER:
		return h->receive != 0 && h->transmit != 0 &&
		       (int64_t)(h->transmit - h->receive) >= 0;
	case PROPERTY_REFERENCE:
		return h->reference == 0 || (int64_t)(h->transmit - h->reference) >= 0;
	}
	return false;
}

static void run_property(const struct noon_check *self, struct noon_target *t,
			 struct noon_check_result *r)
{
	const struct noon_ask good = noon_ask_plain();
	struct noon_answer *a = calloc(1, sizeof(*a));
	char words[NOON_CHECK_TEXT];

	if (a == NULL || !find(t)) {
		free(a);
		return;
	}
	noon_check_sent(r, "%s", questions[QUESTION_VERSION_4].sent);
	noon_check_expected(r, "%s", self->title);
	noon_ask_run(&good, NULL, t, true, a);
	noon_answer_describe(a, words, sizeof(words));
	if (a->n < NOON_NTP_HEADER_LEN)
		noon_check_end(r, NOON_CHECK_INCONCLUSIVE, "%s", words);
	else
		noon_check_end(r,
			       has_property(a, (enum property)self->arg) ? NOON_CHECK_PASS
									 : NOON_CHECK_FAIL,
			       "leap %u, precision %d, root delay %u, root dispersion %u; %s",
			       (unsigned)a->header.leap, (int)a->header.precision,
			       a->header.root_delay, a->header.root_disp, words);
	free(a);
}

/* Transmit times of consecutive answers increase. */
static void run_monotone(const struct noon_check *self, struct noon_target *t,
			 struct noon_check_result *r)
{
	const struct noon_ask good = noon_ask_plain();
	struct noon_answer *a = calloc(1, sizeof(*a));
	noon_ntp_ts last = 0;

	(void)self;
	if (a == NULL || !find(t)) {
		free(a);
		return;
	}
	noon_check_sent(r, "8 requests in a row");
	noon_check_expected(r, "transmit times that rise");
	noon_check_end(r, NOON_CHECK_PASS, "8 rising transmit times");
	for (int i = 0; i < 8; i++) {
		noon_ask_run(&good, NULL, t, true, a);
		if (a->n < NOON_NTP_HEADER_LEN) {
			noon_check_end(r, NOON_CHECK_INCONCLUSIVE, "no answer to request %d", i);
			break;
		}
		if (i > 0 && (int64_t)(a->header.transmit - last) <= 0) {
			noon_check_end(r, NOON_CHECK_FAIL, "answer %d left before the one before",
				       i);
			break;
		}
		last = a->header.transmit;
	}
	free(a);
}

#define N(id, title, clause, level, fn, arg)                                 \
	{                                                                    \
		id, "ntp", title, clause, NOON_LEVEL_##level, false, fn, arg \
	}

static const struct noon_check checks[] = {
	N("N1a", "version 4 is answered", "RFC 5905, 9.2", MUST, run_question, QUESTION_VERSION_4),
	N("N1b", "version 3 is answered", "RFC 5905, 9.2", SHOULD, run_question,
	  QUESTION_VERSION_3),
	N("N1c", "version 2 does no harm", "RFC 5905, 9.2", MUST, run_question, QUESTION_VERSION_2),
	N("N1d", "version 5 does no harm", "RFC 5905, 9.2", MUST, run_question, QUESTION_VERSION_5),
	N("N1e", "the answer is of version 4", "RFC 5905, 9.2", SHOULD, run_property,
	  PROPERTY_VERSION),
	N("N2a", "mode 4 gets no answer", "RFC 5905, 9.2", MUST, run_question, QUESTION_MODE_4),
	N("N2b", "mode 5 gets no answer", "RFC 5905, 9.2", MUST, run_question, QUESTION_MODE_5),
	N("N2c", "mode 6 gets no answer", "RFC 9327, 5", SHOULD, run_question, QUESTION_MODE_6),
	N("N2d", "mode 7 gets no answer", "CVE-2013-5211", MUST, run_question, QUESTION_MODE_7),
	N("N2e", "mode 0 does no harm", "RFC 5905, 9.2", MUST, run_question, QUESTION_MODE_0),
	N("N3a", "a short packet gets no answer", "RFC 5905, 7.3", MUST, run_question,
	  QUESTION_SHORT_PACKET),
	N("N3b", "a field that claims more than there is gets no answer", "RFC 7822, 3", SHOULD,
	  run_question, QUESTION_FIELD_TOO_LONG),
	N("N3c", "a field of an impossible length gets no answer", "RFC 7822, 3", SHOULD,
	  run_question, QUESTION_FIELD_TOO_SHORT),
	N("N3d", "a field of an unknown type is ignored", "RFC 7822, 3", SHOULD, run_question,
	  QUESTION_UNKNOWN_FIELD),
	N("N3e", "an experimental field is ignored", "RFC 9748, 4", SHOULD, run_question,
	  QUESTION_EXPERIMENTAL_FIELD),
	N("N4", "no answer is longer than its request", "RFC 5905, 15", MUST, run_property,
	  PROPERTY_LENGTH),
	N("N5", "the origin is the request's transmit time", "RFC 5905, 8", MUST, run_property,
	  PROPERTY_ORIGIN),
	N("N6", "the stratum is 1 to 15", "RFC 5905, 7.3", SHOULD, run_property, PROPERTY_STRATUM),
	N("N7", "the leap indicator says synchronised", "RFC 5905, 7.3", SHOULD, run_property,
	  PROPERTY_LEAP),
	N("N8", "root delay and dispersion are below 16 s", "RFC 5905, 7.3", SHOULD, run_property,
	  PROPERTY_ROOT),
	N("N9", "the precision is between 2^-32 and 1 s", "RFC 5905, 7.3", SHOULD, run_property,
	  PROPERTY_PRECISION),
	N("N10", "the answer leaves after the request came", "RFC 5905, 8", MUST, run_property,
	  PROPERTY_ORDER),
	N("N11", "the reference time is not in the future", "RFC 5905, 7.3", SHOULD, run_property,
	  PROPERTY_REFERENCE),
	N("N12", "transmit times rise", "RFC 5905, 7.3", MUST, run_monotone, 0),
};

const struct noon_check *noon_checks_ntp(size_t *ret_n)
{
	*ret_n = sizeof(checks) / sizeof(checks[0]);
	return checks;
}
