/* SPDX-License-Identifier: Apache-2.0
 *
 * What an audit of the ledger finds: entries changed, taken away, or that cannot be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "test_tsa_ledger_fixture.h"

static void finds_a_change_in_every_column(void **state)
{
	/* Row 4 is a token, row 1 none. What SQLite would read as the same is a change as well. */
	static const struct {
		const char *change;
		uint64_t seq;
		const char *why;
	} table[] = {
		{"seq=100 WHERE seq=7", 7, "missing"},
		{"seq=0 WHERE seq=1", 1, "missing"},
		{"kind=1 WHERE seq=1", 1, "changed"},
		{"kind=99 WHERE seq=1", 1, "changed"},
		{"kind=kind+4294967296 WHERE seq=4", 4, "changed"},
		{"kind=kind+0.5 WHERE seq=4", 4, "changed"},
		{"at=at+1 WHERE seq=4", 4, "changed"},
		{"at=at-1 WHERE seq=1", 1, "changed"},
		{"at=CAST(at AS BLOB) WHERE seq=4", 4, "changed"},
		{"counter=9 WHERE seq=4", 4, "changed"},
		{"counter=counter+0.5 WHERE seq=4", 4, "changed"},
		{"counter=NULL WHERE seq=4", 4, "changed"},
		{"counter=8 WHERE seq=1", 1, "changed"},
		{"counter=0 WHERE seq=1", 1, "changed"},
		{"digest=zeroblob(32) WHERE seq=4", 4, "changed"},
		{"digest=zeroblob(32) WHERE seq=1", 1, "changed"},
		{"digest=NULL WHERE seq=4", 4, "changed"},
		{"digest=x'00' WHERE seq=1", 1, "changed"},
		{"body=x'00' WHERE seq=4", 4, "changed"},
		{"body=CAST('Started' AS BLOB) WHERE seq=1", 1, "changed"},
		{"body='started' WHERE seq=1", 1, "changed"},
		{"body=x'' WHERE seq=1", 1, "changed"},
		{"hash=zeroblob(32) WHERE seq=4", 4, "changed"},
		{"hash=x'' WHERE seq=7", 7, "changed"},
		{"hash=(SELECT hash FROM entry WHERE seq=5) WHERE seq=4", 4, "changed"},
	};
	char change[160];

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		(void)write_some();
		assert_true(audit(NULL).good);
		(void)snprintf(change, sizeof(change), "UPDATE entry SET %s", table[i].change);
		sql(change);
		print_message("# %s\n", table[i].change);
		expect_bad(NULL, table[i].seq, table[i].why);
		assert_int_equal(unlink(path), 0);
	}
}

static void finds_a_change_of_every_byte_of_a_body(void **state)
{
	struct noon_ledger_head head = write_some();

	(void)state;
	for (unsigned byte = 1; byte <= 7; byte++)
		for (unsigned bit = 0; bit < 8; bit++) {
			char change[160];

			(void)snprintf(change, sizeof(change),
				       "UPDATE entry SET body=CAST(substr('started',1,%u)||"
				       "char(unicode(substr('started',%u,1))%+d)||"
				       "substr('started',%u) AS BLOB) WHERE seq=1",
				       byte - 1, byte, 1 << bit, byte + 1);
			sql(change);
			expect_bad(&head, 1, "changed");
		}
	sql("UPDATE entry SET body=CAST('started' AS BLOB) WHERE seq=1");
	assert_true(audit(&head).good);
}

static void finds_what_was_taken_away(void **state)
{
	struct noon_ledger_head end;

	(void)state;
	(void)write_some();
	sql("DELETE FROM entry WHERE seq=5");
	expect_bad(NULL, 5, "missing");
	assert_int_equal(unlink(path), 0);

	/* The numbers closed up behind it. */
	(void)write_some();
	sql("DELETE FROM entry WHERE seq=5; UPDATE entry SET seq=5 WHERE seq=6;"
	    "UPDATE entry SET seq=6 WHERE seq=7");
	expect_bad(NULL, 5, "changed");
	assert_int_equal(unlink(path), 0);

	(void)write_some();
	sql("DELETE FROM entry WHERE seq=1");
	expect_bad(NULL, 1, "missing");
	assert_int_equal(unlink(path), 0);

	(void)write_some();
	sql("UPDATE entry SET seq=50 WHERE seq=4; UPDATE entry SET seq=4 WHERE seq=5;"
	    "UPDATE entry SET seq=5 WHERE seq=50");
	expect_bad(NULL, 4, "changed");
	assert_int_equal(unlink(path), 0);

	/* A cut-off end only shows against a head that somebody kept. */
	end = write_some();
	sql("DELETE FROM entry WHERE seq>=6");
	assert_true(audit(NULL).good);
	expect_bad(&end, 7, "expected is not there");
}

