/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes the seed inputs of the fuzz targets: meaningful traffic, the same each time.
 * Use: fuzz_seeds FOLDER, which must hold a folder for each target.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/tsa/tsp_client.h"
#include "seeds_tap.h"
#include "test_ntp_world.h"
#include "wire/cms.h"
#include "wire/ntske.h"

static const char *root;

static void put(const char *target, const char *name, const void *p, size_t n)
{
	char path[1024];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s/%s", root, target, name);
	f = fopen(path, "wb");
	if (f == NULL || fwrite(p, 1, n, f) != n || fclose(f) != 0) {
		fprintf(stderr, "%s: cannot be written\n", path);
		exit(1);
	}
}

/* With the byte in front that chooses what the target does. */
static void put_how(const char *target, const char *name, uint8_t how, const void *p, size_t n)
{
	static uint8_t buf[20000];

	buf[0] = how;
	memcpy(buf + 1, p, n);
	put(target, name, buf, n + 1);
}

static void packets(enum noon_aead_id aead, const char *tag)
{
	static struct ntp_world w;
	static struct datagram d, reply;
	const uint8_t flag = aead == NOON_AEAD_GCM_SIV_128 ? 4 : 0;
	char name[64];

	ntp_world_open(&w, NOON_AEAD_SIV_CMAC_256, 4); /* as the target does */
	w.aead = aead;
	for (unsigned i = 0; i <= 7; i += 7) {
		struct recipe r = recipe_good(&w);

		r.n_placeholder = i;
		r.n_encrypted = i / 4;
		w.rng = noon_rng_seeded(5);
		recipe_write(&w, &r, &d);
		(void)snprintf(name, sizeof(name), "request-%s-%u", tag, i);
		put("wire_ntp", name, d.p, d.n);
		put("proto_nts_packet", name, d.p, d.n);
		put_how("proto_ntp_server", name, flag, d.p, d.n);
		(void)ntp_world_ask(&w, &d, &reply);
		(void)snprintf(name, sizeof(name), "reply-%s-%u", tag, i);
		put("wire_ntp", name, reply.p, reply.n);
		put("proto_nts_packet", name, reply.p, reply.n);
	}
	ntp_world_close(&w);
}

static void server(void)
{
	/* how, placeholders, encrypted ones, changes of (place, place, bits) */
	static const uint8_t same[] = {2, 1}, flipped[] = {0, 0, 0, 60, 1};
	uint8_t sealed[2 + 48 + 28 + 200] = {0, 28, 0x23};
	uint8_t plain[48] = {0x23};
	struct noon_wr wr = noon_wr_over(sealed + 50, sizeof(sealed) - 50);

	put_how("proto_ntp_server", "changed-not", 1, same, sizeof(same));
	put_how("proto_ntp_server", "changed", 1, flipped, sizeof(flipped));
	put_how("proto_ntp_server", "no-time", 9, same, sizeof(same));
	put_how("proto_ntp_server", "plain", 0, plain, sizeof(plain));
	put("wire_ntp", "plain", plain, sizeof(plain));
	if (noon_ntp_ext_put_zeros(&wr, 0xf323, 24) ||
	    noon_ntp_ext_put_zeros(&wr, NOON_EXT_PLACEHOLDER, 100))
		exit(1);
	put_how("proto_ntp_server", "sealed", 2, sealed, 50 + noon_wr_len(&wr));
	put_how("proto_ntp_server", "sealed-gcm", 6, sealed, 50 + noon_wr_len(&wr));
}

static void client(void)
{
	/* Events by number: 0 timer, 3 answer, 5 changed, 8 NAK, 9 stamp, 10 keys, 13 rotation. */
	static const uint8_t good[] = {10, 7, 0, 3, 0, 9, 0, 0, 0, 0, 2, 88, 1, 3, 0, 3, 0, 3};
	static const uint8_t losses[] = {10, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3};
	static const uint8_t naks[] = {10, 7, 0, 8, 0, 0, 12, 0, 0, 255, 0, 0, 0, 0, 10, 3, 0, 3};
	static const uint8_t forged[] = {10, 7, 0, 7, 8, 0, 7, 12, 0, 0, 7, 128, 0, 4, 1, 2, 3, 4};
	static const uint8_t turned[] = {10, 7, 0, 3, 13, 9, 0, 3, 0, 0, 5, 3, 0, 60, 9, 0, 70, 1};

	for (uint8_t how = 0; how < 4; how++) {
		char name[64];

		(void)snprintf(name, sizeof(name), "good-%u", how);
		put_how("proto_ntp_client", name, how, good, sizeof(good));
		(void)snprintf(name, sizeof(name), "losses-%u", how);
		put_how("proto_ntp_client", name, how, losses, sizeof(losses));
		(void)snprintf(name, sizeof(name), "naks-%u", how);
		put_how("proto_ntp_client", name, how, naks, sizeof(naks));
		(void)snprintf(name, sizeof(name), "forged-%u", how);
		put_how("proto_ntp_client", name, how, forged, sizeof(forged));
		(void)snprintf(name, sizeof(name), "turned-%u", how);
		put_how("proto_ntp_client", name, how, turned, sizeof(turned));
	}
}

