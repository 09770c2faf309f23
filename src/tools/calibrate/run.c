/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark calibrate run: ask a service, and keep every sample.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "platform/clock/clock.h"
#include "tools/calibrate/calibrate.h"
#include "tools/calibrate/edge_schedule.h"
#include "tools/calibrate/service_head.h"
#include "tools/calibrate/writer.h"
#include "tools/service/service_options.h"

#define COMMIT_EVERY NOON_S(1)
/* For the first reading of the reference. */
#define REFERENCE_PATIENCE NOON_S(15)
#define REFERENCE_LOOK	   NOON_MS(100)
#define STEER_MAX	   500e-6 /* fractional: of a system clock that is slewed */

struct arguments {
	struct noon_service_options service;
	struct noon_campaign_options campaign;
	long count;
	noon_dur duration;
	long resume;
	bool json;
};

struct run {
	const struct noon_verb *self;
	struct arguments args;
	struct noon_asker asker;
	struct noon_writer writer;
	bool full_said; /* the last commit failed, and the user was told */
	struct noon_edge_schedule edge;
	struct noon_timer end;
	struct noon_timer late; /* what waits for a commit */
	struct noon_timer reference_due;
	noon_time begun; /* monotonic */
	const char *url;
	noon_time started;   /* T(C) */
	int64_t id;	     /* 0: of a new one that has no sample yet */
	noon_time committed; /* when, monotonic */
	bool finished;	     /* in good order */
	bool failed;
};

static bool only_stamps(const struct run *r)
{
	return r->args.service.by_tsp || r->args.service.by_one_way;
}

static void stop(struct run *r)
{
	noon_loop_stop(r->asker.loop);
}

static void fail(struct run *r, const char *what, const char *why)
{
	(void)fprintf(stderr, "noonmark calibrate run: %s%s%s\n", what, *why == '\0' ? "" : ": ",
		      why);
	r->failed = true;
	stop(r);
}

static void show_progress(const struct run *r)
{
	const struct noon_stamped_bound *b = &r->edge.bound;
	char half[32] = "";

	if (r->args.json || isatty(STDERR_FILENO) != 1)
		return;
	if (only_stamps(r) && r->edge.n > 0 && b->lower != INT64_MIN && b->upper != INT64_MAX)
		noon_tool_dur(half, sizeof(half), noon_dur_to_s(b->upper - b->lower) / 2);
	(void)fprintf(stderr,
		      "\r\033[Kcampaign %" PRId64 ": %" PRIu64 " kept, %" PRIu64 " missed%s%s",
		      r->id, r->writer.samples, r->writer.missed, *half == '\0' ? "" : ", bound +-",
		      half);
}

/* Nothing that was counted as kept is lost; what a full disk does not take is tried again. */
static void commit(struct run *r)
{
	r->committed = noon_mono_now();
	noon_loop_disarm(&r->late);
	if (noon_writer_commit(&r->writer)) {
		if (!r->full_said)
			(void)fprintf(
				stderr, "noonmark calibrate run: %s: %s; samples wait in memory\n",
				r->args.campaign.database, noon_campaigns_error(r->writer.db));
		r->full_said = true;
		noon_loop_arm(r->asker.loop, &r->late, COMMIT_EVERY);
		return;
	}
	r->full_said = false;
	show_progress(r);
}

static void commit_if_due(struct run *r)
{
	const noon_dur since = noon_time_diff(noon_mono_now(), r->committed);

	/* Misses wait for the first sample. */
	if (r->id == 0)
		return;
	if (since >= COMMIT_EVERY && !r->writer.full)
		commit(r);
	else if (!r->late.armed)
		noon_loop_arm(r->asker.loop, &r->late, COMMIT_EVERY - since);
}

static void on_late(void *arg)
{
	commit(arg);
}

/* Where the stamps change of a service that cuts off or rounds to multiples of `unit`; where nobody
 * says which, it most likely cuts off. */
static struct noon_edges edges_of(noon_time stamp, noon_dur unit, int rounding)
{
	const noon_dur before = rounding == NOON_ONE_WAY_NEAREST ? unit / 2 : 0;

	return (struct noon_edges){unit, noon_time_add(stamp, -before)};
}

/* What an answer of the daytime or the time protocol says. */
static struct noon_edges take_one_way(const struct run *r, struct noon_campaign_sample *out)
{
	const struct noon_one_way_answer *a = &r->asker.question.answer;
	const int rounding = (int)r->args.service.one_way.client.rounding;

	out->first = a->earliest;
	out->last = a->latest;
	if (rounding == NOON_ONE_WAY_EXACT)
		return (struct noon_edges){noon_time_diff(out->last, out->first), out->first};
	return edges_of(a->said.utc, NOON_S(1), rounding);
}

