/* SPDX-License-Identifier: MIT */
/* atomos-build system: a root and the files of a configuration become a system. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "builder/accounts.h"
#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "builder/compose.h"
#include "core/verity.h"
#include "builder/env.h"
#include "builder/root-path.h"
#include "builder/spec.h"
#include "builder/verb.h"

#define ENTRY_BYTES 1024 /* what tmpfs takes for an inode and its names */
#define PAGE 4096U
#define SOURCE_FILE_MAX (1U << 30)

struct system {
	struct root_path root;
	struct spec spec;
	struct compose compose;
	int out_fd;
	const char *out_base;
	char *texts[ACCOUNT_FILES]; /* passwd and its kin, merged */
};

static void system_done(struct system *s)
{
	compose_done(&s->compose);
	root_path_done(&s->root);
	spec_done(&s->spec);
	close_fdp(&s->out_fd);
	for (size_t i = 0; i < ACCOUNT_FILES; i++)
		free(s->texts[i]);
}

/* Owner by name: root where none is given. */
static int set_owner(const struct system *s, const struct spec_file *f,
		     struct manifest_entry *e, struct error *err)
{
	if (f->user && accounts_number(s->texts[ACCOUNT_PASSWD], f->user, &e->uid) < 0)
		return fail(err, -ENOENT,
			    "%s is to belong to the user %s, whom nobody makes", f->path,
			    f->user);
	if (f->group && accounts_number(s->texts[ACCOUNT_GROUP], f->group, &e->gid) < 0)
		return fail(err, -ENOENT,
			    "%s is to belong to the group %s, which nobody makes",
			    f->path, f->group);
	return 0;
}

/* A file whose bytes come from the configuration. */
static int put_text(struct system *s, struct manifest_entry *e, const char *text,
		    struct error *err)
{
	_cleanup_free_ char *name = xasprintf("files%s", e->path), *payload = NULL;
	size_t size = strlen(text);
	int r;

	e->size = size;
	if (size == 0)
		return compose_put(&s->compose, e, err);
	payload = xasprintf("%s/%s", s->out_base, name);
	e->payload = payload;
	e->has_digest = true;
	verity_buffer(text, size, e->digest);
	r = make_parents_at(s->out_fd, name);
	if (r == 0)
		r = write_file_at(s->out_fd, name, text, size, 0644);
	if (r < 0)
		return fail(err, r, "%s can't be written: %s", e->path, strerror(-r));
	return compose_put(&s->compose, e, err);
}

/* The store path's part that payloads have, or NULL. */
static const char *below_store(const char *path)
{
	const char *store = env_optional("NIX_STORE"),
		   *rest = startswith(path, store ? store : "/nix/store");

	return rest && *rest == '/' && rest[1] ? rest + 1 : NULL;
}

static int put_source(struct system *s, struct manifest_entry *e, const char *source,
		      struct error *err);

static int put_source_folder(struct system *s, const struct manifest_entry *e,
			     const char *source, int fd, struct error *err)
{
	DIR *dir = fdopendir(fd);
	struct dirent *d;
	int r = 0;

	if (!dir) {
		close(fd);
		return fail(err, -errno, "%s can't be read: %s", source, strerror(errno));
	}
	/* The order of reading doesn't matter: the manifest is sorted. */
	while (r == 0 && (d = readdir(dir))) {
		_cleanup_free_ char *path = xasprintf("%s/%s", e->path, d->d_name),
				    *inner = xasprintf("%s/%s", source, d->d_name);
		struct manifest_entry child = {.path = path,
					       .mode = SPEC_MODE_DEFAULT,
					       .nlink = 1,
					       .uid = e->uid,
					       .gid = e->gid,
					       .mtime = e->mtime};

		if (!streq(d->d_name, ".") && !streq(d->d_name, ".."))
			r = put_source(s, &child, inner, err);
	}
	closedir(dir);
	return r;
}

/* Payloads are files within store paths: of a path that is a file itself the bytes go to
 * the system's own, in `name`. */
