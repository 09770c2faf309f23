/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "option/option_file.h"
#include "sample_options.h"

static const struct noon_section inner = {
	.group = {.name = "inner", .size = sizeof(struct sample), .part = {{sample_rows, 0, NULL}}},
	.kind = NOON_SECTION_TITLED,
};
static const struct noon_section *const in_once[] = {&inner, NULL};
static const struct noon_section once = {
	.group = {.name = "once",
		  .size = sizeof(struct sample),
		  .init = sample_init,
		  .part = {{sample_rows, 0, NULL}}},
	.sections = in_once,
};
static const struct noon_section *const in_top[] = {&once, NULL};
static const struct noon_section top = {
	.group = {.name = "", .size = sizeof(struct sample), .part = {{sample_rows, 0, NULL}}},
	.sections = in_top,
};

static char said[1024]; /* on standard error, without the path */

static noon_err read_text(const char *text, cfg_t **ret)
{
	const int fd = memfd_create("conf", 0);
	const int err = memfd_create("stderr", 0);
	const int before = dup(STDERR_FILENO);
	char path[64];
	noon_err result;
	ssize_t n;

	assert_true(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	(void)fflush(stderr);
	(void)dup2(err, STDERR_FILENO);
	result = noon_option_read(path, &top, ret);
	(void)fflush(stderr);
	(void)dup2(before, STDERR_FILENO);
	n = pread(err, said, sizeof(said) - 1, 0);
	said[n > 0 ? n : 0] = '\0';
	if (strncmp(said, path, strlen(path)) == 0)
		memmove(said, said + strlen(path), strlen(said + strlen(path)) + 1);
	(void)close(before);
	(void)close(err);
	(void)close(fd);
	return result;
}

static void reads_sections_by_their_tables(void **state)
{
	cfg_t *file = NULL;
	cfg_t *cfg;
	struct sample s;

	(void)state;
	assert_int_equal(read_text("uint16 = 7\nonce { time = \"2h\" even = { 2, 4 } flag = yes\n"
				   "inner \"a\" { colour = blue } inner \"b\" { } }\n",
				   &file),
			 NOON_OK);
	noon_option_take_group(file, &top.group, &s);
	assert_true(s.u16 == 7 && s.time == 0);
	cfg = noon_option_section(file, "once");
	noon_option_take_group(cfg, &once.group, &s);
	assert_true(s.u16 == 123 && s.time == NOON_S(7200) && s.flag && s.i == -1);
	assert_true(s.numbers == 2 && s.number[1] == 4);
	assert_true(noon_option_is_set(cfg, "time") && !noon_option_is_set(cfg, "real"));
	assert_true(noon_option_is_set(cfg, "even"));
	assert_int_equal(cfg_size(cfg, "inner"), 2);
	noon_option_take_group(cfg_getnsec(cfg, "inner", 0), &inner.group, &s);
	assert_int_equal(s.colour, BLUE);
	(void)cfg_free(file);
}

static void names_line_option_value_and_expectation(void **state)
{
	static const struct {
		const char *text;
		const char *error;
	} list[] = {
		{"\n\nuint16 = 0", ":3: uint16 = \"0\": expected a whole number from 1 to 65535\n"},
		{"once {\n colour = blux\n}",
		 ":2: colour = \"blux\": expected red, green or blue; did you mean 'blue'?\n"},
		{"once {\n inner \"a\" {\n\n time = 0 } }",
		 ":4: time = \"0\": expected a time above zero, such as \"250ms\", \"1.5us\", "
		 "\"2h\"\n"},
		{"even = {2,\n4,\n6,\n8}", ":4: even: expected at most 3\n"},
		{"even = {2,\n5}", ":2: even = \"5\": expected an even number\n"},
		{"uint8 = 010", ":1: uint8 = \"010\": expected no zero before the number\n"},
		{"\ncolor = red", ":2: no such option 'color'; did you mean 'colour'?\n"},
		{"once { }\nonce { }", ":2: once: expected one section only\n"},
		{"once {\n", ":1: the section or list that begins here is never closed\n"},
		{"checked = soon",
		 ":1: checked = \"soon\": expected a time, such as \"250ms\", \"1.5us\", \"2h\"\n"},
	};
	cfg_t *cfg = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		assert_int_equal(read_text(list[i].text, &cfg), NOON_ERR_FORMAT);
		assert_string_equal(said, list[i].error);
	}
}

static void tells_a_file_that_is_not_there(void **state)
{
	cfg_t *cfg = NULL;

	(void)state;
	assert_int_equal(noon_option_read("/nowhere/at/all", &top, &cfg), NOON_ERR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_sections_by_their_tables),
		cmocka_unit_test(names_line_option_value_and_expectation),
		cmocka_unit_test(tells_a_file_that_is_not_there),
	};

	return cmocka_run_group_tests_name("option/option_file", tests, NULL, NULL);
}
