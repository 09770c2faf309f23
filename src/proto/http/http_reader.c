/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/http/http_reader.h"

#include <assert.h>
#include <string.h>

#define EMPTY_MAX   4	/* bytes of empty lines before a request line (RFC 9112, section 2.2) */
#define LINE_MAX    128 /* bytes of a line that tells the size of a chunk, or of a trailer */
#define FRAMING_MAX 256 /* bytes: a line of that kind, and empty lines */
#define SIZE_DIGITS 7	/* hexadecimal digits of that size */

void noon_http_reader_init(struct noon_http_reader *r, size_t head_max, size_t body_max)
{
	assert(head_max + body_max < (size_t)1 << 31);
	memset(r, 0, sizeof(*r));
	r->head_max = head_max;
	r->body_max = body_max;
}

void noon_http_reader_next(struct noon_http_reader *r)
{
	noon_http_reader_init(r, r->head_max, r->body_max);
}

size_t noon_http_reader_room(const struct noon_http_reader *r)
{
	return r->head_max + r->body_max + FRAMING_MAX;
}

struct noon_bytes noon_http_reader_body(const struct noon_http_reader *r, const uint8_t *buf)
{
	return noon_bytes_of(buf + r->body_at, r->body_n);
}

static enum noon_http_step refuse(struct noon_http_reader *r, enum noon_http_fault fault)
{
	r->fault = fault;
	return NOON_HTTP_BAD;
}

static enum noon_http_step done(struct noon_http_reader *r)
{
	r->phase = NOON_HTTP_AT_END;
	return NOON_HTTP_DONE;
}

/* The head from r->start to r->at is complete. */
static enum noon_http_step end_head(struct noon_http_reader *r, const uint8_t *buf)
{
	const enum noon_http_fault fault =
		noon_http_head_read(noon_bytes_of(buf + r->start, r->at - r->start), &r->head);

	if (fault)
		return refuse(r, fault);
	r->head.method.at += (uint32_t)r->start;
	r->head.path.at += (uint32_t)r->start;
	r->head.type.at += (uint32_t)r->start;
	if (r->head.has_length && r->head.length > r->body_max)
		return refuse(r, NOON_HTTP_FAULT_BODY_LONG);
	r->body_at = r->at;
	r->line = r->at;
	r->phase = r->head.chunked ? NOON_HTTP_IN_CHUNK_LINE : NOON_HTTP_IN_BODY;
	return NOON_HTTP_HEAD;
}

/* Find the end of the line that starts at r->line and move r->at behind it. A bare LF ends no line:
 * a proxy may see it otherwise. Who calls looks at the line's length first, so that the fault does
 * not depend on how the bytes were cut. */
static enum noon_http_step take_line(struct noon_http_reader *r, const uint8_t *buf, size_t n)
{
	const uint8_t *lf = n > r->at ? memchr(buf + r->at, '\n', n - r->at) : NULL;

	if (lf == NULL) {
		r->at = n;
		return NOON_HTTP_MORE;
	}
	r->at = (size_t)(lf - buf) + 1;
	if (r->at - r->line < 2 || lf[-1] != '\r')
		return refuse(r, NOON_HTTP_FAULT_MALFORMED);
	return NOON_HTTP_DONE;
}

static enum noon_http_step too_long(struct noon_http_reader *r)
{
	return refuse(r, r->line == r->start ? NOON_HTTP_FAULT_TARGET_LONG
					     : NOON_HTTP_FAULT_FIELDS_LONG);
}

static enum noon_http_step read_head(struct noon_http_reader *r, const uint8_t *buf, size_t n)
{
	for (;;) {
		enum noon_http_step step;
		const size_t line = r->line;

		/* What cannot become a request is told so at once: TLS for one. */
		if (line == r->start && n > line && buf[line] != '\r' &&
		    !noon_http_is_token_char(buf[line]))
			return refuse(r, NOON_HTTP_FAULT_MALFORMED);
		step = take_line(r, buf, n);
		if (r->at - r->start > r->head_max)
			return too_long(r);
		if (step != NOON_HTTP_DONE)
			return step;
		r->line = r->at;
		if (r->at - line > 2)
			continue;
		if (line != r->start)
			return end_head(r, buf);
		r->start = r->at;
		if (r->start > EMPTY_MAX)
			return refuse(r, NOON_HTTP_FAULT_MALFORMED);
	}
}

static enum noon_http_step read_body(struct noon_http_reader *r, size_t n)
{
	const size_t length = r->head.has_length ? (size_t)r->head.length : 0;

	if (n - r->body_at < length)
		return NOON_HTTP_MORE;
	r->body_n = length;
	r->at = r->body_at + length;
	return done(r);
}

static int hex(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Read "1a" or "1a;extension", whose meaning nobody has to know (RFC 9112, section 7.1.1). */
static bool read_size(struct noon_bytes line, uint64_t *ret)
{
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < line.n && hex(line.p[i]) >= 0; i++)
		v = v << 4 | (uint64_t)hex(line.p[i]);
	if (i == 0 || i > SIZE_DIGITS || (i < line.n && line.p[i] != ';'))
		return false;
	for (; i < line.n; i++)
		if ((line.p[i] < ' ' && line.p[i] != '\t') || line.p[i] == 0x7f)
			return false;
	*ret = v;
	return true;
}

