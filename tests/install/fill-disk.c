/* SPDX-License-Identifier: MIT */
/* fill-disk ROOT PUBLIC-KEY-FILE DEVICE DIRECTORY: what an installation does inside of
 * its encrypted volume, on any block device; ROOT is where the medium's /nix lies. Prints
 * the bytes of the store paths. */
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "atomos/nix.h"
#include "install/fill.h"

static int fill(char **argv, uint64_t *ret, struct error *err)
{
	_cleanup_source_ struct source source = {.store = -EBADF};
	_cleanup_(trusted_keys_done) struct trusted_keys keys = {0};
	_cleanup_free_ char *text = NULL;
	const struct fill f = {.source = &source,
			       .device = argv[3],
			       .directory = argv[4],
			       .nix_environment = nix_environment};
	size_t size;
	int r = read_file_at(AT_FDCWD, argv[2], TRUSTED_KEYS_TEXT_MAX, &text, &size);

	if (r < 0)
		return fail(err, r, "%s: %s", argv[2], strerror(-r));
	r = trusted_keys_parse(text, size, &keys, err);
	if (r == 0)
		r = source_open(argv[1], &keys, &source, err);
	return r < 0 ? r : fill_run(&f, ret, err);
}

int main(int argc, char **argv)
{
	struct error err = {0};
	uint64_t bytes = 0;

	if (argc != 5)
		return 2;
	if (unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return 1;
	if (fill(argv, &bytes, &err) < 0) {
		fprintf(stderr, "%s\n", err.message);
		return 1;
	}
	printf("%" PRIu64 "\n", bytes);
	return 0;
}
