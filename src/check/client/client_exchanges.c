/* SPDX-License-Identifier: Apache-2.0
 *
 * When a client exchanges keys, and with whom: NAKs, back-off, certificates (RFC 8915, sections
 * 4.2, 5.7 and 8.7).
 */
#include "check/client/client_checks.h"

/* For how many requests after a NAK a key exchange is attributed to it. */
#define WINDOW 8

/**
 * Tell whether a client may have been out of cookies after n requests. A request with N
 * placeholders says that 7 - N cookies are left (RFC 8915, section 5.7), and each later request
 * takes one; a client may also send no placeholders after a loss, so the last three requests are
 * examined.
 */
static bool may_be_empty(const struct noon_check_client_server *s, size_t n)
{
	for (size_t i = n > 3 ? n - 3 : 0; i < n; i++)
		if (s->request[i].placeholders + (n - 1 - i) >= 7)
			return true;
	return false;
}

enum guilt {
	NOT_YET,
	INNOCENT,
	EXCUSED, /* an exchange that an empty jar explains */
	GUILTY,
};

/* What a client did after the NAK to request `at`: no other NAK may come in between. */
static enum guilt after_nak(const struct noon_check_client_server *s, size_t at)
{
	size_t end = at + 1;

	while (end < s->n_request && end < at + WINDOW &&
	       s->request[end].step != NOON_STEP_NAK_FIRST &&
	       s->request[end].step != NOON_STEP_NAK_OTHER &&
	       s->request[end].step != NOON_STEP_NAK_ONLY)
		end++;
	for (size_t i = 0; i < s->n_ke; i++)
		if (s->ke[i].requests > at && s->ke[i].requests <= end)
			return may_be_empty(s, s->ke[i].requests) ? EXCUSED : GUILTY;
	return end < at + 3 ? NOT_YET : INNOCENT;
}

/* One NAK with a verdict is enough; one without may be due to a lost packet. */
void noon_check_client_false_nak(const struct noon_check *self, struct noon_target *t,
				 struct noon_check_result *ret)
{
	const struct noon_check_client_server *s = t->client;
	const enum noon_check_client_step step = (enum noon_check_client_step)self->arg;
	size_t n[GUILTY + 1] = {0};

	noon_check_sent(ret, step == NOON_STEP_NAK_OTHER
				     ? "a NAK with another unique identifier, and no more, twice"
				     : "a NAK with the right identifier, then the good reply");
	noon_check_expected(ret, "no key exchange follows");
	for (size_t i = 0; i < s->n_request; i++)
		if (s->request[i].step == step)
			n[after_nak(s, i)]++;
	if (n[GUILTY] > 0)
		noon_check_end(ret, NOON_CHECK_FAIL, "a key exchange");
	else if (n[INNOCENT] > 0)
		noon_check_end(ret, NOON_CHECK_PASS, "the next requests");
	else if (n[EXCUSED] > 0)
		noon_check_end(ret, NOON_CHECK_INCONCLUSIVE,
			       "a key exchange, but its cookies may have run out just then");
	else
		noon_check_end(ret, NOON_CHECK_INCONCLUSIVE, "too few requests after it");
}

/* The first NAK sent alone; n_request if there is none. */
static size_t first_true_nak(const struct noon_check_client_server *s)
{
	size_t at = 0;

	while (at < s->n_request && s->request[at].step != NOON_STEP_NAK_ONLY)
		at++;
	return at;
}

/* The server has lost the keys: a NAK is the only answer, request after request. */
void noon_check_client_true_nak(const struct noon_check *self, struct noon_target *t,
				struct noon_check_result *ret)
{
	const struct noon_check_client_server *s = t->client;
	const size_t at = first_true_nak(s);
	const struct noon_check_client_ke *ke = NULL;
	size_t end = s->n_request;
	size_t naks = 0;

	(void)self;
	noon_check_sent(ret, "NAKs with the right identifier, and nothing else");
	noon_check_expected(ret, "a key exchange before the cookies run out");
	for (size_t i = 0; i < s->n_ke && ke == NULL; i++)
		if (s->ke[i].requests > at && (!s->ke[i].refused || s->ke[i].put_off))
			ke = &s->ke[i];
	if (ke != NULL)
		end = ke->requests;
	for (size_t i = at; i < end; i++)
		naks += s->request[i].step == NOON_STEP_NAK_ONLY;
	if (ke != NULL && !may_be_empty(s, end))
		noon_check_end(ret, NOON_CHECK_PASS, "a key exchange after %zu NAKs", end - at);
	else if (naks >= NOON_CHECK_CLIENT_NAKS - 1)
		noon_check_end(ret, NOON_CHECK_FAIL, "no key exchange in %zu NAKs", naks);
	else
		noon_check_end(ret, NOON_CHECK_INCONCLUSIVE,
			       ke == NULL ? "%zu NAKs, and no key exchange yet"
					  : "a key exchange after %zu NAKs, but its cookies may "
					    "have run out just then",
			       naks);
}

