/* SPDX-License-Identifier: Apache-2.0
 *
 * use: faulty_client KE-PORT CA [aead=N] [FAULT...]
 */
#include "faulty_client.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define INTERVAL_MS 50
/* The least back-off (RFC 8915, section 4.2), and a little more. */
#define BACK_OFF_MS 10300

void must(bool ok, const char *what)
{
	if (ok)
		return;
	(void)fprintf(stderr, "faulty_client: %s\n", what);
	exit(1);
}

void random_bytes(void *p, size_t n)
{
	FILE *f = fopen("/dev/urandom", "r");

	must(f != NULL && fread(p, 1, n, f) == n, "/dev/urandom");
	(void)fclose(f);
}

int64_t now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static bool set_fault(struct client *c, const char *word)
{
	static const char *const known[] = {
#define FAULT_WORD(name, word) word,
		FAULT_LIST(FAULT_WORD)
#undef FAULT_WORD
	};
	size_t f = 0;

	while (f < FAULTS && strcmp(known[f], word) != 0)
		f++;
	if (f < FAULTS)
		c->fault[f] = true;
	return f < FAULTS;
}

static void make_ctx(struct client *c, const char *ca)
{
	c->ctx = SSL_CTX_new(TLS_client_method());
	must(c->ctx != NULL && SSL_CTX_load_verify_locations(c->ctx, ca, NULL) == 1, "CA");
	(void)SSL_CTX_set_min_proto_version(c->ctx, TLS1_3_VERSION);
	SSL_CTX_set_verify(c->ctx,
			   has(c, FAULT_ANY_CERTIFICATE) ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
}

static void pause_ms(int64_t ms)
{
	const struct timespec ts = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	if (ms > 0)
		(void)nanosleep(&ts, NULL);
}

/* The jar is empty, or the server has lost our keys. The first attempt comes at once; while they
 * fail a client with cookies polls on. */
static void renew(struct client *c)
{
	if (now_ms() < c->next_ke)
		return;
	if (exchange_keys(c))
		c->disowned = false;
	else
		c->next_ke = now_ms() + (has(c, FAULT_HASTY) ? 1000 : BACK_OFF_MS);
}

static void poll_once(struct client *c)
{
	const int64_t begin = now_ms();

	ask(c, true);
	if (read_answer(c) == OUTCOME_NAK && !has(c, FAULT_IGNORES_NAK)) {
		c->disowned = true;
		if (has(c, FAULT_DROPS_KEYS))
			c->n = 0;
	}
	pause_ms(begin + c->interval_ms - now_ms());
}

static void run(struct client *c)
{
	while (!c->denied) {
		if (c->n == 0 || c->disowned)
			renew(c);
		if (c->n > 0) {
			poll_once(c);
			continue;
		}
		if (has(c, FAULT_FALLS_BACK))
			ask(c, false);
		pause_ms(300);
	}
	for (;;)
		pause_ms(1000);
}

int main(int argc, char **argv)
{
	struct client *c = calloc(1, sizeof(*c));

	must(argc >= 3 && c != NULL && !noon_aead_global_init(), "use: KE-PORT CA [FAULT...]");
	(void)signal(SIGPIPE, SIG_IGN);
	c->ke = (struct sockaddr_in){.sin_family = AF_INET,
				     .sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10)),
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	c->ntp = c->ke;
	c->fd = -1;
	c->interval_ms = INTERVAL_MS;
	random_bytes(c->uid, sizeof(c->uid));
	for (int i = 3; i < argc; i++)
		if (strncmp(argv[i], "aead=", 5) == 0)
			c->offer = (enum noon_aead_id)strtoul(argv[i] + 5, NULL, 10);
		else
			must(set_fault(c, argv[i]), argv[i]);
	make_ctx(c, argv[2]);
	run(c);
	return 0;
}