/* Account for a line of framing that is complete. */
static bool afford(struct noon_http_reader *r)
{
	r->overhead += r->at - r->line;
	r->line = r->at;
	return r->overhead <= r->head_max + r->body_max;
}

static enum noon_http_step read_chunk_line(struct noon_http_reader *r, const uint8_t *buf, size_t n)
{
	const size_t line = r->line;
	const enum noon_http_step step = take_line(r, buf, n);

	if (r->at - line > LINE_MAX)
		return refuse(r, NOON_HTTP_FAULT_MALFORMED);
	if (step != NOON_HTTP_DONE)
		return step;
	if (!read_size(noon_bytes_of(buf + line, r->at - line - 2), &r->left) || !afford(r))
		return refuse(r, NOON_HTTP_FAULT_MALFORMED);
	if (r->left > r->body_max - r->body_n)
		return refuse(r, NOON_HTTP_FAULT_BODY_LONG);
	r->phase = r->left > 0 ? NOON_HTTP_IN_CHUNK : NOON_HTTP_IN_TRAILER;
	return NOON_HTTP_DONE;
}

static enum noon_http_step read_chunk(struct noon_http_reader *r, uint8_t *buf, size_t n)
{
	const size_t here = n - r->at < r->left ? n - r->at : (size_t)r->left;

	memmove(buf + r->body_at + r->body_n, buf + r->at, here);
	r->body_n += here;
	r->at += here;
	r->line = r->at;
	r->left -= here;
	if (r->left > 0)
		return NOON_HTTP_MORE;
	r->phase = NOON_HTTP_IN_CHUNK_END;
	return NOON_HTTP_DONE;
}

static enum noon_http_step read_chunk_end(struct noon_http_reader *r, const uint8_t *buf, size_t n)
{
	if (n - r->line < 2)
		return NOON_HTTP_MORE;
	r->at = r->line + 2;
	if (memcmp(buf + r->line, "\r\n", 2) != 0 || !afford(r))
		return refuse(r, NOON_HTTP_FAULT_MALFORMED);
	r->phase = NOON_HTTP_IN_CHUNK_LINE;
	return NOON_HTTP_DONE;
}

/* Trailer fields are read over: none that we know may be in a trailer. */
static enum noon_http_step read_trailer(struct noon_http_reader *r, const uint8_t *buf, size_t n)
{
	const size_t line = r->line;
	const enum noon_http_step step = take_line(r, buf, n);

	if (r->at - line > LINE_MAX)
		return refuse(r, NOON_HTTP_FAULT_FIELDS_LONG);
	if (step != NOON_HTTP_DONE)
		return step;
	if (!afford(r))
		return refuse(r, NOON_HTTP_FAULT_FIELDS_LONG);
	return r->at - line == 2 ? done(r) : NOON_HTTP_DONE;
}

/* Close the gap that framing left between the body and what has not been used up. */
static void close_gap(struct noon_http_reader *r, uint8_t *buf, size_t *ret_n)
{
	const size_t end = r->body_at + r->body_n;
	const size_t gap = r->line - end;

	if (gap == 0)
		return;
	memmove(buf + end, buf + r->line, *ret_n - r->line);
	*ret_n -= gap;
	r->line -= gap;
	r->at -= gap;
}

static enum noon_http_step read_chunked(struct noon_http_reader *r, uint8_t *buf, size_t *ret_n)
{
	enum noon_http_step step = NOON_HTTP_DONE;

	while (step == NOON_HTTP_DONE && r->phase != NOON_HTTP_AT_END) {
		switch (r->phase) {
		case NOON_HTTP_IN_CHUNK_LINE:
			step = read_chunk_line(r, buf, *ret_n);
			break;
		case NOON_HTTP_IN_CHUNK:
			step = read_chunk(r, buf, *ret_n);
			break;
		case NOON_HTTP_IN_CHUNK_END:
			step = read_chunk_end(r, buf, *ret_n);
			break;
		case NOON_HTTP_IN_TRAILER:
			step = read_trailer(r, buf, *ret_n);
			break;
		case NOON_HTTP_IN_HEAD:
		case NOON_HTTP_IN_BODY:
		case NOON_HTTP_AT_END:
			assert(0);
		}
	}
	if (step != NOON_HTTP_BAD)
		close_gap(r, buf, ret_n);
	return step;
}

enum noon_http_step noon_http_reader_step(struct noon_http_reader *r, uint8_t *buf, size_t *ret_n)
{
	if (r->fault)
		return NOON_HTTP_BAD;
	switch (r->phase) {
	case NOON_HTTP_IN_HEAD:
		return read_head(r, buf, *ret_n);
	case NOON_HTTP_IN_BODY:
		return read_body(r, *ret_n);
	case NOON_HTTP_AT_END:
		return NOON_HTTP_DONE;
	case NOON_HTTP_IN_CHUNK_LINE:
	case NOON_HTTP_IN_CHUNK:
	case NOON_HTTP_IN_CHUNK_END:
	case NOON_HTTP_IN_TRAILER:
		break;
	}
	return read_chunked(r, buf, ret_n);
}
