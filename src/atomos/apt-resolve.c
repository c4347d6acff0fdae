/* SPDX-License-Identifier: MIT */
/* Which packages a list of names needs: apt decides, its answer is checked line by line.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/process.h"
#include "base/str.h"
#include "core/hash.h"
#include "atomos/apt.h"

/* AtomOS makes the initramfs itself: kernels must not bring initramfs-tools. */
static const char own_stanza[] =
	"Package: atomos-provides\n"
	"Status: install ok installed\n"
	"Priority: optional\n"
	"Section: admin\n"
	"Maintainer: AtomOS <root@localhost>\n"
	"Architecture: all\n"
	"Version: 1\n"
	"Provides: linux-initramfs-tool\n"
	"Description: dependencies that AtomOS satisfies itself\n";

static bool is_local(const char *name)
{
	return *name == '/';
}

static int save(const struct apt *a, const char *name, const char *text,
		struct error *err)
{
	int dir = open(a->directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = dir < 0 ? -errno : write_file_at(dir, name, text, strlen(text), 0644);

	close_fdp(&dir);
	return r < 0 ? fail(err, r, "Can't write %s/%s: %s", a->directory, name,
			    strerror(-r))
		     : 0;
}

static int read_control(const char *deb, char **ret, size_t *ret_size, struct error *err)
{
	const char *const argv[] = {"dpkg-deb", "--field", deb, NULL};
	struct process command = {.argv = argv};
	int r = process_check(&command, ret, ret_size, err);

	return r < 0 ? wrap(err, "%s is no Debian package", deb) : 0;
}

/* The control fields of a package that stays: of the mirror, else of the file itself,
 * which is kept when the mirror drops it. `*text` owns what isn't the mirror's. */
static int find_control(const struct apt *a, const struct lock_package *p, char **text,
			struct stanza *ret, struct error *err)
{
	bool local = streq(p->repository, "local");
	const struct apt_entry *e = local ? NULL : apt_find(a, p->name, p->version);
	_cleanup_free_ char *deb = local ? xstrdup(p->path) : lock_package_deb(p);
	int r;

	if (e) {
		*ret = e->stanza;
		return 0;
	}
	if (access(deb, R_OK) < 0)
		return fail(err, -EXDEV, "%s %s isn't on the mirror any more", p->name,
			    p->version);
	r = read_control(deb, text, &ret->size, err);
	ret->text = *text;
	return r;
}

/* The fields of a package that stays, as dpkg's status has them. */
static int installed_stanza(const struct apt *a, const struct lock_package *p, char **ret,
			    struct error *err)
{
	_cleanup_free_ char *control = NULL;
	struct stanza s;
	const char *rest;
	int r = find_control(a, p, &control, &s, err);

	if (r < 0)
		return r;
	rest = memchr(s.text, '\n', s.size);
	if (!rest)
		return fail(err, -EBADMSG, "The entry of package %s is damaged", p->name);
	/* Package is the first field of every stanza; Status must follow it. */
	*ret = xasprintf("%.*s\nStatus: install ok installed%.*s", (int)(rest - s.text),
			 s.text, (int)(s.size - (size_t)(rest - s.text)), rest);
	return 0;
}

static int write_status(const struct apt *a, const struct lock *installed,
			struct error *err)
{
	_cleanup_strv_ char **stanzas = strv_add(NULL, own_stanza);
	_cleanup_free_ char *text = NULL;

