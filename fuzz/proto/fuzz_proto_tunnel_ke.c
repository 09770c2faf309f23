/* SPDX-License-Identifier: Apache-2.0
 *
 * Property: any message, and any stream, ends the key exchange of a tunnel; what is read is sound.
 *
 * The first byte chooses: read the rest as a message without TLS, and write it again; feed it to
 * either end as the raw stream, in pieces; or let the asking end, whose certificate is right, say
 * it inside TLS.
 */
#include <assert.h>
#include <string.h>

#include "crypto/x509.h"
#include "input.h"
#include "ntske_side.h"
#include "proto/tunnel/tunnel.h"
#include "proto/tunnel/tunnel_ke.h"

#define HOST "end.example"
#define DATE 1500000000
#define T0   1000

static struct noon_tls_ctx *ctx[2]; /* client, server */
static struct noon_tunnel_ke machine;
static struct noon_actions as;

static void make_contexts(void)
{
	static const char *const name = HOST;
	const struct noon_x509_conf conf = {HOST, &name, 1, 1000000000, 2000000000, true};
	static struct noon_secret_x509 x;
	noon_err err = noon_x509_self_signed(&conf, &x);

	for (int i = 0; i < 2 && !err; i++) {
		const struct noon_tls_mutual m = {.is_server = i == 1,
						  .chain = {NULL, noon_bytes_of(x.cert, x.cert_n)},
						  .key = {NULL, noon_bytes_of(x.key, x.key_n)},
						  .ca = {NULL, noon_bytes_of(x.cert, x.cert_n)}};
		struct noon_tls_why why;

		err = noon_tls_mutual_ctx_new(&m, &ctx[i], &why);
	}
	assert(!err);
}

static void read_message(struct noon_bytes message)
{
	uint8_t raw[NOON_TUNNEL_KE_MESSAGE_MAX];
	struct noon_wr wr = noon_wr_over(raw, sizeof(raw));
	struct noon_tunnel_ke_message m, again;
	noon_err err;

	if (noon_tunnel_ke_read(message, &m) || !m.has_tunnel || !m.has_form || !m.has_epoch ||
	    m.is_refusal)
		return;
	assert(m.terms.version == 4 || m.terms.version == 6);
	assert(m.epoch >= 1 && m.epoch <= NOON_TUNNEL_EPOCH_MAX);
	err = noon_tunnel_ke_request_write(&wr, &m.terms, m.epoch);
	assert(!err);
	err = noon_tunnel_ke_read(noon_wr_written(&wr), &again);
	assert(!err && memcmp(&m.terms, &again.terms, sizeof(m.terms)) == 0);
	assert(again.epoch == m.epoch);
}

static struct noon_tunnel_ke_answer judge(void *arg, const struct noon_tls *tls,
					  const struct noon_tunnel_ke_terms *asked)
{
	static const struct noon_tunnel_ke_form ours = {.key_len = 16, .ah = true};

	(void)arg;
	if (!noon_tls_peer_is(tls, HOST))
		return (struct noon_tunnel_ke_answer){.is_refused = true,
						      .code = NOON_TUNNEL_KE_NAME};
	if (!asked->is_ptp && !noon_tunnel_ke_form_equal(&ours, &asked->form))
		return (struct noon_tunnel_ke_answer){
			.is_refused = true, .code = NOON_TUNNEL_KE_FORM, .ours = &ours};
	if (asked->is_ptp)
		return (struct noon_tunnel_ke_answer){.floor = 9, .key = {1, 7, 3600}};
	return (struct noon_tunnel_ke_answer){.floor = 9};
}

static void begin(bool asks)
{
	const struct noon_tunnel_ke_conf conf = {
		.tls = ctx[asks ? 0 : 1],
		.peer = {asks ? HOST : NULL, DATE, false},
		.asks = asks,
		.terms = {.version = 4, .form = {.key_len = 16, .ah = true}},
		.floor = 3,
		.judge = judge};
	const noon_err err = noon_tunnel_ke_init(&machine, &conf, (noon_time){T0});

	assert(!err);
	noon_actions_reset(&as);
}

static bool feed(struct noon_bytes data, struct noon_tls *tls)
{
	const struct noon_rx rx = {.data = data, .at = {T0}, .now = {T0}};

	noon_tunnel_ke_on_packet(&machine, &rx, &as);
	(void)side_obey(&as, tls);
	for (int i = 0; noon_tunnel_ke_deadline(&machine).ns == T0; i++) {
		assert(i < 100);
		noon_tunnel_ke_on_timer(&machine, (noon_time){T0}, &as);
		(void)side_obey(&as, tls);
	}
	return noon_tunnel_ke_outcome(&machine) == NOON_KE_PENDING;
}

static void end(void)
{
	struct noon_tunnel_ke_result result;

	(void)feed(noon_bytes_of(NULL, 0), NULL);
	noon_tunnel_ke_on_timer(&machine, (noon_time){NOON_S(100)}, &as);
	assert(noon_tunnel_ke_outcome(&machine) != NOON_KE_PENDING);
	assert(noon_tunnel_ke_reason(&machine)[0] != '\0');
	if (noon_tunnel_ke_result(&machine, &result) == NOON_OK)
		assert(result.epoch >= 9 && result.epoch <= NOON_TUNNEL_EPOCH_MAX);
	noon_tunnel_ke_fini(&machine);
}

static void raw_stream(struct input *in, bool asks)
{
	begin(asks);
	while (in->n > 0)
		if (!feed(input_take(in, (size_t)input_u8(in) + 1), NULL))
			break;
	assert(noon_tunnel_ke_outcome(&machine) != NOON_KE_DONE);
	end();
}

static void inside_tls(struct input *in)
{
	const struct noon_tls_peer peer = {HOST, DATE, false};
	struct noon_tls *tls = NULL;
	const noon_err err = noon_tls_new(ctx[0], &peer, &tls);

	assert(!err);
	begin(false);
	side_say(in, tls, feed);
	end();
	noon_tls_free(tls);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size < 20000 ? size : 20000};
	const uint8_t how = input_u8(&in);

	if (ctx[0] == NULL)
		make_contexts();
	if ((how & 3) == 1)
		raw_stream(&in, (how & 4) != 0);
	else if ((how & 7) == 2)
		inside_tls(&in);
	else
		read_message(noon_bytes_of(in.p, in.n));
	return 0;
}
