/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/nts/ntske_outcome.h"

struct row {
	const char *word, *text;
	noon_err err;
};

static const struct row table[] = {
#define NOON_NTSKE_OUTCOME_ROW(name, word, err, text) {word, text, err},
	NOON_NTSKE_OUTCOME_LIST(NOON_NTSKE_OUTCOME_ROW)
#undef NOON_NTSKE_OUTCOME_ROW
};

const char *noon_ntske_outcome_word(enum noon_ntske_outcome o)
{
	return (unsigned)o < NOON_KE_OUTCOMES ? table[o].word : "unknown";
}

const char *noon_ntske_outcome_text(enum noon_ntske_outcome o)
{
	return (unsigned)o < NOON_KE_OUTCOMES ? table[o].text : "unknown outcome";
}

noon_err noon_ntske_outcome_err(enum noon_ntske_outcome o)
{
	return (unsigned)o < NOON_KE_OUTCOMES ? table[o].err : NOON_ERR_RANGE;
}

enum noon_ntske_outcome noon_ntske_outcome_of_tls(enum noon_tls_reason reason)
{
	switch (reason) {
	case NOON_TLS_WHY_VERSION:
		return NOON_KE_VERSION;
	case NOON_TLS_WHY_ALPN:
		return NOON_KE_ALPN;
	case NOON_TLS_WHY_NOT_TLS:
		return NOON_KE_NOT_TLS;
	case NOON_TLS_WHY_CERT_EXPIRED:
		return NOON_KE_CERT_EXPIRED;
	case NOON_TLS_WHY_CERT_NOT_YET:
		return NOON_KE_CERT_NOT_YET;
	case NOON_TLS_WHY_CERT_NAME:
		return NOON_KE_CERT_NAME;
	case NOON_TLS_WHY_CERT_ISSUER:
		return NOON_KE_CERT_ISSUER;
	case NOON_TLS_WHY_CERT_OTHER:
		return NOON_KE_CERT_OTHER;
	case NOON_TLS_WHY_ALERT:
		return NOON_KE_ALERT;
	case NOON_TLS_WHY_CLOSED:
		return NOON_KE_CLOSED;
	case NOON_TLS_WHY_NONE:
	case NOON_TLS_WHY_FILE_CERT:
	case NOON_TLS_WHY_FILE_KEY:
	case NOON_TLS_WHY_FILE_CA:
	case NOON_TLS_WHY_KEY_MISMATCH:
	case NOON_TLS_WHY_OTHER:
	case NOON_TLS_REASONS:
		break;
	}
	return NOON_KE_TLS;
}
