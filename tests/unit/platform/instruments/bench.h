/* SPDX-License-Identifier: Apache-2.0
 *
 * A driver of an instrument on a loop, and a simulated instrument at the other end of a pty or a
 * TCP connection, in the same thread.
 */
#ifndef NOON_TEST_BENCH_H
#define NOON_TEST_BENCH_H

#include "platform/instruments/instruments.h"
#include "platform/net/tcp.h"

#define BENCH_READINGS 32

struct bench {
	struct noon_loop *loop;
	struct noon_timer limit;
	struct noon_instrument *i;
	struct noon_instrument_reading reading[BENCH_READINGS];
	unsigned n_readings, n_faults;
	unsigned stop_readings, stop_faults; /* the loop stops when there are so many; 0: never */
	char fault[256];		     /* the last one */
	bool timed_out;
	/* The instrument's end. */
	int master;		     /* of a pty; -1: none */
	struct noon_fd_watch watch;  /* of the master or the listener */
	struct noon_addr at;	     /* of the listener */
	struct noon_tcp tcp;	     /* the connection that was accepted last */
	unsigned n_accepted, n_ends; /* connections */
	char spec[128];
	char heard[2048]; /* what the driver sent */
	size_t n_heard;
	/* Called for each line that the driver sends; without its end. */
	void (*on_command)(struct bench *b, const char *line);
	unsigned fault_kind; /* of the test's own */
	unsigned n_commands;
};

int bench_set_up(void **state);
int bench_tear_down(void **state);
/** Make a pty and write b->spec: name, colon, device, rest. */
void bench_pty(struct bench *b, const char *name, const char *rest);
/** Close the instrument's end of the pty. */
void bench_hang_up(struct bench *b);
/** Listen on a port of loopback and write b->spec: name:127.0.0.1:port. */
void bench_listen(struct bench *b, const char *name);
/** Close the listener, and listen at the same address again. */
void bench_stop_listening(struct bench *b);
void bench_listen_again(struct bench *b);
void bench_open(struct bench *b);
/** Send text as the instrument. */
void bench_say(struct bench *b, const char *text);
/** Run until there are so many readings or faults in all; fails after 15 s. */
void bench_until_readings(struct bench *b, unsigned n);
void bench_until_faults(struct bench *b, unsigned n);
/** Run for a time. */
void bench_wait_ms(struct bench *b, int ms);
uint64_t bench_count(const struct bench *b, enum noon_instrument_count c);

#endif
