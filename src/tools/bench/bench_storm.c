/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/bench/bench_storm.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "platform/clock/clock.h"
#include "platform/entropy.h"
#include "tools/bench/bench_request.h"
#include "wire/ntp.h"

#define BATCH 64
/* Transmit times: this plus the place in the ring. */
#define MARK UINT64_C(0x6e6f6f6e6d610000)

struct source {
	uint32_t head;		       /* next place to use */
	uint32_t tail;		       /* oldest place that may be outstanding */
	unsigned away;		       /* outstanding requests */
	int64_t sent[NOON_BENCH_RING]; /* ns, when it was sent or due; 0: not outstanding */
};

struct storm {
	const struct noon_bench_storm_conf *conf;
	struct noon_bench_tally *t;
	struct source *source;
	struct pollfd *pfd;
	uint8_t (*request)[NOON_NTP_PACKET_MAX]; /* one for each place in a ring */
	size_t n_request;
	unsigned turn;	 /* source that sends next at a fixed rate */
	uint64_t issued; /* at a fixed rate */
	int64_t begin;
	struct iovec iov[BATCH];
	struct mmsghdr msg[BATCH];
	uint8_t in[BATCH][NOON_NTP_PACKET_MAX];
};

static int64_t now_ns(void)
{
	return noon_mono_now().ns;
}

static void clear_place(struct source *s, uint32_t place)
{
	s->sent[place] = 0;
	s->away--;
}

/* Drop timed-out requests. */
static void expire(struct storm *m, struct source *s, int64_t now)
{
	for (; s->tail != s->head; s->tail++) {
		const uint32_t place = s->tail % NOON_BENCH_RING;

		if (s->sent[place] == 0)
			continue;
		if (now - s->sent[place] < m->conf->timeout)
			return;
		clear_place(s, place);
		m->t->lost++;
	}
}

/* A place for one more: the oldest is dropped if the ring is full. */
static uint32_t next_place(struct storm *m, struct source *s)
{
	const uint32_t place = s->head % NOON_BENCH_RING;

	if (s->head - s->tail == NOON_BENCH_RING) {
		if (s->sent[place] != 0) {
			clear_place(s, place);
			m->t->lost++;
		}
		s->tail++;
	}
	s->head++;
	return place;
}

/* An ICMP error: a socket reports it at its next call. */
static bool note_refusal(struct storm *m)
{
	if (errno != ECONNREFUSED)
		return false;
	m->t->refused++;
	return true;
}

/* Send up to n; each is timed from when it was due, or from now. Returns how many left. */
static unsigned send_batch(struct storm *m, unsigned i, unsigned n)
{
	struct source *s = &m->source[i];
	const uint32_t head = s->head;
	const int64_t now = now_ns();
	const double rate = m->conf->rate;
	int sent;

	n = n < BATCH ? n : BATCH;
	for (unsigned k = 0; k < n; k++) {
		m->iov[k] = (struct iovec){m->request[(head + k) % NOON_BENCH_RING], m->n_request};
		m->msg[k].msg_hdr = (struct msghdr){.msg_iov = &m->iov[k], .msg_iovlen = 1};
	}
	sent = sendmmsg(m->pfd[i].fd, m->msg, n, 0);
	if (sent < 0 && note_refusal(m))
		sent = sendmmsg(m->pfd[i].fd, m->msg, n, 0);
	for (int k = 0; k < sent; k++) {
		const double after = rate > 0 ? (double)(m->issued + (uint64_t)k) * 1e9 / rate : 0;

		s->sent[next_place(m, s)] = rate > 0 ? m->begin + (int64_t)after : now;
		s->away++;
	}
	if (sent <= 0)
		return 0;
	m->issued += (uint64_t)sent;
	m->t->sent += (uint64_t)sent;
	return (unsigned)sent;
}

static void take_answer(struct storm *m, struct source *s, const uint8_t *p, size_t n, int64_t now)
{
	struct noon_rd rd = noon_rd_over(p, n);
	struct noon_ntp_header h;
	uint32_t place;

	if (noon_ntp_header_get(&rd, &h) || h.mode != NOON_NTP_MODE_SERVER ||
	    (h.origin ^ MARK) >= NOON_BENCH_RING)
		return;
	place = (uint32_t)(h.origin ^ MARK);
	if (s->sent[place] == 0)
		return; /* too late, or a duplicate */
	if (h.stratum == 0) {
		m->t->bad++;
		(void)snprintf(m->t->why, sizeof(m->t->why), "kiss code %c%c%c%c", p[12], p[13],
			       p[14], p[15]);
	} else {
		m->t->answered++;
		noon_histogram_add(&m->t->latency, now - s->sent[place]);
	}
	clear_place(s, place);
}

static void receive(struct storm *m, unsigned i)
{
	int64_t now;
	int n;

	for (unsigned k = 0; k < BATCH; k++) {
		m->iov[k] = (struct iovec){m->in[k], sizeof(m->in[k])};
		m->msg[k].msg_hdr = (struct msghdr){.msg_iov = &m->iov[k], .msg_iovlen = 1};
	}
	n = recvmmsg(m->pfd[i].fd, m->msg, BATCH, MSG_DONTWAIT, NULL);
	if (n < 0) {
		(void)note_refusal(m);
		return;
	}
	now = now_ns();
	for (int k = 0; k < n; k++)
		take_answer(m, &m->source[i], m->in[k], m->msg[k].msg_len, now);
}