static void cookies(void)
{
	static const uint8_t same[] = {0}, same_gcm[] = {1}, bad[] = {0, 50, 4};
	static const uint8_t junk[100] = {0, 7, 0x96, 0x40};

	put_how("proto_nts_cookie", "same", 1, same, sizeof(same));
	put_how("proto_nts_cookie", "same-gcm", 1, same_gcm, sizeof(same_gcm));
	put_how("proto_nts_cookie", "changed", 1, bad, sizeof(bad));
	put_how("proto_nts_cookie", "junk", 0, junk, sizeof(junk));
}

static void must(noon_err err)
{
	assert(!err);
}

/* A request with both AEADs, or a response with one and cookies. */
static size_t message(bool response, uint8_t *buf, size_t room)
{
	static const uint16_t zero, ids[] = {15, 30}, port = 11123;
	static const uint8_t host[] = "time.example";
	struct noon_wr wr = noon_wr_over(buf, room);

	must(noon_ntske_wr_items(&wr, true, NOON_NTSKE_NEXT_PROTOCOL, &zero, 1));
	must(noon_ntske_wr_items(&wr, true, NOON_NTSKE_AEAD, ids, response ? 1 : 2));
	must(noon_ntske_wr(&wr, false, NOON_NTSKE_COMPLIANT_EXPORTER, noon_bytes_of(NULL, 0)));
	must(noon_ntske_wr(&wr, true, NOON_NTSKE_SERVER, noon_bytes_of(host, 12)));
	must(noon_ntske_wr_items(&wr, true, NOON_NTSKE_SERVER_PORT, &port, 1));
	for (uint8_t i = 0; response && i < 9; i++) {
		uint8_t cookie[100] = {i};

		must(noon_ntske_wr(&wr, false, NOON_NTSKE_COOKIE, noon_bytes_of(cookie, 100)));
	}
	must(noon_ntske_wr_end(&wr));
	return noon_wr_len(&wr);
}

static void ntske(void)
{
	static const uint16_t code = 1;
	static uint8_t buf[2000];
	struct noon_wr wr = noon_wr_over(buf, sizeof(buf));
	size_t n;

	must(noon_ntske_wr_items(&wr, true, NOON_NTSKE_ERROR, &code, 1));
	must(noon_ntske_wr_end(&wr));
	n = noon_wr_len(&wr);
	put("wire_ntske", "error", buf, n);
	put_how("proto_ntske_client", "error", 0, buf, n);
	n = message(false, buf, sizeof(buf));
	put("wire_ntske", "request", buf, n);
	put_how("proto_ntske_server", "judge", 16, buf, n);
	put_how("proto_ntske_server", "judge-trailing", 24, buf, n);
	put_how("proto_ntske_server", "raw", 1, buf, n);
	memmove(buf + 2, buf, n);
	buf[0] = (uint8_t)((n - 1) >> 8);
	buf[1] = (uint8_t)(n - 1);
	put_how("proto_ntske_server", "tls", 2, buf, n + 2);
	n = message(true, buf, sizeof(buf));
	put("wire_ntske", "response", buf, n);
	put_how("proto_ntske_client", "judge", 0, buf, n);
	memmove(buf + 2, buf, n);
	buf[0] = (uint8_t)((n - 1) >> 8);
	buf[1] = (uint8_t)(n - 1);
	put_how("proto_ntske_client", "tls", 2, buf, n + 2);
	buf[0] = 22; /* a TLS record of a handshake, cut off */
	buf[1] = buf[2] = 3;
	put_how("proto_ntske_client", "raw", 1, buf, 200);
}

/* Rounding and protocol, a pivot (2026), and an answer. */
static void one_way(void)
{
	static const char *const texts[] = {
		"2026-11-22T13:31:02Z\r\n",
		"Sun Nov 22 13:31:02 2026\r\n",
		"22 NOV 2026 13:31:02\r\n",
		"22 NOV 2026 13:31:02 UTC\r\n",
		"02 FEB 82 07:59:01 PST\r\n",
		"Monday, February 22, 1982 17:37:43-PST\r\n",
		"\n61366 26-11-22 13:31:02 50 1 0 050.0 UTC(NIST) * \n",
		"2016-12-31T23:59:60Z\r\n",
	};
	static const uint8_t number[] = {0, 0x35, 0x7a, 0x7b, 0x83, 0xee, 0xad, 0x6d, 0x16};
	uint8_t buf[100] = {0, 0x35, 0x7a, 0x7b, 0x83};
	char name[32];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const size_t n = strlen(texts[i]);

		memcpy(buf + 5, texts[i], n);
		buf[0] = (uint8_t)(0xf8 | (i & 3) << 1);
		(void)snprintf(name, sizeof(name), "text-%zu", i);
		put("wire_one_way", name, buf, n + 5);
	}
	memcpy(buf, number, sizeof(number));
	buf[0] = 1;
	put("wire_one_way", "number", buf, sizeof(number));
}

