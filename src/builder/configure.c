/* SPDX-License-Identifier: MIT */
/* Configures packages that are laid out in a root, as dpkg would after unpacking them. */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "builder/configure.h"

#define DPKG "dpkg", "--status-fd=3", "--force-unsafe-io", "--force-confold"

#define ANSWERS "tmp/atomos-answers"
#define CONTROL "var/lib/dpkg/tmp.ci"

/* The version that scripts are told: the one of Debian 13's dpkg is new enough for all.
 */
#define DPKG_VERSION "DPKG_RUNNING_VERSION=1.22.21"

static bool has_preinst(const struct package *p)
{
	return p->control_files && strv_contains(p->control_files, "preinst");
}

/* debconf finds the package of a running preinst by the control file beside it, as dpkg
 * has it there. Links, not copies: their inodes stay those of the store's files. */
static int lay_out_control(struct sandbox *s, const struct package *p, struct error *err)
{
	int r = remove_tree_at(s->root_fd, CONTROL);

	if (r == 0 && mkdirat(s->root_fd, CONTROL, 0755) < 0)
		r = -errno;
	for (char **name = p->control_files; r == 0 && name && *name; name++) {
		_cleanup_free_ char *from = xasprintf("var/lib/dpkg/info/%s.%s", p->info,
						      *name),
				    *to = xasprintf(CONTROL "/%s", *name);

		if (linkat(s->root_fd, from, s->root_fd, to, 0) < 0)
			r = -errno;
	}
	if (r == 0)
		r = write_file_at(s->root_fd, CONTROL "/control", p->control,
				  strlen(p->control), 0644);
	return r < 0 ? fail(err, r, "/" CONTROL " can't be made: %s", strerror(-r)) : 0;
}

static int run_preinst(struct sandbox *s, const struct package *p, struct error *err)
{
	_cleanup_free_ char *name = xasprintf("DPKG_MAINTSCRIPT_PACKAGE=%s", p->name),
			    *arch = xasprintf("DPKG_MAINTSCRIPT_ARCH=%s",
					      p->architecture);
	const char *argv[] = {"/" CONTROL "/preinst", "install", NULL};
	const char *environment[] = {name,
				     arch,
				     "DPKG_MAINTSCRIPT_NAME=preinst",
				     "DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT=1",
				     DPKG_VERSION,
				     NULL};
	int r;

	if (!has_preinst(p))
		return 0;
	sandbox_note(s, p->name);
	r = lay_out_control(s, p, err);
	if (r == 0)
		r = sandbox_run(s, argv, environment, NULL, err);
	if (r == 0 && remove_tree_at(s->root_fd, CONTROL) < 0)
		r = fail(err, -EIO, "/" CONTROL " can't be removed");
	return r < 0 ? wrap(err, "The package %s can't be installed", p->name) : 0;
}

static const struct package *find(const struct packages *packages, const char *name)
{
	for (size_t i = 0; i < packages->count; i++)
		if (streq(packages->list[i].name, name))
			return &packages->list[i];
	return NULL;
}

/* Scripts of other packages need users and the folders of these two. */
static const char *const earliest[] = {"base-passwd", "base-files"};

static int run_preinsts(struct sandbox *s, const struct packages *packages,
			struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ELEMENTSOF(earliest); i++) {
		const struct package *p = find(packages, earliest[i]);

		r = p ? run_preinst(s, p, err) : 0;
	}
	for (size_t i = 0; r == 0 && i < packages->count; i++) {
		const struct package *p = &packages->list[i];

		if (!streq(p->name, earliest[0]) && !streq(p->name, earliest[1]))
			r = run_preinst(s, p, err);
	}
	return r;
}

/* Dependencies are ignored in these two steps: dpkg's own order needs what isn't there
 * before they are done (awk, PAM's configuration). */
static int configure_passwd(struct sandbox *s, const struct packages *packages,
			    struct error *err)
{
	const char *argv[] = {DPKG, "--force-depends", "--configure", "base-passwd",
			      NULL};
	int r = find(packages, "base-passwd") ? sandbox_run(s, argv, NULL, NULL, err) : 0;

	return r < 0 ? wrap(err, "The package base-passwd can't be configured") : 0;
}

static int configure_essential(struct sandbox *s, const struct packages *packages,
			       struct error *err)
{
	_cleanup_free_ const char **argv = xcalloc(packages->count + 10, sizeof(*argv));
	static const char *const start[] = {DPKG, "--force-depends", "--configure"};
	size_t n = ELEMENTSOF(start);
	int r;

	memcpy(argv, start, sizeof(start));
	for (size_t i = 0; i < packages->count; i++)
		if (packages->list[i].first &&
		    !streq(packages->list[i].name, "base-passwd"))
			argv[n++] = packages->list[i].info;
	if (n == ELEMENTSOF(start))
		return 0;
	r = sandbox_run(s, argv, NULL, NULL, err);
	return r < 0 ? wrap(err, "The essential packages can't be configured") : 0;
}

/* The configuration's answers to what packages would ask. */
static int give_answers(struct sandbox *s, const char *answers, struct error *err)
{
	const char *argv[] = {"debconf-set-selections", "/" ANSWERS, NULL};
	int r;

	if (!*answers)
		return 0;
	r = write_file_at(s->root_fd, ANSWERS, answers, strlen(answers), 0600);
	if (r < 0)
		return fail(err, r, "/" ANSWERS " can't be written: %s", strerror(-r));
	r = sandbox_run(s, argv, NULL, NULL, err);
	(void)unlinkat(s->root_fd, ANSWERS, 0);
	return r < 0 ? wrap(err, "The answers for debconf can't be given") : 0;
}

int configure_packages(struct sandbox *s, const struct configuring *c, struct error *err)
{
	const char *argv[] = {DPKG, "--configure", "-a", NULL};
	int r = run_preinsts(s, c->packages, err);

	if (r == 0 && c->first_layer)
		r = configure_passwd(s, c->packages, err);
	if (r == 0)
		r = give_answers(s, c->answers, err);
	if (r == 0 && c->first_layer)
		r = configure_essential(s, c->packages, err);
	if (r < 0)
		return r;
	r = sandbox_run(s, argv, NULL, NULL, err);
	return r < 0 ? wrap(err, "The packages can't be configured") : 0;
}

int configure_check(struct sandbox *s, struct error *err)
{
	const char *audit[] = {"dpkg", "--audit", NULL};
	const char *query[] = {"dpkg-query", "-W", "-f",
			       "${db:Status-Abbrev} ${binary:Package}\n", NULL};
	_cleanup_free_ char *words = NULL, *list = NULL;
	_cleanup_strv_ char **lines = NULL;
	int r = sandbox_run(s, audit, NULL, &words, err);

	if (r < 0)
		return r;
	if (*words)
		return fail(err, -EBADMSG,
			    "dpkg --audit finds the packages in disorder: %s", words);
	r = sandbox_run(s, query, NULL, &list, err);
	if (r < 0)
		return r;
	lines = strv_split(list, "\n");
	for (char **l = lines; *l; l++)
		if (!startswith(*l, "ii "))
			return fail(err, -EBADMSG,
				    "A package isn't installed properly: %s", *l);
	return 0;
}
