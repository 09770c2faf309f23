/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/core/screen.h"

#include <string.h>
#include <time.h>

#include "tools/core/tool.h"

#define DUR 32

static const char *state_colour(const char *state)
{
	if (strcmp(state, "ok") == 0)
		return "\033[1;32m";
	if (strcmp(state, "alarm") == 0)
		return "\033[1;31m";
	return "\033[1;33m";
}

static void print_state(FILE *to, const json_t *s, bool colour)
{
	const char *state = noon_json_str(s, "state");
	const json_t *findings = json_object_get(s, "findings");

	(void)fprintf(to, "state       %s%s%s", colour ? state_colour(state) : "", state,
		      colour ? "\033[0m" : "");
	for (size_t i = 0; i < json_array_size(findings); i++)
		(void)fprintf(to, "%s%s", i == 0 ? "   findings: " : ", ",
			      json_string_value(json_array_get(findings, i)));
	(void)fputc('\n', to);
	/* A contradiction has its own sentence. */
	if (json_is_string(json_object_get(s, "why")) &&
	    json_object_get(json_object_get(s, "contradiction"), "text") == NULL)
		(void)fprintf(to, "            %s\n", noon_json_str(s, "why"));
}

static void print_terms(FILE *to, const json_t *s)
{
	static const char *const names[] = {"path",	    "drift",   "server",
					    "quantisation", "slewing", "leap"};
	const json_t *terms = json_object_get(s, "terms");
	char d[DUR];

	(void)fputs("            = ", to);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char key[32];

		(void)snprintf(key, sizeof(key), "%s_s", names[i]);
		if (i == 5 && noon_json_num(terms, key) <= 0)
			continue; /* only around a leap second */
		noon_tool_dur(d, sizeof(d), noon_json_num(terms, key));
		(void)fprintf(to, "%s%s %s", i == 0 ? "" : " + ", names[i], d);
	}
	(void)fputc('\n', to);
}

static void print_clock(FILE *to, const json_t *s)
{
	char utc[64];
	char bound[DUR];
	char limit[DUR];

	noon_tool_utc(utc, sizeof(utc), noon_json_str(s, "time"));
	(void)fprintf(to, "time        %s   clock %s\n", utc, noon_json_str(s, "clock"));
	noon_tool_dur(limit, sizeof(limit), noon_json_num(s, "alert_limit_s"));
	if (json_object_get(s, "bound_s") == NULL) {
		(void)fprintf(to, "bound       unknown   alert limit %s\n", limit);
		return;
	}
	noon_tool_dur(bound, sizeof(bound), noon_json_num(s, "bound_s"));
	(void)fprintf(to, "bound       +-%s", bound);
	if (noon_json_num(s, "hidden_advance_s") > 0) {
		noon_tool_dur(bound, sizeof(bound), noon_json_num(s, "hidden_advance_s"));
		(void)fprintf(to, " and hidden advance %s", bound);
	}
	(void)fprintf(to, "   alert limit %s\n", limit);
	print_terms(to, s);
	(void)fprintf(to, "frequency   %+.3f ppm +-%.3f ppm\n", noon_json_num(s, "frequency_ppm"),
		      noon_json_num(s, "rate_bound_ppm"));
	if (json_object_get(s, "true_error_s") != NULL) {
		noon_tool_dur(bound, sizeof(bound), noon_json_num(s, "true_error_s"));
		(void)fprintf(to, "true error  %s (a virtual clock knows)\n", bound);
	}
}

static void print_counters(FILE *to, const char *indent, const json_t *counters)
{
	const char *word;
	json_t *value;
	json_t *o = json_deep_copy(counters);
	const char *sep = "";

	(void)fputs(indent, to);
	json_object_foreach(o, word, value)
	{
		(void)fprintf(to, "%s%s %lld", sep, word, (long long)json_integer_value(value));
		sep = ", ";
	}
	(void)fputs(*sep == '\0' ? "nothing yet\n" : "\n", to);
	json_decref(o);
}

