/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "crypto/sign.h"
#include "crypto/ts_signer.h"

#define CRITICAL "critical,"
#define STAMPING "timeStamping"

/* --- files --- */

static char dir[64];

static int make_dir(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/noonmark-test.XXXXXX");
	return mkdtemp(dir) == NULL;
}

static int remove_dir(void **state)
{
	DIR *d = opendir(dir);

	(void)state;
	if (d == NULL)
		return 1;
	for (const struct dirent *e = readdir(d); e != NULL; e = readdir(d))
		(void)unlinkat(dirfd(d), e->d_name, 0);
	(void)closedir(d);
	return rmdir(dir);
}

/* Four names at a time. */
static const char *in_dir(const char *name)
{
	static char path[4][128];
	static unsigned next;
	char *p = path[next++ % 4];

	(void)snprintf(p, sizeof(path[0]), "%s/%s", dir, name);
	return p;
}

static FILE *create(const char *name)
{
	FILE *f = fopen(in_dir(name), "we");

	assert_non_null(f);
	return f;
}

static void put_text(const char *name, const char *text)
{
	FILE *f = create(name);

	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void put_key(const char *name, EVP_PKEY *key, const char *passphrase)
{
	FILE *f = create(name);
	const int n = passphrase == NULL ? 0 : (int)strlen(passphrase);

	assert_int_equal(PEM_write_PrivateKey(f, key, n > 0 ? EVP_aes_128_cbc() : NULL,
					      (const unsigned char *)passphrase, n, NULL, NULL),
			 1);
	assert_int_equal(fclose(f), 0);
}

static void put_certs(const char *name, X509 *const *cert, size_t n)
{
	FILE *f = create(name);

	for (size_t i = 0; i < n; i++)
		assert_int_equal(PEM_write_X509(f, cert[i]), 1);
	assert_int_equal(fclose(f), 0);
}

static bool is_same(struct noon_bytes a, struct noon_bytes b)
{
	return a.n == b.n && memcmp(a.p, b.p, a.n) == 0;
}

/* --- keys and certificates --- */

static EVP_PKEY *rsa_key(unsigned bits)
{
	EVP_PKEY *key = EVP_RSA_gen(bits);

	assert_non_null(key);
	return key;
}

static EVP_PKEY *curve_key(const char *group)
{
	EVP_PKEY *key = EVP_EC_gen(group);

	assert_non_null(key);
	return key;
}

struct profile {
	const char *subject;
	const char *eku;   /* NULL: none */
	const char *usage; /* NULL: none */
	bool ca;
	long serial;
	unsigned units; /* so many times organizationalUnitName, of 60 bytes */
};

static const struct profile stamping = {
	"Authority", CRITICAL STAMPING, CRITICAL "digitalSignature", false, 0x1234, 0};

static void extend(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	assert_non_null(e);
	assert_int_equal(X509_add_ext(cert, e, -1), 1);
	X509_EXTENSION_free(e);
}

static void name_it(X509_NAME *name, const struct profile *p)
{
	unsigned char unit[60];

	memset(unit, 'u', sizeof(unit));
	for (unsigned i = 0; i < p->units; i++)
		assert_int_equal(X509_NAME_add_entry_by_txt(name, "OU", MBSTRING_UTF8, unit,
							    sizeof(unit), -1, 0),
				 1);
	assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
						    (const unsigned char *)p->subject, -1, -1, 0),
			 1);
}

/* @param issuer  NULL: self-signed */
static X509 *certify(EVP_PKEY *key, const struct profile *p, X509 *issuer, EVP_PKEY *issuer_key)
{
	X509 *cert = X509_new();
	const bool edwards = issuer == NULL && EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519;

	assert_non_null(cert);
	assert_int_equal(X509_set_version(cert, X509_VERSION_3), 1);
	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(cert), p->serial), 1);
	assert_non_null(ASN1_TIME_set(X509_getm_notBefore(cert), 1000000000));
	assert_non_null(ASN1_TIME_set(X509_getm_notAfter(cert), 2500000000));
	assert_int_equal(X509_set_pubkey(cert, key), 1);
	name_it(X509_get_subject_name(cert), p);
	assert_int_equal(
		X509_set_issuer_name(cert, X509_get_subject_name(issuer == NULL ? cert : issuer)),
		1);
	extend(cert, NID_basic_constraints, p->ca ? "critical,CA:true" : "CA:false");
	if (p->eku != NULL)
		extend(cert, NID_ext_key_usage, p->eku);
	if (p->usage != NULL)
		extend(cert, NID_key_usage, p->usage);
	assert_true(X509_sign(cert, issuer == NULL ? key : issuer_key,
			      edwards ? NULL : EVP_sha256()) > 0);
	return cert;
}

