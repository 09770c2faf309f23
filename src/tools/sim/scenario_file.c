/* SPDX-License-Identifier: Apache-2.0
 *
 * libConfuse reads every option as a string; its validation callbacks check each value while its
 * line is known, and afterwards the sections are taken over in the order that names need.
 */
#include "tools/sim/scenario_file.h"

#include <confuse.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "option/cfg_file.h"
#include "platform/text.h"
#include "tools/sim/scenario_field.h"

#define OPTIONS_MAX    48
#define LONG_RUN       NOON_S(2 * 86400) /* beyond it, clocks and comparisons go by 16 s */
#define LONG_RUN_STEP  NOON_S(16)
#define NTP_BYTES      48
#define PTP_BYTES      44 /* a Sync without TLVs: the shortest event message */
#define RECORDED_FIRST 1024
#define PATH_BYTES     512

/* The options of each section, built from the tables. */
struct schema {
	cfg_opt_t top[OPTIONS_MAX], server[OPTIONS_MAX], client[OPTIONS_MAX];
	cfg_opt_t path[OPTIONS_MAX], link[OPTIONS_MAX], attack[OPTIONS_MAX];
	cfg_opt_t seeker[OPTIONS_MAX], event[OPTIONS_MAX];
};

/* A reading under way. */
struct reading {
	const char *path;
	cfg_t *cfg;
	struct noon_scenario_file *f;
};

static cfg_opt_t *add_fields(cfg_opt_t *o, const struct noon_field *f)
{
	for (; f->name != NULL; f++)
		*o++ = (cfg_opt_t)CFG_STR(f->name, NULL, CFGF_NONE);
	return o;
}

static void end_options(cfg_opt_t *o)
{
	*o = (cfg_opt_t)CFG_END();
}

static void make_schema(struct schema *s)
{
	cfg_opt_t *o;

	end_options(add_fields(s->server, noon_scenario_node));
	end_options(add_fields(add_fields(s->client, noon_scenario_node), noon_scenario_client));
	end_options(add_fields(s->link, noon_scenario_link));
	o = add_fields(add_fields(s->path, noon_scenario_path), noon_scenario_link);
	*o++ = (cfg_opt_t)CFG_SEC("forward", s->link, CFGF_NODEFAULT | CFGF_MULTI);
	*o++ = (cfg_opt_t)CFG_SEC("reverse", s->link, CFGF_NODEFAULT | CFGF_MULTI);
	end_options(o);
	end_options(add_fields(s->attack, noon_scenario_attack));
	end_options(add_fields(s->seeker, noon_scenario_seeker));
	end_options(add_fields(s->event, noon_scenario_event));
	o = add_fields(s->top, noon_scenario_top);
	*o++ = (cfg_opt_t)CFG_STR_LIST("expect", NULL, CFGF_NONE);
	*o++ = (cfg_opt_t)CFG_SEC("server", s->server,
				  CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES);
	*o++ = (cfg_opt_t)CFG_SEC("client", s->client,
				  CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES);
	*o++ = (cfg_opt_t)CFG_SEC("path", s->path, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES);
	*o++ = (cfg_opt_t)CFG_SEC("attack", s->attack,
				  CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES);
	*o++ = (cfg_opt_t)CFG_SEC("seeker", s->seeker,
				  CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES);
	*o++ = (cfg_opt_t)CFG_SEC("event", s->event, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES);
	end_options(o);
}

static const struct noon_field *find_field(const struct noon_field *f, const char *name)
{
	for (; f->name != NULL; f++)
		if (strcmp(f->name, name) == 0)
			return f;
	return NULL;
}

/* Any struct that a table fills. */
union any {
	struct noon_scenario top;
	struct noon_sim_node node;
	struct noon_link_conf link;
	struct noon_sim_path path;
	struct noon_sim_attack attack;
	struct noon_sim_seeker_conf seeker;
	struct noon_machine_event event;
};

