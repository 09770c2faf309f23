/* SPDX-License-Identifier: Apache-2.0 */
#include "option/option_line.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "option/option_priv.h"

#define ROWS_MAX 64 /* bits of `given` */

/* An option of a line with its value. */
struct item {
	const struct noon_option *row;
	const struct noon_option_part *part;
	const char *text; /* of a flag: "true" */
	bool by_letter;
};

struct reading {
	const struct noon_command *c;
	struct noon_arguments *line;
	struct item *item;
	size_t n;
	char **next;	     /* words that are left; NULL ends them */
	const char *letters; /* rest of a word of letters, or NULL */
};

/* Visit every row; stops where visit() returns true. */
static bool each_row(const struct noon_command *c, bool (*visit)(void *arg, const struct item *i),
		     void *arg)
{
	for (const struct noon_option_part *p = c->group.part; p->rows != NULL; p++) {
		for (const struct noon_option *o = p->rows; o->name != NULL; o++) {
			const struct item i = {.row = o, .part = p};

			if (visit(arg, &i))
				return true;
		}
	}
	return false;
}

/* A search for a long name of n characters, whole or cut short. */
struct search {
	const char *name;
	size_t n;
	char letter;
	struct item found;
	unsigned matches;
	struct noon_nearest near;
};

static bool match_name(void *arg, const struct item *i)
{
	struct search *s = arg;

	noon_nearest_try(&s->near, i->row->name);
	if (strncmp(i->row->name, s->name, s->n) != 0)
		return false;
	s->found = *i;
	s->matches++;
	if (i->row->name[s->n] != '\0')
		return false;
	s->matches = 1;
	return true;
}

static bool match_letter(void *arg, const struct item *i)
{
	struct search *s = arg;

	if (i->row->letter != s->letter)
		return false;
	s->found = *i;
	return true;
}

static bool is_help(const char *name, size_t n)
{
	return n > 0 && n <= 4 && strncmp("help", name, n) == 0;
}

static int refuse_unknown(const struct reading *r, const struct search *s)
{
	if (s->matches > 1)
		return noon_command_usage(r->c, "--%.*s: more than one option begins like that",
					  (int)s->n, s->name);
	if (s->near.best != NULL)
		return noon_command_usage(r->c, "unknown option --%.*s; did you mean '--%s'?",
					  (int)s->n, s->name, s->near.best);
	return noon_command_usage(r->c, "unknown option --%.*s", (int)s->n, s->name);
}

static const char *dashed(const struct item *i, char out[64])
{
	if (i->by_letter)
		(void)snprintf(out, 64, "-%c", i->row->letter);
	else
		(void)snprintf(out, 64, "--%s", i->row->name);
	return out;
}

/* Give an item its value: what follows "=" or the letter, else the next word. */
static int take_value(struct reading *r, struct item *i, const char *attached)
{
	char name[64];

	i->text = attached;
	if (noon_option_is_flag(i->row)) {
		if (attached != NULL)
			return noon_command_usage(r->c, "%s takes no value", dashed(i, name));
		i->text = "true";
	} else if (attached == NULL) {
		i->text = *r->next;
		if (i->text == NULL)
			return noon_command_usage(r->c, "%s: its value is missing",
						  dashed(i, name));
		r->next++;
	}
	r->item[r->n++] = *i;
	return NOON_COMMAND_GO_ON;
}

static int take_long(struct reading *r, const char *word)
{
	const char *equals = strchr(word, '=');
	char name[64];
	struct search s = {.name = word,
			   .n = equals != NULL ? (size_t)(equals - word) : strlen(word)};

	(void)snprintf(name, sizeof(name), "%.*s", (int)s.n, word);
	s.near = noon_nearest_to(name);
	(void)each_row(r->c, match_name, &s);
	if (s.matches == 0 && equals == NULL && is_help(s.name, s.n)) {
		noon_command_help(r->c, stdout);
		return 0;
	}
	if (s.matches != 1)
		return refuse_unknown(r, &s);
	return take_value(r, &s.found, equals != NULL ? equals + 1 : NULL);
}

static int take_letters(struct reading *r, const char *word)
{
	int status = NOON_COMMAND_GO_ON;

	for (const char *p = word; *p != '\0' && status == NOON_COMMAND_GO_ON; p++) {
		struct search s = {.letter = *p};
		const bool known = each_row(r->c, match_letter, &s);

		if (!known && *p == 'h') {
			noon_command_help(r->c, stdout);
			return 0;
		}
		if (!known)
			return noon_command_usage(r->c, "unknown option -%c", *p);
		s.found.by_letter = true;
		if (noon_option_is_flag(s.found.row))
			status = take_value(r, &s.found, NULL);
		else
			return take_value(r, &s.found, p[1] != '\0' ? p + 1 : NULL);
	}
	return status;
}

