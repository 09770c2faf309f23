/* SPDX-License-Identifier: Apache-2.0
 *
 * Asking a daytime or time server: an empty datagram or a connection for each question, from a
 * fresh random port.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "ask/asker_priv.h"
#include "platform/net/udp.h"

static void close_socket(struct noon_asker *a)
{
	struct noon_asker_question *q = &a->question;

	noon_tcp_close(&q->tcp);
	if (q->watch.fd < 0)
		return;
	noon_loop_del(a->loop, &q->watch);
	(void)close(q->watch.fd);
	q->watch.fd = -1;
}

/* One question is over; the next is due an interval after it was asked. */
static void rest(struct noon_asker *a)
{
	struct noon_asker_question *q = &a->question;

	close_socket(a);
	q->waiting = false;
	noon_asker_arm_next(a, &q->timer, q->t1);
}

static void miss(struct noon_asker *a, const char *why)
{
	a->on_miss(a->arg, why);
	rest(a);
}

/* Judge what has come. @return NULL if it was a sample, else why not */
static const char *judge(struct noon_asker *a, struct noon_bytes reply)
{
	struct noon_asker_question *q = &a->question;
	struct noon_one_way_client_conf client = a->conf.one_way->client;
	struct noon_sample s;
	const char *why = "";

	client.source = a->conf.source;
	if (noon_one_way_client_take(&client, reply, q->t1, q->t4, &s, &q->answer, &why))
		return why;
	a->on_sample(a->arg, &s);
	rest(a);
	return NULL;
}

/* Anybody can send a datagram to our port: a bad one is remembered and the good one waited for. */
static void on_datagram(void *arg, unsigned what)
{
	struct noon_asker *a = arg;
	struct noon_asker_question *q = &a->question;
	struct noon_datagram d;

	(void)what;
	/* Bounded by what the peer can send in the time-out; one for each wake-up. */
	if (noon_udp_recv(q->watch.fd, q->buf, sizeof(q->buf), &d)) {
		if (errno == ECONNREFUSED)
			q->why = strerror(errno);
		return;
	}
	q->t4 = noon_clock_now(a->clock);
	q->why = judge(a, noon_bytes_of(q->buf, d.n));
}

static void on_data(void *arg, struct noon_bytes data)
{
	struct noon_asker *a = arg;
	struct noon_asker_question *q = &a->question;
	const size_t room = sizeof(q->buf) - q->n;
	const size_t n = data.n < room ? data.n : room;
	const char *why;

	q->t4 = noon_clock_now(a->clock);
	memcpy(q->buf + q->n, data.p, n);
	q->n += n;
	/* The user of the time protocol closes first (RFC 868); the text of a daytime ends with
	 * the connection (RFC 867). */
	if (a->conf.one_way->client.protocol == NOON_ONE_WAY_TIME ? q->n < NOON_ONE_WAY_TIME_LEN
								  : q->n < sizeof(q->buf))
		return;
	why = judge(a, noon_bytes_of(q->buf, q->n));
	if (why != NULL)
		miss(a, why);
}

static void on_end(void *arg, int sys)
{
	struct noon_asker *a = arg;
	struct noon_asker_question *q = &a->question;
	const char *why;

	if (sys != 0 || q->n == 0) {
		miss(a, sys != 0 ? strerror(sys) : "the server closed without an answer");
		return;
	}
	why = judge(a, noon_bytes_of(q->buf, q->n));
	if (why != NULL)
		miss(a, why);
}

static noon_err send_datagram(struct noon_asker *a, int *ret_sys)
{
	struct noon_asker_question *q = &a->question;
	int fd;

	if (noon_udp_connect(&q->peer, NULL, &fd, NULL, ret_sys))
		return NOON_ERR_OS;
	q->watch = (struct noon_fd_watch){
		.fd = fd, .want = NOON_READABLE, .ready = on_datagram, .arg = a};
	if (noon_loop_add(a->loop, &q->watch)) {
		(void)close(fd);
		q->watch.fd = -1;
		*ret_sys = ENOMEM;
		return NOON_ERR_OS;
	}
	if (noon_udp_send(fd, noon_bytes_of("", 0), NULL, NULL)) {
		*ret_sys = errno;
		return NOON_ERR_OS;
	}
	return NOON_OK;
}

static noon_err connect_stream(struct noon_asker *a, int *ret_sys)
{
	struct noon_asker_question *q = &a->question;

	q->tcp = (struct noon_tcp){
		.watch = {.fd = -1}, .on_data = on_data, .on_end = on_end, .arg = a};
	return noon_tcp_connect(&q->tcp, a->loop, &q->peer, ret_sys);
}

static void ask(struct noon_asker *a)
{
	struct noon_asker_question *q = &a->question;
	int sys = 0;

	close_socket(a);
	q->n = 0;
	q->why = NULL;
	q->waiting = true;
	noon_loop_arm(a->loop, &q->timer, a->conf.timeout);
	q->t1 = noon_clock_now(a->clock);
	if (a->conf.one_way->tcp ? connect_stream(a, &sys) : send_datagram(a, &sys))
		miss(a, strerror(sys));
}

static const char *why_late(const struct noon_asker *a)
{
	const struct noon_asker_question *q = &a->question;

	if (q->why != NULL)
		return q->why;
	return q->n > 0 ? "the server did not end its answer in time" : "no answer";
}

static void on_timer(void *arg)
{
	struct noon_asker *a = arg;

	if (a->question.waiting)
		miss(a, why_late(a));
	else
		ask(a);
}

void noon_asker_one_way_init(struct noon_asker *a)
{
	a->question.watch.fd = -1;
	a->question.tcp.watch.fd = -1;
	a->question.timer = (struct noon_timer){.fire = on_timer, .arg = a};
}

void noon_asker_one_way_start(struct noon_asker *a, const struct noon_addr *peer)
{
	a->question.peer = *peer;
	ask(a);
}

void noon_asker_one_way_fini(struct noon_asker *a)
{
	if (a->loop == NULL)
		return;
	close_socket(a);
	noon_loop_disarm(&a->question.timer);
}
