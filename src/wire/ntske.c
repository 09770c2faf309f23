/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/ntske.h"

#include <assert.h>

#define CRITICAL 0x8000U
#define TYPE	 0x7fffU

noon_err noon_ntske_rd(struct noon_rd *rd, struct noon_ntske_record *ret)
{
	struct noon_rd at = *rd;
	struct noon_bytes body;
	uint16_t type = 0, len = 0;

	if (noon_rd_u16(&at, &type) || noon_rd_u16(&at, &len) || noon_rd_take(&at, len, &body))
		return NOON_ERR_SHORT;
	ret->critical = (type & CRITICAL) != 0;
	ret->type = (uint16_t)(type & TYPE);
	ret->body = body;
	*rd = at;
	return NOON_OK;
}

enum noon_ntske_extent noon_ntske_scan(struct noon_bytes buf, size_t max, size_t *io_at)
{
	struct noon_rd rd;
	struct noon_bytes body;
	uint16_t type = 0, len = 0;

	assert(*io_at <= buf.n);
	rd = noon_rd_over(buf.p + *io_at, buf.n - *io_at);
	while (noon_rd_left(&rd) >= NOON_NTSKE_HEADER) {
		if (noon_rd_u16(&rd, &type) || noon_rd_u16(&rd, &len))
			break;
		if (*io_at + NOON_NTSKE_HEADER + len > max)
			return NOON_NTSKE_TOO_LONG;
		if (noon_rd_take(&rd, len, &body))
			return NOON_NTSKE_PARTIAL;
		if ((type & TYPE) == NOON_NTSKE_END)
			return noon_rd_left(&rd) ? NOON_NTSKE_TRAILING : NOON_NTSKE_COMPLETE;
		*io_at += NOON_NTSKE_HEADER + (size_t)len;
	}
	/* END still has to come, so a message that fills the limit cannot end within it. */
	return *io_at + NOON_NTSKE_HEADER > max ? NOON_NTSKE_TOO_LONG : NOON_NTSKE_PARTIAL;
}

uint16_t noon_ntske_item(struct noon_bytes body, size_t i)
{
	assert(i < body.n / 2);
	return (uint16_t)((unsigned)body.p[2 * i] << 8 | body.p[2 * i + 1]);
}

bool noon_ntske_is_ascii(struct noon_bytes body)
{
	size_t i;

	for (i = 0; i < body.n; i++)
		if (body.p[i] < 0x21 || body.p[i] > 0x7e)
			return false;
	return body.n >= 1 && body.n <= 255;
}

static bool is_host_char(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '-' || c == '_' || c == ':';
}

bool noon_ntske_is_host(struct noon_bytes body)
{
	size_t i;

	for (i = 0; i < body.n; i++)
		if (!is_host_char(body.p[i]))
			return false;
	return body.n >= 1 && body.n <= 255;
}

static noon_err write_header(struct noon_wr *wr, bool critical, enum noon_ntske_type type, size_t n)
{
	const unsigned head = (critical ? CRITICAL : 0U) | (unsigned)type;
	noon_err err;

	if (n > UINT16_MAX)
		return NOON_ERR_RANGE;
	if (noon_wr_room(wr) < NOON_NTSKE_HEADER + n)
		return NOON_ERR_FULL;
	err = noon_wr_u16(wr, (uint16_t)head);
	return err ? err : noon_wr_u16(wr, (uint16_t)n);
}

noon_err noon_ntske_wr(struct noon_wr *wr, bool critical, enum noon_ntske_type type,
		       struct noon_bytes body)
{
	const noon_err err = write_header(wr, critical, type, body.n);

	return err ? err : noon_wr_put(wr, body);
}

noon_err noon_ntske_wr_items(struct noon_wr *wr, bool critical, enum noon_ntske_type type,
			     const uint16_t *items, size_t n)
{
	noon_err err = write_header(wr, critical, type, 2 * n);
	size_t i;

	for (i = 0; !err && i < n; i++)
		err = noon_wr_u16(wr, items[i]);
	return err;
}

noon_err noon_ntske_wr_end(struct noon_wr *wr)
{
	return noon_ntske_wr(wr, true, NOON_NTSKE_END, noon_bytes_of(NULL, 0));
}
