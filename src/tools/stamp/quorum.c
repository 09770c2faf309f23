/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/stamp/quorum.h"

#include <assert.h>
#include <string.h>

static bool is_same(const struct noon_vote *a, const struct noon_vote *b)
{
	return memcmp(a->who->key_hash, b->who->key_hash, sizeof(a->who->key_hash)) == 0;
}

/* Earlier votes of an authority do not count twice; `at` of them is checked only if it covers the
 * point. */
static bool covers(const struct noon_vote *v, noon_dur at)
{
	return v->has_interval && v->lower <= at && at <= v->upper;
}

static size_t count_at(const struct noon_vote *v, size_t n, noon_dur at)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		bool counted = !covers(&v[i], at);

		for (size_t k = 0; k < i && !counted; k++)
			counted = covers(&v[k], at) && is_same(&v[i], &v[k]);
		count += counted ? 0 : 1;
	}
	return count;
}

static size_t count_authorities(const struct noon_vote *v, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		bool counted = false;

		for (size_t k = 0; k < i && !counted; k++)
			counted = is_same(&v[i], &v[k]);
		count += counted ? 0 : 1;
	}
	return count;
}

static bool is_apart(const struct noon_vote *a, const struct noon_vote *b)
{
	return a->has_interval && b->has_interval && (a->lower > b->upper || b->lower > a->upper);
}

static void find_clash(const struct noon_vote *v, size_t n, struct noon_quorum *q)
{
	for (size_t i = 0; i < n && !q->clash; i++)
		for (size_t k = 0; k < i && !q->clash; k++)
			if (is_apart(&v[i], &v[k])) {
				q->clash = true;
				q->clash_a = v[k].token;
				q->clash_b = v[i].token;
			}
}

void noon_quorum_count(const struct noon_vote *v, size_t n, struct noon_quorum *ret)
{
	struct noon_quorum q = {.authorities = count_authorities(v, n), .agreeing = n > 0 ? 1 : 0};

	assert(n <= NOON_QUORUM_MAX);
	/* A point that most intervals cover is the lower end of one of them. */
	for (size_t i = 0; i < n; i++) {
		const size_t count = v[i].has_interval ? count_at(v, n, v[i].lower) : 0;

		if (count == 0 || (q.has_interval && count <= q.agreeing))
			continue;
		q.has_interval = true;
		q.agreeing = count;
		q.lower = v[i].lower;
	}
	q.upper = NOON_DUR_MAX;
	for (size_t i = 0; i < n && q.has_interval; i++)
		if (covers(&v[i], q.lower) && v[i].upper < q.upper)
			q.upper = v[i].upper;
	find_clash(v, n, &q);
	*ret = q;
}

noon_dur noon_quorum_upper(const struct noon_vote *v, size_t n, size_t k)
{
	noon_dur best = NOON_DUR_MAX;

	assert(k >= 1);
	for (size_t i = 0; i < n; i++) {
		size_t count = 0;

		if (!v[i].has_interval)
			continue;
		for (size_t j = 0; j < n; j++) {
			bool counted = !v[j].has_interval || v[j].upper > v[i].upper;

			for (size_t m = 0; m < j && !counted; m++)
				counted = v[m].has_interval && v[m].upper <= v[i].upper &&
					  is_same(&v[j], &v[m]);
			count += counted ? 0 : 1;
		}
		if (count >= k && v[i].upper < best)
			best = v[i].upper;
	}
	return best;
}
