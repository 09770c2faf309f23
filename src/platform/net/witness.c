/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/net/witness.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/net_tstamp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ENCAP_PORT 4500

/* A tenth of a second of a busy link. */
#define BUFFER (1 << 20)

noon_err noon_device_of(const struct noon_addr *address, char ret[IFNAMSIZ])
{
	const sa_family_t family = address->u.sa.sa_family;
	struct ifaddrs *all;
	noon_err err = NOON_ERR_NOT_FOUND;

	if (getifaddrs(&all) != 0)
		return NOON_ERR_NOT_FOUND;
	for (const struct ifaddrs *i = all; i != NULL && err; i = i->ifa_next) {
		struct noon_addr a = {.len = address->len};

		if (i->ifa_addr == NULL || i->ifa_addr->sa_family != family)
			continue;
		memcpy(&a.u, i->ifa_addr, a.len);
		noon_addr_set_port(&a, noon_addr_port(address));
		/* The scope of a link-local address is this device. */
		if (family == AF_INET6)
			a.u.v6.sin6_scope_id = address->u.v6.sin6_scope_id;
		if (!noon_addr_equal(&a, address))
			continue;
		(void)snprintf(ret, IFNAMSIZ, "%s", i->ifa_name);
		err = NOON_OK;
	}
	freeifaddrs(all);
	return err;
}

noon_err noon_source_to(const struct noon_addr *peer, struct noon_addr *ret)
{
	const int fd = socket(peer->u.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct noon_addr to = *peer;
	struct noon_addr from = {.len = sizeof(from.u)};
	bool found;

	if (fd < 0)
		return NOON_ERR_OS;
	noon_addr_set_port(&to, ENCAP_PORT);
	found = connect(fd, &to.u.sa, to.len) == 0 && getsockname(fd, &from.u.sa, &from.len) == 0;
	(void)close(fd);
	if (!found)
		return NOON_ERR_OS;
	noon_addr_set_port(&from, 0);
	*ret = from;
	return NOON_OK;
}

bool noon_device_is_tun(const char *device)
{
	char path[64];

	if (device[0] == '\0')
		return false;
	(void)snprintf(path, sizeof(path), "/sys/class/net/%s/tun_flags", device);
	return access(path, F_OK) == 0;
}

#define ACCEPT BPF_STMT(BPF_RET | BPF_K, UINT32_MAX)
#define REFUSE BPF_STMT(BPF_RET | BPF_K, 0)

/* Jumps over `n` instructions if equal, and over none if not. */
#define IF_EQUAL(value, n) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (n), 0)

static noon_err filter(int fd, int family)
{
	const bool v4 = family == AF_INET;
	struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, v4 ? 9 : 6), /* protocol */
		IF_EQUAL(IPPROTO_ESP, 8),
		IF_EQUAL(IPPROTO_AH, 7),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 5),
		v4 ? (struct sock_filter)BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0)
		   : (struct sock_filter)BPF_STMT(BPF_LDX | BPF_IMM, 40),
		BPF_STMT(BPF_LD | BPF_H | BPF_IND, 0), /* source port */
		IF_EQUAL(ENCAP_PORT, 3),
		BPF_STMT(BPF_LD | BPF_H | BPF_IND, 2),
		IF_EQUAL(ENCAP_PORT, 1),
		REFUSE,
		ACCEPT,
	};
	const struct sock_fprog prog = {.len = sizeof(f) / sizeof(f[0]), .filter = f};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) == 0 ? NOON_OK
										      : NOON_ERR_OS;
}

static noon_err set_up(int fd, const char *device, int family, bool only_ipsec)
{
	const int stamps = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
	const int room = BUFFER;
	struct sockaddr_ll at = {.sll_family = AF_PACKET,
				 .sll_protocol =
					 htons(ETH_P_ALL), /* departures are shown to no other */
				 .sll_ifindex = (int)if_nametoindex(device)};
	noon_err err;

	if (at.sll_ifindex == 0)
		return NOON_ERR_OS;
	err = noon_fd_prepare(fd);
	if (!err && only_ipsec)
		err = filter(fd, family);
	if (err)
		return err;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &stamps, sizeof(stamps)) != 0 ||
	    bind(fd, (const struct sockaddr *)&at, sizeof(at)) != 0)
		return NOON_ERR_OS;
	return NOON_OK;
}

noon_err noon_witness_open(const char *device, int family, bool only_ipsec, int *ret_fd,
			   const char **ret_why, int *ret_sys)
{
	/* Of no protocol: nothing comes before it is bound. */
	const int fd = socket(AF_PACKET, SOCK_DGRAM, 0);

	if (fd >= 0 && set_up(fd, device, family, only_ipsec) == NOON_OK) {
		*ret_fd = fd;
		return NOON_OK;
	}
	*ret_why = "cannot watch a network device";
	*ret_sys = errno;
	if (fd >= 0)
		(void)close(fd);
	return *ret_sys == EPERM || *ret_sys == EACCES ? NOON_ERR_PERM : NOON_ERR_OS;
}
