/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/check/check_choice.h"

#include <stdio.h>
#include <string.h>

#define CHOICE(member) NOON_OPTION_AT(struct noon_check_choice, member)

static const struct noon_word tap[] = {{"tap", NOON_CHECK_FORMAT_TAP}, {NULL, 0}};
static const struct noon_word json[] = {{"json", NOON_CHECK_FORMAT_JSON}, {NULL, 0}};

const struct noon_option noon_check_rows[] = {
	{"list", NOON_OPTION_BOOL, CHOICE(list), .help = "list the checks"},
	{"only", NOON_OPTION_BORROWED, CHOICE(only), .value = "list", .says = "all",
	 .help = "only these checks, such as K2,P9 (K6 is K6a to K6d)"},
	{"tap", NOON_OPTION_FIXED, CHOICE(format), .words = tap, .help = "print TAP"},
	{"json", NOON_OPTION_FIXED, CHOICE(format), .words = json, .help = "print JSON"},
	NOON_OPTION_END,
};

static bool is_listed(const char *list, const char *word)
{
	const size_t n = strlen(word);

	for (const char *at = list; at != NULL && *at != '\0';) {
		const size_t len = strcspn(at, ",");

		if (len == n && strncmp(at, word, n) == 0)
			return true;
		at += len + (at[len] == ',');
	}
	return false;
}

/* An id selects itself and its variants: K6 selects K6a to K6d. */
static bool is_chosen(const struct noon_check_choice *a, const struct noon_check *c)
{
	char stem[16];
	size_t n;

	if (a->groups != NULL && !is_listed(a->groups, c->group))
		return false;
	if (a->only == NULL)
		return !c->slow || a->slow;
	(void)snprintf(stem, sizeof(stem), "%s", c->id);
	n = strlen(stem);
	if (is_listed(a->only, stem))
		return true;
	if (n > 1 && stem[n - 1] >= 'a' && stem[n - 1] <= 'z')
		stem[n - 1] = '\0';
	return is_listed(a->only, stem);
}

void noon_check_choose(const struct noon_check_choice *choice, const struct noon_check *checks,
		       size_t n, struct noon_check_report *r)
{
	for (size_t i = 0; i < n && r->n < NOON_CHECK_REPORT_MAX; i++)
		if (is_chosen(choice, &checks[i]))
			r->check[r->n++] = &checks[i];
}
