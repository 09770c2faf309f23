/* SPDX-License-Identifier: Apache-2.0 */
#include "link/pump.h"

void noon_pump_init(struct noon_pump *p, void (*carry_out)(void *arg, const struct noon_action *a),
		    void (*done)(void *arg), void *arg)
{
	noon_actions_reset(&p->wanted);
	noon_actions_reset(&p->current);
	p->running = false;
	p->carry_out = carry_out;
	p->done = done;
	p->arg = arg;
}

void noon_pump_run(struct noon_pump *p)
{
	if (p->running)
		return;
	p->running = true;
	while (p->wanted.n > 0) {
		noon_actions_move(&p->current, &p->wanted);
		for (size_t i = 0; i < p->current.n; i++)
			p->carry_out(p->arg, &p->current.a[i]);
	}
	p->running = false;
	p->done(p->arg);
}
