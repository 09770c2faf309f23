/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/clock/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "platform/clock/clock.h"

/* Clocks read within twice this count as simultaneous, ns. */
#define GOOD 100

/* Best of three, unless good enough before: an interrupt between the reads spoils only one. */
struct noon_machine_clocks noon_machine_clocks_now(void)
{
	struct noon_machine_clocks best = {.err = NOON_DUR_MAX};

	for (int i = 0; i < 3 && best.err > GOOD; i++) {
		const int64_t before = noon_clock_read(CLOCK_MONOTONIC_RAW);
		const int64_t mono = noon_clock_read(CLOCK_MONOTONIC);
		const int64_t boot = noon_clock_read(CLOCK_BOOTTIME);
		const int64_t after = noon_clock_read(CLOCK_MONOTONIC_RAW);
		const noon_dur err = (after - before + 1) / 2;

		if (err < best.err)
			best = (struct noon_machine_clocks){before + (after - before) / 2, mono,
							    boot, err};
	}
	return best;
}

noon_err noon_machine_clocksource(const char *path, char ret[NOON_CLOCKSOURCE_MAX])
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char buf[NOON_CLOCKSOURCE_MAX + 1];
	ssize_t n;

	if (fd < 0)
		return errno == ENOENT ? NOON_ERR_NOT_FOUND : NOON_ERR_OS;
	n = read(fd, buf, sizeof(buf) - 1);
	(void)close(fd);
	if (n < 0)
		return NOON_ERR_OS;
	buf[n] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	if (buf[0] == '\0' || strlen(buf) >= NOON_CLOCKSOURCE_MAX)
		return NOON_ERR_FORMAT;
	memcpy(ret, buf, strlen(buf) + 1);
	return NOON_OK;
}
