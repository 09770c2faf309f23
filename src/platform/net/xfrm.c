/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/net/xfrm.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/xfrm.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

/* Found in one dump and removed before the next. */
#define FOUND_MAX 16

/* Answers are there when a message has been sent; this is for a kernel that forgets one. */
#define PATIENCE_S 2

static noon_err fail(struct noon_xfrm *x, int sys)
{
	x->sys = sys;
	switch (sys) {
	case EPERM:
	case EACCES:
		return NOON_ERR_PERM;
	case ESRCH:
	case ENOENT:
		return NOON_ERR_NOT_FOUND;
	case EPROTONOSUPPORT:
	case EAFNOSUPPORT:
	case ENOSYS:
		return NOON_ERR_UNSUPPORTED;
	default:
		return NOON_ERR_OS;
	}
}

noon_err noon_xfrm_open(struct noon_xfrm *x)
{
	const struct timeval patience = {.tv_sec = PATIENCE_S};

	*x = (struct noon_xfrm){.socket = mnl_socket_open2(NETLINK_XFRM, SOCK_CLOEXEC)};
	if (x->socket == NULL)
		return fail(x, errno);
	if (mnl_socket_bind(x->socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    setsockopt(mnl_socket_get_fd(x->socket), SOL_SOCKET, SO_RCVTIMEO, &patience,
		       sizeof(patience)) != 0) {
		const int sys = errno;

		noon_xfrm_close(x);
		return fail(x, sys);
	}
	return NOON_OK;
}

void noon_xfrm_close(struct noon_xfrm *x)
{
	if (x->socket != NULL)
		(void)mnl_socket_close(x->socket);
	x->socket = NULL;
}

struct answers {
	mnl_cb_t each; /* NULL: none are expected */
	void *arg;
};

/* Send, and read until the acknowledgement, or the end of a dump. States come with their keys. */
static noon_err ask(struct noon_xfrm *x, struct noon_xfrm_message *m, size_t n,
		    const struct answers *a)
{
	const unsigned me = mnl_socket_get_portid(x->socket);
	const bool sent = mnl_socket_sendto(x->socket, m->p, n) >= 0;
	const int sys = errno;

	noon_wipe(m, sizeof(*m));
	if (!sent)
		return fail(x, sys);
	for (;;) {
		const ssize_t got = mnl_socket_recvfrom(x->socket, x->room, sizeof(x->room));
		int result;
		int error;

		if (got < 0)
			return fail(x, errno);
		errno = 0;
		result = mnl_cb_run(x->room, (size_t)got, x->number, me, a->each, a->arg);
		error = errno;
		/* An error has the message in it that it answers to, a state its keys. */
		noon_wipe(x->room, (size_t)got);
		if (result < MNL_CB_STOP && error != EPROTO) /* of an earlier message */
			return fail(x, error);
		if (result == MNL_CB_STOP)
			return NOON_OK;
	}
}

static const struct answers none = {NULL, NULL};

noon_err noon_xfrm_add(struct noon_xfrm *x, const struct noon_xfrm_state *s)
{
	struct noon_xfrm_message m;
	const size_t n = noon_xfrm_put_state(&m, ++x->number, s);

	return ask(x, &m, n, &none);
}

noon_err noon_xfrm_remove(struct noon_xfrm *x, const struct noon_xfrm_id *id)
{
	struct noon_xfrm_message m;
	const size_t n = noon_xfrm_put_delete(&m, ++x->number, id);

	return ask(x, &m, n, &none);
}

static int take_report(const struct nlmsghdr *h, void *arg)
{
	return noon_xfrm_get_report(h, arg) ? MNL_CB_ERROR : MNL_CB_OK;
}

noon_err noon_xfrm_look(struct noon_xfrm *x, const struct noon_xfrm_id *id,
			struct noon_xfrm_report *ret)
{
	const struct answers one = {take_report, ret};
	struct noon_xfrm_message m;
	const size_t n = noon_xfrm_put_get(&m, ++x->number, id);

	return ask(x, &m, n, &one);
}

noon_err noon_xfrm_set_policy(struct noon_xfrm *x, const struct noon_xfrm_policy *p)
{
	struct noon_xfrm_message m;
	const size_t n = noon_xfrm_put_policy(&m, ++x->number, p);

	return ask(x, &m, n, &none);
}

static int take_policy_report(const struct nlmsghdr *h, void *arg)
{
	return noon_xfrm_get_policy_report(h, arg) ? MNL_CB_ERROR : MNL_CB_OK;
}

noon_err noon_xfrm_look_policy(struct noon_xfrm *x, const struct noon_xfrm_policy *p)
{
	struct noon_xfrm_policy_report r = {.reqid = 0};
	const struct answers one = {take_policy_report, &r};
	struct noon_xfrm_message m;
	const size_t n = noon_xfrm_put_get_policy(&m, ++x->number, p);
	const noon_err err = ask(x, &m, n, &one);

	return !err && r.reqid != p->reqid ? NOON_ERR_NOT_FOUND : err;
}

noon_err noon_xfrm_watch_policies(struct noon_xfrm *x, int *ret_fd)
{
	const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_XFRM);
	const struct sockaddr_nl at = {.nl_family = AF_NETLINK, .nl_groups = XFRMGRP_POLICY};

	if (fd < 0)
		return fail(x, errno);
	if (bind(fd, (const struct sockaddr *)&at, sizeof(at)) != 0) {
		const int sys = errno;

		(void)close(fd);
		return fail(x, sys);
	}
	*ret_fd = fd;
	return NOON_OK;
}

