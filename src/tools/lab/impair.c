/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/lab/impair.h"

#include <string.h>

#include "platform/number.h"
#include "platform/text.h"

#define SPEC_MAX 512

enum kind { DUR, PROBABILITY, SLOPE, BYTES };

struct key {
	const char *name;
	enum kind kind;
	size_t offset; /* in struct noon_impair */
};

static const struct key keys[] = {
	{"delay", DUR, offsetof(struct noon_impair, delay)},
	{"jitter", DUR, offsetof(struct noon_impair, jitter)},
	{"uniform", DUR, offsetof(struct noon_impair, uniform)},
	{"ramp", SLOPE, offsetof(struct noon_impair, ramp)},
	{"long-delay", DUR, offsetof(struct noon_impair, long_delay)},
	{"long-bytes", BYTES, offsetof(struct noon_impair, long_bytes)},
	{"short-delay", DUR, offsetof(struct noon_impair, short_delay)},
	{"short-bytes", BYTES, offsetof(struct noon_impair, short_bytes)},
	{"loss", PROBABILITY, offsetof(struct noon_impair, loss)},
	{"duplicate", PROBABILITY, offsetof(struct noon_impair, duplicate)},
	{"reorder", PROBABILITY, offsetof(struct noon_impair, reorder)},
	{"reorder-delay", DUR, offsetof(struct noon_impair, reorder_delay)},
	{"replay", PROBABILITY, offsetof(struct noon_impair, replay)},
	{"truncate", PROBABILITY, offsetof(struct noon_impair, truncate)},
	{"flip", PROBABILITY, offsetof(struct noon_impair, flip)},
};

/* "100us/s": a delay per second. */
static noon_err parse_slope(char *text, double *ret)
{
	char *slash = strstr(text, "/s");
	noon_dur d;

	if (slash == NULL || slash[2] != '\0')
		return NOON_ERR_FORMAT;
	*slash = '\0';
	if (noon_text_dur(text, &d))
		return NOON_ERR_FORMAT;
	*ret = noon_dur_to_s(d);
	return NOON_OK;
}

static noon_err set_value(struct noon_impair *im, const struct key *k, char *text)
{
	void *field = (char *)im + k->offset;
	uint64_t bytes;
	size_t n;
	noon_dur d;
	double v;

	switch (k->kind) {
	case DUR:
		if (noon_text_dur(text, &d) || d < 0)
			return NOON_ERR_FORMAT;
		memcpy(field, &d, sizeof(d));
		return NOON_OK;
	case SLOPE:
		if (parse_slope(text, &v))
			return NOON_ERR_FORMAT;
		memcpy(field, &v, sizeof(v));
		return NOON_OK;
	case PROBABILITY:
		if (!noon_number(text, 0, 1, &v))
			return NOON_ERR_FORMAT;
		memcpy(field, &v, sizeof(v));
		return NOON_OK;
	case BYTES:
		if (!noon_number_u64(text, 0, SIZE_MAX, &bytes))
			return NOON_ERR_FORMAT;
		n = (size_t)bytes;
		memcpy(field, &n, sizeof(n));
		return NOON_OK;
	}
	return NOON_ERR_FORMAT;
}

static noon_err set_part(struct noon_impair *im, char *part, noon_time now)
{
	char *equals = strchr(part, '=');

	if (strcmp(part, "clear") == 0) {
		memset(im, 0, sizeof(*im));
		return NOON_OK;
	}
	if (equals == NULL)
		return NOON_ERR_FORMAT;
	*equals = '\0';
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(keys[i].name, part) != 0)
			continue;
		if (keys[i].kind == SLOPE)
			im->since = now;
		return set_value(im, &keys[i], equals + 1);
	}
	return NOON_ERR_FORMAT;
}

noon_err noon_impair_parse(struct noon_impair *im, const char *spec, noon_time now,
			   const char **ret_bad)
{
	struct noon_impair next = *im;
	const char *p = spec;

	while (*p != '\0') {
		const size_t n = strcspn(p, ",");
		char part[SPEC_MAX];

		if (n >= sizeof(part)) {
			*ret_bad = p;
			return NOON_ERR_FORMAT;
		}
		memcpy(part, p, n);
		part[n] = '\0';
		if (n > 0 && set_part(&next, part, now)) {
			*ret_bad = p;
			return NOON_ERR_FORMAT;
		}
		p += n;
		p += *p == ',';
	}
	*im = next;
	return NOON_OK;
}

static bool happens(struct noon_rng *rng, double probability)
{
	return probability > 0 && noon_rng_unit(rng) < probability;
}

struct noon_fate noon_impair_draw(const struct noon_impair *im, struct noon_rng *rng, noon_time now,
				  size_t n)
{
	struct noon_fate f = {.delay = im->delay};

	if (im->jitter > 0)
		f.delay += noon_dur_scale(im->jitter, noon_rng_exp(rng));
	if (im->uniform > 0)
		f.delay += noon_dur_scale(im->uniform, noon_rng_unit(rng));
	f.delay += noon_dur_scale(noon_time_diff(now, im->since), im->ramp);
	if (im->long_bytes > 0 && n > im->long_bytes)
		f.delay += im->long_delay;
	if (n <= im->short_bytes)
		f.delay += im->short_delay;
	if (happens(rng, im->reorder))
		f.delay += im->reorder_delay > 0 ? im->reorder_delay : NOON_MS(10);
	if (f.delay < 0)
		f.delay = 0;
	f.drop = happens(rng, im->loss);
	f.duplicate = happens(rng, im->duplicate);
	f.replay = happens(rng, im->replay);
	f.truncate = happens(rng, im->truncate);
	f.flip = happens(rng, im->flip);
	return f;
}
