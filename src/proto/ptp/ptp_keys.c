/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/ptp/ptp_keys.h"

#include <string.h>

#define WORDS_MAX 5

struct reader {
	struct noon_ptp_keys *keys;
	struct noon_ptp_sa *sa; /**< being read; NULL before the first section */
	bool has_spp;
	struct noon_ptp_keys_fault fault;
};

static noon_err expect(struct reader *r, noon_err err, const char *what)
{
	r->fault.expected = what;
	return err;
}

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Split a line at blanks; the last word takes what is left, without trailing blanks. */
static size_t split(struct noon_bytes line, struct noon_bytes word[WORDS_MAX])
{
	const uint8_t *p = line.p, *end = line.p + line.n;
	size_t n = 0;

	while (end > p && is_space(end[-1]))
		end--;
	while (p < end && n < WORDS_MAX) {
		const uint8_t *start;

		while (is_space(*p))
			p++;
		start = p;
		while (p < end && !is_space(*p))
			p++;
		word[n++] = noon_bytes_of(start, (size_t)(p - start));
	}
	return p < end ? WORDS_MAX + 1 : n;
}

static bool is_word(struct noon_bytes w, const char *text)
{
	return w.n == strlen(text) && memcmp(w.p, text, w.n) == 0;
}

static noon_err take_number(struct noon_bytes w, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;

	if (w.n == 0 || w.n > 10)
		return NOON_ERR_FORMAT;
	for (size_t i = 0; i < w.n; i++) {
		if (w.p[i] < '0' || w.p[i] > '9')
			return NOON_ERR_FORMAT;
		v = v * 10 + (uint64_t)(w.p[i] - '0');
	}
	if (v > max)
		return NOON_ERR_RANGE;
	*ret = v;
	return NOON_OK;
}

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static noon_err from_hex(struct noon_bytes w, uint8_t *key, size_t *ret_n)
{
	if (w.n % 2 != 0)
		return NOON_ERR_FORMAT;
	if (w.n / 2 > NOON_MAC_KEY_MAX)
		return NOON_ERR_RANGE;
	for (size_t i = 0; i < w.n / 2; i++) {
		const int high = hex_digit(w.p[2 * i]);
		const int low = hex_digit(w.p[2 * i + 1]);

		if (high < 0 || low < 0)
			return NOON_ERR_FORMAT;
		key[i] = (uint8_t)(high << 4 | low);
	}
	*ret_n = w.n / 2;
	return NOON_OK;
}

