/* SPDX-License-Identifier: MIT */
/* apt in a directory of its own: sources, lists, the index of packages. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/process.h"
#include "base/str.h"
#include "atomos/apt.h"
#include "atomos/place.h"

int apt_open(struct apt *ret, struct error *err)
{
	static const char *const directories[] = {"etc/apt/preferences.d/x",
						  "etc/apt/apt.conf.d/x",
						  "etc/apt/sources.list.d/x",
						  "var/lib/apt/lists/partial/x",
						  "var/cache/apt/archives/partial/x",
						  "var/lib/dpkg/x",
						  "var/log/apt/x"};
	_cleanup_free_ char *cache = place_cache(), *lock = NULL;
	int r;

	*ret = (struct apt){.lock = -EBADF, .directory = xasprintf("%s/apt", cache)};
	for (size_t i = 0; i < ELEMENTSOF(directories); i++) {
		_cleanup_free_ char *path =
			xasprintf("%s/%s", ret->directory, directories[i]);

		r = make_parents_at(AT_FDCWD, path);
		if (r < 0)
			return fail(err, r, "Can't make %s: %s (set ATOMOS_CACHE)",
				    ret->directory, strerror(-r));
	}
	lock = xasprintf("%s/lock", ret->directory);
	ret->lock = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (ret->lock < 0 || flock(ret->lock, LOCK_EX) < 0)
		return fail(err, -errno, "Can't lock %s: %m", lock);
	return 0;
}

void apt_add_repository(struct apt *a, struct apt_repository *r)
{
	a->repositories =
		xgrow(a->repositories, a->count, &a->capacity, sizeof(*a->repositories));
	a->repositories[a->count++] = *r;
	*r = (struct apt_repository){0};
}

void apt_done(struct apt *a)
{
	for (size_t i = 0; i < a->count; i++) {
		struct apt_repository *r = &a->repositories[i];

		free(r->name);
		free(r->uri);
		free(r->suite);
		free(r->components);
		free(r->key);
	}
	free(a->repositories);
	for (size_t i = 0; i < a->text_count; i++)
		free(a->texts[i]);
	free(a->texts);
	free(a->entries);
	free(a->directory);
	close_fdp(&a->lock);
	*a = (struct apt){.lock = -EBADF};
}

static int write_file(const struct apt *a, const char *name, const char *text,
		      struct error *err)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", a->directory, name);
	int r = write_file_at(AT_FDCWD, path, text, strlen(text), 0644);

	return r < 0 ? fail(err, r, "Can't write %s: %s", path, strerror(-r)) : 0;
}

/* Proxies and the like are this machine's, not Debian's: they go over. */
static char *machine_settings(void)
{
	const char *const argv[] = {"apt-config", "dump", NULL};
	struct process p = {.argv = argv, .quiet = true};
	_cleanup_free_ char *output = NULL;
	_cleanup_strv_ char **lines = NULL, **kept = NULL;

	if (process_run(&p, &output, NULL, NULL) != 0)
		return xstrdup("");
	lines = strv_split(output, "\n");
	for (char **l = lines; *l; l++)
		if (startswith(*l, "Acquire::http::") ||
		    startswith(*l, "Acquire::https::") ||
		    startswith(*l, "Acquire::Retries ") ||
		    startswith(*l, "Acquire::Force"))
			kept = strv_add(kept, *l);
	return strv_join(kept, "\n");
}

static int write_configuration(const struct apt *a, struct error *err)
{
	_cleanup_free_ char *machine = machine_settings();
	_cleanup_free_ char *text =
		xasprintf("%s\n"
			  "Dir \"%s\";\n"
			  "Dir::State::status \"%s/var/lib/dpkg/status\";\n"
			  "Dir::Etc::trusted \"/nonexistent\";\n"
			  "Dir::Etc::trustedparts \"/nonexistent\";\n"
			  "APT::Architecture \"amd64\";\n"
			  "APT::Architectures { \"amd64\"; };\n"
			  "APT::Install-Recommends \"false\";\n"
			  "APT::Get::AllowUnauthenticated \"false\";\n"
			  "APT::Sandbox::User \"root\";\n"
			  "Acquire::Languages \"none\";\n"
			  "Acquire::PDiffs \"false\";\n",
			  machine, a->directory, a->directory);

	return write_file(a, "apt.conf", text, err);
}

static int write_sources(const struct apt *a, struct error *err)
{
	_cleanup_strv_ char **stanzas = NULL;
	_cleanup_free_ char *text = NULL;

	for (size_t i = 0; i < a->count; i++) {
		const struct apt_repository *r = &a->repositories[i];

		stanzas = strv_consume(
			stanzas, xasprintf("Types: deb\nURIs: %s\nSuites: %s\n"
					   "Components: %s\nSigned-By: %s\n",
					   r->uri, r->suite, r->components, r->key));
	}
	text = strv_join(stanzas, "\n");
	return write_file(a, "etc/apt/sources.list.d/atomos.sources", text, err);
}

