/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/ptp/ptp_best.h"

#include <string.h>

#define WINDOW_INTERVALS 4   /* FOREIGN_MASTER_TIME_WINDOW */
#define STEPS_MAX	 255 /* 9.3.2.5 d */

struct noon_ptp_dataset noon_ptp_dataset_of(const struct noon_ptp_message *m)
{
	const struct noon_ptp_announce *a = &m->announce;
	struct noon_ptp_dataset set = {
		.priority1 = a->priority1,
		.clock_class = a->clock_class,
		.accuracy = a->accuracy,
		.variance = a->variance,
		.priority2 = a->priority2,
		.steps_removed = a->steps_removed,
		.sender = m->h.source,
	};

	memcpy(set.grandmaster, a->grandmaster, sizeof(set.grandmaster));
	return set;
}

static int cmp(unsigned a, unsigned b)
{
	return (a > b) - (a < b);
}

/* Figure 34: two grandmasters. Smaller is better in every field. */
static int cmp_grandmasters(const struct noon_ptp_dataset *a, const struct noon_ptp_dataset *b)
{
	const int fields[] = {
		cmp(a->priority1, b->priority1), cmp(a->clock_class, b->clock_class),
		cmp(a->accuracy, b->accuracy),	 cmp(a->variance, b->variance),
		cmp(a->priority2, b->priority2),
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (fields[i] != 0)
			return fields[i];
	return memcmp(a->grandmaster, b->grandmaster, sizeof(a->grandmaster));
}

int noon_ptp_dataset_cmp(const struct noon_ptp_dataset *a, const struct noon_ptp_dataset *b)
{
	int order;

	if (memcmp(a->grandmaster, b->grandmaster, sizeof(a->grandmaster)) != 0)
		return cmp_grandmasters(a, b);
	/* Figure 35: two ways to one grandmaster. The shorter one is better; of two that are as
	 * long, the one whose sender has the smaller identity. */
	order = cmp(a->steps_removed, b->steps_removed);
	return order != 0 ? order : noon_ptp_identity_cmp(&a->sender, &b->sender);
}

void noon_ptp_foreigners_reset(struct noon_ptp_foreigners *f)
{
	memset(f, 0, sizeof(*f));
}

bool noon_ptp_foreign_is_qualified(const struct noon_ptp_foreign *f, noon_time now)
{
	const noon_dur window = f->interval * WINDOW_INTERVALS;

	return f->used && f->set.steps_removed < STEPS_MAX &&
	       noon_time_diff(now, f->heard_before) <= 2 * window &&
	       noon_time_diff(f->heard, f->heard_before) <= window;
}

static struct noon_ptp_foreign *find(struct noon_ptp_foreigners *f,
				     const struct noon_ptp_identity *sender)
{
	for (size_t i = 0; i < NOON_PTP_FOREIGN_MAX; i++)
		if (f->list[i].used && noon_ptp_identity_equal(&f->list[i].set.sender, sender))
			return &f->list[i];
	return NULL;
}

/* A free place, or that of one that does not count: a flood of identities cannot drive out those
 * that do. */
static struct noon_ptp_foreign *make_room(struct noon_ptp_foreigners *f, noon_time now)
{
	struct noon_ptp_foreign *oldest = NULL;

	for (size_t i = 0; i < NOON_PTP_FOREIGN_MAX; i++) {
		struct noon_ptp_foreign *p = &f->list[i];

		if (!p->used)
			return p;
		if (noon_ptp_foreign_is_qualified(p, now))
			continue;
		if (oldest == NULL || noon_time_before(p->heard, oldest->heard))
			oldest = p;
	}
	return oldest;
}

struct noon_ptp_foreign *noon_ptp_foreigners_hear(struct noon_ptp_foreigners *f,
						  const struct noon_ptp_message *m,
						  const struct noon_peer *peer, noon_dur interval,
						  noon_time now)
{
	struct noon_ptp_foreign *p = find(f, &m->h.source);

	if (p == NULL) {
		p = make_room(f, now);
		if (p == NULL)
			return NULL;
		p->heard = NOON_TIME_FIRST;
	}
	p->used = true;
	p->set = noon_ptp_dataset_of(m);
	p->announce = m->announce;
	p->flags = m->h.flags;
	p->peer = *peer;
	p->interval = interval;
	p->heard_before = p->heard;
	p->heard = now;
	return p;
}

void noon_ptp_foreigners_expire(struct noon_ptp_foreigners *f, unsigned timeout, noon_time now)
{
	for (size_t i = 0; i < NOON_PTP_FOREIGN_MAX; i++) {
		struct noon_ptp_foreign *p = &f->list[i];

		if (p->used && noon_time_diff(now, p->heard) > p->interval * (noon_dur)timeout)
			p->used = false;
	}
}

struct noon_ptp_foreign *noon_ptp_foreigners_best(struct noon_ptp_foreigners *f, bool any,
						  noon_time now)
{
	struct noon_ptp_foreign *best = NULL;

	for (size_t i = 0; i < NOON_PTP_FOREIGN_MAX; i++) {
		struct noon_ptp_foreign *p = &f->list[i];

		if (((any && p->used && p->set.steps_removed < STEPS_MAX) ||
		     noon_ptp_foreign_is_qualified(p, now)) &&
		    (best == NULL || noon_ptp_dataset_cmp(&p->set, &best->set) < 0))
			best = p;
	}
	return best;
}
