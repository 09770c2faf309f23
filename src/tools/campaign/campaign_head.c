/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/campaign/campaign_head.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "platform/text.h"
#include "proto/one_way/one_way_client.h"

#define AT(member)   NOON_OPTION_AT(struct noon_campaign_options, member)
#define TEXT(member) NOON_OPTION_BORROWED, AT(member), .value = "text"
#define FORMAT	     "noonmark-campaign-1"
#define SEED	     20261201 /* of the Monte Carlo: a result is the same each time */

/* --- options --- */

static const struct noon_word scales[] = {{"utc", NOON_SCALE_UTC},
					  {"tai", NOON_SCALE_TAI},
					  {"smeared", NOON_SCALE_SMEARED},
					  {NULL, 0}};

static const struct noon_word roundings[] = {{"truncate", NOON_ONE_WAY_TRUNCATE},
					     {"nearest", NOON_ONE_WAY_NEAREST},
					     {"unknown", NOON_ONE_WAY_UNKNOWN},
					     {NULL, 0}};

static const struct noon_word ends[] = {{"none", 0},
					{"here", NOON_PATH_HERE},
					{"service", NOON_PATH_SERVICE},
					{"both", NOON_PATH_HERE | NOON_PATH_SERVICE},
					{NULL, 0}};

static bool refuse(char why[NOON_OPTION_WHY], const char *text)
{
	(void)snprintf(why, NOON_OPTION_WHY, "%s", text);
	return false;
}

/* One part of "A,B,C", or NULL at the end. */
static const char *next_part(const char **io, char *out, size_t n)
{
	const size_t len = strcspn(*io, ",");

	if (**io == '\0' || len >= n)
		return NULL;
	memcpy(out, *io, len);
	out[len] = '\0';
	*io += len + ((*io)[len] == ',');
	return out;
}

/* A number with one of the units, times its factor. */
static bool number_with(const char *text, const char *const *units, const double *factors,
			double *ret)
{
	char *end;
	const double v = strtod(text, &end);

	if (end == text || !isfinite(v) || v < 0)
		return false;
	for (size_t i = 0; units[i] != NULL; i++) {
		if (strcmp(end, units[i]) != 0)
			continue;
		*ret = v * factors[i];
		return true;
	}
	return false;
}

/* LENGTH[,VF[,RATE[,RATE_DOWN[,NODE]]]]: 12km,0.67,1Gbit/s,100Mbit/s,5us */
static bool read_link(const struct noon_option *o, const char *text, void *at,
		      char why[NOON_OPTION_WHY])
{
	static const char *const lengths[] = {"m", "km", NULL};
	static const double metres[] = {1, 1e3};
	static const char *const rates[] = {"bit/s", "kbit/s", "Mbit/s", "Gbit/s", NULL};
	static const double bits[] = {1, 1e3, 1e6, 1e9};
	struct noon_path_model *p = at;
	struct noon_path_link *l = &p->link[p->n];
	char part[5][32];
	size_t n = 0;
	noon_dur node = 0;

	(void)o;
	if (p->n == NOON_PATH_LINKS_MAX)
		return refuse(why, "more than 16 links");
	while (n < 5 && next_part(&text, part[n], sizeof(part[n])) != NULL)
		n++;
	*l = (struct noon_path_link){.velocity_factor = 0.67,
				     .rate_up = (double)INFINITY,
				     .rate_down = (double)INFINITY};
	if (n == 0 || *text != '\0' || !number_with(part[0], lengths, metres, &l->length_m))
		return false;
	if (n > 1)
		l->velocity_factor = strtod(part[1], NULL);
	if (!(l->velocity_factor > 0 && l->velocity_factor <= 1))
		return refuse(why, "expected a velocity factor above 0 and up to 1");
	if (n > 2 && !number_with(part[2], rates, bits, &l->rate_up))
		return refuse(why, "expected a rate such as 100Mbit/s");
	l->rate_down = l->rate_up;
	if (n > 3 && !number_with(part[3], rates, bits, &l->rate_down))
		return refuse(why, "expected a rate down such as 1Gbit/s");
	if (n > 4 && (noon_text_dur(part[4], &node) || node < 0))
		return refuse(why, "expected a forwarding delay such as 5us");
	l->node_s = noon_dur_to_s(node);
	p->n++;
	return true;
}

