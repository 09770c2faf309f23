/* SPDX-License-Identifier: Apache-2.0 */
#include "store/baseline_file.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/sign.h"
#include "platform/file.h"

/* The longest value has 13 digits and its end of line; the head and the seals need less than 4 kB.
 */
#define FILE_MAX ((size_t)NOON_BASELINE_COUNT_MAX * 14 + 4096)
#define KEY_MAX	 2048

struct key {
	uint8_t pem[KEY_MAX];
	size_t n;
};

static noon_err fail(char *why, noon_err err, const char *path, const char *what)
{
	(void)snprintf(why, NOON_BASELINE_WHY_MAX, "%s: %s", path, what);
	return err;
}

static const char *read_fault(noon_err err)
{
	return err == NOON_ERR_UNSUPPORTED ? "not a regular file" : noon_err_text(err);
}

static noon_err read_key(const char *path, struct key *key, char *why)
{
	const noon_err err = noon_file_read(path, key->pem, sizeof(key->pem), &key->n);

	return err ? fail(why, err, path, read_fault(err)) : NOON_OK;
}

static const char *key_fault(noon_err err)
{
	if (err == NOON_ERR_FORMAT)
		return "expected a key in PEM without a passphrase";
	if (err == NOON_ERR_UNSUPPORTED)
		return "expected an Ed25519 key (openssl genpkey -algorithm ed25519)";
	return noon_err_text(err);
}

/* Check digest and signature. */
static noon_err check_seals(const char *path, const char *key_path, const uint8_t *text,
			    const struct noon_baseline *head, char *why)
{
	uint8_t digest[NOON_SHA256_BYTES];
	struct key key;
	noon_err err = noon_sha256(noon_bytes_of(text, head->n_digested), digest);

	if (err)
		return fail(why, err, path, noon_err_text(err));
	if (memcmp(digest, head->digest, sizeof(digest)) != 0)
		return fail(why, NOON_ERR_AUTH, path,
			    "the sha256 line does not match: the file was changed or damaged");
	if (key_path == NULL)
		return NOON_OK;
	if (!head->is_signed) {
		(void)snprintf(why, NOON_BASELINE_WHY_MAX, "%s: not signed: %.400s", path,
			       head->reason);
		return NOON_ERR_AUTH;
	}
	err = read_key(key_path, &key, why);
	if (err)
		return err;
	err = noon_sign_verify(noon_bytes_of(key.pem, key.n), noon_bytes_of(text, head->n_signed),
			       head->signature);
	if (err == NOON_ERR_AUTH) {
		(void)snprintf(why, NOON_BASELINE_WHY_MAX, "%s: not signed with the key in %s",
			       path, key_path);
		return err;
	}
	return err ? fail(why, err, key_path, key_fault(err)) : NOON_OK;
}

noon_err noon_baseline_assess(struct noon_baseline_data *b)
{
	noon_err err = noon_law_of_samples(b->rtt_ns, b->head.count, (double)b->head.granularity_ns,
					   &b->law);

	return err ? err
		   : noon_campaign_assess(b->rtt_ns, b->head.count, noon_law_top_ns(&b->law),
					  &b->campaign);
}

static noon_err parse(const char *path, const char *key_path, struct noon_bytes text,
		      struct noon_baseline_data *b, char *why)
{
	struct noon_baseline_fault fault = {0};
	noon_err err;

	err = noon_baseline_parse(text, b->rtt_ns, NOON_BASELINE_COUNT_MAX, &b->head, &fault);
	if (err == NOON_ERR_FORMAT) {
		(void)snprintf(why, NOON_BASELINE_WHY_MAX, "%s:%zu: expected %s", path, fault.line,
			       fault.expected);
		return err;
	}
	if (err == NOON_ERR_UNSUPPORTED)
		return fail(why, err, path, "a baseline of a version that is not known here");
	err = err ? fail(why, err, path, noon_err_text(err))
		  : check_seals(path, key_path, text.p, &b->head, why);
	if (err)
		return err;
	if (noon_baseline_assess(b))
		return fail(why, NOON_ERR_EMPTY, path, "too few values for a law");
	return NOON_OK;
}

