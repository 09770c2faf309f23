/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/http/http_reply.h"

#include <assert.h>
#include <string.h>

#define DAY_S 86400

const char *noon_http_phrase(uint16_t status)
{
	static const struct {
		uint16_t status;
		const char *phrase;
	} table[] = {
		{100, "Continue"},
		{200, "OK"},
		{400, "Bad Request"},
		{404, "Not Found"},
		{405, "Method Not Allowed"},
		{408, "Request Timeout"},
		{411, "Length Required"},
		{413, "Content Too Large"},
		{414, "URI Too Long"},
		{415, "Unsupported Media Type"},
		{417, "Expectation Failed"},
		{429, "Too Many Requests"},
		{431, "Request Header Fields Too Large"},
		{500, "Internal Server Error"},
		{501, "Not Implemented"},
		{503, "Service Unavailable"},
		{505, "HTTP Version Not Supported"},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].status == status)
			return table[i].phrase;
	return "Unknown";
}

/* A writer that stays failed: heads are a list of small pieces. */
struct text {
	struct noon_wr *wr;
	noon_err err;
};

static void put(struct text *t, const char *s)
{
	if (!t->err)
		t->err = noon_wr_put(t->wr, noon_bytes_of(s, strlen(s)));
}

/* Decimal, at least `width` digits. */
static void put_number(struct text *t, uint64_t v, unsigned width)
{
	char digits[21];
	size_t at = sizeof(digits) - 1;

	digits[at] = '\0';
	do {
		digits[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (at > 0 && (v > 0 || sizeof(digits) - 1 - at < width));
	put(t, digits + at);
}

/* Proleptic Gregorian calendar; years are counted from March, so that the leap day is the last. */
static void put_day(struct text *t, int64_t days)
{
	static const char names[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					"Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	const int64_t z = days + 719468; /* days from 0000-03-01 */
	const int64_t era = z / 146097;
	const int64_t in_era = z % 146097;
	const int64_t year_of_era =
		(in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	const int64_t in_year = in_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	const int64_t from_march = (5 * in_year + 2) / 153;
	const int64_t month = (from_march + 2) % 12;
	const int64_t year = era * 400 + year_of_era + (month < 2);

	put_number(t, (uint64_t)(in_year - (153 * from_march + 2) / 5 + 1), 2);
	put(t, " ");
	put(t, names[month]);
	put(t, " ");
	put_number(t, (uint64_t)year, 4);
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, section 5.6.7). */
static void put_date(struct text *t, int64_t s)
{
	static const char names[][4] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
	const int64_t from_1970 = s < 0 ? 0 : s;
	const int64_t days = from_1970 / DAY_S;
	const int64_t in_day = from_1970 % DAY_S;

	put(t, names[days % 7]);
	put(t, ", ");
	put_day(t, days);
	put(t, " ");
	put_number(t, (uint64_t)(in_day / 3600), 2);
	put(t, ":");
	put_number(t, (uint64_t)(in_day / 60 % 60), 2);
	put(t, ":");
	put_number(t, (uint64_t)(in_day % 60), 2);
	put(t, " GMT");
}

noon_err noon_http_reply_write(const struct noon_http_reply *reply, struct noon_wr *out)
{
	struct noon_wr wr = *out;
	struct text t = {&wr, NOON_OK};

	assert(reply->status >= 100 && reply->status <= 599);
	put(&t, "HTTP/1.1 ");
	put_number(&t, reply->status, 3);
	put(&t, " ");
	put(&t, noon_http_phrase(reply->status));
	put(&t, "\r\nDate: ");
	put_date(&t, reply->date_s);
	put(&t, "\r\nContent-Type: ");
	put(&t, reply->type);
	put(&t, "\r\nContent-Length: ");
	put_number(&t, reply->length, 1);
	if (reply->allow != NULL) {
		put(&t, "\r\nAllow: ");
		put(&t, reply->allow);
	}
	if (reply->retry_after_s > 0) {
		put(&t, "\r\nRetry-After: ");
		put_number(&t, reply->retry_after_s, 1);
	}
	if (reply->close)
		put(&t, "\r\nConnection: close");
	else if (reply->keep_alive)
		put(&t, "\r\nConnection: keep-alive");
	put(&t, "\r\n\r\n");
	if (!t.err)
		*out = wr;
	return t.err;
}