/* Write "cert" and "key", as a self-signed certificate of this profile. */
static void put_pair(EVP_PKEY *key, const struct profile *p)
{
	X509 *cert = certify(key, p, NULL, NULL);

	put_key("key", key, NULL);
	put_certs("cert", &cert, 1);
	X509_free(cert);
}

static noon_err load(enum noon_digest rsa_digest, enum noon_ts_certs certs,
		     struct noon_ts_signer **ret, struct noon_ts_why *why)
{
	const struct noon_ts_signer_conf conf = {.certificate = in_dir("cert"),
						 .key = in_dir("key"),
						 .rsa_digest = rsa_digest,
						 .certs = certs};

	why->text[0] = '\0';
	return noon_ts_signer_load(&conf, ret, why);
}

static struct noon_ts_signer *loaded(enum noon_digest rsa_digest, enum noon_ts_certs certs)
{
	struct noon_ts_signer *s = NULL;
	struct noon_ts_why why;

	if (load(rsa_digest, certs, &s, &why))
		fail_msg("%s", why.text);
	return s;
}

/* --- signatures --- */

static bool verifies(EVP_PKEY *key, const EVP_MD *md, const uint8_t *sig, size_t n,
		     struct noon_bytes data)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok;

	assert_int_equal(EVP_DigestVerifyInit(ctx, NULL, md, NULL, key), 1);
	ok = EVP_DigestVerify(ctx, sig, n, data.p, data.n) == 1;
	EVP_MD_CTX_free(ctx);
	return ok;
}

static void expect_signatures(EVP_PKEY *key, struct noon_ts_signer *s, const EVP_MD *md)
{
	uint8_t text[] = "what is signed";
	const struct noon_bytes data = noon_bytes_of(text, sizeof(text));
	struct noon_signing_context *context = NULL;
	uint8_t digest[NOON_DIGEST_MAX];
	uint8_t expected[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	assert_int_equal(noon_signing_context_new(s, &context), NOON_OK);
	assert_int_equal(noon_signing_context_digest(context, data, digest), NOON_OK);
	assert_int_equal(EVP_Digest(text, sizeof(text), expected, &len, md, NULL), 1);
	assert_int_equal(len, noon_digest_len(noon_ts_signer_info(s)->digest));
	assert_memory_equal(digest, expected, len);
	for (unsigned i = 0; i < 20; i++) {
		uint8_t sig[512];
		size_t n = sizeof(sig);

		text[0] = (uint8_t)i;
		assert_int_equal(noon_signing_context_sign(context, data, sig, &n), NOON_OK);
		assert_true(n <= noon_ts_signer_info(s)->signature_max);
		assert_true(verifies(key, md, sig, n, data));
		text[0] ^= 0x80;
		assert_false(verifies(key, md, sig, n, data));
	}
	noon_signing_context_free(context);
}

static void signs_with_the_curves(void **state)
{
	static const struct {
		const char *group, *algorithm;
		const EVP_MD *(*md)(void);
		enum noon_digest digest;
		uint8_t oid_end; /* ecdsa-with-SHA256 and so on, RFC 5758, 3.2 */
	} table[] = {
		{"P-256", "ecdsa-p256-sha256", EVP_sha256, NOON_DIGEST_SHA256, 2},
		{"P-384", "ecdsa-p384-sha384", EVP_sha384, NOON_DIGEST_SHA384, 3},
		{"P-521", "ecdsa-p521-sha512", EVP_sha512, NOON_DIGEST_SHA512, 4},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const uint8_t alg[] = {0x30, 10,   6,	 8, 0x2a, 0x86,
				       0x48, 0xce, 0x3d, 4, 3,	  table[i].oid_end};
		EVP_PKEY *key = curve_key(table[i].group);
		struct noon_ts_signer *s;
		const struct noon_ts_signer_info *info;

		put_pair(key, &stamping);
		/* The digest for RSA is not for them. */
		s = loaded(NOON_DIGEST_SHA512, NOON_TS_CERTS_CHAIN);
		info = noon_ts_signer_info(s);
		assert_string_equal(info->algorithm, table[i].algorithm);
		assert_int_equal(info->digest, table[i].digest);
		assert_true(is_same(info->signature_alg, noon_bytes_of(alg, sizeof(alg))));
		expect_signatures(key, s, table[i].md());
		noon_ts_signer_free(s);
		EVP_PKEY_free(key);
	}
}

static void signs_with_rsa_and_the_digest_asked_for(void **state)
{
	static const struct {
		enum noon_digest digest;
		const char *algorithm;
		const EVP_MD *(*md)(void);
		uint8_t oid_end; /* sha256WithRSAEncryption and so on, RFC 8017, A.2.4 */
	} table[] = {
		{NOON_DIGEST_SHA256, "rsa-sha256", EVP_sha256, 11},
		{NOON_DIGEST_SHA384, "rsa-sha384", EVP_sha384, 12},
		{NOON_DIGEST_SHA512, "rsa-sha512", EVP_sha512, 13},
	};
	EVP_PKEY *key = rsa_key(2048);

	(void)state;
	put_pair(key, &stamping);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		/* Parameters NULL (RFC 4055, 5). */
		const uint8_t alg[] = {
			0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, table[i].oid_end,
			5,    0};
		struct noon_ts_signer *s = loaded(table[i].digest, NOON_TS_CERTS_CHAIN);
		const struct noon_ts_signer_info *info = noon_ts_signer_info(s);

		assert_string_equal(info->algorithm, table[i].algorithm);
		assert_int_equal(info->digest, table[i].digest);
		assert_int_equal(info->signature_max, 256);
		assert_true(is_same(info->signature_alg, noon_bytes_of(alg, sizeof(alg))));
		expect_signatures(key, s, table[i].md());
		noon_ts_signer_free(s);
	}
	EVP_PKEY_free(key);
}

