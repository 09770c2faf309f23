/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/instruments/serial.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* One read per wake-up. */
#define READ_LEN 512

static struct noon_instrument *instrument(const struct noon_serial *s)
{
	return s->silence->i;
}

static void shut(struct noon_serial *s)
{
	if (s->watch.fd <= 0)
		return;
	noon_loop_del(instrument(s)->conf.loop, &s->watch);
	(void)close(s->watch.fd);
	s->watch.fd = -1;
}

void noon_serial_close(struct noon_serial *s)
{
	shut(s);
	noon_loop_disarm(&s->retry);
}

static void fail(struct noon_serial *s, const char *what)
{
	char why[NOON_SERIAL_PATH_MAX + 64];

	shut(s);
	(void)snprintf(why, sizeof(why), "%s: %s", s->path, what);
	noon_loop_arm(instrument(s)->conf.loop, &s->retry, NOON_INSTRUMENT_RETRY);
	noon_instrument_complain(s->silence, why);
}

static void take(struct noon_serial *s, struct noon_bytes in)
{
	while (in.n > 0) {
		struct noon_bytes line;
		const enum noon_line got = noon_lines_next(&s->lines, &in, &line);

		if (got == NOON_LINE_WHOLE)
			s->on_line(s->arg, line);
		else if (got == NOON_LINE_DROPPED)
			instrument(s)->count[NOON_INSTRUMENT_COUNT_MALFORMED]++;
	}
}

static void on_ready(void *arg, unsigned what)
{
	struct noon_serial *s = arg;
	uint8_t buf[READ_LEN];
	const ssize_t n = read(s->watch.fd, buf, sizeof(buf));

	(void)what;
	if (n > 0)
		take(s, noon_bytes_of(buf, (size_t)n));
	else if (n == 0)
		fail(s, "the line was hung up");
	else if (errno != EAGAIN && errno != EINTR)
		fail(s, errno == EIO ? "the line was hung up" : strerror(errno));
}

static bool make_raw(const struct noon_serial *s, int fd)
{
	struct termios t;

	if (tcgetattr(fd, &t) != 0)
		return false;
	cfmakeraw(&t);
	t.c_cflag |= CLOCAL | CREAD;
	/* Without HUPCL a close leaves DTR alone, which would reset an Arduino at the next open. */
	t.c_cflag &= ~(tcflag_t)(CSTOPB | CRTSCTS | HUPCL);
	if (s->two_stop_bits)
		t.c_cflag |= CSTOPB;
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	if (cfsetispeed(&t, s->speed) != 0 || cfsetospeed(&t, s->speed) != 0 ||
	    tcsetattr(fd, TCSANOW, &t) != 0)
		return false;
	(void)tcflush(fd, TCIOFLUSH);
	return true;
}

static noon_err open_line(struct noon_serial *s, struct noon_instrument_why *why)
{
	const int fd = open(s->path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	noon_err err = NOON_ERR_OS;

	if (fd < 0) {
		(void)snprintf(why->text, sizeof(why->text), "%.150s: %s", s->path,
			       strerror(errno));
		return errno == EACCES	 ? NOON_ERR_PERM
		       : errno == ENOENT ? NOON_ERR_NOT_FOUND
					 : NOON_ERR_OS;
	}
	s->watch = (struct noon_fd_watch){
		.fd = fd, .want = NOON_READABLE, .ready = on_ready, .arg = s};
	noon_lines_init(&s->lines, s->buf, sizeof(s->buf), s->middle);
	if (!make_raw(s, fd)) {
		err = errno == ENOTTY ? NOON_ERR_UNSUPPORTED : NOON_ERR_OS;
		(void)snprintf(why->text, sizeof(why->text), "%.150s is no serial line: %s",
			       s->path, strerror(errno));
	} else if (noon_loop_add(instrument(s)->conf.loop, &s->watch)) {
		(void)snprintf(why->text, sizeof(why->text), "%.150s cannot be watched", s->path);
	} else {
		return NOON_OK;
	}
	(void)close(fd);
	s->watch.fd = -1;
	return err;
}

static void on_retry(void *arg)
{
	struct noon_serial *s = arg;
	struct noon_instrument_why why;

	if (open_line(s, &why)) {
		noon_loop_arm(instrument(s)->conf.loop, &s->retry, NOON_INSTRUMENT_RETRY);
		return;
	}
	instrument(s)->count[NOON_INSTRUMENT_COUNT_RECONNECTS]++;
	if (s->on_open != NULL)
		s->on_open(s->arg);
}

noon_err noon_serial_open(struct noon_serial *s, struct noon_instrument_why *why)
{
	const noon_err err = open_line(s, why);

	s->retry = (struct noon_timer){.fire = on_retry, .arg = s};
	if (!err && s->on_open != NULL)
		s->on_open(s->arg);
	return err;
}

void noon_serial_send(struct noon_serial *s, const char *text)
{
	if (s->watch.fd > 0 && write(s->watch.fd, text, strlen(text)) < 0 && errno != EAGAIN)
		fail(s, strerror(errno));
}