static void engine(void)
{
	uint8_t buf[2000];
	struct noon_rng rng = noon_rng_seeded(8);
	char name[32];

	for (uint8_t i = 0; i < 6; i++) {
		size_t n = 0;

		buf[n++] = (uint8_t)(i << 3);
		for (int j = 0; j <= (i & 3); j++)
			buf[n++] = (uint8_t)(i > 3 ? 4 : 0);
		for (int j = 0; j < 60; j++) {
			buf[n++] = 0; /* exchange: how, up, down, error */
			buf[n++] = (uint8_t)((j % (1 + (i & 3))) << 4 | 3);
			noon_rng_fill(&rng, buf + n, 4);
			n += 4;
			buf[n++] = 5;
			memset(buf + n, 0, 3); /* how far ahead to read */
			n += 3;
			buf[n++] = 5; /* wait */
			buf[n++] = (uint8_t)(2 + j / 4);
			memset(buf + n, 0, 3);
			n += 3;
		}
		(void)snprintf(name, sizeof(name), "polls-%u", i);
		put("engine", name, buf, n);
		buf[n++] = 7; /* an order */
		buf[n++] = 1;
		buf[n++] = i;
		memset(buf + n, 0, 3);
		(void)snprintf(name, sizeof(name), "order-%u", i);
		put("engine", name, buf, n + 3);
	}
}

static size_t append(uint8_t *buf, size_t n, const uint8_t *p, size_t more)
{
	memcpy(buf + n, p, more);
	return n + more;
}

/* Two kinds of packets with an outlier and a step; then a refresh, kinds that borrow and that make
 * others leave, a long pause, and an association that is deleted. */
static void edge(void)
{
	static const uint8_t refresh[] = {0, 1, 2, 4, 0x4d, 4, 0x6d};	 /* and two estimates */
	static const uint8_t borrow[] = {7, 0x6d, 0, 90, 7, 0x6d, 0, 20, /* value by value */
					 7, 0x01, 1, 0,	 1, 0,	  9, 0,	 0, 60};
	static const uint8_t crowd[] = {7, 0x1c, 0, 1, 7, 0x3c, 0, 1, 7, 0x5c, 0, 1, 7, 0x7c, 0, 1,
					7, 0x1e, 0, 1, 7, 0x3e, 0, 1, 7, 0x5e, 0, 1, 7, 0x7e, 0, 1};
	static const uint8_t leave[] = {0, 2,	 3, 2, 0xff, 0xff, 4, 0x7e, /* a pause */
					7, 0x7e, 0, 1, 1,    3};
	uint8_t buf[2000];
	struct noon_rng rng = noon_rng_seeded(9);
	char name[32];

	for (uint8_t i = 0; i < 6; i++) {
		size_t n = 0;

		buf[n++] = (uint8_t)(i << 3 | 7);
		for (int j = 0; j < 48; j++) {
			buf[n++] = 7; /* packets: kind, number less one, values */
			buf[n++] = (uint8_t)(j & 1 ? 0x0c : 0x2d);
			buf[n++] = 15;
			noon_rng_fill(&rng, buf + n, 16);
			for (size_t k = n; k < n + 16; k++)
				buf[k] = (uint8_t)((buf[k] & 31) + (j > 30 ? 140 : 0));
			buf[n + i] = 253;
			n += 16;
		}
		(void)snprintf(name, sizeof(name), "packets-%u", i);
		put("estimate_edge", name, buf, n);
		n = append(buf, n, refresh, sizeof(refresh));
		n = append(buf, n, borrow, sizeof(borrow));
		n = append(buf, n, crowd, sizeof(crowd));
		n = append(buf, n, leave, sizeof(leave));
		(void)snprintf(name, sizeof(name), "refresh-%u", i);
		put("estimate_edge", name, buf, n);
	}
}

/* --- time-stamping --- */

static void must_fit(const struct noon_der_wr *w)
{
	assert(noon_der_wr_ok(w));
}

