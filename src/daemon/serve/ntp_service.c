/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/serve/ntp_service.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/report/log.h"
#include "platform/entropy.h"
#include "proto/ntp/rate_limit.h"

#define BATCH	    64
#define PACKET_LEN  1536 /* more than NOON_NTP_PACKET_MAX, so that longer ones are detected */
#define CONTROL_LEN 256
#define WORKERS_MAX (64 * NOON_CONFIG_LISTEN_MAX)

/* How long a worker sleeps without traffic before it checks for a stop, and rotates keys. */
#define IDLE_MS 250

/* One message of a batch. */
struct slot {
	uint8_t in[PACKET_LEN];
	uint8_t out[PACKET_LEN];
	_Alignas(struct cmsghdr) char control[CONTROL_LEN];
	struct noon_addr peer;
	struct iovec iov_in;
	struct iovec iov_out;
};

struct worker {
	struct noon_ntp_service *service;
	int fd;
	pthread_t thread;
	bool running;
	struct noon_fd_watch watch; /* poll backend */
	struct noon_entropy entropy;
	struct noon_nts_keys keys;
	bool keys_failed; /* and it has been logged */
	struct noon_ntp_server server;
	struct noon_rate_limit rate;
	struct noon_served_state time;
	struct noon_instant last;		  /* when `time` was renewed */
	struct noon_ntp_service_counters counted; /* private */
	pthread_mutex_t lock;			  /* of `shown` */
	struct noon_ntp_service_counters shown;
	struct slot slot[BATCH];
	struct mmsghdr in[BATCH];
	struct mmsghdr out[BATCH];
};

struct noon_ntp_service {
	struct noon_loop *loop;
	struct noon_served *served;
	bool threaded;
	atomic_bool stop;
	size_t n;
	struct worker *worker[WORKERS_MAX];
};

/* Answer one request; returns the length of the reply, 0 for none. */
static size_t serve(struct worker *w, struct slot *s, size_t n, int64_t stamp_ns)
{
	const int64_t real_ns = noon_clock_read(CLOCK_REALTIME);
	const noon_time received = noon_served_arrival(&w->time, stamp_ns, real_ns);
	const noon_time now = noon_clock_map_apply(&w->time.map, real_ns);
	struct noon_wr out = noon_wr_over(s->out, sizeof(s->out));
	const struct noon_bytes request = noon_bytes_of(s->in, n);

	switch (noon_rate_limit_ask(&w->rate, noon_addr_network(&s->peer), now)) {
	case NOON_RATE_PASS:
		w->server.clock = noon_served_clock_at(&w->time, now);
		(void)noon_ntp_server_reply(&w->server, request, received, now, &out);
		break;
	case NOON_RATE_TELL:
		(void)noon_ntp_server_kiss_rate(&w->server, request, &out);
		break;
	case NOON_RATE_DROP:
		noon_counters_add(&w->server.counters, NOON_VERDICT_RATE);
		break;
	}
	return noon_wr_len(&out);
}

static void publish(struct worker *w)
{
	w->counted.verdicts = w->server.counters;
	w->counted.nts_replies = w->server.nts_replies;
	w->counted.ntsn_replies = w->server.ntsn_replies;
	w->counted.cookies_made = w->server.cookies_made;
	(void)pthread_mutex_lock(&w->lock);
	w->shown = w->counted;
	(void)pthread_mutex_unlock(&w->lock);
}

static void refresh(struct worker *w)
{
	struct noon_instant now;

	noon_served_read(w->service->served, &w->time, &now);
	/* A step between the stamps of this batch and now: it is unknown which of them precede it.
	 */
	if (!noon_instant_is_steady(&w->last, &now))
		w->time.clock.has_time = false;
	w->last = now;
	if (w->server.keys == NULL)
		return;
	const bool ok =
		noon_nts_keys_rotate(
			&w->keys, noon_clock_map_apply(&w->time.map,
						       noon_clock_read(CLOCK_REALTIME))) == NOON_OK;

	if (!ok && !w->keys_failed)
		noon_log(NOON_LOG_ERROR, "cookie keys cannot be derived: NTS requests get no time");
	w->keys_failed = !ok;
}

