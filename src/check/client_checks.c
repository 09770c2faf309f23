/* SPDX-License-Identifier: Apache-2.0
 *
 * What a client did, judged: C1-C8 of the requirements, and what its requests give away.
 */
#include <string.h>

#include "check/check.h"
#include "check/client_server.h"

#define NTS "RFC 8915, "

/* Requests after the first that is answered with `step`; 0: it never came so far. */
/* A request with so many placeholders is nearly the last one its cookies allow. */
#define NEARLY_EMPTY 5

static size_t after(const struct noon_client_server *s, enum noon_client_step step)
{
	for (size_t i = 0; i < s->n_request; i++)
		if (s->request[i].step == step)
			return s->n_request - i - 1;
	return 0;
}

static size_t baits(const struct noon_client_server *s, enum noon_client_bait bait)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_request; i++)
		n += s->request[i].bait == bait;
	return n;
}

/* A false reply came first, the good one behind it. */
static void check_unauthenticated(const struct noon_check *self, struct noon_target *t,
				  struct noon_check_result *ret)
{
	const struct noon_client_server *s = t->client;
	const enum noon_client_step step = (enum noon_client_step)self->arg;
	const enum noon_client_bait bait =
		step == NOON_STEP_BARE ? NOON_BAIT_BARE : NOON_BAIT_TAMPERED;
	const size_t left = after(s, step);
	size_t at;

	noon_check_sent(ret, "time %s, with a cookie in it, then the good reply",
			step == NOON_STEP_BARE ? "without authenticator"
					       : "whose authenticator does not verify");
	noon_check_expected(ret, "the cookie never comes back, and the good reply is taken");
	if (baits(s, bait) > 0) {
		noon_check_end(ret, NOON_CHECK_FAIL, "%zu requests with that cookie",
			       baits(s, bait));
		return;
	}
	if (left < 9) {
		noon_check_end(ret, NOON_CHECK_INCONCLUSIVE, "%zu requests after it, 9 are needed",
			       left);
		return;
	}
	at = s->n_request - left;
	if (s->request[at].placeholders > s->request[at - 1].placeholders)
		noon_check_end(ret, NOON_CHECK_FAIL,
			       "the next request lacks a cookie: the good reply was not taken");
	else
		noon_check_end(ret, NOON_CHECK_PASS, "not in %zu requests", left);
}

/* Key exchanges among the n requests that follow the first with this step. */
static size_t exchanges_after(const struct noon_client_server *s, enum noon_client_step step,
			      size_t n)
{
	const size_t at = s->n_request - after(s, step);
	size_t ret = 0;

	for (size_t i = 0; i < s->n_ke; i++)
		ret += s->ke[i].requests >= at && s->ke[i].requests < at + n;
	return ret;
}

/* Whether the client may have been out of cookies after the n requests that follow the first with
 * this step: a placeholder stands for each cookie that it misses, and it may hold eight. */
static bool may_be_empty(const struct noon_client_server *s, enum noon_client_step step, size_t n)
{
	const size_t at = s->n_request - after(s, step);

	for (size_t i = at > 0 ? at - 1 : 0; i < at + n && i < s->n_request; i++)
		if (s->request[i].placeholders >= NEARLY_EMPTY)
			return true;
	return false;
}

static void check_nak(const struct noon_check *self, struct noon_target *t,
		      struct noon_check_result *ret)
{
	const struct noon_client_server *s = t->client;
	const enum noon_client_step step = (enum noon_client_step)self->arg;

	noon_check_sent(ret, step == NOON_STEP_NAK_OTHER
				     ? "a NAK with another unique identifier, and no more"
				     : "a NAK with the right identifier, then the good reply");
	noon_check_expected(ret, "no key exchange follows");
	if (exchanges_after(s, step, 2) > 0 && may_be_empty(s, step, 2))
		noon_check_end(ret, NOON_CHECK_INCONCLUSIVE,
			       "a key exchange, but its cookies may have run out just then");
	else if (exchanges_after(s, step, 2) > 0)
		noon_check_end(ret, NOON_CHECK_FAIL, "a key exchange");
	else if (after(s, step) < 2)
		noon_check_end(ret, NOON_CHECK_INCONCLUSIVE, "%zu requests after it, 2 are needed",
			       after(s, step));
	else
		noon_check_end(ret, NOON_CHECK_PASS, "the next request");
}

/* What must differ from request to request. */
enum fresh {
	FRESH_COOKIE,
	FRESH_PORT,
	FRESH_UID,
};

