/* SPDX-License-Identifier: Apache-2.0 */
#include "test_ntp_client_fixture.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct ntp_world w;
struct datagram d;

int with_nts(void **state)
{
	(void)state;
	ntp_world_open(&w, NOON_AEAD_SIV_CMAC_256, 1);
	ntp_world_client(&w, true);
	ntp_world_rekey(&w, 8);
	return 0;
}

int with_gcm(void **state)
{
	(void)state;
	ntp_world_open(&w, NOON_AEAD_GCM_SIV_128, 2);
	ntp_world_client(&w, true);
	ntp_world_rekey(&w, 8);
	return 0;
}

int plain(void **state)
{
	(void)state;
	ntp_world_open(&w, NOON_AEAD_SIV_CMAC_256, 3);
	ntp_world_client(&w, false);
	return 0;
}

int without_keys(void **state)
{
	(void)state;
	ntp_world_open(&w, NOON_AEAD_SIV_CMAC_256, 4);
	ntp_world_client(&w, true);
	return 0;
}

int done(void **state)
{
	(void)state;
	ntp_world_close(&w);
	return 0;
}

size_t in_jar(void)
{
	return w.client.session.n_cookies;
}

/* The outstanding request gets no answer. */
void lose(void)
{
	const unsigned misses = w.misses;

	ntp_world_timer(&w);
	assert_int_equal(w.misses, misses + 1);
}

struct noon_nts_packet fields_of(const struct datagram *x)
{
	struct noon_nts_packet p;

	assert_int_equal(noon_nts_packet_parse(noon_bytes_of(x->p, x->n), &p),
			 NOON_VERDICT_ACCEPTED);
	return p;
}

/* Deliver a genuine reply with this header. */
enum noon_verdict deliver(const struct noon_ntp_header *h)
{
	if (w.client.conf.nts) {
		ntp_world_seal(&w, h, noon_bytes_of(NULL, 0), &d);
	} else {
		d.n = 48;
		header_set(&d, h);
	}
	return ntp_world_deliver(&w, &d, NOON_MS(1));
}
