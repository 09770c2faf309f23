/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark guard calibrate: a campaign, judged, signed and written.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ask/asker.h"
#include "platform/text.h"
#include "tools/core/ptp_options.h"
#include "tools/core/url.h"
#include "tools/guard/guard.h"

#define INTERVAL_MIN NOON_MS(1)
#define TIMEOUT	     NOON_S(2)
#define OUTPUT_MAX   1024 /* longer paths are refused */

struct arguments {
	struct noon_url url;
	struct noon_guard_demand demand;
	const char *target; /* as given */
	const char *key;
	const char *output;
	const char *path_id;
	const char *ca;
	const char *name;
	noon_dur length;
	noon_dur interval;
	int family;
	bool by_ptp;
	struct noon_asker_ptp ptp;
	bool json;
};

struct campaign {
	const struct noon_verb *self;
	struct arguments args;
	struct noon_asker asker;
	struct noon_timer end;
	struct noon_timer progress;
	struct noon_baseline_data data;
	noon_time began; /* monotonic */
	bool failed;
};

static void stop(struct campaign *c)
{
	noon_loop_stop(c->asker.loop);
}

static void on_fail(void *arg, const char *what, const char *why)
{
	struct campaign *c = arg;

	(void)fprintf(stderr, "noonmark guard: %s%s%s\n", what, *why == '\0' ? "" : ": ", why);
	c->failed = true;
	stop(c);
}

static void on_sample(void *arg, const struct noon_sample *s)
{
	struct campaign *c = arg;
	struct noon_baseline *h = &c->data.head;
	const noon_dur rtt = noon_sample_rtt(s);

	/* Within the error of the stamps a round trip on one machine may come out negative. */
	c->data.rtt_ns[h->count++] = rtt < 0 ? 0 : rtt;
	if (h->count == NOON_BASELINE_COUNT_MAX)
		stop(c);
}

static void on_miss(void *arg, const char *why)
{
	struct campaign *c = arg;

	(void)why;
	c->data.head.lost++;
	if (c->data.head.count == 0 && c->data.head.lost >= 4)
		on_fail(c, c->args.url.host, why);
}

static void on_end(void *arg)
{
	stop(arg);
}

static void on_progress(void *arg)
{
	struct campaign *c = arg;
	const double part = noon_dur_to_s(noon_time_diff(noon_mono_now(), c->began)) /
			    noon_dur_to_s(c->args.length);

	(void)fprintf(stderr, "\r%5.1f %%  %zu exchanges, %llu lost ", part * 100.0,
		      c->data.head.count, (unsigned long long)c->data.head.lost);
	(void)fflush(stderr);
	noon_loop_arm(c->asker.loop, &c->progress, NOON_S(1));
}

static int take_option(const struct noon_verb *self, struct arguments *a, int c, const char *text)
{
	bool ok = true;

	switch (c) {
	case 'f':
		ok = noon_text_dur(text, &a->length) == NOON_OK && a->length > 0;
		break;
	case 'k':
		a->key = text;
		break;
	case 'o':
		a->output = text;
		break;
	case 'p':
		a->path_id = text;
		break;
	case 'i':
		ok = noon_text_dur(text, &a->interval) == NOON_OK && a->interval >= INTERVAL_MIN;
		break;
	case 'c':
		a->ca = text;
		break;
	case 'N':
		a->name = text;
		break;
	case '4':
		a->family = AF_INET;
		break;
	case '6':
		a->family = AF_INET6;
		break;
	case 'j':
		a->json = true;
		break;
	case 'S':
	case 'D':
	case 'F':
		ok = noon_guard_demand_take(&a->demand, c, text);
		break;
	default:
		if (c < NOON_PTP_OPTION_FIRST || c >= NOON_PTP_OPTION_END)
			return NOON_EXIT_USAGE;
		ok = noon_ptp_options_take(&a->ptp, c, text);
		break;
	}
	return ok ? -1 : noon_tool_usage(self, "option value \"%s\" is out of range", text);
}

/* Return whether a text can stand on a line of a baseline. */
static bool is_name(const char *text)
{
	size_t n = 0;

	for (; text[n] != '\0'; n++)
		if ((unsigned char)text[n] < 0x20 || text[n] == 0x7f)
			return false;
	return n > 0 && n < NOON_BASELINE_NAME_MAX;
}