static size_t count_stale(const struct noon_client_server *s, enum fresh what)
{
	size_t n = 0;

	for (size_t i = 1; i < s->n_request; i++) {
		const struct noon_client_request *r = &s->request[i];

		if (what == FRESH_COOKIE)
			n += r->again;
		else if (what == FRESH_PORT)
			n += r->port == r[-1].port;
		else
			for (size_t j = 0; j < i; j++)
				n += r->uid_n > 0 && s->request[j].uid_n == r->uid_n &&
				     memcmp(s->request[j].uid, r->uid, NOON_CLIENT_UID) == 0;
	}
	return n;
}

static void check_fresh(const struct noon_check *self, struct noon_target *t,
			struct noon_check_result *ret)
{
	static const char *const words[] = {"cookie", "source port", "unique identifier"};
	const struct noon_client_server *s = t->client;
	const size_t stale = count_stale(s, (enum fresh)self->arg);
	/* A port drawn at random may be the same by chance. */
	const size_t allowed = self->arg == FRESH_PORT ? 1 : 0;

	noon_check_expected(ret, "a new %s for each request", words[self->arg]);
	if (stale > allowed)
		noon_check_end(ret, NOON_CHECK_FAIL, "an old %s in %zu of %zu requests",
			       words[self->arg], stale, s->n_request);
	else if (s->n_request < 5)
		noon_check_end(ret, NOON_CHECK_INCONCLUSIVE, "%zu requests, 5 are needed",
			       s->n_request);
	else
		noon_check_end(ret, NOON_CHECK_PASS, "in %zu requests", s->n_request);
}