	for (size_t i = 0; installed && i < installed->count; i++) {
		char *stanza;
		int r = installed_stanza(a, &installed->packages[i], &stanza, err);

		if (r < 0)
			return r;
		stanzas = strv_consume(stanzas, stanza);
	}
	text = strv_join(stanzas, "\n");
	return save(a, "var/lib/dpkg/status", text, err);
}

static int write_pins(const struct apt *a, const struct lock *pinned, struct error *err)
{
	_cleanup_strv_ char **stanzas = xcalloc(1, sizeof(char *));
	_cleanup_free_ char *text = NULL;

	for (size_t i = 0; pinned && i < pinned->count; i++) {
		const struct lock_package *p = &pinned->packages[i];

		/* A local file is taken as it is now. */
		if (streq(p->repository, "local"))
			continue;
		stanzas = strv_consume(stanzas, xasprintf("Package: %s\nPin: version %s\n"
							  "Pin-Priority: 1001\n",
							  p->name, p->version));
	}
	text = strv_join(stanzas, "\n");
	return save(a, "etc/apt/preferences", text, err);
}

/* apt's own words about a file that is no package don't name it. */
static int check_local(char *const *names, struct error *err)
{
	for (char *const *n = names; *n; n++) {
		_cleanup_free_ char *control = NULL;
		int r = is_local(*n) ? read_control(*n, &control, NULL, err) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

/* A name that apt would take for something else ("vim-" removes vim) or doesn't know. */
static bool is_unknown(const struct apt *a, const char *name, const char *messages)
{
	_cleanup_free_ char *plain = xstrndup(name, strcspn(name, "="));
	_cleanup_free_ char *line = xasprintf("Unable to locate package %s\n", plain);
	_cleanup_free_ char *padded = xasprintf("%s\n", messages);
	size_t n = strlen(plain);

	if (is_local(name) || *name == '?' || apt_find(a, plain, NULL))
		return false;
	return !n || strchr("+-", plain[n - 1]) ||
	       plain[strspn(plain, "abcdefghijklmnopqrstuvwxyz0123456789+.-")] ||
	       strstr(padded, line);
}

static int check_names(const struct apt *a, char *const *names, const char *messages,
		       struct error *err)
{
	_cleanup_strv_ char **unknown = NULL;
	_cleanup_free_ char *joined = NULL;

	for (char *const *n = names; *n; n++) {
		_cleanup_free_ char *near = NULL;

		if (!is_unknown(a, *n, messages))
			continue;
		near = apt_nearest(a, *n);
		unknown = strv_consume(unknown,
				       near ? xasprintf("'%s' (near to it: %s)", *n, near)
					    : xasprintf("'%s'", *n));
	}
	if (!unknown)
		return 0;
	joined = strv_join(unknown, ", ");
	return fail(err, -ENOPKG, "There is no package %s in %s", joined,
		    a->repositories[0].suite);
}

static int take_entry(struct lock *to, const struct apt_entry *e, uint64_t size,
		      struct error *err)
{
	_cleanup_free_ char *length = stanza_get(&e->stanza, "Size");
	struct lock_package p = {
		.name = stanza_get(&e->stanza, "Package"),
		.version = stanza_get(&e->stanza, "Version"),
		.architecture = stanza_get(&e->stanza, "Architecture"),
		.sha256 = stanza_get(&e->stanza, "SHA256"),
		.path = stanza_get(&e->stanza, "Filename"),
		.repository = xstrdup(e->repository->name),
		.size = size,
	};
	uint64_t listed;
	bool good = p.version && p.architecture && p.sha256 && strlen(p.sha256) == 64 &&
		    length && parse_u64(length, &listed) == 0 && listed == size;

	if (!good) {
		fail(err, -EBADMSG, "The mirror's entry of %s lacks a version or SHA-256",
		     p.name);
		lock_package_done(&p);
		return -EBADMSG;
	}
	lock_add(to, &p);
	return 0;
}

/* The control fields of a .deb file, with its hash. */
static int take_local(struct lock *to, const char *path, struct error *err)
{
	_cleanup_free_ char *control = NULL, *data = NULL;
	uint8_t digest[SHA256_SIZE];
	struct lock_package p = {0};
	struct stanza s;
	size_t size;
	int r = read_control(path, &control, &s.size, err);

	if (r < 0)
		return r;
	r = read_file_at(AT_FDCWD, path, APT_DEB_MAX, &data, &size);
	if (r < 0)
		return fail(err, r, "Can't read %s: %s", path, strerror(-r));
	s.text = control;
	sha256_buffer(data, size, digest);
	p = (struct lock_package){
		.name = stanza_get(&s, "Package"),
		.version = stanza_get(&s, "Version"),
		.architecture = stanza_get(&s, "Architecture"),
		.sha256 = xmalloc(2UL * SHA256_SIZE + 1),
		.path = xstrdup(path),
		.repository = xstrdup("local"),
		.size = size,
	};
	hex_encode(digest, SHA256_SIZE, p.sha256);
	if (!p.name || !p.version || !p.architecture) {
		lock_package_done(&p);
		return fail(err, -EBADMSG, "%s has no name, version or architecture",
			    path);
	}
	lock_add(to, &p);
	return 0;
}

static int take_line(const struct apt *a, const char *line, struct lock *to,
		     struct error *err)
{
	_cleanup_(apt_uri_done) struct apt_uri u = {0};
	_cleanup_free_ char *uri = NULL;
	const struct apt_entry *e;
	const char *file;
	int r = apt_uri_parse(line, strlen(line), &u);

	if (r == 0)
		r = uri_decode(u.uri, &uri);
	if (r < 0)
		return fail(err, r, "apt prints a line that can't be read: %s", line);
	/* A mirror may be on disk, too: what no list has is a local file. */
	e = apt_find_uri(a, uri);
	file = startswith(uri, "file:");
	if (e)
		return take_entry(to, e, u.size, err);
	if (file)
		return take_local(to, file, err);
	return fail(err, -EBADMSG, "No package list has apt's file %s", uri);
}

static int take_answer(const struct apt *a, const char *output, struct lock *to,
		       struct error *err)
{
	_cleanup_strv_ char **lines = strv_split(output, "\n");
	struct apt_summary summary;
	size_t before = to->count;
	int r = 0;

	if (!apt_summary_find(output, &summary))
		return fail(err, -EBADMSG, "apt doesn't say how much is to be installed");
	if (summary.upgraded || summary.removed)
		return fail(err, -EXDEV, "Packages of the base would have to change");
	for (char **l = lines; r == 0 && *l; l++)
		if (**l == '\'')
			r = take_line(a, *l, to, err);
	if (r == 0 && to->count - before != summary.installed)
		return fail(err, -EBADMSG, "apt counts %ju packages, but lists %zu",
			    (uintmax_t)summary.installed, to->count - before);
	return r;
}

/* A local file counts even when the mirror has the same version of it. */
static int prefer_local(char *const *names, struct lock *to, struct error *err)
{
	for (char *const *n = names; *n; n++) {
		_cleanup_lock_ struct lock one = {0};
		struct lock_package *p;
		int r = is_local(*n) ? take_local(&one, *n, err) : 0;

		if (r < 0)
			return r;
		if (!one.count)
			continue;
		p = (struct lock_package *)lock_find(to, one.packages[0].name);
		if (!p || !streq(p->version, one.packages[0].version))
			continue;
		lock_package_done(p);
		*p = one.packages[0];
		one.count = 0;
	}
	return 0;
}

static char **command_line(char *const *names)
{
	char **argv = strv_split("apt-get install -y -q --print-uris", " ");

	argv = strv_add(argv, "?essential");
	argv = strv_add(argv, "?priority(required)");
	for (char *const *n = names; *n; n++)
		argv = strv_add(argv, *n);
	return argv;
}

int apt_resolve(struct apt *a, const struct apt_resolve *q, struct lock *to,
		struct error *err)
{
	_cleanup_strv_ char **environment = apt_environment(a);
	_cleanup_strv_ char **argv = command_line(q->names);
	struct process p = {.argv = (const char *const *)argv,
			    .environment = (const char *const *)environment};
	_cleanup_free_ char *output = NULL, *messages = NULL, *reason = NULL;
	int r = check_names(a, q->names, "", err);

	if (r == 0)
		r = check_local(q->names, err);
	if (r == 0)
		r = write_status(a, q->installed, err);
	if (r == 0)
		r = write_pins(a, q->pinned, err);
	if (r < 0)
		return r;
	r = process_run(&p, &output, NULL, err);
	if (r < 0)
		return r;
	if (r == 0)
		r = take_answer(a, output, to, err);
	if (r == 0) {
		lock_sort(to);
		return prefer_local(q->names, to, err);
	}
	if (r < 0)
		return r;
	messages = xstrdup(err ? err->message : "");
	r = check_names(a, q->names, messages, err);
	if (r < 0)
		return r;
	reason = apt_reason(output, messages);
	return fail(err, -ENOPKG, "apt can't put these packages together: %s", reason);
}
