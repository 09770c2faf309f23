/* SPDX-License-Identifier: Apache-2.0
 *
 * The report of a campaign as one page of HTML that needs nothing else: styles, plots and the
 * result as JSON are in it.
 */
#ifndef NOON_TOOLS_PAGE_H
#define NOON_TOOLS_PAGE_H

#include <stdio.h>

#include "tools/campaign/result.h"

/** Write the page. @retval NOON_OK, NOON_ERR_OS (no memory) */
NOON_MUST_USE noon_err noon_report_page(FILE *f, const struct noon_result *r);

#endif
