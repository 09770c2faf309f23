/* SPDX-License-Identifier: Apache-2.0 */
#include "estimate/guard/baseline.h"

#include <string.h>

struct cursor {
	const uint8_t *start;
	const uint8_t *p;
	const uint8_t *end;
	struct noon_bytes line; /* the last one taken, without its end */
	struct noon_baseline_fault fault;
};

static noon_err expect(struct cursor *c, const char *what)
{
	c->fault.expected = what;
	return NOON_ERR_FORMAT;
}

static noon_err next_line(struct cursor *c, const char *what)
{
	const uint8_t *stop;

	c->fault.line++;
	if (c->p == c->end)
		return expect(c, what);
	stop = memchr(c->p, '\n', (size_t)(c->end - c->p));
	if (!stop)
		return expect(c, "a line that ends (the file is cut short)");
	c->line = noon_bytes_of(c->p, (size_t)(stop - c->p));
	c->p = stop + 1;
	return NOON_OK;
}

/* Take "KEY VALUE"; ret is VALUE. */
static noon_err take(struct cursor *c, const char *key, const char *what, struct noon_bytes *ret)
{
	const size_t n = strlen(key);

	if (next_line(c, what))
		return NOON_ERR_FORMAT;
	if (c->line.n < n + 2 || memcmp(c->line.p, key, n) != 0 || c->line.p[n] != ' ')
		return expect(c, what);
	*ret = noon_bytes_of(c->line.p + n + 1, c->line.n - n - 1);
	return NOON_OK;
}

static noon_err number(struct cursor *c, struct noon_bytes text, int64_t max, const char *what,
		       int64_t *ret)
{
	int64_t v = 0;

	if (text.n == 0 || text.n > 18)
		return expect(c, what);
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return expect(c, what);
		v = v * 10 + (text.p[i] - '0');
	}
	if (v > max)
		return expect(c, what);
	*ret = v;
	return NOON_OK;
}

static noon_err take_number(struct cursor *c, const char *key, int64_t max, const char *what,
			    int64_t *ret)
{
	struct noon_bytes text;

	return take(c, key, what, &text) ? NOON_ERR_FORMAT : number(c, text, max, what, ret);
}

/* Take a text of one line without control characters, shorter than `room`. */
static noon_err take_text(struct cursor *c, const char *key, const char *what, char *ret,
			  size_t room)
{
	struct noon_bytes text;

	if (take(c, key, what, &text))
		return NOON_ERR_FORMAT;
	if (text.n >= room)
		return expect(c, what);
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] < 0x20 || text.p[i] == 0x7f)
			return expect(c, what);
	memcpy(ret, text.p, text.n);
	ret[text.n] = '\0';
	return NOON_OK;
}

static noon_err take_name(struct cursor *c, const char *key, const char *what,
			  char ret[NOON_BASELINE_NAME_MAX])
{
	return take_text(c, key, what, ret, NOON_BASELINE_NAME_MAX);
}

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static noon_err take_hex(struct cursor *c, const char *key, const char *what, uint8_t *ret,
			 size_t n)
{
	struct noon_bytes text;

	if (take(c, key, what, &text))
		return NOON_ERR_FORMAT;
	if (text.n != 2 * n)
		return expect(c, what);
	for (size_t i = 0; i < n; i++) {
		const int high = hex_digit(text.p[2 * i]);
		const int low = hex_digit(text.p[2 * i + 1]);

		if (high < 0 || low < 0)
			return expect(c, what);
		ret[i] = (uint8_t)(high << 4 | low);
	}
	return NOON_OK;
}

