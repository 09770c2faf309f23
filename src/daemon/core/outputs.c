/* SPDX-License-Identifier: Apache-2.0
 *
 * Collects the current state, has it converted to figures (daemon/report/publish.h), and writes
 * these where others read them.
 */
#include "daemon/core/daemon_priv.h"
#include "daemon/report/publish.h"
#include "engine/clock/line.h"

/* "NOON" in the reference identifier of a server that serves its local clock. */
#define REF_ID_LOCAL 0x4e4f4f4eU

/* The stratum of a server whose source is not known (RFC 5905, figure 11: 16 is not synchronised).
 */
#define STRATUM_LAST 15

struct noon_limits_input noon_daemon_limits(const struct noon_daemon *d,
					    const struct noon_reading *r)
{
	struct noon_limits_input in = {.conf = &d->conf, .reading = r};

	for (size_t i = 0; i < d->conf.n_sources; i++) {
		struct noon_source_report s;

		if (!d->source[i].up)
			continue;
		noon_engine_source_report(d->engine, d->source[i].index, r->h, &s);
		in.accepted = s.n_accepted > in.accepted ? s.n_accepted : in.accepted;
	}
	return in;
}

/* The best of those that steer: our clients are one stratum below it. */
static void find_reference(const struct noon_daemon *d, struct noon_publish_input *in)
{
	in->stratum = STRATUM_LAST;
	for (size_t i = 0; i < d->conf.n_sources; i++) {
		const struct noon_daemon_source *s = &d->source[i];
		struct noon_source_report r;

		if (!s->up)
			continue;
		noon_engine_source_report(d->engine, s->index, in->reading->h, &r);
		if (r.verdict != NOON_SOURCE_SELECTED || r.last.stratum + 1 >= in->stratum)
			continue;
		in->stratum = (uint8_t)(r.last.stratum + 1);
		in->ref_id = s->ops->ref_id(s, &r.last);
	}
}

/* Only leap seconds from the list are announced. */
static int16_t listed_tai(const struct noon_daemon *d)
{
	const bool listed = d->tai.known && d->conf.utc_offset == 0 &&
			    d->tai.leap.until.ns != NOON_LEAP_LIST_NONE.until.ns;

	if (!listed)
		return 0;
	return d->tai.offset;
}

static void gather_of_sources(const struct noon_daemon *d, struct noon_publish_input *in)
{
	const struct noon_reading *r = in->reading;
	const struct noon_line line = noon_engine_line(d->engine);

	in->off_line = r->corr - noon_line_at(&line, r->h);
	in->may_serve = noon_publish_may_serve(r, d->conf.serve_limit);
	in->serve_until = noon_publish_serve_until(d->engine, r, d->conf.serve_limit);
	in->leap = &d->engine->leap;
	find_reference(d, in);
}

static void gather_of_local(const struct noon_daemon *d, struct noon_publish_input *in)
{
	in->lost_time = d->local.lost_time;
	in->stratum = d->conf.server.local_stratum;
	in->ref_id = REF_ID_LOCAL;
	in->local_bound = d->conf.server.local_bound;
	in->leap = &d->local.leap;
}

static void gather(struct noon_daemon *d, const struct noon_reading *r,
		   struct noon_publish_input *ret)
{
	struct noon_clock *c = d->clock;
	const struct noon_limits_input limits = noon_daemon_limits(d, r);
	const struct noon_disruption_look *last = &d->machine.disruption.last;

	*ret = (struct noon_publish_input){
		.reading = r,
		.has_sources = noon_daemon_has_sources(d),
		.raw = noon_clock_map_raw(c),
		.real = noon_clock_map_real(c),
		.real_is_c = c->ops->real_is_disciplined,
		.now = noon_instant_now(),
		.asleep = c->asleep0,
		.real_ahead = noon_clock_real_ahead(),
		.max_rate_error = d->conf.engine.max_rate_error,
		.reason = noon_limits_reason(&limits),
		.vmclock = last->vmclock,
		.has_vmclock = last->has_vmclock,
		.tai = listed_tai(d),
	};
	ret->asleep_now = noon_clock_asleep();
	ret->age = noon_time_diff(noon_clock_now(c), r->h);
	ret->age_now = noon_time_diff(c->ops->free_running(c, ret->now.raw_ns), r->h);
	if (ret->has_sources)
		gather_of_sources(d, ret);
	else
		gather_of_local(d, ret);
}

static void write_page(struct noon_daemon *d, const struct noon_publish_input *in)
{
	uint8_t guards[NOON_SOURCES_MAX];
	struct noon_page_body body;

	if (d->page == NULL)
		return;
	noon_publish_page(in, &body);
	noon_page_writer_put(d->page, &body);
	for (size_t i = 0; i < d->conf.n_sources; i++)
		guards[i] = (uint8_t)noon_daemon_guard_state(d->source[i].guard);
	noon_page_writer_put_guards(d->page, guards, d->conf.n_sources);
}

static void write_served(struct noon_daemon *d, const struct noon_publish_input *in)
{
	struct noon_served_state s;

	noon_publish_served(in, &s);
	noon_served_put(&d->services.served, &s);
}

/* For programs that ask the kernel for the quality of its clock. */
static void write_claim(struct noon_daemon *d, const struct noon_publish_input *in)
{
	struct noon_clock_claim claim;

	if (!in->has_sources)
		return;
	noon_publish_claim(in, &claim);
	noon_clock_tell(d->clock, &claim);
}

static void tell_transmitters(struct noon_daemon *d, const struct noon_publish_input *in)
{
	const struct noon_ptp_served what = {
		.has_sources = in->has_sources,
		.may_serve = in->has_sources ? in->may_serve : !in->lost_time,
		.at = in->reading,
		.tai_known = d->tai.known,
		.tai_offset = d->tai.offset,
	};

	noon_services_tell_ptp(&d->services, &what);
}

void noon_daemon_publish(struct noon_daemon *d, const struct noon_reading *r)
{
	struct noon_publish_input in;

	gather(d, r, &in);
	write_page(d, &in);
	write_served(d, &in);
	for (size_t i = 0; i < d->conf.n_sources; i++)
		noon_daemon_source_tell(&d->source[i], r);
	write_claim(d, &in);
	tell_transmitters(d, &in);
}
