/* SPDX-License-Identifier: Apache-2.0
 *
 * The head of a campaign of a service that is asked: what the options say, and what its first
 * answer shows of it.
 */
#ifndef NOON_TOOLS_SERVICE_HEAD_H
#define NOON_TOOLS_SERVICE_HEAD_H

#include "tools/campaign/campaign_head.h"
#include "tools/service/service_options.h"

/** Make it. @param c  sizes of frames that are not stated are filled in
 *  @param first  the first sample; NULL: there was none
 *  @return a new reference; NULL: no memory */
json_t *noon_service_head(struct noon_campaign_options *c, const struct noon_service_options *s,
			  const struct noon_asker *a, const char *url,
			  const struct noon_sample *first);

#endif
