/* SPDX-License-Identifier: Apache-2.0
 *
 * Converts sections read and checked by the tables, in the order that names require.
 */
#include "tools/sim/scenario_file.h"

#include <confuse.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/text.h"
#include "tools/sim/scenario_options.h"

#define LONG_RUN       NOON_S(2 * 86400) /* beyond it, clocks and comparisons use 16 s */
#define LONG_RUN_STEP  NOON_S(16)
#define NTP_BYTES      48
#define PTP_BYTES      44 /* a Sync without TLVs: the shortest event message */
#define RECORDED_FIRST 1024
#define PATH_BYTES     512

/* State of reading a file. */
struct reading {
	const char *path;
	cfg_t *cfg;
	struct noon_scenario_file *f;
};

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
	const struct noon_option_group *g =
		client ? &noon_scenario_client.group : &noon_scenario_server.group;
	const char *limit = cfg_getstr(r->cfg, "alert-limit");

	for (unsigned i = 0; i < cfg_size(r->cfg, kind); i++) {
		cfg_t *cfg = cfg_getnsec(r->cfg, kind, i);
		struct noon_sim_node *n = &s->node[s->nodes];

		if (s->nodes == NOON_SIM_NODES || node_of(s, cfg_title(cfg)) != NOON_SIM_NONE) {
			cfg_error(cfg, "%s \"%s\": expected at most %d nodes of different names",
				  kind, cfg_title(cfg), NOON_SIM_NODES);
			return NOON_ERR_FORMAT;
		}
		noon_option_take_group(cfg, g, n);
		if (take_name(cfg, n->name))
			return NOON_ERR_FORMAT;
		n->client = client;
		n->server |= !client;
		if (client && cfg_getstr(cfg, "local-stratum") == NULL)
			n->stratum = 2;
		if (limit != NULL && client && cfg_getstr(cfg, "alert-limit") == NULL)
			(void)!noon_text_dur(limit, &n->engine.alert_limit);
		if (client && cfg_getstr(cfg, "wander") != NULL &&
		    cfg_getstr(cfg, "holdover-wander") == NULL)
			n->engine.holdover = n->engine.wander;
		n->clock.step = s->duration > LONG_RUN ? LONG_RUN_STEP : NOON_NS_PER_SEC;
		n->clock.ageing *= cfg_getstr(cfg, "ageing") != NULL ? 86400.0 : 1.0;
		s->nodes++;
	}
	return NOON_OK;
}

/* The only node of a kind, if a section names none. */
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

/* One delay per line, with its unit; "#" starts a comment. */
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

/* Load the delays a link names; a relative path is relative to the scenario's folder. */
static noon_err take_recorded(struct reading *r, cfg_t *cfg, struct noon_net_link_conf *l)
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

static noon_err take_links(struct reading *r, cfg_t *cfg, struct noon_net_link_conf *both,
			   struct noon_sim_path *p)
{
	static const char *const names[2] = {"forward", "reverse"};

	if (r->f->n_recorded + 3 > sizeof(r->f->recorded) / sizeof(r->f->recorded[0])) {
		cfg_error(cfg, "recorded: too many files");
		return NOON_ERR_FORMAT;
	}
	if (take_recorded(r, cfg, both))
		return NOON_ERR_FORMAT;
	for (int dir = 0; dir < 2; dir++) {
		p->link[dir] = *both;
		if (cfg_size(cfg, names[dir]) == 0)
			continue;
		noon_option_take(cfg_getnsec(cfg, names[dir], 0), noon_scenario_link_rows,
				 &p->link[dir]);
		if (take_recorded(r, cfg_getnsec(cfg, names[dir], 0), &p->link[dir]))
			return NOON_ERR_FORMAT;
	}
	return NOON_OK;
}

