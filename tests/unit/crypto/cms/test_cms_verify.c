/* SPDX-License-Identifier: Apache-2.0
 *
 * Documents that are signed here are verified here: by the right signer, by wrong ones, at the
 * wrong time, with one signature in another's place, and with every byte changed.
 */
#include <openssl/cms.h>
#include <openssl/pem.h>
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

#include "crypto/cms/cms_sign.h"
#include "crypto/cms/cms_verify.h"

#define NOW_S INT64_C(1795354291)
#define DAY   INT64_C(86400)

enum {
	CA,
	OTHER_CA,
	LAB,	      /* no key usage that forbids anything */
	INTERMEDIATE, /* signed by CA */
	BELOW,	      /* signed by INTERMEDIATE */
	MAIL,	      /* emailProtection */
	DOCUMENTS,    /* documentSigning, RFC 9336 */
	EXPIRED,
	WEB,	   /* serverAuth only */
	STAMPS,	   /* timeStamping only */
	ENCIPHERS, /* key usage without signatures */
	STRANGER,  /* of OTHER_CA, same name as LAB */
	CERTS
};

static const struct recipe {
	const char *name;
	int issuer;
	const char *usage, *purpose;
	bool is_ca;
	int64_t from_s, to_s;
} recipes[CERTS] = {
	[CA] = {"CA", CA, "critical,keyCertSign", NULL, true, NOW_S - 900 * DAY, NOW_S + 900 * DAY},
	[OTHER_CA] = {"CA", OTHER_CA, "critical,keyCertSign", NULL, true, NOW_S - 900 * DAY,
		      NOW_S + 900 * DAY},
	[LAB] = {"Laboratory", CA, "critical,digitalSignature", NULL, false, NOW_S - DAY,
		 NOW_S + DAY},
	[INTERMEDIATE] = {"Below", CA, "critical,keyCertSign", NULL, true, NOW_S - DAY,
			  NOW_S + DAY},
	[BELOW] = {"Deep", INTERMEDIATE, "critical,nonRepudiation", NULL, false, NOW_S - DAY,
		   NOW_S + DAY},
	[MAIL] = {"Mail", CA, "digitalSignature", "emailProtection,clientAuth", false, NOW_S - DAY,
		  NOW_S + DAY},
	[DOCUMENTS] = {"Documents", CA, "digitalSignature", "critical,1.3.6.1.5.5.7.3.36", false,
		       NOW_S - DAY, NOW_S + DAY},
	[EXPIRED] = {"Old", CA, "digitalSignature", NULL, false, NOW_S - 9 * DAY, NOW_S - DAY},
	[WEB] = {"Web", CA, "digitalSignature", "serverAuth", false, NOW_S - DAY, NOW_S + DAY},
	[STAMPS] = {"TSA", CA, "digitalSignature", "critical,timeStamping", false, NOW_S - DAY,
		    NOW_S + DAY},
	[ENCIPHERS] = {"Cipher", CA, "critical,keyEncipherment", NULL, false, NOW_S - DAY,
		       NOW_S + DAY},
	[STRANGER] = {"Laboratory", OTHER_CA, "critical,digitalSignature", NULL, false, NOW_S - DAY,
		      NOW_S + DAY},
};

struct world {
	char dir[64];
	EVP_PKEY *key[CERTS];
	X509 *cert[CERTS];
	struct noon_ts_trust *trust;
	struct noon_cms_document doc;
};

