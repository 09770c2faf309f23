/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark relay: the verb.
 */
#include "tools/lab/relay.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/core/tool.h"
#include "tools/lab/relay_control.h"

#define PAIRS_MAX 8

struct pair {
	bool tcp;
	struct noon_addr listen;
	struct noon_addr to;
	struct noon_addr client; /* of PTP; else len 0 */
};

struct arguments {
	size_t n_pairs;
	struct pair pair[PAIRS_MAX];
	const char *spec[NOON_WAYS];
	const char *control;
	uint64_t seed;
	bool set;
	bool show;
};

struct relay {
	struct noon_relay shared;
	struct noon_entropy entropy;
	struct noon_rng seeded;
	struct noon_relay_udp *udp[PAIRS_MAX];
	struct noon_relay_tcp *tcp[PAIRS_MAX];
	struct noon_relay_control *control;
};

/* "LISTEN=TO" */
static bool add_pair(const char *text, bool tcp, struct arguments *a)
{
	const char *equals = strchr(text, '=');
	char listen[128];
	struct pair *p;

	if (equals == NULL || a->n_pairs == PAIRS_MAX || (size_t)(equals - text) >= sizeof(listen))
		return false;
	memcpy(listen, text, (size_t)(equals - text));
	listen[equals - text] = '\0';
	p = &a->pair[a->n_pairs];
	p->tcp = tcp;
	if (noon_addr_parse(listen, 0, &p->listen) || noon_addr_parse(equals + 1, 0, &p->to) ||
	    noon_addr_port(&p->to) == 0)
		return false;
	a->n_pairs++;
	return true;
}

/* "ADDRESS=TRANSMITTER,RECEIVER": both ports of PTP. */
static bool add_ptp(const char *text, struct arguments *a)
{
	static const uint16_t ports[] = {319, 320};
	char part[3][64];

	if (sscanf(text, "%63[^=]=%63[^,],%63s", part[0], part[1], part[2]) != 3 ||
	    a->n_pairs + 2 > PAIRS_MAX)
		return false;
	for (size_t i = 0; i < 2; i++) {
		struct pair *p = &a->pair[a->n_pairs];

		if (noon_addr_parse(part[0], ports[i], &p->listen) ||
		    noon_addr_parse(part[1], ports[i], &p->to) ||
		    noon_addr_parse(part[2], ports[i], &p->client))
			return false;
		a->n_pairs++;
	}
	return true;
}

static bool read_pair(const struct noon_option *o, const char *text, void *at,
		      char why[NOON_OPTION_WHY])
{
	(void)why;
	if (o->name[0] == 'p')
		return add_ptp(text, at);
	return add_pair(text, o->name[0] == 't', at);
}

/* Returns an exit status, or -1 to continue. */
static int settle(const struct noon_verb *self, const struct arguments *a)
{
	if ((a->set || a->show) && a->control == NULL)
		return noon_tool_usage(self,
				       "--set and --show need --control of the running relay");
	if (!a->set && !a->show && a->n_pairs == 0)
		return noon_tool_usage(self, "nothing to relay: give --udp, --tcp or --ptp");
	return -1;
}

/* Send a command to a running relay. */
static int tell(const struct noon_verb *self, const struct arguments *a)
{
	static const char *const ways[NOON_WAYS] = {"forward", "reverse"};
	char command[1024];
	char answer[1024];
	int sys = 0;

	for (size_t w = 0; w < NOON_WAYS; w++) {
		if (!a->set || a->spec[w] == NULL)
			continue;
		(void)snprintf(command, sizeof(command), "%s %s", ways[w], a->spec[w]);
		if (noon_relay_control_ask(a->control, command, answer, sizeof(answer), &sys))
			return noon_tool_fail(self, "%s: %s", a->control, strerror(sys));
		if (strstr(answer, "\"ok\": true") == NULL)
			return noon_tool_usage(self, "%s: %s", ways[w], answer);
	}
	if (a->show) {
		if (noon_relay_control_ask(a->control, "show", answer, sizeof(answer), &sys))
			return noon_tool_fail(self, "%s: %s", a->control, strerror(sys));
		(void)printf("%s\n", answer);
	}
	return NOON_EXIT_OK;
}

static noon_err open_pair(struct relay *r, const struct pair *p, size_t i, int *ret_sys)
{
	if (p->client.len > 0)
		return noon_relay_between_new(&r->shared, &p->listen, &p->to, &p->client,
					      &r->udp[i], ret_sys);
	return p->tcp ? noon_relay_tcp_new(&r->shared, &p->listen, &p->to, &r->tcp[i], ret_sys)
		      : noon_relay_udp_new(&r->shared, &p->listen, &p->to, &r->udp[i], ret_sys);
}

static int set_up(const struct noon_verb *self, const struct arguments *a, struct relay *r)
{
	int sys = 0;

	for (size_t w = 0; w < NOON_WAYS; w++) {
		const char *bad = "";

		if (a->spec[w] != NULL &&
		    noon_impair_parse(&r->shared.impair[w], a->spec[w], noon_mono_now(), &bad))
			return noon_tool_usage(self, "cannot read \"%s\"", bad);
	}
	for (size_t i = 0; i < a->n_pairs; i++) {
		const struct pair *p = &a->pair[i];
		const noon_err err = open_pair(r, p, i, &sys);

		if (err) {
			char text[64];

			noon_addr_format(&p->listen, text, sizeof(text));
			return noon_tool_fail(self, "%s: %s", text, strerror(sys));
		}
	}
	if (a->control != NULL && noon_relay_control_new(&r->shared, a->control, &r->control, &sys))
		return noon_tool_fail(self, "%s: %s", a->control, strerror(sys));
	return -1;
}

