/* SPDX-License-Identifier: Apache-2.0
 *
 * A server for one client under test: it sends good and bad answers and records what the client
 * does.
 *
 * Which answer a request gets depends on its number and on its keys only, so that a client may poll
 * as it likes (client_script.h). Cookies are random and remembered; an answer that a client must
 * reject carries a bait cookie, which shows if it is sent back.
 */
#ifndef NOON_CHECK_CLIENT_SERVER_H
#define NOON_CHECK_CLIENT_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/time.h"
#include "check/client/client_script.h"
#include "crypto/aead.h"
#include "wire/ntp.h"

#define NOON_CHECK_CLIENT_REQUESTS 512
#define NOON_CHECK_CLIENT_KES	   64
#define NOON_CHECK_CLIENT_COOKIES  2048
#define NOON_CHECK_CLIENT_COOKIE   100 /**< bytes of a good one */
/** Bytes of a huge one: a request with it does not fit into an Ethernet frame. */
#define NOON_CHECK_CLIENT_HUGE 1400
#define NOON_CHECK_CLIENT_UID  64

/** Where a cookie came from. */
enum noon_check_client_bait {
	NOON_BAIT_NONE, /**< a good cookie */
	NOON_BAIT_BARE,
	NOON_BAIT_TAMPERED,
	NOON_BAIT_OTHER_UID,
	NOON_BAIT_HUGE,
	NOON_BAIT_UNKNOWN, /**< none of ours */
};

struct noon_check_client_cookie {
	uint8_t p[NOON_CHECK_CLIENT_COOKIE]; /**< of a huge one, the beginning */
	enum noon_check_client_bait bait;
	uint8_t key; /**< which key exchange */
	unsigned used;
};

/** One request with NTS as it came. */
struct noon_check_client_request {
	noon_time at;	     /**< monotonic */
	noon_dur from_clock; /**< its transmit timestamp minus our time, absolute */
	enum noon_check_client_step step;
	struct noon_ntp_header header;
	uint16_t port;
	uint8_t uid[NOON_CHECK_CLIENT_UID];
	size_t uid_n, n_uid, n_cookie, cookie_n, placeholders;
	enum noon_check_client_bait bait;
	bool again; /**< its cookie had been sent before */
	bool bad_placeholder;
	bool short_nonce; /**< with its padding it is shorter than N_REQ (RFC 8915, 5.6) */
	bool auth;	  /**< the authenticator verifies */
	bool tail;	  /**< something follows the authenticator */
	bool nts_tail;	  /**< and it is a field of NTS; or there is no authenticator */
};

struct noon_check_client_ke {
	noon_time at;
	size_t requests; /**< how many requests had come before */
	bool refused;	 /**< by us, on purpose */
	bool put_off;	 /**< it was refused to a client that still had cookies, after a NAK */
	bool shown;	 /**< it was refused with a certificate that no client can trust */
	bool fooled;	 /**< and the client sent its request nevertheless */
	enum noon_aead_id aead;
	uint8_t c2s[NOON_AEAD_KEY_MAX], s2c[NOON_AEAD_KEY_MAX];
};

struct noon_check_client_conf {
	const char *listen;	/**< numeric address */
	const char *cert, *key; /**< PEM files */
	uint16_t ke_port;
	uint16_t ntp_port; /**< 0: any */
	enum noon_aead_id
		aead; /**< the only one agreed to; NONE: the client's first of 15 and 30 */
};

struct noon_check_client_server {
	struct noon_check_client_request request[NOON_CHECK_CLIENT_REQUESTS];
	size_t n_request;
	struct noon_check_client_ke ke[NOON_CHECK_CLIENT_KES];
	size_t n_ke;	    /**< with a complete request, or refused on purpose */
	size_t n_strange;   /**< other connections */
	char strange[120];  /**< what the latest of those lacked; static text or OpenSSL's */
	size_t n_plain;	    /**< requests without NTS from the client's address */
	size_t n_malformed; /**< from there, no NTP or not parsed */
	size_t silence;	    /**< number of the first request that gets silence */
	struct noon_check_client_cookie cookie[NOON_CHECK_CLIENT_COOKIES];
	size_t n_cookie;
	char peer[64]; /**< numeric address of the client, once it is known */
	enum noon_aead_id aead;
	uint16_t ntp_port;
	int ke_fd, ntp_fd;
	void *tls;				  /**< owned: OpenSSL's context */
	void *false_tls;			  /**< owned: one that no client can trust */
	uint8_t in[4096], out[4096], plain[2048]; /**< room for one packet or message */
	noon_time heard;			  /**< when the latest packet or connection came */
	noon_time ended;
};

/** Bind and load the certificate. @param[out] ret_why  what could not be done; static
 *  @retval NOON_OK
 *  @retval NOON_ERR_RANGE  listen is no address
 *  @retval NOON_ERR_OS     a port cannot be had; errno tells more
 *  @retval NOON_ERR_TLS    the certificate or its key */
NOON_MUST_USE noon_err noon_check_client_server_init(struct noon_check_client_server *s,
						     const struct noon_check_client_conf *conf,
						     const char **ret_why);
void noon_check_client_server_fini(struct noon_check_client_server *s);

/** Wait up to `longest` for a packet or a connection, or for stop_fd (-1: none), and serve it. */
void noon_check_client_server_serve(struct noon_check_client_server *s, noon_dur longest,
				    int stop_fd);

/** Tell whether the test is complete: the back-off of a client whose key exchanges fail is known,
 *  or the client has stopped. */
bool noon_check_client_server_is_done(const struct noon_check_client_server *s);

#endif