/* One word about what keeps the lists from being fetched: apt's first error line. */
static int update_failed(const char *messages, struct error *err)
{
	const char *line = strstr(messages, "E: ");
	_cleanup_free_ char *words = NULL;

	line = line ? line + 3 : messages;
	words = xstrndup(line, strcspn(line, "\n"));
	return fail(
		err, -EIO,
		"The mirror's package lists can't be had or aren't signed by Debian's "
		"keys: %s",
		words);
}

char **apt_environment(const struct apt *a)
{
	char **list =
		strv_consume(NULL, xasprintf("APT_CONFIG=%s/apt.conf", a->directory));

	return strv_add(list, "LC_ALL=C.UTF-8");
}

static int fetch_lists(const struct apt *a, struct error *err)
{
	_cleanup_strv_ char **environment = apt_environment(a);
	const char *const argv[] = {"apt-get", "update", "-q", "--error-on=any", NULL};
	struct process p = {.argv = argv,
			    .environment = (const char *const *)environment};
	_cleanup_free_ char *output = NULL, *messages = NULL;
	int r = process_run(&p, &output, NULL, err);

	if (r <= 0)
		return r;
	messages = xstrdup(err ? err->message : "");
	return update_failed(messages, err);
}

static int compare_entries(const void *x, const void *y)
{
	const struct apt_entry *a = x, *b = y;
	int r = memcmp(a->name, b->name, MIN(a->name_size, b->name_size));

	if (r)
		return r;
	return a->name_size < b->name_size ? -1 : a->name_size > b->name_size;
}

static void index_text(struct apt *a, const struct apt_repository *r, const char *text,
		       size_t size)
{
	const char *cursor = text;
	struct apt_entry e = {.repository = r};

	while (stanza_next(&cursor, text + size, &e.stanza)) {
		e.name = stanza_field(&e.stanza, "Package", &e.name_size);
		if (!e.name)
			continue;
		a->entries =
			xgrow(a->entries, a->entry_count, &a->entry_capacity, sizeof(e));
		a->entries[a->entry_count++] = e;
	}
}

static const struct apt_repository *repository_of(const struct apt *a, const char *uri)
{
	for (size_t i = 0; i < a->count; i++) {
		const char *rest = startswith(uri, a->repositories[i].uri);

		if (rest && (!*rest || streq(rest, "/")))
			return &a->repositories[i];
	}
	return NULL;
}

/* A line "URI FILE" of indextargets. */
static int read_packages(struct apt *a, const char *line, struct error *err)
{
	_cleanup_strv_ char **fields = strv_split(line, " ");
	const struct apt_repository *r;
	_cleanup_free_ char *text = NULL, *file = NULL;
	size_t size;
	int n;

	if (strv_length(fields) != 2 || !(r = repository_of(a, fields[0])))
		return fail(err, -EBADMSG,
			    "apt describes its lists in an unknown way: %s", line);
	/* Of a mirror on disk, apt keeps links. */
	file = realpath(fields[1], NULL);
	n = file ? read_file_at(AT_FDCWD, file, APT_LIST_MAX, &text, &size) : -errno;
	if (n < 0)
		return fail(err, n, "Can't read the package list %s: %s", fields[1],
			    strerror(-n));
	index_text(a, r, text, size);
	a->texts = xrealloc(a->texts, a->text_count + 1, sizeof(char *));
	a->texts[a->text_count++] = TAKE_PTR(text);
	return 0;
}

static int read_index(struct apt *a, struct error *err)
{
	_cleanup_strv_ char **environment = apt_environment(a), **lines = NULL;
	const char *const argv[] = {"apt-get",
				    "indextargets",
				    "--format",
				    "$(REPO_URI) $(FILENAME)",
				    "Created-By: Packages",
				    NULL};
	struct process p = {.argv = argv,
			    .environment = (const char *const *)environment};
	_cleanup_free_ char *output = NULL;
	int r = process_check(&p, &output, NULL, err);

	if (r < 0)
		return r;
	lines = strv_split(output, "\n");
	for (char **l = lines; r == 0 && *l; l++)
		r = read_packages(a, *l, err);
	if (a->entry_count)
		qsort(a->entries, a->entry_count, sizeof(*a->entries), compare_entries);
	return r;
}

