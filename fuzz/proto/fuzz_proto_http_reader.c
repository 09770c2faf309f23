/* SPDX-License-Identifier: Apache-2.0
 *
 * Property: a stream of bytes is cut into the same requests, with the same bodies and the same end,
 * however it arrives; and never needs more room than was promised.
 *
 * The first byte chooses the size of the pieces.
 */
#include <assert.h>
#include <string.h>

#include "input.h"
#include "proto/http/http_reader.h"

#define HEAD_MAX  200
#define BODY_MAX  100
#define INPUT_MAX 8192
#define FOUND_MAX 1024

/* What was found in a stream. */
struct found {
	size_t n;
	struct {
		enum noon_http_fault fault;
		size_t body_n;
		uint32_t sum; /* of the body's bytes */
	} request[FOUND_MAX];
};

static void note(struct found *f, const struct noon_http_reader *r, const uint8_t *buf)
{
	assert(f->n < FOUND_MAX);
	f->request[f->n].fault = r->fault;
	if (!r->fault) {
		const struct noon_bytes body = noon_http_reader_body(r, buf);
		const struct noon_bytes path = noon_http_span_of(buf, r->head.path);

		assert(body.n <= BODY_MAX && path.n <= HEAD_MAX);
		f->request[f->n].body_n = body.n;
		for (size_t i = 0; i < body.n; i++)
			f->request[f->n].sum = f->request[f->n].sum * 31 + body.p[i];
		for (size_t i = 0; i < path.n; i++)
			assert(path.p[i] > ' ' && path.p[i] < 0x7f);
	}
	f->n++;
}

/* Returns false when the stream is over. */
static bool take(struct noon_http_reader *r, uint8_t *buf, size_t *n, struct found *f)
{
	for (;;) {
		switch (noon_http_reader_step(r, buf, n)) {
		case NOON_HTTP_MORE:
			return true;
		case NOON_HTTP_HEAD:
			break;
		case NOON_HTTP_DONE:
			note(f, r, buf);
			memmove(buf, buf + r->at, *n - r->at);
			*n -= r->at;
			noon_http_reader_next(r);
			if (*n == 0)
				return true;
			break;
		case NOON_HTTP_BAD:
			note(f, r, buf);
			return false;
		}
	}
}

static void read_in_pieces(struct noon_bytes in, size_t piece, struct found *f)
{
	static uint8_t buf[2 * INPUT_MAX];
	struct noon_http_reader r;
	size_t n = 0;

	memset(f, 0, sizeof(*f));
	noon_http_reader_init(&r, HEAD_MAX, BODY_MAX);
	while (in.n > 0) {
		const size_t k = piece < in.n ? piece : in.n;

		memcpy(buf + n, in.p, k);
		n += k;
		in.p += k;
		in.n -= k;
		if (!take(&r, buf, &n, f))
			return;
		assert(n < noon_http_reader_room(&r));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct found whole, cut;
	struct input in = {data, size < INPUT_MAX ? size : INPUT_MAX};
	const size_t piece = 1 + input_u8(&in) % 64U;
	const struct noon_bytes stream = noon_bytes_of(in.p, in.n);

	read_in_pieces(stream, INPUT_MAX, &whole);
	read_in_pieces(stream, piece, &cut);
	assert(whole.n == cut.n);
	assert(memcmp(whole.request, cut.request, sizeof(whole.request)) == 0);
	return 0;
}
