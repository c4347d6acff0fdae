/* SPDX-License-Identifier: MIT */
/* dpkg's database of a root in which packages were laid out but not configured. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "builder/dpkg-db.h"
#include "builder/md5sums.h"

#define FOLDER "var/lib/dpkg"
#define DATABASE_MAX (256U << 20)

struct text {
	char *data;
	size_t size;
	FILE *file;
};

static FILE *text_open(struct text *t)
{
	t->file = open_memstream(&t->data, &t->size);
	if (!t->file)
		abort();
	return t->file;
}

static char *text_close(struct text *t)
{
	fclose(t->file);
	return t->data;
}

char *dpkg_status_stanza(const struct package *p)
{
	const char *rest = strchr(p->control, '\n');
	struct text t;
	FILE *f = text_open(&t);

	/* dpkg wants the name first and accepts every other order. */
	fprintf(f, "%.*s\nStatus: install ok unpacked\n", (int)strcspn(p->control, "\n"),
		p->control);
	if (rest && rest[1])
		fprintf(f, "%s%s", rest + 1, endswith(rest, "\n") ? "" : "\n");
	if (p->conffile_lines)
		fputs("Conffiles:\n", f);
	for (char **c = p->conffile_lines; c && *c; c++)
		fprintf(f, " %s\n", *c);
	fputc('\n', f);
	return text_close(&t);
}

char *dpkg_list_text(const struct package *p)
{
	struct text t;
	FILE *f = text_open(&t);

	for (size_t i = 0; i < p->files.count; i++) {
		const char *path = p->files.entries[i].path;

		fprintf(f, "%s\n", streq(path, "/") ? "/." : path);
	}
	return text_close(&t);
}

