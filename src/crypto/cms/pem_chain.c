/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/cms/pem_chain.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

noon_err noon_pem_chain_read(const char *path, X509 *chain[NOON_PEM_CHAIN_MAX], size_t *ret_n,
			     struct noon_ts_why *why)
{
	BIO *bio = BIO_new_file(path, "re");
	X509 *cert;
	bool whole;

	*ret_n = 0;
	if (bio == NULL) {
		(void)snprintf(why->text, sizeof(why->text), "%.180s: %s", path, strerror(errno));
		ERR_clear_error();
		return NOON_ERR_NOT_FOUND;
	}
	while (*ret_n < NOON_PEM_CHAIN_MAX &&
	       (cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL)
		chain[(*ret_n)++] = cert;
	/* A damaged one, or one too many, would make it a shorter chain in silence. */
	whole = *ret_n < NOON_PEM_CHAIN_MAX &&
		ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
	BIO_free(bio);
	ERR_clear_error();
	if (*ret_n > 0 && whole)
		return NOON_OK;
	if (*ret_n == 0)
		(void)snprintf(why->text, sizeof(why->text), "%.180s: no certificate in PEM", path);
	else
		(void)snprintf(why->text, sizeof(why->text),
			       "%.180s: damaged behind certificate %zu, or too many", path, *ret_n);
	return NOON_ERR_FORMAT;
}

bool noon_pem_chain_is_root(X509 *cert)
{
	return X509_self_signed(cert, 0) == 1;
}