static void prepare(struct worker *w)
{
	for (size_t i = 0; i < BATCH; i++) {
		struct slot *s = &w->slot[i];

		s->iov_in = (struct iovec){s->in, sizeof(s->in)};
		w->in[i].msg_hdr = (struct msghdr){
			.msg_name = &s->peer.u,
			.msg_namelen = sizeof(s->peer.u),
			.msg_iov = &s->iov_in,
			.msg_iovlen = 1,
			.msg_control = s->control,
			.msg_controllen = sizeof(s->control),
		};
	}
}

/* The reply goes to the source of the request, from its destination: the control message with the
 * packet info is sent back as it is, without the stamp. */
static void address_reply(struct slot *s, struct msghdr *in, struct msghdr *out, size_t n)
{
	struct noon_addr local = {.len = 0};

	noon_local_of(in, &local);
	s->iov_out = (struct iovec){s->out, n};
	*out = (struct msghdr){
		.msg_name = &s->peer.u,
		.msg_namelen = in->msg_namelen,
		.msg_iov = &s->iov_out,
		.msg_iovlen = 1,
	};
	noon_local_put(out, s->control, sizeof(s->control), &local);
}

/* Serve received requests; returns how many replies wait in w->out. */
static unsigned serve_batch(struct worker *w, unsigned n_in)
{
	unsigned n_out = 0;

	for (unsigned i = 0; i < n_in; i++) {
		struct slot *s = &w->slot[i];
		struct msghdr *in = &w->in[i].msg_hdr;
		enum noon_stamp kind;
		int64_t stamp;
		size_t n;

		s->peer.len = in->msg_namelen;
		if (!noon_stamp_of(in, &stamp, &kind)) {
			stamp = noon_clock_read(CLOCK_REALTIME);
			w->counted.unstamped++;
		}
		n = serve(w, s, w->in[i].msg_len, stamp);
		if (n > 0)
			address_reply(s, in, &w->out[n_out++].msg_hdr, n);
	}
	return n_out;
}

static void send_batch(struct worker *w, unsigned n)
{
	unsigned done = 0;

	while (done < n) {
		const int sent = sendmmsg(w->fd, w->out + done, n - done, 0);

		if (sent <= 0) {
			/* The first one cannot be sent: skip it and continue with the rest. */
			w->counted.send_failures++;
			done++;
			continue;
		}
		done += (unsigned)sent;
	}
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;
	struct pollfd pfd = {.fd = w->fd, .events = POLLIN};

	while (!atomic_load(&w->service->stop)) {
		int n;

		if (poll(&pfd, 1, IDLE_MS) <= 0) {
			refresh(w);
			continue;
		}
		prepare(w);
		n = recvmmsg(w->fd, w->in, BATCH, MSG_DONTWAIT, NULL);
		if (n <= 0)
			continue;
		refresh(w);
		send_batch(w, serve_batch(w, (unsigned)n));
		publish(w);
	}
	return NULL;
}

/* The poll backend: one message per call, only recvmsg() and sendmsg(). */
static void on_ready(void *arg, unsigned what)
{
	struct worker *w = arg;

	(void)what;
	refresh(w);
	for (int i = 0; i < BATCH; i++) {
		struct msghdr *in = &w->in[0].msg_hdr;
		ssize_t n;

		prepare(w);
		n = recvmsg(w->fd, in, 0);
		if (n < 0)
			break;
		w->in[0].msg_len = (unsigned)n;
		if (serve_batch(w, 1) == 1 && sendmsg(w->fd, &w->out[0].msg_hdr, 0) < 0)
			w->counted.send_failures++;
	}
	publish(w);
}

static void worker_free(struct worker *w)
{
	noon_loop_del(w->service->loop, &w->watch);
	if (w->fd >= 0)
		(void)close(w->fd);
	noon_ntp_server_fini(&w->server);
	noon_nts_keys_fini(&w->keys);
	noon_entropy_fini(&w->entropy);
	(void)pthread_mutex_destroy(&w->lock);
	free(w);
}

