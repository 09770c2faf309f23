/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark calibrate capture: campaigns of the servers that are overheard, one of each. Nothing is
 * sent to them.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <libgen.h>
#include <math.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/calibrate/calibrate.h"
#include "tools/calibrate/writer.h"
#include "tools/campaign/campaign_head.h"
#include "tools/campaign/result.h"
#include "tools/measure/capture_report.h"
#include "tools/service/capture_options.h"

#define SERVERS 16
#define PATH_OF 512

struct arguments {
	struct noon_capture_options capture;
	struct noon_campaign_options campaign;
	const char *user;
	bool json;
};

/* A server that was overheard, and its campaign. */
struct server {
	enum noon_tap_kind kind;
	uint8_t version;
	struct noon_frame_end end;
	struct noon_writer writer;
	int64_t id;
};

struct overhearing {
	const struct noon_verb *self;
	struct arguments *args;
	struct noon_capture_read read;
	struct noon_reference *reference; /* NULL: files */
	struct server server[SERVERS];
	size_t n;
	uint64_t left_out; /* exchanges of further servers */
	bool failed;
};

static void fail(struct overhearing *o, const char *what, const char *why)
{
	if (!o->failed)
		(void)noon_tool_fail(o->self, "%s: %s", what, why);
	o->failed = true;
	noon_capture_read_stop(&o->read);
}

/* ---- campaigns ---- */

static const char *kind_word(enum noon_tap_kind kind)
{
	return kind == NOON_TAP_NTP ? "ntp" : "tsp";
}

static json_t *head_of(const struct overhearing *o, const struct server *s)
{
	const struct arguments *a = o->args;
	const char *level = noon_capture_level_word(noon_passive_level(o->read.passive));
	char address[INET6_ADDRSTRLEN] = "";
	char url[INET6_ADDRSTRLEN + 32];
	json_t *head = noon_campaign_head(&a->campaign);

	(void)inet_ntop(s->version == 4 ? AF_INET : AF_INET6, s->end.addr, address,
			sizeof(address));
	(void)snprintf(url, sizeof(url), s->version == 4 ? "%s%s:%u" : "%s[%s]:%u",
		       s->kind == NOON_TAP_NTP ? "ntp://" : "tsp+http://", address,
		       (unsigned)s->end.port);
	(void)json_object_set_new(head, "service", json_string(url));
	(void)json_object_set_new(
		head, "device",
		json_string(a->campaign.device != NULL ? a->campaign.device : address));
	(void)json_object_set_new(head, "kind", json_string(kind_word(s->kind)));
	(void)json_object_set_new(head, "method", json_string("passive"));
	(void)json_object_set_new(head, "two_way", json_boolean(s->kind == NOON_TAP_NTP));
	(void)json_object_set_new(head, "ip_version", json_integer(s->version));
	(void)json_object_set_new(head, "stamped_by", json_string(level));
	return head;
}

/* Begin the campaign of a server. */
static bool begin(struct overhearing *o, struct server *s, noon_time at)
{
	const char *path = o->args->campaign.database;
	struct noon_campaigns_why why;
	json_t *head;
	char *text;
	bool ok;

	if (noon_campaigns_open(path, &s->writer.db, &why)) {
		fail(o, "cannot begin a campaign", why.text);
		return false;
	}
	head = head_of(o, s);
	text = json_dumps(head, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(15));
	ok = text != NULL && noon_campaigns_begin(s->writer.db, text, at, &s->id) == NOON_OK;
	if (!ok)
		fail(o, path, noon_campaigns_error(s->writer.db));
	free(text);
	json_decref(head);
	s->writer.reference = o->reference;
	s->writer.reading = (struct noon_reference_reading){
		.at = at,
		.bound = o->args->campaign.reference.bound,
		.u_s = o->args->campaign.reference.u_s,
		.state = NOON_REFERENCE_LOCKED,
		.pulse = NOON_TIME_FIRST,
		.counter_s = (double)NAN,
	};
	return ok;
}

static bool is_of(const struct server *s, const struct noon_tap_exchange *e)
{
	return s->kind == e->kind && s->version == e->version && s->end.port == e->server.port &&
	       memcmp(s->end.addr, e->server.addr, sizeof(s->end.addr)) == 0;
}

/* The server of an exchange, new or known. @return NULL: there is no room for one more */
static struct server *find(struct overhearing *o, const struct noon_tap_exchange *e)
{
	struct server *s;

	for (size_t i = 0; i < o->n; i++)
		if (is_of(&o->server[i], e))
			return &o->server[i];
	if (o->n == SERVERS) {
		o->left_out++;
		return NULL;
	}
	s = &o->server[o->n];
	*s = (struct server){.kind = e->kind, .version = e->version, .end = e->server};
	o->n++;
	return begin(o, s, e->tq) ? s : NULL;
}

