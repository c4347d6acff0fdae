/* SPDX-License-Identifier: MIT */
/* The disks of this machine, as places to install to. */
#include <blkid/blkid.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/sysfs.h"
#include "image/gpt.h"
#include "install/contents.h"
#include "install/disks.h"

#define VOLUME "atomos-root"
#define SECTOR 512
#define END_SIZE (1U << 20)
/* A LUKS2 header: 4 KiB, then its JSON as text. */
#define LUKS_TEXT_OFFSET 4096
#define LUKS_TEXT_SIZE (12U << 10)

static void free_probe(blkid_probe *p)
{
	blkid_free_probe(*p);
}

static bool sysfs_true(const char *disk, const char *file)
{
	char text[8];

	sysfs_line(disk, file, text, sizeof(text));
	return streq(text, "1");
}

static const char *bus_of(const char *disk)
{
	static const char *const buses[][2] = {{"/usb", "USB"},
					       {"/nvme", "NVMe"},
					       {"/mmc", "SD card"},
					       {"/ata", "SATA"},
					       {"/virtio", "virtio"}};
	_cleanup_free_ char *link = xasprintf(SYS_BLOCK "/%s", disk);
	_cleanup_free_ char *path = realpath(link, NULL);

	for (size_t i = 0; path && i < ELEMENTSOF(buses); i++)
		if (strstr(path, buses[i][0]))
			return buses[i][1];
	return "";
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

/* What is on it. */

struct look {
	int fd;
	struct disk *disk;
	struct gpt gpt; /* empty without such a table */
	bool has_gpt, has_other;
	bool small; /* a table for smaller sectors than the disk's */
	struct content *list;
	size_t count;
};

static void look_done(struct look *l)
{
	for (size_t i = 0; i < l->count; i++)
		strv_free(l->list[i].owners);
	free(l->list);
	close_fdp(&l->fd);
}

static void copy_value(blkid_probe probe, const char *name, char *out, size_t size)
{
	const char *value = NULL;

	if (blkid_probe_lookup_value(probe, name, &value, NULL) < 0 || !value)
		return;
	snprintf(out, size, "%s", value);
	for (char *c = out; *c; c++)
		if (*c < 0x20 || *c > 0x7e)
			*c = '?';
}

/* What the header of an installed AtomOS tells to everybody. */
static void read_header(struct look *l, uint64_t start, struct content *c)
{
	_cleanup_free_ char *text = xcalloc(1, LUKS_TEXT_SIZE + 1);
	struct disk *d = l->disk;

	if (pread(l->fd, text, LUKS_TEXT_SIZE, (off_t)start + LUKS_TEXT_OFFSET) !=
	    LUKS_TEXT_SIZE)
		return;
	c->owners = owners_parse(text);
	c->owned = owned_parse(text);
	d->owned |= c->owned;
	if (d->volume_count < DISK_VOLUMES_MAX &&
	    volume_digest(text, d->volumes[d->volume_count]) == 0)
		d->volume_count++;
}

/* The file system in a part of the disk; size 0: all of it. */
static void probe_content(int fd, uint64_t start, uint64_t size, struct content *c)
{
	_cleanup_(free_probe) blkid_probe probe = blkid_new_probe();

	if (!probe || blkid_probe_set_device(probe, fd, (blkid_loff_t)start,
					     (blkid_loff_t)size) < 0)
		return;
	blkid_probe_enable_superblocks(probe, 1);
	blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_LABEL);
	/* Two file systems at once: whatever is named first. */
	if (blkid_do_safeprobe(probe) != 0 && blkid_do_probe(probe) != 0)
		return;
	copy_value(probe, "TYPE", c->fs, sizeof(c->fs));
	copy_value(probe, "LABEL", c->label, sizeof(c->label));
}

static void look_at_gpt(struct look *l)
{
	l->list = xcalloc(l->gpt.count + 1, sizeof(*l->list));
	for (size_t i = 0; i < l->gpt.count; i++) {
		const struct gpt_partition *p = &l->gpt.partitions[i];
		struct content *c = &l->list[l->count++];

		strcpy(c->type, p->type);
		probe_content(l->fd, p->start, p->size, c);
		if (streq(p->type, GPT_INSTALLED_ROOT))
			read_header(l, p->start, c);
	}
}

/* A table of the old kind, or a file system over the whole disk. */
static void look_at_other(struct look *l)
{
	_cleanup_(free_probe) blkid_probe probe = blkid_new_probe();
	blkid_partlist list = NULL;
	int n = 0;

	if (probe && blkid_probe_set_device(probe, l->fd, 0, 0) == 0)
		list = blkid_probe_get_partitions(probe);
	if (list)
		n = blkid_partlist_numof_partitions(list);
	l->has_other = n > 0;
	l->list = xcalloc((size_t)n + 1, sizeof(*l->list));
	for (int i = 0; i < n; i++) {
		blkid_partition p = blkid_partlist_get_partition(list, i);

		probe_content(l->fd, (uint64_t)blkid_partition_get_start(p) * SECTOR,
			      (uint64_t)blkid_partition_get_size(p) * SECTOR,
			      &l->list[l->count++]);
	}
	if (n > 0)
		return;
	probe_content(l->fd, 0, 0, l->list);
	l->count = l->list->fs[0] ? 1 : 0;
}

