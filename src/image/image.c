/* SPDX-License-Identifier: MIT */
/* A whole image. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "base/variant.h"
#include "base/workers.h"
#include "core/hash.h"
#include "image/boot-image.h"
#include "image/btrfs.h"
#include "image/esp.h"
#include "image/gpt.h"
#include "image/image.h"
#include "image/luks.h"
#include "image/stage.h"
#include "image/uki.h"
#include "image/xts.h"

/* Raised when the same system gives another image. */
#define IMAGE_VERSION "5"
#define WORK "/nix/var/atomos"
#define SYSTEM_JSON_SIZE_MAX (1U << 20)
#define KEY_FILE_MAX (64U << 10)
#define BIOS_BOOT_SIZE (1U << 20)
#define COMPRESSION "zstd:3"

/* What the parts have in common while they are made. */
struct work {
	const struct image_options *options;
	struct gpt gpt;
	char *directory; /* WORK/image */
	uint64_t release, epoch;
	char *esp, *tree, *root, *header; /* files in it */
	struct secret *key;
	uint64_t esp_size, root_size;
};

static void work_done(struct work *w)
{
	char **strings[] = {&w->esp, &w->tree, &w->root, &w->header};

	if (w->directory)
		remove_tree_at(AT_FDCWD, w->directory);
	free(w->directory);
	for (size_t i = 0; i < ELEMENTSOF(strings); i++)
		free(*strings[i]);
	secret_free(w->key);
}

static char *add_line(char *seed, const char *line)
{
	char *longer = xasprintf("%s%s\n", seed, line);

	free(seed);
	return longer;
}

/* Adds what a file holds to the text that names an image; a missing one counts as empty
 * and is found where it is used. */
static char *add_digest(char *seed, const char *directory, const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", directory, name), *data = NULL;
	char hex[2 * SHA256_SIZE + 1];
	uint8_t digest[SHA256_SIZE];
	size_t size = 0;

	read_file_at(AT_FDCWD, path, KEY_FILE_MAX, &data, &size);
	sha256_buffer(data ? data : "", size, digest);
	hex_encode(digest, sizeof(digest), hex);
	return add_line(seed, hex);
}

/* The disk's GUID depends on everything that decides about the image, so that the same
 * medium has the same GUID wherever it is written. */
static int derive_guid(const struct image_options *o, char ret[GUID_LENGTH + 1],
		       struct error *err)
{
	bool renewing;
	int r = uki_renewing(o->keys, &renewing, err);
	char *seed;

	if (r < 0)
		return r;
	seed = xasprintf("%s\n%s\n", o->system, o->boot);
	seed = add_digest(seed, o->keys, "nix-public-key");
	seed = add_digest(seed, o->keys, "db.crt");
	seed = add_digest(seed, o->keys, "pcr.pub");
	if (renewing)
		seed = add_digest(seed, o->keys, "pcr-old.pub");
	if (o->keymap)
		seed = add_line(seed, o->keymap);
	guid_derive(seed, "image " IMAGE_VERSION, ret);
	free(seed);
	return 0;
}

bool image_current(const struct image_options *o)
{
	_cleanup_close_ int fd = open(o->output, O_RDONLY | O_CLOEXEC);
	char guid[GUID_LENGTH + 1];
	struct gpt gpt;

	if (fd < 0 || gpt_read(fd, &gpt, NULL) < 0)
		return false;
	return derive_guid(o, guid, NULL) == 0 && streq(guid, gpt.uuid);
}

static void tell(const struct work *w, uint64_t done, uint64_t total, const char *what)
{
	if (w->options->progress)
		w->options->progress(w->options->progress_context, done, total, what);
}

static int read_system(struct work *w, struct error *err)
{
	_cleanup_free_ char *path = xasprintf("%s/system.json", w->options->system);
	_cleanup_free_ char *text = NULL;
	_cleanup_variant_ sd_json_variant *json = NULL;
	int r = read_file_at(AT_FDCWD, path, SYSTEM_JSON_SIZE_MAX, &text, NULL);

	if (r < 0)
		return fail(err, r,
			    "%s isn't a system of AtomOS: can't read system.json: %s",
			    w->options->system, strerror(-r));
	r = variant_parse(text, path, &json, err);
	if (r < 0)
		return r;
	w->release = variant_number_or(json, "release", UINT64_MAX);
	w->epoch = variant_number_or(json, "epoch", UINT64_MAX);
	return w->release < UINT64_MAX && w->epoch < UINT64_MAX
		       ? 0
		       : fail(err, -EINVAL, "%s has no release or epoch", path);
}

