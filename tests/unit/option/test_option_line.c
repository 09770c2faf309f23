/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "option/option_line.h"
#include "sample_options.h"

struct whole {
	int before;
	struct sample s;
	const char *key;
	noon_dur first; /* what it was when `key` was set */
};

static bool read_key(const struct noon_option *o, const char *text, void *at,
		     char why[NOON_OPTION_WHY])
{
	struct whole *w = at;

	(void)o;
	(void)why;
	w->key = text;
	w->first = w->s.time;
	return true;
}

static const struct noon_option key_rows[] = {
	{"key", NOON_OPTION_OWN, NOON_OPTION_ALL(struct whole), .read = read_key,
	 .flags = NOON_OPTION_REQUIRED | NOON_OPTION_FIRST, .value = "file", .help = "with what"},
	NOON_OPTION_END,
};

static void init(void *base)
{
	sample_init(&((struct whole *)base)->s);
}

static const struct noon_command command = {
	.program = "prog",
	.arguments = "FILE [FILE]",
	.min = 1,
	.max = 2,
	.about = "Do something.\n",
	.notes = "Exit status as ever.\n",
	.group = {.name = "verb",
		  .size = sizeof(struct whole),
		  .init = init,
		  .part = {{sample_rows, offsetof(struct whole, s), NULL},
			   {key_rows, 0, "For keys:"}}},
};

static struct whole got;
static struct noon_arguments line;
static char out[8192]; /* what was printed */

/* Read the words of a line, separated by blanks; "_" is an empty word. */
static int run(const char *text)
{
	static char copy[512];
	static char *argv[32];
	const int file = memfd_create("out", 0);
	const int before[2] = {dup(STDOUT_FILENO), dup(STDERR_FILENO)};
	int argc = 1;
	int status;
	ssize_t n;

	argv[0] = copy;
	(void)snprintf(copy, sizeof(copy), "%s", text);
	for (char *w = strtok(copy, " "); w != NULL; w = strtok(NULL, " ")) {
		argv[argc] = w;
		if (strcmp(w, "_") == 0)
			w[0] = '\0';
		argc++;
	}
	argv[argc] = NULL;
	(void)fflush(NULL);
	(void)dup2(file, STDOUT_FILENO);
	(void)dup2(file, STDERR_FILENO);
	status = noon_command_read(&command, argc, argv, &got, &line);
	(void)fflush(NULL);
	(void)dup2(before[0], STDOUT_FILENO);
	(void)dup2(before[1], STDERR_FILENO);
	n = pread(file, out, sizeof(out) - 1, 0);
	out[n > 0 ? n : 0] = '\0';
	(void)close(before[0]);
	(void)close(before[1]);
	(void)close(file);
	return status;
}

#define GO_ON(text) assert_int_equal(run(text), NOON_COMMAND_GO_ON)

static void reads_options_in_every_form(void **state)
{
	(void)state;
	GO_ON("--uint16 7 --time=2s -i -3 -ofile --flag --key k a");
	assert_true(got.s.u16 == 7 && got.s.time == NOON_S(2) && got.s.i == -3 && got.s.flag);
	assert_string_equal(got.s.file, "file");
	assert_true(line.n == 1 && strcmp(line.argument[0], "a") == 0);
	GO_ON("a --key= -fp 9 b");
	assert_true(got.s.flag && got.s.u16 == 9 && line.n == 2);
	assert_string_equal(got.key, "");
	GO_ON("a --key k --uint1 8"); /* cut short */
	assert_int_equal(got.s.u16, 8);
	GO_ON("--key k -- --flag");
	assert_true(!got.s.flag && strcmp(line.argument[0], "--flag") == 0);
	GO_ON("--key k - --file _");
	assert_string_equal(line.argument[0], "-");
	assert_string_equal(got.s.file, "");
	GO_ON("--key k --blue a");
	assert_int_equal(got.s.colour, BLUE);
}

static void starts_from_the_defaults(void **state)
{
	(void)state;
	GO_ON("a --key k");
	assert_true(got.s.u16 == 123 && got.s.time == NOON_S(300) && got.s.colour == GREEN);
	assert_true(noon_arguments_has(&line, "key") && !noon_arguments_has(&line, "uint16"));
	GO_ON("a --key k -p 123");
	assert_true(noon_arguments_has(&line, "uint16"));
}

static void takes_the_last_of_a_repeated_option_and_all_of_a_list(void **state)
{
	(void)state;
	GO_ON("a --key k -p 1 -p 2 --even 2 --even 4");
	assert_true(got.s.u16 == 2 && got.s.numbers == 2 && got.s.number[1] == 4);
}

static void sets_what_others_change_first(void **state)
{
	(void)state;
	GO_ON("a --time 9s --key k");
	assert_true(got.first == NOON_S(300) && got.s.time == NOON_S(9));
}

static void refuses_what_it_does_not_understand(void **state)
{
	static const struct {
		const char *text;
		const char *error;
	} list[] = {
		{"a --key", "--key: its value is missing"},
		{"a -p", "-p: its value is missing"},
		{"a --uint17 3", "unknown option --uint17; did you mean '--uint16'?"},
		{"a --wholly-other", "unknown option --wholly-other"},
		{"a --uint 3", "--uint: more than one option begins like that"},
		{"a -x", "unknown option -x"},
		{"a --flag=yes", "--flag takes no value"},
		{"a --key k --uint16 0", "--uint16 \"0\": expected a whole number from 1 to 65535"},
		{"a --key k -p 0", "-p \"0\": expected a whole number from 1 to 65535"},
		{"a --key k --colour blux",
		 "--colour \"blux\": expected red, green or blue; did you mean 'blue'?"},
		{"a --key k --even 2 --even 2 --even 2 --even 2",
		 "--even \"2\": expected an even number"},
		{"--key k", "expected FILE [FILE]"},
		{"a b c --key k", "unexpected argument \"c\""},
		{"a", "--key is missing: with what"},
	};
	char expected[256];

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		(void)snprintf(expected, sizeof(expected),
			       "prog verb: %s\nTry 'prog verb --help'.\n", list[i].error);
		assert_int_equal(run(list[i].text), NOON_COMMAND_USAGE);
		assert_string_equal(out, expected);
	}
}

static void prints_help_made_from_the_table(void **state)
{
	static const char *const words[] = {
		"Usage: prog verb --key FILE [OPTION]... FILE [FILE]\nDo something.\n\n",
		"  -f, --flag            a flag\n",
		"  -p, --uint16 N        a port (1 to 65535; default 123)\n",
		"      --real X          a length (m; default 1.5)\n",
		"      --time TIME       how long (above 0; default 5min)\n",
		"  -o, --file FILE       where (default none)\n",
		"      --colour red|green|blue\n                        x (default green)\n",
		"\nFor keys:\n      --key FILE        with what\n",
		"  -h, --help            print this and exit\n\nExit status as ever.\n",
	};

	(void)state;
	assert_int_equal(run("--help"), 0);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strstr(out, words[i]) == NULL)
			assert_string_equal(out, words[i]);
	assert_int_equal(run("a b c -h"), 0);
	assert_int_equal(run("--he"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_options_in_every_form),
		cmocka_unit_test(starts_from_the_defaults),
		cmocka_unit_test(takes_the_last_of_a_repeated_option_and_all_of_a_list),
		cmocka_unit_test(sets_what_others_change_first),
		cmocka_unit_test(refuses_what_it_does_not_understand),
		cmocka_unit_test(prints_help_made_from_the_table),
	};

	return cmocka_run_group_tests_name("option/option_line", tests, NULL, NULL);
}
