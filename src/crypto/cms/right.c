/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/cms/right.h"

#include <openssl/objects.h>
#include <openssl/x509v3.h>
#include <string.h>

#define DOCUMENT_SIGNING "1.3.6.1.5.5.7.3.36" /* id-kp-documentSigning, RFC 9336 */

static bool is_for_documents(const ASN1_OBJECT *purpose)
{
	const int nid = OBJ_obj2nid(purpose);
	char oid[32] = "";

	if (nid == NID_email_protect || nid == NID_anyExtendedKeyUsage)
		return true;
	(void)OBJ_obj2txt(oid, sizeof(oid), purpose, 1);
	return strcmp(oid, DOCUMENT_SIGNING) == 0;
}

static bool has_purpose(const X509 *cert)
{
	int critical = -1;
	EXTENDED_KEY_USAGE *list = X509_get_ext_d2i(cert, NID_ext_key_usage, &critical, NULL);
	bool found = list == NULL && critical == -1; /* else malformed, or there are two */

	for (int i = 0; i < sk_ASN1_OBJECT_num(list) && !found; i++)
		found = is_for_documents(sk_ASN1_OBJECT_value(list, i));
	EXTENDED_KEY_USAGE_free(list);
	return found;
}

bool noon_cms_may_sign(X509 *cert)
{
	/* All ones without the extension. */
	const uint32_t usage = X509_get_key_usage(cert);

	return (usage & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) != 0 && has_purpose(cert);
}
