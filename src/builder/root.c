/* SPDX-License-Identifier: MIT */
/* atomos-build root: packages, on top of another root or of nothing, configured. */
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <time.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/workers.h"
#include "builder/configure.h"
#include "core/verity.h"
#include "builder/dpkg-db.h"
#include "builder/env.h"
#include "builder/ids.h"
#include "builder/links.h"
#include "builder/merge.h"
#include "builder/normalise.h"
#include "builder/place.h"
#include "builder/root-path.h"
#include "builder/sandbox.h"
#include "builder/scan.h"
#include "builder/verb.h"

#define ROOT "root"

struct root {
	int store_fd, root_fd, out_fd;
	int64_t epoch, started;
	bool has_base;
	char *answers; /* for debconf */
	struct packages packages;
	struct manifest base, placed;
	struct origins origins;
	struct ids ids;
	struct sandbox sandbox;
	char machine_id[MACHINE_ID_SIZE];
};

static void root_done(struct root *r)
{
	close_fdp(&r->store_fd);
	close_fdp(&r->root_fd);
	close_fdp(&r->out_fd);
	packages_done(&r->packages);
	origins_done(&r->origins);
	manifest_done(&r->base);
	manifest_done(&r->placed);
	ids_done(&r->ids);
	sandbox_done(&r->sandbox);
	free(r->answers);
}

/* How long each step takes stands in the build log. */
static void lap(const char *what)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	fprintf(stderr, "atomos-build: %ld.%03ld %s\n", (long)t.tv_sec,
		t.tv_nsec / 1000000, what);
}

static int read_ids(struct ids *ids, struct error *err)
{
	_cleanup_free_ char *users = NULL, *groups = NULL;
	int r = env_text("users", &users, err);

	if (r == 0)
		r = env_text("groups", &groups, err);
	if (r == 0)
		r = id_table_parse(users, &ids->users, err);
	return r < 0 ? r : id_table_parse(groups, &ids->groups, err);
}

static int read_base(struct root *r, struct error *err)
{
	const char *base = env_optional("base");
	_cleanup_free_ char *path = NULL, *text = NULL;
	size_t size;
	int code;

	if (!base)
		return 0;
	r->has_base = true;
	path = xasprintf("%s/manifest", base);
	code = read_file_at(AT_FDCWD, path, MANIFEST_TEXT_MAX, &text, &size);
	if (code < 0)
		return fail(err, code, "%s can't be read: %s", path, strerror(-code));
	code = manifest_parse(text, size, MANIFEST_ROOT, &r->base, err);
	return code < 0 ? wrap(err, "%s is damaged", path) : 0;
}

static int read_arguments(struct root *r, struct error *err)
{
	_cleanup_free_ char *paths = NULL;
	int code = env_epoch(&r->epoch, err);

	if (code == 0)
		code = store_open(&r->store_fd, err);
	if (code == 0)
		code = read_ids(&r->ids, err);
	if (code == 0)
		code = env_text("debconf", &r->answers, err);
	if (code == 0)
		code = read_base(r, err);
	if (code == 0)
		code = env_text("packages", &paths, err);
	if (code == 0)
		code = packages_load(r->store_fd, paths, &r->packages, err);
	return code < 0 ? code : env_out(&r->out_fd, err);
}

/* What is mounted from here on is gone when the process ends. Before the store is opened:
 * a descriptor of the namespace that is left would lose the mounts in it. */
