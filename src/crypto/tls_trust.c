/* SPDX-License-Identifier: Apache-2.0
 *
 * What trust rests on, as digests: the anchors of a client, the key of the server's certificate.
 */
#include <dirent.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crypto/hash.h"
#include "crypto/tls_priv.h"

static noon_err add_text(struct noon_hash *h, const char *text)
{
	/* With its end, so that two texts are never taken for another two. */
	return noon_hash_add(h, noon_bytes_of(text, strlen(text) + 1));
}

/* Add a file; one that cannot be read counts as empty: nothing in it is trusted. */
static noon_err add_file(struct noon_hash *h, const char *path)
{
	uint8_t buf[1024];
	FILE *f = fopen(path, "rbe");
	noon_err err = add_text(h, path);
	size_t n = 1;

	while (f != NULL && !err && n > 0) {
		n = fread(buf, 1, sizeof(buf), f);
		err = noon_hash_add(h, noon_bytes_of(buf, n));
	}
	if (f != NULL)
		(void)fclose(f);
	return err;
}

/* OpenSSL looks for names such as 5f15c80c.0, the hash of a subject and a number. */
static int is_hashed(const struct dirent *d)
{
	return strlen(d->d_name) >= 10 && strspn(d->d_name, "0123456789abcdef") == 8 &&
	       d->d_name[8] == '.';
}

static noon_err add_folder(struct noon_hash *h, const char *folder)
{
	struct dirent **list;
	char path[1024];
	noon_err err = add_text(h, folder);
	const int n = scandir(folder, &list, is_hashed, alphasort);

	for (int i = 0; i < n; i++) {
		const int len = snprintf(path, sizeof(path), "%s/%s", folder, list[i]->d_name);

		if (len < 0 || (size_t)len >= sizeof(path))
			err = NOON_ERR_LONG;
		err = err ? err : add_file(h, path);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	return err;
}

/* The variable if it is set, as OpenSSL has it, else the place that it was built with. */
static const char *place(const char *variable, const char *built_in)
{
	const char *set = secure_getenv(variable);

	return set != NULL ? set : built_in;
}

static noon_err add_anchors(struct noon_hash *h, const struct noon_tls_pem *ca)
{
	noon_err err;

	if (ca != NULL && ca->path == NULL)
		return noon_hash_add(h, ca->data);
	if (ca != NULL)
		return add_file(h, ca->path);
	err = add_file(h, place(X509_get_default_cert_file_env(), X509_get_default_cert_file()));
	return err ? err
		   : add_folder(h, place(X509_get_default_cert_dir_env(),
					 X509_get_default_cert_dir()));
}

noon_err noon_tls_trust_digest(const struct noon_tls_pem *ca, uint8_t ret[NOON_TLS_DIGEST])
{
	uint8_t digest[NOON_DIGEST_MAX];
	struct noon_hash *h;
	noon_err err = noon_hash_new(NOON_DIGEST_SHA256, &h);

	if (err)
		return err;
	err = add_anchors(h, ca);
	err = err ? err : noon_hash_end(h, digest);
	noon_hash_free(h);
	if (!err)
		memcpy(ret, digest, NOON_TLS_DIGEST);
	return err;
}

bool noon_tls_peer_is(const struct noon_tls *t, const char *host)
{
	X509 *cert = t->open ? SSL_get1_peer_certificate(t->ssl) : NULL;
	bool is;

	if (cert == NULL)
		return false;
	is = X509_check_ip_asc(cert, host, 0) == 1 ||
	     X509_check_host(cert, host, 0, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, NULL) == 1;
	X509_free(cert);
	ERR_clear_error();
	return is;
}

/* Seconds since 1970; far away where OpenSSL cannot tell. */
static int64_t seconds_of(const ASN1_TIME *t, int64_t otherwise)
{
	struct tm tm;

	return ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) : otherwise;
}

noon_err noon_tls_peer_validity(const struct noon_tls *t, int64_t *ret_from_s, int64_t *ret_till_s)
{
	const STACK_OF(X509) *chain = t->open ? SSL_get0_verified_chain(t->ssl) : NULL;
	const int n = chain != NULL ? sk_X509_num(chain) : 0;

	*ret_from_s = INT64_MIN;
	*ret_till_s = INT64_MAX;
	for (int i = 0; i < n; i++) {
		const X509 *cert = sk_X509_value(chain, i);
		const int64_t from = seconds_of(X509_get0_notBefore(cert), INT64_MAX);
		const int64_t till = seconds_of(X509_get0_notAfter(cert), INT64_MIN);

		*ret_from_s = from > *ret_from_s ? from : *ret_from_s;
		*ret_till_s = till < *ret_till_s ? till : *ret_till_s;
	}
	ERR_clear_error();
	return n > 0 ? NOON_OK : NOON_ERR_STATE;
}

noon_err noon_tls_peer_key(const struct noon_tls *t, uint8_t ret[NOON_TLS_DIGEST])
{
	X509 *cert = t->open ? SSL_get1_peer_certificate(t->ssl) : NULL;
	uint8_t *der = NULL;
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	int len;
	bool ok;

	if (cert == NULL)
		return NOON_ERR_STATE;
	len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
	ok = len > 0 && EVP_Digest(der, (size_t)len, digest, &n, EVP_sha256(), NULL) == 1 &&
	     n == NOON_TLS_DIGEST;
	OPENSSL_free(der);
	X509_free(cert);
	ERR_clear_error();
	if (!ok)
		return NOON_ERR_CRYPTO;
	memcpy(ret, digest, NOON_TLS_DIGEST);
	return NOON_OK;
}

noon_err noon_tls_peer_owner(const struct noon_tls *t, uint8_t ret[NOON_TLS_DIGEST])
{
	X509 *cert = t->open ? SSL_get1_peer_certificate(t->ssl) : NULL;
	X509_NAME *name = cert != NULL ? X509_get_subject_name(cert) : NULL;
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	bool ok = name != NULL && X509_NAME_entry_count(name) > 0;

	ok = ok && X509_NAME_digest(name, EVP_sha256(), digest, &n) == 1 && n == NOON_TLS_DIGEST;
	X509_free(cert);
	ERR_clear_error();
	if (!ok)
		return noon_tls_peer_key(t, ret);
	memcpy(ret, digest, NOON_TLS_DIGEST);
	return NOON_OK;
}
