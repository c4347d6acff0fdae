/* SPDX-License-Identifier: MIT */
/* Partition tables of images. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/blkid.h"
#include "base/fd.h"
#include "base/process.h"
#include "base/str.h"
#include "core/hash.h"
#include "image/gpt.h"

void guid_derive(const char *seed, const char *purpose, char ret[GUID_LENGTH + 1])
{
	_cleanup_free_ char *text = xasprintf("%s\n%s\n", seed, purpose);
	uint8_t digest[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];

	sha256_buffer(text, strlen(text), digest);
	digest[6] = (digest[6] & 0x0f) | 0x80;
	digest[8] = (digest[8] & 0x3f) | 0x80;
	hex_encode(digest, sizeof(digest), hex);
	snprintf(ret, GUID_LENGTH + 1, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8,
		 hex + 12, hex + 16, hex + 20);
}

static uint64_t align_up(uint64_t n)
{
	return (n + GPT_ALIGN - 1) / GPT_ALIGN * GPT_ALIGN;
}

struct gpt_partition *gpt_add(struct gpt *gpt, const char *type, const char *name,
			      uint64_t size)
{
	struct gpt_partition *p = &gpt->partitions[gpt->count];

	snprintf(p->type, sizeof(p->type), "%s", type);
	snprintf(p->name, sizeof(p->name), "%s", name);
	guid_derive(gpt->uuid, name, p->uuid);
	p->start = gpt->count == 0 ? GPT_ALIGN : p[-1].start + p[-1].size;
	p->size = align_up(size);
	gpt->count++;
	/* The backup table needs 33 sectors; a whole unit keeps the next disk aligned
	 * too. */
	gpt->size = p->start + p->size + GPT_ALIGN;
	return p;
}

static char *script(const struct gpt *gpt)
{
	char *text = xasprintf("label: gpt\nlabel-id: %s\nunit: sectors\n\n", gpt->uuid);

	for (size_t i = 0; i < gpt->count; i++) {
		const struct gpt_partition *p = &gpt->partitions[i];
		char *more = xasprintf("%sstart=%" PRIu64 ", size=%" PRIu64
				       ", type=%s, uuid=%s, name=\"%s\"\n",
				       text, p->start / GPT_SECTOR, p->size / GPT_SECTOR,
				       p->type, p->uuid, p->name);

		free(text);
		text = more;
	}
	return text;
}

int gpt_write(const struct gpt *gpt, const char *path, struct error *err)
{
	_cleanup_free_ char *text = script(gpt), *output = NULL;
	const char *const argv[] = {
		"sfdisk",	"--quiet", "--no-reread", "--no-tell-kernel",
		"--wipe=never", path,	   NULL};
	const struct process sfdisk = {
		.argv = argv, .input = text, .input_size = strlen(text)};
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	int r;

	if (fd < 0 || ftruncate(fd, (off_t)gpt->size) < 0)
		return fail(err, -errno, "Can't write %s: %m", path);
	r = process_check(&sfdisk, &output, NULL, err);
	return r < 0 ? wrap(err, "Can't write the partition table of %s", path) : 0;
}

static void copy_text(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from ? from : "");
	for (char *c = to; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
}

static void read_partition(blkid_partition from, struct gpt_partition *p)
{
	copy_text(p->type, sizeof(p->type), blkid_partition_get_type_string(from));
	copy_text(p->uuid, sizeof(p->uuid), blkid_partition_get_uuid(from));
	snprintf(p->name, sizeof(p->name), "%s",
		 blkid_partition_get_name(from) ? blkid_partition_get_name(from) : "");
	p->start = (uint64_t)blkid_partition_get_start(from) * GPT_SECTOR;
	p->size = (uint64_t)blkid_partition_get_size(from) * GPT_SECTOR;
}

int gpt_read(int fd, struct gpt *ret, struct error *err)
{
	_cleanup_probe_ blkid_probe probe = blkid_new_probe();
	blkid_partlist list = NULL;
	blkid_parttable table = NULL;
	int n;

	*ret = (struct gpt){0};
	if (probe && blkid_probe_set_device(probe, fd, 0, 0) == 0 &&
	    blkid_probe_enable_partitions(probe, 1) == 0)
		list = blkid_probe_get_partitions(probe);
	if (list)
		table = blkid_partlist_get_table(list);
	if (!table || !streq(blkid_parttable_get_type(table), "gpt"))
		return fail(err, -EMEDIUMTYPE, "there is no GPT partition table on it");
	n = blkid_partlist_numof_partitions(list);
	/* Half a table would show space that isn't free. */
	if (n > GPT_PARTITIONS_MAX)
		return fail(err, -E2BIG, "its table has more than %d partitions",
			    GPT_PARTITIONS_MAX);
	copy_text(ret->uuid, sizeof(ret->uuid), blkid_parttable_get_id(table));
	ret->size = (uint64_t)blkid_probe_get_size(probe);
	for (int i = 0; i < n; i++)
		read_partition(blkid_partlist_get_partition(list, i),
			       &ret->partitions[ret->count++]);
	return 0;
}

const struct gpt_partition *gpt_find(const struct gpt *gpt, const char *type)
{
	for (size_t i = 0; i < gpt->count; i++)
		if (streq(gpt->partitions[i].type, type))
			return &gpt->partitions[i];
	return NULL;
}
