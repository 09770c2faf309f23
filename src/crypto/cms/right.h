/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether a certificate gives the right to sign documents.
 *
 * Its key usage, if there is one, has digitalSignature or contentCommitment (RFC 5280, 4.2.1.3).
 * Its extended key usage, if there is one, has emailProtection, documentSigning (RFC 9336) or any:
 * the certificate of a web server, or of a time-stamp authority, is not good for it, even of an
 * issuer that is trusted.
 */
#ifndef NOON_CRYPTO_RIGHT_H
#define NOON_CRYPTO_RIGHT_H

#include <stdbool.h>

struct x509_st; /* of OpenSSL */

/** Return whether it may. */
bool noon_cms_may_sign(struct x509_st *cert);

/** What is expected of it, for people. */
#define NOON_CMS_RIGHT_TEXT                                                                    \
	"expected keyUsage digitalSignature or nonRepudiation, and extendedKeyUsage, if any, " \
	"emailProtection or documentSigning"

#endif