/* The first exchange in the silence may come at once, those behind it may not. */
static void check_back_off(const struct noon_check *self, struct noon_target *t,
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

static void check_fallback(const struct noon_check *self, struct noon_target *t,
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

static void check_size(const struct noon_check *self, struct noon_target *t,
		       struct noon_check_result *ret)
{
	const struct noon_client_server *s = t->client;
	const enum noon_client_step step = (enum noon_client_step)self->arg;
	size_t n = baits(s, NOON_BAIT_HUGE);

	if (step == NOON_STEP_ZERO) {
		n = 0;
		for (size_t i = 0; i < s->n_request; i++)
			n += s->request[i].cookie_n < NOON_CLIENT_COOKIE &&
			     s->request[i].bait == NOON_BAIT_UNKNOWN;
	}
	noon_check_sent(ret, "a good reply with a cookie of %d bytes",
			step == NOON_STEP_ZERO ? 0 : NOON_CLIENT_HUGE);
	noon_check_expected(ret, "it never comes back");
	if (n > 0)
		noon_check_end(ret, NOON_CHECK_FAIL, "%zu requests with it", n);
	else if (after(s, step) < 9)
		noon_check_end(ret, NOON_CHECK_INCONCLUSIVE, "%zu requests after it, 9 are needed",
			       after(s, step));
	else
		noon_check_end(ret, NOON_CHECK_PASS, "not in %zu requests", after(s, step));
}

/* What must hold for every request. */
enum form {
	FORM_UID,
	FORM_COOKIE,
	FORM_LAST,
	FORM_AUTH,
	FORM_PLACEHOLDER,
	FORM_HEADER,
};

/* The poll interval may be told; all else of the header but the transmit timestamp says too much
 * when it changes. */
static bool is_same_header(const struct noon_ntp_header *a, const struct noon_ntp_header *b)
{
	return a->leap == b->leap && a->version == b->version && a->stratum == b->stratum &&
	       a->precision == b->precision && a->root_delay == b->root_delay &&
	       a->root_disp == b->root_disp && a->ref_id == b->ref_id &&
	       a->reference == b->reference && a->origin == b->origin && a->receive == b->receive;
}

static bool is_well_formed(const struct noon_client_server *s, size_t i, enum form form)
{
	const struct noon_client_request *r = &s->request[i];

	switch (form) {
	case FORM_UID:
		return r->n_uid == 1 && r->uid_n >= 32;
	case FORM_COOKIE:
		return r->n_cookie == 1;
	case FORM_LAST:
		return r->last;
	case FORM_AUTH:
		return r->auth || r->bait == NOON_BAIT_UNKNOWN;
	case FORM_PLACEHOLDER:
		return !r->bad_placeholder;
	case FORM_HEADER:
		return is_same_header(&r->header, &s->request[0].header);
	}
	return false;
}

static void check_form(const struct noon_check *self, struct noon_target *t,
		       struct noon_check_result *ret)
{
	static const char *const words[] = {
		"one identifier of 32 bytes or more", "one cookie",
		"no field after the authenticator",   "an authenticator that verifies",
		"placeholders as long as the cookie", "a header that is always the same"};
	const struct noon_client_server *s = t->client;
	size_t bad = 0;
	size_t placeholders = 0;

	noon_check_expected(ret, "%s", words[self->arg]);
	for (size_t i = 0; i < s->n_request; i++) {
		bad += !is_well_formed(s, i, (enum form)self->arg);
		placeholders += s->request[i].placeholders;
	}
	if (bad > 0)
		noon_check_end(ret, NOON_CHECK_FAIL, "not in %zu of %zu requests", bad,
			       s->n_request);
	else if (s->n_request < 5)
		noon_check_end(ret, NOON_CHECK_INCONCLUSIVE, "%zu requests, 5 are needed",
			       s->n_request);
	else if (self->arg == FORM_PLACEHOLDER && placeholders == 0)
		noon_check_end(ret, NOON_CHECK_INCONCLUSIVE, "no placeholders at all");
	else
		noon_check_end(ret, NOON_CHECK_PASS, "in %zu requests", s->n_request);
}

static void check_transmit(const struct noon_check *self, struct noon_target *t,
			   struct noon_check_result *ret)
{
	const struct noon_client_server *s = t->client;
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
	else if (s->n_request < 5)
		noon_check_end(ret, NOON_CHECK_INCONCLUSIVE, "%zu requests, 5 are needed",
			       s->n_request);
	else
		noon_check_end(ret, NOON_CHECK_PASS, "in %zu requests", s->n_request);
}

static void check_unseen(const struct noon_check *self, struct noon_target *t,
			 struct noon_check_result *ret)
{
	static const char *const why[] = {
		"it needs a second server name, which one listener does not have",
		"it needs a certificate that the client must refuse",
		"what a client does to its clock cannot be seen from its requests"};

	(void)t;
	noon_check_end(ret, NOON_CHECK_SKIPPED, "%s", why[self->arg]);
}

#define CHECK(id, level, clause, title, run, arg)                                \
	{                                                                        \
		id, "client", title, clause, NOON_LEVEL_##level, false, run, arg \
	}

static const struct noon_check checks[] = {
	CHECK("C1a", MUST, NTS "5.7", "a reply without authenticator is ignored",
	      check_unauthenticated, NOON_STEP_BARE),
	CHECK("C1b", MUST, NTS "5.7", "a reply that does not verify is ignored",
	      check_unauthenticated, NOON_STEP_TAMPERED),
	CHECK("C2a", MUST, NTS "5.7", "a NAK with another identifier is ignored", check_nak,
	      NOON_STEP_NAK_OTHER),
	CHECK("C2b", SHOULD, NTS "5.7", "a NAK is ignored when a valid reply comes", check_nak,
	      NOON_STEP_NAK_FIRST),
	CHECK("C3a", SHOULD, NTS "5.7", "no cookie is sent twice", check_fresh, FRESH_COOKIE),
	CHECK("C3b", SHOULD, "RFC 9109, 3", "each request has a new source port", check_fresh,
	      FRESH_PORT),
	CHECK("C3c", MUST, NTS "5.3", "each request has a new identifier", check_fresh, FRESH_UID),
	CHECK("C4", SHOULD, NTS "5.7", "key exchanges that fail are repeated with back-off",
	      check_back_off, 0),
	CHECK("C5", MUST, NTS "8.2", "there is no fall-back to plain NTP", check_fallback, 0),
	CHECK("C6a", SHOULD, NTS "5.4", "an empty cookie is not used", check_size, NOON_STEP_ZERO),
	CHECK("C6b", SHOULD, NTS "5.4", "a huge cookie is not used", check_size, NOON_STEP_HUGE),
	CHECK("C7", MUST, NTS "4.1.7", "a renamed server is verified again", check_unseen, 0),
	CHECK("C8", MUST, NTS "3", "the certificate is verified", check_unseen, 1),
	CHECK("C9a", MUST, NTS "5.3", "a request has one identifier of 32 bytes", check_form,
	      FORM_UID),
	CHECK("C9b", MUST, NTS "5.7", "a request has one cookie", check_form, FORM_COOKIE),
	CHECK("C9c", SHOULD, NTS "5.6", "the authenticator is the last field", check_form,
	      FORM_LAST),
	CHECK("C9d", MUST, NTS "5.6", "the authenticator verifies", check_form, FORM_AUTH),
	CHECK("C9e", MUST, NTS "5.5", "placeholders are as long as the cookie", check_form,
	      FORM_PLACEHOLDER),
	CHECK("C10a", SHOULD, NTS "9.1", "the header tells nothing", check_form, FORM_HEADER),
	CHECK("C10b", SHOULD, NTS "9.1", "the transmit timestamp is random", check_transmit, 0),
	CHECK("C11", SHOULD, NTS "8.7", "a lying or delayed reply does no harm", check_unseen, 2),
};

const struct noon_check *noon_checks_client(size_t *ret_n)
{
	*ret_n = sizeof(checks) / sizeof(checks[0]);
	return checks;
}
