/* SPDX-License-Identifier: MIT */
/* The EFI system partition. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/process.h"
#include "base/str.h"
#include "image/esp.h"
#include "image/gpt.h"

/* FAT32 must have 65,525 clusters; with the smallest, of one sector, that is 33 MiB. */
#define FAT32_MIN (34ULL << 20)
#define SLACK (2ULL << 20)
/* From here on 4 KiB clusters are enough of them. */
#define LARGE (512ULL << 20)

static int run(const char *const *argv, const char *epoch, struct error *err)
{
	/* mtools would otherwise complain about a geometry that nobody uses any more. */
	const char *const environment[] = {epoch, "MTOOLS_SKIP_CHECK=1", "TZ=UTC", NULL};
	_cleanup_free_ char *output = NULL;

	return process_check(&(struct process){.argv = argv, .environment = environment},
			     &output, NULL, err);
}

static int measure(const struct esp_options *o, uint64_t *ret, struct error *err)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < o->count; i++) {
		struct stat st;

		if (stat(o->files[i].source, &st) < 0)
			return fail(err, -errno, "Can't read %s: %m", o->files[i].source);
		sum += (uint64_t)st.st_size;
	}
	/* Two allocation tables of 4 bytes for each 512. */
	sum += sum / 64 + SLACK;
	sum = (MAX(sum, FAT32_MIN) + GPT_ALIGN - 1) / GPT_ALIGN * GPT_ALIGN;
	if (o->size && o->size < sum)
		return fail(err, -ENOSPC, "The boot files need %" PRIu64 " MiB",
			    sum >> 20);
	*ret = o->size ? o->size : sum;
	return 0;
}

static int format(const char *path, uint64_t size, const struct esp_options *o,
		  const char *epoch, struct error *err)
{
	unsigned sector = o->sector ? o->sector : 512;
	char guid[GUID_LENGTH + 1], id[9], sector_text[16], cluster[16];
	const char *const argv[] = {"mkfs.vfat", "-F",	  "32", "-S",	  sector_text,
				    "-s",	 cluster, "-n", "ATOMOS", "-i",
				    id,		 path,	  NULL};
	_cleanup_close_ int fd =
		open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || ftruncate(fd, (off_t)size) < 0)
		return fail(err, -errno, "Can't write %s: %m", path);
	snprintf(sector_text, sizeof(sector_text), "%u", sector);
	/* 4 KiB where there is room for so many, else the least. */
	snprintf(cluster, sizeof(cluster), "%u",
		 size >= LARGE ? MAX(4096 / sector, 1U) : 1U);
	guid_derive(o->seed, "fat", guid);
	memcpy(id, guid, 8);
	id[8] = 0;
	return run(argv, epoch, err);
}

/* Makes the directories above `file` that `made` doesn't know yet. */
static int make_directories(const char *image, const char *file, char ***made,
			    const char *epoch, struct error *err)
{
	for (const char *slash = strchr(file, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		_cleanup_free_ char *name =
			xasprintf("::/%.*s", (int)(slash - file), file);
		const char *const argv[] = {"mmd", "-i", image, name, NULL};
		int r;

		if (*made && strv_contains(*made, name))
			continue;
		*made = strv_add(*made, name);
		r = run(argv, epoch, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int esp_make(const char *path, const struct esp_options *o, struct error *err)
{
	const struct esp_file *files = o->files;
	_cleanup_free_ char *variable = xasprintf("SOURCE_DATE_EPOCH=%" PRIu64, o->epoch);
	_cleanup_strv_ char **made = NULL;
	uint64_t size = 0;
	int r = measure(o, &size, err);

	if (r == 0)
		r = format(path, size, o, variable, err);
	for (size_t i = 0; r == 0 && i < o->count; i++) {
		_cleanup_free_ char *target = xasprintf("::/%s", files[i].path);
		const char *const argv[] = {"mcopy",	     "-i",   path,
					    files[i].source, target, NULL};

		r = make_directories(path, files[i].path, &made, variable, err);
		if (r == 0)
			r = run(argv, variable, err);
	}
	return r < 0 ? wrap(err, "Can't make the EFI system partition") : 0;
}
