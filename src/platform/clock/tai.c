/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/clock/tai.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>

#include "platform/file.h"

#define NTP_EPOCH INT64_C(2208988800) /* s from 1900 to 1970 */
#define LIST_MAX  65536

/* Read a decimal number; returns how many bytes it has, 0 for none. */
static size_t number(const uint8_t *p, const uint8_t *end, int64_t *ret)
{
	const uint8_t *q = p;
	int64_t v = 0;

	while (q < end && *q >= '0' && *q <= '9' && v < INT64_C(1000000000000))
		v = v * 10 + (*q++ - '0');
	*ret = v;
	return (size_t)(q - p);
}

static const uint8_t *skip_blanks(const uint8_t *p, const uint8_t *end)
{
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	return p;
}

struct list {
	int64_t utc_s;
	int64_t expires_s; /* 0: not in the file */
	int64_t offset;
	bool found;
	bool any;
	int64_t next_s; /* of the first entry after utc_s; 0: none */
	int64_t next_offset;
};

static noon_err take_line(struct list *l, const uint8_t *p, const uint8_t *end)
{
	int64_t at, offset;
	size_t n;

	p = skip_blanks(p, end);
	if (end - p > 2 && p[0] == '#' && p[1] == '@') {
		p = skip_blanks(p + 2, end);
		if (number(p, end, &at) == 0)
			return NOON_ERR_FORMAT;
		l->expires_s = at - NTP_EPOCH;
		return NOON_OK;
	}
	if (p == end || *p == '#' || *p == '\r')
		return NOON_OK;
	n = number(p, end, &at);
	p = skip_blanks(p + n, end);
	if (n == 0 || number(p, end, &offset) == 0 || offset > 1000)
		return NOON_ERR_FORMAT;
	l->any = true;
	if (at - NTP_EPOCH <= l->utc_s) {
		l->found = true;
		l->offset = offset;
	} else if (l->next_s == 0 || at - NTP_EPOCH < l->next_s) {
		l->next_s = at - NTP_EPOCH;
		l->next_offset = offset;
	}
	return NOON_OK;
}

/* An instant of the list; its values are not trusted. */
static noon_time instant(int64_t utc_s)
{
	return utc_s < INT64_MAX / NOON_NS_PER_SEC ? (noon_time){utc_s * NOON_NS_PER_SEC}
						   : NOON_TIME_NEVER;
}

/* If TAI - UTC grows, a second is inserted, and the count of UTC goes back. */
static struct noon_leap_list next_leap(const struct list *l)
{
	struct noon_leap_list out = {instant(l->expires_s), NOON_TIME_NEVER, 0};

	if (l->next_s == 0)
		return out;
	out.next = instant(l->next_s);
	out.shift = (l->offset - l->next_offset) * NOON_NS_PER_SEC;
	return out;
}

noon_err noon_tai_from_list(struct noon_bytes text, int64_t utc_s, int16_t *ret,
			    struct noon_leap_list *ret_list)
{
	struct list l = {.utc_s = utc_s};
	const uint8_t *p = text.p, *end = text.p + text.n;

	while (p < end) {
		const uint8_t *stop = memchr(p, '\n', (size_t)(end - p));

		if (take_line(&l, p, stop == NULL ? end : stop))
			return NOON_ERR_FORMAT;
		p = stop == NULL ? end : stop + 1;
	}
	if (!l.any || l.expires_s == 0)
		return NOON_ERR_FORMAT;
	if (!l.found)
		return NOON_ERR_NOT_FOUND;
	if (utc_s >= l.expires_s)
		return NOON_ERR_STALE;
	*ret = (int16_t)l.offset;
	*ret_list = next_leap(&l);
	return NOON_OK;
}

/* It was 10 s when leap seconds began, in 1972. */
#define TAI_LEAST 10

/* The kernel's value if a program has set it; it is 0 if none has, and 1 if a leap second was then
 * inserted. */
static bool from_kernel(int16_t *ret)
{
	struct timex t;

	memset(&t, 0, sizeof(t));
	if (adjtimex(&t) < 0 || t.tai < TAI_LEAST || t.tai > 1000)
		return false;
	*ret = (int16_t)t.tai;
	return true;
}

enum noon_leap noon_tai_kernel_leap(void)
{
	struct timex t;

	memset(&t, 0, sizeof(t));
	switch (adjtimex(&t)) {
	case TIME_INS:
	case TIME_OOP: /* the inserted second is in progress */
		return NOON_LEAP_INSERT;
	case TIME_DEL:
		return NOON_LEAP_DELETE;
	default:
		return NOON_LEAP_NONE;
	}
}

noon_err noon_tai_find(const char *list_path, int64_t utc_s, int16_t *ret,
		       struct noon_leap_list *ret_list, const char **ret_why)
{
	static const struct {
		noon_err err;
		const char *why;
	} reasons[] = {
		{NOON_ERR_STALE, "the list of leap seconds has expired"},
		{NOON_ERR_FORMAT, "the list of leap seconds is not one"},
		{NOON_ERR_NOT_FOUND, "there is no list of leap seconds"},
	};
	uint8_t *text = malloc(LIST_MAX);
	int16_t listed = 0, kernel = 0;
	const bool told = from_kernel(&kernel);
	size_t n = 0;
	noon_err err = text == NULL ? NOON_ERR_OS : noon_file_read(list_path, text, LIST_MAX, &n);

	*ret_list = NOON_LEAP_LIST_NONE;
	err = err ? NOON_ERR_NOT_FOUND
		  : noon_tai_from_list(noon_bytes_of(text, n), utc_s, &listed, ret_list);
	free(text);
	if (!err && told && listed != kernel) {
		*ret_list = NOON_LEAP_LIST_NONE;
		*ret_why = "the list of leap seconds and the kernel contradict each other";
		return NOON_ERR_STATE;
	}
	if (!err)
		*ret = listed;
	else if (told)
		*ret = kernel;
	if (!err || told)
		return NOON_OK;
	*ret_why = "it cannot be read";
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].err == err)
			*ret_why = reasons[i].why;
	return NOON_ERR_NOT_FOUND;
}
