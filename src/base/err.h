/* SPDX-License-Identifier: Apache-2.0
 *
 * Error codes of calls that can fail.
 *
 * Bad packets are counted verdicts (base/counters.h), attacks are findings (base/action.h),
 * bugs of the caller assert. Outputs are untouched unless the call returns NOON_OK.
 */
#ifndef NOON_BASE_ERR_H
#define NOON_BASE_ERR_H

#define NOON_MUST_USE __attribute__((warn_unused_result))

/* One place adds a code and its text. */
#define NOON_ERR_LIST(X)                               \
	X(OK, "success")                               \
	X(ERR_SHORT, "not enough bytes")               \
	X(ERR_LONG, "too many bytes")                  \
	X(ERR_RANGE, "value out of range")             \
	X(ERR_FORMAT, "malformed")                     \
	X(ERR_UNSUPPORTED, "not supported")            \
	X(ERR_EMPTY, "empty")                          \
	X(ERR_FULL, "no room")                         \
	X(ERR_AUTH, "authentication failed")           \
	X(ERR_CERT, "certificate refused")             \
	X(ERR_TLS, "TLS failure")                      \
	X(ERR_CRYPTO, "cryptographic library failure") \
	X(ERR_OS, "operating system error")            \
	X(ERR_PERM, "not permitted")                   \
	X(ERR_NOT_FOUND, "not found")                  \
	X(ERR_TIMEOUT, "timed out")                    \
	X(ERR_STALE, "stale")                          \
	X(ERR_STATE, "not in the right state")

typedef enum noon_err {
#define NOON_ERR_ENUM(name, text) NOON_##name,
	NOON_ERR_LIST(NOON_ERR_ENUM)
#undef NOON_ERR_ENUM
} noon_err;

/** Return the English text of `err`; static storage, never NULL, any value allowed. */
const char *noon_err_text(noon_err err);

#endif
