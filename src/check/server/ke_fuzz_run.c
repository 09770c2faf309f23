/* SPDX-License-Identifier: Apache-2.0
 *
 * F1: random requests, one connection each, and a good one at the end.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "check/server/ke_fuzz.h"
#include "check/server/ke_request.h"

/* Results of the exchanges. */
struct tally {
	unsigned keys, errors, others; /* replies */
	unsigned closed;	       /* without a reply, with close_notify */
	unsigned unclean;	       /* without a reply and without close_notify, or reset */
};

/* The fault of an answer; NULL if none. */
static const char *fault_of(const struct noon_ke_fuzz *f, const struct noon_ke_probe *p)
{
	const size_t cookies = noon_ke_probe_count(p, NOON_NTSKE_COOKIE);

	if (p->end == NOON_KE_NO_CONNECTION)
		return "no connection";
	if (p->end == NOON_KE_NO_TLS)
		return "no TLS connection";
	if (p->n > 0 && (!p->parsed || !p->has_end || p->after_end > 0))
		return "a reply that is not whole records up to one END";
	if (cookies > 0 && !f->offers)
		return "keys for a request that does not ask for them";
	if (f->good && cookies == 0)
		return "no keys for a good request";
	if (p->end == NOON_KE_SILENT && p->n == 0)
		return "no reply, and the connection is left open";
	return NULL;
}

static void count(const struct noon_ke_probe *p, struct tally *y)
{
	if (p->n == 0) {
		y->closed += p->end == NOON_KE_CLOSED;
		y->unclean += p->end != NOON_KE_CLOSED;
	} else if (noon_ke_probe_count(p, NOON_NTSKE_COOKIE) > 0) {
		y->keys++;
	} else if (noon_ke_probe_count(p, NOON_NTSKE_ERROR) > 0) {
		y->errors++;
	} else {
		y->others++;
	}
}

/* One exchange; its fault, or NULL. */
static const char *exchange(const struct noon_ke_fuzz *f, struct noon_target *t,
			    struct noon_ke_probe *p)
{
	noon_ke_probe_init(p);
	p->request = noon_bytes_of(f->buf, f->n);
	/* No reply will come: send close_notify, and the server has to close. */
	p->fin_early = !f->has_end;
	noon_ke_probe_run(p, t);
	return fault_of(f, p);
}

/* Whether a good request still gets keys afterwards. */
static bool still_serves(struct noon_target *t, struct noon_ke_probe *p)
{
	uint8_t buf[64];

	for (unsigned i = 0; i <= t->conf.retries; i++) {
		noon_ke_probe_init(p);
		p->request = noon_ke_request(&noon_ke_minimal, buf, sizeof(buf));
		noon_ke_probe_run(p, t);
		if (p->parsed && noon_ke_probe_count(p, NOON_NTSKE_COOKIE) > 0)
			return true;
	}
	return false;
}

/* A server that cannot be reached any more failed on the request before. */
static void end_with(const char *fault, const struct noon_ke_probe *p, uint64_t seed, bool first,
		     struct noon_check_result *r)
{
	const bool gone = p->end <= NOON_KE_NO_TLS && !first;
	char words[160];

	noon_ke_probe_describe(p, words, sizeof(words));
	noon_check_end(r, NOON_CHECK_FAIL, "%s%s (--fuzz 1 --seed %" PRIu64 " repeats it): %s",
		       fault, gone ? " after this request" : "", gone ? seed - 1 : seed, words);
}

static void judge(struct noon_target *t, struct noon_ke_fuzz *f, struct noon_ke_probe *p,
		  struct noon_check_result *r)
{
	struct tally y = {.keys = 0};

	for (unsigned k = 0; k < t->conf.fuzz; k++) {
		struct noon_rng rng = noon_rng_seeded(t->conf.seed + k);
		const char *fault;

		noon_ke_fuzz_make(&rng, f);
		fault = exchange(f, t, p);
		if (fault != NULL) {
			end_with(fault, p, t->conf.seed + k, k == 0, r);
			return;
		}
		count(p, &y);
	}
	if (!still_serves(t, p)) {
		noon_check_end(r, NOON_CHECK_FAIL, "a good request gets no keys any more");
		return;
	}
	noon_check_end(r, y.unclean > 0 ? NOON_CHECK_WARNING : NOON_CHECK_PASS,
		       "%u keys, %u errors, %u other replies, %u closed, %u closed without "
		       "close_notify or reset; then keys",
		       y.keys, y.errors, y.others, y.closed, y.unclean);
}

void noon_check_ke_fuzz(const struct noon_check *self, struct noon_target *t,
			struct noon_check_result *r)
{
	struct noon_ke_fuzz *f;
	struct noon_ke_probe *p;

	(void)self;
	if (t->conf.fuzz == 0) {
		noon_check_end(r, NOON_CHECK_SKIPPED, "--fuzz N says how many");
		return;
	}
	noon_check_sent(r, "%u requests of random records in random order, seed %" PRIu64,
			t->conf.fuzz, t->conf.seed);
	noon_check_expected(r, "a whole reply or the end of the connection, each time; keys only "
			       "where they are asked for; and keys for a good request afterwards");
	f = malloc(sizeof(*f));
	p = malloc(sizeof(*p));
	if (f == NULL || p == NULL)
		noon_check_end(r, NOON_CHECK_INCONCLUSIVE, "out of memory here");
	else
		judge(t, f, p, r);
	free(f);
	free(p);
}
