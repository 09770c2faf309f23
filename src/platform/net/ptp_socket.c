/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/net/ptp_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/net_tstamp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "platform/net/hwstamp.h"

/* The primary multicast groups of Annex C and D of IEEE 1588-2019; ff0e: global scope, as in
 * linuxptp. */
#define GROUP_V4 "224.0.1.129"
#define GROUP_V6 "ff0e::181"

/* Expedited forwarding: the class of service that networks use for time. */
#define DSCP_EF (46 << 2)

static noon_err fail(const char *what, const char **ret_why, int *ret_sys)
{
	*ret_why = what;
	*ret_sys = errno;
	return errno == EPERM || errno == EACCES ? NOON_ERR_PERM
	       : errno == ENODEV		 ? NOON_ERR_NOT_FOUND
						 : NOON_ERR_OS;
}

static bool set_int(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) == 0;
}

static bool ask_for_stamps(int fd)
{
	return set_int(fd, SOL_SOCKET, SO_TIMESTAMPING,
		       SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE |
			       SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_OPT_ID |
			       SOF_TIMESTAMPING_OPT_TSONLY);
}

static bool join_v4(int fd, const struct noon_ptp_socket_conf *conf, unsigned index)
{
	struct ip_mreqn m = {.imr_ifindex = (int)index};

	return inet_pton(AF_INET, GROUP_V4, &m.imr_multiaddr) == 1 &&
	       setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m, sizeof(m)) == 0 &&
	       setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &m, sizeof(m)) == 0 &&
	       set_int(fd, IPPROTO_IP, IP_MULTICAST_TTL, conf->ttl) &&
	       set_int(fd, IPPROTO_IP, IP_MULTICAST_LOOP, 0);
}

static bool join_v6(int fd, const struct noon_ptp_socket_conf *conf, unsigned index)
{
	struct ipv6_mreq m = {.ipv6mr_interface = index};

	return inet_pton(AF_INET6, GROUP_V6, &m.ipv6mr_multiaddr) == 1 &&
	       setsockopt(fd, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &m, sizeof(m)) == 0 &&
	       set_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, (int)index) &&
	       set_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, conf->ttl) &&
	       set_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0);
}

static noon_err bind_port(int fd, const struct noon_ptp_socket_conf *conf, uint16_t port)
{
	struct noon_addr a = conf->address;

	if (a.len == 0 && noon_addr_parse(conf->family == AF_INET ? "0.0.0.0" : "::", port, &a))
		return NOON_ERR_OS;
	noon_addr_set_port(&a, port);
	return bind(fd, &a.u.sa, a.len) == 0 ? NOON_OK : NOON_ERR_OS;
}

/* The group of Annex E, except for peer delay. */
static const uint8_t ethernet_group[ETH_ALEN] = {0x01, 0x1b, 0x19, 0x00, 0x00, 0x00};

static struct noon_addr ethernet_addr(unsigned index, uint16_t protocol, const uint8_t *mac)
{
	struct sockaddr_ll ll = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(protocol),
		.sll_ifindex = (int)index,
		.sll_halen = ETH_ALEN,
	};
	struct noon_addr a = {.len = sizeof(ll)};

	memcpy(ll.sll_addr, mac, ETH_ALEN);
	memcpy(&a.u, &ll, sizeof(ll));
	return a;
}

/* protocol 0: receives nothing. */
static noon_err open_ethernet(unsigned index, uint16_t protocol, int *ret_fd, const char **ret_why,
			      int *ret_sys)
{
	const struct noon_addr at = ethernet_addr(index, protocol, ethernet_group);
	struct packet_mreq m = {
		.mr_ifindex = (int)index, .mr_type = PACKET_MR_MULTICAST, .mr_alen = ETH_ALEN};
	const int fd = socket(AF_PACKET, SOCK_DGRAM, 0);
	noon_err err = NOON_OK;

	memcpy(m.mr_address, ethernet_group, ETH_ALEN);
	if (fd < 0)
		return fail("cannot open a packet socket", ret_why, ret_sys);
	if (noon_fd_prepare(fd) || bind(fd, &at.u.sa, at.len) != 0)
		err = fail("cannot bind to the interface", ret_why, ret_sys);
	else if (setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &m, sizeof(m)) != 0)
		err = fail("cannot join the PTP group", ret_why, ret_sys);
	if (err)
		(void)close(fd);
	else
		*ret_fd = fd;
	return err;
}

