/* SPDX-License-Identifier: Apache-2.0
 *
 * One key exchange of a tunnel, or for a key of PTP, either end of it: TLS 1.3 in which each end
 * checks the other's certificate, one request, one reply, and a secret from the exporter (RFC 8446,
 * section 7.5). The stream and its limits are those of NTS-KE (proto/nts/ntske_stream).
 *
 * The secret depends on what was agreed on, addresses, form and epoch, so that two ends that
 * understood each other differently have none in common. The keys of TLS are gone with the
 * connection: who takes the private key of a certificate later learns nothing of the secret.
 *
 * Which of the tunnels a request is for, and whether the certificate may have it, is the owner's
 * answer (struct noon_tunnel_ke_conf). The five verbs are those of proto/nts/ntske_server.h. An
 * owner that answers takes the result after each on_packet(), before it carries the actions out:
 * the other end may use the secret as soon as it has the reply.
 */
#ifndef NOON_PROTO_TUNNEL_KE_H
#define NOON_PROTO_TUNNEL_KE_H

#include "base/action.h"
#include "base/time.h"
#include "crypto/tls.h"
#include "proto/nts/ntske_outcome.h"
#include "proto/nts/ntske_stream.h"
#include "proto/tunnel/tunnel.h"
#include "proto/tunnel/tunnel_ke_message.h"
#include "proto/tunnel/tunnel_keys.h"

/** Longest message accepted, bytes. */
#define NOON_TUNNEL_KE_BYTES_MAX 1024

/** An answer to a request. */
struct noon_tunnel_ke_answer {
	bool is_refused;
	uint16_t code;				/**< refused: enum noon_tunnel_ke_refusal */
	const struct noon_tunnel_ke_form *ours; /**< refused for the form; borrowed for the call */
	uint64_t floor;		       /**< tunnel: lowest epoch that this end can begin with */
	struct noon_tunnel_ke_key key; /**< PTP */
};

/** Answer a request, whose certificate is that of `tls`. */
typedef struct noon_tunnel_ke_answer noon_tunnel_ke_judge(void *arg, const struct noon_tls *tls,
							  const struct noon_tunnel_ke_terms *asked);

/** Return what an exchange for the tunnel of a configuration is about. */
struct noon_tunnel_ke_terms noon_tunnel_ke_terms_of(const struct noon_tunnel_conf *c);

struct noon_tunnel_ke_conf {
	struct noon_tls_ctx *tls;	   /**< mutual, of the right end; borrowed for init */
	struct noon_tls_peer peer;	   /**< borrowed for init */
	bool asks;			   /**< this end is TLS's client */
	struct noon_tunnel_ke_terms terms; /**< asks: of the tunnel */
	uint64_t floor;			   /**< asks: lowest epoch that this end can begin with */
	noon_tunnel_ke_judge *judge;	   /**< does not ask */
	void *arg;
	noon_dur time_limit; /**< 0: NOON_NTSKE_TIME_LIMIT */
};

struct noon_tunnel_ke {
	struct noon_ntske_stream stream;
	bool asks;
	struct noon_tunnel_ke_terms terms; /**< as agreed on */
	uint64_t epoch;			   /**< to begin with; asks: the floor before that */
	struct noon_tunnel_ke_key key;	   /**< PTP */
	noon_tunnel_ke_judge *judge;
	void *arg;
	uint16_t refusal; /**< code, given or received */
	bool has_form;
	struct noon_tunnel_ke_form form; /**< of the other end, if it refused for that */
	struct noon_tls_why why;
	char reason[200];
	uint8_t owner[NOON_TLS_DIGEST];
	int64_t valid_from_s; /**< of the other end's certificates, UTC */
	int64_t valid_till_s;
	struct noon_secret_tunnel secret;
};

/**
 * Begin.
 * @retval NOON_OK
 * @retval NOON_ERR_RANGE   name of the peer empty or too long
 * @retval NOON_ERR_CRYPTO  no memory for TLS
 */
NOON_MUST_USE noon_err noon_tunnel_ke_init(struct noon_tunnel_ke *x,
					   const struct noon_tunnel_ke_conf *conf, noon_time now);
/** Free TLS, wipe the secret; a zeroed struct is fine. */
void noon_tunnel_ke_fini(struct noon_tunnel_ke *x);

void noon_tunnel_ke_on_packet(struct noon_tunnel_ke *x, const struct noon_rx *rx,
			      struct noon_actions *out);
/** Does nothing: a key exchange needs no transmit times. */
void noon_tunnel_ke_on_sent(struct noon_tunnel_ke *x, uint32_t token, noon_time sent,
			    struct noon_actions *out);
void noon_tunnel_ke_on_timer(struct noon_tunnel_ke *x, noon_time now, struct noon_actions *out);
noon_time noon_tunnel_ke_deadline(const struct noon_tunnel_ke *x);

/** Return how it ended; NOON_KE_PENDING before the end. For an end that does not ask, DONE says
 *  that the reply is written. */
enum noon_ntske_outcome noon_tunnel_ke_outcome(const struct noon_tunnel_ke *x);
/** Return a sentence about how it ended; borrowed from x. */
const char *noon_tunnel_ke_reason(struct noon_tunnel_ke *x);

/** What an exchange agreed on. */
struct noon_tunnel_ke_result {
	struct noon_tunnel_ke_terms terms;
	uint64_t epoch;			/**< of a tunnel */
	struct noon_tunnel_ke_key key;	/**< of PTP */
	uint8_t owner[NOON_TLS_DIGEST]; /**< noon_tls_peer_owner() */
	int64_t valid_from_s;		/**< of the other end's certificates, s since 1970 UTC */
	int64_t valid_till_s;
	struct noon_secret_tunnel secret; /**< wipe it */
};

/** Copy the result out. @retval NOON_OK, NOON_ERR_STATE (no success) */
NOON_MUST_USE noon_err noon_tunnel_ke_result(const struct noon_tunnel_ke *x,
					     struct noon_tunnel_ke_result *ret);

#endif
