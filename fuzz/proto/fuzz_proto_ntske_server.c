/* SPDX-License-Identifier: Apache-2.0
 *
 * Property: any request, and any stream, ends with at most one reply and one CLOSE.
 *
 * The first byte chooses: judge the rest as a request without TLS and write the reply; or feed it
 * to the machine as the raw stream, in pieces; or say it inside TLS.
 */
#include <assert.h>
#include <string.h>

#include "input.h"
#include "ntske_side.h"
#include "proto/nts/nts_keys.h"
#include "proto/nts/ntske_priv.h"
#include "proto/nts/ntske_server.h"
#include "wire/ntske.h"

static struct noon_tls_ctx *server_ctx, *client_ctx;
static struct noon_nts_keys keys;
static struct noon_rng rng;
static struct noon_ntske_server machine;
static struct noon_actions as;
static bool closed; /* the machine said CLOSE */

static noon_err make_cookie(void *arg, enum noon_aead_id aead,
			    const struct noon_secret_nts_keys *pair, struct noon_wr *out)
{
	return noon_nts_cookie_make(arg, &rng, aead, pair, out);
}

static struct noon_ntske_server_conf conf = {
	.make_cookie = make_cookie, .arg = &keys, .gcm_siv = true};

static void open_once(void)
{
	const struct noon_secret_nts_master master = {.p = {1}};
	noon_err err;

	side_open(&server_ctx, &client_ctx);
	conf.tls = server_ctx;
	rng = noon_rng_seeded(1);
	err = noon_nts_keys_init(&keys, &master, NOON_S(3600));
	err = err ? err : noon_nts_keys_rotate(&keys, (noon_time){NOON_S(1790000000)});
	assert(!err);
}

static void judge(struct noon_bytes message, uint8_t how)
{
	static uint8_t reply[NOON_NTSKE_MESSAGE_MAX];
	struct noon_wr wr = noon_wr_over(reply, sizeof(reply));
	const struct noon_secret_nts_keys pair = {.c2s = {2}};
	struct noon_ntske_request req;
	const enum noon_ntske_outcome o =
		noon_ntske_request_judge(message, how & 8, how & 16, &req);
	const noon_err err = noon_ntske_reply_write(&conf, &req, o, &pair, &wr);
	size_t at = 0;

	assert(!err);
	assert(noon_ntske_scan(noon_wr_written(&wr), sizeof(reply), &at) == NOON_NTSKE_COMPLETE);
	if (o == NOON_KE_DONE)
		assert(req.ntpv4 && req.aead != NOON_AEAD_NONE);
}

static void begin(void)
{
	const noon_err err = noon_ntske_server_init(&machine, &conf, (noon_time){1000});

	assert(!err);
	noon_actions_reset(&as);
	closed = false;
}

/* Feed a piece of the stream and all timers that are due; false after CLOSE. */
static bool feed(struct noon_bytes data, struct noon_tls *tls)
{
	const struct noon_rx rx = {.data = data, .at = {1000}, .now = {1000}};

	noon_ntske_server_on_packet(&machine, &rx, &as);
	closed = side_obey(&as, tls) || closed;
	for (int i = 0; !closed && noon_ntske_server_deadline(&machine).ns == 1000; i++) {
		assert(i < 100);
		noon_ntske_server_on_timer(&machine, (noon_time){1000}, &as);
		closed = side_obey(&as, tls);
	}
	assert(closed == (noon_ntske_server_outcome(&machine) != NOON_KE_PENDING));
	return !closed;
}

static void raw(struct input *in)
{
	begin();
	while (in->n > 0)
		if (!feed(input_take(in, (size_t)input_u8(in) + 1), NULL))
			break;
	(void)feed(noon_bytes_of(NULL, 0), NULL);
	noon_ntske_server_on_timer(&machine, (noon_time){NOON_S(100)}, &as);
	assert(noon_ntske_server_outcome(&machine) != NOON_KE_PENDING);
	noon_ntske_server_fini(&machine);
}

static void inside_tls(struct input *in)
{
	const struct noon_tls_peer peer = {SIDE_HOST, SIDE_DATE, false};
	struct noon_tls *tls = NULL;
	noon_err err = noon_tls_new(client_ctx, &peer, &tls);

	assert(!err);
	begin();
	side_say(in, tls, feed);
	noon_ntske_server_fini(&machine);
	noon_tls_free(tls);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size < 20000 ? size : 20000};
	const uint8_t how = input_u8(&in);

	if (server_ctx == NULL)
		open_once();
	conf.host = how & 32 ? SIDE_HOST : NULL;
	conf.port = how & 32 ? 11123 : 0;
	if ((how & 3) == 1)
		raw(&in);
	else if ((how & 7) == 2)
		inside_tls(&in);
	else
		judge(noon_bytes_of(in.p, in.n), how);
	return 0;
}
