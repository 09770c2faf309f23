/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/entropy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static void fill(struct noon_rng *rng, void *p, size_t n)
{
	uint8_t *out = p;

	(void)rng;
	while (n > 0) {
		const ssize_t got = getrandom(out, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		/* Without randomness nothing here is secure: abort. */
		if (got <= 0)
			abort();
		out += got;
		n -= (size_t)got;
	}
}

void noon_entropy_init(struct noon_entropy *e)
{
	memset(e, 0, sizeof(*e));
	e->rng.fill = fill;
}

void noon_entropy_fini(struct noon_entropy *e)
{
	memset(e, 0, sizeof(*e));
}
