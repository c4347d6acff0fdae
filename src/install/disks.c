/* SPDX-License-Identifier: MIT */
/* The disks of this machine, as places to install to. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/sysfs.h"
#include "install/contents.h"
#include "install/disks.h"
#include "install/look.h"

#define VOLUME "atomos-root"
#define SECTOR 512

static uint64_t sysfs_number(const char *disk, const char *file)
{
	uint64_t n = 0;
	char text[32];

	sysfs_line(disk, file, text, sizeof(text));
	return parse_u64(text, &n) == 0 ? n : 0;
}

/* From where the kernel keeps it for virtio, NVMe, and SCSI or SATA; else of the USB
 * device that the disk is in. */
static void find_serial(const char *disk, char *out, size_t size)
{
	static const char *const files[] = {"serial", "device/serial",
					    "device/../../../../serial"};
	_cleanup_free_ char *page = xasprintf(SYS_BLOCK "/%s/device/vpd_pg80", disk);
	_cleanup_free_ char *data = NULL;
	size_t length = 0;

	for (size_t i = 0; i < ELEMENTSOF(files); i++) {
		sysfs_line(disk, files[i], out, size);
		if (out[0])
			return;
	}
	/* SPC-4, 7.8.17: four bytes, then the number, filled up with spaces. */
	if (read_file_at(AT_FDCWD, page, 4096, &data, &length) < 0 || length <= 4)
		return;
	snprintf(out, size, "%.*s", (int)(length - 4), data + 4 + strspn(data + 4, " "));
	for (char *c = out; *c; c++)
		if (*c < 0x20 || *c > 0x7e)
			*c = '?';
	while (out[0] && out[strlen(out) - 1] == ' ')
		out[strlen(out) - 1] = 0;
}

/* Calls `look` for each name in a directory until it returns true. */
static bool any_entry(const char *directory,
		      bool (*look)(const char *name, const void *context),
		      const void *context)
{
	_cleanup_closedir_ DIR *d = opendir(directory);
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.' && look(e->d_name, context))
			return true;
	return false;
}

/* `name` is a partition of the disk `context`, or the disk. */
static bool belongs(const char *name, const void *context)
{
	const char *disk = context;
	_cleanup_free_ char *path = xasprintf(SYS_BLOCK "/%s/%s", disk, name);

	return streq(name, disk) || access(path, F_OK) == 0;
}

/* `name` is the volume that the running system was loaded from, and lies on the disk. */
static bool is_volume_on(const char *name, const void *context)
{
	_cleanup_free_ char *slaves = xasprintf(SYS_BLOCK "/%s/slaves", name);
	char volume[64];

	sysfs_line(name, "dm/name", volume, sizeof(volume));
	return streq(volume, VOLUME) && any_entry(slaves, belongs, context);
}

/* Whether the kernel, a mount or another program holds this device. */
static bool is_held(const char *node)
{
	_cleanup_free_ char *path = xasprintf("/dev/%s", node);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_EXCL | O_CLOEXEC);

	return fd < 0 && errno == EBUSY;
}

static bool is_held_part(const char *name, const void *context)
{
	return startswith(name, context) && is_held(name);
}

static bool in_use(const char *disk)
{
	_cleanup_free_ char *path = xasprintf(SYS_BLOCK "/%s", disk);

	return is_held(disk) || any_entry(path, is_held_part, disk);
}

/* Why not. */

static char *refuse_any(const struct disk *d, const struct look *l)
{
	if (look_why_not(l))
		return xstrdup(look_why_not(l));
	if (sysfs_true(d->node, "ro"))
		return xstrdup("it is write-protected");
	return NULL;
}

static char *refuse_size(const struct region *space, const struct layout_needs *needs)
{
	struct layout layout;
	struct error err;

	return layout_make(space, needs, &layout, &err) < 0 ? xstrdup(err.message) : NULL;
}

static char *refuse_whole(const struct disk *d, const struct look *l,
			  const struct layout_needs *needs)
{
	const struct region all = layout_whole(d->size);
	char *why = d->medium ? xstrdup("this system runs from it") : refuse_any(d, l);

	if (!why && in_use(d->node))
		why = xstrdup("something on it is in use");
	return why ? why : refuse_size(&all, needs);
}

