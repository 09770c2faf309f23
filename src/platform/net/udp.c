/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/net/udp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <linux/if_packet.h>
#include <linux/net_tstamp.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"

/* Room for stamps, packet info and an extended error. */
#define CONTROL_LEN 512

noon_err noon_fd_prepare(int fd)
{
	const int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return NOON_ERR_OS;
	return NOON_OK;
}

static bool set_int(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) == 0;
}

static struct noon_stamping ask_for_stamps(int fd, bool want_tx)
{
	const int rx = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
	const int tx = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_OPT_ID |
		       SOF_TIMESTAMPING_OPT_TSONLY;
	struct noon_stamping got = {false, false};

	if (want_tx)
		got.tx = set_int(fd, SOL_SOCKET, SO_TIMESTAMPING, rx | tx);
	got.rx = got.tx || set_int(fd, SOL_SOCKET, SO_TIMESTAMPING, rx);
	return got;
}

/* A fresh datagram socket; -1 with errno. */
static int open_socket(int family)
{
	const int fd = socket(family, SOCK_DGRAM, 0);

	if (fd >= 0 && noon_fd_prepare(fd)) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

static noon_err fail(int fd, int *ret_sys)
{
	*ret_sys = errno;
	if (fd >= 0)
		(void)close(fd);
	return NOON_ERR_OS;
}

noon_err noon_udp_bind(const struct noon_addr *local, bool reuse_port, int *ret_fd,
		       struct noon_stamping *ret_stamping, int *ret_sys)
{
	const int family = local->u.sa.sa_family;
	const int fd = open_socket(family);

	if (fd < 0)
		return fail(fd, ret_sys);
	if (family == AF_INET6 && !set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1))
		return fail(fd, ret_sys);
	if (reuse_port && !set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1))
		return fail(fd, ret_sys);
	if (bind(fd, &local->u.sa, local->len) < 0)
		return fail(fd, ret_sys);
	/* So that the reply leaves from the address the request came to. */
	if (family == AF_INET)
		(void)set_int(fd, IPPROTO_IP, IP_PKTINFO, 1);
	else
		(void)set_int(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
	if (ret_stamping != NULL)
		*ret_stamping = ask_for_stamps(fd, false);
	*ret_fd = fd;
	return NOON_OK;
}

noon_err noon_udp_connect(const struct noon_addr *peer, const struct noon_addr *local, int *ret_fd,
			  struct noon_stamping *ret_stamping, int *ret_sys)
{
	const int fd = open_socket(peer->u.sa.sa_family);

	if (fd < 0)
		return fail(fd, ret_sys);
	if (local != NULL && bind(fd, &local->u.sa, local->len) < 0)
		return fail(fd, ret_sys);
	/* An unbound socket gets a random port from the kernel (RFC 9109). */
	if (connect(fd, &peer->u.sa, peer->len) < 0)
		return fail(fd, ret_sys);
	if (ret_stamping != NULL)
		*ret_stamping = ask_for_stamps(fd, true);
	*ret_fd = fd;
	return NOON_OK;
}

bool noon_stamp_of(struct msghdr *msg, int64_t *ret_ns, enum noon_stamp *ret_kind)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		struct scm_timestamping ts;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPING)
			continue;
		if (c->cmsg_len < CMSG_LEN(sizeof(ts)))
			continue;
		memcpy(&ts, CMSG_DATA(c), sizeof(ts));
		/* ts[2] is a card's, on the card's own time scale, and only present if requested;
		 * ts[0] is the kernel's. */
		const int i = ts.ts[2].tv_sec != 0 || ts.ts[2].tv_nsec != 0 ? 2 : 0;

		if (ts.ts[i].tv_sec == 0 && ts.ts[i].tv_nsec == 0)
			continue;
		*ret_ns = ts.ts[i].tv_sec * NOON_NS_PER_SEC + ts.ts[i].tv_nsec;
		*ret_kind = i == 2 ? NOON_STAMP_HARDWARE : NOON_STAMP_KERNEL;
		return true;
	}
	return false;
}

void noon_local_of(struct msghdr *msg, struct noon_addr *ret)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;

			memcpy(&info, CMSG_DATA(c), sizeof(info));
			ret->u.v4.sin_family = AF_INET;
			ret->u.v4.sin_addr = info.ipi_spec_dst;
			ret->len = sizeof(ret->u.v4);
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo info;

			memcpy(&info, CMSG_DATA(c), sizeof(info));
			ret->u.v6.sin6_family = AF_INET6;
			ret->u.v6.sin6_addr = info.ipi6_addr;
			ret->u.v6.sin6_scope_id = info.ipi6_ifindex;
			ret->len = sizeof(ret->u.v6);
		}
	}
}

