/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/tunnel_file.h"

/* --- a directory of its own for each test --- */

static char dir[64];
static char path[96];
static char why[NOON_TUNNEL_WHY_MAX];

static int make_dir(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/noonmark-test.XXXXXX");
	if (mkdtemp(dir) == NULL)
		return 1;
	(void)snprintf(path, sizeof(path), "%s/site", dir);
	why[0] = '\0';
	return 0;
}

static int remove_dir(void **state)
{
	DIR *d = opendir(dir);

	(void)state;
	if (d == NULL)
		return 1;
	(void)chmod(dir, 0755);
	for (const struct dirent *e = readdir(d); e != NULL; e = readdir(d))
		(void)unlinkat(dirfd(d), e->d_name, 0);
	(void)closedir(d);
	return rmdir(dir);
}

static void write_file(const char *text, size_t n, mode_t mode)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static size_t read_file(char *text, size_t cap)
{
	FILE *f = fopen(path, "r");
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, cap - 1, f);
	text[n] = '\0';
	(void)fclose(f);
	return n;
}

static struct noon_secret_tunnel secret_of(uint64_t seed)
{
	struct noon_rng rng = noon_rng_seeded(seed);
	struct noon_secret_tunnel s;

	noon_rng_fill(&rng, s.key, sizeof(s.key));
	return s;
}

/* --- secrets --- */

#define DIGITS "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF"

static void a_secret_that_was_created_is_read_again(void **state)
{
	struct noon_rng rng = noon_rng_seeded(7);
	struct noon_secret_tunnel made = {{0}};
	struct noon_secret_tunnel got = {{0}};
	struct stat st;

	(void)state;
	assert_int_equal(noon_tunnel_key_create(path, &rng, &made, why), NOON_OK);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(noon_tunnel_key_read(path, &got, why), NOON_OK);
	assert_memory_equal(&made, &got, sizeof(got));
}

static void what_exists_is_not_overwritten(void **state)
{
	struct noon_rng rng = noon_rng_seeded(7);
	struct noon_secret_tunnel made = {{0}};
	char text[64];

	(void)state;
	write_file("mine\n", 5, 0600);
	assert_int_equal(noon_tunnel_key_create(path, &rng, &made, why), NOON_ERR_OS);
	assert_non_null(strstr(why, "is not overwritten"));
	(void)read_file(text, sizeof(text));
	assert_string_equal(text, "mine\n");
	(void)snprintf(path, sizeof(path), "%s/none/site", dir);
	assert_int_not_equal(noon_tunnel_key_create(path, &rng, &made, why), NOON_OK);
	assert_non_null(strstr(why, "No such file"));
}

static void a_secret_stands_between_comments(void **state)
{
	static const char *const good[] = {DIGITS "\n", DIGITS,
					   "# of site 1\n\n" DIGITS "\n# end\n\n"};
	struct noon_secret_tunnel got;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		memset(&got, 0, sizeof(got));
		write_file(good[i], strlen(good[i]), 0640);
		assert_int_equal(noon_tunnel_key_read(path, &got, why), NOON_OK);
		assert_int_equal(got.key[1], 0x11);
		assert_int_equal(got.key[31], 0xff);
	}
}

static void a_bad_secret_is_refused_with_its_line(void **state)
{
	static const struct {
		const char *text;
		size_t n; /* 0: all of it */
		const char *words;
	} bad[] = {
		{"", 0, ":1: expected 64 hexadecimal digits"},
		{"# only this\n", 0, ":2: expected 64 hexadecimal digits on a line"},
		{"\n0011\n", 0, ":2: expected 64 hexadecimal digits"},
		{DIGITS "0\n", 0, ":1: expected 64"},
		{DIGITS "\r\n", 0, ":1: expected 64"},
		{" " DIGITS "\n", 0, ":1: expected 64"},
		{"0x112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFFAA\n", 0, ":1: "},
		{DIGITS "\n" DIGITS "\n", 0, ":2: expected one secret only"},
		{DIGITS "\nmore\n", 0, ":2: expected one secret only"},
		{DIGITS "\n\0", sizeof(DIGITS) + 1, ":1: expected text"},
		{"0000000000000000000000000000000000000000000000000000000000000000\n", 0,
		 "expected random digits"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct noon_secret_tunnel got = {{42}};

		write_file(bad[i].text, bad[i].n > 0 ? bad[i].n : strlen(bad[i].text), 0600);
		assert_int_equal(noon_tunnel_key_read(path, &got, why), NOON_ERR_FORMAT);
		if (strstr(why, bad[i].words) == NULL)
			fail_msg("\"%s\": %s", bad[i].text, why);
		assert_int_equal(got.key[0], 42);
	}
}

static void a_secret_that_others_can_read_is_refused(void **state)
{
	static const mode_t modes[] = {0604, 0660, 0601, 0666};
	struct noon_secret_tunnel got = {{42}};
	static char large[5000];

	(void)state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		write_file(DIGITS, strlen(DIGITS), modes[i]);
		assert_int_equal(noon_tunnel_key_read(path, &got, why), NOON_ERR_PERM);
		assert_non_null(strstr(why, "expected 0600"));
	}
	memset(large, '#', sizeof(large));
	write_file(large, sizeof(large), 0600);
	assert_int_equal(noon_tunnel_key_read(path, &got, why), NOON_ERR_LONG);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(noon_tunnel_key_read(path, &got, why), NOON_ERR_NOT_FOUND);
	assert_int_equal(got.key[0], 42);
}

