/* SPDX-License-Identifier: Apache-2.0
 *
 * Property: whatever packets are seen, outside and inside of a tunnel that somebody else manages,
 * no measurement is below zero or longer than a packet may take, and what is seen adds up.
 */
#include <assert.h>
#include <string.h>

#include "input.h"
#include "proto/tunnel/observer.h"

/* Too large for a stack frame. */
static struct noon_observer o;

static void each(void *arg, const struct noon_observed_edge *e)
{
	(void)arg;
	assert(e->took > 0 && e->took <= NOON_S(1) && e->gap > 0);
	assert(e->message != NOON_OBSERVED_OTHER);
}

/* A length, then so many bytes of a packet, each time. */
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	int64_t at = NOON_S(1000);

	memset(&o, 0, sizeof(o));
	o.conf.outer.version = 4;
	o.conf.outer.dst[3] = 1;
	o.conf.inner.dst[3] = 1;
	o.conf.inner.version = n > 0 && p[0] & 1 ? 6 : 4;
	o.conf.event_port = 319;
	o.conf.general_port = 320;
	for (size_t i = 0; i + 2 <= n;) {
		const size_t left = n - i - 2;
		const size_t len = p[i] < left ? p[i] : left;
		const struct noon_bytes b = noon_bytes_of(p + i + 2, len);
		struct noon_observed seen;

		at += 1 + (int64_t)p[i + 1] * NOON_MS(4);
		if (noon_observe_outside(&o.conf, b, &seen) ||
		    noon_observe_inside(&o.conf, b, &seen)) {
			seen.n = len;
			seen.at = at;
			noon_observer_take(&o, &seen, each, NULL);
		}
		i += 2 + len;
	}
	assert(o.out.matched <= o.out.inside && o.out.matched <= o.out.outside);
	assert(o.in.matched <= o.in.inside && o.in.matched <= o.in.outside);
	return 0;
}
