/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/instruments/lines.h"

void noon_lines_init(struct noon_lines *l, uint8_t *buf, size_t cap, bool middle)
{
	*l = (struct noon_lines){.buf = buf, .cap = cap, .first = middle};
}

/* The line has ended. */
static enum noon_line finish(struct noon_lines *l, struct noon_bytes *ret)
{
	const struct noon_lines was = *l;

	l->n = 0;
	l->first = l->excess = false;
	if (was.first)
		return NOON_LINE_NONE;
	if (was.excess)
		return NOON_LINE_DROPPED;
	if (was.n == 0)
		return NOON_LINE_NONE;
	*ret = noon_bytes_of(l->buf, was.n);
	return NOON_LINE_WHOLE;
}

enum noon_line noon_lines_next(struct noon_lines *l, struct noon_bytes *in, struct noon_bytes *ret)
{
	enum noon_line got = NOON_LINE_NONE;

	while (in->n > 0 && got == NOON_LINE_NONE) {
		const uint8_t c = *in->p;

		in->p++;
		in->n--;
		if (c == '\r' || c == '\n')
			got = finish(l, ret);
		else if (l->n == l->cap)
			l->excess = true;
		else
			l->buf[l->n++] = c;
	}
	return got;
}