static void finds_another_chain_than_the_one_that_was_kept(void **state)
{
	struct noon_ledger_head kept = write_some();
	struct noon_ledger_head early = kept;

	(void)state;
	assert_true(audit(&kept).has_expected);
	kept.hash[31] ^= 1;
	expect_bad(&kept, 7, "not the one that was expected");
	/* All of it written again, with other serial numbers: every hash follows. */
	assert_int_equal(unlink(path), 0);
	(void)write_some();
	assert_true(audit(NULL).good);
	expect_bad(&early, 7, "not the one that was expected");
}

#define PREFIX ", prefix 00000001"

/* What the log of write_some() and a block of 11 to 20 cannot go on with. */
static void plant(struct noon_tsa_ledger *l, unsigned which)
{
	struct noon_ledger_entry other =
		token(l, (struct told){16, noon_time_add(start_time, NOON_MS(9)), true});

	switch (which) {
	case 0:
		append(l, text(NOON_LEDGER_BLOCK, "11 to 20" PREFIX));
		break;
	case 1:
		append_token(l, 21, 9, true);
		break;
	case 2:
		append_token(l, 0, 9, true);
		break;
	case 3:
		other.counter = 15;
		append(l, other);
		break;
	case 4:
		other.body.n--;
		append(l, other);
		break;
	case 5: /* back */
		append_token(l, 15, 3, true);
		break;
	case 6: /* not strictly on */
		append_token(l, 15, 4, true);
		break;
	case 7:
		append(l, text(NOON_LEDGER_BLOCK, "22 to 30" PREFIX));
		break;
	case 8: /* of the opening before */
		append_token(l, 5, 9, true);
		break;
	case 9:
		append(l, text(NOON_LEDGER_BLOCK, "30 to 21" PREFIX));
		break;
	default:
		append(l, text(NOON_LEDGER_BLOCK, "21 to 30" PREFIX " or so"));
		break;
	}
}

/* Whoever can compute hashes still cannot write down what cannot be. */
static void finds_what_cannot_be(void **state)
{
	static const char *const why[] = {
		"a second time",  "never reserved", "never reserved", "another serial",
		"malformed",	  "out of it",	    "out of it",      "leaves out",
		"never reserved", "malformed",	    "malformed",
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(why) / sizeof(why[0]); i++) {
		struct noon_tsa_ledger *l;
		uint64_t first = 0;

		(void)write_some();
		l = open_it();
		assert_int_equal(noon_tsa_ledger_reserve(l, 10, start_time, &first), NOON_OK);
		plant(l, i);
		noon_tsa_ledger_close(l);
		print_message("# case %u\n", i);
		expect_bad(NULL, 9, why[i]);
		/* What follows it does not make it good; where it is not known what was reserved
		 * nothing follows. */
		if (i < 9) {
			l = open_it();
			assert_int_equal(noon_tsa_ledger_reserve(l, 5, start_time, &first),
					 NOON_OK);
			noon_tsa_ledger_close(l);
			expect_bad(NULL, 9, why[i]);
		} else {
			struct noon_ledger_why no;

			assert_int_equal(noon_tsa_ledger_open(path, &l, &no), NOON_ERR_FORMAT);
		}
		assert_int_equal(unlink(path), 0);
	}
}

/* Signed by several hands, tokens come into the log in another order than their numbers'. */
static void order_is_that_of_serial_numbers(void **state)
{
	struct noon_tsa_ledger *l = open_it();
	uint64_t first = 0;

	(void)state;
	assert_int_equal(noon_tsa_ledger_reserve(l, 10, start_time, &first), NOON_OK);
	append_token(l, 2, 20, true);
	append_token(l, 1, 10, true);
	append_token(l, 4, 5, false); /* promises none */
	append_token(l, 3, 30, true);
	noon_tsa_ledger_close(l);
	assert_true(audit(NULL).good);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)
	const struct CMUnitTest tests[] = {
		TEST(finds_a_change_in_every_column),
		TEST(finds_a_change_of_every_byte_of_a_body),
		TEST(finds_what_was_taken_away),
		TEST(finds_another_chain_than_the_one_that_was_kept),
		TEST(finds_what_cannot_be),
		TEST(order_is_that_of_serial_numbers),
	};

	return cmocka_run_group_tests_name("store/tsa_audit", tests, NULL, NULL);
}