static void a_hand_keeps_its_signer(void **state)
{
	EVP_PKEY *key = curve_key("P-256");
	struct noon_ts_signer *s;
	struct noon_signing_context *context = NULL;
	const struct noon_bytes data = noon_bytes_of("x", 1);
	uint8_t sig[128];
	size_t n = sizeof(sig);

	(void)state;
	put_pair(key, &stamping);
	s = loaded(NOON_DIGEST_SHA256, NOON_TS_CERTS_CHAIN);
	assert_int_equal(noon_signing_context_new(s, &context), NOON_OK);
	assert_ptr_equal(noon_ts_signer_ref(s), s);
	noon_ts_signer_free(s);
	noon_ts_signer_free(s);
	assert_int_equal(noon_signing_context_sign(context, data, sig, &n), NOON_OK);
	assert_true(verifies(key, EVP_sha256(), sig, n, data));
	noon_signing_context_free(context);
	noon_signing_context_free(NULL);
	noon_ts_signer_free(NULL);
	EVP_PKEY_free(key);
}

/* --- what is said of a certificate --- */

static void tells_what_the_certificate_says(void **state)
{
	/* So that the length of the name has one byte, two and three. */
	static const unsigned units[] = {0, 2, 5};
	EVP_PKEY *key = curve_key("P-256");

	(void)state;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		struct profile p = stamping;
		struct noon_ts_signer *s;
		const struct noon_ts_signer_info *info;
		uint8_t *name = NULL;
		const uint8_t *at;
		GENERAL_NAME *general;

		p.units = units[i];
		put_pair(key, &p);
		s = loaded(NOON_DIGEST_SHA256, NOON_TS_CERTS_CHAIN);
		info = noon_ts_signer_info(s);
		assert_non_null(strstr(info->subject, "CN=Authority"));
		assert_true(info->not_before_s == 1000000000 && info->not_after_s == 2500000000);
		assert_true(is_same(info->serial, noon_bytes_of("\x02\x02\x12\x34", 4)));
		at = info->name.p;
		general = d2i_GENERAL_NAME(NULL, &at, (long)info->name.n);
		assert_non_null(general);
		assert_ptr_equal(at, info->name.p + info->name.n);
		assert_int_equal(general->type, GEN_DIRNAME);
		assert_int_equal(i2d_X509_NAME(general->d.directoryName, &name), info->issuer.n);
		assert_memory_equal(name, info->issuer.p, info->issuer.n); /* self-signed */
		OPENSSL_free(name);
		GENERAL_NAME_free(general);
		noon_ts_signer_free(s);
	}
	EVP_PKEY_free(key);
}

/* Every certificate in it, in DER, one behind the other. */
static size_t split(struct noon_bytes all, struct noon_bytes ret[8])
{
	const uint8_t *at = all.p;
	size_t n = 0;

	while (at < all.p + all.n) {
		const uint8_t *begin = at;
		X509 *cert = d2i_X509(NULL, &at, all.p + all.n - begin);

		assert_non_null(cert);
		assert_true(n < 8);
		X509_free(cert);
		ret[n++] = noon_bytes_of(begin, (size_t)(at - begin));
	}
	return n;
}