/* Send what is due; returns how long to wait for more, ns. */
static int64_t send_due(struct storm *m, int64_t now)
{
	const double rate = m->conf->rate;
	const unsigned sources = m->conf->sockets;
	const uint64_t due = (uint64_t)((double)(now - m->begin) * rate / 1e9) + 1;
	int64_t next;

	for (unsigned tries = 0; m->issued < due && tries < sources; tries++) {
		const uint64_t left = due - m->issued;

		(void)send_batch(m, m->turn++ % sources, (unsigned)(left / sources + 1));
	}
	next = m->begin + (int64_t)((double)m->issued * 1e9 / rate) - now;
	/* Wait a little to fill a batch. */
	return next < NOON_US(50) ? NOON_US(50) : next;
}

static void fill_windows(struct storm *m)
{
	for (unsigned i = 0; i < m->conf->sockets; i++) {
		const struct source *s = &m->source[i];

		while (s->away < m->conf->window)
			if (send_batch(m, i, m->conf->window - s->away) == 0)
				break;
	}
}

static bool is_hopeless(const struct noon_bench_tally *t)
{
	return t->refused > 0 && t->answered == 0 && t->bad == 0;
}

/* Wait, receive answers, drop timed-out requests. */
static void turn(struct storm *m, int64_t wait)
{
	const struct timespec ts = {.tv_sec = wait / NOON_NS_PER_SEC,
				    .tv_nsec = wait % NOON_NS_PER_SEC};
	int64_t now;

	if (ppoll(m->pfd, m->conf->sockets, &ts, NULL) > 0)
		for (unsigned i = 0; i < m->conf->sockets; i++)
			if (m->pfd[i].revents != 0)
				receive(m, i);
	now = now_ns();
	for (unsigned i = 0; i < m->conf->sockets; i++)
		expire(m, &m->source[i], now);
}

static void run(struct storm *m)
{
	const int64_t end = (m->begin = now_ns()) + m->conf->length;
	unsigned away = 1;
	int64_t now;

	for (now = m->begin; now < end && !is_hopeless(m->t); now = now_ns()) {
		int64_t wait = NOON_MS(10);

		if (m->conf->rate > 0)
			wait = send_due(m, now);
		else
			fill_windows(m);
		turn(m, wait < NOON_MS(10) ? wait : NOON_MS(10));
		noon_bench_tally_progress(m->t, noon_mono_now());
	}
	m->t->seconds = noon_dur_to_s(now - m->begin);
	m->t->in_time = m->t->answered;
	/* Outstanding answers may still arrive. */
	while (away > 0 && !is_hopeless(m->t)) {
		turn(m, NOON_MS(10));
		away = 0;
		for (unsigned i = 0; i < m->conf->sockets; i++)
			away += m->source[i].away;
	}
}

/* All requests are built before the first is sent. */
static noon_err make_requests(struct storm *m)
{
	struct noon_entropy entropy;
	struct noon_nts_cookie cookie = {.n = 0};
	const bool nts = m->conf->session != NULL;
	noon_err err = nts ? noon_nts_session_take(m->conf->session, &cookie) : NOON_OK;

	noon_entropy_init(&entropy);
	for (unsigned i = 0; i < NOON_BENCH_RING && !err; i++) {
		struct noon_wr wr = noon_wr_over(m->request[i], NOON_NTP_PACKET_MAX);

		err = noon_bench_request(&wr, MARK | i, m->conf->session, nts ? &cookie : NULL,
					 m->conf->placeholders, &entropy.rng);
		m->n_request = noon_wr_len(&wr);
	}
	noon_entropy_fini(&entropy);
	if (err)
		(void)snprintf(m->t->why, sizeof(m->t->why), "cannot make the request: %s",
			       err == NOON_ERR_FULL ? "too many placeholders" : noon_err_text(err));
	m->t->bytes = m->n_request;
	return err;
}

static noon_err open_sockets(struct storm *m)
{
	for (unsigned i = 0; i < m->conf->sockets; i++)
		m->pfd[i] = (struct pollfd){.fd = -1, .events = POLLIN};
	for (unsigned i = 0; i < m->conf->sockets; i++) {
		int sys = 0;

		if (noon_udp_connect(&m->conf->peer, NULL, &m->pfd[i].fd, NULL, &sys)) {
			(void)snprintf(m->t->why, sizeof(m->t->why), "cannot open a socket: %s",
				       strerror(sys));
			m->pfd[i].fd = -1;
			return NOON_ERR_OS;
		}
	}
	return NOON_OK;
}

noon_err noon_bench_storm(const struct noon_bench_storm_conf *conf, struct noon_bench_tally *t)
{
	struct storm *m = calloc(1, sizeof(*m));
	noon_err err = NOON_ERR_OS;

	(void)snprintf(t->why, sizeof(t->why), "out of memory");
	if (m == NULL)
		return err;
	m->conf = conf;
	m->t = t;
	m->source = calloc(conf->sockets, sizeof(*m->source));
	m->pfd = calloc(conf->sockets, sizeof(*m->pfd));
	m->request = calloc(NOON_BENCH_RING, sizeof(*m->request));
	if (m->source != NULL && m->pfd != NULL && m->request != NULL) {
		t->why[0] = '\0';
		err = open_sockets(m);
		err = err ? err : make_requests(m);
		if (!err)
			run(m);
		for (unsigned i = 0; i < conf->sockets; i++)
			if (m->pfd[i].fd >= 0)
				(void)close(m->pfd[i].fd);
	}
	free(m->request);
	free(m->pfd);
	free(m->source);
	free(m);
	return err;
}
