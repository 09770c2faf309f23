/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/tunnel/spi_socket.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/report/log.h"

/* A line for each SPI, and the name. */
#define TEXT_MAX (128 + 20 * (2 + NOON_TUNNEL_SPIS_MAX))

noon_err noon_spi_socket_open(struct noon_spi_socket *s, const char *tunnel, const char *path)
{
	*s = (struct noon_spi_socket){.tunnel = tunnel, .path = path, .fd = -1};
	if (strlen(path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path)) {
		noon_log(NOON_LOG_ERROR,
			 "tunnel %s: spi-socket: longer than a socket's path may be", tunnel);
		return NOON_ERR_LONG;
	}
	s->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd >= 0)
		return NOON_OK;
	noon_log(NOON_LOG_ERROR, "tunnel %s: spi-socket: %s", tunnel, strerror(errno));
	return NOON_ERR_OS;
}

static size_t add(char text[TEXT_MAX], size_t n, const char *word, uint32_t spi)
{
	const int len = snprintf(text + n, TEXT_MAX - n, "%s 0x%08x\n", word, spi);

	return len < 0 || (size_t)len >= TEXT_MAX - n ? n : n + (size_t)len;
}

static size_t write_text(const struct noon_spi_socket *s, const struct noon_tunnel_spis *spis,
			 char text[TEXT_MAX])
{
	const int len = snprintf(text, TEXT_MAX, "tunnel %s\n", s->tunnel);
	size_t n = add(text, len < 0 ? 0 : (size_t)len, "out", spis->out);

	if (spis->out_ah != 0)
		n = add(text, n, "out-ah", spis->out_ah);
	for (size_t i = 0; i < spis->n; i++)
		n = add(text, n, "in", spis->in[i]);
	return n;
}

void noon_spi_socket_tell(struct noon_spi_socket *s, const struct noon_tunnel_spis *spis)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	char text[TEXT_MAX];
	const size_t n = write_text(s, spis, text);
	bool failed;

	memcpy(to.sun_path, s->path, strlen(s->path) + 1);
	failed = sendto(s->fd, text, n, MSG_NOSIGNAL, (const struct sockaddr *)&to, sizeof(to)) < 0;
	if (failed && !s->is_failing)
		noon_log(NOON_LOG_WARNING,
			 "tunnel %s: spi-socket %s: %s; whoever listens there does not know the "
			 "SPIs",
			 s->tunnel, s->path, strerror(errno));
	else if (!failed && s->is_failing)
		noon_log(NOON_LOG_NOTICE, "tunnel %s: spi-socket %s: SPIs are told again",
			 s->tunnel, s->path);
	s->is_failing = failed;
}

void noon_spi_socket_close(struct noon_spi_socket *s)
{
	if (s->fd >= 0)
		(void)close(s->fd);
	s->fd = -1;
}
