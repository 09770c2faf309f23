/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of the checks of a client: C1-C8 of the requirements, and what its requests disclose.
 */
#include "check/client/client_checks.h"

#define NTS "RFC 8915, "

static void check_unseen(const struct noon_check *self, struct noon_target *t,
			 struct noon_check_result *ret)
{
	static const char *const why[] = {
		"it needs a second server name, which one listener does not have",
		"what a client does to its clock cannot be seen from its requests"};

	(void)t;
	noon_check_end(ret, NOON_CHECK_SKIPPED, "%s", why[self->arg]);
}

#define C(id, level, clause, title, run, arg)                                    \
	{                                                                        \
		id, "client", title, clause, NOON_LEVEL_##level, false, run, arg \
	}

static const struct noon_check checks[] = {
	C("C1a", MUST, NTS "5.7", "a reply without authenticator is ignored",
	  noon_check_client_false_time, NOON_STEP_BARE),
	C("C1b", MUST, NTS "5.7", "a reply that does not verify is ignored",
	  noon_check_client_false_time, NOON_STEP_TAMPERED),
	C("C1c", MUST, NTS "5.7", "a reply with another identifier is ignored",
	  noon_check_client_false_time, NOON_STEP_OTHER_UID),
	C("C2a", MUST, NTS "5.7", "a NAK with another identifier is ignored",
	  noon_check_client_false_nak, NOON_STEP_NAK_OTHER),
	C("C2b", SHOULD, NTS "5.7", "a NAK is ignored when a valid reply comes",
	  noon_check_client_false_nak, NOON_STEP_NAK_FIRST),
	C("C2c", SHOULD, NTS "5.7", "a NAK is believed when nothing else comes",
	  noon_check_client_true_nak, 0),
	C("C2d", SHOULD, NTS "5.7", "it polls on with its old keys while the exchange fails",
	  noon_check_client_polls_on, 0),
	C("C3a", SHOULD, NTS "5.7", "no cookie is sent twice", noon_check_client_fresh,
	  NOON_FRESH_COOKIE),
	C("C3b", SHOULD, "RFC 9109, 4", "the source port is not a well-known one",
	  noon_check_client_form, NOON_FORM_PORT),
	C("C3c", MUST, NTS "5.3", "each request has a new identifier", noon_check_client_fresh,
	  NOON_FRESH_UID),
	C("C3d", MAY, "RFC 9109, 4", "each request has a new source port", noon_check_client_fresh,
	  NOON_FRESH_PORT),
	C("C4", SHOULD, NTS "4.2", "key exchanges that fail are repeated with back-off",
	  noon_check_client_back_off, 0),
	C("C5", SHOULD, NTS "8.7", "there is no fall-back to plain NTP", noon_check_client_fallback,
	  0),
	C("C6a", SHOULD, "RFC 7822, 3", "an empty cookie is not used", noon_check_client_size,
	  NOON_STEP_ZERO),
	C("C6b", SHOULD, NTS "5.7", "a cookie too long for a frame is not used",
	  noon_check_client_size, NOON_STEP_HUGE),
	C("C7", MUST, NTS "4.1.7", "the server that the key exchange names is asked", check_unseen,
	  0),
	C("C8", MUST, NTS "3", "the certificate is verified", noon_check_client_certificate, 0),
	C("C9a", MUST, NTS "5.3", "a request has one identifier of 32 bytes",
	  noon_check_client_form, NOON_FORM_UID),
	C("C9b", MUST, NTS "5.7", "a request has one cookie", noon_check_client_form,
	  NOON_FORM_COOKIE),
	C("C9c", MUST, NTS "5.7", "all fields of NTS precede the authenticator",
	  noon_check_client_form, NOON_FORM_PRECEDES),
	C("C9d", MUST, NTS "5.7", "the authenticator verifies", noon_check_client_form,
	  NOON_FORM_AUTH),
	C("C9e", MUST, NTS "5.5", "placeholders are as long as the cookie", noon_check_client_form,
	  NOON_FORM_PLACEHOLDER),
	C("C9f", MUST, NTS "5.6", "the nonce leaves room for that of the reply",
	  noon_check_client_form, NOON_FORM_NONCE),
	C("C9g", MAY, NTS "5.7", "nothing follows the authenticator", noon_check_client_form,
	  NOON_FORM_LAST),
	C("C9h", SHOULD, NTS "5.7", "a request has seven placeholders at most",
	  noon_check_client_form, NOON_FORM_SEVEN),
	C("C9i", MUST, "RFC 7822, 3", "each request is well formed", noon_check_client_parsed, 0),
	C("C10a", SHOULD, NTS "9.2", "the header tells nothing", noon_check_client_form,
	  NOON_FORM_HEADER),
	C("C10b", SHOULD, NTS "9.2", "the transmit timestamp is random", noon_check_client_transmit,
	  0),
	C("C11", SHOULD, NTS "8.6", "a lying or delayed reply does no harm", check_unseen, 1),
	C("C12a", MUST, NTS "5.7", "a kiss with another identifier is ignored",
	  noon_check_client_kiss, NOON_STEP_KISS_OTHER),
	C("C12b", SHOULD, NTS "5.7", "a kiss DENY without authenticator is ignored",
	  noon_check_client_kiss, NOON_STEP_KISS_DENY),
	C("C12c", SHOULD, NTS "5.7", "a kiss RATE without authenticator is ignored",
	  noon_check_client_rate, 0),
};

const struct noon_check *noon_checks_client(size_t *ret_n)
{
	*ret_n = sizeof(checks) / sizeof(checks[0]);
	return checks;
}