static const struct noon_bytes text = {(const uint8_t *)"{\"x\":1}", 7};

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

	w->key[i] = EVP_EC_gen(i == DOCUMENTS ? "P-384" : "P-256");
	assert_non_null(w->key[i]);
	assert_int_equal(X509_set_version(cert, X509_VERSION_3), 1);
	assert_int_equal(
		ASN1_INTEGER_set(X509_get_serialNumber(cert), i == STRANGER ? LAB + 1 : i + 1), 1);
	assert_non_null(ASN1_TIME_set(X509_getm_notBefore(cert), r->from_s));
	assert_non_null(ASN1_TIME_set(X509_getm_notAfter(cert), r->to_s));
	assert_int_equal(X509_set_pubkey(cert, w->key[i]), 1);
	assert_int_equal(X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
						    (const uint8_t *)r->name, -1, -1, 0),
			 1);
	assert_int_equal(X509_set_issuer_name(cert, X509_get_subject_name(issuer)), 1);
	add_extension(cert, issuer, NID_basic_constraints,
		      r->is_ca ? "critical,CA:TRUE" : "CA:FALSE");
	add_extension(cert, issuer, NID_key_usage, r->usage);
	if (r->purpose != NULL)
		add_extension(cert, issuer, NID_ext_key_usage, r->purpose);
	assert_true(X509_sign(cert, w->key[r->issuer], EVP_sha256()) > 0);
	w->cert[i] = cert;
}

static void path_of(const struct world *w, const char *name, char out[128])
{
	(void)snprintf(out, 128, "%s/%s", w->dir, name);
}

static void save_certs(const struct world *w, const char *name, const int *which, size_t n)
{
	char path[128];
	FILE *f;

	path_of(w, name, path);
	f = fopen(path, "w");
	assert_non_null(f);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(PEM_write_X509(f, w->cert[which[i]]), 1);
	assert_int_equal(fclose(f), 0);
}

static void save_key(const struct world *w, const char *name, int i)
{
	char path[128];
	FILE *f;

	path_of(w, name, path);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(PEM_write_PKCS8PrivateKey(f, w->key[i], NULL, NULL, 0, NULL, NULL), 1);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0600), 0);
}

static int open_world(void **state)
{
	static struct world w;
	const int roots[] = {CA};
	struct noon_ts_why why;
	char path[128];
	const struct noon_ts_trust_conf conf = {.ca = path, .purpose = NOON_TRUST_DOCUMENTS};

	memset(&w, 0, sizeof(w));
	(void)snprintf(w.dir, sizeof(w.dir), "/tmp/noon-cms-XXXXXX");
	assert_non_null(mkdtemp(w.dir));
	for (int i = 0; i < CERTS; i++)
		make(&w, i);
	save_certs(&w, "ca.pem", roots, 1);
	path_of(&w, "ca.pem", path);
	assert_int_equal(noon_ts_trust_load(&conf, &w.trust, &why), NOON_OK);
	*state = &w;
	return 0;
}

static int close_world(void **state)
{
	struct world *w = *state;
	static const char *const names[] = {"ca.pem", "lab.pem", "lab.key"};
	char path[128];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		path_of(w, names[i], path);
		(void)unlink(path);
	}
	assert_int_equal(rmdir(w->dir), 0);
	for (int i = 0; i < CERTS; i++) {
		X509_free(w->cert[i]);
		EVP_PKEY_free(w->key[i]);
	}
	noon_ts_trust_free(w->trust);
	free(w->doc.p);
	return 0;
}

static noon_err load(struct world *w, int who, int key, struct noon_cms_signer **ret,
		     struct noon_ts_why *why)
{
	const int chain[] = {who, recipes[who].issuer, CA};
	char cert_path[128], key_path[128];
	const struct noon_cms_signer_conf conf = {.certificate = cert_path, .key = key_path};

	path_of(w, "lab.pem", cert_path);
	path_of(w, "lab.key", key_path);
	save_certs(w, "lab.pem", chain, 3);
	save_key(w, "lab.key", key);
	return noon_cms_signer_load(&conf, ret, why);
}

static struct noon_bytes bytes_of(const struct noon_cms_document *d)
{
	return noon_bytes_of(d->p, d->n);
}

/* By a signer that the loader takes. */
static void sign(struct world *w, int who, int64_t at_s)
{
	struct noon_cms_signer *s;
	struct noon_ts_why why;

	free(w->doc.p);
	w->doc.p = NULL;
	assert_int_equal(load(w, who, who, &s, &why), NOON_OK);
	assert_int_equal(noon_cms_sign(s, text, at_s, &w->doc), NOON_OK);
	noon_cms_signer_free(s);
}