/* One image at a time: the lock is freed with the descriptor. */
static int lock_work(struct error *err)
{
	_cleanup_close_ int fd = -EBADF;
	int r = make_parents_at(AT_FDCWD, WORK "/image.lock");

	if (r < 0)
		return fail(err, r, "Can't make " WORK ": %s", strerror(-r));
	fd = open(WORK "/image.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail(err, -errno, "Can't open " WORK "/image.lock: %m");
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		log_info("Waiting for another image to be finished.");
		if (flock(fd, LOCK_EX) < 0)
			return fail(err, -errno, "Can't lock " WORK "/image.lock: %m");
	}
	return TAKE_FD(fd);
}

static int prepare(struct work *w, struct error *err)
{
	int r;

	w->directory = xstrdup(WORK "/image");
	w->esp = xstrdup(WORK "/image/esp.img");
	w->tree = xstrdup(WORK "/image/tree");
	w->root = xstrdup(WORK "/image/root.img");
	w->header = xstrdup(WORK "/image/header.img");
	/* What an interrupted one left. */
	r = remove_tree_at(AT_FDCWD, w->directory);
	if (r == 0)
		r = make_parents_at(AT_FDCWD, WORK "/image/tree/x");
	if (r == 0 && chmod(w->directory, 0700) < 0)
		r = -errno;
	return r < 0 ? fail(err, r, "Can't work in %s: %s", w->directory, strerror(-r))
		     : 0;
}

static int file_size(const char *path, uint64_t *ret, struct error *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return fail(err, -errno, "Can't read %s: %m", path);
	*ret = (uint64_t)st.st_size;
	return 0;
}

static int make_esp(struct work *w, struct error *err)
{
	const char *from = w->options->boot_image;
	_cleanup_free_ char *uki = xasprintf("%s/" BOOT_IMAGE_UKI, from),
			    *loader = xasprintf("%s/" BOOT_IMAGE_LOADER, from),
			    *conf = xasprintf("%s/" BOOT_IMAGE_CONF, from);
	_cleanup_free_ char *name =
		xasprintf("EFI/Linux/atomos-%" PRIu64 ".efi", w->release);
	const struct esp_file files[] = {{"EFI/BOOT/BOOTX64.EFI", loader},
					 {name, uki},
					 {"loader/loader.conf", conf}};
	const struct esp_options o = {.files = files,
				      .count = ELEMENTSOF(files),
				      .seed = w->gpt.uuid,
				      .epoch = w->epoch};
	int r = esp_make(w->esp, &o, err);

	return r < 0 ? r : file_size(w->esp, &w->esp_size, err);
}

static uint64_t closure_size(const struct closure *c)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < c->count; i++)
		sum += c->paths[i].nar_size;
	return sum;
}

static int make_root(struct work *w, struct error *err)
{
	const struct image_options *o = w->options;
	const struct stage_options stage = {.system = o->system,
					    .closure = o->closure,
					    .boot_image = o->boot_image,
					    .boot_closure = o->boot_closure,
					    .nix_environment = o->nix_environment};
	char uuid[GUID_LENGTH + 1];
	const struct btrfs_options btrfs = {
		.tree = w->tree,
		.uuid = uuid,
		.compress = COMPRESSION,
		.content_size = closure_size(o->closure) + closure_size(o->boot_closure)};
	int r = stage_make(w->tree, &stage, err);

	guid_derive(w->gpt.uuid, "btrfs", uuid);
	if (r == 0)
		r = btrfs_make(w->root, &btrfs, err);
	return r < 0 ? r : file_size(w->root, &w->root_size, err);
}

static int make_header(struct work *w, struct error *err)
{
	char uuid[GUID_LENGTH + 1];
	const struct luks_options o = {.path = w->header,
				       .uuid = uuid,
				       .password = w->options->password,
				       .keymap = w->options->keymap};

	guid_derive(w->gpt.uuid, "luks", uuid);
	return luks_format(&o, &w->key, err);
}