noon_err noon_baseline_read(const char *path, const char *key_path, struct noon_baseline_data **ret,
			    char ret_why[NOON_BASELINE_WHY_MAX])
{
	struct noon_baseline_data *b = calloc(1, sizeof(*b));
	uint8_t *text = malloc(FILE_MAX);
	size_t n = 0;
	noon_err err = NOON_ERR_OS;

	*ret = NULL;
	if (b != NULL)
		b->rtt_ns = calloc(NOON_BASELINE_COUNT_MAX, sizeof(*b->rtt_ns));
	if (b == NULL || b->rtt_ns == NULL || text == NULL) {
		(void)fail(ret_why, err, path, "out of memory");
	} else {
		err = noon_file_read(path, text, FILE_MAX, &n);
		err = err ? fail(ret_why, err, path, read_fault(err))
			  : parse(path, key_path, noon_bytes_of(text, n), b, ret_why);
	}
	free(text);
	if (err)
		noon_baseline_free(b);
	else
		*ret = b;
	return err;
}

void noon_baseline_free(struct noon_baseline_data *b)
{
	if (b == NULL)
		return;
	free(b->rtt_ns);
	free(b);
}

/* Upper limit of the loss at three standard errors. */
static double loss_of(const struct noon_baseline *h)
{
	const double n = (double)h->count + (double)h->lost;
	const double p = (double)h->lost / n;

	return fmin(p + 3.0 * sqrt(p * (1.0 - p) / n) + 3.0 / n, 0.99);
}

noon_err noon_baseline_plan(const struct noon_baseline_data *b, const struct noon_guard_conf *conf,
			    const char *path, struct noon_guard_plan *ret,
			    char ret_why[NOON_BASELINE_WHY_MAX])
{
	const struct noon_campaign *c = &b->campaign;
	struct noon_guard_conf want = *conf;
	struct noon_guard_work *work;
	int64_t grain = b->head.granularity_ns;
	size_t need = 0;
	noon_err err;

	if (c->granularity_ns > grain)
		grain = c->granularity_ns;
	/* The granularity is uniform, so its standard deviation is that over the root of 12. */
	want.noise_ns = (double)grain / sqrt(12.0);
	want.campaign = c;
	want.base_loss = loss_of(&b->head);
	want.interval_s = noon_baseline_interval_s(&b->head);
	work = calloc(1, sizeof(*work));
	if (work == NULL)
		return fail(ret_why, NOON_ERR_OS, path, "out of memory");
	err = noon_guard_plan_judged(work, &b->law, &want, ret, &need);
	free(work);
	if (err == NOON_ERR_STATE)
		(void)snprintf(
			ret_why, NOON_BASELINE_WHY_MAX,
			"%s: the round-trip times moved by %.3f us during the campaign, more "
			"than a tenth of the shift of %.3f us: look for a larger shift, or "
			"repeat it when the path is quiet",
			path, c->moved_ns / 1e3, want.shift_ns / 1e3);
	else if (err == NOON_ERR_EMPTY)
		(void)snprintf(ret_why, NOON_BASELINE_WHY_MAX,
			       "%s: %zu values, %zu are needed (%d batches of %u, whose means vary "
			       "as those of %.0f independent values, and ten groups of long round "
			       "trips, which come %.1f at a time): %zu are missing",
			       path, b->head.count, need, NOON_CAMPAIGN_BATCHES, ret->batch,
			       ret->batch / ret->inflation, ret->groups, need - b->head.count);
	else if (err)
		return fail(ret_why, err, path, "no plan follows: a demand is out of its range");
	return err;
}

