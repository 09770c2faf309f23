/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/der.h"

#include <assert.h>
#include <string.h>

#define TAG_LONG    0x1f /* low bits of the identifier: the number follows in more bytes */
#define LENGTH_LONG 0x80
#define LENGTH_MAX  4 /* bytes of a length */

int noon_der_peek(const struct noon_rd *rd)
{
	return noon_rd_left(rd) == 0 ? -1 : *rd->p;
}

/* X.690, 8.1.3 and 10.1: definite, in the least number of bytes. */
static noon_err read_length(struct noon_rd *rd, size_t *ret)
{
	uint8_t first = 0;
	size_t n = 0;

	if (noon_rd_u8(rd, &first))
		return NOON_ERR_FORMAT;
	if (first < LENGTH_LONG) {
		*ret = first;
		return NOON_OK;
	}
	first &= LENGTH_LONG - 1;
	if (first == 0 || first > LENGTH_MAX)
		return NOON_ERR_FORMAT;
	for (unsigned i = 0; i < first; i++) {
		uint8_t b = 0;

		if (noon_rd_u8(rd, &b) || (i == 0 && b == 0))
			return NOON_ERR_FORMAT;
		n = n << 8 | b;
	}
	if (n < LENGTH_LONG)
		return NOON_ERR_FORMAT;
	*ret = n;
	return NOON_OK;
}

noon_err noon_der_any(struct noon_rd *rd, uint8_t *ret_tag, struct noon_bytes *ret_value)
{
	struct noon_rd at = *rd;
	uint8_t tag = 0;
	size_t n = 0;

	if (noon_rd_u8(&at, &tag) || (tag & TAG_LONG) == TAG_LONG || read_length(&at, &n) ||
	    n > noon_rd_left(&at))
		return NOON_ERR_FORMAT;
	*ret_tag = tag;
	*ret_value = noon_bytes_of(at.p, n);
	rd->p = at.p + n;
	return NOON_OK;
}

noon_err noon_der_get(struct noon_rd *rd, uint8_t tag, struct noon_bytes *ret)
{
	struct noon_rd at = *rd;
	struct noon_bytes value;
	uint8_t is = 0;

	if (noon_der_any(&at, &is, &value) || is != tag)
		return NOON_ERR_FORMAT;
	*ret = value;
	*rd = at;
	return NOON_OK;
}

noon_err noon_der_enter(struct noon_rd *rd, uint8_t tag, struct noon_rd *ret_in)
{
	struct noon_bytes value;
	const noon_err err = noon_der_get(rd, tag, &value);

	if (!err)
		*ret_in = noon_rd_bytes(value);
	return err;
}

noon_err noon_der_whole(struct noon_rd *rd, uint8_t tag, struct noon_bytes *ret)
{
	const uint8_t *from = rd->p;
	struct noon_bytes value;
	const noon_err err = noon_der_get(rd, tag, &value);

	if (!err)
		*ret = noon_bytes_of(from, (size_t)(rd->p - from));
	return err;
}

/* X.690, 8.3.2: the first nine bits are neither all zero nor all one. */
static bool is_shortest(struct noon_bytes v)
{
	if (v.n == 0)
		return false;
	return v.n == 1 || !((v.p[0] == 0 && v.p[1] < 0x80) || (v.p[0] == 0xff && v.p[1] >= 0x80));
}

noon_err noon_der_integer(struct noon_rd *rd, uint8_t tag, struct noon_bytes *ret)
{
	struct noon_rd at = *rd;
	struct noon_bytes v;

	if (noon_der_get(&at, tag, &v) || !is_shortest(v))
		return NOON_ERR_FORMAT;
	*ret = v;
	*rd = at;
	return NOON_OK;
}

