/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/http_head.h"

#include <assert.h>
#include <string.h>

/* Digits of a length that are looked at; more is too much for anybody. */
#define LENGTH_DIGITS 18

/* What the fields said while they are read. */
struct reading {
	const uint8_t *base;
	struct noon_http_head head;
	unsigned hosts;
	bool close;
	bool keep;
	bool coded;    /**< there was a Transfer-Encoding */
	bool response; /**< Host and Expect mean nothing */
};

uint16_t noon_http_fault_status(enum noon_http_fault fault)
{
	static const uint16_t status[] = {
#define STATUS(name, code, text) code,
		NOON_HTTP_FAULT_LIST(STATUS)
#undef STATUS
	};

	assert((unsigned)fault < NOON_HTTP_FAULTS);
	return status[fault];
}

const char *noon_http_fault_text(enum noon_http_fault fault)
{
	static const char *const texts[] = {
#define TEXT(name, code, text) text,
		NOON_HTTP_FAULT_LIST(TEXT)
#undef TEXT
	};

	assert((unsigned)fault < NOON_HTTP_FAULTS);
	return texts[fault];
}

bool noon_http_is(struct noon_bytes b, const char *word)
{
	return b.n == strlen(word) && (b.n == 0 || memcmp(b.p, word, b.n) == 0);
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

bool noon_http_is_nocase(struct noon_bytes b, const char *word)
{
	if (b.n != strlen(word))
		return false;
	for (size_t i = 0; i < b.n; i++)
		if (lower(b.p[i]) != lower((uint8_t)word[i]))
			return false;
	return true;
}

bool noon_http_is_token_char(uint8_t c)
{
	if ((c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z'))
		return true;
	return c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

static bool is_token(struct noon_bytes b)
{
	for (size_t i = 0; i < b.n; i++)
		if (!noon_http_is_token_char(b.p[i]))
			return false;
	return b.n > 0;
}

/* Cut off and return what comes before the first c, or everything. */
static struct noon_bytes cut(struct noon_bytes *b, uint8_t c)
{
	const uint8_t *at = b->n ? memchr(b->p, c, b->n) : NULL;
	const size_t n = at ? (size_t)(at - b->p) : b->n;
	const struct noon_bytes piece = noon_bytes_of(b->p, n);

	b->p += at ? n + 1 : n;
	b->n -= at ? n + 1 : n;
	return piece;
}

/* Without spaces and tabs at both ends. */
static struct noon_bytes trim(struct noon_bytes b)
{
	while (b.n > 0 && (b.p[0] == ' ' || b.p[0] == '\t')) {
		b.p++;
		b.n--;
	}
	while (b.n > 0 && (b.p[b.n - 1] == ' ' || b.p[b.n - 1] == '\t'))
		b.n--;
	return b;
}

static struct noon_http_span span(const struct reading *r, struct noon_bytes b)
{
	return (struct noon_http_span){(uint32_t)(b.p - r->base), (uint32_t)b.n};
}

/* Take one line without its CR LF. There is one: the caller saw the empty line at the end. */
static bool take_line(struct noon_bytes *text, struct noon_bytes *ret)
{
	*ret = cut(text, '\n');
	if (ret->n == 0 || ret->p[ret->n - 1] != '\r')
		return false;
	ret->n--;
	return ret->n == 0 || memchr(ret->p, '\r', ret->n) == NULL;
}

/* "HTTP/1.1"; any later minor version is read as 1.1 (RFC 9110, section 2.5). */
static enum noon_http_fault read_version(struct noon_bytes v, struct noon_http_head *head)
{
	if (v.n != 8 || memcmp(v.p, "HTTP/", 5) != 0 || v.p[5] < '0' || v.p[5] > '9' ||
	    v.p[6] != '.' || v.p[7] < '0' || v.p[7] > '9')
		return NOON_HTTP_FAULT_MALFORMED;
	if (v.p[5] != '1')
		return NOON_HTTP_FAULT_VERSION;
	head->http10 = v.p[7] == '0';
	return NOON_HTTP_FAULT_NONE;
}

/* A server must take the absolute form too (RFC 9112, section 3.2.2); whose name is in it does not
 * matter to one that serves every name alike. */
static struct noon_bytes path_of(struct noon_bytes target)
{
	const struct noon_bytes whole = cut(&target, '?');
	struct noon_bytes rest = whole;
	const struct noon_bytes scheme = cut(&rest, ':');
	const uint8_t *end = whole.p + whole.n;
	const uint8_t *slash;

	if (whole.n == 0 || whole.p[0] == '/' || rest.n < 2 || memcmp(rest.p, "//", 2) != 0 ||
	    !(noon_http_is_nocase(scheme, "http") || noon_http_is_nocase(scheme, "https")))
		return whole;
	slash = rest.n > 2 ? memchr(rest.p + 2, '/', rest.n - 2) : NULL;
	return slash ? noon_bytes_of(slash, (size_t)(end - slash)) : noon_bytes_of(end, 0);
}

static enum noon_http_fault read_request_line(struct reading *r, struct noon_bytes line)
{
	const struct noon_bytes method = cut(&line, ' ');
	const struct noon_bytes target = cut(&line, ' ');

	if (!is_token(method) || target.n == 0)
		return NOON_HTTP_FAULT_MALFORMED;
	for (size_t i = 0; i < target.n; i++)
		if (target.p[i] <= ' ' || target.p[i] >= 0x7f)
			return NOON_HTTP_FAULT_MALFORMED;
	r->head.method = span(r, method);
	r->head.path = span(r, path_of(target));
	return read_version(line, &r->head);
}

/* RFC 9110, section 8.6: digits; twice only if the same. */
static enum noon_http_fault read_length(struct noon_http_head *head, struct noon_bytes value)
{
	uint64_t v = 0;

	if (value.n == 0)
		return NOON_HTTP_FAULT_LENGTH;
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] < '0' || value.p[i] > '9')
			return NOON_HTTP_FAULT_LENGTH;
		if (i < LENGTH_DIGITS)
			v = 10 * v + (uint64_t)(value.p[i] - '0');
	}
	if (value.n > LENGTH_DIGITS)
		return NOON_HTTP_FAULT_BODY_LONG;
	if (head->has_length && head->length != v)
		return NOON_HTTP_FAULT_LENGTH;
	head->has_length = true;
	head->length = v;
	return NOON_HTTP_FAULT_NONE;
}

static enum noon_http_fault read_coding(struct reading *r, struct noon_bytes value)
{
	if (r->coded || !noon_http_is_nocase(value, "chunked"))
		return NOON_HTTP_FAULT_CODING;
	r->coded = true;
	r->head.chunked = true;
	return NOON_HTTP_FAULT_NONE;
}

static void read_connection(struct reading *r, struct noon_bytes value)
{
	while (value.n > 0) {
		const struct noon_bytes option = trim(cut(&value, ','));

		r->close = r->close || noon_http_is_nocase(option, "close");
		r->keep = r->keep || noon_http_is_nocase(option, "keep-alive");
	}
}

/* HTTP/1.0 has no expectations (RFC 9110, section 10.1.1). */
static enum noon_http_fault read_expect(struct noon_http_head *head, struct noon_bytes value)
{
	if (head->http10)
		return NOON_HTTP_FAULT_NONE;
	if (!noon_http_is_nocase(value, "100-continue"))
		return NOON_HTTP_FAULT_EXPECT;
	head->expects_continue = true;
	return NOON_HTTP_FAULT_NONE;
}

static enum noon_http_fault read_field(struct reading *r, struct noon_bytes line)
{
	const struct noon_bytes name = cut(&line, ':');
	struct noon_bytes value = trim(line);

	/* Also refuses a folded line, a space in front of the colon, and a line without one: its
	 * value would have to start one byte behind its name. */
	if (!is_token(name) || line.p == name.p + name.n)
		return NOON_HTTP_FAULT_MALFORMED;
	for (size_t i = 0; i < value.n; i++)
		if ((value.p[i] < ' ' && value.p[i] != '\t') || value.p[i] == 0x7f)
			return NOON_HTTP_FAULT_MALFORMED;
	if (noon_http_is_nocase(name, "Host"))
		r->hosts++;
	else if (noon_http_is_nocase(name, "Content-Length"))
		return read_length(&r->head, value);
	else if (noon_http_is_nocase(name, "Transfer-Encoding"))
		return read_coding(r, value);
	else if (noon_http_is_nocase(name, "Connection"))
		read_connection(r, value);
	else if (noon_http_is_nocase(name, "Expect") && !r->response)
		return read_expect(&r->head, value);
	else if (noon_http_is_nocase(name, "Content-Type"))
		r->head.type = span(r, trim(cut(&value, ';')));
	return NOON_HTTP_FAULT_NONE;
}

/* What can only be judged when all fields are known. */
static enum noon_http_fault judge(struct reading *r)
{
	/* RFC 9112, section 6.3: both may be an attempt at smuggling; section 6.1: a coding in
	 * HTTP/1.0 is faulty framing. */
	if (r->head.chunked && (r->head.has_length || r->head.http10))
		return NOON_HTTP_FAULT_LENGTH;
	if (!r->response && (r->hosts > 1 || (r->hosts == 0 && !r->head.http10)))
		return NOON_HTTP_FAULT_HOST;
	r->head.keep_alive = !r->close && (!r->head.http10 || r->keep);
	return NOON_HTTP_FAULT_NONE;
}

/* "HTTP/1.1 200 OK"; the phrase and the space before it may be missing (RFC 9112, section 4). */
static enum noon_http_fault read_status_line(struct reading *r, struct noon_bytes line)
{
	const struct noon_bytes version = cut(&line, ' ');
	const struct noon_bytes status = cut(&line, ' ');
	unsigned code = 0;

	for (size_t i = 0; i < status.n && i < 3; i++)
		if (status.p[i] >= '0' && status.p[i] <= '9')
			code = code * 10 + (unsigned)(status.p[i] - '0');
	if (status.n != 3 || code < 100)
		return NOON_HTTP_FAULT_MALFORMED;
	r->head.status = (uint16_t)code;
	return read_version(version, &r->head);
}

static enum noon_http_fault read_fields(struct reading *r, struct noon_bytes text)
{
	enum noon_http_fault fault = NOON_HTTP_FAULT_NONE;
	struct noon_bytes line;

	for (unsigned i = 0; !fault; i++) {
		if (!take_line(&text, &line))
			return NOON_HTTP_FAULT_MALFORMED;
		if (line.n == 0)
			break;
		fault = i < NOON_HTTP_FIELDS_MAX ? read_field(r, line)
						 : NOON_HTTP_FAULT_FIELDS_LONG;
	}
	return fault ? fault : judge(r);
}

static enum noon_http_fault read_head(struct noon_bytes text, bool response,
				      struct noon_http_head *ret)
{
	struct reading r = {.base = text.p, .response = response};
	struct noon_bytes line;
	enum noon_http_fault fault;

	if (!take_line(&text, &line))
		return NOON_HTTP_FAULT_MALFORMED;
	fault = response ? read_status_line(&r, line) : read_request_line(&r, line);
	if (!fault)
		fault = read_fields(&r, text);
	if (!fault)
		*ret = r.head;
	return fault;
}

enum noon_http_fault noon_http_head_read(struct noon_bytes text, struct noon_http_head *ret)
{
	return read_head(text, false, ret);
}

enum noon_http_fault noon_http_response_head_read(struct noon_bytes text,
						  struct noon_http_head *ret)
{
	return read_head(text, true, ret);
}