/* The longest interval between requests before request n, as far as recorded. */
static noon_dur interval_before(const struct noon_check_client_server *s, size_t n)
{
	noon_dur longest = 0;

	for (size_t i = n > 5 ? n - 4 : 1; i < n; i++)
		if (noon_time_diff(s->request[i].at, s->request[i - 1].at) > longest)
			longest = noon_time_diff(s->request[i].at, s->request[i - 1].at);
	return longest;
}

/* Until the next exchange that we serve, or the end; not longer than the client had cookies. */
void noon_check_client_polls_on(const struct noon_check *self, struct noon_target *t,
				struct noon_check_result *ret)
{
	const struct noon_check_client_server *s = t->client;
	const struct noon_check_client_ke *off = NULL;
	const struct noon_check_client_ke *next;
	noon_dur waited;
	size_t n;

	(void)self;
	noon_check_sent(ret, "a NAK with the right identifier, and a key exchange that fails");
	noon_check_expected(ret, "requests with the old keys until an exchange succeeds");
	for (size_t i = 0; i < s->n_ke && off == NULL; i++)
		off = s->ke[i].put_off ? &s->ke[i] : NULL;
	if (off == NULL || may_be_empty(s, off->requests)) {
		noon_check_end(ret, NOON_CHECK_INCONCLUSIVE,
			       off == NULL ? "no key exchange while it had cookies"
					   : "its cookies may have run out just then");
		return;
	}
	next = off + 1 < s->ke + s->n_ke ? off + 1 : NULL;
	n = (next != NULL ? next->requests : s->n_request) - off->requests;
	waited = noon_time_diff(next != NULL ? next->at : s->ended, off->at);
	if (n > 0)
		noon_check_end(ret, NOON_CHECK_PASS, "%zu requests in %.1f s", n,
			       noon_dur_to_s(waited));
	else if (waited > 2 * interval_before(s, off->requests))
		noon_check_end(ret, NOON_CHECK_FAIL, "no request in %.1f s", noon_dur_to_s(waited));
	else
		noon_check_end(ret, NOON_CHECK_INCONCLUSIVE,
			       "no request in %.1f s, nor was one due", noon_dur_to_s(waited));
}

/* An exchange after a good one may come at once, one after a failure may not. */
void noon_check_client_back_off(const struct noon_check *self, struct noon_target *t,
				struct noon_check_result *ret)
{
	const struct noon_check_client_server *s = t->client;
	noon_dur shortest = NOON_S(3600);
	size_t refused = 0;
	size_t again = 0;

	(void)self;
	noon_check_sent(ret, "key exchanges that fail");
	noon_check_expected(ret, "at least 10 s from each of them to the next key exchange");
	for (size_t i = 0; i < s->n_ke; i++) {
		refused += s->ke[i].refused;
		if (i == 0 || !s->ke[i - 1].refused)
			continue;
		again++;
		if (noon_time_diff(s->ke[i].at, s->ke[i - 1].at) < shortest)
			shortest = noon_time_diff(s->ke[i].at, s->ke[i - 1].at);
	}
	if (again > 0)
		noon_check_end(ret, shortest < NOON_MS(9900) ? NOON_CHECK_FAIL : NOON_CHECK_PASS,
			       "%zu key exchanges failed, the next at least %.1f s later", refused,
			       noon_dur_to_s(shortest));
	else if (refused == 1 && s->ke[s->n_ke - 1].refused &&
		 noon_time_diff(s->ended, s->ke[s->n_ke - 1].at) > NOON_S(10))
		noon_check_end(ret, NOON_CHECK_PASS, "one key exchange, none in %.0f s after it",
			       noon_dur_to_s(noon_time_diff(s->ended, s->ke[s->n_ke - 1].at)));
	else
		noon_check_end(ret, NOON_CHECK_INCONCLUSIVE, "%zu key exchanges failed", refused);
}

void noon_check_client_fallback(const struct noon_check *self, struct noon_target *t,
				struct noon_check_result *ret)
{
	const struct noon_check_client_server *s = t->client;

	(void)self;
	noon_check_sent(ret, "nothing, and key exchanges that fail");
	noon_check_expected(ret, "no request without NTS");
	if (s->n_plain > 0)
		noon_check_end(ret, NOON_CHECK_FAIL, "%zu requests without NTS", s->n_plain);
	else if (s->n_ke == 0 || !s->ke[s->n_ke - 1].refused || s->ke[s->n_ke - 1].put_off)
		noon_check_end(ret, NOON_CHECK_INCONCLUSIVE, "its cookies did not run out in time");
	else
		noon_check_end(ret, NOON_CHECK_PASS, "none");
}

void noon_check_client_certificate(const struct noon_check *self, struct noon_target *t,
				   struct noon_check_result *ret)
{
	const struct noon_check_client_server *s = t->client;

	(void)self;
	noon_check_sent(ret, "the same certificate with another key, signed by nobody it knows");
	noon_check_expected(ret, "no request");
	for (size_t i = 0; i < s->n_ke; i++)
		if (s->ke[i].shown) {
			noon_check_end(ret, s->ke[i].fooled ? NOON_CHECK_FAIL : NOON_CHECK_PASS,
				       s->ke[i].fooled ? "the request"
						       : "the end of the connection");
			return;
		}
	noon_check_end(ret, NOON_CHECK_INCONCLUSIVE, "its cookies did not run out in time");
}