static void gives_certificates_in_ascending_order_without_the_root(void **state)
{
	static const struct profile root_is = {"Root", NULL, NULL, true, 1, 0};
	static const struct profile middle_is = {"Middle", NULL, NULL, true, 2, 0};
	static const struct profile upper_is = {
		"Upper, whose name makes it longer", NULL, NULL, true, 3, 0};
	EVP_PKEY *key[4];
	X509 *root, *file[4];
	struct noon_ts_signer *s;
	struct noon_bytes got[8];
	uint8_t hash[32];

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		key[i] = curve_key("P-256");
	root = certify(key[3], &root_is, NULL, NULL);
	file[2] = certify(key[2], &upper_is, root, key[3]);
	file[1] = certify(key[1], &middle_is, file[2], key[2]);
	file[0] = certify(key[0], &stamping, file[1], key[1]);
	file[3] = root;
	put_certs("cert", file, 4);
	put_key("key", key[0], NULL);

	/* certificates is a SET OF (RFC 5652, 10.2.3; X.690, 11.6). */
	s = loaded(NOON_DIGEST_SHA256, NOON_TS_CERTS_CHAIN);
	assert_int_equal(split(noon_ts_signer_info(s)->certs, got), 3);
	for (unsigned i = 0; i < 2; i++)
		assert_true(memcmp(got[i].p, got[i + 1].p,
				   got[i].n < got[i + 1].n ? got[i].n : got[i + 1].n) < 0);
	noon_ts_signer_free(s);

	s = loaded(NOON_DIGEST_SHA256, NOON_TS_CERTS_SIGNER);
	assert_int_equal(split(noon_ts_signer_info(s)->certs, got), 1);
	assert_int_equal(noon_sha256(got[0], hash), NOON_OK);
	assert_memory_equal(hash, noon_ts_signer_info(s)->cert_hash, sizeof(hash));
	noon_ts_signer_free(s);
	for (unsigned i = 0; i < 4; i++) {
		X509_free(file[i]);
		EVP_PKEY_free(key[i]);
	}
}

/* --- what is refused --- */

static void expect_refused(noon_err err, const char *words)
{
	struct noon_ts_signer *s = NULL;
	struct noon_ts_why why;
	const noon_err is = load(NOON_DIGEST_SHA256, NOON_TS_CERTS_CHAIN, &s, &why);

	if (is != err || strstr(why.text, words) == NULL)
		fail_msg("expected %s, \"%s\": %s, \"%s\"", noon_err_text(err), words,
			 noon_err_text(is), why.text);
	assert_null(s);
}

static void refuses_certificates_for_other_purposes(void **state)
{
	static const struct profile table[] = {
		{"not critical", STAMPING, NULL, false, 1, 0},
		{"another as well", CRITICAL STAMPING ",serverAuth", NULL, false, 1, 0},
		{"any", CRITICAL "anyExtendedKeyUsage", NULL, false, 1, 0},
		{"another", CRITICAL "codeSigning", NULL, false, 1, 0},
		{"none", NULL, CRITICAL "digitalSignature", false, 1, 0},
		{"usage", CRITICAL STAMPING, CRITICAL "keyEncipherment", false, 1, 0},
	};
	EVP_PKEY *key = curve_key("P-256");

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		put_pair(key, &table[i]);
		print_message("# %s\n", table[i].subject);
		expect_refused(NOON_ERR_CERT, "not for time-stamping");
	}
	EVP_PKEY_free(key);
}

static void refuses_the_key_of_another_certificate(void **state)
{
	EVP_PKEY *key = curve_key("P-256");
	EVP_PKEY *same_kind = curve_key("P-256");
	EVP_PKEY *other_kind = curve_key("P-384");

	(void)state;
	put_pair(key, &stamping);
	put_key("key", same_kind, NULL);
	expect_refused(NOON_ERR_CERT, "does not belong to the certificate");
	put_key("key", other_kind, NULL);
	expect_refused(NOON_ERR_CERT, "does not belong to the certificate");
	EVP_PKEY_free(key);
	EVP_PKEY_free(same_kind);
	EVP_PKEY_free(other_kind);
}

static void expect_unsupported(EVP_PKEY *key, const char *words)
{
	put_pair(key, &stamping);
	expect_refused(NOON_ERR_UNSUPPORTED, words);
	EVP_PKEY_free(key);
}

static void refuses_keys_of_other_kinds(void **state)
{
	(void)state;
	expect_unsupported(rsa_key(1024), "1024 bits");
	expect_unsupported(rsa_key(2047), "2047 bits");
	expect_unsupported(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), "Ed25519");
	expect_unsupported(curve_key("P-224"), "secp224r1");
	expect_unsupported(curve_key("secp256k1"), "secp256k1");
}

