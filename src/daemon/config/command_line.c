/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/config/command_line.h"

#include <stdio.h>

#include "daemon/config/config.h"
#include "option/option_list.h"

#define LINE(member) NOON_OPTION_AT(struct noon_command_line, member)

static const struct noon_word backends[] = {
	{"event", NOON_LOOP_EVENT}, {"poll", NOON_LOOP_POLL}, {NULL, 0}};

static const struct noon_option rows[] = {
	{"file", NOON_OPTION_BORROWED, LINE(config), .value = "file", .letter = 'f',
	 .help = "read this configuration"},
	{"check", NOON_OPTION_BORROWED, LINE(check), .value = "file",
	 .help = "check a configuration and exit"},
	{"event-backend", NOON_OPTION_WORD, LINE(backend), .words = backends, .def = "event",
	 .help = "poll: a plain poll() loop, one thread, one message per call"},
	{"list-options", NOON_OPTION_BOOL, LINE(list),
	 .help = "print all options of noonmarkd.conf as JSON and exit"},
	{"version", NOON_OPTION_BOOL, LINE(version), .letter = 'V',
	 .help = "print the version and exit"},
	NOON_OPTION_END,
};

static const struct noon_command command = {
	.program = "noonmarkd",
	.about = "Keep time that a machine can rely on while somebody attacks it.\n",
	.notes =
		"Without --file it keeps a virtual clock, serves NTS on loopback (NTP port 11123,\n"
		"NTS-KE port 14460) with a certificate it makes itself, and touches nothing of "
		"the\n"
		"system. Configuration: noonmarkd.conf(5). Control: noonmark(1).\n",
	.group = {"", sizeof(struct noon_command_line), NULL, {{rows, 0, NULL}}},
};

static int list_options(void)
{
	json_t *sections = json_array();
	json_t *commands = json_array();
	json_t *o = json_pack("{s:s, s:o, s:o}", "version", NOON_VERSION, "sections", sections,
			      "commands", commands);

	noon_option_list_section(sections, &noon_config_section, "");
	noon_option_list_command(commands, &command);
	(void)json_dumpf(o, stdout, JSON_INDENT(2));
	(void)fputc('\n', stdout);
	json_decref(o);
	return 0;
}

int noon_command_line_read(int argc, char **argv, struct noon_command_line *ret)
{
	struct noon_arguments line;
	const int status = noon_command_read(&command, argc, argv, ret, &line);

	if (status != NOON_COMMAND_GO_ON)
		return status;
	if (ret->version) {
		(void)printf("noonmarkd %s\n", NOON_VERSION);
		return 0;
	}
	if (ret->list)
		return list_options();
	if (ret->check != NULL)
		ret->config = ret->check;
	return NOON_COMMAND_GO_ON;
}