void noon_xfrm_drain(int fd)
{
	uint8_t room[1024];

	/* What does not fit is cut off, and what was lost is as good as read (ENOBUFS). */
	while (recv(fd, room, sizeof(room), 0) >= 0 || errno == ENOBUFS || errno == EINTR)
		;
}

/* ---- clearing ---- */

struct found {
	uint32_t reqid;
	uint32_t mask;
	size_t n;
	union {
		struct noon_xfrm_id state;
		struct noon_xfrm_policy_report policy;
	} what[FOUND_MAX];
};

static int take_state(const struct nlmsghdr *h, void *arg)
{
	struct found *f = arg;
	struct noon_xfrm_report r;

	if (f->n < FOUND_MAX && noon_xfrm_get_report(h, &r) == NOON_OK &&
	    (r.reqid & f->mask) == f->reqid)
		f->what[f->n++].state = r.id;
	return MNL_CB_OK;
}

static int take_policy(const struct nlmsghdr *h, void *arg)
{
	struct found *f = arg;
	struct noon_xfrm_policy_report r;

	if (f->n < FOUND_MAX && noon_xfrm_get_policy_report(h, &r) == NOON_OK &&
	    (r.reqid & f->mask) == f->reqid)
		f->what[f->n++].policy = r;
	return MNL_CB_OK;
}

static noon_err remove_policy(struct noon_xfrm *x, const struct noon_xfrm_policy_report *r)
{
	struct noon_xfrm_message m;
	const size_t n = noon_xfrm_put_delete_policy(&m, ++x->number, r->index, r->dir);

	return ask(x, &m, n, &none);
}

static noon_err clear_some(struct noon_xfrm *x, bool policies, struct found *f)
{
	const struct answers all = {policies ? take_policy : take_state, f};
	struct noon_xfrm_message m;
	const size_t n = noon_xfrm_put_dump(&m, ++x->number, policies);
	noon_err err = ask(x, &m, n, &all);

	/* A table that changed meanwhile is read again. */
	if (err && x->sys == EINTR)
		err = NOON_OK;
	for (size_t i = 0; i < f->n && !err; i++) {
		err = policies ? remove_policy(x, &f->what[i].policy)
			       : noon_xfrm_remove(x, &f->what[i].state);
		if (err == NOON_ERR_NOT_FOUND)
			err = NOON_OK;
	}
	return err;
}

static noon_err clear(struct noon_xfrm *x, bool policies, uint32_t reqid, uint32_t mask, size_t *n)
{
	for (;;) {
		struct found f = {.reqid = reqid, .mask = mask};
		const noon_err err = clear_some(x, policies, &f);

		*n += f.n;
		if (err || f.n == 0)
			return err;
	}
}

noon_err noon_xfrm_clear(struct noon_xfrm *x, uint32_t reqid, uint32_t mask, size_t *ret_n)
{
	size_t n = 0;
	/* States first: what the policies then let through has none to go through. */
	noon_err err = clear(x, false, reqid, mask, &n);

	err = err ? err : clear(x, true, reqid, mask, &n);
	if (!err)
		*ret_n = n;
	return err;
}