/* Make an object of OpenSSL's the document; it is freed. */
static void take(struct world *w, CMS_ContentInfo *cms)
{
	uint8_t *out;

	free(w->doc.p);
	w->doc.n = (size_t)i2d_CMS_ContentInfo(cms, NULL);
	w->doc.p = malloc(w->doc.n);
	out = w->doc.p;
	assert_int_equal(i2d_CMS_ContentInfo(cms, &out), (int)w->doc.n);
	CMS_ContentInfo_free(cms);
}

/* By OpenSSL, for what the loader refuses. */
static void sign_by_openssl(struct world *w, int who, int twice, int kind, const EVP_MD *md,
			    unsigned more)
{
	const unsigned flags = CMS_BINARY | CMS_PARTIAL | more;
	BIO *in = BIO_new_mem_buf(text.p, (int)text.n);
	CMS_ContentInfo *cms = CMS_sign(NULL, NULL, NULL, NULL, flags);

	assert_non_null(cms);
	assert_int_equal(CMS_set1_eContentType(cms, OBJ_nid2obj(kind)), 1);
	assert_non_null(CMS_add1_signer(cms, w->cert[who], w->key[who], md, flags));
	if (twice >= 0)
		assert_non_null(CMS_add1_signer(cms, w->cert[twice], w->key[twice], md, flags));
	if ((more & CMS_DETACHED) != 0)
		assert_int_equal(CMS_set_detached(cms, 1), 1);
	assert_int_equal(CMS_final(cms, in, NULL, flags), 1);
	take(w, cms);
	BIO_free(in);
}

/* Put a certificate into the document. */
static void replace_certificate(struct world *w, X509 *cert)
{
	const uint8_t *p = w->doc.p;
	CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &p, (long)w->doc.n);

	assert_non_null(cms);
	assert_int_equal(CMS_add1_cert(cms, cert), 1);
	take(w, cms);
}

static enum noon_cms_fault judge(struct world *w, struct noon_bytes doc, int64_t at_s,
				 struct noon_ts_why *why)
{
	struct noon_cms *c = NULL;
	enum noon_cms_fault fault = noon_cms_read(doc, &c);

	why->text[0] = '\0';
	if (fault == NOON_CMS_FAULT_NONE)
		fault = noon_cms_check_signature(c);
	if (fault == NOON_CMS_FAULT_NONE) {
		fault = noon_cms_check_chain(c, w->trust, at_s, why);
		assert_true(fault == NOON_CMS_FAULT_NONE || why->text[0] != '\0');
	}
	if (fault == NOON_CMS_FAULT_NONE) {
		assert_int_equal(noon_cms_info(c)->content.n, text.n);
		assert_memory_equal(noon_cms_info(c)->content.p, text.p, text.n);
	}
	noon_cms_free(c);
	return fault;
}

static enum noon_cms_fault fault_at(struct world *w, int64_t at_s)
{
	struct noon_ts_why why;

	return judge(w, bytes_of(&w->doc), at_s, &why);
}

static void a_document_says_who_signed(void **state)
{
	struct world *w = *state;
	struct noon_cms *c;

	sign(w, LAB, NOW_S);
	assert_int_equal(fault_at(w, NOW_S), NOON_CMS_FAULT_NONE);
	assert_int_equal(noon_cms_read(bytes_of(&w->doc), &c), NOON_CMS_FAULT_NONE);
	assert_string_equal(noon_cms_info(c)->signer.subject, "CN=Laboratory");
	assert_string_equal(noon_cms_info(c)->signer.digest, "sha256");
	assert_true(noon_cms_info(c)->signed_s == NOW_S);
	assert_int_equal(noon_cms_info(c)->token.n, 0);
	assert_true(noon_cms_info(c)->signature.n > 60);
	noon_cms_free(c);
}

