/* SPDX-License-Identifier: Apache-2.0 */
#include "check/server/ke_fuzz.h"

#include <assert.h>
#include <string.h>

#include "wire/ntske.h"

#define RECORDS_MAX 10 /* in addition to those a request should have */
#define BODY_USUAL  40 /* bytes of a random body, at most */
#define BODY_LONG   200
#define PRIVATE	    0x4000 /* types 16384 to 32767 are for private use (RFC 8915, 7.6) */

/* A record to be written. */
struct record {
	bool critical;
	uint16_t type;
	size_t n;
	uint8_t body[BODY_LONG];
};

/* A request in construction. */
struct draft {
	struct noon_rng *rng;
	struct record record[RECORDS_MAX + 2];
	size_t n;
};

static size_t below(struct noon_rng *rng, size_t n)
{
	return (size_t)(noon_rng_u64(rng) % n);
}

static bool one_in(struct noon_rng *rng, size_t n)
{
	return below(rng, n) == 0;
}

static struct record *add(struct draft *d, bool critical, uint16_t type)
{
	struct record *r = &d->record[d->n++];

	assert(d->n <= RECORDS_MAX + 2);
	*r = (struct record){.critical = critical, .type = type};
	return r;
}

static void put_item(struct record *r, uint16_t item)
{
	r->body[r->n++] = (uint8_t)(item >> 8);
	r->body[r->n++] = (uint8_t)item;
}

/* A value of NEXT_PROTOCOL or AEAD that no server supports. */
static uint16_t unknown_item(struct noon_rng *rng)
{
	return (uint16_t)(PRIVATE + below(rng, PRIVATE));
}

/* NEXT_PROTOCOL or AEAD: an item, perhaps among others. */
static void add_list(struct draft *d, bool critical, uint16_t type, uint16_t item)
{
	struct record *r = add(d, critical, type);

	while (one_in(d->rng, 3) && r->n < BODY_USUAL)
		put_item(r, unknown_item(d->rng));
	put_item(r, item);
	while (one_in(d->rng, 3) && r->n < BODY_USUAL)
		put_item(r, unknown_item(d->rng));
}

static void fill_body(struct draft *d, struct record *r)
{
	r->n = below(d->rng, one_in(d->rng, 10) ? BODY_LONG : BODY_USUAL);
	noon_rng_fill(d->rng, r->body, r->n);
}

/* A record that a server has to ignore. */
static void add_harmless(struct draft *d)
{
	struct record *r;

	switch (below(d->rng, 3)) {
	case 0:
		r = add(d, false, NOON_NTSKE_SERVER);
		r->n = below(d->rng, BODY_USUAL) + 1;
		memset(r->body, 'a', r->n);
		break;
	case 1:
		put_item(add(d, false, NOON_NTSKE_SERVER_PORT), 123);
		break;
	default:
		r = add(d, false, (uint16_t)(PRIVATE + below(d->rng, PRIVATE)));
		r->n = below(d->rng, BODY_USUAL);
		noon_rng_fill(d->rng, r->body, r->n);
		break;
	}
}

/* Any type with any body and any critical bit; defined types more often. */
static void add_any(struct draft *d)
{
	static const uint16_t lists[] = {NOON_NTSKE_NEXT_PROTOCOL, NOON_NTSKE_AEAD};
	uint16_t type = (uint16_t)below(d->rng, 8);

	if (one_in(d->rng, 3)) {
		const size_t i = below(d->rng, 2);
		const uint16_t known = i == 0 ? 0 : 15;

		add_list(d, !one_in(d->rng, 4), lists[i],
			 one_in(d->rng, 2) ? known : unknown_item(d->rng));
		return;
	}
	if (one_in(d->rng, 4))
		type = one_in(d->rng, 4) ? NOON_NTSKE_COMPLIANT_EXPORTER
					 : (uint16_t)(noon_rng_u64(d->rng) & 0x7fff);
	fill_body(d, add(d, one_in(d->rng, 2), type));
}

