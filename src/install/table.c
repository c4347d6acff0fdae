/* SPDX-License-Identifier: MIT */
/* Partition tables of real disks. */
#include <errno.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/random.h>

#include "base/alloc.h"
#include "base/blkid.h"
#include "base/fd.h"
#include "base/process.h"
#include "base/str.h"
#include "install/table.h"

int guid_random(char ret[GUID_LENGTH + 1], struct error *err)
{
	uint8_t bytes[16];
	char hex[2 * sizeof(bytes) + 1];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return fail(err, -EIO, "The kernel gives no random numbers");
	bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40);
	bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
	hex_encode(bytes, sizeof(bytes), hex);
	snprintf(ret, GUID_LENGTH + 1, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8,
		 hex + 12, hex + 16, hex + 20);
	return 0;
}

/* Bytes of a sector as the table counts them; 512 for a file. */
static int sector_size(const char *disk, unsigned *ret, struct error *err)
{
	_cleanup_close_ int fd = open(disk, O_RDONLY | O_CLOEXEC);
	struct stat st;
	int size;

	*ret = GPT_SECTOR;
	if (fd < 0 || fstat(fd, &st) < 0)
		return fail(err, -errno, "Can't open %s: %m", disk);
	if (S_ISBLK(st.st_mode)) {
		if (ioctl(fd, BLKSSZGET, &size) < 0)
			return fail(err, -errno, "Can't ask %s for its sectors: %m",
				    disk);
		*ret = (unsigned)size;
	}
	return 0;
}

static char *entry_line(char *text, const struct table_entry *e, unsigned sector)
{
	char *longer = xasprintf("%sstart=%" PRIu64 ", size=%" PRIu64
				 ", type=%s, uuid=%s, name=\"%s\"\n",
				 text, e->region.start / sector, e->region.size / sector,
				 e->type, e->uuid, e->name);

	free(text);
	return longer;
}

/* Runs sfdisk with this script, which it takes over. */
static int run_script(const char *disk, const char *option, char *script,
		      struct error *err)
{
	_cleanup_free_ char *text = script, *output = NULL;
	const char *const argv[] = {"sfdisk",	   "--quiet",
				    "--no-reread", "--no-tell-kernel",
				    option,	   "--wipe-partitions=never",
				    disk,	   NULL};
	const struct process p = {
		.argv = argv, .input = text, .input_size = strlen(text)};
	int r = process_check(&p, &output, NULL, err);

	return r < 0 ? wrap(err, "Can't write the partition table of %s", disk) : 0;
}

static int write_entries(const char *disk, const char *option, char *head,
			 const struct table_entry *entries, size_t count,
			 struct error *err)
{
	_cleanup_free_ char *text = head;
	unsigned sector;
	int r = sector_size(disk, &sector, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++)
		text = entry_line(text, &entries[i], sector);
	return run_script(disk, option, TAKE_PTR(text), err);
}

/* Signatures of file systems over the whole disk: they come before a table. */
static int wipe_signatures(const char *disk, struct error *err)
{
	_cleanup_close_ int fd = open(disk, O_RDWR | O_CLOEXEC);
	_cleanup_probe_ blkid_probe probe = fd < 0 ? NULL : blkid_new_probe();
	int r;

	if (!probe || blkid_probe_set_device(probe, fd, 0, 0) < 0)
		return fail(err, -errno, "Can't look at %s: %m", disk);
	blkid_probe_enable_partitions(probe, false);
	blkid_probe_enable_superblocks(probe, true);
	blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_MAGIC);
	while ((r = blkid_do_probe(probe)) == 0)
		if (blkid_do_wipe(probe, false) < 0)
			return fail(err, -EIO, "Can't wipe what was on %s", disk);
	if (r < 0 || fsync(fd) < 0)
		return fail(err, -EIO, "Can't wipe what was on %s", disk);
	return 0;
}

/* sfdisk would wipe first: a power cut then left neither the old table nor the new one.
 * Unwiped, sector 0 is the last that it writes, and the old table holds until then. */
int table_replace(const char *disk, const struct table_entry *entries, size_t count,
		  struct error *err)
{
	char guid[GUID_LENGTH + 1];
	int r = guid_random(guid, err);

	if (r < 0)
		return r;
	r = write_entries(disk, "--wipe=never",
			  xasprintf("label: gpt\nlabel-id: %s\nunit: sectors\n\n", guid),
			  entries, count, err);
	return r < 0 ? r : wipe_signatures(disk, err);
}

int table_append(const char *disk, const struct table_entry *entries, size_t count,
		 struct error *err)
{
	return write_entries(disk, "--append", xstrdup("unit: sectors\n\n"), entries,
			     count, err);
}

int table_number(const char *disk, const char *uuid, struct error *err)
{
	_cleanup_probe_ blkid_probe probe = blkid_new_probe_from_filename(disk);
	blkid_partlist list = probe ? blkid_probe_get_partitions(probe) : NULL;
	int n = list ? blkid_partlist_numof_partitions(list) : 0;

	for (int i = 0; i < n; i++) {
		blkid_partition p = blkid_partlist_get_partition(list, i);
		const char *have = blkid_partition_get_uuid(p);

		if (have && strcasecmp(have, uuid) == 0)
			return blkid_partition_get_partno(p);
	}
	return fail(err, -ENOENT, "%s has no partition %s: its table wasn't written",
		    disk, uuid);
}

int table_set_type(const char *disk, const char *uuid, const char *type,
		   struct error *err)
{
	int n = table_number(disk, uuid, err);
	char number[16];
	const char *const argv[] = {
		"sfdisk",      "--quiet", "--no-reread", "--no-tell-kernel",
		"--part-type", disk,	  number,	 type,
		NULL};
	_cleanup_free_ char *output = NULL;
	int r;

	if (n < 0)
		return n;
	snprintf(number, sizeof(number), "%d", n);
	r = process_check(&(struct process){.argv = argv}, &output, NULL, err);
	return r < 0 ? wrap(err, "Can't change the partition table of %s", disk) : 0;
}

bool table_reread(const char *disk)
{
	_cleanup_close_ int fd = open(disk, O_RDONLY | O_CLOEXEC);

	return fd >= 0 && ioctl(fd, BLKRRPART) == 0;
}
