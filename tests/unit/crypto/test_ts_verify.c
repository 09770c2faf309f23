/* SPDX-License-Identifier: Apache-2.0
 *
 * Tokens that are built here are verified here: with the right authority, with wrong ones, at the
 * wrong time, and with every byte changed.
 */
#include <openssl/cms.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/ts.h>
#include <openssl/x509v3.h>
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

#include "base/rng.h"
#include "crypto/ts_verify.h"
#include "proto/tsa/token_builder.h"
#include "proto/tsa/tsp_client.h"

#define NOW_S INT64_C(1795354291)
#define DAY   86400

enum {
	CA,
	OTHER_CA,
	TSA, /* as it should be */
	INTERMEDIATE,
	BELOW,	    /* signed by INTERMEDIATE */
	EXPIRED,    /* a day ago */
	NO_PURPOSE, /* no extended key usage */
	NOT_CRITICAL,
	STRANGER, /* of OTHER_CA */
	NAMED,	  /* with a subjectAltName */
	CERTS
};

struct world {
	char dir[64];
	EVP_PKEY *key[CERTS];
	X509 *cert[CERTS];
	struct noon_tsp_ask ask;
	uint8_t token[8192];
	size_t token_n;
	uint8_t tst[NOON_TSA_TST_MAX];
	struct noon_bytes tst_info;
};

static const struct recipe {
	const char *name;
	int issuer;
	const char *purpose;
	bool is_ca;
	int64_t from_s, to_s;
} recipes[CERTS] = {
	[CA] = {"CA", CA, NULL, true, NOW_S - 900 * DAY, NOW_S + 900 * DAY},
	[OTHER_CA] = {"Other CA", OTHER_CA, NULL, true, NOW_S - 900 * DAY, NOW_S + 900 * DAY},
	[TSA] = {"TSA", CA, "critical,timeStamping", false, NOW_S - DAY, NOW_S + DAY},
	[INTERMEDIATE] = {"Below", CA, NULL, true, NOW_S - DAY, NOW_S + DAY},
	[BELOW] = {"Deep TSA", INTERMEDIATE, "critical,timeStamping", false, NOW_S - DAY,
		   NOW_S + DAY},
	[EXPIRED] = {"Old TSA", CA, "critical,timeStamping", false, NOW_S - 9 * DAY, NOW_S - DAY},
	[NO_PURPOSE] = {"Mail", CA, NULL, false, NOW_S - DAY, NOW_S + DAY},
	[NOT_CRITICAL] = {"Lax TSA", CA, "timeStamping", false, NOW_S - DAY, NOW_S + DAY},
	[STRANGER] = {"TSA", OTHER_CA, "critical,timeStamping", false, NOW_S - DAY, NOW_S + DAY},
	[NAMED] = {"Named", CA, "critical,timeStamping", false, NOW_S - DAY, NOW_S + DAY},
};

static void add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *e;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert_non_null(e);
	assert_int_equal(X509_add_ext(cert, e, -1), 1);
	X509_EXTENSION_free(e);
}

static void make(struct world *w, int i)
{
	const struct recipe *r = &recipes[i];
	X509 *cert = X509_new();
	X509 *issuer = r->issuer == i ? cert : w->cert[r->issuer];

	w->key[i] = EVP_EC_gen("P-256");
	assert_non_null(w->key[i]);
	assert_int_equal(X509_set_version(cert, X509_VERSION_3), 1);
	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(cert), i + 1), 1);
	assert_non_null(ASN1_TIME_set(X509_getm_notBefore(cert), r->from_s));
	assert_non_null(ASN1_TIME_set(X509_getm_notAfter(cert), r->to_s));
	assert_int_equal(X509_set_pubkey(cert, w->key[i]), 1);
	assert_int_equal(X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
						    (const uint8_t *)r->name, -1, -1, 0),
			 1);
	assert_int_equal(X509_set_issuer_name(cert, X509_get_subject_name(issuer)), 1);
	add_extension(cert, issuer, NID_basic_constraints,
		      r->is_ca ? "critical,CA:TRUE" : "CA:FALSE");
	add_extension(cert, issuer, NID_key_usage,
		      r->is_ca ? "critical,keyCertSign" : "critical,digitalSignature");
	if (r->purpose != NULL)
		add_extension(cert, issuer, NID_ext_key_usage, r->purpose);
	if (i == NAMED)
		add_extension(cert, issuer, NID_subject_alt_name, "URI:http://tsa.example/");
	assert_true(X509_sign(cert, w->key[r->issuer], EVP_sha256()) > 0);
	w->cert[i] = cert;
}