static noon_err worker_new(struct noon_ntp_service *s, const struct noon_config_server *conf,
			   const struct noon_addr *listen,
			   const struct noon_secret_nts_master *master, noon_dur rotate)
{
	struct worker *w = calloc(1, sizeof(*w));
	struct noon_stamping stamping = {false, false};
	char text[64];
	noon_err err;
	int sys = 0;

	if (w == NULL)
		return NOON_ERR_OS;
	w->service = s;
	w->fd = -1;
	(void)pthread_mutex_init(&w->lock, NULL);
	noon_entropy_init(&w->entropy);
	s->worker[s->n++] = w;
	err = noon_udp_bind(listen, conf->threads > 1, &w->fd, &stamping, &sys);
	noon_addr_format(listen, text, sizeof(text));
	if (err) {
		noon_log(NOON_LOG_ERROR, "NTP server: cannot bind %s: %s", text, strerror(sys));
		return err;
	}
	if (!stamping.rx)
		noon_log(NOON_LOG_WARNING,
			 "NTP server: %s: no kernel receive stamps, using the program's own", text);
	noon_rate_limit_init(&w->rate, &w->entropy.rng, conf->rate_per_s, conf->rate_burst);
	if (master != NULL)
		err = noon_nts_keys_init(&w->keys, master, rotate);
	return err ? err
		   : noon_ntp_server_init(&w->server, &w->entropy.rng,
					  master == NULL ? NULL : &w->keys);
}

noon_err noon_ntp_service_new(const struct noon_config_server *conf, struct noon_loop *loop,
			      struct noon_served *served,
			      const struct noon_secret_nts_master *master, noon_dur rotate,
			      struct noon_ntp_service **ret)
{
	struct noon_ntp_service *s = calloc(1, sizeof(*s));
	noon_err err = NOON_OK;

	if (s == NULL)
		return NOON_ERR_OS;
	s->loop = loop;
	s->served = served;
	s->threaded = noon_loop_backend_of(loop) == NOON_LOOP_EVENT;
	for (size_t i = 0; i < conf->n_listen && !err; i++)
		for (unsigned t = 0; t < (s->threaded ? conf->threads : 1) && !err; t++)
			err = worker_new(s, conf, &conf->listen[i], master, rotate);
	if (err) {
		noon_ntp_service_free(s);
		return err;
	}
	*ret = s;
	return NOON_OK;
}

noon_err noon_ntp_service_start(struct noon_ntp_service *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct worker *w = s->worker[i];

		w->last = noon_instant_now();
		refresh(w);
		if (s->threaded) {
			if (pthread_create(&w->thread, NULL, worker_main, w) != 0)
				return NOON_ERR_OS;
			w->running = true;
			continue;
		}
		w->watch = (struct noon_fd_watch){
			.fd = w->fd, .want = NOON_READABLE, .ready = on_ready, .arg = w};
		if (noon_loop_add(s->loop, &w->watch))
			return NOON_ERR_OS;
	}
	return NOON_OK;
}

static void add_counters(struct noon_ntp_service_counters *sum,
			 const struct noon_ntp_service_counters *c)
{
	for (size_t i = 0; i < NOON_VERDICTS; i++)
		sum->verdicts.n[i] += c->verdicts.n[i];
	sum->nts_replies += c->nts_replies;
	sum->ntsn_replies += c->ntsn_replies;
	sum->cookies_made += c->cookies_made;
	sum->send_failures += c->send_failures;
	sum->unstamped += c->unstamped;
}

void noon_ntp_service_counters(struct noon_ntp_service *s, struct noon_ntp_service_counters *ret)
{
	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < s->n; i++) {
		(void)pthread_mutex_lock(&s->worker[i]->lock);
		add_counters(ret, &s->worker[i]->shown);
		(void)pthread_mutex_unlock(&s->worker[i]->lock);
	}
}

void noon_ntp_service_free(struct noon_ntp_service *s)
{
	if (s == NULL)
		return;
	atomic_store(&s->stop, true);
	for (size_t i = 0; i < s->n; i++)
		if (s->worker[i]->running)
			(void)pthread_join(s->worker[i]->thread, NULL);
	for (size_t i = 0; i < s->n; i++)
		worker_free(s->worker[i]);
	free(s);
}