static void take_minima(enum noon_minima_from from, struct noon_sim_path *p)
{
	noon_dur *const least[2] = {&p->source.m_f, &p->source.m_r};

	p->source.light =
		noon_minimum_from_distance(fmin(p->link[0].length_m, p->link[1].length_m));
	if (p->source.m_f > 0 || p->source.m_r > 0)
		p->source.minima = NOON_MINIMA_MEASURED;
	if (from == NOON_MINIMA_FROM_NOTHING)
		return;
	for (int dir = 0; dir < 2; dir++)
		*least[dir] = from == NOON_MINIMA_FROM_LIGHT
				      ? noon_minimum_from_distance(p->link[dir].length_m)
				      : (noon_dur)noon_net_link_floor_ns(
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
		struct noon_scenario_path said;

		if (s->paths == NOON_SIM_PATHS) {
			cfg_error(cfg, "more than %d paths", NOON_SIM_PATHS);
			return NOON_ERR_FORMAT;
		}
		noon_option_take_group(cfg, &noon_scenario_path.group, &said);
		*p = said.path;
		if (take_name(cfg, p->name) ||
		    take_node(r, cfg, "client", only(s, true), &p->client) ||
		    take_node(r, cfg, "server", only(s, false), &p->server) ||
		    take_links(r, cfg, &said.both, p))
			return NOON_ERR_FORMAT;
		if (p->client == NOON_SIM_NONE || p->server == NOON_SIM_NONE) {
			cfg_error(cfg, "path \"%s\": expected client and server", p->name);
			return NOON_ERR_FORMAT;
		}
		take_minima(said.minima, p);
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
		noon_option_take_group(cfg, &noon_scenario_attack.group, a);
		if (take_name(cfg, a->name) ||
		    take_node(r, cfg, "client", NOON_SIM_NONE, &a->client) ||
		    take_node(r, cfg, "server", NOON_SIM_NONE, &a->server))
			return NOON_ERR_FORMAT;
		if (cfg_getstr(cfg, "kind") == NULL) {
			cfg_error(cfg, "attack \"%s\": expected its kind", a->name);
			return NOON_ERR_FORMAT;
		}
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
		noon_option_take_group(cfg, &noon_scenario_seeker.group, k);
		if (take_name(cfg, k->name))
			return NOON_ERR_FORMAT;
		k->path = path_of(s, path);
		if (k->path == NOON_SIM_NONE) {
			cfg_error(cfg, "seeker \"%s\": path = \"%s\": expected the name of a path",
				  k->name, path != NULL ? path : "");
			return NOON_ERR_FORMAT;
		}
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
		noon_option_take_group(cfg, &noon_scenario_event.group, u);
		if (take_name(cfg, u->name) ||
		    take_node(r, cfg, "client", only(s, true), &u->client))
			return NOON_ERR_FORMAT;
		if (cfg_getstr(cfg, "kind") == NULL || u->client == NOON_SIM_NONE) {
			cfg_error(cfg, "event \"%s\": expected its kind and its client", u->name);
			return NOON_ERR_FORMAT;
		}
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

	noon_option_take_group(r->cfg, &noon_scenario_section.group, s);
	if (cfg_getstr(r->cfg, "check") == NULL && s->duration > LONG_RUN)
		s->check_every = LONG_RUN_STEP;
	if (cfg_getstr(r->cfg, "title") == NULL)
		(void)snprintf(s->title, sizeof(s->title), "%s", r->path);
	return NOON_OK;
}

/* Report what is impossible, with the line of its section. */
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
	noon_err err;

	memset(ret, 0, sizeof(*ret));
	err = noon_option_read(path, &noon_scenario_section, &r.cfg);
	if (err)
		return err;
	err = take_all(&r);
	(void)cfg_free(r.cfg);
	return err;
}

void noon_scenario_file_fini(struct noon_scenario_file *f)
{
	for (size_t i = 0; i < f->n_recorded; i++)
		free(f->recorded[i]);
	f->n_recorded = 0;
}