static const char *path_of(const struct world *w, const char *name)
{
	static char path[8][128];
	static unsigned next;
	char *p = path[next++ % 8];

	(void)snprintf(p, sizeof(path[0]), "%s/%s", w->dir, name);
	return p;
}

static void save_certs(const struct world *w, const char *name, const int *which, size_t n)
{
	FILE *f = fopen(path_of(w, name), "w");

	assert_non_null(f);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(PEM_write_X509(f, w->cert[which[i]]), 1);
	assert_int_equal(fclose(f), 0);
}

static void save_key(const struct world *w, const char *name, int i)
{
	FILE *f = fopen(path_of(w, name), "w");

	assert_non_null(f);
	assert_int_equal(PEM_write_PKCS8PrivateKey(f, w->key[i], NULL, NULL, 0, NULL, NULL), 1);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path_of(w, name), 0600), 0);
}

/* A token of a signer that the loader takes: that of certificate `who`. */
static void build(struct world *w, int who)
{
	const struct noon_ts_signer_conf sc = {.certificate = path_of(w, "tsa.pem"),
					       .key = path_of(w, "tsa.key"),
					       .certs = NOON_TS_CERTS_CHAIN};
	static struct noon_tsa_conf conf = {.n_policies = 1, .digits_max = 6};
	const struct noon_tsa_date date = {{NOW_S * NOON_NS_PER_SEC}, 6, NOON_MS(1)};
	static uint8_t out[32768];
	uint8_t request[NOON_TSP_REQUEST_MAX];
	uint8_t value[32] = {1, 2, 3};
	struct noon_rng rng = noon_rng_seeded(7);
	struct noon_ts_signer *signer;
	struct noon_ts_why why;
	static struct noon_token_builder builder;
	struct noon_tsa_request r;
	struct noon_built_token token;

	save_certs(w, "tsa.pem", &who, 1);
	save_key(w, "tsa.key", who);
	assert_int_equal(noon_ts_signer_load(&sc, &signer, &why), NOON_OK);
	assert_int_equal(noon_token_builder_init(&builder, signer), NOON_OK);
	assert_int_equal(noon_oid_parse("1.2.3.4", conf.policy[0].oid, &conf.policy[0].oid_n),
			 NOON_OK);
	conf.policy[0].accuracy = NOON_S(1);
	conf.policy[0].digests = 1U << NOON_DIGEST_SHA256;
	assert_int_equal(noon_tsp_ask_init(&w->ask, NOON_DIGEST_SHA256, value, NULL, &rng),
			 NOON_OK);
	assert_int_equal(noon_tsa_examine(&conf, noon_tsp_ask_write(&w->ask, request), &r).fail,
			 NOON_TSP_FAIL_NONE);
	assert_int_equal(noon_token_builder_build(&builder, &conf, &r, &date,
						  noon_bytes_of("\x01", 1), w->tst, out,
						  sizeof(out), &token),
			 NOON_OK);
	assert_true(token.token.n <= sizeof(w->token));
	memcpy(w->token, token.token.p, token.token.n);
	w->token_n = token.token.n;
	w->tst_info = token.tst_info;
	noon_token_builder_fini(&builder);
	noon_ts_signer_free(signer);
}

static int open_world(void **state)
{
	static struct world w;
	const int roots[] = {CA};

	memset(&w, 0, sizeof(w));
	(void)snprintf(w.dir, sizeof(w.dir), "/tmp/noon-ts-verify-XXXXXX");
	assert_non_null(mkdtemp(w.dir));
	for (int i = 0; i < CERTS; i++)
		make(&w, i);
	save_certs(&w, "ca.pem", roots, 1);
	*state = &w;
	return 0;
}

