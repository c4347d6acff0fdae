/* SPDX-License-Identifier: MIT */
/* Finds the partition that holds the system. */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/blkid.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/sysfs.h"
#include "init/find.h"
#include "init/prompt.h"

#define WAIT_SECONDS 30
/* Before this nothing is said: most disks are there at once. */
#define SILENT_SECONDS 2
/* Nothing new for this long: whoever belongs beside the first candidate is there too. */
#define SETTLE_MILLISECONDS 300
#define RESCAN_MILLISECONDS 100
#define SECTOR 512

/* The kernel's name for a partition of a disk: vda3, nvme0n1p3. */
static void partition_node(const char *disk, unsigned number, char *out, size_t size)
{
	bool digit = *disk && strchr("0123456789", disk[strlen(disk) - 1]);

	snprintf(out, size, "%s%s%u", disk, digit ? "p" : "", number);
}

static void add_partition(const char *disk, blkid_partition part, struct partitions *ret)
{
	const char *type = blkid_partition_get_type_string(part);
	struct partition *p = &ret->list[ret->count];
	bool medium = type && guid_equal(type, TYPE_MEDIUM);
	bool unfinished = type && guid_equal(type, TYPE_UNFINISHED);
	_cleanup_free_ char *path = NULL;

	if (!medium && !unfinished && !(type && guid_equal(type, TYPE_INSTALLED)))
		return;
	if (ret->count == PARTITIONS_MAX)
		return;
	*p = (struct partition){.medium = medium,
				.unfinished = unfinished,
				.number = (unsigned)blkid_partition_get_partno(part),
				.size = (uint64_t)blkid_partition_get_size(part) *
					SECTOR};
	partition_node(disk, p->number, p->node, sizeof(p->node));
	snprintf(p->disk, sizeof(p->disk), "%s", disk);
	path = xasprintf("/dev/%s", p->node);
	if (access(path, F_OK) < 0)
		return;
	sysfs_line(disk, "device/model", p->model, sizeof(p->model));
	if (!p->model[0])
		sysfs_line(disk, "serial", p->model, sizeof(p->model));
	ret->count++;
}

/* The table of a disk, which lives as long as the probe; NULL when it isn't a GPT. */
static blkid_partlist open_table(const char *disk, blkid_probe *ret_probe)
{
	_cleanup_free_ char *path = xasprintf("/dev/%s", disk);
	blkid_partlist list;
	blkid_parttable table;

	*ret_probe = blkid_new_probe_from_filename(path);
	list = *ret_probe ? blkid_probe_get_partitions(*ret_probe) : NULL;
	table = list ? blkid_partlist_get_table(list) : NULL;
	return table && streq(blkid_parttable_get_type(table), "gpt") ? list : NULL;
}

bool find_home(const char *disk, char ret_node[static 64])
{
	_cleanup_probe_ blkid_probe probe = NULL;
	blkid_partlist list = open_table(disk, &probe);

	for (int i = 0; list && i < blkid_partlist_numof_partitions(list); i++) {
		blkid_partition part = blkid_partlist_get_partition(list, i);
		const char *type = blkid_partition_get_type_string(part);

		if (!type || !guid_equal(type, TYPE_HOME))
			continue;
		partition_node(disk, (unsigned)blkid_partition_get_partno(part), ret_node,
			       64);
		return true;
	}
	return false;
}

static void scan_disk(const char *disk, const char *loader, struct partitions *ret)
{
	_cleanup_probe_ blkid_probe probe = NULL;
	blkid_partlist list = open_table(disk, &probe);
	size_t first = ret->count;
	bool beside = false;

	if (!list)
		return;
	for (int i = 0; i < blkid_partlist_numof_partitions(list); i++) {
		blkid_partition part = blkid_partlist_get_partition(list, i);
		const char *guid = blkid_partition_get_uuid(part);

		beside |= loader && guid && guid_equal(guid, loader);
		add_partition(disk, part, ret);
	}
	ret->loader_found |= beside;
	for (size_t i = first; i < ret->count; i++)
		ret->list[i].beside_loader = beside;
}