noon_err noon_der_u64(struct noon_rd *rd, uint8_t tag, uint64_t *ret)
{
	struct noon_rd at = *rd;
	struct noon_bytes v;
	uint64_t n = 0;

	if (noon_der_integer(&at, tag, &v))
		return NOON_ERR_FORMAT;
	if (v.p[0] >= 0x80 || v.n > 9 || (v.n == 9 && v.p[0] != 0))
		return NOON_ERR_RANGE;
	for (size_t i = 0; i < v.n; i++)
		n = n << 8 | v.p[i];
	*ret = n;
	*rd = at;
	return NOON_OK;
}

noon_err noon_der_bool(struct noon_rd *rd, bool *ret)
{
	struct noon_rd at = *rd;
	struct noon_bytes v;

	if (noon_der_get(&at, NOON_DER_BOOLEAN, &v) || v.n != 1 || (v.p[0] != 0 && v.p[0] != 0xff))
		return NOON_ERR_FORMAT;
	*ret = v.p[0] != 0;
	*rd = at;
	return NOON_OK;
}

/* X.690, 8.19.2: no number begins with the byte 0x80, and the last one ends. */
static bool is_oid(struct noon_bytes v)
{
	bool begins = true;

	if (v.n == 0 || (v.p[v.n - 1] & 0x80) != 0)
		return false;
	for (size_t i = 0; i < v.n; i++) {
		if (begins && v.p[i] == 0x80)
			return false;
		begins = (v.p[i] & 0x80) == 0;
	}
	return true;
}

noon_err noon_der_oid(struct noon_rd *rd, struct noon_bytes *ret)
{
	struct noon_rd at = *rd;
	struct noon_bytes v;

	if (noon_der_get(&at, NOON_DER_OID, &v) || !is_oid(v))
		return NOON_ERR_FORMAT;
	*ret = v;
	*rd = at;
	return NOON_OK;
}

bool noon_bytes_equal(struct noon_bytes a, struct noon_bytes b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* One number, 7 bits to a byte, the top bit on all but the last. */
static noon_err put_arc(uint64_t v, uint8_t *out, size_t *io_n)
{
	size_t bytes = 1;

	for (uint64_t rest = v >> 7; rest != 0; rest >>= 7)
		bytes++;
	if (*io_n + bytes > NOON_OID_MAX)
		return NOON_ERR_RANGE;
	for (size_t i = bytes; i > 0; i--) {
		out[*io_n + i - 1] = (uint8_t)((v & 0x7f) | (i == bytes ? 0 : 0x80));
		v >>= 7;
	}
	*io_n += bytes;
	return NOON_OK;
}

/* A decimal number without leading zeros, then a dot or the end. */
static noon_err parse_arc(const char **text, uint64_t *ret)
{
	const char *p = *text;
	uint64_t v = 0;

	if (*p < '0' || *p > '9' || (*p == '0' && p[1] >= '0' && p[1] <= '9'))
		return NOON_ERR_FORMAT;
	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(v, UINT64_C(10), &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v))
			return NOON_ERR_RANGE;
	if (*p == '.' && p[1] == '\0')
		return NOON_ERR_FORMAT;
	if (*p != '.' && *p != '\0')
		return NOON_ERR_FORMAT;
	*text = *p == '.' ? p + 1 : p;
	*ret = v;
	return NOON_OK;
}

noon_err noon_oid_parse(const char *text, uint8_t *out, size_t *ret_n)
{
	uint64_t first = 0;
	uint64_t second = 0;
	size_t n = 0;
	noon_err err = parse_arc(&text, &first);

	if (err || *text == '\0')
		return err ? err : NOON_ERR_FORMAT;
	err = parse_arc(&text, &second);
	/* X.690, 8.19.4: the first two share one number. */
	if (!err && (first > 2 || (first < 2 && second > 39)))
		err = NOON_ERR_FORMAT;
	if (!err && second > UINT64_MAX - 80)
		err = NOON_ERR_RANGE;
	err = err ? err : put_arc(first * 40 + second, out, &n);
	while (!err && *text != '\0') {
		uint64_t v = 0;

		err = parse_arc(&text, &v);
		err = err ? err : put_arc(v, out, &n);
	}
	if (!err)
		*ret_n = n;
	return err;
}