/* Check one option of the tables given, into a struct that is thrown away. */
static int check_option(cfg_t *cfg, cfg_opt_t *opt, const struct noon_field *a,
			const struct noon_field *b)
{
	const char *text = cfg_opt_getnstr(opt, cfg_opt_size(opt) - 1);
	const struct noon_field *f = find_field(a, cfg_opt_name(opt));
	const char *expected;
	union any *scratch;

	if (f == NULL && b != NULL)
		f = find_field(b, cfg_opt_name(opt));
	scratch = calloc(1, sizeof(*scratch));
	if (f == NULL || scratch == NULL) {
		free(scratch);
		return -1;
	}
	expected = noon_field_set(f, text, scratch);
	free(scratch);
	if (expected == NULL)
		return 0;
	cfg_error(cfg, "%s = \"%s\": expected %s", cfg_opt_name(opt), text, expected);
	return -1;
}

static int check_top(cfg_t *cfg, cfg_opt_t *opt)
{
	return check_option(cfg, opt, noon_scenario_top, NULL);
}

static int check_node(cfg_t *cfg, cfg_opt_t *opt)
{
	return check_option(cfg, opt, noon_scenario_node, noon_scenario_client);
}

static int check_path(cfg_t *cfg, cfg_opt_t *opt)
{
	return check_option(cfg, opt, noon_scenario_path, noon_scenario_link);
}

static int check_attack(cfg_t *cfg, cfg_opt_t *opt)
{
	return check_option(cfg, opt, noon_scenario_attack, NULL);
}

static int check_seeker(cfg_t *cfg, cfg_opt_t *opt)
{
	return check_option(cfg, opt, noon_scenario_seeker, NULL);
}

static int check_event(cfg_t *cfg, cfg_opt_t *opt)
{
	return check_option(cfg, opt, noon_scenario_event, NULL);
}

static int check_expect(cfg_t *cfg, cfg_opt_t *opt)
{
	struct noon_expect e;
	char why[256];

	if (cfg_opt_size(opt) > NOON_SIM_EXPECTS) {
		cfg_error(cfg, "expect: at most %d", NOON_SIM_EXPECTS);
		return -1;
	}
	if (noon_expect_parse(cfg_opt_getnstr(opt, cfg_opt_size(opt) - 1), &e, why, sizeof(why)) ==
	    NOON_OK)
		return 0;
	cfg_error(cfg, "expect: %s", why);
	return -1;
}

static void set_checks(cfg_t *cfg, const char *section, const struct noon_field *f,
		       cfg_validate_callback_t check)
{
	char name[64];

	for (; f->name != NULL; f++) {
		(void)snprintf(name, sizeof(name), "%s%s", section, f->name);
		(void)cfg_set_validate_func(cfg, name, check);
	}
}

static void set_all_checks(cfg_t *cfg)
{
	set_checks(cfg, "", noon_scenario_top, check_top);
	set_checks(cfg, "server|", noon_scenario_node, check_node);
	set_checks(cfg, "client|", noon_scenario_node, check_node);
	set_checks(cfg, "client|", noon_scenario_client, check_node);
	set_checks(cfg, "path|", noon_scenario_path, check_path);
	set_checks(cfg, "path|", noon_scenario_link, check_path);
	set_checks(cfg, "path|forward|", noon_scenario_link, check_path);
	set_checks(cfg, "path|reverse|", noon_scenario_link, check_path);
	set_checks(cfg, "attack|", noon_scenario_attack, check_attack);
	set_checks(cfg, "seeker|", noon_scenario_seeker, check_seeker);
	set_checks(cfg, "event|", noon_scenario_event, check_event);
	(void)cfg_set_validate_func(cfg, "expect", check_expect);
}

/* Take what a section says, in the order of the table. */
static void take(cfg_t *cfg, const struct noon_field *f, void *base)
{
	for (; f->name != NULL; f++) {
		const char *text = cfg_getstr(cfg, f->name);

		if (text != NULL && f->type != NOON_FIELD_TEXT)
			(void)noon_field_set(f, text, base); /* checked while it was read */
	}
}

/* Find a node by its name. */
static uint32_t node_of(const struct noon_scenario *s, const char *name)
{
	for (uint32_t i = 0; i < s->nodes; i++)
		if (strcmp(s->node[i].name, name) == 0)
			return i;
	return NOON_SIM_NONE;
}