static int base64_digit(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static noon_err from_base64(struct noon_bytes w, uint8_t *key, size_t *ret_n)
{
	uint32_t bits = 0;
	size_t n = 0, have = 0, pad = 0;

	while (w.n > 0 && pad < 2 && w.p[w.n - 1] == '=') {
		w.n--;
		pad++;
	}
	if ((w.n + pad) % 4 != 0 || w.n % 4 == 1)
		return NOON_ERR_FORMAT;
	if (w.n * 3 / 4 > NOON_MAC_KEY_MAX)
		return NOON_ERR_RANGE;
	for (size_t i = 0; i < w.n; i++) {
		const int digit = base64_digit(w.p[i]);

		if (digit < 0)
			return NOON_ERR_FORMAT;
		bits = bits << 6 | (uint32_t)digit;
		have += 6;
		if (have >= 8) {
			have -= 8;
			key[n++] = (uint8_t)(bits >> have);
		}
	}
	*ret_n = n;
	return NOON_OK;
}

static bool strip(struct noon_bytes *w, const char *prefix)
{
	const size_t n = strlen(prefix);

	if (w->n < n || memcmp(w->p, prefix, n) != 0)
		return false;
	*w = noon_bytes_of(w->p + n, w->n - n);
	return true;
}

static noon_err decode_key(struct noon_bytes w, uint8_t key[NOON_MAC_KEY_MAX], size_t *ret_n)
{
	if (strip(&w, "HEX:"))
		return from_hex(w, key, ret_n);
	if (strip(&w, "B64:"))
		return from_base64(w, key, ret_n);
	(void)strip(&w, "ASCII:");
	if (w.n > NOON_MAC_KEY_MAX)
		return NOON_ERR_RANGE;
	memcpy(key, w.p, w.n);
	*ret_n = w.n;
	return NOON_OK;
}

static enum noon_mac_id algorithm(struct noon_bytes w)
{
	static const struct {
		const char *word;
		enum noon_mac_id id;
	} list[] = {
		{"SHA256-128", NOON_MAC_HMAC_SHA256_128},
		{"SHA256", NOON_MAC_HMAC_SHA256},
		{"AES128", NOON_MAC_AES_CMAC_128},
		{"AES256", NOON_MAC_AES_CMAC_256},
	};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (is_word(w, list[i].word))
			return list[i].id;
	return NOON_MAC_NONE;
}

static noon_err add_key(struct reader *r, uint32_t id, enum noon_mac_id mac, struct noon_bytes key)
{
	struct noon_ptp_key *k;
	noon_err err;

	if (noon_ptp_sa_key(r->sa, id) != NULL)
		return expect(r, NOON_ERR_FORMAT, "a key number that was not used before");
	if (r->sa->n == NOON_PTP_KEYS_MAX)
		return expect(r, NOON_ERR_FULL, "at most 16 keys");
	k = &r->sa->key[r->sa->n];
	err = noon_mac_init(&k->mac, mac, key);
	if (err == NOON_ERR_RANGE)
		return expect(r, err,
			      "a key of 16 bytes for AES128, 32 for AES256, 16 to 64 for SHA256");
	if (err)
		return expect(r, err, "a key that the library takes");
	k->id = id;
	r->sa->n++;
	return NOON_OK;
}

/* "ID TYPE [LENGTH] KEY" */
static noon_err take_key(struct reader *r, struct noon_bytes word[WORDS_MAX], size_t n)
{
	uint8_t key[NOON_MAC_KEY_MAX];
	uint64_t id, length;
	size_t key_n = 0;
	noon_err err;

	if (take_number(word[0], UINT32_MAX, &id) || id == 0)
		return expect(r, NOON_ERR_FORMAT, "a key number from 1 to 4294967295");
	if (n < 3 || n > 4)
		return expect(r, NOON_ERR_FORMAT, "\"NUMBER TYPE [LENGTH] KEY\"");
	if (algorithm(word[1]) == NOON_MAC_NONE)
		return expect(r, NOON_ERR_FORMAT, "SHA256-128, SHA256, AES128 or AES256");
	err = decode_key(word[n - 1], key, &key_n);
	if (err)
		err = expect(r, err, "a key of at most 64 bytes as HEX:, B64: or ASCII:");
	else if (n == 4 && (take_number(word[2], NOON_MAC_KEY_MAX, &length) || length != key_n))
		err = expect(r, NOON_ERR_FORMAT, "the length of the key in bytes");
	else
		err = add_key(r, (uint32_t)id, algorithm(word[1]), noon_bytes_of(key, key_n));
	noon_wipe(key, sizeof(key));
	return err;
}

static noon_err end_section(struct reader *r)
{
	if (r->sa == NULL)
		return NOON_OK;
	if (!r->has_spp)
		return expect(r, NOON_ERR_FORMAT, "\"spp NUMBER\" in the section before");
	if (r->sa->n == 0)
		return expect(r, NOON_ERR_EMPTY, "a key in the section before");
	return NOON_OK;
}

static noon_err begin_section(struct reader *r)
{
	noon_err err = end_section(r);

	if (err)
		return err;
	if (r->keys->n == NOON_PTP_SAS_MAX)
		return expect(r, NOON_ERR_FULL, "at most 8 security associations");
	r->sa = &r->keys->sa[r->keys->n++];
	r->sa->window = NOON_PTP_WINDOW;
	r->has_spp = false;
	return NOON_OK;
}

static noon_err take_spp(struct reader *r, uint64_t v)
{
	if (r->has_spp)
		return expect(r, NOON_ERR_FORMAT, "one spp in a section");
	for (size_t i = 0; i + 1 < r->keys->n; i++)
		if (r->keys->sa[i].spp == v)
			return expect(r, NOON_ERR_FORMAT, "an spp that was not used before");
	r->sa->spp = (uint8_t)v;
	r->has_spp = true;
	return NOON_OK;
}

/* What other implementations can do and this one cannot is refused, unless it is off. */
static noon_err take_option(struct reader *r, struct noon_bytes name, struct noon_bytes value)
{
	uint64_t v;

	if (is_word(name, "spp")) {
		if (take_number(value, UINT8_MAX, &v))
			return expect(r, NOON_ERR_FORMAT, "an spp from 0 to 255");
		return take_spp(r, v);
	}
	if (is_word(name, "seqid_window")) {
		if (take_number(value, 16384, &v))
			return expect(r, NOON_ERR_FORMAT, "a window from 0 to 16384");
		r->sa->window = (uint16_t)v;
		return NOON_OK;
	}
	if (is_word(name, "allow_mutable") || is_word(name, "seqnum_length") ||
	    is_word(name, "res_length") || is_word(name, "seqnum_ind") ||
	    is_word(name, "res_ind")) {
		if (take_number(value, 0, &v))
			return expect(r, NOON_ERR_UNSUPPORTED, "0: more is not supported");
		return NOON_OK;
	}
	return expect(r, NOON_ERR_FORMAT, "spp, seqid_window or a key");
}

static noon_err take_line(struct reader *r, struct noon_bytes line)
{
	struct noon_bytes word[WORDS_MAX];
	const size_t n = split(line, word);

	if (n == 0 || word[0].p[0] == '#')
		return NOON_OK;
	if (n == 1 && is_word(word[0], "[security_association]"))
		return begin_section(r);
	if (r->sa == NULL)
		return expect(r, NOON_ERR_FORMAT, "[security_association]");
	if (word[0].p[0] >= '0' && word[0].p[0] <= '9')
		return take_key(r, word, n);
	if (n != 2)
		return expect(r, NOON_ERR_FORMAT, "\"NAME VALUE\"");
	return take_option(r, word[0], word[1]);
}

static noon_err take_lines(struct reader *r, struct noon_bytes text)
{
	const uint8_t *p = text.p, *end = text.p + text.n;
	noon_err err = NOON_OK;

	while (p < end && !err) {
		const uint8_t *stop = memchr(p, '\n', (size_t)(end - p));
		const uint8_t *line_end = stop == NULL ? end : stop;

		r->fault.line++;
		err = take_line(r, noon_bytes_of(p, (size_t)(line_end - p)));
		p = stop == NULL ? end : stop + 1;
	}
	if (err)
		return err;
	if (r->sa == NULL)
		return expect(r, NOON_ERR_EMPTY, "[security_association]");
	return end_section(r);
}

noon_err noon_ptp_keys_parse(struct noon_bytes text, struct noon_ptp_keys *ret,
			     struct noon_ptp_keys_fault *ret_fault)
{
	struct noon_ptp_keys keys;
	struct reader r = {.keys = &keys};
	noon_err err;

	memset(&keys, 0, sizeof(keys));
	err = take_lines(&r, text);
	if (err) {
		noon_ptp_keys_fini(&keys);
		if (r.fault.line == 0)
			r.fault.line = 1;
		*ret_fault = r.fault;
		return err;
	}
	*ret = keys;
	return NOON_OK;
}

void noon_ptp_keys_fini(struct noon_ptp_keys *k)
{
	for (size_t i = 0; i < k->n; i++)
		for (size_t j = 0; j < k->sa[i].n; j++)
			noon_mac_fini(&k->sa[i].key[j].mac);
	k->n = 0;
}

struct noon_ptp_sa *noon_ptp_keys_sa(struct noon_ptp_keys *k, uint8_t spp)
{
	for (size_t i = 0; i < k->n; i++)
		if (k->sa[i].spp == spp)
			return &k->sa[i];
	return NULL;
}

struct noon_ptp_key *noon_ptp_sa_key(struct noon_ptp_sa *sa, uint32_t id)
{
	if (id == 0)
		return sa->n == 0 ? NULL : &sa->key[sa->n - 1];
	for (size_t i = 0; i < sa->n; i++)
		if (sa->key[i].id == id)
			return &sa->key[i];
	return NULL;
}