static void shuffle(struct draft *d)
{
	for (size_t i = d->n; i > 1; i--) {
		const size_t k = below(d->rng, i);
		const struct record r = d->record[i - 1];

		d->record[i - 1] = d->record[k];
		d->record[k] = r;
	}
}

static void write_record(const struct record *r, struct noon_wr *wr)
{
	const noon_err err = noon_ntske_wr(wr, r->critical, (enum noon_ntske_type)r->type,
					   noon_bytes_of(r->body, r->n));

	(void)err; /* what does not fit is omitted */
}

/* Evaluate a request up to its END, as a server would. */
static void read_back(struct noon_ke_fuzz *f)
{
	struct noon_rd rd = noon_rd_over(f->buf, f->n);
	struct noon_ntske_record r;
	unsigned protocols = 0, aeads = 0;
	bool ntpv4 = false, refused = false;

	while (!f->has_end && noon_ntske_rd(&rd, &r) == NOON_OK) {
		protocols += r.type == NOON_NTSKE_NEXT_PROTOCOL;
		aeads += r.type == NOON_NTSKE_AEAD && r.body.n >= 2;
		for (size_t i = 0; r.type == NOON_NTSKE_NEXT_PROTOCOL && i < r.body.n / 2; i++)
			ntpv4 |= noon_ntske_item(r.body, i) == NOON_NTSKE_NTPV4;
		refused |= r.type == NOON_NTSKE_ERROR || r.type == NOON_NTSKE_WARNING ||
			   (r.critical && r.type > NOON_NTSKE_SERVER_PORT &&
			    r.type != NOON_NTSKE_COMPLIANT_EXPORTER);
		f->has_end = r.type == NOON_NTSKE_END;
	}
	f->offers = f->has_end && protocols == 1 && aeads == 1 && ntpv4 && !refused;
}

/* Truncate, or continue after END. */
static void truncate_or_extend(struct noon_rng *rng, struct noon_wr *wr, struct noon_ke_fuzz *f)
{
	uint8_t more[8];

	f->n = noon_wr_len(wr);
	if (one_in(rng, 2)) {
		f->n = below(rng, f->n + 1);
	} else if (f->n + sizeof(more) <= sizeof(f->buf)) {
		noon_rng_fill(rng, more, sizeof(more));
		memcpy(f->buf + f->n, more, sizeof(more));
		f->n += 1 + below(rng, sizeof(more));
	}
}

void noon_ke_fuzz_make(struct noon_rng *rng, struct noon_ke_fuzz *ret)
{
	static const struct record end = {.critical = true, .type = NOON_NTSKE_END};
	struct draft d = {.rng = rng, .n = 0};
	struct noon_wr wr = noon_wr_over(ret->buf, sizeof(ret->buf));
	const bool good = one_in(rng, 4);
	const size_t more = below(rng, good ? 2 : RECORDS_MAX + 1);

	ret->has_end = ret->offers = false;
	if (good || !one_in(rng, 3)) {
		add_list(&d, true, NOON_NTSKE_NEXT_PROTOCOL,
			 good || !one_in(rng, 4) ? NOON_NTSKE_NTPV4 : unknown_item(rng));
		add_list(&d, one_in(rng, 2), NOON_NTSKE_AEAD,
			 good || !one_in(rng, 4) ? 15 : unknown_item(rng));
	}
	for (size_t i = 0; i < more; i++) {
		if (good)
			add_harmless(&d);
		else
			add_any(&d);
	}
	shuffle(&d);
	for (size_t i = 0; i < d.n; i++)
		write_record(&d.record[i], &wr);
	if (good || !one_in(rng, 8))
		write_record(&end, &wr);
	ret->n = noon_wr_len(&wr);
	if (!good && one_in(rng, 6))
		truncate_or_extend(rng, &wr, ret);
	ret->good = good;
	read_back(ret);
}
