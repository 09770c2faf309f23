/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark ptp: the PTP ports of a daemon, and a reload of their keys.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tools/core/tool.h"

static long long number(const json_t *o, const char *key)
{
	return (long long)json_integer_value(json_object_get(o, key));
}

static const char *yes_or_no(const json_t *o, const char *key)
{
	return json_is_true(json_object_get(o, key)) ? "yes" : "no";
}

static void print_port(const json_t *port)
{
	const char *const tunnel = noon_json_str(port, "tunnel");

	printf("  port          %s%s, clockIdentity %s, departures stamped: %s\n",
	       tunnel[0] != '\0' ? "tunnel " : "",
	       tunnel[0] != '\0' ? tunnel : noon_json_str(port, "interface"),
	       noon_json_str(port, "clock_identity"), noon_json_str(port, "stamps"));
	printf("  events        %lld sent (%lld stamped), %lld received (%lld stamped)\n",
	       number(port, "events_sent"), number(port, "events_sent_stamped"),
	       number(port, "events_received"), number(port, "events_received_stamped"));
}

static void print_verdicts(const json_t *o)
{
	const char *word;
	json_t *n;

	printf("  messages     ");
	json_object_foreach(json_object_get(o, "verdicts"), word, n)
		printf(" %s %lld", word, (long long)json_integer_value(n));
	printf("\n");
}

static void print_grants(json_t *grants)
{
	size_t i;
	json_t *g;

	json_array_foreach(grants, i, g) printf(
		"  grant         %-10s %s, 2^%lld s, %.0f s left\n", noon_json_str(g, "type"),
		json_is_true(json_object_get(g, "granted"))  ? "granted"
		: json_is_true(json_object_get(g, "denied")) ? "denied"
							     : "none",
		number(g, "log_interval"), noon_json_num(g, "left_s"));
}

static void print_parent(const json_t *p)
{
	char accuracy[24] = "not claimed";

	if (json_object_get(p, "parent") == NULL)
		return;
	if (json_is_number(json_object_get(p, "accuracy_s")))
		noon_tool_dur(accuracy, sizeof(accuracy), noon_json_num(p, "accuracy_s"));
	printf("  parent        %s-%lld, grandmaster %s, %lld steps\n", noon_json_str(p, "parent"),
	       number(p, "parent_port"), noon_json_str(p, "grandmaster"),
	       number(p, "steps_removed"));
	printf("  quality       class %lld, accuracy %s, priorities %lld %lld, TAI-UTC %lld s%s\n",
	       number(p, "clock_class"), accuracy, number(p, "priority1"), number(p, "priority2"),
	       number(p, "utc_offset"),
	       json_is_true(json_object_get(p, "ptp_timescale")) ? "" : ", timescale arbitrary");
}

static void print_measurement(const json_t *s)
{
	char offset[24], rtt[24];

	if (json_object_get(s, "offset_s") == NULL)
		return;
	noon_tool_dur(offset, sizeof(offset), noon_json_num(s, "offset_s"));
	noon_tool_dur(rtt, sizeof(rtt), noon_json_num(s, "rtt_s"));
	printf("  offset        %s, round trip %s\n", offset, rtt);
}

static void print_conditions(const json_t *s)
{
	json_t *list = json_object_get(json_object_get(s, "conditions"), "list");
	size_t i;
	json_t *c;

	json_array_foreach(list, i, c) printf("  condition %lld   %s: %s\n", number(c, "condition"),
					      noon_json_str(c, "met"), noon_json_str(c, "why"));
}

/* " (delayed, receiver-time)"; empty for an empty list. */
static void print_words(const json_t *list)
{
	size_t i;
	json_t *word;

	json_array_foreach(list, i, word)
		printf("%s%s", i == 0 ? " (" : ", ", json_string_value(word));
	if (json_array_size(list) > 0)
		printf(")");
}

static void print_cycle(const json_t *s)
{
	const json_t *c = json_object_get(s, "cycle");
	char change[24], limit[24], rtt[24], other[24];

	if (!json_is_object(c))
		return;
	if (!json_is_true(json_object_get(c, "learned"))) {
		printf("  cycle         with %s: learning, %lld pairs\n", noon_json_str(c, "with"),
		       number(c, "pairs"));
		return;
	}
	noon_tool_dur(change, sizeof(change), noon_json_num(c, "asymmetry_s"));
	noon_tool_dur(limit, sizeof(limit), noon_json_num(c, "limit_s"));
	noon_tool_dur(rtt, sizeof(rtt), noon_json_num(c, "rtt_change_s"));
	noon_tool_dur(other, sizeof(other), noon_json_num(c, "other_rtt_change_s"));
	printf("  cycle         with %s: asymmetry changed by %s (limit %s), round trips by %s and "
	       "%s%s\n",
	       noon_json_str(c, "with"), change, limit, rtt, other,
	       json_is_true(json_object_get(c, "alarm")) ? ", ALARM" : "");
	if (json_is_true(json_object_get(c, "alarm")) && json_is_string(json_object_get(c, "path")))
		printf("                the path of %s, %s\n", noon_json_str(c, "path"),
		       noon_json_str(c, "leg"));
}