/* The parts don't depend on each other. */
static int make_part(void *context, size_t index, unsigned worker, struct error *err)
{
	static int (*const parts[])(struct work *, struct error *) = {make_root, make_esp,
								      make_header};

	return parts[index](context, err);
}

/* Copies a whole file to a place in another, holes left out. */
static int copy_into(int out, uint64_t offset, const char *path, uint64_t size,
		     struct error *err)
{
	_cleanup_close_ int in = open(path, O_RDONLY | O_CLOEXEC);
	_cleanup_free_ char *buffer = xmalloc(GPT_ALIGN);
	off_t at = 0;

	if (in < 0)
		return fail(err, -errno, "Can't open %s: %m", path);
	while ((at = lseek(in, at, SEEK_DATA)) >= 0 && (uint64_t)at < size) {
		size_t want = (size_t)MIN(size - (uint64_t)at, (uint64_t)GPT_ALIGN);
		ssize_t n = pread(in, buffer, want, at);

		if (n <= 0)
			return fail(err, n < 0 ? -errno : -EIO, "Can't read %s", path);
		if (pwrite(out, buffer, (size_t)n, (off_t)offset + at) != n)
			return fail(err, errno ? -errno : -EIO,
				    "Can't write the image: %m");
		at += n;
	}
	return 0;
}

static int fill(struct work *w, int out, struct error *err)
{
	const struct gpt_partition *esp = gpt_find(&w->gpt, GPT_ESP);
	const struct gpt_partition *root = gpt_find(&w->gpt, GPT_MEDIUM_ROOT);
	_cleanup_close_ int in = open(w->root, O_RDONLY | O_CLOEXEC);
	const struct xts_copy encrypt = {.direction = XTS_ENCRYPT,
					 .key = (const uint8_t *)w->key->data,
					 .in = in,
					 .out = out,
					 .out_offset =
						 (off_t)root->start + LUKS_DATA_OFFSET,
					 .size = w->root_size};
	int r;

	if (in < 0)
		return fail(err, -errno, "Can't open %s: %m", w->root);
	r = copy_into(out, esp->start, w->esp, w->esp_size, err);
	if (r == 0)
		r = copy_into(out, root->start, w->header, LUKS_DATA_OFFSET, err);
	return r < 0 ? r : xts_copy(&encrypt, err);
}

static int assemble(struct work *w, const char *path, struct error *err)
{
	_cleanup_close_ int out = -EBADF;
	int r;

	gpt_add(&w->gpt, GPT_ESP, "esp", w->esp_size);
	gpt_add(&w->gpt, GPT_BIOS_BOOT, "bios", BIOS_BOOT_SIZE);
	gpt_add(&w->gpt, GPT_MEDIUM_ROOT, "atomos", LUKS_DATA_OFFSET + w->root_size);
	r = gpt_write(&w->gpt, path, err);
	if (r < 0)
		return r;
	out = open(path, O_RDWR | O_CLOEXEC);
	if (out < 0)
		return fail(err, -errno, "Can't open %s: %m", path);
	r = fill(w, out, err);
	if (r == 0 && (fchmod(out, 0644) < 0 || fsync(out) < 0))
		r = fail(err, -errno, "Can't write %s: %m", path);
	return r;
}

int image_build(const struct image_options *o, struct error *err)
{
	/* First, so that it is freed last: the next one would find our folder half gone.
	 */
	_cleanup_close_ int lock = lock_work(err);
	_cleanup_(work_done) struct work w = {.options = o};
	_cleanup_free_ char *new_name = xasprintf("%s.new", o->output);
	int r = lock < 0 ? lock : read_system(&w, err);

	if (r == 0)
		r = derive_guid(o, w.gpt.uuid, err);
	if (r == 0)
		r = prepare(&w, err);
	tell(&w, 0, 0, "File systems");
	if (r == 0)
		r = workers_run(3, 3, make_part, &w, err);
	if (r < 0)
		return r;
	tell(&w, 0, 0, "Encrypting");
	unlink(new_name);
	r = assemble(&w, new_name, err);
	if (r == 0 && rename(new_name, o->output) < 0)
		r = fail(err, -errno, "Can't rename %s: %m", new_name);
	if (r < 0)
		unlink(new_name);
	return r;
}
