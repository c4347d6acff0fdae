/* SPDX-License-Identifier: MIT */
/* install-disk ROOT PUBLIC-KEY-FILE [DISK OPENER [START SIZE]]: a whole installation
 * without device-mapper, onto DISK or into SIZE bytes of it; without a DISK the bytes of
 * the smallest one are printed. ROOT is where the medium's
 * /nix lies. OPENER stands in for the kernel's encryption: "OPENER open START SIZE"
 * prints a device that is this region of the disk, and "OPENER close DEVICE" takes it
 * away again. Prints the seconds at which each step began, and at last the bytes of the
 * store paths. */
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <time.h>

#include <linux/fs.h>

#include "opener.h"
#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "atomos/nix.h"
#include "image/luks.h"
#include "install/container.h"
#include "install/install.h"

#define NAME "atomos-install"
#define PASSWORD "atomos"

/* In place of src/install/container-device.c. */
int container_open(const struct container *c, const struct secret *key _unused_,
		   struct error *err)
{
	return opener_open(NAME, c->region.start + LUKS_DATA_OFFSET,
			   c->region.size - LUKS_DATA_OFFSET, err);
}

int container_close(struct error *err)
{
	return opener_close(NAME, err);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Progress comes again and again: only a new step is told. */
static void tell(void *context, uint64_t done _unused_, uint64_t total _unused_,
		 const char *what)
{
	const char **last = context;

	if (*last && streq(*last, what))
		return;
	*last = what;
	printf("%.3f %s\n", now(), what);
	fflush(stdout);
}

static int find_space(char **argv, int argc, struct install_options *o, struct error *err)
{
	_cleanup_close_ int fd = open(o->disk, O_RDONLY | O_CLOEXEC);
	uint64_t size;

	if (fd < 0 || ioctl(fd, BLKGETSIZE64, &size) < 0)
		return fail(err, -errno, "%s: %m", o->disk);
	o->whole = argc == 5;
	o->space = layout_whole(size);
	if (o->whole)
		return 0;
	return parse_u64(argv[5], &o->space.start) < 0 ||
			       parse_u64(argv[6], &o->space.size) < 0
		       ? fail(err, -EINVAL, "START and SIZE are numbers")
		       : 0;
}

static int install(char **argv, int argc, struct install_result *ret, struct error *err)
{
	_cleanup_source_ struct source source = {.store = -EBADF};
	_cleanup_(trusted_keys_done) struct trusted_keys keys = {0};
	_cleanup_secret_ struct secret *password = secret_of(PASSWORD);
	_cleanup_free_ char *text = NULL;
	const char *last = NULL;
	struct install_options o = {.disk = argc > 3 ? argv[3] : NULL,
				    .release = 1,
				    .source = &source,
				    .password = password,
				    .nix_environment = nix_environment,
				    .progress = tell,
				    .progress_context = &last};
	size_t size;
	int r = read_file_at(AT_FDCWD, argv[2], TRUSTED_KEYS_TEXT_MAX, &text, &size);

	if (r < 0)
		return fail(err, r, "%s: %s", argv[2], strerror(-r));
	r = trusted_keys_parse(text, size, &keys, err);
	if (r == 0)
		r = source_open(argv[1], &keys, &source, err);
	if (r == 0 && argc == 3) {
		const struct layout_needs needs = {.content = source_size(&source)};

		printf("%" PRIu64 "\n", layout_smallest_disk(&needs));
		return 0;
	}
	if (r == 0)
		r = find_space(argv, argc, &o, err);
	return r < 0 ? r : install_run(&o, ret, err);
}

int main(int argc, char **argv)
{
	struct error err = {0};
	struct install_result result;

	if (argc != 3 && argc != 5 && argc != 7)
		return 2;
	if (argc > 3)
		setenv("OPENER", argv[4], 1);
	/* The firmware of the machine that tests gets no boot entry. */
	if (unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0 ||
	    mount("tmpfs", "/sys/firmware", "tmpfs", MS_RDONLY, NULL) < 0) {
		perror("A private view of the machine");
		return 1;
	}
	if (opener_prepare(&err) < 0 || install(argv, argc, &result, &err) < 0) {
		fprintf(stderr, "%s\n", err.message);
		return 1;
	}
	if (argc > 3)
		printf("%.3f done\n%" PRIu64 "\n", now(), result.bytes);
	return 0;
}
