/* SPDX-License-Identifier: Apache-2.0 */
#include "ntske_side.h"

#include <assert.h>

#include "crypto/aead.h"
#include "crypto/x509.h"

void side_open(struct noon_tls_ctx **ret_server, struct noon_tls_ctx **ret_client)
{
	static struct noon_secret_x509 x;
	const struct noon_x509_conf conf = {SIDE_HOST, NULL, 0, 1000000000, 2000000000, false};
	struct noon_tls_pem chain, key;
	struct noon_tls_why why;
	noon_err err = noon_aead_global_init();

	err = err ? err : noon_x509_self_signed(&conf, &x);
	assert(!err);
	chain = (struct noon_tls_pem){NULL, noon_bytes_of(x.cert, x.cert_n)};
	key = (struct noon_tls_pem){NULL, noon_bytes_of(x.key, x.key_n)};
	err = noon_tls_server_ctx_new(&chain, &key, ret_server, &why);
	err = err ? err : noon_tls_client_ctx_new(&chain, ret_client, &why);
	assert(!err);
}

static void feed_all(struct noon_tls *tls, struct noon_bytes data)
{
	const noon_err err = noon_tls_feed(tls, data);

	assert(!err);
}

bool side_obey(struct noon_actions *as, struct noon_tls *tls)
{
	bool closed = false;

	for (size_t i = 0; i < as->n; i++) {
		assert(!closed); /* nothing comes behind CLOSE */
		closed = as->a[i].kind == NOON_ACTION_CLOSE;
		if (as->a[i].kind == NOON_ACTION_SEND && tls != NULL)
			feed_all(tls, as->a[i].send);
	}
	noon_actions_reset(as);
	return closed;
}

static void drain(struct noon_tls *tls)
{
	uint8_t buf[1000];
	size_t n;

	while (noon_tls_read(tls, buf, sizeof(buf), &n) == NOON_OK)
		;
}

/* Carry bytes both ways until nothing moves. */
static bool carry(struct noon_tls *tls, side_feed *feed)
{
	uint8_t buf[2000];
	bool open = true;

	for (;;) {
		struct noon_wr wr = noon_wr_over(buf, sizeof(buf));

		if (noon_tls_handshake(tls) == NOON_OK)
			drain(tls);
		if (noon_tls_take(tls, &wr) == 0)
			return open;
		open = feed(noon_wr_written(&wr), tls) && open;
	}
}

void side_say(struct input *in, struct noon_tls *tls, side_feed *feed)
{
	while (carry(tls, feed) && in->n > 0) {
		const struct noon_bytes piece = input_take(in, 1 + input_u16(in) % 2000U);

		if (piece.n == 0 || noon_tls_write(tls, piece))
			break;
	}
	noon_tls_close(tls);
	(void)carry(tls, feed);
}
