/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/calibrate/writer.h"

#include "proto/one_way/one_way_client.h"

void noon_writer_span(noon_time stamp, noon_dur unit, int rounding, struct noon_campaign_sample *s)
{
	s->first = stamp;
	s->last = noon_time_add(stamp, unit);
	if (rounding != NOON_ONE_WAY_TRUNCATE)
		s->first = noon_time_add(s->first, -(unit / 2));
	if (rounding == NOON_ONE_WAY_NEAREST)
		s->last = noon_time_add(s->last, -(unit / 2));
}

static bool is_news(const struct noon_reference_reading *a, const struct noon_reference_reading *b)
{
	return a->error != b->error || a->bound != b->bound || a->state != b->state ||
	       a->pulse.ns != b->pulse.ns || a->u_s < b->u_s || a->u_s > b->u_s;
}

/* The reference's reading of now, if it says something new. */
static noon_err keep_reading(struct noon_writer *w)
{
	struct noon_reference_reading now = w->reading;
	noon_err err;

	if (w->reference != NULL)
		noon_reference_read(w->reference, &now);
	if (w->reading_number > 0 && !is_news(&now, &w->reading))
		return NOON_OK;
	err = noon_campaigns_reading(w->db, &now, &w->reading_number);
	if (!err)
		w->reading = now;
	return err;
}

noon_err noon_writer_sample(struct noon_writer *w, struct noon_campaign_sample *s)
{
	noon_err err = keep_reading(w);

	s->reading = w->reading_number;
	err = err ? err : noon_campaigns_sample(w->db, s);
	if (!err)
		w->waiting++;
	return err;
}

void noon_writer_miss(struct noon_writer *w, noon_time at, const char *why)
{
	noon_campaigns_miss(w->db, at, why);
	w->missed++;
}

noon_err noon_writer_commit(struct noon_writer *w)
{
	const noon_err err = noon_campaigns_commit(w->db);

	w->full = err != NOON_OK;
	if (err)
		return err;
	w->samples += w->waiting;
	w->waiting = 0;
	return NOON_OK;
}
