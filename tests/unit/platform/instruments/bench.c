/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"

#include <fcntl.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void on_limit(void *arg)
{
	struct bench *b = arg;

	b->timed_out = true;
	noon_loop_stop(b->loop);
}

static void on_reading(void *arg, const struct noon_instrument_reading *r)
{
	struct bench *b = arg;

	b->reading[b->n_readings++ % BENCH_READINGS] = *r;
	if (b->n_readings == b->stop_readings)
		noon_loop_stop(b->loop);
}

static void on_fault(void *arg, const char *why)
{
	struct bench *b = arg;

	b->n_faults++;
	(void)snprintf(b->fault, sizeof(b->fault), "%s", why);
	if (b->n_faults == b->stop_faults)
		noon_loop_stop(b->loop);
}

int bench_set_up(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	b->master = -1;
	b->tcp.watch.fd = -1;
	b->limit = (struct noon_timer){.fire = on_limit, .arg = b};
	*state = b;
	return noon_loop_new(NOON_LOOP_EVENT, &b->loop) == NOON_OK ? 0 : -1;
}

int bench_tear_down(void **state)
{
	struct bench *b = *state;

	noon_instrument_close(b->i);
	noon_tcp_close(&b->tcp);
	if (b->watch.fd > 0) {
		noon_loop_del(b->loop, &b->watch);
		(void)close(b->watch.fd);
	}
	noon_loop_disarm(&b->limit);
	noon_loop_free(b->loop);
	free(b);
	return 0;
}

static void hear(struct bench *b, const char *data, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *end;

		assert_true(b->n_heard + 1 < sizeof(b->heard));
		b->heard[b->n_heard++] = data[i];
		if (data[i] == '\r')
			b->heard[b->n_heard - 1] = '\n';
		b->heard[b->n_heard] = '\0';
		if (b->heard[b->n_heard - 1] != '\n' || b->on_command == NULL)
			continue;
		b->heard[b->n_heard - 1] = '\0';
		end = strrchr(b->heard, '\n');
		b->n_commands++;
		b->on_command(b, end == NULL ? b->heard : end + 1);
		b->heard[b->n_heard - 1] = '\n';
		if (b->n_heard > sizeof(b->heard) / 2)
			b->n_heard = 0;
	}
}

static void on_master(void *arg, unsigned what)
{
	struct bench *b = arg;
	char buf[256];
	const ssize_t n = read(b->master, buf, sizeof(buf));

	(void)what;
	if (n > 0)
		hear(b, buf, (size_t)n);
}

void bench_pty(struct bench *b, const char *name, const char *rest)
{
	char device[64];
	int slave;

	assert_int_equal(openpty(&b->master, &slave, device, NULL, NULL), 0);
	(void)snprintf(b->spec, sizeof(b->spec), "%s:%s%s", name, device, rest);
	assert_int_equal(fcntl(b->master, F_SETFL, O_NONBLOCK), 0);
	b->watch = (struct noon_fd_watch){
		.fd = b->master, .want = NOON_READABLE, .ready = on_master, .arg = b};
	assert_int_equal(noon_loop_add(b->loop, &b->watch), NOON_OK);
	bench_open(b);
	/* Only now, so that the master was never without a slave. */
	(void)close(slave);
}

void bench_hang_up(struct bench *b)
{
	noon_loop_del(b->loop, &b->watch);
	(void)close(b->master);
	b->master = b->watch.fd = -1;
}

static void on_data(void *arg, struct noon_bytes data)
{
	hear(arg, (const char *)data.p, data.n);
}

static void on_end(void *arg, int sys)
{
	(void)sys;
	((struct bench *)arg)->n_ends++;
}

static void on_listener(void *arg, unsigned what)
{
	struct bench *b = arg;
	struct noon_addr peer;
	int fd;

	(void)what;
	noon_tcp_close(&b->tcp);
	if (noon_tcp_accept(b->watch.fd, &fd, &peer))
		return;
	b->tcp = (struct noon_tcp){.on_data = on_data, .on_end = on_end, .arg = b};
	assert_int_equal(noon_tcp_take(&b->tcp, b->loop, fd), NOON_OK);
	b->n_heard = 0;
	b->n_accepted++;
}

void bench_listen_again(struct bench *b)
{
	int sys;

	b->watch = (struct noon_fd_watch){.want = NOON_READABLE, .ready = on_listener, .arg = b};
	assert_int_equal(noon_tcp_listen(&b->at, &b->watch.fd, &sys), NOON_OK);
	assert_int_equal(noon_loop_add(b->loop, &b->watch), NOON_OK);
}

void bench_listen(struct bench *b, const char *name)
{
	char text[64];

	assert_int_equal(noon_addr_parse("127.0.0.1:0", 0, &b->at), NOON_OK);
	bench_listen_again(b);
	b->at.len = sizeof(b->at.u);
	assert_int_equal(getsockname(b->watch.fd, &b->at.u.sa, &b->at.len), 0);
	noon_addr_format(&b->at, text, sizeof(text));
	(void)snprintf(b->spec, sizeof(b->spec), "%s:%s", name, text);
}

void bench_stop_listening(struct bench *b)
{
	noon_loop_del(b->loop, &b->watch);
	(void)close(b->watch.fd);
	b->watch.fd = -1;
}

void bench_open(struct bench *b)
{
	const struct noon_instrument_conf conf = {
		.loop = b->loop, .on_reading = on_reading, .on_fault = on_fault, .arg = b};
	struct noon_instrument_why why = {""};
	const noon_err err = noon_instrument_open(b->spec, &conf, &b->i, &why);

	assert_string_equal(why.text, "");
	assert_int_equal(err, NOON_OK);
}

void bench_say(struct bench *b, const char *text)
{
	if (b->master >= 0)
		assert_int_equal(write(b->master, text, strlen(text)), strlen(text));
	else
		assert_int_equal(noon_tcp_send(&b->tcp, noon_bytes_of(text, strlen(text))),
				 NOON_OK);
}

static void run(struct bench *b, noon_dur limit)
{
	b->timed_out = false;
	noon_loop_arm(b->loop, &b->limit, limit);
	assert_int_equal(noon_loop_run(b->loop), NOON_OK);
	noon_loop_disarm(&b->limit);
}

void bench_until_readings(struct bench *b, unsigned n)
{
	b->stop_readings = n;
	b->stop_faults = 0;
	if (b->n_readings < n)
		run(b, NOON_S(15));
	assert_int_equal(b->n_readings, n);
}

void bench_until_faults(struct bench *b, unsigned n)
{
	b->stop_readings = 0;
	b->stop_faults = n;
	if (b->n_faults < n)
		run(b, NOON_S(15));
	assert_int_equal(b->n_faults, n);
}

void bench_wait_ms(struct bench *b, int ms)
{
	b->stop_readings = b->stop_faults = 0;
	run(b, NOON_MS(ms));
}

uint64_t bench_count(const struct bench *b, enum noon_instrument_count c)
{
	return b->i->count[c];
}
