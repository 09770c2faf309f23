/* SPDX-License-Identifier: Apache-2.0
 *
 * What a client accepts: time, cookies and kisses that it must not (RFC 8915, section 5.7).
 */
#include "check/client/client_checks.h"

/* A jar holds eight: after one more request every cookie of it has been sent back. */
#define JAR_AND_ONE 9

/* Number of the first request with this step; n_request if there was none. */
static size_t first_of(const struct noon_check_client_server *s, enum noon_check_client_step step)
{
	size_t i = 0;

	while (i < s->n_request && s->request[i].step != step)
		i++;
	return i;
}

/* Requests after it. */
static size_t after(const struct noon_check_client_server *s, enum noon_check_client_step step)
{
	const size_t at = first_of(s, step);

	return at < s->n_request ? s->n_request - at - 1 : 0;
}

static size_t baits(const struct noon_check_client_server *s, enum noon_check_client_bait bait)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_request; i++)
		n += s->request[i].bait == bait;
	return n;
}

static bool too_few(const struct noon_check_client_server *s, enum noon_check_client_step step,
		    size_t wanted, struct noon_check_result *ret)
{
	const size_t left = after(s, step);

	if (left < wanted)
		noon_check_end(ret, NOON_CHECK_INCONCLUSIVE,
			       "%zu requests after it, %zu are needed", left, wanted);
	return left < wanted;
}

static const char *false_time(enum noon_check_client_step step,
			      enum noon_check_client_bait *ret_bait)
{
	*ret_bait = step == NOON_STEP_BARE	 ? NOON_BAIT_BARE
		    : step == NOON_STEP_TAMPERED ? NOON_BAIT_TAMPERED
						 : NOON_BAIT_OTHER_UID;
	return step == NOON_STEP_BARE	    ? "without authenticator"
	       : step == NOON_STEP_TAMPERED ? "whose authenticator does not verify"
					    : "authentic, with another identifier";
}

/* How often it came, and how often the next request lacked one more cookie. A packet lost by the
 * network looks alike, but hardly each time. */
static size_t count_lacking(const struct noon_check_client_server *s,
			    enum noon_check_client_step step, size_t *ret_n)
{
	size_t lacking = 0;

	*ret_n = 0;
	for (size_t i = 0; i + 1 < s->n_request; i++) {
		if (s->request[i].step != step)
			continue;
		++*ret_n;
		lacking += s->request[i + 1].placeholders > s->request[i].placeholders;
	}
	return lacking;
}

/* A false reply came first, then the good one. */
void noon_check_client_false_time(const struct noon_check *self, struct noon_target *t,
				  struct noon_check_result *ret)
{
	const struct noon_check_client_server *s = t->client;
	const enum noon_check_client_step step = (enum noon_check_client_step)self->arg;
	enum noon_check_client_bait bait;
	size_t n = 0;
	const size_t lacking = count_lacking(s, step, &n);

	noon_check_sent(ret, "time %s, with a cookie in it, then the good reply, twice",
			false_time(step, &bait));
	noon_check_expected(ret, "the cookie never comes back, and the good reply is taken");
	if (baits(s, bait) > 0)
		noon_check_end(ret, NOON_CHECK_FAIL, "%zu requests with that cookie",
			       baits(s, bait));
	else if (too_few(s, step, JAR_AND_ONE, ret))
		return;
	else if (lacking == n)
		noon_check_end(ret, n > 1 ? NOON_CHECK_FAIL : NOON_CHECK_INCONCLUSIVE,
			       "the next request lacks a cookie: the good reply was not taken");
	else
		noon_check_end(ret, NOON_CHECK_PASS, "not in %zu requests", after(s, step));
}

static noon_dur interval_before(const struct noon_check_client_server *s, size_t i)
{
	return i == 0 ? 0 : noon_time_diff(s->request[i].at, s->request[i - 1].at);
}

