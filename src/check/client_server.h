/* SPDX-License-Identifier: Apache-2.0
 *
 * A server for one client under test: it answers well and badly, and notes what the client does.
 *
 * Which answer a request gets depends only on its number, so that a client may poll as it likes.
 * Cookies are random and remembered; what a client must not believe comes with a bait cookie, which
 * shows when it is sent back.
 */
#ifndef NOON_CHECK_CLIENT_SERVER_H
#define NOON_CHECK_CLIENT_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/time.h"
#include "crypto/aead.h"
#include "wire/ntp.h"

#define NOON_CLIENT_REQUESTS 512
#define NOON_CLIENT_KES	     64
#define NOON_CLIENT_COOKIES  2048
#define NOON_CLIENT_COOKIE   100 /**< bytes of a good one */
#define NOON_CLIENT_HUGE     1100
#define NOON_CLIENT_UID	     64

/** What a request is answered with. */
enum noon_client_step {
	NOON_STEP_GOOD,
	NOON_STEP_BARE,	     /**< time without an authenticator, then the good answer */
	NOON_STEP_TAMPERED,  /**< an authenticator that does not verify, then the good answer */
	NOON_STEP_NAK_OTHER, /**< a NAK with another identifier, and nothing else */
	NOON_STEP_NAK_FIRST, /**< a NAK with the right identifier, then the good answer */
	NOON_STEP_ZERO,	     /**< a good answer with a cookie of no bytes */
	NOON_STEP_HUGE,	     /**< a good answer with a huge cookie */
	NOON_STEP_SILENT,    /**< nothing, and key exchanges fail */
};

/** Where a cookie came from. */
enum noon_client_bait {
	NOON_BAIT_NONE, /**< a good cookie */
	NOON_BAIT_BARE,
	NOON_BAIT_TAMPERED,
	NOON_BAIT_HUGE,
	NOON_BAIT_UNKNOWN, /**< none of ours */
};

struct noon_client_cookie {
	uint8_t p[NOON_CLIENT_COOKIE]; /**< of a huge one, the beginning */
	enum noon_client_bait bait;
	uint8_t key; /**< which key exchange */
	unsigned used;
};

/** One request with NTS as it came. */
struct noon_client_request {
	noon_time at;	     /**< monotonic */
	noon_dur from_clock; /**< its transmit timestamp minus our time, absolute */
	enum noon_client_step step;
	struct noon_ntp_header header;
	uint16_t port;
	uint8_t uid[NOON_CLIENT_UID];
	size_t uid_n, n_uid, n_cookie, cookie_n, placeholders;
	enum noon_client_bait bait;
	bool again; /**< its cookie had come before */
	bool bad_placeholder;
	bool last; /**< the authenticator is the last field */
	bool auth; /**< and verifies */
};

struct noon_client_ke {
	noon_time at;
	size_t requests; /**< how many requests had come before */
	bool refused;	 /**< by us, on purpose */
};

struct noon_client_conf {
	const char *listen;	/**< numeric address */
	const char *cert, *key; /**< PEM files */
	uint16_t ke_port;
	uint16_t ntp_port; /**< 0: any */
};

struct noon_client_server {
	struct noon_client_request request[NOON_CLIENT_REQUESTS];
	size_t n_request;
	struct noon_client_ke ke[NOON_CLIENT_KES];
	size_t n_ke;	    /**< with a whole request, or refused on purpose */
	size_t n_plain;	    /**< requests without NTS from the client's address */
	size_t n_malformed; /**< from there, no NTP or not parsed */
	struct noon_client_cookie cookie[NOON_CLIENT_COOKIES];
	size_t n_cookie;
	uint8_t c2s[NOON_CLIENT_KES][32], s2c[NOON_CLIENT_KES][32];
	char peer[64]; /**< numeric address of the client, once it is known */
	uint16_t ntp_port;
	int ke_fd, ntp_fd;
	void *tls;				  /**< owned: OpenSSL's context */
	uint8_t in[4096], out[4096], plain[2048]; /**< room for one packet or message */
	noon_time ended;
};

/** Bind and load the certificate. @param[out] ret_why  what could not be done; static
 *  @retval NOON_OK, NOON_ERR_OS, NOON_ERR_TLS */
NOON_MUST_USE noon_err noon_client_server_init(struct noon_client_server *s,
					       const struct noon_client_conf *conf,
					       const char **ret_why);
void noon_client_server_fini(struct noon_client_server *s);

/** Serve until all has been seen, or for so long. */
void noon_client_server_run(struct noon_client_server *s, noon_dur longest);

/** Return what the n-th request is answered with, from 0. */
enum noon_client_step noon_client_step_of(size_t n);

#endif
