/* SPDX-License-Identifier: MIT */
/* What the builder's tests share. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "core/verity.h"
#include "fixture.h"

int temporary(char **ret_path)
{
	char name[] = "/tmp/atomos-builder-XXXXXX";
	int fd;

	assert_non_null(mkdtemp(name));
	fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	*ret_path = xstrdup(name);
	return fd;
}

void temporary_done(int fd, char *path)
{
	assert_int_equal(remove_tree_at(AT_FDCWD, path), 0);
	close(fd);
	free(path);
}

void put(int dirfd, const char *path, const char *text)
{
	assert_int_equal(make_parents_at(dirfd, path), 0);
	assert_int_equal(write_file_at(dirfd, path, text, strlen(text), 0644), 0);
}

char *get(int dirfd, const char *path)
{
	char *text = NULL;

	if (read_file_at(dirfd, path, 1U << 24, &text, NULL) < 0)
		fail_msg("%s can't be read", path);
	return text;
}

void put_package(int store, const char *base, const char *control, const char *manifest,
		 const char *const *files)
{
	_cleanup_free_ char *stanza = xasprintf("%s/control/control", base),
			    *lines = xasprintf("%s/manifest", base);

	put(store, stanza, control);
	put(store, lines, manifest);
	for (; files && *files; files += 2) {
		_cleanup_free_ char *path = xasprintf("%s/%s", base, files[0]);

		put(store, path, files[1]);
	}
}

char *file_line(const char *path, const char *mode, const char *payload,
		const char *content)
{
	uint8_t digest[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];

	verity_buffer(content, strlen(content), digest);
	hex_encode(digest, sizeof(digest), hex);
	return xasprintf("%s %zu %s 1 0 0 0 1700000000.0 %s - %s\n", path,
			 strlen(content), mode, payload, hex);
}
