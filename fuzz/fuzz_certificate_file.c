/* SPDX-License-Identifier: Apache-2.0
 *
 * Property: no bytes make the reader of calibration certificates fall over; what it takes has a
 * content that is canonical, and no content, canonical or not, makes the pages have control
 * characters, or lines that are too long. A signature without a good certificate is never trusted.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "tools/certificate/certificate_file.h"
#include "tools/certificate/certificate_text.h"
#include "tools/certificate/content.h"
#include "tools/certificate/signature_stamp.h"

#define LINE_MOST 96 /* characters */

static void check_pages(const char *text, size_t n)
{
	size_t width = 0;

	for (size_t i = 0; i < n; i++) {
		const unsigned char c = (unsigned char)text[i];

		assert(c >= ' ' || c == '\n' || c == '\f');
		assert(c != 0x7f);
		if (c == '\n' || c == '\f')
			width = 0;
		else if ((c & 0xc0) != 0x80)
			width++;
		assert(width <= LINE_MOST);
	}
}

static void print(const json_t *content, const struct noon_cms_info *info)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	assert(f != NULL);
	assert(noon_certificate_print(f, content, info));
	assert(fclose(f) == 0);
	check_pages(text, n);
	free(text);
}

static void use(const json_t *content, const struct noon_cms_info *info)
{
	char where[NOON_CERTIFICATE_PATH] = "";
	json_t *conformity = noon_certificate_conformity(content);

	print(content, info);
	/* What is nested more deeply than ours is not compared. */
	assert(noon_certificate_same(content, content, where) || where[0] != '\0');
	json_decref(conformity);
}

static void read_file(struct noon_bytes data)
{
	struct noon_certificate_file f = {.cms = NULL};
	struct noon_tsp_token token;

	if (noon_certificate_file_parse(data, &f) == NOON_CERTIFICATE_READ) {
		const struct noon_cms_info *info = noon_cms_info(f.cms);
		char *text = noon_certificate_text(f.content);

		assert(strlen(text) == info->content.n &&
		       memcmp(text, info->content.p, info->content.n) == 0);
		free(text);
		(void)noon_cms_check_signature(f.cms);
		if (info->token.n > 0)
			noon_signature_stamp_judge(info->token, info->signature, NULL, &token);
		use(f.content, info);
	} else {
		assert(f.content == NULL && f.why[0] != '\0' && f.fault[0] != '\0');
	}
	noon_certificate_file_fini(&f);
}

/* The first byte chooses: a file, or a content as somebody might have signed it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct noon_cms_info nobody = {.signed_s = 0};
	json_t *content;

	if (size == 0)
		return 0;
	if (data[0] != 'j') {
		read_file(noon_bytes_of(data + 1, size - 1));
		return 0;
	}
	content = json_loadb((const char *)data + 1, size - 1, 0, NULL);
	if (json_is_object(content))
		use(content, &nobody);
	json_decref(content);
	return 0;
}
