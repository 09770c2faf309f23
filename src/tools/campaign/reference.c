/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/campaign/reference.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "noonmark/clock.h"
#include "platform/clock/clock.h"

#define STEP_LEAST NOON_MS(1) /* a smaller one is not told from steering */
#define STEER_MAX  500e-6     /* fractional: of a system clock that is slewed */

struct noon_reference {
	struct noon_reference_conf conf;
	struct noon_clock_page *page; /* NULL: the system clock as it is */
	struct noon_instant seen;
	bool broken; /* the clock was stepped */
};

static const char *path_of_page(const char *spec)
{
	return spec[4] == ':' ? spec + 5 : NULL;
}

static noon_err open_page(struct noon_reference *r, struct noon_reference_why *why)
{
	const char *path = path_of_page(r->conf.spec);
	const int rc = noon_open(path, &r->page);

	if (rc == 0)
		return NOON_OK;
	(void)snprintf(why->text, sizeof(why->text), "reference %.150s: %s (is noonmarkd running?)",
		       r->conf.spec, strerror(rc));
	return NOON_ERR_NOT_FOUND;
}

noon_err noon_reference_open(const struct noon_reference_conf *conf, struct noon_reference **ret,
			     struct noon_reference_why *why)
{
	struct noon_reference *r = calloc(1, sizeof(*r));
	noon_err err = NOON_OK;

	if (r == NULL) {
		(void)snprintf(why->text, sizeof(why->text), "out of memory");
		return NOON_ERR_OS;
	}
	r->conf = *conf;
	r->seen = noon_instant_now();
	if (strcmp(conf->spec, "page") == 0 || strncmp(conf->spec, "page:", 5) == 0) {
		err = open_page(r, why);
	} else if (strcmp(conf->spec, "system") != 0) {
		(void)snprintf(why->text, sizeof(why->text),
			       "reference \"%.100s\": expected system, page or page:PATH",
			       conf->spec);
		err = NOON_ERR_FORMAT;
	} else if (conf->bound == NOON_DUR_MAX) {
		(void)snprintf(
			why->text, sizeof(why->text),
			"the system clock as reference needs --reference-bound TIME: how far "
			"it may be from UTC");
		err = NOON_ERR_RANGE;
	}
	if (err) {
		noon_reference_close(r);
		return err;
	}
	*ret = r;
	return NOON_OK;
}

/* Whether the system clock was stepped against the raw clock since it was last looked at. */
static bool was_stepped(struct noon_reference *r, const struct noon_instant *now)
{
	const noon_dur passed = noon_sat_sub(now->raw_ns, r->seen.raw_ns);
	const noon_dur moved = noon_sat_sub(now->real_ns, r->seen.real_ns);
	const noon_dur slewed = noon_dur_abs(noon_dur_scale_out(passed, STEER_MAX));
	const noon_dur allowed = noon_sat_add(slewed, STEP_LEAST);

	r->seen = *now;
	return noon_dur_abs(noon_sat_sub(moved, passed)) > allowed;
}

static enum noon_reference_state state_of(enum noon_clock_status status)
{
	switch (status) {
	case NOON_CLOCK_OK:
		return NOON_REFERENCE_LOCKED;
	case NOON_CLOCK_HOLDOVER:
		return NOON_REFERENCE_HOLDOVER;
	case NOON_CLOCK_UNSYNCHRONISED:
	case NOON_CLOCK_ALARM:
	case NOON_CLOCK_STALE:
		break;
	}
	return NOON_REFERENCE_LOST;
}

/* The page is read between two readings of the system clock: T(C) - UTC lies from the first less
 * the latest to the second less the earliest. */
static void read_page(struct noon_reference *r, struct noon_reference_reading *ret)
{
	const int64_t before = noon_clock_read(CLOCK_REALTIME);
	struct noon_clock_interval i;
	noon_dur least;
	noon_dur most;

	ret->state = NOON_REFERENCE_LOST;
	if (noon_read(r->page, &i) || i.earliest == INT64_MIN || i.latest == INT64_MAX)
		return;
	least = noon_sat_sub(before, i.latest);
	most = noon_sat_sub(noon_clock_read(CLOCK_REALTIME), i.earliest);
	ret->error = least + (most - least) / 2;
	ret->bound = (most - least + 1) / 2;
	ret->state = state_of(i.status);
}

void noon_reference_read(struct noon_reference *r, struct noon_reference_reading *ret)
{
	const struct noon_instant now = noon_instant_now();

	*ret = (struct noon_reference_reading){
		.at = {now.real_ns},
		.bound = r->conf.bound,
		.u_s = r->conf.u_s,
		.state = NOON_REFERENCE_LOCKED,
		.pulse = NOON_TIME_FIRST,
		.counter_s = (double)NAN,
	};
	r->broken = was_stepped(r, &now) || r->broken;
	if (r->page != NULL)
		read_page(r, ret);
	else if (r->broken)
		ret->state = NOON_REFERENCE_BROKEN;
}

void noon_reference_close(struct noon_reference *r)
{
	if (r == NULL)
		return;
	noon_close(r->page);
	free(r);
}
