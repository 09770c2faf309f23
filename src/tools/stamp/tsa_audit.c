/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/stamp/tsa_audit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "platform/clock/clock.h"
#include "platform/text.h"
#include "wire/tsp.h"

#define HASH_HEX ((size_t)2 * NOON_LEDGER_HASH_LEN)

static int digit(char c)
{
	const char *const all = "0123456789abcdef";
	const char *at = c == '\0' ? NULL : strchr(all, c >= 'A' && c <= 'F' ? c + 32 : c);

	return at == NULL ? -1 : (int)(at - all);
}

/* "SEQ:HASH", as printed by `audit head`. */
static bool parse_head(const char *text, struct noon_ledger_head *ret)
{
	char *end;

	errno = 0;
	ret->seq = strtoull(text, &end, 10);
	if (errno != 0 || end == text || *end != ':' || ret->seq == 0 ||
	    strlen(end + 1) != HASH_HEX)
		return false;
	for (size_t i = 0; i < NOON_LEDGER_HASH_LEN; i++) {
		const int high = digit(end[1 + 2 * i]);
		const int low = digit(end[2 + 2 * i]);

		if (high < 0 || low < 0)
			return false;
		ret->hash[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static struct noon_tsa_ledger *open_ledger(const struct noon_verb *v, const char *path)
{
	struct noon_tsa_ledger *l = NULL;
	struct noon_ledger_why why = {.text = ""};

	if (noon_tsa_ledger_read(path, &l, &why))
		(void)noon_tool_fail(v, "%s", why.text);
	return l;
}

static void print_progress(void *arg, uint64_t entries)
{
	noon_time *next = arg;
	const noon_time now = noon_mono_now();

	if (noon_time_before(now, *next))
		return;
	*next = noon_time_add(now, NOON_MS(500));
	(void)fprintf(stderr, "\r%" PRIu64 " entries...", entries);
}

static void print_audit(const struct noon_tsa_audit_args *a, const struct noon_ledger_audit *r)
{
	char hash[HASH_HEX + 1];

	noon_text_hex(noon_bytes_of(r->head.hash, sizeof(r->head.hash)), hash);
	(void)printf("%s: %" PRIu64 " entries, the chain %s\n", a->ledger, r->entries,
		     r->good ? "is whole" : "is BROKEN");
	if (!r->good)
		(void)printf("  %s\n", r->why);
	for (unsigned k = 0; k < NOON_LEDGER_KINDS; k++)
		if (r->kinds[k] > 0)
			(void)printf("  %-8s %" PRIu64 "\n", noon_ledger_kind_word(k), r->kinds[k]);
	(void)printf("  serial numbers reserved and not issued: %" PRIu64 "\n", r->serials_unused);
	(void)printf("  %s %" PRIu64 ":%s\n", r->good ? "head" : "good up to", r->head.seq, hash);
	if (r->good && a->head == NULL)
		(void)printf("A cut-off end shows only against a head that was kept elsewhere: "
			     "--head SEQ:HASH.\n");
}

static json_t *audit_json(const struct noon_tsa_audit_args *a, const struct noon_ledger_audit *r)
{
	char hash[HASH_HEX + 1];
	json_t *kinds = json_object();

	noon_text_hex(noon_bytes_of(r->head.hash, sizeof(r->head.hash)), hash);
	for (unsigned k = 0; k < NOON_LEDGER_KINDS; k++)
		(void)json_object_set_new(kinds, noon_ledger_kind_word(k),
					  json_integer((json_int_t)r->kinds[k]));
	return json_pack("{s:s, s:b, s:s, s:I, s:I, s:s, s:I, s:o}", "ledger", a->ledger, "good",
			 (int)r->good, "why", r->why, "entries", (json_int_t)r->entries, "seq",
			 (json_int_t)r->head.seq, "hash", hash, "serials_unused",
			 (json_int_t)r->serials_unused, "kinds", kinds);
}

int noon_tsa_audit_verify(const struct noon_verb *v, const struct noon_tsa_audit_args *a)
{
	noon_time next = noon_time_add(noon_mono_now(), NOON_S(2));
	const bool shown = isatty(STDERR_FILENO) == 1;
	struct noon_ledger_head head;
	struct noon_ledger_audit r;
	struct noon_tsa_ledger *l;
	noon_err err;

	if (a->head != NULL && !parse_head(a->head, &head))
		return noon_tool_usage(
			v, "--head \"%s\": expected SEQ:HASH, as audit head prints it", a->head);
	l = open_ledger(v, a->ledger);
	if (l == NULL)
		return NOON_EXIT_FAILED;
	err = noon_tsa_ledger_audit(l, a->head == NULL ? NULL : &head,
				    shown ? print_progress : NULL, &next, &r);
	noon_tsa_ledger_close(l);
	if (err)
		return noon_tool_fail(v, "%s: it cannot be read to its end", a->ledger);
	if (a->json) {
		json_t *o = audit_json(a, &r);

		noon_json_print(o);
		json_decref(o);
	} else {
		print_audit(a, &r);
	}
	return r.good ? NOON_EXIT_OK : NOON_EXIT_NOT_OK;
}

struct showing {
	const struct noon_tsa_audit_args *a;
	uint64_t shown;
	json_t *list; /* NULL: lines */
	struct noon_ledger_head last;
};

static json_t *token_json(const struct noon_ledger_entry *e)
{
	char oid[NOON_OID_TEXT_MAX];
	char time[26];
	char serial[2 * NOON_TSP_SERIAL_MAX + 1] = "";
	char imprint[2 * NOON_DIGEST_MAX + 1] = "";
	struct noon_tst_info t;

	if (noon_tst_info_decode(e->body, &t))
		return NULL;
	noon_oid_format(t.policy, oid, sizeof(oid));
	(void)noon_tsp_time_format(t.gen_time, t.digits, time);
	if (t.serial.n <= NOON_TSP_SERIAL_MAX)
		noon_text_hex(t.serial, serial);
	if (t.imprint.value.n <= NOON_DIGEST_MAX)
		noon_text_hex(t.imprint.value, imprint);
	return json_pack("{s:s, s:s, s:f, s:s, s:s, s:s, s:b}", "serial", serial, "gen_time", time,
			 "accuracy_s", noon_dur_to_s(t.accuracy), "policy", oid, "digest",
			 t.imprint.digest == NOON_DIGESTS ? "?"
							  : noon_digest_name(t.imprint.digest),
			 "imprint", imprint, "ordering", (int)t.ordering);
}

/* Invalid text is shown all the same. */
static void set_text(json_t *o, struct noon_bytes body)
{
	char digits[2 * 64 + 1];
	json_t *text = json_stringn((const char *)body.p, body.n);

	if (text == NULL) {
		body.n = body.n < 64 ? body.n : 64;
		noon_text_hex(body, digits);
		text = json_string(digits);
	}
	(void)json_object_set_new(o, "text", text);
}

static json_t *entry_json(const struct noon_ledger_head *at, const struct noon_ledger_entry *e)
{
	char hash[HASH_HEX + 1];
	char when[40];
	json_t *token;
	json_t *o;

	noon_text_hex(noon_bytes_of(at->hash, sizeof(at->hash)), hash);
	(void)snprintf(when, sizeof(when), "%" PRId64 ".%09" PRId64, e->at.ns / NOON_NS_PER_SEC,
		       e->at.ns % NOON_NS_PER_SEC);
	o = json_pack("{s:I, s:s, s:s, s:s}", "seq", (json_int_t)at->seq, "at", when, "kind",
		      noon_ledger_kind_word((unsigned)e->kind), "hash", hash);
	if (e->kind != NOON_LEDGER_TOKEN) {
		set_text(o, e->body);
		return o;
	}
	token = token_json(e);
	if (token != NULL) {
		noon_text_hex(noon_bytes_of(e->digest, sizeof(e->digest)), hash);
		(void)json_object_set_new(token, "token_sha256", json_string(hash));
		(void)json_object_update_new(o, token);
	}
	return o;
}

static void print_entry(const struct noon_ledger_head *at, const struct noon_ledger_entry *e)
{
	json_t *o = entry_json(at, e);
	char when[64];
	char accuracy[24];

	noon_tool_utc(when, sizeof(when), noon_json_str(o, "at"));
	(void)printf("%" PRIu64 "  %s  %-8s ", at->seq, when, noon_json_str(o, "kind"));
	if (json_object_get(o, "serial") != NULL) {
		noon_tool_dur(accuracy, sizeof(accuracy), noon_json_num(o, "accuracy_s"));
		(void)printf("%s  %s +-%s  %s  %s:%.16s...\n", noon_json_str(o, "serial"),
			     noon_json_str(o, "gen_time"), accuracy, noon_json_str(o, "policy"),
			     noon_json_str(o, "digest"), noon_json_str(o, "imprint"));
	} else {
		(void)printf("%s\n", noon_json_str(o, "text"));
	}
	json_decref(o);
}

static bool show(void *arg, const struct noon_ledger_head *at, const struct noon_ledger_entry *e)
{
	struct showing *s = arg;

	s->last = *at;
	if (s->a->kind != NULL && strcmp(s->a->kind, noon_ledger_kind_word((unsigned)e->kind)) != 0)
		return true;
	if (s->list != NULL)
		(void)json_array_append_new(s->list, entry_json(at, e));
	else
		print_entry(at, e);
	s->shown++;
	return s->a->count == 0 || s->shown < s->a->count;
}

static bool is_kind(const char *word)
{
	for (unsigned k = 0; k < NOON_LEDGER_KINDS; k++)
		if (strcmp(word, noon_ledger_kind_word(k)) == 0)
			return true;
	return false;
}

int noon_tsa_audit_show(const struct noon_verb *v, const struct noon_tsa_audit_args *a)
{
	if (a->kind != NULL && !is_kind(a->kind))
		return noon_tool_usage(
			v,
			"--kind \"%s\": expected start, stop, block, token, refusal, "
			"key or clock",
			a->kind);

	struct showing s = {.a = a, .list = a->json ? json_array() : NULL};
	struct noon_tsa_ledger *l = open_ledger(v, a->ledger);
	noon_err err;

	if (l == NULL) {
		json_decref(s.list);
		return NOON_EXIT_FAILED;
	}
	err = noon_tsa_ledger_each(l, a->from, show, &s);
	noon_tsa_ledger_close(l);
	if (s.list != NULL)
		noon_json_print(s.list);
	json_decref(s.list);
	return err ? noon_tool_fail(v, "%s: it cannot be read to its end", a->ledger)
		   : NOON_EXIT_OK;
}

int noon_tsa_audit_head(const struct noon_verb *v, const struct noon_tsa_audit_args *a)
{
	struct noon_tsa_ledger *l = open_ledger(v, a->ledger);
	struct noon_ledger_head head = {0};
	char hash[HASH_HEX + 1];
	noon_err err;

	if (l == NULL)
		return NOON_EXIT_FAILED;
	err = noon_tsa_ledger_head(l, &head);
	noon_tsa_ledger_close(l);
	if (err)
		return noon_tool_fail(v, "%s: it cannot be read", a->ledger);
	noon_text_hex(noon_bytes_of(head.hash, sizeof(head.hash)), hash);
	(void)printf("%" PRIu64 ":%s\n", head.seq, hash);
	return NOON_EXIT_OK;
}