static void a_name_tells_secrets_apart(void **state)
{
	const struct noon_secret_tunnel a = secret_of(1);
	const struct noon_secret_tunnel b = secret_of(2);
	uint8_t id[3][NOON_TUNNEL_KEY_ID];

	(void)state;
	assert_int_equal(noon_tunnel_key_id(&a, id[0]), NOON_OK);
	assert_int_equal(noon_tunnel_key_id(&b, id[1]), NOON_OK);
	assert_int_equal(noon_tunnel_key_id(&a, id[2]), NOON_OK);
	assert_memory_equal(id[0], id[2], NOON_TUNNEL_KEY_ID);
	assert_memory_not_equal(id[0], id[1], NOON_TUNNEL_KEY_ID);
	assert_memory_not_equal(id[0], a.key, NOON_TUNNEL_KEY_ID);
}

/* --- epochs --- */

static uint64_t reserved_of(uint64_t seed, bool is_initiator)
{
	const struct noon_secret_tunnel s = secret_of(seed);
	uint64_t got = 42;

	if (noon_tunnel_epochs_read(path, &s, is_initiator, &got, why))
		fail_msg("%s", why);
	return got;
}

static noon_err reserve(uint64_t seed, bool is_initiator, uint64_t epoch)
{
	const struct noon_secret_tunnel s = secret_of(seed);

	return noon_tunnel_epochs_write(path, &s, is_initiator, epoch, why);
}

static void a_new_secret_has_no_epochs(void **state)
{
	(void)state;
	assert_int_equal(reserved_of(1, true), 0);
	assert_int_equal(reserve(1, true, 16), NOON_OK);
	assert_int_equal(reserved_of(1, true), 16);
	assert_int_equal(reserved_of(2, true), 0);
}

static void a_return_to_an_old_secret_goes_on_behind_its_epochs(void **state)
{
	(void)state;
	assert_int_equal(reserve(1, true, 160), NOON_OK);
	assert_int_equal(reserve(2, false, 16), NOON_OK);
	assert_int_equal(reserve(1, true, 176), NOON_OK);
	assert_int_equal(reserve(3, true, INT64_MAX), NOON_OK);
	assert_int_equal(reserved_of(1, true), 176);
	assert_int_equal(reserved_of(2, false), 16);
	assert_int_equal(reserved_of(3, true), INT64_MAX);
}

static void epochs_are_never_given_back(void **state)
{
	(void)state;
	assert_int_equal(reserve(1, true, 0), NOON_ERR_RANGE);
	assert_int_equal(reserve(1, true, UINT64_MAX), NOON_ERR_RANGE);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(reserve(1, true, 32), NOON_OK);
	assert_int_equal(reserve(1, true, 32), NOON_OK);
	assert_int_equal(reserve(1, true, 31), NOON_ERR_RANGE);
	assert_non_null(strstr(why, "up to 32 are reserved"));
	assert_int_equal(reserved_of(1, true), 32);
}

static void the_role_of_a_secret_cannot_change(void **state)
{
	const struct noon_secret_tunnel s = secret_of(1);
	uint64_t got = 42;

	(void)state;
	assert_int_equal(reserve(1, true, 16), NOON_OK);
	assert_int_equal(noon_tunnel_epochs_read(path, &s, false, &got, why), NOON_ERR_STATE);
	assert_non_null(strstr(why, "expected role = initiator"));
	assert_int_equal(got, 42);
	assert_int_equal(reserve(1, false, 32), NOON_ERR_STATE);
	assert_int_equal(reserved_of(1, true), 16);
}

