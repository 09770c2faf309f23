/* SPDX-License-Identifier: Apache-2.0
 *
 * Property: no text makes the reader of scenario files fall over, and what it accepts is possible.
 */
#include <assert.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "input.h"
#include "sim/scenario.h"
#include "tools/sim/scenario_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct noon_scenario_file f;
	const int fd = memfd_create("scenario", 0);
	struct noon_sim_fault fault;
	char path[64];

	assert(fd >= 0);
	if (write(fd, data, size) == (ssize_t)size) {
		(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		if (noon_scenario_read(path, &f) == NOON_OK)
			assert(noon_scenario_check(&f.s, &fault) == NOON_OK);
		noon_scenario_file_fini(&f);
	}
	(void)close(fd);
	return 0;
}
