/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages to and from the kernel's IPsec (XFRM over netlink): states, which are associations, and
 * policies, which say what has to go through them. Nothing is sent here.
 */
#ifndef NOON_PLATFORM_XFRM_MESSAGE_H
#define NOON_PLATFORM_XFRM_MESSAGE_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "platform/net/udp.h"

#define NOON_XFRM_MESSAGE_MAX 1024

/** Numbers that an inbound state remembers (RFC 4303, section 3.4.3). */
#define NOON_XFRM_REPLAY_WINDOW 1024

/** A message; with keys in it: wipe it. */
struct noon_xfrm_message {
	_Alignas(struct nlmsghdr) uint8_t p[NOON_XFRM_MESSAGE_MAX];
};

/** How the kernel knows a state. */
struct noon_xfrm_id {
	struct noon_addr dst; /**< outer; its port means nothing */
	uint8_t proto;	      /**< IPPROTO_ESP or IPPROTO_AH */
	uint32_t spi;
};

/** A state: ESP in tunnel mode with AES-GCM and an ICV of 16 bytes (RFC 4106), or AH in transport
 *  mode with HMAC-SHA256-128 (RFC 4868). */
struct noon_xfrm_state {
	struct noon_xfrm_id id;
	struct noon_addr src;
	uint32_t reqid;	  /**< the policies' templates name it */
	bool inbound;	  /**< for this host to open with */
	bool extended;	  /**< sequence numbers of 64 bits */
	int inner_family; /**< of what is inside */
	uint64_t top;	  /**< inbound: numbers up to this one are refused */
	uint32_t cell;	  /**< outbound ESP: inner packets are padded to so many bytes; 0: not */
	struct noon_bytes key; /**< ESP: of AES, 16 or 32 bytes, then 4 of the salt. AH: 32 bytes */
};

/** A policy: UDP between two addresses, from or to a port, has to be in ESP, and in AH around it.
 */
struct noon_xfrm_policy {
	bool inbound;
	struct noon_addr inner_src;
	struct noon_addr inner_dst;
	uint16_t sport;	      /**< 0: any */
	uint16_t dport;	      /**< 0: any */
	struct noon_addr src; /**< outer */
	struct noon_addr dst;
	bool ah;
	uint32_t reqid; /**< of the states that may carry it */
};

/** What the kernel says of a state. */
struct noon_xfrm_report {
	struct noon_xfrm_id id;
	uint32_t reqid;
	uint64_t packets; /**< sealed or opened */
	uint64_t bytes;
	uint64_t top;	  /**< highest number that came in */
	uint32_t replays; /**< packets refused for their number */
	uint32_t bad;	  /**< that were not authentic */
};

/** What it says of a policy. */
struct noon_xfrm_policy_report {
	uint32_t index;
	uint8_t dir;
	uint32_t reqid; /**< of its first template; 0: it has none */
};

/** Write messages; they ask for an acknowledgement, with this number. @return their bytes */
size_t noon_xfrm_put_state(struct noon_xfrm_message *m, uint32_t number,
			   const struct noon_xfrm_state *s);
size_t noon_xfrm_put_delete(struct noon_xfrm_message *m, uint32_t number,
			    const struct noon_xfrm_id *id);
size_t noon_xfrm_put_get(struct noon_xfrm_message *m, uint32_t number,
			 const struct noon_xfrm_id *id);
/** One of the same selector and direction is replaced. */
size_t noon_xfrm_put_policy(struct noon_xfrm_message *m, uint32_t number,
			    const struct noon_xfrm_policy *p);
/** Ask whether there is one of this selector and direction. */
size_t noon_xfrm_put_get_policy(struct noon_xfrm_message *m, uint32_t number,
				const struct noon_xfrm_policy *p);
size_t noon_xfrm_put_delete_policy(struct noon_xfrm_message *m, uint32_t number, uint32_t index,
				   uint8_t dir);
/** Ask for all states, or all policies. */
size_t noon_xfrm_put_dump(struct noon_xfrm_message *m, uint32_t number, bool policies);

/** Read what the kernel says. @retval NOON_OK, NOON_ERR_FORMAT (it is none of such) */
NOON_MUST_USE noon_err noon_xfrm_get_report(const struct nlmsghdr *h, struct noon_xfrm_report *ret);
NOON_MUST_USE noon_err noon_xfrm_get_policy_report(const struct nlmsghdr *h,
						   struct noon_xfrm_policy_report *ret);

#endif
