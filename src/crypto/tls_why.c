/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <stdarg.h>
#include <stdio.h>

#include "crypto/tls_priv.h"

const char *noon_tls_reason_word(enum noon_tls_reason reason)
{
	static const char *const word[] = {
#define NOON_TLS_REASON_WORD(name, w) w,
		NOON_TLS_REASON_LIST(NOON_TLS_REASON_WORD)
#undef NOON_TLS_REASON_WORD
	};

	return (unsigned)reason < NOON_TLS_REASONS ? word[reason] : "unknown";
}

noon_err noon_tls_why_set(struct noon_tls_why *why, noon_err err, enum noon_tls_reason reason,
			  const char *format, ...)
{
	va_list args;

	why->err = err;
	why->reason = reason;
	va_start(args, format);
	(void)vsnprintf(why->text, sizeof(why->text), format, args);
	va_end(args);
	return err;
}

static enum noon_tls_reason reason_of_verify(long result)
{
	switch (result) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return NOON_TLS_WHY_CERT_EXPIRED;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return NOON_TLS_WHY_CERT_NOT_YET;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		return NOON_TLS_WHY_CERT_NAME;
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_CERT_UNTRUSTED:
		return NOON_TLS_WHY_CERT_ISSUER;
	default:
		return NOON_TLS_WHY_CERT_OTHER;
	}
}

static enum noon_tls_reason reason_of_alert(int alert)
{
	switch (alert) {
	case SSL_AD_PROTOCOL_VERSION:
		return NOON_TLS_WHY_VERSION;
	case SSL_AD_NO_APPLICATION_PROTOCOL:
		return NOON_TLS_WHY_ALPN;
	default:
		return NOON_TLS_WHY_ALERT;
	}
}

static enum noon_tls_reason reason_of_error(unsigned long error)
{
	const int reason = ERR_GET_REASON(error);

	if (ERR_GET_LIB(error) != ERR_LIB_SSL)
		return NOON_TLS_WHY_OTHER;
	if (reason >= SSL_AD_REASON_OFFSET)
		return reason_of_alert(reason - SSL_AD_REASON_OFFSET);
	switch (reason) {
	case SSL_R_UNSUPPORTED_PROTOCOL:
	case SSL_R_NO_PROTOCOLS_AVAILABLE:
	case SSL_R_VERSION_TOO_LOW:
	case SSL_R_VERSION_TOO_HIGH:
	case SSL_R_WRONG_SSL_VERSION:
	case SSL_R_UNKNOWN_PROTOCOL:
		return NOON_TLS_WHY_VERSION;
	case SSL_R_NO_APPLICATION_PROTOCOL:
		return NOON_TLS_WHY_ALPN;
	case SSL_R_WRONG_VERSION_NUMBER: /* in the record header: not TLS at all */
	case SSL_R_HTTP_REQUEST:
	case SSL_R_HTTPS_PROXY_REQUEST:
	case SSL_R_BAD_RECORD_TYPE:
	case SSL_R_UNEXPECTED_MESSAGE:
	case SSL_R_PACKET_LENGTH_TOO_LONG:
	case SSL_R_RECORD_LENGTH_MISMATCH:
		return NOON_TLS_WHY_NOT_TLS;
	default:
		return NOON_TLS_WHY_OTHER;
	}
}

noon_err noon_tls_why_of(struct noon_tls *t)
{
	const unsigned long error = ERR_peek_error();
	const long verify = SSL_get_verify_result(t->ssl);
	const char *text = ERR_reason_error_string(error);

	ERR_clear_error();
	if (t->why.reason != NOON_TLS_WHY_NONE)
		return t->why.err;
	if (ERR_GET_LIB(error) == ERR_LIB_SSL &&
	    ERR_GET_REASON(error) == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE)
		return noon_tls_why_set(&t->why, NOON_ERR_CERT, NOON_TLS_WHY_CERT_OTHER,
					"the peer shows no certificate");
	if ((SSL_get_verify_mode(t->ssl) & SSL_VERIFY_PEER) != 0 && verify != X509_V_OK)
		return noon_tls_why_set(&t->why, NOON_ERR_CERT, reason_of_verify(verify),
					"certificate refused: %s",
					X509_verify_cert_error_string(verify));
	return noon_tls_why_set(&t->why, NOON_ERR_TLS, reason_of_error(error), "%s",
				text ? text : "TLS failure");
}