/* Look whether the baseline could be written: before the campaign, not after it. */
static int check_output(const struct noon_verb *self, const char *path)
{
	const char *slash = strrchr(path, '/');
	const int n = slash == NULL ? 1 : slash == path ? 1 : (int)(slash - path);
	char dir[OUTPUT_MAX];
	struct stat st;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return noon_tool_fail(self, "%s: not a regular file", path);
	if (snprintf(dir, sizeof(dir), "%.*s", n, slash == NULL ? "." : path) >= (int)sizeof(dir))
		return noon_tool_fail(self, "%s: %s", path, strerror(ENAMETOOLONG));
	if (access(dir, W_OK | X_OK) != 0)
		return noon_tool_fail(self, "%s: %s", path, strerror(errno));
	return -1;
}

static bool is_authenticated(const struct arguments *a)
{
	return strcmp(a->url.scheme, "nts") == 0 ||
	       (strcmp(a->url.scheme, "ptp") == 0 && a->url.port == 0 && a->ptp.sa_file != NULL);
}

/* What must be given and fit together. */
static int check(const struct noon_verb *self, struct arguments *a, int argc, char **argv)
{
	if (optind + 1 != argc)
		return noon_tool_usage(self,
				       optind == argc ? "which server?" : "expected one server");
	if (noon_url_parse(argv[optind], &a->url) || !is_authenticated(a))
		return noon_tool_usage(self,
				       "\"%s\": expected nts://HOST[:PORT], or ptp://HOST with "
				       "--sa-file (a campaign that can be forged is no baseline)",
				       argv[optind]);
	a->target = argv[optind];
	a->by_ptp = strcmp(a->url.scheme, "ptp") == 0;
	if (a->length <= 0 || a->key == NULL || a->output[0] == '\0')
		return noon_tool_usage(self, "--for, --key and --output are needed");
	if (a->path_id == NULL)
		a->path_id = a->url.host;
	if (!is_name(a->path_id))
		return noon_tool_usage(self, "--path-id: expected a name of at most 127 characters "
					     "on one line, none of them a control character");
	if (!is_name(a->target))
		return noon_tool_usage(self, "expected a server's name of at most 127 characters, "
					     "none of them a control character");
	return -1;
}

static int parse(const struct noon_verb *self, int argc, char **argv, struct arguments *a)
{
	static const struct option options[] = {
		{"for", required_argument, NULL, 'f'},
		{"key", required_argument, NULL, 'k'},
		{"output", required_argument, NULL, 'o'},
		{"path-id", required_argument, NULL, 'p'},
		{"interval", required_argument, NULL, 'i'},
		{"ca", required_argument, NULL, 'c'},
		{"server-name", required_argument, NULL, 'N'},
		{"ipv4", no_argument, NULL, '4'},
		{"ipv6", no_argument, NULL, '6'},
		NOON_PTP_LONG_OPTIONS,
		{"shift", required_argument, NULL, 'S'},
		{"pd", required_argument, NULL, 'D'},
		{"pfa", required_argument, NULL, 'F'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "46ho:i:", options, NULL)) != -1) {
		const int status =
			c == 'h' ? noon_tool_help(self) : take_option(self, a, c, optarg);

		if (status >= 0)
			return status;
	}
	return check(self, a, argc, argv);
}

static noon_err set_up(struct campaign *c, const char **ret_why)
{
	const struct arguments *a = &c->args;
	const struct noon_asker_conf conf = {
		.host = a->url.host,
		.port = a->url.port,
		.family = a->family,
		.nts = !a->by_ptp,
		.ptp = a->by_ptp ? &a->ptp : NULL,
		.ca = a->ca,
		.name = a->name,
		.interval = a->interval,
		.timeout = TIMEOUT,
	};

	c->data.rtt_ns = calloc(NOON_BASELINE_COUNT_MAX, sizeof(*c->data.rtt_ns));
	if (c->data.rtt_ns == NULL) {
		*ret_why = "out of memory";
		return NOON_ERR_OS;
	}
	c->asker.on_sample = on_sample;
	c->asker.on_miss = on_miss;
	c->asker.on_fail = on_fail;
	c->asker.arg = c;
	c->end = (struct noon_timer){.fire = on_end, .arg = c};
	c->progress = (struct noon_timer){.fire = on_progress, .arg = c};
	return noon_asker_init(&c->asker, &conf, ret_why);
}

