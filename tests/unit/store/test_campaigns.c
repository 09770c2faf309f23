/* SPDX-License-Identifier: Apache-2.0
 *
 * Campaigns: what was committed is there, in any order of events; what is not a file of them says
 * so.
 */
#include <math.h>
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

#include "crypto/sign.h"
#include "store/campaigns.h"

#define HEAD "{\"format\":\"noonmark-campaign-1\"}"

static char dir[64];
static char path[96];

static int set_up(void **state)
{
	(void)state;
	(void)strcpy(dir, "/tmp/noon-campaigns.XXXXXX");
	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/c.db", dir);
	return 0;
}

static int tear_down(void **state)
{
	static const char *const ends[] = {"", "-wal", "-shm", ".lock"};
	char name[128];

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		(void)snprintf(name, sizeof(name), "%s%s", path, ends[i]);
		(void)unlink(name);
	}
	return rmdir(dir);
}

static struct noon_campaigns *open_it(void)
{
	struct noon_campaigns_why why = {.text = ""};
	struct noon_campaigns *c = NULL;

	assert_int_equal(noon_campaigns_open(path, &c, &why), NOON_OK);
	return c;
}

static struct noon_campaign_sample sample_of(int i)
{
	return (struct noon_campaign_sample){
		.tq = {NOON_S(1796000000) + NOON_S(i)},
		.tr = {NOON_S(1796000000) + NOON_S(i) + NOON_MS(3)},
		.first = {NOON_S(1796000000) + NOON_S(i) - 7},
		.last = {NOON_S(1796000001) + NOON_S(i) - 7},
		.stamp_err = 40 + i,
		.claimed = i % 2 == 0 ? NOON_DUR_MAX : NOON_MS(i),
		.reading = 1,
		.tx_stamp = NOON_STAMP_HARDWARE,
		.rx_stamp = NOON_STAMP_KERNEL,
		.stratum = 200,
		.leap = NOON_LEAP_DELETE,
		.authenticated = i % 3 == 0,
	};
}

static struct noon_reference_reading reading_of(void)
{
	return (struct noon_reference_reading){.at = {NOON_S(1796000000)},
					       .error = -5,
					       .bound = NOON_DUR_MAX,
					       .u_s = 1e-9,
					       .state = NOON_REFERENCE_HOLDOVER,
					       .pulse = NOON_TIME_FIRST,
					       .counter_s = 1.25e-7};
}

/* Begin a campaign with n samples, and commit. @return its number */
static int64_t write_some(struct noon_campaigns *c, int n)
{
	const struct noon_reference_reading r = reading_of();
	uint32_t number = 0;
	int64_t id = 0;

	assert_int_equal(noon_campaigns_begin(c, HEAD, r.at, &id), NOON_OK);
	assert_int_equal(noon_campaigns_reading(c, &r, &number), NOON_OK);
	assert_int_equal(number, 1);
	for (int i = 0; i < n; i++) {
		const struct noon_campaign_sample s = sample_of(i);

		assert_int_equal(noon_campaigns_sample(c, &s), NOON_OK);
	}
	noon_campaigns_miss(c, r.at, "no answer");
	noon_campaigns_miss(c, r.at, "no answer");
	noon_campaigns_miss(c, r.at, "refused");
	assert_int_equal(noon_campaigns_commit(c), NOON_OK);
	return id;
}

static bool same_sample(void *arg, const struct noon_campaign_sample *s)
{
	int *i = arg;
	const struct noon_campaign_sample k = sample_of((*i)++);

	assert_int_equal(s->tq.ns, k.tq.ns);
	assert_int_equal(s->tr.ns, k.tr.ns);
	assert_int_equal(s->first.ns, k.first.ns);
	assert_int_equal(s->last.ns, k.last.ns);
	assert_int_equal(s->stamp_err, k.stamp_err);
	assert_int_equal(s->claimed, k.claimed);
	assert_int_equal(s->reading, k.reading);
	assert_int_equal(s->tx_stamp, k.tx_stamp);
	assert_int_equal(s->rx_stamp, k.rx_stamp);
	assert_int_equal(s->stratum, k.stratum);
	assert_int_equal(s->leap, k.leap);
	assert_int_equal(s->authenticated, k.authenticated);
	return true;
}

