/* SPDX-License-Identifier: Apache-2.0
 *
 * A world in memory for the NTP machines: one server with cookie keys, one client, a local clock
 * that stands still unless it is moved, and a generator that repeats for its seed. Also a writer of
 * requests and replies that can break every rule. Fuzz targets use it too, so it asserts by itself.
 */
#ifndef TEST_NTP_WORLD_H
#define TEST_NTP_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/action.h"
#include "base/rng.h"
#include "proto/ntp/ntp_client.h"
#include "proto/ntp/ntp_server.h"
#include "proto/nts/nts_keys.h"
#include "proto/nts/nts_packet.h"

#define WORLD_UTC    NOON_S(1790000000) /**< server time at the start: 2026-09-21 */
#define WORLD_PERIOD NOON_S(86400)	/**< of the cookie keys */
#define WORLD_ROOM   1500		/**< bytes of a datagram */

struct datagram {
	size_t n;
	uint8_t p[WORLD_ROOM];
};

struct ntp_world {
	struct noon_rng rng;
	struct noon_secret_nts_master master;
	struct noon_nts_keys keys;
	struct noon_ntp_server server;
	struct noon_secret_nts_keys pair; /**< of the last session made */
	enum noon_aead_id aead;		  /**< of the sessions made */
	struct noon_ntp_client client;
	struct noon_actions as;
	noon_time now;	/**< local free-running clock */
	noon_dur ahead; /**< server time - local clock */
	/* What the client did, all told, and the last of each. */
	unsigned sends, samples, misses, connects;
	uint32_t token;
	struct datagram request;
	struct datagram reply;
	struct noon_sample sample;
};

/** Make the server and the keys. */
void ntp_world_open(struct ntp_world *w, enum noon_aead_id aead, uint64_t seed);
/** Add the client, with NTS or without; it starts at w->now. */
void ntp_world_client(struct ntp_world *w, bool nts);
void ntp_world_close(struct ntp_world *w);

/** Make a session as a key exchange would. */
void ntp_world_session(struct ntp_world *w, size_t n_cookies, struct noon_nts_session *ret);
/** Make one and give it to the client. */
void ntp_world_rekey(struct ntp_world *w, size_t n_cookies);

/** Move to the client's deadline (not backwards) and call on_timer. */
void ntp_world_timer(struct ntp_world *w);
/** Let the server answer w->request after `up` ns, holding it for `held` ns; into w->reply. */
enum noon_verdict ntp_world_answer(struct ntp_world *w, noon_dur up, noon_dur held);
/** Give a datagram to the client `later` ns from now; returns the verdict that was counted. */
enum noon_verdict ntp_world_deliver(struct ntp_world *w, const struct datagram *d, noon_dur later);
/** Timer, answer and delivery in one: 1 ms up, 10 us held, 1 ms down. */
enum noon_verdict ntp_world_exchange(struct ntp_world *w);
/** Timers until the client has sent a request. */
void ntp_world_until_sent(struct ntp_world *w);
/** The server's answer to any datagram. */
enum noon_verdict ntp_world_ask(struct ntp_world *w, const struct datagram *request,
				struct datagram *reply);

/** A request to be written, with everything that can be wrong with it. */
struct recipe {
	uint8_t leap, version, mode;
	unsigned n_uid;
	size_t uid_n; /**< bytes of each */
	unsigned n_cookie;
	unsigned n_placeholder, n_encrypted;
	size_t placeholder_n; /**< bytes of each; 0: as the cookie */
	size_t nonce_n;	      /**< bytes sent; the rest of what the cipher needs is not */
	size_t padding;	      /**< additional, behind the ciphertext */
	bool no_auth;
	bool with_s2c;	   /**< authenticate with the wrong key */
	size_t trailing_n; /**< bytes of an unknown field behind the authenticator, header included
			    */
	uint16_t unknown;  /**< type of a field of 28 bytes in front of all; 0: none */
	const struct noon_nts_cookie *cookie; /**< NULL: a fresh one */
};

struct recipe recipe_good(const struct ntp_world *w);
void recipe_write(struct ntp_world *w, const struct recipe *r, struct datagram *out);

/** Write an authenticated reply to w->request with this header and these encrypted fields. */
void ntp_world_seal(struct ntp_world *w, const struct noon_ntp_header *h, struct noon_bytes fields,
		    struct datagram *out);
/** The header of a good reply to w->request. */
struct noon_ntp_header ntp_world_header(const struct ntp_world *w);
/** Write an NTS NAK to w->request. */
void ntp_world_nak(const struct ntp_world *w, struct datagram *out);

/** Decrypt a reply and count its cookies; copies up to `room` of them. Asserts that it opens. */
size_t ntp_world_cookies(struct ntp_world *w, const struct datagram *reply,
			 struct noon_nts_cookie *out, size_t room);

struct noon_ntp_header header_of(const struct datagram *d);
void header_set(struct datagram *d, const struct noon_ntp_header *h);

#endif
