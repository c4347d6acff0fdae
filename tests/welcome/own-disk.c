/* SPDX-License-Identifier: MIT */
/* own-disk DISK OPENER REPART: what the first start does when its questions are answered,
 * without device-mapper, on a disk that an installation left; OPENER as opener.h says,
 * REPART are systemd-repart's definitions. homectl is whatever PATH has. Prints the
 * recovery key. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "../install/opener.h"
#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "image/gpt.h"
#include "image/luks.h"
#include "core/recovery-key.h"
#include "welcome/setup.h"
#include "welcome/volume.h"

#define BLOCK "/sys/class/block"
#define GENERIC "atomos"
#define PASSWORD "seven unlikely lamps"
#define HOMED "/var/lib/systemd/home"
#define MACHINE_ID "/etc/machine-id"
#define ID "0123456789abcdef0123456789abcdef\n"

/* Where the partition of this type lies on DISK, from the environment. */
static int find(const char *type, struct gpt_partition *ret, struct error *err)
{
	_cleanup_close_ int fd = open(getenv("DISK"), O_RDONLY | O_CLOEXEC);
	const struct gpt_partition *p;
	struct gpt gpt;
	int r = fd < 0 ? fail(err, -errno, "%m") : gpt_read(fd, &gpt, err);

	if (r < 0)
		return r;
	p = gpt_find(&gpt, type);
	if (!p)
		return fail(err, -ENOENT, "The disk has no partition %s", type);
	*ret = *p;
	return 0;
}

static int open_volume(const char *type, const char *name, struct error *err)
{
	struct gpt_partition p;
	int r = find(type, &p, err);

	return r < 0 ? r
		     : opener_open(name, p.start + LUKS_DATA_OFFSET,
				   p.size - LUKS_DATA_OFFSET, err);
}

/* In place of src/welcome/volume-device.c. */
int volume_activate(const char *path _unused_, const char *name,
		    const struct secret *key _unused_, struct error *err)
{
	return open_volume(GPT_HOME, name, err);
}

static int cover(const char *path, const char *kind, const char *options)
{
	return mount(kind, path, kind, 0, options);
}

/* A machine of our own: what is written below these directories is gone with us. */
static int prepare(struct error *err)
{
	if (unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0 ||
	    cover("/run", "tmpfs", NULL) < 0 || mkdir("/run/upper", 0755) < 0 ||
	    mkdir("/run/work", 0755) < 0 ||
	    cover("/etc", "overlay",
		  "lowerdir=/etc,upperdir=/run/upper,workdir=/run/work") < 0 ||
	    cover("/var/lib", "tmpfs", NULL) < 0 || cover("/home", "tmpfs", NULL) < 0 ||
	    make_parents_at(AT_FDCWD, HOMED "/x") < 0 ||
	    make_parents_at(AT_FDCWD, "/var/lib/atomos/x") < 0 ||
	    make_parents_at(AT_FDCWD, OWNER_DIR "/x") < 0 ||
	    write_file_at(AT_FDCWD, MACHINE_ID, ID, sizeof(ID) - 1, 0444) < 0 ||
	    write_file_at(AT_FDCWD, OWNER_DIR "/secret-key", "own:key", 7, 0600) < 0 ||
	    write_file_at(AT_FDCWD, OWNER_DIR "/public-key", "own:pub", 7, 0644) < 0)
		return fail(err, -errno, "A private view of the machine: %m");
	return opener_prepare(err);
}

static void say(void *context _unused_, size_t step _unused_, size_t count _unused_,
		const char *what)
{
	fprintf(stderr, "%s\n", what);
}

static int own(char **argv, const struct secret *recovery, struct error *err)
{
	const char *name = argv[1] + strlen("/dev/");
	_cleanup_secret_ struct secret *generic = secret_of(GENERIC),
				       *password = secret_of(PASSWORD);
	struct boot_facts boot = {.disk = (char *)name};
	struct config config = {
		.directories = (char *[]){(char *)"/var/lib/atomos", (char *)HOMED, NULL},
		.files = (char *[]){(char *)MACHINE_ID, NULL},
		.repart = argv[3],
		.generic = generic,
		.cheap_homes = true};
	struct flow_answers answers = {.language = (char *)"",
				       .keymap = (char *)"de-latin1",
				       .zone = (char *)"",
				       .real_name = (char *)"Anna Beispiel",
				       .name = (char *)"anna",
				       .administrator = true,
				       .password = password};
	struct setup setup = {.boot = &boot,
			      .config = &config,
			      .answers = &answers,
			      .recovery = recovery,
			      .say = say};
	struct gpt_partition root;
	int r = find(GPT_INSTALLED_ROOT, &root, err);

	if (r == 0)
		r = open_volume(GPT_INSTALLED_ROOT, "atomos-root", err);
	boot.partition = r < 0 ? NULL : volume_node(BLOCK, name, root.start);
	if (r == 0 && !boot.partition)
		r = fail(err, -ENODEV, "%s has no device for its root", argv[1]);
	if (r == 0)
		r = setup_run(&setup, err);
	free(boot.partition);
	return r;
}

int main(int argc, char **argv)
{
	_cleanup_secret_ struct secret *recovery = NULL;
	struct error err = {0};

	if (argc != 4 || !startswith(argv[1], "/dev/"))
		return 2;
	setenv("DISK", argv[1], 1);
	setenv("OPENER", argv[2], 1);
	if (prepare(&err) < 0 || recovery_key_make(&recovery, &err) < 0 ||
	    own(argv, recovery, &err) < 0) {
		fprintf(stderr, "%s\n", err.message);
		return 1;
	}
	printf("%s\n", recovery->data);
	return 0;
}