/* What a time-stamp token says. */
static struct noon_edges take_token(const struct run *r, struct noon_campaign_sample *out)
{
	const struct noon_tst_info *token = &r->asker.tsp.token.answer.info;
	const noon_dur unit = noon_tsp_info_unit(token);

	out->claimed = token->has_accuracy ? token->accuracy : NOON_DUR_MAX;
	noon_writer_span(token->gen_time, unit, r->args.campaign.rounding, out);
	return edges_of(token->gen_time, unit, r->args.campaign.rounding);
}

/* What the service said, as the two ends of what its clock may have read (see stamped_bound.h).
 * @return where its stamps change; unit 0 of a service that answers with two of them */
static struct noon_edges take_stamps(const struct run *r, const struct noon_sample *s,
				     struct noon_campaign_sample *out)
{
	if (r->args.service.by_one_way)
		return take_one_way(r, out);
	if (r->args.service.by_tsp)
		return take_token(r, out);
	out->first = s->t3;
	out->last = s->t2;
	out->claimed = s->server_err;
	/* Each of its stamps may be off by the resolution of its clock. */
	if (r->asker.conf.ptp == NULL && s->precision < 0)
		out->stamp_err += noon_dur_from_s(ldexp(1, s->precision));
	return (struct noon_edges){0};
}

/* The asker's clock is free-running; T(C) is the system clock. Both are read at one instant, and
 * the system clock may have been slewed since the question left. */
static noon_dur system_ahead(struct run *r, noon_dur *ret_err)
{
	const struct noon_instant now = noon_instant_now();
	const noon_time h = r->asker.clock->ops->free_running(r->asker.clock, now.raw_ns);

	*ret_err = now.err;
	return noon_time_diff((noon_time){now.real_ns}, h);
}

/* --- the campaign --- */

/* Make a new campaign: with its first sample, whose answer shows what the head says of the service.
 * @param s  NULL: there was none @return false after saying why not */
static bool begin(struct run *r, const struct noon_sample *s)
{
	json_t *head = noon_service_head(&r->args.campaign, &r->args.service, &r->asker, r->url, s);
	char *text;
	noon_err err = NOON_ERR_OS;

	text = json_dumps(head, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(15));
	if (text != NULL)
		err = noon_campaigns_begin(r->writer.db, text, r->started, &r->id);
	free(text);
	json_decref(head);
	if (err)
		fail(r, r->args.campaign.database, noon_campaigns_error(r->writer.db));
	return !err;
}

static void end_if_done(struct run *r)
{
	if (r->args.count > 0 &&
	    r->writer.samples + r->writer.waiting + r->writer.missed >= (uint64_t)r->args.count) {
		r->finished = true;
		stop(r);
	}
}

static void on_sample(void *arg, const struct noon_sample *s)
{
	struct run *r = arg;
	noon_dur err;
	const noon_dur ahead = system_ahead(r, &err);
	const noon_dur since = noon_time_diff(noon_clock_now(r->asker.clock), s->t1);
	struct noon_campaign_sample k = {
		.tq = noon_time_add(s->t1, ahead),
		.tr = noon_time_add(s->t4, ahead),
		.stamp_err = s->stamp_err + err + noon_dur_scale_out(since, STEER_MAX),
		.claimed = NOON_DUR_MAX,
		.tx_stamp = s->tx_stamp,
		.rx_stamp = s->rx_stamp,
		.leap = (uint8_t)s->leap,
		.stratum = only_stamps(r) ? 0 : s->stratum,
		.authenticated = s->authenticated,
	};
	const struct noon_edges edges = take_stamps(r, s, &k);

	if (r->id == 0 && !begin(r, s))
		return;
	if (noon_writer_sample(&r->writer, &k)) {
		fail(r, r->args.campaign.database,
		     "no room for more samples in memory: what is on disk is complete up to then");
		return;
	}
	if (only_stamps(r))
		noon_edge_schedule_take(&r->edge,
					&(struct noon_stamped){k.tq, k.tr, k.first, k.last}, edges);
	commit_if_due(r);
	end_if_done(r);
}

static void on_miss(void *arg, const char *why)
{
	struct run *r = arg;
	noon_dur err;
	const noon_time now = noon_time_add(noon_clock_now(r->asker.clock), system_ahead(r, &err));

	noon_writer_miss(&r->writer, now, why);
	if (r->writer.missed == 1)
		(void)fprintf(stderr, "noonmark calibrate run: %s: no usable answer: %s\n",
			      r->args.service.url.host, why);
	commit_if_due(r);
	end_if_done(r);
}

static void on_fail(void *arg, const char *what, const char *why)
{
	fail(arg, what, why);
}