static void print_guards(const json_t *s, const json_t *p)
{
	const json_t *own = json_object_get(s, "guard");
	const json_t *theirs = json_object_get(p, "transmitter_guard");
	const json_t *why = json_object_get(p, "transmitter_reasons");

	printf("  guards        here %s, at the transmitter %s",
	       json_is_object(own) ? noon_json_str(own, "state") : "none",
	       json_is_string(theirs) ? json_string_value(theirs) : "none");
	print_words(why);
	printf("\n");
}

static void print_pairs(const json_t *x)
{
	const long long n = number(x, "pairs");

	if (x != NULL)
		printf("  keys          %lld %s a key of an exchange; %lld exchanged, %lld "
		       "failed%s%s\n",
		       n, n == 1 ? "receiver has" : "receivers have", number(x, "done"),
		       number(x, "failed"), noon_json_str(x, "failure")[0] != '\0' ? ": " : "",
		       noon_json_str(x, "failure"));
}

static void print_receiver(const json_t *s, const json_t *p)
{
	printf("receiver %s: %s, domain %lld, %s, authentication %s, source %s\n",
	       noon_json_str(s, "name"), noon_json_str(p, "state"), number(p, "domain"),
	       noon_json_str(p, "mode"), yes_or_no(p, "authentication"),
	       noon_json_str(s, "verdict"));
	print_parent(p);
	print_measurement(s);
	print_guards(s, p);
	noon_tool_print_exchange(json_object_get(p, "exchange"));
	print_cycle(s);
	print_conditions(s);
	print_grants(json_object_get(p, "grants"));
	print_port(json_object_get(p, "port"));
	print_verdicts(s);
}

/* What a watched receiver claims of its time, compared with the stamps here. */
static void print_audit(const json_t *a)
{
	char offset[24], bound[24], lower[24], upper[24];

	if (json_object_get(a, "receiver_state") == NULL)
		return;
	if (json_is_number(json_object_get(a, "bound_s"))) {
		noon_tool_dur(offset, sizeof(offset), noon_json_num(a, "offset_s"));
		noon_tool_dur(bound, sizeof(bound), noon_json_num(a, "bound_s"));
		printf("    its time    %s, offset %s, bound %s\n",
		       noon_json_str(a, "receiver_state"), offset, bound);
	} else {
		printf("    its time    %s\n", noon_json_str(a, "receiver_state"));
	}
	if (number(a, "claims") == 0)
		return;
	noon_tool_dur(lower, sizeof(lower), noon_json_num(a, "lower_s"));
	noon_tool_dur(upper, sizeof(upper), noon_json_num(a, "upper_s"));
	printf("    audit       %s: by our stamps %s to %s off, %lld claims, %lld false\n",
	       noon_json_str(a, "state"), lower, upper, number(a, "claims"), number(a, "false"));
}

static void print_watched(const json_t *w)
{
	const json_t *theirs = json_object_get(w, "receiver_guard");

	printf("  watched       %s: guard here %s, at the receiver %s, %lld round trips%s",
	       noon_json_str(w, "clock_identity"), noon_json_str(w, "guard"),
	       json_is_string(theirs) ? json_string_value(theirs) : "none", number(w, "samples"),
	       json_is_true(json_object_get(w, "alarm")) ? ", ALARM" : "");
	print_words(json_object_get(w, "findings"));
	printf("\n");
	print_audit(json_object_get(w, "audit"));
}

static void print_transmitter(const json_t *t)
{
	size_t i;
	json_t *w;

	printf("transmitter %s: %s, domain %lld, authentication %s\n", noon_json_str(t, "name"),
	       noon_json_str(t, "state"), number(t, "domain"), yes_or_no(t, "authentication"));
	printf("  quality       class %lld, clockAccuracy 0x%02llx, TAI-UTC %lld s%s\n",
	       number(t, "clock_class"), (unsigned long long)number(t, "clock_accuracy"),
	       number(t, "utc_offset"),
	       json_is_true(json_object_get(t, "ptp_timescale")) ? ""
								 : ", timescale arbitrary (UTC)");
	printf("  sent          %lld Announce, %lld Sync (%lld without a stamp), %lld Delay_Resp\n",
	       number(t, "announces"), number(t, "syncs"), number(t, "unstamped_syncs"),
	       number(t, "delay_resps"));
	printf("  unicast       %lld receivers, %lld requests denied\n",
	       number(t, "unicast_receivers"), number(t, "denied"));
	print_pairs(json_object_get(t, "exchange"));
	json_array_foreach(json_object_get(t, "watched"), i, w) print_watched(w);
	print_port(json_object_get(t, "port"));
	print_verdicts(t);
}