static noon_err take_name(cfg_t *cfg, char out[NOON_SIM_NAME])
{
	const char *title = cfg_title(cfg);

	if (title[0] == '\0' || strlen(title) >= NOON_SIM_NAME) {
		cfg_error(cfg, "\"%s\": expected a name of 1 to %d characters", title,
			  NOON_SIM_NAME - 1);
		return NOON_ERR_FORMAT;
	}
	(void)snprintf(out, NOON_SIM_NAME, "%s", title);
	return NOON_OK;
}

static noon_err take_nodes(struct reading *r, const char *kind)
{
	struct noon_scenario *s = &r->f->s;
	const bool client = strcmp(kind, "client") == 0;
	const char *limit = cfg_getstr(r->cfg, "alert-limit");

	for (unsigned i = 0; i < cfg_size(r->cfg, kind); i++) {
		cfg_t *cfg = cfg_getnsec(r->cfg, kind, i);
		struct noon_sim_node *n = &s->node[s->nodes];

		if (s->nodes == NOON_SIM_NODES || node_of(s, cfg_title(cfg)) != NOON_SIM_NONE) {
			cfg_error(cfg, "%s \"%s\": expected at most %d nodes of different names",
				  kind, cfg_title(cfg), NOON_SIM_NODES);
			return NOON_ERR_FORMAT;
		}
		*n = noon_sim_node_default();
		if (take_name(cfg, n->name))
			return NOON_ERR_FORMAT;
		n->client = client;
		n->server = !client;
		n->stratum = client ? 2 : 1;
		if (limit != NULL)
			(void)!noon_text_dur(limit, &n->engine.alert_limit);
		if (s->duration > LONG_RUN)
			n->clock.step = LONG_RUN_STEP;
		take(cfg, noon_scenario_node, n);
		if (client)
			take(cfg, noon_scenario_client, n);
		if (client && cfg_getstr(cfg, "wander") != NULL &&
		    cfg_getstr(cfg, "holdover-wander") == NULL)
			n->engine.holdover = n->engine.wander;
		n->clock.step = s->duration > LONG_RUN ? LONG_RUN_STEP : NOON_NS_PER_SEC;
		n->clock.ageing *= cfg_getstr(cfg, "ageing") != NULL ? 86400.0 : 1.0;
		s->nodes++;
	}
	return NOON_OK;
}

/* The only node of a kind, where a section names none. */
static uint32_t only(const struct noon_scenario *s, bool client)
{
	uint32_t found = NOON_SIM_NONE;

	for (uint32_t i = 0; i < s->nodes; i++) {
		if (client ? !s->node[i].client : !s->node[i].server)
			continue;
		if (found != NOON_SIM_NONE)
			return NOON_SIM_NONE;
		found = i;
	}
	return found;
}

/* Read `key` of a section as the name of a node. */
static noon_err take_node(struct reading *r, cfg_t *cfg, const char *key, uint32_t otherwise,
			  uint32_t *ret)
{
	const char *name = cfg_getstr(cfg, key);

	*ret = name == NULL ? otherwise : node_of(&r->f->s, name);
	if (name != NULL && *ret == NOON_SIM_NONE) {
		cfg_error(cfg, "%s = \"%s\": there is no node of that name", key, name);
		return NOON_ERR_FORMAT;
	}
	return NOON_OK;
}

/* Delays are one to a line, with their unit; "#" begins a comment. */
static noon_err scan_recorded(FILE *in, const char *name, double **ret, size_t *ret_n)
{
	size_t room = RECORDED_FIRST;
	double *v = malloc(room * sizeof(v[0]));
	char line[128];
	size_t n = 0;
	int number = 0;

	while (v != NULL && fgets(line, sizeof(line), in) != NULL) {
		noon_dur d;

		number++;
		line[strcspn(line, "#\n")] = '\0';
		if (line[strspn(line, " \t\r")] == '\0')
			continue;
		if (noon_text_dur(line, &d) || d < 0) {
			(void)fprintf(stderr,
				      "%s:%d: \"%s\": expected a delay of zero or more such as "
				      "\"12.5us\"\n",
				      name, number, line);
			free(v);
			return NOON_ERR_FORMAT;
		}
		if (n == room) {
			double *more = realloc(v, 2 * room * sizeof(v[0]));

			if (more == NULL)
				break;
			v = more;
			room *= 2;
		}
		v[n++] = (double)d;
	}
	*ret = v;
	*ret_n = n;
	return v == NULL ? NOON_ERR_OS : NOON_OK;
}