static int take_bare_file(struct system *s, const struct manifest_entry *e,
			  const char *name, int fd, struct error *err)
{
	_cleanup_close_ int out = -EBADF;
	int r = make_parents_at(s->out_fd, name);

	if (r == 0) {
		out = openat(s->out_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
			     0644);
		r = out < 0 ? -errno : copy_fd(fd, out);
	}
	return r < 0 ? fail(err, r, "%s can't be written: %s", e->path, strerror(-r)) : 0;
}

static int put_source_file(struct system *s, struct manifest_entry *e, const char *source,
			   int fd, struct error *err)
{
	_cleanup_free_ char *name = xasprintf("files%s", e->path),
			    *payload = xasprintf("%s/%s", s->out_base, name);
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return fail(err, -errno, "%s can't be read: %s", source, strerror(errno));
	if (st.st_size > SOURCE_FILE_MAX)
		return fail(err, -EFBIG, "%s is larger than 1 GiB", source);
	if (e->mode == SPEC_MODE_DEFAULT)
		e->mode = st.st_mode & 0111 ? 0755 : 0644;
	e->mode |= S_IFREG;
	e->size = (uint64_t)st.st_size;
	if (e->size > 0) {
		e->payload = below_store(source);
		e->has_digest = true;
		r = verity_fd(fd, e->digest);
		if (r < 0)
			return fail(err, r, "%s can't be read: %s", source, strerror(-r));
		if (!strchr(e->payload, '/')) {
			e->payload = payload;
			if (lseek(fd, 0, SEEK_SET) < 0)
				return fail(err, -errno, "%s can't be read: %m", source);
			r = take_bare_file(s, e, name, fd, err);
			if (r < 0)
				return r;
		}
	}
	return compose_put(&s->compose, e, err);
}

static int put_source_link(struct system *s, struct manifest_entry *e, const char *source,
			   struct error *err)
{
	_cleanup_free_ char *target = NULL;
	int r = readlink_at(AT_FDCWD, source, &target);

	if (r < 0)
		return fail(err, r, "%s can't be read: %s", source, strerror(-r));
	e->mode = S_IFLNK | 0777;
	e->payload = target;
	e->size = strlen(target);
	return compose_put(&s->compose, e, err);
}

/* A file, link or folder of the store; e->mode holds the permissions. */
static int put_source(struct system *s, struct manifest_entry *e, const char *source,
		      struct error *err)
{
	_cleanup_close_ int fd = -EBADF;
	struct stat st;