/* NAME,WIDTH[,DISTRIBUTION[,NU]] into the last of the others. */
static bool read_component(const struct noon_option *o, const char *text, void *at,
			   char why[NOON_OPTION_WHY])
{
	struct noon_campaign_options *c = at;
	struct noon_component *k = &c->other[c->n_others];
	char *name = c->other_name[c->n_others];
	char part[3][32];
	noon_dur width;
	size_t n = 0;

	(void)o;
	if (c->n_others == NOON_CALIBRATION_OTHERS)
		return refuse(why, "more than 12 components");
	if (next_part(&text, name, sizeof(c->other_name[0])) == NULL)
		return false;
	while (n < 3 && next_part(&text, part[n], sizeof(part[n])) != NULL)
		n++;
	if (n == 0 || *text != '\0' || noon_text_dur(part[0], &width) || width < 0)
		return false;
	*k = (struct noon_component){
		name, "declared",      'B', NOON_DISTRIBUTION_NORMAL, noon_dur_to_s(width),
		1,    (double)INFINITY};
	while (n > 1 && k->distribution < NOON_DISTRIBUTIONS &&
	       strcmp(noon_distribution_word(k->distribution), part[1]) != 0)
		k->distribution++;
	if (k->distribution == NOON_DISTRIBUTIONS)
		return refuse(why, "expected normal, rectangular, triangular or U-shaped");
	if (n > 2)
		k->nu = strtod(part[2], NULL);
	if (!(k->nu > 0))
		return refuse(why, "expected degrees of freedom above 0");
	c->n_others++;
	return true;
}

/* A duration as double, s. */
static bool read_seconds(const struct noon_option *o, const char *text, void *at,
			 char why[NOON_OPTION_WHY])
{
	noon_dur d;

	(void)o;
	(void)why;
	if (noon_text_dur(text, &d))
		return false;
	*(double *)at = noon_dur_to_s(d);
	return true;
}