static int close_world(void **state)
{
	struct world *w = *state;
	static const char *const names[] = {"ca.pem", "tsa.pem", "tsa.key", "more.pem", "none.pem"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)unlink(path_of(w, names[i]));
	assert_int_equal(rmdir(w->dir), 0);
	for (int i = 0; i < CERTS; i++) {
		X509_free(w->cert[i]);
		EVP_PKEY_free(w->key[i]);
	}
	return 0;
}

static struct noon_ts_trust *trusted(struct world *w, const char *untrusted)
{
	const struct noon_ts_trust_conf conf = {
		.ca = path_of(w, "ca.pem"),
		.untrusted = untrusted != NULL ? path_of(w, untrusted) : NULL};
	struct noon_ts_trust *t = NULL;
	struct noon_ts_why why;

	assert_int_equal(noon_ts_trust_load(&conf, &t, &why), NOON_OK);
	return t;
}

static enum noon_ts_fault fault_at(struct world *w, struct noon_ts_trust *t, int64_t at_s,
				   struct noon_ts_verdict *v)
{
	noon_ts_verify(t, noon_bytes_of(w->token, w->token_n), w->tst_info, at_s, v);
	assert_true(v->fault == NOON_TS_FAULT_NONE || v->why[0] != '\0');
	return v->fault;
}

static void a_good_token_says_who_signed(void **state)
{
	struct world *w = *state;
	struct noon_ts_trust *t = trusted(w, NULL);
	struct noon_ts_verdict v;

	build(w, TSA);
	assert_int_equal(fault_at(w, t, NOW_S, &v), NOON_TS_FAULT_NONE);
	assert_true(v.has_signer);
	assert_string_equal(v.signer.subject, "CN=TSA");
	assert_string_equal(v.signer.issuer, "CN=CA");
	assert_string_equal(v.signer.serial, "03");
	assert_string_equal(v.signer.key, "ECDSA P-256");
	assert_string_equal(v.signer.digest, "sha256");
	assert_true(v.signer.not_before_s == NOW_S - DAY);
	assert_true(v.signer.not_after_s == NOW_S + DAY);
	/* Again with the same trust. */
	assert_int_equal(fault_at(w, t, NOW_S, &v), NOON_TS_FAULT_NONE);
	noon_ts_trust_free(t);
}

static void the_time_is_that_of_the_token(void **state)
{
	struct world *w = *state;
	struct noon_ts_trust *t = trusted(w, NULL);
	struct noon_ts_verdict v;

	build(w, TSA);
	assert_int_equal(fault_at(w, t, NOW_S + 2 * DAY, &v), NOON_TS_FAULT_CHAIN);
	assert_non_null(strstr(v.why, "expired"));
	assert_int_equal(fault_at(w, t, NOW_S - 2 * DAY, &v), NOON_TS_FAULT_CHAIN);
	assert_int_equal(fault_at(w, t, NOW_S, &v), NOON_TS_FAULT_NONE);
	build(w, EXPIRED);
	assert_int_equal(fault_at(w, t, NOW_S, &v), NOON_TS_FAULT_CHAIN);
	assert_int_equal(fault_at(w, t, NOW_S - 2 * DAY, &v), NOON_TS_FAULT_NONE);
	noon_ts_trust_free(t);
}

static void strangers_are_not_trusted(void **state)
{
	struct world *w = *state;
	struct noon_ts_trust *t = trusted(w, NULL);
	struct noon_ts_verdict v;

	build(w, STRANGER);
	assert_int_equal(fault_at(w, t, NOW_S, &v), NOON_TS_FAULT_CHAIN);
	/* Without trust anybody's word is taken for what it is. */
	assert_int_equal(fault_at(w, NULL, NOW_S, &v), NOON_TS_FAULT_NONE);
	assert_true(v.has_signer);
	noon_ts_trust_free(t);
}

static void chains_may_need_more_certificates(void **state)
{
	struct world *w = *state;
	const int more[] = {INTERMEDIATE, TSA};
	struct noon_ts_trust *t = trusted(w, NULL);
	struct noon_ts_verdict v;

	build(w, BELOW);
	assert_int_equal(fault_at(w, t, NOW_S, &v), NOON_TS_FAULT_CHAIN);
	noon_ts_trust_free(t);
	save_certs(w, "more.pem", more, 2);
	t = trusted(w, "more.pem");
	assert_int_equal(fault_at(w, t, NOW_S, &v), NOON_TS_FAULT_NONE);
	assert_string_equal(v.signer.subject, "CN=Deep TSA");
	noon_ts_trust_free(t);
}

