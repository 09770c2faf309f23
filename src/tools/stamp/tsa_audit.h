/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark tsa audit: verify and show the ledger of a time-stamp authority.
 */
#ifndef NOON_TOOLS_TSA_AUDIT_H
#define NOON_TOOLS_TSA_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "store/tsa_ledger.h"
#include "tools/core/tool.h"

struct noon_tsa_audit_args {
	const char *ledger;
	const char *head; /**< "SEQ:HASH" that must be in the chain; NULL: none */
	uint64_t from;	  /**< first entry to be shown */
	uint64_t count;	  /**< most entries to be shown; 0: all */
	const char *kind; /**< only these are shown; NULL: all */
	bool json;
};

/** All return an exit status and print what is wrong. */
int noon_tsa_audit_verify(const struct noon_verb *v, const struct noon_tsa_audit_args *a);
int noon_tsa_audit_show(const struct noon_verb *v, const struct noon_tsa_audit_args *a);
int noon_tsa_audit_head(const struct noon_verb *v, const struct noon_tsa_audit_args *a);

#endif
