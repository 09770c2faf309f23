/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/net/raw_ip.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/in6.h>
#include <linux/net_tstamp.h>
#include <string.h>
#include <unistd.h>

#define SPIS_MAX 200

/* Expedited forwarding, as other event messages have. */
#define DSCP_EF (46 << 2)

static noon_err fail(const char *what, const char **ret_why, int *ret_sys)
{
	*ret_why = what;
	*ret_sys = errno;
	return errno == EPERM || errno == EACCES ? NOON_ERR_PERM : NOON_ERR_OS;
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

static int open_socket(const struct noon_raw_ip_conf *conf)
{
	switch (conf->kind) {
	case NOON_RAW_ESP:
		return socket(conf->family, SOCK_RAW, IPPROTO_ESP);
	case NOON_RAW_AH:
		return socket(conf->family, SOCK_RAW, IPPROTO_AH);
	case NOON_RAW_UDP:
		break;
	}
	return socket(conf->family, SOCK_DGRAM, 0);
}

/* Sent packets have their header; with UDP the kernel writes it. */
static bool set_header(int fd, const struct noon_raw_ip_conf *conf)
{
	if (conf->kind == NOON_RAW_UDP)
		return conf->family == AF_INET ? set_int(fd, IPPROTO_IP, IP_TOS, DSCP_EF)
					       : set_int(fd, IPPROTO_IPV6, IPV6_TCLASS, DSCP_EF);
	if (conf->family == AF_INET)
		return set_int(fd, IPPROTO_IP, IP_HDRINCL, 1);
	return set_int(fd, IPPROTO_IPV6, IPV6_HDRINCL, 1);
}

static noon_err set_up(int fd, const struct noon_raw_ip_conf *conf, const char **ret_why,
		       int *ret_sys)
{
	struct noon_addr local = conf->local;

	if (conf->kind != NOON_RAW_UDP)
		noon_addr_set_port(&local, 0);
	if (noon_fd_prepare(fd) || !set_header(fd, conf))
		return fail("cannot prepare a socket", ret_why, ret_sys);
	if (conf->family == AF_INET6)
		(void)set_int(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
	else
		(void)set_int(fd, IPPROTO_IP, IP_PKTINFO, 1);
	if (local.len > 0 && bind(fd, &local.u.sa, local.len) != 0)
		return fail("cannot bind to the local address", ret_why, ret_sys);
	return NOON_OK;
}

noon_err noon_raw_ip_open(const struct noon_raw_ip_conf *conf, struct noon_raw_ip *ret,
			  const char **ret_why, int *ret_sys)
{
	struct noon_raw_ip r = {.fd = open_socket(conf), .kind = conf->kind};
	noon_err err;

	ret->fd = -1;
	if (r.fd < 0)
		return fail("cannot open a socket", ret_why, ret_sys);
	err = set_up(r.fd, conf, ret_why, ret_sys);
	/* Nothing comes in between bind() and the first filter that is believed anyway. */
	if (!err && noon_raw_ip_filter(&r, NULL, 0))
		err = fail("cannot filter", ret_why, ret_sys);
	if (err) {
		(void)close(r.fd);
		return err;
	}
	r.has_header = conf->kind != NOON_RAW_UDP && conf->family == AF_INET;
	r.stamping.tx = ask_for_stamps(r.fd);
	r.stamping.rx = r.stamping.tx;
	*ret = r;
	return NOON_OK;
}

/* Load X with where ESP begins. A filter sees a raw IPv4 packet from its IP header on, a raw IPv6
 * one without it, a UDP datagram from its UDP header on. */
static size_t find_esp(const struct noon_raw_ip *r, bool has_header, struct sock_filter *f)
{
	size_t n = 0;

	if (r->kind == NOON_RAW_UDP)
		f[n++] = (struct sock_filter)BPF_STMT(BPF_LDX | BPF_IMM, 8);
	else if (has_header)
		f[n++] = (struct sock_filter)BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0);
	else
		f[n++] = (struct sock_filter)BPF_STMT(BPF_LDX | BPF_IMM, 0);
	if (r->kind != NOON_RAW_AH)
		return n;
	/* Behind AH, of (its second byte + 2) words. */
	f[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_B | BPF_IND, 1);
	f[n++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 2);
	f[n++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 2);
	f[n++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_ADD | BPF_X, 0);
	f[n++] = (struct sock_filter)BPF_STMT(BPF_MISC | BPF_TAX, 0);
	return n;
}

static bool is_v4(int fd)
{
	int family = AF_INET;
	socklen_t len = sizeof(family);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len) != 0 || family == AF_INET;
}

noon_err noon_raw_ip_filter(struct noon_raw_ip *r, const uint32_t *spi, size_t n)
{
	struct sock_filter f[16 + 2 * SPIS_MAX];
	struct sock_fprog prog = {.filter = f};
	size_t len;

	if (n > SPIS_MAX)
		return NOON_ERR_RANGE;
	len = find_esp(r, is_v4(r->fd), f);
	f[len++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_IND, 0);
	/* Jumps are short: each comparison is followed by its own answer. */
	for (size_t i = 0; i < n; i++) {
		f[len++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, spi[i], 0, 1);
		f[len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, UINT32_MAX);
	}
	f[len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
	prog.len = (unsigned short)len;
	return setsockopt(r->fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) == 0
		       ? NOON_OK
		       : NOON_ERR_OS;
}

void noon_raw_ip_recount(struct noon_raw_ip *r)
{
	(void)set_int(r->fd, SOL_SOCKET, SO_TIMESTAMPING, 0);
	(void)ask_for_stamps(r->fd);
}

void noon_raw_ip_close(struct noon_raw_ip *r)
{
	if (r->fd >= 0)
		(void)close(r->fd);
	r->fd = -1;
}
