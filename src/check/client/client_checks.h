/* SPDX-License-Identifier: Apache-2.0
 *
 * The checks of a client, by subject: what it accepts (client_belief.c), when it exchanges keys
 * (client_exchanges.c), and its requests (client_requests.c).
 */
#ifndef NOON_CHECK_CLIENT_CHECKS_H
#define NOON_CHECK_CLIENT_CHECKS_H

#include "check/check.h"
#include "check/client/client_server.h"

/** What must differ from request to request. */
enum noon_check_client_fresh {
	NOON_FRESH_COOKIE,
	NOON_FRESH_PORT,
	NOON_FRESH_UID,
};

/** What must hold for every request. */
enum noon_check_client_form {
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

typedef void noon_check_client_fn(const struct noon_check *self, struct noon_target *t,
				  struct noon_check_result *ret);

/* The argument is a step. */
noon_check_client_fn noon_check_client_false_time;
noon_check_client_fn noon_check_client_kiss;
noon_check_client_fn noon_check_client_rate;
noon_check_client_fn noon_check_client_size;
noon_check_client_fn noon_check_client_false_nak;
/* No argument. */
noon_check_client_fn noon_check_client_true_nak;
noon_check_client_fn noon_check_client_polls_on;
noon_check_client_fn noon_check_client_back_off;
noon_check_client_fn noon_check_client_fallback;
noon_check_client_fn noon_check_client_certificate;
noon_check_client_fn noon_check_client_transmit;
noon_check_client_fn noon_check_client_parsed;
/* The argument is one of the above. */
noon_check_client_fn noon_check_client_fresh;
noon_check_client_fn noon_check_client_form;

#endif
