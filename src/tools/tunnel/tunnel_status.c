/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark tunnel status: the timing tunnels of a daemon.
 */
#include <math.h>
#include <stdio.h>

#include "tools/tunnel/tunnel.h"

/* Characters of the longest bar. */
#define BAR 40

/* A histogram of fewer shows nothing. */
#define PACKETS_FOR_BARS 16

static long long number(const json_t *o, const char *key)
{
	return (long long)json_integer_value(json_object_get(o, key));
}

static void print_half(const char *name, const json_t *half)
{
	const json_t *spi = json_object_get(half, "spi");

	printf("  %-13s epoch %lld, SPI %s, %lld packets, %lld bytes\n", name,
	       number(half, "epoch"), json_is_string(spi) ? json_string_value(spi) : "none yet",
	       number(half, "packets"), number(half, "bytes"));
}

static void print_verdicts(const json_t *t)
{
	const char *word;
	json_t *n;

	printf("  packets in   ");
	json_object_foreach(json_object_get(t, "verdicts"), word, n)
		printf(" %s %lld", word, (long long)json_integer_value(n));
	printf("\n");
}

/* messageType of IEEE 1588-2019, table 36. */
static const char *message_word(long long type)
{
	static const char *const words[] = {
		[0] = "Sync",	     [1] = "Delay_Req",	 [2] = "Pdelay_Req",
		[3] = "Pdelay_Resp", [8] = "Follow_Up",	 [9] = "Delay_Resp",
		[11] = "Announce",   [12] = "Signaling", [13] = "Management"};

	return type < 0 || type > 13 || words[type] == NULL ? "other" : words[type];
}

static void print_histogram(const json_t *rows)
{
	long long most = 1;
	size_t i;
	json_t *row;

	json_array_foreach(rows, i, row) if (number(row, "n") > most) most = number(row, "n");
	json_array_foreach(rows, i, row)
	{
		const json_t *below = json_object_get(row, "below_s");
		const long long n = number(row, "n");
		const long long bar = n == 0 ? 0 : (n * BAR + most - 1) / most;
		char text[24] = "more";

		if (json_is_number(below))
			noon_tool_dur(text, sizeof(text), json_number_value(below));
		printf("      %s%12s %8lld ", json_is_number(below) ? "< " : "  ", text, n);
		for (long long k = 0; k < bar; k++)
			(void)putchar('#');
		printf("\n");
	}
}

static void print_edge(const json_t *e)
{
	const bool out = noon_json_str(e, "side")[0] == 'o';
	char median[24], mean[24], p01[24], p99[24], half[24];

	printf("  %-3s %-10s size class %lld, gap class %lld: %lld packets, %lld outliers, "
	       "%lld steps%s\n",
	       out ? "out" : "in", message_word(number(e, "message")), number(e, "size_class"),
	       number(e, "gap_class"), number(e, "n"), number(e, "outliers"), number(e, "steps"),
	       json_is_true(json_object_get(e, "stale")) ? ", stale" : "");
	if (json_object_get(e, "median_s") == NULL)
		return;
	noon_tool_dur(median, sizeof(median), noon_json_num(e, "median_s"));
	noon_tool_dur(mean, sizeof(mean), noon_json_num(e, "mean_s"));
	noon_tool_dur(p01, sizeof(p01), noon_json_num(e, "p01_s"));
	noon_tool_dur(p99, sizeof(p99), noon_json_num(e, "p99_s"));
	noon_tool_dur(half, sizeof(half), noon_json_num(e, "residual_s"));
	printf("      %s: median %s, mean %s, p01 %s, p99 %s; one packet within %s\n",
	       out ? "t' - t" : "t2 - t2'", median, mean, p01, p99, half);
	if (number(e, "n") >= PACKETS_FOR_BARS)
		print_histogram(json_object_get(e, "histogram"));
}

static void print_refresh(const json_t *t)
{
	char left[24] = "-";

	if (json_is_number(json_object_get(t, "refresh_in_s")))
		noon_tool_dur(left, sizeof(left), fmax(0, noon_json_num(t, "refresh_in_s")));
	printf("  refresh       in %s; %lld so far, %lld of them begun by the other end\n", left,
	       number(t, "refreshes"), number(t, "followed"));
}

static void print_kernel(const json_t *k)
{
	if (k == NULL)
		return;
	printf("  kernel        %lld associations and %lld times policies were removed by others",
	       number(k, "associations_lost"), number(k, "policies_lost"));
	if (noon_json_str(k, "failure")[0] != '\0')
		printf("; %s", noon_json_str(k, "failure"));
	printf("\n");
}