static noon_dur longest_until(const struct noon_check_client_server *s, size_t at, size_t n)
{
	noon_dur d = 0;

	for (size_t i = at; i > 0 && i + n > at; i--)
		if (interval_before(s, i) > d)
			d = interval_before(s, i);
	return d;
}

/* DENY: a client that believes it stops polling (RFC 5905, section 7.4). */
void noon_check_client_kiss(const struct noon_check *self, struct noon_target *t,
			    struct noon_check_result *ret)
{
	const struct noon_check_client_server *s = t->client;
	const enum noon_check_client_step step = (enum noon_check_client_step)self->arg;
	const size_t at = first_of(s, step);
	noon_dur quiet;

	noon_check_sent(ret,
			"the kiss DENY with %s identifier, not authenticated, then the good reply",
			step == NOON_STEP_KISS_OTHER ? "another" : "the right");
	noon_check_expected(ret, "requests go on");
	if (after(s, step) >= 2) {
		noon_check_end(ret, NOON_CHECK_PASS, "%zu requests after it", after(s, step));
		return;
	}
	if (at + 1 >= s->n_request && at < s->n_request) {
		quiet = noon_time_diff(s->ended, s->request[at].at);
		if (quiet > NOON_S(5) && quiet > 4 * longest_until(s, at, at)) {
			noon_check_end(ret, NOON_CHECK_FAIL, "no request in %.0f s after it",
				       noon_dur_to_s(quiet));
			return;
		}
	}
	(void)too_few(s, step, 2, ret);
}

/* What a busy machine may add to an interval. */
#define BUSY NOON_MS(50)

/* RATE: a client that believes it polls less often (RFC 5905, section 7.4), mostly half as often.
 * Three intervals that are much longer than all five before it are not chance. */
void noon_check_client_rate(const struct noon_check *self, struct noon_target *t,
			    struct noon_check_result *ret)
{
	const struct noon_check_client_server *s = t->client;
	const size_t at = first_of(s, NOON_STEP_KISS_RATE);
	noon_dur before;
	noon_dur behind = NOON_S(86400);

	(void)self;
	noon_check_sent(
		ret,
		"the kiss RATE with the right identifier, not authenticated, then the good reply");
	noon_check_expected(ret, "requests at the same interval");
	if (too_few(s, NOON_STEP_KISS_RATE, 3, ret))
		return;
	before = longest_until(s, at, 5);
	for (size_t i = at + 1; i <= at + 3; i++)
		if (interval_before(s, i) < behind)
			behind = interval_before(s, i);
	noon_check_end(ret, 4 * behind > 7 * before + 4 * BUSY ? NOON_CHECK_FAIL : NOON_CHECK_PASS,
		       "at most %.3f s before it, at least %.3f s after it", noon_dur_to_s(before),
		       noon_dur_to_s(behind));
}

static size_t empty_ones(const struct noon_check_client_server *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_request; i++)
		n += s->request[i].n_cookie > 0 &&
		     s->request[i].cookie_n < NOON_CHECK_CLIENT_COOKIE &&
		     s->request[i].bait == NOON_BAIT_UNKNOWN;
	return n;
}

void noon_check_client_size(const struct noon_check *self, struct noon_target *t,
			    struct noon_check_result *ret)
{
	const struct noon_check_client_server *s = t->client;
	const enum noon_check_client_step step = (enum noon_check_client_step)self->arg;
	const size_t n = step == NOON_STEP_ZERO ? empty_ones(s) : baits(s, NOON_BAIT_HUGE);

	noon_check_sent(ret, "a good reply with a cookie of %d bytes",
			step == NOON_STEP_ZERO ? 0 : NOON_CHECK_CLIENT_HUGE);
	noon_check_expected(ret, "it never comes back");
	if (n > 0)
		noon_check_end(ret, NOON_CHECK_FAIL, "%zu requests with it", n);
	else if (!too_few(s, step, JAR_AND_ONE, ret))
		noon_check_end(ret, NOON_CHECK_PASS, "not in %zu requests", after(s, step));
}
