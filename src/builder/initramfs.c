/* SPDX-License-Identifier: MIT */
/* atomos-build initramfs: kernel, initramfs and what goes into the UKI beside them. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "builder/cpio.h"
#include "builder/elf-needs.h"
#include "builder/env.h"
#include "builder/keymap-files.h"
#include "builder/merge.h"
#include "builder/module-index.h"
#include "builder/root-path.h"
#include "builder/verb.h"

#define PROGRAM_MAX (256U << 20)

/* As glibc searches on Debian; ld.so.cache isn't needed then. */
static const char *const library_folders[] = {"/usr/lib/x86_64-linux-gnu",
					      "/usr/lib/x86_64-linux-gnu/systemd",
					      "/usr/lib", "/usr/lib64"};

struct initramfs {
	struct root_path root;
	struct cpio cpio;
	int out_fd;
	int64_t epoch;
	char *kernel;
	size_t modules;
};

static void initramfs_done(struct initramfs *i)
{
	root_path_done(&i->root);
	cpio_done(&i->cpio);
	close_fdp(&i->out_fd);
	free(i->kernel);
}

/* Programs and libraries. */

static int add_program(struct initramfs *i, const char *path, struct error *err);

static int add_library(struct initramfs *i, const char *name, char *const *run_path,
		       bool required, struct error *err)
{
	for (char *const *p = run_path; p && *p; p++) {
		_cleanup_free_ char *path = xasprintf("%s/%s", *p, name);

		if (root_path_resolve(&i->root.manifest, path))
			return add_program(i, path, err);
	}
	for (size_t k = 0; k < ELEMENTSOF(library_folders); k++) {
		_cleanup_free_ char *path = xasprintf("%s/%s", library_folders[k], name);

		if (root_path_resolve(&i->root.manifest, path))
			return add_program(i, path, err);
	}
	return required ? fail(err, -ENOENT,
			       "It needs the library %s, which is not in the root", name)
			: 0;
}

static int add_needs(struct initramfs *i, char *data, size_t size, const char *path,
		     struct error *err)
{
	_cleanup_free_ char *origin = xstrndup(path, (size_t)(strrchr(path, '/') - path));
	_cleanup_elf_needs_ struct elf_needs needs = {0};
	int r = elf_read_needs(data, size, origin, &needs, err);

	if (r == 0 && needs.interpreter)
		r = add_program(i, needs.interpreter, err);
	for (char **n = needs.needed; r == 0 && n && *n; n++)
		r = add_library(i, *n, needs.run_path, true, err);
	for (char **n = needs.loaded; r == 0 && n && *n; n++)
		r = add_library(i, *n, needs.run_path, false, err);
	return r < 0 ? wrap(err, "%s", path) : 0;
}

/* A file of the root under its real path, and a link where it was asked for by another.
 */
static int add_program(struct initramfs *i, const char *path, struct error *err)
{
	const struct manifest_entry *e = root_path_resolve(&i->root.manifest, path);
	_cleanup_free_ char *data = NULL, *alias = NULL;
	const char *wanted;
	size_t size;
	int r;

	if (!e || !S_ISREG(e->mode))
		return fail(
			err, -ENOENT,
			"%s is not in the root: its package belongs into the base list",
			path);
	wanted = merge_alias(path, &alias);
	if (!streq(wanted, e->path))
		cpio_add_symlink(&i->cpio, wanted, e->path);
	if (cpio_has(&i->cpio, e->path))
		return 0;
	r = root_path_read(&i->root, e->path, &data, &size, err);
	if (r < 0)
		return r;
	cpio_add_file(&i->cpio, e->path, e->mode & 0111 ? 0755 : 0644, data, size);
	return add_needs(i, data, size, e->path, err);
}

static int add_listed(struct initramfs *i, const char *variable, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_strv_ char **paths = NULL;
	int r = env_text(variable, &text, err);

	if (r < 0)
		return r;
	paths = strv_split(text, "\n ");
	for (char **p = paths; r == 0 && *p; p++)
		r = **p == '/' ? add_program(i, *p, err)
			       : add_library(i, *p, NULL, true, err);
	return r;
}

static int add_init(struct initramfs *i, struct error *err)
{
	_cleanup_free_ char *data = NULL;
	const char *path;
	size_t size;
	int r = env_string("atomosInit", &path, err);

	if (r < 0)
		return r;
	r = read_file_at(AT_FDCWD, path, PROGRAM_MAX, &data, &size);
	if (r < 0)
		return fail(err, r, "%s can't be read: %s", path, strerror(-r));
	cpio_add_file(&i->cpio, "/init", 0755, data, size);
	return add_needs(i, data, size, "/init", err);
}