/* A response whose signature nobody looks at. */
static void put_response(struct noon_bytes info, const char *name)
{
	static const uint8_t issuer[] = {0x30, 0}, serial[] = {2, 1, 9},
			     alg[] = {0x30, 3, 6, 1, 42};
	static uint8_t buf[2048];
	struct noon_cms_signer signer = {.issuer = noon_bytes_of(issuer, sizeof(issuer)),
					 .serial = noon_bytes_of(serial, sizeof(serial)),
					 .digest = NOON_DIGEST_SHA256,
					 .signature_alg = noon_bytes_of(alg, sizeof(alg))};
	struct noon_cms_template template;
	struct noon_der_wr w = noon_der_wr_over(buf, sizeof(buf));
	uint8_t attrs[NOON_CMS_ATTRS_MAX];
	uint8_t digest[32] = {0};
	struct noon_bytes out;

	must(noon_cms_template_init(&template, &signer));
	noon_cms_token_encode(&w, &template, info, noon_cms_attrs(&template, digest, attrs),
			      noon_bytes_of(digest, sizeof(digest)), false);
	noon_tsp_grant_wrap(&w, 0);
	must_fit(&w);
	out = noon_der_wr_written(&w);
	put("wire_tsp", name, out.p, out.n);
}

static void put_info(const struct noon_tsp_ask *a, unsigned i)
{
	static uint8_t buf[NOON_TST_INFO_MAX];
	static const uint8_t policy[] = {42, 3, 1};
	struct noon_der_wr w = noon_der_wr_over(buf, sizeof(buf));
	struct noon_tst_info t = {.gen_time = {INT64_C(1795354291123456789)},
				  .digits = (uint8_t)(i * 3),
				  .has_accuracy = i > 0,
				  .accuracy = NOON_S(i) + NOON_US(1001),
				  .ordering = i == 2};
	struct noon_bytes out;
	char name[32];

	t.policy = noon_bytes_of(policy, sizeof(policy));
	t.imprint.digest = a->digest;
	t.imprint.value = noon_bytes_of(a->value, noon_digest_len(a->digest));
	t.serial = noon_bytes_of("\x80", 1);
	t.nonce = noon_bytes_of(a->nonce, i == 0 ? 0 : sizeof(a->nonce));
	noon_tst_info_encode(&w, &t);
	must_fit(&w);
	out = noon_der_wr_written(&w);
	(void)snprintf(name, sizeof(name), "info-%u", i);
	put("wire_tsp", name, out.p, out.n);
	(void)snprintf(name, sizeof(name), "response-%u", i);
	put_response(out, name);
}

/* Policy, clock and last genTime of proto_tsa, then a request. */
static void put_asked(struct noon_bytes request, uint8_t how, const char *name)
{
	/* how; accuracy 2^32 ns, all digests, twice; clock's how, time, half; after */
	uint8_t buf[512] = {how, 0xff, 0xff, 0xff, 0xff, 7, 0xff, 0xff, 0xff, 0xff, 7};
	size_t n = (how & 1) != 0 ? 11 : 6;
	const uint64_t now = UINT64_C(1795354291123456789);

	buf[n++] = 0;
	for (int i = 7; i >= 0; i--)
		buf[n++] = (uint8_t)(now >> (8 * i));
	buf[n + 2] = 15; /* half: about 1 ms */
	n += 5 + 8;
	memcpy(buf + n, request.p, request.n);
	put("proto_tsa", name, buf, n + request.n);
}

static void stamping(void)
{
	static const char *const policies[] = {NULL, "1.2.3.1", "1.2.3.2"};
	struct noon_rng rng = noon_rng_seeded(3161);
	uint8_t buf[NOON_TSP_REQUEST_MAX];
	uint8_t value[NOON_DIGEST_MAX] = {0};
	struct noon_der_wr w = noon_der_wr_over(buf, sizeof(buf));
	struct noon_tsp_ask a;
	struct noon_bytes out;
	char name[32];

	noon_tsp_refusal_encode(&w, NOON_TSP_TIME_NOT_AVAILABLE, "no time");
	out = noon_der_wr_written(&w);
	put("wire_tsp", "refusal", out.p, out.n);
	for (unsigned i = 0; i < 3; i++) {
		must(noon_tsp_ask_init(&a, (enum noon_digest)i, value, policies[i], &rng));
		put_info(&a, i);
		out = noon_tsp_ask_write(&a, buf);
		(void)snprintf(name, sizeof(name), "request-%u", i);
		put("wire_tsp", name, out.p, out.n);
		put_asked(out, 12, name);
		(void)snprintf(name, sizeof(name), "request-ordered-%u", i);
		put_asked(out, 13, name);
	}
}

int main(int argc, char **argv)
{
	if (argc != 2 || noon_aead_global_init()) {
		fprintf(stderr, "use: fuzz_seeds FOLDER\n");
		return 1;
	}
	root = argv[1];
	packets(NOON_AEAD_SIV_CMAC_256, "siv");
	packets(NOON_AEAD_GCM_SIV_128, "gcm");
	server();
	client();
	cookies();
	ntske();
	one_way();
	engine();
	edge();
	stamping();
	seeds_tap(put);
	return 0;
}