void partitions_scan(const char *loader, struct partitions *ret)
{
	_cleanup_closedir_ DIR *d = opendir(SYS_BLOCK);
	_cleanup_strv_ char **disks = NULL;
	struct dirent *e;

	*ret = (struct partitions){0};
	while (d && (e = readdir(d)))
		if (sysfs_is_disk(e->d_name))
			disks = strv_add(disks, e->d_name);
	if (disks)
		strv_sort(disks);
	for (char **i = disks; i && *i; i++)
		scan_disk(*i, loader, ret);
}

static int loader_partition(char ret[static 37])
{
	_cleanup_free_ char *data = NULL;
	size_t size;
	int r = read_file_at(AT_FDCWD,
			     EFIVARS
			     "/LoaderDevicePartUUID-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f",
			     1024, &data, &size);

	return r < 0 ? r : loader_partition_decode((const uint8_t *)data, size, ret);
}

int secure_boot_state(void)
{
	_cleanup_free_ char *data = NULL;
	size_t size;
	int r = read_file_at(AT_FDCWD,
			     EFIVARS "/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
			     64, &data, &size);

	if (r < 0)
		return r;
	return size == 5 ? data[4] == 1 : -EBADMSG;
}

static int ask(struct consoles *c, const struct partitions *p, size_t count,
	       struct partition *ret)
{
	_cleanup_secret_ struct secret *answer = secret_new();
	const struct question q = {.text = "Start which one? Number:"};

	for (;;) {
		uint64_t n;

		consoles_say(c, "More than one AtomOS was found:");
		for (size_t i = 0; i < count; i++)
			consoles_say(c, "  %zu  %s, %s, %.1f GB, partition %u (%s)",
				     i + 1,
				     p->list[i].medium ? "medium" : "installed system",
				     p->list[i].model[0] ? p->list[i].model : "disk",
				     (double)p->list[i].size / 1e9, p->list[i].number,
				     p->list[i].node);
		int r = prompt(c, &q, answer, NULL);

		if (r < 0)
			return r;
		if (parse_u64(answer->data, &n) == 0 && n >= 1 && n <= count) {
			*ret = p->list[n - 1];
			return 0;
		}
	}
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct search {
	struct consoles *consoles;
	const char *loader;
	struct partitions found;
};

/* Looks until what is found doesn't change any more, or the time is over. */
static enum choice look(struct search *s, size_t *ret_count)
{
	double start = now(), changed = start;
	bool said = false;
	size_t before = 0;

	for (;;) {
		bool late = now() - start >= WAIT_SECONDS;
		enum choice choice;

		partitions_scan(s->loader, &s->found);
		choice = partitions_choose(&s->found, s->loader, late, ret_count);
		if (*ret_count != before)
			changed = now();
		before = *ret_count;
		if (late || (choice != CHOICE_NONE &&
			     (now() - changed) * 1000 >= SETTLE_MILLISECONDS))
			return choice;
		if (!said && choice == CHOICE_NONE && now() - start > SILENT_SECONDS) {
			consoles_say(
				s->consoles,
				"Waiting up to %d seconds for the disk that AtomOS was "
				"started from.",
				WAIT_SECONDS);
			said = true;
		}
		poll(NULL, 0, RESCAN_MILLISECONDS);
	}
}

int find_volume(struct consoles *c, struct partition *ret, struct error *err)
{
	char loader[37];
	bool known = loader_partition(loader) == 0;
	struct search *s = xcalloc(1, sizeof(*s));
	size_t count;
	int r = 0;

	*s = (struct search){.consoles = c, .loader = known ? loader : NULL};
	switch (look(s, &count)) {
	case CHOICE_NONE:
		r = fail(
			err, -ENODEV,
			"No disk with AtomOS was found within %d seconds%s: plug the "
			"medium in "
			"again, or into another port, then retry",
			WAIT_SECONDS,
			s->found.loader_found
				? " (the disk the boot came from has no AtomOS partition)"
				: "");
		break;
	case CHOICE_FIRST:
		*ret = s->found.list[0];
		break;
	case CHOICE_ASK:
		r = ask(c, &s->found, count, ret);
		if (r < 0)
			fail(err, r,
			     "Nobody can be asked which AtomOS to start: there is no "
			     "console");
		break;
	}
	free(s);
	if (r == 0 && ret->unfinished)
		return fail(err, -EUCLEAN,
			    "The installation onto this disk (%s) was interrupted: start "
			    "the medium again and install anew",
			    ret->model[0] ? ret->model : ret->disk);
	return r;
}