/* Kernel modules. */

static char *module_path(const struct initramfs *i, const char *name)
{
	return xasprintf("/usr/lib/modules/%s/%s", i->kernel, name);
}

static int read_index(struct initramfs *i, struct module_index *ret, struct error *err)
{
	static const char *const names[] = {"modules.dep", "modules.alias",
					    "modules.softdep", "modules.builtin"};
	char *texts[ELEMENTSOF(names)] = {0};
	int r = 0;

	for (size_t k = 0; r == 0 && k < ELEMENTSOF(names); k++) {
		_cleanup_free_ char *path = module_path(i, names[k]);

		r = root_path_read(&i->root, path, &texts[k], NULL, err);
	}
	if (r == 0)
		r = module_index_parse(
			&(struct module_texts){texts[0], texts[1], texts[2], texts[3]},
			ret, err);
	for (size_t k = 0; k < ELEMENTSOF(names); k++)
		free(texts[k]);
	return r;
}

/* Names of the variable must exist; those of another may be missing in a smaller kernel.
 */
static int choose_modules(const struct module_index *index, const char *variable,
			  bool required, char ***paths, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_strv_ char **names = NULL;
	int r = env_text(variable, &text, err);

	if (r < 0)
		return r;
	names = strv_split(text, "\n ");
	for (char **n = names; *n; n++) {
		bool builtin;

		if (module_index_add(index, *n, paths, &builtin) == 0 && !builtin &&
		    required)
			return fail(err, -ENOENT,
				    "The kernel has no module %s: correct "
				    "boot.initrd.availableKernelModules",
				    *n);
	}
	return 0;
}

static int add_module_file(struct initramfs *i, const char *name, struct error *err)
{
	_cleanup_free_ char *path = module_path(i, name), *data = NULL;
	size_t size;
	int r = root_path_read(&i->root, path, &data, &size, err);

	if (r == 0)
		cpio_add_file(&i->cpio, path, 0644, data, size);
	return r;
}

