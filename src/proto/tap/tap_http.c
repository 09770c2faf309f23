/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/tap/tap_http.h"

#include <assert.h>
#include <string.h>

#define WORD_MAX   8  /* bytes at the start that must look like HTTP */
#define SIZE_MAX_N 15 /* hexadecimal digits of the size of a chunk */

static const char *const methods[] = {"POST ",	"GET ",	    "HEAD ",	"PUT ",	 "DELETE ",
				      "PATCH ", "OPTIONS ", "CONNECT ", "TRACE "};
static const char version[] = "HTTP/1.";

static bool same_start(struct noon_bytes b, const char *word)
{
	const size_t n = strlen(word);

	return memcmp(b.p, word, b.n < n ? b.n : n) == 0;
}

/* Whether these bytes may be the start of a message, as far as they go. */
static bool may_start(struct noon_bytes b, bool response)
{
	if (response)
		return same_start(b, version);
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (same_start(b, methods[i]))
			return true;
	return false;
}

bool noon_tap_http_is_start(struct noon_bytes b, bool response)
{
	return b.n >= WORD_MAX && may_start(b, response);
}

void noon_tap_http_init(struct noon_tap_http *h, bool response, bool sought)
{
	memset(h, 0, sizeof(*h));
	h->chain = noon_tap_chain_empty();
	h->response = response;
	h->phase = sought ? NOON_TAP_SEEK : NOON_TAP_START;
}

void noon_tap_http_reset(struct noon_tap_http *h, struct noon_tap_pool *p)
{
	noon_tap_chain_drop(p, &h->chain);
	noon_tap_http_init(h, h->response, false);
}

static struct noon_bytes take(struct noon_tap_http *h, struct noon_tap_piece *in, size_t n)
{
	const struct noon_bytes b = noon_bytes_of(in->bytes.p, n);

	in->bytes.p += n;
	in->bytes.n -= n;
	if (n > 0 && noon_time_before(h->last_at, in->at))
		h->last_at = in->at;
	return b;
}

/* Where the head ends in these bytes: behind the first empty line, or 0. */
static size_t head_end(struct noon_tap_http *h, struct noon_bytes b)
{
	size_t at = 0;

	while (at < b.n) {
		const uint8_t *lf = memchr(b.p + at, '\n', b.n - at);
		const size_t end = lf == NULL ? b.n : (size_t)(lf - b.p);

		h->line += (uint32_t)(end - at);
		if (end > at)
			h->cr = b.p[end - 1] == '\r';
		if (lf == NULL)
			return 0;
		if (h->line == 0 || (h->line == 1 && h->cr))
			return end + 1;
		h->line = 0;
		at = end + 1;
	}
	return 0;
}

/* Whether what was kept of the head so far may be the start of one. */
static bool head_may_start(const struct noon_tap_http *h, const struct noon_tap_pool *p)
{
	const struct noon_tap_block *b = &p->blocks[h->chain.first];

	return may_start(noon_bytes_of(b->p, b->n < WORD_MAX ? b->n : WORD_MAX), h->response);
}

static enum noon_tap_step read_head(struct noon_tap_http *h, struct noon_tap_pool *p,
				    struct noon_tap_piece *in)
{
	const bool checked = h->chain.n >= WORD_MAX;
	const size_t end = head_end(h, in->bytes);
	const size_t n = end > 0 ? end : in->bytes.n;

	if (h->chain.n + n > NOON_TAP_HEAD_MAX ||
	    !noon_tap_chain_put(p, &h->chain, take(h, in, n)) ||
	    (!checked && !head_may_start(h, p)))
		return NOON_TAP_BAD;
	if (end == 0)
		return NOON_TAP_MORE;
	h->phase = NOON_TAP_AT_HEAD_END;
	return NOON_TAP_HEAD;
}

/* Empty lines before a message are read over (RFC 9112, section 2.2). */
static enum noon_tap_step read_start(struct noon_tap_http *h, struct noon_tap_piece *in)
{
	size_t n = 0;

