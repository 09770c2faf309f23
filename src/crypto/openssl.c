/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/openssl.h"

#include <time.h>

int noon_openssl_no_passphrase(char *buf, int size, int rwflag, void *arg)
{
	(void)buf;
	(void)size;
	(void)rwflag;
	(void)arg;
	return 0;
}

int64_t noon_openssl_seconds(const ASN1_TIME *t)
{
	struct tm tm;

	return t != NULL && ASN1_TIME_to_tm(t, &tm) == 1 ? timegm(&tm) : 0;
}
