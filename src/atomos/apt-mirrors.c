/* SPDX-License-Identifier: MIT */
/* Where Debian's packages come from: the machine's own apt knows. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/process.h"
#include "base/str.h"
#include "atomos/apt.h"

void apt_mirrors_done(struct apt_mirrors *m)
{
	free(m->main);
	free(m->security);
	*m = (struct apt_mirrors){0};
}

static char *without_slash(const char *uri)
{
	size_t n = strlen(uri);

	while (n > 1 && uri[n - 1] == '/')
		n--;
	return xstrndup(uri, n);
}

/* The URI of the first line whose suite ends as `suffix` says and, unless `suite` is
 * NULL, starts with `suite`. */
static char *find_line(char *const *lines, const char *suite, const char *suffix)
{
	for (char *const *l = lines; *l; l++) {
		_cleanup_strv_ char **f = strv_split(*l, " ");
		_cleanup_free_ char *wanted =
			suite ? xasprintf("%s%s", suite, suffix) : NULL;

		if (strv_length(f) < 3 || !streq(f[2], "main"))
			continue;
		if (wanted    ? streq(f[1], wanted)
		    : *suffix ? endswith(f[1], suffix) != NULL
			      : !strchr(f[1], '-'))
			return without_slash(f[0]);
	}
	return NULL;
}

static bool has_security(const char *suite)
{
	return !streq(suite, "sid") && !streq(suite, "unstable");
}

int apt_mirrors_choose(const char *text, const char *suite, struct apt_mirrors *ret)
{
	_cleanup_strv_ char **lines = strv_split(text, "\n");
	char *security;

	*ret = (struct apt_mirrors){0};
	ret->main = find_line(lines, suite, "");
	/* A machine of another release builds too: mirrors carry all releases. */
	if (!ret->main)
		ret->main = find_line(lines, NULL, "");
	if (!ret->main)
		return -ENOENT;
	if (!has_security(suite))
		return 0;
	security = find_line(lines, suite, "-security");
	if (!security)
		security = find_line(lines, NULL, "-security");
	ret->security = security ? security : xasprintf("%s-security", ret->main);
	return 0;
}

static int ask_apt(const char *suite, struct apt_mirrors *ret, struct error *err)
{
	const char *const argv[] = {"apt-get",
				    "indextargets",
				    "--format",
				    "$(REPO_URI) $(RELEASE) $(COMPONENT)",
				    "Created-By: Packages",
				    NULL};
	struct process p = {.argv = argv};
	_cleanup_free_ char *output = NULL;
	int r = process_check(&p, &output, NULL, err);

	if (r < 0)
		return wrap(err, "Can't ask apt for this machine's mirror");
	r = apt_mirrors_choose(output, suite, ret);
	if (r < 0)
		return fail(err, r,
			    "No Debian mirror in this machine's apt configuration: run "
			    "'apt-get update' once, set debian.mirror, or add one to "
			    "/etc/apt/sources.list.d");
	return 0;
}

int apt_mirrors_find(const struct apt_mirrors *configured, const char *suite,
		     struct apt_mirrors *ret, struct error *err)
{
	int r = 0;

	*ret = (struct apt_mirrors){0};
	if (!configured->main)
		r = ask_apt(suite, ret, err);
	if (r < 0)
		return r;
	if (configured->main) {
		ret->main = without_slash(configured->main);
		ret->security =
			has_security(suite) ? xasprintf("%s-security", ret->main) : NULL;
	}
	if (configured->security) {
		free(ret->security);
		ret->security = without_slash(configured->security);
	}
	return 0;
}