/* The signer's loader refuses these certificates, so OpenSSL signs. */
static void sign_by_openssl(struct world *w, int who, int twice, int kind, const EVP_MD *md)
{
	const unsigned flags = CMS_BINARY | CMS_CADES | CMS_PARTIAL;
	BIO *in = BIO_new_mem_buf(w->tst_info.p, (int)w->tst_info.n);
	CMS_ContentInfo *cms = CMS_sign(NULL, NULL, NULL, NULL, flags);
	uint8_t *out = w->token;
	int n;

	assert_non_null(cms);
	assert_int_equal(CMS_set1_eContentType(cms, OBJ_nid2obj(kind)), 1);
	assert_non_null(CMS_add1_signer(cms, w->cert[who], w->key[who], md, flags));
	if (twice >= 0)
		assert_non_null(CMS_add1_signer(cms, w->cert[twice], w->key[twice], md, flags));
	assert_int_equal(CMS_final(cms, in, NULL, flags), 1);
	n = i2d_CMS_ContentInfo(cms, NULL);
	assert_true(n > 0 && (size_t)n <= sizeof(w->token));
	w->token_n = (size_t)i2d_CMS_ContentInfo(cms, &out);
	CMS_ContentInfo_free(cms);
	BIO_free(in);
}

static void only_time_stamping_certificates_count(void **state)
{
	struct world *w = *state;
	struct noon_ts_trust *t = trusted(w, NULL);
	struct noon_ts_verdict v;
	const int tst = NID_id_smime_ct_TSTInfo;

	build(w, TSA);
	sign_by_openssl(w, TSA, -1, tst, EVP_sha256());
	assert_int_equal(fault_at(w, t, NOW_S, &v), NOON_TS_FAULT_NONE);
	sign_by_openssl(w, NO_PURPOSE, -1, tst, EVP_sha256());
	assert_int_equal(fault_at(w, t, NOW_S, &v), NOON_TS_FAULT_CHAIN);
	sign_by_openssl(w, NOT_CRITICAL, -1, tst, EVP_sha256());
	assert_int_equal(fault_at(w, t, NOW_S, &v), NOON_TS_FAULT_CHAIN);
	sign_by_openssl(w, TSA, EXPIRED, tst, EVP_sha256());
	assert_int_equal(fault_at(w, t, NOW_S, &v), NOON_TS_FAULT_SIGNERS);
	sign_by_openssl(w, TSA, -1, NID_pkcs7_data, EVP_sha256());
	assert_int_equal(fault_at(w, t, NOW_S, &v), NOON_TS_FAULT_CONTENT);
	sign_by_openssl(w, TSA, -1, tst, EVP_sha1());
	assert_int_equal(fault_at(w, t, NOW_S, &v), NOON_TS_FAULT_WEAK);
	noon_ts_trust_free(t);
}

/* The TSTInfo of w->tst_info, with another name of the authority; NULL: none. */
static void name_authority(struct world *w, GENERAL_NAME *name)
{
	const uint8_t *p = w->tst_info.p;
	uint8_t *out = w->tst;
	TS_TST_INFO *info = d2i_TS_TST_INFO(NULL, &p, (long)w->tst_info.n);
	int n;

	assert_non_null(info);
	assert_int_equal(TS_TST_INFO_set_tsa(info, name), 1);
	n = i2d_TS_TST_INFO(info, NULL);
	assert_true(n > 0 && (size_t)n <= sizeof(w->tst));
	assert_int_equal(i2d_TS_TST_INFO(info, &out), n);
	w->tst_info = noon_bytes_of(w->tst, (size_t)n);
	TS_TST_INFO_free(info);
}

static GENERAL_NAME *directory_name(const char *common_name)
{
	GENERAL_NAME *name = GENERAL_NAME_new();
	X509_NAME *x = X509_NAME_new();

	assert_int_equal(X509_NAME_add_entry_by_txt(x, "CN", MBSTRING_ASC,
						    (const uint8_t *)common_name, -1, -1, 0),
			 1);
	GENERAL_NAME_set0_value(name, GEN_DIRNAME, x);
	return name;
}

