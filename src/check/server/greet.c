/* SPDX-License-Identifier: Apache-2.0
 *
 * A first request, whose answer says whether the checks make sense.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/server/ke_request.h"
#include "check/server/nts_probe.h"

static noon_err judge_tls(const struct noon_ke_probe *p, const char *where, char *why, size_t n)
{
	if (strstr(p->why, "certificate verify failed") != NULL)
		(void)snprintf(why, n,
			       "%s: the certificate is refused: not signed by what --ca names, "
			       "expired, or for another name (--server-name, --no-verify)",
			       where);
	else if (strstr(p->why, "wrong version number") != NULL)
		(void)snprintf(why, n, "%s: something listens that does not speak TLS", where);
	else
		(void)snprintf(why, n, "%s: no TLS connection: %s", where, p->why);
	return NOON_ERR_TLS;
}

static noon_err greet_ke(struct noon_target *t, char *why, size_t n)
{
	struct noon_ke_probe *p = malloc(sizeof(*p));
	uint8_t buf[64];
	char where[64];
	noon_err err = NOON_OK;

	if (p == NULL)
		return NOON_ERR_OS;
	noon_ke_probe_init(p);
	p->request = noon_ke_request(&noon_ke_minimal, buf, sizeof(buf));
	noon_ke_probe_run(p, t);
	noon_addr_format(&t->ke, where, sizeof(where));
	if (p->end == NOON_KE_NO_CONNECTION) {
		(void)snprintf(why, n, "%s: %s", where, p->why);
		err = NOON_ERR_NOT_FOUND;
	} else if (p->end == NOON_KE_NO_TLS) {
		err = judge_tls(p, where, why, n);
	}
	free(p);
	return err;
}

static noon_err greet_ntp(struct noon_target *t, char *why, size_t n)
{
	const struct noon_ask good = noon_ask_plain();
	struct noon_answer *a = malloc(sizeof(*a));
	char where[64];
	noon_err err = NOON_OK;

	if (a == NULL)
		return NOON_ERR_OS;
	t->ntp = t->ke;
	noon_addr_set_port(&t->ntp, t->conf.ntp_port != 0 ? t->conf.ntp_port : NOON_NTP_PORT);
	noon_ask_run(&good, NULL, t, true, a);
	noon_addr_format(&t->ntp, where, sizeof(where));
	if (a->kind == NOON_ANSWER_REFUSED || a->kind == NOON_ANSWER_NONE) {
		(void)snprintf(why, n, "%s: %s", where,
			       a->kind == NOON_ANSWER_REFUSED
				       ? "nobody listens"
				       : "no answer to a plain request of version 4");
		err = NOON_ERR_NOT_FOUND;
	}
	free(a);
	return err;
}

noon_err noon_target_greet(struct noon_target *t, bool nts, char *why, size_t n)
{
	return nts ? greet_ke(t, why, n) : greet_ntp(t, why, n);
}