static void print_guard(FILE *to, const json_t *g)
{
	const json_t *active = json_object_get(g, "active");
	char shift[DUR];

	if (!json_is_object(g))
		return;
	noon_tool_dur(shift, sizeof(shift), noon_json_num(g, "shift_s"));
	(void)fprintf(to, "    guard %s", noon_json_str(g, "state"));
	for (size_t i = 0; i < json_array_size(active); i++)
		(void)fprintf(to, "%s%s", i == 0 ? " (" : ", ",
			      json_string_value(json_array_get(active, i)));
	(void)fprintf(to, "%s: shift of %s in %d exchanges by the %s, baseline %.12s\n",
		      json_array_size(active) > 0 ? ")" : "", shift, (int)noon_json_num(g, "batch"),
		      noon_json_str(g, "leads"), noon_json_str(g, "baseline"));
}

static void print_figure(FILE *to, const json_t *o, const char *key, const char *before,
			 const char *after)
{
	char d[DUR];

	if (!json_is_number(json_object_get(o, key)))
		return;
	noon_tool_dur(d, sizeof(d), noon_json_num(o, key));
	(void)fprintf(to, "%s%s%s", before, d, after);
}

static void print_condition_figures(FILE *to, const json_t *c)
{
	const json_t *rtt = json_object_get(c, "round_trip");

	if (noon_json_num(c, "hidden_advance_s") > 0)
		print_figure(to, c, "hidden_advance_s", "    hidden advance up to ", "\n");
	print_figure(to, c, "shortening_s", "    the path may be shortened by up to ",
		     " (RTT/2 - D/c)\n");
	print_figure(to, rtt, "shift_s", "    a batch shows a shift of ", "");
	print_figure(to, rtt, "shift_allowed_s", ", harm begins at ", "");
	print_figure(to, rtt, "batch_s", ", it takes ", "\n");
	print_figure(to, rtt, "uncertainty_s", "    2 (U_model + U_noise) = ",
		     json_is_true(json_object_get(c, "sufficient"))
			     ? ": the three are sufficient\n"
			     : ": the three are not sufficient\n");
}

static void print_conditions(FILE *to, const json_t *c)
{
	const json_t *list = json_object_get(c, "list");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *o = json_array_get(list, i);

		if (strcmp(noon_json_str(o, "met"), "not-met") == 0)
			(void)fprintf(to, "    NON-COMPLIANT(%d): %s\n",
				      (int)noon_json_num(o, "condition"), noon_json_str(o, "why"));
		else
			(void)fprintf(to, "    condition %d %s: %s\n",
				      (int)noon_json_num(o, "condition"), noon_json_str(o, "met"),
				      noon_json_str(o, "why"));
	}
	print_condition_figures(to, c);
}

/* Protocol, and whether its answers can be forged. */
static void print_protocol(FILE *to, const json_t *s)
{
	const json_t *nts = json_object_get(s, "nts");
	const json_t *ptp = json_object_get(s, "ptp");

	if (json_is_object(nts))
		(void)fprintf(to, "NTS aead %d, %d cookies, key exchange: %s\n",
			      (int)noon_json_num(nts, "aead"), (int)noon_json_num(nts, "cookies"),
			      noon_json_str(nts, "ke_last"));
	else if (json_is_object(ptp))
		(void)fprintf(
			to, "PTP %s, %s, domain %d, %s\n", noon_json_str(ptp, "state"),
			noon_json_str(ptp, "mode"), (int)noon_json_num(ptp, "domain"),
			json_is_true(json_object_get(ptp, "authentication")) ? "AUTHENTICATION TLV"
			: json_is_true(json_object_get(ptp, "in_tunnel"))    ? "in a tunnel"
									     : "NOT AUTHENTICATED");
	else
		(void)fputs("NOT AUTHENTICATED\n", to);
}

