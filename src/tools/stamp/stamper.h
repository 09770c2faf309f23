/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests time stamps of files from one or more authorities, judges the tokens, and keeps them.
 */
#ifndef NOON_TOOLS_STAMPER_H
#define NOON_TOOLS_STAMPER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "http/http_post.h"
#include "platform/clock/clock.h"
#include "platform/entropy.h"
#include "tools/stamp/quorum.h"

#define NOON_STAMPER_TSAS_MAX 16
#define NOON_STAMPER_PATH_MAX 1024

struct noon_stamper_conf {
	size_t n_tsas;				/**< 1..NOON_STAMPER_TSAS_MAX */
	const char *tsa[NOON_STAMPER_TSAS_MAX]; /**< http:// or https:// */
	enum noon_digest digest;
	const char *policy;    /**< with dots; NULL: any */
	const char *ca;	       /**< of the authorities; NULL: tokens are not verified */
	const char *untrusted; /**< NULL: none */
	const char *tls_ca;    /**< of the servers; NULL: the system's */
	const char *out;       /**< path of the token; NULL: the file's, with a suffix */
	const char *out_dir;   /**< NULL: beside the file */
	noon_dur timeout;
	size_t quorum; /**< required number of agreeing authorities, >= 1 */
	bool token;    /**< keep the token alone, not the response */
	bool force;    /**< replace existing tokens */
};

/** Answer of one authority for one file. */
struct noon_stamp {
	struct noon_tsp_token token; /**< borrows from the connection until the next file */
	char path[NOON_STAMPER_PATH_MAX];
	bool answered;
	bool kept;			  /**< written to path */
	noon_time t1, t4;		  /**< local free-running clock: it was made between them */
	noon_dur asleep;		  /**< noon_clock_asleep() before t1 */
	bool slept;			  /**< the machine, since t1: not compared with others */
	char why[NOON_HTTP_POST_WHY_MAX]; /**< it did not answer, or the token could not be kept */
};

struct noon_stamper {
	struct noon_stamper_conf conf;
	struct noon_entropy entropy;
	struct noon_clock *clock;
	struct noon_ts_trust *trust;
	struct noon_http_post *post[NOON_STAMPER_TSAS_MAX];
	struct noon_stamp stamp[NOON_STAMPER_TSAS_MAX]; /**< of the current file */
	struct noon_quorum offsets;			/**< votes on UTC - h, at one instant */
	noon_dur latest; /**< "quorum" authorities prove this as the latest time; ns since 1970 */
	size_t asked;	 /**< requests sent */
};

enum noon_stamper_result {
	NOON_STAMPER_REACHED, /**< the quorum is reached */
	NOON_STAMPER_MISSED,
	NOON_STAMPER_FAILED, /**< the file could not be read, or a token not be written */
};

/** Set up: trust, connections. *s must be released with noon_stamper_fini() in any case.
 *  @param[out] ret_why  a clause @retval NOON_OK, others */
NOON_MUST_USE noon_err noon_stamper_init(struct noon_stamper *s,
					 const struct noon_stamper_conf *conf,
					 struct noon_ts_why *ret_why);
void noon_stamper_fini(struct noon_stamper *s);

/** Stamp a file, "-" for standard input; the answers are in s->stamp.
 *  @param[out] ret_why  why it failed: a clause */
enum noon_stamper_result noon_stamper_run(struct noon_stamper *s, const char *file,
					  struct noon_ts_why *ret_why);

/** Print the results of the last file. */
void noon_stamper_print(struct noon_stamper *s, const char *file, enum noon_stamper_result result);
/** The same as an object (new reference). */
json_t *noon_stamper_json(struct noon_stamper *s, const char *file,
			  enum noon_stamper_result result);

#endif
