/* SPDX-License-Identifier: Apache-2.0 */
#include "option/option_list.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_VERSION "0.1.0"

static const char *type_word(enum noon_option_type type)
{
	static const char *const words[] = {
		[NOON_OPTION_BOOL] = "bool",	 [NOON_OPTION_FIXED] = "flag",
		[NOON_OPTION_INT] = "integer",	 [NOON_OPTION_UINT] = "integer",
		[NOON_OPTION_REAL] = "real",	 [NOON_OPTION_TIME] = "time",
		[NOON_OPTION_TIME_NS] = "time",	 [NOON_OPTION_FREQ] = "frequency",
		[NOON_OPTION_WORD] = "word",	 [NOON_OPTION_TEXT] = "text",
		[NOON_OPTION_BORROWED] = "text", [NOON_OPTION_OWN] = "own",
	};

	return words[type];
}

static void add_text(json_t *o, const char *key, const char *text)
{
	if (text != NULL && *text != '\0')
		(void)json_object_set_new(o, key, json_string(text));
}

static json_t *option_json(const struct noon_option *o, const void *base)
{
	char text[NOON_OPTION_SHOW];
	json_t *j = json_pack("{s:s, s:s, s:s, s:s}", "name", o->name, "type", type_word(o->type),
			      "help", o->help != NULL ? o->help : "", "since",
			      o->since != NULL ? o->since : FIRST_VERSION);

	noon_option_value_text(o, text);
	add_text(j, "value", text);
	noon_option_default_text(o, base, text);
	add_text(j, o->def == NULL && o->says != NULL ? "default_says" : "default", text);
	noon_option_range_text(o, text);
	add_text(j, "range", text);
	add_text(j, "unit", o->unit);
	if (o->letter != 0)
		(void)json_object_set_new(j, "letter", json_stringn(&o->letter, 1));
	if (o->most > 0)
		(void)json_object_set_new(j, "most", json_integer(o->most));
	if ((o->flags & NOON_OPTION_REQUIRED) != 0)
		(void)json_object_set_new(j, "required", json_true());
	return j;
}

json_t *noon_option_list_group(const struct noon_option_group *g)
{
	json_t *options = json_array();
	void *base = calloc(1, g->size + 1);

	if (base != NULL)
		noon_option_defaults(g, base);
	for (const struct noon_option_part *p = g->part; base != NULL && p->rows != NULL; p++)
		for (const struct noon_option *o = p->rows; o->name != NULL; o++)
			(void)json_array_append_new(options,
						    option_json(o, (const char *)base + p->offset));
	free(base);
	return json_pack("{s:s, s:o}", "name", g->name, "options", options);
}

void noon_option_list_section(json_t *list, const struct noon_section *s, const char *within)
{
	json_t *group = noon_option_list_group(&s->group);
	char name[128];

	(void)snprintf(name, sizeof(name), "%s%s%s", within, *within != '\0' ? " " : "",
		       s->group.name);
	(void)json_object_set_new(group, "name", json_string(name));
	(void)json_array_append_new(list, group);
	for (size_t i = 0; s->sections != NULL && s->sections[i] != NULL; i++)
		noon_option_list_section(list, s->sections[i], name);
}

void noon_option_list_command(json_t *list, const struct noon_command *c)
{
	json_t *group = noon_option_list_group(&c->group);

	add_text(group, "program", c->program);
	add_text(group, "arguments", c->arguments);
	(void)json_object_set_new(group, "least", json_integer(c->min));
	if (c->max != NOON_ARGUMENTS_ANY)
		(void)json_object_set_new(group, "most", json_integer(c->max));
	(void)json_array_append_new(list, group);
}
