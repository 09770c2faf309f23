/* SPDX-License-Identifier: Apache-2.0
 *
 * The page of a hypervisor: in memory with a writer at work, as a file, and as what is none.
 */
#include <endian.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "platform/clock/vmclock.h"

static _Alignas(8) uint8_t page[NOON_VMCLOCK_PAGE];

static void put_32(size_t at, uint32_t v)
{
	v = htole32(v);
	__atomic_store_n((uint32_t *)(void *)(page + at), v, __ATOMIC_RELEASE);
}

static void put_64(size_t at, uint64_t v)
{
	v = htole64(v);
	__atomic_store_n((uint64_t *)(void *)(page + at), v, __ATOMIC_RELAXED);
}

static int make(void **state)
{
	(void)state;
	memset(page, 0, sizeof(page));
	memcpy(page, "VCLK", 4);
	put_32(4, NOON_VMCLOCK_PAGE);
	page[8] = 1;  /* version */
	page[10] = 1; /* TSC: not looked at */
	page[11] = 2;
	put_32(12, 8); /* sequence */
	put_64(16, 5);
	put_64(24, UINT64_C(1) << 8 | 1);
	put_64(104, 77);
	return 0;
}

static void marker_and_generation_are_read(void **state)
{
	struct noon_vmclock_state s;

	(void)state;
	assert_int_equal(noon_vmclock_read(page, sizeof(page), &s), NOON_OK);
	assert_int_equal(s.marker, 5);
	assert_true(s.has_generation);
	assert_int_equal(s.generation, 77);
	put_64(16, UINT64_C(0xfedcba9876543210));
	assert_int_equal(noon_vmclock_read(page, sizeof(page), &s), NOON_OK);
	assert_true(s.marker == UINT64_C(0xfedcba9876543210));
}

static void generation_is_there_only_where_it_is_said_to_be(void **state)
{
	struct noon_vmclock_state s;

	(void)state;
	put_64(24, UINT64_MAX ^ UINT64_C(1) << 8);
	assert_int_equal(noon_vmclock_read(page, sizeof(page), &s), NOON_OK);
	assert_false(s.has_generation);
	put_64(24, UINT64_C(1) << 8);
	put_32(4, NOON_VMCLOCK_FULL - 1);
	assert_int_equal(noon_vmclock_read(page, sizeof(page), &s), NOON_OK);
	assert_false(s.has_generation);
	put_32(4, NOON_VMCLOCK_PAGE);
	assert_int_equal(noon_vmclock_read(page, NOON_VMCLOCK_FULL - 1, &s), NOON_OK);
	assert_false(s.has_generation);
	assert_int_equal(noon_vmclock_read(page, NOON_VMCLOCK_FULL, &s), NOON_OK);
	assert_true(s.has_generation);
}

static void what_is_no_vm_clock_is_refused(void **state)
{
	struct noon_vmclock_state s = {.marker = 42};

	(void)state;
	for (size_t n = 0; n < NOON_VMCLOCK_LEAST; n++)
		assert_int_equal(noon_vmclock_read(page, n, &s), NOON_ERR_SHORT);
	put_32(4, NOON_VMCLOCK_LEAST - 1);
	assert_int_equal(noon_vmclock_read(page, sizeof(page), &s), NOON_ERR_SHORT);
	page[8] = 2;
	assert_int_equal(noon_vmclock_read(page, sizeof(page), &s), NOON_ERR_UNSUPPORTED);
	page[8] = 1;
	page[9] = 1;
	assert_int_equal(noon_vmclock_read(page, sizeof(page), &s), NOON_ERR_UNSUPPORTED);
	page[3] = 'k';
	assert_int_equal(noon_vmclock_read(page, sizeof(page), &s), NOON_ERR_FORMAT);
	assert_int_equal(s.marker, 42);
}

static void one_that_is_written_for_ever_is_given_up(void **state)
{
	struct noon_vmclock_state s = {.marker = 42};

	(void)state;
	put_32(12, 9);
	assert_int_equal(noon_vmclock_read(page, sizeof(page), &s), NOON_ERR_STATE);
	assert_int_equal(s.marker, 42);
}

static void states_are_compared(void **state)
{
	const struct noon_vmclock_state a = {5, 77, true};
	const struct noon_vmclock_state marker = {6, 77, true}, other = {5, 78, true};
	const struct noon_vmclock_state none = {5, 0, false};

	(void)state;
	assert_false(noon_vmclock_differs(&a, &a));
	assert_true(noon_vmclock_differs(&a, &marker));
	assert_true(noon_vmclock_differs(&a, &other));
	assert_false(noon_vmclock_differs(&a, &none));
	assert_false(noon_vmclock_differs(&none, &a));
}

static atomic_bool stop;

/* Marker and generation always change together. */
static void *write_on(void *arg)
{
	(void)arg;
	for (uint32_t i = 1; !stop; i++) {
		put_32(12, 2 * i - 1);
		__atomic_thread_fence(__ATOMIC_RELEASE);
		put_64(16, i);
		put_64(104, ~(uint64_t)i);
		put_32(12, 2 * i);
	}
	return NULL;
}