/* Load the delays a link names; a relative path begins at the scenario's folder. */
static noon_err take_recorded(struct reading *r, cfg_t *cfg, struct noon_link_conf *l)
{
	const char *name = cfg_getstr(cfg, "recorded");
	const char *slash = strrchr(r->path, '/');
	char full[PATH_BYTES];
	double *v = NULL;
	size_t n = 0;
	noon_err err;
	FILE *in;

	if (name == NULL)
		return NOON_OK;
	(void)snprintf(full, sizeof(full), "%.*s%s",
		       name[0] == '/' || slash == NULL ? 0 : (int)(slash - r->path + 1), r->path,
		       name);
	in = fopen(full, "re");
	if (in == NULL) {
		cfg_error(cfg, "recorded = \"%s\": %s", name, strerror(errno));
		return NOON_ERR_FORMAT;
	}
	err = scan_recorded(in, full, &v, &n);
	(void)fclose(in);
	if (!err && n == 0) {
		cfg_error(cfg, "recorded = \"%s\": expected at least one delay", name);
		free(v);
		err = NOON_ERR_FORMAT;
	}
	if (err)
		return err;
	r->f->recorded[r->f->n_recorded++] = v;
	l->recorded = v;
	l->n_recorded = n;
	l->queue = NOON_QUEUE_RECORDED;
	return NOON_OK;
}

static noon_err take_links(struct reading *r, cfg_t *cfg, struct noon_sim_path *p)
{
	static const char *const names[2] = {"forward", "reverse"};
	struct noon_link_conf both = noon_link_conf_default();

	take(cfg, noon_scenario_link, &both);
	if (r->f->n_recorded + 3 > sizeof(r->f->recorded) / sizeof(r->f->recorded[0])) {
		cfg_error(cfg, "recorded: too many files");
		return NOON_ERR_FORMAT;
	}
	if (take_recorded(r, cfg, &both))
		return NOON_ERR_FORMAT;
	for (int dir = 0; dir < 2; dir++) {
		p->link[dir] = both;
		if (cfg_size(cfg, names[dir]) == 0)
			continue;
		take(cfg_getnsec(cfg, names[dir], 0), noon_scenario_link, &p->link[dir]);
		if (take_recorded(r, cfg_getnsec(cfg, names[dir], 0), &p->link[dir]))
			return NOON_ERR_FORMAT;
	}
	return NOON_OK;
}

static void take_minima(cfg_t *cfg, struct noon_sim_path *p)
{
	const char *text = cfg_getstr(cfg, "minima");
	enum noon_minima_from from = NOON_MINIMA_FROM_NOTHING;
	noon_dur *const least[2] = {&p->source.m_f, &p->source.m_r};

	p->source.light =
		noon_minimum_from_distance(fmin(p->link[0].length_m, p->link[1].length_m));
	if (p->source.m_f > 0 || p->source.m_r > 0)
		p->source.minima = NOON_MINIMA_MEASURED;
	if (text == NULL || noon_minima_from_find(text, &from) || from == NOON_MINIMA_FROM_NOTHING)
		return;
	for (int dir = 0; dir < 2; dir++)
		*least[dir] = from == NOON_MINIMA_FROM_LIGHT
				      ? noon_minimum_from_distance(p->link[dir].length_m)
				      : (noon_dur)noon_link_floor_ns(
						&p->link[dir], p->ptp ? PTP_BYTES : NTP_BYTES);
	p->source.minima =
		from == NOON_MINIMA_FROM_LIGHT ? NOON_MINIMA_GEOMETRY : NOON_MINIMA_SURVEYED;
}

static noon_err take_paths(struct reading *r)
{
	struct noon_scenario *s = &r->f->s;

	for (unsigned i = 0; i < cfg_size(r->cfg, "path"); i++) {
		cfg_t *cfg = cfg_getnsec(r->cfg, "path", i);
		struct noon_sim_path *p = &s->path[s->paths];

		if (s->paths == NOON_SIM_PATHS) {
			cfg_error(cfg, "more than %d paths", NOON_SIM_PATHS);
			return NOON_ERR_FORMAT;
		}
		*p = noon_sim_path_default();
		if (take_name(cfg, p->name) ||
		    take_node(r, cfg, "client", only(s, true), &p->client) ||
		    take_node(r, cfg, "server", only(s, false), &p->server) ||
		    take_links(r, cfg, p))
			return NOON_ERR_FORMAT;
		if (p->client == NOON_SIM_NONE || p->server == NOON_SIM_NONE) {
			cfg_error(cfg, "path \"%s\": expected client and server", p->name);
			return NOON_ERR_FORMAT;
		}
		take(cfg, noon_scenario_path, p);
		take_minima(cfg, p);
		s->paths++;
	}
	return NOON_OK;
}