static GENERAL_NAME *uri_name(const char *uri)
{
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_IA5STRING *x = ASN1_IA5STRING_new();

	assert_int_equal(ASN1_STRING_set(x, uri, -1), 1);
	GENERAL_NAME_set0_value(name, GEN_URI, x);
	return name;
}

/* RFC 3161, 2.4.2: tsa corresponds to a subject name of the certificate. */
static void the_authority_has_its_certificates_name(void **state)
{
	struct world *w = *state;
	struct noon_ts_trust *t = trusted(w, NULL);
	struct noon_ts_verdict v;
	struct {
		int who;
		GENERAL_NAME *name;
		enum noon_ts_fault fault;
	} cases[] = {
		{TSA, NULL, NOON_TS_FAULT_NONE},
		{TSA, directory_name("TSA"), NOON_TS_FAULT_NONE},
		{TSA, directory_name("Deep TSA"), NOON_TS_FAULT_NAME},
		{TSA, uri_name("http://tsa.example/"), NOON_TS_FAULT_NAME},
		{NAMED, directory_name("Named"), NOON_TS_FAULT_NONE},
		{NAMED, directory_name("TSA"), NOON_TS_FAULT_NAME},
		{NAMED, uri_name("http://tsa.example/"), NOON_TS_FAULT_NONE},
		{NAMED, uri_name("http://other.example/"), NOON_TS_FAULT_NAME},
	};

	build(w, TSA);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		name_authority(w, cases[i].name);
		sign_by_openssl(w, cases[i].who, -1, NID_id_smime_ct_TSTInfo, EVP_sha256());
		assert_int_equal(fault_at(w, t, NOW_S, &v), cases[i].fault);
		assert_int_equal(fault_at(w, NULL, NOW_S, &v), cases[i].fault);
		GENERAL_NAME_free(cases[i].name);
	}
	assert_string_equal(noon_ts_fault_word(NOON_TS_FAULT_NAME), "name");
	noon_ts_trust_free(t);
}

/* The key of a certificate that is signed with it, encoded as it is or as a compressed point. */
static void certify_again(struct world *w, int who, const char *form)
{
	X509 *cert = X509_dup(w->cert[who]);
	EVP_PKEY *key = EVP_PKEY_dup(w->key[who]);

	if (form != NULL)
		assert_int_equal(EVP_PKEY_set_utf8_string_param(
					 key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, form),
				 1);
	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(cert), 99), 1);
	assert_int_equal(X509_set_pubkey(cert, key), 1);
	assert_true(X509_sign(cert, w->key[recipes[who].issuer], EVP_sha256()) > 0);
	EVP_PKEY_free(key);
	X509_free(w->cert[who]);
	w->cert[who] = cert;
}

static void verdict_of(struct world *w, struct noon_ts_trust *t, int who, struct noon_ts_verdict *v)
{
	sign_by_openssl(w, who, -1, NID_id_smime_ct_TSTInfo, EVP_sha256());
	assert_int_equal(fault_at(w, t, NOW_S, v), NOON_TS_FAULT_NONE);
}

static void one_key_is_one_authority_however_it_is_encoded(void **state)
{
	struct world *w = *state;
	struct noon_ts_trust *t = trusted(w, NULL);
	struct noon_ts_verdict plain, compressed, other;

	build(w, TSA);
	name_authority(w, NULL);
	verdict_of(w, t, TSA, &plain);
	verdict_of(w, t, NAMED, &other);
	certify_again(w, TSA, "compressed");
	assert_int_not_equal(i2d_PUBKEY(w->key[TSA], NULL),
			     i2d_X509_PUBKEY(X509_get_X509_PUBKEY(w->cert[TSA]), NULL));
	verdict_of(w, t, TSA, &compressed);
	assert_memory_not_equal(plain.signer.cert_hash, compressed.signer.cert_hash, 32);
	assert_memory_equal(plain.signer.key_hash, compressed.signer.key_hash, 32);
	assert_memory_not_equal(plain.signer.key_hash, other.signer.key_hash, 32);
	noon_ts_trust_free(t);
}

