/* SPDX-License-Identifier: Apache-2.0
 *
 * When a client exchanges keys, and with whom: NAKs, back-off, certificates (RFC 8915, sections
 * 4.2, 5.7 and 8.7).
 */
#include "check/client_checks.h"

/* How long after a NAK a key exchange is still laid to it, in requests. */
#define WINDOW 8

/**
 * Tell whether a client may have been out of cookies after n requests. A request with N
 * placeholders says that 7 - N cookies are left (RFC 8915, section 5.7), and each request behind
 * it takes one; a client may also send none of them after a loss, so the last three are asked.
 */
static bool may_be_empty(const struct noon_client_server *s, size_t n)
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

/* What a client did after the NAK that was request `at`: no other may come in between. */
static enum guilt after_nak(const struct noon_client_server *s, size_t at)
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

/* One NAK that ends in a verdict is enough; one that does not may be for a lost packet. */
void noon_client_check_false_nak(const struct noon_check *self, struct noon_target *t,
				 struct noon_check_result *ret)
{
	const struct noon_client_server *s = t->client;
	const enum noon_client_step step = (enum noon_client_step)self->arg;
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

/* The server has lost the keys: a NAK is the only answer, request after request. */
void noon_client_check_true_nak(const struct noon_check *self, struct noon_target *t,
				struct noon_check_result *ret)
{
	const struct noon_client_server *s = t->client;
	size_t naks = 0;
	size_t at = 0;

	(void)self;
	noon_check_sent(ret, "NAKs with the right identifier, and nothing else");
	noon_check_expected(ret, "a key exchange before the cookies run out");
	for (size_t i = s->n_request; i > 0; i--)
		if (s->request[i - 1].step == NOON_STEP_NAK_ONLY) {
			naks++;
			at = i - 1;
		}
	for (size_t i = 0; i < s->n_ke && naks > 0; i++)
		if (s->ke[i].requests > at && !s->ke[i].refused &&
		    !may_be_empty(s, s->ke[i].requests)) {
			noon_check_end(ret, NOON_CHECK_PASS, "a key exchange after %zu NAKs",
				       s->ke[i].requests - at);
			return;
		}
	if (naks >= NOON_CLIENT_NAKS - 1)
		noon_check_end(ret, NOON_CHECK_FAIL, "no key exchange in %zu NAKs", naks);
	else
		noon_check_end(ret, NOON_CHECK_INCONCLUSIVE, "%zu NAKs, and no key exchange yet",
			       naks);
}

/* The first exchange in the silence may come at once, those behind it may not. */
void noon_client_check_back_off(const struct noon_check *self, struct noon_target *t,
				struct noon_check_result *ret)
{
	const struct noon_client_server *s = t->client;
	noon_dur shortest = NOON_S(3600);
	size_t refused = 0;

	(void)self;
	noon_check_sent(ret, "nothing, and key exchanges that fail");
	noon_check_expected(ret, "at least 10 s between key exchanges");
	for (size_t i = 0; i < s->n_ke; i++) {
		if (!s->ke[i].refused)
			continue;
		if (refused++ > 0 && noon_time_diff(s->ke[i].at, s->ke[i - 1].at) < shortest)
			shortest = noon_time_diff(s->ke[i].at, s->ke[i - 1].at);
	}
	if (refused > 1)
		noon_check_end(ret, shortest < NOON_MS(9900) ? NOON_CHECK_FAIL : NOON_CHECK_PASS,
			       "%zu key exchanges, at least %.1f s apart", refused,
			       noon_dur_to_s(shortest));
	else if (refused == 1 && noon_time_diff(s->ended, s->ke[s->n_ke - 1].at) > NOON_S(10))
		noon_check_end(ret, NOON_CHECK_PASS, "one key exchange, none in %.0f s after it",
			       noon_dur_to_s(noon_time_diff(s->ended, s->ke[s->n_ke - 1].at)));
	else
		noon_check_end(ret, NOON_CHECK_INCONCLUSIVE, "%zu key exchanges in the silence",
			       refused);
}

void noon_client_check_fallback(const struct noon_check *self, struct noon_target *t,
				struct noon_check_result *ret)
{
	const struct noon_client_server *s = t->client;

	(void)self;
	noon_check_sent(ret, "nothing, and key exchanges that fail");
	noon_check_expected(ret, "no request without NTS");
	if (s->n_plain > 0)
		noon_check_end(ret, NOON_CHECK_FAIL, "%zu requests without NTS", s->n_plain);
	else if (s->n_ke == 0 || !s->ke[s->n_ke - 1].refused)
		noon_check_end(ret, NOON_CHECK_INCONCLUSIVE, "its cookies did not run out in time");
	else
		noon_check_end(ret, NOON_CHECK_PASS, "none");
}

void noon_client_check_certificate(const struct noon_check *self, struct noon_target *t,
				   struct noon_check_result *ret)
{
	const struct noon_client_server *s = t->client;

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
