/* SPDX-License-Identifier: MIT */
/* A directory that ends with the test. */
#include <stdio.h>
#include <stdlib.h>

#include "fixture.h"
#include "base/alloc.h"
#include "base/fd.h"
#include "base/process.h"

#define NAMES 32

int setup_directory(void **state)
{
	char *path = xstrdup("/tmp/atomos-test.XXXXXX");

	if (!mkdtemp(path))
		return -1;
	*state = path;
	return 0;
}

int teardown_directory(void **state)
{
	int r = remove_tree_at(AT_FDCWD, *state);

	free(*state);
	return r;
}

const char *in_directory(void **state, const char *name)
{
	static char names[NAMES][256];
	static unsigned next;
	char *path = names[next++ % NAMES];

	snprintf(path, sizeof(names[0]), "%s/%s", (char *)*state, name);
	return path;
}

void run_program(const char *const *argv, char **ret_output)
{
	_cleanup_free_ char *output = NULL;
	struct error err = {0};

	assert_ok(process_check(&(struct process){.argv = argv}, &output, NULL, &err),
		  &err);
	if (ret_output)
		*ret_output = TAKE_PTR(output);
}