static noon_err take_head(struct cursor *c, struct noon_baseline *b)
{
	int64_t count = 0, lost = 0;
	noon_err err;

	err = take_name(c, "path-id", "\"path-id NAME\"", b->path_id);
	err = err ? err : take_name(c, "source", "\"source URL\"", b->source);
	err = err ? err
		  : take_number(c, "started", INT64_MAX, "\"started SECONDS\"", &b->started_s);
	err = err ? err : take_number(c, "ended", INT64_MAX, "\"ended SECONDS\"", &b->ended_s);
	if (!err && b->ended_s < b->started_s)
		err = expect(c, "an end that is not before the start");
	err = err ? err
		  : take_number(c, "count", NOON_BASELINE_COUNT_MAX, "\"count N\", at most 1000000",
				&count);
	if (!err && count < 1)
		err = expect(c, "at least one value");
	err = err ? err : take_number(c, "lost", INT64_MAX, "\"lost N\"", &lost);
	err = err ? err
		  : take_number(c, "granularity-ns", NOON_BASELINE_RTT_MAX,
				"\"granularity-ns N\", 1 or more", &b->granularity_ns);
	if (!err && b->granularity_ns < 1)
		err = expect(c, "\"granularity-ns N\", 1 or more");
	b->count = (size_t)count;
	b->lost = (uint64_t)lost;
	return err;
}

static noon_err take_word(struct cursor *c, const char *word, const char *what)
{
	if (next_line(c, what))
		return NOON_ERR_FORMAT;
	if (c->line.n != strlen(word) || memcmp(c->line.p, word, c->line.n) != 0)
		return expect(c, what);
	return NOON_OK;
}

static noon_err take_values(struct cursor *c, int64_t *rtt_ns, size_t n)
{
	static const char what[] = "a round-trip time in ns, as many as \"count\" says";
	noon_err err = take_word(c, "rtt-ns", "\"rtt-ns\"");

	for (size_t i = 0; !err && i < n; i++) {
		err = next_line(c, what);
		err = err ? err : number(c, c->line, NOON_BASELINE_RTT_MAX, what, &rtt_ns[i]);
	}
	return err ? err : take_word(c, "end", "\"end\" after as many values as \"count\" says");
}

static bool begins(const struct cursor *c, const char *with)
{
	const size_t n = strlen(with);

	return (size_t)(c->end - c->p) >= n && memcmp(c->p, with, n) == 0;
}

static noon_err take_seals(struct cursor *c, struct noon_baseline *b)
{
	noon_err err;

	b->n_digested = (size_t)(c->p - c->start);
	err = take_hex(c, "sha256", "\"sha256\" and 64 hexadecimal digits", b->digest,
		       sizeof(b->digest));
	b->n_signed = (size_t)(c->p - c->start);
	b->is_signed = !begins(c, "unsigned ");
	if (!err && b->is_signed)
		err = take_hex(c, "ed25519",
			       "\"ed25519\" and 128 hexadecimal digits, or \"unsigned REASON\"",
			       b->signature, sizeof(b->signature));
	else if (!err)
		err = take_text(c, "unsigned", "\"unsigned REASON\" of at most 511 characters",
				b->reason, sizeof(b->reason));
	if (!err && c->p != c->end) {
		c->fault.line++;
		err = expect(c, "nothing after the signature");
	}
	return err;
}

noon_err noon_baseline_parse(struct noon_bytes text, int64_t *rtt_ns, size_t cap,
			     struct noon_baseline *ret, struct noon_baseline_fault *ret_fault)
{
	struct cursor c = {.start = text.p, .p = text.p, .end = text.p + text.n};
	struct noon_baseline b = {.count = 0};
	int64_t version = 0;
	noon_err err;

	err = take_number(&c, "noonmark-baseline", 999, "\"noonmark-baseline 1\"", &version);
	if (!err && version != NOON_BASELINE_VERSION)
		return NOON_ERR_UNSUPPORTED;
	err = err ? err : take_head(&c, &b);
	if (!err && b.count > cap)
		return NOON_ERR_FULL;
	err = err ? err : take_values(&c, rtt_ns, b.count);
	err = err ? err : take_seals(&c, &b);
	if (err)
		*ret_fault = c.fault;
	else
		*ret = b;
	return err;
}

double noon_baseline_interval_s(const struct noon_baseline *b)
{
	const double gaps = (double)b->count + (double)b->lost - 1.0;

	return gaps > 0.0 ? ((double)b->ended_s - (double)b->started_s) / gaps : 0.0;
}

bool noon_baseline_suits(double campaign_s, double poll_s)
{
	if (campaign_s <= 0.0)
		return true;
	return poll_s <= campaign_s * NOON_BASELINE_INTERVAL_FACTOR &&
	       poll_s >= campaign_s / NOON_BASELINE_INTERVAL_FACTOR;
}