/* The same numbers, on a curve of another name. */
static EVP_PKEY *on_curve(const EVP_PKEY *key, const char *group)
{
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	OSSL_PARAM *params;
	BIGNUM *secret = NULL;
	uint8_t point[128];
	size_t n = 0;
	EVP_PKEY *ret = NULL;

	assert_int_equal(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &secret), 1);
	assert_int_equal(EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point,
							 sizeof(point), &n),
			 1);
	OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME, group, 0);
	OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY, point, n);
	OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_PRIV_KEY, secret);
	params = OSSL_PARAM_BLD_to_param(bld);
	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(EVP_PKEY_fromdata(ctx, &ret, EVP_PKEY_KEYPAIR, params), 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	EVP_PKEY_CTX_free(ctx);
	BN_free(secret);
	return ret;
}

/* secp224r1 has a second object identifier. */
static void one_key_is_one_authority_however_its_curve_is_named(void **state)
{
	struct world *w = *state;
	struct noon_ts_verdict plain, alias;
	EVP_PKEY *key = EVP_EC_gen("secp224r1");

	build(w, TSA);
	name_authority(w, NULL);
	EVP_PKEY_free(w->key[NAMED]);
	w->key[NAMED] = key;
	certify_again(w, NAMED, NULL);
	verdict_of(w, NULL, NAMED, &plain);
	w->key[NAMED] = on_curve(key, "wap-wsg-idm-ecid-wtls12");
	EVP_PKEY_free(key);
	certify_again(w, NAMED, NULL);
	verdict_of(w, NULL, NAMED, &alias);
	assert_memory_not_equal(plain.signer.cert_hash, alias.signer.cert_hash, 32);
	assert_string_not_equal(plain.signer.key, alias.signer.key);
	assert_memory_equal(plain.signer.key_hash, alias.signer.key_hash, 32);
}

static void rsa_keys_are_told_apart(void **state)
{
	struct world *w = *state;
	struct noon_ts_verdict v[3];

	build(w, TSA);
	name_authority(w, NULL);
	for (int i = 0; i < 3; i++) {
		if (i < 2) {
			EVP_PKEY_free(w->key[NAMED]);
			w->key[NAMED] = EVP_RSA_gen(2048);
			assert_non_null(w->key[NAMED]);
		}
		certify_again(w, NAMED, NULL);
		verdict_of(w, NULL, NAMED, &v[i]);
	}
	assert_memory_not_equal(v[0].signer.key_hash, v[1].signer.key_hash, 32);
	assert_memory_equal(v[1].signer.key_hash, v[2].signer.key_hash, 32);
}

static void the_certificate_must_be_named(void **state)
{
	struct world *w = *state;
	struct noon_ts_trust *t = trusted(w, NULL);
	struct noon_ts_verdict v;
	BIO *in;
	CMS_ContentInfo *cms;
	uint8_t *out = w->token;

	build(w, TSA);
	in = BIO_new_mem_buf(w->tst_info.p, (int)w->tst_info.n);
	cms = CMS_sign(NULL, NULL, NULL, NULL, CMS_BINARY | CMS_PARTIAL);
	assert_int_equal(CMS_set1_eContentType(cms, OBJ_nid2obj(NID_id_smime_ct_TSTInfo)), 1);
	assert_non_null(CMS_add1_signer(cms, w->cert[TSA], w->key[TSA], EVP_sha256(), CMS_BINARY));
	assert_int_equal(CMS_final(cms, in, NULL, CMS_BINARY), 1);
	w->token_n = (size_t)i2d_CMS_ContentInfo(cms, &out);
	assert_int_equal(fault_at(w, t, NOW_S, &v), NOON_TS_FAULT_ATTRIBUTE);
	CMS_ContentInfo_free(cms);
	BIO_free(in);
	noon_ts_trust_free(t);
}

static void the_content_is_what_was_read(void **state)
{
	struct world *w = *state;
	struct noon_ts_trust *t = trusted(w, NULL);
	struct noon_ts_verdict v;

	build(w, TSA);
	w->tst_info.n--;
	assert_int_equal(fault_at(w, t, NOW_S, &v), NOON_TS_FAULT_CONTENT);
	w->tst_info.n++;
	assert_int_equal(fault_at(w, t, NOW_S, &v), NOON_TS_FAULT_NONE);
	w->tst[sizeof(w->tst) - 1] ^= 1;
	assert_int_equal(fault_at(w, t, NOW_S, &v), NOON_TS_FAULT_CONTENT);
	noon_ts_trust_free(t);
}

