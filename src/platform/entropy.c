/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/entropy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/bytes.h"

static void draw(uint8_t *p, size_t n)
{
	while (n > 0) {
		const ssize_t got = getrandom(p, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		/* Without randomness nothing here is safe: do not go on. */
		if (got <= 0)
			abort();
		p += got;
		n -= (size_t)got;
	}
}

static void fill(struct noon_rng *rng, void *p, size_t n)
{
	struct noon_entropy *e = (struct noon_entropy *)(void *)rng;
	uint8_t *out = p;

	while (n > 0) {
		size_t k = sizeof(e->block) - e->used;

		if (k == 0) {
			draw(e->block, sizeof(e->block));
			e->used = 0;
			continue;
		}
		k = k < n ? k : n;
		memcpy(out, e->block + e->used, k);
		/* What was given out is no longer to be found here. */
		noon_wipe(e->block + e->used, k);
		e->used += k;
		out += k;
		n -= k;
	}
}

void noon_entropy_init(struct noon_entropy *e)
{
	memset(e, 0, sizeof(*e));
	e->rng.fill = fill;
	e->used = sizeof(e->block);
}

void noon_entropy_fini(struct noon_entropy *e)
{
	noon_wipe(e->block, sizeof(e->block));
	e->used = sizeof(e->block);
}
