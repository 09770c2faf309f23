/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire/instruments/lines.h"

/* All lines of a text, each with a "|"; a dropped one is "!". Pieces of so many bytes. */
static void split(const char *text, size_t cap, bool middle, size_t piece, char out[64])
{
	uint8_t buf[16];
	struct noon_lines l;
	size_t len = strlen(text), n = 0;

	noon_lines_init(&l, buf, cap, middle);
	for (size_t at = 0; at < len; at += piece) {
		struct noon_bytes in =
			noon_bytes_of(text + at, piece < len - at ? piece : len - at);

		while (in.n > 0) {
			struct noon_bytes line;
			const enum noon_line got = noon_lines_next(&l, &in, &line);

			if (got == NOON_LINE_NONE)
				continue;
			if (got == NOON_LINE_WHOLE) {
				memcpy(out + n, line.p, line.n);
				n += line.n;
			}
			out[n++] = got == NOON_LINE_WHOLE ? '|' : '!';
		}
	}
	out[n] = '\0';
}

static void splits_a_stream_into_lines_in_any_pieces(void **state)
{
	static const struct {
		const char *text;
		size_t cap;
		bool middle;
		const char *lines;
	} table[] = {
		{"a\nbc\n", 16, false, "a|bc|"},    {"a\r\n\r\nbc\rd\n\n", 16, false, "a|bc|d|"},
		{"a\nbc", 16, false, "a|"},	    {"567 TI\n1 TI\n", 16, true, "1 TI|"},
		{"\n1 TI\n", 16, true, "1 TI|"},    {"1234\n12345\n12\n", 4, false, "1234|!12|"},
		{"12345678\n12\n", 4, true, "12|"}, {"", 4, true, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		for (size_t piece = 1; piece < 16; piece++) {
			char out[64];

			split(table[i].text, table[i].cap, table[i].middle, piece, out);
			assert_string_equal(out, table[i].lines);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(splits_a_stream_into_lines_in_any_pieces),
	};

	return cmocka_run_group_tests_name("wire/instruments/lines", tests, NULL, NULL);
}