static void print_way(const char *name, const json_t *way)
{
	const json_t *spi = json_object_get(way, "spi");
	const json_t *exclusive = json_object_get(way, "exclusive");

	printf("  %-13s SPI %s, %lld changes, %lld packets", name,
	       json_is_string(spi) ? json_string_value(spi) : "none yet",
	       number(way, "spi_changes"), number(way, "packets"));
	if (exclusive != NULL)
		printf("; inside %lld, %lld of them not PTP's; %lld matched, %lld not: %s",
		       number(way, "packets_inside"), number(way, "others_inside"),
		       number(way, "matched"), number(way, "unmatched"),
		       json_is_true(exclusive) ? "exclusive"
					       : "not exclusive, nothing is believed");
	printf("\n");
}

/* What would be, or is, added to the stamp of an event message. */
static void print_egress(const json_t *t)
{
	const json_t *e = json_object_get(t, "egress");
	char now[24], uncertainty[24], half[24];

	if (!json_is_object(e))
		return;
	noon_tool_dur(now, sizeof(now), noon_json_num(e, "correction_s"));
	noon_tool_dur(uncertainty, sizeof(uncertainty), noon_json_num(e, "uncertainty_s"));
	noon_tool_dur(half, sizeof(half), noon_json_num(e, "residual_s"));
	printf("  correction    %s: departures %s later, +-%s; one packet within %s\n",
	       noon_json_str(t, "correction"), now, uncertainty, half);
}

/* One that others manage. */
static void print_observed(const json_t *t)
{
	size_t i;
	json_t *e;

	printf("tunnel %s: %s, with %s, managed by others, stamps %s; on %s, inside on %s\n",
	       noon_json_str(t, "name"), json_is_true(json_object_get(t, "up")) ? "up" : "down",
	       noon_json_str(t, "peer"), noon_json_str(t, "stamps"), noon_json_str(t, "device"),
	       noon_json_str(t, "inner_device"));
	print_way("out", json_object_get(t, "out"));
	print_way("in", json_object_get(t, "in"));
	json_array_foreach(json_object_get(t, "edges"), i, e) print_edge(e);
}

static void print_tunnel(const json_t *t)
{
	size_t i;
	json_t *e;

	printf("tunnel %s: %s, %s with %s by the %s, mode %s\n", noon_json_str(t, "name"),
	       json_is_true(json_object_get(t, "up")) ? "up" : "down",
	       noon_json_str(t, "transport"), noon_json_str(t, "peer"),
	       noon_json_str(t, "backend")[0] == 'k' ? "kernel" : "daemon",
	       noon_json_str(t, "mode"));
	print_half("out", json_object_get(t, "out"));
	print_half("in", json_object_get(t, "in"));
	print_kernel(json_object_get(t, "kernel"));
	noon_tool_print_exchange(json_object_get(t, "exchange"));
	print_refresh(t);
	printf("  datagrams     %lld sent, %lld refused, %lld failed, %lld cover packets\n",
	       number(t, "datagrams_sent"), number(t, "refused"), number(t, "send_failures"),
	       number(t, "cover_packets"));
	printf("  events        %lld sent (%lld stamped); %lld received (%lld stamped)\n",
	       number(t, "events_sent"), number(t, "events_sent_stamped"), number(t, "received"),
	       number(t, "received_stamped"));
	print_egress(t);
	print_verdicts(t);
	json_array_foreach(json_object_get(t, "edges"), i, e) print_edge(e);
}

static int show(const struct noon_verb *self, void *options, const struct noon_arguments *line)
{
	const struct noon_ask_options *a = options;
	json_t *status = noon_ask_once(self, a->socket, json_pack("{s:s}", "command", "status"));
	const json_t *list = json_object_get(status, "tunnels");
	bool up = json_array_size(list) > 0;
	size_t i;
	json_t *t;

	(void)line;
	if (status == NULL)
		return NOON_EXIT_FAILED;
	json_array_foreach(list, i, t)
	{
		up = up && json_is_true(json_object_get(t, "up"));
		if (!a->json && noon_json_str(t, "backend")[0] == 'o')
			print_observed(t);
		else if (!a->json)
			print_tunnel(t);
	}
	if (a->json)
		noon_json_print(list);
	if (json_array_size(list) == 0)
		(void)fprintf(stderr, "noonmark tunnel: the daemon has no tunnel section\n");
	json_decref(status);
	return up ? NOON_EXIT_OK : NOON_EXIT_NOT_OK;
}

const struct noon_verb noon_tunnel_status_verb = {
	.name = "tunnel status",
	.summary = "associations, packets by verdict, edge offsets",
	.about = "Show each timing tunnel of the daemon: epoch and SPI of both directions, what "
		 "became\n"
		 "of the packets, and how long encryption (t' - t) and decryption (t2 - t2') take "
		 "for\n"
		 "each kind of packet. Exit status 0 only if all tunnels are up.\n",
	.size = sizeof(struct noon_ask_options),
	.part = {{noon_ask_rows, 0, NULL}},
	.act = show,
};