static void print_source(FILE *to, const json_t *s)
{
	char offset[DUR];
	char rtt[DUR];
	char lower[DUR];
	char upper[DUR];

	(void)fprintf(to, "  %-24s %-13s ", noon_json_str(s, "name"), noon_json_str(s, "verdict"));
	print_protocol(to, s);
	if (json_object_get(s, "offset_s") != NULL) {
		noon_tool_dur(offset, sizeof(offset), noon_json_num(s, "offset_s"));
		noon_tool_dur(rtt, sizeof(rtt), noon_json_num(s, "rtt_s"));
		noon_tool_dur(lower, sizeof(lower), noon_json_num(s, "lower_s"));
		noon_tool_dur(upper, sizeof(upper), noon_json_num(s, "upper_s"));
		(void)fprintf(to,
			      "    stratum %d  offset %s  rtt %s  interval [%s, %s]  age %.1f s\n",
			      (int)noon_json_num(s, "stratum"), offset, rtt, lower, upper,
			      noon_json_num(s, "age_s"));
	}
	(void)fprintf(to, "    %s  reach %03o  poll 2^%d s  minima %s  stamps %s/%s\n",
		      noon_json_str(s, "address"), (unsigned)noon_json_num(s, "reach"),
		      (int)noon_json_num(s, "poll"), noon_json_str(s, "minima"),
		      noon_json_str(s, "tx_stamp"), noon_json_str(s, "rx_stamp"));
	if (json_is_string(json_object_get(s, "duplicate_of")))
		(void)fprintf(to, "    NO VOTE: the same machine as %s (%s)\n",
			      noon_json_str(s, "duplicate_of"), noon_json_str(s, "duplicate_why"));
	print_counters(to, "    packets: ", json_object_get(s, "verdicts"));
	print_guard(to, json_object_get(s, "guard"));
	print_conditions(to, json_object_get(s, "conditions"));
}

static void print_server(FILE *to, const json_t *s)
{
	const json_t *server = json_object_get(s, "server");
	const json_t *ke = json_object_get(s, "nts_ke");

	if (json_is_object(server)) {
		if (json_is_true(json_object_get(server, "has_time")))
			(void)fprintf(to, "server      stratum %d, root dispersion %.9f s",
				      (int)noon_json_num(server, "stratum"),
				      noon_json_num(server, "root_dispersion_s"));
		else
			(void)fputs("server      gives out no time", to);
		(void)fprintf(to, ", NTS replies %lld, NAKs %lld\n",
			      (long long)noon_json_num(server, "nts_replies"),
			      (long long)noon_json_num(server, "ntsn_replies"));
		print_counters(to, "            packets: ", json_object_get(server, "verdicts"));
	}
	if (json_is_object(ke))
		print_counters(to, "NTS-KE      ", json_object_get(ke, "outcomes"));
}

/* Watched receivers in alarm: the operator has to act. */
static void print_alarms(FILE *to, const json_t *watched)
{
	size_t i;
	json_t *w;

	json_array_foreach(watched, i, w) if (json_is_true(json_object_get(w, "alarm")))(void)
		fprintf(to, "            ALARM of receiver %s\n",
			noon_json_str(w, "clock_identity"));
}

static void print_transmitters(FILE *to, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *t = json_array_get(list, i);

		(void)fprintf(to,
			      "PTP         %s: %s, domain %d, class %d, %d unicast receivers, "
			      "stamps %s\n",
			      noon_json_str(t, "name"), noon_json_str(t, "state"),
			      (int)noon_json_num(t, "domain"), (int)noon_json_num(t, "clock_class"),
			      (int)noon_json_num(t, "unicast_receivers"),
			      noon_json_str(json_object_get(t, "port"), "stamps"));
		print_alarms(to, json_object_get(t, "watched"));
	}
}

