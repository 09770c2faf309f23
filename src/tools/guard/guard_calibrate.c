/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark guard calibrate: runs, judges, signs and writes a campaign.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ask/asker.h"
#include "tools/core/url.h"
#include "tools/guard/guard.h"
#include "tools/service/ptp_options.h"
#include "tools/service/server_options.h"

#define INTERVAL_MIN NOON_MS(1)
#define TIMEOUT	     NOON_S(2)
#define OUTPUT_MAX   1024 /* longer paths are refused */
#define UNSIGNED     ".unsigned"
#define JUDGE_EVERY  NOON_S(60)	 /* with --until-good, at least */
#define SAVE_EVERY   NOON_S(300) /* what was measured so far */

struct arguments {
	struct noon_url url;
	struct noon_guard_demand demand;
	const char *target; /* as given */
	const char *key;
	const char *output;
	const char *path_id;
	const char *append; /* NULL: from the start */
	bool until_good;
	struct noon_server_options server;
	noon_dur length;
	noon_dur interval;
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
	struct noon_timer judge;
	struct noon_timer save;
	struct noon_baseline_data data;
	struct noon_guard_plan *plan;
	char forecast[NOON_BASELINE_WHY_MAX]; /* what is missing; empty: not known yet */
	char unsigned_path[OUTPUT_MAX];
	size_t had;	 /* values of the campaign that is appended to */
	int64_t had_s;	 /* and how long it took */
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

	/* Within the error of the stamps a round-trip time on one machine may be negative. */
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

	(void)fprintf(stderr, "\r%5.1f %%  %zu exchanges, %llu lost%s%.60s ", part * 100.0,
		      c->data.head.count, (unsigned long long)c->data.head.lost,
		      c->forecast[0] != '\0' ? ", " : "", c->forecast);
	(void)fflush(stderr);
	noon_loop_arm(c->asker.loop, &c->progress, NOON_S(1));
}

/* How long the campaign has taken up to now. What lies between the parts of one that was appended
 * to does not count: the interval between exchanges follows from it. */
static void set_times(struct campaign *c)
{
	struct noon_baseline *h = &c->data.head;
	const int64_t took =
		(noon_time_diff(noon_mono_now(), c->began) + NOON_S(1) / 2) / NOON_S(1);

	h->ended_s = (int64_t)time(NULL);
	h->started_s = h->ended_s - took - c->had_s;
}

static noon_err judge(struct campaign *c, char why[NOON_BASELINE_WHY_MAX])
{
	const struct noon_guard_conf conf = noon_guard_demand_conf(&c->args.demand);

	set_times(c);
	if (noon_baseline_assess(&c->data)) {
		(void)snprintf(why, NOON_BASELINE_WHY_MAX, "%zu exchanges, at least %d are needed",
			       c->data.head.count, NOON_CAMPAIGN_MIN);
		return NOON_ERR_EMPTY;
	}
	return noon_baseline_plan(&c->data, &conf, c->args.target, c->plan, why);
}

/* With --until-good: end as soon as it is, else say what is missing. */
static void on_judge(void *arg)
{
	struct campaign *c = arg;
	const noon_dur spent = noon_time_diff(noon_mono_now(), c->began);
	char why[NOON_BASELINE_WHY_MAX];
	const noon_err err = c->data.head.count > 0 ? judge(c, why) : NOON_ERR_EMPTY;

	if (!err && c->plan->feasible) {
		stop(c);
		return;
	}
	c->forecast[0] = '\0';
	if (err == NOON_ERR_EMPTY) {
		const size_t need = noon_guard_plan_needed(c->plan, &c->data.campaign);
		const double left = (double)need - (double)c->data.head.count;

		if (c->plan->batch > 0 && left > 0.0)
			(void)snprintf(c->forecast, sizeof(c->forecast), "about %.0f more, %.1f h",
				       left, left * noon_dur_to_s(c->args.interval) / 3600.0);
	} else if (err == NOON_ERR_STATE) {
		(void)snprintf(c->forecast, sizeof(c->forecast), "moved by %.3g us so far",
			       c->data.campaign.moved_ns * 1e-3);
	}
	noon_loop_arm(c->asker.loop, &c->judge,
		      spent / 20 > JUDGE_EVERY ? spent / 20 : JUDGE_EVERY);
}

