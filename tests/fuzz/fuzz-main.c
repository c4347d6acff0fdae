/* SPDX-License-Identifier: MIT */
/* Runs a fuzz target over the files of a folder: what a fuzzer once found stays a test.
 * Each input is also tried cut short and with a byte changed, so that a corpus of few
 * good inputs reaches the error paths. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/fd.h"

#define INPUT_MAX (1U << 20)
#define VARIATIONS 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void run(const char *input, size_t size)
{
	/* Exactly as large as the input, so that valgrind and ASan see a byte too far. */
	uint8_t *copy = xmemdup(input, size);

	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static void run_varied(char *input, size_t size)
{
	run(input, size);
	for (size_t i = 0; size > 0 && i < VARIATIONS; i++) {
		size_t at = (size_t)rand() % size;
		char old = input[at];

		run(input, at);
		input[at] ^= (char)(1 << rand() % 8);
		run(input, size);
		input[at] = old;
	}
}

int main(int argc, char **argv)
{
	DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
	struct dirent *e;
	size_t count = 0;

	if (!dir) {
		fprintf(stderr, "fuzz-NAME FOLDER\n");
		return 2;
	}
	srand(1);
	while ((e = readdir(dir))) {
		_cleanup_free_ char *input = NULL;
		size_t size;

		if (e->d_name[0] == '.')
			continue;
		if (read_file_at(dirfd(dir), e->d_name, INPUT_MAX, &input, &size) < 0) {
			fprintf(stderr, "%s/%s can't be read\n", argv[1], e->d_name);
			return 1;
		}
		run_varied(input, size);
		count++;
	}
	closedir(dir);
	printf("%zu inputs\n", count);
	return count > 0 ? 0 : 1;
}