static noon_err take_attacks(struct reading *r)
{
	struct noon_scenario *s = &r->f->s;

	for (unsigned i = 0; i < cfg_size(r->cfg, "attack"); i++) {
		cfg_t *cfg = cfg_getnsec(r->cfg, "attack", i);
		struct noon_sim_attack *a = &s->attack[s->attacks];

		if (s->attacks == NOON_SIM_ATTACKS) {
			cfg_error(cfg, "more than %d attacks", NOON_SIM_ATTACKS);
			return NOON_ERR_FORMAT;
		}
		*a = noon_sim_attack_default();
		if (take_name(cfg, a->name) ||
		    take_node(r, cfg, "client", NOON_SIM_NONE, &a->client) ||
		    take_node(r, cfg, "server", NOON_SIM_NONE, &a->server))
			return NOON_ERR_FORMAT;
		if (cfg_getstr(cfg, "kind") == NULL) {
			cfg_error(cfg, "attack \"%s\": expected its kind", a->name);
			return NOON_ERR_FORMAT;
		}
		take(cfg, noon_scenario_attack, a);
		s->attacks++;
	}
	return NOON_OK;
}

/* Find a path by its name, or the only one. */
static uint32_t path_of(const struct noon_scenario *s, const char *name)
{
	for (uint32_t i = 0; i < s->paths; i++)
		if (name == NULL ? s->paths == 1 : strcmp(s->path[i].name, name) == 0)
			return i;
	return NOON_SIM_NONE;
}

static noon_err take_seekers(struct reading *r)
{
	struct noon_scenario *s = &r->f->s;

	for (unsigned i = 0; i < cfg_size(r->cfg, "seeker"); i++) {
		cfg_t *cfg = cfg_getnsec(r->cfg, "seeker", i);
		struct noon_sim_seeker_conf *k = &s->seeker[s->seekers];
		const char *path = cfg_getstr(cfg, "path");

		if (s->seekers == NOON_SIM_SEEKERS) {
			cfg_error(cfg, "more than %d seekers", NOON_SIM_SEEKERS);
			return NOON_ERR_FORMAT;
		}
		*k = noon_sim_seeker_default();
		if (take_name(cfg, k->name))
			return NOON_ERR_FORMAT;
		k->path = path_of(s, path);
		if (k->path == NOON_SIM_NONE) {
			cfg_error(cfg, "seeker \"%s\": path = \"%s\": expected the name of a path",
				  k->name, path != NULL ? path : "");
			return NOON_ERR_FORMAT;
		}
		take(cfg, noon_scenario_seeker, k);
		s->seekers++;
	}
	return NOON_OK;
}

static noon_err take_events(struct reading *r)
{
	struct noon_scenario *s = &r->f->s;

	for (unsigned i = 0; i < cfg_size(r->cfg, "event"); i++) {
		cfg_t *cfg = cfg_getnsec(r->cfg, "event", i);
		struct noon_machine_event *u = &s->machine_event[s->machine_events];

		if (s->machine_events == NOON_MACHINE_EVENTS_MAX) {
			cfg_error(cfg, "more than %d events", NOON_MACHINE_EVENTS_MAX);
			return NOON_ERR_FORMAT;
		}
		*u = noon_machine_event_default();
		if (take_name(cfg, u->name) ||
		    take_node(r, cfg, "client", only(s, true), &u->client))
			return NOON_ERR_FORMAT;
		if (cfg_getstr(cfg, "kind") == NULL || u->client == NOON_SIM_NONE) {
			cfg_error(cfg, "event \"%s\": expected its kind and its client", u->name);
			return NOON_ERR_FORMAT;
		}
		take(cfg, noon_scenario_event, u);
		s->machine_events++;
	}
	return NOON_OK;
}

