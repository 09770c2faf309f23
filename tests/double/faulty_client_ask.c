/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "faulty_client.h"
#include "wire/ntp.h"
#include "wire/ntp_ext.h"

static void take_from_jar(struct client *c)
{
	c->sent = c->jar[0];
	/* Each second request keeps what it sent. */
	if (has(c, FAULT_SAME_COOKIE) && c->n_asked % 2 == 0)
		return;
	memmove(c->jar, c->jar + 1, (JAR - 1) * sizeof(c->jar[0]));
	c->n--;
}

/* A new source port for each request. */
static void open_socket(struct client *c)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	bool bound = !has(c, FAULT_LOW_PORT);

	if (c->fd >= 0 && has(c, FAULT_SAME_PORT))
		return;
	if (c->fd >= 0)
		(void)close(c->fd);
	c->fd = socket(AF_INET, SOCK_DGRAM, 0);
	must(c->fd >= 0, "socket");
	for (int i = 0; i < 100 && !bound; i++) {
		uint16_t word;

		random_bytes(&word, sizeof(word));
		at.sin_port = htons((uint16_t)(600 + word % 400));
		bound = bind(c->fd, (const struct sockaddr *)&at, sizeof(at)) == 0;
	}
	must(bound && connect(c->fd, (const struct sockaddr *)&c->ntp, sizeof(c->ntp)) == 0,
	     "port");
}

static void put_header(struct client *c, struct noon_wr *wr)
{
	struct noon_ntp_header h = {.version = 4, .mode = NOON_NTP_MODE_CLIENT};
	struct timespec ts;

	random_bytes(&c->transmit, sizeof(c->transmit));
	(void)clock_gettime(CLOCK_REALTIME, &ts);
	if (has(c, FAULT_CLOCK_TRANSMIT))
		c->transmit = noon_ntp_ts_from_time(
			(noon_time){ts.tv_sec * NOON_NS_PER_SEC + ts.tv_nsec});
	if (has(c, FAULT_SAME_TRANSMIT))
		c->transmit = 77;
	if (has(c, FAULT_TELLING_HEADER))
		h.reference = c->transmit;
	h.transmit = c->transmit;
	must(!noon_ntp_header_put(wr, &h), "header");
}

static void put_uid(struct client *c, struct noon_wr *wr)
{
	if (!has(c, FAULT_SAME_UID))
		random_bytes(c->uid, sizeof(c->uid));
	for (int i = 0; i < (has(c, FAULT_TWO_UIDS) ? 2 : 1); i++)
		must(!noon_ntp_ext_put(wr, NOON_EXT_UNIQUE_ID,
				       noon_bytes_of(c->uid, has(c, FAULT_SHORT_UID) ? 24 : 32)),
		     "identifier");
}

static void put_cookies(struct client *c, struct noon_wr *wr)
{
	const size_t lack = c->n < JAR ? JAR - 1 - c->n : 0;
	const size_t off = has(c, FAULT_LONG_PLACEHOLDER) ? 4 : 0;
	size_t placeholders = has(c, FAULT_MANY_PLACEHOLDERS) ? JAR : lack;

	for (int i = 0; i < (has(c, FAULT_TWO_COOKIES) ? 2 : 1); i++)
		must(!noon_ntp_ext_put(wr, NOON_EXT_COOKIE, noon_bytes_of(c->sent.p, c->sent.n)),
		     "cookie");
	for (; placeholders > 0 && noon_wr_len(wr) < 1000; placeholders--)
		must(!noon_ntp_ext_put_zeros(wr, NOON_EXT_PLACEHOLDER, c->sent.n + off),
		     "placeholder");
}

static void put_auth(struct client *c, struct noon_wr *wr)
{
	const struct noon_bytes ad = noon_wr_written(wr);
	const uint8_t *key = has(c, FAULT_WRONG_KEY) ? c->s2c : c->c2s;
	struct noon_aead aead;
	uint8_t nonce[16];
	const struct noon_bytes iv =
		noon_bytes_of(nonce, has(c, FAULT_SHORT_NONCE) ? 8 : noon_aead_nonce_len(c->aead));

	random_bytes(nonce, sizeof(nonce));
	must(!noon_ntp_auth_begin(wr, iv, NOON_AEAD_TAG) &&
		     !noon_aead_init(&aead, c->aead,
				     noon_bytes_of(key, noon_aead_key_len(c->aead))) &&
		     !noon_aead_seal(&aead, iv, ad, noon_bytes_of(nonce, 0), wr),
	     "authenticator");
	noon_aead_fini(&aead);
	if (has(c, FAULT_LATE_PLACEHOLDER))
		must(!noon_ntp_ext_put_zeros(wr, NOON_EXT_PLACEHOLDER, c->sent.n), "placeholder");
	if (has(c, FAULT_LATE_FIELD))
		must(!noon_ntp_ext_put_zeros(wr, 0x4321, 28), "field");
}

void ask(struct client *c, bool nts)
{
	struct noon_wr wr = noon_wr_over(c->out, sizeof(c->out));
	size_t n;

	open_socket(c);
	put_header(c, &wr);
	if (nts) {
		take_from_jar(c);
		put_uid(c, &wr);
		put_cookies(c, &wr);
		put_auth(c, &wr);
	}
	n = noon_wr_len(&wr);
	if (has(c, FAULT_CUT_OFF) && c->n_asked % 7 == 3)
		n -= 6;
	c->n_asked++;
	(void)send(c->fd, c->out, n, 0);
}