static void pem_says_the_same(void **state)
{
	struct world *w = *state;
	struct noon_cms_document pem;
	struct noon_ts_why why;
	uint8_t *more;

	sign(w, LAB, NOW_S);
	assert_int_equal(noon_cms_pem(bytes_of(&w->doc), &pem), NOON_OK);
	assert_int_equal(judge(w, bytes_of(&pem), NOW_S, &why), NOON_CMS_FAULT_NONE);
	more = malloc(pem.n + 1);
	memcpy(more, pem.p, pem.n);
	more[pem.n] = '\n';
	assert_int_equal(judge(w, noon_bytes_of(more, pem.n + 1), NOW_S, &why),
			 NOON_CMS_FAULT_NONE);
	more[pem.n] = 'x';
	assert_int_equal(judge(w, noon_bytes_of(more, pem.n + 1), NOW_S, &why),
			 NOON_CMS_FAULT_TRAILING);
	assert_int_equal(judge(w, noon_bytes_of(pem.p, pem.n / 2), NOW_S, &why),
			 NOON_CMS_FAULT_FORMAT);
	free(more);
	free(pem.p);
}

static void the_chain_comes_with_it(void **state)
{
	struct world *w = *state;

	sign(w, BELOW, NOW_S);
	assert_int_equal(fault_at(w, NOW_S), NOON_CMS_FAULT_NONE);
	sign_by_openssl(w, BELOW, -1, NID_pkcs7_data, EVP_sha256(), CMS_CADES);
	assert_int_equal(fault_at(w, NOW_S), NOON_CMS_FAULT_CHAIN);
}

static void who_may_sign_is_taken_and_no_other(void **state)
{
	static const struct {
		int who;
		enum noon_cms_fault fault;
	} cases[] = {
		{LAB, NOON_CMS_FAULT_NONE},	  {MAIL, NOON_CMS_FAULT_NONE},
		{DOCUMENTS, NOON_CMS_FAULT_NONE}, {WEB, NOON_CMS_FAULT_RIGHT},
		{STAMPS, NOON_CMS_FAULT_RIGHT},	  {ENCIPHERS, NOON_CMS_FAULT_RIGHT},
		{STRANGER, NOON_CMS_FAULT_CHAIN}, {EXPIRED, NOON_CMS_FAULT_CHAIN},
	};
	struct world *w = *state;
	struct noon_cms_signer *s;
	struct noon_ts_why why;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const int who = cases[i].who;

		sign_by_openssl(w, who, -1, NID_pkcs7_data, EVP_sha256(), CMS_CADES);
		assert_int_equal(fault_at(w, NOW_S), cases[i].fault);
		if (cases[i].fault == NOON_CMS_FAULT_RIGHT) {
			assert_int_equal(load(w, who, who, &s, &why), NOON_ERR_CERT);
			assert_non_null(strstr(why.text, "not for signing documents"));
		} else {
			assert_int_equal(load(w, who, who, &s, &why), NOON_OK);
			noon_cms_signer_free(s);
		}
	}
	assert_int_equal(load(w, LAB, MAIL, &s, &why), NOON_ERR_CERT);
	assert_non_null(strstr(why.text, "does not belong"));
}

static void the_time_is_the_callers(void **state)
{
	struct world *w = *state;
	struct noon_cms_signer *s;
	struct noon_ts_why why;

	sign(w, EXPIRED, NOW_S - 2 * DAY);
	assert_int_equal(judge(w, bytes_of(&w->doc), NOW_S, &why), NOON_CMS_FAULT_CHAIN);
	assert_non_null(strstr(why.text, "expired"));
	assert_int_equal(fault_at(w, NOW_S - 2 * DAY), NOON_CMS_FAULT_NONE);
	assert_int_equal(fault_at(w, NOW_S - 10 * DAY), NOON_CMS_FAULT_CHAIN);
	assert_int_equal(load(w, EXPIRED, EXPIRED, &s, &why), NOON_OK);
	assert_int_equal(noon_cms_sign(s, text, NOW_S, &w->doc), NOON_ERR_STATE);
	noon_cms_signer_free(s);
}

