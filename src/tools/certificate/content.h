/* SPDX-License-Identifier: Apache-2.0
 *
 * What a calibration certificate says (ISO/IEC 17025:2017, 7.8.2 and 7.8.4): one JSON object.
 *
 * Its text is canonical, so that one content has one digest: members in the order of their names,
 * no blanks, UTF-8, reals with 15 digits. docs/calibration.md has the table of members.
 */
#ifndef NOON_TOOLS_CERTIFICATE_CONTENT_H
#define NOON_TOOLS_CERTIFICATE_CONTENT_H

#include <jansson.h>
#include <stdbool.h>

#include "base/bytes.h"
#include "base/time.h"
#include "tools/campaign/result.h"

#define NOON_CERTIFICATE_FORMAT "noonmark-certificate-1"

/** What is not from the campaign. NULL: not stated. */
struct noon_certificate_terms {
	const char *number; /**< NULL: of the raw data's digest and the time */
	const char *laboratory, *address, *customer; /**< laboratory, customer NULL: the head's */
	const char *authorised_by, *remarks;
	noon_dur limit; /**< of |x|; NOON_DUR_MAX: no conformity is stated */
	noon_time issued;
};

/** What a campaign alone determines: groups of members (new reference). What recomputes the same
 *  campaign later gets the same. */
json_t *noon_certificate_measured(const struct noon_result *r);
/** The whole content (new reference). @param r  with r->stated
 *  @return NULL: no memory, or the executable cannot be read */
json_t *noon_certificate_content(const struct noon_result *r,
				 const struct noon_certificate_terms *t);
/** The statement of conformity of a content, computed from its result and its limit (new
 *  reference); NULL: it has no limit, or no result. */
json_t *noon_certificate_conformity(const json_t *content);

/** Canonical text, from malloc(); NULL: no memory. */
char *noon_certificate_text(const json_t *content);
/**
 * Read a content: JSON, canonical, of this format.
 * @param[out] why  a clause; static
 * @return a new reference; NULL: see *why
 */
json_t *noon_certificate_parse(struct noon_bytes text, const char **why);

/** A member that is text; "" where there is none; borrowed. */
const char *noon_certificate_str(const json_t *o, const char *key);

#define NOON_CERTIFICATE_PATH 96

/**
 * Compare what a certificate says was measured with what was recomputed. Numbers may differ by
 * 1e-9 of themselves: mathematical libraries do.
 * @param[out] where  the first member that differs, "result.x_s"
 * @return whether they are the same
 */
bool noon_certificate_same(const json_t *content, const json_t *measured,
			   char where[NOON_CERTIFICATE_PATH]);

#endif