static noon_err take_expects(struct reading *r)
{
	struct noon_scenario *s = &r->f->s;
	char why[256];

	for (unsigned i = 0; i < cfg_size(r->cfg, "expect"); i++) {
		const char *text = cfg_getnstr(r->cfg, "expect", i);
		struct noon_expect *e = &r->f->expect[s->expects];

		(void)!noon_expect_parse(text, e, why, sizeof(why)); /* checked while read */
		if (e->client[0] != '\0' && node_of(s, e->client) == NOON_SIM_NONE) {
			cfg_error(r->cfg, "expect: \"%s\": there is no client \"%s\"", text,
				  e->client);
			return NOON_ERR_FORMAT;
		}
		(void)snprintf(s->expect[s->expects++], NOON_SIM_EXPECT, "%.*s",
			       NOON_SIM_EXPECT - 1, text);
	}
	return NOON_OK;
}

static noon_err take_top(struct reading *r)
{
	struct noon_scenario *s = &r->f->s;
	const char *title = cfg_getstr(r->cfg, "title");

	noon_scenario_init(s);
	take(r->cfg, noon_scenario_top, s);
	if (cfg_getstr(r->cfg, "check") == NULL && s->duration > LONG_RUN)
		s->check_every = LONG_RUN_STEP;
	(void)snprintf(s->title, sizeof(s->title), "%s", title != NULL ? title : r->path);
	return NOON_OK;
}

/* Tell what is impossible with the line of the section it is in. */
static noon_err check_all(struct reading *r)
{
	static const char *const kinds[] = {"", "client", "path", "attack", "seeker", "event"};
	struct noon_sim_fault f;
	cfg_t *cfg = r->cfg;
	size_t i;

	if (noon_scenario_check(&r->f->s, &f) == NOON_OK)
		return NOON_OK;
	i = f.index;
	if (f.part == NOON_SIM_PART_NODE) {
		const unsigned servers = cfg_size(r->cfg, "server");

		cfg = i < servers ? cfg_getnsec(r->cfg, "server", (unsigned)i)
				  : cfg_getnsec(r->cfg, "client", (unsigned)(i - servers));
	} else if (f.part != NOON_SIM_PART_TOP) {
		cfg = cfg_getnsec(r->cfg, kinds[f.part], (unsigned)i);
	}
	if (cfg == r->cfg)
		cfg_error(cfg, "%s", f.why);
	else
		cfg_error(cfg, "%s \"%s\": %s", cfg->name, cfg_title(cfg), f.why);
	return NOON_ERR_FORMAT;
}

static noon_err take_all(struct reading *r)
{
	noon_err err = take_top(r);

	err = err ? err : take_nodes(r, "server");
	err = err ? err : take_nodes(r, "client");
	err = err ? err : take_node(r, r->cfg, "truth", NOON_SIM_NONE, &r->f->s.truth);
	err = err ? err : take_paths(r);
	err = err ? err : take_attacks(r);
	err = err ? err : take_seekers(r);
	err = err ? err : take_events(r);
	err = err ? err : take_expects(r);
	return err ? err : check_all(r);
}

noon_err noon_scenario_read(const char *path, struct noon_scenario_file *ret)
{
	struct reading r = {.path = path, .f = ret};
	struct schema *schema;
	noon_err err;

	memset(ret, 0, sizeof(*ret));
	err = noon_cfg_check_whole(path);
	if (err)
		return err;
	schema = calloc(1, sizeof(*schema));
	if (schema == NULL)
		return NOON_ERR_OS;
	make_schema(schema);
	r.cfg = cfg_init(schema->top, CFGF_NONE);
	if (r.cfg == NULL) {
		free(schema);
		return NOON_ERR_OS;
	}
	(void)cfg_set_error_function(r.cfg, noon_cfg_error);
	set_all_checks(r.cfg);
	err = cfg_parse(r.cfg, path) == CFG_SUCCESS ? take_all(&r) : NOON_ERR_FORMAT;
	(void)cfg_free(r.cfg);
	free(schema);
	return err;
}

void noon_scenario_file_fini(struct noon_scenario_file *f)
{
	for (size_t i = 0; i < f->n_recorded; i++)
		free(f->recorded[i]);
	f->n_recorded = 0;
}
