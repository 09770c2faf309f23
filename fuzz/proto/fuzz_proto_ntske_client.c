/* SPDX-License-Identifier: Apache-2.0
 *
 * Property: any response, and any stream, ends the exchange; success means a sound session.
 *
 * The first byte chooses: judge the rest as a response without TLS; or feed it to the machine as
 * the raw stream, in pieces; or let a server say it inside TLS.
 */
#include <assert.h>
#include <string.h>

#include "input.h"
#include "ntske_side.h"
#include "proto/nts/ntske_client.h"
#include "proto/nts/ntske_response.h"

static struct noon_tls_ctx *server_ctx, *client_ctx;
static struct noon_ntske_client machine;
static struct noon_nts_session session;
static struct noon_actions as;

static void check_session(void)
{
	assert(noon_nts_session_is_sound(&session) && session.n_cookies > 0);
	assert(noon_aead_key_len(session.aead) > 0);
	assert(memchr(session.host, 0, sizeof(session.host)));
}

static void judge(struct noon_bytes message)
{
	static const uint16_t offer[2] = {15, 30};
	struct noon_ntske_response res;

	if (noon_ntske_response_judge(message, offer, 2, &res, &session) == NOON_KE_DONE)
		check_session();
}

static void begin(void)
{
	const struct noon_ntske_client_conf conf = {.tls = client_ctx,
						    .peer = {SIDE_HOST, SIDE_DATE, false}};
	const noon_err err = noon_ntske_client_init(&machine, &conf, (noon_time){1000});

	assert(!err);
	noon_actions_reset(&as);
}

static void timers(struct noon_tls *tls)
{
	for (int i = 0; noon_ntske_client_deadline(&machine).ns == 1000; i++) {
		assert(i < 100);
		noon_ntske_client_on_timer(&machine, (noon_time){1000}, &as);
		(void)side_obey(&as, tls);
	}
}

static bool feed(struct noon_bytes data, struct noon_tls *tls)
{
	const struct noon_rx rx = {.data = data, .at = {1000}, .now = {1000}};

	noon_ntske_client_on_packet(&machine, &rx, &as);
	(void)side_obey(&as, tls);
	timers(tls);
	return noon_ntske_client_outcome(&machine) == NOON_KE_PENDING;
}

static void end(void)
{
	(void)feed(noon_bytes_of(NULL, 0), NULL);
	noon_ntske_client_on_timer(&machine, (noon_time){NOON_S(100)}, &as);
	assert(noon_ntske_client_outcome(&machine) != NOON_KE_PENDING);
	assert(noon_ntske_client_reason(&machine) != NULL);
	if (noon_ntske_client_result(&machine, &session) == NOON_OK)
		check_session();
	noon_ntske_client_fini(&machine);
}

static void raw(struct input *in)
{
	begin();
	timers(NULL);
	while (in->n > 0)
		if (!feed(input_take(in, (size_t)input_u8(in) + 1), NULL))
			break;
	assert(noon_ntske_client_result(&machine, &session) != NOON_OK);
	end();
}

static void inside_tls(struct input *in)
{
	struct noon_tls *tls = NULL;
	noon_err err = noon_tls_new(server_ctx, NULL, &tls);

	assert(!err);
	begin();
	timers(tls);
	side_say(in, tls, feed);
	end();
	noon_tls_free(tls);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size < 20000 ? size : 20000};
	const uint8_t how = input_u8(&in);

	if (server_ctx == NULL)
		side_open(&server_ctx, &client_ctx);
	if ((how & 3) == 1)
		raw(&in);
	else if ((how & 7) == 2)
		inside_tls(&in);
	else
		judge(noon_bytes_of(in.p, in.n));
	return 0;
}