static void a_reader_never_sees_half_of_a_change(void **state)
{
	struct noon_vmclock_state s = {0};
	uint64_t last = 0;
	unsigned changes = 0;
	pthread_t t;

	(void)state;
	put_64(104, ~UINT64_C(5));
	assert_int_equal(pthread_create(&t, NULL, write_on, NULL), 0);
	/* Until both have been at it side by side for a while. */
	for (int i = 0; i < 200000000 && changes < 400; i++) {
		const noon_err err = noon_vmclock_read(page, sizeof(page), &s);

		if (i % 4096 == 0)
			(void)sched_yield();
		if (err == NOON_ERR_STATE)
			continue;
		assert_int_equal(err, NOON_OK);
		assert_true(s.generation == ~s.marker);
		changes += s.marker != last;
		last = s.marker;
	}
	stop = true;
	(void)pthread_join(t, NULL);
	assert_true(changes > 100);
}

static char path[64];

static void write_file(size_t n)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, page, n), (ssize_t)n);
	(void)close(fd);
}

static int make_file(void **state)
{
	char name[] = "/tmp/noon-vmclock-XXXXXX";
	const int fd = mkstemp(name);

	if (fd < 0)
		return -1;
	(void)close(fd);
	(void)snprintf(path, sizeof(path), "%s", name);
	return make(state);
}

static int drop_file(void **state)
{
	(void)state;
	(void)unlink(path);
	return 0;
}

static void a_file_is_followed(void **state)
{
	struct noon_vmclock_state s;
	const char *why = "untouched";
	struct noon_vmclock v;
	int fd;

	(void)state;
	write_file(NOON_VMCLOCK_FULL);
	assert_int_equal(noon_vmclock_open(path, &v, &why), NOON_OK);
	assert_string_equal(why, "untouched");
	assert_int_equal(noon_vmclock_look(&v, &s), NOON_OK);
	assert_int_equal(s.marker, 5);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(fd, "\6", 1, 16), 1);
	assert_int_equal(noon_vmclock_look(&v, &s), NOON_OK);
	assert_int_equal(s.marker, 6);
	/* It gets shorter under our eyes: there is no memory behind its end. */
	assert_int_equal(ftruncate(fd, 50), 0);
	assert_int_equal(noon_vmclock_look(&v, &s), NOON_ERR_SHORT);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(noon_vmclock_look(&v, &s), NOON_ERR_SHORT);
	assert_int_equal(ftruncate(fd, NOON_VMCLOCK_PAGE), 0);
	assert_int_equal(noon_vmclock_look(&v, &s), NOON_ERR_FORMAT);
	(void)close(fd);
	noon_vmclock_close(&v);
	assert_int_equal(noon_vmclock_look(&v, &s), NOON_ERR_EMPTY);
	noon_vmclock_close(&v);
}

static void one_being_written_can_be_opened(void **state)
{
	struct noon_vmclock_state s;
	struct noon_vmclock v;
	const char *why;

	(void)state;
	put_32(12, 3);
	write_file(sizeof(page));
	assert_int_equal(noon_vmclock_open(path, &v, &why), NOON_OK);
	assert_int_equal(noon_vmclock_look(&v, &s), NOON_ERR_STATE);
	noon_vmclock_close(&v);
}

static void assert_refused(noon_err want, const char *word)
{
	struct noon_vmclock v;
	const char *why = "";

	assert_int_equal(noon_vmclock_open(path, &v, &why), want);
	assert_non_null(strstr(why, word));
	assert_null(v.page);
	noon_vmclock_close(&v);
}

static void files_that_are_none_are_told_of(void **state)
{
	(void)state;
	write_file(0);
	assert_refused(NOON_ERR_SHORT, "shorter");
	write_file(60);
	assert_refused(NOON_ERR_SHORT, "shorter");
	page[8] = 7;
	write_file(sizeof(page));
	assert_refused(NOON_ERR_UNSUPPORTED, "version");
	memcpy(page, "KCLV", 4);
	write_file(sizeof(page));
	assert_refused(NOON_ERR_FORMAT, "VCLK");
	(void)unlink(path);
	assert_refused(NOON_ERR_NOT_FOUND, "no such");
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_refused(NOON_ERR_OS, "regular file");
	(void)unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_refused(NOON_ERR_OS, "regular file");
	(void)rmdir(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(marker_and_generation_are_read, make),
		cmocka_unit_test_setup(generation_is_there_only_where_it_is_said_to_be, make),
		cmocka_unit_test_setup(what_is_no_vm_clock_is_refused, make),
		cmocka_unit_test_setup(one_that_is_written_for_ever_is_given_up, make),
		cmocka_unit_test(states_are_compared),
		cmocka_unit_test_setup(a_reader_never_sees_half_of_a_change, make),
		cmocka_unit_test_setup_teardown(a_file_is_followed, make_file, drop_file),
		cmocka_unit_test_setup_teardown(one_being_written_can_be_opened, make_file,
						drop_file),
		cmocka_unit_test_setup_teardown(files_that_are_none_are_told_of, make_file,
						drop_file),
	};

	return cmocka_run_group_tests_name("platform/vmclock", tests, NULL, NULL);
}
