/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/queue.h"

#include <stdlib.h>

static bool is_before(const struct noon_sim_event *a, const struct noon_sim_event *b)
{
	return a->at.ns != b->at.ns ? a->at.ns < b->at.ns : a->turn < b->turn;
}

static void swap(struct noon_sim_event *a, struct noon_sim_event *b)
{
	const struct noon_sim_event t = *a;

	*a = *b;
	*b = t;
}

void noon_sim_queue_put(struct noon_sim_queue *q, struct noon_sim_event e)
{
	size_t i = q->n;

	if (q->n == q->room) {
		q->room = q->room > 0 ? 2 * q->room : 64;
		q->e = realloc(q->e, q->room * sizeof(q->e[0]));
		if (q->e == NULL)
			abort();
	}
	e.turn = q->turns++;
	q->e[q->n++] = e;
	while (i > 0 && is_before(&q->e[i], &q->e[(i - 1) / 2])) {
		swap(&q->e[i], &q->e[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
}

bool noon_sim_queue_take(struct noon_sim_queue *q, struct noon_sim_event *ret)
{
	size_t i = 0;

	if (q->n == 0)
		return false;
	*ret = q->e[0];
	q->e[0] = q->e[--q->n];
	for (;;) {
		size_t least = i;

		for (size_t k = 2 * i + 1; k <= 2 * i + 2 && k < q->n; k++)
			if (is_before(&q->e[k], &q->e[least]))
				least = k;
		if (least == i)
			return true;
		swap(&q->e[i], &q->e[least]);
		i = least;
	}
}

noon_time noon_sim_queue_next(const struct noon_sim_queue *q)
{
	return q->n > 0 ? q->e[0].at : NOON_TIME_NEVER;
}

void noon_sim_queue_fini(struct noon_sim_queue *q)
{
	free(q->e);
	*q = (struct noon_sim_queue){0};
}
