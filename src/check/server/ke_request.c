/* SPDX-License-Identifier: Apache-2.0 */
#include "check/server/ke_request.h"

#include <stdio.h>

const struct noon_ke_shape noon_ke_minimal = {
	{NOON_KE_NEXT(NOON_KE_NTPV4), NOON_KE_AEAD(NOON_KE_SIV), NOON_KE_END_RECORD, NOON_KE_LAST}};

struct noon_bytes noon_ke_request(const struct noon_ke_shape *s, void *buf, size_t cap)
{
	struct noon_wr wr = noon_wr_over(buf, cap);

	for (size_t i = 0; i < NOON_KE_ITEMS && s->item[i].type != NOON_KE_STOP; i++) {
		const struct noon_ke_item *it = &s->item[i];

		if (noon_ntske_wr(&wr, it->critical, (enum noon_ntske_type)it->type,
				  noon_bytes_of(it->body, it->n)))
			return noon_bytes_of(buf, 0);
	}
	return noon_wr_written(&wr);
}

void noon_ke_request_describe(const struct noon_ke_shape *s, char *out, size_t n)
{
	static const char *const names[] = {"END",  "NEXT_PROTOCOL", "ERROR",  "WARNING",
					    "AEAD", "COOKIE",	     "SERVER", "PORT"};
	int at = 0;

	out[0] = '\0';
	for (size_t i = 0; i < NOON_KE_ITEMS && s->item[i].type != NOON_KE_STOP; i++) {
		const struct noon_ke_item *it = &s->item[i];
		char number[16];

		(void)snprintf(number, sizeof(number), "type %u", (unsigned)it->type);
		if ((size_t)at >= n)
			return;
		at += snprintf(out + at, n - (size_t)at, "%s%s%s", i == 0 ? "" : ", ",
			       it->type < 8 ? names[it->type] : number, it->critical ? "*" : "");
		if (it->n > 0 && (size_t)at < n)
			at += snprintf(out + at, n - (size_t)at, " (%zu B)", it->n);
	}
}