/* Sort words into items and arguments. */
static int scan(struct reading *r)
{
	int status = NOON_COMMAND_GO_ON;
	bool ended = false;

	while (*r->next != NULL && status == NOON_COMMAND_GO_ON) {
		char *word = *r->next++;

		if (ended || word[0] != '-' || word[1] == '\0')
			r->line->argument[r->line->n++] = word;
		else if (strcmp(word, "--") == 0)
			ended = true;
		else if (word[1] == '-')
			status = take_long(r, word + 2);
		else
			status = take_letters(r, word + 1);
	}
	return status;
}

static unsigned row_number(const struct noon_command *c, const struct noon_option *row)
{
	unsigned n = 0;

	for (const struct noon_option_part *p = c->group.part; p->rows != NULL; p++)
		for (const struct noon_option *o = p->rows; o->name != NULL; o++, n++)
			if (o == row)
				return n;
	return ROWS_MAX;
}

static int set_item(struct reading *r, const struct item *i, void *base)
{
	const unsigned row = row_number(r->c, i->row);
	char why[NOON_OPTION_WHY];
	char name[64];

	assert(row < ROWS_MAX);
	r->line->given |= UINT64_C(1) << row;
	if (noon_option_set(i->row, i->text, (char *)base + i->part->offset, why) == NOON_OK)
		return NOON_COMMAND_GO_ON;
	return noon_command_usage(r->c, "%s \"%s\": %s", dashed(i, name), i->text, why);
}

static int set_items(struct reading *r, void *base)
{
	int status = NOON_COMMAND_GO_ON;

	for (int first = 1; first >= 0; first--) {
		for (size_t k = 0; k < r->n && status == NOON_COMMAND_GO_ON; k++) {
			const struct item *i = &r->item[k];
			const bool is_first = (i->row->flags & NOON_OPTION_FIRST) != 0;

			if (is_first == (first == 1))
				status = set_item(r, i, base);
		}
	}
	return status;
}

static bool is_missing(void *arg, const struct item *i)
{
	const struct reading *r = arg;

	if ((i->row->flags & NOON_OPTION_REQUIRED) == 0 ||
	    noon_arguments_has(r->line, i->row->name))
		return false;
	(void)noon_command_usage(r->c, "--%s is missing: %s", i->row->name, i->row->help);
	return true;
}

static int check_arguments(const struct noon_command *c, const struct noon_arguments *l)
{
	if (l->n > c->max)
		return noon_command_usage(c, "unexpected argument \"%s\"", l->argument[c->max]);
	if (l->n < c->min)
		return noon_command_usage(c, "expected %s", c->arguments);
	return NOON_COMMAND_GO_ON;
}

int noon_command_read(const struct noon_command *c, int argc, char **argv, void *base,
		      struct noon_arguments *ret)
{
	struct noon_arguments line = {.command = c, .argument = argv};
	struct reading r = {.c = c, .line = &line, .next = argv + 1};
	size_t letters = 1;
	int status;

	for (int i = 1; i < argc; i++)
		letters += strlen(argv[i]); /* each may be an option */
	r.item = calloc(letters, sizeof(*r.item));
	if (r.item == NULL)
		return noon_command_usage(c, "out of memory");
	noon_option_defaults(&c->group, base);
	status = scan(&r);
	status = status == NOON_COMMAND_GO_ON ? set_items(&r, base) : status;
	status = status == NOON_COMMAND_GO_ON ? check_arguments(c, &line) : status;
	if (status == NOON_COMMAND_GO_ON && each_row(c, is_missing, &r))
		status = NOON_COMMAND_USAGE;
	free(r.item);
	*ret = line;
	return status;
}

bool noon_arguments_has(const struct noon_arguments *l, const char *name)
{
	const struct noon_option *o = NULL;
	unsigned row;

	for (const struct noon_option_part *p = l->command->group.part;
	     p->rows != NULL && o == NULL; p++)
		o = noon_option_find(p->rows, name);
	assert(o != NULL);
	row = row_number(l->command, o);
	return row < ROWS_MAX && (l->given >> row & 1) != 0;
}