static int append_text(int root_fd, const char *name, const char *text, struct error *err)
{
	_cleanup_free_ char *path = xasprintf(FOLDER "/%s", name);
	_cleanup_close_ int fd =
		openat(root_fd, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	int r = fd < 0 ? -errno : write_full(fd, text, strlen(text));

	return r < 0 ? fail(err, r, "/%s can't be written: %s", path, strerror(-r)) : 0;
}

/* What AtomOS itself provides, so that dpkg and apt find every dependency met: the
 * initramfs is made by atomos-build. The lock's resolver knows the same package. */
static const char provided[] = "Package: atomos-provides\n"
			       "Status: install ok installed\n"
			       "Priority: optional\n"
			       "Section: admin\n"
			       "Maintainer: AtomOS <root@localhost>\n"
			       "Architecture: all\n"
			       "Version: 1\n"
			       "Provides: linux-initramfs-tool\n"
			       "Description: dependencies that AtomOS satisfies itself\n"
			       "\n";

static int add_provided(int root_fd, struct error *err)
{
	int r = append_text(root_fd, "status", provided, err);

	if (r == 0)
		r = append_text(root_fd, "info/atomos-provides.list", "", err);
	/* dpkg --audit asks for it. */
	return r < 0 ? r : append_text(root_fd, "info/atomos-provides.md5sums", "", err);
}

static int make_database(int root_fd, struct error *err)
{
	static const char *const folders[] = {"info", "triggers", "updates",
					      "alternatives", "parts"};
	struct stat st;
	int r;

	if (fstatat(root_fd, FOLDER "/info/format", &st, 0) == 0)
		return 0;
	r = make_parents_at(root_fd, FOLDER "/x");
	if (r < 0)
		return fail(err, r, "/" FOLDER " can't be made: %s", strerror(-r));
	for (size_t i = 0; i < ELEMENTSOF(folders); i++) {
		_cleanup_free_ char *path = xasprintf(FOLDER "/%s", folders[i]);

		if (mkdirat(root_fd, path, 0755) < 0 && errno != EEXIST)
			return fail(err, -errno, "/%s can't be made: %s", path,
				    strerror(errno));
	}
	r = append_text(root_fd, "info/format", "1\n", err);
	return r < 0 ? r : add_provided(root_fd, err);
}

/* One line of a triggers file: interest[-await|-noawait] NAME. */
static int add_interest(int root_fd, const struct package *p, const char *line,
			struct error *err)
{
	_cleanup_strv_ char **words = strv_split(line, " \t");
	_cleanup_free_ char *text = NULL, *name = NULL;
	const char *noawait;

	if (strv_length(words) != 2 || !startswith(words[0], "interest"))
		return 0;
	noawait = endswith(words[0], "-noawait") ? "/noawait" : "";
	if (words[1][0] == '/') {
		text = xasprintf("%s %s%s\n", words[1], p->info, noawait);
		return append_text(root_fd, "triggers/File", text, err);
	}
	if (strchr(words[1], '/'))
		return fail(err, -EBADMSG,
			    "The package %s has a trigger with the name %s", p->name,
			    words[1]);
	text = xasprintf("%s%s\n", p->info, noawait);
	name = xasprintf("triggers/%s", words[1]);
	return append_text(root_fd, name, text, err);
}

static int add_interests(int root_fd, int store_fd, const struct package *p,
			 struct error *err)
{
	_cleanup_strv_ char **lines = NULL;
	_cleanup_free_ char *text = NULL;
	int r = package_read_control(store_fd, p, "triggers", &text);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return fail(err, r, "The triggers of the package %s can't be read: %s",
			    p->name, strerror(-r));
	lines = strv_split(text, "\n");
	for (char **l = lines; *l; l++) {
		r = **l == '#' ? 0 : add_interest(root_fd, p, *l, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_sums(int root_fd, int store_fd, const struct package *p, struct error *err)
{
	_cleanup_free_ char *text = NULL, *name = xasprintf("info/%s.md5sums", p->info);
	int r;

	if (p->control_files && strv_contains(p->control_files, "md5sums"))
		return 0;
	r = md5sums_text(store_fd, p, &text, err);
	return r < 0 ? r : append_text(root_fd, name, text, err);
}

static int add_package(int root_fd, int store_fd, const struct package *p,
		       struct error *err)
{
	_cleanup_free_ char *list = dpkg_list_text(p),
			    *name = xasprintf("info/%s.list", p->info);
	int r = append_text(root_fd, name, list, err);

	if (r == 0)
		r = add_sums(root_fd, store_fd, p, err);
	return r < 0 ? r : add_interests(root_fd, store_fd, p, err);
}

int dpkg_db_add(int root_fd, int store_fd, const struct packages *packages,
		struct error *err)
{
	struct text t;
	FILE *f;
	_cleanup_free_ char *status = NULL;
	int r = make_database(root_fd, err);

	if (r < 0)
		return r;
	f = text_open(&t);
	for (size_t i = 0; i < packages->count; i++) {
		_cleanup_free_ char *stanza = dpkg_status_stanza(&packages->list[i]);

		fputs(stanza, f);
	}
	status = text_close(&t);
	r = append_text(root_fd, "status", status, err);
	for (size_t i = 0; r == 0 && i < packages->count; i++)
		r = add_package(root_fd, store_fd, &packages->list[i], err);
	return r;
}

/* File triggers. */

static bool below(const char *path, const char *folder)
{
	const char *rest = startswith(path, folder);

	return rest && (*rest == '/' || *rest == 0);
}

static bool sets_off(const struct packages *packages, const char *trigger)
{
	for (size_t i = 0; i < packages->count; i++) {
		const struct manifest *files = &packages->list[i].files;

		for (size_t k = 0; k < files->count; k++)
			if (below(files->entries[k].path, trigger))
				return true;
	}
	return false;
}

char *dpkg_unincorp_text(const char *interests, const struct packages *packages)
{
	_cleanup_strv_ char **lines = strv_split(interests, "\n"), **names = NULL;
	struct text t;
	FILE *f = text_open(&t);

	for (char **l = lines; *l; l++) {
		_cleanup_free_ char *trigger = xstrndup(*l, strcspn(*l, " "));

		if ((!names || !strv_contains(names, trigger)) &&
		    sets_off(packages, trigger))
			names = strv_add(names, trigger);
	}
	strv_sort(names);
	/* "-": nobody waits for the trigger to be processed. */
	for (char **n = names; n && *n; n++)
		fprintf(f, "%s -\n", *n);
	return text_close(&t);
}

int dpkg_db_activate(int root_fd, const struct packages *packages, struct error *err)
{
	_cleanup_free_ char *interests = NULL, *text = NULL;
	int r = read_file_at(root_fd, FOLDER "/triggers/File", DATABASE_MAX, &interests,
			     NULL);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return fail(err, r, "/" FOLDER "/triggers/File can't be read: %s",
			    strerror(-r));
	text = dpkg_unincorp_text(interests, packages);
	return *text ? append_text(root_fd, "triggers/Unincorp", text, err) : 0;
}
