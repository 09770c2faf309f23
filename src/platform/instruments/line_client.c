/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/instruments/line_client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/number.h"

/* A host that does not answer is given up before the kernel does. */
#define CONNECT_WITHIN NOON_S(10)

static struct noon_instrument *instrument(const struct noon_line_client *c)
{
	return c->silence->i;
}

noon_err noon_line_client_address(const char *text, uint16_t port, struct noon_line_client *ret)
{
	const char *close = *text == '[' ? strchr(text, ']') : NULL;
	const char *colon = strrchr(text, ':');
	const char *host = close != NULL ? text + 1 : text;
	size_t n = strlen(text);
	uint64_t number = port;

	if (*text == '[' && (close == NULL || (close[1] != '\0' && close[1] != ':')))
		return NOON_ERR_FORMAT;
	if (close != NULL) {
		n = (size_t)(close - host);
		colon = close[1] == ':' ? close + 1 : NULL;
	} else if (colon != NULL && strchr(text, ':') == colon) {
		n = (size_t)(colon - text);
	} else {
		colon = NULL; /* none, or an IPv6 address */
	}
	if (n == 0 || n >= sizeof(ret->host) ||
	    (colon != NULL && !noon_number_u64(colon + 1, 1, UINT16_MAX, &number)))
		return NOON_ERR_FORMAT;
	(void)snprintf(ret->host, sizeof(ret->host), "%.*s", (int)n, host);
	ret->port = (uint16_t)number;
	return NOON_OK;
}

static void try_next(struct noon_line_client *c, const char *why)
{
	char text[NOON_LINE_CLIENT_HOST_MAX + 128];
	const bool more = c->next < c->n_list;

	noon_tcp_close(&c->tcp);
	if (c->on_close != NULL)
		c->on_close(c->arg);
	noon_loop_arm(instrument(c)->conf.loop, &c->timer, more ? 0 : NOON_INSTRUMENT_RETRY);
	if (more)
		return;
	(void)snprintf(text, sizeof(text), "%s port %u: %s", c->host, c->port, why);
	noon_instrument_complain(c->silence, text);
}

void noon_line_client_fail(struct noon_line_client *c, const char *why)
{
	c->next = c->n_list;
	try_next(c, why);
}

static void on_open(void *arg)
{
	struct noon_line_client *c = arg;

	noon_loop_disarm(&c->timer);
	noon_lines_init(&c->lines, c->buf, c->cap, false);
	instrument(c)->count[NOON_INSTRUMENT_COUNT_RECONNECTS] += c->was_open;
	c->was_open = true;
	c->next = c->n_list;
	c->on_open(c->arg);
}

static void on_data(void *arg, struct noon_bytes in)
{
	struct noon_line_client *c = arg;

	while (in.n > 0 && noon_tcp_is_open(&c->tcp)) {
		struct noon_bytes line;
		const enum noon_line got = noon_lines_next(&c->lines, &in, &line);

		if (got == NOON_LINE_WHOLE)
			c->on_line(c->arg, line);
		else if (got == NOON_LINE_DROPPED)
			instrument(c)->count[NOON_INSTRUMENT_COUNT_MALFORMED]++;
	}
}

static void on_end(void *arg, int sys)
{
	try_next(arg, sys == 0 ? "the connection was closed" : strerror(sys));
}

static void connect_next(struct noon_line_client *c)
{
	const struct noon_addr peer = c->list[c->next++];
	int sys = 0;

	c->tcp = (struct noon_tcp){
		.on_open = on_open, .on_data = on_data, .on_end = on_end, .arg = c};
	noon_loop_arm(instrument(c)->conf.loop, &c->timer, CONNECT_WITHIN);
	if (noon_tcp_connect(&c->tcp, instrument(c)->conf.loop, &peer, &sys))
		try_next(c, strerror(sys));
}

static void on_resolved(void *arg, const struct noon_addr *list, size_t n, const char *why)
{
	struct noon_line_client *c = arg;

	c->resolve = NULL;
	c->n_list = n;
	c->next = 0;
	if (n == 0) {
		try_next(c, why);
		return;
	}
	memcpy(c->list, list, n * sizeof(*list));
	connect_next(c);
}

static void on_timer(void *arg)
{
	struct noon_line_client *c = arg;

	if (noon_tcp_is_open(&c->tcp)) {
		try_next(c, "no answer");
		return;
	}
	if (c->next < c->n_list) {
		connect_next(c);
		return;
	}
	c->resolve = noon_resolve_start(instrument(c)->conf.loop, c->host, c->port, AF_UNSPEC,
					on_resolved, c);
	if (c->resolve == NULL)
		noon_line_client_fail(c, "out of memory");
}

void noon_line_client_start(struct noon_line_client *c)
{
	c->tcp.watch.fd = -1;
	c->timer = (struct noon_timer){.fire = on_timer, .arg = c};
	noon_loop_arm(instrument(c)->conf.loop, &c->timer, 0);
}

void noon_line_client_stop(struct noon_line_client *c)
{
	noon_resolve_cancel(c->resolve);
	c->resolve = NULL;
	noon_tcp_close(&c->tcp);
	noon_loop_disarm(&c->timer);
}

void noon_line_client_send(struct noon_line_client *c, const char *text)
{
	if (noon_tcp_is_open(&c->tcp) && noon_tcp_send(&c->tcp, noon_bytes_of(text, strlen(text))))
		noon_line_client_fail(c, "it takes nothing more");
}