static json_t *only_ptp(const json_t *status)
{
	json_t *list = json_array();
	json_t *s;
	size_t i;

	json_array_foreach(json_object_get(status, "sources"), i,
			   s) if (json_is_object(json_object_get(s, "ptp")))(void)
		json_array_append(list, s);
	return json_pack("{s:s, s:o, s:O}", "state", noon_json_str(status, "state"), "receivers",
			 list, "transmitters", json_object_get(status, "ptp_transmitters"));
}

/* Whether a transmitter has an alarm for a receiver that it watches. */
static bool is_alarmed(const json_t *transmitter)
{
	size_t i;
	json_t *w;

	json_array_foreach(json_object_get(transmitter, "watched"), i,
			   w) if (json_is_true(json_object_get(w, "alarm"))) return true;
	return false;
}

/* The clock is within its limit or, for a daemon that only serves one, may be served. And no
 * watched receiver is in alarm. */
static bool is_good(const json_t *status, const json_t *ptp)
{
	const json_t *list = json_object_get(ptp, "transmitters");
	bool fit = json_array_size(list) > 0 &&
		   json_array_size(json_object_get(status, "sources")) == 0;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *t = json_array_get(list, i);

		if (is_alarmed(t))
			return false;
		if (strcmp(noon_json_str(t, "state"), "UNSYNCHRONISED") == 0)
			fit = false;
	}
	return fit || strcmp(noon_json_str(status, "state"), "ok") == 0;
}

static int show_status(const struct noon_verb *self, void *options,
		       const struct noon_arguments *line)
{
	const struct noon_ask_options *a = options;
	json_t *status = noon_ask_once(self, a->socket, json_pack("{s:s}", "command", "status"));
	json_t *ptp, *o;
	size_t i;
	int result;

	(void)line;
	if (status == NULL)
		return NOON_EXIT_FAILED;
	ptp = only_ptp(status);
	result = is_good(status, ptp) ? NOON_EXIT_OK : NOON_EXIT_NOT_OK;
	if (a->json) {
		noon_json_print(ptp);
	} else {
		json_array_foreach(json_object_get(ptp, "receivers"), i, o)
			print_receiver(o, json_object_get(o, "ptp"));
		json_array_foreach(json_object_get(ptp, "transmitters"), i, o) print_transmitter(o);
	}
	if (json_array_size(json_object_get(ptp, "receivers")) +
		    json_array_size(json_object_get(ptp, "transmitters")) ==
	    0)
		(void)fprintf(stderr, "noonmark ptp: the daemon has no ptp-receiver and no "
				      "ptp-transmitter section\n");
	json_decref(ptp);
	json_decref(status);
	return result;
}

static int reload_keys(const struct noon_verb *self, void *options,
		       const struct noon_arguments *line)
{
	const struct noon_ask_options *a = options;
	json_t *answer =
		noon_ask_once(self, a->socket, json_pack("{s:s}", "command", "reload-keys"));
	bool ok;

	(void)line;
	if (answer == NULL)
		return NOON_EXIT_FAILED;
	ok = json_is_true(json_object_get(answer, "ok"));
	if (a->json) {
		noon_json_print(answer);
	} else if (!ok) {
		(void)fprintf(stderr, "noonmark ptp: %s\n", noon_json_str(answer, "error"));
	}
	json_decref(answer);
	return ok ? NOON_EXIT_OK : NOON_EXIT_NOT_OK;
}

#define ASKS .size = sizeof(struct noon_ask_options), .part = {{noon_ask_rows, 0, NULL}}

static const struct noon_verb status_verb = {
	.name = "ptp status",
	.summary = "transmitters, receivers, keys and guards",
	.about =
		"Show the transmitter in use and its quality, grants, stamps, guards on both sides "
		"and\n"
		"conditions of each receiver; state and counters of each transmitter, and the "
		"round\n"
		"trips and the time of the receivers that it watches. Exit status 0 only if the "
		"clock's\n"
		"state is ok, or, without sources, it is fit to be served, and no watched receiver "
		"is\n"
		"in alarm.\n",
	ASKS,
	.act = show_status,
};

static const struct noon_verb reload_verb = {
	.name = "ptp reload-keys",
	.summary = "read the sa_files again; no packet is lost",
	.about =
		"Read the sa_files again; no packet is lost. A file that cannot be read leaves its "
		"old\n"
		"keys in force (exit status 1). SIGHUP does the same.\n",
	ASKS,
	.act = reload_keys,
};

static const struct noon_verb *const parts[] = {&status_verb, &reload_verb, NULL};

const struct noon_verb noon_verb_ptp = {
	.name = "ptp",
	.summary = "show the PTP ports of the daemon, or have its keys read again",
	.about = "The PTP ports of the daemon.\n",
	.parts = parts,
};
