/* SPDX-License-Identifier: Apache-2.0
 *
 * Property: no text makes the reader of configuration files fall over, and what it accepts is
 * within the limits that the rest relies upon.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "daemon/config/config.h"
#include "input.h"
#include "platform/text.h"

static void check_tunnel(const struct noon_config_tunnel *t)
{
	assert(t->name[0] != '\0' && t->name[0] != '.' && strchr(t->name, '/') == NULL);
	assert(t->peer.len > 0 && (t->udp || t->local.len > 0) && !(t->udp && t->ah));
	assert(t->inner_local.len > 0 && t->inner_local.len == t->inner_peer.len);
	assert(t->ports >= 1 && t->ports <= NOON_TUNNEL_PORTS);
	assert(t->key_len == 16 || t->key_len == 32);
	assert(noon_padding_is_sound(&t->padding));
	assert(t->lifetime > 0 && t->packets <= UINT64_C(1) << 31 && t->dead_after > 0);
	assert(t->jitter >= 0 && t->jitter <= 0.5 && t->grace >= 0 && t->cover >= 0);
}

static void check(const struct noon_config *c)
{
	assert(noon_engine_conf_check(&c->engine) == NOON_OK);
	assert(c->n_sources <= NOON_CONFIG_SOURCES_MAX);
	for (size_t i = 0; i < c->n_sources; i++) {
		assert(noon_source_conf_check(&c->source[i].engine) == NOON_OK);
		assert(memchr(c->source[i].host, 0, sizeof(c->source[i].host)));
		assert(c->source[i].n_aead <= 2);
	}
	assert(c->server.n_listen <= NOON_CONFIG_LISTEN_MAX);
	assert(c->ke.n_listen <= NOON_CONFIG_LISTEN_MAX && c->ke.n_names <= NOON_CONFIG_NAMES_MAX);
	assert(c->n_tunnels <= NOON_CONFIG_TUNNELS_MAX);
	for (size_t i = 0; i < c->n_tunnels; i++)
		check_tunnel(&c->tunnel[i]);
	assert(c->server.rate_per_s >= 0 && c->server.local_bound >= 0);
	assert(c->server.local_stratum <= 15);
	if (c->ke.enabled)
		assert(c->ke.rotate >= NOON_S(1) && c->ke.timeout > 0);
}

static void read_text(const uint8_t *data, size_t size)
{
	static struct noon_config c;
	const int fd = memfd_create("conf", 0);
	char path[64];

	assert(fd >= 0);
	if (write(fd, data, size) == (ssize_t)size) {
		(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		if (noon_config_read(path, &c) == NOON_OK)
			check(&c);
	}
	(void)close(fd);
}

static void numbers(const uint8_t *data, size_t size)
{
	char text[64];
	const size_t n = size < sizeof(text) - 1 ? size : sizeof(text) - 1;
	noon_dur d;
	noon_freq f;

	memcpy(text, data, n);
	text[n] = '\0';
	(void)!noon_text_dur(text, &d);
	(void)!noon_text_freq(text, &f);
}

/* An included file is not part of the input. */
static int has_include(const uint8_t *data, size_t size)
{
	return memmem(data, size, "include", 7) != NULL || memmem(data, size, "${", 2) != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static FILE *nowhere;
	FILE *const before = stderr;

	if (size > 4096 || has_include(data, size))
		return 0;
	if (nowhere == NULL)
		nowhere = fopen("/dev/null", "w");
	assert(nowhere);
	numbers(data, size);
	stderr = nowhere;
	read_text(data, size);
	stderr = before;
	return 0;
}
