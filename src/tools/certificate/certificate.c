/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark certificate: read calibration certificates.
 */
#include "tools/certificate/certificate.h"

#include <stdio.h>

#include "tools/certificate/certificate_file.h"
#include "tools/certificate/certificate_text.h"

struct show_options {
	bool json;
};

static int show(const struct noon_verb *self, void *options, const struct noon_arguments *line)
{
	const struct show_options *o = options;
	const char *path = line->argument[0];
	struct noon_certificate_file f;
	int status = NOON_EXIT_OK;

	if (noon_certificate_file_read(path, &f) != NOON_CERTIFICATE_READ)
		status = noon_tool_fail(self, "%s: %s", path, f.why);
	else if (o->json)
		noon_json_print(f.content);
	else if (!noon_certificate_print(stdout, f.content, noon_cms_info(f.cms)))
		status = noon_tool_fail(self, "out of memory");
	noon_certificate_file_fini(&f);
	return status;
}

static const struct noon_option show_rows[] = {
	{"json", NOON_OPTION_BOOL, NOON_OPTION_AT(struct show_options, json),
	 .help = "print the content as JSON"},
	NOON_OPTION_END,
};

const struct noon_verb noon_verb_certificate_show = {
	.name = "certificate show",
	.summary = "print a certificate, without any check",
	.arguments = "FILE",
	.min = 1,
	.max = 1,
	.about = "Print what a calibration certificate says, in pages. Nothing is checked: anybody "
		 "can\n"
		 "write such a file.\n",
	.size = sizeof(struct show_options),
	.part = {{show_rows, 0, NULL}},
	.act = show,
};

static const struct noon_verb *const parts[] = {
	&noon_verb_certificate_verify,
	&noon_verb_certificate_show,
	NULL,
};

const struct noon_verb noon_verb_certificate = {
	.name = "certificate",
	.summary = "check calibration certificates",
	.about = "Calibration certificates, which noonmark calibrate certificate issues.\n",
	.parts = parts,
};
