/* SPDX-License-Identifier: Apache-2.0
 *
 * A table with each type, for the tests of this folder.
 */
#ifndef SAMPLE_OPTIONS_H
#define SAMPLE_OPTIONS_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "option/option.h"

enum colour { RED = 3, GREEN, BLUE };

struct sample {
	bool flag;
	int8_t i8;
	uint8_t u8;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;
	int i;
	double real;
	double part;
	noon_dur time;
	double time_ns;
	noon_freq freq;
	enum colour colour;
	bool ptp;
	char text[8];
	const char *file;
	unsigned number[3];
	size_t numbers;
};

static const struct noon_word colours[] = {
	{"red", RED}, {"green", GREEN}, {"blue", BLUE}, {NULL, 0}};
static const struct noon_word protocols[] = {{"ntp", 0}, {"ptp", 1}, {NULL, 0}};
static const struct noon_word colour_blue[] = {{"blue", BLUE}, {NULL, 0}};

/* Even numbers, each appended. */
static bool read_even(const struct noon_option *o, const char *text, void *at,
		      char why[NOON_OPTION_WHY])
{
	struct sample *s = at;
	const unsigned v = (unsigned)strtoul(text, NULL, 10);

	(void)o;
	if (v == 13)
		(void)snprintf(why, NOON_OPTION_WHY, "13 brings bad luck");
	if (v % 2 != 0 || s->numbers == 3)
		return false;
	s->number[s->numbers++] = v;
	return true;
}

static void show_even(const void *at, char out[NOON_OPTION_SHOW])
{
	(void)snprintf(out, NOON_OPTION_SHOW, "%zu numbers", ((const struct sample *)at)->numbers);
}

#define AT(member) NOON_OPTION_AT(struct sample, member)

static const struct noon_option sample_rows[] = {
	{"flag", NOON_OPTION_BOOL, AT(flag), .letter = 'f', .help = "a flag"},
	{"int8", NOON_OPTION_INT, AT(i8), .help = "x"},
	{"uint8", NOON_OPTION_UINT, AT(u8), .help = "x"},
	{"uint16", NOON_OPTION_UINT, AT(u16), .def = "123", NOON_OPTION_RANGE(1, 65535),
	 .letter = 'p', .help = "a port"},
	{"uint32", NOON_OPTION_UINT, AT(u32), .help = "x"},
	{"uint64", NOON_OPTION_UINT, AT(u64), .help = "x"},
	{"int", NOON_OPTION_INT, AT(i), NOON_OPTION_RANGE(-4, 17), .letter = 'i', .help = "x"},
	{"real", NOON_OPTION_REAL, AT(real), .def = "1.5", NOON_OPTION_LEAST(0), .unit = "m",
	 .help = "a length"},
	{"part", NOON_OPTION_REAL, AT(part), NOON_OPTION_RANGE(0.5, 1),
	 .flags = NOON_OPTION_BELOW_MAX, .noun = "a probability", .help = "x"},
	{"time", NOON_OPTION_TIME, AT(time), NOON_OPTION_LEAST(1), .help = "how long"},
	{"time-ns", NOON_OPTION_TIME_NS, AT(time_ns), .def = "100us", NOON_OPTION_LEAST(0),
	 .help = "x"},
	{"freq", NOON_OPTION_FREQ, AT(freq), NOON_OPTION_RANGE(0, 0.1), .help = "x"},
	{"colour", NOON_OPTION_WORD, AT(colour), .def = "green", .words = colours, .help = "x"},
	{"protocol", NOON_OPTION_WORD, AT(ptp), .words = protocols, .help = "x"},
	{"blue", NOON_OPTION_FIXED, AT(colour), .words = colour_blue, .help = "x"},
	{"text", NOON_OPTION_TEXT, AT(text), .help = "x"},
	{"file", NOON_OPTION_BORROWED, AT(file), .says = "none", .value = "file", .letter = 'o',
	 .help = "where"},
	{"even", NOON_OPTION_OWN, NOON_OPTION_ALL(struct sample), .read = read_even,
	 .show = show_even, .most = 3, .noun = "an even number", .help = "x"},
	{"checked", NOON_OPTION_TIME, 0, 0, .help = "taken by its owner"},
	NOON_OPTION_END,
};

static void sample_init(void *base)
{
	struct sample *s = base;

	s->time = NOON_S(300);
	s->freq = 7e-6;
	s->i = -1;
}

static const struct noon_option_group sample_group = {
	.name = "sample",
	.size = sizeof(struct sample),
	.init = sample_init,
	.part = {{sample_rows, 0, NULL}},
};

#endif
