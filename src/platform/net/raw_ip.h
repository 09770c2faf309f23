/* SPDX-License-Identifier: Apache-2.0
 *
 * Sockets for IPsec in user space: raw ones of protocol 50 (ESP) or 51 (AH) with a filter on SPIs
 * in the kernel, or UDP around ESP (RFC 3948). Departures are stamped as on other sockets: read
 * them with noon_udp_recv_sent().
 */
#ifndef NOON_PLATFORM_RAW_IP_H
#define NOON_PLATFORM_RAW_IP_H

#include <stdbool.h>

#include "platform/net/udp.h"

enum noon_raw_ip_kind {
	NOON_RAW_ESP,
	NOON_RAW_AH,  /**< AH, and ESP within it */
	NOON_RAW_UDP, /**< ESP within UDP */
};

struct noon_raw_ip_conf {
	enum noon_raw_ip_kind kind;
	struct noon_addr local; /**< to bind to; its port is used by UDP only */
	int family;		/**< AF_INET or AF_INET6 */
};

struct noon_raw_ip {
	int fd; /**< -1: closed */
	enum noon_raw_ip_kind kind;
	bool has_header; /**< received packets begin with their IP header, as sent ones do */
	struct noon_stamping stamping;
};

/**
 * Open and bind. Until a filter is set nothing comes in.
 *
 * @param[out] ret_why  what failed, static; untouched on NOON_OK
 * @param[out] ret_sys  errno
 * @retval NOON_OK, NOON_ERR_PERM (needs CAP_NET_RAW, but for UDP), NOON_ERR_OS
 */
NOON_MUST_USE noon_err noon_raw_ip_open(const struct noon_raw_ip_conf *conf,
					struct noon_raw_ip *ret, const char **ret_why,
					int *ret_sys);

/** Let ESP packets of these SPIs in and nothing else; the kernel drops all others at once.
 *  @retval NOON_OK, NOON_ERR_RANGE (more than 200), NOON_ERR_OS */
NOON_MUST_USE noon_err noon_raw_ip_filter(struct noon_raw_ip *r, const uint32_t *spi, size_t n);

/** Count departures from 0 again: after a failed send nobody knows whether it was counted. */
void noon_raw_ip_recount(struct noon_raw_ip *r);

/** Close; closed is fine. */
void noon_raw_ip_close(struct noon_raw_ip *r);

#endif