static void on_signal(void *arg, int signo)
{
	struct relay *r = arg;

	(void)signo;
	noon_loop_stop(r->shared.loop);
}

static int serve(const struct noon_verb *self, const struct arguments *a, struct relay *r)
{
	static const int signals[] = {SIGINT, SIGTERM, 0};
	const int status = set_up(self, a, r);

	if (status >= 0)
		return status;
	if (noon_loop_signals(r->shared.loop, signals, NULL, on_signal, r) ||
	    noon_loop_run(r->shared.loop))
		return noon_tool_fail(self, "event loop: %s", strerror(errno));
	return NOON_EXIT_OK;
}

static int run(const struct noon_verb *self, void *options, const struct noon_arguments *line)
{
	const struct arguments *a = options;
	int status = settle(self, a);
	struct relay *r;

	(void)line;
	if (status >= 0)
		return status;
	if (a->set || a->show)
		return tell(self, a);
	r = calloc(1, sizeof(*r));
	if (r == NULL || noon_loop_new(NOON_LOOP_EVENT, &r->shared.loop)) {
		free(r);
		return noon_tool_fail(self, "out of memory");
	}
	noon_entropy_init(&r->entropy);
	r->seeded = noon_rng_seeded(a->seed);
	r->shared.rng = a->seed > 0 ? &r->seeded : &r->entropy.rng;
	status = serve(self, a, r);
	noon_relay_control_free(r->control);
	for (size_t i = 0; i < a->n_pairs; i++) {
		noon_relay_udp_free(r->udp[i]);
		noon_relay_tcp_free(r->tcp[i]);
	}
	noon_loop_free(r->shared.loop);
	noon_entropy_fini(&r->entropy);
	free(r);
	return status;
}

#define OPTION(member) NOON_OPTION_AT(struct arguments, member)
#define PAIR                                                                                      \
	NOON_OPTION_OWN, NOON_OPTION_ALL(struct arguments), .read = read_pair, .most = PAIRS_MAX, \
							    .value = "listen=to",                 \
							    .noun = "LISTEN=TO, as "              \
								    "127.0.0.1:2123=127.0.0.1:123"

static const struct noon_option rows[] = {
	{"udp", PAIR, .help = "relay datagrams, e.g. 127.0.0.1:2123=127.0.0.1:123"},
	{"tcp", PAIR, .help = "relay connections"},
	{"ptp", NOON_OPTION_OWN, NOON_OPTION_ALL(struct arguments), .read = read_pair,
	 .most = PAIRS_MAX, .value = "address=transmitter,receiver",
	 .noun = "ADDRESS=TRANSMITTER,RECEIVER, as 192.0.2.3=192.0.2.1,192.0.2.2",
	 .help = "relay unicast PTP between two, both ports; forward is towards the transmitter"},
	{"forward", NOON_OPTION_BORROWED, OPTION(spec[NOON_FORWARD]), .value = "spec",
	 .says = "nothing", .help = "what happens on the way to the server"},
	{"reverse", NOON_OPTION_BORROWED, OPTION(spec[NOON_REVERSE]), .value = "spec",
	 .says = "nothing", .help = "what happens on the way back"},
	{"control", NOON_OPTION_BORROWED, OPTION(control), .value = "file", .says = "none",
	 .help = "Unix socket by which the relay can be changed while it runs"},
	{"set", NOON_OPTION_BOOL, OPTION(set), .help = "change the relay behind --control"},
	{"show", NOON_OPTION_BOOL, OPTION(show), .help = "print its counters as JSON"},
	{"seed", NOON_OPTION_UINT, OPTION(seed), NOON_OPTION_LEAST(1), .says = "none",
	 .help = "repeatable randomness"},
	NOON_OPTION_END,
};

const struct noon_verb noon_verb_relay = {
	.name = "relay",
	.summary = "relay UDP and TCP with delay, loss and damage, to order",
	.about =
		"Relay datagrams and connections (--udp, --tcp, --ptp, several of them), and do to "
		"them\n"
		"what an attacker on the path can do; or change a relay that runs (--control with "
		"--set\n"
		"or --show).\n",
	.notes = "SPEC is a list such as delay=10ms,jitter=1ms,loss=0.1 of\n"
		 "  delay=T uniform=T        constant; uniform in 0..T\n"
		 "  jitter=T                 exponential with mean T\n"
		 "  ramp=T/s                 delay that grows by T each second from now on\n"
		 "  long-delay=T,long-bytes=N   delay for packets longer than N bytes\n"
		 "  short-delay=T,short-bytes=N   delay for packets of up to N bytes\n"
		 "  loss=P duplicate=P replay=P truncate=P flip=P   probability per packet\n"
		 "  reorder=P,reorder-delay=T   hold back (default 10 ms)\n"
		 "  clear                    back to nothing\n"
		 "A TCP stream keeps its order; a lost or truncated piece ends its connection.\n",
	.size = sizeof(struct arguments),
	.part = {{rows, 0, NULL}},
	.act = run,
};
