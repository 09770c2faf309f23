/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tools/report/figure.h"

static void assert_near(double a, double b, double most)
{
	if (!(fabs(a - b) <= most))
		fail_msg("%.12g is not within %.3g of %.12g", a, most, b);
}

static void units_suit_what_is_shown(void **state)
{
	(void)state;
	assert_string_equal(noon_unit_of(2).name, "s");
	assert_string_equal(noon_unit_of(0.5).name, "ms");
	assert_string_equal(noon_unit_of(2e-6).name, "us");
	assert_string_equal(noon_unit_of(0).name, "ns");
	assert_string_equal(noon_unit_of_duration(60).name, "s");
	assert_string_equal(noon_unit_of_duration(3600).name, "min");
	assert_string_equal(noon_unit_of_duration(86400).name, "h");
	assert_near(noon_unit_of_duration(864000).factor * 864000, 10, 1e-9);
}

/* 37 ms within a microsecond: labels such as 37.0001 would hide what is to be seen. */
static void near_the_result_differences_from_it_are_shown(void **state)
{
	const struct noon_offset_axis near = noon_offset_axis(0.037, 0.037001, 0.0370005);
	const struct noon_offset_axis far = noon_offset_axis(-0.5, 0.5, 0.037);
	const struct noon_offset_axis none = noon_offset_axis(0.037, 0.037001, (double)NAN);

	(void)state;
	assert_non_null(strstr(near.name, "- x, us"));
	assert_near(noon_on_axis(&near, 0.037001), 0.5, 1e-6);
	assert_string_equal(far.name, "T(S) - reference, ms");
	assert_near(noon_on_axis(&far, 0.5), 500, 1e-9);
	assert_near(noon_on_axis(&none, 0.037), 37, 1e-9);
}

static void what_html_reserves_is_escaped(void **state)
{
	const struct noon_axis x = {0, 1, false, "x"};
	const struct noon_axis y = {0, 1, false, "y"};
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	struct noon_svg g;

	(void)state;
	assert_non_null(f);
	noon_html_text(f, "<b>\"a\" & b</b>");
	noon_svg_begin(&g, "t", &x, &y);
	assert_int_equal(noon_figure(f, &g, "%s < %d", "<i>", 5), NOON_OK);
	assert_int_equal(fclose(f), 0);
	assert_non_null(strstr(text, "&lt;b&gt;&quot;a&quot; &amp; b&lt;/b&gt;"));
	assert_non_null(strstr(text, "<figcaption>&lt;i&gt; &lt; 5</figcaption>"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(units_suit_what_is_shown),
		cmocka_unit_test(near_the_result_differences_from_it_are_shown),
		cmocka_unit_test(what_html_reserves_is_escaped),
	};

	return cmocka_run_group_tests_name("tools/figure", tests, NULL, NULL);
}