const struct noon_option noon_campaign_rows[] = {
	NOON_DATABASE_ROW(AT(database)),
	{"device", TEXT(device), .says = "the host", .help = "device under test, for people"},
	{"access-point", TEXT(access_point), .says = "this host",
	 .help = "where it is measured from"},
	{"laboratory", TEXT(laboratory), .says = "not stated", .help = "who measures"},
	{"customer", TEXT(customer), .says = "not stated", .help = "for whom"},
	{"environment", TEXT(environment), .says = "not stated",
	 .help = "conditions: network, temperature"},
	{"scale", NOON_OPTION_WORD, AT(scale), .words = scales, .def = "utc",
	 .help = "scale the service is to be on"},
	{"genTime", NOON_OPTION_WORD, AT(rounding), .words = roundings, .def = "truncate",
	 .help = "how an authority comes from its clock to the time it stamps"},
	{"reference", NOON_OPTION_BORROWED, AT(reference.spec), .def = "system", .value = "what",
	 .letter = 'r', .help = "what T(C), the system clock, is held against: see below"},
	{"reference-bound", NOON_OPTION_TIME, AT(reference.bound), NOON_OPTION_LEAST(0),
	 .says = "none", .letter = 'b',
	 .help = "the reference is within it of UTC, as you declare, cables and instrument "
		 "included"},
	{"reference-u", NOON_OPTION_OWN, AT(reference.u_s), .read = read_seconds, .value = "time",
	 .noun = "a time such as 50ns", .says = "none: the bound says all",
	 .help = "standard uncertainty of the reference"},
	{"holdover", NOON_OPTION_TIME, AT(reference.holdover), NOON_OPTION_LEAST(0), .def = "10s",
	 .help = "a silent instrument is a reference for so long"},
	{"holdover-rate", NOON_OPTION_FREQ, AT(reference.holdover_rate), NOON_OPTION_RANGE(0, 0.01),
	 .def = "100ppm", .help = "T(C) drifts by no more meanwhile"},
	{"traceability", TEXT(reference.traceability), .says = "not stated",
	 .help = "chain from the reference to UTC: certificates, bulletins"},
	{"link", NOON_OPTION_OWN, AT(path), .read = read_link, .most = NOON_PATH_LINKS_MAX,
	 .value = "link", .says = "nothing known",
	 .noun = "LENGTH[,VELOCITY-FACTOR[,RATE[,RATE-DOWN[,NODE]]]] such as 12km,0.67,1Gbit/s",
	 .help = "a link of the path, and the least delay of the node behind it"},
	{"request-size", NOON_OPTION_REAL, AT(request_bytes), NOON_OPTION_RANGE(0, 1e6),
	 .unit = "byte", .says = "114; 0 of TCP", .help = "frame of a request on those links"},
	{"reply-size", NOON_OPTION_REAL, AT(reply_bytes), NOON_OPTION_RANGE(0, 1e6), .unit = "byte",
	 .says = "as the request", .help = "frame of an answer"},
	{"sent-last-bit", NOON_OPTION_WORD, AT(path.sent_last), .words = ends, .value = "where",
	 .def = "none", .help = "who stamps the last bit of what is sent, and not the first"},
	{"received-first-bit", NOON_OPTION_WORD, AT(path.received_first), .words = ends,
	 .value = "where", .def = "none",
	 .help = "who stamps the first bit of what is received, as hardware does, and not the "
		 "last"},
	{"max-rate", NOON_OPTION_FREQ, AT(max_rate), NOON_OPTION_RANGE(0, 0.01), .def = "100ppm",
	 .help = "the service's clock runs within it of the reference"},
	{"wander", NOON_OPTION_FREQ, AT(wander), NOON_OPTION_RANGE(0, 0.01), .def = "1ppm",
	 .help = "that rate changes by no more during the campaign"},
	{"correction", NOON_OPTION_OWN, AT(correction_s), .read = read_seconds, .value = "time",
	 .noun = "a time such as -12ns", .says = "0", .help = "taken off the result"},
	{"component", NOON_OPTION_OWN, NOON_OPTION_ALL(struct noon_campaign_options),
	 .read = read_component, .most = NOON_CALIBRATION_OTHERS, .value = "component",
	 .says = "none", .noun = "NAME,WIDTH[,DISTRIBUTION[,NU]] such as cables,1ns,rectangular",
	 .help = "one more row of the budget"},
	NOON_OPTION_END,
};

/* --- head --- */

static void set_text(json_t *o, const char *key, const char *text)
{
	if (text != NULL)
		(void)json_object_set_new(o, key, json_string(text));
}

static json_t *links_of(const struct noon_path_model *p)
{
	json_t *list = json_array();

	for (size_t i = 0; i < p->n; i++) {
		const struct noon_path_link *l = &p->link[i];
		json_t *o = json_pack("{s:f, s:f, s:f}", "length_m", l->length_m, "velocity_factor",
				      l->velocity_factor, "node_s", l->node_s);

		if (isfinite(l->rate_up))
			(void)json_object_set_new(o, "rate_up_bit_s", json_real(l->rate_up));
		if (isfinite(l->rate_down))
			(void)json_object_set_new(o, "rate_down_bit_s", json_real(l->rate_down));
		(void)json_array_append_new(list, o);
	}
	return list;
}

static json_t *path_of(const struct noon_campaign_options *o)
{
	struct noon_path_minima m;

	noon_path_minima(&o->path, &m);
	return json_pack("{s:o, s:s, s:s, s:f, s:f, s:I, s:I, s:I}", "links", links_of(&o->path),
			 "sent_last_bit", noon_word_name(ends, o->path.sent_last),
			 "received_first_bit", noon_word_name(ends, o->path.received_first),
			 "request_bytes", o->path.request_bytes, "reply_bytes", o->path.reply_bytes,
			 "up_ns", (json_int_t)m.up, "down_ns", (json_int_t)m.down, "asymmetry_ns",
			 (json_int_t)m.asymmetry);
}

static json_t *components_of(const struct noon_campaign_options *o)
{
	json_t *list = json_array();

	for (size_t i = 0; i < o->n_others; i++) {
		const struct noon_component *c = &o->other[i];
		json_t *k = json_pack("{s:s, s:s, s:f}", "name", c->name, "distribution",
				      noon_distribution_word(c->distribution), "width_s", c->width);

		if (isfinite(c->nu))
			(void)json_object_set_new(k, "nu", json_real(c->nu));
		(void)json_array_append_new(list, k);
	}
	return list;
}

