/* SPDX-License-Identifier: MIT */
/* The firmware's list of what it can start. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/process.h"
#include "base/str.h"
#include "install/boot-entry.h"
#include "install/table.h"

#define EFIVARS "/sys/firmware/efi/efivars"
#define GLOBAL_GUID "8be4df61-93ca-11d2-aa0d-00e098032b8c"
#define VARIABLE_MAX (64U << 10)
#define NUMBER_DIGITS 4

/* EFI_DEVICE_PATH_PROTOCOL: type, subtype, length; UEFI 2.10, 10.3.5. */
#define NODE_HEADER 4
#define NODE_MEDIA 4
#define MEDIA_DISK 1
#define MEDIA_FILE 4
#define DISK_NODE_SIZE 42
#define DISK_AT_GUID 24
#define DISK_AT_KIND 41
#define DISK_KIND_GUID 2

static uint32_t get(const uint8_t *p, size_t bytes)
{
	uint32_t v = 0;

	while (bytes-- > 0)
		v = v << 8 | p[bytes];
	return v;
}

/* Text of 16-bit letters up to its end or that of the bytes; what doesn't fit is cut.
 * Returns the bytes it takes with its end; 0 when it has none. */
static size_t read_text(const uint8_t *p, size_t size, char ret[BOOT_ENTRY_TEXT_MAX])
{
	size_t n = 0;

	for (size_t at = 0; at + 2 <= size; at += 2) {
		uint32_t letter = get(p + at, 2);

		if (letter == 0) {
			ret[n] = 0;
			return at + 2;
		}
		if (n < BOOT_ENTRY_TEXT_MAX - 1)
			ret[n++] = letter >= 0x20 && letter <= 0x7e ? (char)letter : '?';
	}
	ret[0] = 0;
	return 0;
}

/* A GUID as UEFI stores it: three little-endian numbers, then bytes. */
static void read_guid(const uint8_t *p, char ret[GUID_LENGTH + 1])
{
	snprintf(ret, GUID_LENGTH + 1, "%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		 get(p, 4), get(p + 4, 2), get(p + 6, 2), p[8], p[9], p[10], p[11], p[12],
		 p[13], p[14], p[15]);
}

static void read_node(const uint8_t *node, size_t size, struct boot_entry *ret)
{
	if (node[0] != NODE_MEDIA)
		return;
	if (node[1] == MEDIA_DISK && size == DISK_NODE_SIZE &&
	    node[DISK_AT_KIND] == DISK_KIND_GUID)
		read_guid(node + DISK_AT_GUID, ret->partition);
	else if (node[1] == MEDIA_FILE)
		(void)read_text(node + NODE_HEADER, size - NODE_HEADER, ret->loader);
}

int boot_entry_parse(const uint8_t *data, size_t size, struct boot_entry *ret)
{
	/* The variable's attributes, the option's, the length of the path. */
	const size_t head = 4 + 4 + 2;
	size_t path, text;

	*ret = (struct boot_entry){0};
	if (size < head)
		return -EBADMSG;
	path = get(data + 8, 2);
	text = read_text(data + head, size - head, ret->label);
	if (text == 0 || size - head - text < path)
		return -EBADMSG;
	data += head + text;
	while (path >= NODE_HEADER) {
		size_t length = get(data + 2, 2);

		if (length < NODE_HEADER || length > path)
			return -EBADMSG;
		read_node(data, length, ret);
		data += length;
		path -= length;
	}
	return path == 0 ? 0 : -EBADMSG;
}

static bool starts_from(const struct boot_entry *e, const struct gpt *gpt)
{
	for (size_t i = 0; i < gpt->count; i++)
		if (streq(e->partition, gpt->partitions[i].uuid))
			return true;
	return false;
}

/* "0003" of "Boot0003-8be4…"; NULL for every other variable. */
static char *number_of(const char *name)
{
	const char *rest = startswith(name, "Boot");

	if (!rest || strspn(rest, "0123456789ABCDEF") != NUMBER_DIGITS ||
	    !streq(rest + NUMBER_DIGITS, "-" GLOBAL_GUID))
		return NULL;
	return xstrndup(rest, NUMBER_DIGITS);
}

static bool is_ours(int directory, const char *name, const struct gpt *gpt)
{
	_cleanup_free_ char *data = NULL;
	struct boot_entry e;
	size_t size;

	return read_file_at(directory, name, VARIABLE_MAX, &data, &size) == 0 &&
	       boot_entry_parse((const uint8_t *)data, size, &e) == 0 &&
	       streq(e.label, BOOT_ENTRY_LABEL) && streq(e.loader, BOOT_ENTRY_LOADER) &&
	       starts_from(&e, gpt);
}

char **boot_entries_of(const char *efivars, const struct gpt *gpt)
{
	_cleanup_closedir_ DIR *d = opendir(efivars);
	char **numbers = NULL;
	struct dirent *e;

	while (d && (e = readdir(d))) {
		char *number = number_of(e->d_name);

		if (number && is_ours(dirfd(d), e->d_name, gpt))
			numbers = strv_consume(numbers, TAKE_PTR(number));
		free(number);
	}
	if (numbers)
		strv_sort(numbers);
	return numbers;
}

void boot_entries_remove(const struct gpt *gpt)
{
	_cleanup_strv_ char **numbers = boot_entries_of(EFIVARS, gpt);

	for (char **n = numbers; n && *n; n++) {
		/* It knows the boot order too. */
		const char *const argv[] = {"efibootmgr", "--quiet", "--delete-bootnum",
					    "--bootnum",  *n,	     NULL};
		struct error err;

		if (process_do(argv, &err) < 0)
			log_info("The firmware keeps the old disk's boot entry Boot%s "
				 "(%s); it does no harm.",
				 *n, err.message);
	}
}

bool boot_entry_add(const char *disk, const char *esp)
{
	struct error err;
	int n = table_number(disk, esp, &err);
	char number[16];
	const char *const argv[] = {
		"efibootmgr",	   "--quiet", "--create", "--disk",	    disk,
		"--part",	   number,    "--label",  BOOT_ENTRY_LABEL, "--loader",
		BOOT_ENTRY_LOADER, NULL};
	_cleanup_free_ char *output = NULL;

	if (n < 0 || access(EFIVARS, F_OK) < 0 || !process_available(argv[0]))
		return false;
	snprintf(number, sizeof(number), "%d", n);
	if (process_check(&(struct process){.argv = argv}, &output, NULL, &err) == 0)
		return true;
	log_info("The firmware takes no new boot entry (%s): if it doesn't start AtomOS "
		 "by itself, choose the disk in its boot menu.",
		 err.message);
	return false;
}
