/* SPDX-License-Identifier: MIT */
/* One unpacked package path and what dpkg wants to know of it. */
#include <ctype.h>
#include <dirent.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "builder/package.h"

#define CONTROL_MAX (16U << 20)

static const char *next_line(const char *line)
{
	const char *end = strchr(line, '\n');

	return end ? end + 1 : NULL;
}

char *control_field(const char *stanza, const char *field)
{
	size_t n = strlen(field);

	for (const char *line = stanza; line && *line; line = next_line(line)) {
		const char *end, *value = line + n + 1;

		if (strncasecmp(line, field, n) != 0 || line[n] != ':')
			continue;
		end = next_line(line);
		while (end && (*end == ' ' || *end == '\t'))
			end = next_line(end);
		if (!end)
			end = line + strlen(line);
		while (value < end && isspace((unsigned char)*value))
			value++;
		while (end > value && isspace((unsigned char)end[-1]))
			end--;
		return xstrndup(value, (size_t)(end - value));
	}
	return NULL;
}

char **control_names(const char *relation)
{
	_cleanup_strv_ char **parts = strv_split(relation, ",|\n");
	char **names = NULL;

	for (char **p = parts; p && *p; p++) {
		const char *start = *p + strspn(*p, " \t");
		size_t n = strcspn(start, " \t(:[<");

		if (n > 0)
			names = strv_consume(names, xstrndup(start, n));
	}
	return names;
}

int package_read_control(int store_fd, const struct package *p, const char *name,
			 char **ret)
{
	_cleanup_free_ char *path = xasprintf("%s/control/%s", p->base, name);

	return read_file_at(store_fd, path, CONTROL_MAX, ret, NULL);
}

/* deb-conffiles(5): "PATH", or "remove-on-upgrade PATH" for one that is not in the
 * package. */
static void add_conffile(struct package *p, const char *line)
{
	const char *gone = startswith(line, "remove-on-upgrade ");

	if (gone) {
		p->conffile_lines =
			strv_consume(p->conffile_lines,
				     xasprintf("%s newconffile remove-on-upgrade", gone));
		return;
	}
	p->conffiles = strv_add(p->conffiles, line);
	p->conffile_lines =
		strv_consume(p->conffile_lines, xasprintf("%s newconffile", line));
}

static int read_conffiles(int store_fd, struct package *p, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_strv_ char **lines = NULL;
	int r = package_read_control(store_fd, p, "conffiles", &text);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return fail(err, r, "Its list of conffiles can't be read: %s",
			    strerror(-r));
	lines = strv_split(text, "\n");
	for (char **l = lines; *l; l++)
		add_conffile(p, *l);
	return 0;
}

static int read_control_files(int store_fd, struct package *p, struct error *err)
{
	_cleanup_free_ char *path = xasprintf("%s/control", p->base);
	int fd = openat(store_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *e;
	DIR *dir;

	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return fail(err, -errno, "Its folder control can't be read: %s",
			    strerror(errno));
	while ((e = readdir(dir)))
		if (e->d_name[0] != '.' && !streq(e->d_name, "control"))
			p->control_files = strv_add(p->control_files, e->d_name);
	closedir(dir);
	if (p->control_files)
		strv_sort(p->control_files);
	return 0;
}

static int read_stanza(int store_fd, struct package *p, struct error *err)
{
	_cleanup_free_ char *multi = NULL, *essential = NULL, *priority = NULL,
			    *replaces = NULL;
	int r = package_read_control(store_fd, p, "control", &p->control);

	if (r < 0)
		return fail(err, r, "Its control file can't be read: %s", strerror(-r));
	p->name = control_field(p->control, "Package");
	p->architecture = control_field(p->control, "Architecture");
	if (!p->name || !p->architecture || strchr(p->name, '/') || !*p->name)
		return fail(err, -EBADMSG,
			    "Its control file names no package or architecture");
	multi = control_field(p->control, "Multi-Arch");
	essential = control_field(p->control, "Essential");
	priority = control_field(p->control, "Priority");
	replaces = control_field(p->control, "Replaces");
	p->info = multi && streq(multi, "same")
			  ? xasprintf("%s:%s", p->name, p->architecture)
			  : xstrdup(p->name);
	p->essential = essential && streq(essential, "yes");
	p->first = p->essential || (priority && streq(priority, "required"));
	if (replaces)
		p->replaces = control_names(replaces);
	return 0;
}

static int read_manifest(int store_fd, struct package *p, struct error *err)
{
	_cleanup_free_ char *path = xasprintf("%s/manifest", p->base), *text = NULL;
	size_t size;
	int r = read_file_at(store_fd, path, MANIFEST_TEXT_MAX, &text, &size);

	if (r < 0)
		return fail(err, r, "Its manifest can't be read: %s", strerror(-r));
	return manifest_parse(text, size, MANIFEST_PACKAGE, &p->files, err);
}

static int package_load(int store_fd, const char *path, struct package *p,
			struct error *err)
{
	const char *base = strrchr(path, '/');
	int r;

	p->base = xstrdup(base ? base + 1 : path);
	r = read_stanza(store_fd, p, err);
	if (r == 0)
		r = read_conffiles(store_fd, p, err);
	if (r == 0)
		r = read_control_files(store_fd, p, err);
	if (r == 0)
		r = read_manifest(store_fd, p, err);
	return r < 0 ? wrap(err, "The package path %s can't be used", path) : 0;
}

static int compare_packages(const void *a, const void *b)
{
	return strcmp(((const struct package *)a)->info,
		      ((const struct package *)b)->info);
}

int packages_load(int store_fd, const char *paths, struct packages *ret,
		  struct error *err)
{
	_cleanup_strv_ char **list = strv_split(paths, " \n");
	_cleanup_packages_ struct packages p = {0};
	size_t n = list ? strv_length(list) : 0;

	p.list = xcalloc(n + 1, sizeof(*p.list));
	for (; p.count < n; p.count++) {
		int r = package_load(store_fd, list[p.count], &p.list[p.count], err);

		if (r < 0) {
			p.count++;
			return r;
		}
	}
	qsort(p.list, n, sizeof(*p.list), compare_packages);
	for (size_t i = 1; i < n; i++)
		if (streq(p.list[i].info, p.list[i - 1].info))
			return fail(err, -EEXIST,
				    "The package %s is given twice: %s and %s",
				    p.list[i].info, p.list[i - 1].base, p.list[i].base);
	*ret = TAKE_AS(p, (struct packages){0});
	return 0;
}

static void package_done(struct package *p)
{
	free(p->base);
	free(p->name);
	free(p->architecture);
	free(p->info);
	free(p->control);
	strv_free(p->conffiles);
	strv_free(p->conffile_lines);
	strv_free(p->replaces);
	strv_free(p->control_files);
	manifest_done(&p->files);
}

void packages_done(struct packages *p)
{
	for (size_t i = 0; i < p->count; i++)
		package_done(&p->list[i]);
	free(p->list);
	*p = (struct packages){0};
}