	if (!below_store(source))
		return fail(err, -EINVAL,
			    "%s is to come from %s, which is not in the store", e->path,
			    source);
	if (lstat(source, &st) < 0)
		return fail(err, -errno, "%s is to come from %s, which can't be read: %s",
			    e->path, source, strerror(errno));
	if (S_ISLNK(st.st_mode))
		return put_source_link(s, e, source, err);
	fd = open(source, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fail(err, -errno, "%s is to come from %s, which can't be read: %s",
			    e->path, source, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return put_source_folder(s, e, source, TAKE_FD(fd), err);
	return put_source_file(s, e, source, fd, err);
}

static int put_directory(struct system *s, const struct spec_file *f,
			 struct manifest_entry *e, struct error *err)
{
	const struct manifest_entry *have = compose_find(&s->compose, f->path);

	if (have && S_ISDIR(have->mode)) {
		if (!f->user)
			e->uid = have->uid;
		if (!f->group)
			e->gid = have->gid;
		if (f->mode == SPEC_MODE_DEFAULT)
			e->mode = have->mode & 07777;
	} else if (f->mode == SPEC_MODE_DEFAULT) {
		e->mode = 0755;
	}
	e->mode |= S_IFDIR;
	return compose_put(&s->compose, e, err);
}

static int put_file(struct system *s, const struct spec_file *f, struct error *err)
{
	struct manifest_entry e = {
		.path = f->path, .mode = f->mode, .nlink = 1, .mtime = s->spec.epoch};
	int r = set_owner(s, f, &e, err);

	if (r < 0)
		return r;
	switch (f->kind) {
	case SPEC_TEXT:
		e.mode = S_IFREG | (f->mode == SPEC_MODE_DEFAULT ? 0644 : f->mode);
		return put_text(s, &e, f->value, err);
	case SPEC_SOURCE:
		return put_source(s, &e, f->value, err);
	case SPEC_SYMLINK:
		if (!*f->value)
			return fail(err, -EINVAL, "%s is a link to nothing", f->path);
		e.mode = S_IFLNK | 0777;
		e.payload = f->value;
		e.size = strlen(f->value);
		return compose_put(&s->compose, &e, err);
	case SPEC_DIRECTORY:
		return put_directory(s, f, &e, err);
	case SPEC_REMOVE:
		return compose_remove(&s->compose, f->path, err);
	}
	return 0;
}

/* Removals first: what is put in their place stays. */
static int put_files(struct system *s, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->spec.file_count; i++)
		if (s->spec.files[i].kind == SPEC_REMOVE)
			r = put_file(s, &s->spec.files[i], err);
	for (size_t i = 0; r == 0 && i < s->spec.file_count; i++)
		if (s->spec.files[i].kind != SPEC_REMOVE)
			r = put_file(s, &s->spec.files[i], err);
	return r;
}

/* Users and groups. */

static int read_accounts(struct system *s, struct error *err)
{
	for (size_t i = 0; i < ACCOUNT_FILES; i++) {
		int r;

		if (!manifest_find(&s->root.manifest, account_paths[i]))
			continue;
		r = root_path_read(&s->root, account_paths[i], &s->texts[i], NULL, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Owner and mode stay as Debian has them. */
static int put_account_file(struct system *s, size_t i, const char *before,
			    struct error *err)
{
	const struct manifest_entry *have = compose_find(&s->compose, account_paths[i]);
	struct manifest_entry e = {
		.path = account_paths[i], .mode = S_IFREG | 0644, .nlink = 1};

	if (streq(before ? before : "", s->texts[i]))
		return 0;
	if (have) {
		e.mode = have->mode;
		e.uid = have->uid;
		e.gid = have->gid;
	}
	e.mtime = s->spec.epoch;
	return put_text(s, &e, s->texts[i], err);
}

static int put_accounts(struct system *s, struct error *err)
{
	char *before[ACCOUNT_FILES] = {0};
	int r = read_accounts(s, err);

	for (size_t i = 0; i < ACCOUNT_FILES; i++)
		before[i] = s->texts[i] ? xstrdup(s->texts[i]) : NULL;
	if (r == 0)
		r = accounts_merge(s->texts, &s->spec.accounts, err);
	for (size_t i = 0; i < ACCOUNT_FILES; i++) {
		if (r == 0)
			r = put_account_file(s, i, before[i], err);
		free(before[i]);
	}
	return r;
}

/* The files of /etc/skel, as useradd(8) copies them. */
static int copy_skeleton(struct system *s, const char *home, uint32_t uid, uint32_t gid,
			 struct error *err)
{
	/* Entries that are added meanwhile are behind this count. */
	size_t count = s->compose.manifest->count;

	for (size_t i = 0; i < count; i++) {
		struct manifest_entry e = s->compose.manifest->entries[i];
		const char *rest = startswith(e.path, "/etc/skel/");
		_cleanup_free_ char *path = NULL;
		int r;

		if (!rest || s->compose.states[i] != COMPOSE_KEPT || e.hardlink)
			continue;
		path = xasprintf("%s/%s", home, rest);
		if (compose_find(&s->compose, path))
			continue;
		e.path = path;
		e.uid = uid;
		e.gid = gid;
		r = compose_put(&s->compose, &e, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int make_home(struct system *s, const struct account_user *u, struct error *err)
{
	struct manifest_entry e = {.path = u->home,
				   .mode = S_IFDIR | 0700,
				   .nlink = 2,
				   .mtime = s->spec.epoch};
	const struct manifest_entry *have = compose_find(&s->compose, u->home);
	int r;

	if (!u->create_home || have)
		return 0;
	if (accounts_number(s->texts[ACCOUNT_PASSWD], u->name, &e.uid) < 0 ||
	    accounts_number(s->texts[ACCOUNT_GROUP], u->group, &e.gid) < 0)
		return fail(err, -ENOENT, "The home of %s can't be made", u->name);
	r = compose_put(&s->compose, &e, err);
	return r < 0 ? r : copy_skeleton(s, u->home, e.uid, e.gid, err);
}

static int make_homes(struct system *s, struct error *err)
{
	const struct account_changes *c = &s->spec.accounts;
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->user_count; i++)
		r = make_home(s, &c->users[i], err);
	return r;
}

/* Writing. */

static uint64_t root_bytes(const struct manifest *m)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < m->count; i++) {
		bytes += ENTRY_BYTES;
		if (S_ISREG(m->entries[i].mode) && !m->entries[i].hardlink)
			bytes += (m->entries[i].size + PAGE - 1) / PAGE * PAGE;
	}
	return bytes;
}

static int write_info(struct system *s, struct error *err)
{
	_cleanup_(sd_json_variant_unrefp) sd_json_variant *v = NULL;
	_cleanup_free_ char *kernel = NULL, *text = NULL;
	const struct manifest *m = &s->root.manifest;
	int r = root_path_kernel(m, &kernel, err);

	if (r < 0)
		return r;
	r = sd_json_buildo(
		&v, SD_JSON_BUILD_PAIR_UNSIGNED("version", 1),
		SD_JSON_BUILD_PAIR_STRING("product", s->spec.product),
		SD_JSON_BUILD_PAIR_UNSIGNED("release", s->spec.release),
		SD_JSON_BUILD_PAIR_STRING("kernel", kernel),
		SD_JSON_BUILD_PAIR_UNSIGNED("rootBytes", root_bytes(m)),
		SD_JSON_BUILD_PAIR_UNSIGNED("entries", m->count),
		SD_JSON_BUILD_PAIR_STRING("init", "/usr/lib/systemd/systemd"),
		SD_JSON_BUILD_PAIR_CONDITION(!!s->spec.state, "state",
					     SD_JSON_BUILD_VARIANT(s->spec.state)),
		SD_JSON_BUILD_PAIR_CONDITION(!!s->spec.ram, "ram",
					     SD_JSON_BUILD_VARIANT(s->spec.ram)),
		SD_JSON_BUILD_PAIR_UNSIGNED("epoch", (uint64_t)s->spec.epoch),
		SD_JSON_BUILD_PAIR_STRV("layers", s->root.layers));
	if (r >= 0)
		r = sd_json_variant_format(v, SD_JSON_FORMAT_NEWLINE, &text);
	if (r >= 0)
		r = write_file_at(s->out_fd, "system.json", text, strlen(text), 0644);
	return r < 0 ? fail(err, r, "system.json can't be written: %s", strerror(-r)) : 0;
}

static int write_manifest(struct system *s, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	int r;

	text = manifest_format(&s->root.manifest, &size);
	r = write_file_at(s->out_fd, "manifest", text, size, 0644);
	return r < 0 ? fail(err, r, "The manifest can't be written: %s", strerror(-r))
		     : 0;
}

static int read_arguments(struct system *s, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	const char *root, *out;
	int r = env_string("root", &root, err);

	if (r == 0)
		r = env_text("spec", &text, err);
	if (r == 0)
		r = spec_parse(text, &s->spec, err);
	if (r == 0)
		r = root_path_open(root, &s->root, err);
	if (r == 0)
		r = env_out(&s->out_fd, err);
	if (r < 0)
		return r;
	out = strrchr(env_optional("out"), '/');
	s->out_base = out ? out + 1 : env_optional("out");
	compose_init(&s->compose, &s->root.manifest, s->spec.epoch);
	return 0;
}

static int build(struct system *s, struct error *err)
{
	int r = read_arguments(s, err);

	if (r == 0)
		r = put_accounts(s, err);
	if (r == 0)
		r = put_files(s, err);
	if (r == 0)
		r = make_homes(s, err);
	if (r < 0)
		return r;
	compose_finish(&s->compose);
	r = write_manifest(s, err);
	return r < 0 ? r : write_info(s, err);
}

int verb_system(struct error *err)
{
	_cleanup_(system_done) struct system s = {.out_fd = -EBADF,
						  .root = {.store_fd = -EBADF}};
	int r = build(&s, err);

	return r < 0 ? wrap(err, "The system can't be made") : 0;
}