/* The indexes are the root's own: an entry for a module that isn't here does no harm. */
static int add_indexes(struct initramfs *i, struct error *err)
{
	static const char *const names[] = {
		"modules.alias.bin",	   "modules.builtin", "modules.builtin.alias.bin",
		"modules.builtin.bin",	   "modules.dep.bin", "modules.softdep",
		"modules.builtin.modinfo", "modules.order",   "modules.devname",
		"modules.weakdep",
	};

	for (size_t k = 0; k < ELEMENTSOF(names); k++) {
		_cleanup_free_ char *path = module_path(i, names[k]);
		int r;

		if (!manifest_find(&i->root.manifest, path))
			continue;
		r = add_module_file(i, names[k], err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_modules(struct initramfs *i, struct error *err)
{
	_cleanup_module_index_ struct module_index index = {0};
	_cleanup_strv_ char **paths = NULL;
	int r = read_index(i, &index, err);

	if (r == 0)
		r = choose_modules(&index, "modules", true, &paths, err);
	if (r == 0)
		r = choose_modules(&index, "moduleGroups", false, &paths, err);
	for (char **p = paths; r == 0 && p && *p; p++, i->modules++)
		r = add_module_file(i, *p, err);
	return r < 0 ? r : add_indexes(i, err);
}

/* Settings. */

static int add_text(struct initramfs *i, const char *variable, const char *path,
		    struct error *err)
{
	_cleanup_free_ char *text = NULL;
	int r = env_text(variable, &text, err);

	if (r == 0)
		cpio_add_file(&i->cpio, path, 0644, text, strlen(text));
	return r;
}

static int add_settings(struct initramfs *i, struct error *err)
{
	static const struct {
		const char *variable, *path;
	} files[] = {
		{"trustedKeys", "/etc/atomos/trusted-keys"},
		{"product", "/etc/atomos/product"},
		{"cmdline", "/etc/atomos/cmdline"},
		{"settings", "/etc/atomos/settings.json"},
		{"osRelease", "/etc/initrd-release"},
	};
	int r = 0;

	for (size_t k = 0; r == 0 && k < ELEMENTSOF(files); k++)
		r = add_text(i, files[k].variable, files[k].path, err);
	return r;
}

static int add_keymaps(struct initramfs *i, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_strv_ char **names = NULL;
	int r = env_text("keymaps", &text, err);

	if (r < 0)
		return r;
	names = strv_split(text, "\n ");
	for (char **n = names; r == 0 && *n; n++)
		r = keymap_add(&i->root, *n, &i->cpio, err);
	return r;
}

/* For the rescue prompt. */
static const char *const applets[] = {
	"blkid", "cat",	  "cp",	     "dd",   "df",     "dmesg",	 "find",     "free",
	"grep",	 "head",  "hexdump", "kill", "less",   "ln",	 "ls",	     "lsmod",
	"mkdir", "more",  "mount",   "mv",   "ps",     "reboot", "poweroff", "rm",
	"sh",	 "sleep", "sync",    "tail", "umount", "uname",	 "vi",
};

static void add_skeleton(struct cpio *c)
{
	static const char *const folders[] = {
		"/dev", "/proc",    "/root",	  "/run",      "/sys",
		"/tmp", "/usr/bin", "/usr/lib64", "/usr/sbin", "/var"};
	static const char *const merged[][2] = {{"/bin", "usr/bin"},
						{"/lib", "usr/lib"},
						{"/lib64", "usr/lib64"},
						{"/sbin", "usr/sbin"}};

	for (size_t k = 0; k < ELEMENTSOF(folders); k++)
		cpio_add_directory(c, folders[k], 0755);
	for (size_t k = 0; k < ELEMENTSOF(merged); k++)
		cpio_add_symlink(c, merged[k][0], merged[k][1]);
	for (size_t k = 0; k < ELEMENTSOF(applets); k++) {
		_cleanup_free_ char *path = xasprintf("/usr/bin/%s", applets[k]);

		cpio_add_symlink(c, path, "busybox");
	}
}

/* Output. */

static int write_out(struct initramfs *i, const char *name, const void *data, size_t size,
		     struct error *err)
{
	int r = write_file_at(i->out_fd, name, data, size, 0644);

	return r < 0 ? fail(err, r, "%s can't be written: %s", name, strerror(-r)) : 0;
}

static int write_variable(struct initramfs *i, const char *variable, const char *name,
			  struct error *err)
{
	_cleanup_free_ char *text = NULL;
	int r = env_text(variable, &text, err);

	return r < 0 ? r : write_out(i, name, text, strlen(text), err);
}

static int write_kernel(struct initramfs *i, struct error *err)
{
	_cleanup_free_ char *path = xasprintf("/boot/vmlinuz-%s", i->kernel),
			    *data = NULL;
	size_t size;
	int r = root_path_read(&i->root, path, &data, &size, err);

	return r < 0 ? r : write_out(i, "vmlinuz", data, size, err);
}

static int write_initrd(struct initramfs *i, struct error *err)
{
	_cleanup_close_ int fd = openat(i->out_fd, "initrd",
					O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0)
		return fail(err, -errno, "initrd can't be made: %s", strerror(errno));
	fprintf(stderr,
		"atomos-build: initramfs with %zu files, %zu modules of kernel %s\n",
		i->cpio.count, i->modules, i->kernel);
	return cpio_write(&i->cpio, fd, i->epoch, err);
}

static int write_all(struct initramfs *i, struct error *err)
{
	int r = write_kernel(i, err);

	if (r == 0)
		r = write_initrd(i, err);
	if (r == 0)
		r = write_variable(i, "cmdline", "cmdline", err);
	if (r == 0)
		r = write_variable(i, "osRelease", "os-release", err);
	return r < 0 ? r : write_out(i, "uname", i->kernel, strlen(i->kernel), err);
}

static int build(struct initramfs *i, struct error *err)
{
	const char *root;
	int r = env_string("root", &root, err);

	if (r == 0)
		r = env_epoch(&i->epoch, err);
	if (r == 0)
		r = root_path_open(root, &i->root, err);
	if (r == 0)
		r = root_path_kernel(&i->root.manifest, &i->kernel, err);
	if (r == 0)
		r = env_out(&i->out_fd, err);
	if (r < 0)
		return r;
	add_skeleton(&i->cpio);
	r = add_init(i, err);
	if (r == 0)
		r = add_listed(i, "programs", err);
	if (r == 0)
		r = add_listed(i, "libraries", err);
	if (r == 0)
		r = add_modules(i, err);
	if (r == 0)
		r = add_keymaps(i, err);
	if (r == 0)
		r = add_settings(i, err);
	return r < 0 ? r : write_all(i, err);
}

int verb_initramfs(struct error *err)
{
	_cleanup_(initramfs_done) struct initramfs i = {.out_fd = -EBADF,
							.root = {.store_fd = -EBADF}};
	int r = build(&i, err);

	return r < 0 ? wrap(err, "The initramfs can't be made") : 0;
}