static int write_unsigned(struct campaign *c, const char *reason)
{
	char why[NOON_BASELINE_WHY_MAX];

	set_times(c);
	if (c->data.head.count == 0)
		return NOON_EXIT_FAILED;
	if (noon_baseline_write(c->unsigned_path, &c->data.head, c->data.rtt_ns, NULL, reason, why))
		return noon_tool_fail(c->self, "%s", why);
	return NOON_EXIT_NOT_OK;
}

static void on_save(void *arg)
{
	struct campaign *c = arg;

	(void)write_unsigned(c, "the campaign was cut off");
	noon_loop_arm(c->asker.loop, &c->save, SAVE_EVERY);
}

static void on_signal(void *arg, int signo)
{
	(void)signo;
	stop(arg);
}

/* Return whether a text is allowed on a line of a baseline. */
static bool is_name(const char *text)
{
	size_t n = 0;

	for (; text[n] != '\0'; n++)
		if ((unsigned char)text[n] < 0x20 || text[n] == 0x7f)
			return false;
	return n > 0 && n < NOON_BASELINE_NAME_MAX;
}

/* Check that the baseline can be written: before the campaign, not after it. */
static int check_output(const struct noon_verb *self, const char *path)
{
	const char *slash = strrchr(path, '/');
	const int n = slash == NULL ? 1 : slash == path ? 1 : (int)(slash - path);
	char dir[OUTPUT_MAX];
	struct stat st;

	if (strlen(path) + sizeof(UNSIGNED) > OUTPUT_MAX)
		return noon_tool_fail(self, "%s: %s", path, strerror(ENAMETOOLONG));
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

/* Required options and their consistency. */
static int check(const struct noon_verb *self, struct arguments *a, const char *target)
{
	if (noon_url_parse(target, &a->url) || !is_authenticated(a))
		return noon_tool_usage(self,
				       "\"%s\": expected nts://HOST[:PORT], or ptp://HOST with "
				       "--sa-file (a campaign that can be forged is no baseline)",
				       target);
	a->target = target;
	a->by_ptp = strcmp(a->url.scheme, "ptp") == 0;
	if (a->output[0] == '\0')
		return noon_tool_usage(self, "--output: expected a file");
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

static noon_err set_up(struct campaign *c, const char **ret_why)
{
	const struct arguments *a = &c->args;
	const struct noon_asker_conf conf = {
		.host = a->url.host,
		.port = a->url.port,
		.family = a->server.family,
		.nts = !a->by_ptp,
		.ptp = a->by_ptp ? &a->ptp : NULL,
		.ca = a->server.ca,
		.name = a->server.name,
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
	c->judge = (struct noon_timer){.fire = on_judge, .arg = c};
	c->save = (struct noon_timer){.fire = on_save, .arg = c};
	return noon_asker_init(&c->asker, &conf, ret_why);
}

/* Take over an earlier campaign; returns an exit status, or -1 to continue. */
static int append(struct campaign *c)
{
	const struct arguments *a = &c->args;
	const char *file = a->append;
	struct noon_baseline_data *old;
	char why[NOON_BASELINE_WHY_MAX];
	int status = -1;

	if (file == NULL)
		return -1;
	if (noon_baseline_read(file, NULL, &old, why))
		return noon_tool_fail(c->self, "%s", why);
	if (strcmp(old->head.source, a->target) != 0 || strcmp(old->head.path_id, a->path_id) != 0)
		status = noon_tool_fail(c->self,
					"%s: recorded from \"%s\" on path \"%s\", this campaign is "
					"of \"%s\" on \"%s\"",
					file, old->head.source, old->head.path_id, a->target,
					a->path_id);
	else if (old->head.count >= NOON_BASELINE_COUNT_MAX)
		status = noon_tool_fail(c->self, "%s: it has %d values, more do not fit", file,
					NOON_BASELINE_COUNT_MAX);
	if (status < 0) {
		memcpy(c->data.rtt_ns, old->rtt_ns, old->head.count * sizeof(*old->rtt_ns));
		c->had = c->data.head.count = old->head.count;
		c->data.head.lost = old->head.lost;
		c->had_s = old->head.ended_s - old->head.started_s;
		c->data.head.granularity_ns = old->head.granularity_ns;
	}
	if (status < 0 && old->head.is_signed) {
		noon_baseline_free(old);
		if (noon_baseline_read(file, a->key, &old, why))
			return noon_tool_fail(c->self, "%s", why);
	}
	noon_baseline_free(old);
	return status;
}

/* Run the campaign; returns an exit status, or -1 to continue. */
static int measure(struct campaign *c)
{
	static const int signals[] = {SIGINT, SIGTERM, 0};
	struct noon_baseline *h = &c->data.head;
	const bool show = isatty(STDERR_FILENO) == 1;
	noon_err err;

	(void)snprintf(h->path_id, sizeof(h->path_id), "%s", c->args.path_id);
	(void)snprintf(h->source, sizeof(h->source), "%s", c->args.target);
	h->granularity_ns = h->granularity_ns > 0 ? h->granularity_ns : 1;
	c->began = noon_mono_now();
	if (noon_loop_signals(c->asker.loop, signals, NULL, on_signal, c))
		return noon_tool_fail(c->self, "signals: %s", strerror(errno));
	noon_loop_arm(c->asker.loop, &c->save, SAVE_EVERY);
	if (c->args.until_good)
		noon_loop_arm(c->asker.loop, &c->judge, JUDGE_EVERY);
	noon_loop_arm(c->asker.loop, &c->end, c->args.length);
	if (show)
		noon_loop_arm(c->asker.loop, &c->progress, NOON_S(1));
	noon_asker_start(&c->asker);
	err = c->failed ? NOON_OK : noon_loop_run(c->asker.loop);
	set_times(c);
	noon_loop_disarm(&c->end);
	noon_loop_disarm(&c->progress);
	noon_loop_disarm(&c->judge);
	noon_loop_disarm(&c->save);
	if (show)
		(void)fputc('\n', stderr);
	if (err)
		return noon_tool_fail(c->self, "event loop: %s", strerror(errno));
	return c->failed ? NOON_EXIT_FAILED : -1;
}

/* Judge, and write it signed if it is good, unsigned else. */
static int finish(struct campaign *c)
{
	struct noon_baseline_data *d = &c->data;
	char why[NOON_BASELINE_WHY_MAX] = "";
	noon_err err = judge(c, why);

	if (d->head.count >= (size_t)NOON_CAMPAIGN_PARTS * NOON_CAMPAIGN_PARTS)
		noon_guard_print(d, err ? NULL : c->plan, why, c->args.json);
	if (err) {
		const int status = write_unsigned(c, why);

		(void)fprintf(stderr, "noonmark guard: refused: %s\n", why);
		if (status == NOON_EXIT_NOT_OK)
			(void)fprintf(
				stderr,
				"noonmark guard: what was measured is in %s; --append %s goes "
				"on with it\n",
				c->unsigned_path, c->unsigned_path);
		return status;
	}
	if (noon_baseline_write(c->args.output, &d->head, d->rtt_ns, c->args.key, NULL, why))
		return noon_tool_fail(c->self, "%s", why);
	(void)unlink(c->unsigned_path);
	return c->plan->feasible ? NOON_EXIT_OK : NOON_EXIT_NOT_OK;
}

/* Everything but the options. */
static int campaign(struct campaign *c)
{
	const char *why = "out of memory";
	int status;

	c->plan = calloc(1, sizeof(*c->plan));
	if (c->plan == NULL || set_up(c, &why))
		return noon_tool_fail(c->self, "%s", why);
	status = append(c);
	status = status >= 0 ? status : measure(c);
	return status >= 0 ? status : finish(c);
}

static int calibrate(const struct noon_verb *self, void *options, const struct noon_arguments *line)
{
	struct arguments *a = options;
	int status = check(self, a, line->argument[0]);
	struct campaign *c;
	char why_key[NOON_BASELINE_WHY_MAX];

	if (status >= 0)
		return status;
	/* Only round-trip times count, whatever the clocks show. */
	a->ptp.arbitrary_is_utc = true;
	if (a->ptp.accuracy == NOON_DUR_MAX)
		a->ptp.accuracy = 0;
	if (a->ptp.accuracy_per_step == NOON_DUR_MAX)
		a->ptp.accuracy_per_step = 0;
	/* Before the campaign, not after it. */
	if (noon_baseline_check_key(a->key, why_key))
		return noon_tool_fail(self, "%s", why_key);
	status = check_output(self, a->output);
	if (status >= 0)
		return status;
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return noon_tool_fail(self, "out of memory");
	c->self = self;
	c->args = *a;
	(void)snprintf(c->unsigned_path, sizeof(c->unsigned_path), "%s" UNSIGNED, a->output);
	status = campaign(c);
	noon_asker_fini(&c->asker);
	free(c->data.rtt_ns);
	free(c->plan);
	free(c);
	return status;
}

#define OPTION(member) NOON_OPTION_AT(struct arguments, member)
#define OF(member)     offsetof(struct arguments, member)
#define NEEDED	       .flags = NOON_OPTION_REQUIRED

static const struct noon_option rows[] = {
	{"for", NOON_OPTION_TIME, OPTION(length), NOON_OPTION_LEAST(1), NEEDED,
	 .help = "how long, such as \"30min\""},
	{"key", NOON_OPTION_BORROWED, OPTION(key), NEEDED, .value = "file",
	 .help = "your private Ed25519 key, PEM (openssl genpkey -algorithm ed25519)"},
	{"output", NOON_OPTION_BORROWED, OPTION(output), NEEDED, .value = "file", .letter = 'o',
	 .help = "the baseline; replaced when the campaign was good"},
	{"path-id", NOON_OPTION_BORROWED, OPTION(path_id), .value = "name", .says = "the host",
	 .help = "name of the path"},
	{"interval", NOON_OPTION_TIME, OPTION(interval), NOON_OPTION_LEAST(INTERVAL_MIN),
	 .def = "1s", .letter = 'i', .help = "between exchanges"},
	{"append", NOON_OPTION_BORROWED, OPTION(append), .value = "file", .says = "from the start",
	 .help = "go on with the campaign in this file, signed with --key or not signed"},
	{"until-good", NOON_OPTION_BOOL, OPTION(until_good),
	 .help = "end as soon as the campaign is good for the shift; --for is the most"},
	{"json", NOON_OPTION_BOOL, OPTION(json), .help = "print one JSON object"},
	NOON_OPTION_END,
};

static void init(void *options)
{
	struct arguments *a = options;

	noon_guard_demand_init(&a->demand);
	a->ptp = noon_ptp_options_default();
}

const struct noon_verb noon_guard_calibrate = {
	.name = "guard calibrate",
	.summary = "record and sign the baseline of a path",
	.arguments = "URL",
	.min = 1,
	.max = 1,
	.about = "Record how long round trips to nts://HOST[:PORT], or to ptp://HOST with "
		 "--sa-file,\n"
		 "take while nobody attacks, and sign the record.\n",
	.notes =
		"A campaign that is too short, or moves by more than a tenth of the shift, is "
		"refused "
		"with\n"
		"the number that is missing: what was measured is then written to OUTPUT.unsigned, "
		"as\n"
		"every five minutes and after Ctrl-C, and --append goes on with it. Exit status 0 "
		"if\n"
		"the baseline is good for the shift.\n",
	.size = sizeof(struct arguments),
	.init = init,
	.part = {{rows, 0, NULL},
		 {noon_guard_rows, OF(demand), NULL},
		 {noon_server_rows, OF(server), NULL},
		 {noon_ptp_rows, OF(ptp), NOON_PTP_HEADING}},
	.act = calibrate,
};
