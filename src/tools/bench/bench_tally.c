/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/bench/bench_tally.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "tools/core/tool.h"

static const struct {
	const char *key;
	const char *word;
	double q;
} quantiles[] = {
	{"p50_s", "50 %", 0.5},	      {"p90_s", "90 %", 0.9}, {"p99_s", "99 %", 0.99},
	{"p99_9_s", "99.9 %", 0.999}, {"max_s", "max", 1},
};

double noon_bench_tally_loss(const struct noon_bench_tally *t)
{
	return t->sent == 0 ? 0 : 1 - (double)t->answered / (double)t->sent;
}

static double per_second(const struct noon_bench_tally *t)
{
	return t->seconds > 0 ? (double)t->in_time / t->seconds : 0;
}

/* 0 when the steps of 10 ms are too coarse. */
static double per_cpu_second(const struct noon_bench_tally *t)
{
	return t->cpu_s > 0 ? (double)t->answered / t->cpu_s : 0;
}

void noon_bench_tally_progress(struct noon_bench_tally *t, noon_time now)
{
	const double since = noon_dur_to_s(noon_time_diff(now, t->shown));
	char p99[32];

	if (since < 1)
		return;
	if (t->shown.ns != 0 && isatty(STDERR_FILENO) == 1) {
		noon_tool_dur(p99, sizeof(p99),
			      noon_dur_to_s(noon_histogram_quantile(&t->latency, 0.99)));
		(void)fprintf(stderr,
			      "%.0f per second, %" PRIu64 " answered, %" PRIu64
			      " lost, 99 %% within %s\n",
			      (double)(t->answered - t->shown_done) / since, t->answered, t->lost,
			      p99);
	}
	t->shown = now;
	t->shown_done = t->answered;
}

static void print_json(const struct noon_bench_tally *t)
{
	json_t *latency = json_object();
	json_t *o;

	for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++)
		(void)json_object_set_new(latency, quantiles[i].key,
					  json_real(noon_dur_to_s(noon_histogram_quantile(
						  &t->latency, quantiles[i].q))));
	o = json_pack("{s:s, s:s, s:f, s:i, s:i, s:i, s:f, s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:o}",
		      "what", t->what, "server", t->server, "rate", t->rate, "sockets",
		      (int)t->sockets, "window", (int)t->window, "request_bytes", (int)t->bytes,
		      "seconds", t->seconds, "sent", (json_int_t)t->sent, "answered",
		      (json_int_t)t->answered, "bad", (json_int_t)t->bad, "lost",
		      (json_int_t)t->lost, "refused", (json_int_t)t->refused, "loss",
		      noon_bench_tally_loss(t), "per_second", per_second(t), "latency", latency);
	if (o != NULL && t->has_cpu) {
		(void)json_object_set_new(o, "server_cpu_s", json_real(t->cpu_s));
		(void)json_object_set_new(o, "per_cpu_second",
					  t->cpu_s > 0 ? json_real(per_cpu_second(t))
						       : json_null());
	}
	(void)json_dumpf(o, stdout, JSON_INDENT(2));
	(void)fputc('\n', stdout);
	json_decref(o);
}

static void print_table(const struct noon_bench_tally *t)
{
	const char *noun = t->bytes == 0 ? "handshakes" : "requests";
	char text[32];

	(void)printf("%s of %s, %.2f s, ", t->what, t->server, t->seconds);
	if (t->rate > 0)
		(void)printf("%.0f per second asked for", t->rate);
	else
		(void)printf("closed loop, %u on the way%s", t->window,
			     t->bytes == 0 ? "" : " per socket");
	if (t->bytes > 0)
		(void)printf(", %u sockets, %zu bytes", t->sockets, t->bytes);
	(void)printf("\n%-22s %.0f\n",
		     t->bytes == 0 ? "handshakes per second" : "requests per second",
		     per_second(t));
	(void)printf("%-22s %" PRIu64 " of %" PRIu64 " %s\n", "answered", t->answered, t->sent,
		     noun);
	(void)printf("%-22s %.3f %% (%" PRIu64 " lost, %" PRIu64 " refused, %" PRIu64
		     " without time)\n",
		     "loss", 100 * noon_bench_tally_loss(t), t->lost, t->refused, t->bad);
	for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++) {
		noon_tool_dur(text, sizeof(text),
			      noon_dur_to_s(noon_histogram_quantile(&t->latency, quantiles[i].q)));
		(void)printf("latency %-14s %s\n", quantiles[i].word, text);
	}
	if (t->has_cpu && t->cpu_s > 0)
		(void)printf("%-22s %.0f (%.2f s of CPU)\n", "per CPU-second", per_cpu_second(t),
			     t->cpu_s);
	else if (t->has_cpu)
		(void)printf("%-22s too little CPU time to say\n", "per CPU-second");
}

void noon_bench_tally_print(const struct noon_bench_tally *t, bool json)
{
	if (json)
		print_json(t);
	else
		print_table(t);
}