noon_err noon_udp_recv(int fd, uint8_t *buf, size_t cap, struct noon_datagram *ret)
{
	union {
		char buf[CONTROL_LEN];
		struct cmsghdr align;
	} control;
	struct iovec iov = {.iov_base = buf, .iov_len = cap};
	struct noon_datagram d = {.stamp = NOON_STAMP_USER};
	struct msghdr msg = {
		.msg_name = &d.peer.u,
		.msg_namelen = sizeof(d.peer.u),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	const ssize_t n = recvmsg(fd, &msg, 0);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? NOON_ERR_EMPTY : NOON_ERR_OS;
	d.n = (size_t)n;
	d.peer.len = msg.msg_namelen;
	d.truncated = (msg.msg_flags & MSG_TRUNC) != 0;
	(void)noon_stamp_of(&msg, &d.stamp_ns, &d.stamp);
	noon_local_of(&msg, &d.local);
	*ret = d;
	return NOON_OK;
}

static bool id_of(struct msghdr *msg, uint32_t *ret)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		struct sock_extended_err e;
		const bool v4 = c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR;
		const bool v6 = c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR;
		const bool l2 = c->cmsg_level == SOL_PACKET && c->cmsg_type == PACKET_TX_TIMESTAMP;

		if (!v4 && !v6 && !l2)
			continue;
		memcpy(&e, CMSG_DATA(c), sizeof(e));
		if (e.ee_origin != SO_EE_ORIGIN_TIMESTAMPING)
			continue;
		*ret = e.ee_data;
		return true;
	}
	return false;
}

noon_err noon_udp_recv_sent(int fd, uint32_t *ret_id, int64_t *ret_ns, enum noon_stamp *ret_stamp)
{
	union {
		char buf[CONTROL_LEN];
		struct cmsghdr align;
	} control;
	uint8_t data[64];
	struct iovec iov = {.iov_base = data, .iov_len = sizeof(data)};

	/* Bounded: other errors (ICMP) may precede the stamp in the queue. */
	for (int i = 0; i < 8; i++) {
		struct msghdr msg = {
			.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = control.buf,
			.msg_controllen = sizeof(control.buf),
		};

		if (recvmsg(fd, &msg, MSG_ERRQUEUE) < 0)
			return NOON_ERR_EMPTY;
		if (noon_stamp_of(&msg, ret_ns, ret_stamp) && id_of(&msg, ret_id))
			return NOON_OK;
	}
	return NOON_ERR_EMPTY;
}

void noon_local_put(struct msghdr *msg, void *buf, size_t cap, const struct noon_addr *local)
{
	struct cmsghdr *c;

	if (local->len == 0)
		return;
	memset(buf, 0, cap < CONTROL_LEN ? cap : CONTROL_LEN);
	msg->msg_control = buf;
	msg->msg_controllen = cap;
	c = CMSG_FIRSTHDR(msg);
	if (local->u.sa.sa_family == AF_INET) {
		const struct in_pktinfo info = {.ipi_spec_dst = local->u.v4.sin_addr};

		c->cmsg_level = IPPROTO_IP;
		c->cmsg_type = IP_PKTINFO;
		c->cmsg_len = CMSG_LEN(sizeof(info));
		memcpy(CMSG_DATA(c), &info, sizeof(info));
		msg->msg_controllen = CMSG_SPACE(sizeof(info));
	} else {
		const struct in6_pktinfo info = {.ipi6_addr = local->u.v6.sin6_addr,
						 .ipi6_ifindex = local->u.v6.sin6_scope_id};

		c->cmsg_level = IPPROTO_IPV6;
		c->cmsg_type = IPV6_PKTINFO;
		c->cmsg_len = CMSG_LEN(sizeof(info));
		memcpy(CMSG_DATA(c), &info, sizeof(info));
		msg->msg_controllen = CMSG_SPACE(sizeof(info));
	}
}

noon_err noon_udp_send(int fd, struct noon_bytes data, const struct noon_addr *peer,
		       const struct noon_addr *local)
{
	union {
		char buf[CMSG_SPACE(sizeof(struct in6_pktinfo))];
		struct cmsghdr align;
	} control;
	struct noon_addr to;
	uint8_t copy[2048];
	struct iovec iov = {.iov_base = copy, .iov_len = data.n};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	if (data.n > sizeof(copy)) {
		errno = EMSGSIZE;
		return NOON_ERR_OS;
	}
	memcpy(copy, data.p, data.n);
	if (peer != NULL) {
		to = *peer;
		msg.msg_name = &to.u;
		msg.msg_namelen = to.len;
	}
	if (local != NULL)
		noon_local_put(&msg, control.buf, sizeof(control.buf), local);
	return sendmsg(fd, &msg, MSG_NOSIGNAL) < 0 ? NOON_ERR_OS : NOON_OK;
}
