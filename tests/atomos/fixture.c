/* SPDX-License-Identifier: MIT */
/* What the tests of the command line share. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "fixture.h"

static char *data_path(const char *name)
{
	const char *data = getenv("ATOMOS_TEST_DATA");

	return xasprintf("%s/%s", data ? data : "tests/data", name);
}

char *test_data(const char *name)
{
	_cleanup_free_ char *path = data_path(name);
	char *text;
	size_t size;
	int r = read_file_at(AT_FDCWD, path, 16U << 20, &text, &size);

	if (r < 0)
		fail_msg("%s: %s", path, strerror(-r));
	return text;
}

void test_data_each(const char *folder, void (*each)(const char *name, const char *text))
{
	_cleanup_free_ char *path = data_path(folder);
	DIR *d = opendir(path);
	struct dirent *e;
	size_t count = 0;

	assert_non_null(d);
	while ((e = readdir(d))) {
		_cleanup_free_ char *name = NULL, *text = NULL;

		if (e->d_name[0] == '.')
			continue;
		name = xasprintf("%s/%s", folder, e->d_name);
		text = test_data(name);
		each(name, text);
		count++;
	}
	closedir(d);
	assert_true(count > 0);
}