static noon_err set_up(int fd, const struct noon_ptp_socket_conf *conf, uint16_t port,
		       unsigned index, const char **ret_why, int *ret_sys)
{
	const size_t n = strlen(conf->interface);

	if (noon_fd_prepare(fd))
		return fail("cannot prepare a socket", ret_why, ret_sys);
	if (conf->family == AF_INET6 && !set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1))
		return fail("cannot restrict a socket to IPv6", ret_why, ret_sys);
	/* One port per interface, on the same numbers. */
	if (!set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1))
		return fail("cannot share a port", ret_why, ret_sys);
	if (n > 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, conf->interface, (socklen_t)n + 1) != 0)
		return fail("cannot bind to the interface", ret_why, ret_sys);
	if (bind_port(fd, conf, port))
		return fail("cannot bind to the PTP port", ret_why, ret_sys);
	if (conf->multicast &&
	    !(conf->family == AF_INET ? join_v4(fd, conf, index) : join_v6(fd, conf, index)))
		return fail("cannot join the PTP group", ret_why, ret_sys);
	/* Best effort. */
	if (conf->family == AF_INET)
		(void)set_int(fd, IPPROTO_IP, IP_TOS, DSCP_EF);
	else
		(void)set_int(fd, IPPROTO_IPV6, IPV6_TCLASS, DSCP_EF);
	return NOON_OK;
}

static noon_err open_one(const struct noon_ptp_socket_conf *conf, uint16_t port, unsigned index,
			 int *ret_fd, const char **ret_why, int *ret_sys)
{
	const int fd = socket(conf->family, SOCK_DGRAM, 0);
	noon_err err;

	if (fd < 0)
		return fail("cannot open a socket", ret_why, ret_sys);
	err = set_up(fd, conf, port, index, ret_why, ret_sys);
	if (err)
		(void)close(fd);
	else
		*ret_fd = fd;
	return err;
}

static void find_group(const struct noon_ptp_socket_conf *conf, unsigned index,
		       struct noon_addr *ret)
{
	ret->len = 0;
	if (conf->family == AF_PACKET) {
		*ret = ethernet_addr(index, ETH_P_1588, ethernet_group);
		return;
	}
	if (!conf->multicast ||
	    noon_addr_parse(conf->family == AF_INET ? GROUP_V4 : "[" GROUP_V6 "]", 0, ret))
		return;
	if (conf->family == AF_INET6)
		ret->u.v6.sin6_scope_id = index;
}

static noon_err open_both(const struct noon_ptp_socket_conf *conf, unsigned index,
			  struct noon_ptp_sockets *s, const char **ret_why, int *ret_sys)
{
	noon_err err;

	if (conf->family == AF_PACKET) {
		err = open_ethernet(index, ETH_P_1588, &s->event, ret_why, ret_sys);
		return err ? err : open_ethernet(index, 0, &s->general, ret_why, ret_sys);
	}
	err = open_one(conf, conf->event_port, index, &s->event, ret_why, ret_sys);
	return err ? err : open_one(conf, conf->general_port, index, &s->general, ret_why, ret_sys);
}

noon_err noon_ptp_sockets_open(const struct noon_ptp_socket_conf *conf,
			       struct noon_ptp_sockets *ret, const char **ret_why, int *ret_sys)
{
	struct noon_ptp_sockets s = {.event = -1,
				     .general = -1,
				     .event_port = conf->event_port,
				     .general_port = conf->general_port};
	unsigned index = 0;
	noon_err err;

	*ret_sys = 0;
	if (conf->interface[0] != '\0') {
		index = if_nametoindex(conf->interface);
		if (index == 0) {
			errno = ENODEV;
			return fail("no such interface", ret_why, ret_sys);
		}
	}
	find_group(conf, index, &s.group);
	err = open_both(conf, index, &s, ret_why, ret_sys);
	if (err) {
		noon_ptp_sockets_close(&s);
		return err;
	}
	s.stamping.tx = ask_for_stamps(s.event);
	s.stamping.rx = s.stamping.tx;
	*ret = s;
	return NOON_OK;
}

void noon_ptp_sockets_close(struct noon_ptp_sockets *s)
{
	if (s->event >= 0)
		(void)close(s->event);
	if (s->general >= 0)
		(void)close(s->general);
	s->event = -1;
	s->general = -1;
}

void noon_ptp_sockets_recount(struct noon_ptp_sockets *s, bool hardware)
{
	/* The kernel counts from 0 when the option is set. */
	(void)set_int(s->event, SOL_SOCKET, SO_TIMESTAMPING, 0);
	if (!hardware || noon_hwstamp_want(s->event))
		s->stamping.tx = ask_for_stamps(s->event);
}

noon_err noon_ptp_interface_identity(const char *interface, uint8_t ret[8])
{
	static const uint8_t none[6] = {0};
	const int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct ifreq ifr;
	uint8_t mac[6];
	int result;

	memset(&ifr, 0, sizeof(ifr));
	memcpy(ifr.ifr_name, interface, strnlen(interface, sizeof(ifr.ifr_name) - 1));
	if (fd < 0)
		return NOON_ERR_NOT_FOUND;
	result = ioctl(fd, SIOCGIFHWADDR, &ifr);
	(void)close(fd);
	if (result != 0)
		return NOON_ERR_NOT_FOUND;
	memcpy(mac, ifr.ifr_hwaddr.sa_data, sizeof(mac));
	if (memcmp(mac, none, sizeof(mac)) == 0)
		return NOON_ERR_EMPTY;
	memcpy(ret, mac, 3);
	ret[3] = 0xff;
	ret[4] = 0xfe;
	memcpy(ret + 5, mac + 3, 3);
	return NOON_OK;
}
