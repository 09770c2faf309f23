/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/core/process_cpu.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool noon_process_cpu(long pid, double *ret_s)
{
	char path[64];
	char text[1024];
	const char *p;
	unsigned long user = 0;
	unsigned long sys = 0;
	bool got;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	f = fopen(path, "r");
	if (f == NULL)
		return false;
	got = fgets(text, sizeof(text), f) != NULL;
	(void)fclose(f);
	/* The name, in brackets, may contain any characters. */
	p = got ? strrchr(text, ')') : NULL;
	if (p == NULL ||
	    sscanf(p + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &sys) != 2)
		return false;
	*ret_s = (double)(user + sys) / (double)sysconf(_SC_CLK_TCK);
	return true;
}