	while (n < in->bytes.n && (in->bytes.p[n] == '\r' || in->bytes.p[n] == '\n'))
		n++;
	h->overhead += (uint32_t)n;
	if (h->overhead > WORD_MAX)
		return NOON_TAP_BAD;
	in->bytes.p += n;
	in->bytes.n -= n;
	if (in->bytes.n > 0) {
		h->phase = NOON_TAP_IN_HEAD;
		h->last_at = in->at;
	}
	return NOON_TAP_MORE;
}

static void read_seek(struct noon_tap_http *h, struct noon_tap_piece *in)
{
	if (in->begins && noon_tap_http_is_start(in->bytes, h->response))
		h->phase = NOON_TAP_START;
	else
		in->bytes.n = 0;
}

static void read_content(struct noon_tap_http *h, struct noon_tap_pool *p,
			 struct noon_tap_piece *in, uint64_t limit)
{
	const size_t n = in->bytes.n < limit ? in->bytes.n : (size_t)limit;
	const struct noon_bytes b = take(h, in, n);

	if (n > 0 && noon_time_before(in->at, h->body_at))
		h->body_at = in->at;
	if (!h->keep || h->damaged)
		return;
	if (h->chain.n + n > NOON_TAP_BODY_MAX || !noon_tap_chain_put(p, &h->chain, b)) {
		h->damaged = true;
		noon_tap_chain_drop(p, &h->chain);
	}
}

