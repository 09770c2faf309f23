/* SPDX-License-Identifier: Apache-2.0
 *
 * The checks of a client, by what they look at: what it believes (client_belief.c), when it
 * exchanges keys (client_exchanges.c), and its requests (client_requests.c).
 */
#ifndef NOON_CHECK_CLIENT_CHECKS_H
#define NOON_CHECK_CLIENT_CHECKS_H

#include "check/check.h"
#include "check/client/client_server.h"

/** What must differ from request to request. */
enum noon_client_fresh {
	NOON_FRESH_COOKIE,
	NOON_FRESH_PORT,
	NOON_FRESH_UID,
};

/** What must hold for every request. */
enum noon_client_form {
	NOON_FORM_UID,
	NOON_FORM_COOKIE,
	NOON_FORM_PRECEDES,
	NOON_FORM_AUTH,
	NOON_FORM_PLACEHOLDER,
	NOON_FORM_NONCE,
	NOON_FORM_LAST,
	NOON_FORM_SEVEN,
	NOON_FORM_HEADER,
	NOON_FORM_PORT,
};

typedef void noon_client_check(const struct noon_check *self, struct noon_target *t,
			       struct noon_check_result *ret);

/* The argument is a step. */
noon_client_check noon_client_check_false_time;
noon_client_check noon_client_check_kiss;
noon_client_check noon_client_check_rate;
noon_client_check noon_client_check_size;
noon_client_check noon_client_check_false_nak;
/* No argument. */
noon_client_check noon_client_check_true_nak;
noon_client_check noon_client_check_polls_on;
noon_client_check noon_client_check_back_off;
noon_client_check noon_client_check_fallback;
noon_client_check noon_client_check_certificate;
noon_client_check noon_client_check_transmit;
noon_client_check noon_client_check_parsed;
/* The argument is one of the above. */
noon_client_check noon_client_check_fresh;
noon_client_check noon_client_check_form;

#endif
