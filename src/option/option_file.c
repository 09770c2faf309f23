/* SPDX-License-Identifier: Apache-2.0
 *
 * libConfuse reads every option as a string or a list of strings, and calls check() for each value
 * while it knows the line. It has no place for data of ours, but a string has no numeric default:
 * `def.number` carries the row.
 */
#include "option/option_file.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "option/cfg_file.h"

/* libConfuse took "010" for 8; now it would be 10. Nobody can have meant it: it is refused. */
static bool is_octal(const struct noon_option *o, const char *text)
{
	text += text[0] == '-';
	return (o->type == NOON_OPTION_INT || o->type == NOON_OPTION_UINT) && text[0] == '0' &&
	       isdigit((unsigned char)text[1]);
}

static int check(cfg_t *cfg, cfg_opt_t *opt)
{
	const struct noon_option *o = (const struct noon_option *)(intptr_t)opt->def.number;
	const char *text = cfg_opt_getnstr(opt, cfg_opt_size(opt) - 1);
	char why[NOON_OPTION_WHY] = "expected no zero before the number";

	if (o->most > 0 && cfg_opt_size(opt) > o->most) {
		cfg_error(cfg, "%s: expected at most %u", o->name, o->most);
		return -1;
	}
	if (!is_octal(o, text) && noon_option_check(o, text, why) == NOON_OK)
		return 0;
	cfg_error(cfg, "%s = \"%s\": %s", o->name, text, why);
	return -1;
}

static size_t count(const struct noon_section *s)
{
	size_t n = 2; /* include and the end */

	for (const struct noon_option_part *p = s->group.part; p->rows != NULL; p++)
		for (const struct noon_option *o = p->rows; o->name != NULL; o++)
			n++;
	for (size_t i = 0; s->sections != NULL && s->sections[i] != NULL; i++)
		n++;
	return n;
}

static void free_opts(cfg_opt_t *opts)
{
	for (cfg_opt_t *o = opts; o != NULL && o->name != NULL; o++)
		if (o->type == CFGT_SEC)
			free_opts(o->subopts);
	free(opts);
}

/* Every section is MULTI, so that it has a line number; check_once() refuses a second one. */
static cfg_opt_t *make_opts(const struct noon_section *s)
{
	cfg_opt_t *opts = calloc(count(s), sizeof(*opts)); /* zero ends it */
	cfg_opt_t *at = opts;

	if (opts == NULL)
		return NULL;
	for (const struct noon_option_part *p = s->group.part; p->rows != NULL; p++) {
		for (const struct noon_option *o = p->rows; o->name != NULL; o++, at++) {
			*at = (cfg_opt_t)CFG_STR(o->name, NULL, CFGF_NONE);
			if (o->most > 0)
				*at = (cfg_opt_t)CFG_STR_LIST(o->name, NULL, CFGF_NONE);
			at->def.number = (long)(intptr_t)o;
			at->validcb = check;
		}
	}
	for (size_t i = 0; s->sections != NULL && s->sections[i] != NULL; i++, at++) {
		const struct noon_section *in = s->sections[i];
		cfg_opt_t *sub = make_opts(in);

		if (sub == NULL) {
			free_opts(opts);
			return NULL;
		}
		*at = (cfg_opt_t)CFG_SEC(in->group.name, sub,
					 CFGF_MULTI | (in->kind == NOON_SECTION_TITLED
							       ? CFGF_TITLE | CFGF_NO_TITLE_DUPES
							       : CFGF_NODEFAULT));
	}
	if (s->include)
		*at = (cfg_opt_t)CFG_FUNC("include", cfg_include);
	return opts;
}

/* Of sections that may stand once only; a second one would be passed over in silence. */
static noon_err check_once(cfg_t *cfg, const struct noon_section *s)
{
	for (size_t i = 0; s->sections != NULL && s->sections[i] != NULL; i++) {
		const struct noon_section *in = s->sections[i];
		const char *name = in->group.name;
		const unsigned n = cfg_size(cfg, name);

		if (in->kind == NOON_SECTION_ONCE && n > 1) {
			cfg_error(cfg_getnsec(cfg, name, 1), "%s: expected one section only", name);
			return NOON_ERR_FORMAT;
		}
		for (unsigned k = 0; k < n; k++)
			if (check_once(cfg_getnsec(cfg, name, k), in))
				return NOON_ERR_FORMAT;
	}
	return NOON_OK;
}

noon_err noon_option_read(const char *path, const struct noon_section *top, cfg_t **ret)
{
	noon_err err = noon_cfg_check_whole(path);
	cfg_opt_t *opts;
	cfg_t *cfg;

	if (err)
		return err;
	opts = make_opts(top);
	cfg = opts == NULL ? NULL : cfg_init(opts, CFGF_NONE); /* copies them */
	free_opts(opts);
	if (cfg == NULL)
		return NOON_ERR_OS;
	(void)cfg_set_error_function(cfg, noon_cfg_error);
	err = cfg_parse(cfg, path) == CFG_SUCCESS ? check_once(cfg, top) : NOON_ERR_FORMAT;
	if (err)
		(void)cfg_free(cfg);
	else
		*ret = cfg;
	return err;
}

bool noon_option_is_set(cfg_t *cfg, const char *name)
{
	return cfg_size(cfg, name) > 0 && cfg_getnstr(cfg, name, 0) != NULL;
}

void noon_option_take(cfg_t *cfg, const struct noon_option *rows, void *base)
{
	char why[NOON_OPTION_WHY];

	for (const struct noon_option *o = rows; o->name != NULL; o++) {
		const unsigned n = noon_option_is_set(cfg, o->name) ? cfg_size(cfg, o->name) : 0;

		for (unsigned i = 0; i < n; i++) /* checked while they were read */
			(void)!noon_option_set(o, cfg_getnstr(cfg, o->name, i), base, why);
	}
}

void noon_option_take_group(cfg_t *cfg, const struct noon_option_group *g, void *base)
{
	noon_option_defaults(g, base);
	for (const struct noon_option_part *p = g->part; p->rows != NULL; p++)
		noon_option_take(cfg, p->rows, (char *)base + p->offset);
}

cfg_t *noon_option_section(cfg_t *cfg, const char *name)
{
	return cfg_size(cfg, name) > 0 ? cfg_getnsec(cfg, name, 0) : NULL;
}
