/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/stamp/stamp_output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A directory entry. One that does not exist yet has no inode number. */
struct place {
	dev_t dir_dev;
	ino_t dir_ino;
	char *path;
	const char *base; /* of path */
};

struct input {
	dev_t dev;
	ino_t ino;
	const char *path;
};

struct plan {
	struct place *place;
	size_t n_places;
	struct input *input;
	size_t n_inputs;
};

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

bool noon_stamp_output_name(const struct noon_stamper_conf *c, const char *file, size_t i,
			    char out[NOON_STAMPER_PATH_MAX])
{
	const char *suffix = c->token ? ".tst" : ".tsr";
	const size_t n = NOON_STAMPER_PATH_MAX;
	char number[24] = "";
	int len;

	if (c->n_tsas > 1)
		(void)snprintf(number, sizeof(number), ".%zu", i + 1);
	if (c->out != NULL)
		len = snprintf(out, n, "%s%s", c->out, number);
	else if (c->out_dir != NULL)
		len = snprintf(out, n, "%s/%s%s%s", c->out_dir, base_of(file), number, suffix);
	else
		len = snprintf(out, n, "%s%s%s", file, number, suffix);
	return len > 0 && (size_t)len < n;
}

static int compare_places(const void *a, const void *b)
{
	const struct place *x = a;
	const struct place *y = b;

	if (x->dir_dev != y->dir_dev)
		return x->dir_dev < y->dir_dev ? -1 : 1;
	if (x->dir_ino != y->dir_ino)
		return x->dir_ino < y->dir_ino ? -1 : 1;
	return strcmp(x->base, y->base);
}

static int compare_inputs(const void *a, const void *b)
{
	const struct input *x = a;
	const struct input *y = b;

	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	return x->ino == y->ino ? 0 : x->ino < y->ino ? -1 : 1;
}

static noon_err add_place(struct plan *p, const char *path)
{
	struct place *place = &p->place[p->n_places];
	char dir[NOON_STAMPER_PATH_MAX + 1];
	const size_t n = (size_t)(base_of(path) - path);
	struct stat st;

	(void)snprintf(dir, sizeof(dir), "%.*s.", (int)n, path);
	/* Without the directory nothing is written. */
	if (stat(dir, &st) < 0)
		return NOON_OK;
	place->path = strdup(path);
	if (place->path == NULL)
		return NOON_ERR_OS;
	place->base = place->path + n;
	place->dir_dev = st.st_dev;
	place->dir_ino = st.st_ino;
	p->n_places++;
	return NOON_OK;
}

static void add_input(struct plan *p, const char *file)
{
	const bool is_stdin = strcmp(file, "-") == 0;
	struct stat st;

	/* An unreadable file, or too long a name, is reported when it is processed. */
	if ((is_stdin ? fstat(STDIN_FILENO, &st) : stat(file, &st)) < 0)
		return;
	p->input[p->n_inputs++] = (struct input){
		.dev = st.st_dev, .ino = st.st_ino, .path = is_stdin ? "standard input" : file};
}

static noon_err fill(struct plan *p, const struct noon_stamper_conf *conf, char *const *files,
		     size_t n)
{
	char path[NOON_STAMPER_PATH_MAX];
	noon_err err = NOON_OK;

	for (size_t i = 0; i < n && !err; i++) {
		add_input(p, files[i]);
		for (size_t k = 0; k < conf->n_tsas && !err; k++)
			if (noon_stamp_output_name(conf, files[i], k, path))
				err = add_place(p, path);
	}
	return err;
}

static noon_err compare(struct plan *p, struct noon_ts_why *why)
{
	qsort(p->place, p->n_places, sizeof(*p->place), compare_places);
	qsort(p->input, p->n_inputs, sizeof(*p->input), compare_inputs);
	for (size_t i = 0; i < p->n_places; i++) {
		struct input key = {.path = NULL};
		const struct input *same;
		struct stat st;

		if (i > 0 && compare_places(&p->place[i - 1], &p->place[i]) == 0) {
			(void)snprintf(why->text, sizeof(why->text),
				       "%.200s would be the token of two files", p->place[i].path);
			return NOON_ERR_RANGE;
		}
		if (stat(p->place[i].path, &st) < 0)
			continue;
		key.dev = st.st_dev;
		key.ino = st.st_ino;
		same = bsearch(&key, p->input, p->n_inputs, sizeof(key), compare_inputs);
		if (same != NULL) {
			(void)snprintf(why->text, sizeof(why->text),
				       "the token %.100s would replace %.100s, which is to be "
				       "stamped",
				       p->place[i].path, same->path);
			return NOON_ERR_RANGE;
		}
	}
	return NOON_OK;
}

noon_err noon_stamp_output_check(const struct noon_stamper_conf *conf, char *const *files, size_t n,
				 struct noon_ts_why *ret_why)
{
	struct plan p = {.place = calloc(n * conf->n_tsas, sizeof(*p.place)),
			 .input = calloc(n, sizeof(*p.input))};
	noon_err err = NOON_ERR_OS;

	(void)snprintf(ret_why->text, sizeof(ret_why->text), "out of memory");
	if (p.place != NULL && p.input != NULL)
		err = fill(&p, conf, files, n);
	if (!err)
		err = compare(&p, ret_why);
	for (size_t i = 0; i < p.n_places; i++)
		free(p.place[i].path);
	free(p.place);
	free(p.input);
	return err;
}