static void refuses_files_that_are_not_there_or_something_else(void **state)
{
	EVP_PKEY *key = curve_key("P-256");

	(void)state;
	put_pair(key, &stamping);
	assert_int_equal(unlink(in_dir("key")), 0);
	expect_refused(NOON_ERR_NOT_FOUND, "/key: No such file");
	put_text("key", "not a key\n");
	expect_refused(NOON_ERR_FORMAT, "/key: no private key");
	put_text("key", "");
	expect_refused(NOON_ERR_FORMAT, "/key: no private key");
	put_text("key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
	expect_refused(NOON_ERR_FORMAT, "/key: no private key");
	put_key("key", key, "a passphrase that nobody is asked for");
	expect_refused(NOON_ERR_FORMAT, "without a passphrase");
	assert_int_equal(unlink(in_dir("key")), 0);
	assert_int_equal(mkdir(in_dir("key"), 0700), 0);
	expect_refused(NOON_ERR_FORMAT, "/key");
	assert_int_equal(rmdir(in_dir("key")), 0);
	put_key("key", key, NULL);

	assert_int_equal(unlink(in_dir("cert")), 0);
	expect_refused(NOON_ERR_NOT_FOUND, "/cert: No such file");
	put_text("cert", "not a certificate\n");
	expect_refused(NOON_ERR_FORMAT, "/cert: no certificate");
	put_text("cert", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n");
	expect_refused(NOON_ERR_FORMAT, "/cert: no certificate");
	put_key("cert", key, NULL);
	expect_refused(NOON_ERR_FORMAT, "/cert: no certificate");
	EVP_PKEY_free(key);
}

/* A chain with a damaged certificate in it is not a shorter chain. */
static void refuses_a_chain_that_is_damaged(void **state)
{
	EVP_PKEY *key = curve_key("P-256");
	FILE *f;

	(void)state;
	put_pair(key, &stamping);
	f = fopen(in_dir("cert"), "ae");
	assert_non_null(f);
	assert_true(fputs("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", f) >=
		    0);
	assert_int_equal(fclose(f), 0);
	expect_refused(NOON_ERR_FORMAT, "/cert");
	EVP_PKEY_free(key);
}

static int ask_for_a_token_that_is_not_there(void)
{
	const struct noon_ts_signer_conf conf = {
		.certificate = in_dir("cert"),
		.key = "pkcs11:token=none;object=none;type=private?pin-value=98765",
		.rsa_digest = NOON_DIGEST_SHA256,
	};
	FILE *said = create("stderr");
	struct noon_ts_signer *s = NULL;
	struct noon_ts_why why;

	if (dup2(fileno(said), STDERR_FILENO) < 0)
		return 1;
	if (noon_ts_signer_load(&conf, &s, &why) != NOON_ERR_NOT_FOUND)
		return 2;
	if (strstr(why.text, "pkcs11:token=none;object=none") == NULL)
		return 3;
	return strstr(why.text, "98765") == NULL ? 0 : 4;
}

/* In a child: what the engine keeps for itself is not looked for when it ends so. */
static void refuses_a_token_that_is_not_there(void **state)
{
	static char said[4096];
	EVP_PKEY *key = curve_key("P-256");
	int status = -1;
	FILE *f;
	pid_t pid;

	(void)state;
	put_pair(key, &stamping);
	pid = fork();
	if (pid == 0)
		_exit(ask_for_a_token_that_is_not_there());
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	/* Nor do the libraries tell the PIN. */
	f = fopen(in_dir("stderr"), "re");
	assert_non_null(f);
	said[fread(said, 1, sizeof(said) - 1, f)] = '\0';
	assert_int_equal(fclose(f), 0);
	assert_null(strstr(said, "98765"));
	EVP_PKEY_free(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signs_with_the_curves),
		cmocka_unit_test(signs_with_rsa_and_the_digest_asked_for),
		cmocka_unit_test(a_hand_keeps_its_signer),
		cmocka_unit_test(tells_what_the_certificate_says),
		cmocka_unit_test(gives_certificates_in_ascending_order_without_the_root),
		cmocka_unit_test(refuses_certificates_for_other_purposes),
		cmocka_unit_test(refuses_the_key_of_another_certificate),
		cmocka_unit_test(refuses_keys_of_other_kinds),
		cmocka_unit_test(refuses_files_that_are_not_there_or_something_else),
		cmocka_unit_test(refuses_a_chain_that_is_damaged),
		cmocka_unit_test(refuses_a_token_that_is_not_there),
	};

	return cmocka_run_group_tests_name("crypto/ts_signer", tests, make_dir, remove_dir);
}