static char *refuse_free(const struct disk *d, const struct look *l,
			 const struct layout_needs *needs)
{
	/* One that is carried about stays a medium; an inner disk that an image was
	 * written to can take the system behind it. */
	char *why = d->medium && !d->inner ? xstrdup("this system runs from it")
					   : refuse_any(d, l);

	if (!why && look_why_not_beside(l))
		why = xstrdup(look_why_not_beside(l));
	return why ? why : refuse_size(&d->free, needs);
}

void disk_find(const char *node, const struct layout_needs *needs, struct disk *d)
{
	_cleanup_(look_done) struct look l = {.fd = -EBADF, .disk = d};
	_cleanup_free_ char *path = xasprintf("/dev/%s", node);

	*d = (struct disk){0};
	snprintf(d->node, sizeof(d->node), "%s", node);
	d->size = sysfs_number(d->node, "size") * SECTOR;
	d->sequence = sysfs_number(d->node, "diskseq");
	sysfs_line(d->node, "device/model", d->model, sizeof(d->model));
	find_serial(d->node, d->serial, sizeof(d->serial));
	if (!d->model[0])
		sysfs_line(d->node, "serial", d->model, sizeof(d->model));
	d->bus = sysfs_bus(d->node);
	d->removable = sysfs_true(d->node, "removable");
	d->inner = sysfs_is_inner(d->node);
	d->medium = any_entry(SYS_BLOCK, is_volume_on, d->node);
	look_at(path, &l);
	d->content = look_words(&l);
	d->empty = look_is_empty(&l);
	d->warning = contents_warning(l.list, l.count);
	if (l.has_gpt)
		d->free = free_space(&l.gpt, d->size);
	d->refusal = refuse_whole(d, &l, needs);
	d->free_refusal = refuse_free(d, &l, needs);
}

static bool has_volume(const struct disk *d, const uint8_t *volume)
{
	for (size_t i = 0; i < d->volume_count; i++)
		if (memcmp(d->volumes[i], volume, VOLUME_DIGEST_SIZE) == 0)
			return true;
	return false;
}

static bool has_twin(const struct disks *d, size_t disk, size_t volume)
{
	for (size_t i = 0; i < d->count; i++)
		if (i != disk && has_volume(&d->list[i], d->list[disk].volumes[volume]))
			return true;
	return false;
}

void disks_forget_twins(struct disks *d)
{
	bool(*twins)[DISK_VOLUMES_MAX] = xcalloc(d->count + 1, sizeof(*twins));

	/* All are known before the first goes. */
	for (size_t i = 0; i < d->count; i++)
		for (size_t v = 0; v < d->list[i].volume_count; v++)
			twins[i][v] = has_twin(d, i, v);
	for (size_t i = 0; i < d->count; i++) {
		struct disk *disk = &d->list[i];
		size_t kept = 0;

		for (size_t v = 0; v < disk->volume_count; v++)
			if (!twins[i][v])
				memmove(disk->volumes[kept++], disk->volumes[v],
					VOLUME_DIGEST_SIZE);
		disk->volume_count = kept;
	}
	free(twins);
}

void disks_find(const struct layout_needs *needs, struct disks *ret)
{
	_cleanup_closedir_ DIR *d = opendir(SYS_BLOCK);
	_cleanup_strv_ char **names = NULL;
	struct dirent *e;

	*ret = (struct disks){.smallest = layout_smallest_disk(needs)};
	while (d && (e = readdir(d)))
		/* Nobody installs to a CD. */
		if (sysfs_is_disk(e->d_name) && !startswith(e->d_name, "sr"))
			names = strv_add(names, e->d_name);
	if (!names)
		return;
	strv_sort(names);
	ret->list = xcalloc(strv_length(names), sizeof(*ret->list));
	for (char **n = names; *n; n++)
		disk_find(*n, needs, &ret->list[ret->count++]);
	disks_forget_twins(ret);
}

void disk_done(struct disk *d)
{
	free(d->content);
	free(d->refusal);
	free(d->free_refusal);
}

void disks_done(struct disks *d)
{
	for (size_t i = 0; i < d->count; i++)
		disk_done(&d->list[i]);
	free(d->list);
	*d = (struct disks){0};
}

const struct disk *disks_get(const struct disks *d, const char *name)
{
	const char *node = startswith(name, "/dev/");

	for (size_t i = 0; i < d->count; i++)
		if (streq(d->list[i].node, node ? node : name))
			return &d->list[i];
	return NULL;
}
