/* SPDX-License-Identifier: Apache-2.0
 *
 * Properties of the requests of a client, singly and compared (RFC 8915, sections 5.3 to 5.7 and 9;
 * RFC 9109).
 */
#include <string.h>

#include "check/client/client_checks.h"

/* Least number of requests that shows a pattern. */
#define HABIT 5

static bool too_few(const struct noon_check_client_server *s, struct noon_check_result *ret)
{
	if (s->n_request < HABIT)
		noon_check_end(ret, NOON_CHECK_INCONCLUSIVE, "%zu requests, %d are needed",
			       s->n_request, HABIT);
	return s->n_request < HABIT;
}

static bool is_old_uid(const struct noon_check_client_server *s, size_t i)
{
	const struct noon_check_client_request *r = &s->request[i];

	for (size_t j = 0; j < i && r->uid_n > 0; j++)
		if (s->request[j].uid_n == r->uid_n &&
		    memcmp(s->request[j].uid, r->uid, NOON_CHECK_CLIENT_UID) == 0)
			return true;
	return false;
}

static size_t count_stale(const struct noon_check_client_server *s,
			  enum noon_check_client_fresh what)
{
	size_t n = 0;

	for (size_t i = 1; i < s->n_request; i++) {
		const struct noon_check_client_request *r = &s->request[i];

		n += what == NOON_FRESH_COOKIE ? r->again
		     : what == NOON_FRESH_PORT ? r->port == r[-1].port
					       : is_old_uid(s, i);
	}
	return n;
}

void noon_check_client_fresh(const struct noon_check *self, struct noon_target *t,
			     struct noon_check_result *ret)
{
	static const char *const words[] = {"cookie", "source port", "unique identifier"};
	const struct noon_check_client_server *s = t->client;
	const size_t stale = count_stale(s, (enum noon_check_client_fresh)self->arg);
	/* A port drawn at random may be the same by chance. */
	const size_t allowed = self->arg == NOON_FRESH_PORT ? 1 : 0;

	noon_check_expected(ret, "a new %s for each request", words[self->arg]);
	if (stale > allowed)
		noon_check_end(
			ret, self->level == NOON_LEVEL_MAY ? NOON_CHECK_WARNING : NOON_CHECK_FAIL,
			"an old %s in %zu of %zu requests", words[self->arg], stale, s->n_request);
	else if (!too_few(s, ret))
		noon_check_end(ret, NOON_CHECK_PASS, "in %zu requests", s->n_request);
}

/* The poll interval may be sent; any other change in the header, except the transmit timestamp,
 * discloses too much. */
static bool is_same_header(const struct noon_ntp_header *a, const struct noon_ntp_header *b)
{
	return a->leap == b->leap && a->version == b->version && a->stratum == b->stratum &&
	       a->precision == b->precision && a->root_delay == b->root_delay &&
	       a->root_disp == b->root_disp && a->ref_id == b->ref_id &&
	       a->reference == b->reference && a->origin == b->origin && a->receive == b->receive;
}

static bool is_well_formed(const struct noon_check_client_server *s, size_t i,
			   enum noon_check_client_form form)
{
	const struct noon_check_client_request *r = &s->request[i];

	switch (form) {
	case NOON_FORM_UID:
		return r->n_uid == 1 && r->uid_n >= 32;
	case NOON_FORM_COOKIE:
		return r->n_cookie == 1;
	case NOON_FORM_PRECEDES:
		return !r->nts_tail;
	case NOON_FORM_AUTH:
		return r->auth || r->bait == NOON_BAIT_UNKNOWN;
	case NOON_FORM_PLACEHOLDER:
		return !r->bad_placeholder;
	case NOON_FORM_NONCE:
		return !r->short_nonce;
	case NOON_FORM_LAST:
		return !r->tail;
	case NOON_FORM_SEVEN:
		return r->placeholders <= 7;
	case NOON_FORM_HEADER:
		return is_same_header(&r->header, &s->request[0].header);
	case NOON_FORM_PORT:
		return r->port >= 1024;
	}
	return false;
}

void noon_check_client_form(const struct noon_check *self, struct noon_target *t,
			    struct noon_check_result *ret)
{
	static const char *const words[] = {
		"one identifier of 32 bytes or more",
		"one cookie",
		"an authenticator, and no field of NTS after it",
		"an authenticator that verifies",
		"placeholders as long as the cookie",
		"a nonce of 16 bytes, or as many as the AEAD takes, with its padding",
		"nothing after the authenticator",
		"seven placeholders at most",
		"a header that is always the same",
		"a source port of 1024 or above",
	};
	const struct noon_check_client_server *s = t->client;
	size_t bad = 0;
	size_t placeholders = 0;

	noon_check_expected(ret, "%s", words[self->arg]);
	for (size_t i = 0; i < s->n_request; i++) {
		bad += !is_well_formed(s, i, (enum noon_check_client_form)self->arg);
		placeholders += s->request[i].placeholders;
	}
	if (bad > 0)
		noon_check_end(ret,
			       self->level == NOON_LEVEL_MAY ? NOON_CHECK_WARNING : NOON_CHECK_FAIL,
			       "not in %zu of %zu requests", bad, s->n_request);
	else if (too_few(s, ret))
		return;
	else if (self->arg == NOON_FORM_PLACEHOLDER && placeholders == 0)
		noon_check_end(ret, NOON_CHECK_INCONCLUSIVE, "no placeholders at all");
	else
		noon_check_end(ret, NOON_CHECK_PASS, "in %zu requests", s->n_request);
}

void noon_check_client_transmit(const struct noon_check *self, struct noon_target *t,
				struct noon_check_result *ret)
{
	const struct noon_check_client_server *s = t->client;
	size_t clock = 0;
	size_t same = 0;

	(void)self;
	noon_check_expected(ret, "a random transmit timestamp in each request");
	for (size_t i = 0; i < s->n_request; i++) {
		clock += s->request[i].from_clock < NOON_S(86400);
		same += i > 0 && s->request[i].header.transmit == s->request[i - 1].header.transmit;
	}
	if (same > 0)
		noon_check_end(ret, NOON_CHECK_FAIL, "the same as before in %zu of %zu requests",
			       same, s->n_request);
	else if (clock > 1)
		noon_check_end(ret, NOON_CHECK_FAIL, "the time of its clock in %zu of %zu requests",
			       clock, s->n_request);
	else if (!too_few(s, ret))
		noon_check_end(ret, NOON_CHECK_PASS, "in %zu requests", s->n_request);
}

void noon_check_client_parsed(const struct noon_check *self, struct noon_target *t,
			      struct noon_check_result *ret)
{
	const struct noon_check_client_server *s = t->client;

	(void)self;
	noon_check_expected(ret, "packets of NTP whose fields fill them");
	if (s->n_malformed > 0)
		noon_check_end(ret, NOON_CHECK_FAIL, "%zu packets that are none", s->n_malformed);
	else if (!too_few(s, ret))
		noon_check_end(ret, NOON_CHECK_PASS, "in %zu requests", s->n_request);
}
