/* SPDX-License-Identifier: Apache-2.0
 *
 * One key exchange of any shape: what is sent, how, and everything observed of the answer.
 */
#ifndef NOON_CHECK_KE_PROBE_H
#define NOON_CHECK_KE_PROBE_H

#include "base/bytes.h"
#include "check/target.h"
#include "wire/ntske.h"

#define NOON_KE_REPLY_MAX 65536
#define NOON_KE_RECORDS	  64

/** How far a probe got, in ascending order. */
enum noon_ke_end {
	NOON_KE_NO_CONNECTION, /**< refused, unreachable, or no answer to SYN */
	NOON_KE_NO_TLS,	       /**< the handshake failed or never completed */
	NOON_KE_SILENT,	       /**< nothing within the time-out, connection open */
	NOON_KE_RESET,	       /**< reset after the handshake */
	NOON_KE_TRUNCATED,     /**< TCP was closed without close_notify */
	NOON_KE_CLOSED,	       /**< close_notify was received */
};

struct noon_ke_probe {
	/* What to do. */
	struct noon_bytes request; /**< after the handshake */
	const char *alpn;	   /**< NULL: the extension is left out; default "ntske/1" */
	int tls_max;		   /**< 0x0303: TLS 1.2 at most; 0: no limit */
	size_t piece;		   /**< bytes of each TLS record; 0: all at once */
	noon_dur piece_pause;	   /**< between them */
	bool fin_early;		   /**< close_notify right after the request */
	bool no_request;	   /**< send nothing and wait */
	noon_dur timeout;	   /**< 0: the time-out of the target */

	/* What came. */
	enum noon_ke_end end;
	char why[160];	   /**< of a failure: the text of the system or of OpenSSL */
	int tls_version;   /**< 0x0304 is TLS 1.3 */
	char alpn_got[32]; /**< "" for none */
	uint8_t reply[NOON_KE_REPLY_MAX];
	size_t n;
	bool parsed;					  /**< complete records only */
	bool has_end;					  /**< it has a record END */
	size_t after_end;				  /**< bytes after it */
	size_t n_records;				  /**< at most NOON_KE_RECORDS are kept */
	struct noon_ntske_record record[NOON_KE_RECORDS]; /**< into reply */
	noon_dur took;		     /**< from the request to the end of the reply */
	uint8_t key[2][2][32];	     /**< [AEAD 15, 30 (compliant)][C2S, S2C], exported */
	uint8_t key30_legacy[2][16]; /**< of AEAD 30 with the context of 15 */
};

/** Return a probe with default settings. It is large: static or on the heap. */
void noon_ke_probe_init(struct noon_ke_probe *p);

/** Run it, after the target's pause. Never fails: everything is an outcome. */
void noon_ke_probe_run(struct noon_ke_probe *p, struct noon_target *t);

/** Count the records of a type in the reply. */
size_t noon_ke_probe_count(const struct noon_ke_probe *p, enum noon_ntske_type type);
/** Return the first record of a type, or NULL. */
const struct noon_ntske_record *noon_ke_probe_first(const struct noon_ke_probe *p,
						    enum noon_ntske_type type);
/** Describe the reply in a few words ("NEXT_PROTOCOL 0, AEAD 15, 8 cookies, END, close_notify"). */
void noon_ke_probe_describe(const struct noon_ke_probe *p, char *out, size_t n);

#endif