/* Every byte that is missing, changed or added. */
static void a_damaged_file_is_an_error(void **state)
{
	const struct noon_secret_tunnel s = secret_of(1);
	char text[1024];
	char bad[1024];
	uint64_t got = 42;
	size_t n;

	(void)state;
	assert_int_equal(reserve(1, true, 16), NOON_OK);
	assert_int_equal(reserve(2, true, 16), NOON_OK);
	n = read_file(text, sizeof(text));
	for (size_t i = 0; i < n; i++) {
		write_file(text, i, 0600);
		assert_int_equal(noon_tunnel_epochs_read(path, &s, true, &got, why),
				 NOON_ERR_FORMAT);
		memcpy(bad, text, n);
		bad[i] ^= 1;
		write_file(bad, n, 0600);
		assert_int_equal(noon_tunnel_epochs_read(path, &s, true, &got, why),
				 NOON_ERR_FORMAT);
	}
	assert_non_null(strstr(why, "noonmark tunnel keygen"));
	assert_int_equal(reserve(1, true, 32), NOON_ERR_FORMAT);
	text[n] = '\n';
	write_file(text, n + 1, 0600);
	assert_int_equal(noon_tunnel_epochs_read(path, &s, true, &got, why), NOON_ERR_FORMAT);
	assert_int_equal(got, 42);
	write_file(text, n, 0600);
	assert_int_equal(reserved_of(1, true), 16);
}

static void a_file_that_is_too_long_is_damaged(void **state)
{
	static char large[65536];
	const struct noon_secret_tunnel s = secret_of(1);
	uint64_t got = 42;

	(void)state;
	memset(large, 'a', sizeof(large));
	write_file(large, sizeof(large), 0600);
	assert_int_equal(noon_tunnel_epochs_read(path, &s, true, &got, why), NOON_ERR_FORMAT);
	assert_int_equal(got, 42);
	assert_int_equal(reserve(1, true, 16), NOON_ERR_FORMAT);
}

static void a_file_that_cannot_be_read_is_no_new_start(void **state)
{
	const struct noon_secret_tunnel s = secret_of(1);
	uint64_t got = 42;

	(void)state;
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_not_equal(noon_tunnel_epochs_read(path, &s, true, &got, why), NOON_OK);
	assert_int_not_equal(reserve(1, true, 16), NOON_OK);
	assert_int_equal(got, 42);
	assert_int_equal(rmdir(path), 0);
	(void)snprintf(path, sizeof(path), "%s/none/site", dir);
	assert_int_not_equal(reserve(1, true, 16), NOON_OK);
	assert_non_null(strstr(why, "cannot be written: No such file"));
}

static void a_file_of_epochs_may_be_full(void **state)
{
	(void)state;
	for (uint64_t i = 1; i <= NOON_TUNNEL_EPOCHS_MAX; i++)
		assert_int_equal(reserve(i, i % 2 == 0, INT64_MAX), NOON_OK);
	assert_int_equal(reserve(9999, true, 16), NOON_ERR_FULL);
	assert_int_equal(reserved_of(NOON_TUNNEL_EPOCHS_MAX, true), INT64_MAX);
	assert_int_equal(reserved_of(1, false), INT64_MAX);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_secret_that_was_created_is_read_again),
		TEST(what_exists_is_not_overwritten),
		TEST(a_secret_stands_between_comments),
		TEST(a_bad_secret_is_refused_with_its_line),
		TEST(a_secret_that_others_can_read_is_refused),
		TEST(a_name_tells_secrets_apart),
		TEST(a_new_secret_has_no_epochs),
		TEST(a_return_to_an_old_secret_goes_on_behind_its_epochs),
		TEST(epochs_are_never_given_back),
		TEST(the_role_of_a_secret_cannot_change),
		TEST(a_damaged_file_is_an_error),
		TEST(a_file_that_is_too_long_is_damaged),
		TEST(a_file_that_cannot_be_read_is_no_new_start),
		TEST(a_file_of_epochs_may_be_full),
	};

	return cmocka_run_group_tests_name("store/tunnel_file", tests, NULL, NULL);
}