static bool same_reading(void *arg, const struct noon_reference_reading *r)
{
	const struct noon_reference_reading k = reading_of();

	++*(int *)arg;
	assert_int_equal(r->error, k.error);
	assert_int_equal(r->bound, k.bound);
	assert_int_equal(r->state, k.state);
	assert_int_equal(r->pulse.ns, k.pulse.ns);
	assert_memory_equal(&r->u_s, &k.u_s, sizeof(r->u_s));
	assert_memory_equal(&r->counter_s, &k.counter_s, sizeof(r->counter_s));
	return true;
}

static bool count_miss(void *arg, const struct noon_campaign_miss *m)
{
	*(uint64_t *)arg += m->n;
	assert_true(strcmp(m->why, "no answer") == 0 || strcmp(m->why, "refused") == 0);
	return true;
}

static void keeps_what_was_committed(void **state)
{
	struct noon_campaigns *c = open_it();
	const int64_t id = write_some(c, 10);
	const struct noon_campaign_sample lost = sample_of(99);
	struct noon_campaigns_why why;
	struct noon_campaign k;
	uint64_t misses = 0;
	int n = 0;

	(void)state;
	assert_int_equal(noon_campaigns_sample(c, &lost), NOON_OK);
	noon_campaigns_close(c); /* as if killed: what was not committed is not there */
	assert_int_equal(noon_campaigns_read(path, &c, &why), NOON_OK);
	assert_int_equal(noon_campaigns_find(c, id, &k), NOON_OK);
	assert_string_equal(k.head, HEAD);
	assert_int_equal(k.samples, 10);
	assert_int_equal(k.misses, 3);
	assert_false(k.ended);
	assert_int_equal(k.first.ns, sample_of(0).tq.ns);
	assert_int_equal(k.last.ns, sample_of(9).tq.ns);
	assert_int_equal(noon_campaigns_samples(c, id, same_sample, &n), NOON_OK);
	assert_int_equal(n, 10);
	n = 0;
	assert_int_equal(noon_campaigns_readings(c, id, same_reading, &n), NOON_OK);
	assert_int_equal(n, 1);
	assert_int_equal(noon_campaigns_misses(c, id, count_miss, &misses), NOON_OK);
	assert_int_equal(misses, 3);
	assert_int_equal(noon_campaigns_find(c, id + 1, &k), NOON_ERR_NOT_FOUND);
	noon_campaigns_close(c);
}

static void goes_on_where_it_was(void **state)
{
	struct noon_campaigns *c = open_it();
	const int64_t id = write_some(c, 5);
	struct noon_campaign k;
	uint64_t misses = 0;
	int n = 0;

	(void)state;
	noon_campaigns_close(c);
	c = open_it();
	assert_int_equal(noon_campaigns_resume(c, id), NOON_OK);
	for (int i = 5; i < 8; i++) {
		const struct noon_campaign_sample s = sample_of(i);

		assert_int_equal(noon_campaigns_sample(c, &s), NOON_OK);
	}
	noon_campaigns_miss(c, sample_of(0).tq, "refused");
	assert_int_equal(noon_campaigns_end(c), NOON_OK);
	assert_int_equal(noon_campaigns_samples(c, id, same_sample, &n), NOON_OK);
	assert_int_equal(n, 8);
	assert_int_equal(noon_campaigns_misses(c, id, count_miss, &misses), NOON_OK);
	assert_int_equal(misses, 4);
	assert_int_equal(noon_campaigns_find(c, id, &k), NOON_OK);
	assert_true(k.ended);
	noon_campaigns_close(c);
}

static void has_one_writer_each(void **state)
{
	struct noon_campaigns *a = open_it();
	struct noon_campaigns *b = open_it();
	const int64_t first = write_some(a, 2);
	const int64_t second = write_some(b, 3); /* another one, meanwhile */
	struct noon_campaigns *c = open_it();

	(void)state;
	assert_true(second > first);
	assert_int_equal(noon_campaigns_resume(c, first), NOON_ERR_STATE);
	noon_campaigns_close(c);
	noon_campaigns_close(a);
	c = open_it();
	assert_int_equal(noon_campaigns_resume(c, first), NOON_OK);
	noon_campaigns_close(c);
	noon_campaigns_close(b);
}

struct text {
	char text[4096];
	size_t n;
};

