/* SPDX-License-Identifier: MIT */
/* What is on one disk. */
#include <errno.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/alloc.h"
#include "base/blkid.h"
#include "base/fd.h"
#include "base/str.h"
#include "install/look.h"

#define SECTOR 512
#define MBR_STARTS 0x80
#define END_SIZE (1U << 20)
/* A LUKS2 header: 4 KiB, then its JSON as text. */
#define LUKS_TEXT_OFFSET 4096
#define LUKS_TEXT_SIZE (12U << 10)

void look_done(struct look *l)
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
	_cleanup_probe_ blkid_probe probe = blkid_new_probe();

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

/* What lies over the whole disk; the list has room for it. */
static void look_at_whole(struct look *l)
{
	probe_content(l->fd, 0, 0, l->list);
	l->count = l->list->fs[0] ? 1 : 0;
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
	/* A table without a partition may lie over what others find elsewhere. */
	if (l->count == 0)
		look_at_whole(l);
}

/* What the table of the old kind says of a partition. */
static void old_type(blkid_partition p, struct content *c)
{
	const char *table = blkid_parttable_get_type(blkid_partition_get_table(p));

	if (table && streq(table, "dos"))
		snprintf(c->type, sizeof(c->type), CONTENT_MBR "%s",
			 (unsigned)blkid_partition_get_type(p),
			 blkid_partition_get_flags(p) & MBR_STARTS ? CONTENT_STARTS : "");
}

/* A table of the old kind, or a file system over the whole disk. */
static void look_at_other(struct look *l)
{
	_cleanup_probe_ blkid_probe probe = blkid_new_probe();
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

		old_type(p, &l->list[l->count]);
		probe_content(l->fd, (uint64_t)blkid_partition_get_start(p) * SECTOR,
			      (uint64_t)blkid_partition_get_size(p) * SECTOR,
			      &l->list[l->count++]);
	}
	if (n == 0)
		look_at_whole(l);
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

void look_at(const char *path, struct look *l)
{
	int r;

	l->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (l->fd < 0)
		return;
	r = gpt_read(l->fd, &l->gpt, NULL);
	l->has_gpt = r == 0;
	l->many = r == -E2BIG;
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

/* An installation of ours that was interrupted, and nothing else: its table has taken the
 * place of whatever was there. */
static bool is_unfinished(const struct look *l)
{
	static const char *const types[] = {GPT_ESP, GPT_BIOS_BOOT, GPT_UNFINISHED_ROOT};

	for (size_t i = 0; i < ELEMENTSOF(types); i++)
		if (l->gpt.count != ELEMENTSOF(types) ||
		    !streq(l->gpt.partitions[i].type, types[i]))
			return false;
	return true;
}

bool look_is_empty(const struct look *l)
{
	if (l->fd >= 0 && is_unfinished(l))
		return true;
	return l->fd >= 0 && l->count == 0 && !l->has_gpt && !l->has_other && !l->small &&
	       ends_blank(l->fd, l->disk->size);
}

const char *look_why_not(const struct look *l)
{
	if (l->fd < 0)
		return "it can't be read";
	/* What they are isn't known: an owner's system may be among them. */
	if (l->many)
		return "its table has more partitions than AtomOS reads (128)";
	return NULL;
}

char *look_words(const struct look *l)
{
	if (l->fd < 0)
		return xstrdup("unknown");
	if (l->small)
		return xstrdup(CONTENT_WRONG_SECTORS);
	if (l->has_gpt && l->count == 0)
		return xstrdup("an empty partition table");
	return contents_words(l->list, l->count);
}

const char *look_why_not_beside(const struct look *l)
{
	if (!l->has_gpt)
		return l->has_other ? "its partition table is of the old kind (MBR)"
				    : "it has no partition table";
	if (gpt_find(&l->gpt, GPT_INSTALLED_ROOT) || gpt_find(&l->gpt, GPT_HOME))
		return "an AtomOS is on it, and two on one disk would share the "
		       "partition for homes: delete its partitions first, or take the "
		       "whole disk, or another one";
	return NULL;
}
