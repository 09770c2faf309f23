/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark query: query a server once or a few times, and show what the answers prove.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ask/asker.h"
#include "engine/engine.h"
#include "tools/ask/query_one_way.h"
#include "tools/ask/query_tsp.h"
#include "tools/service/service_options.h"

#define COUNT_MAX 10000

struct arguments {
	struct noon_service_options service;
	long count;
	bool json;
};

struct query {
	const struct noon_verb *self;
	struct arguments args;
	struct noon_asker asker;
	struct noon_engine *engine;
	struct noon_actions findings;
	uint32_t index;
	long answered;
	long missed;
	bool failed;
	json_t *samples;
};

static void on_fail(void *arg, const char *what, const char *why)
{
	struct query *q = arg;

	(void)fprintf(stderr, "noonmark query: %s%s%s\n", what, *why == '\0' ? "" : ": ", why);
	q->failed = true;
	noon_loop_stop(q->asker.loop);
}

static noon_dur path_of(const struct noon_sample *s)
{
	const noon_dur rtt = noon_sample_rtt(s);

	return rtt > 0 ? (rtt + 1) / 2 : 0;
}

/* Offsets are against the system clock, which the user sees. Reading two clocks at one instant has
 * an error, which is included in every interval shown. */
static noon_dur system_minus_h(struct query *q, noon_dur *ret_err)
{
	const struct noon_instant now = noon_instant_now();
	const noon_time h = q->asker.clock->ops->free_running(q->asker.clock, now.raw_ns);

	*ret_err = now.err;
	return noon_time_diff((noon_time){now.real_ns}, h);
}

static void add_json(struct query *q, const struct noon_sample *s, noon_dur offset, noon_dur half)
{
	(void)json_array_append_new(
		q->samples,
		json_pack("{s:b, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:i, s:i, s:i}",
			  "authenticated", (int)s->authenticated, "offset_s", noon_dur_to_s(offset),
			  "lower_s", noon_dur_to_s(offset - half), "upper_s",
			  noon_dur_to_s(offset + half), "rtt_s", noon_dur_to_s(noon_sample_rtt(s)),
			  "path_s", noon_dur_to_s(path_of(s)), "server_s",
			  noon_dur_to_s(s->server_err), "quantisation_s",
			  noon_dur_to_s(s->stamp_err), "root_delay_s", noon_dur_to_s(s->root_delay),
			  "root_dispersion_s", noon_dur_to_s(s->root_disp), "stratum",
			  (int)s->stratum, "leap", (int)s->leap, "precision", (int)s->precision));
}

static void print_sample(struct query *q, const struct noon_sample *s, noon_dur offset,
			 noon_dur half)
{
	char t[7][32];

	noon_tool_dur(t[0], sizeof(t[0]), noon_dur_to_s(offset));
	noon_tool_dur(t[1], sizeof(t[1]), noon_dur_to_s(half));
	noon_tool_dur(t[2], sizeof(t[2]), noon_dur_to_s(noon_sample_rtt(s)));
	noon_tool_dur(t[3], sizeof(t[3]), noon_dur_to_s(path_of(s)));
	noon_tool_dur(t[4], sizeof(t[4]), noon_dur_to_s(s->server_err));
	noon_tool_dur(t[5], sizeof(t[5]), noon_dur_to_s(s->stamp_err));
	(void)printf("%ld: offset %s +-%s (path %s + server %s + quantisation %s), rtt %s, "
		     "stratum %u, %s\n",
		     q->answered, t[0], t[1], t[3], t[4], t[5], t[2], (unsigned)s->stratum,
		     s->authenticated ? "authenticated" : "NOT AUTHENTICATED");
	(void)fflush(stdout);
}

static void end_if_done(struct query *q)
{
	if (q->answered + q->missed >= q->args.count)
		noon_loop_stop(q->asker.loop);
}

static void on_sample(void *arg, const struct noon_sample *s)
{
	struct query *q = arg;
	noon_dur read_err;
	const noon_dur offset = noon_sample_offset(s) - system_minus_h(q, &read_err);
	/* The system clock may have been steered by 500 ppm against h since the request left. */
	const noon_dur since = noon_time_diff(noon_clock_now(q->asker.clock), s->t1);
	const noon_dur half = path_of(s) + s->stamp_err + s->server_err + read_err +
			      noon_dur_scale_out(since, 500e-6);

	if (q->answered++ == 0 && q->args.service.by_one_way && !q->args.json)
		noon_query_one_way_begin(&q->args.service.one_way);
	noon_engine_on_sample(q->engine, s, noon_clock_now(q->asker.clock), &q->findings);
	noon_actions_reset(&q->findings);
	if (q->args.json && q->args.service.by_one_way)
		(void)json_array_append_new(q->samples,
					    noon_query_one_way_json(&q->asker, s, offset, half));
	else if (q->args.json && q->args.service.by_tsp)
		(void)json_array_append_new(q->samples,
					    noon_query_tsp_json(&q->asker, s, offset, half));
	else if (q->args.json)
		add_json(q, s, offset, half);
	else if (q->args.service.by_tsp)
		noon_query_tsp_print(q->answered, &q->asker, s, offset, half);
	else if (q->args.service.by_one_way)
		noon_query_one_way_print(q->answered, &q->asker, s, offset, half);
	else
		print_sample(q, s, offset, half);
	end_if_done(q);
}

static void on_miss(void *arg, const char *why)
{
	struct query *q = arg;

	q->missed++;
	(void)fprintf(stderr, "noonmark query: %s: no usable answer: %s\n",
		      q->args.service.url.host, why);
	end_if_done(q);
}