static int hex(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* One byte of "1a;extension" CR LF (RFC 9112, section 7.1). */
static bool read_size(struct noon_tap_http *h, uint8_t c)
{
	if (h->cr) {
		h->cr = false;
		if (c != '\n' || h->digits == 0)
			return false;
		h->phase = h->left > 0 ? NOON_TAP_IN_CHUNK : NOON_TAP_IN_TRAILER;
		h->line = 0;
		return true;
	}
	h->cr = c == '\r';
	if (h->cr)
		return true;
	if (h->phase == NOON_TAP_IN_SIZE && hex(c) >= 0) {
		h->left = h->left << 4 | (uint64_t)hex(c);
		return ++h->digits <= SIZE_MAX_N;
	}
	if (h->phase == NOON_TAP_IN_SIZE && c != ';' && c != ' ' && c != '\t')
		return false;
	h->phase = NOON_TAP_IN_EXTENSION;
	return c != '\n' && h->digits > 0;
}

static bool read_chunk_end(struct noon_tap_http *h, uint8_t c)
{
	if (c != (h->cr ? '\n' : '\r'))
		return false;
	h->cr = !h->cr;
	if (!h->cr) {
		h->phase = NOON_TAP_IN_SIZE;
		h->digits = 0;
		h->left = 0;
	}
	return true;
}

static bool read_trailer(struct noon_tap_http *h, uint8_t c)
{
	if (c != '\n') {
		h->line++;
		h->cr = c == '\r';
		return true;
	}
	if (!h->cr)
		return false;
	if (h->line == 1)
		h->phase = NOON_TAP_AT_END;
	h->line = 0;
	h->cr = false;
	return true;
}

/* One byte of what is around chunks. */
static enum noon_tap_step read_around(struct noon_tap_http *h, struct noon_tap_piece *in)
{
	const uint8_t c = take(h, in, 1).p[0];
	bool good = ++h->overhead <= NOON_TAP_BODY_MAX;

	/* What is behind a byte of the body was written later. */
	if (!noon_time_is_never(h->body_at) && noon_time_before(in->at, h->body_at))
		h->body_at = in->at;

	if (h->phase == NOON_TAP_IN_CHUNK_END)
		good = good && read_chunk_end(h, c);
	else if (h->phase == NOON_TAP_IN_TRAILER)
		good = good && read_trailer(h, c);
	else
		good = good && read_size(h, c);
	return good ? NOON_TAP_MORE : NOON_TAP_BAD;
}

static enum noon_tap_step read_some(struct noon_tap_http *h, struct noon_tap_pool *p,
				    struct noon_tap_piece *in)
{
	const uint64_t before = in->bytes.n;

	switch (h->phase) {
	case NOON_TAP_SEEK:
		read_seek(h, in);
		return NOON_TAP_MORE;
	case NOON_TAP_START:
		return read_start(h, in);
	case NOON_TAP_IN_HEAD:
		return read_head(h, p, in);
	case NOON_TAP_IN_BODY:
	case NOON_TAP_IN_CHUNK:
		read_content(h, p, in, h->left);
		h->left -= before - in->bytes.n;
		if (h->left == 0)
			h->phase = h->phase == NOON_TAP_IN_BODY ? NOON_TAP_AT_END
								: NOON_TAP_IN_CHUNK_END;
		return NOON_TAP_MORE;
	case NOON_TAP_IN_CLOSE:
		read_content(h, p, in, UINT64_MAX);
		return NOON_TAP_MORE;
	case NOON_TAP_IN_SIZE:
	case NOON_TAP_IN_EXTENSION:
	case NOON_TAP_IN_CHUNK_END:
	case NOON_TAP_IN_TRAILER:
		return read_around(h, in);
	case NOON_TAP_AT_HEAD_END:
	case NOON_TAP_AT_END:
		break;
	}
	assert(false);
	return NOON_TAP_BAD;
}

enum noon_tap_step noon_tap_http_step(struct noon_tap_http *h, struct noon_tap_pool *p,
				      struct noon_tap_piece *in)
{
	enum noon_tap_step step = NOON_TAP_MORE;

	while (step == NOON_TAP_MORE && in->bytes.n > 0 && h->phase != NOON_TAP_AT_END)
		step = read_some(h, p, in);
	return step == NOON_TAP_MORE && h->phase == NOON_TAP_AT_END ? NOON_TAP_DONE : step;
}

void noon_tap_http_body(struct noon_tap_http *h, struct noon_tap_pool *p,
			enum noon_tap_framing framing, uint64_t length, bool keep)
{
	assert(h->phase == NOON_TAP_AT_HEAD_END);
	noon_tap_chain_drop(p, &h->chain);
	h->keep = keep;
	h->damaged = false;
	h->cr = false;
	h->digits = 0;
	h->overhead = 0;
	h->left = framing == NOON_TAP_BY_LENGTH ? length : 0;
	h->body_at = NOON_TIME_NEVER;
	switch (framing) {
	case NOON_TAP_BY_LENGTH:
		h->phase = length > 0 ? NOON_TAP_IN_BODY : NOON_TAP_AT_END;
		break;
	case NOON_TAP_BY_CHUNKS:
		h->phase = NOON_TAP_IN_SIZE;
		break;
	case NOON_TAP_BY_CLOSE:
		h->phase = NOON_TAP_IN_CLOSE;
		break;
	}
}

bool noon_tap_http_gap(struct noon_tap_http *h, struct noon_tap_pool *p, uint32_t n)
{
	const bool within =
		h->phase == NOON_TAP_IN_CLOSE ||
		((h->phase == NOON_TAP_IN_BODY || h->phase == NOON_TAP_IN_CHUNK) && n <= h->left);

	noon_tap_chain_drop(p, &h->chain);
	if (!within) {
		noon_tap_http_init(h, h->response, true);
		return false;
	}
	h->damaged = true;
	if (h->phase == NOON_TAP_IN_CLOSE)
		return true;
	h->left -= n;
	if (h->left == 0)
		h->phase = h->phase == NOON_TAP_IN_BODY ? NOON_TAP_AT_END : NOON_TAP_IN_CHUNK_END;
	return true;
}

bool noon_tap_http_close(struct noon_tap_http *h)
{
	if (h->phase != NOON_TAP_IN_CLOSE)
		return false;
	h->phase = NOON_TAP_AT_END;
	return true;
}
