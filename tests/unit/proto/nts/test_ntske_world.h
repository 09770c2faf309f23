/* SPDX-License-Identifier: Apache-2.0
 *
 * A world for the key-exchange tests: certificates, a server machine, and a client that speaks TLS
 * but says whatever a test wants.
 */
#ifndef NOON_TESTS_NTSKE_WORLD_H
#define NOON_TESTS_NTSKE_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/tls.h"
#include "crypto/x509.h"
#include "proto/nts/ntske_client.h"
#include "proto/nts/ntske_server.h"
#include "wire/ntske.h"

#define WORLD_HOST "time.example"
#define WORLD_FROM 1000000000 /* validity of the certificates, s */
#define WORLD_TILL 2000000000
#define WORLD_DATE 1500000000 /* between the two */
#define WORLD_T0   ((noon_time){1000})

/** Contexts that all tests of a program share. */
struct world {
	struct noon_secret_x509 ours, other; /**< same names, different keys */
	struct noon_tls_ctx *server, *server_other, *client;
	struct noon_ntske_counters counters;
	struct noon_ntske_server_conf conf;
	unsigned cookies;		  /**< made so far */
	size_t cookie_bytes;		  /**< length the cookie maker uses */
	noon_err cookie_err;		  /**< what it returns */
	struct noon_secret_nts_keys keys; /**< it was asked for most recently */
	enum noon_aead_id aead;
};

extern struct world world;

int world_make(void **state);
int world_reset(void **state); /**< before each test: configuration and counters */
int world_free(void **state);
struct noon_tls_ctx *world_server_ctx(const struct noon_secret_x509 *x);

/** One connection to the server machine. */
struct talk {
	struct noon_ntske_server s;
	struct noon_tls *tls; /**< the client's side; NULL: the test feeds bytes itself */
	noon_time now;
	size_t piece;	    /**< bytes of the stream handed over at once */
	size_t from_server; /**< bytes of the stream the server sent */
	bool closed;	    /**< CLOSE seen */
	noon_err close;
	bool notified; /**< close_notify seen */
	size_t n;      /**< bytes of the reply */
	uint8_t reply[NOON_NTSKE_MESSAGE_MAX];
};

/** Connect; the handshake is done afterwards if `shake`. */
void talk_open(struct talk *t, bool shake);
/** Encrypt and send. */
void talk_say(struct talk *t, struct noon_bytes data);
/** Hand raw bytes of the stream to the server. */
void talk_raw(struct talk *t, struct noon_bytes data);
/** Carry everything that waits, both ways. */
void talk_carry(struct talk *t);
/** Let time pass without a byte. */
void talk_wait(struct talk *t, noon_dur d);
void talk_end(struct talk *t);

/** What a reply holds. */
struct reply {
	unsigned count[8]; /**< records by type 0..7 */
	unsigned compliant;
	unsigned unknown_critical;
	size_t protocols, aeads; /**< values in those records */
	uint16_t protocol, aead, error, port;
	char host[256];
	unsigned cookies_odd; /**< not a multiple of 4, or critical */
	bool distinct;	      /**< no cookie twice */
	bool end_last;	      /**< critical, empty, last */
};

struct reply reply_of(const struct talk *t);
/** "sane" and "ok" of the requirement list. */
bool reply_is_sane(const struct talk *t, const struct reply *r);
bool reply_is_ok(const struct talk *t, const struct reply *r);

/** A request under construction. */
struct request {
	uint8_t buf[70000];
	struct noon_wr wr;
};

struct request *request_new(void); /**< one static buffer, emptied */
void request_items(struct request *q, bool critical, unsigned type, const uint16_t *items,
		   size_t n);
void request_add(struct request *q, bool critical, unsigned type, const void *body, size_t n);
void request_protocol(struct request *q); /**< critical, NTPv4 */
void request_aead(struct request *q, uint16_t id);
void request_end(struct request *q);

/** Send a whole request in a fresh connection and return the reply; t stays open for questions. */
struct reply request_run(struct talk *t, const struct request *q);

/** Write the first flight of a plain OpenSSL client; returns its length. */
size_t world_hello(int version, const char *alpn, uint8_t *out, size_t room);

#endif
