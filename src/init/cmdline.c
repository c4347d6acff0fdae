/* SPDX-License-Identifier: MIT */
/* Compares the kernel's command line with the signed one. */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "init/cmdline.h"

#define SPACES " \t\r\n"

static char *trimmed(const char *s)
{
	size_t n;

	s += strspn(s, SPACES);
	n = strlen(s);
	while (n > 0 && strchr(SPACES, s[n - 1]))
		n--;
	return xstrndup(s, n);
}

/* The words of `a` that `b` has not, each as often as it is there in excess. Bytes that a
 * terminal would act on are replaced. */
static char *words_without(const char *a, const char *b)
{
	_cleanup_strv_ char **left = strv_split(a, SPACES),
			    **right = strv_split(b, SPACES);
	_cleanup_strv_ char **result = NULL;

	for (char **w = left; w && *w; w++) {
		char **found = right;

		while (found && *found && !streq(*found, *w))
			found++;
		if (found && *found) {
			(*found)[0] = 0; /* used up; no word is empty */
			continue;
		}
		for (char *c = *w; *c; c++)
			if (*c < 0x20 || *c > 0x7e)
				*c = '?';
		result = strv_add(result, *w);
	}
	return result ? strv_join(result, " ") : NULL;
}

int cmdline_check(const char *actual, const char *builtin, struct error *err)
{
	_cleanup_free_ char *a = trimmed(actual), *b = trimmed(builtin);
	_cleanup_free_ char *added = words_without(a, b), *missing = words_without(b, a);

	if (streq(a, b))
		return 0;
	if (added)
		return fail(err, -EPERM,
			    "The kernel's command line has \"%.400s\" in addition to "
			    "that of the "
			    "signed boot image: something between firmware and kernel "
			    "(SMBIOS, boot "
			    "menu) added it; remove it there and start again",
			    added);
	if (missing)
		return fail(err, -EPERM,
			    "The kernel's command line lacks \"%.400s\" of the signed "
			    "boot image: "
			    "start this boot image without changes",
			    missing);
	return fail(err, -EPERM,
		    "The kernel's command line has the words of the signed boot image in "
		    "another "
		    "order or spacing: start this boot image without changes");
}
