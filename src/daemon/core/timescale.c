/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/core/timescale.h"

#include "daemon/report/log.h"
#include "platform/clock/tai.h"

#define DAY 86400

void noon_timescale_find(struct noon_timescale *t, const struct noon_config *c, noon_time utc)
{
	const int64_t day = utc.ns / NOON_NS_PER_SEC / DAY;
	const char *why = "";

	if (t->day == day)
		return;
	t->day = day;
	t->known = noon_tai_find(c->leap_list, utc.ns / NOON_NS_PER_SEC, &t->offset, &t->leap,
				 &why) == NOON_OK;
	if (c->utc_offset > 0) {
		t->known = true;
		t->offset = (int16_t)c->utc_offset;
	}
	/* Only PTP needs it. */
	if (!t->known && !t->told && c->n_transmitters > 0)
		noon_log(
			NOON_LOG_WARNING,
			"TAI - UTC is not known: %s (leapseclist %s): PTP counts UTC and says that "
			"its timescale is arbitrary; or set utc_offset",
			why, c->leap_list);
	t->told = !t->known;
}
