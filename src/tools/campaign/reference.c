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
#include "platform/instruments/instruments.h"

#define STEP_LEAST NOON_MS(1) /* a smaller one is not told from steering */
#define STEER_MAX  500e-6     /* fractional: of a system clock that is slewed */

/* A reading that is older is no longer of now: two seconds of pulses, and the time to look. */
#define FRESH NOON_MS(2500)
/* What readings may differ by where no bound is declared. */
#define JITTER_MOST NOON_MS(1)
/* So many readings in a row that contradict the one before them are no glitch. */
#define GLITCHES_MOST 3
/* A bound in holdover grows in these steps, so that not each sample has a reading of its own. */
#define HOLDOVER_STEP NOON_US(1)

struct noon_reference {
	struct noon_reference_conf conf;
	struct noon_clock_page *page;	    /* NULL: there is none */
	struct noon_instrument *instrument; /* NULL: there is none */
	struct noon_instant seen;
	bool broken; /* the clock was stepped, or the instrument contradicts itself */
	/* Of an instrument: */
	bool has_reading;
	struct noon_reference_reading last; /* the last good one */
	noon_time taken;		    /* when, monotonic */
	unsigned glitches;		    /* in a row */
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

/* ---- instruments ---- */

/* T(C) - reference, as a reading shows it. */
static noon_dur error_of(const struct noon_instrument_reading *i)
{
	noon_dur into;

	switch (i->kind) {
	case NOON_INSTRUMENT_PULSE:
		into = i->at.ns % NOON_NS_PER_SEC;
		into += into < 0 ? NOON_NS_PER_SEC : 0;
		return into > NOON_MS(500) ? into - NOON_NS_PER_SEC : into;
	case NOON_INSTRUMENT_INTERVAL:
		return noon_dur_from_s(i->value_s);
	case NOON_INSTRUMENT_OFFSET:
		break;
	}
	return -noon_dur_from_s(i->value_s);
}

/* Whether a reading fits the one before it: T(C) was slewed at most, not stepped, and each of them
 * is within the bound of the truth. */
static bool fits(const struct noon_reference *r, noon_time at, noon_dur error)
{
	const noon_dur passed = noon_dur_abs(noon_time_diff(at, r->last.at));
	const noon_dur each = r->conf.bound == NOON_DUR_MAX ? JITTER_MOST / 2 : r->conf.bound;
	const noon_dur allowed = noon_sat_add(noon_dur_scale_out(passed, STEER_MAX), 2 * each);

	return !r->has_reading || noon_dur_abs(noon_sat_sub(error, r->last.error)) <= allowed;
}

static void fault(const struct noon_reference *r, const char *why)
{
	if (r->conf.on_fault != NULL)
		r->conf.on_fault(r->conf.arg, why);
}

static void on_reading(void *arg, const struct noon_instrument_reading *i)
{
	struct noon_reference *r = arg;
	const noon_dur error = error_of(i);

	if (i->lost)
		return; /* it is in holdover from the last good one on */
	if (!fits(r, i->at, error)) {
		if (++r->glitches == GLITCHES_MOST) {
			r->broken = true;
			fault(r,
			      "its readings contradict those before them: no reference any more");
		}
		return;
	}
	r->glitches = 0;
	r->has_reading = true;
	r->taken = noon_mono_now();
	r->last = (struct noon_reference_reading){
		.at = i->at,
		.error = error,
		.bound = r->conf.bound,
		.u_s = hypot(r->conf.u_s, i->u_s),
		.state = NOON_REFERENCE_LOCKED,
		.pulse = i->kind == NOON_INSTRUMENT_PULSE ? i->at : NOON_TIME_FIRST,
		.counter_s = i->kind == NOON_INSTRUMENT_INTERVAL ? i->value_s : (double)NAN,
	};
}

static void on_instrument_fault(void *arg, const char *why)
{
	fault(arg, why);
}

static noon_err open_instrument(struct noon_reference *r, struct noon_loop *loop,
				struct noon_reference_why *why)
{
	const struct noon_instrument_conf conf = {loop, on_reading, on_instrument_fault, r};
	struct noon_instrument_why reason;
	const noon_err err = noon_instrument_open(r->conf.spec, &conf, &r->instrument, &reason);

	if (err)
		(void)snprintf(why->text, sizeof(why->text), "reference %.250s", reason.text);
	return err;
}

static void read_instrument(const struct noon_reference *r, struct noon_reference_reading *ret)
{
	const noon_dur age = noon_time_diff(noon_mono_now(), r->taken);
	noon_dur drift;

	if (!r->has_reading || noon_sat_sub(age, FRESH) > r->conf.holdover) {
		ret->state = NOON_REFERENCE_LOST;
		return;
	}
	*ret = r->last;
	if (age <= FRESH)
		return;
	drift = noon_dur_scale_out(age, r->conf.holdover_rate);
	drift += HOLDOVER_STEP - drift % HOLDOVER_STEP;
	ret->state = NOON_REFERENCE_HOLDOVER;
	ret->u_s = hypot(ret->u_s, noon_dur_to_s(drift) / sqrt(3)); /* rectangular */
	if (ret->bound != NOON_DUR_MAX)
		ret->bound = noon_sat_add(ret->bound, drift);
}

/* ---- all ---- */

static bool is_page(const char *spec)
{
	return strcmp(spec, "page") == 0 || strncmp(spec, "page:", 5) == 0;
}

static noon_err open_system(const struct noon_reference *r, struct noon_reference_why *why)
{
	if (r->conf.bound != NOON_DUR_MAX)
		return NOON_OK;
	(void)snprintf(why->text, sizeof(why->text),
		       "the system clock as reference needs --reference-bound TIME: how far it may "
		       "be from UTC");
	return NOON_ERR_RANGE;
}

noon_err noon_reference_open(const struct noon_reference_conf *conf, struct noon_loop *loop,
			     struct noon_reference **ret, struct noon_reference_why *why)
{
	const char *address;
	struct noon_reference *r = calloc(1, sizeof(*r));
	noon_err err = NOON_OK;

	if (r == NULL) {
		(void)snprintf(why->text, sizeof(why->text), "out of memory");
		return NOON_ERR_OS;
	}
	r->conf = *conf;
	r->seen = noon_instant_now();
	if (is_page(conf->spec)) {
		err = open_page(r, why);
	} else if (strcmp(conf->spec, "system") == 0) {
		err = open_system(r, why);
	} else if (noon_instrument_find(conf->spec, &address) != NULL) {
		err = open_instrument(r, loop, why);
	} else {
		(void)snprintf(why->text, sizeof(why->text),
			       "reference \"%.100s\": expected system, page, page:PATH or an "
			       "instrument such as pps:/dev/pps0",
			       conf->spec);
		err = NOON_ERR_FORMAT;
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
	if (r->page != NULL) {
		read_page(r, ret);
		return;
	}
	if (r->instrument != NULL)
		read_instrument(r, ret);
	if (r->broken)
		ret->state = NOON_REFERENCE_BROKEN;
}

bool noon_reference_ready(const struct noon_reference *r)
{
	return r->instrument == NULL || r->has_reading;
}

void noon_reference_close(struct noon_reference *r)
{
	if (r == NULL)
		return;
	noon_instrument_close(r->instrument);
	noon_close(r->page);
	free(r);
}
