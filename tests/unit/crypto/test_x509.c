/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
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

#include "crypto/x509.h"

static const char *const names[] = {"time.example", "192.0.2.7", "2001:db8::7"};
static const struct noon_x509_conf conf = {
	.common_name = "time.example",
	.names = names,
	.n_names = 3,
	.not_before_s = 1000000000,
	.not_after_s = 2500000000, /* beyond 2050: GeneralizedTime */
};

static X509 *parse(const struct noon_secret_x509 *x)
{
	BIO *bio = BIO_new_mem_buf(x->cert, (int)x->cert_n);
	X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);

	assert_non_null(cert);
	BIO_free(bio);
	return cert;
}

static void certificate_is_for_the_names_given(void **state)
{
	static struct noon_secret_x509 x;
	X509 *cert;

	(void)state;
	assert_int_equal(noon_x509_self_signed(&conf, &x), NOON_OK);
	cert = parse(&x);
	assert_int_equal(X509_check_host(cert, "time.example", 0, 0, NULL), 1);
	assert_int_equal(X509_check_host(cert, "other.example", 0, 0, NULL), 0);
	assert_int_equal(X509_check_ip_asc(cert, "192.0.2.7", 0), 1);
	assert_int_equal(X509_check_ip_asc(cert, "2001:db8::7", 0), 1);
	assert_int_equal(X509_check_ip_asc(cert, "192.0.2.8", 0), 0);
	assert_int_equal(X509_verify(cert, X509_get0_pubkey(cert)), 1);
	X509_free(cert);
}

static void validity_is_that_of_the_arguments(void **state)
{
	static struct noon_secret_x509 x;
	time_t from = 1000000000, till = 2500000000;
	X509 *cert;

	(void)state;
	assert_int_equal(noon_x509_self_signed(&conf, &x), NOON_OK);
	cert = parse(&x);
	assert_int_equal(ASN1_TIME_cmp_time_t(X509_get0_notBefore(cert), from), 0);
	assert_int_equal(ASN1_TIME_cmp_time_t(X509_get0_notAfter(cert), till), 0);
	X509_free(cert);
}

static void the_common_name_stands_in_for_missing_names(void **state)
{
	static struct noon_secret_x509 x;
	struct noon_x509_conf c = conf;
	X509 *cert;

	(void)state;
	c.n_names = 0;
	c.common_name = "alone.example";
	assert_int_equal(noon_x509_self_signed(&c, &x), NOON_OK);
	cert = parse(&x);
	assert_int_equal(X509_check_host(cert, "alone.example", 0, 0, NULL), 1);
	X509_free(cert);
}

static void two_certificates_differ(void **state)
{
	static struct noon_secret_x509 x, y;

	(void)state;
	assert_int_equal(noon_x509_self_signed(&conf, &x), NOON_OK);
	assert_int_equal(noon_x509_self_signed(&conf, &y), NOON_OK);
	assert_memory_not_equal(x.key, y.key, x.key_n < y.key_n ? x.key_n : y.key_n);
}

static void senseless_names_and_times_are_refused(void **state)
{
	static struct noon_secret_x509 x;
	const char *const empty[] = {""};
	static const char *many[200];
	static char long_name[] =
		"a-name-of-sixty-four-bytes-or-more-that-fills-the-pem-buffer.test";
	struct noon_x509_conf c = conf;
	size_t i;

	(void)state;
	c.common_name = "";
	assert_int_equal(noon_x509_self_signed(&c, &x), NOON_ERR_RANGE);
	c.common_name = long_name;
	assert_int_equal(noon_x509_self_signed(&c, &x), NOON_ERR_RANGE);
	c = conf;
	c.names = empty;
	c.n_names = 1;
	assert_int_equal(noon_x509_self_signed(&c, &x), NOON_ERR_RANGE);
	c = conf;
	c.not_after_s = c.not_before_s;
	assert_int_equal(noon_x509_self_signed(&c, &x), NOON_ERR_RANGE);
	c = conf;
	for (i = 0; i < 200; i++)
		many[i] = long_name;
	c.names = many;
	c.n_names = 200;
	assert_int_equal(noon_x509_self_signed(&c, &x), NOON_ERR_FULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(certificate_is_for_the_names_given),
		cmocka_unit_test(validity_is_that_of_the_arguments),
		cmocka_unit_test(the_common_name_stands_in_for_missing_names),
		cmocka_unit_test(two_certificates_differ),
		cmocka_unit_test(senseless_names_and_times_are_refused),
	};

	return cmocka_run_group_tests_name("crypto/x509", tests, NULL, NULL);
}