/* The table counts in sectors: where it is looked for there is none. */
static bool has_small_table(int fd)
{
	char magic[8];
	int sector = 0;

	return ioctl(fd, BLKSSZGET, &sector) == 0 && sector > SECTOR &&
	       pread(fd, magic, sizeof(magic), SECTOR) == sizeof(magic) &&
	       memcmp(magic, "EFI PART", sizeof(magic)) == 0;
}

static void look_at(const char *path, struct look *l)
{
	l->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (l->fd < 0)
		return;
	l->has_gpt = gpt_read(l->fd, &l->gpt, NULL) == 0;
	l->small = !l->has_gpt && has_small_table(l->fd);
	if (l->has_gpt)
		look_at_gpt(l);
	else
		look_at_other(l);
}

/* All bytes of both ends are the same: a disk that is only encrypted says nothing, but
 * looks otherwise. */
static bool ends_blank(int fd, uint64_t size)
{
	_cleanup_free_ uint8_t *data = xmalloc(END_SIZE);

	for (int i = 0; i < 2 && size >= END_SIZE; i++) {
		off_t at = i == 0 ? 0 : (off_t)(size - END_SIZE);

		if (pread(fd, data, END_SIZE, at) != END_SIZE ||
		    memcmp(data, data + 1, END_SIZE - 1) != 0)
			return false;
	}
	return true;
}

static bool is_empty(const struct disk *d, const struct look *l)
{
	return l->fd >= 0 && l->count == 0 && !l->has_other && !l->small &&
	       (l->has_gpt || ends_blank(l->fd, d->size));
}

/* Why not. */

static char *refuse_any(const struct disk *d, const struct look *l)
{
	if (l->fd < 0)
		return xstrdup("it can't be read");
	if (sysfs_true(d->node, "ro"))
		return xstrdup("it is write-protected");
	return NULL;
}

/* One that is carried about stays a medium; an inner disk that an image was written to
 * can take the system behind it. */
static bool is_inner(const struct disk *d)
{
	char kind[8];

	/* Of eMMC, which is soldered in, it is "MMC". */
	sysfs_line(d->node, "device/type", kind, sizeof(kind));
	return !d->removable && !streq(d->bus, "USB") && !streq(kind, "SD");
}

static char *refuse_size(const struct region *space, uint64_t content)
{
	struct layout layout;
	struct error err;

	return layout_make(space, content, &layout, &err) < 0 ? xstrdup(err.message)
							      : NULL;
}

static char *refuse_whole(const struct disk *d, const struct look *l, uint64_t content)
{
	const struct region all = layout_whole(d->size);
	char *why = d->medium ? xstrdup("this system runs from it") : refuse_any(d, l);

	if (!why && in_use(d->node))
		why = xstrdup("something on it is in use");
	return why ? why : refuse_size(&all, content);
}

static char *refuse_free(const struct disk *d, const struct look *l, uint64_t content)
{
	char *why = d->medium && !is_inner(d) ? xstrdup("this system runs from it")
					      : refuse_any(d, l);

	if (!why && !l->has_gpt)
		why = xstrdup(l->has_other
				      ? "its partition table is of the old kind (MBR)"
				      : "it has no partition table");
	return why ? why : refuse_size(&d->free, content);
}

static void describe(struct disk *d, uint64_t content)
{
	_cleanup_(look_done) struct look l = {.fd = -EBADF, .disk = d};
	_cleanup_free_ char *path = xasprintf("/dev/%s", d->node);
	uint64_t sectors = 0;
	char size[32];

	sysfs_line(d->node, "size", size, sizeof(size));
	if (parse_u64(size, &sectors) == 0)
		d->size = sectors * SECTOR;
	sysfs_line(d->node, "device/model", d->model, sizeof(d->model));
	find_serial(d->node, d->serial, sizeof(d->serial));
	if (!d->model[0])
		sysfs_line(d->node, "serial", d->model, sizeof(d->model));
	d->bus = bus_of(d->node);
	d->removable = sysfs_true(d->node, "removable");
	d->medium = any_entry(SYS_BLOCK, is_volume_on, d->node);
	look_at(path, &l);
	d->content = l.fd < 0  ? xstrdup("unknown")
		     : l.small ? xstrdup(CONTENT_WRONG_SECTORS)
			       : contents_words(l.list, l.count);
	d->empty = is_empty(d, &l);
	d->warning = contents_warning(l.list, l.count);
	if (l.has_gpt)
		d->free = free_space(&l.gpt, d->size);
	d->refusal = refuse_whole(d, &l, content);
	d->free_refusal = refuse_free(d, &l, content);
}

void disks_find(uint64_t content, struct disks *ret)
{
	_cleanup_closedir_ DIR *d = opendir(SYS_BLOCK);
	_cleanup_strv_ char **names = NULL;
	struct dirent *e;

	*ret = (struct disks){0};
	while (d && (e = readdir(d)))
		/* Nobody installs to a CD. */
		if (sysfs_is_disk(e->d_name) && !startswith(e->d_name, "sr"))
			names = strv_add(names, e->d_name);
	if (!names)
		return;
	strv_sort(names);
	ret->list = xcalloc(strv_length(names), sizeof(*ret->list));
	for (char **n = names; *n; n++) {
		struct disk *disk = &ret->list[ret->count++];

		snprintf(disk->node, sizeof(disk->node), "%s", *n);
		describe(disk, content);
	}
}

void disks_done(struct disks *d)
{
	for (size_t i = 0; i < d->count; i++) {
		free(d->list[i].content);
		free(d->list[i].refusal);
		free(d->list[i].free_refusal);
	}
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