static void other_kinds_are_told_apart(void **state)
{
	struct world *w = *state;
	const int data = NID_pkcs7_data;
	BIO *in = BIO_new_mem_buf(text.p, (int)text.n);
	CMS_ContentInfo *plain = CMS_data_create(in, CMS_BINARY);
	uint8_t der[64];
	uint8_t *out = der;
	struct noon_ts_why why;
	int n;

	sign_by_openssl(w, LAB, MAIL, data, EVP_sha256(), CMS_CADES);
	assert_int_equal(fault_at(w, NOW_S), NOON_CMS_FAULT_SIGNERS);
	sign_by_openssl(w, LAB, -1, data, EVP_sha256(), CMS_CADES | CMS_DETACHED);
	assert_int_equal(fault_at(w, NOW_S), NOON_CMS_FAULT_NO_CONTENT);
	sign_by_openssl(w, LAB, -1, NID_id_smime_ct_TSTInfo, EVP_sha256(), CMS_CADES);
	assert_int_equal(fault_at(w, NOW_S), NOON_CMS_FAULT_CONTENT_TYPE);
	sign_by_openssl(w, LAB, -1, data, EVP_sha1(), CMS_CADES);
	assert_int_equal(fault_at(w, NOW_S), NOON_CMS_FAULT_WEAK);
	sign_by_openssl(w, LAB, -1, data, EVP_sha256(), CMS_CADES | CMS_NOCERTS);
	assert_int_equal(fault_at(w, NOW_S), NOON_CMS_FAULT_NO_CERT);
	sign_by_openssl(w, LAB, -1, data, EVP_sha256(), 0);
	assert_int_equal(fault_at(w, NOW_S), NOON_CMS_FAULT_ATTRIBUTE);
	sign_by_openssl(w, LAB, -1, data, EVP_sha256(), CMS_NOATTR);
	assert_int_equal(fault_at(w, NOW_S), NOON_CMS_FAULT_ATTRIBUTE);
	assert_non_null(plain);
	n = i2d_CMS_ContentInfo(plain, &out);
	assert_int_equal(judge(w, noon_bytes_of(der, (size_t)n), NOW_S, &why),
			 NOON_CMS_FAULT_NOT_SIGNED);
	CMS_ContentInfo_free(plain);
	BIO_free(in);
}

static void what_is_not_whole_is_refused(void **state)
{
	struct world *w = *state;
	struct noon_ts_why why;
	uint8_t *more;
	uint8_t *huge = calloc(1, 2 * NOON_CMS_MAX + 1);

	sign(w, LAB, NOW_S);
	for (size_t n = 0; n < w->doc.n; n += 3)
		assert_int_equal(judge(w, noon_bytes_of(w->doc.p, n), NOW_S, &why),
				 NOON_CMS_FAULT_FORMAT);
	more = calloc(1, w->doc.n + 1);
	memcpy(more, w->doc.p, w->doc.n);
	assert_int_equal(judge(w, noon_bytes_of(more, w->doc.n + 1), NOW_S, &why),
			 NOON_CMS_FAULT_TRAILING);
	free(more);
	assert_int_equal(judge(w, noon_bytes_of(huge, NOON_CMS_MAX + 1), NOW_S, &why),
			 NOON_CMS_FAULT_LONG);
	assert_int_equal(judge(w, noon_bytes_of(huge, 2 * NOON_CMS_MAX + 1), NOW_S, &why),
			 NOON_CMS_FAULT_LONG);
	free(huge);
}

static void carries_one_time_stamp_that_the_signature_survives(void **state)
{
	static const uint8_t token[] = {0x30, 3, 2, 1, 7};
	struct world *w = *state;
	struct noon_cms_document stamped, again;
	struct noon_ts_why why;
	struct noon_cms *c;

	sign(w, LAB, NOW_S);
	assert_int_equal(noon_cms_attach(bytes_of(&w->doc), noon_bytes_of(token, 5), &stamped),
			 NOON_OK);
	assert_int_equal(judge(w, bytes_of(&stamped), NOW_S, &why), NOON_CMS_FAULT_NONE);
	assert_int_equal(noon_cms_read(bytes_of(&stamped), &c), NOON_CMS_FAULT_NONE);
	assert_int_equal(noon_cms_info(c)->token.n, 5);
	assert_memory_equal(noon_cms_info(c)->token.p, token, 5);
	noon_cms_free(c);
	assert_int_equal(noon_cms_attach(bytes_of(&stamped), noon_bytes_of(token, 5), &again),
			 NOON_ERR_STATE);
	assert_int_equal(noon_cms_attach(bytes_of(&w->doc), noon_bytes_of("x", 1), &again),
			 NOON_ERR_FORMAT);
	assert_int_equal(noon_cms_attach(noon_bytes_of(token, 5), noon_bytes_of(token, 5), &again),
			 NOON_ERR_FORMAT);
	free(stamped.p);
}

