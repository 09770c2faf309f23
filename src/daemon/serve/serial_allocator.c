/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/serve/serial_allocator.h"

void noon_serial_allocator_init(struct noon_serial_allocator *g, const struct noon_tsa_conf *conf,
				struct noon_served *served, noon_dur local_bound)
{
	*g = (struct noon_serial_allocator){
		.conf = conf,
		.served = served,
		.local_bound = local_bound,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.last = NOON_TIME_FIRST,
	};
}

void noon_serial_allocator_fini(struct noon_serial_allocator *g)
{
	(void)pthread_mutex_destroy(&g->lock);
}

struct noon_tsa_clock noon_serial_allocator_clock(struct noon_serial_allocator *g)
{
	struct noon_served_state s;
	struct noon_instant now;
	struct noon_tsa_clock c;
	noon_time t;
	noon_dur half;

	noon_served_read(g->served, &s, &now);
	t = noon_clock_map_apply(&s.map, now.real_ns);
	if (s.is_local) {
		half = noon_sat_add(g->local_bound, now.err);
		c.has_time = s.is_ok && g->local_bound > 0;
	} else {
		const struct noon_ntp_server_clock at = noon_served_clock_at(&s, t);

		half = at.root_disp;
		c.has_time = at.has_time;
	}
	c.is_ok = s.is_ok;
	c.earliest = noon_time_add(t, -half);
	c.latest = noon_time_add(t, half);
	c.leap_from = s.leap_from;
	c.leap_until = s.leap_until;
	return c;
}

noon_time noon_serial_allocator_now(struct noon_serial_allocator *g)
{
	const struct noon_tsa_clock c = noon_serial_allocator_clock(g);

	return noon_time_add(c.earliest, noon_time_diff(c.latest, c.earliest) / 2);
}

noon_time noon_serial_allocator_last(struct noon_serial_allocator *g)
{
	noon_time last;

	(void)pthread_mutex_lock(&g->lock);
	last = g->last;
	(void)pthread_mutex_unlock(&g->lock);
	return last;
}

static bool take_number(struct noon_serial_allocator *g, uint64_t *ret)
{
	if (g->next == g->end) {
		g->next = g->spare_next;
		g->end = g->spare_end;
		g->spare_next = g->spare_end;
	}
	if (g->next == g->end)
		return false;
	*ret = g->next++;
	return true;
}

struct noon_tsa_refusal noon_serial_allocator_take(struct noon_serial_allocator *g, size_t policy,
						   struct noon_tsa_date *ret_date,
						   uint64_t *ret_counter)
{
	struct noon_tsa_clock clock;
	struct noon_tsa_refusal no;
	struct noon_tsa_date d;

	(void)pthread_mutex_lock(&g->lock);
	clock = noon_serial_allocator_clock(g);
	no = noon_tsa_date(g->conf, policy, &clock, g->last, &d);
	if (no.fail == NOON_TSP_FAIL_NONE && !take_number(g, ret_counter))
		no = (struct noon_tsa_refusal){NOON_TSP_SYSTEM_FAILURE,
					       "no serial number could be reserved"};
	if (no.fail == NOON_TSP_FAIL_NONE) {
		*ret_date = d;
		if (g->conf->policy[policy].ordering)
			g->last = d.gen_time;
	}
	(void)pthread_mutex_unlock(&g->lock);
	return no;
}

bool noon_serial_allocator_wants(struct noon_serial_allocator *g)
{
	bool wants;

	(void)pthread_mutex_lock(&g->lock);
	wants = g->spare_next == g->spare_end;
	(void)pthread_mutex_unlock(&g->lock);
	return wants;
}

void noon_serial_allocator_give(struct noon_serial_allocator *g, uint64_t first, uint64_t n)
{
	(void)pthread_mutex_lock(&g->lock);
	if (g->spare_next == g->spare_end) {
		g->spare_next = first;
		g->spare_end = first + n;
	}
	(void)pthread_mutex_unlock(&g->lock);
}