static int read_release(struct apt *a, const char *directory, const char *name,
			struct error *err)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", directory, name);
	_cleanup_free_ char *file = realpath(path, NULL), *text = NULL;
	size_t size;
	int r = file ? read_file_at(AT_FDCWD, file, APT_LIST_MAX, &text, &size) : -errno;

	if (r < 0)
		return fail(err, r, "Can't read %s: %s", path, strerror(-r));
	a->date = MAX(a->date, release_date(&(struct stanza){text, size}));
	return 0;
}

static int read_dates(struct apt *a, struct error *err)
{
	_cleanup_free_ char *path = xasprintf("%s/var/lib/apt/lists", a->directory);
	DIR *d = opendir(path);
	struct dirent *e;
	int r = 0;

	if (!d)
		return fail(err, -errno, "%s: %m", path);
	while (r == 0 && (e = readdir(d)))
		if (endswith(e->d_name, "_InRelease") || endswith(e->d_name, "_Release"))
			r = read_release(a, path, e->d_name, err);
	closedir(d);
	if (r == 0 && (a->entry_count == 0 || a->date == 0))
		return fail(err, -ENODATA, "The mirror's package lists are empty");
	return r;
}

int apt_update(struct apt *a, struct error *err)
{
	int r = write_configuration(a, err);

	if (r == 0)
		r = write_sources(a, err);
	if (r == 0)
		r = write_file(a, "var/lib/dpkg/status", "", err);
	if (r == 0)
		r = fetch_lists(a, err);
	if (r == 0)
		r = read_index(a, err);
	return r == 0 ? read_dates(a, err) : r;
}

/* The first entry of this name, or NULL. */
static const struct apt_entry *first_of(const struct apt *a, const char *name)
{
	struct apt_entry key = {.name = name, .name_size = strlen(name)};
	size_t low = 0, high = a->entry_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_entries(&a->entries[middle], &key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < a->entry_count && compare_entries(&a->entries[low], &key) == 0
		       ? &a->entries[low]
		       : NULL;
}

/* The entry of this name whose field has this value; any when `field` is NULL. */
static const struct apt_entry *find(const struct apt *a, const char *name,
				    const char *field, const char *value)
{
	const struct apt_entry *first = first_of(a, name);
	const struct apt_entry *end = a->entries + a->entry_count;

	for (const struct apt_entry *e = first; e && e < end; e++) {
		size_t size;
		const char *found;

		if (compare_entries(e, first) != 0)
			return NULL;
		found = field ? stanza_field(&e->stanza, field, &size) : "";
		if (!field ||
		    (found && size == strlen(value) && !memcmp(found, value, size)))
			return e;
	}
	return NULL;
}

const struct apt_entry *apt_find(const struct apt *a, const char *name,
				 const char *version)
{
	return find(a, name, version ? "Version" : NULL, version);
}

static bool is_at(const struct apt_entry *e, const char *uri)
{
	const char *path = startswith(uri, e->repository->uri), *file;
	size_t size;

	if (!path || *path != '/')
		return false;
	file = stanza_field(&e->stanza, "Filename", &size);
	return file && strlen(path + 1) == size && !memcmp(path + 1, file, size);
}

const struct apt_entry *apt_find_uri(const struct apt *a, const char *uri)
{
	const char *base = strrchr(uri, '/');
	_cleanup_free_ char *name =
		base ? xstrndup(base + 1, strcspn(base + 1, "_")) : NULL;
	const struct apt_entry *end = a->entries + a->entry_count;

	/* Files are nearly always called NAME_VERSION_ARCHITECTURE.deb. */
	for (const struct apt_entry *e = name ? first_of(a, name) : NULL;
	     e && e < end && e->name_size == strlen(name) &&
	     !memcmp(e->name, name, e->name_size);
	     e++)
		if (is_at(e, uri))
			return e;
	for (const struct apt_entry *e = a->entries; e < end; e++)
		if (is_at(e, uri))
			return e;
	return NULL;
}

char *apt_nearest(const struct apt *a, const char *name)
{
	_cleanup_strv_ char **names = NULL, **best = NULL;

	for (size_t i = 0; i < a->entry_count; i++) {
		const struct apt_entry *e = &a->entries[i];
		size_t length = strlen(name);

		if (e->name_size + 3 < length || e->name_size > length + 3)
			continue;
		if (i == 0 || compare_entries(e, e - 1) != 0)
			names = strv_consume(names, xstrndup(e->name, e->name_size));
	}
	while (names && *names && strv_length(best) < 3) {
		const char *near = nearest(name, names);

		if (!near || !*near)
			break;
		best = strv_add(best, near);
		/* Out of the race: an empty name is near to nothing. */
		for (char **n = names; *n; n++)
			if (streq(*n, near))
				**n = 0;
	}
	return best ? strv_join(best, ", ") : NULL;
}