static json_t *reference_of(const struct noon_reference_conf *c)
{
	json_t *o = json_pack("{s:s, s:f, s:I, s:f}", "spec", c->spec, "u_s", c->u_s, "holdover_ns",
			      (json_int_t)c->holdover, "holdover_rate", c->holdover_rate);

	if (c->bound != NOON_DUR_MAX)
		(void)json_object_set_new(o, "bound_ns", json_integer(c->bound));
	set_text(o, "traceability", c->traceability);
	return o;
}

json_t *noon_campaign_head(const struct noon_campaign_options *o)
{
	char host[256] = "unknown";
	json_t *h;

	(void)gethostname(host, sizeof(host) - 1);
	h = json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:f, s:f, s:f}", "format", FORMAT,
		      "software", "noonmark " NOON_VERSION, "host", host, "scale",
		      noon_word_name(scales, (long)o->scale), "reference",
		      reference_of(&o->reference), "path", path_of(o), "components",
		      components_of(o), "max_rate", o->max_rate, "wander", o->wander,
		      "correction_s", o->correction_s);
	set_text(h, "access_point", o->access_point != NULL ? o->access_point : host);
	set_text(h, "laboratory", o->laboratory);
	set_text(h, "customer", o->customer);
	set_text(h, "environment", o->environment);
	return h;
}

/* --- terms --- */

static double real(const json_t *o, const char *key)
{
	return json_number_value(json_object_get(o, key));
}

static noon_dur whole(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static bool take_component(const json_t *k, struct noon_component *ret)
{
	const char *shape = json_string_value(json_object_get(k, "distribution"));
	const json_t *nu = json_object_get(k, "nu");

	*ret = (struct noon_component){
		.name = json_string_value(json_object_get(k, "name")),
		.source = "declared",
		.type = 'B',
		.width = real(k, "width_s"),
		.sensitivity = 1,
		.nu = nu == NULL ? (double)INFINITY : json_number_value(nu),
	};
	while (shape != NULL && ret->distribution < NOON_DISTRIBUTIONS &&
	       strcmp(noon_distribution_word(ret->distribution), shape) != 0)
		ret->distribution++;
	return ret->name != NULL && shape != NULL && ret->distribution < NOON_DISTRIBUTIONS &&
	       ret->width >= 0 && ret->nu > 0;
}

static bool take_components(struct noon_campaign_terms *t)
{
	const json_t *list = json_object_get(t->head, "components");
	const size_t n = json_array_size(list);

	if (n > NOON_CALIBRATION_OTHERS)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!take_component(json_array_get(list, i), &t->other[i]))
			return false;
	t->conf.other = t->other;
	t->conf.n_others = n;
	return true;
}

noon_err noon_campaign_terms(const char *head, struct noon_campaign_terms *ret)
{
	struct noon_campaign_terms *t = ret;
	const char *format;
	const json_t *path;

	*t = (struct noon_campaign_terms){.head = json_loads(head, 0, NULL)};
	format = json_string_value(json_object_get(t->head, "format"));
	path = json_object_get(t->head, "path");
	if (format == NULL || strcmp(format, FORMAT) != 0 || !take_components(t))
		return NOON_ERR_FORMAT;
	t->conf.two_way = json_is_true(json_object_get(t->head, "two_way"));
	t->conf.max_rate = real(t->head, "max_rate");
	t->conf.wander = real(t->head, "wander");
	t->conf.correction_s = real(t->head, "correction_s");
	t->conf.path = (struct noon_path_minima){whole(path, "up_ns"), whole(path, "down_ns"),
						 whole(path, "asymmetry_ns")};
	t->conf.seed = SEED;
	return t->conf.max_rate >= 0 && t->conf.max_rate < 1 && t->conf.wander >= 0
		       ? NOON_OK
		       : NOON_ERR_FORMAT;
}

void noon_campaign_terms_fini(struct noon_campaign_terms *t)
{
	json_decref(t->head);
}
