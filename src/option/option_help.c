/* SPDX-License-Identifier: Apache-2.0
 *
 * What is said of a command line that cannot be understood, and --help, made from the tables:
 * usage, a line or more for each option with unit, range and default.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "option/option_line.h"

#define WIDTH  79
#define COLUMN 24 /* where the help of an option begins */

static void print_name(const struct noon_command *c, const char *before, const char *behind)
{
	(void)fprintf(stderr, "%s%s%s%s%s", before, c->program, c->group.name[0] == '\0' ? "" : " ",
		      c->group.name, behind);
}

int noon_command_usage(const struct noon_command *c, const char *format, ...)
{
	va_list ap;

	print_name(c, "", ": ");
	va_start(ap, format);
	(void)vfprintf(stderr, format, ap);
	va_end(ap);
	print_name(c, "\nTry '", " --help'.\n");
	return NOON_COMMAND_USAGE;
}

/* Print words from column `at` on, wrapped, with continuation lines at COLUMN. */
static void print_wrapped(FILE *to, const char *text, size_t at)
{
	while (*text != '\0') {
		const size_t n = strcspn(text, " ");

		if (at > COLUMN && at + 1 + n > WIDTH) {
			(void)fprintf(to, "\n%*s", COLUMN, "");
			at = COLUMN;
		} else if (at > COLUMN) {
			(void)fputc(' ', to);
			at++;
		}
		(void)fprintf(to, "%.*s", (int)n, text);
		at += n;
		text += n + strspn(text + n, " ");
	}
	(void)fputc('\n', to);
}

static void append(char *out, size_t size, const char *between, const char *text)
{
	const size_t n = strlen(out);

	if (*text != '\0')
		(void)snprintf(out + n, size - n, "%s%s", n > 0 ? between : "", text);
}

/* "1 to 64; default 1", or "". */
static void facts_of(const struct noon_option *o, const void *base, char *out, size_t size)
{
	char range[NOON_OPTION_SHOW];
	char def[NOON_OPTION_SHOW];

	out[0] = '\0';
	if (noon_option_is_flag(o))
		return;
	noon_option_range_text(o, range);
	noon_option_default_text(o, base, def);
	append(out, size, "", range);
	if (o->unit != NULL)
		append(out, size, " ", o->unit);
	if (def[0] == '\0')
		return;
	append(out, size, "; ", "default ");
	append(out, size, "", def);
}

/* "TIME" for the placeholder "time"; words stay as they are. */
static void placeholder(const struct noon_option *o, char out[NOON_OPTION_SHOW])
{
	noon_option_value_text(o, out);
	if (o->type == NOON_OPTION_WORD && o->value == NULL)
		return;
	for (char *p = out; *p != '\0'; p++)
		if (*p >= 'a' && *p <= 'z')
			*p = (char)(*p - 'a' + 'A');
}

static void print_option(const struct noon_option *o, const void *base, FILE *to)
{
	char left[NOON_OPTION_SHOW + 64];
	char value[NOON_OPTION_SHOW] = "";
	char facts[2 * NOON_OPTION_SHOW + 16];
	char text[4 * NOON_OPTION_SHOW];

	if (!noon_option_is_flag(o))
		placeholder(o, value);
	(void)snprintf(left, sizeof(left), "  %c%c%s --%s%s%.100s", o->letter != 0 ? '-' : ' ',
		       o->letter != 0 ? o->letter : ' ', o->letter != 0 ? "," : " ", o->name,
		       value[0] != '\0' ? " " : "", value);
	facts_of(o, base, facts, sizeof(facts));
	(void)snprintf(text, sizeof(text), "%.200s%s%s%s", o->help, facts[0] != '\0' ? " (" : "",
		       facts, facts[0] != '\0' ? ")" : "");
	if (strlen(left) + 1 > COLUMN)
		(void)fprintf(to, "%s\n%*s", left, COLUMN, "");
	else
		(void)fprintf(to, "%-*s", COLUMN, left);
	print_wrapped(to, text, COLUMN);
}

static void print_usage(const struct noon_command *c, FILE *to)
{
	char value[NOON_OPTION_SHOW];

	(void)fprintf(to, "Usage: %s%s%s", c->program, c->group.name[0] == '\0' ? "" : " ",
		      c->group.name);
	for (const struct noon_option_part *p = c->group.part; p->rows != NULL; p++) {
		for (const struct noon_option *o = p->rows; o->name != NULL; o++) {
			if ((o->flags & NOON_OPTION_REQUIRED) == 0)
				continue;
			placeholder(o, value);
			(void)fprintf(to, " --%s %s", o->name, value);
		}
	}
	(void)fprintf(to, " [OPTION]...%s%s\n", c->arguments != NULL ? " " : "",
		      c->arguments != NULL ? c->arguments : "");
}

void noon_command_help(const struct noon_command *c, FILE *to)
{
	void *base = calloc(1, c->group.size + 1);

	print_usage(c, to);
	(void)fputs(c->about, to);
	for (const struct noon_option_part *p = c->group.part; base != NULL && p->rows != NULL;
	     p++) {
		noon_option_defaults(&c->group, base);
		if (p == c->group.part || p->heading != NULL)
			(void)fputc('\n', to);
		if (p->heading != NULL)
			(void)fprintf(to, "%s\n", p->heading);
		for (const struct noon_option *o = p->rows; o->name != NULL; o++)
			print_option(o, (const char *)base + p->offset, to);
	}
	if (c->group.part[0].rows == NULL)
		(void)fputc('\n', to);
	(void)fprintf(to, "  -h, --help%*sprint this and exit\n", COLUMN - 12, "");
	if (c->notes != NULL)
		(void)fprintf(to, "\n%s", c->notes);
	free(base);
}
