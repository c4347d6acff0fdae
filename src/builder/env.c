/* SPDX-License-Identifier: MIT */
/* Arguments from the environment: the attributes of the derivation. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "builder/env.h"

#define TEXT_MAX (256U << 20)

int env_string(const char *name, const char **ret, struct error *err)
{
	const char *value = getenv(name);

	if (!value || !*value)
		return fail(err, -EINVAL, "The variable %s is not set", name);
	*ret = value;
	return 0;
}

const char *env_optional(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

int env_text(const char *name, char **ret, struct error *err)
{
	_cleanup_free_ char *variable = xasprintf("%sPath", name);
	const char *path = env_optional(variable), *value = getenv(name);
	int r;

	if (!path) {
		*ret = xstrdup(value ? value : "");
		return 0;
	}
	r = read_file_at(AT_FDCWD, path, TEXT_MAX, ret, NULL);
	if (r < 0)
		return fail(err, r, "%s (%s) can't be read: %s", path, variable,
			    strerror(-r));
	return 0;
}

int env_epoch(int64_t *ret, struct error *err)
{
	const char *text;
	uint64_t value;
	int r = env_string("SOURCE_DATE_EPOCH", &text, err);

	if (r < 0)
		return r;
	if (parse_u64(text, &value) < 0 || value > INT32_MAX * 8LL)
		return fail(err, -EINVAL, "SOURCE_DATE_EPOCH is not a time: %s", text);
	*ret = (int64_t)value;
	return 0;
}

int env_out(int *ret_fd, struct error *err)
{
	const char *out;
	int r = env_string("out", &out, err), fd;

	if (r < 0)
		return r;
	if (mkdir(out, 0755) < 0)
		return fail(err, -errno, "%s can't be made: %s", out, strerror(errno));
	fd = open(out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail(err, -errno, "%s can't be opened: %s", out, strerror(errno));
	*ret_fd = fd;
	return 0;
}