static void on_keys(void *arg, const struct noon_nts_session *session, uint16_t port)
{
	const struct query *q = arg;

	if (!q->args.json)
		(void)printf("key exchange: AEAD %d, %u cookies, NTP server %s port %u\n",
			     (int)session->aead, (unsigned)session->n_cookies,
			     session->host[0] != '\0' ? session->host : "the same", (unsigned)port);
}

static noon_err set_up(struct query *q, const char **ret_why)
{
	const struct noon_engine_conf engine = noon_engine_conf_default();
	struct noon_source_conf source = noon_source_conf_default();
	struct noon_asker_conf conf = noon_service_asker(&q->args.service);
	noon_err err;

	source.require_auth = noon_service_authenticates(&q->args.service);
	err = noon_engine_init(q->engine, &engine);
	err = err ? err : noon_engine_add_source(q->engine, &source, &q->index);
	if (err) {
		*ret_why = noon_err_text(err);
		return err;
	}
	conf.source = q->index;
	q->asker.on_keys = on_keys;
	q->asker.on_sample = on_sample;
	q->asker.on_miss = on_miss;
	q->asker.on_fail = on_fail;
	q->asker.arg = q;
	return noon_asker_init(&q->asker, &conf, ret_why);
}

/* The result of all answers together (theorem 3). */
static void report(struct query *q)
{
	const noon_time h = noon_clock_now(q->asker.clock);
	noon_dur err;
	const noon_dur shift = system_minus_h(q, &err);
	struct noon_reading r;
	char t[2][32];

	noon_engine_reading(q->engine, h, &r);
	if (q->args.json) {
		json_t *o = json_pack("{s:s, s:i, s:i, s:O}", "server", q->args.service.url.host,
				      "answered", (int)q->answered, "missed", (int)q->missed,
				      "samples", q->samples);

		/* The newest exchange also at the top level: one query, one object. */
		(void)json_object_update_missing(
			o, json_array_get(q->samples, json_array_size(q->samples) - 1));
		if (r.bound != NOON_DUR_MAX) {
			(void)json_object_set_new(
				o, "fused_lower_s",
				json_real(noon_dur_to_s(r.corr + r.lower - shift - err)));
			(void)json_object_set_new(
				o, "fused_upper_s",
				json_real(noon_dur_to_s(r.corr + r.upper - shift + err)));
		}
		(void)json_dumpf(o, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
		(void)fputc('\n', stdout);
		json_decref(o);
	} else if (q->answered > 1 && r.bound != NOON_DUR_MAX) {
		noon_tool_dur(t[0], sizeof(t[0]), noon_dur_to_s(r.corr + r.lower - shift - err));
		noon_tool_dur(t[1], sizeof(t[1]), noon_dur_to_s(r.corr + r.upper - shift + err));
		(void)printf("together: UTC - system clock in [%s, %s]\n", t[0], t[1]);
	}
}

static int ask(struct query *q)
{
	noon_asker_start(&q->asker);
	if (!q->failed && noon_loop_run(q->asker.loop))
		return noon_tool_fail(q->self, "event loop: %s", strerror(errno));
	if (q->answered > 0)
		report(q);
	return q->failed || q->answered == 0 ? NOON_EXIT_NOT_OK : NOON_EXIT_OK;
}

static int query(const struct noon_verb *self, void *options, const struct noon_arguments *line)
{
	struct arguments *a = options;
	int status = noon_service_take(self, line->argument[0], &a->service);
	const char *why = "out of memory";
	struct query *q;
	noon_err err = NOON_ERR_OS;

	if (status >= 0)
		return status;
	q = calloc(1, sizeof(*q));
	if (q == NULL)
		return NOON_EXIT_FAILED;
	q->self = self;
	q->args = *a;
	q->engine = calloc(1, sizeof(*q->engine));
	q->samples = json_array();
	noon_actions_reset(&q->findings);
	if (q->engine != NULL && q->samples != NULL)
		err = set_up(q, &why);
	status = err ? noon_tool_fail(self, "%s", why) : ask(q);
	noon_asker_fini(&q->asker);
	json_decref(q->samples);
	free(q->engine);
	free(q);
	return status;
}

#define OPTION(member) NOON_OPTION_AT(struct arguments, member)

static const struct noon_option rows[] = {
	{"count", NOON_OPTION_INT, OPTION(count), NOON_OPTION_RANGE(1, COUNT_MAX), .def = "1",
	 .letter = 'n', .help = "ask N times"},
	{"json", NOON_OPTION_BOOL, OPTION(json), .help = "print one JSON object"},
	NOON_OPTION_END,
};

static void init(void *options)
{
	noon_service_init(&((struct arguments *)options)->service);
}

const struct noon_verb noon_verb_query = {
	.name = "query",
	.summary = "ask a server of NTP, NTS, PTP, daytime, time or time stamps and say what its "
		   "answers prove",
	.arguments = "URL",
	.min = 1,
	.max = 1,
	.about = "Ask a server and print, for each answer, the interval that must contain\n"
		 "UTC - system clock, with its terms. Nothing is set. URL is one "
		 "of\n" NOON_SERVICE_URLS,
	.notes = "Exit status 0 if at least one answer was good.\n",
	.size = sizeof(struct arguments),
	.init = init,
	.part = {{rows, 0, NULL}, NOON_SERVICE_PARTS(struct arguments, service)},
	.act = query,
};