static size_t put_decimal(uint64_t v, char *out, size_t room)
{
	char digit[20];
	size_t n = 0;

	do
		digit[n++] = (char)('0' + v % 10);
	while ((v /= 10) != 0);
	if (n >= room)
		return 0;
	for (size_t i = 0; i < n; i++)
		out[i] = digit[n - 1 - i];
	return n;
}

void noon_oid_format(struct noon_bytes oid, char *out, size_t n)
{
	size_t at = 0;
	uint64_t v = 0;
	bool ok = is_oid(oid) && n >= 8;

	for (size_t i = 0; ok && i < oid.n; i++) {
		size_t put;

		ok = v >> 57 == 0;
		v = v << 7 | (oid.p[i] & 0x7f);
		if ((oid.p[i] & 0x80) != 0)
			continue;
		if (at == 0) {
			const uint64_t top = v < 80 ? v / 40 : 2;

			out[at++] = (char)('0' + top);
			v -= top * 40;
		}
		out[at++] = '.';
		put = put_decimal(v, out + at, n - at);
		at += put;
		ok = ok && put > 0 && n - at > 2;
		v = 0;
	}
	if (!ok && n > 1) {
		out[0] = '?';
		at = 1;
	}
	if (n > 0)
		out[at] = '\0';
}

struct noon_bytes noon_der_wr_written(const struct noon_der_wr *w)
{
	return w->full ? noon_bytes_of(w->end, 0) : noon_bytes_of(w->p, noon_der_wr_len(w));
}

static void put_byte(struct noon_der_wr *w, uint8_t b)
{
	if (w->p == w->start)
		w->full = true;
	else
		*--w->p = b;
}

void noon_der_put(struct noon_der_wr *w, struct noon_bytes encoded)
{
	if ((size_t)(w->p - w->start) < encoded.n) {
		w->full = true;
		w->p = w->start;
	}
	if (w->full || encoded.n == 0)
		return;
	w->p -= encoded.n;
	memcpy(w->p, encoded.p, encoded.n);
}

void noon_der_wrap(struct noon_der_wr *w, uint8_t tag, size_t mark)
{
	const size_t len = noon_der_wr_len(w) - mark;

	assert(noon_der_wr_len(w) >= mark);
	if (len < LENGTH_LONG) {
		put_byte(w, (uint8_t)len);
	} else {
		uint8_t bytes = 0;

		for (size_t rest = len; rest != 0; rest >>= 8) {
			put_byte(w, (uint8_t)(rest & 0xff));
			bytes++;
		}
		put_byte(w, (uint8_t)(LENGTH_LONG | bytes));
	}
	put_byte(w, tag);
}

void noon_der_value(struct noon_der_wr *w, uint8_t tag, struct noon_bytes contents)
{
	const size_t mark = noon_der_wr_len(w);

	noon_der_put(w, contents);
	noon_der_wrap(w, tag, mark);
}

void noon_der_put_unsigned(struct noon_der_wr *w, uint8_t tag, struct noon_bytes magnitude)
{
	const size_t mark = noon_der_wr_len(w);

	while (magnitude.n > 0 && magnitude.p[0] == 0) {
		magnitude.p++;
		magnitude.n--;
	}
	noon_der_put(w, magnitude);
	if (magnitude.n == 0 || magnitude.p[0] >= 0x80)
		put_byte(w, 0);
	noon_der_wrap(w, tag, mark);
}

void noon_der_put_u64(struct noon_der_wr *w, uint8_t tag, uint64_t v)
{
	uint8_t bytes[8];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(v >> (56 - 8 * i));
	noon_der_put_unsigned(w, tag, noon_bytes_of(bytes, sizeof(bytes)));
}

void noon_der_put_bool(struct noon_der_wr *w, bool v)
{
	const uint8_t b = v ? 0xff : 0;

	noon_der_value(w, NOON_DER_BOOLEAN, noon_bytes_of(&b, 1));
}