static void print_one_way(FILE *to, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *o = json_array_get(list, i);

		(void)fprintf(to, "%-12s%lld requests, %lld replies, %lld silent, %lld limited\n",
			      noon_json_str(o, "service"), (long long)noon_json_num(o, "requests"),
			      (long long)noon_json_num(o, "replies"),
			      (long long)noon_json_num(o, "silent"),
			      (long long)noon_json_num(o, "limited"));
	}
}

/* Sources that contradict themselves; they do not vote. */
static int count_doubted(const json_t *sources)
{
	int n = 0;

	for (size_t i = 0; i < json_array_size(sources); i++)
		n += strcmp(noon_json_str(json_array_get(sources, i), "verdict"), "inconsistent") ==
		     0;
	return n;
}

/* The voters; and, if they are too few, the missing ones. */
static void print_vote(FILE *to, const json_t *s)
{
	const int all = (int)noon_json_num(s, "selectable");
	const int voting = (int)noon_json_num(s, "voting");
	const int liars = (int)noon_json_num(s, "max_liars");

	const int doubted = count_doubted(json_object_get(s, "sources"));

	(void)fprintf(to, "sources     %d of %d voting, %d may lie", voting, all, liars);
	if (voting <= liars)
		(void)fprintf(to, ": %d of %d silent, agreement of %d needed",
			      all - voting - doubted, all, liars + 1);
	if (doubted > 0)
		(void)fprintf(to, "%s %d doubted", voting <= liars ? "," : ":", doubted);
	(void)fputc('\n', to);
}

/* The cause of a contradiction, and what ends it. */
static void print_contradiction(FILE *to, const json_t *s)
{
	const json_t *c = json_object_get(s, "contradiction");

	if (json_object_get(c, "text") != NULL)
		(void)fprintf(to, "why         %s\n", noon_json_str(c, "text"));
	else if (json_is_true(json_object_get(c, "wander_raised")))
		(void)fprintf(
			to,
			"wander      %.3g ppm in force: the oscillator turned by more than is "
			"configured\n",
			noon_json_num(c, "wander") * 1e6);
}

void noon_screen_print(FILE *to, const json_t *s, bool colour)
{
	const json_t *sources = json_object_get(s, "sources");

	print_state(to, s, colour);
	print_contradiction(to, s);
	print_clock(to, s);
	if (json_array_size(sources) > 0)
		print_vote(to, s);
	for (size_t i = 0; i < json_array_size(sources); i++)
		print_source(to, json_array_get(sources, i));
	print_server(to, s);
	print_one_way(to, json_object_get(s, "one_way"));
	print_transmitters(to, json_object_get(s, "ptp_transmitters"));
}

void noon_screen_line(FILE *to, const json_t *s, bool head)
{
	const json_t *source = json_array_get(json_object_get(s, "sources"), 0);
	char bound[DUR] = "unknown";
	char error[DUR] = "-";
	char rtt[DUR] = "-";
	char clock[64];

	if (head)
		(void)fprintf(to, "%-18s %-15s %14s %14s %14s\n", "UTC", "STATE", "BOUND",
			      "TRUE ERROR", "RTT");
	if (json_object_get(s, "bound_s") != NULL)
		noon_tool_dur(bound, sizeof(bound), noon_json_num(s, "bound_s"));
	if (json_object_get(s, "true_error_s") != NULL)
		noon_tool_dur(error, sizeof(error), noon_json_num(s, "true_error_s"));
	if (json_object_get(source, "rtt_s") != NULL)
		noon_tool_dur(rtt, sizeof(rtt), noon_json_num(source, "rtt_s"));
	noon_tool_utc(clock, sizeof(clock), noon_json_str(s, "time"));
	/* The time of day to the microsecond, of "2026-10-26 05:33:20.123456789 UTC". */
	(void)fprintf(to, "%-18.15s %-15s %14s %14s %14s\n",
		      strlen(clock) > 11 ? clock + 11 : clock, noon_json_str(s, "state"), bound,
		      error, rtt);
	(void)fflush(to);
}