/* Some bytes are not covered: unused forms of lengths, say. None changes what was signed, or who
 * signed it. */
static void no_changed_byte_makes_another_token(void **state)
{
	struct world *w = *state;
	struct noon_ts_trust *t = trusted(w, NULL);
	static uint8_t changed[8192];
	struct noon_ts_verdict v, good;
	size_t taken = 0;

	build(w, TSA);
	assert_int_equal(fault_at(w, t, NOW_S, &good), NOON_TS_FAULT_NONE);
	for (size_t i = 0; i < w->token_n; i++) {
		struct noon_tsp_answer a;

		memcpy(changed, w->token, w->token_n);
		changed[i] ^= (uint8_t)(1U << i % 8);
		if (noon_tsp_answer_read(noon_bytes_of(changed, w->token_n), &a) !=
		    NOON_TSP_REASON_GOOD)
			continue;
		noon_ts_verify(t, a.token, a.tst_info, NOW_S, &v);
		if (v.fault != NOON_TS_FAULT_NONE)
			continue;
		taken++;
		assert_int_equal(a.tst_info.n, w->tst_info.n);
		assert_memory_equal(a.tst_info.p, w->tst_info.p, a.tst_info.n);
		assert_memory_equal(v.signer.key_hash, good.signer.key_hash, 32);
	}
	/* The certificates that the token carries are covered by their issuer's signature, the
	 * rest by the authority's: next to nothing is left. */
	assert_true(taken < 16);
	noon_ts_trust_free(t);
}

static void what_is_cut_off_is_no_token(void **state)
{
	struct world *w = *state;
	struct noon_ts_trust *t = trusted(w, NULL);
	struct noon_ts_verdict v;

	build(w, TSA);
	for (size_t n = 0; n < w->token_n; n += 7) {
		noon_ts_verify(t, noon_bytes_of(w->token, n), w->tst_info, NOW_S, &v);
		assert_int_equal(v.fault, NOON_TS_FAULT_FORMAT);
	}
	w->token[w->token_n++] = 0;
	assert_int_equal(fault_at(w, t, NOW_S, &v), NOON_TS_FAULT_FORMAT);
	noon_ts_trust_free(t);
}

static void trust_needs_certificates(void **state)
{
	struct world *w = *state;
	struct noon_ts_trust_conf conf = {.ca = path_of(w, "is-not-there.pem")};
	struct noon_ts_trust *t = NULL;
	struct noon_ts_why why;

	assert_int_equal(noon_ts_trust_load(&conf, &t, &why), NOON_ERR_NOT_FOUND);
	assert_non_null(strstr(why.text, "is-not-there"));
	save_certs(w, "none.pem", NULL, 0);
	conf.ca = path_of(w, "none.pem");
	assert_int_equal(noon_ts_trust_load(&conf, &t, &why), NOON_ERR_FORMAT);
	conf.ca = path_of(w, "ca.pem");
	conf.untrusted = path_of(w, "none.pem");
	assert_int_equal(noon_ts_trust_load(&conf, &t, &why), NOON_ERR_FORMAT);
	assert_null(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_token_says_who_signed),
		cmocka_unit_test(the_time_is_that_of_the_token),
		cmocka_unit_test(strangers_are_not_trusted),
		cmocka_unit_test(chains_may_need_more_certificates),
		cmocka_unit_test(only_time_stamping_certificates_count),
		cmocka_unit_test(the_authority_has_its_certificates_name),
		cmocka_unit_test(one_key_is_one_authority_however_it_is_encoded),
		cmocka_unit_test(one_key_is_one_authority_however_its_curve_is_named),
		cmocka_unit_test(rsa_keys_are_told_apart),
		cmocka_unit_test(the_certificate_must_be_named),
		cmocka_unit_test(the_content_is_what_was_read),
		cmocka_unit_test(no_changed_byte_makes_another_token),
		cmocka_unit_test(what_is_cut_off_is_no_token),
		cmocka_unit_test(trust_needs_certificates),
	};

	return cmocka_run_group_tests_name("crypto/ts_verify", tests, open_world, close_world);
}