static bool add_text(void *arg, struct noon_bytes line)
{
	struct text *t = arg;

	assert_true(t->n + line.n < sizeof(t->text));
	memcpy(t->text + t->n, line.p, line.n);
	t->n += line.n;
	return true;
}

static void has_a_digest_of_its_text(void **state)
{
	struct text t = {.n = 0};
	struct noon_campaigns *c = open_it();
	const int64_t id = write_some(c, 2);
	uint8_t digest[NOON_DIGEST_MAX];
	uint8_t expected[NOON_SHA256_BYTES];

	(void)state;
	assert_int_equal(noon_campaigns_text(c, id, add_text, &t), NOON_OK);
	t.text[t.n] = '\0';
	assert_non_null(strstr(t.text, "campaign " HEAD "\nreading 1796000000000000000 -5 "));
	assert_non_null(strstr(t.text, " holdover - "));
	assert_non_null(strstr(t.text, "\nsample 1796000000000000000 1796000000003000000 "
				       "1795999999999999993 1796000000999999993 40 - 1 "));
	assert_non_null(
		strstr(t.text, "\nmiss 2 1796000000000000000 1796000000000000000 no answer\n"));
	assert_int_equal(noon_sha256(noon_bytes_of(t.text, t.n), expected), NOON_OK);
	assert_int_equal(noon_campaigns_digest(c, id, digest), NOON_OK);
	assert_memory_equal(digest, expected, sizeof(expected));
	noon_campaigns_close(c);
}

static void limits_reasons(void **state)
{
	struct noon_campaigns *c = open_it();
	const int64_t id = write_some(c, 1);
	struct noon_campaign k;
	char why[400];

	(void)state;
	memset(why, 'x', sizeof(why));
	why[sizeof(why) - 1] = '\0';
	for (int i = 0; i < 100; i++) {
		(void)snprintf(why, 16, "%d", i);
		noon_campaigns_miss(c, sample_of(i).tq, why);
	}
	assert_int_equal(noon_campaigns_commit(c), NOON_OK);
	assert_int_equal(noon_campaigns_find(c, id, &k), NOON_OK);
	assert_int_equal(k.misses, 103);
	noon_campaigns_close(c);
}

/* What waits is limited, and committing makes room. */
static void is_full_at_some_time(void **state)
{
	const struct noon_campaign_sample s = sample_of(1);
	struct noon_campaigns *c = open_it();
	const int64_t id = write_some(c, 1);
	struct noon_campaign k;
	unsigned n = 0;

	(void)state;
	while (noon_campaigns_sample(c, &s) == NOON_OK)
		n++;
	assert_true(n >= 1000 && n < 100000);
	assert_int_equal(noon_campaigns_commit(c), NOON_OK);
	assert_int_equal(noon_campaigns_sample(c, &s), NOON_OK);
	assert_int_equal(noon_campaigns_find(c, id, &k), NOON_OK);
	assert_int_equal(k.samples, n + 1);
	noon_campaigns_close(c);
}

static void refuses_other_files(void **state)
{
	struct noon_campaigns_why why = {.text = ""};
	struct noon_campaigns *c = NULL;
	FILE *f;

	(void)state;
	assert_int_equal(noon_campaigns_read(path, &c, &why), NOON_ERR_NOT_FOUND);
	assert_non_null(strstr(why.text, "c.db"));
	f = fopen(path, "w");
	assert_non_null(f);
	(void)fputs("a text that is not a database, long enough to have had a header of one, "
		    "which takes one hundred bytes\n",
		    f);
	(void)fclose(f);
	assert_int_equal(noon_campaigns_open(path, &c, &why), NOON_ERR_FORMAT);
	assert_non_null(strstr(why.text, "not a file of campaigns"));
	assert_int_equal(noon_campaigns_read(path, &c, &why), NOON_ERR_FORMAT);
}

static void is_private(void **state)
{
	struct noon_campaigns *c = open_it();
	struct stat st;

	(void)state;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	noon_campaigns_close(c);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(keeps_what_was_committed), TEST(goes_on_where_it_was),
		TEST(has_one_writer_each),	TEST(has_a_digest_of_its_text),
		TEST(limits_reasons),		TEST(is_full_at_some_time),
		TEST(refuses_other_files),	TEST(is_private),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