static noon_time when(void *arg, noon_time asked)
{
	struct run *r = arg;
	noon_dur err;
	const noon_dur ahead = system_ahead(r, &err);
	const noon_time now = noon_time_add(noon_clock_now(r->asker.clock), ahead);
	const noon_time next = noon_edge_schedule_next(&r->edge, noon_time_add(asked, ahead), now,
						       noon_dur_from_s(r->args.service.interval_s));

	return noon_time_add(next, -ahead);
}

static void on_end(void *arg)
{
	struct run *r = arg;

	r->finished = true;
	stop(r);
}

static void on_signal(void *arg, int signo)
{
	(void)signo;
	stop(arg);
}

static void on_reference_fault(void *arg, const char *why)
{
	const struct run *r = arg;

	(void)fprintf(stderr, "noonmark calibrate run: reference %s: %s\n",
		      r->args.campaign.reference.spec, why);
}

/* Nothing is asked before the reference has its first reading. */
static void on_reference_due(void *arg)
{
	struct run *r = arg;

	if (noon_reference_ready(r->writer.reference)) {
		if (r->args.duration > 0)
			noon_loop_arm(r->asker.loop, &r->end, r->args.duration);
		noon_asker_start(&r->asker);
	} else if (noon_time_diff(noon_mono_now(), r->begun) > REFERENCE_PATIENCE) {
		fail(r, "no usable reading of the reference", r->args.campaign.reference.spec);
	} else {
		noon_loop_arm(r->asker.loop, &r->reference_due, REFERENCE_LOOK);
	}
}

/* --- setting up --- */

/* A campaign is of one service: it goes on with what it began with. */
static int resume(struct run *r)
{
	struct noon_campaign k;
	json_t *head = NULL;
	const char *was;
	int status = NOON_EXIT_OK;

	if (noon_campaigns_find(r->writer.db, r->args.resume, &k))
		return noon_tool_fail(r->self, "%s", noon_campaigns_error(r->writer.db));
	head = json_loads(k.head, 0, NULL);
	was = noon_json_str(head, "service");
	if (k.ended)
		status = noon_tool_fail(r->self, "campaign %ld is complete: begin another",
					r->args.resume);
	else if (strcmp(was, r->url) != 0)
		status = noon_tool_fail(r->self, "campaign %ld is of %s, not of %s", r->args.resume,
					was, r->url);
	else if (noon_campaigns_resume(r->writer.db, r->args.resume))
		status = noon_tool_fail(r->self, "campaign %ld: %s", r->args.resume,
					noon_campaigns_error(r->writer.db));
	json_decref(head);
	r->id = r->args.resume;
	r->writer.samples = k.samples;
	r->writer.missed = k.misses;
	return status;
}

static int open_database(struct run *r)
{
	struct noon_campaigns_why why;

	r->started = (noon_time){noon_clock_read(CLOCK_REALTIME)};
	if (noon_campaigns_open(r->args.campaign.database, &r->writer.db, &why))
		return noon_tool_fail(r->self, "%s", why.text);
	return r->args.resume > 0 ? resume(r) : NOON_EXIT_OK;
}

static int set_up(struct run *r)
{
	static const int signals[] = {SIGINT, SIGTERM, 0};
	struct noon_asker_conf conf = noon_service_asker(&r->args.service);
	struct noon_reference_why why;
	const char *reason = "";

	r->asker.on_sample = on_sample;
	r->asker.on_miss = on_miss;
	r->asker.on_fail = on_fail;
	r->asker.when = only_stamps(r) ? when : NULL;
	r->asker.arg = r;
	/* What a service claims is recorded, not required. */
	if (r->args.service.tsp.accuracy == NOON_DUR_MAX)
		r->args.service.tsp.accuracy = NOON_S(1);
	if (noon_asker_init(&r->asker, &conf, &reason))
		return noon_tool_fail(r->self, "%s", reason);
	r->args.campaign.reference.on_fault = on_reference_fault;
	r->args.campaign.reference.arg = r;
	if (noon_reference_open(&r->args.campaign.reference, r->asker.loop, &r->writer.reference,
				&why))
		return noon_tool_fail(r->self, "%s", why.text);
	if (noon_loop_signals(r->asker.loop, signals, NULL, on_signal, r))
		return noon_tool_fail(r->self, "signals: %s", strerror(errno));
	r->edge.max_rate = r->args.campaign.max_rate;
	r->edge.rng = &r->asker.entropy.rng;
	r->end = (struct noon_timer){.fire = on_end, .arg = r};
	r->late = (struct noon_timer){.fire = on_late, .arg = r};
	r->reference_due = (struct noon_timer){.fire = on_reference_due, .arg = r};
	return NOON_EXIT_OK;
}

