/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/action.h"
#include "base/err.h"
#include "base/verdict.h"

static void keeps_bytes_of_several_sends_apart(void **state)
{
	static struct noon_actions as;
	struct noon_wr wr;

	(void)state;
	noon_actions_reset(&as);
	wr = noon_actions_room(&as);
	assert_int_equal(noon_wr_u16(&wr, 0x0102), NOON_OK);
	noon_actions_send(&as, &wr, 7);
	wr = noon_actions_room(&as);
	assert_int_equal(noon_wr_room(&wr), NOON_ACTIONS_BYTES - 2);
	assert_int_equal(noon_wr_u8(&wr, 3), NOON_OK);
	noon_actions_send(&as, &wr, 8);
	assert_int_equal(as.n, 2);
	assert_int_equal(as.a[0].send.n, 2);
	assert_int_equal(as.a[0].send.p[1], 2);
	assert_int_equal(as.a[1].token, 8);
	assert_int_equal(as.a[1].send.p[0], 3);
}

static void moves_what_is_to_be_sent_with_its_list(void **state)
{
	static struct noon_actions from, to;
	struct noon_wr wr;

	(void)state;
	noon_actions_reset(&from);
	noon_actions_miss(&from);
	wr = noon_actions_room(&from);
	assert_int_equal(noon_wr_u8(&wr, 42), NOON_OK);
	noon_actions_send(&from, &wr, 9);
	noon_actions_move(&to, &from);
	assert_int_equal(from.n, 0);
	assert_int_equal(to.n, 2);
	assert_int_equal(to.a[0].kind, NOON_ACTION_MISS);
	assert_ptr_equal(to.a[1].send.p, to.buf);
	/* The old list may be filled again. */
	wr = noon_actions_room(&from);
	assert_int_equal(noon_wr_u8(&wr, 7), NOON_OK);
	noon_actions_send(&from, &wr, 10);
	assert_int_equal(to.a[1].send.p[0], 42);
	assert_int_equal(to.a[1].token, 9);
}

static void names_every_code(void **state)
{
	(void)state;
	assert_string_equal(noon_err_text(NOON_OK), "success");
	assert_string_equal(noon_err_text((noon_err)9999), "unknown error");
	assert_string_equal(noon_finding_word(NOON_FINDING_SUPERLUMINAL), "superluminal");
	assert_string_equal(noon_verdict_word(NOON_VERDICT_AUTH), "bad-auth");
	for (int k = 0; k < NOON_FINDING_KINDS; k++)
		assert_true(strlen(noon_finding_text((enum noon_finding_kind)k)) > 0);
	for (int v = 0; v < NOON_VERDICTS; v++)
		assert_true(strlen(noon_verdict_word((enum noon_verdict)v)) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_bytes_of_several_sends_apart),
		cmocka_unit_test(moves_what_is_to_be_sent_with_its_list),
		cmocka_unit_test(names_every_code),
	};

	return cmocka_run_group_tests_name("base/action", tests, NULL, NULL);
}
