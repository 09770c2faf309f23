/* SPDX-License-Identifier: Apache-2.0
 *
 * The kernel's IPsec: a socket of netlink to add, remove, count and find states and policies.
 *
 * CAP_NET_ADMIN is needed when the socket is opened and, as the kernel looks at the sender too,
 * at each call.
 */
#ifndef NOON_PLATFORM_XFRM_H
#define NOON_PLATFORM_XFRM_H

#include "platform/net/xfrm_message.h"

#define NOON_XFRM_ROOM 8192 /**< bytes that an answer takes at most */

struct mnl_socket;

struct noon_xfrm {
	struct mnl_socket *socket; /**< NULL: closed */
	uint32_t number;	   /**< of the last message */
	int sys;		   /**< errno of the last failure */
	_Alignas(struct nlmsghdr) uint8_t room[NOON_XFRM_ROOM];
};

/** Open. @retval NOON_OK, NOON_ERR_UNSUPPORTED (the kernel has no XFRM), NOON_ERR_OS */
NOON_MUST_USE noon_err noon_xfrm_open(struct noon_xfrm *x);
/** Close; closed is fine. */
void noon_xfrm_close(struct noon_xfrm *x);

/**
 * Add a state.
 * @retval NOON_OK
 * @retval NOON_ERR_UNSUPPORTED  the kernel has not this protocol (sys EPROTONOSUPPORT) or not this
 *                               algorithm (ENOSYS)
 * @retval NOON_ERR_PERM, NOON_ERR_OS (EEXIST: somebody has it)
 */
NOON_MUST_USE noon_err noon_xfrm_add(struct noon_xfrm *x, const struct noon_xfrm_state *s);
/** @retval NOON_OK, NOON_ERR_NOT_FOUND, NOON_ERR_PERM, NOON_ERR_OS */
NOON_MUST_USE noon_err noon_xfrm_remove(struct noon_xfrm *x, const struct noon_xfrm_id *id);
NOON_MUST_USE noon_err noon_xfrm_look(struct noon_xfrm *x, const struct noon_xfrm_id *id,
				      struct noon_xfrm_report *ret);
/** Add a policy, or replace the one of the same selector and direction, at once.
 *  @retval NOON_OK, NOON_ERR_PERM, NOON_ERR_OS */
NOON_MUST_USE noon_err noon_xfrm_set_policy(struct noon_xfrm *x, const struct noon_xfrm_policy *p);

/** Look for one of the same selector and direction, with this reqid.
 *  @retval NOON_OK, NOON_ERR_NOT_FOUND, NOON_ERR_PERM, NOON_ERR_OS */
NOON_MUST_USE noon_err noon_xfrm_look_policy(struct noon_xfrm *x, const struct noon_xfrm_policy *p);

/**
 * Open a socket that becomes readable when policies change, of whomever.
 * @param[out] ret_fd  read it empty with noon_xfrm_drain(); close() ends it
 * @retval NOON_OK, NOON_ERR_UNSUPPORTED, NOON_ERR_PERM, NOON_ERR_OS
 */
NOON_MUST_USE noon_err noon_xfrm_watch_policies(struct noon_xfrm *x, int *ret_fd);
void noon_xfrm_drain(int fd);

/** Remove all states and policies of which reqid & mask == reqid.
 *  @retval NOON_OK, NOON_ERR_PERM, NOON_ERR_OS */
NOON_MUST_USE noon_err noon_xfrm_clear(struct noon_xfrm *x, uint32_t reqid, uint32_t mask,
				       size_t *ret_n);

#endif