/* Run the campaign; returns an exit status, or -1 to go on. */
static int measure(struct campaign *c)
{
	struct noon_baseline *h = &c->data.head;
	const bool show = isatty(STDERR_FILENO) == 1;
	noon_err err;

	(void)snprintf(h->path_id, sizeof(h->path_id), "%s", c->args.path_id);
	(void)snprintf(h->source, sizeof(h->source), "%s", c->args.target);
	h->granularity_ns = 1;
	h->started_s = (int64_t)time(NULL);
	c->began = noon_mono_now();
	noon_loop_arm(c->asker.loop, &c->end, c->args.length);
	if (show)
		noon_loop_arm(c->asker.loop, &c->progress, NOON_S(1));
	noon_asker_start(&c->asker);
	err = c->failed ? NOON_OK : noon_loop_run(c->asker.loop);
	h->ended_s = (int64_t)time(NULL);
	if (h->ended_s < h->started_s)
		h->ended_s = h->started_s;
	noon_loop_disarm(&c->end);
	noon_loop_disarm(&c->progress);
	if (show)
		(void)fputc('\n', stderr);
	if (err)
		return noon_tool_fail(c->self, "event loop: %s", strerror(errno));
	return c->failed ? NOON_EXIT_FAILED : -1;
}

/* Judge, and write if it is good. */
static int finish(struct campaign *c, struct noon_guard_plan *plan)
{
	const struct noon_guard_conf conf = noon_guard_demand_conf(&c->args.demand);
	struct noon_baseline_data *d = &c->data;
	char why[NOON_BASELINE_WHY_MAX];
	noon_err err;

	if (noon_campaign_assess(d->rtt_ns, d->head.count, &d->campaign) ||
	    noon_law_of_samples(d->rtt_ns, d->head.count, (double)d->head.granularity_ns, &d->law))
		return noon_tool_fail(c->self, "%zu exchanges, at least %d are needed",
				      d->head.count, NOON_CAMPAIGN_MIN);
	err = noon_baseline_plan(d, &conf, c->args.target, plan, why);
	noon_guard_print(d, err ? NULL : plan, why, c->args.json);
	if (err) {
		(void)fprintf(stderr, "noonmark guard: refused, nothing was written: %s\n", why);
		return NOON_EXIT_NOT_OK;
	}
	if (noon_baseline_write(c->args.output, &d->head, d->rtt_ns, c->args.key, why))
		return noon_tool_fail(c->self, "%s", why);
	return plan->feasible ? NOON_EXIT_OK : NOON_EXIT_NOT_OK;
}

int noon_guard_calibrate(const struct noon_verb *self, int argc, char **argv)
{
	struct arguments args = {
		.interval = NOON_S(1), .output = "", .ptp = noon_ptp_options_default()};
	int status = parse(self, argc, argv, &args);
	struct noon_guard_plan *plan;
	struct campaign *c;
	char why_key[NOON_BASELINE_WHY_MAX];
	const char *why = "out of memory";

	if (status >= 0)
		return status;
	/* Round trips are what counts, whatever the clocks show. */
	args.ptp.arbitrary_is_utc = true;
	if (args.ptp.accuracy == NOON_DUR_MAX)
		args.ptp.accuracy = 0;
	if (args.ptp.accuracy_per_step == NOON_DUR_MAX)
		args.ptp.accuracy_per_step = 0;
	/* Before the campaign, not after it. */
	if (noon_baseline_check_key(args.key, why_key))
		return noon_tool_fail(self, "%s", why_key);
	status = check_output(self, args.output);
	if (status >= 0)
		return status;
	c = calloc(1, sizeof(*c));
	plan = calloc(1, sizeof(*plan));
	if (c != NULL && plan != NULL) {
		c->self = self;
		c->args = args;
		status = set_up(c, &why) ? noon_tool_fail(self, "%s", why) : measure(c);
		status = status >= 0 ? status : finish(c, plan);
		noon_asker_fini(&c->asker);
		free(c->data.rtt_ns);
	} else {
		status = noon_tool_fail(self, "%s", why);
	}
	free(plan);
	free(c);
	return status;
}
