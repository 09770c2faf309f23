/* SPDX-License-Identifier: Apache-2.0
 *
 * Contents of calibration certificates: canonical text, comparison, conformity, and text of others
 * on a terminal.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tools/certificate/certificate_text.h"
#include "tools/certificate/content.h"

#define FORMAT "\"format\":\"" NOON_CERTIFICATE_FORMAT "\""

static json_t *parse(const char *text, const char **why)
{
	return noon_certificate_parse(noon_bytes_of(text, strlen(text)), why);
}

static void takes_canonical_text_only(void **state)
{
	static const struct {
		const char *text, *why;
	} refused[] = {
		{"", "no JSON"},
		{"[]", "no JSON object"},
		{"{\"a\":1,\"a\":1," FORMAT "}", "no JSON object"}, /* twice */
		{"{}", "not of the format"},
		{"{\"format\":7}", "not of the format"},
		{"{\"format\":\"noonmark-certificate-2\"}", "not of the format"},
		{"{ " FORMAT "}", "not canonical"},
		{"{" FORMAT ",\"a\":1}", "not canonical"}, /* order */
		{"{\"a\":1.50," FORMAT "}", "not canonical"},
		{"{\"a\":\"\\u0041\"," FORMAT "}", "not canonical"},
		{"{" FORMAT "}\n", "not canonical"},
	};
	const char *why;
	json_t *o;

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		assert_null(parse(refused[i].text, &why));
		assert_non_null(strstr(why, refused[i].why));
	}
	o = parse("{\"a\":1.5,\"e\":\"\303\251\"," FORMAT ",\"z\":[1,2.0]}", &why);
	assert_non_null(o);
	assert_null(why);
	json_decref(o);
}

static void compares_with_a_tolerance(void **state)
{
	static const struct {
		const char *a, *b, *where; /* NULL: the same */
	} cases[] = {
		{"{\"r\":{\"x\":1.0}}", "{\"r\":{\"x\":1.0000000001}}", NULL},
		{"{\"r\":{\"x\":1.0}}", "{\"r\":{\"x\":1.00000001}}", "r.x"},
		{"{\"r\":{\"x\":1.0}}", "{\"r\":{\"x\":-1.0}}", "r.x"},
		{"{\"r\":{\"x\":0}}", "{\"r\":{\"x\":1e-16}}", NULL},
		{"{\"r\":{\"x\":1}}", "{\"r\":{}}", "r"},
		{"{\"r\":{}}", "{\"r\":{\"x\":1}}", "r.x"},
		{"{}", "{\"r\":{\"x\":1}}", "r"},
		{"{\"r\":[1,{\"x\":2}]}", "{\"r\":[1,{\"x\":3}]}", "r[1].x"},
		{"{\"r\":[1]}", "{\"r\":[1,2]}", "r"},
		{"{\"r\":[1,2]}", "{\"r\":[1]}", "r"},
		{"{\"r\":\"1\"}", "{\"r\":1}", "r"},
		{"{\"r\":true}", "{\"r\":false}", "r"},
		{"{\"r\":\"a\",\"more\":1}", "{\"r\":\"a\"}", NULL}, /* not measured */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char where[NOON_CERTIFICATE_PATH] = "";
		json_t *a = json_loads(cases[i].a, 0, NULL);
		json_t *b = json_loads(cases[i].b, 0, NULL);
		const bool same = noon_certificate_same(a, b, where);

		assert_int_equal(same, cases[i].where == NULL);
		if (cases[i].where != NULL)
			assert_string_equal(where, cases[i].where);
		json_decref(a);
		json_decref(b);
	}
}

static void states_conformity_from_result_and_limit(void **state)
{
	json_t *c = json_loads("{\"result\":{\"x_s\":-0.5,\"U_s\":0.25},"
			       "\"conformity\":{\"limit_s\":0.75,\"outcome\":\"fail\"}}",
			       0, NULL);
	json_t *o = noon_certificate_conformity(c);

	(void)state;
	assert_string_equal(noon_certificate_str(o, "outcome"), "pass");
	json_decref(o);
	(void)json_object_del(json_object_get(c, "result"), "U_s");
	assert_null(noon_certificate_conformity(c));
	json_decref(c);
}

static void shows_no_control_characters(void **state)
{
	static const struct {
		const char *is, *shown;
	} cases[] = {
		{"a\033[2Jb\n\r\t\177", "a?[2Jb????"},
		{"\302\205\302\233x", "??x"},			  /* C1 */
		{"\303\251\342\202\254", "\303\251\342\202\254"}, /* ordinary */
		{"\342\200\256live\342\201\251", "?live?"},	  /* right to left */
		{"\342\200\250", "?"},				  /* line separator */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = NULL;
		size_t n = 0;
		FILE *f = open_memstream(&text, &n);

		noon_certificate_put(f, cases[i].is);
		assert_int_equal(fclose(f), 0);
		assert_string_equal(text, cases[i].shown);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_canonical_text_only),
		cmocka_unit_test(compares_with_a_tolerance),
		cmocka_unit_test(states_conformity_from_result_and_limit),
		cmocka_unit_test(shows_no_control_characters),
	};

	return cmocka_run_group_tests_name("tools/certificate", tests, NULL, NULL);
}