/* ---- samples ---- */

static enum noon_stamp level_of(const struct overhearing *o)
{
	switch (noon_passive_level(o->read.passive)) {
	case NOON_CAPTURE_KERNEL:
		return NOON_STAMP_KERNEL;
	case NOON_CAPTURE_ADAPTER:
	case NOON_CAPTURE_ADAPTER_CLOCK:
		return NOON_STAMP_HARDWARE;
	case NOON_CAPTURE_UNKNOWN:
		break;
	}
	return NOON_STAMP_USER;
}

/* A query reaches the server after it passed the tap, unless its copy was stamped late; the answer
 * leaves before, unless its stamp was cut off. */
static struct noon_campaign_sample sample_of(const struct overhearing *o,
					     const struct noon_tap_exchange *e)
{
	const enum noon_stamp level = level_of(o);
	struct noon_campaign_sample s = {
		.tq = e->tq,
		.tr = e->tr,
		.stamp_err = e->tap_unit > e->tap_delay ? e->tap_unit : e->tap_delay,
		.claimed = NOON_DUR_MAX,
		.tx_stamp = level,
		.rx_stamp = level,
		.stratum = e->stratum,
		.leap = e->leap,
	};

	if (e->kind == NOON_TAP_NTP) {
		s.first = e->last;
		s.last = noon_time_add(e->first, e->resolution);
		s.claimed = noon_sat_add(e->root_delay / 2, e->root_disp);
		return s;
	}
	noon_writer_span(e->last, e->resolution, o->args->campaign.rounding, &s);
	if (e->has_accuracy)
		s.claimed = e->accuracy;
	return s;
}

static void commit(struct overhearing *o, struct server *s)
{
	if (s->writer.db != NULL && noon_writer_commit(&s->writer))
		fail(o, o->args->campaign.database, noon_campaigns_error(s->writer.db));
}

static void on_exchange(void *arg, const struct noon_tap_exchange *e)
{
	struct overhearing *o = arg;
	struct server *s = o->failed ? NULL : find(o, e);
	struct noon_campaign_sample k;

	if (s == NULL)
		return;
	if (e->miss != NOON_TAP_MISS_NONE) {
		noon_writer_miss(&s->writer, e->tr, noon_tap_miss_text(e->miss));
		return;
	}
	k = sample_of(o, e);
	if (noon_writer_sample(&s->writer, &k) == NOON_OK)
		return;
	commit(o, s);
	if (!o->failed && noon_writer_sample(&s->writer, &k))
		fail(o, o->args->campaign.database, "no room for more samples in memory");
}

static void on_second(void *arg)
{
	struct overhearing *o = arg;

	for (size_t i = 0; i < o->n && !o->failed; i++)
		commit(o, &o->server[i]);
}

/* ---- results ---- */

static json_t *summary(const struct overhearing *o)
{
	const struct noon_tap_counts *c = noon_passive_counts(o->read.passive);
	json_t *j = json_object();

	for (unsigned i = 0; i < NOON_TAP_COUNTS; i++)
		(void)json_object_set_new(j, noon_tap_count_word((enum noon_tap_count)i),
					  json_integer((json_int_t)c->n[i]));
	(void)json_object_set_new(j, "left_out", json_integer((json_int_t)o->left_out));
	return j;
}

/* Complete a campaign, and print its result. @return whether one can be stated */
static bool finish(struct overhearing *o, struct server *s, json_t *list)
{
	struct noon_campaigns *db = s->writer.db;
	struct noon_result r = {.claimed = NOON_DUR_MAX};
	struct noon_result_why why;
	bool stated = false;

	if (noon_campaigns_end(db))
		fail(o, o->args->campaign.database, noon_campaigns_error(db));
	else if (noon_result_load(db, s->id, 0, &r, &why))
		fail(o, "result", why.text);
	else if (o->args->json)
		(void)json_array_append_new(list, noon_result_json(&r));
	else
		noon_result_print(&r);
	stated = r.stated;
	noon_result_fini(&r);
	return stated;
}

