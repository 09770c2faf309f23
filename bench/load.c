/* SPDX-License-Identifier: Apache-2.0
 *
 * Closed-loop load on a server of this machine, and what it costs the server in CPU time.
 *
 *     bench_load ntp PID PORT SECONDS
 *     bench_load nts PID KE-PORT CA SECONDS [PLACEHOLDERS]
 *     bench_load ke  PID KE-PORT CA SECONDS
 *
 * One authenticated request is made by a real key exchange and sent again and again: a server
 * without client state has the same work each time. Loopback only.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "crypto/aead.h"
#include "link/ke_link.h"
#include "platform/entropy.h"
#include "platform/net/udp.h"
#include "tools/bench/bench_request.h"
#include "tools/core/process_cpu.h"

#define SOCKETS 8
#define WINDOW	32 /* requests outstanding on each socket */
#define LINKS	8  /* key exchanges at once */

struct load {
	struct noon_loop *loop;
	struct noon_entropy entropy;
	struct noon_tls_ctx *tls;
	struct noon_ke_link link[LINKS];
	unsigned port;
	double until;
	long done;
	long failed;
	bool once;
	bool have;
	struct noon_nts_session session;
	struct noon_addr peer;
	uint8_t request[2048];
	size_t n;
};

static double mono(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* User and system time of a process with all its threads, s. */
static double cpu_of(const char *pid)
{
	double s;

	if (!noon_process_cpu(strtol(pid, NULL, 10), &s)) {
		(void)fprintf(stderr, "there is no process %s\n", pid);
		exit(1);
	}
	return s;
}

static struct noon_addr loopback(unsigned port)
{
	struct noon_addr a;

	if (noon_addr_parse("127.0.0.1", (uint16_t)port, &a))
		exit(1);
	return a;
}

static void start_link(struct load *l, struct noon_ke_link *k)
{
	const struct noon_ntske_client_conf conf = {
		.tls = l->tls,
		.peer = {.host = "localhost", .no_time_check = true},
	};

	noon_ke_link_start(k, "127.0.0.1", (uint16_t)l->port, AF_INET, &conf);
}

static struct noon_ke_link *idle_link(struct load *l)
{
	for (size_t i = 0; i < LINKS; i++)
		if (!l->link[i].busy)
			return &l->link[i];
	return NULL;
}

static void on_ke(void *arg, const struct noon_nts_session *s, const char *why,
		  const struct noon_addr *peer)
{
	struct load *l = arg;
	struct noon_ke_link *k;

	if (s == NULL) {
		if (l->failed++ == 0)
			(void)fprintf(stderr, "key exchange: %s\n", why);
	} else {
		l->done++;
		l->have = true;
		l->session = *s;
		l->peer = *peer;
		noon_addr_set_port(&l->peer, s->port != 0 ? s->port : 123);
	}
	if (l->once || mono() >= l->until) {
		noon_loop_stop(l->loop);
		return;
	}
	k = idle_link(l);
	if (k != NULL)
		start_link(l, k);
}

static void prepare_ke(struct load *l, const char *ca)
{
	const struct noon_tls_pem pem = {.path = ca};
	struct noon_tls_why why = {.text = ""};

	if (noon_aead_global_init() || noon_loop_new(NOON_LOOP_EVENT, &l->loop) ||
	    noon_tls_client_ctx_new(&pem, &l->tls, &why)) {
		(void)fprintf(stderr, "cannot start: %s\n", why.text);
		exit(1);
	}
	for (size_t i = 0; i < LINKS; i++)
		noon_ke_link_init(&l->link[i], l->loop, on_ke, l);
}

static void run_loop(const struct load *l)
{
	if (noon_loop_run(l->loop))
		exit(1);
}

static void make_request(struct load *l, bool nts, long placeholders)
{
	struct noon_wr wr = noon_wr_over(l->request, sizeof(l->request));
	struct noon_nts_cookie cookie;

	if ((nts && noon_nts_session_take(&l->session, &cookie)) ||
	    noon_bench_request(&wr, 0x0123456789abcdef, &l->session, nts ? &cookie : NULL,
			       (unsigned)placeholders, &l->entropy.rng))
		exit(1);
	l->n = noon_wr_len(&wr);
}

struct batch {
	struct iovec iov[WINDOW];
	struct mmsghdr msg[WINDOW];
	uint8_t in[WINDOW][2048];
};

static void send_n(int fd, const struct load *l, struct batch *b, unsigned n)
{
	static uint8_t copy[2048];

	memcpy(copy, l->request, l->n);
	for (unsigned i = 0; i < n; i++) {
		b->iov[i] = (struct iovec){copy, l->n};
		b->msg[i].msg_hdr = (struct msghdr){.msg_iov = &b->iov[i], .msg_iovlen = 1};
	}
	(void)sendmmsg(fd, b->msg, n, 0);
}

static unsigned receive(int fd, const struct load *l, struct batch *b)
{
	unsigned good = 0;
	int n;

	for (unsigned i = 0; i < WINDOW; i++) {
		b->iov[i] = (struct iovec){b->in[i], sizeof(b->in[i])};
		b->msg[i].msg_hdr = (struct msghdr){.msg_iov = &b->iov[i], .msg_iovlen = 1};
	}
	n = recvmmsg(fd, b->msg, WINDOW, MSG_DONTWAIT, NULL);
	/* A reply with time has a stratum; the floor sends the request back as it came. */
	for (int i = 0; i < n; i++)
		good += b->msg[i].msg_len == l->n &&
			(b->in[i][1] != 0 || b->in[i][0] == l->request[0]);
	return n < 0 ? 0 : good;
}

/* Keep WINDOW requests on the way on each socket; what is lost is made up for after 20 ms. */
static long storm(const struct load *l, double seconds_)
{
	static struct batch b;
	struct pollfd pfd[SOCKETS];
	const double end = mono() + seconds_;
	long answered = 0;

	for (size_t i = 0; i < SOCKETS; i++) {
		int sys;

		if (noon_udp_connect(&l->peer, NULL, &pfd[i].fd, NULL, &sys))
			exit(1);
		pfd[i].events = POLLIN;
		send_n(pfd[i].fd, l, &b, WINDOW);
	}
	while (mono() < end) {
		if (poll(pfd, SOCKETS, 20) == 0)
			for (size_t i = 0; i < SOCKETS; i++)
				send_n(pfd[i].fd, l, &b, WINDOW);
		for (size_t i = 0; i < SOCKETS; i++) {
			unsigned n;

			if ((pfd[i].revents & POLLIN) == 0)
				continue;
			n = receive(pfd[i].fd, l, &b);
			answered += n;
			send_n(pfd[i].fd, l, &b, n);
		}
	}
	for (size_t i = 0; i < SOCKETS; i++)
		(void)close(pfd[i].fd);
	return answered;
}

static void print(const char *what, long done, double wall, double cpu, size_t bytes)
{
	(void)printf(
		"{\"what\": \"%s\", \"done\": %ld, \"per_second\": %.0f, \"server_cpu_s\": %.2f, "
		"\"per_cpu_second\": %.0f, \"bytes\": %zu}\n",
		what, done, (double)done / wall, cpu, cpu > 0 ? (double)done / cpu : 0, bytes);
}

static int usage(void)
{
	(void)fputs("Usage: bench_load ntp PID PORT SECONDS\n"
		    "       bench_load nts|ke PID KE-PORT CA SECONDS [PLACEHOLDERS]\n",
		    stderr);
	return 2;
}

int main(int argc, char **argv)
{
	static struct load l;
	const bool ntp = argc == 5 && strcmp(argv[1], "ntp") == 0;
	const bool ke = argc == 6 && strcmp(argv[1], "ke") == 0;
	const bool nts = argc >= 6 && strcmp(argv[1], "nts") == 0;
	double seconds_;
	double cpu;
	double wall;

	if (!ntp && !ke && !nts)
		return usage();
	seconds_ = strtod(argv[ntp ? 4 : 5], NULL);
	l.port = (unsigned)strtoul(argv[3], NULL, 10);
	noon_entropy_init(&l.entropy);
	l.peer = loopback(l.port);
	if (!ntp) {
		prepare_ke(&l, argv[4]);
		l.once = true;
		start_link(&l, &l.link[0]);
		run_loop(&l);
		if (!l.have)
			return 1;
	}
	l.done = 0;
	if (!ke)
		make_request(&l, nts, argc > 6 ? strtol(argv[6], NULL, 10) : 0);
	cpu = -cpu_of(argv[2]);
	wall = -mono();
	if (ke) {
		l.once = false;
		l.until = mono() + seconds_;
		for (size_t i = 0; i < LINKS; i++)
			start_link(&l, &l.link[i]);
		run_loop(&l);
	} else {
		l.done = storm(&l, seconds_);
	}
	wall += mono();
	cpu += cpu_of(argv[2]);
	print(argv[1], l.done, wall, cpu, l.n);
	return l.done > 0 ? 0 : 1;
}