static int measure(struct run *r)
{
	r->begun = noon_mono_now();
	on_reference_due(r);
	if (!r->failed && noon_loop_run(r->asker.loop))
		return noon_tool_fail(r->self, "event loop: %s", strerror(errno));
	if (r->id == 0 && (r->failed || !begin(r, NULL)))
		return NOON_EXIT_FAILED;
	commit(r);
	if (r->finished && !r->writer.full && noon_campaigns_end(r->writer.db))
		return noon_tool_fail(r->self, "%s", noon_campaigns_error(r->writer.db));
	if (!r->args.json && isatty(STDERR_FILENO) == 1)
		(void)fputc('\n', stderr);
	return r->failed || r->writer.full ? NOON_EXIT_FAILED : NOON_EXIT_OK;
}

static int show(struct run *r)
{
	struct noon_result result;
	struct noon_result_why why;
	int status = NOON_EXIT_NOT_OK;
	json_t *j;

	if (noon_result_load(r->writer.db, r->id, 0, &result, &why)) {
		status = noon_tool_fail(r->self, "%s", why.text);
	} else if (r->args.json) {
		j = noon_result_json(&result);
		noon_json_print(j);
		json_decref(j);
	} else {
		noon_result_print(&result);
	}
	if (status == NOON_EXIT_NOT_OK && result.stated)
		status = NOON_EXIT_OK;
	noon_result_fini(&result);
	return status;
}

static void tear_down(struct run *r)
{
	noon_reference_close(r->writer.reference);
	if (r->asker.loop != NULL) {
		noon_loop_disarm(&r->end);
		noon_loop_disarm(&r->late);
		noon_loop_disarm(&r->reference_due);
	}
	noon_asker_fini(&r->asker);
	noon_campaigns_close(r->writer.db);
}

static int run(const struct noon_verb *self, void *options, const struct noon_arguments *line)
{
	struct arguments *a = options;
	const char *url = line->argument[0];
	int status = noon_service_take(self, url, &a->service);
	struct run *r;
	int shown;

	if (status >= 0)
		return status;
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return NOON_EXIT_FAILED;
	r->self = self;
	r->url = url;
	r->args = *a;
	status = set_up(r);
	status = status == NOON_EXIT_OK ? open_database(r) : status;
	if (status == NOON_EXIT_OK) {
		status = measure(r);
		shown = r->id > 0 ? show(r) : NOON_EXIT_FAILED;
		status = status == NOON_EXIT_OK ? shown : status;
	}
	tear_down(r);
	free(r);
	return status;
}

static void init(void *options)
{
	struct arguments *a = options;

	noon_service_init(&a->service);
	a->campaign.reference.bound = NOON_DUR_MAX;
}

#define OPTION(member) NOON_OPTION_AT(struct arguments, member)

static const struct noon_option rows[] = {
	{"count", NOON_OPTION_INT, OPTION(count), NOON_OPTION_RANGE(0, 1e9), .def = "0",
	 .letter = 'n', .help = "end after N questions; 0: never"},
	{"duration", NOON_OPTION_TIME, OPTION(duration), NOON_OPTION_LEAST(0), .def = "1min",
	 .letter = 'T', .help = "end after it; 0: never"},
	{"resume", NOON_OPTION_INT, OPTION(resume), NOON_OPTION_LEAST(1), .says = "a new one",
	 .value = "id", .help = "go on with a campaign that was stopped"},
	{"json", NOON_OPTION_BOOL, OPTION(json), .help = "print the result as one JSON object"},
	NOON_OPTION_END,
};

const struct noon_verb noon_verb_calibrate_run = {
	.name = "calibrate run",
	.summary = "ask a service, keep every sample, print the result",
	.arguments = "URL",
	.min = 1,
	.max = 1,
	.about = "Measure the clock of a time service against this machine's, T(C), and T(C) "
		 "against a\n"
		 "reference. Nothing is set. URL is one of\n" NOON_SERVICE_URLS
		 "A service that only stamps is asked around the edges of its resolution.\n",
	.notes = "References: system (with --reference-bound), page or page:PATH (the daemon's), "
		 "or an\n"
		 "instrument: pps:DEVICE, ticc:DEVICE, sr620:DEVICE, 53230a:HOST, gpsd:HOST, "
		 "phc:DEVICE.\n"
		 "Interrupted, the campaign can be resumed. Exit status 1 if no result can be "
		 "stated.\n",
	.size = sizeof(struct arguments),
	.init = init,
	.part = {{rows, 0, NULL},
		 {noon_campaign_rows, offsetof(struct arguments, campaign), NOON_CAMPAIGN_HEADING},
		 NOON_SERVICE_PARTS(struct arguments, service)},
	.act = run,
};