static void put_hex(FILE *to, const char *key, const uint8_t *p, size_t n)
{
	(void)fprintf(to, "%s ", key);
	for (size_t i = 0; i < n; i++)
		(void)fprintf(to, "%02x", p[i]);
	(void)fputc('\n', to);
}

static void put_values(FILE *to, const struct noon_baseline *h, const int64_t *rtt_ns)
{
	(void)fprintf(to,
		      "noonmark-baseline %d\npath-id %s\nsource %s\nstarted %" PRId64
		      "\nended %" PRId64 "\ncount %zu\nlost %" PRIu64 "\ngranularity-ns %" PRId64
		      "\nrtt-ns\n",
		      NOON_BASELINE_VERSION, h->path_id, h->source, h->started_s, h->ended_s,
		      h->count, h->lost, h->granularity_ns);
	for (size_t i = 0; i < h->count; i++)
		(void)fprintf(to, "%" PRId64 "\n", rtt_ns[i]);
	(void)fputs("end\n", to);
}

/* Append digest and signature, or the reason why there is none, to what was written so far. */
static noon_err seal(FILE *to, char **text, size_t *n, const struct key *key, const char *reason)
{
	uint8_t digest[NOON_SHA256_BYTES];
	uint8_t signature[NOON_SIGNATURE_BYTES];
	noon_err err;

	if (fflush(to) != 0)
		return NOON_ERR_OS;
	err = noon_sha256(noon_bytes_of(*text, *n), digest);
	if (err)
		return err;
	put_hex(to, "sha256", digest, sizeof(digest));
	if (fflush(to) != 0)
		return NOON_ERR_OS;
	if (reason != NULL) {
		(void)fprintf(to, "unsigned %.*s\n", NOON_BASELINE_REASON - 1, reason);
		return fflush(to) == 0 ? NOON_OK : NOON_ERR_OS;
	}
	err = noon_sign(noon_bytes_of(key->pem, key->n), noon_bytes_of(*text, *n), signature);
	if (err)
		return err;
	put_hex(to, "ed25519", signature, sizeof(signature));
	return fflush(to) == 0 ? NOON_OK : NOON_ERR_OS;
}

noon_err noon_baseline_write(const char *path, const struct noon_baseline *head,
			     const int64_t *rtt_ns, const char *key_path, const char *reason,
			     char ret_why[NOON_BASELINE_WHY_MAX])
{
	struct key key = {.n = 0};
	char *text = NULL;
	size_t n = 0;
	FILE *to;
	noon_err err = reason == NULL ? read_key(key_path, &key, ret_why) : NOON_OK;

	if (err)
		return err;
	to = open_memstream(&text, &n);
	if (to == NULL) {
		noon_wipe(&key, sizeof(key));
		return fail(ret_why, NOON_ERR_OS, path, "out of memory");
	}
	put_values(to, head, rtt_ns);
	err = seal(to, &text, &n, &key, reason);
	noon_wipe(&key, sizeof(key));
	if (fclose(to) != 0 && !err)
		err = NOON_ERR_OS;
	if (err) {
		err = fail(ret_why, err, reason == NULL ? key_path : path, key_fault(err));
	} else {
		err = noon_file_replace(path, noon_bytes_of(text, n), 0644);
		if (err)
			err = fail(ret_why, err, path, noon_err_text(err));
	}
	free(text);
	return err;
}

noon_err noon_baseline_check_key(const char *key_path, char ret_why[NOON_BASELINE_WHY_MAX])
{
	uint8_t signature[NOON_SIGNATURE_BYTES];
	struct key key;
	noon_err err = read_key(key_path, &key, ret_why);

	if (err)
		return err;
	err = noon_sign(noon_bytes_of(key.pem, key.n), noon_bytes_of("", 0), signature);
	noon_wipe(&key, sizeof(key));
	return err ? fail(ret_why, err, key_path, key_fault(err)) : NOON_OK;
}
