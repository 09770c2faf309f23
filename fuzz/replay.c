/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs every file of the folders given, or every file given, through one fuzz target: what a
 * compiler without a fuzzer can do with a corpus.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "input.h"

#define INPUT_MAX (1U << 20)

static int run_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = malloc(INPUT_MAX);
	uint8_t *exact;
	size_t n;

	if (f == NULL || data == NULL) {
		fprintf(stderr, "%s: cannot be read\n", path);
		exit(1);
	}
	n = fread(data, 1, INPUT_MAX, f);
	(void)fclose(f);
	exact = malloc(n ? n : 1); /* so that a sanitizer sees a read beyond the end */
	if (exact == NULL)
		exit(1);
	memcpy(exact, data, n);
	free(data);
	(void)LLVMFuzzerTestOneInput(exact, n);
	free(exact);
	return 1;
}

static int run_folder(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *e;
	char name[2048];
	int count = 0;

	if (dir == NULL) {
		fprintf(stderr, "%s: cannot be opened\n", path);
		exit(1);
	}
	while ((e = readdir(dir)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
		count += run_file(name);
	}
	(void)closedir(dir);
	return count;
}

int main(int argc, char **argv)
{
	int count = 0;

	for (int i = 1; i < argc; i++) {
		struct stat st;

		if (stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode))
			count += run_folder(argv[i]);
		else
			count += run_file(argv[i]);
	}
	printf("%d inputs\n", count);
	return count > 0 ? 0 : 1;
}