static int leave_mounts(struct error *err)
{
	if (unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return fail(err, -errno, "No mount namespace can be made: %s",
			    strerror(errno));
	return 0;
}

static int make_root(struct root *r, struct error *err)
{
	if (mkdir(ROOT, 0755) < 0 && errno != EEXIST)
		return fail(err, -errno, "The folder " ROOT " can't be made: %s",
			    strerror(errno));
	if (mount("atomos", ROOT, "tmpfs", MS_NODEV, "mode=755,size=95%,nr_inodes=0") < 0)
		return fail(err, -errno, "No tmpfs can be mounted for the root: %s",
			    strerror(errno));
	r->root_fd = open(ROOT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r->root_fd < 0)
		return fail(err, -errno, "The root can't be opened: %s", strerror(errno));
	r->started = time(NULL);
	return 0;
}

static int lay_out(struct root *r, struct error *err)
{
	const struct placing how = {r->root_fd, r->store_fd, workers_default()};
	int code = merge_packages(r->store_fd, &r->packages,
				  r->has_base ? &r->base : NULL, &r->placed, err);

	if (code == 0)
		code = place_manifest(&how, &r->placed, &r->origins, err);
	if (code == 0)
		code = dpkg_db_add(r->root_fd, r->store_fd, &r->packages, err);
	if (code == 0 && r->has_base)
		code = dpkg_db_activate(r->root_fd, &r->packages, err);
	return code;
}

static int configure(struct root *r, struct error *err)
{
	const struct configuring how = {&r->packages, !r->has_base, r->answers};
	int code;

	r->sandbox = (struct sandbox){.root_fd = r->root_fd, .epoch = r->epoch};
	code = sandbox_start(&r->sandbox, ROOT, err);
	if (code == 0)
		code = configure_packages(&r->sandbox, &how, err);
	if (code == 0)
		code = configure_check(&r->sandbox, err);
	return code < 0 ? code : sandbox_stop(&r->sandbox, ROOT, err);
}

/* The roots below this one. */
static int write_layers(struct root *r, struct error *err)
{
	const char *base = env_optional("base");
	_cleanup_free_ char *text = base ? xasprintf("%s\n", base) : xstrdup("");
	int code = write_file_at(r->out_fd, "layers", text, strlen(text), 0644);

	return code < 0 ? fail(err, code, "The list of layers can't be written: %s",
			       strerror(-code))
			: 0;
}

static int write_down(struct root *r, struct error *err)
{
	_cleanup_manifest_ struct manifest result = {0};
	_cleanup_free_ char *text = NULL;
	const char *out = strrchr(env_optional("out"), '/');
	size_t size;
	struct scanning how = {.root_fd = r->root_fd,
			       .store_fd = r->store_fd,
			       .out_fd = r->out_fd,
			       .out_base = out ? out + 1 : "out",
			       .epoch = r->epoch,
			       .started = r->started,
			       .placed = &r->placed,
			       .origins = &r->origins,
			       .ids = &r->ids,
			       .sandbox = &r->sandbox,
			       .machine_id = r->machine_id};
	int code = scan_root(&how, &result, err);

	if (code == 0)
		code = write_layers(r, err);
	if (code < 0)
		return code;
	links_count(&result);
	text = manifest_format(&result, &size);
	code = write_file_at(r->out_fd, "manifest", text, size, 0644);
	return code < 0 ? fail(err, code, "The manifest can't be written: %s",
			       strerror(-code))
			: 0;
}

static int build(struct root *r, struct error *err)
{
	int code = leave_mounts(err);

	if (code == 0)
		code = read_arguments(r, err);
	if (code == 0)
		code = make_root(r, err);
	lap("arguments read");
	if (code == 0)
		code = lay_out(r, err);
	lap("packages laid out");
	if (code == 0)
		code = configure(r, err);
	lap("packages configured");
	if (code == 0)
		code = ids_settle(r->root_fd, &r->ids, &r->sandbox.makers, err);
	if (code == 0)
		code = normalise_root(r->root_fd, r->epoch, r->machine_id, err);
	if (code == 0)
		code = write_down(r, err);
	lap("root written down");
	return code;
}

int verb_root(struct error *err)
{
	_cleanup_(root_done) struct root r = {
		.store_fd = -EBADF, .root_fd = -EBADF, .out_fd = -EBADF};
	int code = build(&r, err);

	return code < 0 ? wrap(err, "The root can't be made") : 0;
}
