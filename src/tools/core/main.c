/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark: the verb table.
 */
#include <stdio.h>
#include <string.h>

#include "tools/core/tool.h"

static const struct noon_verb *const verbs[] = {
	&noon_verb_now,	  &noon_verb_status, &noon_verb_watch,	&noon_verb_wait,
	&noon_verb_query, &noon_verb_step,   &noon_verb_accept, &noon_verb_relay,
	&noon_verb_demo,  &noon_verb_check,  &noon_verb_bench,	&noon_verb_guard,
	&noon_verb_lab,	  &noon_verb_sim,    &noon_verb_plan,	&noon_verb_ptp,
	&noon_verb_tsa,	  &noon_verb_stamp,  &noon_verb_verify, &noon_verb_version,
};

static int print_version(const struct noon_verb *self, void *options,
			 const struct noon_arguments *line)
{
	(void)self;
	(void)options;
	(void)line;
	(void)printf("noonmark %s\n", NOON_VERSION);
	return NOON_EXIT_OK;
}

const struct noon_verb noon_verb_version = {
	.name = "version",
	.summary = "print the version",
	.about = "Print the version.\n",
	.act = print_version,
};

static void print_help(FILE *to)
{
	(void)fputs("Usage: noonmark VERB [OPTION]...\n"
		    "Time that a machine can rely on while somebody attacks it.\n"
		    "\n",
		    to);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		(void)fprintf(to, "  %-9s %s\n", verbs[i]->name, verbs[i]->summary);
	(void)fputs(
		"\n'noonmark VERB --help' tells more. Exit status: 0 good, 1 not good, 2 usage,\n"
		"3 could not be asked. See noonmark(1).\n",
		to);
}

int main(int argc, char **argv)
{
	char name[64];

	if (argc < 2) {
		print_help(stderr);
		return NOON_EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		print_help(stdout);
		return NOON_EXIT_OK;
	}
	if (strcmp(argv[1], "--version") == 0)
		return print_version(&noon_verb_version, NULL, NULL);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(argv[1], verbs[i]->name) != 0)
			continue;
		if (verbs[i]->act != NULL || verbs[i]->parts != NULL)
			return noon_tool_run(verbs[i], argc - 1, argv + 1);
		/* getopt's own messages begin with this. */
		(void)snprintf(name, sizeof(name), "noonmark %s", verbs[i]->name);
		argv[1] = name;
		return verbs[i]->run(verbs[i], argc - 1, argv + 1);
	}
	(void)fprintf(stderr, "noonmark: unknown verb \"%s\"\n", argv[1]);
	print_help(stderr);
	return NOON_EXIT_USAGE;
}
