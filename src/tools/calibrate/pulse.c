/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark calibrate pulse: a software-made 1PPS of T(C), and how good it is.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "platform/clock/clock.h"
#include "platform/instruments/pulse_output.h"
#include "tools/calibrate/calibrate.h"

struct arguments {
	const char *output;
	noon_dur offset, width;
	long count;
	bool json;
};

/* Of the lateness: middle of before and after, less what was meant. */
struct tally {
	uint64_t n;
	double sum, squares; /* s */
	double least, most;
	double widest; /* between before and after */
};

static volatile sig_atomic_t ended;

static void on_signal(int signo)
{
	(void)signo;
	ended = 1;
}

static void add(struct tally *t, const struct noon_pulse *p)
{
	const double before = noon_dur_to_s(noon_time_diff(p->before, p->meant));
	const double width = noon_dur_to_s(noon_time_diff(p->after, p->before));
	const double late = before + width / 2;

	t->least = t->n == 0 ? late : fmin(t->least, late);
	t->most = t->n == 0 ? late : fmax(t->most, late);
	t->widest = fmax(t->widest, width);
	t->sum += late;
	t->squares += late * late;
	t->n++;
}

/* Standard uncertainty of the lateness of one pulse: its spread, and that it was raised somewhere
 * between two readings (rectangular). */
static double uncertainty(const struct tally *t, double mean)
{
	const double n = (double)t->n;
	const double variance = t->n < 2 ? 0 : fmax(0, (t->squares - n * mean * mean) / (n - 1));

	return sqrt(variance + t->widest * t->widest / 12);
}

static void report(const struct tally *t, bool json)
{
	const double mean = t->sum / (double)t->n;
	const double u = uncertainty(t, mean);
	char text[4][32];
	json_t *o;

	if (json) {
		o = json_pack("{s:I, s:f, s:f, s:f, s:f, s:f}", "pulses", (json_int_t)t->n,
			      "late_mean_s", mean, "u_s", u, "late_min_s", t->least, "late_max_s",
			      t->most, "raised_within_s", t->widest);
		noon_json_print(o);
		json_decref(o);
		return;
	}
	noon_tool_dur(text[0], sizeof(text[0]), mean);
	noon_tool_dur(text[1], sizeof(text[1]), u);
	noon_tool_dur(text[2], sizeof(text[2]), t->least);
	noon_tool_dur(text[3], sizeof(text[3]), t->most);
	(void)printf("%" PRIu64
		     " pulses, late by %s in the mean, %s to %s; standard uncertainty of "
		     "one %s\n",
		     t->n, text[0], text[2], text[3], text[1]);
}

static int send_all(const struct noon_verb *v, const struct arguments *a,
		    struct noon_pulse_output *out, struct tally *t)
{
	noon_time second = {noon_clock_read(CLOCK_REALTIME)};

	second.ns -= second.ns % NOON_NS_PER_SEC;
	while (ended == 0 && (a->count == 0 || t->n < (uint64_t)a->count)) {
		const int64_t now = noon_clock_read(CLOCK_REALTIME);
		struct noon_pulse p;
		noon_err err;

		/* The next whole second, also where the clock was stepped. */
		second.ns = now - now % NOON_NS_PER_SEC + NOON_NS_PER_SEC;
		if (second.ns + a->offset < now)
			second.ns += NOON_NS_PER_SEC;
		err = noon_pulse_output_send(out, noon_time_add(second, a->offset), a->width, &p);
		if (err == NOON_ERR_STATE)
			break;
		if (err)
			return noon_tool_fail(v, "%s: %s", a->output, strerror(errno));
		add(t, &p);
	}
	return NOON_EXIT_OK;
}

static int pulse(const struct noon_verb *self, void *options, const struct noon_arguments *line)
{
	const struct arguments *a = options;
	const struct sigaction act = {.sa_handler = on_signal};
	struct noon_pulse_output *out = NULL;
	struct noon_pulse_why why;
	struct tally t = {.n = 0};
	int status;

	(void)line;
	if (a->output == NULL)
		return noon_tool_usage(self, "--output is missing: serial:DEVICE, parallel:DEVICE, "
					     "phc:DEVICE or file:PATH");
	if (noon_pulse_output_open(a->output, &out, &why))
		return noon_tool_fail(self, "--output %s", why.text);
	(void)sigaction(SIGINT, &act, NULL);
	(void)sigaction(SIGTERM, &act, NULL);
	status = send_all(self, a, out, &t);
	noon_pulse_output_close(out);
	if (t.n > 0)
		report(&t, a->json);
	return status;
}

#define OPTION(member) NOON_OPTION_AT(struct arguments, member)

static const struct noon_option rows[] = {
	{"output", NOON_OPTION_BORROWED, OPTION(output), .value = "where", .letter = 'o',
	 .says = "none",
	 .help = "serial:DEVICE (RTS), serial:DEVICE,dtr, parallel:DEVICE (all data pins), "
		 "phc:DEVICE (the card's own pulses), or file:PATH (instants, ns)"},
	{"offset", NOON_OPTION_TIME, OPTION(offset), NOON_OPTION_RANGE(-4e8, 4e8), .def = "0",
	 .help = "after each second of T(C); before it, if negative"},
	{"width", NOON_OPTION_TIME, OPTION(width), NOON_OPTION_RANGE(1e3, 4e8), .def = "1ms",
	 .help = "of a pulse"},
	{"count", NOON_OPTION_INT, OPTION(count), NOON_OPTION_RANGE(0, 1e9), .def = "0",
	 .letter = 'n', .help = "end after N pulses; 0: when ended"},
	{"json", NOON_OPTION_BOOL, OPTION(json), .help = "print one JSON object"},
	NOON_OPTION_END,
};

const struct noon_verb noon_verb_calibrate_pulse = {
	.name = "calibrate pulse",
	.summary = "put out a pulse each second of the system clock",
	.about = "Put out a pulse at each second of T(C), the system clock, for a counter to "
		 "compare with a\n"
		 "reference. At the end: how late pulses were, and the standard uncertainty of "
		 "one.\n",
	.notes = "For a machine without a clock in its network card: what software makes is late "
		 "by what the\n"
		 "scheduler takes. Run it with a real-time priority, as in chrt -f 50.\n",
	.size = sizeof(struct arguments),
	.part = {{rows, 0, NULL}},
	.act = pulse,
};
