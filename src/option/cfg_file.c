/* SPDX-License-Identifier: Apache-2.0
 *
 * A file that was cut short must not pass as a shorter one: libConfuse takes the end of a file as
 * the end of whatever is open.
 */
#include "option/cfg_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "option/word.h"

struct scan {
	FILE *in;
	int line;
	int depth;
	int opened; /* line of the outermost open brace */
	int string; /* line where an open string begins, or 0 */
	int comment;
};

static int next(struct scan *s)
{
	const int c = getc(s->in);

	s->line += c == '\n';
	return c;
}

static void skip_string(struct scan *s, int quote)
{
	int c;

	s->string = s->line;
	while ((c = next(s)) != EOF) {
		if (c == '\\')
			(void)next(s);
		else if (c == quote)
			break;
	}
	if (c != EOF)
		s->string = 0;
}

static void skip_line(struct scan *s)
{
	int c;

	do
		c = next(s);
	while (c != EOF && c != '\n');
}

static void skip_comment(struct scan *s)
{
	int before = 0;
	int c;

	s->comment = s->line;
	while ((c = next(s)) != EOF && !(before == '*' && c == '/'))
		before = c;
	if (c != EOF)
		s->comment = 0;
}

static void brace(struct scan *s, int c)
{
	if (c == '{' && s->depth++ == 0)
		s->opened = s->line;
	if (c == '}' && s->depth > 0)
		s->depth--;
}

/* A slash begins a comment only where a word may begin: "a//b" is a word. Returns the character
 * to go on with. */
static int skip_slash(struct scan *s, bool *in_word)
{
	const int c = next(s);
	const bool may_begin = !*in_word;

	*in_word = false;
	if (may_begin && c == '/')
		skip_line(s);
	else if (may_begin && c == '*')
		skip_comment(s);
	else {
		*in_word = true;
		return c;
	}
	return next(s);
}

static void scan(struct scan *s)
{
	static const char ends_word[] = " \t\r\n={}()+,\"'#";
	bool in_word = false;
	int c = next(s);

	while (c != EOF) {
		if (c == '/') {
			c = skip_slash(s, &in_word);
			continue;
		}
		in_word = strchr(ends_word, c) == NULL;
		if (c == '"' || c == '\'')
			skip_string(s, c);
		else if (c == '#')
			skip_line(s);
		else
			brace(s, c);
		c = next(s);
	}
}

noon_err noon_cfg_check_whole(const char *path)
{
	struct scan s = {.line = 1};
	const char *what = NULL;
	int line = 0;
	int sys;

	errno = 0;
	s.in = fopen(path, "re");
	if (s.in != NULL)
		scan(&s);
	sys = s.in == NULL || ferror(s.in) ? errno : 0;
	if (s.in != NULL)
		(void)fclose(s.in);
	if (sys != 0) {
		(void)fprintf(stderr, "%s: %s\n", path, strerror(sys));
		return sys == ENOENT   ? NOON_ERR_NOT_FOUND
		       : sys == EACCES ? NOON_ERR_PERM
				       : NOON_ERR_OS;
	}
	if (s.string != 0) {
		what = "string";
		line = s.string;
	} else if (s.comment != 0) {
		what = "comment";
		line = s.comment;
	} else if (s.depth > 0) {
		what = "section or list";
		line = s.opened;
	}
	if (what != NULL)
		(void)fprintf(stderr, "%s:%d: the %s that begins here is never closed\n", path,
			      line, what);
	return what == NULL ? NOON_OK : NOON_ERR_FORMAT;
}

static const char *nearest(const cfg_t *cfg, const char *name)
{
	struct noon_nearest n = noon_nearest_to(name);

	for (const cfg_opt_t *o = cfg->opts; o != NULL && o->name != NULL; o++)
		noon_nearest_try(&n, o->name);
	return n.best;
}

/* libConfuse says "no such option 'NAME'". */
static const char *hint(const cfg_t *cfg, const char *text)
{
	static const char said[] = "no such option '";
	char name[64];
	size_t n;

	if (strncmp(text, said, sizeof(said) - 1) != 0)
		return NULL;
	text += sizeof(said) - 1;
	n = strcspn(text, "'");
	if (n >= sizeof(name))
		return NULL;
	memcpy(name, text, n);
	name[n] = '\0';
	return nearest(cfg, name);
}

/* libConfuse reports the line of the token it has just read. */
void noon_cfg_error(cfg_t *cfg, const char *format, va_list ap)
{
	const char *near;
	char text[512];

	(void)vsnprintf(text, sizeof(text), format, ap);
	if (cfg == NULL || cfg->filename == NULL) {
		(void)fprintf(stderr, "%s\n", text);
		return;
	}
	near = hint(cfg, text);
	(void)fprintf(stderr, "%s:%d: %s", cfg->filename, cfg->line, text);
	if (near != NULL)
		(void)fprintf(stderr, "; did you mean '%s'?", near);
	(void)fputc('\n', stderr);
}