static void two_time_stamps_are_refused(void **state)
{
	static const uint8_t token[] = {0x30, 3, 2, 1, 7};
	struct world *w = *state;
	const uint8_t *p;
	CMS_ContentInfo *cms;
	CMS_SignerInfo *signer;

	sign(w, LAB, NOW_S);
	p = w->doc.p;
	cms = d2i_CMS_ContentInfo(NULL, &p, (long)w->doc.n);
	signer = sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(cms), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(CMS_unsigned_add1_attr_by_NID(signer,
							       NID_id_smime_aa_timeStampToken,
							       V_ASN1_SEQUENCE, token, 5),
				 1);
	take(w, cms);
	assert_int_equal(fault_at(w, NOW_S), NOON_CMS_FAULT_STAMPS);
}

/* The same key, issuer and number, another extension: as if the issuer had signed twice. Only the
 * signed attribute with the certificate's hash tells them apart (RFC 5035). */
static void another_certificate_cannot_be_put_in_its_place(void **state)
{
	struct world *w = *state;
	X509 *mine = w->cert[LAB];
	X509 *cert = X509_dup(mine);

	add_extension(cert, w->cert[CA], NID_subject_alt_name, "DNS:somebody.else");
	assert_true(X509_sign(cert, w->key[CA], EVP_sha256()) > 0);
	sign_by_openssl(w, LAB, -1, NID_pkcs7_data, EVP_sha256(), CMS_CADES | CMS_NOCERTS);
	replace_certificate(w, mine);
	assert_int_equal(fault_at(w, NOW_S), NOON_CMS_FAULT_NONE);
	sign_by_openssl(w, LAB, -1, NID_pkcs7_data, EVP_sha256(), CMS_CADES | CMS_NOCERTS);
	replace_certificate(w, cert);
	assert_int_equal(fault_at(w, NOW_S), NOON_CMS_FAULT_SUBSTITUTE);
	X509_free(cert);
}

static void no_changed_byte_makes_another_document(void **state)
{
	struct world *w = *state;
	struct noon_ts_why why;
	uint8_t *changed;
	size_t taken = 0;

	sign(w, LAB, NOW_S);
	changed = malloc(w->doc.n);
	for (size_t i = 0; i < w->doc.n; i++) {
		memcpy(changed, w->doc.p, w->doc.n);
		changed[i] ^= (uint8_t)(1U << i % 8);
		/* judge() compares the content of what it takes. */
		taken += judge(w, noon_bytes_of(changed, w->doc.n), NOW_S, &why) ==
			 NOON_CMS_FAULT_NONE;
	}
	free(changed);
	assert_true(taken < 16);
}

static void faults_have_words(void **state)
{
	(void)state;
	assert_string_equal(noon_cms_fault_word(NOON_CMS_FAULT_NO_CONTENT), "no-content");
	assert_string_equal(noon_cms_fault_word((enum noon_cms_fault)NOON_CMS_FAULTS), "unknown");
	assert_string_equal(noon_cms_fault_text((enum noon_cms_fault)NOON_CMS_FAULTS), "unknown");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, open_world, close_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_document_says_who_signed),
		CASE(pem_says_the_same),
		CASE(the_chain_comes_with_it),
		CASE(who_may_sign_is_taken_and_no_other),
		CASE(the_time_is_the_callers),
		CASE(other_kinds_are_told_apart),
		CASE(what_is_not_whole_is_refused),
		CASE(carries_one_time_stamp_that_the_signature_survives),
		CASE(two_time_stamps_are_refused),
		CASE(another_certificate_cannot_be_put_in_its_place),
		CASE(no_changed_byte_makes_another_document),
		cmocka_unit_test(faults_have_words),
	};

	return cmocka_run_group_tests_name("crypto/cms_verify", tests, NULL, NULL);
}