static int report(struct overhearing *o)
{
	const struct noon_passive *p = o->read.passive;
	json_t *list = json_array();
	json_t *j;
	bool stated = false;

	for (size_t i = 0; i < o->n && !o->failed; i++)
		stated = finish(o, &o->server[i], list) || stated;
	j = json_pack("{s:o, s:o}", "campaigns", list, "capture", summary(o));
	if (o->args->json)
		noon_json_print(j);
	else
		noon_capture_report_end(noon_passive_counts(p), noon_passive_dropped(p),
					noon_passive_level(p));
	json_decref(j);
	if (o->left_out > 0)
		(void)fprintf(stderr,
			      "noonmark %s: %" PRIu64 " exchanges of further servers are left out: "
			      "--server chooses one\n",
			      o->self->name, o->left_out);
	if (o->failed || o->read.failed)
		return NOON_EXIT_FAILED;
	return stated ? NOON_EXIT_OK : NOON_EXIT_NOT_OK;
}

/* ---- setting up ---- */

/* The user that may write the file of campaigns: the owner of its folder. */
static const char *owner_of(const char *database)
{
	char path[PATH_OF];
	struct stat st;
	const struct passwd *pw;

	if ((size_t)snprintf(path, sizeof(path), "%s", database) >= sizeof(path) ||
	    stat(dirname(path), &st) != 0)
		return "root";
	pw = getpwuid(st.st_uid);
	return pw == NULL ? "root" : pw->pw_name;
}

/* A file says nothing of its reference but what the user declares of it. */
static int set_up(struct overhearing *o, const struct noon_arguments *line)
{
	const struct noon_reference_conf *conf = &o->args->campaign.reference;
	struct noon_reference_why why;
	const bool live = o->args->capture.interface != NULL;
	int status;

	if (!live && strcmp(conf->spec, "system") != 0)
		return noon_tool_usage(o->self,
				       "--reference %.100s: captured files have no other reference "
				       "than --reference-bound says of their clock",
				       conf->spec);
	if (live && o->args->capture.stamps == NOON_CAPTURE_ADAPTER_CLOCK)
		return noon_tool_usage(o->self, "--stamps adapter-clock: that clock is not T(C)");
	o->read.user = o->args->user != NULL ? o->args->user : owner_of(o->args->campaign.database);
	status = noon_capture_read_init(&o->read, line);
	if (status != NOON_EXIT_OK)
		return status;
	if (noon_reference_open(conf, o->read.loop, &o->reference, &why))
		return noon_tool_fail(o->self, "%s", why.text);
	if (!live) {
		noon_reference_close(o->reference);
		o->reference = NULL;
	}
	return NOON_EXIT_OK;
}

static int overhear(const struct noon_verb *self, void *options, const struct noon_arguments *line)
{
	struct overhearing *o = calloc(1, sizeof(*o));
	int status;

	if (o == NULL)
		return noon_tool_fail(self, "out of memory");
	o->self = self;
	o->args = options;
	o->read = (struct noon_capture_read){.self = self,
					     .options = &o->args->capture,
					     .on_exchange = on_exchange,
					     .on_second = on_second,
					     .arg = o};
	status = set_up(o, line);
	if (status == NOON_EXIT_OK) {
		noon_capture_read(&o->read, line);
		status = report(o);
	}
	for (size_t i = 0; i < o->n; i++)
		noon_campaigns_close(o->server[i].writer.db);
	noon_reference_close(o->reference);
	noon_capture_read_fini(&o->read);
	free(o);
	return status;
}

static void init(void *options)
{
	struct arguments *a = options;

	a->campaign.reference.bound = NOON_DUR_MAX;
}

#define OPTION(member) NOON_OPTION_AT(struct arguments, member)

static const struct noon_option rows[] = {
	{"user", NOON_OPTION_BORROWED, OPTION(user), .says = "the owner of the database's folder",
	 .value = "name", .help = "that root becomes before it reads frames of an interface"},
	{"json", NOON_OPTION_BOOL, OPTION(json), .help = "print the results as one JSON object"},
	NOON_OPTION_END,
};

const struct noon_verb noon_verb_calibrate_capture = {
	.name = "calibrate capture",
	.summary = "measure servers from captured traffic, keep every sample",
	.arguments = "FILE...|--interface IF",
	.min = 0,
	.max = NOON_ARGUMENTS_ANY,
	.about = "Measure NTP servers and time-stamp authorities from captured traffic: a campaign "
		 "of each\n"
		 "server, with the clock of the capture as T(C). Nothing is sent. TLS cannot be "
		 "read.\n",
	.notes =
		"Of files (pcap or pcapng; - is standard input) --reference-bound says how far the "
		"clock that\n"
		"stamped them may be from UTC. Exit status 1 if no result can be stated.\n",
	.size = sizeof(struct arguments),
	.init = init,
	.part = {{rows, 0, NULL},
		 {noon_capture_rows, offsetof(struct arguments, capture), "About the capture:"},
		 {noon_campaign_rows, offsetof(struct arguments, campaign), NOON_CAMPAIGN_HEADING}},
	.act = overhear,
};
