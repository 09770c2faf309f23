/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark: the verb table.
 */
#include <stdio.h>
#include <string.h>

#include "option/option_list.h"
#include "tools/core/tool.h"
#include "tools/sim/scenario_options.h"

static const struct noon_verb *const verbs[] = {
	&noon_verb_now,	      &noon_verb_status,  &noon_verb_watch,	&noon_verb_wait,
	&noon_verb_query,     &noon_verb_capture, &noon_verb_step,	&noon_verb_accept,
	&noon_verb_relay,     &noon_verb_demo,	  &noon_verb_check,	&noon_verb_bench,
	&noon_verb_guard,     &noon_verb_lab,	  &noon_verb_sim,	&noon_verb_plan,
	&noon_verb_stability, &noon_verb_ptp,	  &noon_verb_tunnel,	&noon_verb_tsa,
	&noon_verb_stamp,     &noon_verb_verify,  &noon_verb_calibrate, &noon_verb_certificate,
	&noon_verb_version,
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

static void list_verb(json_t *list, const struct noon_verb *v)
{
	const struct noon_command c = noon_tool_command(v);

	if (v->parts == NULL)
		noon_option_list_command(list, &c);
	for (size_t i = 0; v->parts != NULL && v->parts[i] != NULL; i++)
		list_verb(list, v->parts[i]);
}

static void print_help(FILE *to)
{
	(void)fputs("Usage: noonmark VERB [OPTION]...\n"
		    "Time that a machine can rely on while somebody attacks it.\n"
		    "\n",
		    to);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		(void)fprintf(to, "  %-11s %s\n", verbs[i]->name, verbs[i]->summary);
	(void)fputs("\n'noonmark VERB --help' tells more, --list-options prints all options as "
		    "JSON. Exit status: 0 good, 1 not good, 2 usage,\n"
		    "3 could not be asked. See noonmark(1).\n",
		    to);
}

static int list_options(void)
{
	json_t *commands = json_array();
	json_t *sections = json_array();
	json_t *o = json_pack("{s:s, s:o, s:o}", "version", NOON_VERSION, "commands", commands,
			      "sections", sections);

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		list_verb(commands, verbs[i]);
	noon_option_list_section(sections, &noon_scenario_section, "");
	noon_json_print(o);
	json_decref(o);
	return NOON_EXIT_OK;
}

int main(int argc, char **argv)
{
	struct noon_nearest near;
	const char *word = argc < 2 ? "" : argv[1];

	if (argc < 2) {
		print_help(stderr);
		return NOON_EXIT_USAGE;
	}
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
		print_help(stdout);
		return NOON_EXIT_OK;
	}
	if (strcmp(word, "--version") == 0)
		return print_version(&noon_verb_version, NULL, NULL);
	if (strcmp(word, "--list-options") == 0)
		return list_options();
	near = noon_nearest_to(word);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(word, verbs[i]->name) == 0)
			return noon_tool_run(verbs[i], argc - 1, argv + 1);
		noon_nearest_try(&near, verbs[i]->name);
	}
	(void)fprintf(stderr, "noonmark: unknown verb \"%s\"", word);
	if (near.best != NULL)
		(void)fprintf(stderr, "; did you mean '%s'?", near.best);
	(void)fputs("\nTry 'noonmark --help'.\n", stderr);
	return NOON_EXIT_USAGE;
}
