/* SPDX-License-Identifier: MIT */
/* judge-disk IMAGE: what our own code finds on a disk, a line each: "table" or "none
 * WHY", "partition TYPE GUID START SIZE", and for each line of standard input, "TYPE
 * SECRET" with the secret in hexadecimal, "opens" or "closed WHY" for the partition of
 * that type. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "image/gpt.h"
#include "image/luks.h"

static int show_table(int fd, struct gpt *gpt)
{
	struct error err;

	if (gpt_read(fd, gpt, &err) < 0) {
		printf("none %s\n", err.message);
		return -1;
	}
	puts("table");
	for (size_t i = 0; i < gpt->count; i++) {
		const struct gpt_partition *p = &gpt->partitions[i];

		printf("partition %s %s %" PRIu64 " %" PRIu64 "\n", p->type, p->uuid,
		       p->start, p->size);
	}
	return 0;
}

static void try(int fd, const struct gpt *gpt, const char *type, const char *hex)
{
	_cleanup_secret_ struct secret *secret = secret_new(), *key = NULL;
	const struct gpt_partition *p = gpt_find(gpt, type);
	struct error err = {.message = "no such partition"};

	secret->size = strlen(hex) / 2;
	if (secret->size > SECRET_MAX || hex_decode(hex, secret->data, secret->size) < 0)
		puts("closed the secret isn't hexadecimal");
	else if (p && luks_open(fd, p->start, secret, &key, &err) == 0)
		puts("opens");
	else
		printf("closed %s\n", err.message);
}

int main(int argc, char **argv)
{
	_cleanup_close_ int fd = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -EBADF;
	char type[GUID_LENGTH + 1], hex[1025];
	struct gpt gpt;

	if (fd < 0)
		return 2;
	if (show_table(fd, &gpt) < 0)
		return 0;
	while (scanf("%36s %1024s", type, hex) == 2)
		try(fd, &gpt, type, hex);
	return 0;
}
